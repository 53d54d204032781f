/* SPDX-License-Identifier: MIT */
/*
 * How many lines each user may bring about
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A client can have as many lines written as it likes. Each user has an account
 * of them, which fills again by and by, and all users have one together. What
 * is left out is counted.
 */
#ifndef BROKER_BUDGET_H
#define BROKER_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* With more of them at a time, the rest shares one account. */
#define BUDGET_USERS	256

struct budget_account {
	uid_t uid;
	unsigned int left;
	uint64_t since;
	unsigned long omitted;
};

/* Lines at once, and in a second from then on; of each user, and of all */
struct budget_rate {
	unsigned int burst;
	unsigned int refill;
};

struct budget {
	struct budget_rate each;
	struct budget_rate all;
	struct budget_account users[BUDGET_USERS];
	struct budget_account rest;
	struct budget_account total;
	bool owes;
};

void budget_init(struct budget *budget, struct budget_rate each,
		 struct budget_rate all);

/* May there be one more line of this user's? @now: in seconds */
bool budget_take(struct budget *budget, uid_t uid, uint64_t now);

/*
 * What was left out since the last call, of each user, one call each; of those
 * that had no account of their own, with uid -1.
 */
void budget_settle(struct budget *budget,
		   void (*tell)(void *data, uid_t uid, unsigned long omitted),
		   void *data);

#endif
