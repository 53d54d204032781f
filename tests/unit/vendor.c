// SPDX-License-Identifier: MIT
/*
 * A server of a device that is not there, and those who talk to it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "vendor.h"

#define PAGE	4096ull

struct barlease_device device;
struct barlease_server *server;
struct heard heard;
const char *forbidden;
bool unwelcome;
bool resets_itself;
char vendor_path[108];

static char directory[32];
static int listener;
static int fds_before;

static bool allowed(void *data, const struct barlease_peer *peer,
		    const char *slice, void *context)
{
	(void)peer;
	(void)context;
	assert_ptr_equal(data, &heard);
	heard.asked++;
	return !forbidden || strcmp(forbidden, slice);
}

static bool welcome(void *data, const struct barlease_peer *peer)
{
	(void)data;
	(void)peer;
	return !unwelcome;
}

static void remember(const struct barlease_holding *lease)
{
	heard.peer = *lease->peer;
	heard.id = lease->id;
	heard.context = lease->context;
	heard.reason = lease->reason;
	heard.ends = lease->ends;
	heard.pause = lease->paused;
	stpcpy(heard.slice, lease->slice);
}

static void acquired(void *data, const struct barlease_holding *lease)
{
	(void)data;
	remember(lease);
	assert_int_equal(lease->state, BARLEASE_HELD);
	assert_false(fake_revoked(lease->fd));
	heard.acquired++;
}

static void ended(void *data, const struct barlease_holding *lease)
{
	(void)data;
	remember(lease);
	assert_int_equal(lease->state, BARLEASE_ENDING);
	heard.ended++;
}

static void ending(void *data, const struct barlease_holding *lease)
{
	(void)data;
	remember(lease);
	assert_int_equal(lease->state, BARLEASE_HELD);
	assert_false(fake_revoked(lease->fd));
	heard.ending++;
}

static void paused(void *data, const struct barlease_holding *lease)
{
	(void)data;
	remember(lease);
	assert_int_equal(lease->state, BARLEASE_HELD);
	assert_int_equal(fake_paused(lease->fd), lease->paused != 0);
	heard.paused++;
}

static void refused(void *data, const struct barlease_peer *peer,
		    const char *why)
{
	(void)data;
	heard.peer = *peer;
	snprintf(heard.why, sizeof(heard.why), "%s", why);
	heard.refused++;
}

static void reset(void *data, const struct barlease_device *which)
{
	(void)data;
	assert_ptr_equal(which, &device);
	heard.resets++;
}

static struct barlease_server_ops ops = {
	.size = sizeof(ops),
	.welcome = welcome,
	.allowed = allowed,
	.acquired = acquired,
	.ended = ended,
	.refused = refused,
	.ending = ending,
	.paused = paused,
};

int fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

int vendor_start(void **state)
{
	(void)state;
	fds_before = fds_open();
	fake_device_init(&device);
	memset(&heard, 0, sizeof(heard));
	forbidden = NULL;
	unwelcome = false;
	ops.reset = resets_itself ? reset : NULL;
	stpcpy(directory, "/tmp/barlease-unit-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(vendor_path, sizeof(vendor_path), "%s/socket", directory);
	listener = barlease_listen(vendor_path, 0600);
	return listener < 0 ||
	       barlease_server_new(listener, &ops, &heard, &server);
}

void vendor_free(void)
{
	barlease_server_free(server);
	server = NULL;
}

int vendor_stop(void **state)
{
	(void)state;
	vendor_free();
	close(listener);
	unlink(vendor_path);
	rmdir(directory);
	if (device.exports && !device.revoke_error)
		assert_int_equal(device.revokes, device.exports);
	assert_int_equal(heard.ended, heard.acquired);
	assert_int_equal(fds_open(), fds_before);
	return 0;
}

void offer(const char *name, const char *group, unsigned int first_page,
	   unsigned int pages, unsigned int flags, unsigned int max_holders)
{
	const struct barlease_range range = { first_page * PAGE, pages * PAGE };
	const struct barlease_slice slice = {
		.name = name,
		.group = group,
		.bar = FAKE_BAR,
		.ranges = &range,
		.nr_ranges = 1,
		.flags = flags,
		.max_holders = max_holders,
	};

	assert_int_equal(barlease_server_add_slice(server, &device, &slice), 0);
}

void offer_for(const char *name, const char *group, unsigned int page,
	       uint64_t grace, uint64_t max_term)
{
	const struct barlease_range range = { page * PAGE, PAGE };
	const struct barlease_slice slice = {
		.name = name,
		.group = group,
		.bar = FAKE_BAR,
		.ranges = &range,
		.nr_ranges = 1,
		.flags = BARLEASE_EXCLUSIVE,
		.grace = grace,
		.max_term = max_term,
	};

	assert_int_equal(barlease_server_add_slice(server, &device, &slice), 0);
}

unsigned int settle(void)
{
	struct pollfd ready = {
		.fd = barlease_server_fd(server),
		.events = POLLIN,
	};
	unsigned int times = 0;

	while (poll(&ready, 1, 0) == 1) {
		assert_int_equal(barlease_server_dispatch(server), 0);
		assert_true(++times < 100000);
	}
	return times;
}

void settle_until_heard(int peer)
{
	struct pollfd ready = {
		.fd = barlease_server_fd(server),
		.events = POLLIN,
	};

	settle();
	while (peer_hears_nothing(peer)) {
		assert_int_equal(poll(&ready, 1, 60000), 1);
		settle();
	}
}

int peer_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
			  SOCK_NONBLOCK, 0);

	stpcpy(address.sun_path, vendor_path);
	assert_true(sock >= 0);
	assert_int_equal(connect(sock, (struct sockaddr *)&address,
				 sizeof(address)), 0);
	return sock;
}

int peer_new(void)
{
	return peer_new_with(0);
}

int peer_new_with(uint32_t features)
{
	struct bl_wire_message message = {
		.type = BL_WIRE_HELLO,
		.serial = 1,
		.hello = { 1, 1, features },
	};
	int peer = peer_connect();

	peer_say(peer, &message);
	settle();
	peer_hears(peer, BL_WIRE_WELCOME, &message, NULL);
	assert_int_equal(message.serial, 1);
	assert_int_equal(message.welcome.version, 1);
	return peer;
}

static int send_with(int peer, const void *bytes, size_t size, const int *fds,
		     unsigned int nr)
{
	union {
		char space[CMSG_SPACE(253 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)bytes, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int ret;

	if (nr) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nr * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(nr * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, nr * sizeof(int));
	}
	ret = sendmsg(peer, &msg, MSG_NOSIGNAL);
	return ret < 0 ? -errno : ret;
}

int peer_send(int peer, const void *bytes, size_t size, unsigned int nr_fds)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), fds[253], ret;

	for (unsigned int i = 0; i < nr_fds; i++)
		fds[i] = null;
	ret = send_with(peer, bytes, size, fds, nr_fds);
	close(null);
	return ret;
}

void peer_say_with(int peer, const struct bl_wire_message *message,
		   const int *fds, unsigned int nr)
{
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(message, bytes);

	assert_int_equal(send_with(peer, bytes, size, fds, nr), size);
}

void peer_say(int peer, const struct bl_wire_message *message)
{
	peer_say_with(peer, message, NULL, 0);
}

void peer_ask(int peer, uint16_t type, uint32_t serial)
{
	const struct bl_wire_message message = {
		.type = type,
		.serial = serial,
	};

	peer_say(peer, &message);
}

void peer_acquire(int peer, const char *name, unsigned int flags)
{
	struct bl_wire_message message = {
		.type = BL_WIRE_ACQUIRE,
		.serial = 7,
		.acquire.flags = flags,
	};

	stpcpy(message.acquire.name, name);
	peer_say(peer, &message);
}

void peer_release(int peer, uint32_t id)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_RELEASE,
		.serial = 9,
		.release.id = id,
	};

	peer_say(peer, &message);
}

static ssize_t receive(int peer, uint8_t *bytes, int *fd)
{
	union {
		char space[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { bytes, BL_WIRE_MAX };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t size = recvmsg(peer, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	*fd = -1;
	if (size > 0 && CMSG_FIRSTHDR(&msg)) {
		assert_int_equal(control.align.cmsg_len, CMSG_LEN(sizeof(int)));
		memcpy(fd, CMSG_DATA(&control.align), sizeof(int));
	}
	return size < 0 ? -errno : size;
}

void peer_hears(int peer, uint16_t type, struct bl_wire_message *message,
		int *fd)
{
	uint8_t bytes[BL_WIRE_MAX];
	int got;
	ssize_t size = receive(peer, bytes, &got);

	/* The server has gone without having read everything */
	if (size == -ECONNRESET)
		size = receive(peer, bytes, &got);
	assert_true(size > 0);
	assert_int_equal(bl_wire_decode(bytes, size, message), 0);
	assert_int_equal(message->type, type);
	assert_int_equal(got >= 0, !!fd);
	if (fd)
		*fd = got;
}

