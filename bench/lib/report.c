// SPDX-License-Identifier: MIT
/*
 * What the host is told, a JSON object a line
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Strings are this program's own, and need no escapes. Spread is given as the
 * first and the third quartile.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "report.h"
#include "tap.h"

#define DEFAULT_ROUNDS	5

int bench_rounds(void)
{
	const char *text = getenv("BARLEASE_ROUNDS");
	int rounds = text ? atoi(text) : 0;

	return rounds > 0 ? rounds : DEFAULT_ROUNDS;
}

/*
 * An idle CPU of an emulated machine wakes up when the host lets it, so what
 * sends interrupts to another CPU or waits for one would measure the host.
 */
void bench_use_cpu(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		bail("sched_setaffinity() fails");
}

void bench_begin(const char *id, const char *what)
{
	bench_use_cpu(0);
	printf("%-4s %s\n", id, what);
	fflush(stdout);
}

void pair_add(struct pair *pair, double lease, double against)
{
	series_add(&pair->lease, lease);
	series_add(&pair->against, against);
	series_add(&pair->ratio, lease / against);
}

void pair_free(struct pair *pair)
{
	series_free(&pair->lease);
	series_free(&pair->against);
	series_free(&pair->ratio);
}

static void put_series(const char *key, const struct series *series)
{
	printf(",\"%s\":{\"median\":%.9g,\"low\":%.9g,\"high\":%.9g,\"values\":%zu}",
	       key, series_median(series), series_quantile(series, 0.25),
	       series_quantile(series, 0.75), series->nr);
}

static void put_limit(const char *key, double limit)
{
	if (limit == NO_LIMIT)
		printf(",\"%s\":null", key);
	else
		printf(",\"%s\":%.9g", key, limit);
}

static const char *verdict(const struct figure *figure, double ratio)
{
	if (figure->least == NO_LIMIT && figure->most == NO_LIMIT)
		return "null";
	if (figure->least != NO_LIMIT && ratio < figure->least)
		return "false";
	if (figure->most != NO_LIMIT && ratio > figure->most)
		return "false";
	return "true";
}

static struct series inverted(const struct series *ratio)
{
	struct series inverse = { 0 };

	for (size_t i = 0; i < ratio->nr; i++)
		series_add(&inverse, 1 / ratio->values[i]);
	return inverse;
}

void report_figure(const struct figure *figure, const struct pair *pair)
{
	struct series inverse = { 0 };
	const struct series *ratio = &pair->ratio;

	if (figure->inverse) {
		inverse = inverted(ratio);
		ratio = &inverse;
	}
	printf("{\"kind\":\"figure\",\"id\":\"%s\",\"what\":\"%s\",\"unit\":\"%s\"",
	       figure->id, figure->what, figure->unit);
	printf(",\"names\":[\"%s\",\"%s\"],\"inverse\":%s", figure->lease,
	       figure->against, figure->inverse ? "true" : "false");
	put_series("lease", &pair->lease);
	put_series("against", &pair->against);
	put_series("ratio", ratio);
	put_limit("least", figure->least);
	put_limit("most", figure->most);
	printf(",\"met\":%s}\n", verdict(figure, series_median(ratio)));
	fflush(stdout);
	series_free(&inverse);
}

void report_fact(const char *id, const char *what, double value,
		 const char *unit)
{
	printf("{\"kind\":\"fact\",\"id\":\"%s\",\"what\":\"%s\",\"value\":%.9g,\"unit\":\"%s\"}\n",
	       id, what, value, unit);
	fflush(stdout);
}

void report_truth(const char *id, const char *what, bool is_so,
		  const char *found)
{
	printf("{\"kind\":\"truth\",\"id\":\"%s\",\"what\":\"%s\",\"found\":\"%s\",\"met\":%s}\n",
	       id, what, found, is_so ? "true" : "false");
	fflush(stdout);
}

void report_point(const char *id, const char *curve, double x,
		  struct series *values)
{
	printf("{\"kind\":\"point\",\"id\":\"%s\",\"curve\":\"%s\",\"x\":%.9g",
	       id, curve, x);
	put_series("y", values);
	puts("}");
	fflush(stdout);
	series_free(values);
}
