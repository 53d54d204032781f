// SPDX-License-Identifier: MIT
/*
 * "barlease acquire" whose broker is lost, and comes back or does not: the program
 * itself, with a server that says what it is told to
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "samples.h"
#include "vendor.h"

#define ID	5
#define REVOKED	"barlease: acquire: lease 5 (slice) was revoked: somebody ordered it\n"
#define GONE	"barlease: acquire: the broker is gone, and the lease with it\n"
/* Longer than anything takes */
#define PATIENCE_MS	20000

static char path[64];
static int listener = -1;
static int client = -1;
static FILE *program;
static char said[4096];

static void listen_again(void)
{
	listener = barlease_listen(path, 0600);
	assert_true(listener >= 0);
}

static void end_server(void)
{
	close(client);
	close(listener);
	client = -1;
	listener = -1;
	unlink(path);
}

static int open_socket(void **state)
{
	(void)state;
	listen_again();
	return 0;
}

static int close_socket(void **state)
{
	(void)state;
	if (listener >= 0)
		end_server();
	return 0;
}

static void wait_for(int fd)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
}

static void answer(uint16_t type, struct bl_wire_message *message)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct bl_wire_message request;

	wait_for(client);
	peer_hears(client, type, &request, NULL);
	message->serial = request.serial;
	peer_say_with(client, message, &null, message->type == BL_WIRE_LEASE);
	close(null);
	if (type == BL_WIRE_REJOIN)
		assert_int_equal(request.rejoin.answered, 2);
}

static void give_token(void)
{
	const struct bl_wire_message token = { .type = BL_WIRE_TOKEN };

	peer_say(client, &token);
}

static void welcome(uint32_t features)
{
	struct bl_wire_message message = {
		.type = BL_WIRE_WELCOME,
		.welcome = { BL_WIRE_VERSION, features },
	};

	wait_for(listener);
	client = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(client >= 0);
	answer(BL_WIRE_HELLO, &message);
	if (features & BL_WIRE_KEEPS)
		give_token();
}

/* The program has its lease, and its command runs */
static void begin(uint32_t features, const char *script)
{
	struct bl_wire_message lease = {
		.type = BL_WIRE_LEASE,
		.lease = {
			.id = ID, .size = 4096, .alignment = { 4096, 0 },
			.name = "slice",
		},
	};
	char command[512];

	snprintf(command, sizeof(command),
		 CLI " acquire --on-revoke=TERM --socket %s slice -- sh -c '%s' 2>&1",
		 path, script);
	program = popen(command, "re");	/* NOLINT(cert-env33-c) */
	assert_non_null(program);
	welcome(features);
	answer(BL_WIRE_ACQUIRE, &lease);
	/* It says so when it runs */
	assert_non_null(fgets(said, sizeof(said), program));
	assert_string_equal(said, "works\n");
}

static int ends(void)
{
	size_t n = fread(said, 1, sizeof(said) - 1, program);

	said[n] = '\0';
	return WEXITSTATUS(pclose(program));
}

static void go_on(void)
{
	struct bl_wire_message rejoined = {
		.type = BL_WIRE_REJOINED,
		.rejoined.leases = 1,
	};

	welcome(BL_WIRE_FEATURES);
	answer(BL_WIRE_REJOIN, &rejoined);
	give_token();
}

static void revoke_lease(void)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_REVOKED,
		.revoked = { ID, BARLEASE_ORDERED },
	};

	peer_say(client, &message);
}

#define WORKS	"trap \"exit 7\" TERM; echo works; while :; do sleep 0.05; done"

/* It says nothing of that, and hears what the next one says */
static void comes_back(void **state)
{
	const struct timespec a_while = { .tv_nsec = 300 * 1000 * 1000 };

	(void)state;
	begin(BL_WIRE_FEATURES, WORKS);
	end_server();
	nanosleep(&a_while, NULL);
	listen_again();
	go_on();
	/* And so again */
	end_server();
	listen_again();
	go_on();
	revoke_lease();
	assert_int_equal(ends(), 7);
	assert_string_equal(said, REVOKED);
}

/* The command's end is nobody else's to wait for; the lease goes with it */
static void ends_meanwhile(void **state)
{
	(void)state;
	begin(BL_WIRE_FEATURES, "echo works; sleep 0.3; exit 3");
	end_server();
	assert_int_equal(ends(), 3);
	assert_string_equal(said, GONE);
}

static void does_not_know(void **state)
{
	struct bl_wire_message unknown = {
		.type = BL_WIRE_ERROR,
		.error = { ENOENT, "no such token" },
	};

	(void)state;
	begin(BL_WIRE_FEATURES, WORKS);
	close(client);
	welcome(BL_WIRE_FEATURES);
	answer(BL_WIRE_REJOIN, &unknown);
	assert_int_equal(ends(), 7);
	assert_string_equal(said, GONE);
}

static void never_comes(void **state)
{
	(void)state;
	begin(BL_WIRE_FEATURES, WORKS);
	end_server();
	assert_int_equal(ends(), 7);
	assert_string_equal(said, GONE);
}

/* It is not waited for where it keeps no leases */
static void keeps_none(void **state)
{
	struct timespec before, after;

	(void)state;
	begin(BL_WIRE_FEATURES & ~BL_WIRE_KEEPS, WORKS);
	clock_gettime(CLOCK_MONOTONIC, &before);
	end_server();
	assert_int_equal(ends(), 7);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_string_equal(said, GONE);
	assert_true(after.tv_sec - before.tv_sec < 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(comes_back, open_socket,
						close_socket),
		cmocka_unit_test_setup_teardown(ends_meanwhile, open_socket,
						close_socket),
		cmocka_unit_test_setup_teardown(does_not_know, open_socket,
						close_socket),
		cmocka_unit_test_setup_teardown(never_comes, open_socket,
						close_socket),
		cmocka_unit_test_setup_teardown(keeps_none, open_socket,
						close_socket),
	};

	snprintf(path, sizeof(path), "/tmp/barlease-again.%d", getpid());
	return cmocka_run_group_tests_name("acquire again", tests, NULL, NULL);
}
