// SPDX-License-Identifier: MIT
/*
 * Leases that end by themselves, or after a while, and those who wait for them; with
 * a device that is not there
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "vendor.h"

#define EXCLUSIVE	BARLEASE_EXCLUSIVE
#define ANY		BARLEASE_ANY
#define PAGE		4096ull
#define ALL		BL_WIRE_FEATURES
/* Of those that nothing but a mistake makes wait so long */
#define LONG		60000
/* What is waited for, in milliseconds; longer than a busy machine stands still */
#define SHORT		250

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Returns how long it has, at most as long as this */
static uint64_t hears_revoking(int peer, uint32_t id,
			       enum barlease_reason reason, uint64_t most)
{
	struct bl_wire_message message;

	settle_until_heard(peer);
	peer_hears(peer, BL_WIRE_REVOKING, &message, NULL);
	assert_int_equal(message.revoking.id, id);
	assert_int_equal(message.revoking.reason, reason);
	assert_true(message.revoking.milliseconds <= most);
	return message.revoking.milliseconds;
}

static void renew(int peer, uint32_t id, uint64_t term)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_RENEW,
		.serial = 11,
		.term = { id, term },
	};

	peer_say(peer, &message);
	settle();
}

static void is_renewed(int peer, uint32_t id, uint64_t term, uint64_t left)
{
	struct bl_wire_message message;

	renew(peer, id, term);
	peer_hears(peer, BL_WIRE_RENEWED, &message, NULL);
	assert_int_equal(message.serial, 11);
	assert_int_equal(message.term.id, id);
	assert_int_equal(message.term.milliseconds, left);
}

static void is_not_renewed(int peer, uint32_t id, uint64_t term, int error)
{
	renew(peer, id, term);
	peer_hears_error(peer, error);
}

static void wait_for(int peer, uint32_t serial, const char *name,
		     unsigned int flags, uint32_t wait)
{
	struct bl_wire_message message = {
		.type = BL_WIRE_ACQUIRE,
		.serial = serial,
		.acquire = { .flags = flags, .wait = wait },
	};

	stpcpy(message.acquire.name, name);
	peer_say(peer, &message);
	settle();
}

static void cancel(int peer, uint32_t serial)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_CANCEL,
		.serial = 12,
		.cancel.id = serial,
	};

	peer_say(peer, &message);
	settle();
}

/* Returns the id */
static uint32_t hears_lease(int peer, uint32_t serial, const char *name)
{
	struct bl_wire_message message;
	int fd;

	peer_hears(peer, BL_WIRE_LEASE, &message, &fd);
	close(fd);
	assert_int_equal(message.serial, serial);
	assert_string_equal(message.lease.name, name);
	return message.lease.id;
}

static void release(int peer, uint32_t id)
{
	struct bl_wire_message message;

	peer_release(peer, id);
	settle();
	peer_hears(peer, BL_WIRE_RELEASED, &message, NULL);
}

static uint32_t gets(int peer, const char *name)
{
	uint32_t id;
	int fd;

	id = peer_gets(peer, name, 0, &fd);
	close(fd);
	return id;
}

static void a_term_ends(void **state)
{
	struct bl_wire_message message;
	int64_t begun = now();
	int peer, fd;

	(void)state;
	offer_for("brief", NULL, 0, 0, SHORT);
	peer = peer_new_with(ALL);
	peer_acquire(peer, "brief", 0);
	settle();
	peer_hears(peer, BL_WIRE_LEASE, &message, &fd);
	assert_int_equal(message.lease.term, SHORT);
	assert_true(heard.ends > 0);
	assert_false(fake_revoked(fd));
	peer_hears_revoked(peer, message.lease.id, BARLEASE_EXPIRED);
	assert_true(now() - begun >= SHORT);
	assert_true(fake_revoked(fd));
	assert_int_equal(heard.reason, BARLEASE_EXPIRED);
	assert_int_equal(heard.ending, 0);
	close(fd);
	gets(peer, "brief");
	close(peer);
}

