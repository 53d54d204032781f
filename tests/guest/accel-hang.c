// SPDX-License-Identifier: MIT
/*
 * A job that hangs is ended by a reset, and hurts no other
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>

#include "accel.h"
#include "clock.h"
#include "kernel.h"
#include "lease.h"
#include "tap.h"

#define JOBS	3
#define WORD	0x4ed0cafe

static void put(mapping_t at, uint32_t value)
{
	*(volatile uint32_t *)at = value;
}

static uint32_t get(mapping_t at)
{
	return *(volatile uint32_t *)at;
}

/* Of these jobs, one after the other in a queue, the second one hangs. */
static void one_of_three(int accel)
{
	uint32_t out[JOBS];
	mapping_t at;
	int buffer = accel_buffer(accel, 2 * PAGE, &at);
	long resets = accel_stat("resets");

	for (int i = 0; i < JOBS; i++) {
		out[i] = sync_create(accel);
		put(at + 8 * i, WORD + i);
	}
	is_ok(accel_move(accel, buffer, 0, buffer, PAGE, 4, out[0]),
	      "a job is queued");
	is_int(sync_status(accel, out[0]), 1, "it is done");
	accel_order("hang", 1);
	is_ok(accel_move(accel, buffer, 8, buffer, PAGE + 8, 4, out[1]),
	      "one that will hang is queued");
	is_ok(accel_move(accel, buffer, 16, buffer, PAGE + 16, 4, out[2]),
	      "and one behind it");
	is_int(sync_status(accel, out[1]), -ETIMEDOUT,
	       "the fence of the one that hangs says ETIMEDOUT");
	is_int(accel_stat("resets") - resets, 1, "the device was reset");
	is_int(sync_status(accel, out[2]), 1, "the one behind it is done");
	is_hex(get(at + PAGE), WORD, "the first has copied");
	is_hex(get(at + PAGE + 8), 0, "the second has not");
	is_hex(get(at + PAGE + 16), WORD + 2, "the third has");

	for (int i = 0; i < JOBS; i++)
		sync_destroy(accel, out[i]);
	unmap(at, 2 * PAGE);
}

/* What hangs is one context's, what is behind it another's. */
static void two_contexts(int accel)
{
	int other = accel_open(), buffer = accel_create(accel, PAGE);
	int theirs = accel_create(other, PAGE);
	uint32_t out = sync_create(accel), out_of_theirs = sync_create(other);
	int file;

	accel_order("hang", 1);
	is_ok(accel_move(accel, buffer, 0, buffer, 8, 4, out),
	      "a job that will hang is queued");
	is_ok(accel_move(other, theirs, 0, theirs, 8, 4, out_of_theirs),
	      "and one of another context");
	file = sync_file(accel, out);
	close(accel);
	is_int(sync_file_status(file), -ETIMEDOUT,
	       "ETIMEDOUT, though the context was closed meanwhile");
	is_int(sync_status(other, out_of_theirs), 1,
	       "the job of the other context is done");
	close(file);
	close(other);
}

/* The time is up in the midst of the second copy, which is into memory. */
static void in_the_midst(void)
{
	int accel = accel_open();
	uint32_t out = sync_create(accel);
	mapping_t at;
	int buffer = accel_buffer(accel, 2 * PAGE, &at);

	put(at, WORD);
	is_ok(accel_move(accel, buffer, 0, buffer, PAGE, 4, out),
	      "a job is queued that takes longer than it may");
	is_int(sync_status(accel, out), -ETIMEDOUT, "ETIMEDOUT");
	is_int(accel_stat("resets"), 1, "the device was reset");
	sleep_ms(500);
	is_hex(get(at + PAGE), 0, "nothing of it comes later");
	unmap(at, 2 * PAGE);
	close(accel);
}

static void is_balanced(void)
{
	is_int(accel_stat("fences_created"), accel_stat("fences_freed"),
	       "every fence is gone");
	ok(comes_true(accel_is_suspended()), "the device is suspended");
	is_int(accel_usage(), 0, "nobody uses it");
	accel_unbind();
	is_ok(module_unload(ACCEL_MODULE), "the driver is unloaded");
}

int main(void)
{
	int accel;

	accel_bind(ACCEL, "timeout_ms=2000");
	accel = accel_open();
	one_of_three(accel);
	two_contexts(accel);
	is_balanced();
	accel_bind(ACCEL, "timeout_ms=150");
	in_the_midst();
	is_balanced();
	return tap_done();
}
