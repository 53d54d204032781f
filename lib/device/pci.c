// SPDX-License-Identifier: MIT
/*
 * PCI addresses, and what sysfs says of the device at one
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pci.h"

#define DEVICES	"/sys/bus/pci/devices"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Returns how many digits there are, and leaves @text behind them */
static int parse_hex(const char **text, uint32_t *value)
{
	int digits = 0;

	for (*value = 0; hex_digit(**text) >= 0; digits++, ++*text)
		*value = *value << 4 | (uint32_t)hex_digit(**text);
	return digits;
}

/* The same for a part of an address: so many digits, and what follows them */
static int parse_part(const char **text, int digits, char end, uint32_t max,
		      uint32_t *value)
{
	if (parse_hex(text, value) != digits || **text != end || *value > max)
		return -EINVAL;
	if (end)
		++*text;
	return 0;
}

static int parse_domain(const char **text, uint32_t *domain)
{
	const char *at = *text;
	int digits = parse_hex(&at, domain);

	if (digits < 4 || digits > 8 || *at != ':')
		return -EINVAL;
	*text = at + 1;
	return 0;
}

int bl_pci_parse(const char *text, struct bl_pci *pci)
{
	uint32_t domain = 0, bus, device, function;

	/* Only a full address has two colons. */
	if (strchr(text, ':') != strrchr(text, ':') &&
	    parse_domain(&text, &domain))
		return -EINVAL;
	if (parse_part(&text, 2, ':', 0xff, &bus) ||
	    parse_part(&text, 2, '.', 0x1f, &device) ||
	    parse_part(&text, 1, '\0', 7, &function))
		return -EINVAL;

	snprintf(pci->name, sizeof(pci->name), "%04x:%02x:%02x.%x", domain,
		 bus & 0xff, device & 0x1f, function & 7);
	return 0;
}

int bl_pci_group(const struct bl_pci *pci)
{
	char path[128], target[PATH_MAX], *end;
	const char *name;
	unsigned long group;
	ssize_t size;

	snprintf(path, sizeof(path), DEVICES "/%s/iommu_group", pci->name);
	size = readlink(path, target, sizeof(target) - 1);
	if (size < 0)
		return -ENODEV;
	target[size] = '\0';

	name = strrchr(target, '/');
	if (!name)
		return -ENODEV;
	errno = 0;
	group = strtoul(name + 1, &end, 10);
	if (errno || end == name + 1 || *end || group > INT_MAX)
		return -ENODEV;
	return (int)group;
}

int bl_pci_vfio_name(const struct bl_pci *pci, char *name, size_t size)
{
	const struct dirent *entry;
	int ret = -ENODEV;
	char path[128];
	DIR *dir;

	snprintf(path, sizeof(path), DEVICES "/%s/vfio-dev", pci->name);
	dir = opendir(path);
	if (!dir)
		return -ENODEV;

	while (ret && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		if (snprintf(name, size, "%s", entry->d_name) < (int)size)
			ret = 0;
	}
	closedir(dir);
	return ret;
}
