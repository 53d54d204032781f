// SPDX-License-Identifier: MIT
/*
 * A client of leases, and servers that do not always keep to the protocol
 *
 * Copyright (C) 2026 The barlease authors
 *
 * What the server says lies in the socket before the client asks: requests are
 * numbered from 1 on, so the replies are known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "samples.h"
#include "vendor.h"

static int far;
static int near;
static struct barlease_client *client;
static int fds_before;

static struct bl_wire_message reply(uint16_t type, uint32_t serial)
{
	struct bl_wire_message message = { 0 };

	for (unsigned int i = 0; i < NR_SAMPLES; i++)
		if (sample(i).type == type)
			message = sample(i);
	assert_int_equal(message.type, type);
	if (!(type & BL_WIRE_EVENT))
		message.serial = serial;
	return message;
}

static void server_says_with(const struct bl_wire_message *message,
			     unsigned int nr_fds)
{
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(message, bytes);

	assert_int_equal(peer_send(far, bytes, size, nr_fds), size);
}

static void server_says(uint16_t type, uint32_t serial)
{
	const struct bl_wire_message message = reply(type, serial);

	server_says_with(&message, 0);
}

static void server_refuses(uint32_t serial, int error, const char *text)
{
	struct bl_wire_message message = reply(BL_WIRE_ERROR, serial);

	message.error.error = error;
	stpcpy(message.error.text, text);
	server_says_with(&message, 0);
}

static void server_revokes(uint32_t id)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_REVOKED,
		.revoked = { id, BARLEASE_ORDERED },
	};

	server_says_with(&message, 0);
}

/* As many fds, and for the lease that the sample is */
static void server_leases(uint32_t serial, unsigned int nr_fds)
{
	const struct bl_wire_message message = reply(BL_WIRE_LEASE, serial);

	server_says_with(&message, nr_fds);
}

static void client_has_said(uint16_t type, struct bl_wire_message *message)
{
	peer_hears(far, type, message, NULL);
}

static int open_sockets(void **state)
{
	int socks[2];

	(void)state;
	fds_before = fds_open();
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    socks), 0);
	near = socks[0];
	far = socks[1];
	client = NULL;
	return fcntl(far, F_SETFL, O_NONBLOCK);
}

static int connect_client(void **state)
{
	struct bl_wire_message message = reply(BL_WIRE_WELCOME, 1);
	int ret = open_sockets(state);

	message.welcome.features = BL_WIRE_FEATURES;
	server_says_with(&message, 0);
	ret = ret ?: barlease_client_wrap(near, &client);
	client_has_said(BL_WIRE_HELLO, &message);
	return ret;
}

static int close_all(void **state)
{
	(void)state;
	if (client)
		barlease_client_close(client);
	else
		close(near);
	if (far >= 0)
		close(far);
	assert_int_equal(fds_open(), fds_before);
	return 0;
}

static void hello(void **state)
{
	struct bl_wire_message message;

	(void)state;
	server_says(BL_WIRE_WELCOME, 1);
	assert_int_equal(barlease_client_wrap(near, &client), 0);
	assert_int_equal(barlease_client_fd(client), near);
	assert_string_equal(barlease_client_error(client), "");
	client_has_said(BL_WIRE_HELLO, &message);
	assert_int_equal(message.serial, 1);
	assert_int_equal(message.hello.lowest, 1);
	assert_int_equal(message.hello.highest, 1);
}

static void no_common_version(void **state)
{
	(void)state;
	server_refuses(1, EPROTONOSUPPORT, "this server speaks version 2");
	assert_int_equal(barlease_client_wrap(near, &client), -EPROTONOSUPPORT);
}

static void other_version(void **state)
{
	struct bl_wire_message message = reply(BL_WIRE_WELCOME, 1);

	(void)state;
	message.welcome.version = 2;
	server_says_with(&message, 0);
	assert_int_equal(barlease_client_wrap(near, &client), -EPROTO);
}

static void no_such_protocol(void **state)
{
	static const char text[] = "220 mail.example.org ESMTP";

	(void)state;
	peer_send(far, text, sizeof(text), 0);
	assert_int_equal(barlease_client_wrap(near, &client), -EPROTO);
}

static void hung_up(void **state)
{
	(void)state;
	close(far);
	far = -1;
	assert_int_equal(barlease_client_wrap(near, &client), -ECONNRESET);
}

static void wrong_sockets(void **state)
{
	struct barlease_client *none;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(barlease_client_wrap(fd, &none), -EINVAL);
	close(fd);
	assert_int_equal(barlease_client_wrap(-1, &none), -EBADF);
	assert_int_equal(barlease_client_connect("", &none), -ENOENT);
	assert_int_equal(barlease_client_connect("/nonexistent", &none),
			 -ENOENT);
	setenv("BARLEASE_SOCKET", "/dev/null/socket", 1);
	assert_int_equal(barlease_client_connect(NULL, &none), -ENOTDIR);
	unsetenv("BARLEASE_SOCKET");
}

