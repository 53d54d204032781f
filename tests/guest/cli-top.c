// SPDX-License-Identifier: MIT
/*
 * barlease top: leases and counters as text; and on a terminal, where a key revokes
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
#include "cli-terminal.h"
#include "clock.h"
#include "lease.h"
#include "sysfs.h"
#include "tap.h"

#define WORKER1	1001
#define WORKER2	1002

#define MONITOR	"/run/barlease/monitor"

static void start(void)
{
	char config[1024];

	snprintf(config, sizeof(config),
		 "[broker]\nmonitor = " MONITOR "\nmonitor-mode = 0666\n"
		 "[device %s]\n"
		 "[slice page]\nbar = 2\nranges = 0x1000+0x1000\n"
		 "users = worker1\nmax-holders = 3\n"
		 "[slice window]\nbar = 2\nranges = 2M+2M\nusers = worker2\n",
		 dev_small().name);
	broker_start(config);
}

/* ---- As text ----------------------------------------------------------------------- */

/* The word behind so many others in the line that begins with this one; -1: no number */
static long number_in(const struct run *run, const char *line, int behind)
{
	const char *at = cli_line(run, line);
	char *end;
	long value;

	for (; *at && behind; behind--) {
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	value = strtol(at, &end, 10);
	return end > at ? value : -1;
}

/* A kernel without CONFIG_PROC_CHILDREN does not: none of a distribution's */
static bool tells_children(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	return !access(path, R_OK);
}

static void once(void)
{
	const char *device = dev_small().name;
	struct job page, window;
	const struct run *run;
	char ids[2][16], line[200];
	long faults;

	cli_is(CLI("top", "--once"), 3, "top without a broker");
	start();
	run = CLI("top", "--once", "--interval", "0.1");
	cli_is(run, 0, "top of a broker without leases");
	cli_says(run, "leases: 0 held, 0 ending, 0 kept");
	snprintf(line, sizeof(line), "%s BAR 2: ", device);
	ok(strstr(cli_line(run, line), "nothing of it leased"),
	   "nothing is leased");
	faults = number_in(run, device, 2);

	page = holder_start(WORKER1, "page", ids[0]);
	window = holder_start(WORKER2, "window", ids[1]);
	CLI_AS(WORKER2, "acquire", "page", "--", "true");
	run = CLI("top", "--once", "--ascii", "--interval", "0.5");
	cli_is(run, 0, "top of a broker with two leases");
	cli_says(run, "leases: 2 held, 0 ending, 0 kept; every 0.5 s");
	snprintf(line, sizeof(line), "%5s  held   page    %s ", ids[0], device);
	cli_says(run, line);
	cli_says(run, "worker1");
	cli_says(run, tells_children() ? "cli-top (barlease)" : "barlease\n");
	snprintf(line, sizeof(line), "%s page   |+", ids[0]);
	cli_says(run, line);
	ok(number_in(run, device, 2) > faults, "there were page faults");
	is_int(number_in(run, "in all", 2), 2, "two leases were acquired");
	ok(number_in(run, "in all", 4) >= 1, "somebody was refused");
	cli_show(run);
	CLI("revoke", ids[0], ids[1]);
	job_end(&page);
	job_end(&window);
	run = CLI("top", "--once", "--interval", "0.1");
	cli_says(run, "leases: 0 held");
	is_int(number_in(run, "in all", 3), 2, "two have ended");
	ok(number_in(run, device, 4) >= 2, "which the driver has counted");
}

/* ---- On a terminal ------------------------------------------------------------------- */

static void open_top(const char *socket)
{
	const char *const words[] = {
		"top", "--interval", "0.5", "--admin", socket, NULL,
	};

	terminal_open(words, 120, 30);
}

static int end_top(void)
{
	return terminal_end("q");
}

/* Those before are listed until the broker has seen that nobody has them open */
static struct job only_holder(char id[16])
{
	if (!comes_true(!strstr(CLI("ps")->out, " kept ")))
		bail("leases are kept");
	return holder_start(WORKER1, "page", id);
}

static void by_keys(void)
{
	char id[16], words[100];
	struct job holder;

	holder = only_holder(id);
	open_top("/run/barlease/admin");
	ok(terminal_shows("leases: 1 held"), "a terminal shows the lease");
	snprintf(words, sizeof(words), "revoke lease %s (page) of worker1? y or n",
		 id);
	terminal_type("r");
	ok(terminal_shows(words), "a key asks whether to revoke it");
	terminal_type("n");
	snprintf(words, sizeof(words), "lease %s is left alone", id);
	ok(terminal_shows(words), "no is no");
	cli_says(CLI("ps"), "held");
	terminal_type("r");
	terminal_shows("y or n");
	terminal_type("y");
	snprintf(words, sizeof(words), "lease %s is revoked", id);
	ok(terminal_shows(words), "yes is said to have revoked it");
	cli_is(job_end(&holder), 128 + SIGBUS, "its holder has lost it");
	ok(terminal_shows("leases: 0 held"), "the terminal shows it no more");
	is_int(end_top(), 0, "a key ends it");
}

static void by_the_monitor(void)
{
	char id[16], words[100];
	struct job holder;

	holder = only_holder(id);
	open_top(MONITOR);
	terminal_shows("leases: 1 held");
	terminal_type("r");
	terminal_shows("y or n");
	terminal_type("y");
	snprintf(words, sizeof(words),
		 "cannot revoke lease %s: \"revoke\" is for the", id);
	ok(terminal_shows(words), "the monitor's socket revokes nothing");
	is_int(end_top(), 0, "and is looked at all the same");
	CLI("revoke", id);
	job_end(&holder);
}

static void with_another_broker(void)
{
	open_top("/run/barlease/admin");
	ok(terminal_shows("leases: 0 held"), "a terminal of a broker");
	broker_stop();
	ok(terminal_shows("barleased is gone; asked again every 0.5 s"),
	   "which says when that is gone");
	start();
	ok(terminal_shows("leases: 0 held"), "and goes on with the next");
	is_int(end_top(), 0, "until it is told to end");
}

/* What the guest's programs are built with depends on the machine. */
static bool has_ncurses(void)
{
	const struct run *run = CLI("top");

	cli_is(run, 1, "top without a terminal");
	return !strstr(run->err, "built without ncurses");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], HOLD))
		holder_run();
	once();
	if (!has_ncurses())
		skip_rest("barlease was built without ncurses");
	by_keys();
	by_the_monitor();
	with_another_broker();
	broker_stop();
	return tap_done();
}
