// SPDX-License-Identifier: MIT
/*
 * A job of edu-accel copies what it is told to, and nothing outside of it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "accel.h"
#include "clock.h"
#include "fds.h"
#include "kernel.h"
#include "lease.h"
#include "pagetable.h"
#include "tap.h"

#define SIZE	(4 * PAGE)

static void fill(mapping_t at, size_t size, unsigned int seed)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (i * 7 + i / 256 + seed) & 0xff;
}

static size_t differ(mapping_t a, mapping_t b, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += a[i] != b[i];
	return n;
}

static size_t not_zero(mapping_t at, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += at[i] != 0;
	return n;
}

/* Interrupts of the driver, on all CPUs together */
static long interrupts(void)
{
	char line[512];
	long sum = 0;
	FILE *file = fopen("/proc/interrupts", "re");

	while (file && fgets(line, sizeof(line), file)) {
		char *p = strchr(line, ':');
		long n;
		int len;

		if (!p || !strstr(line, ACCEL))
			continue;
		for (p++; sscanf(p, "%ld%n", &n, &len) == 1; p += len)
			sum += n;
	}
	if (file)
		fclose(file);
	return sum;
}

static void from_buffer_to_buffer(int accel)
{
	mapping_t from, to;
	int source = accel_buffer(accel, SIZE, &from);
	int sink = accel_buffer(accel, SIZE, &to);
	uint32_t out = sync_create(accel);
	long before = interrupts();

	is_int(not_zero(from, SIZE), 0, "a buffer is zeroes");
	fill(from, SIZE, 1);
	is_ok(accel_move(accel, source, 0x123, sink, 0x2468, 1000, out),
	      "a job of two copies is queued");
	is_int(sync_status(accel, out), 1, "it is done, says its fence");
	is_int(differ(from + 0x123, to + 0x2468, 1000), 0,
	       "every byte is where it was to go");
	is_int(not_zero(to, 0x2468) + not_zero(to + 0x2468 + 1000,
					       SIZE - 0x2468 - 1000), 0,
	       "and no other");
	is_int(interrupts() - before, 2, "each copy ended by an interrupt");

	is_ok(accel_move(accel, source, PAGE, sink, 2 * PAGE, PAGE, out),
	      "a job of all of the device's memory is queued");
	is_int(sync_status(accel, out), 1, "it is done");
	is_int(differ(from + PAGE, to + 2 * PAGE, PAGE), 0, "every byte");

	unmap(from, SIZE);
	unmap(to, SIZE);
	sync_destroy(accel, out);
}

/* Each waits for the one before, so the last has what the first one took. */
static void in_syncs(int accel)
{
	mapping_t at;
	int buffer = accel_buffer(accel, SIZE, &at);
	uint32_t syncs[] = { sync_create(accel), sync_create(accel) };
	struct drm_edu_accel_copy copies[] = {
		{ .handle = buffer, .size = 64, .offset = PAGE,
		  .direction = EDU_ACCEL_TO_DEVICE },
		{ .handle = buffer, .size = 64, .offset = 2 * PAGE,
		  .direction = EDU_ACCEL_FROM_DEVICE },
	};
	struct drm_edu_accel_submit submit = {
		.copies = (uintptr_t)copies, .nr_copies = 2,
		.in_syncs = (uintptr_t)syncs, .nr_in_syncs = 1,
		.out_sync = syncs[1],
	};

	fill(at, 64, 5);
	is_error(accel_submit(accel, &submit), EINVAL,
		 "a syncobj that has no fence to wait for: EINVAL");
	is_ok(accel_move(accel, buffer, 0, buffer, PAGE, 64, syncs[0]),
	      "a job is queued");
	is_ok(accel_submit(accel, &submit), "and one that waits for it");
	is_int(sync_status(accel, syncs[1]), 1, "the second is done");
	is_int(sync_status(accel, syncs[0]), 1, "the first one, too");
	is_int(differ(at, at + 2 * PAGE, 64), 0, "in this order");

	unmap(at, SIZE);
	sync_destroy(accel, syncs[0]);
	sync_destroy(accel, syncs[1]);
}