static void a_term_without_end(void **state)
{
	struct bl_wire_message message;
	int peer, fd;

	(void)state;
	offer_for("long", NULL, 0, 0, 0);
	peer = peer_new_with(ALL);
	peer_acquire(peer, "long", 0);
	settle();
	peer_hears(peer, BL_WIRE_LEASE, &message, &fd);
	close(fd);
	assert_int_equal(message.lease.term, 0);
	assert_int_equal(heard.ends, 0);
	is_renewed(peer, message.lease.id, UINT64_MAX, 0);
	is_renewed(peer, message.lease.id, SHORT, SHORT);
	is_renewed(peer, message.lease.id, UINT64_MAX, 0);
	is_renewed(peer, message.lease.id, SHORT, SHORT);
	peer_hears_revoked(peer, message.lease.id, BARLEASE_EXPIRED);
	close(peer);
}

static void who_knows_no_terms(void **state)
{
	struct bl_wire_message message;
	uint32_t id;
	int peer;

	(void)state;
	offer_for("brief", NULL, 0, SHORT / 2, SHORT);
	peer = peer_new_with(BL_WIRE_QUEUES);
	id = gets(peer, "brief");
	renew(peer, id, LONG);
	peer_hears_error(peer, EOPNOTSUPP);
	peer_ask(peer, BL_WIRE_WATCH, 3);
	settle();
	peer_hears_error(peer, EOPNOTSUPP);
	/* Not a word before, and then a reason that it knows */
	peer_hears_revoked(peer, id, BARLEASE_FORBIDDEN);
	wait_for(peer, 5, "brief", 0, LONG);
	peer_hears(peer, BL_WIRE_ERROR, &message, NULL);
	assert_int_equal(message.error.error, EPROTO);
	assert_true(peer_is_hung_up(peer));
	close(peer);
}

static void a_word_before(void **state)
{
	uint32_t id;
	int peer;

	(void)state;
	offer_for("brief", NULL, 0, SHORT, 2 * SHORT);
	offer_for("warned", NULL, 1, LONG, SHORT);
	peer = peer_new_with(ALL);
	id = gets(peer, "brief");
	hears_revoking(peer, id, BARLEASE_EXPIRED, SHORT);
	assert_int_equal(heard.ending, 1);
	assert_int_equal(heard.reason, BARLEASE_EXPIRED);
	/* It may go on, and is told anew */
	is_renewed(peer, id, 2 * SHORT, 2 * SHORT);
	hears_revoking(peer, id, BARLEASE_EXPIRED, SHORT);
	peer_hears_revoked(peer, id, BARLEASE_EXPIRED);
	/* At once, where all of it is grace */
	id = gets(peer, "warned");
	hears_revoking(peer, id, BARLEASE_EXPIRED, SHORT);
	release(peer, id);
	close(peer);
}

static void renewals(void **state)
{
	int peer, other;
	uint32_t id;

	(void)state;
	offer_for("slice", NULL, 0, 0, LONG);
	peer = peer_new_with(ALL);
	other = peer_new_with(ALL);
	id = gets(peer, "slice");
	is_renewed(peer, id, LONG, LONG);
	is_renewed(peer, id, UINT64_MAX, LONG);
	is_not_renewed(peer, id, 0, EINVAL);
	is_not_renewed(peer, id, LONG + 1, EINVAL);
	is_not_renewed(peer, id, INT64_MAX / 4, EINVAL);
	is_not_renewed(peer, id + 1, LONG, ENOENT);
	is_not_renewed(other, id, 1, ENOENT);
	is_renewed(peer, id, SHORT, SHORT);
	peer_hears_revoked(peer, id, BARLEASE_EXPIRED);
	is_not_renewed(peer, id, LONG, ENOENT);
	close(peer);
	close(other);
}

