// SPDX-License-Identifier: MIT
/*
 * barlease metrics: what the driver and the broker have counted; and the monitor's
 * socket, where whoever may look sees it all and changes nothing
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli-holder.h"
#include "cli-run.h"
#include "lease.h"
#include "map.h"
#include "sysfs.h"
#include "tap.h"

#define WORKER1	1001
#define WORKER2	1002

#define MONITOR	"/run/barlease/monitor"

static void start(const char *mode)
{
	char config[1024];

	snprintf(config, sizeof(config),
		 "[broker]\nmonitor = " MONITOR "\nmonitor-mode = %s\n"
		 "[device %s]\n"
		 "[slice page]\nbar = 2\nranges = 0x1000+0x1000\n"
		 "users = worker1\nmax-holders = 3\n",
		 mode, dev_small().name);
	broker_start(config);
}

/* The number of a sample; -1 where there is none */
static long value(const struct run *run, const char *sample)
{
	char line[200];
	const char *at;

	snprintf(line, sizeof(line), "\n%s ", sample);
	at = strstr(run->out, line);
	return at ? strtol(at + strlen(line), NULL, 10) : -1;
}

static long driver_value(const struct run *run, const char *name)
{
	char sample[100];

	snprintf(sample, sizeof(sample), "barlease_driver_%s_total{device=\"%s\"}",
		 name, dev_small().name);
	return value(run, sample);
}

static void without_a_broker(void)
{
	const struct run *run = CLI("metrics");

	cli_is(run, 0, "metrics without a broker");
	is_int(value(run, "barlease_up"), 0, "says that there is none");
	ok(driver_value(run, "exports") >= 0, "and what the driver has counted");
}

static void counted(void)
{
	const struct run *run;
	struct job holder;
	long exports, revokes;
	char id[16];

	run = CLI("metrics");
	exports = driver_value(run, "exports");
	revokes = driver_value(run, "revokes");
	holder = holder_start(WORKER1, "page", id);
	CLI_AS(WORKER2, "acquire", "page", "--", "true");
	run = CLI("metrics");
	cli_is(run, 0, "metrics");
	is_int(value(run, "barlease_up"), 1, "there is a broker");
	is_int(value(run, "barlease_leases{slice=\"page\",state=\"held\"}"), 1,
	       "and a lease");
	is_int(value(run, "barlease_leases_acquired_total"), 1,
	       "it has been acquired");
	ok(value(run, "barlease_refused_total") > 0, "somebody was refused");
	is_int(driver_value(run, "exports"), exports + 1,
	       "the driver has counted it, too");

	CLI("revoke", id);
	cli_is(job_end(&holder), 128 + SIGBUS, "it is revoked");
	run = CLI("metrics");
	is_int(value(run, "barlease_leases{slice=\"page\",state=\"held\"}"), -1,
	       "then there is none");
	is_int(value(run, "barlease_leases_ended_total{reason=\"ordered\"}"), 1,
	       "it has ended, and why");
	is_int(value(run, "barlease_leases_ended_total{reason=\"released\"}"),
	       0, "not for another reason");
	is_int(driver_value(run, "revokes"), revokes + 1,
	       "the driver has counted that, too");
	CLI("reset", dev_small().name);
	CLI("reload");
	run = CLI("metrics");
	is_int(value(run, "barlease_resets_total{result=\"ok\"}"), 1, "a reset");
	is_int(value(run, "barlease_reloads_total{result=\"ok\"}"), 1,
	       "a reload");
	is_int(value(run, "barlease_reloads_total{result=\"failed\"}"), 0,
	       "and none that failed");
	cli_show(run);
}

/* ---- Who may look -------------------------------------------------------- */

static void by_its_mode(void)
{
	const struct run *run;

	run = CLI_AS(WORKER2, "metrics");
	cli_is(run, 4, "an ordinary user does not see the administrator's");
	cli_complains(run, "Permission denied");
	run = CLI_AS(WORKER2, "metrics", "--admin", MONITOR);
	cli_is(run, 4, "nor the monitor's, which is for a group");
}

