// SPDX-License-Identifier: MIT
/*
 * Leases that are paused, and leases that end in ones; with a device that is not
 * there
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vendor.h"

#define EXCLUSIVE	BARLEASE_EXCLUSIVE
#define ALL		BL_WIRE_FEATURES
#define PAGE		4096ull
/* Of those that nothing but a mistake makes wait so long */
#define LONG		60000
/* What is waited for, in milliseconds; longer than a busy machine stands still */
#define SHORT		250

static int pause_lease(uint32_t id, uint64_t time)
{
	return barlease_server_pause_lease(server, id, time);
}

static int resume_lease(uint32_t id)
{
	return barlease_server_resume_lease(server, id);
}

/* Returns for how long */
static uint64_t hears_paused(int peer, uint32_t id)
{
	struct bl_wire_message message;

	peer_hears(peer, BL_WIRE_PAUSED, &message, NULL);
	assert_int_equal(message.paused.id, id);
	return message.paused.milliseconds;
}

static void hears_unpaused(int peer, uint32_t id)
{
	struct bl_wire_message message;

	settle_until_heard(peer);
	peer_hears(peer, BL_WIRE_UNPAUSED, &message, NULL);
	assert_int_equal(message.unpaused.id, id);
}

static void paused_and_resumed(void **state)
{
	int peer, other, fd, others;
	uint32_t id;

	(void)state;
	offer("a", NULL, 0, 1, EXCLUSIVE, 0);
	offer("b", NULL, 1, 1, EXCLUSIVE, 0);
	peer = peer_new_with(ALL);
	other = peer_new_with(ALL);
	id = peer_gets(peer, "a", 0, &fd);
	peer_gets(other, "b", 0, &others);

	assert_int_equal(pause_lease(id, BARLEASE_FOREVER), 0);
	assert_true(fake_paused(fd));
	assert_false(fake_paused(others));
	assert_int_equal(heard.paused, 1);
	assert_int_equal(heard.id, id);
	assert_true(heard.pause == INT64_MAX);
	assert_int_equal(hears_paused(peer, id), 0);

	assert_int_equal(resume_lease(id), 0);
	assert_false(fake_paused(fd));
	assert_int_equal(heard.paused, 2);
	assert_int_equal(heard.pause, 0);
	hears_unpaused(peer, id);
	assert_int_equal(resume_lease(id), 0);
	assert_int_equal(heard.paused, 2);
	settle();
	assert_true(peer_hears_nothing(peer));
	assert_true(peer_hears_nothing(other));
	close(fd);
	close(others);
	close(peer);
	close(other);
}

static void for_a_time(void **state)
{
	uint64_t left;
	int peer, fd;
	uint32_t id;

	(void)state;
	offer("a", NULL, 0, 1, EXCLUSIVE, 0);
	peer = peer_new_with(ALL);
	id = peer_gets(peer, "a", 0, &fd);
	assert_int_equal(pause_lease(id, 0), -EINVAL);
	assert_int_equal(pause_lease(id, LONG), 0);
	left = hears_paused(peer, id);
	assert_true(left > LONG / 2 && left <= LONG);
	/* And anew, for less */
	assert_int_equal(pause_lease(id, SHORT), 0);
	assert_true(hears_paused(peer, id) <= SHORT);
	assert_true(heard.pause > 0 && heard.pause < INT64_MAX);
	assert_true(fake_paused(fd));
	hears_unpaused(peer, id);
	assert_false(fake_paused(fd));
	close(fd);
	close(peer);
}

static void ends_meanwhile(void **state)
{
	struct bl_wire_message message;
	int peer, fd;
	uint32_t id;

	(void)state;
	offer("a", NULL, 0, 1, EXCLUSIVE, 0);
	peer = peer_new_with(ALL);
	id = peer_gets(peer, "a", 0, &fd);
	pause_lease(id, SHORT);
	hears_paused(peer, id);
	assert_int_equal(barlease_server_revoke(server, id), 0);
	assert_int_equal(heard.pause, 0);
	peer_hears_revoked(peer, id, BARLEASE_ORDERED);
	assert_int_equal(pause_lease(id, LONG), -ENOENT);
	assert_int_equal(resume_lease(id), -ENOENT);
	close(fd);

	id = peer_gets(peer, "a", 0, &fd);
	assert_int_equal(heard.pause, 0);
	pause_lease(id, SHORT);
	hears_paused(peer, id);
	peer_release(peer, id);
	settle();
	peer_hears(peer, BL_WIRE_RELEASED, &message, NULL);
	close(fd);
	/* Nothing of that is due any more */
	peer_gets(peer, "a", 0, &fd);
	usleep(2 * SHORT * 1000);
	settle();
	assert_true(peer_hears_nothing(peer));
	close(fd);
	close(peer);
}

