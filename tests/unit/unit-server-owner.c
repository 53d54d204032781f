// SPDX-License-Identifier: MIT
/*
 * What the owner of a server does with slices, devices and leases, and that none
 * of it keeps clients waiting
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "vendor.h"

#define EXCLUSIVE	BARLEASE_EXCLUSIVE
#define PAGE		4096ull
#define PATIENCE_S	60
#define MANY		65536u

static void is_revoked_event(int peer, uint32_t id, enum barlease_reason reason)
{
	struct bl_wire_message message;

	peer_hears(peer, BL_WIRE_REVOKED, &message, NULL);
	assert_int_equal(message.revoked.id, id);
	assert_int_equal(message.revoked.reason, reason);
}

/* By the server's own timer */
static void until_ended(unsigned int ended)
{
	struct pollfd ready = {
		.fd = barlease_server_fd(server),
		.events = POLLIN,
	};
	time_t end = time(NULL) + PATIENCE_S;

	while (heard.ended < ended) {
		assert_true(time(NULL) < end);
		if (poll(&ready, 1, 200) == 1)
			assert_int_equal(barlease_server_dispatch(server), 0);
	}
}

/* Another device has the lease, and does not let go */
static void device_keeps_it(void **state)
{
	int one, other, fd;
	uint32_t id;

	(void)state;
	offer("slice", NULL, 0, 1, EXCLUSIVE, 0);
	offer("page", NULL, 8, 1, 0, 0);
	one = peer_new();
	other = peer_new();
	id = peer_gets(one, "slice", 0, &fd);
	device.mapped = 1;
	assert_int_equal(barlease_server_revoke(server, id), -EINPROGRESS);
	/* It can do something about it, so it is told at once */
	is_revoked_event(one, id, BARLEASE_ORDERED);
	assert_true(fake_revoked(fd));
	assert_int_equal(heard.ended, 0);
	assert_int_equal(barlease_server_revoke(server, id), -EINPROGRESS);
	assert_true(peer_hears_nothing(one));
	close(fd);

	/* Nobody else has those bytes, and nobody waits for them */
	peer_is_refused(other, "slice", 0, EBUSY);
	device.mapped = 0;
	peer_gets(other, "page", 0, &fd);
	close(fd);
	until_ended(1);
	assert_int_equal(heard.id, id);
	peer_gets(other, "slice", 0, &fd);
	close(fd);
	close(one);
	close(other);
}

static void release_waits(void **state)
{
	struct bl_wire_message message;
	int peer, other, fd;
	uint32_t id;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	peer = peer_new();
	other = peer_new();
	id = peer_gets(peer, "slice", 0, &fd);
	close(fd);
	device.mapped = 1;
	peer_release(peer, id);
	peer_acquire(peer, "nothing", 0);
	settle();
	assert_true(peer_hears_nothing(peer));
	peer_is_refused(other, "nothing", 0, ENOENT);
	device.mapped = 0;
	until_ended(1);
	settle();
	peer_hears(peer, BL_WIRE_RELEASED, &message, NULL);
	assert_int_equal(message.released.id, id);
	assert_int_equal(message.serial, 9);
	peer_hears_error(peer, ENOENT);
	close(peer);
	close(other);
}

/* Who hangs up meanwhile, or whose slice goes, has them no less */
static void nobody_waits_for_it(void **state)
{
	int peer, fd;

	(void)state;
	offer("slice", NULL, 0, 1, EXCLUSIVE, 0);
	offer("too", NULL, 0, 1, EXCLUSIVE, 0);
	peer = peer_new();
	peer_gets(peer, "slice", 0, &fd);
	close(fd);
	device.mapped = 1;
	close(peer);
	settle();
	assert_int_equal(barlease_server_remove_slice(server, "slice"), 0);
	assert_int_equal(heard.ended, 0);
	peer = peer_new();
	peer_is_refused(peer, "too", 0, EBUSY);
	device.mapped = 0;
	until_ended(1);
	assert_int_equal(heard.reason, BARLEASE_DISCONNECTED);
	peer_gets(peer, "too", 0, &fd);
	close(fd);
	close(peer);
}

