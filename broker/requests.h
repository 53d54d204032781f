/* SPDX-License-Identifier: MIT */
/*
 * What administrators ask for, line by line
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_REQUESTS_H
#define BROKER_REQUESTS_H

#include "admin/admin.h"

/* For admin_listen(), with the broker as the data of admin_new() */
void request_answer(void *data, struct admin_call *call, char *line);
/* The same for who may look, and change nothing */
void request_look(void *data, struct admin_call *call, char *line);

#endif
