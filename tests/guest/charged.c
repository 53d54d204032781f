// SPDX-License-Identifier: MIT
/*
 * What the kernel keeps and copies for an export counts against the memory
 * cgroup of who exports
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cgroup.h"
#include "lease.h"
#include "tap.h"
#include "vfio.h"

#define MOST	BARLEASE_MAX_RANGES

/* What the kernel copies, and keeps */
#define BYTES	((long long)(MOST * sizeof(struct vfio_region_dma_range)))

/* The kernel takes memory in advance, and gives it back late: so much a CPU */
#define SLACK	((long long)(64 * PAGE))

/* More than that takes some exports, where pages are larger */
#define EXPORTS	4

static struct vfio big;

static long long number(int fd)
{
	char text[32] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		bail("the cgroup's memory cannot be read: %s", strerror(errno));
	return atoll(text);
}

/* memory.peak, which counts from here on for who has this fd */
static int peak_from_here(void)
{
	int fd = open(CGROUP "/memory.peak", O_RDWR | O_CLOEXEC);

	if (fd < 0 || write(fd, "reset", 5) != 5)
		bail("memory.peak cannot be reset: %s", strerror(errno));
	return fd;
}

/* The whole argument, so that nothing but the kernel takes memory for a call */
struct request {
	struct vfio_device_feature header;
	struct vfio_device_feature_dma_buf body;
	struct vfio_region_dma_range ranges[MOST];
};

/*
 * @step: from one range to the next. Ranges that continue each other become
 * one; nothing is kept of them, and all that is charged is the copy.
 */
static struct request *many(uint64_t step)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		bail("no memory");
	request->header.argsz = sizeof(*request);
	request->header.flags = VFIO_DEVICE_FEATURE_GET |
				VFIO_DEVICE_FEATURE_DMA_BUF;
	request->body.region_index = BAR2;
	request->body.open_flags = O_RDWR | O_CLOEXEC;
	request->body.nr_ranges = MOST;
	for (uint64_t i = 0; i < MOST; i++) {
		request->ranges[i].offset = i * step;
		request->ranges[i].length = PAGE;
	}
	return request;
}

static int export(const struct request *request)
{
	int fd = ioctl(big.device, VFIO_DEVICE_FEATURE, request);

	return fd < 0 ? -errno : fd;
}

static void the_copy(void)
{
	struct request *request = many(PAGE);
	long long before, peak;
	int fd, watch;

	/* What the process itself needs for it is there by then */
	close(export(request));
	before = cgroup_memory();
	watch = peak_from_here();
	fd = export(request);
	peak = number(watch);
	is_ok(fd, "%u ranges are exported as one", MOST);
	if (SLACK < BYTES)
		ok(peak - before >= BYTES - SLACK,
		   "while they were copied, 1 MiB was charged");
	else
		skip("the kernel has as much in advance, with such pages",
		     "while they were copied, 1 MiB was charged");
	diag("%lld KiB more than before", (peak - before) / 1024);
	close(watch);
	close(fd);
	free(request);
}

static void what_is_kept(void)
{
	/* Every other page, of half of the BAR */
	struct request *request = many(2 * PAGE);
	long long before, during;
	int fds[EXPORTS];

	close(export(request));
	before = cgroup_memory();
	for (int i = 0; i < EXPORTS; i++)
		fds[i] = export(request);
	during = cgroup_memory();
	for (int i = 0; i < EXPORTS; i++)
		is_ok(fds[i],
		      "%u ranges are exported, of which none continues another",
		      MOST);
	ok(during - before >= EXPORTS * BYTES - SLACK,
	   "1 MiB is charged for each while they are");
	diag("%lld KiB more than before", (during - before) / 1024);
	for (int i = 0; i < EXPORTS; i++)
		close(fds[i]);
	free(request);
}

int main(void)
{
	if (!cgroup_make("+memory"))
		skip_rest("this kernel has no control groups");
	cgroup_enter(getpid());
	big = vfio_open(dev_big_mapped());
	the_copy();
	what_is_kept();
	cgroup_leave(getpid());
	cgroup_remove();
	vfio_close(&big);
	return tap_done();
}
