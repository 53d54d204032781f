// SPDX-License-Identifier: MIT
/*
 * Another process that does what it is told
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "message.h"
#include "peer.h"
#include "tap.h"

struct request {
	peer_fn fn;
	long args[4];
	bool wants_fd;
};

static void serve(int sock)
{
	struct request request;
	long result;
	int fd;

	while (message_receive(sock, &request, sizeof(request), &fd)) {
		result = request.fn(fd, request.args);
		if (!message_send(sock, &result, sizeof(result),
				  request.wants_fd && result >= 0 ? result : -1))
			return;
	}
}

/* The socket becomes 3, and nothing else stays open but stdio */
static __attribute__((noreturn)) void be_peer(int sock)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sock != 3) {
		dup2(sock, 3);
		sock = 3;
	}
	close_range(4, ~0u, 0);
	serve(sock);
	_exit(0);
}

struct peer peer_start(void)
{
	int socks[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks))
		bail("socketpair(): %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		bail("fork(): %s", strerror(errno));
	if (!pid)
		be_peer(socks[1]);
	close(socks[1]);
	return (struct peer){ pid, socks[0] };
}

static long become(int fd, const long *args)
{
	(void)fd;
	if (setgroups(0, NULL) || setgid(args[0]) || setuid(args[0]) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* What a change of user takes, and an exec() would give back */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

struct peer peer_start_as(uid_t uid)
{
	struct peer peer = peer_start();
	long ret = peer_call(&peer, become, -1, ARGS(uid));

	if (ret)
		bail("setuid(%u): %s", uid, strerror(-ret));
	return peer;
}

void peer_stop(struct peer *peer)
{
	close(peer->sock);
	waitpid(peer->pid, NULL, 0);
	*peer = (struct peer){ -1, -1 };
}

void peer_kill(struct peer *peer)
{
	kill(peer->pid, SIGKILL);
	peer_stop(peer);
}

static void begin(const struct peer *peer, peer_fn fn, int fd, const long *args,
		  bool wants_fd)
{
	struct request request = { .fn = fn, .wants_fd = wants_fd };

	if (args)
		memcpy(request.args, args, sizeof(request.args));
	if (!message_send(peer->sock, &request, sizeof(request), fd))
		bail("the other process is gone");
}

static long end(const struct peer *peer, int *fd)
{
	long result;

	if (!message_receive(peer->sock, &result, sizeof(result), fd))
		bail("the other process died");
	return result;
}

void peer_begin(const struct peer *peer, peer_fn fn, int fd, const long *args)
{
	begin(peer, fn, fd, args, false);
}

long peer_result(const struct peer *peer)
{
	int fd;

	return end(peer, &fd);
}

bool peer_is_done(const struct peer *peer, int timeout_ms)
{
	struct pollfd poll_in = { .fd = peer->sock, .events = POLLIN };

	return poll(&poll_in, 1, timeout_ms) == 1;
}

long peer_call(const struct peer *peer, peer_fn fn, int fd, const long *args)
{
	peer_begin(peer, fn, fd, args);
	return peer_result(peer);
}

int peer_get_fd(const struct peer *peer, peer_fn fn, int fd, const long *args)
{
	long result;
	int got;

	begin(peer, fn, fd, args, true);
	result = end(peer, &got);
	return result < 0 ? result : got;
}

static long do_map(int fd, const long *args)
{
	void *at = mmap(NULL, args[1], args[2], MAP_SHARED, fd, args[0]);
	long result = at == MAP_FAILED ? -errno : (long)at;

	close(fd);
	return result;
}

/* What do_map() returns may be an address in the upper half of 32 bits. */
static bool is_errno(long at)
{
	return at < 0 && at >= -4095;
}

mapping_t peer_map(const struct peer *peer, int fd, uint64_t offset,
		   size_t size, int prot)
{
	long at = peer_call(peer, do_map, fd, ARGS(offset, size, prot));

	if (is_errno(at))
		bail("mmap() of %#zx bytes in another process: %s", size,
		     strerror(-at));
	return (mapping_t)at;
}

int peer_try_map(const struct peer *peer, int fd, uint64_t offset, size_t size,
		 int prot)
{
	long at = peer_call(peer, do_map, fd, ARGS(offset, size, prot));

	if (is_errno(at))
		return at;
	peer_unmap(peer, (mapping_t)at, size);
	return 0;
}

static long do_unmap(int fd, const long *args)
{
	(void)fd;
	return munmap((void *)args[0], args[1]) ? -errno : 0;
}

void peer_unmap(const struct peer *peer, mapping_t at, size_t size)
{
	long ret = peer_call(peer, do_unmap, -1, ARGS((long)at, size));

	if (ret)
		bail("munmap() in another process: %s", strerror(-ret));
}

#define GOT_SIGBUS	(-EFAULT)

static long do_read32(int fd, const long *args)
{
	uint32_t value;

	(void)fd;
	return read32((mapping_t)args[0], &value) ? (long)value : GOT_SIGBUS;
}

bool peer_read32(const struct peer *peer, const volatile void *at,
		 uint32_t *value)
{
	long result = peer_call(peer, do_read32, -1, ARGS((long)at));

	if (result == GOT_SIGBUS)
		return false;
	*value = result;
	return true;
}

static long do_pages_present(int fd, const long *args)
{
	(void)fd;
	return pages_present((mapping_t)args[0], args[1]);
}

size_t peer_pages_present(const struct peer *peer, const volatile void *at,
			  size_t size)
{
	return peer_call(peer, do_pages_present, -1, ARGS((long)at, size));
}

static long do_pages_cached(int fd, const long *args)
{
	(void)fd;
	return pages_cached((mapping_t)args[0], args[1], args[2]);
}

size_t peer_pages_cached(const struct peer *peer, const volatile void *at,
			 size_t size, enum cache_mode mode)
{
	return peer_call(peer, do_pages_cached, -1,
			 ARGS((long)at, size, mode));
}

bool peer_reads(const struct peer *peer, const volatile void *at, uint32_t want,
		const char *name, ...)
{
	uint32_t value = 0;
	bool done = peer_read32(peer, at, &value), pass;
	va_list args;

	va_start(args, name);
	pass = is_read(done, value, want, name, args);
	va_end(args);
	return pass;
}

bool peer_sigbus(const struct peer *peer, const volatile void *at,
		 const char *name, ...)
{
	uint32_t value = 0;
	bool done = peer_read32(peer, at, &value), pass;
	va_list args;

	va_start(args, name);
	pass = is_sigbus(done, value, name, args);
	va_end(args);
	return pass;
}
