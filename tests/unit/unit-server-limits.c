// SPDX-License-Identifier: MIT
/*
 * How much a server lets clients have, and whom it lets in at all
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "vendor.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define ANY	BARLEASE_ANY

/* More than any deadline; nothing takes that long unless it hangs */
#define PATIENCE_S	60

static void limit(struct barlease_limits limits)
{
	assert_int_equal(barlease_server_set_limits(server, &limits), 0);
}

/* Dispatches as an event loop would, until @done */
static void until(bool (*done)(void *data), void *data)
{
	struct pollfd ready = {
		.fd = barlease_server_fd(server),
		.events = POLLIN,
	};
	time_t end = time(NULL) + PATIENCE_S;

	while (!done(data)) {
		assert_true(time(NULL) < end);
		if (poll(&ready, 1, 200) == 1)
			assert_int_equal(barlease_server_dispatch(server), 0);
	}
}

static void unwelcome_peers(void **state)
{
	int peer;

	(void)state;
	unwelcome = true;
	peer = peer_connect();
	settle();
	peer_hears_error(peer, EACCES);
	assert_true(peer_is_hung_up(peer));
	assert_int_equal(heard.refused, 1);
	assert_int_equal(heard.peer.uid, getuid());
	close(peer);
	unwelcome = false;
	close(peer_new());
}

/* There is always room for one more, as long as somebody has nothing */
static void idle_makes_room(void **state)
{
	int peers[4], fd, late;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	limit((struct barlease_limits){ .connections = 4 });
	for (int i = 0; i < 4; i++)
		peers[i] = peer_new();
	peer_gets(peers[0], "slice", 0, &fd);
	close(fd);
	/* Not the one who has a lease, nor who was heard since */
	peer_is_refused(peers[1], "nothing", 0, ENOENT);
	late = peer_new();
	peer_hears_error(peers[2], ETIMEDOUT);
	assert_true(peer_is_hung_up(peers[2]));
	peer_is_refused(peers[0], "nothing", 0, ENOENT);
	peer_is_refused(peers[1], "nothing", 0, ENOENT);
	peer_is_refused(peers[3], "nothing", 0, ENOENT);
	peer_is_refused(late, "nothing", 0, ENOENT);
	for (int i = 0; i < 4; i++)
		close(peers[i]);
	close(late);
}

static void silent_makes_room_first(void **state)
{
	int silent, idle, late;

	(void)state;
	limit((struct barlease_limits){ .connections = 2 });
	idle = peer_new();
	silent = peer_connect();
	settle();
	late = peer_new();
	peer_hears_error(silent, ETIMEDOUT);
	assert_true(peer_is_hung_up(silent));
	peer_is_refused(idle, "nothing", 0, ENOENT);
	close(silent);
	close(idle);
	close(late);
}

static void all_have_leases(void **state)
{
	int peers[2], fd, late;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	limit((struct barlease_limits){ .connections = 2 });
	for (int i = 0; i < 2; i++) {
		peers[i] = peer_new();
		peer_gets(peers[i], "slice", 0, &fd);
		close(fd);
	}
	late = peer_connect();
	settle();
	peer_hears_error(late, EUSERS);
	assert_true(peer_is_hung_up(late));
	close(late);
	/* One of them has none any more */
	peer_release(peers[1], heard.id);
	settle();
	late = peer_new();
	assert_int_equal(heard.ended, 1);
	close(peers[0]);
	close(peers[1]);
	close(late);
}

static bool is_gone(void *data)
{
	return peer_is_hung_up(*(int *)data);
}

static bool hears_error(void *data)
{
	return !peer_hears_nothing(*(int *)data);
}

static void says_nothing(void **state)
{
	struct pollfd ready = { .events = POLLIN };
	int silent = peer_connect(), idle = peer_new();

	(void)state;
	until(hears_error, &silent);
	peer_hears_error(silent, ETIMEDOUT);
	until(is_gone, &silent);
	/* Who has said HELLO may be silent for as long as it likes */
	peer_is_refused(idle, "nothing", 0, ENOENT);
	/* And nothing is left to be waited for */
	settle();
	ready.fd = barlease_server_fd(server);
	assert_int_equal(poll(&ready, 1, 2500), 0);
	close(silent);
	close(idle);
}

/* An fd in a message that nobody reads is one of the kernel's for all of them */
static void unread_leases(void **state)
{
	enum { ASKED = 100 };
	struct bl_wire_message message;
	int peer, other, fd;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	peer = peer_new();
	for (int i = 0; i < ASKED; i++)
		peer_acquire(peer, "slice", 0);
	settle();
	assert_int_equal(device.exports, 1);
	/* It is not busy with that one */
	assert_int_equal(settle(), 0);
	other = peer_new();
	peer_gets(other, "slice", 0, &fd);
	close(fd);
	for (unsigned int i = 0; i < ASKED; i++) {
		assert_int_equal(device.exports, i + 2);
		peer_hears(peer, BL_WIRE_LEASE, &message, &fd);
		close(fd);
		settle();
	}
	assert_true(peer_hears_nothing(peer));
	close(peer);
	close(other);
}

static int count_states(void *data, const struct barlease_holding *lease)
{
	((unsigned int *)data)[lease->state]++;
	return 0;
}

static void leases_are(unsigned int held, unsigned int ending,
		       unsigned int kept)
{
	unsigned int states[3] = { 0 };

	assert_int_equal(barlease_server_each_lease(server, count_states,
						    states), 0);
	assert_int_equal(states[BARLEASE_HELD], held);
	assert_int_equal(states[BARLEASE_ENDING], ending);
	assert_int_equal(states[BARLEASE_KEPT], kept);
}

