// SPDX-License-Identifier: MIT
/*
 * A control group whose memory counts
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

static void put_number(const char *path, long long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", number);
	put(path, text);
}

bool cgroup_make(void)
{
	mkdir(ROOT, 0755);
	if (mount("cgroup", ROOT, "cgroup2", 0, NULL)) {
		if (errno == ENODEV)
			return false;
		bail("cgroup2 cannot be mounted: %s", strerror(errno));
	}
	put(ROOT "/cgroup.subtree_control", "+memory");
	mkdir(CGROUP, 0755);
	return true;
}

void cgroup_remove(void)
{
	rmdir(CGROUP);
	put(ROOT "/cgroup.subtree_control", "-memory");
	umount(ROOT);
	rmdir(ROOT);
}

void cgroup_enter(void)
{
	put_number(CGROUP "/cgroup.procs", getpid());
}

void cgroup_leave(void)
{
	put_number(ROOT "/cgroup.procs", getpid());
}

long long cgroup_memory(void)
{
	char text[32];

	if (file_read(CGROUP "/memory.current", text, sizeof(text)))
		bail("the cgroup's memory cannot be read");
	return atoll(text);
}

void cgroup_limit(long long bytes)
{
	put_number(CGROUP "/memory.max", bytes);
}
