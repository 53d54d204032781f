// SPDX-License-Identifier: MIT
/*
 * A lease as what system calls copy from and to
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "look.h"
#include "model.h"
#include "ops.h"
#include "place.h"

#define SIZE	(WORDS * sizeof(uint32_t))

/* A page of which it is known what is there, and that it may be read */
static const struct page *readable(const struct actor *me, uint32_t index)
{
	const struct page *want = wanted(me, index);

	return want && want->prot & PROT_READ ? want : NULL;
}

/* --- between the memory of processes --- */

static void read_self(struct actor *me, const uint32_t *arg)
{
	uint32_t words[4][WORDS], index[4];
	struct moment began = moment_now();
	struct iovec here[4], there[4];
	ssize_t n;

	memset(words, 0, sizeof(words));
	for (int i = 0; i < 4; i++) {
		index[i] = any_page(me, arg[i], arg[(i + 1) % 4]);
		here[i] = (struct iovec){ words[i], SIZE };
		there[i] = (struct iovec){ address(me, index[i]), SIZE };
	}
	n = CALL(me, process_vm_readv(getpid(), here, 4, there, 4, 0));
	SAY(me, "process_vm_readv() of pages %u, %u, %u, %u: %zd", index[0],
	    index[1], index[2], index[3], n);
	for (int i = 0; i < 4 && n >= (ssize_t)SIZE; i++, n -= SIZE)
		judge(me, words[i], began, readable(me, index[i]),
		      "process_vm_readv()");
}

void step_read_self(struct actor *me, const uint32_t *arg)
{
	many(me, arg, read_self);
}

/* A mark of what is there, if that is known, and may be written */
static bool can_mark(const struct actor *me, uint32_t index)
{
	const struct page *want = wanted(me, index);

	return want && want->prot & PROT_WRITE;
}

static void *lane_at(const struct actor *me, uint32_t index, uint32_t which)
{
	return (uint8_t *)address(me, index) + lane(which);
}

static void write_self(struct actor *me, const uint32_t *arg)
{
	uint32_t index = any_page(me, arg[0], arg[1]), value;
	struct moment began = moment_now();
	struct iovec mine, there;
	ssize_t n;

	if (!can_mark(me, index))
		return;
	value = mark(me->pages[index].gen);
	mine = (struct iovec){ &value, 4 };
	there = (struct iovec){ lane_at(me, index, arg[2]), 4 };
	if (arg[3] & 1)
		n = CALL(me, process_vm_writev(getpid(), &mine, 1, &there, 1,
					       0));
	else
		n = CALL(me, process_vm_readv(getpid(), &there, 1, &mine, 1,
					      0));
	SAY(me, "%s of page %u: %zd",
	    arg[3] & 1 ? "process_vm_writev()" : "process_vm_readv() into",
	    index, n);
	if (n == 4)
		judge_access(me, me->pages[index].gen, began,
			     "process_vm_*()");
}

void step_write_self(struct actor *me, const uint32_t *arg)
{
	many(me, arg, write_self);
}

static pid_t someone(const struct actor *me, uint32_t number)
{
	return number & 1 ? owner_pid : client_pid[!me->client];
}

/* By the call, and by the file; whatever comes is as good as if it were read */
void step_read_other(struct actor *me, const uint32_t *arg)
{
	uint32_t words[WORDS] = { 0 }, index = any_page(me, arg[0], arg[1]);
	struct actor *other = &actors[FIRST_THREAD + arg[2] % (ACTORS - FIRST_THREAD)];
	struct moment began = moment_now();
	struct iovec here = { words, SIZE };
	struct iovec there = { address(other, index), SIZE };
	pid_t pid = someone(me, arg[3]);
	char path[64];
	ssize_t n;
	int fd;

	n = CALL(me, process_vm_readv(pid, &here, 1, &there, 1, 0));
	SAY(me, "process_vm_readv() of process %d: %zd", pid, n);
	if (n > 0)
		escape(me, "process_vm_readv() of another user's process %d: %#x %#x",
		       pid, words[0], words[1]);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = CALL(me, open(path, (arg[3] & 2 ? O_RDWR : O_RDONLY) | O_CLOEXEC));
	if (fd < 0)
		return;
	n = CALL(me, pread(fd, words, SIZE, (uintptr_t)there.iov_base));
	if (n > 0)
		escape(me, "%s: %#x %#x", path, words[0], words[1]);
	judge(me, words, began, NULL, path);
	close(fd);
}

void step_proc_mem(struct actor *me, const uint32_t *arg)
{
	uint32_t words[WORDS] = { 0 }, index = any_page(me, arg[0], arg[1]);
	int fd = CALL(me, open("/proc/self/mem", O_RDWR | O_CLOEXEC));
	struct moment began = moment_now();
	uint32_t value;
	ssize_t n;

	if (fd < 0)
		return;
	n = CALL(me, pread(fd, words, SIZE, (uintptr_t)address(me, index)));
	SAY(me, "/proc/self/mem, page %u: %zd", index, n);
	if (n == (ssize_t)SIZE)
		judge(me, words, began, readable(me, index), "/proc/self/mem");
	if (can_mark(me, index)) {
		value = mark(me->pages[index].gen);
		n = CALL(me, pwrite(fd, &value, 4,
				    (uintptr_t)lane_at(me, index, arg[2])));
		if (n == 4)
			judge_access(me, me->pages[index].gen, began,
				     "a write to /proc/self/mem");
	}
	close(fd);
}

