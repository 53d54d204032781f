// SPDX-License-Identifier: MIT
/*
 * The log: standard error, a line each; the journal, where that is what it is
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Whoever reads it may be slow, or stopped. So no write here waits: what there
 * is no room for is lost, and the first line that there is room for again says
 * how many were. Standard error may be other processes', too, so that its
 * O_NONBLOCK is not this one's to set: a pipe or a terminal is opened once more.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "budget.h"
#include "clock.h"
#include "journal.h"
#include "log.h"

#define LONGEST_LINE	1024

enum way {
	WAY_UNKNOWN,
	WAY_WRITE,	/* to what never makes anybody wait, as far as can be seen */
	WAY_JOURNAL,	/* to the journal, with fields */
	WAY_SEND,	/* to another socket */
	WAY_POLL,	/* to what could not be opened once more */
};

static enum way way;
static int out = STDERR_FILENO;
static bool terminal;
static unsigned long lost;
static struct budget budget;

/* What others have sent may be part of the text: it stays on its line. */
static void tame(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void find_way(void)
{
	struct stat stat;
	int fd;

	terminal = isatty(STDERR_FILENO);
	way = WAY_WRITE;
	if (fstat(STDERR_FILENO, &stat))
		return;
	fd = S_ISSOCK(stat.st_mode) ? journal_open() : -1;
	if (fd >= 0) {
		way = WAY_JOURNAL;
		out = fd;
	} else if (S_ISSOCK(stat.st_mode)) {
		way = WAY_SEND;
	} else if (S_ISFIFO(stat.st_mode) || terminal) {
		fd = open("/proc/self/fd/2",
			  O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			way = WAY_POLL;
		else
			out = fd;
	}
}

static bool has_room(void)
{
	struct pollfd poll_out = { .fd = out, .events = POLLOUT };

	return way != WAY_POLL || poll(&poll_out, 1, 0) == 1;
}

/*
 * One call, so that lines of two processes do not mix. Not dprintf(), which
 * asks twice about the file first: there is a line for each lease that comes
 * or goes. Where there is no log, there is nobody to be told of that either.
 */
static bool put(const char *text)
{
	size_t size = strlen(text);
	ssize_t n;

	if (!has_room())
		return false;
	if (way == WAY_SEND)
		n = send(out, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = write(out, text, size);
	return n >= 0 || errno != EAGAIN;
}

static bool put_line(int level, const char *line, const char *fields)
{
	char text[LONGEST_LINE + 16];

	if (way == WAY_JOURNAL)
		return journal_send(out, level, line, fields) != -EAGAIN;
	if (terminal)
		snprintf(text, sizeof(text), "barleased: %s\n", line);
	else
		snprintf(text, sizeof(text), "<%d>%s\n", level, line);
	return put(text);
}

/* Return: whether nothing is left to tell */
static bool tell_lost(void)
{
	char line[80];

	if (!lost)
		return true;
	snprintf(line, sizeof(line),
		 "%lu lines are lost: nobody took them in time", lost);
	if (!put_line(LOG_WARNING, line, ""))
		return false;
	lost = 0;
	return true;
}

bool log_takes_fields(void)
{
	if (way == WAY_UNKNOWN)
		find_way();
	return way == WAY_JOURNAL;
}

/* @line: becomes fit to be one */
static void write_line(int level, char *line, const char *fields)
{
	if (way == WAY_UNKNOWN)
		find_way();
	tame(line);
	if (!tell_lost() || !put_line(level, line, fields))
		lost++;
}

void log_line(int level, const char *text, ...)
{
	char line[LONGEST_LINE];
	va_list args;

	va_start(args, text);
	vsnprintf(line, sizeof(line), text, args);
	va_end(args);
	write_line(level, line, "");
}

static void log_about(int level, uid_t uid, const char *fields,
		      const char *text, va_list args)
	__attribute__((format(printf, 4, 0)));

static void log_about(int level, uid_t uid, const char *fields,
		      const char *text, va_list args)
{
	char line[LONGEST_LINE];

	if (!budget.each.burst)
		budget_init(&budget, (struct budget_rate){ 100, 1 },
			    (struct budget_rate){ 1000, 20 });
	if (!budget_take(&budget, uid, clock_seconds()))
		return;
	vsnprintf(line, sizeof(line), text, args);
	write_line(level, line, fields);
}

void log_event(int level, uid_t uid, const char *fields, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	log_about(level, uid, fields, text, args);
	va_end(args);
}

void log_user(int level, uid_t uid, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	log_about(level, uid, "", text, args);
	va_end(args);
}

static void tell_omitted(void *data, uid_t uid, unsigned long omitted)
{
	(void)data;
	if (uid == (uid_t)-1)
		log_line(LOG_NOTICE, "%lu more lines about other users",
			 omitted);
	else
		log_line(LOG_NOTICE, "%lu more lines about uid %u", omitted,
			 uid);
}

bool log_is_behind(void)
{
	return lost || budget.owes;
}

void log_catch_up(void)
{
	if (budget.owes)
		budget_settle(&budget, tell_omitted, NULL);
	tell_lost();
}
