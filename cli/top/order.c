// SPDX-License-Identifier: MIT
/*
 * A revoke that nobody waits for
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin.h"
#include "order.h"

/* What was wrong, or "" */
static void do_revoke(const char *path, uint64_t id, char *words, size_t size)
{
	struct records none;
	struct admin *admin;
	char request[32];
	int ret;

	ret = admin_connect(path, &admin);
	if (ret) {
		snprintf(words, size, "%s", strerror(-ret));
		return;
	}
	snprintf(request, sizeof(request), "revoke id=%" PRIu64, id);
	ret = admin_ask(admin, request, &none);
	if (!ret)
		records_free(&none);
	if (ret && *admin_error(admin))
		snprintf(words, size, "%s", admin_error(admin));
	else if (ret)
		snprintf(words, size, "%s", strerror(-ret));
	admin_close(admin);
}

/* The terminal is the other process's: no handler of its signals is to run here. */
__attribute__((noreturn))
static void wait_for_it(int fd, const char *path, uint64_t id)
{
	char words[256] = "";
	sigset_t none;
	size_t size;

	sigemptyset(&none);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGTSTP, SIG_DFL);
	signal(SIGWINCH, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	do_revoke(path, id, words, sizeof(words));
	size = strlen(words);
	_exit(write(fd, words, size) != (ssize_t)size);
}

int order_start(struct order *order, const char *path, uint64_t id)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	pid = fork();
	if (pid < 0) {
		pid = -errno;
		close(ends[0]);
		close(ends[1]);
		return pid;
	}
	if (!pid)
		wait_for_it(ends[1], path, id);
	close(ends[1]);
	*order = (struct order){ pid, ends[0], id };
	return 0;
}

bool order_is_over(struct order *order, char *words, size_t size)
{
	int status;
	ssize_t n;

	if (waitpid(order->pid, &status, WNOHANG) != order->pid)
		return false;
	n = read(order->fd, words, size - 1);
	words[n > 0 ? n : 0] = '\0';
	/* Whoever was to wait was killed, and nobody knows. */
	if (status && n <= 0)
		snprintf(words, size, "%s", strerror(ECHILD));
	close(order->fd);
	*order = (struct order){ 0 };
	return true;
}
