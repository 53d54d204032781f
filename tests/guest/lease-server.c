// SPDX-License-Identifier: MIT
/*
 * libbarlease leases slices of a real device to processes of other users, and
 * takes them back
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <barlease.h>

#include "both-ways.h"
#include "clock.h"
#include "fds.h"
#include "lease.h"
#include "pagetable.h"
#include "pattern.h"
#include "peer.h"
#include "tap.h"

#define SEED	31
#define SOCKET	"/tmp/lease-server"
#define ROOT	0
#define ALICE	1001
#define BOB	1002
#define EVE	1003

static struct barlease_device *device;
static struct barlease_server *server;
static int listener;

/* What the server has said of leases that ended, the last time */
static long ended_id;
static enum barlease_reason ended_reason;

static bool allowed(void *data, const struct barlease_peer *peer,
		    const char *slice, void *context)
{
	(void)data;
	(void)context;
	if (!strcmp(slice, "page"))
		return peer->uid == ALICE;
	return peer->uid == ALICE || peer->uid == BOB || peer->uid == ROOT;
}

static void ended(void *data, const struct barlease_holding *lease)
{
	(void)data;
	ended_id = lease->id;
	ended_reason = lease->reason;
}

static const struct barlease_server_ops ops = {
	.size = sizeof(ops),
	.allowed = allowed,
	.ended = ended,
};

static void must(int ret, const char *what)
{
	if (ret < 0)
		bail("%s: %s", what, strerror(-ret));
}

/* Not by a map, which a kernel of 32 bits has of no BAR but the first */
static void fill(uint64_t size)
{
	struct barlease_bar bar;
	uint32_t *words = malloc(size);
	ssize_t n;

	must(barlease_device_bar(device, 2, &bar), "BAR 2");
	if (!words)
		bail("no memory");
	for (uint64_t offset = 0; offset < size; offset += 4)
		words[offset / 4] = pattern(offset, SEED);
	n = pwrite(barlease_device_fd(device), words, size, bar.offset);
	if (n < 0 || (uint64_t)n != size)
		bail("the device cannot be written");
	free(words);
}

static void offer(const char *name, const struct barlease_range *ranges,
		  size_t nr_ranges, unsigned int flags,
		  enum barlease_memattr memattr)
{
	const struct barlease_slice slice = {
		.name = name,
		.bar = 2,
		.ranges = ranges,
		.nr_ranges = nr_ranges,
		.flags = flags,
		.memattr = memattr,
	};

	must(barlease_server_add_slice(server, device, &slice), name);
}

static void set_up(enum barlease_backend way)
{
	const struct barlease_range page = { 3 * PAGE, PAGE };
	const struct barlease_range window = { MIB(2), MIB(2) };
	const struct barlease_range view[] = {
		{ 9 * PAGE, PAGE }, { 6 * PAGE, PAGE },
	};

	must(barlease_device_open(dev_small().name, way, &device), "open");
	fill(MIB(4));
	listener = barlease_listen(SOCKET, 0666);
	must(listener, SOCKET);
	must(barlease_server_new(listener, &ops, NULL, &server), "server");
	offer("page", &page, 1, BARLEASE_EXCLUSIVE, BARLEASE_NC);
	offer("window", &window, 1, 0, BARLEASE_WC);
	offer("view", view, 2, BARLEASE_READ_ONLY, BARLEASE_NC);
}

static void tear_down(void)
{
	close(listener);
	unlink(SOCKET);
	barlease_device_close(device);
}

/* ---- What workers do, each a process of its own ------------------------- */

static struct barlease_client *client;
static struct barlease_lease lease;
static void *mapping;

static long do_connect(int fd, const long *args)
{
	(void)fd;
	if (setgroups(0, NULL) || setgid(args[0]) || setuid(args[0]))
		return -errno;
	return barlease_client_connect(SOCKET, &client);
}

static long do_disconnect(int fd, const long *args)
{
	(void)fd;
	(void)args;
	barlease_client_close(client);
	return 0;
}

static long do_acquire(int fd, const long *args)
{
	int ret = barlease_client_acquire(client, (const char *)args[0], 0,
					  &lease);

	(void)fd;
	if (ret)
		return ret;
	ret = barlease_map(lease.fd, 0, lease.size,
			   lease.flags & BARLEASE_READ_ONLY, &lease.alignment,
			   &mapping);
	return ret ?: (long)lease.id;
}

static long do_release(int fd, const long *args)
{
	(void)fd;
	return barlease_client_release(client, args[0]);
}

static long do_list(int fd, const long *args)
{
	struct barlease_slice_info *slices;
	size_t nr;
	int ret = barlease_client_list(client, &slices, &nr);

	(void)fd;
	(void)args;
	return ret ?: (long)nr;
}

