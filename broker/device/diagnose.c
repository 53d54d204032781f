// SPDX-License-Identifier: MIT
/*
 * Why a device cannot be opened, and what would help
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <barlease.h>

#include "base/file.h"
#include "diagnose.h"

/* The driver's name may be another, if it stands in for vfio-pci */
#define OUR_DRIVER	"barlease-vfio-pci"
#define OUR_MODULE	"barlease_vfio_pci"

static void device_path(const char *bdf, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "/sys/bus/pci/devices/%s%s%s", bdf,
		 *name ? "/" : "", name);
}

void diagnose_process(pid_t pid, char *text, size_t size)
{
	char path[64], name[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file && !fgets(name, sizeof(name), file))
		name[0] = '\0';
	if (file)
		fclose(file);
	name[strcspn(name, "\n")] = '\0';
	if (*name)
		snprintf(text, size, "pid %d (%s)", pid, name);
	else
		snprintf(text, size, "pid %d", pid);
}

static bool is_device_file(const char *link, const char *group,
			   const char *node)
{
	static const char group_dir[] = "/dev/vfio/";
	static const char noiommu_dir[] = "/dev/vfio/noiommu-";
	static const char node_dir[] = "/dev/vfio/devices/";

	if (!strncmp(link, node_dir, sizeof(node_dir) - 1))
		return *node && !strcmp(link + sizeof(node_dir) - 1, node);
	if (!strncmp(link, noiommu_dir, sizeof(noiommu_dir) - 1))
		return *group && !strcmp(link + sizeof(noiommu_dir) - 1, group);
	return *group && !strncmp(link, group_dir, sizeof(group_dir) - 1) &&
	       !strcmp(link + sizeof(group_dir) - 1, group);
}

static bool has_open(const char *pid, const char *group, const char *node)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		n = readlinkat(dirfd(dir), entry->d_name, target,
			       sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = '\0';
		found = is_device_file(target, group, node);
	}
	closedir(dir);
	return found;
}

/* The name of the device's own node, "vfio3", or "" */
static void find_node(const char *bdf, char *node, size_t size)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	*node = '\0';
	device_path(bdf, "vfio-dev", path);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(node, size, "%.31s", entry->d_name);
	closedir(dir);
}

static pid_t find_holder(const char *bdf)
{
	char path[PATH_MAX], group[32] = "", node[32];
	struct dirent *entry;
	pid_t pid = 0;
	DIR *proc;

	device_path(bdf, "iommu_group", path);
	if (file_link_target(path, group, sizeof(group)))
		group[0] = '\0';
	find_node(bdf, node, sizeof(node));
	proc = opendir("/proc");
	if (!proc)
		return 0;
	while (!pid && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    has_open(entry->d_name, group, node))
			pid = strtol(entry->d_name, NULL, 10);
	closedir(proc);
	return pid;
}

static void busy(const char *bdf, char *text, size_t size)
{
	pid_t holder = find_holder(bdf);
	char who[100];

	if (holder) {
		diagnose_process(holder, who, sizeof(who));
		snprintf(text, size, "%s is in use: %s has its VFIO file open",
			 bdf, who);
	} else {
		snprintf(text, size,
			 "%s is in use; by whom, only root can see in /proc",
			 bdf);
	}
}

/* Ours, and the name that it goes by if that is another */
static void our_driver(char *text, size_t size)
{
	struct dirent *entry;
	DIR *dir;

	snprintf(text, size, OUR_DRIVER);
	dir = opendir("/sys/module/" OUR_MODULE "/drivers");
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, "pci:", 4) &&
		    strcmp(entry->d_name + 4, OUR_DRIVER))
			snprintf(text, size,
				 OUR_DRIVER ", which stands in for %.63s",
				 entry->d_name + 4);
	closedir(dir);
}

static bool is_ours(const char *bdf)
{
	char path[PATH_MAX], module[64];

	device_path(bdf, "driver/module", path);
	return !file_link_target(path, module, sizeof(module)) &&
	       !strcmp(module, OUR_MODULE);
}

