// SPDX-License-Identifier: MIT
/*
 * A log that nobody reads: broker/base/log.c
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

#define LINES	5000

/* What the log finds standard error to be, it finds out once a process. */
static int in_child(int reader, int writer, void (*fn)(int reader))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		/* Else a log that waits would do so until the tests' time is up */
		alarm(60);
		dup2(writer, STDERR_FILENO);
		fn(reader);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void write_all(int reader)
{
	(void)reader;
	for (int i = 0; i < LINES; i++)
		log_line(LOG_INFO, "%0100d", i);
	if (!log_is_behind())
		_exit(1);
}

static void read_some(int fd)
{
	char text[4096];

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (read(fd, text, sizeof(text)) > 0)
		;
}

/* The last line is whole, and one before it says how many are lost. */
static void recover(int reader)
{
	char text[4096];
	ssize_t n;

	write_all(reader);
	read_some(reader);
	log_catch_up();
	log_line(LOG_ERR, "at last");
	n = read(reader, text, sizeof(text) - 1);
	if (n < 0 || log_is_behind())
		_exit(1);
	text[n] = '\0';
	if (strncmp(text, "<4>", 3) || !strstr(text, " lines are lost") ||
	    strtol(text + 3, NULL, 10) <= 0 ||
	    !strstr(text, "\n<3>at last\n"))
		_exit(2);
}

static void flags_stay(int writer, int flags)
{
	assert_int_equal(fcntl(writer, F_GETFL), flags);
}

static void a_full_pipe(void **state)
{
	int fds[2], flags;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	flags = fcntl(fds[1], F_GETFL);
	assert_int_equal(in_child(fds[0], fds[1], write_all), 0);
	flags_stay(fds[1], flags);
	read_some(fds[0]);
	assert_int_equal(in_child(fds[0], fds[1], recover), 0);
	close(fds[0]);
	close(fds[1]);
}

/* As the journal's */
static void a_full_socket(void **state)
{
	int fds[2], flags;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	flags = fcntl(fds[1], F_GETFL);
	assert_int_equal(in_child(fds[0], fds[1], write_all), 0);
	flags_stay(fds[1], flags);
	read_some(fds[0]);
	assert_int_equal(in_child(fds[0], fds[1], recover), 0);
	close(fds[0]);
	close(fds[1]);
}

/* A line about another user is there, whatever the first one does. */
static void two_users(int reader)
{
	static char text[1 << 16];
	ssize_t n;

	for (int i = 0; i < 300; i++)
		log_user(LOG_INFO, 1001, "greedy");
	log_user(LOG_INFO, 1002, "modest");
	if (!log_is_behind())
		_exit(1);
	log_catch_up();
	n = read(reader, text, sizeof(text) - 1);
	if (n < 0 || n > 4096)
		_exit(2);
	text[n] = '\0';
	if (!strstr(text, "<6>modest\n") ||
	    !strstr(text, " more lines about uid 1001\n"))
		_exit(3);
}

static void a_user_who_writes_much(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(in_child(fds[0], fds[1], two_users), 0);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_pipe),
		cmocka_unit_test(a_full_socket),
		cmocka_unit_test(a_user_who_writes_much),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
