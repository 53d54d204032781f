/* SPDX-License-Identifier: MIT */
/*
 * A broker's configuration, for the pages of this guest's kernel
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef SCALE_H
#define SCALE_H

#include <stdio.h>

/*
 * The tests' slices are for pages of 4 KiB and for BARs as those pages have them:
 * with larger pages they are larger, too
 */
void scale_config(FILE *file, const char *config);

#endif