/* Wrong words of a page of the lease */
static long do_compare(int fd, const long *args)
{
	(void)fd;
	return pattern_errors((mapping_t)mapping + args[0], args[1], args[2], 4,
			      SEED);
}

static long do_read(int fd, const long *args)
{
	uint32_t word;

	(void)fd;
	(void)args;
	return barlease_read32(mapping, &word);
}

static long do_map_again(int fd, const long *args)
{
	void *again;

	(void)fd;
	return barlease_map(lease.fd, 0, lease.size, args[0], NULL, &again);
}

static long do_pages_cached(int fd, const long *args)
{
	(void)fd;
	return pages_cached(mapping, lease.size, args[0]);
}

#define EVENT(type, reason)	((type) | (reason) << 8)

/* All that is sent was sent before this is called: -EAGAIN without an event */
static long do_event(int fd, const long *args)
{
	struct barlease_event event;
	int ret = barlease_client_dispatch(client, &event);

	(void)fd;
	(void)args;
	if (ret <= 0)
		return ret ?: -EAGAIN;
	if (event.type == BARLEASE_EVENT_REVOKED && event.lease != lease.id)
		return -ENOENT;
	return EVENT(event.type, event.reason);
}

static long do_close_lease(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return close(lease.fd);
}

/* ---- What the primary does meanwhile ----------------------------------- */

/* Is there something to be done within this time? It is done, then. */
static bool serve_for(int ms)
{
	struct pollfd ready = {
		.fd = barlease_server_fd(server),
		.events = POLLIN,
	};

	if (poll(&ready, 1, ms) <= 0)
		return false;
	must(barlease_server_dispatch(server), "dispatch");
	return true;
}

/* All that is to be done now: of workers that are gone, their ends */
static void serve_all(void)
{
	while (serve_for(0))
		;
}

static long call(const struct peer *worker, peer_fn fn, long arg)
{
	peer_begin(worker, fn, -1, ARGS(arg));
	while (!peer_is_done(worker, 0))
		serve_for(1);
	return peer_result(worker);
}

static long acquire(const struct peer *worker, const char *name)
{
	return call(worker, do_acquire, (long)name);
}

static long compare(const struct peer *worker, long in_lease, long in_bar,
		    long size)
{
	return peer_call(worker, do_compare, -1, ARGS(in_lease, in_bar, size));
}

static struct peer worker_of(uid_t uid)
{
	struct peer worker = peer_start();
	long ret = call(&worker, do_connect, uid);

	if (ret)
		bail("uid %u cannot connect: %s", uid, strerror(-ret));
	return worker;
}

static void one_by_one(void)
{
	struct peer alice = worker_of(ALICE), bob = worker_of(BOB);
	struct peer eve = worker_of(EVE), alice_too = worker_of(ALICE);

	is_int(call(&alice, do_list, 0), 3, "who may have all sees all");
	is_int(call(&bob, do_list, 0), 2, "who may have two sees two");
	is_int(call(&eve, do_list, 0), 0, "who may have nothing sees nothing");
	is_error(acquire(&bob, "page"), EACCES, "another's slice");
	is_error(acquire(&eve, "view"), EACCES, "anything, for a stranger");
	is_error(acquire(&alice, "nothing"), ENOENT, "what there is not");

	is_ok(acquire(&alice, "page"), "uid 1001 gets a page");
	is_int(compare(&alice, 0, 3 * PAGE, PAGE), 0, "the right one");
	is_error(acquire(&alice_too, "page"), EBUSY,
		 "which is exclusive, even among processes of one user");

	is_ok(acquire(&bob, "window"), "uid 1002 gets a window");
	is_int(compare(&bob, 0, MIB(2), MIB(2)), 0, "the right one");

	is_ok(acquire(&alice_too, "view"), "uid 1001 gets a view");
	is_int(compare(&alice_too, 0, 9 * PAGE, PAGE), 0,
	       "its first page is the right one");
	is_int(compare(&alice_too, PAGE, 6 * PAGE, PAGE), 0,
	       "so is its second");
	is_error(peer_call(&alice_too, do_map_again, -1, ARGS(0)), EACCES,
		 "it cannot be mapped for writing");

	peer_stop(&alice);
	peer_stop(&bob);
	peer_stop(&eve);
	peer_stop(&alice_too);
	serve_all();
}

/* Only root may look at page tables */
static void write_combining(void)
{
	struct peer root = worker_of(ROOT);

	is_ok(acquire(&root, "window"), "root gets the window as well");
	is_int(compare(&root, 0, MIB(2), MIB(2)), 0, "the right one");
	is_int(peer_call(&root, do_pages_cached, -1, ARGS(CACHE_WC)), MIB(2) / PAGE,
	       "all pages of it are write-combining");
	peer_stop(&root);
	serve_all();
}

