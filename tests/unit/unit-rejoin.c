// SPDX-License-Identifier: MIT
/*
 * A client that has lost its connection, and goes on with its leases on another
 *
 * Copyright (C) 2026 The barlease authors
 *
 * What the server says lies in the socket before the client asks: requests are
 * numbered from 1 on, and on the next connection from where that was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "samples.h"
#include "vendor.h"

#define OLD	(BL_WIRE_FEATURES & ~BL_WIRE_KEEPS)
#define ID	5
#define WAITS	1000000

static int far;
static struct barlease_client *client;
static int fds_before;

static void server_says_with(struct bl_wire_message message, uint32_t serial,
			     unsigned int nr_fds)
{
	uint8_t bytes[BL_WIRE_MAX];
	size_t size;

	message.serial = message.type & BL_WIRE_EVENT ? 0 : serial;
	if (message.type == BL_WIRE_ERROR)
		message.serial = serial;
	size = bl_wire_encode(&message, bytes);
	assert_int_equal(peer_send(far, bytes, size, nr_fds), size);
}

static void server_welcomes(uint32_t serial, uint32_t features)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_WELCOME,
		.welcome = { BL_WIRE_VERSION, features },
	};

	server_says_with(message, serial, 0);
}

static struct bl_wire_token token_of(char letter)
{
	struct bl_wire_token token;

	memset(token.token, letter, sizeof(token.token));
	return token;
}

/* One that has sixteen times this letter */
static void server_gives_token(char letter)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_TOKEN,
		.token = token_of(letter),
	};

	server_says_with(message, 0, 0);
}

static void server_rejoins(uint32_t serial)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_REJOINED,
		.rejoined.leases = 1,
	};

	server_says_with(message, serial, 0);
}

static void server_refuses(uint32_t serial, int error, const char *text)
{
	struct bl_wire_message message = {
		.type = BL_WIRE_ERROR,
		.error.error = error,
	};

	stpcpy(message.error.text, text);
	server_says_with(message, serial, 0);
}

static void server_leases(uint32_t serial, const char *name)
{
	struct bl_wire_message message = {
		.type = BL_WIRE_LEASE,
		.lease = { .id = ID, .size = 4096, .alignment = { 4096, 0 } },
	};

	stpcpy(message.lease.name, name);
	server_says_with(message, serial, 1);
}

static void server_says_of_lease(uint16_t type, uint32_t serial)
{
	struct bl_wire_message message = { .type = type, .released.id = ID };

	if (type == BL_WIRE_REVOKED)
		message.revoked.reason = BARLEASE_ORDERED;
	server_says_with(message, serial, 0);
}

static void client_has_said(uint16_t type, uint32_t serial)
{
	struct bl_wire_message message;

	peer_hears(far, type, &message, NULL);
	assert_int_equal(message.serial, serial);
}

static void client_has_said_hello(uint32_t serial)
{
	struct bl_wire_message message;

	peer_hears(far, BL_WIRE_HELLO, &message, NULL);
	assert_int_equal(message.serial, serial);
	assert_true(message.hello.features & BL_WIRE_KEEPS);
}

static void client_has_shown(char letter, uint32_t serial, uint32_t answered)
{
	struct bl_wire_token token = token_of(letter);
	struct bl_wire_message message;

	client_has_said_hello(serial - 1);
	peer_hears(far, BL_WIRE_REJOIN, &message, NULL);
	assert_int_equal(message.serial, serial);
	assert_int_equal(message.rejoin.answered, answered);
	assert_memory_equal(message.rejoin.token, token.token,
			    sizeof(token.token));
}

/* In place of the one that there was; returns the client's end */
static int other_connection(void)
{
	int socks[2];

	if (far >= 0)
		close(far);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    socks), 0);
	far = socks[1];
	return socks[0];
}

static void connection_is_lost(void)
{
	struct barlease_event event;

	close(far);
	far = -1;
	assert_int_equal(barlease_client_dispatch(client, &event), -ECONNRESET);
}

/* The client's next serial is @serial; it goes on, and has the token @letter then */
static void client_goes_on(uint32_t serial, char letter)
{
	int near = other_connection();

	server_welcomes(serial, BL_WIRE_FEATURES);
	server_gives_token('x');
	server_rejoins(serial + 1);
	server_gives_token(letter);
	assert_int_equal(barlease_client_rejoin(client, near), 0);
	assert_int_equal(barlease_client_fd(client), near);
}

