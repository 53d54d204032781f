// SPDX-License-Identifier: MIT
/*
 * How many lines each user may bring about
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <string.h>

#include "budget.h"

/* Of whoever they are of: a line for each would be many, too */
#define MOST_TOLD	16

void budget_init(struct budget *budget, struct budget_rate each,
		 struct budget_rate all)
{
	memset(budget, 0, sizeof(*budget));
	budget->each = each;
	budget->all = all;
	budget->rest.uid = -1;
	budget->total.uid = -1;
	budget->rest.left = each.burst;
	budget->total.left = all.burst;
	for (size_t i = 0; i < BUDGET_USERS; i++)
		budget->users[i].left = each.burst;
}

static void refill(struct budget_account *account,
		   const struct budget_rate *rate, uint64_t now)
{
	uint64_t more = (now - account->since) * rate->refill;

	if (more >= rate->burst - account->left)
		account->left = rate->burst;
	else
		account->left += more;
	account->since = now;
}

/* Nothing would be lost if it were somebody else's */
static bool is_idle(struct budget *budget, struct budget_account *account,
		    uint64_t now)
{
	refill(account, &budget->each, now);
	return account->left == budget->each.burst && !account->omitted;
}

/* Most often it is the first one that is looked at. */
static struct budget_account *account_of(struct budget *budget, uid_t uid,
					 uint64_t now)
{
	struct budget_account *account, *idle = NULL;

	for (size_t i = 0; i < BUDGET_USERS; i++) {
		account = &budget->users[(uid + i) % BUDGET_USERS];
		if (account->uid == uid)
			return account;
		if (!idle && is_idle(budget, account, now))
			idle = account;
	}
	if (!idle)
		return &budget->rest;
	idle->uid = uid;
	return idle;
}

bool budget_take(struct budget *budget, uid_t uid, uint64_t now)
{
	struct budget_account *account = account_of(budget, uid, now);

	refill(account, &budget->each, now);
	refill(&budget->total, &budget->all, now);
	if (!account->left || !budget->total.left) {
		account->omitted++;
		budget->owes = true;
		return false;
	}
	account->left--;
	budget->total.left--;
	return true;
}

void budget_settle(struct budget *budget,
		   void (*tell)(void *data, uid_t uid, unsigned long omitted),
		   void *data)
{
	unsigned long others = budget->rest.omitted;
	int told = 0;

	for (size_t i = 0; i < BUDGET_USERS; i++) {
		struct budget_account *account = &budget->users[i];

		if (!account->omitted)
			continue;
		if (told++ < MOST_TOLD)
			tell(data, account->uid, account->omitted);
		else
			others += account->omitted;
		account->omitted = 0;
	}
	if (others)
		tell(data, -1, others);
	budget->rest.omitted = 0;
	budget->owes = false;
}