static void acquire(void **state)
{
	struct bl_wire_message message;
	struct barlease_lease lease;

	(void)state;
	server_leases(2, 1);
	assert_int_equal(barlease_client_acquire(client, "door.bell_7", 0,
						 &lease), 0);
	client_has_said(BL_WIRE_ACQUIRE, &message);
	assert_int_equal(message.serial, 2);
	assert_string_equal(message.acquire.name, "door.bell_7");
	assert_int_equal(message.acquire.flags, 0);
	message = reply(BL_WIRE_LEASE, 2);
	assert_int_equal(lease.id, message.lease.id);
	assert_int_equal(lease.size, message.lease.size);
	assert_int_equal(lease.flags, message.lease.flags);
	assert_int_equal(lease.memattr, message.lease.memattr);
	assert_int_equal(lease.alignment.align, message.lease.alignment.align);
	assert_int_equal(lease.alignment.phase, message.lease.alignment.phase);
	assert_string_equal(lease.name, "door.bell_7");
	assert_int_equal(fcntl(lease.fd, F_GETFD), FD_CLOEXEC);
	close(lease.fd);

	server_leases(3, 1);
	assert_int_equal(barlease_client_acquire(client, "doors", BARLEASE_ANY,
						 &lease), 0);
	client_has_said(BL_WIRE_ACQUIRE, &message);
	assert_int_equal(message.acquire.flags, BARLEASE_ANY);
	assert_string_equal(lease.name, "door.bell_7");
	close(lease.fd);
}

static int try_acquire(void)
{
	struct barlease_lease lease;

	return barlease_client_acquire(client, "door.bell_7", 0, &lease);
}

static void wrong_arguments(void **state)
{
	struct barlease_lease lease;

	(void)state;
	assert_int_equal(barlease_client_acquire(client, "a b", 0, &lease),
			 -EINVAL);
	assert_int_equal(barlease_client_acquire(client, "", 0, &lease),
			 -EINVAL);
	assert_int_equal(barlease_client_acquire(client, "a",
						 BARLEASE_EXCLUSIVE, &lease),
			 -EINVAL);
	assert_true(peer_hears_nothing(far));
}

static void refused(void **state)
{
	(void)state;
	server_refuses(2, EBUSY, "held by \x1b[1mothers");
	assert_int_equal(try_acquire(), -EBUSY);
	assert_string_equal(barlease_client_error(client),
			    "held by ?[1mothers");
	server_leases(3, 1);
	server_refuses(4, ENOENT, "no such lease");
	assert_int_equal(barlease_client_release(client, 1), -EPROTO);
	assert_string_equal(barlease_client_error(client), "");
}

/* One wrong reply each, and nothing works any more, nor stays open */
static void is_broken(void)
{
	struct barlease_event event;

	assert_int_equal(try_acquire(), -EPROTO);
	server_leases(3, 1);
	assert_int_equal(try_acquire(), -EPROTO);
	assert_int_equal(barlease_client_dispatch(client, &event), -EPROTO);
}

static void lease_without_fd(void **state)
{
	(void)state;
	server_leases(2, 0);
	is_broken();
}

static void lease_with_two_fds(void **state)
{
	(void)state;
	server_leases(2, 2);
	is_broken();
}

static void lease_with_many_fds(void **state)
{
	(void)state;
	server_leases(2, 253);
	is_broken();
}

static void fd_without_lease(void **state)
{
	const struct bl_wire_message message = reply(BL_WIRE_RELEASED, 2);

	(void)state;
	server_says_with(&message, 1);
	is_broken();
}

static void event_with_fd(void **state)
{
	const struct bl_wire_message message = reply(BL_WIRE_RESUMED, 0);

	(void)state;
	server_says_with(&message, 1);
	is_broken();
}

static void wrong_serial(void **state)
{
	(void)state;
	server_leases(3, 1);
	is_broken();
}

static void wrong_reply(void **state)
{
	(void)state;
	server_says(BL_WIRE_RELEASED, 2);
	is_broken();
}

static void wrong_name(void **state)
{
	struct bl_wire_message message = reply(BL_WIRE_LEASE, 2);

	(void)state;
	stpcpy(message.lease.name, "another");
	server_says_with(&message, 1);
	is_broken();
}

static void request_from_server(void **state)
{
	(void)state;
	server_says(BL_WIRE_ACQUIRE, 2);
	is_broken();
}

static void half_reply(void **state)
{
	const struct bl_wire_message message = reply(BL_WIRE_LEASE, 2);
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(&message, bytes);

	(void)state;
	peer_send(far, bytes, size / 2, 1);
	is_broken();
}

static void long_reply(void **state)
{
	uint8_t bytes[BL_WIRE_MAX + 1] = { 0 };

	(void)state;
	peer_send(far, bytes, sizeof(bytes), 1);
	is_broken();
}

static void empty_reply(void **state)
{
	struct barlease_event event;

	(void)state;
	peer_send(far, "", 0, 1);
	peer_send(far, "", 0, 1);
	assert_int_equal(barlease_client_dispatch(client, &event), -ECONNRESET);
}