static bool none_is_kept(void *data)
{
	unsigned int states[3] = { 0 };

	(void)data;
	barlease_server_each_lease(server, count_states, states);
	return !states[BARLEASE_KEPT];
}

/* What a client keeps open counts, whether it was given back or taken away */
static void kept_leases(void **state)
{
	int peer, other, fd;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	limit((struct barlease_limits){ .user_leases = 2 });
	peer = peer_new();
	other = peer_new();
	device.kept = 1;
	for (int i = 0; i < 2; i++) {
		peer_gets(peer, "slice", 0, &fd);
		close(fd);
		assert_int_equal(barlease_server_revoke(server, heard.id), 0);
		peer_hears(peer, BL_WIRE_REVOKED,
			   &(struct bl_wire_message){ 0 }, NULL);
	}
	assert_int_equal(heard.ended, 2);
	leases_are(0, 0, 2);
	assert_int_equal(barlease_server_holders(server, "slice"), 0);
	assert_int_equal(barlease_server_revoke(server, heard.id), -ENOENT);
	peer_is_refused(other, "slice", 0, EDQUOT);
	/* Nor does it help to hang up */
	close(peer);
	settle();
	peer_is_refused(other, "slice", 0, EDQUOT);
	leases_are(0, 0, 2);
	/* It closes them, which is seen at once where it matters */
	device.kept = 0;
	peer_gets(other, "slice", 0, &fd);
	close(fd);
	leases_are(1, 0, 1);
	/* And after a while where it does not */
	device.kept = 1;
	assert_int_equal(barlease_server_revoke(server, heard.id), 0);
	leases_are(0, 0, 2);
	device.kept = 0;
	until(none_is_kept, NULL);
	close(other);
}

/* Whoever keeps very many open has the server look at few of them at a time */
static void many_kept_leases(void **state)
{
	const unsigned int many = 200;
	unsigned int fewest = UINT_MAX;
	int peer, fd;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	limit((struct barlease_limits){ .user_leases = many });
	peer = peer_new();
	device.kept = 1;
	for (unsigned int i = 0; i < many; i++) {
		peer_gets(peer, "slice", 0, &fd);
		close(fd);
		assert_int_equal(barlease_server_revoke(server, heard.id), 0);
		peer_hears(peer, BL_WIRE_REVOKED,
			   &(struct bl_wire_message){ 0 }, NULL);
	}
	leases_are(0, 0, many);
	/* Not counting the look at all of them, which is now and then */
	for (int i = 0; i < 5; i++) {
		device.states = 0;
		peer_is_refused(peer, "slice", 0, EDQUOT);
		if (device.states < fewest)
			fewest = device.states;
	}
	assert_in_range(fewest, 1, many / 4);
	device.kept = 0;
	peer_gets(peer, "slice", 0, &fd);
	close(fd);
	close(peer);
}

static void all_leases(void **state)
{
	int peer, fd;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	limit((struct barlease_limits){ .leases = 2 });
	peer = peer_new();
	for (int i = 0; i < 2; i++) {
		peer_gets(peer, "slice", 0, &fd);
		close(fd);
	}
	peer_is_refused(peer, "slice", 0, EUSERS);
	assert_int_equal(barlease_server_revoke(server, heard.id), 0);
	peer_hears(peer, BL_WIRE_REVOKED, &(struct bl_wire_message){ 0 }, NULL);
	peer_gets(peer, "slice", 0, &fd);
	close(fd);
	close(peer);
}

static void offer_share(const char *name, const char *group, unsigned int page)
{
	const struct barlease_range range = { page * 4096, 4096 };
	const struct barlease_slice slice = {
		.name = name,
		.group = group,
		.bar = FAKE_BAR,
		.ranges = &range,
		.nr_ranges = 1,
		.per_user = 2,
	};

	assert_int_equal(barlease_server_add_slice(server, &device, &slice), 0);
}

/* Of a group all together, by whichever name, on all connections */
static void per_user(void **state)
{
	static const char *const names[] = { "q-0", "q-1", "q-2" };
	int peer, other, fd;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		offer_share(names[i], "q", i);
	offer_share("alone", NULL, 9);
	peer = peer_new();
	other = peer_new();
	peer_gets(peer, "q", ANY, &fd);
	close(fd);
	peer_gets(other, "q-2", 0, &fd);
	close(fd);
	peer_is_refused(peer, "q", ANY, EDQUOT);
	assert_non_null(strstr(heard.why, "of these"));
	peer_is_refused(other, "q-1", 0, EDQUOT);
	for (int i = 0; i < 2; i++) {
		peer_gets(peer, "alone", 0, &fd);
		close(fd);
	}
	peer_is_refused(other, "alone", 0, EDQUOT);
	close(peer);
	settle();
	peer_gets(other, "q", ANY, &fd);
	close(fd);
	peer_gets(other, "alone", 0, &fd);
	close(fd);
	peer_is_refused(other, "q", ANY, EDQUOT);
	close(other);
}

#define TEST(name, function) \
	{ name, function, vendor_start, vendor_stop, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("who may have nothing is hung up on", unwelcome_peers),
		TEST("who has nothing makes room", idle_makes_room),
		TEST("who has said nothing makes room first",
		     silent_makes_room_first),
		TEST("nobody makes room who has a lease", all_have_leases),
		TEST("who says nothing is hung up on", says_nothing),
		TEST("who does not read a lease gets no other one",
		     unread_leases),
		TEST("what is kept open counts", kept_leases),
		TEST("few that are kept are looked at", many_kept_leases),
		TEST("more leases than there may be", all_leases),
		TEST("more of a slice or a group than a user may have",
		     per_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
