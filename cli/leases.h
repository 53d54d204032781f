/* SPDX-License-Identifier: MIT */
/*
 * Which leases there are of a BAR, to be drawn
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_LEASES_H
#define CLI_LEASES_H

#include "occupancy.h"
#include "records.h"

/* Of one BAR; the arrays go together */
struct leases {
	struct entry {
		const struct record *record;
	} *entries;
	struct occupant *occupants;
	size_t nr;
};

/*
 * Those of barleased's answer that are of this BAR, which stays as long, for
 * leases_free(). Return: 0; -EPROTO; -ENOMEM
 */
int leases_select(const struct records *answer, const char *bdf, int bar,
		  struct leases *leases);
void leases_free(struct leases *leases);

#endif
