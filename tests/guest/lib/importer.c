// SPDX-License-Identifier: MIT
/*
 * Devices that leases are attached to, from barlease-importer.ko
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "importer.h"
#include "tap.h"

bool importers_possible(void)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	bool found = false;
	char line[512];

	if (!symbols)
		bail("/proc/kallsyms: %s", strerror(errno));
	while (!found && fgets(line, sizeof(line), symbols))
		found = strstr(line, " pcim_p2pdma_provider\n");
	fclose(symbols);
	return found;
}

int importer_try(int dmabuf, struct bdf dev, unsigned int how)
{
	struct barlease_attach attach = { .dmabuf_fd = dmabuf, .how = how };
	unsigned int bus, slot, function;
	int fd, ret;

	if (sscanf(dev.name, "%x:%x:%x.%x", &attach.domain, &bus, &slot,
		   &function) != 4)
		bail("no PCI device: %s", dev.name);
	attach.bus = bus;
	attach.devfn = slot << 3 | function;

	fd = open("/dev/barlease-importer", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!ioctl(fd, BARLEASE_ATTACH, &attach))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int importer_mapped(int dmabuf, struct bdf dev, unsigned int how)
{
	int fd = importer_try(dmabuf, dev, how), ret;

	if (fd < 0)
		bail("%s is not attached: %s", dev.name, strerror(-fd));
	ret = importer_map(fd, BOTH_WAYS, NULL);
	if (ret)
		bail("no mapping for %s: %s", dev.name, strerror(-ret));
	return fd;
}

int importer_map(int importer, unsigned int direction, struct barlease_map *map)
{
	struct barlease_map unused;

	if (!map)
		map = &unused;
	*map = (struct barlease_map){ .direction = direction };
	return ioctl(importer, BARLEASE_MAP, map) ? -errno : 0;
}

void importer_unmap(int importer)
{
	if (ioctl(importer, BARLEASE_UNMAP))
		bail("BARLEASE_UNMAP: %s", strerror(errno));
}

static struct barlease_importer_state state_of(int importer)
{
	struct barlease_importer_state state;

	if (ioctl(importer, BARLEASE_STATE, &state))
		bail("BARLEASE_STATE: %s", strerror(errno));
	return state;
}

bool importer_has(int importer)
{
	return state_of(importer).mapped;
}

unsigned int importer_told(int importer)
{
	return state_of(importer).told;
}

int importer_again(int importer)
{
	return state_of(importer).again;
}

void importer_add_fence(int importer)
{
	if (ioctl(importer, BARLEASE_FENCE))
		bail("BARLEASE_FENCE: %s", strerror(errno));
}