static void foreign(int accel)
{
	int dmabuf = foreign_dmabuf(), import = accel_import(accel, dmabuf);
	mapping_t there = map(dmabuf, 0, PAGE, RW), at;
	int buffer = accel_buffer(accel, PAGE, &at);
	uint32_t out = sync_create(accel);

	is_ok(import, "a DMABUF of memory is imported");
	is_int(accel_import(accel, dmabuf), import,
	       "once more it is the same handle");
	fill(there, PAGE, 9);
	is_ok(accel_move(accel, import, 100, buffer, 0, 3000, out),
	      "a job out of it is queued");
	is_int(sync_status(accel, out), 1, "it is done");
	is_int(differ(there + 100, at, 3000), 0, "every byte");
	fill(at, PAGE, 11);
	is_ok(accel_move(accel, buffer, 0, import, 8, 2000, out),
	      "a job into it is queued");
	close(dmabuf);
	is_ok(accel_close_handle(accel, import),
	      "fd and handle are closed meanwhile");
	is_int(sync_status(accel, out), 1, "it is done all the same");
	is_int(differ(there + 8, at, 2000), 0, "every byte");

	unmap(there, PAGE);
	unmap(at, PAGE);
	sync_destroy(accel, out);
}

/* The rest of that is for kernels where a lease can be imported. */
static void lease(int accel)
{
	struct vfio small = vfio_open(dev_small());
	int fd = lease_of(small.device, BAR2, 0, PAGE);
	int ret = accel_import(accel, fd);

	if (kernel_at_least(6, 19))
		ok(ret > 0 || ret == -EOPNOTSUPP,
		   "a lease is imported, or EOPNOTSUPP");
	else
		is_error(ret, EOPNOTSUPP, "a lease: EOPNOTSUPP");
	close(fd);
	vfio_close(&small);
}

