/* SPDX-License-Identifier: MIT */
/*
 * Have a look at a broker and its devices
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_TOP_LOOK_H
#define CLI_TOP_LOOK_H

#include "admin.h"
#include "model.h"

/*
 * @look: receives it, for top_look_free(); leases by number. Return: 0; errors of
 * admin_ask()
 */
int top_look_take(struct admin *admin, struct top_look *look);

/* Milliseconds, on a clock that is never set */
uint64_t top_clock(void);

#endif
