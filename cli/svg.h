/* SPDX-License-Identifier: MIT */
/*
 * A picture of which bytes of a device's BARs are taken, to scale
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_SVG_H
#define CLI_SVG_H

#include <stdio.h>

#include "occupancy.h"

struct svg;

/* Return: the picture, for svg_free(); NULL without memory */
struct svg *svg_new(const char *title);
void svg_free(struct svg *svg);

/*
 * One more BAR below the last one: a line for each occupant. Texts may be whatever
 * others have chosen. @size: not 0
 */
void svg_add_bar(struct svg *svg, const char *heading, uint64_t size,
		 const struct occupant *occupants, size_t nr);

/* Return: 0; -ENOMEM there was none for all of it, and nothing is written */
int svg_write(struct svg *svg, FILE *to);

#endif
