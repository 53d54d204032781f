// SPDX-License-Identifier: MIT
/*
 * barlease slices, acquire, peek and poke: an ordinary user's commands get
 * leases, use them, and are told when they end
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli-holder.h"
#include "cli-run.h"
#include "lease.h"
#include "sysfs.h"
#include "tap.h"

/* As in the guest's /etc/passwd */
#define WORKER1	1001
#define WORKER2	1002

static void start(void)
{
	char config[1024];

	snprintf(config, sizeof(config),
		 "[device %s]\n"
		 "[slice doorbell]\nbar = 2\nranges = 0x1000+0x1000\n"
		 "users = worker1\nmax-holders = 1\n"
		 "[slice status]\nbar = 2\nranges = 0x1000+0x2000\n"
		 "access = ro\nusers = worker1, worker2\n"
		 "[slice window]\nbar = 2\nranges = 4M+4M\nmemattr = wc\n"
		 "users = root\n"
		 "[slice frame]\nbar = 2\nranges = 8M+8K\ncount = 2\n"
		 "stride = 8K\nexclusive = yes\nusers = worker1\n",
		 dev_small().name);
	broker_start(config);
}

static void no_broker(void)
{
	const struct run *run;

	unlink("/run/barlease/socket");
	run = CLI("acquire", "doorbell", "--", "true");
	cli_is(run, 3, "acquire without a broker");
	cli_complains(run,
		      "/run/barlease/socket: No such file or directory; is barleased running?");
	cli_is(CLI("slices"), 3, "slices without a broker");
}

static void slices(void)
{
	const struct run *run = CLI_AS(WORKER1, "slices");

	cli_is(run, 0, "slices, as worker1");
	cli_says(run, "doorbell");
	cli_says(run, "frame");
	ok(!strstr(run->out, "window"), "root's slice is not shown");

	run = CLI_AS(WORKER2, "slices", "--json");
	cli_is(run, 0, "slices --json, as worker2");
	cli_says(run, "\"slice\": \"status\"");
	cli_says(run, "\"access\": \"ro\"");
	cli_says(run, "\"free\": null");
	ok(!strstr(run->out, "doorbell"), "worker1's slices are not shown");
}

static void environment(void)
{
	const struct run *run;

	run = CLI_AS(WORKER1, "acquire", "doorbell", "--", "env");
	cli_is(run, 0, "acquire doorbell -- env");
	cli_says(run, "BARLEASE_FD=");
	cli_says(run, "BARLEASE_ID=");
	cli_says(run, "BARLEASE_NAME=doorbell\n");
	cli_says(run, "BARLEASE_SIZE=4096\n");
	cli_says(run, "BARLEASE_ACCESS=rw\n");
	cli_says(run, "BARLEASE_MEMATTR=nc\n");
	cli_says(run, "BARLEASE_ALIGN=2097152\n");
	cli_says(run, "BARLEASE_PHASE=4096\n");
	ok(!run->err[0], "nothing on stderr");

	run = CLI("acquire", "window", "--", "env");
	cli_is(run, 0, "acquire window -- env, as root");
	cli_says(run, "BARLEASE_MEMATTR=wc\n");

	run = CLI_AS(WORKER1, "acquire", "--any", "frame", "--", "env");
	cli_is(run, 0, "acquire --any frame -- env");
	cli_says(run, "BARLEASE_NAME=frame-");
	cli_is(CLI_AS(WORKER1, "acquire", "doorbell", "--", "sh", "-c",
		      "readlink /proc/self/fd/$BARLEASE_FD | grep dmabuf"), 0,
	       "the descriptor is the lease");
	cli_is(CLI_AS(WORKER1, "acquire", "doorbell", "--", "sh", "-c",
		      "readlink /proc/self/fd/* | grep socket"), 1,
	       "and the only thing that is inherited");
}

static void statuses(void)
{
	const struct run *run;

	cli_is(CLI_AS(WORKER1, "acquire", "doorbell", "--", "sh", "-c",
		      "exit 42"), 42, "a command that ends with 42");
	cli_is(CLI_AS(WORKER1, "acquire", "doorbell", "--", "sh", "-c",
		      "kill -KILL $$"), 128 + SIGKILL, "that is killed");
	run = CLI_AS(WORKER1, "acquire", "doorbell", "--", "/nowhere");
	cli_is(run, 127, "that is not there");
	cli_complains(run, "barlease: acquire: /nowhere: No such file or directory");
	cli_is(CLI_AS(WORKER1, "acquire", "doorbell", "--", "/etc/passwd"),
	       126, "that is no program");
	cli_is(CLI_AS(WORKER1, "acquire", "doorbell"), 2, "no command");

	run = CLI_AS(WORKER2, "acquire", "doorbell", "--", "true");
	cli_is(run, 4, "a slice of somebody else's");
	cli_complains(run, "'barlease slices' shows what you may have");
	cli_is(CLI_AS(WORKER1, "acquire", "doorbell", "--", BARLEASE,
		      "acquire", "doorbell", "--", "true"), 5,
	       "a slice that may be held once, and is");
}

