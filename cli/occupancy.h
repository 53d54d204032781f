/* SPDX-License-Identifier: MIT */
/*
 * A drawing of which bytes of a BAR are taken
 *
 * Copyright (C) 2026 The barlease authors
 *
 *          0       16 MiB  32 MiB 64 MiB
 *          |-------|-------|-------|-------|
 *   alpha |+                               |
 *   beta  | ####                           |
 *
 * A line for each occupant, and in it a column for each 1/n of the BAR: "#"
 * where it has all of the bytes, "+" where it has some.
 */
#ifndef CLI_OCCUPANCY_H
#define CLI_OCCUPANCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a BAR */
struct extent {
	uint64_t offset;
	uint64_t length;
};

struct occupant {
	const char *label;
	const struct extent *extents;	/* in any order; they may overlap */
	size_t nr_extents;
};

/* How many columns a BAR gets on a screen: a power of two, as BARs have */
unsigned int occupancy_columns(const struct occupant *occupants, size_t nr,
			       unsigned int width);

/* How many bytes some occupant has. Return: 0; -ENOMEM */
int occupancy_taken(const struct occupant *occupants, size_t nr,
		    uint64_t *taken);

/**
 * occupancy_draw() - the drawing
 * @size: of the BAR; not 0
 * @occupants: in the order in which they are drawn
 * @nr: how many
 * @width: columns of the screen
 * @ascii: draw with ASCII characters
 * @lines: receives the lines, and a NULL behind them, for occupancy_free()
 *
 * Return: 0; -ENOMEM
 */
int occupancy_draw(uint64_t size, const struct occupant *occupants, size_t nr,
		   unsigned int width, bool ascii, char ***lines);
void occupancy_free(char **lines);

#endif
