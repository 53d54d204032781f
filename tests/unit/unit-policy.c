// SPDX-License-Identifier: MIT
/*
 * Whom a section of the configuration means: broker/policy.c
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy.h"

#define IDS(...) { \
	.ids = (uint32_t []){ __VA_ARGS__ }, \
	.nr = sizeof((uint32_t []){ __VA_ARGS__ }) / sizeof(uint32_t), \
}

static bool may(const struct config_who *rule, uid_t uid, gid_t gid,
		const gid_t *groups, size_t nr_groups)
{
	const struct barlease_peer peer = {
		.pid = 1,
		.uid = uid,
		.gid = gid,
		.groups = groups,
		.nr_groups = nr_groups,
	};

	return policy_means(rule, &peer);
}

static void nobody(void **state)
{
	const struct config_who rule = { 0 };

	(void)state;
	assert_false(may(&rule, 1001, 1001, NULL, 0));
	assert_false(may(&rule, 0, 0, NULL, 0));
}

static void users(void **state)
{
	const struct config_who rule = { .users = IDS(1001, 1003) };

	(void)state;
	assert_true(may(&rule, 1001, 7, NULL, 0));
	assert_false(may(&rule, 1002, 7, NULL, 0));
	assert_true(may(&rule, 1003, 7, NULL, 0));
	assert_false(may(&rule, 0, 0, NULL, 0));
}

static void a_users_number_is_no_groups(void **state)
{
	const struct config_who by_user = { .users = IDS(1001) };
	const struct config_who by_group = { .groups = IDS(1001) };
	const gid_t groups[] = { 1001 };

	(void)state;
	assert_false(may(&by_user, 7, 1001, groups, 1));
	assert_false(may(&by_group, 1001, 7, NULL, 0));
}

static void primary_group(void **state)
{
	const struct config_who rule = { .groups = IDS(20, 30) };

	(void)state;
	assert_true(may(&rule, 1, 20, NULL, 0));
	assert_true(may(&rule, 1, 30, NULL, 0));
	assert_false(may(&rule, 1, 25, NULL, 0));
}

static void supplementary_groups(void **state)
{
	const struct config_who rule = { .groups = IDS(20, 30) };
	const gid_t groups[] = { 5, 6, 30 };

	(void)state;
	assert_true(may(&rule, 1, 1, groups, 3));
	assert_false(may(&rule, 1, 1, groups, 2));
	assert_false(may(&rule, 1, 1, groups, 0));
}

static void either_is_enough(void **state)
{
	const struct config_who rule = {
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
	const struct config_who users_all = { .users.all = true };
	const struct config_who groups_all = { .groups.all = true };

	(void)state;
	assert_true(may(&users_all, 1001, 1, NULL, 0));
	assert_true(may(&users_all, 0, 0, NULL, 0));
	assert_true(may(&groups_all, 1001, 65533, NULL, 0));
}

/* Who has that number may be anybody. */
static void unmapped(void **state)
{
	const struct config_who users_all = { .users.all = true };
	const struct config_who both = {
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

#define WORDS(...) { \
	.list = (char *[]){ __VA_ARGS__ }, \
	.nr = sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *), \
}

static bool there(const struct config_who *who, const char *cgroup)
{
	const struct barlease_peer peer = {
		.pid = 1,
		.uid = 1001,
		.gid = 1001,
		.cgroup = cgroup,
	};

	return policy_means(who, &peer);
}

static void units(void **state)
{
	char one[] = "a.service", many[] = "w@*.service", scope[] = "s-?.scope";
	const struct config_who who = { .units = WORDS(one, many, scope) };

	(void)state;
	assert_false(there(&who, NULL));
	assert_false(there(&who, "/"));
	assert_true(there(&who, "/a.service"));
	assert_true(there(&who, "/system.slice/a.service"));
	assert_true(there(&who, "/system.slice/a.service/b/c"));
	assert_true(there(&who, "/x.slice/x-y.slice/w@1.service"));
	assert_true(there(&who, "/user.slice/s-1.scope"));
	assert_false(there(&who, "/user.slice/s-12.scope"));
	assert_false(there(&who, "/system.slice/aa.service"));
	assert_false(there(&who, "/system.slice/w@1.scope"));
	assert_false(there(&who, "/system.slice"));
	assert_false(there(&who, "/a.service.slice"));
}

/* Whoever is in a unit, or in a group of its own, can call what is below as it likes */
static void units_within_others(void **state)
{
	char one[] = "a.service";
	const struct config_who who = { .units = WORDS(one) };

	(void)state;
	assert_false(there(&who, "/user.slice/user@1001.service/a.service"));
	assert_false(there(&who, "/machine.slice/libpod-1.scope/a.service"));
	assert_false(there(&who, "/pod/a.service"));
	assert_false(there(&who, "/.service/a.service"));
	assert_false(there(&who, "a.service"));
	assert_false(there(&who, "//a.service/a.service"));
}

static void cgroups(void **state)
{
	char pods[] = "/pods", deep[] = "/a/b c";
	const struct config_who who = { .cgroups = WORDS(pods, deep) };

	(void)state;
	assert_true(there(&who, "/pods"));
	assert_true(there(&who, "/pods/one"));
	assert_true(there(&who, "/a/b c/d"));
	assert_false(there(&who, "/pods2"));
	assert_false(there(&who, "/a"));
	assert_false(there(&who, "/a/b"));
	assert_false(there(&who, "/x/pods"));
	assert_false(there(&who, NULL));
}

static void a_unit_that_is_too_long(void **state)
{
	char any[] = "*.service", path[400];
	const struct config_who who = { .units = WORDS(any) };

	(void)state;
	snprintf(path, sizeof(path), "/%0300d.service", 0);
	assert_false(there(&who, path));
	assert_true(there(&who, "/a.service"));
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
		cmocka_unit_test(units),
		cmocka_unit_test(units_within_others),
		cmocka_unit_test(cgroups),
		cmocka_unit_test(a_unit_that_is_too_long),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
