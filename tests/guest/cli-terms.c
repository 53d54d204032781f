// SPDX-License-Identifier: MIT
/*
 * barlease acquire --wait and --for, barlease revoke --grace: commands that know
 * nothing of it wait for a lease, finish in time, and are told
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli-run.h"
#include "sysfs.h"
#include "tap.h"

#define WORKER1	1001
#define WORKER2	1002

/* Runs until it is told, and then says goodbye */
#define POLITE	"trap 'echo bye; exit 7' TERM; echo has it; while :; do sleep 0.1; done"

/* Runs for as long as it has the lease */
#define USES_IT \
	"echo has it; while barlease peek 0 >/dev/null; do sleep 0.1; done; echo lost it"

static void start(void)
{
	char config[1024];

	snprintf(config, sizeof(config),
		 "[broker]\nmax-grace = 10m\n[device %s]\n"
		 "[slice page]\nbar = 2\nranges = 0+4K\nusers = *\n"
		 "exclusive = yes\n"
		 "[slice polite]\nbar = 2\nranges = 1M+4K\nusers = *\n"
		 "exclusive = yes\ngrace = 5m\nmax-time = 1h\n",
		 dev_small().name);
	broker_start(config);
}

static void finishes_in_time(void)
{
	struct job job = JOB_AS(WORKER1, "acquire", "page", "--on-revoke=TERM",
				"--", "sh", "-c", POLITE);
	const struct run *run;

	job_wait_for(&job, "has it");
	run = CLI("revoke", "--slice", "page", "--grace", "5m");
	cli_is(run, 0, "revoke --grace 5m ends long before that");
	cli_says(run, "1 lease revoked");
	run = job_end(&job);
	cli_is(run, 7, "the command was told, and has ended as it likes");
	cli_says(run, "bye");
	cli_complains(run, "is about to be revoked, in ");
	cli_complains(run, ": somebody ordered it");
	ok(!strstr(run->err, "was revoked"), "it had given the lease back by then");
}

static void does_not_finish(void)
{
	struct job job = JOB_AS(WORKER1, "acquire", "polite", "--", "sh", "-c",
				USES_IT);
	const struct run *run;

	job_wait_for(&job, "has it");
	run = CLI("revoke", "--slice", "polite", "--grace", "200ms");
	cli_is(run, 0, "revoke --grace 200ms");
	run = job_end(&job);
	cli_says(run, "lost it");
	cli_complains(run, "is about to be revoked, in 0.2 s");
	cli_complains(run, "was revoked: somebody ordered it");
}

static void the_slice_says(void)
{
	struct job job = JOB_AS(WORKER1, "acquire", "polite", "--on-revoke=TERM",
				"--", "sh", "-c", POLITE);
	const struct run *run;

	job_wait_for(&job, "has it");
	cli_is(CLI("revoke", "--slice", "polite"), 0,
	       "revoke of a slice that has grace=");
	run = job_end(&job);
	cli_is(run, 7, "the command has finished");
	cli_complains(run, "is about to be revoked, in 300.0 s");
}

static void for_a_time(void)
{
	const struct run *run;

	run = CLI_AS(WORKER1, "acquire", "page", "--for", "200ms",
		     "--on-revoke=TERM", "--", "sh", "-c", POLITE);
	cli_is(run, 7, "acquire --for 200ms");
	cli_complains(run, "was revoked: its time is over");
	run = CLI_AS(WORKER1, "acquire", "polite", "--for", "2h", "--", "true");
	cli_is(run, 1, "acquire --for longer than max-time");
	cli_complains(run,
		      "at most 3600000 ms each time: that is longer than a lease of this slice may last");
	cli_is(CLI_AS(WORKER1, "acquire", "polite", "--for", "1h", "--", "true"),
	       0, "acquire --for max-time, after that: nothing was left");
}

static void waits(void)
{
	struct job holder = JOB_AS(WORKER1, "acquire", "page",
				   "--on-revoke=TERM", "--", "sh", "-c", POLITE);
	const struct run *run;
	struct job waiter;

	job_wait_for(&holder, "has it");
	run = CLI_AS(WORKER2, "acquire", "page", "--", "true");
	cli_is(run, 5, "acquire of what another one has");
	run = CLI_AS(WORKER2, "acquire", "page", "--wait=100ms", "--", "true");
	cli_is(run, 5, "acquire --wait=100ms, in vain");
	cli_complains(run, "slice page: it has not become free");
	waiter = JOB_AS(WORKER2, "acquire", "page", "--wait=forever", "--",
			"echo", "my turn");
	cli_is(CLI("revoke", "--slice", "page", "--grace", "5m"), 0,
	       "its holder is asked to give it back");
	cli_is(job_end(&holder), 7, "and does");
	run = job_end(&waiter);
	cli_is(run, 0, "acquire --wait=forever ends");
	cli_says(run, "my turn");
}

static void wrong(void)
{
	static const char *const times[] = { "", "soon", "-1s", "5 s", "1y", "0" };
	const struct run *run;

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		run = CLI("acquire", "page", "--for", times[i], "--", "true");
		cli_is(run, 2, "acquire --for \"%s\"", times[i]);
		cli_complains(run, "is no time; 500ms, 30s, 10m, 2h and 1d are");
	}
	cli_is(CLI("acquire", "page", "--wait", "ever", "--", "true"), 2,
	       "acquire --wait ever");
	cli_is(CLI("revoke", "--all", "--grace", "forever"), 2,
	       "revoke --grace forever");
	run = CLI("revoke", "--all", "--grace", "11m");
	cli_is(run, 1, "revoke --grace of more than max-grace");
	cli_complains(run, "a grace of 600000 ms at most: that is max-grace of [broker]");
}

int main(void)
{
	start();
	finishes_in_time();
	does_not_finish();
	the_slice_says();
	for_a_time();
	waits();
	wrong();
	broker_stop();
	return tap_done();
}
