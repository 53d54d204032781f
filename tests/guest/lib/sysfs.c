// SPDX-License-Identifier: MIT
/*
 * PCI devices and their drivers, by way of sysfs
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "lease.h"
#include "sysfs.h"
#include "tap.h"

#define DEVICES	"/sys/bus/pci/devices"
#define DRIVERS	"/sys/bus/pci/drivers"

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int ret;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	ret = n < 0 ? -errno : 0;
	close(fd);
	return ret;
}

int file_read_all(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int ret;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	ret = n < 0 ? -errno : 0;
	close(fd);
	if (ret)
		return ret;

	text[n] = '\0';
	return 0;
}

int file_read(const char *path, char *text, size_t size)
{
	int ret = file_read_all(path, text, size);

	if (!ret)
		text[strcspn(text, "\n")] = '\0';
	return ret;
}

void pci_path(struct bdf dev, const char *attr, char *path, size_t size)
{
	snprintf(path, size, DEVICES "/%s/%s", dev.name, attr);
}

int pci_write(struct bdf dev, const char *attr, const char *text)
{
	char path[256];

	pci_path(dev, attr, path, sizeof(path));
	return file_write(path, text);
}

int pci_read(struct bdf dev, const char *attr, char *text, size_t size)
{
	char path[256];

	pci_path(dev, attr, path, sizeof(path));
	return file_read(path, text, size);
}

static unsigned long pci_hex(struct bdf dev, const char *attr)
{
	char text[32];

	return pci_read(dev, attr, text, sizeof(text)) ?
		       0 : strtoul(text, NULL, 16);
}

static void bar_resource(struct bdf dev, unsigned int bar, uint64_t *start,
			 uint64_t *end)
{
	char path[256], line[128];
	unsigned long long from = 0, to = 0;
	FILE *file;

	*start = 0;
	*end = 0;
	pci_path(dev, "resource", path, sizeof(path));
	file = fopen(path, "re");
	if (!file)
		return;
	for (unsigned int i = 0; i <= bar; i++) {
		if (!fgets(line, sizeof(line), file))
			break;
		if (i == bar && sscanf(line, "%llx %llx", &from, &to) == 2) {
			*start = from;
			*end = to;
		}
	}
	fclose(file);
}

uint64_t pci_bar_start(struct bdf dev, unsigned int bar)
{
	uint64_t start, end;

	bar_resource(dev, bar, &start, &end);
	return start;
}

uint64_t pci_bar_size(struct bdf dev, unsigned int bar)
{
	uint64_t start, end;

	bar_resource(dev, bar, &start, &end);
	return start ? end - start + 1 : 0;
}

static bool next_device(DIR *dir, struct bdf *dev)
{
	const struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (strlen(entry->d_name) < 12 || !strchr(entry->d_name, ':'))
			continue;
		snprintf(dev->name, sizeof(dev->name), "%.15s", entry->d_name);
		return true;
	}
	return false;
}

bool pci_find(struct bdf *dev, unsigned int vendor, unsigned int device,
	      unsigned int bar, uint64_t bar_size)
{
	DIR *dir = opendir(DEVICES);
	bool found = false;

	if (!dir)
		return false;
	while (!found && next_device(dir, dev))
		found = pci_hex(*dev, "vendor") == vendor &&
			pci_hex(*dev, "device") == device &&
			(!bar_size || pci_bar_size(*dev, bar) == bar_size);
	closedir(dir);
	return found;
}

static struct bdf must_find(const char *what, unsigned int vendor,
			    unsigned int device, unsigned int bar,
			    uint64_t bar_size)
{
	struct bdf dev;

	if (!pci_find(&dev, vendor, device, bar, bar_size))
		bail("this machine has no %s", what);
	return dev;
}

/*
 * A kernel of 32 bits maps nothing above 4 GiB for its own use, which is where
 * 1 GiB would be: its machine has as much as there is room for below.
 */
struct bdf dev_big(void)
{
	return must_find("large ivshmem", 0x1af4, 0x1110, 2,
			 kernel_is_32bit() ? MIB(256) : GIB(1));
}

struct bdf dev_big_mapped(void)
{
	if (kernel_is_32bit())
		skip_rest("a kernel of 32 bits cannot map a BAR of 1 GiB");
	return dev_big();
}

struct bdf dev_small(void)
{
	return must_find("ivshmem with 64 MiB", 0x1af4, 0x1110, 2, MIB(64));
}

struct bdf dev_edu(void)
{
	return must_find("edu", 0x1234, 0x11e8, 0, 0);
}

struct bdf dev_testdev(void)
{
	return must_find("pci-testdev with 16 MiB", 0x1b36, 0x0005, 2,
			 MIB(16));
}

struct bdf dev_display(void)
{
	return must_find("bochs-display", 0x1234, 0x1111, 0, 0);
}

struct bdf dev_card(void)
{
	struct bdf dev;

	if (pci_find(&dev, 0x8086, 0x10c9, 3, 4 * 4096))
		return dev;
	return must_find("igb, nor an e1000e", 0x8086, 0x10d3, 3, 4 * 4096);
}

struct bdf dev_table(void)
{
	return must_find("virtio-rng with one BAR of memory", 0x1af4, 0x1005,
			 1, PAGE);
}

struct bdf dev_disk(void)
{
	return must_find("nvme", 0x1b36, 0x0010, 0, 0);
}

const char *pci_class_device(struct bdf dev, const char *directory,
			     const char *prefix)
{
	const struct dirent *entry;
	static char name[32];
	char path[256];
	DIR *dir;

	pci_path(dev, directory, path, sizeof(path));
	dir = opendir(path);
	if (!dir)
		bail("%s: %s", path, strerror(errno));
	name[0] = '\0';
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, prefix, strlen(prefix)))
			snprintf(name, sizeof(name), "%.31s", entry->d_name);
	closedir(dir);
	if (!name[0])
		bail("%s has no %s", path, prefix);
	return name;
}

static size_t devices_in(const char *path, struct bdf *devs, size_t max)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	if (!dir)
		return 0;
	while (n < max && next_device(dir, &devs[n]))
		n++;
	closedir(dir);
	return n;
}

size_t pci_of_driver(const char *driver, struct bdf *devs, size_t max)
{
	char path[256];

	snprintf(path, sizeof(path), DRIVERS "/%s", driver);
	return devices_in(path, devs, max);
}

size_t pci_all(struct bdf *devs, size_t max)
{
	return devices_in(DEVICES, devs, max);
}

void pci_driver(struct bdf dev, char *name, size_t size)
{
	char path[256], target[256];
	ssize_t n;

	name[0] = '\0';
	pci_path(dev, "driver", path, sizeof(path));
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = '\0';
	snprintf(name, size, "%s", basename(target));
}

int pci_unbind(struct bdf dev)
{
	char driver[64];

	pci_driver(dev, driver, sizeof(driver));
	if (!driver[0])
		return 0;
	return pci_write(dev, "driver/unbind", dev.name);
}

int pci_bind(struct bdf dev, const char *driver)
{
	char now[64];
	int ret;

	ret = pci_unbind(dev);
	if (ret)
		return ret;
	ret = pci_write(dev, "driver_override", driver);
	if (ret)
		return ret;
	ret = file_write("/sys/bus/pci/drivers_probe", dev.name);
	if (ret)
		return ret;

	pci_driver(dev, now, sizeof(now));
	return strcmp(now, driver) ? -ENODEV : 0;
}