static int connect_with(uint32_t features)
{
	int near;

	fds_before = fds_open();
	far = -1;
	near = other_connection();
	server_welcomes(1, features);
	if (features & BL_WIRE_KEEPS)
		server_gives_token('a');
	if (barlease_client_wrap(near, &client))
		return -1;
	client_has_said_hello(1);
	return 0;
}

static int connect_client(void **state)
{
	(void)state;
	return connect_with(BL_WIRE_FEATURES);
}

static int connect_to_old(void **state)
{
	(void)state;
	return connect_with(OLD);
}

static int close_all(void **state)
{
	(void)state;
	barlease_client_close(client);
	if (far >= 0)
		close(far);
	assert_int_equal(fds_open(), fds_before);
	return 0;
}

static void client_gets_lease(uint32_t serial, struct barlease_lease *lease)
{
	server_leases(serial, "slice");
	assert_int_equal(barlease_client_acquire(client, "slice", 0, lease), 0);
	client_has_said(BL_WIRE_ACQUIRE, serial);
}

static void goes_on(void **state)
{
	const int before = barlease_client_fd(client);
	struct barlease_event event;
	struct barlease_lease lease;

	(void)state;
	client_gets_lease(2, &lease);
	connection_is_lost();
	assert_int_equal(barlease_client_release(client, lease.id),
			 -ECONNRESET);
	client_goes_on(3, 'b');
	assert_int_equal(fcntl(before, F_GETFD), -1);
	client_has_shown('a', 4, 2);
	assert_int_equal(fcntl(lease.fd, F_GETFD), FD_CLOEXEC);

	/* A token is no event, and both sides have what they had */
	assert_int_equal(barlease_client_dispatch(client, &event), 0);
	server_says_of_lease(BL_WIRE_RELEASED, 5);
	assert_int_equal(barlease_client_release(client, lease.id), 0);
	client_has_said(BL_WIRE_RELEASE, 5);
	assert_true(peer_hears_nothing(far));
	close(lease.fd);
}

static void newest_token(void **state)
{
	struct barlease_lease lease;

	(void)state;
	connection_is_lost();
	client_goes_on(2, 'b');
	client_has_shown('a', 3, 0);
	client_gets_lease(4, &lease);
	close(lease.fd);
	connection_is_lost();
	client_goes_on(5, 'c');
	client_has_shown('b', 6, 4);
	connection_is_lost();
	client_goes_on(7, 'd');
	client_has_shown('c', 8, 4);
}

/* One that waits has its lease after one that has not waited; no refusal counts */
static void last_lease(void **state)
{
	struct barlease_event event;
	struct barlease_lease lease;
	int waits = barlease_client_start_acquire_wait(client, "late", 0, WAITS);

	(void)state;
	assert_int_equal(waits, 2);
	server_leases(3, "slice");
	server_leases(2, "late");
	server_refuses(4, EBUSY, "held by others");
	assert_int_equal(barlease_client_acquire(client, "slice", 0, &lease),
			 0);
	close(lease.fd);
	assert_int_equal(barlease_client_acquire(client, "slice", 0, &lease),
			 -EBUSY);
	assert_int_equal(barlease_client_finish(client, waits, &lease), 0);
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.request, waits);
	connection_is_lost();
	client_goes_on(5, 'b');
	client_has_shown('a', 6, 2);
	assert_int_equal(fcntl(lease.fd, F_GETFD), FD_CLOEXEC);
	close(lease.fd);
}

/* Nobody answers it any more, and what was told before is told first */
static void unanswered(void **state)
{
	struct barlease_event event;
	struct barlease_lease lease;
	int acquire, release;

	(void)state;
	acquire = barlease_client_start_acquire(client, "slice", 0);
	server_says_of_lease(BL_WIRE_REVOKED, 0);
	server_refuses(acquire, EBUSY, "held by others");
	release = barlease_client_start_release(client, ID);
	assert_true(acquire > 0 && release > 0);
	close(far);
	far = -1;
	assert_int_equal(barlease_client_release(client, 7), -ECONNRESET);
	client_goes_on(5, 'b');
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.type, BARLEASE_EVENT_REVOKED);
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.type, BARLEASE_EVENT_ANSWERED);
	assert_int_equal(event.request, acquire);
	assert_int_equal(barlease_client_finish(client, acquire, &lease),
			 -EBUSY);
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	assert_int_equal(event.type, BARLEASE_EVENT_ANSWERED);
	assert_int_equal(event.request, release);
	assert_int_equal(barlease_client_finish(client, release, NULL),
			 -ECONNRESET);
	assert_int_equal(barlease_client_dispatch(client, &event), 0);
}

