// SPDX-License-Identifier: MIT
/*
 * What a server of leases hands out, to whom, and how it takes it back; with a
 * device that is not there
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "vendor.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define EXCLUSIVE	BARLEASE_EXCLUSIVE
#define RO		BARLEASE_READ_ONLY
#define ANY		BARLEASE_ANY
#define PAGE		4096ull

static void is_revoked_event(int peer, uint32_t id, enum barlease_reason reason)
{
	struct bl_wire_message message;

	peer_hears(peer, BL_WIRE_REVOKED, &message, NULL);
	assert_int_equal(message.revoked.id, id);
	assert_int_equal(message.revoked.reason, reason);
}

static void acquire(void **state)
{
	const struct barlease_range ranges[] = {
		{ 7 * PAGE, PAGE }, { 3 * PAGE, 2 * PAGE }, { 7 * PAGE, PAGE },
	};
	const struct barlease_slice slice = {
		.name = "a-name-that-the-kernel-has-no-room-for",
		.group = "group",
		.bar = FAKE_BAR,
		.ranges = ranges,
		.nr_ranges = 3,
		.flags = RO,
		.memattr = BARLEASE_WC,
	};
	struct bl_wire_message message;
	int peer, fd;

	(void)state;
	assert_int_equal(barlease_server_add_slice(server, &device, &slice), 0);
	peer = peer_new();
	peer_acquire(peer, slice.name, 0);
	settle();
	peer_hears(peer, BL_WIRE_LEASE, &message, &fd);
	assert_int_equal(message.lease.size, 4 * PAGE);
	assert_int_equal(message.lease.flags, RO);
	assert_int_equal(message.lease.memattr, BARLEASE_WC);
	assert_int_equal(message.lease.alignment.align, 1 << 21);
	assert_int_equal(message.lease.alignment.phase, 7 * PAGE);
	assert_string_equal(message.lease.name, slice.name);

	assert_int_equal(device.last_flags, RO);
	assert_int_equal(device.last_offset, 7 * PAGE);
	assert_int_equal(fake_memattr(fd), BARLEASE_WC);
	assert_string_equal(fake_name(fd), "a-name-that-the-kernel-has-no-r");
	assert_int_equal(heard.acquired, 1);
	assert_int_equal(heard.id, message.lease.id);
	assert_string_equal(heard.slice, slice.name);
	close(fd);
	close(peer);
}

static void who_is_there(void **state)
{
	int peer, fd, nr = getgroups(0, NULL);

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	peer = peer_new();
	peer_gets(peer, "slice", 0, &fd);
	assert_int_equal(heard.peer.pid, getpid());
	assert_int_equal(heard.peer.uid, geteuid());
	assert_int_equal(heard.peer.gid, getegid());
	assert_int_equal(heard.peer.nr_groups, nr);
	close(fd);
	close(peer);
}

static void own_dmabuf_each(void **state)
{
	int peer[2], fd[2];
	uint32_t id;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	for (int i = 0; i < 2; i++)
		peer[i] = peer_new();
	id = peer_gets(peer[0], "slice", 0, &fd[0]);
	peer_gets(peer[1], "slice", 0, &fd[1]);
	assert_int_equal(barlease_server_revoke(server, id), 0);
	is_revoked_event(peer[0], id, BARLEASE_ORDERED);
	assert_true(fake_revoked(fd[0]));
	assert_false(fake_revoked(fd[1]));
	assert_true(peer_hears_nothing(peer[1]));
	for (int i = 0; i < 2; i++) {
		close(fd[i]);
		close(peer[i]);
	}
}

static void refused(void **state)
{
	int peer, fd;

	(void)state;
	offer("slice", "group", 0, 1, 0, 0);
	offer("secret", "secrets", 1, 1, 0, 0);
	forbidden = "secret";
	peer = peer_new();
	peer_is_refused(peer, "nothing", 0, ENOENT);
	peer_is_refused(peer, "group", 0, ENOENT);
	peer_is_refused(peer, "slice", ANY, ENOENT);
	peer_is_refused(peer, "secret", 0, EACCES);
	assert_string_equal(heard.why, "slice secret: not allowed");
	peer_is_refused(peer, "secrets", ANY, ENOENT);
	peer_gets(peer, "slice", 0, &fd);
	close(fd);
	close(peer);
}

static void kernel_refuses(void **state)
{
	const struct barlease_range range = { 0, PAGE };
	const struct barlease_slice wc = {
		.name = "wc",
		.bar = FAKE_BAR,
		.ranges = &range,
		.nr_ranges = 1,
		.flags = EXCLUSIVE,
		.memattr = BARLEASE_WC,
	};
	int peer, fd;

	(void)state;
	assert_int_equal(barlease_server_add_slice(server, &device, &wc), 0);
	peer = peer_new();
	device.export_error = -ENOSPC;
	peer_is_refused(peer, "wc", 0, ENOSPC);
	device.export_error = 0;
	device.memattr_error = -EOPNOTSUPP;
	peer_is_refused(peer, "wc", 0, EOPNOTSUPP);
	/* Nobody has seen that one, so it was only closed */
	device.exports--;
	device.memattr_error = 0;
	peer_gets(peer, "wc", 0, &fd);
	close(fd);
	close(peer);
}

