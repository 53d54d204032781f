// SPDX-License-Identifier: MIT
/*
 * What a server of leases takes from peers that mean no good, or are many
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "samples.h"
#include "vendor.h"

#define MANY	1000

/* Told what is wrong, and then nothing any more */
static void is_thrown_out(int peer, int error)
{
	unsigned int refusals = heard.refused;

	settle();
	peer_hears_error(peer, error);
	assert_true(peer_is_hung_up(peer));
	assert_int_equal(heard.refused, refusals + 1);
	close(peer);
}

static void says_hello(int peer, uint16_t lowest, uint16_t highest)
{
	const struct bl_wire_message hello = {
		.type = BL_WIRE_HELLO,
		.serial = 5,
		.hello = { .lowest = lowest, .highest = highest },
	};

	peer_say(peer, &hello);
}

static void versions(void **state)
{
	struct bl_wire_message message;
	int peer;

	(void)state;
	peer = peer_connect();
	says_hello(peer, 0, 0xffff);
	settle();
	peer_hears(peer, BL_WIRE_WELCOME, &message, NULL);
	assert_int_equal(message.welcome.version, 1);
	assert_int_equal(message.serial, 5);
	close(peer);

	peer = peer_connect();
	says_hello(peer, 2, 3);
	is_thrown_out(peer, EPROTONOSUPPORT);
	assert_non_null(strstr(heard.why, "version 1"));
	peer = peer_connect();
	says_hello(peer, 0, 0);
	is_thrown_out(peer, EPROTONOSUPPORT);
}

static void hello_first_and_once(void **state)
{
	int peer;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	peer = peer_connect();
	peer_acquire(peer, "slice", 0);
	is_thrown_out(peer, EPROTO);
	peer = peer_connect();
	peer_ask(peer, 0x0777, 1);
	assert_true(device.exports == 0);
	settle();
	close(peer);
	peer = peer_new();
	says_hello(peer, 1, 1);
	is_thrown_out(peer, EPROTO);
}

/* What only servers say */
static void replies_and_events(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < NR_SAMPLES; i++) {
		const struct bl_wire_message message = sample(i);
		int peer;

		if (!(message.type & (BL_WIRE_REPLY | BL_WIRE_EVENT)))
			continue;
		peer = peer_new();
		peer_say(peer, &message);
		is_thrown_out(peer, EPROTO);
	}
}

static void unknown_request(void **state)
{
	static const uint8_t unknown[16] = {
		[0] = 16, [4] = 0x77, [5] = 0x07, [8] = 3,
	};
	struct bl_wire_message message;
	int peer, fd;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	peer = peer_new();
	peer_send(peer, unknown, sizeof(unknown), 0);
	settle();
	peer_hears(peer, BL_WIRE_ERROR, &message, NULL);
	assert_int_equal(message.error.error, EOPNOTSUPP);
	assert_int_equal(message.serial, 3);
	peer_gets(peer, "slice", 0, &fd);
	close(fd);
	close(peer);
}

static void garbage(void **state)
{
	uint8_t bytes[BL_WIRE_MAX + 1];

	(void)state;
	srandom(1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = random();
	for (size_t size = 1; size <= sizeof(bytes); size += 1 + size / 16) {
		int peer = size % 2 ? peer_new() : peer_connect();

		peer_send(peer, bytes, size, 0);
		is_thrown_out(peer, EPROTO);
	}
}

/* Longer than any message; a buffer's worth of it would be a good one */
static void too_long(void **state)
{
	uint8_t bytes[2 * BL_WIRE_MAX] = { 0 };
	const struct bl_wire_message message = sample(0);
	int peer = peer_connect();

	(void)state;
	bl_wire_encode(&message, bytes);
	peer_send(peer, bytes, sizeof(bytes), 0);
	is_thrown_out(peer, EPROTO);
}

static void half_messages(void **state)
{
	const struct bl_wire_message message = sample(2);
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(&message, bytes);

	(void)state;
	for (size_t part = 1; part < size; part++) {
		int peer = peer_new();

		peer_send(peer, bytes, part, 0);
		is_thrown_out(peer, EPROTO);
	}
}

static void empty_message(void **state)
{
	int peer = peer_new();

	(void)state;
	peer_send(peer, "", 0, 0);
	settle();
	assert_true(peer_is_hung_up(peer));
	close(peer);
}

static void unexpected_fds(void **state)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_LIST,
		.serial = 2,
	};
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(&message, bytes);
	int fds = fds_open();

	(void)state;
	for (unsigned int nr = 1; nr <= 253; nr += 84) {
		int peer = peer_new();

		peer_send(peer, bytes, size, nr);
		is_thrown_out(peer, EPROTO);
		settle();
		assert_int_equal(fds_open(), fds);
	}
	/* With what is no message either */
	for (size_t part = 0; part < 16; part += 5) {
		int peer = peer_new();

		peer_send(peer, bytes, part, 1);
		settle();
		close(peer);
		settle();
		assert_int_equal(fds_open(), fds);
	}
}

