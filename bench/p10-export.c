// SPDX-License-Identifier: MIT
/*
 * P10: export of a buffer of N ranges, and the kernel's memory for buffers
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fds.h"
#include "lease.h"
#include "report.h"
#include "side.h"
#include "tap.h"
#include "timer.h"

#define MOST	BARLEASE_MAX_RANGES
#define FEW	4096
#define TRIES	20
#define SMALL	5000		/* leases of one range */
#define LARGE	20		/* leases of as many ranges as there can be */

static const struct figure linear = {
	.id = "P10", .what = "export, time for each range", .unit = "ns",
	.lease = "65,536 ranges", .against = "4,096 ranges",
	.least = NO_LIMIT, .most = 1.2,
};

static struct vfio vfio;
static int leases[SMALL];

/* The argument of every export; nr_ranges is how many of all are meant */
static struct vfio_device_feature *request;
static struct vfio_device_feature_dma_buf *dma_buf;

/* Every other page: nothing is merged */
static void scatter(void)
{
	request = calloc(1, sizeof(*request) + sizeof(*dma_buf) +
			    MOST * sizeof(dma_buf->dma_ranges[0]));
	if (!request)
		bail("no memory");
	dma_buf = (void *)request->data;
	request->flags = VFIO_DEVICE_FEATURE_DMA_BUF | VFIO_DEVICE_FEATURE_GET;
	dma_buf->region_index = BAR2;
	dma_buf->open_flags = O_RDWR | O_CLOEXEC;
	for (uint32_t i = 0; i < MOST; i++) {
		dma_buf->dma_ranges[i].offset = 2 * i * PAGE;
		dma_buf->dma_ranges[i].length = PAGE;
	}
}

static int lease_with(uint32_t n)
{
	int lease;

	request->argsz = sizeof(*request) + sizeof(*dma_buf) +
			 n * sizeof(dma_buf->dma_ranges[0]);
	dma_buf->nr_ranges = n;
	lease = ioctl(vfio.device, VFIO_DEVICE_FEATURE, request);
	if (lease < 0)
		bail("export of %u ranges: %s", n, strerror(errno));
	return lease;
}

/* @times one after the other; microseconds for one. None is closed meanwhile. */
static double time_of(uint32_t n, int times)
{
	double began = now_ns();

	for (int i = 0; i < times; i++)
		leases[i] = lease_with(n);
	began = now_ns() - began;
	for (int i = 0; i < times; i++)
		close(leases[i]);
	return began / 1e3 / times;
}

/*
 * As many ranges on both sides, so that both take as long, and what else the
 * machine does hits the one as likely as the other.
 */
static void growth(void)
{
	struct pair pair = { 0 };

	for (int i = 0; i < TRIES * bench_rounds(); i++)
		pair_add(&pair, time_of(MOST, 1) * 1e3 / MOST,
			 time_of(FEW, MOST / FEW) * 1e3 / FEW);
	report_figure(&linear, &pair);
	pair_free(&pair);
}

/* The quickest of each round, as the others had to wait for something else */
static void curve(void)
{
	for (uint32_t n = 1; n <= MOST; n *= 4) {
		struct series all = { 0 };

		for (int i = 0; i < bench_rounds(); i++) {
			double best = INFINITY;

			for (int j = 0; j < TRIES; j++)
				best = fmin(best, time_of(n, 1));
			series_add(&all, best);
		}
		report_point("P10", "export", n, &all);
	}
}

/* Of /proc/meminfo, in bytes */
static double memory_in(const char *key)
{
	FILE *file = fopen("/proc/meminfo", "re");
	size_t length = strlen(key);
	double kib = -1;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, length) && line[length] == ':')
			kib = strtod(line + length + 1, NULL);
	if (file)
		fclose(file);
	if (kib < 0)
		bail("/proc/meminfo has no %s", key);
	return kib * 1024;
}

/* What the kernel may let go of at any time is not the leases'. */
static void forget_caches(void)
{
	if (file_write("/proc/sys/vm/drop_caches", "3"))
		bail("drop_caches");
}

/* Bytes for one, of @key, with @n leases of @nr_ranges each */
static double memory_of(const char *key, int sign, int n, uint32_t nr_ranges)
{
	double before, after;

	forget_caches();
	before = memory_in(key);
	for (int i = 0; i < n; i++)
		leases[i] = lease_with(nr_ranges);
	forget_caches();
	after = memory_in(key);
	for (int i = 0; i < n; i++)
		close(leases[i]);
	return sign * (after - before) / n;
}

static void memory(void)
{
	struct series small = { 0 }, large = { 0 };

	/* The table of fds grows now */
	close(fcntl(0, F_DUPFD_CLOEXEC, SMALL + 90));
	memory_of("Slab", 1, SMALL, 1);
	for (int i = 0; i < bench_rounds(); i++) {
		series_add(&small, memory_of("Slab", 1, SMALL, 1));
		series_add(&large, memory_of("MemFree", -1, LARGE, MOST));
	}
	report_fact("P10", "kernel memory for a lease of one range, all told",
		    series_median(&small), "bytes");
	report_fact("P10", "kernel memory for each of 65,536 ranges",
		    series_median(&large) / MOST, "bytes");
	series_free(&small);
	series_free(&large);
}

int main(void)
{
	bench_begin("P10", "export of N ranges");
	fds_allow(SMALL + 100);
	scatter();
	vfio = vfio_open(dev_big());
	growth();
	curve();
	memory();
	vfio_close(&vfio);
	free(request);
	return 0;
}