static void kernel_refuses_for_a_while(void **state)
{
	int peer, other, fd;

	(void)state;
	offer("slice", NULL, 0, 1, EXCLUSIVE, 0);
	peer = peer_new();
	other = peer_new();
	peer_gets(peer, "slice", 0, &fd);
	device.revoke_error = -EIO;
	close(peer);
	settle();
	assert_false(fake_revoked(fd));
	peer_is_refused(other, "slice", 0, EBUSY);
	device.revoke_error = 0;
	until_ended(1);
	assert_true(fake_revoked(fd));
	close(fd);
	peer_gets(other, "slice", 0, &fd);
	close(fd);
	close(other);
}

static void device_goes(void **state)
{
	static const struct bl_wire_message old_hello = {
		.type = BL_WIRE_HELLO,
		.serial = 1,
		.hello = { 1, 1, 0 },
	};
	static const struct bl_wire_message new_hello = {
		.type = BL_WIRE_HELLO,
		.serial = 1,
		.hello = { 1, 1, UINT32_MAX },
	};
	struct bl_wire_message message;
	int peers[2], fd;
	uint32_t id[2];

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	for (int i = 0; i < 2; i++) {
		peers[i] = peer_connect();
		peer_say(peers[i], i ? &new_hello : &old_hello);
		settle();
		peer_hears(peers[i], BL_WIRE_WELCOME, &message, NULL);
		/* It ends with its process, as nobody has asked for more */
		assert_int_equal(message.welcome.features,
				 BL_WIRE_FEATURES & ~BL_WIRE_KEEPS);
		id[i] = peer_gets(peers[i], "slice", 0, &fd);
		close(fd);
	}
	/* Of one that has it for good, the close of the device is the end */
	device.mapped = 1;
	barlease_server_remove_device(server, &device);
	assert_int_equal(heard.ended, 2);
	assert_int_equal(heard.reason, BARLEASE_GONE);
	/* A client of before there was that reason */
	is_revoked_event(peers[0], id[0], BARLEASE_FORBIDDEN);
	is_revoked_event(peers[1], id[1], BARLEASE_GONE);
	peer_is_refused(peers[0], "slice", 0, ENOENT);
	device.mapped = 0;
	offer("slice", NULL, 0, 1, 0, 0);
	peer_gets(peers[0], "slice", 0, &fd);
	close(fd);
	for (int i = 0; i < 2; i++)
		close(peers[i]);
}

/* Who wants to have more of it waits; who gives back does not */
static void suspended(void **state)
{
	struct bl_wire_message message;
	int holder, late, other, fd;
	uint32_t id;

	(void)state;
	offer("a", NULL, 0, 1, 0, 0);
	holder = peer_new();
	late = peer_new();
	other = peer_new();
	id = peer_gets(holder, "a", 0, &fd);
	close(fd);
	barlease_server_suspend(server, &device);
	barlease_server_suspend(server, &device);
	peer_hears(holder, BL_WIRE_SUSPENDED, &message, NULL);
	peer_acquire(late, "a", 0);
	peer_acquire(other, "a", 0);
	settle();
	assert_int_equal(device.exports, 1);
	assert_true(peer_hears_nothing(late));
	close(other);
	peer_release(holder, id);
	settle();
	peer_hears(holder, BL_WIRE_RELEASED, &message, NULL);

	barlease_server_resume(server, &device);
	peer_hears(holder, BL_WIRE_RESUMED, &message, NULL);
	settle();
	peer_hears(late, BL_WIRE_LEASE, &message, &fd);
	assert_int_equal(message.serial, 7);
	assert_int_equal(device.exports, 2);
	close(fd);
	barlease_server_resume(server, &device);
	assert_true(peer_hears_nothing(holder));
	assert_true(peer_hears_nothing(late));
	close(holder);
	close(late);
}

