// SPDX-License-Identifier: MIT
/*
 * What would miss a device if it were taken from its driver
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "file.h"
#include "net.h"
#include "proc.h"
#include "use.h"

struct use use_by(const char *what, ...)
{
	struct use use = { .used = true };
	va_list args;

	va_start(args, what);
	vsnprintf(use.what, sizeof(use.what), what, args);
	va_end(args);
	return use;
}

struct use use_ended_by(struct use use, const char *command, ...)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._- ";
	va_list args;
	int n;

	va_start(args, command);
	n = vsnprintf(use.end, sizeof(use.end), command, args);
	va_end(args);
	if (n >= (int)sizeof(use.end) || use.end[strspn(use.end, plain)])
		use.end[0] = '\0';
	return use;
}

static struct use use_by_process(const struct process *process,
				 const char *node)
{
	return use_ended_by(use_by("process %d (%s) has %s open", process->pid,
				   process->name, node),
			    "kill %d", process->pid);
}

bool use_opener(const char *root, const struct pci_device *dev,
		struct process *process, char *node, size_t size)
{
	snprintf(node, size, "/dev/vfio/devices/%s", dev->vfio);
	if (proc_opener(root, node, process) == 1)
		return true;
	snprintf(node, size, "/dev/vfio/%s", pci_group_text(dev).text);
	return proc_opener(root, node, process) == 1;
}

/* Who opened a group and a device in it may have closed the group's fd since,
 * and then /proc names nobody; but the kernel knows.
 */
static bool group_is_open(const char *root, const char *node)
{
	char path[PATH_MAX];
	bool open_already;
	int fd;

	snprintf(path, sizeof(path), "%s%s", root, node);
	fd = open(path, O_RDWR | O_CLOEXEC);
	open_already = fd < 0 && errno == EBUSY;
	if (fd >= 0)
		close(fd);
	return open_already;
}

static struct use use_of_one(const char *root, const struct pci_device *dev)
{
	struct process process;
	char node[64];

	if (!dev->vfio[0])
		return UNUSED;
	if (use_opener(root, dev, &process, node, sizeof(node)))
		return use_by_process(&process, node);
	if (group_is_open(root, node))
		return use_by("some process has %s open", node);
	return UNUSED;
}

/* Calls @look for its virtual functions until one says that it is used. */
static struct use each_vf(const char *root, const struct pci_device *dev,
			  struct use (*look)(const char *root,
					     const struct pci_device *vf))
{
	struct use use = UNUSED;
	struct pci_device vf;
	char bdf[BDF_SIZE];
	int i;

	for (i = 0; !use.used; i++) {
		file_link_name(bdf, sizeof(bdf),
			       "%s/sys/bus/pci/devices/%s/virtfn%d", root,
			       dev->bdf, i);
		if (!bdf[0])
			break;
		if (!sysfs_device(root, bdf, &vf))
			use = look(root, &vf);
	}
	return use;
}

struct use use_of_vfio(const char *root, const struct pci_device *dev)
{
	struct use use = use_of_one(root, dev);

	return use.used ? use : each_vf(root, dev, use_of_one);
}

static struct use vf_has_driver(const char *root, const struct pci_device *vf)
{
	(void)root;
	if (!vf->driver[0])
		return UNUSED;
	return use_by("its virtual function %s is bound to %s", vf->bdf,
		      vf->driver);
}

/* @name is that of a file in /dev, if it is one at all */
static bool source_is_on(const char *root, const char *name,
			 const char *device)
{
	bool found;
	char *disk;

	if (strncmp(name, "/dev/", 5))
		return false;
	disk = file_real_path("%s/sys/class/block/%s", root,
			      strrchr(name, '/') + 1);
	found = disk && disk_is_on(disk, device);
	free(disk);
	return found;
}

/* A file system on several disks has a number of its own, and a source. */
static bool mount_is_on(const char *root, const char *number,
			const char *source, const char *device)
{
	bool found;
	char *disk;

	disk = file_real_path("%s/sys/dev/block/%s", root, number);
	found = disk && disk_is_on(disk, device);
	free(disk);
	return found || source_is_on(root, source, device);
}