static void ordered(void **state)
{
	uint32_t id;
	int peer;

	(void)state;
	offer_for("slice", NULL, 0, 0, LONG);
	peer = peer_new_with(ALL);
	id = gets(peer, "slice");
	assert_int_equal(barlease_server_revoke_after(server, id + 1, LONG),
			 -ENOENT);
	assert_int_equal(barlease_server_revoke_after(server, id, LONG / 2),
			 -EINPROGRESS);
	assert_int_equal(heard.ending, 1);
	assert_int_equal(heard.reason, BARLEASE_ORDERED);
	assert_true(hears_revoking(peer, id, BARLEASE_ORDERED, LONG / 2) >
		    LONG / 4);
	is_not_renewed(peer, id, LONG, EBUSY);
	/* Nobody gets more time by another order */
	assert_int_equal(barlease_server_revoke_after(server, id, LONG),
			 -EINPROGRESS);
	assert_int_equal(barlease_server_revoke_after(server, id, UINT64_MAX),
			 -EINPROGRESS);
	settle();
	assert_true(peer_hears_nothing(peer));
	assert_int_equal(barlease_server_revoke_after(server, id, SHORT),
			 -EINPROGRESS);
	hears_revoking(peer, id, BARLEASE_ORDERED, SHORT);
	peer_hears_revoked(peer, id, BARLEASE_ORDERED);

	/* Sooner than its term is over, which is LONG from a moment ago */
	id = gets(peer, "slice");
	assert_int_equal(barlease_server_revoke_after(server, id, LONG / 2),
			 -EINPROGRESS);
	hears_revoking(peer, id, BARLEASE_ORDERED, LONG / 2);
	assert_int_equal(barlease_server_revoke_after(server, id, 0), 0);
	peer_hears_revoked(peer, id, BARLEASE_ORDERED);
	close(peer);
}

/* It has time, and uses it; what it had is not taken from the next one */
static void given_back_in_time(void **state)
{
	struct pollfd ready = { .events = POLLIN };
	uint32_t id;
	int peer;

	(void)state;
	offer_for("slice", NULL, 0, 0, 0);
	peer = peer_new_with(ALL);
	id = gets(peer, "slice");
	assert_int_equal(barlease_server_revoke_after(server, id, SHORT),
			 -EINPROGRESS);
	hears_revoking(peer, id, BARLEASE_ORDERED, SHORT);
	release(peer, id);
	assert_int_equal(heard.reason, BARLEASE_RELEASED);
	gets(peer, "slice");
	ready.fd = barlease_server_fd(server);
	poll(&ready, 1, 2 * SHORT);
	settle();
	assert_true(peer_hears_nothing(peer));
	assert_int_equal(heard.ended, 1);
	close(peer);
}

/* The sooner one of a term and an order */
static void ordered_after_the_term(void **state)
{
	uint32_t id;
	int peer;

	(void)state;
	offer_for("slice", NULL, 0, 0, SHORT);
	peer = peer_new_with(ALL);
	id = gets(peer, "slice");
	barlease_server_revoke_after(server, id, LONG);
	hears_revoking(peer, id, BARLEASE_EXPIRED, SHORT);
	peer_hears_revoked(peer, id, BARLEASE_EXPIRED);
	close(peer);
}

static void turn_by_turn(void **state)
{
	struct bl_wire_message message;
	int peer[4];
	uint32_t id;

	(void)state;
	offer_for("slice", NULL, 0, 0, 0);
	for (int i = 0; i < 4; i++)
		peer[i] = peer_new_with(ALL);
	id = gets(peer[0], "slice");
	wait_for(peer[1], 21, "slice", 0, LONG);
	wait_for(peer[2], 22, "slice", 0, UINT32_MAX);
	assert_true(peer_hears_nothing(peer[1]));

	/* Who comes later, and just then, does not come before them */
	peer_release(peer[0], id);
	peer_acquire(peer[3], "slice", 0);
	settle();
	peer_hears(peer[0], BL_WIRE_RELEASED, &message, NULL);
	id = hears_lease(peer[1], 21, "slice");
	peer_hears_error(peer[3], EBUSY);
	assert_true(peer_hears_nothing(peer[2]));
	/* Nor does who has just had it */
	release(peer[1], id);
	peer_is_refused(peer[1], "slice", 0, EBUSY);
	id = hears_lease(peer[2], 22, "slice");

	/* Whoever waits can do something else meanwhile */
	wait_for(peer[0], 23, "slice", 0, LONG);
	peer_is_refused(peer[0], "nothing", 0, ENOENT);
	assert_int_equal(barlease_server_revoke(server, id), 0);
	settle();
	hears_lease(peer[0], 23, "slice");
	for (int i = 0; i < 4; i++)
		close(peer[i]);
}

