/* SPDX-License-Identifier: MIT */
/*
 * The device's memory, as its owner sees it
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef HOSTILE_DEVICE_H
#define HOSTILE_DEVICE_H

#include "world.h"

void device_open(void);
void device_close(void);

/* These pages belong to that lease from now on, or to nobody (0) */
void device_give(struct actor *me, uint32_t first, uint32_t n, uint16_t gen);
/* All of it to nobody */
void device_clear(struct actor *me);
/* Is there anything in these pages that nobody was to write? */
void device_inspect(struct actor *me, uint32_t first, uint32_t n);

void device_switch(struct actor *me, bool on);

/* Could a device reach this BAR through the IOMMU, where its owner has it mapped so? */
bool device_reachable(void);

#endif
