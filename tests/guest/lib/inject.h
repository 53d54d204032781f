/* SPDX-License-Identifier: MIT */
/*
 * Allocations of memory, and copies from and to the caller, that fail in what the
 * driver does for the calling thread
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>

/* Skips the test where the kernel has no fault injection */
void inject_set_up(void);

/*
 * From here on, the @nth of them below a function of the driver fails: of slabs, of
 * pages, and copies alike.
 */
void inject_begin(unsigned int nth);
/* Was there one so late? */
bool inject_end(void);

#endif
