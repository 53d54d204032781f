/* SPDX-License-Identifier: MIT */
/*
 * What barlease top shows: leases in an order, and what is counted per second
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_TOP_MODEL_H
#define CLI_TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "records.h"
#include "sysfs.h"

/* ---- One look -------------------------------------------------------------- */

/* What the driver has counted of a device, as far as it is worth a column */
enum top_count {
	TOP_FAULTS,
	TOP_REVOKES,
	TOP_REFUSED,
	TOP_COUNTS,
};

/**
 * struct top_device - a device of the broker's
 * @pci: as sysfs has it; nothing but the address where it is away
 * @counts: whether there are counters
 */
struct top_device {
	struct pci_device pci;
	bool counts;
	uint64_t count[TOP_COUNTS];
};

/* Whose a lease is, by name: of the user, and of the process that has acquired it */
struct top_holder {
	char user[33];
	char program[64];
};

/**
 * struct top_look - what there was at one moment
 * @ms: when, on a clock that is never set
 * @now: when, on the wall's
 * @devices, @leases, @counters: the broker's answers to these requests
 * @device: as many as @devices
 * @holder: as many as @leases
 */
struct top_look {
	uint64_t ms;
	time_t now;
	struct records devices;
	struct records leases;
	struct records counters;
	struct top_device *device;
	struct top_holder *holder;
};

void top_look_free(struct top_look *look);

/* ---- Leases ---------------------------------------------------------------- */

/* Columns, by each of which leases can be sorted */
enum top_column {
	TOP_LEASE,
	TOP_STATE,
	TOP_SLICE,
	TOP_DEVICE,
	TOP_BAR,
	TOP_SIZE,
	TOP_USER,
	TOP_PID,
	TOP_AGE,
	TOP_IRQS,
	TOP_DMA,
	TOP_PROGRAM,
	TOP_COLUMNS,
};

/* With what table_new() wants before it */
extern const char *const top_headings[TOP_COLUMNS + 1];
/* Without that */
const char *top_column_name(enum top_column column);

/**
 * struct top_row - a lease
 * @id: its number
 * @cell: what is shown, as others have chosen it; "" for nothing
 * @value: what is sorted by, in columns of numbers
 */
struct top_row {
	uint64_t id;
	char *cell[TOP_COLUMNS];
	uint64_t value[TOP_COLUMNS];
};

struct top_rows {
	struct top_row *row;
	size_t nr;
};

/**
 * top_rows_make() - the leases that are shown
 * @look: where they are from
 * @filter: only those with this in some column, in letters of either case
 * @by: the column that they are sorted by; those that are the same in it by number
 * @downwards: the other way round
 * @rows: receives them, for top_rows_free()
 *
 * Return: 0; -ENOMEM
 */
int top_rows_make(const struct top_look *look, const char *filter,
		  enum top_column by, bool downwards, struct top_rows *rows);
void top_rows_free(struct top_rows *rows);

/* ---- Counters --------------------------------------------------------------- */

/* What the broker has counted, whatever the reason or result was; 0: it has not */
uint64_t top_counted(const struct top_look *look, const char *name);

struct top_text {
	char text[32];
};

/*
 * "12.0": how many a second, between two looks; "-" where the later has fewer, for
 * it has begun anew, or no time has passed
 */
struct top_text top_rate(uint64_t before, uint64_t after, uint64_t ms);
/* "12s", "3m05s", "2h05m", "4d02h" */
struct top_text top_age(uint64_t seconds);

#endif
