// SPDX-License-Identifier: MIT
/*
 * A device that moves data into and out of a lease, by DMA, loses it with the
 * revoke: whether its job runs then or is queued, not a byte changes after that
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "accel.h"
#include "clock.h"
#include "importer.h"
#include "lease.h"
#include "tap.h"
#include "vfio.h"

#define TIMES	100
#define WORDS	(PAGE / 4)
#define COPIES	EDU_ACCEL_MAX_COPIES
/* For which a revoked slice is to stay as it is */
#define A_SECOND_US 1000000

enum state { RUNNING, QUEUED, STATES };

static const char *const names[] = { "running", "queued" };

/**
 * struct slice - a page of the BAR, and what was in it right after the revoke
 * @lease: of it
 * @handle: the accelerator's, of the lease
 * @at: in the owner's map of the BAR
 * @after: its content
 * @revoked_at: when the revoke had returned
 */
struct slice {
	int lease;
	int handle;
	volatile uint32_t *at;
	uint32_t after[WORDS];
	int64_t revoked_at;
};

static struct slice slices[STATES][TIMES];

static struct {
	struct vfio small;
	mapping_t bar;
	int accel;
	int buffer;		/* a handle; what jobs write to slices */
	int other;		/* a handle; of no interest */
	volatile uint32_t *at;	/* of buffer */
	uint32_t first, second;	/* syncobjs */
} all;

static uint32_t before(size_t i)
{
	return 0xa0000000u + i;
}

static uint32_t written(size_t i)
{
	return 0xb0000000u + i;
}

static void slice_make(struct slice *slice, size_t page)
{
	slice->lease = lease_of(all.small.device, BAR2, page * PAGE, PAGE);
	slice->at = (void *)(uintptr_t)(all.bar + page * PAGE);
	for (size_t i = 0; i < WORDS; i++)
		slice->at[i] = before(i);
	slice->handle = accel_import(all.accel, slice->lease);
	if (slice->handle < 0)
		bail("edu-accel does not get a lease: %s",
		     strerror(-slice->handle));
}

static size_t count(const struct slice *slice, uint32_t (*word)(size_t i))
{
	size_t n = 0;

	for (size_t i = 0; i < WORDS; i++)
		n += slice->at[i] == word(i);
	return n;
}

/* Out of a buffer and into the slice, again and again */
static int queue_writes(const struct slice *slice, uint32_t out)
{
	struct drm_edu_accel_copy copy[COPIES];

	for (int i = 0; i < COPIES; i++)
		copy[i] = (struct drm_edu_accel_copy) {
			.handle = i ? slice->handle : all.buffer,
			.direction = i ? EDU_ACCEL_FROM_DEVICE :
					 EDU_ACCEL_TO_DEVICE,
			.size = PAGE,
		};
	return accel_copy(all.accel, copy, COPIES, out);
}

static void both_ways(void)
{
	struct slice slice;

	slice_make(&slice, 0);
	is_ok(accel_move(all.accel, slice.handle, 0, all.buffer, 0, PAGE,
			 all.first),
	      "a job out of a lease is queued");
	is_int(sync_status(all.accel, all.first), 1, "it is done");
	is_int(memcmp((void *)(uintptr_t)all.at, (void *)(uintptr_t)slice.at,
		      PAGE), 0, "every byte is right");
	for (size_t i = 0; i < WORDS; i++)
		all.at[i] = written(i);
	is_ok(accel_move(all.accel, all.buffer, 0, slice.handle, 0, PAGE,
			 all.first),
	      "a job into it is queued");
	is_int(sync_status(all.accel, all.first), 1, "it is done");
	is_int(count(&slice, written), WORDS, "every byte is right");
	is_ok(lease_revoke(all.small.device, slice.lease), "it is revoked");
	accel_close_handle(all.accel, slice.handle);
	close(slice.lease);
}

/* The slice's first word tells that the job has come so far. */
static bool begin_running(const struct slice *slice)
{
	return !queue_writes(slice, all.first) &&
	       comes_true(slice->at[0] == written(0));
}

