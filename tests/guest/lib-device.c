// SPDX-License-Identifier: MIT
/*
 * libbarlease opens, wraps, describes and closes devices, and leaves nothing
 * behind
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <barlease.h>

#include "fds.h"
#include "importer.h"
#include "kernel.h"
#include "lease.h"
#include "peer.h"
#include "tap.h"
#include "vfio.h"

#define OURS	(BARLEASE_CAN_EXPORT | BARLEASE_CAN_MMAP | \
		 BARLEASE_CAN_REVOKE | BARLEASE_CAN_MEMATTR | \
		 BARLEASE_CAN_PAUSE | \
		 (importers_possible() ? BARLEASE_CAN_IMPORT : 0))
#define ANY	BARLEASE_BACKEND_ANY
#define GROUP	BARLEASE_BACKEND_GROUP
#define IOMMUFD	BARLEASE_BACKEND_IOMMUFD

/* The way that is tested now */
static enum barlease_backend way;

static struct barlease_device *must_open(struct bdf bdf)
{
	struct barlease_device *device;
	int ret = barlease_device_open(bdf.name, way, &device);

	if (ret)
		bail("cannot open %s: %s", bdf.name, strerror(-ret));
	return device;
}

/* For a peer. args: the way */
static long open_and_close(int fd, const long *args)
{
	struct barlease_device *device;
	int ret = barlease_device_open(dev_edu().name, args[0], &device);

	(void)fd;
	if (!ret)
		barlease_device_close(device);
	return ret;
}

/* Whether the device answers: its ids, from config space */
static bool answers(const struct barlease_device *device)
{
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	int fd = barlease_device_fd(device);
	uint32_t ids = 0;

	return !ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &config) &&
	       pread(fd, &ids, sizeof(ids), config.offset) == sizeof(ids) &&
	       ids && ids != ~0u;
}

static void opens(const char *what, const char *bdf,
		  enum barlease_backend backend)
{
	struct barlease_device *device = NULL;

	if (!is_ok(barlease_device_open(bdf, backend, &device),
		   "a device is opened: %s", what))
		return;
	ok(answers(device), "it answers");
	is_hex(barlease_device_caps(device), OURS,
	       "it can export, map, revoke and set attributes; import, where the kernel can");
	barlease_device_close(device);
}

static void ways_in(void)
{
	struct barlease_device *device;
	struct bdf small = dev_small(), upper = small;
	char node[64];

	for (char *c = upper.name; *c; c++)
		*c = (char)toupper(*c);
	opens("by group and container", small.name, GROUP);
	opens("by whatever there is", small.name, ANY);
	opens("in upper case", upper.name, GROUP);
	opens("without domain", strchr(small.name, ':') + 1, GROUP);
	if (kernel_has_iommufd())
		opens("by its own node and iommufd", small.name, IOMMUFD);
	else
		is_error(barlease_device_open(small.name, IOMMUFD, &device),
			 ENOENT, "without iommufd, there is ENOENT for it");
	is_error(barlease_device_open(small.name, 7, &device), EINVAL,
		 "an unknown way is EINVAL");
	pci_path(small, "vfio-dev", node, sizeof(node));
	is_int(access(node, F_OK), 0, "sysfs has what the library looks at");
}

static void no_way_in(void)
{
	static const char *const addresses[] = {
		"", "0000", "02:00", "02:00.", "02:00.8", "2:00.0", "02:20.0",
		"02:00.0 ", " 02:00.0", "000:02:00.0", "0000:02:00.0.0",
		"123456789:02:00.0", "0000:02:00:0", "../../etc", "0000:g2:00.0",
	};
	struct bdf small = dev_small(), devices[64];
	struct barlease_device *device = NULL;
	size_t n = pci_all(devices, 64);
	char driver[64];

	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		is_error(barlease_device_open(addresses[i], ANY, &device),
			 EINVAL, "\"%s\" is no address: EINVAL", addresses[i]);
	is_error(barlease_device_open("ffff:ff:1f.7", ANY, &device), ENODEV,
		 "where no device is, there is ENODEV");
	for (size_t i = 0; i < n; i++) {
		pci_driver(devices[i], driver, sizeof(driver));
		if (strcmp(driver, "pcieport"))
			continue;
		is_error(barlease_device_open(devices[i].name, ANY, &device),
			 ENODEV, "a device that VFIO does not have is ENODEV");
		break;
	}
	is_ok(pci_unbind(small), "a device is unbound");
	is_error(barlease_device_open(small.name, ANY, &device), ENODEV,
		 "then it is ENODEV, too");
	is_ok(pci_bind(small, OUR_DRIVER), "it is bound again");
	ok(!device, "none of all these has touched the result");
}

/* It has the page that it is in to itself, and is leased as that. */
static void less_than_a_page(void)
{
	struct barlease_range range = { .length = PAGE };
	struct barlease_device *device = must_open(dev_small());
	struct barlease_bar bar = { .mappable = false };
	int lease;

	is_ok(barlease_device_bar(device, 0, &bar), "a BAR of 256 bytes");
	is_int(bar.size, 256, "is one");
	ok(bar.mappable, "the library says that it can be leased");
	lease = barlease_export(device, 0, &range, 1, 0);
	is_ok(lease, "and the driver leases its page");
	close(lease);
	range.length = 8192;
	is_error(barlease_export(device, 0, &range, 1, 0), EINVAL,
		 "and no other one");
	barlease_device_close(device);
}