static void until_it_gives_up(void **state)
{
	int64_t begun = now();
	int one, other;
	uint32_t id;

	(void)state;
	offer_for("slice", "group", 0, 0, 0);
	one = peer_new_with(ALL);
	other = peer_new_with(ALL);
	id = gets(one, "slice");
	wait_for(other, 5, "slice", 0, LONG);
	wait_for(other, 6, "slice", 0, SHORT);
	wait_for(other, 7, "group", ANY, 2 * SHORT);
	settle_until_heard(other);
	assert_true(now() - begun >= SHORT);
	peer_hears_error(other, ETIMEDOUT);
	assert_string_equal(heard.why, "slice slice: it has not become free");
	settle_until_heard(other);
	assert_true(now() - begun >= 2 * SHORT);
	peer_hears_error(other, ETIMEDOUT);
	assert_string_equal(heard.why, "group group: none has become free");
	release(one, id);
	hears_lease(other, 5, "slice");
	close(one);
	close(other);
}

static void any_of_a_group(void **state)
{
	int one, other;
	uint32_t id;

	(void)state;
	offer_for("queue-0", "queues", 0, 0, 0);
	offer_for("queue-1", "queues", 1, 0, 0);
	one = peer_new_with(ALL);
	other = peer_new_with(ALL);
	gets(one, "queue-0");
	id = gets(one, "queue-1");
	wait_for(other, 5, "queues", ANY, LONG);
	wait_for(other, 6, "queue-0", 0, LONG);
	release(one, id);
	hears_lease(other, 5, "queue-1");
	assert_true(peer_hears_nothing(other));
	/* Another one comes, and they are not asked in vain */
	wait_for(one, 7, "queues", ANY, LONG);
	offer_for("queue-2", "queues", 2, 0, 0);
	hears_lease(one, 7, "queue-2");
	close(one);
	settle();
	hears_lease(other, 6, "queue-0");
	close(other);
}

static void who_gives_up(void **state)
{
	struct bl_wire_message message;
	int peer[3];
	uint32_t id;

	(void)state;
	offer_for("slice", NULL, 0, 0, 0);
	for (int i = 0; i < 3; i++)
		peer[i] = peer_new_with(ALL);
	id = gets(peer[0], "slice");
	for (uint32_t i = 0; i < 3; i++)
		wait_for(peer[i], 20 + i, "slice", 0, LONG);
	cancel(peer[2], 21);
	peer_hears_error(peer[2], ENOENT);
	cancel(peer[0], 20);
	peer_hears_error(peer[0], ECANCELED);
	peer_hears(peer[0], BL_WIRE_CANCELLED, &message, NULL);
	assert_int_equal(message.cancel.id, 20);
	cancel(peer[0], 20);
	peer_hears_error(peer[0], ENOENT);
	close(peer[1]);
	settle();
	release(peer[0], id);
	hears_lease(peer[2], 22, "slice");
	assert_true(peer_hears_nothing(peer[0]));
	close(peer[0]);
	close(peer[2]);
}

static void too_many_waits(void **state)
{
	int one, other;

	(void)state;
	offer_for("slice", NULL, 0, 0, 0);
	one = peer_new_with(ALL);
	other = peer_new_with(ALL);
	gets(one, "slice");
	for (uint32_t i = 0; i < 16; i++)
		wait_for(other, 20 + i, "slice", 0, LONG);
	assert_true(peer_hears_nothing(other));
	wait_for(other, 40, "slice", 0, LONG);
	peer_hears_error(other, EDQUOT);
	wait_for(one, 41, "slice", 0, LONG);
	assert_true(peer_hears_nothing(one));
	cancel(other, 20);
	peer_hears_error(other, ECANCELED);
	close(one);
	close(other);
}

/* Whoever has it gives way, where others wait */
static void not_longer_than_others_wait(void **state)
{
	int one, other;
	uint32_t id;

	(void)state;
	offer_for("slice", "group", 0, 0, LONG);
	one = peer_new_with(ALL);
	other = peer_new_with(ALL);
	id = gets(one, "slice");
	wait_for(one, 5, "slice", 0, LONG);
	is_renewed(one, id, LONG / 4, LONG / 4);
	wait_for(other, 6, "group", ANY, LONG);
	is_not_renewed(one, id, LONG, EBUSY);
	is_not_renewed(one, id, UINT64_MAX, EBUSY);
	is_renewed(one, id, LONG / 8, LONG / 8);
	cancel(other, 6);
	is_renewed(one, id, LONG, LONG);
	forbidden = "slice";
	wait_for(other, 7, "slice", 0, LONG);
	close(one);
	close(other);
}