static void unasked_reply(void **state)
{
	struct barlease_event event;

	(void)state;
	server_leases(2, 1);
	assert_int_equal(barlease_client_dispatch(client, &event), -EPROTO);
}

static void wrong_release(void **state)
{
	(void)state;
	server_says(BL_WIRE_RELEASED, 2);
	assert_int_equal(barlease_client_release(client, 5), -EPROTO);
}

static void release(void **state)
{
	struct bl_wire_message message;

	(void)state;
	server_says(BL_WIRE_RELEASED, 2);
	assert_int_equal(barlease_client_release(client, 0x01020304), 0);
	client_has_said(BL_WIRE_RELEASE, &message);
	assert_int_equal(message.release.id, 0x01020304);
}

/* Nobody can use it then, so the server is told */
static void no_room_for_fd(void **state)
{
	struct bl_wire_message message;
	struct rlimit old, limit;

	(void)state;
	server_leases(2, 1);
	server_says(BL_WIRE_RELEASED, 3);
	getrlimit(RLIMIT_NOFILE, &old);
	limit = old;
	limit.rlim_cur = dup(0);
	close(limit.rlim_cur);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(try_acquire(), -EMFILE);
	setrlimit(RLIMIT_NOFILE, &old);
	client_has_said(BL_WIRE_ACQUIRE, &message);
	client_has_said(BL_WIRE_RELEASE, &message);
	assert_int_equal(message.release.id,
			 reply(BL_WIRE_LEASE, 1).lease.id);
}

static void events_come_first(void **state)
{
	struct barlease_event event;

	(void)state;
	assert_int_equal(barlease_client_dispatch(client, &event), 0);
	server_says(BL_WIRE_SUSPENDED, 0);
	for (uint32_t id = 1; id < 100; id++)
		server_revokes(id);
	server_refuses(2, EBUSY, "");
	server_says(BL_WIRE_RESUMED, 0);
	assert_int_equal(try_acquire(), -EBUSY);

	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.type, BARLEASE_EVENT_SUSPENDED);
	for (uint32_t id = 1; id < 100; id++) {
		assert_int_equal(barlease_client_dispatch(client, &event), 1);
		assert_int_equal(event.type, BARLEASE_EVENT_REVOKED);
		assert_int_equal(event.lease, id);
		assert_int_equal(event.reason, BARLEASE_ORDERED);
	}
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.type, BARLEASE_EVENT_RESUMED);
	assert_int_equal(barlease_client_dispatch(client, &event), 0);
}

/* Some are taken while others come, so that the ring goes round */
static void events_go_round(void **state)
{
	struct barlease_event event;
	uint32_t sent = 0, seen = 0;

	(void)state;
	for (uint32_t serial = 2; serial < 60; serial++) {
		for (int i = 0; i < 5; i++)
			server_revokes(++sent);
		server_refuses(serial, EBUSY, "");
		assert_int_equal(try_acquire(), -EBUSY);
		for (int i = 0; i < 4; i++) {
			assert_int_equal(barlease_client_dispatch(client,
								  &event), 1);
			assert_int_equal(event.lease, ++seen);
		}
	}
	while (barlease_client_dispatch(client, &event))
		assert_int_equal(event.lease, ++seen);
	assert_int_equal(seen, sent);
}

/* What the server has said before it went is heard, whatever it left unread */
static void last_words(void **state)
{
	const struct bl_wire_message unread = sample(0);
	struct barlease_event event;
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(&unread, bytes);

	(void)state;
	server_revokes(7);
	server_revokes(8);
	peer_send(near, bytes, size, 0);
	close(far);
	far = -1;
	assert_int_equal(try_acquire(), -ECONNRESET);
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.lease, 7);
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.lease, 8);
	assert_int_equal(barlease_client_dispatch(client, &event), -ECONNRESET);
	assert_int_equal(try_acquire(), -ECONNRESET);
}

/* The same, where the client does not try to say anything before */
static void last_words_unasked(void **state)
{
	const struct bl_wire_message unread = sample(0);
	struct barlease_event event;
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(&unread, bytes);

	(void)state;
	server_revokes(7);
	peer_send(near, bytes, size, 0);
	close(far);
	far = -1;
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.lease, 7);
	assert_int_equal(barlease_client_dispatch(client, &event), -ECONNRESET);
}

/* ---- Interrupts and memory ---------------------------------------------- */

#define PIECE	0x123456000

static void server_sets(uint32_t serial, uint32_t lease, uint32_t vector)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_INTERRUPT_SET,
		.serial = serial,
		.interrupt = { lease, vector, 0 },
	};

	server_says_with(&message, 0);
}

static void server_says_of(uint16_t type, uint32_t serial, uint32_t lease,
			   uint64_t address)
{
	const struct bl_wire_message message = {
		.type = type,
		.serial = serial,
		.piece = { lease, address },
	};

	server_says_with(&message, 0);
}