/* Requests without an end, and nobody who reads the replies */
static void does_not_read_replies(void **state)
{
	const struct bl_wire_message list = {
		.type = BL_WIRE_LIST,
		.serial = 2,
	};
	struct bl_wire_message message;
	unsigned int asked = 0, answered = 0, turns;
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(&list, bytes);
	char name[16];
	int peer, other;

	(void)state;
	for (unsigned int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "slice-%u", i);
		offer(name, NULL, i, 1, 0, 0);
	}
	peer = peer_new();
	for (turns = 0; turns < 3; turns++) {
		while (peer_send(peer, bytes, size, 0) > 0)
			asked++;
		settle();
	}
	/* The server has stopped reading, and there is nothing it could do */
	assert_int_equal(peer_send(peer, bytes, size, 0), -EAGAIN);
	assert_int_equal(settle(), 0);

	other = peer_new();
	peer_is_refused(other, "nothing", 0, ENOENT);
	close(other);

	while (answered < asked) {
		peer_hears(peer, BL_WIRE_SLICE_LIST, &message, NULL);
		answered++;
		settle();
	}
	assert_true(peer_hears_nothing(peer));
	close(peer);
}

/* What it has not been told yet of an earlier reset is told no more */
static void does_not_read_events(void **state)
{
	struct bl_wire_message message;
	int peer, other, fd[2];
	unsigned int told;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	peer = peer_new();
	other = peer_new();
	peer_gets(peer, "slice", 0, &fd[0]);
	peer_gets(other, "slice", 0, &fd[1]);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(barlease_server_reset(server, &device), 0);
		peer_hears(other, BL_WIRE_SUSPENDED, &message, NULL);
		peer_hears(other, BL_WIRE_RESUMED, &message, NULL);
	}
	assert_int_equal(heard.ended, 0);
	for (told = 0; !peer_hears_nothing(peer); told++) {
		peer_hears(peer, told % 2 ? BL_WIRE_RESUMED : BL_WIRE_SUSPENDED,
			   &message, NULL);
		settle();
	}
	assert_int_equal(told % 2, 0);
	assert_in_range(told, 2, 2 * MANY - 2);
	peer_is_refused(peer, "nothing", 0, ENOENT);
	close(fd[0]);
	close(fd[1]);
	close(peer);
	close(other);
}

/* As many events as it has leases: none of them is its fault */
static void many_revoked_at_once(void **state)
{
	enum { HELD = 600 };
	struct bl_wire_message message;
	int peer, fd, other;

	(void)state;
	offer("many", NULL, 0, 1, 0, 0);
	offer("other", NULL, 1, 1, 0, 0);
	peer = peer_new();
	peer_gets(peer, "other", 0, &other);
	for (int i = 0; i < HELD; i++) {
		peer_gets(peer, "many", 0, &fd);
		close(fd);
	}
	assert_int_equal(barlease_server_remove_slice(server, "many"), 0);
	assert_int_equal(heard.ended, HELD);
	assert_false(fake_revoked(other));
	for (int i = 0; i < HELD; i++) {
		peer_hears(peer, BL_WIRE_REVOKED, &message, NULL);
		settle();
	}
	assert_true(peer_hears_nothing(peer));
	peer_is_refused(peer, "nothing", 0, ENOENT);
	close(other);
	close(peer);
}

/* Leases that have never arrived; one of them is revoked meanwhile */
static void does_not_read_leases(void **state)
{
	const struct bl_wire_message acquire = sample(13);
	struct bl_wire_message message;
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(&acquire, bytes);
	uint32_t waiting;
	int peer, fd;

	(void)state;
	offer(acquire.acquire.name, NULL, 0, 1, 0, 0);
	peer = peer_new();
	do {
		while (peer_send(peer, bytes, size, 0) > 0)
			;
	} while (settle());
	waiting = heard.id;
	assert_int_equal(barlease_server_revoke(server, waiting), 0);
	do {
		peer_hears(peer, BL_WIRE_LEASE, &message, &fd);
		assert_int_equal(fake_revoked(fd), message.lease.id == waiting);
		close(fd);
		settle();
	} while (message.lease.id != waiting);
	peer_hears(peer, BL_WIRE_REVOKED, &message, NULL);
	assert_int_equal(message.revoked.id, waiting);
	close(peer);
}

