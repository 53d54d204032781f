/* SPDX-License-Identifier: MIT */
/*
 * What administrators ask for, line by line
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_REQUESTS_H
#define BROKER_REQUESTS_H

#include "admin/admin.h"

/* For admin_new(), with the broker as its data */
bool request_answer(void *data, char *line, FILE *out);

#endif