/* What was said of the old connection is not said of the next one */
static void last_words(void **state)
{
	(void)state;
	server_refuses(0, EUSERS, "too many connections");
	connection_is_lost();
	client_goes_on(2, 'b');
	client_has_shown('a', 3, 0);
}

static void not_lost(void **state)
{
	int near;

	(void)state;
	near = dup(barlease_client_fd(client));
	assert_int_equal(barlease_client_rejoin(client, near), -EISCONN);
	assert_int_equal(barlease_client_rejoin(client, -1), -EISCONN);
	close(near);
	assert_true(peer_hears_nothing(far));
}

/* A try that has failed, by @error; what there was is as it was */
static void fails(int near, int error)
{
	struct barlease_event event;

	assert_int_equal(barlease_client_rejoin(client, near), -error);
	assert_int_not_equal(barlease_client_fd(client), near);
	/* It is still this side's to close */
	assert_int_equal(close(near), 0);
	assert_int_equal(barlease_client_dispatch(client, &event), -ECONNRESET);
}

static void is_over(void)
{
	int near = other_connection();

	fails(near, ESTALE);
	assert_true(peer_is_hung_up(far));
}

static void not_known(void **state)
{
	int near;

	(void)state;
	connection_is_lost();
	near = other_connection();
	server_welcomes(2, BL_WIRE_FEATURES);
	server_gives_token('b');
	server_refuses(3, ENOENT, "no such token");
	assert_int_equal(barlease_client_rejoin(client, near), -ESTALE);
	assert_string_equal(barlease_client_error(client), "no such token");
	close(near);
	client_has_shown('a', 3, 0);
	/* Nor is it shown twice; nor any other one */
	is_over();
}

static void keeps_no_more(void **state)
{
	int near;

	(void)state;
	connection_is_lost();
	near = other_connection();
	server_welcomes(2, 0);
	fails(near, ESTALE);
	client_has_said_hello(2);
	/* What that one cannot do is nothing that this one could not */
	assert_int_equal(barlease_client_watch(client), -ECONNRESET);
	assert_true(peer_is_hung_up(far));
	is_over();
}

static void never_kept(void **state)
{
	(void)state;
	connection_is_lost();
	is_over();
}

static void wrong_sockets(void **state)
{
	(void)state;
	connection_is_lost();
	assert_int_equal(barlease_client_rejoin(client, -1), -EINVAL);
	assert_int_equal(barlease_client_rejoin(client, -2), -EBADF);
	fails(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), EINVAL);
	client_goes_on(2, 'b');
	client_has_shown('a', 3, 0);
}

/* Whatever goes wrong: it can be tried again, with the token that there was */
static void tried_again(void **state)
{
	const struct bl_wire_message token = { .type = BL_WIRE_TOKEN };
	static const uint8_t short_token[24] = {
		[0] = 24, [4] = 0x08, [5] = 0x40,
	};
	int near;

	(void)state;
	connection_is_lost();
	near = other_connection();
	server_welcomes(2, BL_WIRE_FEATURES);
	server_gives_token('b');
	server_refuses(3, EBUSY, "it has leases");
	fails(near, EBUSY);
	client_has_shown('a', 3, 0);

	near = other_connection();
	server_welcomes(4, BL_WIRE_FEATURES);
	server_gives_token('b');
	server_says_of_lease(BL_WIRE_RELEASED, 5);
	fails(near, EPROTO);

	near = other_connection();
	server_welcomes(6, BL_WIRE_FEATURES);
	peer_send(far, short_token, sizeof(short_token), 0);
	server_rejoins(7);
	fails(near, EPROTO);

	near = other_connection();
	server_welcomes(8, BL_WIRE_FEATURES);
	server_says_with(token, 0, 1);
	server_rejoins(9);
	fails(near, EPROTO);

	near = other_connection();
	server_welcomes(10, BL_WIRE_FEATURES);
	server_gives_token('b');
	shutdown(far, SHUT_RDWR);
	fails(near, ECONNRESET);

	near = other_connection();
	server_refuses(0, EDQUOT, "too many connections");
	fails(near, EDQUOT);

	client_goes_on(13, 'c');
	client_has_shown('a', 14, 0);
}

