/* SPDX-License-Identifier: MIT */
/*
 * Page faults of this thread, as perf counts them
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BENCH_PERF_H
#define BENCH_PERF_H

void perf_faults_begin(void);
/* How many since then; -1 where the kernel has no perf events */
long perf_faults_end(void);

#endif
