// SPDX-License-Identifier: MIT
/*
 * The bug: a scheduler that is given a fence which nobody will signal. run_job()
 * of a driver has made its fence when the step after that fails, and returns it all
 * the same. The job counts as running until its time-out, which everything behind it
 * has to wait for, and what went wrong is lost.
 *
 * rocket_job_run() of accel/rocket had it until June 2026, with two more mistakes:
 * docs/accel.md, "The contract". That device is on no PCI bus; edu-accel-mistakes.ko
 * is edu-accel with the same mistakes, and stands for it.
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>

#include "accel.h"
#include "kernel.h"
#include "lease.h"
#include "tap.h"

#define WITH_MISTAKES	"edu-accel-mistakes"
#define MISTAKES_MODULE	"edu_accel_mistakes"
#define MISTAKES	"/sys/module/" MISTAKES_MODULE "/parameters/mistakes"
/* Only to return the fence: fences and power would not be got back */
#define FENCE_RETURNED	"4"
#define TIMEOUT		"timeout_ms=2000"

/* What userspace sees of a job that cannot be run, and of one behind it */
struct seen {
	int failed;		/* status of the first one's fence */
	int next;		/* of the second one's */
};

static struct seen job_that_cannot_run(void)
{
	int accel = accel_open(), bo = accel_create(accel, PAGE);
	uint32_t first = sync_create(accel), second = sync_create(accel);
	struct seen seen;

	accel_order("fail_claim", 1);
	is_ok(accel_move(accel, bo, 0, bo, 64, 4, first), "a job is queued");
	is_ok(accel_move(accel, bo, 0, bo, 64, 4, second), "and one behind it");
	seen.failed = sync_status(accel, first);
	seen.next = sync_status(accel, second);
	close(accel);
	return seen;
}

static void right(void)
{
	struct seen seen;

	accel_bind(ACCEL, NULL);
	seen = job_that_cannot_run();
	is_int(seen.failed, -ENXIO, "its fence has the error of the step that failed");
	is_int(seen.next, 1, "the job behind it is done");
	is_int(accel_stat("fences_created"), accel_stat("fences_freed"),
	       "no fence is left");
	accel_unbind();
	is_ok(module_unload(ACCEL_MODULE), "the driver is unloaded");
}

/* What other mistakes have kept of it keeps the module, too. */
static void unload(bool was_there)
{
	if (was_there)
		skip("an earlier test's mistakes keep it", "that driver is unloaded");
	else
		is_ok(module_unload(MISTAKES_MODULE), "that driver is unloaded");
}

static void wrong(void)
{
	bool was_there = module_loaded(MISTAKES_MODULE);
	struct seen seen;

	accel_bind(WITH_MISTAKES, TIMEOUT);
	is_ok(file_write(MISTAKES, FENCE_RETURNED), "a driver has the bug");
	seen = job_that_cannot_run();
	is_int(seen.failed, -ECANCELED,
	       "its fence says only that it was cancelled, when its time was up");
	is_int(seen.next, 1, "the job behind it is done after that");
	accel_unbind();
	unload(was_there);
}

int main(void)
{
	right();
	wrong();
	return tap_done();
}