static void access_by_name(void)
{
	const struct run *run;

	cli_is(CLI_AS(WORKER1, "poke", "--slice", "doorbell", "0xffc",
		      "0xdeadbeef"), 0, "poke, as worker1");
	run = CLI_AS(WORKER2, "peek", "--slice", "status", "0xffc", "2");
	cli_is(run, 0, "peek of the same bytes, as worker2");
	cli_says(run, "0x00000ffc: 0xdeadbeef\n0x00001000: 0x");
	run = CLI_AS(WORKER1, "poke", "--slice", "status", "0", "1");
	cli_is(run, 4, "poke through a read-only lease");
	cli_complains(run, "the lease of status is read-only");
	cli_is(CLI_AS(WORKER2, "peek", "--slice", "doorbell", "0"), 4,
	       "peek of somebody else's slice");
}

static void widths(void)
{
	const struct run *run;

	run = CLI_AS(WORKER1, "acquire", "doorbell", "--", "sh", "-c",
		     "p='barlease poke --width' && r='barlease peek --width' && $p 64 8 0x1122334455667788 && $p 8 9 0xaa && $p 16 10 0xbbcc && $r 64 8 && $r 32 8 2 && $r 16 10 && $r 8 8 2");
	cli_is(run, 0, "words of 8, 16, 32 and 64 bits");
	cli_says(run, "0x00000008: 0x11223344bbccaa88\n"
		      "0x00000008: 0xbbccaa88\n0x0000000c: 0x11223344\n"
		      "0x0000000a: 0xbbcc\n"
		      "0x00000008: 0x88\n0x00000009: 0xaa\n");
	run = CLI_AS(WORKER1, "peek", "--slice", "doorbell", "--width", "16", "3");
	cli_is(run, 1, "an offset that is not aligned to the width");
	cli_complains(run, "offset 0x3 is no multiple of 2");
	run = CLI_AS(WORKER1, "poke", "--slice", "doorbell", "--width", "8", "0",
		     "256");
	cli_is(run, 2, "a value that is too wide");
	cli_complains(run, "is no value from 0 to 0xff");
	cli_is(CLI_AS(WORKER1, "peek", "--slice", "doorbell", "--width", "24",
		      "0"), 2, "a width that there is not");
}

static void access_by_fd(void)
{
	const struct run *run;

	run = CLI_AS(WORKER1, "acquire", "doorbell", "--", "sh", "-c",
		     "barlease poke 16 7; barlease peek 16");
	cli_is(run, 0, "poke and peek of an inherited lease");
	cli_says(run, "0x00000010: 0x00000007\n");
	run = CLI_AS(WORKER1, "acquire", "status", "--", BARLEASE, "poke", "0",
		     "1");
	cli_is(run, 4, "poke of an inherited read-only lease");
	cli_complains(run, "read-only");
	cli_is(CLI("peek", "0"), 2, "peek without a lease");
	setenv("BARLEASE_FD", "0", 1);
	run = CLI("peek", "0");
	cli_is(run, 1, "peek of a descriptor that is no lease");
	cli_complains(run, "BARLEASE_FD is 0, which is no lease");
	unsetenv("BARLEASE_FD");
}

static void refused(const char *offset, const char *count, const char *why)
{
	const struct run *run;

	run = CLI_AS(WORKER1, "peek", "--slice", "doorbell", offset, count);
	cli_is(run, 1, "peek %s %s", offset, count);
	cli_complains(run, why);
	ok(!run->out[0], "nothing was read");
}

static void outside(void)
{
	const struct run *run;

	refused("0x1000", "1",
		"offset 0x1000 is outside of doorbell, whose last word is at 0xffc");
	refused("0xfffffffffffffffc", "1", "is outside of doorbell");
	refused("0xffc", "2", "go past the end of doorbell");
	refused("0", "1025", "go past the end of doorbell");
	refused("2", "1", "is no multiple of 4");
	cli_is(CLI_AS(WORKER1, "peek", "--slice", "doorbell", "0", "1024"), 0,
	       "all of it can be read");
	run = CLI_AS(WORKER1, "poke", "--slice", "doorbell", "4096", "1");
	cli_is(run, 1, "poke behind it");
	cli_complains(run, "is outside of doorbell");
	cli_is(CLI_AS(WORKER1, "peek", "--slice", "doorbell", "-4"), 2,
	       "a negative offset");
	cli_is(CLI_AS(WORKER1, "poke", "--slice", "doorbell", "0",
		      "0x100000000"), 2, "a value of more than 32 bits");
}

