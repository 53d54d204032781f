// SPDX-License-Identifier: MIT
/*
 * io_uring: what it pins, and what its workers copy
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "look.h"
#include "model.h"
#include "ops.h"
#include "place.h"

#define ENTRIES	4
#define NONE	(-2)	/* this kernel or its administrator has none of it */

static struct io_uring_params params;	/* the same for all rings of this size */

/* Far from the arenas, for the kernel chooses where */
static bool make_ring(struct actor *me)
{
	if (me->ring != -1)
		return me->ring >= 0;
	memset(&params, 0, sizeof(params));
	me->ring = CALL(me, syscall(SYS_io_uring_setup, ENTRIES, &params));
	if (me->ring < 0 || !(params.features & IORING_FEAT_SINGLE_MMAP)) {
		me->ring = NONE;
		return false;
	}
	me->rings = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_POPULATE, me->ring,
			 IORING_OFF_SQ_RING);
	me->sqes = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_POPULATE, me->ring,
			IORING_OFF_SQES);
	if (me->rings == MAP_FAILED || me->sqes == MAP_FAILED)
		me->ring = NONE;
	return me->ring >= 0;
}

static uint32_t *in_ring(const struct actor *me, uint32_t offset)
{
	return (uint32_t *)(me->rings + offset);
}

/* One request; what it has come to, or -EAGAIN */
static int do_one(struct actor *me, const struct io_uring_sqe *sqe)
{
	uint32_t *tail = in_ring(me, params.sq_off.tail);
	uint32_t *head = in_ring(me, params.cq_off.head);
	struct io_uring_cqe *cqes = (void *)(me->rings + params.cq_off.cqes);
	uint32_t slot = *tail & (ENTRIES - 1), seen = *head;
	long ret;
	int res;

	memcpy(me->sqes + slot * sizeof(*sqe), sqe, sizeof(*sqe));
	in_ring(me, params.sq_off.array)[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	do
		ret = CALL(me, syscall(SYS_io_uring_enter, me->ring, 1, 1,
				       IORING_ENTER_GETEVENTS, NULL, 0));
	while (ret < 0 && errno == EINTR &&
	       __atomic_load_n(in_ring(me, params.sq_off.head),
			       __ATOMIC_ACQUIRE) != *tail);
	while (__atomic_load_n(in_ring(me, params.cq_off.tail),
			       __ATOMIC_ACQUIRE) == seen)
		if (CALL(me, syscall(SYS_io_uring_enter, me->ring, 0, 1,
				     IORING_ENTER_GETEVENTS, NULL, 0)) < 0 &&
		    errno != EINTR)
			return -EAGAIN;
	res = cqes[seen & (*in_ring(me, params.cq_off.ring_mask))].res;
	__atomic_store_n(head, seen + 1, __ATOMIC_RELEASE);
	return res;
}

static void write_from(struct actor *me, uint32_t index, uint8_t flags)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE,
		.flags = flags,
		.fd = me->pipe[1],
		.addr = (uintptr_t)address(me, index),
		.len = WORDS * 4,
		.off = -1ull,
	};
	struct moment began = moment_now();
	const struct page *want = wanted(me, index);
	uint32_t words[WORDS];
	int res = do_one(me, &sqe);

	SAY(me, "io_uring writes from page %u: %d", index, res);
	if (res == WORDS * 4 && read(me->pipe[0], words, sizeof(words)) == res)
		judge(me, words, began,
		      want && want->prot & PROT_READ ? want : NULL,
		      "io_uring's write");
}

static void read_into(struct actor *me, uint32_t index, uint8_t flags)
{
	const struct page *want = wanted(me, index);
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ,
		.flags = flags,
		.fd = me->pipe[0],
		.addr = (uintptr_t)address(me, index) + lane(0),
		.len = 4,
		.off = -1ull,
	};
	struct moment began = moment_now();
	uint32_t value;
	int res;

	if (!want || !(want->prot & PROT_WRITE))
		return;
	value = mark(want->gen);
	if (write(me->pipe[1], &value, 4) != 4)
		return;
	res = do_one(me, &sqe);
	SAY(me, "io_uring reads into page %u: %d", index, res);
	if (res == 4)
		judge_access(me, want->gen, began, "io_uring's read");
	else if (read(me->pipe[0], &value, 4) != 4)
		SAY(me, "the pipe is empty");
}

static void advise(struct actor *me, uint32_t index, uint32_t number)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_MADVISE,
		.addr = (uintptr_t)address(me, index),
		.len = PAGE,
		.fadvise_advice = number % 27,
	};
	int res = do_one(me, &sqe);

	SAY(me, "io_uring advises %u of page %u: %d", number % 27, index, res);
}

/* Which a device's memory cannot be: it has no struct pages */
static void pin(struct actor *me, uint32_t index)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE_FIXED,
		.fd = me->pipe[1],
		.addr = (uintptr_t)address(me, index),
		.len = WORDS * 4,
		.off = -1ull,
	};
	struct iovec iov = { address(me, index), PAGE };
	struct moment began = moment_now();
	uint32_t words[WORDS];
	long ret = CALL(me, syscall(SYS_io_uring_register, me->ring,
				    IORING_REGISTER_BUFFERS, &iov, 1));

	SAY(me, "io_uring pins page %u: %ld", index, ret);
	if (do_one(me, &sqe) == WORDS * 4 &&
	    read(me->pipe[0], words, sizeof(words)) == sizeof(words))
		judge(me, words, began, wanted(me, index),
		      "io_uring's fixed buffer");
	if (!ret)
		CALL(me, syscall(SYS_io_uring_register, me->ring,
				 IORING_UNREGISTER_BUFFERS, NULL, 0));
}

void step_ring(struct actor *me, const uint32_t *arg)
{
	uint32_t index = any_page(me, arg[0], arg[1]);
	uint8_t flags = arg[2] & 0x30 ? 0 : IOSQE_ASYNC;

	if (!make_ring(me))
		return;
	switch (arg[2] & 3) {
	case 0:
		pin(me, index);
		break;
	case 1:
		advise(me, index, arg[3]);
		break;
	case 2:
		read_into(me, index, flags);
		break;
	default:
		write_from(me, index, flags);
		break;
	}
}