static void exclusive(void **state)
{
	int one, other, fd;
	uint32_t id;

	(void)state;
	offer("slice", NULL, 0, 1, EXCLUSIVE, 5);
	one = peer_new();
	other = peer_new();
	id = peer_gets(one, "slice", 0, &fd);
	close(fd);
	peer_is_refused(other, "slice", 0, EBUSY);
	peer_is_refused(one, "slice", 0, EBUSY);
	peer_release(one, id);
	peer_acquire(other, "slice", 0);
	settle();
	assert_int_equal(heard.acquired, 2);
	close(one);
	close(other);
}

static void overlapping(void **state)
{
	uint32_t alone, shared;
	int one, other, fd;

	(void)state;
	offer("alone", NULL, 4, 4, EXCLUSIVE, 0);
	offer("before", NULL, 0, 4, 0, 0);
	offer("behind", NULL, 8, 4, 0, 0);
	offer("shared", NULL, 7, 2, 0, 0);
	offer("alone-too", NULL, 0, 5, EXCLUSIVE, 0);
	one = peer_new();
	other = peer_new();

	alone = peer_gets(one, "alone", 0, &fd);
	close(fd);
	peer_is_refused(other, "shared", 0, EBUSY);
	peer_is_refused(other, "alone-too", 0, EBUSY);
	peer_gets(other, "before", 0, &fd);
	close(fd);
	peer_gets(other, "behind", 0, &fd);
	close(fd);

	assert_int_equal(barlease_server_revoke(server, alone), 0);
	is_revoked_event(one, alone, BARLEASE_ORDERED);
	/* Shares bytes with "behind", but neither is exclusive */
	shared = peer_gets(other, "shared", 0, &fd);
	close(fd);
	peer_is_refused(one, "alone", 0, EBUSY);
	assert_int_equal(barlease_server_revoke(server, shared), 0);
	is_revoked_event(other, shared, BARLEASE_ORDERED);
	peer_gets(one, "alone", 0, &fd);
	close(fd);
	close(one);
	close(other);
}

/* Nor does it change that somebody tries to offer one of them again */
static void overlapping_twice(void **state)
{
	const struct barlease_range range = { 0, 4 * PAGE };
	const struct barlease_slice again = {
		.name = "alone",
		.bar = FAKE_BAR,
		.ranges = &range,
		.nr_ranges = 1,
		.flags = EXCLUSIVE,
	};
	int peer, fd;

	(void)state;
	offer("alone", NULL, 0, 4, EXCLUSIVE, 0);
	offer("page", NULL, 1, 1, 0, 0);
	assert_int_equal(barlease_server_add_slice(server, &device, &again),
			 -EEXIST);
	peer = peer_new();
	peer_gets(peer, "alone", 0, &fd);
	close(fd);
	peer_is_refused(peer, "page", 0, EBUSY);
	assert_int_equal(barlease_server_remove_slice(server, "alone"), 0);
	settle();
	is_revoked_event(peer, heard.id, BARLEASE_FORBIDDEN);
	peer_gets(peer, "page", 0, &fd);
	close(fd);
	close(peer);
}

