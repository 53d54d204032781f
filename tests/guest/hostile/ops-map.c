// SPDX-License-Identifier: MIT
/*
 * mmap(), munmap() and mremap() of a client
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "look.h"
#include "model.h"
#include "ops.h"
#include "place.h"
#include "prng.h"

/* --- mmap() --- */

static void know(struct actor *me, const struct held *held, uint32_t offset,
		 uint32_t place, uint32_t n, int prot)
{
	const struct lease *lease = lease_nr(held->gen);

	for (uint32_t i = 0; i < n; i++)
		me->pages[place + i] = (struct page){
			.page = page_of_lease(lease, offset + i),
			.gen = held->gen,
			.prot = prot,
			.kind = LEASED,
		};
	remember(me, place, n);
	me->tally->maps++;
}

/* Where there is room for all of it, it must succeed while the lease is held */
static void refused(struct actor *me, const struct held *held, int prot,
		    int error)
{
	const struct lease *lease = lease_nr(held->gen);

	if (error == EACCES && lease->readonly && prot & PROT_WRITE)
		return;
	if (error == ENOMEM || error == EAGAIN || error == EPERM)
		return;
	if (atomic_load(&lease->phase) == ALIVE)
		escape(me, "mmap() of lease %u, which is not revoked: %s",
		       held->gen, strerrorname_np(error));
}

void step_map(struct actor *me, const uint32_t *arg)
{
	static const int prots[] = { RW, RW, RW, PROT_READ, PROT_READ | PROT_EXEC,
				     PROT_NONE, RW, PROT_READ };
	struct held *held = any_held(me, arg[0]);
	struct moment began = moment_now();
	uint32_t n, offset, place;
	const struct lease *lease;
	int prot, flags;
	void *got;

	if (!held)
		return;
	lease = lease_nr(held->gen);
	n = any_length(lease->pages < ARENA_PAGES ? lease->pages : ARENA_PAGES,
		       arg[1]);
	offset = (arg[1] >> 8) % (lease->pages - n + 1);
	if (arg[1] & 0x10)
		offset = arg[1] & 0x20 ? lease->pages - n : 0;
	place = any_room(n, page_of_lease(lease, offset), arg[2]);
	prot = prots[arg[3] & 7];
	flags = MAP_SHARED | MAP_FIXED;
	if (!(arg[3] & 0x38))
		flags |= MAP_POPULATE;
	if (!(arg[3] & 0x1c0))
		flags |= MAP_LOCKED;
	got = CALL(me, mmap(address(me, place), n * PAGE, prot, flags, held->fd,
			    offset * PAGE));
	SAY(me, "map lease %u, %u pages from %u on, at %u, protection %d, flags %#x: %s",
	    held->gen, n, offset, place, prot, flags,
	    got == MAP_FAILED ? strerrorname_np(errno) : "done");
	if (got == MAP_FAILED) {
		/* It may have unmapped what was there */
		refused(me, held, prot, errno);
		forget(me, place, n, UNKNOWN);
		return;
	}
	judge_success(me, held->gen, began, "mmap()");
	if (lease->readonly && prot & PROT_WRITE)
		escape(me, "lease %u is for reading, and was mapped for writing",
		       held->gen);
	know(me, held, offset, place, n, prot);
}

/* What can never work: past the end, privately, with flags that mean other files */
void step_map_wrong(struct actor *me, const uint32_t *arg)
{
	static const int odd[] = { MAP_PRIVATE, MAP_SHARED | MAP_HUGETLB,
				   MAP_PRIVATE | MAP_POPULATE,
				   MAP_SHARED_VALIDATE | MAP_SYNC, 0,
				   MAP_SHARED, MAP_SHARED, MAP_SHARED };
	struct held *held = any_held(me, arg[0]);
	uint32_t most, n = arg[1] % 4 + 1;
	int flags = odd[arg[2] % 8];
	uint64_t offset;
	void *got;

	if (!held)
		return;
	most = lease_nr(held->gen)->pages;
	offset = arg[2] & 8 ? 0 : (arg[1] >> 8) % most * PAGE;
	if (flags == MAP_SHARED) {
		/* One page too many; from the end on; from far away on */
		offset = (most - n + 1 > most ? 0 : most - n + 1) * PAGE;
		if (n > most)
			n = most + 1;
		if (arg[2] & 0x10)
			offset = most * PAGE;
		if (arg[2] & 0x20)
			offset = (uint64_t)arg[3] << (arg[2] >> 8) % 32 &
				 ~(PAGE - 1);
		if (offset / PAGE + n <= most)
			return;
	}
	got = CALL(me, mmap(NULL, n * PAGE, PROT_READ, flags, held->fd, offset));
	SAY(me, "map lease %u of %u pages wrongly, %u pages at %#llx, flags %#x: %p",
	    held->gen, most, n, (unsigned long long)offset, flags, got);
	if (got == MAP_FAILED)
		return;
	escape(me, "mmap() of lease %u of %u pages, %u pages at %#llx with flags %#x went well",
	       held->gen, most, n, (unsigned long long)offset, flags);
	munmap(got, n * PAGE);
}

void step_unmap(struct actor *me, const uint32_t *arg)
{
	struct span part = any_part(me, arg[0], arg[1]);
	int ret = CALL(me, munmap(address(me, part.first), part.n * PAGE));

	SAY(me, "unmap %u pages at %u: %d", part.n, part.first, ret);
	forget(me, part.first, part.n, ret ? UNKNOWN : NOTHING);
}

