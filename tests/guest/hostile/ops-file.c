// SPDX-License-Identifier: MIT
/*
 * A lease as a file, and as a DMABUF
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/dma-buf.h>
#include <linux/vfio.h>

#include "model.h"
#include "ops.h"
#include "place.h"

static void poll_it(struct actor *me, int fd)
{
	struct pollfd polled = { fd, POLLIN | POLLOUT, 0 };
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	CALL(me, poll(&polled, 1, 0));
	if (epoll < 0)
		return;
	CALL(me, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	CALL(me, epoll_wait(epoll, &event, 1, 0));
	close(epoll);
}

/* Bytes that came, or went, without having been mapped */
static ssize_t as_bytes(struct actor *me, int fd, const uint32_t *arg)
{
	switch (arg[2] % 4) {
	case 0:
		return CALL(me, read(fd, scratch(), 64));
	case 1:
		return CALL(me, pread(fd, scratch(), 64, arg[3] % 64));
	case 2:
		return CALL(me, write(fd, scratch(), 4));
	default:
		return CALL(me, pwrite(fd, scratch(), 4, arg[3] % 64));
	}
}

static int set_up(struct actor *me, int fd, const uint32_t *arg)
{
	struct stat stat;

	switch (arg[2] % 12) {
	case 0:
		return CALL(me, lseek(fd, arg[3], arg[3] % 5));
	case 1:
		return CALL(me, ftruncate(fd, arg[3]));
	case 2:
		return CALL(me, fallocate(fd, arg[3] % 128, 0, arg[3]));
	case 3:
		return CALL(me, fcntl(fd, F_SETFL, arg[3] & 1 ? O_APPEND :
							       O_NONBLOCK));
	case 4:
		return CALL(me, fcntl(fd, F_ADD_SEALS, arg[3] % 32));
	case 5:
		return CALL(me, fcntl(fd, F_SETLEASE, arg[3] % 3));
	case 6:
		return CALL(me, flock(fd, LOCK_NB | (arg[3] & 1 ? LOCK_EX :
							       LOCK_UN)));
	case 7:
		return CALL(me, fsync(fd));
	case 8:
		return CALL(me, fstat(fd, &stat));
	case 9:
		return CALL(me, fchmod(fd, 0777));
	case 10:
		return CALL(me, syscall(SYS_sync_file_range, fd, 0, PAGE,
					arg[3] % 8));
	default:
		return CALL(me, posix_fadvise(fd, 0, PAGE, arg[3] % 7));
	}
}

static void one_file(struct actor *me, const uint32_t *arg)
{
	struct held *held = any_held(me, arg[0]);
	ssize_t n;

	if (!held)
		return;
	switch (arg[1] % 4) {
	case 0:
		poll_it(me, held->fd);
		break;
	case 1:
		n = as_bytes(me, held->fd, arg);
		SAY(me, "lease %u as bytes, %u: %zd", held->gen, arg[2] % 4, n);
		if (n > 0)
			escape(me, "read() or write() (%u) of lease %u: %zd bytes",
			       arg[2] % 4, held->gen, n);
		break;
	default:
		n = set_up(me, held->fd, arg);
		SAY(me, "lease %u as a file, %u: %zd", held->gen, arg[2] % 12,
		    n);
		break;
	}
}

void step_file(struct actor *me, const uint32_t *arg)
{
	many(me, arg, one_file);
}

/* --- calls of a DMABUF --- */

static int sync_file(struct actor *me, int fd, uint32_t flags)
{
	struct dma_buf_export_sync_file out = { .flags = flags };
	struct dma_buf_import_sync_file in = { .flags = flags };
	int ret = CALL(me, ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &out));

	if (ret)
		return ret;
	in.fd = out.fd;
	ret = CALL(me, ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &in));
	close(out.fd);
	return ret;
}

static int name_it(struct actor *me, int fd, uint32_t number)
{
	char name[40];

	snprintf(name, sizeof(name), "%u of client %d with a longer name",
		 number, me->client);
	name[number % sizeof(name)] = '\0';
	return CALL(me, ioctl(fd, DMA_BUF_SET_NAME, name));
}

static void one_dma_buf(struct actor *me, const uint32_t *arg)
{
	struct held *held = any_held(me, arg[0]);
	struct dma_buf_sync sync = { .flags = arg[2] % 16 };
	int ret;

	if (!held)
		return;
	switch (arg[1] % 3) {
	case 0:
		ret = CALL(me, ioctl(held->fd, DMA_BUF_IOCTL_SYNC, &sync));
		break;
	case 1:
		ret = sync_file(me, held->fd, arg[2] % 5);
		break;
	default:
		ret = name_it(me, held->fd, arg[2]);
		break;
	}
	SAY(me, "lease %u as a DMABUF, %u: %d", held->gen, arg[1] % 3, ret);
}

void step_dma_buf(struct actor *me, const uint32_t *arg)
{
	many(me, arg, one_dma_buf);
}

/* Any number, with any bytes; those that would make an fd are above */
static void one_ioctl(struct actor *me, const uint32_t *arg)
{
	struct held *held = any_held(me, arg[0]);
	unsigned long number;
	void *bytes = scratch();
	int ret;

	if (!held)
		return;
	for (int i = 0; i < 16; i++)
		((uint32_t *)bytes)[i] = arg[i % 4] >> i % 8;
	if (arg[1] & 1)
		number = _IO(VFIO_TYPE, VFIO_BASE + arg[2] % 30);
	else
		number = _IOC(arg[2] & 3, DMA_BUF_BASE, arg[2] >> 2 & 7,
			      arg[2] >> 8 & 0x1f);
	if (number == DMA_BUF_IOCTL_EXPORT_SYNC_FILE)
		return;
	/* The argument may lie in a lease itself */
	if (!(arg[3] & 7))
		bytes = address(me, any_page(me, arg[2], arg[3]));
	ret = CALL(me, ioctl(held->fd, number, bytes));
	SAY(me, "lease %u, ioctl %#lx: %d", held->gen, number, ret);
	if (!ret && arg[1] & 1)
		escape(me, "VFIO's call %#lx of lease %u went well", number,
		       held->gen);
}

void step_ioctl(struct actor *me, const uint32_t *arg)
{
	many(me, arg, one_ioctl);
}

/* By its name in /proc, and by an fd that is a path and nothing else */
void step_reopen(struct actor *me, const uint32_t *arg)
{
	static const int flags[] = { O_PATH, O_PATH, O_RDWR, O_RDONLY, O_WRONLY,
				     O_RDWR | O_TRUNC };
	struct held *held = any_held(me, arg[0]);
	int flag = flags[arg[1] % 6], fd;
	char path[64];
	void *got;

	if (!held)
		return;
	snprintf(path, sizeof(path), "/proc/%s/fd/%d",
		 arg[2] & 1 ? "thread-self" : "self", held->fd);
	fd = CALL(me, open(path, flag | O_CLOEXEC));
	SAY(me, "open %s, lease %u, flags %#x: %d", path, held->gen, flag, fd);
	if (fd < 0)
		return;
	if (flag != O_PATH)
		escape(me, "%s of lease %u can be opened", path, held->gen);
	got = CALL(me, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	if (got != MAP_FAILED)
		escape(me, "an O_PATH descriptor of lease %u can be mapped",
		       held->gen);
	/* The file is gone, and its path is there */
	if (arg[3] & 1) {
		close(held->fd);
		held->gen = 0;
		CALL(me, fcntl(fd, F_GETFL));
	}
	close(fd);
}