static void with_a_term(void **state)
{
	int peer, fd;
	uint32_t id;

	(void)state;
	offer_for("brief", NULL, 0, 0, 4 * SHORT);
	peer = peer_new_with(ALL);
	id = peer_gets(peer, "brief", 0, &fd);
	pause_lease(id, SHORT);
	hears_paused(peer, id);
	hears_unpaused(peer, id);
	assert_false(fake_revoked(fd));
	peer_hears_revoked(peer, id, BARLEASE_EXPIRED);
	close(fd);

	/* The term goes on while it is paused */
	id = peer_gets(peer, "brief", 0, &fd);
	pause_lease(id, LONG);
	hears_paused(peer, id);
	peer_hears_revoked(peer, id, BARLEASE_EXPIRED);
	assert_true(fake_revoked(fd));
	close(fd);
	close(peer);
}

static void who_knows_no_pauses(void **state)
{
	int peer, fd;
	uint32_t id;

	(void)state;
	offer("a", NULL, 0, 1, EXCLUSIVE, 0);
	peer = peer_new_with(ALL & ~BL_WIRE_PAUSES);
	id = peer_gets(peer, "a", 0, &fd);
	assert_int_equal(pause_lease(id, LONG), 0);
	assert_true(fake_paused(fd));
	assert_int_equal(resume_lease(id), 0);
	settle();
	assert_true(peer_hears_nothing(peer));
	close(fd);
	close(peer);
}

static void what_cannot_be(void **state)
{
	int peer, fd;
	uint32_t id;

	(void)state;
	offer("a", NULL, 0, 1, EXCLUSIVE, 0);
	peer = peer_new_with(ALL);
	id = peer_gets(peer, "a", 0, &fd);
	assert_int_equal(pause_lease(id + 1, LONG), -ENOENT);
	assert_int_equal(resume_lease(id + 1), -ENOENT);
	device.pause_error = -EOPNOTSUPP;
	assert_int_equal(pause_lease(id, LONG), -EOPNOTSUPP);
	device.pause_error = 0;
	assert_int_equal(heard.paused, 0);
	settle();
	assert_true(peer_hears_nothing(peer));

	/* Another device has it: it was told */
	device.mapped = 1;
	assert_int_equal(pause_lease(id, SHORT), -EINPROGRESS);
	device.mapped = 0;
	hears_paused(peer, id);
	/* What cannot be resumed when it is due is over */
	device.pause_error = -EIO;
	peer_hears_revoked(peer, id, BARLEASE_ORDERED);
	assert_non_null(strstr(heard.why, "cannot be resumed"));
	device.pause_error = 0;
	close(fd);
	close(peer);
}

