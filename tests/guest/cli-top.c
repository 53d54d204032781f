// SPDX-License-Identifier: MIT
/*
 * barlease top: leases and counters as text; and on a terminal, where a key revokes
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli-holder.h"
#include "cli-run.h"
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

static struct {
	pid_t pid;
	int fd;
	char said[1 << 16];
	size_t length;
} terminal;

static void terminal_open(const char *socket)
{
	struct winsize size = { .ws_col = 120, .ws_row = 30 };

	setenv("TERM", "linux", 1);
	terminal.pid = forkpty(&terminal.fd, NULL, NULL, &size);
	if (terminal.pid < 0)
		bail("forkpty: %s", strerror(errno));
	if (terminal.pid)
		return;
	execl(BARLEASE, "barlease", "top", "--interval", "0.5", "--admin",
	      socket, NULL);
	_exit(99);
}

static bool terminal_has(const char *words)
{
	struct pollfd in = { .fd = terminal.fd, .events = POLLIN };
	ssize_t n;

	while (poll(&in, 1, 0) == 1 &&
	       terminal.length + 1 < sizeof(terminal.said)) {
		n = read(terminal.fd, terminal.said + terminal.length,
			 sizeof(terminal.said) - 1 - terminal.length);
		if (n <= 0)
			break;
		terminal.length += n;
		terminal.said[terminal.length] = '\0';
	}
	return strstr(terminal.said, words);
}

static void type(const char *keys)
{
	terminal.length = 0;
	terminal.said[0] = '\0';
	if (write(terminal.fd, keys, strlen(keys)) < 0)
		bail("the terminal takes no keys");
}

/* ncurses writes what is new: it draws all of it again. */
static bool terminal_shows(const char *words)
{
	int64_t again = now_us();

	return comes_true(({
		if (now_us() >= again) {
			type("\f");
			again = now_us() + 2000000;
		}
		terminal_has(words);
	}));
}

static int terminal_end(void)
{
	int status;

	type("q");
	if (!comes_true((terminal_has("\f"),
			 waitpid(terminal.pid, &status, WNOHANG) != 0)))
		bail("top does not end by its key");
	close(terminal.fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void by_keys(void)
{
	char id[16], words[100];
	struct job holder;

	holder = holder_start(WORKER1, "page", id);
	terminal_open("/run/barlease/admin");
	ok(terminal_shows("leases: 1 held"), "a terminal shows the lease");
	snprintf(words, sizeof(words), "revoke lease %s (page) of worker1? y or n",
		 id);
	type("r");
	ok(terminal_shows(words), "a key asks whether to revoke it");
	type("n");
	snprintf(words, sizeof(words), "lease %s is left alone", id);
	ok(terminal_shows(words), "no is no");
	cli_says(CLI("ps"), "held");
	type("r");
	terminal_shows("y or n");
	type("y");
	snprintf(words, sizeof(words), "lease %s is revoked", id);
	ok(terminal_shows(words), "yes is said to have revoked it");
	cli_is(job_end(&holder), 128 + SIGBUS, "its holder has lost it");
	ok(terminal_shows("leases: 0 held"), "the terminal shows it no more");
	is_int(terminal_end(), 0, "a key ends it");
}

static void by_the_monitor(void)
{
	char id[16], words[100];
	struct job holder;

	holder = holder_start(WORKER1, "page", id);
	terminal_open(MONITOR);
	terminal_shows("leases: 1 held");
	type("r");
	terminal_shows("y or n");
	type("y");
	snprintf(words, sizeof(words),
		 "cannot revoke lease %s: \"revoke\" is for the", id);
	ok(terminal_shows(words), "the monitor's socket revokes nothing");
	is_int(terminal_end(), 0, "and is looked at all the same");
	CLI("revoke", id);
	job_end(&holder);
}

static void with_another_broker(void)
{
	terminal_open("/run/barlease/admin");
	ok(terminal_shows("leases: 0 held"), "a terminal of a broker");
	broker_stop();
	ok(terminal_shows("barleased is gone; asked again every 0.5 s"),
	   "which says when that is gone");
	start();
	ok(terminal_shows("leases: 0 held"), "and goes on with the next");
	is_int(terminal_end(), 0, "until it is told to end");
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