/* Of messages with a descriptor there is one for each connection */
static void who_does_not_read(void **state)
{
	struct bl_wire_message message;
	int peer[3], fd[2];
	uint32_t id[2];

	(void)state;
	offer_for("a", NULL, 0, 0, 0);
	offer_for("b", NULL, 1, 0, 0);
	for (int i = 0; i < 3; i++)
		peer[i] = peer_new_with(ALL);
	id[0] = gets(peer[0], "a");
	id[1] = gets(peer[0], "b");
	wait_for(peer[1], 5, "a", 0, LONG);
	wait_for(peer[1], 6, "b", 0, LONG);
	wait_for(peer[2], 7, "b", 0, LONG);
	release(peer[0], id[0]);
	release(peer[0], id[1]);
	/* Its turn is another one's, for it has not read what it was sent first */
	id[1] = hears_lease(peer[2], 7, "b");
	release(peer[2], id[1]);
	peer_hears(peer[1], BL_WIRE_LEASE, &message, &fd[0]);
	settle_until_heard(peer[1]);
	peer_hears(peer[1], BL_WIRE_LEASE, &message, &fd[1]);
	assert_string_equal(message.lease.name, "b");
	for (int i = 0; i < 2; i++)
		close(fd[i]);
	for (int i = 0; i < 3; i++)
		close(peer[i]);
}

static void what_was_in_the_way(void **state)
{
	int one, other;
	uint32_t id;

	(void)state;
	offer("wide", NULL, 0, 4, EXCLUSIVE, 0);
	offer("page", "pages", 2, 1, EXCLUSIVE, 0);
	offer("far", NULL, 8, 1, EXCLUSIVE, 0);
	one = peer_new_with(ALL);
	other = peer_new_with(ALL);
	id = gets(one, "wide");
	wait_for(other, 5, "page", 0, LONG);
	release(one, gets(one, "far"));
	assert_true(peer_hears_nothing(other));
	release(one, id);
	id = hears_lease(other, 5, "page");
	wait_for(one, 6, "wide", 0, LONG);
	release(other, id);
	hears_lease(one, 6, "wide");
	close(one);
	close(other);
}

/* Many who wait for one thing cost those little who give other things back */
static void many_who_wait(void **state)
{
	enum { GROUP = 512, WAITS = 16, PEERS = 32, ROUNDS = 200 };
	unsigned int before, looks;
	int peer[PEERS], holder;
	char name[16];
	uint32_t id;

	(void)state;
	for (unsigned int i = 0; i < GROUP; i++) {
		snprintf(name, sizeof(name), "busy-%u", i);
		offer_for(name, "busy", i, 0, 0);
	}
	offer_for("other", NULL, GROUP, 0, 0);
	holder = peer_new_with(ALL);
	for (unsigned int i = 0; i < GROUP; i++) {
		snprintf(name, sizeof(name), "busy-%u", i);
		gets(holder, name);
	}
	for (int i = 0; i < PEERS; i++) {
		peer[i] = peer_new_with(ALL);
		for (uint32_t j = 0; j < WAITS; j++)
			wait_for(peer[i], 20 + j, "busy", ANY, UINT32_MAX);
	}
	before = heard.asked;
	for (int i = 0; i < ROUNDS; i++) {
		id = gets(holder, "other");
		release(holder, id);
	}
	looks = heard.asked - before;
	assert_true(looks < 10 * ROUNDS);
	for (int i = 0; i < PEERS; i++)
		close(peer[i]);
	close(holder);
}

