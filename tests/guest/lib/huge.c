// SPDX-License-Identifier: MIT
/*
 * Huge pages of devices, which not every kernel has
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <unistd.h>

#include "huge.h"
#include "lease.h"
#include "pagetable.h"

bool huge_pages(void)
{
	return !access("/sys/kernel/mm/transparent_hugepage", F_OK);
}

TAP_PRINTF(2, 0)
static void say(char text[200], const char *name, va_list args)
{
	vsnprintf(text, 200, name, args);
}

void is_huge(mapping_t at, const char *name, ...)
{
	struct entry entry = entry_at(at);
	char text[200];
	va_list args;

	va_start(args, name);
	say(text, name, args);
	va_end(args);
	if (!huge_pages()) {
		skip("this kernel has no huge pages", "%s", text);
		return;
	}
	if (!is_int(entry.size, HUGE, "%s", text) && !entry.present)
		diag("  there is no page at all");
}

void is_faults(long got, long faults, mapping_t at, uint64_t size,
	       const char *name, ...)
{
	uintptr_t first = (uintptr_t)at / HUGE;
	uintptr_t last = ((uintptr_t)at + size - 1) / HUGE;
	char text[200];
	va_list args;

	va_start(args, name);
	say(text, name, args);
	va_end(args);
	if (huge_pages())
		is_int(got, faults, "%s", text);
	else
		is_int(got, last - first + 1,
		       "without huge pages, as many as page tables: %s", text);
}