static void signals(void)
{
	struct job job;
	const struct run *run;

	job = JOB_AS(WORKER1, "acquire", "doorbell", "--", "sh", "-c",
		     "trap 'echo got TERM; exit 7' TERM; echo ready; while :; do sleep 0.1; done");
	job_wait_for(&job, "ready");
	kill(job.pid, SIGTERM);
	run = job_end(&job);
	cli_is(run, 7, "a command that is sent SIGTERM, and ends with 7");
	cli_says(run, "got TERM");
}

static void as_listen_fd(void)
{
	const struct run *run;

	run = CLI_AS(WORKER1, "acquire", "--listen-fds", "doorbell", "--", "sh",
		     "-c", "test $LISTEN_PID = $$ && env && barlease peek 0");
	cli_is(run, 0, "acquire --listen-fds, which says so to the command itself");
	cli_says(run, "LISTEN_FDS=1\n");
	cli_says(run, "LISTEN_FDNAMES=doorbell\n");
	cli_says(run, "BARLEASE_FD=3\n");
	cli_says(run, "0x00000000: 0x");
	run = CLI_AS(WORKER1, "acquire", "--listen-fds", "doorbell", "--", "sh",
		     "-c", "readlink /proc/self/fd/3; ls /proc/self/fd | xargs");
	cli_says(run, "/dmabuf:");
	cli_says(run, "\n0 1 2 3 4\n");
}

static void on_revoke(void)
{
	const struct run *run;
	char id[16] = "";
	struct job job;
	const char *out;

	job = JOB_AS(WORKER1, "acquire", "--on-revoke=SIGUSR1", "doorbell",
		     "--", "sh", "-c",
		     "trap 'barlease peek 0; echo told $?; exit 9' USR1; echo has $BARLEASE_ID.; while :; do sleep 0.1; done");
	out = job_wait_for(&job, ".\n");
	ok(sscanf(out, "has %15[0-9].", id) == 1, "a command has a lease");
	cli_is(CLI("revoke", id), 0, "which is revoked");
	run = job_end(&job);
	cli_is(run, 9, "the command gets the signal");
	cli_says(run, "told 6\n");
	cli_is(CLI_AS(WORKER1, "acquire", "--on-revoke=NONE", "doorbell", "--",
		      "true"), 2, "a signal that there is not");
	cli_is(CLI_AS(WORKER1, "acquire", "nothing", "--", "true"), 3,
	       "a slice that there is not");
}

static void revoked(void)
{
	const struct run *run;
	char id[16], part[80];
	struct job job;

	job = holder_start(WORKER1, "doorbell", id);
	cli_is(CLI("revoke", id), 0, "a lease that is in use is revoked");
	run = job_end(&job);
	cli_is(run, 128 + SIGBUS, "the command dies of SIGBUS");
	snprintf(part, sizeof(part),
		 "lease %s (doorbell) was revoked: somebody ordered it", id);
	cli_complains(run, part);

	run = CLI("revoke", id);
	cli_is(run, 3, "once more");
	cli_complains(run, "no lease");
	cli_is(CLI_AS(WORKER1, "acquire", "doorbell", "--", "true"), 0,
	       "the slice can be leased again");
}

static void broker_ends(void)
{
	const struct run *run;
	struct job job;
	char id[16];

	job = holder_start(WORKER1, "doorbell", id);
	broker_stop();
	run = job_end(&job);
	cli_is(run, 128 + SIGBUS,
	       "the broker ends, and the command dies of SIGBUS");
	cli_complains(run, "was revoked: the broker ends");
	ok(!strstr(run->err, "is gone"), "and says so once");
}

int main(int argc, char **argv)
{
	NEEDS_SMALL_PAGES;
	if (argc > 1 && !strcmp(argv[1], HOLD))
		holder_run();
	no_broker();
	start();
	slices();
	environment();
	statuses();
	access_by_name();
	widths();
	as_listen_fd();
	on_revoke();
	access_by_fd();
	outside();
	signals();
	revoked();
	broker_ends();
	return tap_done();
}
