// SPDX-License-Identifier: MIT
/*
 * How many lines each user may bring about: broker/base/budget.c
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/budget.h"

#define BURST	10u

static struct budget budget;
static unsigned long told, others;
static int calls;

static int set_up(void **state)
{
	(void)state;
	budget_init(&budget, (struct budget_rate){ BURST, 2 },
		    (struct budget_rate){ 100 * BURST, 20 });
	told = 0;
	others = 0;
	calls = 0;
	return 0;
}

static void tell(void *data, uid_t uid, unsigned long omitted)
{
	(void)data;
	calls++;
	told += omitted;
	if (uid == (uid_t)-1)
		others += omitted;
}

static unsigned int take(uid_t uid, unsigned int lines, uint64_t now)
{
	unsigned int taken = 0;

	while (lines--)
		taken += budget_take(&budget, uid, now);
	return taken;
}

static void a_burst(void **state)
{
	(void)state;
	assert_int_equal(take(1001, 50, 5), BURST);
	assert_true(budget.owes);
	budget_settle(&budget, tell, NULL);
	assert_int_equal(told, 50 - BURST);
	assert_int_equal(calls, 1);
	assert_false(budget.owes);
	budget_settle(&budget, tell, NULL);
	assert_int_equal(calls, 1);
}

static void of_one_only(void **state)
{
	(void)state;
	for (uid_t uid = 0; uid < 5; uid++)
		assert_int_equal(take(uid, 50, 5), BURST);
	/* In the place of 0 and 1, were those not there */
	assert_int_equal(take(BUDGET_USERS, 50, 5), BURST);
	assert_int_equal(take(BUDGET_USERS + 1, 50, 5), BURST);
	assert_int_equal(take(0, 50, 5), 0);
}

static void fills_again(void **state)
{
	(void)state;
	take(1001, 50, 5);
	assert_int_equal(take(1001, 50, 5), 0);
	assert_int_equal(take(1001, 50, 7), 4);
	assert_int_equal(take(1001, 50, 1000000), BURST);
}

/* As many as there are subordinate ids */
static void many_users(void **state)
{
	unsigned long taken = 0;

	(void)state;
	for (uid_t uid = 100000; uid < 165536; uid++)
		taken += take(uid, 20, 5);
	assert_int_equal(taken, 100 * BURST);
	budget_settle(&budget, tell, NULL);
	assert_int_equal(told, 65536ul * 20 - taken);
	assert_in_range(calls, 2, 20);
	assert_true(others > 0);
	/* Once all is quiet, everybody has an account again */
	assert_int_equal(take(7, 50, 100000), BURST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_burst, set_up),
		cmocka_unit_test_setup(of_one_only, set_up),
		cmocka_unit_test_setup(fills_again, set_up),
		cmocka_unit_test_setup(many_users, set_up),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
