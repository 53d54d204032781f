// SPDX-License-Identifier: MIT
/*
 * Leases that something is due of, soonest first
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <time.h>

#include "books.h"

int64_t bl_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Most are due after those that are there already, so it begins with the last */
static void insert(struct bl_lease_queue *queue, struct bl_lease *lease)
{
	struct bl_lease *before = TAILQ_LAST(queue, bl_lease_queue);

	while (before && before->due > lease->due)
		before = TAILQ_PREV(before, bl_lease_queue, of_due);
	if (before)
		TAILQ_INSERT_AFTER(queue, before, lease, of_due);
	else
		TAILQ_INSERT_HEAD(queue, lease, of_due);
}

void bl_due_set(struct bl_books *books, struct bl_lease *lease, int64_t when)
{
	if (lease->due)
		TAILQ_REMOVE(&books->due, lease, of_due);
	lease->due = when;
	if (when)
		insert(&books->due, lease);
}

int64_t bl_lease_end(const struct bl_lease *lease, enum barlease_reason *reason)
{
	bool ordered = lease->ordered_end &&
		       (!lease->term_end ||
			lease->ordered_end <= lease->term_end);

	*reason = ordered ? BARLEASE_ORDERED : BARLEASE_EXPIRED;
	return ordered ? lease->ordered_end : lease->term_end;
}