/* Then nobody says that it is over: who waits for the device waits no longer */
static void goes_while_suspended(void **state)
{
	struct bl_wire_message message;
	int holder, late, fd;

	(void)state;
	offer("a", NULL, 0, 1, 0, 0);
	holder = peer_new();
	late = peer_new();
	peer_gets(holder, "a", 0, &fd);
	close(fd);
	barlease_server_suspend(server, &device);
	peer_hears(holder, BL_WIRE_SUSPENDED, &message, NULL);
	peer_acquire(late, "a", 0);
	settle();
	assert_true(peer_hears_nothing(late));
	barlease_server_remove_device(server, &device);
	peer_hears_error(late, ENOENT);
	peer_hears(holder, BL_WIRE_REVOKED, &message, NULL);
	peer_hears(holder, BL_WIRE_RESUMED, &message, NULL);
	/* Another device may be where that one was, in memory */
	offer("a", NULL, 0, 1, 0, 0);
	peer_gets(late, "a", 0, &fd);
	close(fd);
	close(holder);
	close(late);
}

static struct barlease_range pages[] = {
	{ 0, PAGE }, { PAGE, PAGE }, { 2 * PAGE, PAGE },
};

static struct barlease_offer an_offer(const char *name, unsigned int page,
				      void *context)
{
	return (struct barlease_offer) {
		.device = &device,
		.slice = {
			.name = name,
			.bar = FAKE_BAR,
			.ranges = &pages[page],
			.nr_ranges = 1,
			.context = context,
		},
	};
}

static int has_context(void *data, const struct barlease_holding *lease)
{
	return lease->context == data;
}

static void all_or_nothing(void **state)
{
	struct barlease_offer first[] = {
		an_offer("a", 0, NULL), an_offer("b", 1, NULL),
	};
	struct barlease_offer second[] = {
		an_offer("b", 1, first), an_offer("a", 2, NULL),
		an_offer("c", 0, NULL), an_offer("b", 1, NULL),
	};
	int peer, fd[2];
	uint32_t id[2];
	size_t bad;

	(void)state;
	assert_int_equal(barlease_server_set_slices(server, first, 2, &bad), 0);
	peer = peer_new();
	id[0] = peer_gets(peer, "a", 0, &fd[0]);
	id[1] = peer_gets(peer, "b", 0, &fd[1]);

	/* With an offer at fault, nothing has happened */
	assert_int_equal(barlease_server_set_slices(server, second, 4, &bad),
			 -EEXIST);
	assert_int_equal(bad, 3);
	second[2].slice.nr_ranges = 0;
	assert_int_equal(barlease_server_set_slices(server, second, 3, &bad),
			 -EINVAL);
	assert_int_equal(bad, 2);
	assert_true(peer_hears_nothing(peer));
	assert_int_equal(heard.ended, 0);
	peer_is_refused(peer, "c", 0, ENOENT);

	/* The same goes on, in its new owner's eyes too; the other does not */
	second[2].slice.nr_ranges = 1;
	assert_int_equal(barlease_server_set_slices(server, second, 3, NULL),
			 0);
	is_revoked_event(peer, id[0], BARLEASE_FORBIDDEN);
	assert_true(fake_revoked(fd[0]));
	assert_false(fake_revoked(fd[1]));
	assert_int_equal(barlease_server_each_lease(server, has_context, first),
			 1);
	close(fd[0]);
	peer_gets(peer, "a", 0, &fd[0]);
	assert_int_equal(device.last_offset, 2 * PAGE);
	close(fd[0]);

	/* What is the same may be for others now */
	forbidden = "b";
	assert_int_equal(barlease_server_set_slices(server, second, 3, NULL),
			 0);
	is_revoked_event(peer, id[1], BARLEASE_FORBIDDEN);
	close(fd[1]);
	assert_int_equal(barlease_server_set_slices(server, NULL, 0, NULL), 0);
	is_revoked_event(peer, heard.id, BARLEASE_FORBIDDEN);
	close(peer);
}