/* In pieces, in any order, and twice */
static void overlapping_pieces(void **state)
{
	const struct barlease_range pieces[] = {
		{ 20 * PAGE, PAGE }, { 4 * PAGE, 2 * PAGE }, { 5 * PAGE, PAGE },
		{ 10 * PAGE, 4 * PAGE }, { 4 * PAGE, PAGE },
	};
	const struct barlease_slice slice = {
		.name = "pieces",
		.bar = FAKE_BAR,
		.ranges = pieces,
		.nr_ranges = 5,
		.flags = EXCLUSIVE,
	};
	char name[16];
	int one, other, fd;

	(void)state;
	assert_int_equal(barlease_server_add_slice(server, &device, &slice), 0);
	for (unsigned int page = 0; page < 24; page++) {
		snprintf(name, sizeof(name), "page-%u", page);
		offer(name, NULL, page, 1, 0, 0);
	}
	one = peer_new();
	other = peer_new();
	peer_gets(one, "pieces", 0, &fd);
	close(fd);
	for (unsigned int page = 0; page < 24; page++) {
		bool busy = page == 4 || page == 5 ||
			    (page >= 10 && page < 14) || page == 20;

		snprintf(name, sizeof(name), "page-%u", page);
		if (busy) {
			peer_is_refused(other, name, 0, EBUSY);
		} else {
			peer_gets(other, name, 0, &fd);
			close(fd);
		}
	}
	close(one);
	close(other);
}

static void max_holders(void **state)
{
	int peer, fd;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 3);
	peer = peer_new();
	for (int i = 0; i < 3; i++) {
		peer_gets(peer, "slice", 0, &fd);
		close(fd);
	}
	peer_is_refused(peer, "slice", 0, EBUSY);
	peer_release(peer, heard.id);
	settle();
	close(peer);
	settle();
	peer = peer_new();
	for (int i = 0; i < 3; i++) {
		peer_gets(peer, "slice", 0, &fd);
		close(fd);
	}
	close(peer);
}

static void any_of_a_group(void **state)
{
	int peer, fd;

	(void)state;
	offer("queue-0", "queues", 0, 1, EXCLUSIVE, 0);
	offer("queue-1", "queues", 1, 1, EXCLUSIVE, 0);
	offer("queue-2", "queues", 2, 1, EXCLUSIVE, 0);
	offer("shared-0", "shared", 8, 1, 0, 0);
	offer("shared-1", "shared", 9, 1, 0, 0);
	forbidden = "queue-1";
	peer = peer_new();
	peer_gets(peer, "queues", ANY, &fd);
	assert_string_equal(heard.slice, "queue-0");
	close(fd);
	peer_gets(peer, "queues", ANY, &fd);
	assert_string_equal(heard.slice, "queue-2");
	close(fd);
	peer_is_refused(peer, "queues", ANY, EBUSY);

	/* Turn by turn, where any will do */
	for (int i = 0; i < 4; i++) {
		peer_gets(peer, "shared", ANY, &fd);
		assert_string_equal(heard.slice,
				    i % 2 ? "shared-1" : "shared-0");
		close(fd);
	}
	close(peer);
}

