// SPDX-License-Identifier: MIT
/*
 * Allocations of memory that fail
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"
#include "sysfs.h"
#include "tap.h"

#define DEBUGFS	"/sys/kernel/debug/"

/* Of the thread that calls */
static int nth_fd(void)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail("cannot open fail-nth");
	return fd;
}

static void set(const char *attr, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", attr, name);
	if (file_write(path, value))
		bail("cannot write %s to %s", value, path);
}

/* From the driver's first function to some way into its last one */
static void driver_text(unsigned long *start, unsigned long *end)
{
	char line[512], module[64], type;
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long at;

	*start = -1UL;
	*end = 0;
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx %c %*s [%63[^]]", &at, &type, module) != 3 ||
		    strcmp(module, OUR_MODULE) || (type | ' ') != 't')
			continue;
		*start = at < *start ? at : *start;
		*end = at > *end ? at : *end;
	}
	if (!*end)
		bail("/proc/kallsyms does not say where the driver is");
	fclose(file);
	*end += 256;
}

/* The kernel does not say a word of each, but its log would be full of them. */
static void set_up(const char *attr, unsigned long start, unsigned long end)
{
	char address[32];

	set(attr, "verbose", "0");
	set(attr, "stacktrace-depth", "32");
	snprintf(address, sizeof(address), "%#lx", start);
	set(attr, "require-start", address);
	snprintf(address, sizeof(address), "%#lx", end);
	set(attr, "require-end", address);
}

void inject_set_up(void)
{
	unsigned long start, end;

	if (access(DEBUGFS "failslab", F_OK) ||
	    access("/proc/thread-self/fail-nth", F_OK))
		skip_all("this kernel lets no allocation fail (FAILSLAB)",
			 "every allocation fails once");
	driver_text(&start, &end);
	set_up("failslab", start, end);
	set_up("fail_page_alloc", start, end);
	set_up("fail_usercopy", start, end);
	set("failslab", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "min-order", "0");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
}

void inject_begin(unsigned int nth)
{
	int fd = nth_fd();

	if (dprintf(fd, "%u", nth) < 0)
		bail("cannot write fail-nth");
	close(fd);
}

bool inject_end(void)
{
	char left[16] = "";
	int fd = nth_fd();

	if (pread(fd, left, sizeof(left) - 1, 0) <= 0 || dprintf(fd, "0") < 0)
		bail("cannot read fail-nth");
	close(fd);
	return !atoi(left);
}