static void interrupts(void **state)
{
	int eventfd_here = eventfd(0, EFD_CLOEXEC), eventfd_there;
	struct bl_wire_message message;
	uint64_t count;

	(void)state;
	server_sets(2, 5, 7);
	assert_int_equal(barlease_client_set_interrupt(client, 5, 7,
						       eventfd_here), 0);
	peer_hears(far, BL_WIRE_INTERRUPT, &message, &eventfd_there);
	assert_int_equal(message.interrupt.id, 5);
	assert_int_equal(message.interrupt.vector, 7);
	assert_int_equal(message.interrupt.flags, 0);
	assert_int_equal(eventfd_write(eventfd_there, 3), 0);
	assert_int_equal(eventfd_read(eventfd_here, &count), 0);
	assert_int_equal(count, 3);
	close(eventfd_there);

	server_sets(3, 5, 0);
	assert_int_equal(barlease_client_set_unmask(client, 5, eventfd_here),
			 0);
	peer_hears(far, BL_WIRE_INTERRUPT, &message, &eventfd_there);
	assert_int_equal(message.interrupt.flags, BL_WIRE_UNMASK);
	close(eventfd_there);
	close(eventfd_here);

	/* To take it away takes no fd */
	server_sets(4, 5, 7);
	assert_int_equal(barlease_client_set_interrupt(client, 5, 7, -1), 0);
	client_has_said(BL_WIRE_INTERRUPT, &message);
	assert_int_equal(message.interrupt.flags, BL_WIRE_NOBODY);
	assert_int_equal(barlease_client_set_interrupt(client, 5, 7, -2),
			 -EINVAL);
	assert_true(peer_hears_nothing(far));
}

static int try_map(uint64_t *address)
{
	int memory = memfd_create("memory", MFD_CLOEXEC);
	int ret;

	ret = barlease_client_map(client, 5, memory, 8192, 4096,
				  BARLEASE_READ_ONLY, address);
	close(memory);
	return ret;
}

static void client_has_mapped(void)
{
	struct bl_wire_message message;
	int memory;

	peer_hears(far, BL_WIRE_MAP, &message, &memory);
	assert_int_equal(message.map.id, 5);
	assert_int_equal(message.map.offset, 8192);
	assert_int_equal(message.map.length, 4096);
	assert_int_equal(message.map.flags, BARLEASE_READ_ONLY);
	close(memory);
}

static void pieces(void **state)
{
	struct bl_wire_message message;
	uint64_t address = 1;

	(void)state;
	server_says_of(BL_WIRE_MAPPED, 2, 5, PIECE);
	assert_int_equal(try_map(&address), 0);
	assert_int_equal(address, PIECE);
	client_has_mapped();

	server_says_of(BL_WIRE_UNMAPPED, 3, 5, PIECE);
	assert_int_equal(barlease_client_unmap(client, 5, PIECE), 0);
	client_has_said(BL_WIRE_UNMAP, &message);
	assert_int_equal(message.piece.id, 5);
	assert_int_equal(message.piece.address, PIECE);

	server_refuses(4, EDQUOT, "4096 bytes for lease 5: this slice has 0");
	assert_int_equal(try_map(&address), -EDQUOT);
	assert_int_equal(address, PIECE);
	assert_string_equal(barlease_client_error(client),
			    "4096 bytes for lease 5: this slice has 0");
	client_has_mapped();
}

static void wrong_pieces(void **state)
{
	static const struct {
		uint64_t offset;
		uint64_t length;
		unsigned int flags;
	} wrong[] = {
		{ 0, 0, 0 }, { 0, 100, 0 }, { 100, 4096, 0 },
		{ 0, 4096, BARLEASE_EXCLUSIVE }, { 1ull << 63, 4096, 0 },
		{ 0, 1ull << 63, 0 },
	};
	uint64_t address;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(barlease_client_map(client, 5, 0,
						     wrong[i].offset,
						     wrong[i].length,
						     wrong[i].flags, &address),
				 -EINVAL);
	assert_int_equal(barlease_client_map(client, 5, -1, 0, 4096, 0,
					     &address), -EBADF);
	assert_int_equal(barlease_client_unmap(client, 5, PIECE + 1), -ENOENT);
	assert_true(peer_hears_nothing(far));
}

/* The device would reach it for as long as the lease lasts */
static void piece_too_late(void **state)
{
	struct bl_wire_message message;
	struct barlease_event event;
	uint64_t address = 1;

	(void)state;
	barlease_client_set_timeout(client, 20);
	assert_int_equal(try_map(&address), -ETIMEDOUT);
	assert_int_equal(address, 1);
	client_has_mapped();
	server_says_of(BL_WIRE_MAPPED, 2, 5, PIECE);
	assert_int_equal(barlease_client_dispatch(client, &event), 0);
	client_has_said(BL_WIRE_UNMAP, &message);
	assert_int_equal(message.piece.id, 5);
	assert_int_equal(message.piece.address, PIECE);

	server_says_of(BL_WIRE_UNMAPPED, message.serial, 5, PIECE);
	server_says_of(BL_WIRE_MAPPED, message.serial + 1, 5, PIECE + 4096);
	assert_int_equal(try_map(&address), 0);
	assert_int_equal(address, PIECE + 4096);
	client_has_mapped();
	assert_true(peer_hears_nothing(far));
}

