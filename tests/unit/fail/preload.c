// SPDX-License-Identifier: MIT
/*
 * Preloaded into a program: the call number FAIL_NTH of all that may lack memory or
 * file descriptors fails, and its name is written to the descriptor FAIL_FD
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A program may have it wait (preload.h).
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "preload.h"

static atomic_int left;
static atomic_long blocks;
static int report = -1;

int fail_after(int calls)
{
	return atomic_exchange(&left, calls);
}

long fail_blocks(void)
{
	return atomic_load(&blocks);
}

/* What the program runs is another program, with nothing that fails. */
__attribute__((constructor)) static void from_environment(void)
{
	const char *nth = getenv("FAIL_NTH"), *fd = getenv("FAIL_FD");

	if (!nth || !fd)
		return;
	report = atoi(fd);
	unsetenv("LD_PRELOAD");
	fcntl(report, F_SETFD, FD_CLOEXEC);
	atomic_store(&left, atoi(nth));
}

static bool fails(const char *name, int error)
{
	if (atomic_load(&left) <= 0 || atomic_fetch_sub(&left, 1) != 1)
		return false;
	if (write(report, name, strlen(name)) < 0)
		abort();
	errno = error;
	return true;
}

static void *counted(void *at)
{
	atomic_fetch_add(&blocks, !!at);
	return at;
}

void *malloc(size_t size)
{
	return fails("malloc", ENOMEM) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t nr, size_t size)
{
	return fails("calloc", ENOMEM) ? NULL : counted(__libc_calloc(nr, size));
}

/* One block stays one */
void *realloc(void *at, size_t size)
{
	if (fails("realloc", ENOMEM))
		return NULL;
	return at ? __libc_realloc(at, size) : counted(__libc_malloc(size));
}

void free(void *at)
{
	atomic_fetch_sub(&blocks, !!at);
	__libc_free(at);
}

#define NEXT(name)	((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

int socket(int domain, int type, int protocol)
{
	return fails("socket", EMFILE) ? -1 : NEXT(socket)(domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
	return fails("socketpair", EMFILE) ? -1 : NEXT(socketpair)(domain, type, protocol, fds);
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
	return fails("accept4", EMFILE) ? -1 : NEXT(accept4)(fd, address, length, flags);
}

int accept(int fd, struct sockaddr *address, socklen_t *length)
{
	return fails("accept", EMFILE) ? -1 : NEXT(accept)(fd, address, length);
}

int pipe2(int fds[2], int flags)
{
	return fails("pipe2", EMFILE) ? -1 : NEXT(pipe2)(fds, flags);
}

int dup(int fd)
{
	return fails("dup", EMFILE) ? -1 : NEXT(dup)(fd);
}

/* Of all that it does, only this wants a new descriptor */
int fcntl(int fd, int what, ...)
{
	va_list args;
	void *arg;

	va_start(args, what);
	arg = va_arg(args, void *);
	va_end(args);
	if (what == F_DUPFD_CLOEXEC && fails("fcntl", EMFILE))
		return -1;
	return NEXT(fcntl)(fd, what, arg);
}

int memfd_create(const char *name, unsigned int flags)
{
	return fails("memfd_create", EMFILE) ? -1 : NEXT(memfd_create)(name, flags);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
	return fails("fallocate", ENOSPC) ? -1 : NEXT(fallocate)(fd, mode, offset, length);
}

void *mmap(void *at, size_t length, int prot, int flags, int fd, off_t offset)
{
	if (fails("mmap", ENOMEM))
		return MAP_FAILED;
	return NEXT(mmap)(at, length, prot, flags, fd, offset);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*run)(void *arg), void *arg)
{
	if (fails("pthread_create", EAGAIN))
		return errno;
	return NEXT(pthread_create)(thread, attr, run, arg);
}

/* There is no room for the descriptors of a message, which comes without them */
static void lose(struct msghdr *msg)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(msg);
	int fd;

	if (!header || header->cmsg_type != SCM_RIGHTS || !fails("recvmsg", 0))
		return;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	close(fd);
	msg->msg_controllen = 0;
	msg->msg_flags |= MSG_CTRUNC;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t size = NEXT(recvmsg)(fd, msg, flags);

	if (size >= 0)
		lose(msg);
	return size;
}

int eventfd(unsigned int value, int flags)
{
	return fails("eventfd", EMFILE) ? -1 : NEXT(eventfd)(value, flags);
}

int epoll_create1(int flags)
{
	return fails("epoll_create1", EMFILE) ? -1 : NEXT(epoll_create1)(flags);
}

int timerfd_create(int clock, int flags)
{
	return fails("timerfd_create", EMFILE) ? -1 : NEXT(timerfd_create)(clock, flags);
}

int inotify_init1(int flags)
{
	return fails("inotify_init1", EMFILE) ? -1 : NEXT(inotify_init1)(flags);
}

/* The mode matters where it creates a file, and does no harm elsewhere. */
static mode_t mode_of(va_list args, int flags)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(args, flags);
	va_end(args);
	return fails("open", EMFILE) ? -1 : NEXT(open)(path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(args, flags);
	va_end(args);
	return fails("openat", EMFILE) ? -1 : NEXT(openat)(at, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	return fails("fopen", EMFILE) ? NULL : NEXT(fopen)(path, mode);
}

FILE *fdopen(int fd, const char *mode)
{
	return fails("fdopen", ENOMEM) ? NULL : NEXT(fdopen)(fd, mode);
}

DIR *opendir(const char *path)
{
	return fails("opendir", EMFILE) ? NULL : NEXT(opendir)(path);
}