/* "36 35 98:0 /root /where options - type source options" */
static struct use use_by_mount(const char *root, const char *device)
{
	char number[32], where[128], source[128];
	struct use use = UNUSED;
	char *text, *line, *next;
	const char *tail;

	if (file_read_all(&text, "%s/proc/self/mountinfo", root))
		return use;
	next = text;
	while (!use.used && (line = strsep(&next, "\n"))) {
		tail = strstr(line, " - ");
		if (!tail ||
		    sscanf(line, "%*s %*s %31s %*s %127s", number, where) != 2 ||
		    sscanf(tail, " - %*s %127s", source) != 1)
			continue;
		if (mount_is_on(root, number, source, device))
			use = use_ended_by(use_by("%s is mounted on %s", source,
						  where),
					   "umount %s", where);
	}
	free(text);
	return use;
}

/* "/dev/sda2 partition ...", below a heading */
static struct use use_by_swap(const char *root, const char *device)
{
	struct use use = UNUSED;
	char *text, *line, *next;
	char source[128];

	if (file_read_all(&text, "%s/proc/swaps", root))
		return use;
	next = text;
	while (!use.used && (line = strsep(&next, "\n")))
		if (sscanf(line, "%127s", source) == 1 &&
		    source_is_on(root, source, device))
			use = use_ended_by(use_by("%s is swapped to", source),
					   "swapoff %s", source);
	free(text);
	return use;
}

/* "DEVNAME=..." is a line of the uevent of what has a file in /dev. */
static struct use use_of_uevent(const char *root, const char *uevent)
{
	struct process process;
	struct use use = UNUSED;
	char name[200], node[208];
	const char *at;
	char *text;

	if (file_read_all(&text, "%s", uevent))
		return use;
	at = strstr(text, "DEVNAME=");
	if (at && sscanf(at, "DEVNAME=%199s", name) == 1) {
		snprintf(node, sizeof(node), "/dev/%s", name);
		if (proc_opener(root, node, &process) == 1)
			use = use_by_process(&process, node);
	}
	free(text);
	return use;
}

static struct use use_in_tree(const char *root, char *directory)
{
	char *const paths[] = { directory, NULL };
	struct use use = UNUSED;
	const FTSENT *entry;
	FTS *tree;

	tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	if (!tree)
		return use;
	while (!use.used && (entry = fts_read(tree)))
		if (!strcmp(entry->fts_name, "uevent"))
			use = use_of_uevent(root, entry->fts_path);
	fts_close(tree);
	return use;
}

/*
 * Somebody has a disk, a terminal, a graphics card open. NVMe disks with several
 * paths have their files in a directory elsewhere.
 */
static struct use use_by_node(const char *root, char *device)
{
	struct use use = use_in_tree(root, device);
	const struct dirent *entry;
	char path[PATH_MAX];
	char *subsystem;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/sys/class/nvme-subsystem", root);
	dir = opendir(path);
	if (!dir)
		return use;
	while (!use.used && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		subsystem = file_real_path("%s/%s", path, entry->d_name);
		if (subsystem && disk_has_path(subsystem, device))
			use = use_in_tree(root, subsystem);
		free(subsystem);
	}
	closedir(dir);
	return use;
}

/* In this order: what says most of who it is comes first. */
struct use use_of_driver(const char *root, const struct pci_device *dev)
{
	struct use use = UNUSED;
	char *device;

	device = file_real_path("%s/sys/bus/pci/devices/%s", root, dev->bdf);
	if (!device)
		return use;
	use = use_by_mount(root, device);
	if (!use.used)
		use = use_by_swap(root, device);
	if (!use.used)
		use = use_by_node(root, device);
	if (!use.used)
		use = use_by_loop(root, device);
	if (!use.used)
		use = use_by_claim(root, device);
	if (!use.used)
		use = use_by_link(device);
	if (!use.used)
		use = each_vf(root, dev, vf_has_driver);
	free(device);
	return use;
}