static void release(void **state)
{
	struct bl_wire_message message;
	int one, other, fd;
	uint32_t id;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	one = peer_new();
	other = peer_new();
	id = peer_gets(one, "slice", 0, &fd);
	peer_release(other, id);
	settle();
	peer_hears_error(other, ENOENT);
	assert_false(fake_revoked(fd));

	peer_release(one, id);
	settle();
	peer_hears(one, BL_WIRE_RELEASED, &message, NULL);
	assert_int_equal(message.released.id, id);
	assert_int_equal(message.serial, 9);
	assert_true(fake_revoked(fd));
	assert_int_equal(heard.ended, 1);
	assert_int_equal(heard.reason, BARLEASE_RELEASED);
	peer_release(one, id);
	settle();
	peer_hears_error(one, ENOENT);
	assert_true(peer_hears_nothing(one));
	close(fd);
	close(one);
	close(other);
}

static void disconnect(void **state)
{
	int one, other, fd[3];

	(void)state;
	offer("a", NULL, 0, 1, 0, 0);
	offer("b", NULL, 1, 1, 0, 0);
	one = peer_new();
	other = peer_new();
	peer_gets(one, "a", 0, &fd[0]);
	peer_gets(one, "b", 0, &fd[1]);
	peer_gets(other, "a", 0, &fd[2]);
	close(one);
	settle();
	assert_int_equal(heard.ended, 2);
	assert_int_equal(heard.reason, BARLEASE_DISCONNECTED);
	assert_true(fake_revoked(fd[0]));
	assert_true(fake_revoked(fd[1]));
	assert_false(fake_revoked(fd[2]));
	assert_true(peer_hears_nothing(other));
	close(other);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
}

static void remove_slice(void **state)
{
	int peer[2], fd[3];
	uint32_t id[3];

	(void)state;
	offer("a", NULL, 0, 1, EXCLUSIVE, 0);
	offer("b", NULL, 0, 2, EXCLUSIVE, 0);
	offer("c", NULL, 8, 1, 0, 0);
	for (int i = 0; i < 2; i++)
		peer[i] = peer_new();
	id[0] = peer_gets(peer[0], "a", 0, &fd[0]);
	id[1] = peer_gets(peer[0], "c", 0, &fd[1]);
	id[2] = peer_gets(peer[1], "c", 0, &fd[2]);
	assert_int_equal(barlease_server_remove_slice(server, "nothing"),
			 -ENOENT);
	assert_int_equal(barlease_server_remove_slice(server, "a"), 0);
	is_revoked_event(peer[0], id[0], BARLEASE_FORBIDDEN);
	peer_is_refused(peer[1], "a", 0, ENOENT);
	assert_true(fake_revoked(fd[0]));
	close(fd[0]);
	peer_gets(peer[1], "b", 0, &fd[0]);

	assert_int_equal(barlease_server_remove_slice(server, "c"), 0);
	is_revoked_event(peer[0], id[1], BARLEASE_FORBIDDEN);
	is_revoked_event(peer[1], id[2], BARLEASE_FORBIDDEN);
	offer("c", NULL, 9, 1, 0, 0);
	close(fd[1]);
	peer_gets(peer[0], "c", 0, &fd[1]);
	assert_int_equal(device.last_offset, 9 * PAGE);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	for (int i = 0; i < 2; i++)
		close(peer[i]);
}

static void recheck(void **state)
{
	int peer, fd[2];
	uint32_t id;

	(void)state;
	offer("a", NULL, 0, 1, 0, 0);
	offer("b", NULL, 1, 1, 0, 0);
	peer = peer_new();
	id = peer_gets(peer, "a", 0, &fd[0]);
	peer_gets(peer, "b", 0, &fd[1]);
	barlease_server_recheck(server);
	assert_true(peer_hears_nothing(peer));
	forbidden = "a";
	barlease_server_recheck(server);
	is_revoked_event(peer, id, BARLEASE_FORBIDDEN);
	assert_true(peer_hears_nothing(peer));
	assert_true(fake_revoked(fd[0]));
	assert_false(fake_revoked(fd[1]));
	assert_int_equal(heard.reason, BARLEASE_FORBIDDEN);
	close(fd[0]);
	close(fd[1]);
	close(peer);
}