static void no_device(const char *bdf, char *text, size_t size)
{
	char path[PATH_MAX], driver[64], ours[128];

	device_path(bdf, "", path);
	if (access(path, F_OK)) {
		snprintf(text, size, "there is no PCI device %s", bdf);
		return;
	}
	our_driver(ours, sizeof(ours));
	device_path(bdf, "driver", path);
	if (file_link_target(path, driver, sizeof(driver)))
		snprintf(text, size, "%s has no driver; it needs %s", bdf,
			 ours);
	else
		snprintf(text, size, "%s is bound to %s; it needs %s", bdf,
			 driver, ours);
}

/* Members of the group that have a driver of their own */
static void not_viable(const char *bdf, char *text, size_t size)
{
	char path[PATH_MAX], driver[64];
	struct dirent *entry;
	size_t length;
	DIR *dir;

	length = snprintf(text, size,
			  "the IOMMU group of %s is not free for VFIO", bdf);
	device_path(bdf, "iommu_group/devices", path);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)) && length < size) {
		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, bdf))
			continue;
		device_path(entry->d_name, "driver", path);
		if (!file_link_target(path, driver, sizeof(driver)))
			length += snprintf(text + length, size - length,
					   "; %s is bound to %s", entry->d_name,
					   driver);
	}
	closedir(dir);
}

/* VFIO's word for a group that it has made for want of an IOMMU */
static bool has_iommu(const char *bdf)
{
	char path[PATH_MAX], *name;
	bool has = true;
	size_t length;

	device_path(bdf, "iommu_group/name", path);
	if (!file_read_all(path, &name, &length)) {
		has = length < 12 || strncmp(name, "vfio-noiommu", 12);
		free(name);
	}
	return has;
}

static void without_iommu(const char *bdf, char *text, size_t size)
{
	if (has_iommu(bdf))
		snprintf(text, size,
			 "%s has an IOMMU, and backend = noiommu is for devices without",
			 bdf);
	else
		snprintf(text, size,
			 "%s has no IOMMU, and VFIO is in its unsafe no-IOMMU mode: backend = noiommu takes it all the same, but then its DMA reaches all of this machine's memory",
			 bdf);
}

void diagnose_open(const char *bdf, int error, char *text, size_t size)
{
	switch (error) {
	case -EBUSY:
		busy(bdf, text, size);
		break;
	case -ENODEV:
		no_device(bdf, text, size);
		break;
	case -ENOENT:
		snprintf(text, size,
			 "%s: this kernel has no /dev/iommu, or no node of the device's own; backend = group is the other way",
			 bdf);
		break;
	case -EPERM:
		if (has_iommu(bdf))
			not_viable(bdf, text, size);
		else
			snprintf(text, size,
				 "%s has no IOMMU; to open it takes CAP_SYS_RAWIO",
				 bdf);
		break;
	case -EOPNOTSUPP:
		without_iommu(bdf, text, size);
		break;
	case -ENOKEY:
		snprintf(text, size,
			 "%s: this VF needs a token, that of its PF, which has a VFIO driver, too; vf-token-file says where it is",
			 bdf);
		break;
	case -EKEYREJECTED:
		snprintf(text, size,
			 "%s: the token in its vf-token-file is not the one that its PF was given",
			 bdf);
		break;
	case -EACCES:
		snprintf(text, size,
			 "%s: this user may not open its VFIO file; see PERMISSIONS in barleased(8)",
			 bdf);
		break;
	default:
		snprintf(text, size, "cannot open %s: %s", bdf,
			 strerror(-error));
	}
}

void diagnose_caps(const char *bdf, unsigned int caps, char *text,
		   size_t size)
{
	char path[PATH_MAX], driver[64];
	const char *what = "revoke";

	device_path(bdf, "driver", path);
	if (file_link_target(path, driver, sizeof(driver)))
		snprintf(driver, sizeof(driver), "its driver");
	if (!(caps & BARLEASE_CAN_EXPORT))
		what = "make";
	else if (!(caps & BARLEASE_CAN_MMAP))
		what = "map";
	if (is_ours(bdf))
		snprintf(text, size,
			 "%s: %s cannot %s leases of it; has it a memory BAR of a whole page, and is the driver of this version?",
			 bdf, OUR_DRIVER, what);
	else
		snprintf(text, size,
			 "%s: %s cannot %s leases; " OUR_DRIVER " can", bdf,
			 driver, what);
}
