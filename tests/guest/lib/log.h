/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says in its log
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

/* From here on; an fd, for log_says(), which closes it */
int log_from_here(void);
bool log_says(int log, const char *words);

#endif