void peer_hears_revoked(int peer, uint32_t id, enum barlease_reason reason)
{
	struct bl_wire_message message;

	settle_until_heard(peer);
	peer_hears(peer, BL_WIRE_REVOKED, &message, NULL);
	assert_int_equal(message.revoked.id, id);
	assert_int_equal(message.revoked.reason, reason);
}

void peer_hears_error(int peer, int error)
{
	struct bl_wire_message message;

	peer_hears(peer, BL_WIRE_ERROR, &message, NULL);
	assert_int_equal(message.error.error, error);
	assert_true(message.error.text[0]);
}

bool peer_hears_nothing(int peer)
{
	uint8_t byte;

	return recv(peer, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       errno == EAGAIN;
}

bool peer_is_hung_up(int peer)
{
	uint8_t byte;
	ssize_t size = recv(peer, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	if (size < 0 && errno == ECONNRESET)
		size = recv(peer, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return !size;
}

uint32_t peer_gets(int peer, const char *name, unsigned int flags, int *fd)
{
	struct bl_wire_message message;

	peer_acquire(peer, name, flags);
	settle();
	peer_hears(peer, BL_WIRE_LEASE, &message, fd);
	assert_int_equal(message.serial, 7);
	if (!(flags & BARLEASE_ANY))
		assert_string_equal(message.lease.name, name);
	return message.lease.id;
}

void peer_is_refused(int peer, const char *name, unsigned int flags, int error)
{
	unsigned int refusals = heard.refused;

	peer_acquire(peer, name, flags);
	settle();
	peer_hears_error(peer, error);
	assert_int_equal(heard.refused, refusals + 1);
}
