// SPDX-License-Identifier: MIT
/*
 * Programs of the Debian in /dpdk, and a conversation with its testpmd
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debian.h"
#include "dpdk.h"
#include "output.h"
#include "tap.h"

#define ANSWER_MS	60000

int dpdk_run(char *text, size_t size, const char *const argv[])
{
	int output;
	pid_t pid = debian_pipe(DPDK_ROOT, argv, &output);

	return output_of(pid, output, text, size);
}

/* Its prompt says little: it comes as it reads, and not after every answer */
static bool complete(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at && strchr(at, '\n');
}

static void answer(struct testpmd *t, const char *word)
{
	size_t len = 0;

	t->text[0] = '\0';
	while (!complete(t->text, word)) {
		struct pollfd p = { .fd = t->tty, .events = POLLIN };
		ssize_t n = -1;

		if (poll(&p, 1, ANSWER_MS) == 1)
			n = read(t->tty, t->text + len,
				 sizeof(t->text) - 1 - len);
		if (n <= 0) {
			output_show(t->text);
			bail("testpmd does not say \"%s\"", word);
		}
		len += n;
		t->text[len] = '\0';
	}
}

/* To a pipe, it would speak when its buffer is full */
static int open_terminal(int *slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) || unlockpt(master))
		bail("no terminal: %s", strerror(errno));
	*slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0)
		bail("%s: %s", ptsname(master), strerror(errno));
	return master;
}

void testpmd_start(struct testpmd *t, const char *port0, const char *port1)
{
	const char *const argv[] = {
		"/usr/bin/dpdk-testpmd", "-l", "0-1", "--in-memory",
		"--no-telemetry", "-a", port0, "-a", port1, "--", "-i",
		"--total-num-mbufs=4096", "--rxd=512", "--txd=512", NULL
	};
	int slave;

	t->tty = open_terminal(&slave);
	t->pid = debian_start(DPDK_ROOT, argv, slave, slave);
	close(slave);
	answer(t, "Checking link statuses");
	output_show(t->text);
}

void testpmd_do(struct testpmd *t, const char *command, const char *word)
{
	if (dprintf(t->tty, "%s\n", command) < 0)
		bail("testpmd does not listen: %s", strerror(errno));
	answer(t, word);
}

static uint64_t number_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	if (!at)
		bail("testpmd does not say %s", word);
	return strtoull(at + strlen(word), NULL, 10);
}

static struct packets packets_under(const char *in, const char *title,
				    unsigned int port)
{
	const char *at;
	char line[64];

	snprintf(line, sizeof(line), "%s for port %u", title, port);
	at = strstr(in, line);
	if (!at)
		bail("testpmd does not say \"%s\"", line);
	return (struct packets){
		.rx = number_after(at, "RX-packets:"),
		.tx = number_after(at, "TX-packets:"),
	};
}

struct packets testpmd_packets(struct testpmd *t, unsigned int port)
{
	char command[64];

	snprintf(command, sizeof(command), "show port stats %u", port);
	testpmd_do(t, command, "Tx-pps:");
	return packets_under(t->text, "NIC statistics", port);
}

struct packets testpmd_forwarded(const struct testpmd *t, unsigned int port)
{
	return packets_under(t->text, "Forward statistics", port);
}

int testpmd_quit(struct testpmd *t)
{
	char rest[4096];

	dprintf(t->tty, "quit\n");
	while (read(t->tty, rest, sizeof(rest)) > 0)
		;
	close(t->tty);
	return output_exit_status(t->pid);
}