static void shutdown_tells(void **state)
{
	uint32_t id;
	int peer, fd;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	peer = peer_new();
	id = peer_gets(peer, "slice", 0, &fd);
	vendor_free();
	is_revoked_event(peer, id, BARLEASE_SHUTDOWN);
	assert_true(peer_is_hung_up(peer));
	assert_true(fake_revoked(fd));
	assert_int_equal(heard.reason, BARLEASE_SHUTDOWN);
	close(fd);
	close(peer);
}

static void revoke_by_id(void **state)
{
	uint32_t id;
	int peer, fd;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	peer = peer_new();
	id = peer_gets(peer, "slice", 0, &fd);
	assert_int_equal(barlease_server_revoke(server, id + 1), -ENOENT);
	assert_int_equal(barlease_server_revoke(server, 0), -ENOENT);
	assert_int_equal(barlease_server_revoke(server, id), 0);
	assert_int_equal(barlease_server_revoke(server, id), -ENOENT);
	is_revoked_event(peer, id, BARLEASE_ORDERED);
	/* Its holder comes too late */
	peer_release(peer, id);
	settle();
	peer_hears_error(peer, ENOENT);
	close(fd);
	close(peer);
}

/* What may still be in use is nobody else's */
static void kernel_keeps(void **state)
{
	int one, other, fd;
	uint32_t id;

	(void)state;
	offer("slice", NULL, 0, 1, EXCLUSIVE, 0);
	one = peer_new();
	other = peer_new();
	id = peer_gets(one, "slice", 0, &fd);
	close(fd);
	device.revoke_error = -EIO;
	assert_int_equal(barlease_server_revoke(server, id), -EIO);
	assert_int_equal(heard.ended, 0);
	peer_release(one, id);
	settle();
	peer_hears_error(one, EIO);
	close(one);
	settle();
	assert_non_null(strstr(heard.why, "cannot be revoked"));
	peer_is_refused(other, "slice", 0, EBUSY);
	close(other);
}

static int holder;

static void holder_is_suspended(void)
{
	struct bl_wire_message message;

	peer_hears(holder, BL_WIRE_SUSPENDED, &message, NULL);
	assert_true(peer_hears_nothing(holder));
}

static void reset(void **state)
{
	struct barlease_device another = device;
	struct bl_wire_message message;
	int idle, fd;

	(void)state;
	offer("a", NULL, 0, 1, 0, 0);
	offer("b", NULL, 1, 1, 0, 0);
	holder = peer_new();
	idle = peer_new();
	peer_gets(holder, "a", 0, &fd);
	close(fd);
	peer_gets(holder, "b", 0, &fd);
	device.during_reset = holder_is_suspended;
	for (int i = 0; i < 3; i++) {
		device.reset_error = i == 1 ? -ENOTSUP : 0;
		assert_int_equal(barlease_server_reset(server, &device),
				 device.reset_error);
		peer_hears(holder, BL_WIRE_RESUMED, &message, NULL);
		assert_true(peer_hears_nothing(holder));
		assert_true(peer_hears_nothing(idle));
	}
	assert_int_equal(device.resets, 3);
	assert_false(fake_revoked(fd));

	another.during_reset = NULL;
	another.reset_error = 0;
	assert_int_equal(barlease_server_reset(server, &another), 0);
	assert_true(peer_hears_nothing(holder));
	close(fd);
	close(holder);
	close(idle);
}

static void listed(int peer, uint32_t first, struct bl_wire_message *message)
{
	const struct bl_wire_message request = {
		.type = BL_WIRE_LIST,
		.serial = 3,
		.list.first = first,
	};

	peer_say(peer, &request);
	settle();
	peer_hears(peer, BL_WIRE_SLICE_LIST, message, NULL);
	assert_int_equal(message->slices.first, first);
}

