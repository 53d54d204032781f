/* SPDX-License-Identifier: MIT */
/*
 * Lines of the administrator's socket, kept
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_RECORDS_H
#define CLI_RECORDS_H

#include "record.h"

struct records {
	struct record *record;
	size_t nr;
};

/* Takes the record. Return: 0; -ENOMEM, and it is freed */
int records_add(struct records *records, struct record *record);
void records_free(struct records *records);

#endif
