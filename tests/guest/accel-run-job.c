// SPDX-License-Identifier: MIT
/*
 * A job that cannot be run leaves neither fences nor users of the device behind,
 * and says why; a driver that makes the three mistakes does not pass
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "accel.h"
#include "clock.h"
#include "kernel.h"
#include "lease.h"
#include "log.h"
#include "tap.h"

#define WITH_MISTAKES		"edu-accel-mistakes"
#define MISTAKES_MODULE		"edu_accel_mistakes"
#define MISTAKES		"/sys/module/" MISTAKES_MODULE "/parameters/mistakes"

/* Of each step */
#define FAILURES		5000
#define FAILURES_WITH_MISTAKES	1000
/* Where the driver returns its fence, a job takes until its time-out. */
#define SLOW_FAILURES		20
#define TIMEOUT			"timeout_ms=20"
#define BATCH			100

/* The three things that a driver owes, and the bits of its parameter mistakes */
#define FENCES			1
#define POWER			2
#define ERRORS			4

/* What came of a number of failures; of what the driver counts, the increase */
struct outcome {
	int jobs;
	int with_error;		/* that was ordered */
	int cancelled;
	long created;
	long freed;
	int usage_before;
	int usage_after;
	bool suspends;
};

static void run_batch(int accel, const uint32_t *syncs, uint32_t bo, int n,
		      int error, struct outcome *o)
{
	const struct drm_edu_accel_copy copy = { .handle = bo, .size = 1 };
	int ret, status;

	for (int i = 0; i < n; i++) {
		ret = accel_copy(accel, &copy, 1, syncs[i]);
		if (ret)
			bail("SUBMIT: %s", strerror(-ret));
	}
	for (int i = 0; i < n; i++) {
		status = sync_status(accel, syncs[i]);
		o->with_error += status == -error;
		o->cancelled += status == -ECANCELED;
	}
	o->jobs += n;
}

static void run(int n, int error, struct outcome *o)
{
	int accel = accel_open(), bo = accel_create(accel, PAGE);
	uint32_t syncs[BATCH];

	for (int i = 0; i < BATCH; i++)
		syncs[i] = sync_create(accel);
	for (int left = n; left > 0; left -= BATCH)
		run_batch(accel, syncs, bo, left < BATCH ? left : BATCH, error,
			  o);
	close(accel);
}

/* @step fails @n times: what userspace sees of it, and the device does after it */
static struct outcome fail(const char *step, int n, int error)
{
	long created = accel_stat("fences_created");
	long freed = accel_stat("fences_freed");
	struct outcome o = { .usage_before = accel_usage() };

	accel_order(step, n);
	run(n, error, &o);
	o.created = accel_stat("fences_created") - created;
	o.freed = accel_stat("fences_freed") - freed;
	o.usage_after = accel_usage();
	o.suspends = o.usage_after == 0 && comes_true(accel_is_suspended());
	diag("%s: %d jobs failed, %d with the error, %d cancelled; fences: %ld created, %ld freed",
	     step, o.jobs, o.with_error, o.cancelled, o.created, o.freed);
	diag("%s: users before and after: %d, %d; the device %s", step,
	     o.usage_before, o.usage_after,
	     o.suspends ? "suspends" : "may not suspend");
	return o;
}

/* What of FENCES, POWER, ERRORS the driver still owes */
static int owed(const struct outcome *o)
{
	int what = 0;

	if (o->created != o->jobs || o->freed != o->created)
		what |= FENCES;
	if (o->usage_after != o->usage_before ||
	    (!o->usage_before && !o->suspends))
		what |= POWER;
	if (o->with_error != o->jobs)
		what |= ERRORS;
	return what;
}

/* Else it would not have to be resumed */
static void bind_suspended(const char *driver, const char *parameter)
{
	accel_bind(driver, parameter);
	ok(comes_true(accel_is_suspended()), "the device is suspended");
	is_int(accel_usage(), 0, "nobody uses it");
}

static void contract(void)
{
	int log = log_from_here();
	struct outcome o;

	bind_suspended(ACCEL, NULL);
	o = fail("fail_resume", FAILURES, EIO);
	is_int(owed(&o), 0, "%d times it cannot be resumed, nothing is owed",
	       FAILURES);
	o = fail("fail_claim", FAILURES, ENXIO);
	is_int(owed(&o), 0, "%d times the step after that fails, nothing either",
	       FAILURES);
	ok(!log_says(log, "pending signals"),
	   "no fence was released with pending signals");
	accel_unbind();
	is_ok(module_unload(ACCEL_MODULE), "the driver is unloaded");
}

static void mistake(const char *mistakes, int n, int want, const char *what)
{
	static const struct {
		const char *step;
		int error;
	} steps[] = { { "fail_resume", EIO }, { "fail_claim", ENXIO } };

	file_write(MISTAKES, mistakes);
	for (int i = 0; i < 2; i++) {
		struct outcome o = fail(steps[i].step, n, steps[i].error);

		is_int(owed(&o), want, "%s: %s", steps[i].step, what);
	}
}

/* Neither a driver nor the device itself gets rid of users that are not there. */
static void new_device(void)
{
	int ret = pci_write(dev_edu(), "remove", "1");

	ret = ret ?: file_write("/sys/bus/pci/rescan", "1");
	is_ok(ret, "the device is taken out of the machine, and put in again");
}

static void mistakes(void)
{
	bind_suspended(WITH_MISTAKES, TIMEOUT);
	mistake("0", FAILURES_WITH_MISTAKES, 0, "no mistake: nothing is owed");
	mistake("1", FAILURES_WITH_MISTAKES, FENCES,
		"fences kept: fences are owed");
	mistake("4", SLOW_FAILURES, ERRORS,
		"the fence returned: errors are owed");
	mistake("7", SLOW_FAILURES, FENCES | POWER | ERRORS,
		"all mistakes: all three are owed");
	accel_unbind();
	new_device();
	bind_suspended(WITH_MISTAKES, TIMEOUT);
	mistake("2", FAILURES_WITH_MISTAKES, POWER,
		"power kept: users are owed");
	accel_unbind();
	new_device();
	accel_unbind();
	is_error(module_unload(MISTAKES_MODULE), EAGAIN,
		 "the fences that are left keep their driver");
}

int main(void)
{
	contract();
	mistakes();
	return tap_done();
}
