// SPDX-License-Identifier: MIT
/*
 * Lines of the administrator's socket, kept
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>

#include "records.h"

static int make_room(struct records *records)
{
	size_t room = records->room ? records->room * 2 : 16;
	struct record *record;

	if (records->nr < records->room)
		return 0;
	record = realloc(records->record, room * sizeof(*record));
	if (!record)
		return -ENOMEM;
	records->record = record;
	records->room = room;
	return 0;
}

int records_add(struct records *records, struct record *record)
{
	if (make_room(records)) {
		record_free(record);
		return -ENOMEM;
	}
	records->record[records->nr++] = *record;
	return 0;
}

void records_free(struct records *records)
{
	size_t i;

	for (i = 0; i < records->nr; i++)
		record_free(&records->record[i]);
	free(records->record);
	*records = (struct records){ 0 };
}
