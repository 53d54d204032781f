// SPDX-License-Identifier: MIT
/*
 * Every way in which an export is refused, and that nothing is left behind
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "edge.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

static struct vfio small;
static uint64_t bar_size;

static int export_range(uint64_t offset, uint64_t length)
{
	struct vfio_region_dma_range range = { offset, length };

	return lease_export(small.device, BAR2, O_RDWR | O_CLOEXEC, &range, 1);
}

static int export_bar(uint32_t bar)
{
	struct vfio_region_dma_range range = { 0, PAGE };

	return lease_export(small.device, bar, O_RDWR | O_CLOEXEC, &range, 1);
}

static int export_flags(uint32_t open_flags)
{
	struct vfio_region_dma_range range = { 0, PAGE };

	return lease_export(small.device, BAR2, open_flags, &range, 1);
}

static void ranges(void)
{
	struct vfio_region_dma_range second_bad[] = { { 0, PAGE }, { bar_size, PAGE } };

	is_error(export_range(0, 0), EINVAL, "a range of no length is EINVAL");
	is_error(export_range(1, PAGE), EINVAL, "an odd offset is EINVAL");
	is_error(export_range(PAGE / 2, PAGE), EINVAL,
		 "an offset in the middle of a page is EINVAL");
	is_error(export_range(0, 1), EINVAL, "a length of 1 is EINVAL");
	is_error(export_range(0, PAGE + 4), EINVAL,
		 "a length of a page and a word is EINVAL");
	is_error(export_range(0, bar_size + PAGE), EINVAL,
		 "a length of the BAR and a page is EINVAL");
	is_error(export_range(bar_size - PAGE, 2 * PAGE), EINVAL,
		 "a range that begins in the BAR and ends past it is EINVAL");
	is_error(export_range(bar_size, PAGE), EINVAL,
		 "a range that begins where the BAR ends is EINVAL");
	is_error(export_range(-(uint64_t)PAGE, PAGE), EINVAL,
		 "a range whose end overflows to 0 is EINVAL");
	is_error(export_range(-(uint64_t)PAGE, 2 * PAGE), EINVAL,
		 "a range whose end overflows into the BAR is EINVAL");
	is_error(export_range(PAGE, -(uint64_t)PAGE), EINVAL,
		 "a length that overflows is EINVAL");
	is_error(lease_export(small.device, BAR2, O_RDWR, second_bad, 2),
		 EINVAL, "a bad range after a good one is EINVAL");
	is_error(lease_export(small.device, BAR2, O_RDWR, second_bad, 0),
		 EINVAL, "no ranges are EINVAL");
}

static void open_flags(void)
{
	is_error(export_flags(O_WRONLY), EINVAL, "O_WRONLY is EINVAL");
	is_error(export_flags(O_ACCMODE), EINVAL,
		 "the access mode that is none is EINVAL");
	is_error(export_flags(O_RDWR | O_NONBLOCK), EINVAL,
		 "O_NONBLOCK is EINVAL");
	is_error(export_flags(O_RDWR | O_CREAT | O_TRUNC), EINVAL,
		 "O_CREAT and O_TRUNC are EINVAL");
	is_error(export_flags(O_RDONLY | O_PATH), EINVAL, "O_PATH is EINVAL");
	is_error(export_flags(O_RDWR | 1u << 31), EINVAL,
		 "a flag that does not exist is EINVAL");
}

/* VFIO maps a page of a BAR that is smaller: the rest of it is nobody's */
static void less_than_a_page(void)
{
	struct vfio_region_dma_range two_pages = { 0, 2 * PAGE };
	int fd;

	is_int(vfio_region(&small, BAR0).size, 256, "BAR 0 has 256 bytes");
	fd = export_bar(BAR0);
	is_ok(fd, "its one page can be exported");
	close(fd);
	is_error(lease_export(small.device, BAR0, O_RDWR, &two_pages, 1),
		 EINVAL, "two pages of it are EINVAL");
}

static void bars(void)
{
	struct vfio testdev = vfio_open(dev_testdev());
	struct vfio_region_dma_range range = { 0, PAGE };
	unsigned int io_bar = 1;

	is_error(export_bar(VFIO_PCI_ROM_REGION_INDEX), ENODEV,
		 "an export of the ROM is ENODEV");
	is_error(export_bar(VFIO_PCI_CONFIG_REGION_INDEX), ENODEV,
		 "an export of config space is ENODEV");
	is_error(export_bar(VFIO_PCI_VGA_REGION_INDEX), ENODEV,
		 "an export of the VGA region is ENODEV");
	is_error(export_bar(VFIO_PCI_NUM_REGIONS), ENODEV,
		 "an export of a region past the last is ENODEV");
	is_error(export_bar(~0u), ENODEV,
		 "an export of region 4294967295 is ENODEV");
	is_error(export_bar(1), ENODEV,
		 "an export of a BAR that the device has not is ENODEV");
	is_error(export_bar(3), ENODEV,
		 "an export of the upper half of a 64-bit BAR is ENODEV");

	ok(vfio_region(&testdev, io_bar).size &&
	   !(vfio_region(&testdev, io_bar).flags & VFIO_REGION_INFO_FLAG_MMAP),
	   "pci-testdev has a BAR of I/O ports");
	is_error(lease_export(testdev.device, io_bar, O_RDWR, &range, 1),
		 ENODEV, "an export of I/O ports is ENODEV");
	vfio_close(&testdev);
}