static void rejoined_cut_short(void **state)
{
	static const uint8_t cut[16] = { [0] = 16, [4] = 0x0b, [5] = 0x80, [8] = 3 };
	int near;

	(void)state;
	connection_is_lost();
	near = other_connection();
	server_welcomes(2, BL_WIRE_FEATURES);
	peer_send(far, cut, sizeof(cut), 0);
	fails(near, EPROTO);
}

static void token_cut_short(void **state)
{
	static const uint8_t cut[24] = { [0] = 24, [4] = 0x08, [5] = 0x40 };
	struct barlease_event event;

	(void)state;
	peer_send(far, cut, sizeof(cut), 0);
	assert_int_equal(barlease_client_dispatch(client, &event), -EPROTO);
}

static void patience(void **state)
{
	struct timeval left;
	socklen_t size = sizeof(left);
	int near;

	(void)state;
	barlease_client_set_timeout(client, 50);
	connection_is_lost();
	near = other_connection();
	fails(near, ETIMEDOUT);
	near = other_connection();
	server_welcomes(3, BL_WIRE_FEATURES);
	fails(near, ETIMEDOUT);
	client_goes_on(5, 'b');
	client_has_shown('a', 6, 0);
	near = barlease_client_fd(client);
	assert_int_equal(getsockopt(near, SOL_SOCKET, SO_RCVTIMEO, &left,
				    &size), 0);
	/* The kernel counts in ticks */
	assert_in_range(left.tv_sec * 1000000 + left.tv_usec, 50000, 70000);
	assert_int_equal(barlease_client_release(client, ID), -ETIMEDOUT);
}

/* A lease that came too late: whether it was given back, nobody knows */
static void given_back_again(void **state)
{
	struct barlease_event event;
	struct barlease_lease lease;

	(void)state;
	barlease_client_set_timeout(client, 20);
	assert_int_equal(barlease_client_acquire(client, "slice", 0, &lease),
			 -ETIMEDOUT);
	server_leases(2, "slice");
	assert_int_equal(barlease_client_dispatch(client, &event), 0);
	client_has_said(BL_WIRE_ACQUIRE, 2);
	client_has_said(BL_WIRE_RELEASE, 3);
	connection_is_lost();
	client_goes_on(4, 'b');
	client_has_shown('a', 5, 2);
	client_has_said(BL_WIRE_RELEASE, 6);

	/* Until it is answered */
	connection_is_lost();
	client_goes_on(7, 'c');
	client_has_shown('b', 8, 2);
	client_has_said(BL_WIRE_RELEASE, 9);
	server_refuses(9, ENOENT, "no such lease");
	assert_int_equal(barlease_client_dispatch(client, &event), 0);
	connection_is_lost();
	client_goes_on(10, 'd');
	client_has_shown('c', 11, 2);
	assert_true(peer_hears_nothing(far));
}

/* As of memory that the device was let reach too late */
static void taken_back_again(void **state)
{
	const struct bl_wire_message mapped = {
		.type = BL_WIRE_MAPPED,
		.piece = { ID, 0x123456000 },
	};
	struct bl_wire_message message;
	struct barlease_event event;
	uint64_t address;
	int memory;

	(void)state;
	barlease_client_set_timeout(client, 20);
	assert_int_equal(barlease_client_map(client, ID, far, 0, 4096, 0,
					     &address), -ETIMEDOUT);
	peer_hears(far, BL_WIRE_MAP, &message, &memory);
	close(memory);
	server_says_with(mapped, 2, 0);
	assert_int_equal(barlease_client_dispatch(client, &event), 0);
	connection_is_lost();
	client_goes_on(4, 'b');
	client_has_shown('a', 5, 0);
	peer_hears(far, BL_WIRE_UNMAP, &message, NULL);
	assert_int_equal(message.serial, 6);
	assert_int_equal(message.piece.id, ID);
	assert_int_equal(message.piece.address, 0x123456000);
}

