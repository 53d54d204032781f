// SPDX-License-Identifier: MIT
/*
 * How long a fault waits behind a revoke, as the kernel's tracer sees it: every
 * wait, by probes on the one function of the driver in which faults wait
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "faults.h"
#include "lease.h"
#include "map.h"
#include "sysfs.h"
#include "tap.h"

#define TRACING	"/sys/kernel/tracing/"
#define EVENTS	TRACING "events/"
#define FAULTERS	3
#define FAULTED	MIB(2)

static struct vfio small;
static int lease;

/* Two probes, and from each pair of hits one event with the time between them */
static const char probes[] = "p:lease/wait barlease_access_wait_killable\n"
			     "r:lease/waited barlease_access_wait_killable\n";
static const char no_probes[] = "-:lease/wait\n-:lease/waited\n";
static const char synthetic[] = "waits u64 us\n";
static const char from_pairs[] =
	"hist:keys=common_pid:us=common_timestamp.usecs-$t:onmatch(lease.wait).trace(waits,$us)";
static const struct {
	const char *event, *trigger;
} triggers[] = {
	{ "synthetic/waits", "hist:keys=us:size=16384" },
	{ "lease/wait", "hist:keys=common_pid:t=common_timestamp.usecs" },
	{ "lease/waited", from_pairs },
};

#define TRIGGERS	(sizeof(triggers) / sizeof(*triggers))

static void put(const char *path, const char *text)
{
	int ret = file_write(path, text);

	if (ret)
		bail("%s: cannot write \"%s\": %s", path, text, strerror(-ret));
}

static void put_trigger(const char *event, const char *sign, const char *trigger)
{
	char path[256], text[256];

	snprintf(path, sizeof(path), EVENTS "%s/trigger", event);
	snprintf(text, sizeof(text), "%s%s\n", sign, trigger);
	put(path, text);
}

static void tracer_on(void)
{
	put(TRACING "kprobe_events", probes);
	put(TRACING "synthetic_events", synthetic);
	for (size_t i = 0; i < TRIGGERS; i++)
		put_trigger(triggers[i].event, "", triggers[i].trigger);
}

static void tracer_off(void)
{
	for (size_t i = TRIGGERS; i--;)
		put_trigger(triggers[i].event, "!", triggers[i].trigger);
	put(TRACING "synthetic_events", "!waits u64 us\n");
	put(TRACING "kprobe_events", no_probes);
}

struct waits {
	long count, median_us, most_us, longest_us;
};

static int by_time(const void *a, const void *b)
{
	return *(const long *)a - *(const long *)b;
}

/* "{ us:  12 } hitcount:  3", a line for each different time */
static struct waits read_waits(void)
{
	static long times[1 << 16];
	struct waits waits = { 0 };
	char line[256];
	FILE *file = fopen(EVENTS "synthetic/waits/hist", "re");

	if (!file)
		bail("no histogram: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		long us, hits;

		if (sscanf(line, "{ us: %ld } hitcount: %ld", &us, &hits) != 2)
			continue;
		while (hits-- && waits.count < 1 << 16)
			times[waits.count++] = us;
	}
	fclose(file);
	qsort(times, waits.count, sizeof(*times), by_time);
	if (waits.count) {
		waits.median_us = times[waits.count / 2];
		waits.most_us = times[waits.count * 99 / 100];
		waits.longest_us = times[waits.count - 1];
	}
	return waits;
}

/* Threads that fault in a lease of their own, over and over */
static atomic_bool stop;
static atomic_long faults_taken, sigbus_taken;

static void *fault_often(void *arg)
{
	long before = faults();

	(void)arg;
	while (!atomic_load(&stop)) {
		mapping_t at = map_aligned(lease, 0, FAULTED, RW, MIB(2), PAGE);
		uint32_t value;

		for (uint64_t i = 0; i < FAULTED; i += FAULTED / 4)
			if (!read32(at + i, &value))
				atomic_fetch_add(&sigbus_taken, 1);
		unmap(at, FAULTED);
	}
	atomic_fetch_add(&faults_taken, faults() - before);
	return NULL;
}

/* What they may have to wait for; returns how long it took, in microseconds */
static int64_t revoke_of(uint64_t size)
{
	int going = lease_of(small.device, BAR2, 0, size);
	mapping_t at = map_aligned(going, 0, size, RW, MIB(2), PAGE);
	int64_t start;

	faults_of_touching(at, size, MIB(2) - PAGE);
	start = now_us();
	if (lease_revoke(small.device, going))
		bail("a revoke failed");
	start = now_us() - start;
	unmap(at, size);
	close(going);
	return start;
}

static int64_t revoke_a_page(void)
{
	return revoke_of(PAGE);
}

static int64_t revoke_all(void)
{
	return revoke_of(MIB(64));
}

static int64_t reset(void)
{
	int64_t start = now_us();

	if (vfio_reset(&small))
		bail("a reset failed");
	return now_us() - start;
}

static void measure(const char *what, int64_t (*run)(void), int times)
{
	pthread_t threads[FAULTERS];
	struct waits waits;
	int64_t longest = 0;

	atomic_store(&stop, false);
	atomic_store(&faults_taken, 0);
	tracer_on();
	for (int i = 0; i < FAULTERS; i++)
		if (pthread_create(&threads[i], NULL, fault_often, NULL))
			bail("no thread");
	for (int i = 0; i < times; i++) {
		int64_t took = run();

		longest = took > longest ? took : longest;
	}
	atomic_store(&stop, true);
	for (int i = 0; i < FAULTERS; i++)
		pthread_join(threads[i], NULL);
	waits = read_waits();
	tracer_off();

	diag("%-24s%6d%9lld%8ld%8ld%8ld%8ld%9ld", what, times,
	     (long long)longest, (long)faults_taken, waits.count,
	     waits.median_us, waits.most_us, waits.longest_us);
	ok(faults_taken, "faults went on during %d times a %s", times, what);
}

int main(void)
{
	if (access(TRACING "kprobe_events", F_OK)) {
		skip("this kernel has no kprobe_events", "how long faults wait");
		return tap_done();
	}
	small = vfio_open(dev_small());
	lease = lease_of(small.device, BAR2, 0, FAULTED);

	diag("%-24s%6s%9s%8s%8s%8s%8s%9s", "", "times", "longest", "faults",
	     "waited", "median", "99 %", "longest");
	measure("revoke of a page", revoke_a_page, 2000);
	measure("revoke of 16,384 pages", revoke_all, 200);
	measure("reset", reset, 30);
	diag("times in microseconds; the first longest is the call's own");
	is_int(sigbus_taken, 0, "no fault ended in SIGBUS");

	close(lease);
	vfio_close(&small);
	return tap_done();
}
