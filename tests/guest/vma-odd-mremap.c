// SPDX-License-Identifier: MIT
/*
 * Mappings of 1 GiB, in 2 MiB pages and in 4 KiB pages, shrunk, moved as a whole
 * and in parts, to congruent addresses and others, also onto another mapping;
 * and never grown
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "lease.h"
#include "odd.h"
#include "tap.h"

static void shrunk(struct odd *odd, uint64_t start, uint64_t end)
{
	void *at = mremap((void *)(odd->at + start), odd->size - start,
			  end - start, 0);

	odd_succeeds(odd, at == MAP_FAILED ? -1 : 0);
	pieces_unmap(&odd->pieces, odd->at + end, odd->size - end);
}

static void move(struct odd *odd, uint64_t start, uint64_t size, uint64_t kept,
		 mapping_t target)
{
	void *at = mremap((void *)(odd->at + start), size, kept,
			  MREMAP_MAYMOVE | MREMAP_FIXED, target);

	odd_succeeds(odd, at == MAP_FAILED ? -1 : 0);
	pieces_unmap(&odd->pieces, target, kept);
	if (kept < size)
		pieces_unmap(&odd->pieces, odd->at + start + kept, size - kept);
	pieces_move(&odd->pieces, odd->at + start, kept, target);
}

static void moved(struct odd *odd, uint64_t start, uint64_t end)
{
	move(odd, start, end - start, end - start,
	     odd_target(odd, start, end - start, 0));
}

static void moved_askew(struct odd *odd, uint64_t start, uint64_t end)
{
	end = odd_short_end(start, end);
	move(odd, start, end - start, end - start,
	     odd_target(odd, start, end - start, PAGE));
}

/* As a whole, then there in part, then what is left as a whole */
static void moved_often(struct odd *odd, uint64_t start, uint64_t end)
{
	mapping_t target = odd_target(odd, 0, odd->size, 0);

	move(odd, 0, odd->size, odd->size, target);
	odd->at = target;
	odd->refused += pieces_misread(&odd->pieces);
	moved(odd, start, end);
	odd->refused += pieces_misread(&odd->pieces);
	if (start)
		moved(odd, 0, start);
	if (end < odd->size)
		moved_askew(odd, end, odd->size);
}

static void moved_and_cut(struct odd *odd, uint64_t start, uint64_t end)
{
	uint64_t kept = (end - start + PAGE) / 2 & ~(PAGE - 1);

	move(odd, start, end - start, kept, odd_target(odd, start, kept, 0));
}

/* To the place of another's, which is in use; and a part of that to here */
static void moved_onto(struct odd *odd, uint64_t start, uint64_t end)
{
	mapping_t other = odd_map(odd, 0, odd->size, RW);

	odd->refused += pieces_misread(&odd->pieces);
	move(odd, start, end - start, end - start, other + start);
	odd->refused += pieces_misread(&odd->pieces);
	if (start)
		move(odd, 0, PAGE, PAGE, other);
}

/* A hole into which it would fit, or anywhere else */
static void grown(struct odd *odd, uint64_t start, uint64_t end)
{
	void *at = (void *)(odd->at + start);
	uint64_t size = end - start;

	if (end < odd->size) {
		unmap(odd->at + end, odd->size - end);
		pieces_unmap(&odd->pieces, odd->at + end, odd->size - end);
	}
	odd_fails(odd, (long)mremap(at, size, size + PAGE, 0), EFAULT);
	odd_fails(odd, (long)mremap(at, size, size + PAGE, MREMAP_MAYMOVE),
		  EFAULT);
	odd_fails(odd, (long)mremap(at, size, size + GIB(1), MREMAP_MAYMOVE),
		  EFAULT);
	odd_fails(odd, (long)mremap(at, size, size,
				    MREMAP_MAYMOVE | MREMAP_DONTUNMAP), EINVAL);
	if (mremap(at, 0, size, MREMAP_MAYMOVE) != MAP_FAILED)
		odd->refused++;
}

int main(void)
{
	odd_begin();
	odd_everywhere("shrunk", shrunk);
	odd_everywhere("moved in part", moved);
	odd_somewhere("moved askew", moved_askew);
	odd_somewhere("moved again and again", moved_often);
	odd_somewhere("moved and cut", moved_and_cut);
	odd_somewhere("moved onto another", moved_onto);
	odd_somewhere("not grown", grown);
	odd_end();
	return tap_done();
}