/* There is no connection any more to give it back on */
static void given_back_later(void **state)
{
	struct barlease_event event;
	struct barlease_lease lease;
	struct rlimit old, limit;
	int acquire;

	(void)state;
	acquire = barlease_client_start_acquire(client, "slice", 0);
	server_leases(acquire, "slice");
	close(far);
	far = -1;
	getrlimit(RLIMIT_NOFILE, &old);
	limit = old;
	limit.rlim_cur = dup(0);
	close(limit.rlim_cur);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(barlease_client_dispatch(client, &event), 1);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(barlease_client_dispatch(client, &event), -ECONNRESET);
	assert_int_equal(barlease_client_finish(client, acquire, &lease),
			 -EMFILE);
	client_goes_on(4, 'b');
	client_has_shown('a', 5, acquire);
	client_has_said(BL_WIRE_RELEASE, 6);
}

/* ---- With a path -------------------------------------------------------- */

static char path[64];
static int listener;
static uint32_t next;	/* the client's next serial */

static void listen_at_path(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	stpcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address,
			      sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
}

/* It knows what the client will ask, and that it asks one after the other */
static void *serve_one(void *arg)
{
	far = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	server_welcomes(next, BL_WIRE_FEATURES);
	server_gives_token(next == 1 ? 'a' : 'x');
	if (next == 1)
		return arg;
	server_rejoins(next + 1);
	server_gives_token('b');
	return arg;
}

static int at_path(int (*call)(void))
{
	pthread_t thread;
	int ret;

	pthread_create(&thread, NULL, serve_one, NULL);
	ret = call();
	pthread_join(thread, NULL);
	return ret;
}

static int do_connect(void)
{
	return barlease_client_connect(path, &client);
}

static int do_rejoin(void)
{
	return barlease_client_rejoin(client, -1);
}

static int listen_and_connect(void **state)
{
	(void)state;
	fds_before = fds_open();
	snprintf(path, sizeof(path), "/tmp/unit-rejoin-%d", getpid());
	listen_at_path();
	next = 1;
	return at_path(do_connect);
}

static int unlink_and_close(void **state)
{
	unlink(path);
	close(listener);
	return close_all(state);
}

static void same_path(void **state)
{
	(void)state;
	connection_is_lost();
	close(listener);
	assert_int_equal(barlease_client_rejoin(client, -1), -ECONNREFUSED);
	unlink(path);
	assert_int_equal(barlease_client_rejoin(client, -1), -ENOENT);
	listen_at_path();
	next = 2;
	assert_int_equal(at_path(do_rejoin), 0);
	client_has_shown('a', 3, 0);
}

/* What the client has dialled itself is nobody else's to close */
static void same_path_in_vain(void **state)
{
	int open;

	(void)state;
	barlease_client_set_timeout(client, 20);
	connection_is_lost();
	open = fds_open();
	assert_int_equal(barlease_client_rejoin(client, -1), -ETIMEDOUT);
	assert_int_equal(fds_open(), open);
}

#define TEST(name, function) \
	{ name, function, connect_client, close_all, NULL }
#define OLD_TEST(name, function) \
	{ name, function, connect_to_old, close_all, NULL }
#define PATH_TEST(name, function) \
	{ name, function, listen_and_connect, unlink_and_close, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("leases go on with another connection", goes_on),
		TEST("the token that came last is shown, once", newest_token),
		TEST("the last lease is told, whoever waited", last_lease),
		TEST("what is not answered is lost", unanswered),
		TEST("a server's last words end with it", last_words),
		TEST("a connection that is not lost", not_lost),
		TEST("a client that is not known", not_known),
		TEST("a server that keeps leases no more", keeps_no_more),
		OLD_TEST("a server that has never kept any", never_kept),
		TEST("what is no socket of a server", wrong_sockets),
		TEST("what fails is tried again", tried_again),
		TEST("half an answer", rejoined_cut_short),
		TEST("half a token", token_cut_short),
		TEST("no longer than the client waits for others", patience),
		TEST("a lease that nobody wants is given back again",
		     given_back_again),
		TEST("memory that nobody wants is taken back again",
		     taken_back_again),
		TEST("a lease that nobody can have is given back later",
		     given_back_later),
		PATH_TEST("where it was connected to before", same_path),
		PATH_TEST("a server that says nothing there",
			  same_path_in_vain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
