/* SPDX-License-Identifier: MIT */
/*
 * Run barlease and barleased, as a user would
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define BARLEASE	"/bin/barlease"

/* How it went; -1 is a status that is none */
struct run {
	int status;
	char out[65536];
	char err[4096];
};

/* Words of the command line; barlease's own name goes without saying */
#define CLI(...)	cli_run(0, (const char *const []){ __VA_ARGS__, NULL })
#define CLI_AS(uid, ...) \
	cli_run(uid, (const char *const []){ __VA_ARGS__, NULL })

/* Valid until the eighth one after it */
const struct run *cli_run(uid_t uid, const char *const *words);

/* Checks, see tap.h: of how it ended, and of a part of what it wrote */
bool cli_is(const struct run *run, int status, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
bool cli_says(const struct run *run, const char *part);
bool cli_complains(const struct run *run, const char *part);

/* The line of stdout that begins with this word; "" where there is none */
const char *cli_line(const struct run *run, const char *word);

/* What it wrote, for whoever reads the log */
void cli_show(const struct run *run);

/* The same in two halves, for what does not end by itself */
struct job {
	pid_t pid;
	int out;
	int err;
	size_t out_length;
	struct run *run;
};

#define JOB_AS(uid, ...) \
	job_start(uid, (const char *const []){ __VA_ARGS__, NULL })

struct job job_start(uid_t uid, const char *const *words);
/* Waits for it; valid until the eighth job after it */
const struct run *job_end(struct job *job);
/* Has it written this to stdout by now? */
bool job_says(struct job *job, const char *part);
/* What it has written to stdout, once that has this part; gives up without */
const char *job_wait_for(struct job *job, const char *part);

/* barleased with this configuration (scale.h); gives up where it does not start */
void broker_start(const char *config);
void broker_stop(void);

#endif
