// SPDX-License-Identifier: MIT
/*
 * Holes of every size, at every odd place, in mappings of 1 GiB, in 2 MiB pages
 * and in 4 KiB pages: by munmap(), and by mapping something else there
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "lease.h"
#include "odd.h"
#include "tap.h"

static void unmapped(struct odd *odd, uint64_t start, uint64_t end)
{
	odd_succeeds(odd, munmap((void *)(odd->at + start), end - start));
	pieces_unmap(&odd->pieces, odd->at + start, end - start);
}

static void map_over(struct odd *odd, uint64_t start, uint64_t end, int flags,
		     int fd, uint64_t offset)
{
	void *at = mmap((void *)(odd->at + start), end - start, RW,
			flags | MAP_FIXED, fd, offset);

	odd_succeeds(odd, at == MAP_FAILED ? -1 : 0);
	pieces_unmap(&odd->pieces, odd->at + start, end - start);
}

/* Memory, which must not be the device's */
static void replaced_by_memory(struct odd *odd, uint64_t start, uint64_t end)
{
	map_over(odd, start, end, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0);
	if (*(volatile uint32_t *)(odd->at + start) ||
	    *(volatile uint32_t *)(odd->at + end - PAGE))
		odd->refused++;
	unmap(odd->at + start, end - start);
}

/* The same bytes from their beginning, so that not one is congruent any more */
static void replaced_by_others(struct odd *odd, uint64_t start, uint64_t end)
{
	end = odd_short_end(start, end);
	map_over(odd, start, end, MAP_SHARED, odd->fd, odd->file_offset);
	pieces_add(&odd->pieces, odd->at + start, end - start, 0, RW);
}

int main(void)
{
	odd_begin();
	odd_everywhere("munmap()", unmapped);
	odd_somewhere("MAP_FIXED of memory", replaced_by_memory);
	odd_somewhere("MAP_FIXED of other bytes", replaced_by_others);
	odd_end();
	return tap_done();
}
