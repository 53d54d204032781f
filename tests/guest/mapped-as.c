// SPDX-License-Identifier: MIT
/*
 * The driver tells how a mapping is really mapped, as a walk of the page table
 * finds it, and tells nothing of what is not its own
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <barlease.h>

#include "access.h"
#include "edge.h"
#include "huge.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "tap.h"
#include "vfio.h"

#define SIZE	MIB(8)
#define FILL	BARLEASE_MAPPED_AS_FILL

static struct vfio small;

static int ask(const volatile void *at, uint32_t flags,
	       struct barlease_mapped_as *answer)
{
	*answer = (struct barlease_mapped_as){
		.address = (uintptr_t)at,
		.flags = flags,
		.memattr = 77,
		.page_size = 77,
	};
	return vfio_feature(small.device, BARLEASE_FEATURE_MAPPED_AS,
			    VFIO_DEVICE_FEATURE_GET, answer, sizeof(*answer));
}

static void is_mapped(const volatile void *at, uint32_t memattr, size_t size,
		      const char *what)
{
	struct barlease_mapped_as answer;
	struct entry entry;

	is_ok(ask(at, FILL, &answer), "the driver looks at %s", what);
	is_int(answer.memattr, memattr, "it is %s", memattr ? "WC" : "NC");
	if (!huge_pages())
		size = PAGE;
	is_int((long long)answer.page_size, (long long)size,
	       "in a page of %zu bytes", size);
	entry = entry_at(at);
	ok(entry.present && entry.size == answer.page_size &&
	   entry.cache == (memattr == WC ? CACHE_WC : CACHE_UNCACHED),
	   "and so the page table has it");
}

static void is_empty(const volatile void *at, uint32_t flags, const char *what)
{
	struct barlease_mapped_as answer;

	is_ok(ask(at, flags, &answer), "the driver looks at %s", what);
	ok(!answer.page_size && answer.memattr == BARLEASE_MAPPED_AS_OTHER,
	   "where nothing is");
}

static void leases(uint32_t memattr)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t odd, even;

	if (lease_set_memattr(small.device, lease, memattr))
		bail("this machine cannot have write-combining leases");
	odd = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	even = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
	is_empty(odd + 5 * PAGE, 0, "a lease that nobody has touched");
	is_int(pages_present(odd, SIZE), 0, "and leaves it so");
	is_mapped(odd + 5 * PAGE + 3, memattr, PAGE, "it again, and may touch it");
	is_mapped(even + MIB(4), memattr, MIB(2), "one in huge pages");
	is_ok(lease_revoke(small.device, lease), "the lease is revoked");
	is_empty(odd + 5 * PAGE, FILL, "it once more");
	is_int(pages_present(even, SIZE), 0, "and brings nothing back");
	unmap(odd, SIZE);
	unmap(even, SIZE);
	close(lease);
}

static void bar_maps(void)
{
	mapping_t before = map_aligned(small.device,
				       vfio_region(&small, BAR2).offset, SIZE,
				       RW, MIB(2), PAGE);
	mapping_t after;

	is_ok(bar_set_memattr(small.device, BAR2, PAGE, PAGE, WC),
	      "a page of a BAR is made WC");
	after = map_bar(&small, BAR2, 0, SIZE);
	is_mapped(before + PAGE, NC, PAGE, "an older map of it");
	is_mapped(after + PAGE, WC, PAGE, "a newer one");
	is_mapped(after, NC, PAGE, "the page before");
	unmap(before, SIZE);
	unmap(after, SIZE);
	is_ok(bar_set_memattr(small.device, BAR2, 0, 0, NC), "all NC again");
}

static void by_library(void)
{
	mapping_t at = map_bar(&small, BAR2, 0, SIZE);
	struct barlease_device *device;
	size_t size = 0;

	if (barlease_device_wrap(small.device, &device))
		bail("cannot wrap the device");
	is_int(barlease_mapped_as(device, at, &size), BARLEASE_NC,
	       "the library says NC, too");
	is_int((long long)size, (long long)entry_at(at).size,
	       "and how large the page is");
	is_error(barlease_mapped_as(device, &small, NULL), ENODEV,
		 "its own memory is ENODEV");
	barlease_device_close(device);
	unmap(at, SIZE);
}

static int asked_as(uint32_t flags, size_t argsz, size_t mapped)
{
	struct {
		struct vfio_device_feature header;
		struct barlease_mapped_as body;
	} arg = {
		{ argsz, BARLEASE_FEATURE_MAPPED_AS | flags },
		{ .address = (uintptr_t)&small },
	};

	if (mapped)
		return edge_ioctl(small.device, VFIO_DEVICE_FEATURE, &arg,
				  mapped);
	return ioctl(small.device, VFIO_DEVICE_FEATURE, &arg) ? -errno : 0;
}

static void errors(void)
{
	struct barlease_mapped_as answer;
	struct vfio display = vfio_open(dev_display());
	mapping_t other = map_bar(&display, BAR0, 0, PAGE);
	mapping_t at = map_bar(&small, BAR2, 0, PAGE);
	const size_t size = sizeof(struct vfio_device_feature) + sizeof(answer);

	is_error(ask(NULL, FILL, &answer), EFAULT, "no mapping is EFAULT");
	ok(answer.memattr == 77 && answer.page_size == 77,
	   "a failure leaves the answer alone");
	is_error(ask((void *)(uintptr_t)INTPTR_MIN, FILL, &answer), EFAULT,
		 "nor is the kernel's memory one");
	is_error(ask(&answer, FILL, &answer), ENODEV, "a stack is ENODEV");
	is_error(ask(other, FILL, &answer), ENODEV,
		 "another device's BAR is ENODEV");
	is_error(ask(at, 2, &answer), EINVAL, "an unknown flag is EINVAL");
	is_error(ask(at, ~0u, &answer), EINVAL, "all of them are EINVAL");
	is_error(asked_as(VFIO_DEVICE_FEATURE_SET, size, 0), EINVAL,
		 "there is no SET");
	is_error(asked_as(VFIO_DEVICE_FEATURE_GET, size - 1, 0), EINVAL,
		 "a short argsz is EINVAL");
	is_error(asked_as(VFIO_DEVICE_FEATURE_GET, size, size - 1), EFAULT,
		 "an argument that is not all there is EFAULT");
	is_ok(asked_as(VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_PROBE,
		       size, 0), "PROBE says that there is GET");
	unmap(at, PAGE);
	is_error(ask(at, FILL, &answer), EFAULT, "what was unmapped is EFAULT");
	unmap(other, PAGE);
	vfio_close(&display);
}

int main(void)
{
	small = vfio_open(dev_small());
	leases(NC);
	leases(WC);
	bar_maps();
	by_library();
	errors();
	vfio_close(&small);
	return tap_done();
}
