/* SPDX-License-Identifier: MIT */
/*
 * Processes that all do the same, at the same time
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CREW_H
#define CREW_H

#include <sys/types.h>

#define CREW_MAX 64

/* Done over and over; @data is what prepare() returned */
typedef void (*crew_cycle)(void *data);

/**
 * struct crew - processes
 * @nr: how many
 * @pids: theirs
 * @socks: what they are told to do goes there, and that it is done comes back
 */
struct crew {
	int nr;
	pid_t pids[CREW_MAX];
	int socks[CREW_MAX];
};

/* @prepare runs in each process, with its number */
void crew_start(struct crew *crew, int processes, void *(*prepare)(int number));
void crew_stop(struct crew *crew);

/*
 * @times in each process. Returns the microseconds from the beginning of the
 * first to the end of the last, divided by the number of all cycles.
 */
double crew_run(const struct crew *crew, crew_cycle cycle, int times);

#endif
