/* SPDX-License-Identifier: MIT */
/*
 * What there must be of a mapping that a program cuts, moves and protects, and
 * whether there is
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef PIECES_H
#define PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map.h"
#include "vfio.h"

#define MAX_PIECES	64

/* Bytes that lie in a row, in memory as in the BAR */
struct piece {
	mapping_t at;
	uint64_t size;
	uint64_t bar_offset;
	int prot;
	int tag;		/* the caller's; goes with every part */
};

struct pieces {
	uint64_t physical;	/* where the BAR begins */
	uint32_t seed;		/* of its pattern */
	size_t n;
	struct piece piece[MAX_PIECES];
};

/*
 * Write the pattern where pieces are looked at: on the five pages around each
 * multiple of 2 MiB. Of 1 GiB that is 10 MiB which the host must have.
 */
void pieces_fill(const struct vfio *vfio, unsigned int bar, uint64_t size,
		 uint32_t seed);

/* Follow what was done to the address space; @size is in whole pages */
void pieces_add(struct pieces *pieces, mapping_t at, uint64_t size,
		uint64_t bar_offset, int prot);
void pieces_unmap(struct pieces *pieces, mapping_t at, uint64_t size);
void pieces_protect(struct pieces *pieces, mapping_t at, uint64_t size,
		    int prot);
void pieces_move(struct pieces *pieces, mapping_t at, uint64_t size,
		 mapping_t to);
/* For one more, and both ends of it cut out of others */
bool pieces_room(const struct pieces *pieces);

/* The next offset in the piece, from @offset on, that has the pattern */
uint64_t piece_next_look(const struct piece *piece, uint64_t offset);

/*
 * Read a word of each page that has the pattern, write it again where that is
 * allowed, and return how many accesses did not go as they should
 */
uint64_t pieces_misread(const struct pieces *pieces);
/* How many pages, of all that may be read, are not mapped to the right place */
size_t pieces_astray(const struct pieces *pieces);
/* How many words can still be read or written, of some, after a revoke */
uint64_t pieces_alive(const struct pieces *pieces);
/* How many pages are mapped */
size_t pieces_present(const struct pieces *pieces);

void pieces_unmap_all(struct pieces *pieces);

#endif
