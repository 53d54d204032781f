// SPDX-License-Identifier: MIT
/*
 * Preloaded into a program: the call number FAIL_NTH of all that may lack memory or
 * file descriptors fails, and its name is written to the descriptor FAIL_FD
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* glibc's own, which dlsym() itself needs */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nr, size_t size);
void *__libc_realloc(void *at, size_t size);

static atomic_int left;
static int report = -1;

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

void *malloc(size_t size)
{
	return fails("malloc", ENOMEM) ? NULL : __libc_malloc(size);
}

void *calloc(size_t nr, size_t size)
{
	return fails("calloc", ENOMEM) ? NULL : __libc_calloc(nr, size);
}

void *realloc(void *at, size_t size)
{
	return fails("realloc", ENOMEM) ? NULL : __libc_realloc(at, size);
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
