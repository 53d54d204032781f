/* SPDX-License-Identifier: MIT */
/*
 * What the host is told, a JSON object a line
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "series.h"

/**
 * struct pair - two things that were measured in turn
 * @lease: with a lease, or with what is to be shown good
 * @against: with what it is compared with
 * @ratio: of one turn: lease / against
 */
struct pair {
	struct series lease;
	struct series against;
	struct series ratio;
};

void pair_add(struct pair *pair, double lease, double against);
void pair_free(struct pair *pair);

#define NO_LIMIT	(-1.0)

/**
 * struct figure - a line of the table
 * @id: "P1", "P3b" and so on
 * @what: was measured
 * @unit: of both values; "" where only the ratio means something
 * @lease: names what struct pair has first
 * @against: names what it has second
 * @inverse: the ratio shown is against / lease: how many times less
 * @least: that the median of the ratio is to be, or NO_LIMIT
 * @most: the same
 */
struct figure {
	const char *id;
	const char *what;
	const char *unit;
	const char *lease;
	const char *against;
	bool inverse;
	double least;
	double most;
};

/* The number of times that everything is measured */
int bench_rounds(void);
/*
 * First of all: a line for people who wait. From here on this process and its
 * children run on one CPU.
 */
void bench_begin(const char *id, const char *what);
/* Another one, for a child that is never idle */
void bench_use_cpu(int cpu);

void report_figure(const struct figure *figure, const struct pair *pair);
/* A single number, without anything that it is compared with */
void report_fact(const char *id, const char *what, double value,
		 const char *unit);
/* A yes or no that was wanted */
void report_truth(const char *id, const char *what, bool is_so,
		  const char *found);
/* A point of a plot; frees the values */
void report_point(const char *id, const char *curve, double x,
		  struct series *values);

#endif