static int set_seventh(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	int ret = barlease_client_set_interrupt(client, 5, 7, fd);

	close(fd);
	return ret;
}

static void other_interrupt(void **state)
{
	(void)state;
	server_sets(2, 5, 6);
	assert_int_equal(set_seventh(), -EPROTO);
	assert_int_equal(set_seventh(), -EPROTO);
}

static void interrupt_of_other_lease(void **state)
{
	(void)state;
	server_sets(2, 6, 7);
	assert_int_equal(set_seventh(), -EPROTO);
}

static void piece_of_other_lease(void **state)
{
	uint64_t address;

	(void)state;
	server_says_of(BL_WIRE_MAPPED, 2, 6, PIECE);
	assert_int_equal(try_map(&address), -EPROTO);
}

static void piece_with_fd(void **state)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_MAPPED,
		.serial = 2,
		.piece = { 5, PIECE },
	};
	uint64_t address;

	(void)state;
	server_says_with(&message, 1);
	assert_int_equal(try_map(&address), -EPROTO);
}

static void other_piece(void **state)
{
	(void)state;
	server_says_of(BL_WIRE_UNMAPPED, 2, 5, PIECE + 4096);
	assert_int_equal(barlease_client_unmap(client, 5, PIECE), -EPROTO);
}

/* One that knows nothing of all that is not asked for it */
static void older_server(void **state)
{
	struct bl_wire_message message = reply(BL_WIRE_WELCOME, 1);
	uint64_t address;

	(void)state;
	message.welcome.features = BL_WIRE_MORE_REASONS;
	server_says_with(&message, 0);
	assert_int_equal(barlease_client_wrap(near, &client), 0);
	client_has_said(BL_WIRE_HELLO, &message);
	assert_true(message.hello.features & BL_WIRE_QUEUES);
	assert_int_equal(set_seventh(), -EOPNOTSUPP);
	assert_int_equal(barlease_client_set_unmask(client, 5, -1),
			 -EOPNOTSUPP);
	assert_int_equal(try_map(&address), -EOPNOTSUPP);
	assert_int_equal(barlease_client_unmap(client, 5, PIECE), -EOPNOTSUPP);
	assert_true(peer_hears_nothing(far));
}

