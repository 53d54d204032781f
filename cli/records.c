// SPDX-License-Identifier: MIT
/*
 * Lines of the administrator's socket, kept
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>

#include "../broker/base/array.h"
#include "records.h"

int records_add(struct records *records, struct record *record)
{
	struct record *slot;

	slot = array_add(&records->record, &records->nr, sizeof(*slot));
	if (!slot) {
		record_free(record);
		return -ENOMEM;
	}
	*slot = *record;
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
