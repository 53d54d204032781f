// SPDX-License-Identifier: MIT
/*
 * A control group of the clients, in which memory and processes may be short
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "group.h"
#include "sysfs.h"
#include "tap.h"

#define ROOT	"/tmp/cgroup"
#define GROUP	ROOT "/hostile"

static bool there;

void group_make(void)
{
	mkdir(ROOT, 0755);
	if (mount("cgroup", ROOT, "cgroup2", 0, NULL)) {
		diag("there is no cgroup2: memory is never short");
		return;
	}
	there = !file_write(ROOT "/cgroup.subtree_control", "+memory +pids") &&
		!mkdir(GROUP, 0755);
	if (!there)
		diag("there is no control of memory: it is never short");
}

static long events(const char *file, const char *name)
{
	char text[512], *line;

	if (file_read_all(file, text, sizeof(text)))
		return 0;
	line = strstr(text, name);
	return line ? atol(line + strlen(name)) : 0;
}

void group_remove(void)
{
	if (there) {
		diag("the clients were short of memory %ld times, of processes %ld times",
		     events(GROUP "/memory.events", "max "),
		     events(GROUP "/pids.events", "max "));
		rmdir(GROUP);
		file_write(ROOT "/cgroup.subtree_control", "-memory -pids");
	}
	umount(ROOT);
	rmdir(ROOT);
}

void group_tighten(bool tight)
{
	if (!there)
		return;
	file_write(GROUP "/memory.max", tight ? "4M" : "max");
	file_write(GROUP "/pids.max", tight ? "16" : "max");
}

void group_add(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	if (there && file_write(GROUP "/cgroup.procs", text))
		bail("a client cannot be put into " GROUP);
}

bool group_killed(void)
{
	static long before;
	long now = there ? events(GROUP "/memory.events", "oom_kill ") : 0;

	if (now == before)
		return false;
	before = now;
	return true;
}
