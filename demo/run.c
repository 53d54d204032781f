// SPDX-License-Identifier: MIT
/*
 * The demo: runs a primary and three workers, and tells what they do
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The narrator has no lease and opens no VFIO file. It ends with 1 when
 * anything is not as it says.
 */
#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "lease.h"
#include "slices.h"
#include "sysfs.h"

enum { DOORBELL, STATUS, WINDOW };

static struct child primary;
static struct child worker[NR_SLICES];
static bool failed;

static void expect(bool good, const char *what, ...)
	__attribute__((format(printf, 2, 3)));

static void expect(bool good, const char *what, ...)
{
	va_list args;

	printf("    %s ", good ? "\u2713" : "\u2717 NOT:");
	va_start(args, what);
	vprintf(what, args);
	va_end(args);
	putchar('\n');
	failed |= !good;
}

static void heading(const char *text)
{
	printf("\n%s\n", text);
}

static void introduce(void)
{
	struct bdf dev = dev_small();
	int i;

	printf("A primary owns PCI device %s through VFIO. BAR2: %" PRIu64
	       " MiB of device memory.\n\n", dev.name,
	       pci_bar_size(dev, 2) >> 20);
	printf("  slice     bytes of BAR2      lease       attribute  for\n");
	for (i = 0; i < NR_SLICES; i++)
		printf("  %-8s  %#08" PRIx64 "-%#08" PRIx64 "  %-10s  %-9s  uid %u\n",
		       slices[i].name, slices[i].offset,
		       slices[i].offset + slices[i].size - 1,
		       slices[i].open_flags ? "read-write" : "read-only",
		       slices[i].memattr == WC ? "WC" : "NC",
		       slices[i].worker);
}

static void start_primary(void)
{
	primary = child_start("/demo/primary", 0);
	while (child_line(&primary))
		;
}

static void hand_out(void)
{
	int i;

	for (i = 0; i < NR_SLICES; i++) {
		worker[i] = child_start("/demo/worker", slices[i].worker);
		child_tell(&primary, "vend");
		child_do(&worker[i], "lease");
		while (child_line(&primary))
			;
	}
}

/* What each worker has to find, line by line of its answer */
static const char *const wanted[NR_SLICES][6] = {
	[DOORBELL] = { "/dmabuf:doorbell", " 0 are anybody", "4 KiB pages, UC-",
		       "EINVAL", "EINVAL", "EFAULT" },
	[STATUS] = { "/dmabuf:status", " 0 are anybody", "2 MiB pages, UC-",
		     "EINVAL", "EINVAL", "EFAULT" },
	[WINDOW] = { "/dmabuf:window", " 0 are anybody", "4 KiB pages, WC",
		     "EINVAL", "EINVAL", "EFAULT" },
};

static void inspect(int i)
{
	const char *line;
	int nr = 0;

	printf("\n  %s: pid %d, uid %u\n", slices[i].name, worker[i].pid,
	       slices[i].worker);
	child_tell(&worker[i], "inspect");
	while ((line = child_line(&worker[i]))) {
		/* Only a read-only lease's answer is longer. */
		expect(strstr(line, nr < 6 ? wanted[i][nr] : "EACCES"), "%s",
		       line);
		nr++;
	}
	if (nr != (slices[i].open_flags ? 6 : 8))
		expect(false, "%d lines from %s", nr, slices[i].name);
}

struct stats {
	unsigned long accesses, wrong, longest_ns, faults;
	int sigbus;
};

static struct stats stats_of(int i)
{
	struct stats stats;
	char line[128];

	child_ask(&worker[i], "stats", line, sizeof(line));
	if (sscanf(line, "%lu %lu %d %lu %lu", &stats.accesses, &stats.wrong,
		   &stats.sigbus, &stats.longest_ns, &stats.faults) != 5)
		errx(1, "stats: \"%s\"", line);
	return stats;
}

/* The worker goes on, and has seen nothing but its own values. */
static void expect_working(int i, bool undisturbed, const struct stats *before)
{
	struct stats after;

	usleep(20000);
	after = stats_of(i);
	expect(after.accesses > before->accesses && !after.sigbus &&
	       !after.wrong && (!undisturbed || after.faults == before->faults),
	       "%-8s %lu accesses meanwhile, 0 SIGBUS, %lu wrong values, %lu page faults, the longest wait %.1f ms",
	       slices[i].name, after.accesses - before->accesses, after.wrong,
	       after.faults - before->faults, after.longest_ns / 1e6);
}

static void primary_does(const char *command, uint64_t *start, uint64_t *end)
{
	char line[64];

	child_ask(&primary, command, line, sizeof(line));
	if (sscanf(line, "%" SCNu64 " %" SCNu64, start, end) != 2)
		errx(1, "%s: \"%s\"", command, line);
}

/* The worker has lost its lease; when, and what a new mmap() says */
static void expect_sigbus(int i, uint64_t since, const char *what)
{
	unsigned long when, access_ns;
	char line[64], retry[32];

	child_ask(&worker[i], "wait", line, sizeof(line));
	if (sscanf(line, "%lu %lu %31s", &when, &access_ns, retry) != 3)
		errx(1, "wait: \"%s\"", line);
	expect(when > since && !strcmp(retry, "ENODEV"),
	       "%-8s SIGBUS %.1f ms after %s; from access to signal %.0f microseconds; mmap() again: %s",
	       slices[i].name, (when - since) / 1e6, what, access_ns / 1e3,
	       retry);
}

static void revoke_one(void)
{
	struct stats doorbell, status;
	uint64_t start, end;

	child_do(&worker[DOORBELL], "work");
	child_do(&worker[STATUS], "work");
	child_do(&worker[WINDOW], "work busily");
	doorbell = stats_of(DOORBELL);
	status = stats_of(STATUS);

	primary_does("revoke 2", &start, &end);
	expect_sigbus(WINDOW, start, "revoke was called");
	expect(end > start, "the call to revoke took %.1f ms",
	       (end - start) / 1e6);
	expect_working(DOORBELL, true, &doorbell);
	expect_working(STATUS, true, &status);
}

static void reset_device(void)
{
	struct stats doorbell = stats_of(DOORBELL), status = stats_of(STATUS);
	uint64_t start, end;

	primary_does("reset", &start, &end);
	expect(end > start, "the reset took %.1f ms", (end - start) / 1e6);
	expect_working(DOORBELL, false, &doorbell);
	expect_working(STATUS, false, &status);
}

static void kill_primary(void)
{
	uint64_t start = now_ns();

	child_kill(&primary);
	expect_sigbus(DOORBELL, start, "the primary was killed");
	expect_sigbus(STATUS, start, "the primary was killed");
}

int main(void)
{
	int i;

	/* Only for the demo: workers look at their own page tables. */
	if (chmod("/dev/barlease-ptwalk", 0666))
		err(1, "/dev/barlease-ptwalk");

	introduce();
	start_primary();

	heading("1. Each worker gets one DMABUF fd over a Unix socket, and maps it.");
	hand_out();
	for (i = 0; i < NR_SLICES; i++)
		inspect(i);

	heading("2. All three work. The primary revokes \"window\".");
	revoke_one();

	heading("3. The primary resets the device. Who works on waits, and goes on.");
	reset_device();

	heading("4. The primary is killed. Nothing outlives it.");
	kill_primary();

	for (i = 0; i < NR_SLICES; i++)
		child_kill(&worker[i]);
	printf("\n%s\n", failed ? "Something is NOT as it should be, see above." :
				  "All of it is as it should be.");
	return failed;
}
