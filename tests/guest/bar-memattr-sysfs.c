// SPDX-License-Identifier: MIT
/*
 * The administrator's attribute of BAR maps, in sysfs: for programs that know
 * nothing of it, until the device is unbound
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "tap.h"

#define SEED	6
#define ATTR	"barlease/bar2_memattr"

static struct bdf dev;

/* All lines of the attribute, joined by a comma */
static void says(const char *want, const char *name)
{
	char path[256], text[4096];
	ssize_t n;
	int fd;

	pci_path(dev, ATTR, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		bail("%s: %s", path, strerror(errno));
	close(fd);
	text[n - 1] = '\0';
	for (char *p = text; (p = strchr(p, '\n')); )
		*p = ',';
	if (!ok(!strcmp(text, want), "%s: %s", name, want))
		diag("but it says %s", text);
}

static bool exists(const char *attr)
{
	char path[256];

	pci_path(dev, attr, path, sizeof(path));
	return !access(path, F_OK);
}

/* What somebody who opens the device now gets */
static void maps_as(uint64_t offset, enum cache_mode mode, const char *name)
{
	struct vfio vfio = vfio_open(dev);
	mapping_t at;

	vfio_put32(&vfio, BAR2, offset, pattern(offset, SEED));
	at = map_bar(&vfio, BAR2, offset, PAGE);
	reads(at, pattern(offset, SEED), "%s reads what is there", name);
	is_cache(at, mode, "and is %s in the page table", cache_name(mode));
	unmap(at, PAGE);
	vfio_close(&vfio);
}

static void which_bars(void)
{
	struct stat stat_buf = { 0 };
	char path[256];

	ok(exists("barlease/bar0_memattr"), "there is one for BAR 0");
	ok(exists(ATTR), "and one for BAR 2");
	ok(!exists("barlease/bar1_memattr"), "none for BAR 1, which is empty");
	ok(!exists("barlease/bar3_memattr"),
	   "none for the upper half of a 64 bit BAR");
	pci_path(dev, ATTR, path, sizeof(path));
	stat(path, &stat_buf);
	is_int(stat_buf.st_mode & 07777, 0644, "only root may write it");
}

static void while_closed(void)
{
	says("0x0-0x3ffffff nc", "at first");
	maps_as(0, CACHE_UNCACHED, "a map");
	is_ok(pci_write(dev, ATTR, "wc\n"), "\"wc\" is written");
	says("0x0-0x3ffffff wc", "then");
	maps_as(0, CACHE_WC, "a map");
	maps_as(MIB(63), CACHE_WC, "a map at the next open");
	is_ok(pci_write(dev, ATTR, "nc"), "\"nc\" is written");
	says("0x0-0x3ffffff nc", "then");
	is_ok(pci_write(dev, ATTR, "0x1000-0x1fff wc"), "a page is made WC");
	is_ok(pci_write(dev, ATTR, "8192-12287   wc\n"),
	      "and the next, in decimal");
	says("0x0-0xfff nc,0x1000-0x2fff wc,0x3000-0x3ffffff nc", "then");
	maps_as(0, CACHE_UNCACHED, "a map of the first page");
	maps_as(PAGE, CACHE_WC, "a map of the second");
	is_ok(pci_write(dev, ATTR, "0x2000-0x3ffffff nc"),
	      "all but that is made NC");
	says("0x0-0xfff nc,0x1000-0x1fff wc,0x2000-0x3ffffff nc", "then");
}

static void both(void)
{
	struct vfio vfio = vfio_open(dev);

	is_int(bar_get_memattr(vfio.device, BAR2, PAGE, NULL), WC,
	       "the owner sees what the administrator has set");
	is_ok(bar_set_memattr(vfio.device, BAR2, 0, PAGE, WC),
	      "and sets another page");
	says("0x0-0x1fff wc,0x2000-0x3ffffff nc", "now both hold");
	is_ok(bar_set_memattr(vfio.device, BAR2, PAGE, PAGE, NC),
	      "the owner can set the administrator's page otherwise");
	says("0x0-0xfff wc,0x1000-0x3ffffff nc", "the owner's word was last");
	is_ok(pci_write(dev, ATTR, "0x0-0x1fff nc"),
	      "the administrator sets both");
	says("0x0-0x3ffffff nc", "that word was last");
	is_ok(bar_set_memattr(vfio.device, BAR2, 0, 0, WC),
	      "the owner sets all");
	is_ok(pci_write(dev, ATTR, "0x3000-0x3fff wc"),
	      "the administrator one page");
	says("0x0-0x3ffffff wc", "while the device is open");
	vfio_close(&vfio);
	says("0x0-0x2fff nc,0x3000-0x3fff wc,0x4000-0x3ffffff nc",
	     "after the last close, what the administrator said");
}

static void refused(const char *text)
{
	is_error(pci_write(dev, ATTR, text), EINVAL, "\"%s\" is EINVAL",
		 strcmp(text, "\n") ? text : "\\n");
}

static void errors(void)
{
	char range[64];
	int n;

	is_ok(pci_write(dev, ATTR, "nc"), "all is NC");
	refused("\n");
	refused("WC");
	refused("wb");
	refused("wc nc");
	refused("0x1000-0x1fff");
	refused("0x1000 wc");
	refused("-0xfff wc");
	refused("0x1000- wc");
	refused("0x2000-0x1fff wc");
	refused("0x1000-0x1ffe wc");
	refused("0x1001-0x2000 wc");
	refused("0x0-0x4000fff wc");
	refused("0x4000000-0x4000fff wc");
	refused("0x0-0xffffffffffffffff wc");
	refused("0x1000-0x1fff 0x3000-0x3fff wc");
	is_error(pci_write(dev, ATTR, "0x0-0x10000000000000fff wc"), ERANGE,
		 "a number of more than 64 bits is ERANGE");
	says("0x0-0x3ffffff nc", "nothing of that changed anything");

	for (n = 0; n < BARLEASE_MAX_BAR_PARTS / 2; n++) {
		snprintf(range, sizeof(range), "%#x-%#x wc", n * 0x2000,
			 n * 0x2000 + 0xfff);
		if (pci_write(dev, ATTR, range))
			break;
	}
	is_int(n, BARLEASE_MAX_BAR_PARTS / 2, "there may be %d parts",
	       BARLEASE_MAX_BAR_PARTS);
	is_error(pci_write(dev, ATTR, "0x3000000-0x3000fff wc"), E2BIG,
		 "more are E2BIG");
	is_ok(pci_write(dev, ATTR, "nc"), "all is NC again");
}

static void until_unbound(void)
{
	is_ok(pci_write(dev, ATTR, "wc"), "all is made WC");
	is_ok(pci_unbind(dev), "the device is unbound");
	ok(!exists("barlease"), "then the attributes are gone");
	is_ok(pci_bind(dev, OUR_DRIVER), "it is bound again");
	says("0x0-0x3ffffff nc", "that forgets what was set");
	maps_as(0, CACHE_UNCACHED, "a map");
}

int main(void)
{
	NEEDS_SMALL_PAGES;
	dev = dev_small();
	which_bars();
	while_closed();
	both();
	errors();
	until_unbound();
	return tap_done();
}
