// SPDX-License-Identifier: MIT
/*
 * Forks that keep what the parent cuts, or cut what the parent keeps, of
 * mappings of 1 GiB, in 2 MiB pages and in 4 KiB pages: each has its own, and
 * both lose all of it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "odd.h"
#include "tap.h"

static struct peer child;

static void fork_one(struct odd *odd)
{
	child = peer_start();
	odd->peer = &child;
}

static void cut(struct odd *odd, uint64_t start, uint64_t end)
{
	odd_succeeds(odd, munmap((void *)(odd->at + start), end - start));
	pieces_unmap(&odd->pieces, odd->at + start, end - start);
}

static void parent_cuts(struct odd *odd, uint64_t start, uint64_t end)
{
	fork_one(odd);
	cut(odd, start, end);
}

/* What the fork has of the pages that the parent has lost */
static void fork_of_what_is_cut(struct odd *odd, uint64_t start, uint64_t end)
{
	cut(odd, start, end);
	fork_one(odd);
}

static long cut_here(int fd, const long *args)
{
	struct odd *odd = (struct odd *)args[0];

	(void)fd;
	cut(odd, args[1], args[2]);
	return odd->refused;
}

static void fork_cuts(struct odd *odd, uint64_t start, uint64_t end)
{
	fork_one(odd);
	odd->peer_bad += peer_call(&child, cut_here, -1,
				   ARGS((long)odd, start, end));
}

/* A fork that does not get a part, and one whose parent protects a part */
static void not_for_forks(struct odd *odd, uint64_t start, uint64_t end)
{
	void *at = (void *)(odd->at + start);

	odd_succeeds(odd, madvise(at, end - start, MADV_DONTFORK));
	odd_succeeds(odd, mprotect((void *)odd->at, odd->size, PROT_READ));
	pieces_protect(&odd->pieces, odd->at, odd->size, PROT_READ);
	fork_one(odd);
	odd->peer_bad += peer_call(&child, cut_here, -1,
				   ARGS((long)odd, start, end));
	odd_succeeds(odd, mprotect((void *)odd->at, odd->size, RW));
	pieces_protect(&odd->pieces, odd->at, odd->size, RW);
}

int main(void)
{
	odd_begin();
	odd_somewhere("cut after a fork", parent_cuts);
	odd_somewhere("cut before a fork", fork_of_what_is_cut);
	odd_somewhere("cut by a fork", fork_cuts);
	odd_somewhere("kept from a fork", not_for_forks);
	odd_end();
	return tap_done();
}