static void list(void **state)
{
	struct bl_wire_message message;
	uint32_t seen = 0;
	char name[16];
	int peer;

	(void)state;
	peer = peer_new();
	listed(peer, 0, &message);
	assert_int_equal(message.slices.total, 0);
	assert_int_equal(message.slices.count, 0);

	for (unsigned int i = 0; i < 61; i++) {
		snprintf(name, sizeof(name), "slice-%u", i);
		offer(name, i % 2 ? "odd" : NULL, i, i + 1, 0, i);
	}
	forbidden = "slice-30";
	do {
		listed(peer, seen, &message);
		assert_int_equal(message.slices.total, 60);
		for (uint32_t i = 0; i < message.slices.count; i++) {
			const struct barlease_slice_info *slice =
				&message.slices.slice[i];
			unsigned int n = seen < 30 ? seen : seen + 1;

			snprintf(name, sizeof(name), "slice-%u", n);
			assert_string_equal(slice->name, name);
			assert_string_equal(slice->group, n % 2 ? "odd" : "");
			assert_int_equal(slice->size, (n + 1) * PAGE);
			assert_int_equal(slice->free, n ? n : UINT32_MAX);
			seen++;
		}
	} while (message.slices.count);
	assert_int_equal(seen, 60);
	listed(peer, UINT32_MAX, &message);
	assert_int_equal(message.slices.total, 60);
	assert_int_equal(message.slices.count, 0);
	close(peer);
}

static uint32_t vacancies(int peer, const char *name)
{
	struct bl_wire_message message;

	listed(peer, 0, &message);
	for (uint32_t i = 0; i < message.slices.count; i++)
		if (!strcmp(message.slices.slice[i].name, name))
			return message.slices.slice[i].free;
	fail();
	return 0;
}

static void vacant(void **state)
{
	int peer, fd;

	(void)state;
	offer("alone", NULL, 0, 4, EXCLUSIVE, 0);
	offer("three", NULL, 3, 4, RO, 3);
	offer("many", NULL, 6, 1, 0, 0);
	peer = peer_new();
	assert_int_equal(vacancies(peer, "alone"), 1);
	assert_int_equal(vacancies(peer, "three"), 3);
	assert_int_equal(vacancies(peer, "many"), UINT32_MAX);
	peer_gets(peer, "three", 0, &fd);
	close(fd);
	assert_int_equal(vacancies(peer, "alone"), 0);
	assert_int_equal(vacancies(peer, "three"), 2);
	assert_int_equal(vacancies(peer, "many"), UINT32_MAX);
	close(peer);
}

static int offer_error(const struct barlease_slice *slice)
{
	return barlease_server_add_slice(server, &device, slice);
}

static void wrong_words(void **state)
{
	const struct barlease_range page = { 0, PAGE };
	const struct barlease_slice good = {
		.name = "slice",
		.bar = FAKE_BAR,
		.ranges = &page,
		.nr_ranges = 1,
	};
	struct barlease_slice bad = good;

	(void)state;
	bad.name = NULL;
	assert_int_equal(offer_error(&bad), -EINVAL);
	bad.name = "a b";
	assert_int_equal(offer_error(&bad), -EINVAL);
	bad = good;
	bad.group = "";
	assert_int_equal(offer_error(&bad), -EINVAL);
	bad = good;
	bad.flags = BARLEASE_ANY;
	assert_int_equal(offer_error(&bad), -EINVAL);
	bad = good;
	bad.memattr = 2;
	assert_int_equal(offer_error(&bad), -EINVAL);
	bad = good;
	bad.nr_ranges = 0;
	assert_int_equal(offer_error(&bad), -EINVAL);
	bad = good;
	bad.bar = 0;
	assert_int_equal(offer_error(&bad), -ENODEV);
	bad.bar = BARLEASE_BARS;
	assert_int_equal(offer_error(&bad), -EINVAL);
	assert_int_equal(offer_error(&good), 0);
	assert_int_equal(offer_error(&good), -EEXIST);
}

