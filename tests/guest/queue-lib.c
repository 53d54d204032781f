// SPDX-License-Identifier: MIT
/*
 * What the kernel has of leases with interrupts and memory
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "kernel.h"
#include "queue-lib.h"
#include "sysfs.h"
#include "tap.h"

static long number_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? strtol(at + strlen(word), NULL, 10) : -1;
}

/* A container counts what it pins as locked memory, an iommufd as pinned */
long queue_pinned(pid_t broker)
{
	char path[32], text[8192];

	snprintf(path, sizeof(path), "/proc/%d/status", broker);
	if (file_read_all(path, text, sizeof(text)))
		bail("%s cannot be read", path);
	return number_after(text, "VmLck:") + number_after(text, "VmPin:");
}

bool queue_has_pinned(pid_t broker, long want, const char *name)
{
	long has;

	comes_true((has = queue_pinned(broker)) == want);
	return is_int(has, want, "%s", name);
}

void queue_both_ways(void (*run)(const char *backend))
{
	run("group");
	if (kernel_has_iommufd())
		run("iommufd");
	else
		skip("this kernel has no iommufd", "the same with iommufd");
}

int queue_dmabufs(void)
{
	char text[65536];

	if (file_read_all("/sys/kernel/debug/dma_buf/bufinfo", text,
			  sizeof(text)))
		return -1;
	return number_after(text, "\nTotal ");
}