/* What lease_export() would not do wrong */
static int raw(uint32_t argsz, uint32_t method, uint32_t flags)
{
	struct {
		struct vfio_device_feature header;
		struct vfio_device_feature_dma_buf body;
		struct vfio_region_dma_range ranges[2];
	} arg = {
		.header = { argsz, VFIO_DEVICE_FEATURE_DMA_BUF | method },
		.body = { BAR2, O_RDWR, flags, 2 },
		.ranges = { { 0, PAGE }, { 2 * PAGE, PAGE } },
	};
	int ret = ioctl(small.device, VFIO_DEVICE_FEATURE, &arg);

	return ret < 0 ? -errno : ret;
}

static void arguments(void)
{
	const uint32_t get = VFIO_DEVICE_FEATURE_GET;
	const uint32_t body = sizeof(struct vfio_device_feature) +
			      sizeof(struct vfio_device_feature_dma_buf);
	const uint32_t whole = body + 2 * sizeof(struct vfio_region_dma_range);
	int fd;

	is_error(raw(whole, get, 1), EINVAL, "flags of 1 are EINVAL");
	is_error(raw(whole, get, 1u << 29), EINVAL,
		 "flags of 536870912 are EINVAL");
	is_error(raw(whole, VFIO_DEVICE_FEATURE_SET, 0), EINVAL,
		 "SET instead of GET is EINVAL");
	is_error(raw(whole, get | VFIO_DEVICE_FEATURE_SET, 0), EINVAL,
		 "SET and GET together are EINVAL");
	is_error(raw(whole, 0, 0), EINVAL, "neither SET nor GET is EINVAL");
	is_int(raw(whole, get | VFIO_DEVICE_FEATURE_PROBE, 0), 0,
	       "PROBE and GET together are an answer, and no export");

	is_error(raw(0, get, 0), EINVAL, "an argsz of 0 is EINVAL");
	is_error(raw(sizeof(struct vfio_device_feature) - 1, get, 0), EINVAL,
		 "an argsz short of the feature's header is EINVAL");
	is_error(raw(sizeof(struct vfio_device_feature), get, 0), EINVAL,
		 "an argsz of the feature's header alone is EINVAL");
	is_error(raw(body - 1, get, 0), EINVAL,
		 "an argsz short of the fixed part is EINVAL");
	is_error(raw(body, get, 0), EINVAL,
		 "an argsz without any of the ranges is EINVAL");
	is_error(raw(whole - sizeof(struct vfio_region_dma_range), get, 0), EINVAL,
		 "an argsz without one of the ranges is EINVAL");
	is_error(raw(whole - 1, get, 0), EINVAL,
		 "an argsz short of one byte is EINVAL");

	fd = raw(whole + 100, get, 0);
	is_ok(fd, "an argsz larger than needed is none the worse");
	close(fd);
}

static int at_the_end(size_t mapped)
{
	struct {
		struct vfio_device_feature header;
		struct vfio_device_feature_dma_buf body;
		struct vfio_region_dma_range range;
	} arg = {
		.header = { sizeof(arg), VFIO_DEVICE_FEATURE_DMA_BUF |
					 VFIO_DEVICE_FEATURE_GET },
		.body = { BAR2, O_RDWR, 0, 1 },
		.range = { 0, PAGE },
	};

	return edge_ioctl(small.device, VFIO_DEVICE_FEATURE, &arg, mapped);
}

static void faults_in_arguments(void)
{
	const size_t header = sizeof(struct vfio_device_feature);
	const size_t body = header + sizeof(struct vfio_device_feature_dma_buf);
	int fd;

	is_error(at_the_end(0), EFAULT, "no argument at all is EFAULT");
	is_error(at_the_end(header), EFAULT,
		 "an argument that is mapped no further than its header is EFAULT");
	is_error(at_the_end(body), EFAULT,
		 "ranges that are not mapped are EFAULT");
	is_error(at_the_end(body + 8), EFAULT,
		 "half a range that is not mapped is EFAULT");

	fd = at_the_end(body + sizeof(struct vfio_region_dma_range));
	is_ok(fd, "an argument that just fits its page is read");
	close(fd);
}

static void too_many(void)
{
	const uint32_t most = BARLEASE_MAX_RANGES;
	struct vfio_region_dma_range *many = calloc(most + 1, sizeof(*many));
	int fd;

	if (!many)
		bail("no memory");
	for (uint32_t i = 0; i <= most; i++)
		many[i] = (struct vfio_region_dma_range){ (i % 2) * 2 * PAGE, PAGE };

	fd = lease_export(small.device, BAR2, O_RDWR, many, most);
	is_ok(fd, "%u ranges are a buffer", most);
	close(fd);
	is_error(lease_export(small.device, BAR2, O_RDWR, many, most + 1),
		 E2BIG, "%u ranges are E2BIG", most + 1);
	free(many);
}

static void no_fd_left(void)
{
	struct rlimit before, none;
	int fd;

	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = fd_closed();
	setrlimit(RLIMIT_NOFILE, &none);
	fd = export_range(0, PAGE);
	setrlimit(RLIMIT_NOFILE, &before);
	is_error(fd, EMFILE, "an export with no fd left is EMFILE");
}

int main(void)
{
	int users, fds, fd;

	small = vfio_open(dev_small());
	bar_size = vfio_region(&small, BAR2).size;
	users = module_users(OUR_MODULE);
	fds = fds_open();

	ranges();
	open_flags();
	bars();
	less_than_a_page();
	arguments();
	faults_in_arguments();
	too_many();
	no_fd_left();

	is_int(fds_open(), fds, "no refusal left an fd behind");
	is_int(module_users(OUR_MODULE), users,
	       "no refusal left a reference to the driver behind");
	fd = export_range(0, bar_size);
	is_ok(fd, "after all that, the whole BAR can be exported");
	close(fd);
	vfio_close(&small);
	return tap_done();
}
