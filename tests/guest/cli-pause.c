// SPDX-License-Identifier: MIT
/*
 * barlease pause, barlease resume, barlease acquire --after=ones: commands that know
 * nothing of it wait, and go on, or read ones
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli-run.h"
#include "lease.h"
#include "map.h"
#include "stack.h"
#include "sysfs.h"
#include "tap.h"

#define USER	1001
#define READ_ON	"read-on"

static volatile sig_atomic_t asked;

static void ask(int signal)
{
	(void)signal;
	asked = 1;
}

/*
 * Of that word on the command line: reads a word of its lease until it is all ones,
 * and says when it has, if it is asked by SIGUSR1
 */
static int read_on(void)
{
	int fd = atoi(getenv("BARLEASE_FD") ?: "-1");
	mapping_t at = map(fd, 0, PAGE, PROT_READ);
	const volatile uint32_t *word = (const volatile uint32_t *)at;

	signal(SIGUSR1, ask);
	printf("%d has lease %s.\n", getpid(), getenv("BARLEASE_ID"));
	fflush(stdout);
	while (*word != ~0u) {
		if (!asked)
			continue;
		asked = 0;
		puts("goes on.");
		fflush(stdout);
	}
	puts("ones.");
	return 5;
}

static void start(void)
{
	char config[1024];

	snprintf(config, sizeof(config),
		 "[device %s]\n"
		 "[slice page]\nbar = 2\nranges = 0+64K\nusers = *\n"
		 "[slice gentle]\nbar = 2\nranges = 1M+64K\nusers = *\n"
		 "after = ones\n",
		 dev_small().name);
	broker_start(config);
}

struct reader {
	struct job job;
	pid_t pid;
	char id[16];
};

static struct reader reader_start(const char *slice, const char *after)
{
	char self[PATH_MAX] = "";
	struct reader reader = { 0 };
	const char *said;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		bail("/proc/self/exe: %s", strerror(errno));
	reader.job = JOB_AS(USER, "acquire", slice, after, "--", self, READ_ON);
	said = job_wait_for(&reader.job, ".\n");
	if (sscanf(said, "%d has lease %15[0-9].", &reader.pid, reader.id) != 2)
		bail("who has which lease is \"%s\"?", said);
	return reader;
}

static bool waits(const struct reader *reader)
{
	return sleeps_in(reader->pid, "wait_at_gate");
}

static void goes_on(struct reader *reader)
{
	kill(reader->pid, SIGUSR1);
	ok(strstr(job_wait_for(&reader->job, "goes on."), "goes on."),
	   "the command goes on");
}

static void pause_and_resume(void)
{
	struct reader reader = reader_start("page", "--after=sigbus");
	const struct run *run;

	run = CLI("pause", "--slice", "page");
	cli_is(run, 0, "pause --slice page");
	cli_says(run, "1 lease paused");
	ok(waits(&reader), "the command waits");
	cli_says(CLI("ps"), "paused");
	run = CLI("ps", "--json");
	cli_says(run, "\"state\": \"paused\"");
	ok(!strstr(run->out, "resumes"), "and not when it goes on, for nobody knows");
	run = CLI("resume", "--all");
	cli_is(run, 0, "resume --all");
	cli_says(run, "1 lease resumed");
	goes_on(&reader);
	kill(reader.pid, SIGKILL);
	run = job_end(&reader.job);
	cli_complains(run, "(page) is paused, accesses wait");
	cli_complains(run, "(page) goes on");
}

static void for_a_time(void)
{
	struct reader reader = reader_start("page", "--after=sigbus");

	cli_is(CLI("pause", reader.id, "--for", "10m"), 0, "pause LEASE --for 10m");
	ok(waits(&reader), "the command waits");
	cli_says(CLI("ps", "--json"), "\"resumes\": ");
	cli_is(CLI("pause", reader.id, "--for", "100ms"), 0,
	       "pause LEASE --for 100ms, while it is paused");
	goes_on(&reader);
	kill(reader.pid, SIGKILL);
	job_end(&reader.job);
}

static void taken_meanwhile(void)
{
	struct reader reader = reader_start("page", "--after=sigbus");
	const struct run *run;

	cli_is(CLI("pause", reader.id), 0, "pause LEASE");
	ok(waits(&reader), "the command waits");
	cli_is(CLI("revoke", reader.id), 0, "revoke LEASE, while it is paused");
	run = job_end(&reader.job);
	cli_is(run, 128 + SIGBUS, "the command gets SIGBUS");
	cli_complains(run, "was revoked: somebody ordered it");
}

static void ones(const char *slice, const char *after)
{
	struct reader reader = reader_start(slice, after);
	const struct run *run;

	cli_is(CLI("revoke", reader.id), 0, "revoke of a lease of %s, %s", slice,
	       after);
	run = job_end(&reader.job);
	cli_is(run, 5, "the command reads ones");
	cli_says(run, "ones.");
	cli_complains(run, "was revoked: somebody ordered it");
}

static void wrong(void)
{
	const struct run *run;

	run = CLI("pause");
	cli_is(run, 2, "pause");
	cli_complains(run, "name leases by their numbers, or by one of the options");
	cli_is(CLI("resume", "1", "--all"), 2, "resume 1 --all");
	run = CLI("pause", "4000000000");
	cli_is(run, 3, "pause of no lease");
	cli_complains(run, "no lease 4000000000");
	cli_is(CLI("resume", "4000000000"), 3, "resume of no lease");
	run = CLI("pause", "--all", "--for", "0");
	cli_is(run, 2, "pause --for 0");
	cli_complains(run, "\"0\" is no time; 500ms, 30s, 10m, 2h and 1d are");
	run = CLI("acquire", "page", "--after=never", "--", "true");
	cli_is(run, 2, "acquire --after=never");
	cli_complains(run, "\"never\" is no end of a lease; sigbus and ones are");
	run = CLI("pause", "--all");
	cli_is(run, 0, "pause --all where there is none");
	cli_says(run, "0 leases paused");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], READ_ON))
		return read_on();
	start();
	pause_and_resume();
	for_a_time();
	taken_meanwhile();
	ones("page", "--after=ones");
	ones("gentle", "--after=sigbus");
	wrong();
	broker_stop();
	return tap_done();
}
