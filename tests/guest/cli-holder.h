/* SPDX-License-Identifier: MIT */
/*
 * A user's command that has a lease, and uses it until that is no more
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_HOLDER_H
#define CLI_HOLDER_H

#include "cli-run.h"

#define HOLD	"hold"
/* In the environment: what it is to call itself */
#define HOLDER_NAME	"HOLDER_NAME"

/* This very program, with that word, by "barlease acquire"; @id receives its lease's number */
struct job holder_start(uid_t uid, const char *slice, char id[16]);

/* What it does then, with that word on its command line */
__attribute__((noreturn)) void holder_run(void);

#endif