void step_cover(struct actor *me, const uint32_t *arg)
{
	struct span part = any_part(me, arg[0], arg[1]);
	int prot = arg[2] & 1 ? RW : PROT_NONE;

	if (CALL(me, mmap(address(me, part.first), part.n * PAGE, prot,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			  MAP_FIXED, -1, 0)) == MAP_FAILED)
		forget(me, part.first, part.n, UNKNOWN);
	else
		forget(me, part.first, part.n, NOTHING);
	SAY(me, "cover %u pages at %u", part.n, part.first);
}

/* --- mremap() --- */

static bool overlap(struct span part, uint32_t to)
{
	return to < part.first + part.n && part.first < to + part.n;
}

void step_move(struct actor *me, const uint32_t *arg)
{
	struct span part = any_part(me, arg[0], arg[1]);
	uint32_t to = any_room(part.n, me->pages[part.first].page, arg[2]);
	void *got;

	if (overlap(part, to))
		return;
	got = CALL(me, mremap(address(me, part.first), part.n * PAGE,
			      part.n * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			      address(me, to)));
	SAY(me, "move %u pages from %u to %u: %s", part.n, part.first, to,
	    got == MAP_FAILED ? strerrorname_np(errno) : "done");
	if (got == MAP_FAILED) {
		/* Part of it may be here, and part of it there */
		forget(me, part.first, part.n, UNKNOWN);
		forget(me, to, part.n, UNKNOWN);
		return;
	}
	memcpy(&me->pages[to], &me->pages[part.first],
	       part.n * sizeof(*me->pages));
	forget(me, part.first, part.n, NOTHING);
	remember(me, to, part.n);
}

/* Longer, doubled, left behind: not with what belongs to a device */
static void grow(struct actor *me, struct span part, uint32_t how)
{
	static const int flags[] = { MREMAP_MAYMOVE, MREMAP_MAYMOVE,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0 };
	uint64_t old = part.n * PAGE, wants = old + PAGE;
	void *got;

	if (!all_of(me, part, LEASED))
		return;
	if (how % 4 == 1)
		old = 0;
	if (how % 4 == 2)
		wants = old;
	got = CALL(me, mremap(address(me, part.first), old, wants, flags[how % 4]));
	SAY(me, "mremap() of %u pages at %u from %#llx to %#llx, flags %d: %p",
	    part.n, part.first, (unsigned long long)old,
	    (unsigned long long)wants, flags[how % 4], got);
	if (got != MAP_FAILED)
		escape(me, "mremap() from %#llx to %#llx bytes with flags %d went well",
		       (unsigned long long)old, (unsigned long long)wants,
		       flags[how % 4]);
}

void step_resize(struct actor *me, const uint32_t *arg)
{
	struct span part = any_part(me, arg[0], arg[1]);
	uint32_t n = any_length(part.n, arg[2]);
	void *got;

	if (arg[3] & 1) {
		grow(me, part, arg[3] >> 1);
		return;
	}
	got = CALL(me, mremap(address(me, part.first), part.n * PAGE, n * PAGE,
			      0));
	SAY(me, "cut %u pages at %u to %u: %s", part.n, part.first, n,
	    got == MAP_FAILED ? strerrorname_np(errno) : "done");
	if (got == MAP_FAILED && part.n != n)
		forget(me, part.first, part.n, UNKNOWN);
	else if (got != MAP_FAILED)
		forget(me, part.first + n, part.n - n, NOTHING);
}

/* --- what the threads of a client do to each other's --- */

static void wild_map(struct actor *me, uint8_t *at, uint32_t n,
		     const uint32_t *arg)
{
	struct held *held = any_held(me, arg[3]);
	const struct lease *lease;
	uint32_t first;

	if (!held)
		return;
	lease = lease_nr(held->gen);
	if (n > lease->pages)
		n = lease->pages;
	first = arg[2] % (lease->pages - n + 1);
	CALL(me, mmap(at, n * PAGE, arg[3] >> 8 & 3 ? RW : PROT_READ,
		      MAP_SHARED | MAP_FIXED, held->fd, first * PAGE));
}

void step_wild(struct actor *me, const uint32_t *arg)
{
	static const int prots[] = { PROT_NONE, PROT_READ, RW, RW };
	uint32_t n = any_length(4 * HUGE_PAGES, arg[0] >> 4);
	uint32_t first = arg[1] % (ARENA_PAGES - n + 1);
	uint32_t to = arg[2] % (ARENA_PAGES - n + 1);
	uint8_t *at;

	if (arg[1] >> 31)
		first &= ~(HUGE_PAGES - 1);
	at = (uint8_t *)wild[me->client] + first * PAGE;
	switch (arg[0] & 15) {
	case 0:
		CALL(me, munmap(at, n * PAGE));
		break;
	case 1:
		CALL(me, mprotect(at, n * PAGE, prots[arg[2] & 3]));
		break;
	case 2:
		CALL(me, mremap(at, n * PAGE, n * PAGE,
				MREMAP_MAYMOVE | MREMAP_FIXED,
				(void *)(wild[me->client] + to * PAGE)));
		break;
	case 3:
		CALL(me, madvise(at, n * PAGE, arg[2] % 27));
		break;
	case 4:
		CALL(me, mlock(at, n * PAGE));
		CALL(me, munlock(at, n * PAGE));
		break;
	default:
		wild_map(me, at, n, arg);
		break;
	}
	look_wild(me, arg[3], 4);
}