static void describes(void)
{
	struct vfio raw = vfio_open(dev_display());
	struct barlease_device *device;
	struct barlease_bar bar;

	is_ok(barlease_device_wrap(raw.device, &device), "an fd is wrapped");
	is_int(barlease_device_fd(device), raw.device, "it is the device's fd");
	for (unsigned int i = 0; i < BARLEASE_BARS; i++) {
		struct region region = vfio_region(&raw, i);

		is_ok(barlease_device_bar(device, i, &bar),
		      "BAR %u is described", i);
		ok(bar.offset == region.offset && bar.size == region.size &&
		   bar.mappable == !!(region.flags & VFIO_REGION_INFO_FLAG_MMAP),
		   "as VFIO does");
	}
	is_error(barlease_device_bar(device, BARLEASE_BARS, &bar), EINVAL,
		 "there is no BAR %d: EINVAL", BARLEASE_BARS);
	is_error(barlease_device_bar(device, ~0u, &bar), EINVAL,
		 "nor a BAR -1");
	is_hex(barlease_device_caps(device), OURS, "it can do what ours can");
	barlease_device_close(device);
	is_ok(fcntl(raw.device, F_GETFD), "the fd stays open");
	vfio_close(&raw);
}

static void wraps_nothing_else(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	struct barlease_device *device = NULL;

	is_error(barlease_device_wrap(-1, &device), EBADF, "-1 is EBADF");
	is_error(barlease_device_wrap(fd_closed(), &device), EBADF,
		 "so is an fd that is closed");
	is_error(barlease_device_wrap(null, &device), EINVAL,
		 "/dev/null is EINVAL");
	is_error(barlease_device_wrap(container, &device), EINVAL,
		 "so is a VFIO container");
	ok(!device, "none of these has touched the result");
	close(null);
	close(container);
	barlease_device_close(NULL);
}

static void one_at_a_time(const struct peer *peer)
{
	struct barlease_device *edu = must_open(dev_edu()), *again, *sibling;
	struct vfio raw;

	is_error(vfio_try_open(&raw, dev_edu()), EBUSY,
		 "nobody else can open the group: EBUSY");
	is_error(peer_call(peer, open_and_close, -1, ARGS(ANY)), EBUSY,
		 "nor can another process with the library: EBUSY");
	is_ok(barlease_device_open(dev_testdev().name, way, &sibling),
	      "another device of the same group can be opened");
	is_ok(barlease_device_open(dev_edu().name, way, &again),
	      "the first one can, once more");
	ok(barlease_device_fd(edu) != barlease_device_fd(again),
	   "with an fd of its own");
	barlease_device_close(edu);
	ok(answers(sibling), "after the first is closed, the second answers");
	ok(answers(again), "so does the other of the first");
	barlease_device_close(again);
	ok(answers(sibling), "the second answers still");
	barlease_device_close(sibling);

	is_int(peer_call(peer, open_and_close, -1, ARGS(way)), 0,
	       "after the last is closed, another process can open it");
	is_ok(vfio_try_open(&raw, dev_edu()), "so can others the group");
	is_error(barlease_device_open(dev_testdev().name, way, &sibling),
		 EBUSY, "and then it is EBUSY for the library");
	vfio_close(&raw);
}

static void resets(struct bdf bdf)
{
	struct barlease_device *device = must_open(bdf);
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int ret;

	if (ioctl(barlease_device_fd(device), VFIO_DEVICE_GET_INFO, &info))
		bail("VFIO_DEVICE_GET_INFO: %s", strerror(errno));
	ret = barlease_device_reset(device);
	if (info.flags & VFIO_DEVICE_FLAGS_RESET)
		is_ok(ret, "%s can be reset", bdf.name);
	else
		is_error(ret, ENOTSUP, "%s cannot be reset: ENOTSUP", bdf.name);
	ok(answers(device), "it answers after that");
	barlease_device_close(device);
}

static void *open_many_times(void *arg)
{
	struct bdf devices[] = { dev_edu(), dev_testdev(), dev_small() };
	atomic_int *failures = arg;

	for (int i = 0; i < 30; i++) {
		struct barlease_device *device;

		if (barlease_device_open(devices[i % 3].name, way, &device)) {
			atomic_fetch_add(failures, 1);
			continue;
		}
		if (!answers(device))
			atomic_fetch_add(failures, 1);
		barlease_device_close(device);
	}
	return NULL;
}

static void from_threads(void)
{
	atomic_int failures = 0;
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, open_many_times, &failures))
			bail("no thread");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	is_int(failures, 0, "four threads open and close three devices at will");
}

static void this_way(const struct peer *peer)
{
	one_at_a_time(peer);
	resets(dev_small());
	resets(dev_edu());
	resets(dev_display());
	from_threads();
}

int main(void)
{
	/* Before anything is open: it must not have this process's fds */
	struct peer peer = peer_start();
	int before = fds_open();

	ways_in();
	no_way_in();
	less_than_a_page();
	describes();
	wraps_nothing_else();
	way = GROUP;
	this_way(&peer);
	way = IOMMUFD;
	if (kernel_has_iommufd())
		this_way(&peer);
	else
		skip("this kernel has no iommufd",
		     "the same by the devices' own nodes");
	is_int(fds_open(), before, "no file descriptor is left");
	peer_stop(&peer);
	return tap_done();
}
