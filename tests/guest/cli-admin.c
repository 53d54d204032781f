// SPDX-License-Identifier: MIT
/*
 * barlease show, ps, revoke and watch: an administrator sees who has what, and
 * takes it back; nobody else does
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
#include "clock.h"
#include "lease.h"
#include "map.h"
#include "sysfs.h"
#include "tap.h"

/* As in the guest's /etc/passwd */
#define WORKER1	1001
#define WORKER2	1002

static struct bdf dev;

static void start(void)
{
	char config[1024];

	dev = dev_small();
	snprintf(config, sizeof(config),
		 "[device %s]\n[device %s]\n"
		 "[slice doorbell]\ndevice = %s\nbar = 2\nranges = 0x1000+0x1000\n"
		 "users = worker1\nexclusive = yes\n"
		 "[slice window]\ndevice = %s\nbar = 2\nranges = 4M+4M, 32M+1M\n"
		 "memattr = wc\nusers = worker2\n",
		 dev.name, dev_card().name, dev.name, dev.name);
	broker_start(config);
}

static void nothing_leased(void)
{
	const struct run *run = CLI("show", dev.name);

	cli_is(run, 0, "show");
	cli_says(run, "BAR 2: 64 MiB, nothing of it leased");
	run = CLI("show", dev_card().name);
	cli_is(run, 0, "show of a device with MSI-X");
	cli_says(run, "BAR 3: MSI-X at 0x0-0xfff, 0x2000-0x2fff, for slices with msix = yes");
	run = CLI("ps");
	cli_is(run, 0, "ps");
	cli_says(run, "HELD BY\n");
	run = CLI("show", dev_big().name);
	cli_is(run, 3, "show of a device that the broker does not have");
	cli_complains(run, "is not one of barleased's devices");
}

static void show(void)
{
	const struct run *run = CLI("show", "--ascii", dev.name);

	cli_is(run, 0, "show --ascii");
	cli_says(run, "BAR 2: 64 MiB, 5.0 MiB of it leased, by 2 leases");
	cli_says(run, "|---------------|");
	cli_says(run, "doorbell |+    ");
	cli_says(run, "window   |    ####                        #");
	cli_says(run, "A column is 1 MiB.");
	cli_says(run, "0x1000-0x1fff");
	cli_says(run, "0x400000-0x7fffff and 1 more");
	cli_show(run);

	setenv("LANG", "C.UTF-8", 1);
	run = CLI("show", dev.name);
	cli_is(run, 0, "show, where there is Unicode");
	cli_says(run, "doorbell │▒");
	unsetenv("LANG");

	run = CLI("show", dev.name, "--svg");
	cli_is(run, 0, "show --svg");
	cli_says(run, "<svg xmlns=");
	cli_says(run, "BAR 2: 64 MiB, 5.0 MiB of it leased</text>");
	cli_says(run, " window</text>");
	cli_is(CLI("show", dev.name, "--svg", "--json"), 2,
	       "show as two things at once");

	run = CLI("show", dev.name, "--json");
	cli_is(run, 0, "show --json");
	cli_says(run, "\"slice\": \"doorbell\"");
	cli_says(run, "\"leased\": 5246976");
	cli_says(run, "\"offset\": 33554432");
}

/* The command has the lease, barlease itself does not. */
static void ps(const char *id)
{
	const struct run *run = CLI("ps");
	char part[64];

	cli_is(run, 0, "ps");
	cli_says(run, "doorbell");
	cli_says(run, "5 MiB");
	cli_says(run, " wc ");
	cli_says(run, "cli-admin (map)");
	cli_says(run, " \\x1b[2J\\xff (map)");
	ok(!strchr(run->out, '\033') && !strchr(run->out, '\xff'),
	   "a name that clears screens comes to no terminal");
	cli_show(run);

	run = CLI("ps", "--json");
	cli_is(run, 0, "ps --json");
	snprintf(part, sizeof(part), "\"id\": %s,", id);
	cli_says(run, part);
	cli_says(run, "\"uid\": 1001");
	cli_says(run, "\"map\": true");
	cli_says(run, "\"name\": \"\\u001b[2J\xef\xbf\xbd\"");
	cli_says(run, "\"hidden_processes\": 0");
}

