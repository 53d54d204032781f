// SPDX-License-Identifier: MIT
/*
 * A control group
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "sysfs.h"
#include "tap.h"

#define ROOT	"/tmp/cgroup"

static void put(const char *path, const char *text)
{
	int ret = file_write(path, text);

	if (ret)
		bail("\"%s\" to %s: %s", text, path, strerror(-ret));
}

static void move(const char *path, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	put(path, text);
}

bool cgroup_make(const char *controllers)
{
	mkdir(ROOT, 0755);
	if (mount("cgroup", ROOT, "cgroup2", 0, NULL)) {
		if (errno == ENODEV)
			return false;
		bail("cgroup2 cannot be mounted: %s", strerror(errno));
	}
	put(ROOT "/cgroup.subtree_control", controllers);
	mkdir(CGROUP, 0755);
	return true;
}

void cgroup_remove(void)
{
	rmdir(CGROUP);
	put(ROOT "/cgroup.subtree_control", "-memory -pids");
	umount(ROOT);
	rmdir(ROOT);
}

void cgroup_enter(pid_t pid)
{
	move(CGROUP "/cgroup.procs", pid);
}

void cgroup_leave(pid_t pid)
{
	move(ROOT "/cgroup.procs", pid);
}

void cgroup_put(const char *group, pid_t pid)
{
	char path[300];
	const char *end = group;

	do {
		end = strchrnul(end + 1, '/');
		snprintf(path, sizeof(path), ROOT "/%.*s", (int)(end - group),
			 group);
		if (mkdir(path, 0755) && errno != EEXIST)
			bail("%s: %s", path, strerror(errno));
	} while (*end);
	snprintf(path, sizeof(path), ROOT "/%s/cgroup.procs", group);
	move(path, pid);
}

void cgroup_drop(const char *group)
{
	char path[300];
	char *end;

	snprintf(path, sizeof(path), ROOT "/%s", group);
	while (strlen(path) > strlen(ROOT) && !rmdir(path)) {
		end = strrchr(path, '/');
		*end = '\0';
	}
}

long long cgroup_memory(void)
{
	char text[32];

	if (file_read(CGROUP "/memory.current", text, sizeof(text)))
		bail("the cgroup's memory cannot be read");
	return atoll(text);
}
