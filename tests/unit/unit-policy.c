// SPDX-License-Identifier: MIT
/*
 * Who may have a slice: broker/policy.c
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy.h"

#define IDS(...) { \
	.ids = (uint32_t []){ __VA_ARGS__ }, \
	.nr = sizeof((uint32_t []){ __VA_ARGS__ }) / sizeof(uint32_t), \
}

static bool may(const struct config_rule *rule, uid_t uid, gid_t gid,
		const gid_t *groups, size_t nr_groups)
{
	const struct barlease_peer peer = {
		.pid = 1,
		.uid = uid,
		.gid = gid,
		.groups = groups,
		.nr_groups = nr_groups,
	};

	return policy_allows(rule, &peer);
}

static void nobody(void **state)
{
	const struct config_rule rule = { 0 };

	(void)state;
	assert_false(may(&rule, 1001, 1001, NULL, 0));
	assert_false(may(&rule, 0, 0, NULL, 0));
}

static void users(void **state)
{
	const struct config_rule rule = { .users = IDS(1001, 1003) };

	(void)state;
	assert_true(may(&rule, 1001, 7, NULL, 0));
	assert_false(may(&rule, 1002, 7, NULL, 0));
	assert_true(may(&rule, 1003, 7, NULL, 0));
	assert_false(may(&rule, 0, 0, NULL, 0));
}

static void a_users_number_is_no_groups(void **state)
{
	const struct config_rule by_user = { .users = IDS(1001) };
	const struct config_rule by_group = { .groups = IDS(1001) };
	const gid_t groups[] = { 1001 };

	(void)state;
	assert_false(may(&by_user, 7, 1001, groups, 1));
	assert_false(may(&by_group, 1001, 7, NULL, 0));
}

static void primary_group(void **state)
{
	const struct config_rule rule = { .groups = IDS(20, 30) };

	(void)state;
	assert_true(may(&rule, 1, 20, NULL, 0));
	assert_true(may(&rule, 1, 30, NULL, 0));
	assert_false(may(&rule, 1, 25, NULL, 0));
}

static void supplementary_groups(void **state)
{
	const struct config_rule rule = { .groups = IDS(20, 30) };
	const gid_t groups[] = { 5, 6, 30 };

	(void)state;
	assert_true(may(&rule, 1, 1, groups, 3));
	assert_false(may(&rule, 1, 1, groups, 2));
	assert_false(may(&rule, 1, 1, groups, 0));
}

static void either_is_enough(void **state)
{
	const struct config_rule rule = {
		.users = IDS(1001),
		.groups = IDS(20),
	};

	(void)state;
	assert_true(may(&rule, 1001, 1, NULL, 0));
	assert_true(may(&rule, 1, 20, NULL, 0));
	assert_false(may(&rule, 1, 1, NULL, 0));
}

static void everybody(void **state)
{
	const struct config_rule users_all = { .users.all = true };
	const struct config_rule groups_all = { .groups.all = true };

	(void)state;
	assert_true(may(&users_all, 1001, 1, NULL, 0));
	assert_true(may(&users_all, 0, 0, NULL, 0));
	assert_true(may(&groups_all, 1001, 65533, NULL, 0));
}

/* Who has that number may be anybody. */
static void unmapped(void **state)
{
	const struct config_rule users_all = { .users.all = true };
	const struct config_rule both = {
		.users = IDS(65534),
		.groups = IDS(65534, 20),
	};
	const gid_t groups[] = { 65534 };

	(void)state;
	assert_false(may(&users_all, 65534, 1, NULL, 0));
	assert_false(may(&both, 65534, 1, NULL, 0));
	assert_false(may(&both, 1001, 65534, NULL, 0));
	assert_false(may(&both, 1001, 1, groups, 1));
	assert_false(may(&both, 65534, 20, NULL, 0));
	assert_true(may(&both, 1001, 20, groups, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody),
		cmocka_unit_test(users),
		cmocka_unit_test(a_users_number_is_no_groups),
		cmocka_unit_test(primary_group),
		cmocka_unit_test(supplementary_groups),
		cmocka_unit_test(either_is_enough),
		cmocka_unit_test(everybody),
		cmocka_unit_test(unmapped),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
