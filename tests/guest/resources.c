// SPDX-License-Identifier: MIT
/*
 * Who exports runs out of its own files and of its own memory, and of nobody else's;
 * and leases that are over leave nothing in the kernel
 *
 * Copyright (C) 2026 The barlease authors
 *
 * With BARLEASE_MINUTES it is a million leases.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "cgroup.h"
#include "clock.h"
#include "importer.h"
#include "lease.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

#define FILES	48

/* Of a cgroup, and what a buffer of the most ranges takes of it */
#define LIMIT	(64ll << 20)
#define BUFFER	(1ll << 20)
/* What the process and its page tables may take of it, in buffers */
#define OTHERS	16

static struct vfio big;

/* What cannot be given back on demand, in bytes */
static long long kernel_memory(void)
{
	static const char *const counted[] = { "SUnreclaim", "VmallocUsed" };
	char text[8192], *line;
	long long sum = 0;

	file_write("/proc/sys/vm/drop_caches", "3");
	if (file_read_all("/proc/meminfo", text, sizeof(text)))
		bail("/proc/meminfo cannot be read");
	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++) {
		line = strstr(text, counted[i]);
		sum += line ? atoll(strchr(line, ':') + 1) * 1024 : 0;
	}
	return sum;
}

static void one_lease(uint64_t i)
{
	int lease = lease_of(big.device, BAR2, i % 1024 * PAGE, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);

	if (!write32(at, i) || lease_revoke(big.device, lease))
		bail("lease %lu", (unsigned long)i);
	unmap(at, PAGE);
	close(lease);
}

/* @bytes: what is forgotten is more than so many each time, whatever part it is */
static void leave_nothing(unsigned long nr, const char *what,
			  void (*once)(uint64_t i), size_t bytes)
{
	long long before, left, much = nr * bytes;

	for (unsigned long i = 0; i < 1000; i++)
		once(i);
	before = kernel_memory();
	for (unsigned long i = 0; i < nr; i++)
		once(i);
	/* Such a kernel holds what is freed for a while, and tells what is lost. */
	if (!access("/sys/kernel/debug/kmemleak", F_OK)) {
		skip("here kmemleak looks", "%lu %s leave nothing", nr, what);
		return;
	}
	/* What is freed by RCU takes its time. */
	comes_true((left = kernel_memory() - before) < much);
	ok(left < much, "%lu %s later the kernel has no more memory than before",
	   nr, what);
	diag("%lld KiB more", left / 1024);
}

/* ---- A device that a lease is attached to ------------------------------- */

static int importer;

static void one_mapping(uint64_t i)
{
	int ret = importer_map(importer, BOTH_WAYS, NULL);

	if (ret)
		bail("mapping %lu: %s", (unsigned long)i, strerror(-ret));
	importer_unmap(importer);
}

static void mappings(uint32_t ranges, const char *what)
{
	const struct vfio_region_dma_range range[] = {
		{ 0, PAGE }, { 2 * PAGE, PAGE },
	};
	int lease = lease_export(big.device, BAR2, O_RDWR | O_CLOEXEC, range,
				 ranges);

	importer = importer_try(lease, dev_small(), BARLEASE_IMPORTER_AT_ONCE);
	if (importer < 0)
		bail("no device can be attached: %s", strerror(-importer));
	leave_nothing(20000, what, one_mapping, 16);
	close(importer);
	close(lease);
}

static void of_devices(void)
{
	if (!importers_possible()) {
		skip("this kernel lets no device attach",
		     "mappings for devices leave nothing");
		return;
	}
	mappings(1, "mappings for a device");
	mappings(2, "of two ranges");
}

/* ---- Limits ------------------------------------------------------------- */

static long in_child(long (*function)(void))
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		bail("fork(): %s", strerror(errno));
	if (!pid)
		_exit(function());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int export_page(void)
{
	const struct vfio_region_dma_range range = { .length = PAGE };

	return lease_export(big.device, BAR2, O_RDWR | O_CLOEXEC, &range, 1);
}

/* How many there were up to the first error; a child returns it */
static long until_no_files(void)
{
	const struct rlimit limit = { FILES, FILES };
	int fd = 0, last = -1;
	long nr = 0;

	setrlimit(RLIMIT_NOFILE, &limit);
	while (fd >= 0 && nr <= FILES) {
		last = fd;
		fd = export_page();
		nr++;
	}
	close(last);
	return fd == -EMFILE && export_page() == last ? nr : 0;
}

static int export_most(void)
{
	static struct vfio_region_dma_range ranges[BARLEASE_MAX_RANGES];

	for (uint64_t i = 0; i < BARLEASE_MAX_RANGES; i++) {
		ranges[i].offset = 2 * i * PAGE;
		ranges[i].length = PAGE;
	}
	return lease_export(big.device, BAR2, O_RDWR | O_CLOEXEC, ranges,
			    BARLEASE_MAX_RANGES);
}

static long until_no_memory(void)
{
	long nr = 0;

	cgroup_enter(getpid());
	while (nr <= LIMIT / BUFFER && export_most() >= 0)
		nr++;
	return nr;
}

/* The kernel refuses it, or kills who asks; either is a matter of that cgroup. */
static void own_memory(void)
{
	long long before = kernel_memory();
	long nr;

	if (!cgroup_make("+memory")) {
		skip("this kernel has no control groups", "64 MiB of memory");
		return;
	}
	is_ok(file_write(CGROUP "/memory.max", "64M"), "a cgroup has 64 MiB");
	nr = in_child(until_no_memory);
	ok(nr == -SIGKILL || (nr >= LIMIT / BUFFER - OTHERS && nr < LIMIT / BUFFER),
	   "in 64 MiB of memory there is an end to exports of 1 MiB each");
	diag("after %ld of them", nr);
	ok(comes_true(kernel_memory() - before < BUFFER),
	   "when who exported is dead, all of that is free");
	cgroup_remove();
	one_lease(0);
	ok(true, "others export as before");
}

int main(void)
{
	const char *minutes = getenv("BARLEASE_MINUTES");

	big = vfio_open(dev_big_mapped());
	ok(in_child(until_no_files) > 1,
	   "without room for files there is EMFILE, and with it a lease");
	own_memory();
	leave_nothing(minutes && *minutes ? 1000000 : 10000, "leases",
		      one_lease, 64);
	of_devices();
	vfio_close(&big);
	return tap_done();
}
