// SPDX-License-Identifier: MIT
/*
 * Random reads of a disk by the kernel's driver, past its cache
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "direct.h"
#include "tap.h"
#include "timer.h"

#define SIZE	4096u

/* Reads between two looks at the clock, which is a device where it is emulated */
#define BATCH	64

/**
 * struct reader - a disk, and what it is read by
 * @places: of 4 KiB, on it
 * @depth: reads at a time
 * @data: of each of them
 * @ring: where they are several, fd of an io_uring; the rest is its
 */
struct reader {
	int disk;
	uint64_t places;
	unsigned int depth;
	unsigned char *data;
	int ring;
	struct io_uring_params params;
	struct io_uring_sqe *requests;
	char *rings;
};

static void check(bool good, const char *what)
{
	if (!good)
		bail("%s: %s", what, strerror(errno));
}

static uint64_t somewhere(const struct reader *reader)
{
	return ((uint64_t)random() << 31 ^ random()) % reader->places * SIZE;
}

static uint32_t *in_rings(const struct reader *reader, uint32_t offset)
{
	return (uint32_t *)(reader->rings + offset);
}

static void *map_ring(const struct reader *reader, size_t size, off_t what)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_POPULATE, reader->ring, what);

	check(at != MAP_FAILED, "io_uring");
	return at;
}

static size_t rings_size(const struct io_uring_params *params)
{
	return params->cq_off.cqes +
	       params->cq_entries * sizeof(struct io_uring_cqe);
}

static size_t requests_size(const struct io_uring_params *params)
{
	return params->sq_entries * sizeof(struct io_uring_sqe);
}

static void make_rings(struct reader *reader)
{
	struct io_uring_params *params = &reader->params;

	*params = (struct io_uring_params){
		.flags = IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN,
	};
	reader->ring = syscall(SYS_io_uring_setup, reader->depth, params);
	check(reader->ring >= 0, "io_uring_setup()");
	reader->rings =
		map_ring(reader, rings_size(params), IORING_OFF_SQ_RING);
	reader->requests =
		map_ring(reader, requests_size(params), IORING_OFF_SQES);
	for (uint32_t i = 0; i < params->sq_entries; i++)
		in_rings(reader, params->sq_off.array)[i] = i;
}

static void unmake_rings(struct reader *reader)
{
	munmap(reader->requests, requests_size(&reader->params));
	munmap(reader->rings, rings_size(&reader->params));
	close(reader->ring);
}

static void request(struct reader *reader, unsigned int slot)
{
	uint32_t *tail = in_rings(reader, reader->params.sq_off.tail);

	reader->requests[*tail & (reader->params.sq_entries - 1)] =
		(struct io_uring_sqe){
			.opcode = IORING_OP_READ,
			.fd = reader->disk,
			.addr = (uintptr_t)(reader->data + slot * SIZE),
			.len = SIZE,
			.off = somewhere(reader),
			.user_data = slot,
		};
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
}

/* So many requests are the kernel's now; wait for so many answers at least */
static void enter(const struct reader *reader, unsigned int requests,
		  unsigned int answers)
{
	long ret = syscall(SYS_io_uring_enter, reader->ring, requests, answers,
			   IORING_ENTER_GETEVENTS, NULL, 0);

	check(ret == requests, "io_uring_enter()");
}

static unsigned int slot_of(const struct io_uring_cqe *answer)
{
	errno = answer->res < 0 ? -answer->res : EIO;
	check(answer->res == SIZE, "a read");
	return answer->user_data;
}

/* All answers that are there, and a new request for each; returns how many */
static unsigned int turn_round(struct reader *reader)
{
	const struct io_cqring_offsets *at = &reader->params.cq_off;
	const struct io_uring_cqe *answers = (void *)in_rings(reader, at->cqes);
	uint32_t *head = in_rings(reader, at->head);
	uint32_t nr =
		__atomic_load_n(in_rings(reader, at->tail), __ATOMIC_ACQUIRE) -
		*head;

	for (uint32_t i = *head; i != *head + nr; i++)
		request(reader,
			slot_of(&answers[i & (reader->params.cq_entries - 1)]));
	__atomic_store_n(head, *head + nr, __ATOMIC_RELEASE);
	return nr;
}

static void begin(struct reader *reader, const char *disk, unsigned int depth)
{
	reader->depth = depth;
	reader->disk = open(disk, O_RDONLY | O_DIRECT | O_CLOEXEC);
	check(reader->disk >= 0, disk);
	reader->places = lseek(reader->disk, 0, SEEK_END) / SIZE;
	reader->data = aligned_alloc(SIZE, depth * SIZE);
	check(reader->data, "memory");
	if (depth == 1)
		return;
	make_rings(reader);
	for (unsigned int i = 0; i < depth; i++)
		request(reader, i);
	enter(reader, depth, 1);
}

static void end(struct reader *reader)
{
	if (reader->depth > 1) {
		enter(reader, 0, reader->depth);
		unmake_rings(reader);
	}
	free(reader->data);
	close(reader->disk);
}

static uint64_t one_by_one(const struct reader *reader)
{
	for (int i = 0; i < BATCH; i++)
		check(pread(reader->disk, reader->data, SIZE,
			    somewhere(reader)) == SIZE,
		      "pread()");
	return BATCH;
}

static uint64_t several(struct reader *reader)
{
	uint64_t reads = 0;
	unsigned int n;

	while (reads < BATCH) {
		n = turn_round(reader);
		enter(reader, n, 1);
		reads += n;
	}
	return reads;
}

double direct_reads(const char *disk, unsigned int depth, double seconds)
{
	struct reader reader = { 0 };
	double began, took;
	uint64_t reads = 0;

	begin(&reader, disk, depth);
	began = now_ns();
	do {
		reads += depth > 1 ? several(&reader) : one_by_one(&reader);
		took = (now_ns() - began) / 1e9;
	} while (took < seconds);
	end(&reader);
	return reads / took;
}
