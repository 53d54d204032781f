// SPDX-License-Identifier: MIT
/*
 * A control group of the clients, in which memory and processes may be short
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "group.h"
#include "sysfs.h"
#include "tap.h"

static bool there;

void group_make(void)
{
	there = cgroup_make("+memory +pids");
	if (!there)
		diag("there are no control groups: memory is never short");
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
	if (!there)
		return;
	diag("the clients were short of memory %ld times, of processes %ld times",
	     events(CGROUP "/memory.events", "max "),
	     events(CGROUP "/pids.events", "max "));
	cgroup_remove();
}

void group_tighten(bool tight)
{
	if (!there)
		return;
	file_write(CGROUP "/memory.max", tight ? "4M" : "max");
	file_write(CGROUP "/pids.max", tight ? "16" : "max");
}

void group_add(pid_t pid)
{
	if (there)
		cgroup_enter(pid);
}

/* One for each that asks: two may have been killed before anybody has looked */
bool group_killed(void)
{
	static long told;
	long killed = there ? events(CGROUP "/memory.events", "oom_kill ") : 0;

	if (killed <= told)
		return false;
	told++;
	return true;
}
