// SPDX-License-Identifier: MIT
/*
 * QEMU's monitor, for what happens to a machine from outside
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"
#include "sysfs.h"

#define PORT		"org.barlease.monitor"
#define PROMPT		"(qemu) "
#define PATIENCE_MS	30000

static char answer[65536];

static int open_port(void)
{
	char name[64], path[64];
	int fd = -1;
	glob_t ports;

	if (glob("/sys/class/virtio-ports/*/name", 0, NULL, &ports))
		return -1;
	for (size_t i = 0; fd < 0 && i < ports.gl_pathc; i++) {
		if (file_read(ports.gl_pathv[i], name, sizeof(name)) ||
		    strcmp(name, PORT))
			continue;
		snprintf(path, sizeof(path), "/dev/%s",
			 basename(dirname(ports.gl_pathv[i])));
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	globfree(&ports);
	return fd;
}

/* What comes up to the next prompt behind @after, into answer */
static void read_answer(int fd, const char *after)
{
	struct pollfd poll_in = { .fd = fd, .events = POLLIN };
	const char *found;
	size_t len = 0;
	ssize_t n;

	do {
		if (poll(&poll_in, 1, PATIENCE_MS) != 1)
			bail("QEMU's monitor does not answer");
		n = read(fd, answer + len, sizeof(answer) - 1 - len);
		if (n <= 0)
			bail("QEMU's monitor: %s", strerror(errno));
		len += n;
		answer[len] = '\0';
		found = strstr(answer, after);
	} while (!found || !strstr(found, PROMPT));
	*strstr(found, PROMPT) = '\0';
}

static void send(int fd, const char *line)
{
	ssize_t len = strlen(line);

	if (write(fd, line, len) != len)
		bail("QEMU's monitor: %s", strerror(errno));
}

/*
 * A test before this one may have left without its answer. A command that
 * nobody has, and its refusal, are this process's own.
 */
static int connect_monitor(void)
{
	char line[32], refusal[64];
	int fd = open_port();

	if (fd < 0)
		bail("this guest has no way to QEMU's monitor, port %s", PORT);
	snprintf(line, sizeof(line), "hello-%d\n", (int)getpid());
	snprintf(refusal, sizeof(refusal), "unknown command: 'hello-%d'",
		 (int)getpid());
	send(fd, line);
	read_answer(fd, refusal);
	return fd;
}

TAP_PRINTF(1, 0)
static const char *vmonitor(const char *command, va_list args)
{
	static int fd = -1;
	char line[512];

	if (fd < 0)
		fd = connect_monitor();
	if (vsnprintf(line, sizeof(line), command, args) >= (int)sizeof(line))
		bail("too long a command for the monitor: %s", command);
	diag("monitor: %s", line);
	send(fd, line);
	send(fd, "\n");

	/* The first line is the command's echo */
	read_answer(fd, "\n");
	return strchr(answer, '\n') + 1;
}

const char *monitor(const char *command, ...)
{
	const char *text;
	va_list args;

	va_start(args, command);
	text = vmonitor(command, args);
	va_end(args);
	return text;
}

void monitor_do(const char *command, ...)
{
	const char *text;
	va_list args;

	va_start(args, command);
	text = vmonitor(command, args);
	va_end(args);
	if (*text)
		bail("the monitor says: %s", text);
}