/* --- through a pipe --- */

static void drain(struct actor *me)
{
	while (CALL(me, read(me->pipe[0], scratch(), 4096)) > 0)
		;
}

static void out_by_pipe(struct actor *me, const uint32_t *arg)
{
	uint32_t words[WORDS] = { 0 }, index = any_page(me, arg[0], arg[1]);
	struct iovec iov = { address(me, index), SIZE };
	struct moment began = moment_now();
	static const char *const hows[] = { "write()", "vmsplice()",
					    "vmsplice() as a gift" };
	uint32_t how = arg[2] % 3;
	ssize_t n;

	if (how == 2)
		iov.iov_len = PAGE;
	n = how ? CALL(me, vmsplice(me->pipe[1], &iov, 1, SPLICE_F_NONBLOCK |
				    (how == 2 ? SPLICE_F_GIFT : 0))) :
		  CALL(me, write(me->pipe[1], iov.iov_base, SIZE));
	SAY(me, "%s of page %u: %zd", hows[how], index, n);
	if (n >= (ssize_t)SIZE &&
	    CALL(me, read(me->pipe[0], words, SIZE)) == (ssize_t)SIZE)
		judge(me, words, began, readable(me, index), hows[how]);
}

static void in_by_pipe(struct actor *me, const uint32_t *arg)
{
	uint32_t index = any_page(me, arg[0], arg[1]), value;
	struct moment began;
	struct iovec iov;
	ssize_t n;

	if (!can_mark(me, index))
		return;
	value = mark(me->pages[index].gen);
	if (CALL(me, write(me->pipe[1], &value, 4)) != 4)
		return;
	iov = (struct iovec){ lane_at(me, index, arg[2] >> 4), 4 };
	began = moment_now();
	n = arg[2] & 1 ? CALL(me, vmsplice(me->pipe[0], &iov, 1, 0)) :
			 CALL(me, readv(me->pipe[0], &iov, 1));
	SAY(me, "a pipe read into page %u: %zd", index, n);
	if (n == 4)
		judge_access(me, me->pages[index].gen, began,
			     "a read from a pipe");
}

static void one_pipe(struct actor *me, const uint32_t *arg)
{
	if (arg[3] & 1)
		in_by_pipe(me, arg);
	else
		out_by_pipe(me, arg);
	drain(me);
}

void step_pipe(struct actor *me, const uint32_t *arg)
{
	many(me, arg, one_pipe);
}

/* A lease as a file has no bytes */
static void one_splice(struct actor *me, const uint32_t *arg)
{
	struct held *held = any_held(me, arg[0]);
	off_t offset = (arg[1] & 0xff) * PAGE;
	ssize_t n = -1;

	if (!held)
		return;
	switch (arg[2] % 5) {
	case 0:
		n = CALL(me, splice(held->fd, NULL, me->pipe[1], NULL, PAGE,
				    SPLICE_F_NONBLOCK));
		break;
	case 1:
		n = CALL(me, sendfile(me->pipe[1], held->fd, &offset, PAGE));
		break;
	case 2:
		n = CALL(me, tee(held->fd, me->pipe[1], PAGE,
				 SPLICE_F_NONBLOCK));
		break;
	case 3:
		n = CALL(me, copy_file_range(held->fd, &offset, me->pipe[1],
					     NULL, PAGE, 0));
		break;
	default:
		if (CALL(me, write(me->pipe[1], &offset, 8)) == 8)
			n = CALL(me, splice(me->pipe[0], NULL, held->fd, NULL,
					    8, SPLICE_F_NONBLOCK));
		break;
	}
	SAY(me, "splice %u of lease %u: %zd", arg[2] % 5, held->gen, n);
	if (n > 0)
		escape(me, "splice(), sendfile() or the like (%u) of lease %u: %zd bytes",
		       arg[2] % 5, held->gen, n);
	drain(me);
}

void step_splice(struct actor *me, const uint32_t *arg)
{
	many(me, arg, one_splice);
}

/* --- a disk's DMA to and from it --- */

static void to_disk(struct actor *me, uint32_t index, uint64_t block)
{
	struct moment began = moment_now();
	uint32_t *words = scratch();

	if (CALL(me, pwrite(disk, address(me, index), 512, block)) != 512)
		return;
	if (CALL(me, pread(disk, words, 512, block)) == 512)
		judge(me, words, began, readable(me, index),
		      "a write with O_DIRECT");
}

static void from_disk(struct actor *me, uint32_t index, uint64_t block)
{
	struct moment began = moment_now();
	uint32_t *words = scratch();

	if (!can_mark(me, index))
		return;
	for (int i = 0; i < 128; i++)
		words[i] = mark(me->pages[index].gen);
	if (CALL(me, pwrite(disk, words, 512, block)) == 512 &&
	    CALL(me, pread(disk, lane_at(me, index, 1), 512, block)) == 512)
		judge_access(me, me->pages[index].gen, began,
			     "a read with O_DIRECT");
}

void step_direct(struct actor *me, const uint32_t *arg)
{
	uint32_t index = any_page(me, arg[0], arg[1]);
	uint64_t block = me->index * 4096;

	if (disk < 0)
		return;
	SAY(me, "O_DIRECT, %s page %u", arg[2] & 1 ? "from" : "to", index);
	if (arg[2] & 1)
		to_disk(me, index, block);
	else
		from_disk(me, index, block);
}
