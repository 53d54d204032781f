// SPDX-License-Identifier: MIT
/*
 * Memory for a device comes in huge pages so far as they can be had, without anybody
 * asking, and in small ones else
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <barlease.h>

#include "lease.h"
#include "sysfs.h"
#include "tap.h"

#define THP	"/sys/kernel/mm/transparent_hugepage/enabled"

/* Of this process, in bytes, what huge entries map of memory that is shared */
static long long huge_bytes(void)
{
	char text[8192] = "", *line;

	file_read_all("/proc/self/smaps_rollup", text, sizeof(text));
	line = strstr(text, "ShmemPmdMapped:");
	if (!line)
		bail("/proc/self/smaps_rollup has no ShmemPmdMapped");
	return 1024 * strtoll(line + strlen("ShmemPmdMapped:"), NULL, 10);
}

static bool is_zero(const struct barlease_memory *memory)
{
	const char *bytes = memory->at;

	for (size_t i = 0; i < memory->size; i++)
		if (bytes[i])
			return false;
	return true;
}

static void of(size_t size, long long huge, const char *what)
{
	struct barlease_memory memory;

	if (!is_ok(barlease_memory_new(size, 0, &memory), "%s", what))
		return;
	is_hex(memory.size, size, "it has its size");
	is_hex(huge_bytes(), huge, "what can be is in huge pages");
	ok(is_zero(&memory), "it is zeros");
	barlease_memory_free(&memory);
	is_hex(huge_bytes(), 0, "and gone");
}

static void without_room(void)
{
	const struct rlimit none = { PAGE, RLIM_INFINITY };
	struct barlease_memory memory;
	struct rlimit before;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &none);
	is_error(barlease_memory_new(HUGE, 0, &memory), EFBIG,
		 "more than this process may write is an error");
	setrlimit(RLIMIT_FSIZE, &before);
	is_hex(huge_bytes(), 0, "which leaves nothing");
}

int main(void)
{
	if (access(THP, F_OK))
		skip_all("this kernel has no huge pages", "in huge pages");
	of(PAGE, 0, "memory of a page");
	of(HUGE, HUGE, "memory of a huge page");
	of(2 * HUGE + 3 * PAGE, 2 * HUGE, "of some of both");
	without_room();
	return tap_done();
}