static void revoked_on_order(void)
{
	struct peer alice = worker_of(ALICE), bob = worker_of(BOB);
	long id = acquire(&alice, "view");

	is_ok(acquire(&bob, "view"), "two have the same slice");
	is_ok(barlease_server_revoke(server, id), "one's lease is revoked");
	is_error(peer_call(&alice, do_read, -1, NULL), ESTALE,
		 "its holder's access ends in ESTALE");
	is_error(peer_call(&alice, do_map_again, -1, ARGS(1)), ENODEV,
		 "it cannot be mapped again");
	is_int(call(&alice, do_event, 0),
	       EVENT(BARLEASE_EVENT_REVOKED, BARLEASE_ORDERED),
	       "the holder is told");
	is_int(compare(&bob, 0, 9 * PAGE, PAGE), 0, "the other works on");
	is_error(call(&bob, do_event, 0), EAGAIN, "and is told nothing");
	is_error(call(&alice, do_release, id), ENOENT,
		 "what is revoked cannot be released");
	is_ok(acquire(&alice, "view"), "there can be a new lease");
	is_int(compare(&alice, PAGE, 6 * PAGE, PAGE), 0, "which works");
	peer_stop(&alice);
	peer_stop(&bob);
	serve_all();
}

static void released(void)
{
	struct peer alice = worker_of(ALICE), other = worker_of(ALICE);
	long id = acquire(&alice, "page");

	is_error(call(&other, do_release, id), ENOENT,
		 "nobody releases another's lease");
	is_ok(peer_call(&alice, do_read, -1, NULL), "its holder works on");
	is_ok(call(&alice, do_release, id), "its holder releases it");
	is_int(ended_reason, BARLEASE_RELEASED, "which is what is said of it");
	is_error(peer_call(&alice, do_read, -1, NULL), ESTALE,
		 "and has no access any more");
	is_ok(acquire(&other, "page"), "somebody else gets it at once");
	is_int(compare(&other, 0, 3 * PAGE, PAGE), 0, "and can use it");
	peer_stop(&alice);
	peer_stop(&other);
	serve_all();
}

static void disconnected(void)
{
	struct peer bob = worker_of(BOB), alice = worker_of(ALICE);
	long id = acquire(&bob, "window");

	is_ok(peer_call(&bob, do_close_lease, -1, NULL),
	      "the holder of a mapping closes its fd");
	is_ok(call(&bob, do_disconnect, 0), "and hangs up");
	while (ended_id != id)
		serve_for(1000);
	is_int(ended_reason, BARLEASE_DISCONNECTED,
	       "the server takes the lease back");
	is_error(peer_call(&bob, do_read, -1, NULL), ESTALE,
		 "and the mapping is dead");

	id = acquire(&alice, "page");
	peer_kill(&alice);
	while (ended_id != id)
		serve_for(1000);
	is_int(ended_reason, BARLEASE_DISCONNECTED,
	       "so it does when a holder is killed");
	peer_stop(&bob);
}

static void reset(void)
{
	struct peer alice = worker_of(ALICE), bob = worker_of(BOB);

	is_ok(acquire(&alice, "page"), "one has a lease");
	is_ok(barlease_server_reset(server, device), "the device is reset");
	is_int(call(&alice, do_event, 0), BARLEASE_EVENT_SUSPENDED,
	       "the holder is told before");
	is_int(call(&alice, do_event, 0), BARLEASE_EVENT_RESUMED, "and after");
	is_error(call(&bob, do_event, 0), EAGAIN,
		 "who has nothing is told nothing");
	is_int(compare(&alice, 0, 3 * PAGE, PAGE), 0, "the lease works on");
	peer_stop(&alice);
	peer_stop(&bob);
	serve_all();
}

static void shut_down(void)
{
	struct peer alice = worker_of(ALICE), idle = worker_of(EVE);

	is_ok(acquire(&alice, "view"), "one has a lease");
	barlease_server_free(server);
	is_error(peer_call(&alice, do_read, -1, NULL), ESTALE,
		 "when the server ends, the lease does");
	is_int(peer_call(&alice, do_event, -1, NULL),
	       EVENT(BARLEASE_EVENT_REVOKED, BARLEASE_SHUTDOWN),
	       "its holder is told so");
	is_error(peer_call(&alice, do_event, -1, NULL), ECONNRESET,
		 "and then the connection ends");
	is_error(peer_call(&idle, do_event, -1, NULL), ECONNRESET,
		 "everybody's");
	peer_stop(&alice);
	peer_stop(&idle);
}

static void this_way(enum barlease_backend way)
{
	set_up(way);
	one_by_one();
	write_combining();
	revoked_on_order();
	released();
	disconnected();
	reset();
	shut_down();
	tear_down();
}

int main(void)
{
	int fds = fds_open();

	both_ways(this_way);
	is_int(fds_open(), fds, "no file is left open");
	return tap_done();
}