/* A peer that does not read has one message of these a lease, however many there were */
static void does_not_read(void **state)
{
	enum { LEASES = 3, ROUNDS = 2000 };
	struct bl_wire_message message;
	unsigned int paused[LEASES] = { 0 }, unpaused[LEASES] = { 0 };
	unsigned int nr = 0;
	uint32_t id[LEASES];
	int peer, fd;

	(void)state;
	peer = peer_new_with(ALL);
	for (int i = 0; i < LEASES; i++) {
		char name[8];

		snprintf(name, sizeof(name), "s-%d", i);
		offer(name, NULL, i, 1, EXCLUSIVE, 0);
		id[i] = peer_gets(peer, name, 0, &fd);
		close(fd);
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < LEASES; i++)
			assert_int_equal(pause_lease(id[i], LONG), 0);
		for (int i = 0; i < LEASES; i++)
			assert_int_equal(resume_lease(id[i]), 0);
	}
	assert_int_equal(heard.paused, 2 * LEASES * ROUNDS);
	while (!peer_hears_nothing(peer)) {
		uint8_t bytes[BL_WIRE_MAX];
		ssize_t size = read(peer, bytes, sizeof(bytes));

		assert_true(size > 0);
		assert_int_equal(bl_wire_decode(bytes, size, &message), 0);
		for (int i = 0; i < LEASES; i++) {
			if (message.release.id != id[i])
				continue;
			paused[i] += message.type == BL_WIRE_PAUSED;
			unpaused[i] += message.type == BL_WIRE_UNPAUSED;
		}
		nr++;
		settle();
	}
	/* As much as the socket takes, and what is true in the end */
	assert_true(nr > LEASES && nr < ROUNDS);
	for (int i = 0; i < LEASES; i++) {
		assert_true(paused[i] > 0);
		assert_int_equal(paused[i], unpaused[i]);
	}
	close(peer);
}

/* Which the server learns when it tells it */
static void who_is_gone(void **state)
{
	uint32_t id;
	int peer, fd;

	(void)state;
	offer("a", NULL, 0, 1, EXCLUSIVE, 0);
	peer = peer_new_with(ALL);
	id = peer_gets(peer, "a", 0, &fd);
	close(peer);
	assert_int_equal(pause_lease(id, LONG), 0);
	assert_true(fake_revoked(fd));
	assert_int_equal(heard.reason, BARLEASE_DISCONNECTED);
	assert_int_equal(resume_lease(id), -ENOENT);
	close(fd);
}

static void ends_in_ones(void **state)
{
	int peer, fd;

	(void)state;
	offer("a", "letters", 0, 1, 0, 0);
	offer("b", NULL, 1, 1, BARLEASE_ONES, 0);
	peer = peer_new_with(ALL);
	peer_gets(peer, "a", 0, &fd);
	close(fd);
	assert_int_equal(device.last_flags, 0);
	peer_gets(peer, "a", BARLEASE_ONES, &fd);
	close(fd);
	assert_int_equal(device.last_flags, BARLEASE_ONES);
	peer_gets(peer, "letters", BARLEASE_ANY | BARLEASE_ONES, &fd);
	close(fd);
	assert_int_equal(device.last_flags, BARLEASE_ONES);
	peer_gets(peer, "b", 0, &fd);
	close(fd);
	assert_int_equal(device.last_flags, BARLEASE_ONES);
	device.export_error = -EOPNOTSUPP;
	peer_is_refused(peer, "a", BARLEASE_ONES, EOPNOTSUPP);
	device.export_error = 0;
	close(peer);

	/* Who does not know it has not asked for it */
	peer = peer_new_with(ALL & ~BL_WIRE_PAUSES);
	peer_is_refused(peer, "a", BARLEASE_ONES, EPROTO);
	assert_true(peer_is_hung_up(peer));
	close(peer);
}

static void no_such_driver(void **state)
{
	const struct barlease_range range = { 0, PAGE };
	const struct barlease_slice slice = {
		.name = "ones",
		.bar = FAKE_BAR,
		.ranges = &range,
		.nr_ranges = 1,
		.flags = BARLEASE_ONES,
	};

	(void)state;
	device.caps &= ~BARLEASE_CAN_PAUSE;
	assert_int_equal(barlease_server_add_slice(server, &device, &slice),
			 -ENOTTY);
	device.caps |= BARLEASE_CAN_PAUSE;
	assert_int_equal(barlease_server_add_slice(server, &device, &slice), 0);
}

#define TEST(name, function) \
	{ name, function, vendor_start, vendor_stop, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("paused, and resumed", paused_and_resumed),
		TEST("for a time", for_a_time),
		TEST("what is over meanwhile", ends_meanwhile),
		TEST("a lease with a term", with_a_term),
		TEST("who knows no pauses", who_knows_no_pauses),
		TEST("what cannot be", what_cannot_be),
		TEST("a peer that does not read", does_not_read),
		TEST("who is gone by then", who_is_gone),
		TEST("a lease that ends in ones", ends_in_ones),
		TEST("a driver that has no such end", no_such_driver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