static void looks_and_changes_nothing(void)
{
	const struct run *run;
	char sample[100], id[16];
	struct job holder;

	holder = holder_start(WORKER1, "page", id);
	run = CLI_AS(WORKER2, "metrics", "--admin", MONITOR);
	cli_is(run, 0, "who may look sees the metrics");
	snprintf(sample, sizeof(sample),
		 "barlease_slice_holders{slice=\"page\",device=\"%s\"}",
		 dev_small().name);
	is_int(value(run, sample), 1, "how many hold the slice among them");
	cli_is(CLI_AS(WORKER2, "slices", "--all", "--admin", MONITOR), 0,
	       "and all slices");
	run = CLI_AS(WORKER2, "revoke", "--admin", MONITOR, id);
	cli_is(run, 4, "but revokes nothing");
	cli_complains(run, "\"revoke\" is for the administrator's socket");
	cli_is(CLI_AS(WORKER2, "reset", "--admin", MONITOR, dev_small().name),
	       4, "resets nothing");
	cli_is(CLI_AS(WORKER2, "reload", "--admin", MONITOR), 4,
	       "and reloads nothing");
	run = CLI("metrics", "--admin", MONITOR);
	is_int(value(run, "barlease_leases{slice=\"page\",state=\"held\"}"), 1,
	       "the lease is still there");
	CLI("revoke", id);
	job_end(&holder);
}

/* Those who look do not keep the administrator out, however many they are. */
static void crowd(void)
{
	const struct sockaddr_un address = { AF_UNIX, MONITOR };
	int fds[64];

	for (int i = 0; i < 64; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fds[i], (void *)&address, sizeof(address)))
			bail("cannot connect to " MONITOR);
	}
	cli_is(CLI("ps"), 0, "a crowd at the monitor's keeps nobody out");
	for (int i = 0; i < 64; i++)
		close(fds[i]);
}

/* ---- HTTP ------------------------------------------------------------------ */

/* One exchange with a process of its own, as systemd does it; what it says */
static const char *exchange(const char *request, int *status)
{
	static char answer[65536];
	size_t size = 0;
	int ends[2];
	ssize_t n;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		bail("no socket");
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		execl(BARLEASE, "barlease", "metrics", "--http", NULL);
		_exit(127);
	}
	close(ends[1]);
	if (write(ends[0], request, strlen(request)) < 0)
		bail("nobody reads the request");
	while ((n = read(ends[0], answer + size, sizeof(answer) - 1 - size)) > 0)
		size += n;
	answer[size] = '\0';
	close(ends[0]);
	waitpid(pid, status, 0);
	return answer;
}

static void http(void)
{
	const char *answer, *body, *length;
	int status;

	answer = exchange("GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n",
			  &status);
	is_int(status, 0, "a request of HTTP is answered");
	ok(!strncmp(answer, "HTTP/1.1 200 OK\r\n", 17), "well");
	body = strstr(answer, "\r\n\r\n");
	length = strstr(answer, "Content-Length: ");
	ok(body && strstr(body, "\nbarlease_up 1\n"), "with the metrics");
	is_int(length ? strtol(length + 16, NULL, 10) : -1,
	       body ? strlen(body + 4) : 0, "as many bytes as it says");
	answer = exchange("SSH-2.0-what\r\n\r\n", &status);
	ok(!strncmp(answer, "HTTP/1.1 400 ", 13), "another one is not");
	is_int(WEXITSTATUS(status), 1, "which is an error");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], HOLD))
		holder_run();
	without_a_broker();
	start("0660");
	counted();
	by_its_mode();
	http();
	broker_stop();
	start("0666");
	looks_and_changes_nothing();
	crowd();
	broker_stop();
	ok(access(MONITOR, F_OK), "the broker takes its sockets away");
	return tap_done();
}
