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
void request_answer(void *data, struct admin_call *call, char *line);

#endif
