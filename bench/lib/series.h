/* SPDX-License-Identifier: MIT */
/*
 * Values of one thing that was measured again and again
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef SERIES_H
#define SERIES_H

#include <stddef.h>

struct series {
	double *values;
	size_t nr;
	size_t room;
};

/* Begins as { 0 }; gives up without memory */
void series_add(struct series *series, double value);
/* @share of the values are below it: 0.5 is the median. Sorts the values. */
double series_quantile(const struct series *series, double share);
double series_median(const struct series *series);
void series_free(struct series *series);

#endif