static void memory(void **state)
{
	struct barlease_memory memory;
	size_t page = sysconf(_SC_PAGESIZE);
	int ret;

	(void)state;
	assert_int_equal(barlease_memory_new(page + 1, 0, &memory), 0);
	assert_int_equal(memory.size, 2 * page);
	assert_true(fcntl(memory.fd, F_GET_SEALS) & F_SEAL_SHRINK);
	assert_int_equal(fcntl(memory.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(((char *)memory.at)[2 * page - 1], 0);
	assert_int_equal(ftruncate(memory.fd, page), -1);
	barlease_memory_free(&memory);
	assert_int_equal(barlease_memory_new(0, 0, &memory), -EINVAL);
	assert_int_equal(barlease_memory_new(SIZE_MAX, 0, &memory), -EINVAL);
	assert_int_equal(barlease_memory_new(page, BARLEASE_ANY, &memory),
			 -EINVAL);
	/* More huge pages than anybody has */
	ret = barlease_memory_new(1ull << 46, BARLEASE_HUGE, &memory);
	assert_int_equal(ret, -ENOMEM);
}

/* Before it was asked anything; the request cannot be sent any more */
static void hung_up_with_a_word(void **state)
{
	const struct bl_wire_message full = {
		.type = BL_WIRE_ERROR,
		.error = { EDQUOT, "too many" },
	};

	(void)state;
	server_says_with(&full, 0);
	close(far);
	far = -1;
	assert_int_equal(try_acquire(), -EDQUOT);
	assert_string_equal(barlease_client_error(client), "too many");
	assert_int_equal(try_acquire(), -ECONNRESET);
}

static void list(void **state)
{
	struct bl_wire_message message = reply(BL_WIRE_SLICE_LIST, 2);
	struct barlease_slice_info *slices;
	size_t nr;

	(void)state;
	/* The sample has two; here they are the second page of 27 */
	message.slices = sample(5).slices;
	message.slices.first = 0;
	message.slices.total = 27;
	server_says_with(&message, 0);
	message = reply(BL_WIRE_SLICE_LIST, 3);
	message.slices.first = 25;
	message.slices.total = 27;
	server_says_with(&message, 0);
	assert_int_equal(barlease_client_list(client, &slices, &nr), 0);
	assert_int_equal(nr, 27);
	assert_string_equal(slices[24].name, "queue-24");
	assert_string_equal(slices[25].name, "queue-0");
	assert_int_equal(slices[25].free, UINT32_MAX);
	free(slices);

	message = (struct bl_wire_message) {
		.type = BL_WIRE_SLICE_LIST,
		.serial = 4,
	};
	server_says_with(&message, 0);
	assert_int_equal(barlease_client_list(client, &slices, &nr), 0);
	assert_int_equal(nr, 0);
	free(slices);

	/* Some other page */
	server_says(BL_WIRE_SLICE_LIST, 5);
	assert_int_equal(barlease_client_list(client, &slices, &nr), -EPROTO);
}

static void server_lists(uint32_t serial, uint32_t first, uint32_t count,
			 uint32_t total)
{
	struct bl_wire_message message = reply(BL_WIRE_SLICE_LIST, serial);

	message.slices.first = first;
	message.slices.count = count;
	message.slices.total = total;
	for (uint32_t i = 0; i < count; i++) {
		struct barlease_slice_info *slice = &message.slices.slice[i];

		*slice = sample(5).slices.slice[0];
		snprintf(slice->name, sizeof(slice->name), "s%u", first + i);
	}
	server_says_with(&message, 0);
}

/* From @first on, a request for each page of @per_page */
static void client_asks(uint32_t first, int pages, uint32_t per_page)
{
	struct bl_wire_message message;

	for (int i = 0; i < pages; i++) {
		client_has_said(BL_WIRE_LIST, &message);
		assert_int_equal(message.list.first, first + i * per_page);
	}
}

/* Several pages are on the way at once, and not without end */
static void list_long(void **state)
{
	struct barlease_slice_info *slices;
	char name[16];
	size_t nr;

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		server_lists(2 + i, i * 10, 10, 200);
	assert_int_equal(barlease_client_list(client, &slices, &nr), 0);
	assert_int_equal(nr, 200);
	for (unsigned int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		assert_string_equal(slices[i].name, name);
	}
	free(slices);
	client_asks(0, 20, 10);
}

/* A page that is shorter than others leaves a gap, which is asked for */
static void list_short_page(void **state)
{
	struct barlease_slice_info *slices;
	size_t nr;

	(void)state;
	server_lists(2, 0, 10, 40);
	server_lists(3, 10, 4, 40);
	server_lists(4, 20, 10, 40);
	server_lists(5, 30, 10, 40);
	server_lists(6, 14, 10, 40);
	server_lists(7, 24, 10, 40);
	server_lists(8, 34, 6, 40);
	assert_int_equal(barlease_client_list(client, &slices, &nr), 0);
	assert_int_equal(nr, 40);
	assert_string_equal(slices[14].name, "s14");
	assert_string_equal(slices[39].name, "s39");
	free(slices);
	client_asks(0, 4, 10);
	client_asks(14, 3, 10);
}

/* What comes of a list that has failed is in nobody's way */
static void list_fails_half_way(void **state)
{
	struct barlease_slice_info *slices;
	struct barlease_event event;
	size_t nr;

	(void)state;
	server_lists(2, 0, 10, 50);
	server_lists(3, 10, 10, 50);
	server_refuses(4, ENOMEM, "no memory");
	server_lists(5, 30, 10, 50);
	assert_int_equal(barlease_client_list(client, &slices, &nr), -ENOMEM);
	assert_string_equal(barlease_client_error(client), "no memory");
	server_lists(6, 40, 10, 50);
	server_refuses(7, EBUSY, "");
	assert_int_equal(try_acquire(), -EBUSY);
	assert_int_equal(barlease_client_dispatch(client, &event), 0);

	/* Nor is what does not come in time */
	barlease_client_set_timeout(client, 50);
	server_lists(8, 0, 10, 50);
	assert_int_equal(barlease_client_list(client, &slices, &nr),
			 -ETIMEDOUT);
	for (uint32_t i = 0; i < 4; i++)
		server_lists(9 + i, 10 + i * 10, 10, 50);
	server_refuses(13, EBUSY, "");
	assert_int_equal(try_acquire(), -EBUSY);
}

/* Reads what it has left, and answers the last request */
static void *late_server(void *arg)
{
	const struct timespec time = { .tv_nsec = 100 * 1000 * 1000 };
	uint8_t bytes[BL_WIRE_MAX];

	nanosleep(&time, NULL);
	while (recv(far, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	nanosleep(&time, NULL);
	while (recv(far, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	server_refuses(2, EBUSY, "");
	return arg;
}

static void no_room_to_ask(void **state)
{
	const struct bl_wire_message unread = sample(0);
	struct barlease_event event;
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(&unread, bytes);
	uint32_t sent = 0, seen = 0;
	pthread_t thread;

	(void)state;
	while (send(near, bytes, size, MSG_DONTWAIT) > 0)
		;
	while (sent < 100)
		server_revokes(++sent);
	pthread_create(&thread, NULL, late_server, NULL);
	assert_int_equal(try_acquire(), -EBUSY);
	pthread_join(thread, NULL);
	while (barlease_client_dispatch(client, &event))
		assert_int_equal(event.lease, ++seen);
	assert_int_equal(seen, sent);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void interrupted(void **state)
{
	const struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	const struct itimerval never = { 0 };
	struct sigaction action = { .sa_handler = on_alarm }, old;
	pthread_t thread;
	sigset_t alarms;

	(void)state;
	sigaction(SIGALRM, &action, &old);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	/* Not in the other thread, which inherits this */
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	pthread_create(&thread, NULL, late_server, NULL);
	pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	assert_int_equal(try_acquire(), -EBUSY);
	setitimer(ITIMER_REAL, &never, NULL);
	pthread_join(thread, NULL);
	sigaction(SIGALRM, &old, NULL);
}

/* What comes too late is given back, and in nobody's way */
static void too_late(void **state)
{
	struct bl_wire_message message;
	struct barlease_event event;

	(void)state;
	barlease_client_set_timeout(client, 20);
	assert_int_equal(try_acquire(), -ETIMEDOUT);
	client_has_said(BL_WIRE_ACQUIRE, &message);
	assert_int_equal(try_acquire(), -ETIMEDOUT);
	client_has_said(BL_WIRE_ACQUIRE, &message);
	server_leases(2, 1);
	server_refuses(3, EBUSY, "");
	server_revokes(77);
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.lease, 77);
	client_has_said(BL_WIRE_RELEASE, &message);
	assert_int_equal(message.release.id, reply(BL_WIRE_LEASE, 2).lease.id);
	server_says(BL_WIRE_RELEASED, message.serial);
	server_refuses(5, EACCES, "no");
	assert_int_equal(try_acquire(), -EACCES);
}

/* Nor does a server that says something else all the time make it wait */
static void too_late_among_events(void **state)
{
	(void)state;
	barlease_client_set_timeout(client, 20);
	for (uint32_t i = 0; i < 20; i++)
		server_revokes(i);
	assert_int_equal(try_acquire(), -ETIMEDOUT);
	/* The same on a socket that does not wait by itself */
	assert_int_equal(fcntl(near, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(try_acquire(), -ETIMEDOUT);
	barlease_client_set_timeout(client, 0);
	assert_int_equal(try_acquire(), -ETIMEDOUT);
}

static void in_two_halves(void **state)
{
	struct bl_wire_message message;
	struct barlease_event event;
	struct barlease_lease lease;
	int first, second, third;

	(void)state;
	first = barlease_client_start_acquire(client, "door.bell_7", 0);
	second = barlease_client_start_acquire(client, "other", 0);
	third = barlease_client_start_release(client, 5);
	assert_true(first > 0 && second > 0 && third > 0);
	assert_int_equal(barlease_client_finish(client, first, &lease),
			 -EAGAIN);
	assert_int_equal(barlease_client_dispatch(client, &event), 0);
	client_has_said(BL_WIRE_ACQUIRE, &message);
	server_leases(message.serial, 1);
	client_has_said(BL_WIRE_ACQUIRE, &message);
	server_refuses(message.serial, EBUSY, "held");
	client_has_said(BL_WIRE_RELEASE, &message);

	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.type, BARLEASE_EVENT_ANSWERED);
	assert_int_equal(event.request, first);
	/* A release has no lease, and an acquire has one */
	assert_int_equal(barlease_client_finish(client, first, NULL), -EINVAL);
	assert_int_equal(barlease_client_finish(client, third, &lease),
			 -EINVAL);
	assert_int_equal(barlease_client_finish(client, first, &lease), 0);
	assert_string_equal(lease.name, "door.bell_7");
	close(lease.fd);
	assert_int_equal(barlease_client_finish(client, first, &lease),
			 -EINVAL);
	assert_int_equal(barlease_client_finish(client, second, &lease),
			 -EBUSY);
	assert_string_equal(barlease_client_error(client), "held");
	message = reply(BL_WIRE_RELEASED, third);
	message.released.id = 5;
	server_says_with(&message, 0);
	assert_int_equal(barlease_client_finish(client, third, NULL), 0);
	/* Their events are there all the same */
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.request, second);
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.request, third);
	assert_int_equal(barlease_client_dispatch(client, &event), 0);
	/* One that nobody finishes is closed with the client */
	first = barlease_client_start_acquire(client, "door.bell_7", 0);
	server_leases(first, 1);
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
}

static void no_room_to_start(void **state)
{
	int ret;

	(void)state;
	do {
		ret = barlease_client_start_release(client, 1);
	} while (ret > 0);
	assert_int_equal(ret, -EAGAIN);
}

/* Of a server that knows more */
static void unknown_event(void **state)
{
	static const uint8_t unknown[24] = {
		[0] = 24, [4] = 0x77, [5] = 0x40,
	};
	struct bl_wire_message message = {
		.type = BL_WIRE_REVOKED,
		.revoked = { 3, 1000 },
	};
	struct barlease_event event;

	(void)state;
	peer_send(far, unknown, sizeof(unknown), 0);
	server_says_with(&message, 0);
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.type, BARLEASE_EVENT_REVOKED);
	assert_int_equal(event.reason, 1000);
	/* But not with an fd that nobody would close */
	peer_send(far, unknown, sizeof(unknown), 1);
	assert_int_equal(barlease_client_dispatch(client, &event), -EPROTO);
}

/* Both sides together, each in a thread of its own */
static atomic_bool vending;

static void *vend(void *arg)
{
	while (vending) {
		settle();
		sched_yield();
	}
	return arg;
}

static int vendor_runs(void **state)
{
	int ret = vendor_start(state);
	char name[16];

	offer("slice", "group", 0, 1, BARLEASE_EXCLUSIVE, 0);
	for (unsigned int i = 1; i < 40; i++) {
		snprintf(name, sizeof(name), "page-%u", i);
		offer(name, NULL, i, 1, 0, 0);
	}
	return ret;
}

static void both(void **state)
{
	struct barlease_slice_info *slices;
	struct barlease_client *other;
	struct barlease_lease lease;
	pthread_t thread;
	size_t nr;

	(void)state;
	vending = true;
	pthread_create(&thread, NULL, vend, NULL);
	setenv("BARLEASE_SOCKET", vendor_path, 1);
	assert_int_equal(barlease_client_connect(NULL, &client), 0);
	assert_int_equal(barlease_client_connect(vendor_path, &other), 0);
	unsetenv("BARLEASE_SOCKET");
	assert_int_equal(barlease_client_list(client, &slices, &nr), 0);
	assert_int_equal(nr, 40);
	free(slices);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(barlease_client_acquire(client, "group",
							 BARLEASE_ANY, &lease),
				 0);
		close(lease.fd);
		assert_int_equal(barlease_client_acquire(other, "slice", 0,
							 &lease), -EBUSY);
		assert_string_equal(barlease_client_error(other),
				    "slice slice: held by others");
		assert_int_equal(barlease_client_release(client, lease.id), 0);
	}
	barlease_client_close(client);
	barlease_client_close(other);
	barlease_client_close(NULL);
	vending = false;
	pthread_join(thread, NULL);
	settle();
}

#define EARLY(name, function) \
	{ name, function, open_sockets, close_all, NULL }
#define TEST(name, function) \
	{ name, function, connect_client, close_all, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		EARLY("hello", hello),
		EARLY("no common version", no_common_version),
		EARLY("another version than asked for", other_version),
		EARLY("a server of something else", no_such_protocol),
		EARLY("a server that hangs up", hung_up),
		EARLY("what is no server at all", wrong_sockets),
		TEST("a lease and its fd", acquire),
		TEST("what need not be asked", wrong_arguments),
		TEST("a refusal, and why", refused),
		TEST("a lease without an fd", lease_without_fd),
		TEST("a lease with two fds", lease_with_two_fds),
		TEST("a lease with 253 fds", lease_with_many_fds),
		TEST("an fd with some other reply", fd_without_lease),
		TEST("an fd with an event", event_with_fd),
		TEST("the reply to some other request", wrong_serial),
		TEST("some other reply", wrong_reply),
		TEST("a lease of some other slice", wrong_name),
		TEST("a request from the server", request_from_server),
		TEST("half a reply", half_reply),
		TEST("a reply that is too long", long_reply),
		TEST("an empty reply, which is the end", empty_reply),
		TEST("a reply that nobody asked for", unasked_reply),
		TEST("the release of some other lease", wrong_release),
		TEST("release", release),
		TEST("no room for the fd of a lease", no_room_for_fd),
		TEST("events that come before a reply", events_come_first),
		TEST("events are kept in order", events_go_round),
		TEST("a server's last words are heard", last_words),
		TEST("a server's last words are heard without asking",
		     last_words_unasked),
		TEST("a server that hangs up with a word", hung_up_with_a_word),
		TEST("a list in pages", list),
		TEST("several pages at once", list_long),
		TEST("a page that is shorter", list_short_page),
		TEST("a list that fails half-way", list_fails_half_way),
		TEST("no room for a request", no_room_to_ask),
		TEST("waiting is interrupted", interrupted),
		TEST("an answer that comes too late", too_late),
		TEST("an answer that never comes", too_late_among_events),
		TEST("requests in two halves", in_two_halves),
		TEST("eventfds for interrupts", interrupts),
		TEST("memory for the device", pieces),
		TEST("memory that need not be asked for", wrong_pieces),
		TEST("memory that comes too late", piece_too_late),
		TEST("the reply for some other interrupt", other_interrupt),
		TEST("the reply for some other lease's interrupt",
		     interrupt_of_other_lease),
		TEST("the reply for some other lease's memory",
		     piece_of_other_lease),
		TEST("memory that comes with an fd", piece_with_fd),
		TEST("the reply for some other memory", other_piece),
		EARLY("a server without interrupts and memory", older_server),
		TEST("memory that is all there", memory),
		TEST("no room for half a request", no_room_to_start),
		TEST("what a newer server says", unknown_event),
		{ "both sides", both, vendor_runs, vendor_stop, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
