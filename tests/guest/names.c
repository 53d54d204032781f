// SPDX-License-Identifier: MIT
/*
 * /proc/PID/maps and /proc/PID/fd tell which device a mapping is of
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lease.h"
#include "map.h"
#include "tap.h"

static struct vfio small;

/* The last column of the line of /proc/self/maps that has the address */
static void name_of(mapping_t at, char *name, size_t size)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[512], path[256];

	if (!maps)
		bail("/proc/self/maps: %s", strerror(errno));
	snprintf(name, size, "no such mapping");
	while (fgets(line, sizeof(line), maps)) {
		path[0] = '\0';
		if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %255s", &start, &end,
			   path) < 2)
			continue;
		if (start <= (unsigned long)at && (unsigned long)at < end)
			snprintf(name, size, "%s", path);
	}
	fclose(maps);
}

static void is_named(mapping_t at, const char *want, const char *what)
{
	char name[256];

	name_of(at, name, sizeof(name));
	if (!ok(!strcmp(name, want), "%s is called %s", what, want))
		diag("  got %s", name);
}

static void bar_maps(void)
{
	static const unsigned int bars[] = { BAR0, BAR2 };
	const char *vfio = pci_class_device(small.bdf, "vfio-dev", "vfio");
	char want[128];

	for (int i = 0; i < 2; i++) {
		mapping_t at = map_bar(&small, bars[i], 0, PAGE);

		snprintf(want, sizeof(want), "/dmabuf:%s:%s/%u", vfio,
			 small.bdf.name, bars[i]);
		is_named(at, want, "a map of a BAR");
		unmap(at, PAGE);
	}
}

static void leases(void)
{
	int lease = lease_of(small.device, BAR2, 0, 4 * PAGE);
	mapping_t at = map(lease, 0, 4 * PAGE, RW);
	char link[64], target[256] = "";

	is_named(at, "/dmabuf:", "a lease without a name");
	is_ok(lease_set_name(lease, "queue-7"), "a lease is given a name");
	is_named(at, "/dmabuf:queue-7", "a mapping that was there before");
	unmap(at, 4 * PAGE);
	at = map(lease, PAGE, PAGE, PROT_READ);
	is_named(at, "/dmabuf:queue-7", "a mapping made after");

	snprintf(link, sizeof(link), "/proc/self/fd/%d", lease);
	if (readlink(link, target, sizeof(target) - 1) < 0)
		bail("readlink(): %s", strerror(errno));
	ok(!strcmp(target, "/dmabuf:queue-7"), "so is the fd: %s", target);

	is_ok(lease_revoke(small.device, lease), "the lease is revoked");
	is_named(at, "/dmabuf:queue-7", "its mapping, still,");
	unmap(at, PAGE);
	close(lease);
}

int main(void)
{
	small = vfio_open(dev_small());
	bar_maps();
	leases();
	vfio_close(&small);
	return tap_done();
}
