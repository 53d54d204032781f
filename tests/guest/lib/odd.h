/* SPDX-License-Identifier: MIT */
/*
 * Odd things done at odd places to mappings of every kind, each touched before:
 * what is left is right, and can be taken away to the last page
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef ODD_H
#define ODD_H

#include <stddef.h>
#include <stdint.h>

#include "map.h"
#include "peer.h"
#include "pieces.h"

struct odd_kind {
	const char *name;
	uint64_t size;
	uint64_t remainder;	/* of the address, modulo what would be congruent */
	uint32_t memattr;
	bool is_bar;		/* a map of the device fd, not of a lease */
	bool at_fewer;		/* places: it differs little from another kind */
};

/* A mapping of some kind, and what has become of it */
struct odd {
	const struct odd_kind *kind;
	const struct vfio *vfio;
	mapping_t at;
	uint64_t size;
	int fd;			/* of the lease, or of the device */
	uint64_t file_offset;
	struct pieces pieces;
	long refused;		/* calls that did not do what they should */
	struct peer *peer;	/* it has a copy of everything, or NULL */
	long peer_bad;
};

/* Something that is done to the bytes from @start to @end */
typedef void (*odd_fn)(struct odd *odd, uint64_t start, uint64_t end);

/* Opens the devices, and closes them */
void odd_begin(void);
void odd_end(void);

/*
 * Do it to every kind, at every place, to a new mapping each time; or only at
 * some places that differ much
 */
void odd_everywhere(const char *what, odd_fn fn);
void odd_somewhere(const char *what, odd_fn fn);

/* One more mapping of the same bytes; goes with the pieces */
mapping_t odd_map(struct odd *odd, uint64_t start, uint64_t size, int prot);
/* Reserved address space, as congruent to the device as the mapping is */
mapping_t odd_target(const struct odd *odd, uint64_t start, uint64_t size,
		     uint64_t shift);

/*
 * Where something is done that leaves 4 KiB pages: no 262,144 of them, each to
 * be looked at
 */
static inline uint64_t odd_short_end(uint64_t start, uint64_t end)
{
	const uint64_t most = 16 << 20;

	return end - start < most ? end : start + most;
}

/* Count the call in odd->refused */
void odd_succeeds(struct odd *odd, long ret);
void odd_fails(struct odd *odd, long ret, int error);

#endif