/* One thing is wrong with each of them. */
static void bad_copies(int accel)
{
	int handle = accel_create(accel, SIZE);
	static const struct {
		struct drm_edu_accel_copy copy;
		int error;
		const char *what;
	} bad[] = {
		{ { .size = 0 }, EINVAL, "no bytes" },
		{ { .size = PAGE + 1 }, EINVAL, "more than the device has" },
		{ { .size = 1, .device_offset = PAGE }, EINVAL,
		  "past the end of the device's memory" },
		{ { .size = 2, .device_offset = PAGE - 1 }, EINVAL,
		  "across its end" },
		{ { .size = 2, .device_offset = UINT32_MAX }, EINVAL,
		  "far past it" },
		{ { .size = UINT32_MAX, .device_offset = 2 }, EINVAL,
		  "a sum that is 1" },
		{ { .size = 1, .offset = SIZE }, EINVAL,
		  "past the end of the buffer" },
		{ { .size = 2, .offset = SIZE - 1 }, EINVAL,
		  "across its end" },
		{ { .size = 2, .offset = UINT64_MAX }, EINVAL,
		  "far past it" },
		{ { .size = 1, .direction = 2 }, EINVAL, "no such direction" },
		{ { .size = 1, .direction = EDU_ACCEL_FROM_DEVICE }, EINVAL,
		  "what another job has left there" },
		{ { .size = 1, .handle = 12345 }, ENOENT, "no such buffer" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct drm_edu_accel_copy copy = bad[i].copy;

		if (!copy.handle)
			copy.handle = handle;
		is_error(accel_copy(accel, &copy, 1, 0), bad[i].error,
			 "%s: %s", bad[i].what, strerror(bad[i].error));
	}
	is_ok(accel_close_handle(accel, handle), "the buffer is not kept");
}

/* A byte more than was written: two writes with a hole, and one that is short */
static void unwritten(int accel)
{
	int handle = accel_create(accel, SIZE);
	struct drm_edu_accel_copy copies[] = {
		{ .handle = handle, .size = 10 },
		{ .handle = handle, .size = 10, .device_offset = 11 },
		{ .handle = handle, .size = 21,
		  .direction = EDU_ACCEL_FROM_DEVICE },
	};
	uint32_t out = sync_create(accel);

	is_error(accel_copy(accel, copies, 3, out), EINVAL,
		 "a read across a hole in what the job wrote: EINVAL");
	copies[1].device_offset = 10;
	is_error(accel_copy(accel, copies, 3, out), EINVAL,
		 "a read of a byte more: EINVAL");
	copies[2].size = 20;
	is_ok(accel_copy(accel, copies, 3, out),
	      "a read of what two copies wrote");
	is_int(sync_status(accel, out), 1, "is done");
	sync_destroy(accel, out);
	accel_close_handle(accel, handle);
}

static void bad_submits(int accel)
{
	struct drm_edu_accel_copy copies[EDU_ACCEL_MAX_COPIES + 1] = { 0 };
	uint32_t nowhere[EDU_ACCEL_MAX_SYNCS + 1] = { 0 };
	struct drm_edu_accel_submit good = {
		.copies = (uintptr_t)copies, .nr_copies = 1,
		.in_syncs = (uintptr_t)nowhere,
	}, bad;

	for (size_t i = 0; i <= EDU_ACCEL_MAX_COPIES; i++) {
		copies[i].handle = accel_create(accel, PAGE);
		copies[i].size = 1;
	}
	bad = good;
	bad.nr_copies = 0;
	is_error(accel_submit(accel, &bad), EINVAL, "no copy: EINVAL");
	bad.nr_copies = EDU_ACCEL_MAX_COPIES + 1;
	is_error(accel_submit(accel, &bad), EINVAL, "too many: EINVAL");
	bad = good;
	bad.nr_in_syncs = EDU_ACCEL_MAX_SYNCS + 1;
	is_error(accel_submit(accel, &bad), EINVAL,
		 "too many syncobjs: EINVAL");
	bad.nr_in_syncs = 1;
	is_error(accel_submit(accel, &bad), ENOENT,
		 "no such syncobj: ENOENT");
	bad = good;
	bad.pad = 1;
	is_error(accel_submit(accel, &bad), EINVAL, "padding: EINVAL");
	bad = good;
	bad.out_sync = 12345;
	is_error(accel_submit(accel, &bad), ENOENT,
		 "no such syncobj for its fence: ENOENT");
	bad = good;
	bad.copies = 8;
	is_error(accel_submit(accel, &bad), EFAULT,
		 "copies that nobody can read: EFAULT");
	bad = good;
	bad.nr_in_syncs = 1;
	bad.in_syncs = 8;
	is_error(accel_submit(accel, &bad), EFAULT,
		 "syncobjs that nobody can read: EFAULT");
	for (size_t i = 0; i <= EDU_ACCEL_MAX_COPIES; i++)
		accel_close_handle(accel, copies[i].handle);
}

static void bad_buffers(int accel)
{
	is_error(accel_create(accel, 0), EINVAL, "a buffer of nothing: EINVAL");
	is_error(accel_create(accel, EDU_ACCEL_BO_MAX_SIZE + 1), EINVAL,
		 "one that is too large: EINVAL");
	is_error(accel_create(accel, (size_t)-1), EINVAL,
		 "one of all memory that there can be: EINVAL");
	is_ok(accel_create(accel, EDU_ACCEL_BO_MAX_SIZE),
	      "the largest is made");
}

static void power(void)
{
	ok(comes_true(accel_is_suspended()),
	   "with nothing to do the device is suspended");
	is_int(accel_usage(), 0, "nobody uses it");
	is_int(accel_stat("fences_created") - accel_stat("fences_freed"), 0,
	       "every fence is gone");
	is_int(accel_stat("resets"), 0, "it was never reset");
}

int main(void)
{
	int accel;

	accel_bind(ACCEL, NULL);
	accel = accel_open();
	from_buffer_to_buffer(accel);
	in_syncs(accel);
	foreign(accel);
	lease(accel);
	bad_copies(accel);
	unwritten(accel);
	bad_submits(accel);
	bad_buffers(accel);
	close(accel);
	power();
	accel_unbind();
	is_ok(module_unload(ACCEL_MODULE), "the driver is unloaded");
	return tap_done();
}
