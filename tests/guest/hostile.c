// SPDX-License-Identifier: MIT
/*
 * Two clients without privileges and a primary gone mad do at random whatever a
 * process can do, while the owner gives leases out and takes them back. No client
 * ever sees a byte of the device that is not of a lease it holds, or changes one;
 * and nothing hangs.
 *
 * Copyright (C) 2026 The barlease authors
 *
 * BARLEASE_SEED begins with the round of that seed; BARLEASE_MINUTES says for how
 * long. What is done, and how it is judged, is in hostile/.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"
#include "fds.h"
#include "hostile/cover.h"
#include "hostile/device.h"
#include "hostile/group.h"
#include "hostile/round.h"
#include "hostile/shrink.h"
#include "kernel.h"
#include "tap.h"

#define MINUTE_US	60000000ll

int disk = -1;

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *given = getenv(name);

	return given && *given ? strtoull(given, NULL, 0) : otherwise;
}

/* A block device, whose driver would take pages and no copies */
static int open_disk(void)
{
	struct loop_config config = {
		.info.lo_flags = LO_FLAGS_AUTOCLEAR,
	};
	int memory, fd;

	module_load("loop", NULL);
	memory = memfd_create("disk", MFD_CLOEXEC);
	if (memory < 0 || ftruncate(memory, 1 << 20))
		bail("no memory");
	fd = open("/dev/loop0", O_RDWR | O_DIRECT | O_CLOEXEC);
	config.fd = memory;
	if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &config)) {
		diag("/dev/loop0: %s", strerror(errno));
		close(fd);
		fd = -1;
	}
	close(memory);
	return fd;
}

static struct shared *share(void)
{
	void *at = mmap(NULL, sizeof(struct shared), RW,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		bail("no memory");
	return at;
}

static struct tally sum(void)
{
	struct tally all = { 0 };

	for (int i = 0; i < ACTORS; i++) {
		const struct tally *tally = &shared->tally[i];

		atomic_fetch_add(&all.steps, tally->steps);
		all.calls += tally->calls;
		all.looks += tally->looks;
		all.refused += tally->refused;
		all.maps += tally->maps;
		all.revokes += tally->revokes;
		all.resets += tally->resets;
	}
	return all;
}

static void say_how_far(uint64_t rounds, int64_t since, bool good)
{
	struct tally all = sum();
	int64_t ms = (now_us() - since) / 1000;

	diag("%lu operations, %d escapes, %lu accesses checked, %lu revokes",
	     all.calls, !good, all.looks, all.revokes);
	diag("  %lu maps, %lu refusals, %lu resets, %lu clients killed for want of memory",
	     all.maps, all.refused, all.resets, shared->killed);
	diag("  %llu rounds in %lld s, %lld operations a second",
	     (unsigned long long)rounds, (long long)ms / 1000,
	     (long long)all.calls * 1000 / (ms + 1));
	cover_say(since);
}

/* To say anything at all; a slow machine gets the time that it takes */
static bool is_enough(void)
{
	struct tally all = sum();

	return all.looks > 1000 && all.maps > 100 && all.revokes > 10 &&
	       all.refused > 100 && all.resets;
}

static bool run_for(int64_t us, uint64_t seed)
{
	uint32_t *list = calloc(MAX_OPS, sizeof(*list)), n;
	int64_t start = now_us(), told = start;
	uint64_t round = 0;
	bool good = !!list;

	for (; good && (now_us() - start < us || !is_enough()); round++) {
		enum way way = way_of(seed + round);

		n = program_make(seed + round, way, list);
		round_until = now_us() - start < us ? start + us : 0;
		good = round_run(seed + round, list, n, way);
		round_until = 0;
		if (!good)
			failure_report(seed + round, list, n, way);
		if (good && now_us() - told > MINUTE_US) {
			told = now_us();
			say_how_far(round + 1, start, good);
		}
	}
	say_how_far(round, start, good);
	free(list);
	return good;
}

int main(void)
{
	uint64_t minutes = number("BARLEASE_MINUTES", 1);
	uint64_t seed = number("BARLEASE_SEED", now_us());
	struct tally all;
	bool good;

	diag("BARLEASE_SEED=%llu", (unsigned long long)seed);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	fds_allow(4096);
	shared = share();
	owner_pid = getpid();
	disk = open_disk();
	cover_open();
	group_make();
	device_open();

	good = run_for(minutes * MINUTE_US, seed);

	all = sum();
	ok(good, "no escape in %lu operations", all.calls);
	ok(!good || is_enough(),
	   "leases were mapped, looked at, revoked, and met after that, and the device was reset");
	device_close();
	group_remove();
	return tap_done();
}
