// SPDX-License-Identifier: MIT
/*
 * How many connections and leases there may be: broker/quota.c
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "quota.h"

static struct barlease_limits choose(rlim_t files, unsigned int connections,
				     unsigned int leases)
{
	const struct config_broker wanted = {
		.connections = connections,
		.leases = leases,
		.user_connections = 5,
		.user_leases = 6,
	};
	struct barlease_limits limits;
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = files;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	quota_choose(&limits, &wanted, 2, 0, 0);
	assert_int_equal(limits.user_connections, 5);
	assert_int_equal(limits.user_leases, 6);
	return limits;
}

static void as_configured(void **state)
{
	struct barlease_limits limits = choose(1000, 100, 700);

	(void)state;
	assert_int_equal(limits.connections, 100);
	assert_int_equal(limits.leases, 700);
}

/* A hundred are left for others, whatever is configured. */
static void few_files(void **state)
{
	static const rlim_t files[] = { 300, 500, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct barlease_limits by_itself = choose(files[i], 0, 0);
		struct barlease_limits much = choose(files[i], 900, 90000);

		assert_in_range(by_itself.connections, 1, files[i]);
		assert_in_range(by_itself.leases, 1, files[i]);
		assert_in_range(by_itself.connections + by_itself.leases, 100,
				files[i] - 100);
		assert_in_range(much.connections + much.leases, 100,
				files[i] - 100);
	}
}

static void hardly_any(void **state)
{
	struct barlease_limits limits = choose(20, 0, 0);

	(void)state;
	assert_in_range(limits.connections, 1, 10);
	assert_in_range(limits.leases, 1, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_configured),
		cmocka_unit_test(few_files),
		cmocka_unit_test(hardly_any),
	};

	return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
