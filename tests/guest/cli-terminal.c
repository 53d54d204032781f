// SPDX-License-Identifier: MIT
/*
 * A terminal that barlease runs on, one at a time: what it writes there, and keys
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli-run.h"
#include "cli-terminal.h"
#include "clock.h"
#include "tap.h"

#define WORDS_MAX 16

static struct {
	pid_t pid;
	int fd;
	char said[1 << 16];
	size_t length;
} terminal;

void terminal_open(const char *const *words, unsigned short columns,
		   unsigned short lines)
{
	const struct winsize size = { .ws_col = columns, .ws_row = lines };
	const char *argv[WORDS_MAX + 2] = { "barlease" };

	for (size_t i = 0; words[i] && i < WORDS_MAX; i++)
		argv[i + 1] = words[i];
	setenv("TERM", "linux", 1);
	terminal.length = 0;
	terminal.pid = forkpty(&terminal.fd, NULL, NULL, &size);
	if (terminal.pid < 0)
		bail("forkpty: %s", strerror(errno));
	if (terminal.pid)
		return;
	execv(BARLEASE, (char *const *)argv);
	_exit(99);
}

/* Of what is too much, the later half */
static void make_room(void)
{
	size_t half = terminal.length / 2;

	if (terminal.length < sizeof(terminal.said) / 2)
		return;
	terminal.length -= half;
	memmove(terminal.said, terminal.said + half, terminal.length + 1);
}

bool terminal_has(const char *words)
{
	struct pollfd in = { .fd = terminal.fd, .events = POLLIN };
	ssize_t n;

	make_room();
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

static void press(const char *keys)
{
	if (write(terminal.fd, keys, strlen(keys)) < 0)
		bail("the terminal takes no keys");
}

static void forget(void)
{
	terminal.length = 0;
	terminal.said[0] = '\0';
}

void terminal_type(const char *keys)
{
	forget();
	press(keys);
}

/*
 * ncurses writes what is new: it draws all of it again. What it has drawn till then is
 * kept, for on a busy host the words may be half of them in there.
 */
bool terminal_shows(const char *words)
{
	int64_t again = now_us();

	forget();
	return comes_true(({
		if (now_us() >= again) {
			press("\f");
			again = now_us() + 2000000;
		}
		terminal_has(words);
	}));
}

const char *terminal_said(size_t *length)
{
	*length = terminal.length;
	return terminal.said;
}

int terminal_end(const char *key)
{
	int status;

	terminal_type(key);
	if (!comes_true((terminal_has("\f"),
			 waitpid(terminal.pid, &status, WNOHANG) != 0)))
		bail("it does not end by its key");
	close(terminal.fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