/* What a lease that outlives its slice points to may be gone */
static void context_goes(void **state)
{
	struct barlease_offer first = an_offer("a", 0, pages);
	int peer, fd;

	(void)state;
	assert_int_equal(barlease_server_set_slices(server, &first, 1, NULL),
			 0);
	peer = peer_new();
	peer_gets(peer, "a", 0, &fd);
	close(fd);
	assert_ptr_equal(heard.context, pages);
	device.mapped = 1;
	assert_int_equal(barlease_server_set_slices(server, NULL, 0, NULL), 0);
	assert_int_equal(heard.ended, 0);
	device.mapped = 0;
	until_ended(1);
	assert_null(heard.context);
	close(peer);
}

/* Two of them share their bytes, and one is all of it */
static void as_many_as_can_be(void **state)
{
	struct barlease_offer *offers = calloc(MANY, sizeof(*offers));
	struct barlease_range *ranges = calloc(MANY, sizeof(*ranges));
	char (*names)[16] = calloc(MANY, sizeof(*names));
	const unsigned int bar_pages = FAKE_BAR_SIZE / PAGE;
	int peer, other, fd;

	(void)state;
	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "slice-%u", i);
		ranges[i] = (struct barlease_range){ i % bar_pages * PAGE, PAGE };
		offers[i] = an_offer(names[i], 0, NULL);
		offers[i].slice.ranges = &ranges[i];
		offers[i].slice.group = "all";
		offers[i].slice.flags = EXCLUSIVE;
	}
	ranges[0].length = FAKE_BAR_SIZE;
	assert_int_equal(barlease_server_set_slices(server, offers, MANY, NULL),
			 0);
	assert_int_equal(barlease_server_set_slices(server, offers, MANY, NULL),
			 0);
	peer = peer_new();
	other = peer_new();
	peer_gets(peer, "slice-777", 0, &fd);
	close(fd);
	snprintf(names[0], sizeof(names[0]), "slice-%u", 777 + bar_pages);
	peer_is_refused(other, names[0], 0, EBUSY);
	peer_is_refused(other, "slice-0", 0, EBUSY);
	peer_gets(other, "all", BARLEASE_ANY, &fd);
	close(fd);
	close(peer);
	close(other);
	settle();
	peer = peer_new();
	peer_gets(peer, "slice-0", 0, &fd);
	close(fd);
	peer_is_refused(peer, "all", BARLEASE_ANY, EBUSY);
	close(peer);
	free(names);
	free(ranges);
	free(offers);
}

/* What has no meaning yet is not passed over: it may have one for the caller */
static void room_to_grow(void **state)
{
	struct barlease_offer bad = an_offer("a", 0, NULL);
	struct barlease_limits limits = { .reserved = { [1] = 1 } };

	(void)state;
	bad.slice.reserved[1] = 1;
	assert_int_equal(barlease_server_add_slice(server, &device, &bad.slice),
			 -EINVAL);
	assert_int_equal(barlease_server_set_slices(server, &bad, 1, NULL),
			 -EINVAL);
	assert_int_equal(barlease_server_set_limits(server, &limits), -EINVAL);
}

/* Of a program that was compiled with another header */
static void ops_of_another_age(void **state)
{
	static struct {
		struct barlease_server_ops ops;
		void *more;
	} newer = { .ops.size = sizeof(newer) };
	static const struct barlease_server_ops older = {
		.size = offsetof(struct barlease_server_ops, allowed),
		/* Which is not read */
		.ended = (void *)1,
	};
	static const struct barlease_server_ops none;
	struct barlease_server *ours = server;
	int listener, peer, fd;

	(void)state;
	stpcpy(vendor_path + strlen(vendor_path), "2");
	listener = barlease_listen(vendor_path, 0600);
	assert_int_equal(barlease_server_new(listener, &none, NULL, &server),
			 -EINVAL);
	newer.more = &newer;
	assert_int_equal(barlease_server_new(listener, &newer.ops, NULL,
					     &server), -EINVAL);
	newer.more = NULL;
	assert_int_equal(barlease_server_new(listener, &newer.ops, NULL,
					     &server), 0);
	barlease_server_free(server);
	assert_int_equal(barlease_server_new(listener, &older, NULL, &server),
			 0);
	offer("slice", NULL, 0, 1, 0, 0);
	peer = peer_new();
	peer_gets(peer, "slice", 0, &fd);
	close(fd);
	barlease_server_free(server);
	close(peer);
	close(listener);
	unlink(vendor_path);
	vendor_path[strlen(vendor_path) - 1] = '\0';
	server = ours;
}

