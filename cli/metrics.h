/* SPDX-License-Identifier: MIT */
/*
 * What there is and what has happened, in Prometheus' text format
 *
 * Copyright (C) 2026 The barlease authors
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
 */
#ifndef CLI_METRICS_H
#define CLI_METRICS_H

#include <stdbool.h>
#include <stdio.h>

#include "records.h"

/**
 * struct metrics - what a broker has said; nothing where there is none
 * @up: there is one
 * @devices, @slices, @leases, @grants, @counters: its answers to these requests
 */
struct metrics {
	bool up;
	struct records devices;
	struct records slices;
	struct records leases;
	struct records grants;
	struct records counters;
};

/* Puts the leases in order. */
void metrics_print(struct metrics *metrics, FILE *to);

/*
 * What the driver has counted, of each device that is its. @root: as in sysfs.h.
 * Return: 0; errors of open()
 */
int metrics_print_driver(const char *root, FILE *to);

#endif
