// SPDX-License-Identifier: MIT
/*
 * Disks behind a PCI device, and what the kernel says of them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk.h"
#include "file.h"

/* Disks upon disks: more than anybody stacks */
#define DEEPEST	8

bool sysfs_lies_in(const char *path, const char *dir)
{
	size_t length = strlen(dir);

	return !strncmp(path, dir, length) &&
	       (path[length] == '/' || !path[length]);
}

static bool is_on(const char *disk, const char *device, int depth);

/* Is what some symbolic link of this directory names on the device? */
static bool link_is_on(const char *dir, const char *device, int depth)
{
	const struct dirent *entry;
	bool found = false;
	char *disk;
	DIR *links;

	links = opendir(dir);
	if (!links)
		return false;
	while (!found && (entry = readdir(links))) {
		if (entry->d_type != DT_LNK || !strcmp(entry->d_name, "subsystem"))
			continue;
		disk = file_real_path("%s/%s", dir, entry->d_name);
		found = disk && is_on(disk, device, depth + 1);
		free(disk);
	}
	closedir(links);
	return found;
}

/*
 * A disk made of others names them in "slaves". One of several paths lies in a
 * directory that has links to its controllers; so does a partition's parent.
 */
static bool is_on(const char *disk, const char *device, int depth)
{
	static const char *const places[] = { "slaves", "../slaves" };
	char path[PATH_MAX];
	size_t i;

	if (sysfs_lies_in(disk, device))
		return true;
	if (depth == DEEPEST)
		return false;
	for (i = 0; i < 2; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", disk, places[i]) >=
		    (int)sizeof(path))
			return false;
		if (link_is_on(path, device, depth))
			return true;
	}
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%.4000s/%s", disk,
			 i ? "../.." : "..");
		if (strstr(disk, "/nvme-subsystem/") &&
		    link_is_on(path, device, depth))
			return true;
	}
	return false;
}

bool disk_is_on(const char *disk, const char *device)
{
	return is_on(disk, device, 0);
}

bool disk_has_path(const char *subsystem, const char *device)
{
	return link_is_on(subsystem, device, DEEPEST - 1);
}

/* Calls @look for every disk and partition until one says that it is used. */
static struct use each_disk(const char *root, const char *device,
			    struct use (*look)(const char *root,
					       const char *device,
					       const char *name))
{
	const struct dirent *entry;
	struct use use = UNUSED;
	char path[PATH_MAX];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/sys/class/block", root);
	dir = opendir(path);
	if (!dir)
		return use;
	while (!use.used && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			use = look(root, device, entry->d_name);
	closedir(dir);
	return use;
}

/* What is made of it, for whoever has to look: "dm-0" */
static void holder_of(const char *root, const char *name, char *holder,
		      size_t size)
{
	const struct dirent *entry;
	char path[PATH_MAX];
	DIR *dir;

	snprintf(holder, size, "the kernel");
	snprintf(path, sizeof(path), "%s/sys/class/block/%s/holders", root,
		 name);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(holder, size, "%.64s", entry->d_name);
	closedir(dir);
}

static bool is_behind(const char *root, const char *name, const char *device)
{
	char *disk = file_real_path("%s/sys/class/block/%s", root, name);
	bool behind = disk && disk_is_on(disk, device);

	free(disk);
	return behind;
}

/*
 * One path of several has no file in /dev ("dev" is missing). Nothing is read
 * from the disk, so that it need not have a medium.
 */
static struct use ask_for(const char *root, const char *device,
			  const char *name)
{
	char path[PATH_MAX], holder[80], *c;
	int fd, error;

	if (!file_exists("%s/sys/class/block/%s/dev", root, name) ||
	    !is_behind(root, name, device))
		return UNUSED;
	snprintf(path, sizeof(path), "%s/dev/%s", root, name);
	/* "cciss!c0d0" is /dev/cciss/c0d0. */
	while ((c = strchr(path, '!')))
		*c = '/';
	fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	error = fd < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	if (!error || error == ENOMEDIUM || error == ENXIO || error == ENODEV)
		return UNUSED;
	if (error != EBUSY)
		return use_by("whether /dev/%s is free cannot be asked: %s",
			      name, strerror(error));
	holder_of(root, name, holder, sizeof(holder));
	return use_by("/dev/%s is held by %s: mounted somewhere, or part of something",
		      name, holder);
}

struct use use_by_claim(const char *root, const char *device)
{
	return each_disk(root, device, ask_for);
}

/* A loop device has a file open, as a process would, but is none. */
static struct use look_at_loop(const char *root, const char *device,
			       const char *name)
{
	struct loop_info64 info = { 0 };
	char path[PATH_MAX], number[32];
	bool on;
	char *disk;
	int fd;

	if (!file_exists("%s/sys/class/block/%s/loop", root, name))
		return UNUSED;
	snprintf(path, sizeof(path), "%s/dev/%s", root, name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return UNUSED;
	if (ioctl(fd, LOOP_GET_STATUS64, &info))
		info.lo_rdevice = 0;
	close(fd);
	snprintf(number, sizeof(number), "%u:%u", major(info.lo_rdevice),
		 minor(info.lo_rdevice));
	disk = file_real_path("%s/sys/dev/block/%s", root, number);
	on = info.lo_rdevice && disk && disk_is_on(disk, device);
	free(disk);
	return on ? use_by("%s is on it", name) : UNUSED;
}

struct use use_by_loop(const char *root, const char *device)
{
	return each_disk(root, device, look_at_loop);
}