static void fair(void **state)
{
	uint8_t bytes[BL_WIRE_MAX];
	const struct bl_wire_message list = {
		.type = BL_WIRE_LIST,
		.serial = 2,
	};
	size_t size = bl_wire_encode(&list, bytes);
	int loud[8], quiet = peer_new();
	unsigned int turns = 0;

	(void)state;
	for (int i = 0; i < 8; i++) {
		loud[i] = peer_new();
		while (peer_send(loud[i], bytes, size, 0) > 0)
			;
	}
	peer_say(quiet, &list);
	while (peer_hears_nothing(quiet)) {
		assert_int_equal(barlease_server_dispatch(server), 0);
		assert_true(++turns <= 2);
	}
	for (int i = 0; i < 8; i++)
		close(loud[i]);
	close(quiet);
}

static void allow_fds(rlim_t count, struct rlimit *old)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (old)
		*old = limit;
	limit.rlim_cur = count;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void sleep_ms(long ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

/* No number of a file is left from here on, however many there are */
static void no_more_fds(struct rlimit *old)
{
	int next = dup(0);

	close(next);
	allow_fds(next, old);
}

static void no_fd_for_a_connection(void **state)
{
	struct bl_wire_message message;
	struct rlimit old;
	int first, second, third, spare;

	(void)state;
	first = peer_new();
	second = peer_connect();
	third = peer_connect();
	says_hello(second, 1, 1);
	says_hello(third, 1, 1);
	no_more_fds(&old);
	/* It sees that it cannot, and tries again after a while, not at once */
	assert_in_range(settle(), 1, 50);
	sleep_ms(120);
	assert_in_range(settle(), 1, 50);

	/* Those who are there go on, and who goes makes room */
	peer_is_refused(first, "nothing", 0, ENOENT);
	close(first);
	spare = dup(0);
	settle();
	peer_hears(second, BL_WIRE_WELCOME, &message, NULL);
	assert_true(peer_hears_nothing(third));

	/* Or there is room for another reason */
	setrlimit(RLIMIT_NOFILE, &old);
	sleep_ms(120);
	settle();
	peer_hears(third, BL_WIRE_WELCOME, &message, NULL);
	close(second);
	close(third);
	close(spare);
}

static void no_fd_for_a_lease(void **state)
{
	struct rlimit old;
	int peer, fd;

	(void)state;
	offer("slice", NULL, 0, 1, BARLEASE_EXCLUSIVE, 0);
	peer = peer_new();
	no_more_fds(&old);
	peer_acquire(peer, "slice", 0);
	settle();
	setrlimit(RLIMIT_NOFILE, &old);
	peer_hears_error(peer, EMFILE);
	peer_gets(peer, "slice", 0, &fd);
	close(fd);
	close(peer);
}

static void limit(unsigned int connections, unsigned int leases)
{
	const struct barlease_limits limits = {
		.user_connections = connections,
		.user_leases = leases,
	};

	assert_int_equal(barlease_server_set_limits(server, &limits), 0);
}

/* Over the limit is told so, whatever it has said before */
static void too_many_connections(void **state)
{
	int peers[3], late;

	(void)state;
	limit(3, 0);
	for (int i = 0; i < 3; i++)
		peers[i] = peer_new();
	late = peer_connect();
	is_thrown_out(late, EDQUOT);
	assert_non_null(strstr(heard.why, "3 connections"));
	assert_int_equal(heard.peer.uid, getuid());
	late = peer_connect();
	close(late);
	settle();

	/* Those who are there stay, and who goes makes room at once */
	peer_is_refused(peers[1], "nothing", 0, ENOENT);
	close(peers[0]);
	peers[0] = peer_new();
	limit(2, 0);
	peer_is_refused(peers[2], "nothing", 0, ENOENT);
	close(peers[0]);
	settle();
	is_thrown_out(peer_connect(), EDQUOT);
	limit(0, 0);
	peers[0] = peer_new();
	for (int i = 0; i < 3; i++)
		close(peers[i]);
}

static void too_many_leases(void **state)
{
	int peer, other, fd[3];
	uint32_t id;

	(void)state;
	offer("slice", "group", 0, 1, 0, 0);
	limit(0, 2);
	peer = peer_new();
	other = peer_new();
	id = peer_gets(peer, "slice", 0, &fd[0]);
	peer_gets(other, "slice", 0, &fd[1]);
	/* A user's connections are counted together */
	peer_is_refused(peer, "slice", 0, EDQUOT);
	peer_is_refused(other, "group", BARLEASE_ANY, EDQUOT);
	assert_non_null(strstr(heard.why, "as many leases"));
	assert_int_equal(device.exports, 2);

	/* Given back, taken back, or left behind: all of them make room */
	peer_release(peer, id);
	settle();
	peer_hears(peer, BL_WIRE_RELEASED, &(struct bl_wire_message){ 0 }, NULL);
	id = peer_gets(peer, "slice", 0, &fd[2]);
	close(fd[2]);
	assert_int_equal(barlease_server_revoke(server, id), 0);
	peer_hears(peer, BL_WIRE_REVOKED, &(struct bl_wire_message){ 0 }, NULL);
	peer_gets(peer, "slice", 0, &fd[2]);
	close(fd[2]);
	peer_is_refused(peer, "slice", 0, EDQUOT);
	close(other);
	settle();
	peer_gets(peer, "slice", 0, &fd[2]);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	close(peer);
}

static int many[MANY];

static void thousand(void **state)
{
	struct bl_wire_message message;
	struct rlimit old;
	uint32_t ids[MANY];
	int fd;

	(void)state;
	allow_fds(4 * MANY, &old);
	offer("slice", NULL, 0, 1, 0, 0);
	for (int i = 0; i < MANY; i++) {
		many[i] = peer_new();
		ids[i] = peer_gets(many[i], "slice", 0, &fd);
		close(fd);
	}
	assert_int_equal(heard.acquired, MANY);
	assert_int_equal(barlease_server_reset(server, &device), 0);
	for (int i = 0; i < MANY; i++) {
		peer_hears(many[i], BL_WIRE_SUSPENDED, &message, NULL);
		peer_hears(many[i], BL_WIRE_RESUMED, &message, NULL);
	}
	for (int i = 0; i < MANY; i += 3)
		assert_int_equal(barlease_server_revoke(server, ids[i]), 0);
	for (int i = 0; i < MANY; i++) {
		if (i % 3 == 0) {
			peer_hears(many[i], BL_WIRE_REVOKED, &message, NULL);
			assert_int_equal(message.revoked.id, ids[i]);
		}
		assert_true(peer_hears_nothing(many[i]));
	}
	for (int i = 0; i < MANY; i++)
		close(many[i]);
	settle();
	assert_int_equal(heard.ended, MANY);
	setrlimit(RLIMIT_NOFILE, &old);
}

/* Connect, perhaps say something, and be gone again */
static void come_and_go(void **state)
{
	int fds = fds_open();

	(void)state;
	offer("slice", NULL, 0, 1, BARLEASE_EXCLUSIVE, 0);
	for (int i = 0; i < MANY; i++) {
		int peer = peer_connect();

		if (i % 2)
			says_hello(peer, 1, 1);
		if (i % 4 == 3)
			peer_acquire(peer, "slice", 0);
		if (i % 3)
			settle();
		close(peer);
		if (i % 7)
			settle();
	}
	settle();
	assert_int_equal(fds_open(), fds);
	assert_true(heard.acquired > 0);
	assert_int_equal(heard.ended, heard.acquired);
}

#define TEST(name, function) \
	{ name, function, vendor_start, vendor_stop, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("versions", versions),
		TEST("HELLO comes first, and once", hello_first_and_once),
		TEST("a client that talks like a server", replies_and_events),
		TEST("an unknown request is no reason to hang up",
		     unknown_request),
		TEST("garbage", garbage),
		TEST("a message that is too long", too_long),
		TEST("a part of a message", half_messages),
		TEST("an empty message", empty_message),
		TEST("unexpected file descriptors", unexpected_fds),
		TEST("a peer that does not read replies",
		     does_not_read_replies),
		TEST("a peer that does not read events", does_not_read_events),
		TEST("a peer that loses many leases while it does not read",
		     many_revoked_at_once),
		TEST("a peer that does not read leases", does_not_read_leases),
		TEST("everybody has a turn", fair),
		TEST("no file descriptor for a connection",
		     no_fd_for_a_connection),
		TEST("no file descriptor for a lease", no_fd_for_a_lease),
		TEST("more connections than a user may have",
		     too_many_connections),
		TEST("more leases than a user may have", too_many_leases),
		TEST("a thousand clients", thousand),
		TEST("many that come and go", come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