static void numbers(void **state)
{
	int peer, fd;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	peer = peer_new();
	barlease_server_number_from(server, 4000);
	assert_int_equal(peer_gets(peer, "slice", 0, &fd), 4000);
	close(fd);
	assert_int_equal(peer_gets(peer, "slice", 0, &fd), 4001);
	close(fd);
	barlease_server_number_from(server, UINT32_MAX);
	assert_int_equal(peer_gets(peer, "slice", 0, &fd), UINT32_MAX);
	close(fd);
	assert_int_equal(peer_gets(peer, "slice", 0, &fd), 1);
	close(fd);
	close(peer);
}

/* That of barlease_server_new() is not to be taken away, by whatever name */
static void listeners(void **state)
{
	char path[sizeof(vendor_path) + 2];
	int peer, fd, listener, given;
	uint32_t id;

	(void)state;
	offer("slice", NULL, 0, 1, 0, 0);
	snprintf(path, sizeof(path), "%s2", vendor_path);
	listener = barlease_listen(path, 0600);
	assert_int_equal(barlease_server_add_listener(server, listener, "", 0),
			 -EINVAL);
	assert_int_equal(barlease_server_add_listener(server, listener, "a b",
						      0), -EINVAL);
	assert_int_equal(barlease_server_add_listener(server, listener, "two",
						      2), -EINVAL);
	assert_int_equal(barlease_server_add_listener(server, listener, "two",
						      0), 0);
	assert_int_equal(barlease_server_add_listener(server, listener, "two",
						      0), -EEXIST);
	peer = peer_new();
	id = peer_gets(peer, "slice", 0, &fd);
	close(fd);
	given = 0;
	assert_int_equal(barlease_server_remove_listener(server, "", &given), 0);
	assert_int_equal(given, -1);
	assert_int_equal(barlease_server_remove_listener(server, "one", &given),
			 0);
	assert_int_equal(given, -1);
	assert_int_equal(barlease_server_remove_listener(server, "two", &given),
			 0);
	assert_int_equal(given, listener);
	assert_true(peer_hears_nothing(peer));
	peer_release(peer, id);
	close(peer);
	close(listener);
	unlink(path);
	close(peer_new());
}

static void versions(void **state)
{
	(void)state;
	assert_int_equal(barlease_version_major(), BARLEASE_VERSION_MAJOR);
	assert_int_equal(barlease_version_minor(), BARLEASE_VERSION_MINOR);
	assert_true(barlease_check_version(BARLEASE_VERSION_MAJOR,
					   BARLEASE_VERSION_MINOR));
	assert_false(barlease_check_version(BARLEASE_VERSION_MAJOR,
					    BARLEASE_VERSION_MINOR + 1));
	assert_false(barlease_check_version(BARLEASE_VERSION_MAJOR + 1, 0));
}

#define TEST(name, function) \
	{ name, function, vendor_start, vendor_stop, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("a device that keeps a lease keeps nobody waiting",
		     device_keeps_it),
		TEST("a release is answered when it is over", release_waits),
		TEST("its bytes are nobody else's meanwhile",
		     nobody_waits_for_it),
		TEST("what the kernel refuses is tried again",
		     kernel_refuses_for_a_while),
		TEST("a device that goes", device_goes),
		TEST("a reset that takes its time", suspended),
		TEST("a device that goes while it is reset",
		     goes_while_suspended),
		TEST("all slices or none", all_or_nothing),
		TEST("a lease that outlives its slice", context_goes),
		TEST("as many slices as can be", as_many_as_can_be),
		TEST("reserved fields", room_to_grow),
		TEST("callbacks of another age", ops_of_another_age),
		TEST("numbers of leases", numbers),
		TEST("listeners", listeners),
		TEST("versions", versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