/* Behind one that has nothing to do with it */
static bool begin_queued(const struct slice *slice)
{
	return !accel_move(all.accel, all.buffer, 0, all.other, 0, PAGE,
			   all.second) &&
	       !queue_writes(slice, all.first);
}

static bool revoke_slice(struct slice *slice)
{
	bool ret = !lease_revoke(all.small.device, slice->lease);

	slice->revoked_at = now_us();
	for (size_t i = 0; i < WORDS; i++)
		slice->after[i] = slice->at[i];
	return ret;
}

/**
 * struct tally - of one state
 * @begun: jobs that were in it
 * @revoked: leases that were revoked then
 * @failed: jobs that ended with ENODEV
 * @refused: jobs after that, refused with ENODEV
 * @moved: bytes that jobs had written by then
 * @changed: bytes that changed after the revoke
 */
struct tally {
	int begun, revoked, failed, refused;
	size_t moved, changed;
};

static void once(enum state state, struct slice *slice, struct tally *tally)
{
	tally->begun += state == RUNNING ? begin_running(slice) :
					   begin_queued(slice);
	tally->revoked += revoke_slice(slice);
	tally->moved += 4 * count(slice, written);
	tally->failed += sync_status(all.accel, all.first) == -ENODEV;
	tally->refused += queue_writes(slice, 0) == -ENODEV;
	if (state == QUEUED && sync_status(all.accel, all.second) != 1)
		bail("the job in front of it was not done");
	accel_close_handle(all.accel, slice->handle);
}

static size_t changed(const struct slice *slice)
{
	size_t n = 0;

	while (now_us() < slice->revoked_at + A_SECOND_US)
		sleep_ms(10);
	for (size_t i = 0; i < WORDS; i++)
		n += 4 * (slice->at[i] != slice->after[i]);
	close(slice->lease);
	return n;
}

static void in_state(enum state state)
{
	struct tally tally = { 0 };

	for (size_t i = 0; i < TIMES; i++) {
		slice_make(&slices[state][i], 1 + state * TIMES + i);
		once(state, &slices[state][i], &tally);
	}
	for (size_t i = 0; i < TIMES; i++)
		tally.changed += changed(&slices[state][i]);

	diag("%s: %d jobs revoked, %zu bytes moved, %zu changed after that",
	     names[state], tally.revoked, tally.moved, tally.changed);
	is_int(tally.begun, TIMES, "%d jobs are %s", TIMES, names[state]);
	is_int(tally.revoked, TIMES, "as their lease is revoked");
	is_int(tally.failed, TIMES, "they end with ENODEV");
	is_int(tally.refused, TIMES, "others are refused after that: ENODEV");
	ok(state == QUEUED ? !tally.moved : tally.moved >= 4 * TIMES,
	   "they have written %zu bytes by then", tally.moved);
	is_int(tally.changed, 0, "in a second after that, not one changes");
}

static void set_up(void)
{
	mapping_t unused;

	all.accel = accel_open();
	all.small = vfio_open(dev_small());
	all.bar = map_bar(&all.small, BAR2, 0, (1 + STATES * TIMES) * PAGE);
	all.buffer = accel_buffer(all.accel, PAGE, (mapping_t *)&all.at);
	all.other = accel_buffer(all.accel, PAGE, &unused);
	unmap(unused, PAGE);
	all.first = sync_create(all.accel);
	all.second = sync_create(all.accel);
}

static void tear_down(void)
{
	unmap((mapping_t)all.at, PAGE);
	unmap(all.bar, (1 + STATES * TIMES) * PAGE);
	close(all.accel);
	vfio_close(&all.small);
}

int main(void)
{
	accel_bind(ACCEL, NULL);
	if (importers_possible()) {
		set_up();
		both_ways();
		in_state(RUNNING);
		in_state(QUEUED);
		tear_down();
	} else {
		skip("this kernel lets no device attach",
		     "jobs reach a lease, and lose it");
	}
	accel_unbind();
	return tap_done();
}
