// SPDX-License-Identifier: MIT
/*
 * Which leases there are of a BAR, to be drawn
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "leases.h"
#include "ranges.h"
#include "text.h"

static bool is_of(const struct record *record, const char *bdf, int bar)
{
	return !strcmp(record->word, "lease") &&
	       !strcmp(record_get(record, "device"), bdf) &&
	       record_number(record, "bar") == (unsigned int)bar;
}

void leases_free(struct leases *leases)
{
	size_t i;

	for (i = 0; i < leases->nr; i++) {
		free((char *)leases->occupants[i].label);
		free((struct extent *)leases->occupants[i].extents);
	}
	free(leases->occupants);
	free(leases->entries);
}

/* For free(), or NULL */
static char *label_of(const struct record *record)
{
	char *raw, *label;

	if (asprintf(&raw, "%s %.24s", record_get(record, "id"),
		     record_get(record, "slice")) < 0)
		return NULL;
	label = text_for_terminal(raw);
	free(raw);
	return label;
}

static int add(struct leases *leases, const struct record *record)
{
	struct extent *extents;
	size_t nr_extents;
	char *label;
	int ret;

	ret = ranges_parse(record_get(record, "ranges"), &extents, &nr_extents);
	if (ret)
		return ret;
	label = label_of(record);
	if (!label) {
		free(extents);
		return -ENOMEM;
	}
	leases->entries[leases->nr].record = record;
	leases->occupants[leases->nr++] = (struct occupant){
		.label = label,
		.extents = extents,
		.nr_extents = nr_extents,
	};
	return 0;
}

int leases_select(const struct records *answer, const char *bdf, int bar,
		  struct leases *leases)
{
	size_t n = answer->nr ?: 1, i;
	int ret = 0;

	*leases = (struct leases){
		.entries = calloc(n, sizeof(*leases->entries)),
		.occupants = calloc(n, sizeof(*leases->occupants)),
	};
	if (!leases->entries || !leases->occupants) {
		free(leases->entries);
		free(leases->occupants);
		return -ENOMEM;
	}
	for (i = 0; i < answer->nr && !ret; i++)
		if (is_of(&answer->record[i], bdf, bar))
			ret = add(leases, &answer->record[i]);
	if (ret)
		leases_free(leases);
	return ret;
}
