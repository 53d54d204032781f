// SPDX-License-Identifier: MIT
/*
 * A lock in a directory where others put what they like: broker/base/lock.c
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/lock.h"

#define BDF	"0000:03:00.0"
#define PRECIOUS	"nobody is to write here\n"

static char top[32], locks[64], lock[96], precious[64];

static void write_precious(void)
{
	FILE *file = fopen(precious, "we");

	assert_non_null(file);
	fputs(PRECIOUS, file);
	fclose(file);
}

static void is_untouched(void)
{
	char text[64] = "";
	FILE *file = fopen(precious, "re");

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, PRECIOUS);
}

static int set_up(void **state)
{
	(void)state;
	stpcpy(top, "/tmp/unit-lock-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	snprintf(locks, sizeof(locks), "%s/locks", top);
	snprintf(lock, sizeof(lock), "%s/" BDF ".lock", locks);
	snprintf(precious, sizeof(precious), "%s/precious", top);
	write_precious();
	return mkdir(locks, 0755);
}

static int tear_down(void **state)
{
	(void)state;
	is_untouched();
	unlink(lock);
	unlink(precious);
	if (rmdir(locks))
		unlink(locks);
	return rmdir(top);
}

static void one_holder(void **state)
{
	pid_t holder;
	int fd = lock_device(locks, BDF, &holder), again;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(lock_device(locks, BDF, &holder), -EBUSY);
	assert_int_equal(holder, getpid());
	close(fd);
	again = lock_device(locks, BDF, &holder);
	assert_true(again >= 0);
	close(again);
}

static void a_link(void **state)
{
	pid_t holder;

	(void)state;
	assert_int_equal(symlink(precious, lock), 0);
	assert_int_equal(lock_device(locks, BDF, &holder), -ELOOP);
}

static void a_second_name(void **state)
{
	pid_t holder;

	(void)state;
	assert_int_equal(link(precious, lock), 0);
	assert_int_equal(lock_device(locks, BDF, &holder), -EMLINK);
}

static void a_pipe(void **state)
{
	pid_t holder;

	(void)state;
	assert_int_equal(mkfifo(lock, 0644), 0);
	assert_int_equal(lock_device(locks, BDF, &holder), -EPERM);
}

static void another_directory(void **state)
{
	pid_t holder;

	(void)state;
	assert_int_equal(rmdir(locks), 0);
	assert_int_equal(symlink(top, locks), 0);
	assert_int_equal(lock_device(locks, BDF, &holder), -ENOTDIR);
}

int main(void)
{
#define LOCK_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		LOCK_TEST(one_holder),
		LOCK_TEST(a_link),
		LOCK_TEST(a_second_name),
		LOCK_TEST(a_pipe),
		LOCK_TEST(another_directory),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