static void wrong_ranges(void **state)
{
	static const struct barlease_range bad[] = {
		{ 0, 0 }, { 1, PAGE }, { 0, PAGE + 1 }, { 0, 2 * FAKE_BAR_SIZE },
		{ FAKE_BAR_SIZE, PAGE }, { FAKE_BAR_SIZE - PAGE, 2 * PAGE },
		{ -PAGE, 2 * PAGE }, { PAGE, -PAGE }, { 2 * FAKE_BAR_SIZE, PAGE },
	};
	struct barlease_slice slice = {
		.name = "slice",
		.bar = FAKE_BAR,
		.nr_ranges = 1,
	};

	(void)state;
	assert_int_equal(offer_error(&slice), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		slice.ranges = &bad[i];
		assert_int_equal(offer_error(&slice), -EINVAL);
	}
}

static void acquires_msix(const char *name)
{
	struct bl_wire_message message;
	int peer = peer_new(), fd;

	peer_acquire(peer, name, 0);
	settle();
	peer_hears(peer, BL_WIRE_LEASE, &message, &fd);
	/* Which is between the server and the kernel */
	assert_int_equal(message.lease.flags, BARLEASE_READ_ONLY);
	assert_int_equal(device.last_flags, BARLEASE_READ_ONLY | BARLEASE_MSIX);
	close(fd);
	close(peer);
}

static void msix_pages(void **state)
{
	static const struct barlease_range ranges[] = {
		{ 0, 4 * PAGE }, { 6 * PAGE, PAGE }, { 5 * PAGE, PAGE },
		{ 4 * PAGE, PAGE }, { 3 * PAGE, 4 * PAGE },
	};
	struct barlease_slice slice = {
		.name = "slice",
		.bar = FAKE_BAR,
		.ranges = ranges,
		.nr_ranges = 2,
		.flags = BARLEASE_READ_ONLY,
	};

	(void)state;
	device.msix = (struct barlease_range){ 4 * PAGE, 2 * PAGE };
	assert_int_equal(offer_error(&slice), 0);
	for (size_t i = 2; i < ARRAY_SIZE(ranges); i++) {
		slice.name = "one";
		slice.ranges = &ranges[i];
		slice.nr_ranges = 1;
		assert_int_equal(offer_error(&slice), -EPERM);
		slice.name = "many";
		slice.ranges = ranges;
		slice.nr_ranges = i + 1;
		assert_int_equal(offer_error(&slice), -EPERM);
	}
	slice.flags |= BARLEASE_MSIX;
	assert_int_equal(offer_error(&slice), 0);
	acquires_msix("many");
}

static void weak_driver(void **state)
{
	const struct barlease_range page = { 0, PAGE };
	struct barlease_slice slice = {
		.name = "slice",
		.bar = FAKE_BAR,
		.ranges = &page,
		.nr_ranges = 1,
	};

	(void)state;
	device.caps = BARLEASE_CAN_EXPORT | BARLEASE_CAN_MMAP;
	assert_int_equal(offer_error(&slice), -ENOTTY);
	device.caps |= BARLEASE_CAN_REVOKE;
	slice.memattr = BARLEASE_WC;
	assert_int_equal(offer_error(&slice), -ENOTTY);
	slice.memattr = BARLEASE_NC;
	assert_int_equal(offer_error(&slice), 0);
}

static void wrong_listeners(void **state)
{
	struct barlease_server *none;
	int socks[2], fd;

	(void)state;
	assert_int_equal(barlease_server_new(-1, NULL, NULL, &none), -EBADF);
	fd = open("/dev/null", O_RDONLY);
	assert_int_equal(barlease_server_new(fd, NULL, NULL, &none), -EINVAL);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(barlease_server_new(fd, NULL, NULL, &none), -EINVAL);
	close(fd);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_int_equal(barlease_server_new(fd, NULL, NULL, &none), -EINVAL);
	close(fd);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socks), 0);
	assert_int_equal(barlease_server_new(socks[0], NULL, NULL, &none),
			 -EINVAL);
	close(socks[0]);
	close(socks[1]);
	barlease_server_free(NULL);
}

