/* SPDX-License-Identifier: MIT */
/*
 * Many other buffers of a device, each mapped
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef OTHERS_H
#define OTHERS_H

#include "map.h"

#define OTHERS_MAX	10000u

/**
 * struct others - leases of a page of BAR 2 each, one behind the other
 * @device: whose
 * @at: where they are mapped and touched
 * @nr: how many there are
 */
struct others {
	int device;
	mapping_t at;
	unsigned int nr;
};

/* With room for OTHERS_MAX */
struct others others_of(int device);
/* So many more that there are @nr */
void others_map(struct others *others, unsigned int nr);
/* How many are not in the page table any more */
unsigned int others_lost(const struct others *others);
void others_unmap(struct others *others);

#endif
