// SPDX-License-Identifier: MIT
/*
 * Values of one thing that was measured again and again
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdlib.h>

#include "series.h"
#include "tap.h"

void series_add(struct series *series, double value)
{
	if (series->nr == series->room) {
		series->room = series->room ? series->room * 2 : 16;
		series->values = reallocarray(series->values, series->room,
					      sizeof(*series->values));
		if (!series->values)
			bail("no memory");
	}
	series->values[series->nr++] = value;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

double series_quantile(const struct series *series, double share)
{
	double place, part;
	size_t below;

	if (!series->nr)
		return 0;
	qsort(series->values, series->nr, sizeof(*series->values), compare);
	place = share * (series->nr - 1);
	below = place;
	if (below + 1 == series->nr)
		return series->values[below];
	part = place - below;
	return series->values[below] * (1 - part) +
	       series->values[below + 1] * part;
}

double series_median(const struct series *series)
{
	return series_quantile(series, 0.5);
}

void series_free(struct series *series)
{
	free(series->values);
	*series = (struct series){ 0 };
}