static void no_callbacks(void **state)
{
	struct barlease_server *ours = server;
	char ours_path[sizeof(vendor_path)];
	int listener, peer, fd;

	(void)state;
	stpcpy(ours_path, vendor_path);
	stpcpy(vendor_path + strlen(vendor_path), "2");
	listener = barlease_listen(vendor_path, 0600);
	assert_true(listener >= 0);
	assert_int_equal(barlease_server_new(listener, NULL, NULL, &server), 0);
	offer("slice", NULL, 0, 1, 0, 0);
	peer = peer_new();
	peer_gets(peer, "slice", 0, &fd);
	peer_release(peer, 77);
	settle();
	peer_hears_error(peer, ENOENT);
	vendor_free();
	close(peer);
	close(fd);
	close(listener);
	unlink(vendor_path);
	stpcpy(vendor_path, ours_path);
	server = ours;
}

static void listening(void **state)
{
	char path[sizeof(vendor_path) + 16], dead[sizeof(path) + 2];
	char endless[200];
	struct stat stat;
	mode_t mask;
	int fd;

	(void)state;
	assert_int_equal(barlease_listen(vendor_path, 0600), -EADDRINUSE);
	snprintf(path, sizeof(path), "%s.new", vendor_path);
	mask = umask(077);
	fd = barlease_listen(path, 0666);
	umask(mask);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(lstat(path, &stat), 0);
	assert_int_equal(stat.st_mode, S_IFSOCK | 0666);
	/* Its server dies, and the next one takes the path over */
	close(fd);
	fd = barlease_listen(path, 0600);
	assert_true(fd >= 0);
	assert_int_equal(lstat(path, &stat), 0);
	assert_int_equal(stat.st_mode, S_IFSOCK | 0600);
	close(fd);
	unlink(path);

	/* Nothing but a dead socket is ever in nobody's way */
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(barlease_listen(path, 0600), -EADDRINUSE);
	snprintf(dead, sizeof(dead), "%s/x", path);
	assert_int_equal(barlease_listen(dead, 0600), -ENOTDIR);
	unlink(path);

	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_int_equal(barlease_listen(endless, 0600), -ENAMETOOLONG);
	assert_int_equal(barlease_listen("", 0600), -ENOENT);
}

#define TEST(name, function) \
	{ name, function, vendor_start, vendor_stop, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("a lease is what its slice is", acquire),
		TEST("a peer is who the kernel says", who_is_there),
		TEST("each lease is a DMABUF of its own", own_dmabuf_each),
		TEST("what is not there, or not allowed, is refused", refused),
		TEST("what the kernel refuses is told", kernel_refuses),
		TEST("an exclusive slice has one holder", exclusive),
		TEST("nor has anybody what shares bytes with it", overlapping),
		TEST("whatever else is tried", overlapping_twice),
		TEST("not even in pieces", overlapping_pieces),
		TEST("a slice has so many holders at most", max_holders),
		TEST("any free slice of a group", any_of_a_group),
		TEST("release revokes, once, and only one's own", release),
		TEST("who hangs up has nothing any more", disconnect),
		TEST("a slice that is removed is revoked", remove_slice),
		TEST("what is no longer allowed is revoked", recheck),
		TEST("a server that ends revokes, and says so", shutdown_tells),
		TEST("revoke on order", revoke_by_id),
		TEST("what cannot be revoked stays held", kernel_keeps),
		TEST("holders are told of a reset, before and after", reset),
		TEST("a list has all that is allowed, in pages", list),
		TEST("a list tells how much is free", vacant),
		TEST("slices with wrong words", wrong_words),
		TEST("slices with wrong ranges", wrong_ranges),
		TEST("slices of pages that are for MSI-X", msix_pages),
		TEST("a driver that cannot", weak_driver),
		TEST("what is no listening socket", wrong_listeners),
		TEST("a server without callbacks", no_callbacks),
		TEST("listening", listening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
