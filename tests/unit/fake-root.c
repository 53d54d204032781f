// SPDX-License-Identifier: MIT
/*
 * A file system of one's own, for what looks into /sys and /proc
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake-root.h"

char fake_root[64];

int fake_root_set_up(void **state)
{
	(void)state;
	snprintf(fake_root, sizeof(fake_root), "/tmp/barlease-unit.XXXXXX");
	return mkdtemp(fake_root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

int fake_root_tear_down(void **state)
{
	(void)state;
	return nftw(fake_root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The directories above the last "/" */
static void make_parents(const char *path)
{
	char copy[PATH_MAX];
	char *slash;

	snprintf(copy, sizeof(copy), "%s", path);
	for (slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			err(1, "%s", copy);
		*slash = '/';
	}
}

__attribute__((format(printf, 2, 0)))
static void full_path(char path[PATH_MAX], const char *format, va_list args)
{
	size_t n = strlen(fake_root);

	memcpy(path, fake_root, n + 1);
	vsnprintf(path + n, PATH_MAX - n, format, args);
	make_parents(path);
}

void fake_file(const char *text, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	FILE *file;

	va_start(args, format);
	full_path(path, format, args);
	va_end(args);
	file = fopen(path, "we");
	if (!file || fputs(text, file) == EOF || fclose(file))
		err(1, "%s", path);
}

void fake_link(const char *target, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, format);
	full_path(path, format, args);
	va_end(args);
	if (symlink(target, path))
		err(1, "%s", path);
}

void fake_directory(const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, format);
	full_path(path, format, args);
	va_end(args);
	if (mkdir(path, 0755) && errno != EEXIST)
		err(1, "%s", path);
}

static void fake_resource(const char *bdf, unsigned long long bar_size)
{
	/* What is less than a page is somewhere in one. */
	unsigned long long start = 0x8000000000ull +
				   (bar_size < 4096 ? 0x100 : 0);
	char text[512];
	int at = 0, i;

	for (i = 0; i < 7; i++)
		at += snprintf(text + at, sizeof(text) - at,
			       "0x%016llx 0x%016llx 0x%016x\n",
			       i == 2 ? start : 0,
			       i == 2 ? start + bar_size - 1 : 0,
			       i == 2 ? 0x14220c : 0);
	fake_file(text, "/sys/devices/pci0000:00/%s/resource", bdf);
}

void fake_driver(const char *driver, const char *module)
{
	char target[128];

	snprintf(target, sizeof(target), "../../../../module/%s", module);
	fake_link(target, "/sys/bus/pci/drivers/%s/module", driver);
	snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
	fake_link(target, "/sys/module/%s/drivers/pci:%s", module, driver);
}

static void fake_bound(const char *bdf, const char *driver)
{
	char path[PATH_MAX], target[128], module[64];
	char *dash;

	snprintf(path, sizeof(path), "%s/sys/bus/pci/drivers/%s", fake_root,
		 driver);
	snprintf(module, sizeof(module), "%s", driver);
	while ((dash = strchr(module, '-')))
		*dash = '_';
	if (access(path, F_OK))
		fake_driver(driver, module);
	snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
	fake_link(target, "/sys/devices/pci0000:00/%s/driver", bdf);
	snprintf(target, sizeof(target), "../../../../devices/pci0000:00/%s",
		 bdf);
	fake_link(target, "/sys/bus/pci/drivers/%s/%s", driver, bdf);
}

void fake_device(const char *bdf, const char *class, const char *driver,
		 int group, unsigned long long bar_size)
{
	char target[128];

	fake_file("0x1af4\n", "/sys/devices/pci0000:00/%s/vendor", bdf);
	fake_file("0x1110\n", "/sys/devices/pci0000:00/%s/device", bdf);
	fake_file(class, "/sys/devices/pci0000:00/%s/class", bdf);
	fake_file("(null)\n", "/sys/devices/pci0000:00/%s/driver_override",
		  bdf);
	fake_resource(bdf, bar_size);
	snprintf(target, sizeof(target), "../../../devices/pci0000:00/%s", bdf);
	fake_link(target, "/sys/bus/pci/devices/%s", bdf);
	if (driver)
		fake_bound(bdf, driver);
	if (group < 0)
		return;
	snprintf(target, sizeof(target), "../../../../devices/pci0000:00/%s",
		 bdf);
	fake_link(target, "/sys/kernel/iommu_groups/%d/devices/%s", group, bdf);
	snprintf(target, sizeof(target), "../../../kernel/iommu_groups/%d",
		 group);
	fake_link(target, "/sys/devices/pci0000:00/%s/iommu_group", bdf);
}
