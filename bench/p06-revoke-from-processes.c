// SPDX-License-Identifier: MIT
/*
 * P6: revoke of a buffer that N processes have mapped
 *
 * Copyright (C) 2026 The barlease authors
 *
 * To tell what a process costs from what its page table entries cost, the same
 * number of entries is also revoked from one process.
 */
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "report.h"
#include "side.h"
#include "tap.h"
#include "timer.h"

#define MOST	64
#define TRIES	5
#define PAGES	256u		/* that each process has mapped */

static const struct figure linear = {
	.id = "P6", .what = "revoke from 64 processes, time for each",
	.unit = "us", .lease = "64 processes", .against = "8 processes",
	.least = NO_LIMIT, .most = 1.2,
};

static const struct figure alone = {
	.id = "P6", .what = "revoke of 16,384 entries",
	.unit = "us", .lease = "64 processes", .against = "1 process",
	.least = NO_LIMIT, .most = NO_LIMIT,
};

static struct vfio vfio;

/* A child has its parent's mappings, page table entries and all. */
static void fork_children(pid_t *children, int n)
{
	for (int i = 0; i < n; i++) {
		children[i] = fork();
		if (children[i] < 0)
			bail("fork() fails");
		if (children[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close_range(3, ~0u, 0);
		for (;;)
			pause();
	}
}

static void end_children(const pid_t *children, int n)
{
	for (int i = 0; i < n; i++)
		kill(children[i], SIGKILL);
	for (int i = 0; i < n; i++)
		waitpid(children[i], NULL, 0);
}

/* Microseconds; 4 KiB pages, as the address forbids larger ones */
static double revoke_from(int processes, unsigned int pages)
{
	size_t size = pages * PAGE;
	int lease = lease_of(vfio.device, BAR2, 0, size);
	mapping_t at = map_aligned(lease, 0, size, RW, MIB(2), PAGE);
	pid_t children[MOST];
	double began;

	faults_of_touching(at, size, PAGE);
	if (pages_present(at, size) != pages)
		bail("not every page is mapped");
	fork_children(children, processes - 1);
	/* The next call's own pages are copied on write now, not below. */
	lease_get_memattr(vfio.device, lease);
	began = now_ns();
	if (lease_revoke(vfio.device, lease))
		bail("a revoke fails");
	began = now_ns() - began;
	end_children(children, processes - 1);
	if (pages_present(at, size))
		bail("a page is mapped after the revoke");
	unmap(at, size);
	close(lease);
	return began / 1e3;
}

/* The quickest of a few: what else the machine does is left out that way */
static double best_of(int processes, unsigned int pages, struct series *all)
{
	double best = INFINITY;

	for (int i = 0; i < TRIES; i++)
		best = fmin(best, revoke_from(processes, pages));
	series_add(all, best);
	return best;
}

struct curves {
	struct series processes[MOST + 1];
	struct series pages[MOST + 1];
};

static void one_round(struct curves *curves, struct pair *growth,
		      struct pair *same)
{
	double few = 0, many = 0, one = 0;

	for (int n = 1; n <= MOST; n *= 2) {
		many = best_of(n, PAGES, &curves->processes[n]);
		one = best_of(1, n * PAGES, &curves->pages[n]);
		if (n == 8)
			few = many;
	}
	pair_add(growth, many / MOST, few / 8);
	pair_add(same, many, one);
}

int main(void)
{
	static struct curves curves;
	struct pair growth = { 0 }, same = { 0 };

	bench_begin("P6", "revoke from N processes");
	side_warm_up(dev_small());
	vfio = vfio_open(dev_small());
	for (int i = 0; i < bench_rounds(); i++)
		one_round(&curves, &growth, &same);
	report_figure(&linear, &growth);
	report_figure(&alone, &same);
	for (int n = 1; n <= MOST; n *= 2) {
		report_point("P6", "N processes, 256 entries each", n * PAGES,
			     &curves.processes[n]);
		report_point("P6", "1 process", n * PAGES, &curves.pages[n]);
	}
	pair_free(&growth);
	pair_free(&same);
	vfio_close(&vfio);
	return 0;
}
