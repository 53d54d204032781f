// SPDX-License-Identifier: MIT
/*
 * Every way in which getting and setting the attribute of BAR maps is refused
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "edge.h"
#include "fds.h"
#include "lease.h"
#include "tap.h"
#include "vfio.h"

#define GET	VFIO_DEVICE_FEATURE_GET
#define SET	VFIO_DEVICE_FEATURE_SET
#define BAR	MIB(64)

struct request {
	struct vfio_device_feature header;
	struct barlease_bar_memattr body;
};

static struct vfio small;

static void is_untouched(void)
{
	uint64_t length = 0;

	is_int(bar_get_memattr(small.device, BAR2, 0, &length), NC,
	       "what was refused changed nothing");
	is_hex(length, BAR, "anywhere in the BAR");
}

static void no_bar(uint32_t index, const char *what)
{
	is_error(bar_set_memattr(small.device, index, 0, 0, NC), ENODEV,
		 "SET of %s is ENODEV", what);
	is_error(bar_get_memattr(small.device, index, 0, NULL), ENODEV,
		 "GET of %s is ENODEV", what);
}

static void regions(void)
{
	no_bar(VFIO_PCI_BAR3_REGION_INDEX, "the upper half of a 64 bit BAR");
	no_bar(VFIO_PCI_BAR5_REGION_INDEX, "a BAR that is not there");
	no_bar(VFIO_PCI_ROM_REGION_INDEX, "the ROM");
	no_bar(VFIO_PCI_CONFIG_REGION_INDEX, "config space");
	no_bar(VFIO_PCI_NUM_REGIONS, "a region that does not exist");
	no_bar(~0u, "region 0xffffffff");
}

static void set_refused(uint64_t offset, uint64_t length, const char *what)
{
	is_error(bar_set_memattr(small.device, BAR2, offset, length, WC),
		 EINVAL, "SET %s is EINVAL", what);
}

static void ranges(void)
{
	set_refused(1, PAGE, "from byte 1 on");
	set_refused(PAGE / 2, PAGE, "from the middle of a page on");
	set_refused(0, 1, "of one byte");
	set_refused(0, PAGE - 1, "of a page less a byte");
	set_refused(0, BAR + PAGE, "of a page more than the BAR");
	set_refused(PAGE, BAR, "of the BAR's size, but from its second page");
	set_refused(BAR, PAGE, "of the page behind the BAR");
	set_refused(BAR, 0, "of nothing, at the BAR's end");
	set_refused(PAGE, -PAGE, "of a length that wraps around to 0");
	set_refused(-PAGE, PAGE, "from the last page of all on");
	set_refused(-PAGE, 2 * PAGE, "of what wraps around");
	is_error(bar_get_memattr(small.device, BAR2, 1, NULL), EINVAL,
		 "GET at byte 1 is EINVAL");
	is_error(bar_get_memattr(small.device, BAR2, BAR, NULL), EINVAL,
		 "GET behind the BAR is EINVAL");
	is_error(bar_get_memattr(small.device, BAR2, -PAGE, NULL), EINVAL,
		 "GET at the last page of all is EINVAL");
	is_untouched();
}

static void attributes(void)
{
	static const uint32_t unknown[] = { 2, 3, 255, 1u << 16, 1u << 31,
					    ~0u };

	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		is_error(bar_set_memattr(small.device, BAR2, 0, 0, unknown[i]),
			 EOPNOTSUPP, "attribute %u is EOPNOTSUPP", unknown[i]);
	is_untouched();
}

static void too_many_parts(void)
{
	uint64_t i, length;

	/* Every second page, which makes two parts each; and the rest */
	for (i = 0; i < BARLEASE_MAX_BAR_PARTS / 2; i++)
		if (bar_set_memattr(small.device, BAR2, 2 * i * PAGE, PAGE, WC))
			break;
	is_int(i, BARLEASE_MAX_BAR_PARTS / 2,
	       "a BAR may have %d parts", BARLEASE_MAX_BAR_PARTS);
	is_error(bar_set_memattr(small.device, BAR2, 2 * i * PAGE, PAGE, WC),
		 E2BIG, "one more is E2BIG");
	is_int(bar_get_memattr(small.device, BAR2, (2 * i - 1) * PAGE,
			       &length), NC, "and is not made");
	is_hex(length, BAR - (2 * i - 1) * PAGE, "the rest is one part");
	is_ok(bar_set_memattr(small.device, BAR2, PAGE, PAGE, WC),
	      "a change that makes it fewer is fine");
	is_ok(bar_set_memattr(small.device, BAR2, 2 * i * PAGE, PAGE, WC),
	      "then there is room");
	is_ok(bar_set_memattr(small.device, BAR2, 0, 0, NC), "all NC again");
	is_untouched();
}

static int sized(uint32_t flags, size_t argsz)
{
	struct request arg = {
		{ argsz, BARLEASE_FEATURE_BAR_MEMATTR | flags },
		{ BAR2, WC, 0, 0 },
	};

	return ioctl(small.device, VFIO_DEVICE_FEATURE, &arg) ? -errno : 0;
}

static int unmapped(uint32_t flags, size_t mapped)
{
	struct request arg = {
		{ sizeof(arg), BARLEASE_FEATURE_BAR_MEMATTR | flags },
		{ BAR2, WC, 0, 0 },
	};

	return edge_ioctl(small.device, VFIO_DEVICE_FEATURE, &arg, mapped);
}

/* The answer of GET, into memory that cannot be written */
static int get_into_rodata(void)
{
	const struct request arg = {
		.header = {
			.argsz = sizeof(arg),
			.flags = BARLEASE_FEATURE_BAR_MEMATTR | GET,
		},
		.body = { .region_index = BAR2 },
	};

	return edge_ioctl_rodata(small.device, VFIO_DEVICE_FEATURE, &arg,
				 sizeof(arg));
}

static void arguments(void)
{
	const size_t header = sizeof(struct vfio_device_feature);
	const size_t whole = sizeof(struct request);

	is_error(sized(SET, 0), EINVAL, "SET with argsz 0 is EINVAL");
	is_error(sized(SET, header), EINVAL,
		 "SET with an argsz of the header alone is EINVAL");
	is_error(sized(SET, whole - 1), EINVAL,
		 "SET with an argsz short of one byte is EINVAL");
	is_error(sized(GET, whole - 1), EINVAL,
		 "GET with an argsz short of one byte is EINVAL");
	is_error(sized(GET | SET, whole), EINVAL,
		 "GET and SET together are EINVAL");
	is_error(sized(0, whole), EINVAL, "neither GET nor SET is EINVAL");
	is_error(unmapped(SET, 0), EFAULT, "SET of nothing is EFAULT");
	is_error(unmapped(SET, header), EFAULT,
		 "SET of the header alone is EFAULT");
	is_error(unmapped(SET, whole - 8), EFAULT,
		 "SET of an argument that ends before the length is EFAULT");
	is_error(unmapped(GET, header), EFAULT,
		 "GET into the header alone is EFAULT");
	is_error(get_into_rodata(), EFAULT,
		 "GET into memory that cannot be written is EFAULT");
	is_untouched();
}

int main(void)
{
	int fds, users;

	small = vfio_open(dev_small());
	fds = fds_open();
	users = module_users(OUR_MODULE);

	regions();
	ranges();
	attributes();
	too_many_parts();
	arguments();

	is_int(fds_open(), fds, "no call left an fd behind");
	is_int(module_users(OUR_MODULE), users,
	       "no call left a reference to the driver behind");
	vfio_close(&small);
	return tap_done();
}
