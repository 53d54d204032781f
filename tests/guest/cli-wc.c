// SPDX-License-Identifier: MIT
/*
 * barlease wc: sets and shows the memory attribute of BAR maps
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "cli-run.h"
#include "huge.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "sysfs.h"
#include "tap.h"
#include "vfio.h"

static struct bdf dev;

static void wrote(const struct run *run, const char *want)
{
	ok(!strcmp(run->out, want), "it shows %.*s", (int)strcspn(want, "\n"),
	   want);
	cli_show(run);
}

static void maps_as(uint64_t offset, enum cache_mode mode)
{
	struct vfio vfio = vfio_open(dev);
	mapping_t at;

	vfio_put32(&vfio, BAR2, offset, 0x77);
	at = map_bar(&vfio, BAR2, offset, PAGE);
	reads(at, 0x77, "a map at %#llx can be read",
	      (unsigned long long)offset);
	is_cache(at, mode, "and is %s in the page table", cache_name(mode));
	unmap(at, PAGE);
	vfio_close(&vfio);
}

static void sets_and_shows(void)
{
	const struct run *run = CLI("wc", dev.name);

	cli_is(run, 0, "wc DEVICE");
	cli_says(run, "BAR 0 0x0-0xff");
	cli_says(run, "BAR 2 0x0-0x3ffffff nc\n");

	run = CLI("wc", dev.name, "2");
	cli_is(run, 0, "wc DEVICE 2");
	wrote(run, "BAR 2 0x0-0x3ffffff wc\n");
	maps_as(MIB(1), CACHE_WC);

	run = CLI("wc", dev.name, "2", "0x1000-0x1fff", "--off");
	cli_is(run, 0, "wc DEVICE 2 0x1000-0x1fff --off");
	wrote(run, "BAR 2 0x0-0xfff wc\n"
		   "BAR 2 0x1000-0x1fff nc\n"
		   "BAR 2 0x2000-0x3ffffff wc\n");
	maps_as(PAGE, CACHE_UNCACHED);
	maps_as(2 * PAGE, CACHE_WC);

	run = CLI("wc", "--off", dev.name, "2");
	cli_is(run, 0, "wc --off DEVICE 2");
	wrote(run, "BAR 2 0x0-0x3ffffff nc\n");
	maps_as(2 * PAGE, CACHE_UNCACHED);

	run = CLI("wc", dev.name, "2", "8192-12287");
	cli_is(run, 0, "wc DEVICE 2 8192-12287");
	cli_says(run, "BAR 2 0x2000-0x2fff wc\n");
	cli_is(CLI("wc", dev.name, "2", "--off"), 0, "wc DEVICE 2 --off");
}

static void proves(void)
{
	const struct run *run;
	struct vfio vfio;

	cli_is(CLI("wc", dev.name, "2"), 0, "all of it is made WC");
	run = CLI("wc", dev.name, "2", "0x1000-0x1fff", "--off", "--prove");
	cli_is(run, 0, "wc --prove looks at the page table");
	wrote(run, "BAR 2 0x0-0xfff wc, in the page table wc, in pages of 4 KiB\n"
		   "BAR 2 0x1000-0x1fff nc, in the page table nc, in pages of 4 KiB\n"
		   "BAR 2 0x2000-0x3ffffff wc, in the page table wc, in pages of 4 KiB\n");
	run = CLI("wc", dev.name, "2", "--prove");
	cli_is(run, 0, "wc --prove of one part");
	wrote(run, huge_pages() ?
	      "BAR 2 0x0-0x3ffffff wc, in the page table wc, in pages of 2 MiB\n" :
	      "BAR 2 0x0-0x3ffffff wc, in the page table wc, in pages of 4 KiB\n");
	run = CLI("wc", "--prove", dev.name);
	cli_is(run, 0, "wc --prove of all BARs");
	cli_says(run, "nc, in the page table nc");
	vfio = vfio_open(dev);
	run = CLI("wc", "--prove", dev.name);
	cli_is(run, 5, "wc --prove of what somebody has open");
	cli_complains(run, "is in use, and so cannot be mapped");
	vfio_close(&vfio);
	cli_is(CLI("wc", dev.name, "2", "--off"), 0, "and NC again");
}

static void complains(const struct run *run, int status, const char *part)
{
	cli_is(run, status, "\"%s\"", part);
	cli_complains(run, part);
}

static void errors(void)
{
	complains(CLI("wc"), 2, "operand is missing");
	complains(CLI("wc", "nonsense"), 2, "no PCI address");
	complains(CLI("wc", dev.name, "6"), 2, "is no BAR");
	complains(CLI("wc", dev.name, "x"), 2, "is no BAR");
	complains(CLI("wc", dev.name, "2", "0x1000"), 2, "is no range");
	complains(CLI("wc", dev.name, "2", "0x2000-0x1fff"), 2, "is no range");
	complains(CLI("wc", dev.name, "2", "0x1000-0x1ffe"), 1,
		  "is no whole pages");
	complains(CLI("wc", dev.name, "2", "0x0-0x4000fff"), 1,
		  "not in BAR 2 of 67108864 bytes");
	complains(CLI("wc", dev.name, "--off"), 2, "of which BAR");
	complains(CLI("wc", dev.name, "3"), 3, "no attribute for BAR 3");
	complains(CLI_AS(1001, "wc", dev.name, "2"), 4, "only root");
	cli_is(CLI_AS(1001, "wc", dev.name), 0, "anybody may look");

	is_ok(pci_unbind(dev), "the device is unbound");
	complains(CLI("wc", dev.name), 3, "it is bound to no driver");
	complains(CLI("wc", dev.name, "2"), 3, "it is bound to no driver");
	is_ok(pci_bind(dev, OUR_DRIVER), "and bound again");
}

int main(void)
{
	NEEDS_SMALL_PAGES;
	dev = dev_small();
	sets_and_shows();
	proves();
	errors();
	return tap_done();
}