static void refused(void)
{
	const char *const verbs[] = { "ps", "watch" };
	const struct run *run;
	size_t i;

	for (i = 0; i < 2; i++) {
		run = CLI_AS(WORKER1, verbs[i]);
		cli_is(run, 4, "%s, as an ordinary user", verbs[i]);
		cli_complains(run, "/run/barlease/admin: Permission denied; only root may");
	}
	cli_is(CLI_AS(WORKER1, "show", dev.name), 4,
	       "show, as an ordinary user");
	cli_is(CLI_AS(WORKER1, "revoke", "1"), 4,
	       "revoke, as an ordinary user");
	cli_is(CLI("revoke", "doorbell"), 2, "revoke of a name");
	run = CLI("revoke", "4000000");
	cli_is(run, 3, "revoke of what there is not");
	cli_complains(run, "no lease 4000000");
}

static void doctor(void)
{
	const struct run *run = CLI("doctor");

	cli_is(run, 0, "doctor");
	cli_says(run, "answers at /run/barlease/socket");
	cli_says(run, "answers at /run/barlease/admin");
}

static void stop_watch(struct job *watch)
{
	kill(watch->pid, SIGTERM);
	job_end(watch);
}

static bool refusal_is_seen(struct job *text, struct job *json)
{
	CLI_AS(WORKER2, "acquire", "doorbell", "--", "true");
	return job_says(text, "refused") &&
	       job_says(json, "\"event\":\"refused\"");
}

static void goes_on(struct job *json)
{
	cli_is(CLI("restart"), 0, "the broker becomes another one");
	ok(job_wait_for(json, "\"event\":\"disconnected\""),
	   "watch says that it has lost it");
	ok(job_wait_for(json, "\"event\":\"connected\""),
	   "and that it has the next");
	broker_stop();
	start();
	/* It asks for whom there is each second. */
	ok(comes_true(({
		CLI_AS(WORKER2, "acquire", "window", "--", "true");
		job_says(json, "\"slice\":\"window\"");
	})), "and goes on with a third");
	broker_stop();
	stop_watch(json);
}

static void ends(struct job *text)
{
	const struct run *run = job_end(text);

	cli_is(run, 1, "watch --until-end ends with the broker");
	cli_complains(run, "barleased is gone");
	cli_is(CLI("watch"), 3, "watch of none");
}

static void watch(void)
{
	struct job text = JOB_AS(0, "watch", "--until-end"), json, holder;
	const struct run *run;
	char id[16];

	json = JOB_AS(0, "watch", "--json");
	/* That they watch shows only when there is something to be seen. */
	ok(comes_true(refusal_is_seen(&text, &json)),
	   "somebody asks for what is not theirs, and watch says so");
	holder = holder_start(WORKER1, "doorbell", id);
	ok(job_wait_for(&text, "acquired"), "watch: a lease begins");
	ok(job_wait_for(&text, " of doorbell ("), "and of what");
	ok(job_wait_for(&json, "\"event\":\"acquired\""), "the same in JSON");

	cli_is(CLI("revoke", id), 0, "the lease is revoked");
	ok(job_wait_for(&text, "ended"), "watch: the lease has ended");
	ok(job_wait_for(&text, ": ordered"), "and why");
	ok(job_wait_for(&json, "\"reason\":\"ordered\""), "the same in JSON");
	run = job_end(&holder);
	cli_is(run, 128 + SIGBUS, "its holder has died of SIGBUS");
	cli_show(text.run);
	goes_on(&json);
	ends(&text);
}

int main(int argc, char **argv)
{
	struct job doorbell, window;
	char id[16], other[16];

	NEEDS_SMALL_PAGES;
	if (argc > 1 && !strcmp(argv[1], HOLD))
		holder_run();
	/* The longer the numbers of leases, the less room there is to draw */
	unlink("/run/barlease/next-id");
	start();
	nothing_leased();
	doorbell = holder_start(WORKER1, "doorbell", id);
	setenv(HOLDER_NAME, "\033[2J\xff", 1);
	window = holder_start(WORKER2, "window", other);
	unsetenv(HOLDER_NAME);
	show();
	ps(id);
	refused();
	doctor();
	cli_is(CLI("revoke", id, other), 0, "both are revoked");
	cli_is(job_end(&doorbell), 128 + SIGBUS, "one holder dies of SIGBUS");
	cli_is(job_end(&window), 128 + SIGBUS, "and the other");
	watch();
	return tap_done();
}
