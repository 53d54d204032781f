/* SPDX-License-Identifier: MIT */
/*
 * Devices that are plugged in and pulled out while the guest runs
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Behind a root port that has nothing behind it otherwise: hp0 or hp1.
 */
#ifndef PLUG_H
#define PLUG_H

#include <stdbool.h>

#include "sysfs.h"

struct plugged {
	const char *port;
	struct bdf dev;
	struct bdf second;
	int ram;
};

/* ivshmem, 1 MiB of RAM in BAR2; bound to our driver */
struct plugged plug_memory(const char *port);
/* edu, alone; bound */
struct plugged plug_registers(const char *port);
/* edu, and such a memory as the second function of its slot; both bound */
struct plugged plug_two(const char *port);
/* e1000, whose interrupt is an INTx and nothing else; bound */
struct plugged plug_line(const char *port);
/* nvme, with a disk of so many MiB, all zeros; bound */
struct plugged plug_disk(const char *port, unsigned int mib);

/*
 * The kernel lets go of it when nobody has it open any more. One at a time, up
 * to plug_gone(): whatever else is plugged or pulled before makes ACPI tell the
 * kernel once more, which ejects what is in the slot by then.
 */
void plug_pull(const struct plugged *plugged);
/* Has it done so, sooner or later? The port is free then */
bool plug_gone(const struct plugged *plugged);

#endif
