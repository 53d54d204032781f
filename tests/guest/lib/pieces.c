// SPDX-License-Identifier: MIT
/*
 * What there must be of a mapping that a program cuts, moves and protects, and
 * whether there is
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "access.h"
#include "lease.h"
#include "pagetable.h"
#include "pattern.h"
#include "pieces.h"
#include "tap.h"

#define REACH	2	/* pages on either side of a multiple of 2 MiB */

void pieces_fill(const struct vfio *vfio, unsigned int bar, uint64_t size,
		 uint32_t seed)
{
	for (int page = -REACH; page <= REACH; page++) {
		uint64_t start = page < 0 ? MIB(2) + page * PAGE : page * PAGE;

		pattern_fill(vfio, bar, start, size - start, MIB(2), seed);
	}
}

bool pieces_room(const struct pieces *pieces)
{
	return pieces->n + 3 <= MAX_PIECES;
}

void pieces_add(struct pieces *pieces, mapping_t at, uint64_t size,
		uint64_t bar_offset, int prot)
{
	if (pieces->n == MAX_PIECES)
		bail("more pieces of a mapping than expected");
	pieces->piece[pieces->n++] =
		(struct piece){ at, size, bar_offset, prot, 0 };
}

static bool inside(const struct piece *piece, mapping_t at)
{
	return at > piece->at && at < piece->at + piece->size;
}

static void cut_at(struct pieces *pieces, mapping_t at)
{
	for (size_t i = 0; i < pieces->n; i++) {
		struct piece *piece = &pieces->piece[i];
		uint64_t left = at - piece->at;

		if (!inside(piece, at))
			continue;
		pieces_add(pieces, at, piece->size - left,
			   piece->bar_offset + left, piece->prot);
		pieces->piece[pieces->n - 1].tag = piece->tag;
		piece->size = left;
		return;
	}
}

static bool covers(mapping_t at, uint64_t size, const struct piece *piece)
{
	return piece->at >= at && piece->at < at + size;
}

void pieces_unmap(struct pieces *pieces, mapping_t at, uint64_t size)
{
	size_t kept = 0;

	cut_at(pieces, at);
	cut_at(pieces, at + size);
	for (size_t i = 0; i < pieces->n; i++)
		if (!covers(at, size, &pieces->piece[i]))
			pieces->piece[kept++] = pieces->piece[i];
	pieces->n = kept;
}

void pieces_protect(struct pieces *pieces, mapping_t at, uint64_t size,
		    int prot)
{
	cut_at(pieces, at);
	cut_at(pieces, at + size);
	for (size_t i = 0; i < pieces->n; i++)
		if (covers(at, size, &pieces->piece[i]))
			pieces->piece[i].prot = prot;
}

void pieces_move(struct pieces *pieces, mapping_t at, uint64_t size,
		 mapping_t to)
{
	cut_at(pieces, at);
	cut_at(pieces, at + size);
	for (size_t i = 0; i < pieces->n; i++)
		if (covers(at, size, &pieces->piece[i]))
			pieces->piece[i].at = to + (pieces->piece[i].at - at);
}

void pieces_unmap_all(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->n; i++)
		unmap(pieces->piece[i].at, pieces->piece[i].size);
	pieces->n = 0;
}

uint64_t piece_next_look(const struct piece *piece, uint64_t offset)
{
	uint64_t in_huge = (piece->bar_offset + offset) % MIB(2);

	if (in_huge <= REACH * PAGE || in_huge >= MIB(2) - REACH * PAGE)
		return offset;
	return offset + MIB(2) - REACH * PAGE - in_huge;
}

static bool misread(const struct piece *piece, uint64_t offset, uint32_t want)
{
	bool readable = piece->prot & PROT_READ;
	uint32_t value = want;
	enum access access = try_read32(piece->at + offset, &value);

	return access != (readable ? ACCESS_DONE : ACCESS_SIGSEGV) ||
	       value != want;
}

static bool miswritten(const struct piece *piece, uint64_t offset, uint32_t want)
{
	bool writable = piece->prot & PROT_WRITE;
	enum access access = try_write32(piece->at + offset, want);

	return access != (writable ? ACCESS_DONE : ACCESS_SIGSEGV);
}

uint64_t pieces_misread(const struct pieces *pieces)
{
	uint64_t wrong = 0;

	for (size_t i = 0; i < pieces->n; i++) {
		const struct piece *piece = &pieces->piece[i];
		uint64_t offset = piece_next_look(piece, 0);

		while (offset < piece->size) {
			uint32_t want = pattern(piece->bar_offset + offset,
						pieces->seed);

			wrong += misread(piece, offset, want);
			wrong += miswritten(piece, offset, want);
			offset = piece_next_look(piece, offset + PAGE);
		}
	}
	return wrong;
}

size_t pieces_astray(const struct pieces *pieces)
{
	size_t astray = 0;

	for (size_t i = 0; i < pieces->n; i++) {
		const struct piece *piece = &pieces->piece[i];

		if (piece->prot & PROT_READ)
			astray += pages_astray(piece->at, piece->size,
					       pieces->physical +
					       piece->bar_offset);
	}
	return astray;
}

/* SIGBUS takes its time, and pieces_present() sees each page: some will do */
static uint64_t alive_in(const struct piece *piece)
{
	uint64_t step = piece->size < MIB(64) ? MIB(1) : MIB(16);
	uint64_t last = piece->size - PAGE, alive = 0;
	uint32_t value;

	for (uint64_t i = 0; i < piece->size; i += step)
		alive += try_read32(piece->at + i, &value) == ACCESS_DONE;
	alive += try_read32(piece->at + last, &value) == ACCESS_DONE;
	alive += try_write32(piece->at, 0) == ACCESS_DONE;
	return alive;
}

uint64_t pieces_alive(const struct pieces *pieces)
{
	uint64_t alive = 0;

	for (size_t i = 0; i < pieces->n; i++)
		alive += alive_in(&pieces->piece[i]);
	return alive;
}

size_t pieces_present(const struct pieces *pieces)
{
	size_t present = 0;

	for (size_t i = 0; i < pieces->n; i++)
		present += pages_present(pieces->piece[i].at,
					 pieces->piece[i].size);
	return present;
}