static void what_changes_meanwhile(void **state)
{
	int one, other;

	(void)state;
	offer_for("gone", NULL, 0, 0, 0);
	offer_for("secret", NULL, 1, 0, 0);
	one = peer_new_with(ALL);
	other = peer_new_with(ALL);
	gets(one, "gone");
	gets(one, "secret");
	wait_for(other, 5, "gone", 0, LONG);
	wait_for(other, 6, "secret", 0, LONG);
	assert_int_equal(barlease_server_remove_slice(server, "gone"), 0);
	peer_hears_error(other, ENOENT);
	forbidden = "secret";
	barlease_server_recheck(server);
	peer_hears_error(other, EACCES);
	close(one);
	close(other);
}

static void while_it_is_reset(void **state)
{
	struct bl_wire_message message;
	int one, other;
	uint32_t id;

	(void)state;
	offer_for("slice", NULL, 0, 0, 0);
	one = peer_new_with(ALL);
	other = peer_new_with(ALL);
	id = gets(one, "slice");
	wait_for(other, 5, "slice", 0, LONG);
	barlease_server_suspend(server, &device);
	peer_hears(one, BL_WIRE_SUSPENDED, &message, NULL);
	release(one, id);
	assert_true(peer_hears_nothing(other));
	wait_for(one, 6, "slice", 0, LONG);
	barlease_server_resume(server, &device);
	hears_lease(other, 5, "slice");
	close(one);
	close(other);
}

static void a_full_user_waits_on(void **state)
{
	const struct barlease_limits most_one = { .user_leases = 1 };
	int one, other;
	uint32_t id[2];

	(void)state;
	offer_for("a", NULL, 0, 0, 0);
	offer_for("b", NULL, 1, 0, 0);
	one = peer_new_with(ALL);
	other = peer_new_with(ALL);
	id[0] = gets(one, "a");
	id[1] = gets(one, "b");
	wait_for(other, 5, "a", 0, LONG);
	assert_int_equal(barlease_server_set_limits(server, &most_one), 0);
	release(one, id[0]);
	assert_true(peer_hears_nothing(other));
	release(one, id[1]);
	hears_lease(other, 5, "a");
	close(one);
	close(other);
}

static void watch(int peer)
{
	struct bl_wire_message message;

	peer_ask(peer, BL_WIRE_WATCH, 30);
	settle();
	peer_hears(peer, BL_WIRE_WATCHED, &message, NULL);
}

static void is_told(int peer)
{
	struct bl_wire_message message;

	peer_hears(peer, BL_WIRE_FREED, &message, NULL);
}

static void told_of_what_is_free(void **state)
{
	int one, other;
	uint32_t id;

	(void)state;
	offer("wide", NULL, 0, 4, EXCLUSIVE, 0);
	offer("page", NULL, 2, 1, EXCLUSIVE, 0);
	offer("far", NULL, 8, 1, EXCLUSIVE, 0);
	one = peer_new_with(ALL);
	other = peer_new_with(ALL);
	watch(other);
	watch(other);
	id = gets(one, "page");
	release(one, id);
	is_told(other);
	/* Once */
	id = gets(one, "page");
	release(one, id);
	assert_true(peer_hears_nothing(other));

	/* Of what it may not have it hears where that was in the way of another one */
	watch(other);
	id = gets(one, "far");
	forbidden = "far";
	release(one, id);
	assert_true(peer_hears_nothing(other));
	forbidden = NULL;
	id = gets(one, "wide");
	forbidden = "wide";
	release(one, id);
	is_told(other);
	watch(other);
	close(other);
	settle();
	close(one);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, vendor_start, vendor_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_term_ends),
		TEST(a_term_without_end),
		TEST(who_knows_no_terms),
		TEST(a_word_before),
		TEST(renewals),
		TEST(ordered),
		TEST(given_back_in_time),
		TEST(ordered_after_the_term),
		TEST(turn_by_turn),
		TEST(until_it_gives_up),
		TEST(any_of_a_group),
		TEST(who_gives_up),
		TEST(too_many_waits),
		TEST(not_longer_than_others_wait),
		TEST(who_does_not_read),
		TEST(what_was_in_the_way),
		TEST(many_who_wait),
		TEST(what_changes_meanwhile),
		TEST(while_it_is_reset),
		TEST(a_full_user_waits_on),
		TEST(told_of_what_is_free),
	};

	return cmocka_run_group_tests_name("term", tests, NULL, NULL);
}
