// SPDX-License-Identifier: MIT
/*
 * The table of a device's leases in debugfs
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lease.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

#define TABLE	"/sys/kernel/debug/barlease/"

#define SIZE(pages)	((unsigned long)((pages) * PAGE))

static struct vfio vfio;
static char table[65536];

static void look(void)
{
	char path[64];

	snprintf(path, sizeof(path), TABLE "%s", vfio.bdf.name);
	if (file_read_all(path, table, sizeof(table)))
		bail("%s cannot be read", path);
}

/* A whole line of the table, after its first, which names the columns */
__attribute__((format(printf, 3, 4)))
static void has_line(bool want, const char *name, const char *text, ...)
{
	char words[256], line[260];
	va_list args;

	va_start(args, text);
	vsnprintf(words, sizeof(words), text, args);
	va_end(args);
	snprintf(line, sizeof(line), "\n%s\n", words);
	look();
	if (!ok(!!strstr(table, line) == want, "%s", name))
		diag("  %s: %s", want ? "not there" : "still there", line);
}

static void one_lease(void)
{
	const struct vfio_region_dma_range ranges[] = {
		{ 0, PAGE }, { 2 * PAGE, 2 * PAGE },
	};
	int lease = lease_export(vfio.device, BAR2, O_RDWR, ranges, 2);
	unsigned long ino = lease_inode(lease);

	has_line(true, "a lease, and which bytes it has",
		 "%lu 0x%lx nc live 0 2:0x0+0x%lx 2:0x%lx+0x%lx", ino, SIZE(3),
		 SIZE(1), SIZE(2), SIZE(2));
	lease_set_memattr(vfio.device, lease, WC);
	has_line(true, "its attribute",
		 "%lu 0x%lx wc live 0 2:0x0+0x%lx 2:0x%lx+0x%lx", ino, SIZE(3),
		 SIZE(1), SIZE(2), SIZE(2));
	lease_pause(vfio.device, lease);
	has_line(true, "that it is paused",
		 "%lu 0x%lx wc paused 0 2:0x0+0x%lx 2:0x%lx+0x%lx", ino,
		 SIZE(3), SIZE(1), SIZE(2), SIZE(2));
	lease_revoke(vfio.device, lease);
	has_line(true, "that it is revoked",
		 "%lu 0x%lx wc revoked 0 2:0x0+0x%lx 2:0x%lx+0x%lx", ino,
		 SIZE(3), SIZE(1), SIZE(2), SIZE(2));
	close(lease);
	has_line(false, "and nothing when nobody has it",
		 "%lu 0x%lx wc revoked 0 2:0x0+0x%lx 2:0x%lx+0x%lx", ino,
		 SIZE(3), SIZE(1), SIZE(2), SIZE(2));
}

static void many_ranges(void)
{
	struct vfio_region_dma_range ranges[10];
	int lease;

	for (unsigned int i = 0; i < 10; i++)
		ranges[i] = (struct vfio_region_dma_range){ 2 * i * PAGE, PAGE };
	lease = lease_export(vfio.device, BAR2, O_RDWR, ranges, 10);
	look();
	ok(strstr(table, " and 2 more\n"), "of ten ranges it shows eight");
	close(lease);
}

static void bar_map(void)
{
	mapping_t at = map_bar(&vfio, BAR2, PAGE, PAGE);

	has_line(true, "a map of a BAR has no inode to be known by",
		 "- 0x%lx nc live 0 2:0x%lx+0x%lx", SIZE(1), SIZE(1), SIZE(1));
	unmap(at, PAGE);
}

/* Also while somebody has the file open */
static void unbound(void)
{
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), TABLE "%s", vfio.bdf.name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	vfio_close(&vfio);
	is_ok(pci_unbind(vfio.bdf), "the device is unbound");
	ok(access(path, F_OK), "its table is gone");
	ok(read(fd, &byte, 1) < 0, "also for who has it open");
	close(fd);
	is_ok(pci_bind(vfio.bdf, OUR_DRIVER), "it is bound again");
	ok(!access(path, R_OK), "and has a table");
}

int main(void)
{
	struct stat stat;
	char path[64];

	vfio = vfio_open(dev_small());
	snprintf(path, sizeof(path), TABLE "%s", vfio.bdf.name);
	ok(!lstat(path, &stat) && (stat.st_mode & 0777) == 0400,
	   "the table is for root alone");
	one_lease();
	many_ranges();
	bar_map();
	unbound();
	return tap_done();
}
