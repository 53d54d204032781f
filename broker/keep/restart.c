// SPDX-License-Identifier: MIT
/*
 * Becoming another program, or the same one anew, with all that there is
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The process stays, and so does every descriptor that the next program is to have; it
 * finds the others closed. Leases do not even notice: no mapping is touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "broker.h"
#include "reload.h"
#include "restart.h"

/* How long it waits for what takes its time, and for clients that do not read */
#define PATIENCE_MS	10000
#define CLIENTS_MS	1000
#define LOOK_MS		20

static char program[PATH_MAX];
static char **words;

/**
 * struct restart - one that is about to be
 * @checked: the new program has been tried
 * @until: when what takes its time has taken too long; @clients: when those that do not
 *   read are left behind
 */
struct restart {
	struct work work;
	struct broker *broker;
	struct loop_timer timer;
	int result;
	bool checked;
	int64_t until;
	int64_t clients;
	restart_failed_fn failed;
	void *data;
};

/* A program that is replaced by a package has another name by the time */
void restart_remember(char **argv)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[n > 0 ? n : 0] = '\0';
	words = argv;
}

/* ---- Is the new one any good? ---------------------------------------------- */

static int run_program(const char *path)
{
	char *const check[] = {
		program, (char *)"--check", (char *)"--config", (char *)path,
		NULL,
	};
	posix_spawn_file_actions_t actions;
	int status, ret;
	pid_t pid;

	ret = posix_spawn_file_actions_init(&actions);
	if (ret)
		return -ret;
	/* That it is good is nothing for a log */
	ret = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO,
					       "/dev/null", O_WRONLY, 0);
	if (!ret)
		ret = posix_spawn(&pid, program, &actions, NULL, check, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (ret)
		return -ret;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EINVAL;
}

static void run_check(struct work *work)
{
	struct restart *restart = container_of(work, struct restart, work);

	restart->result = run_program(restart->broker->path);
}

static void fail(struct restart *restart, int error, const char *why)
{
	struct broker *broker = restart->broker;

	log_line(LOG_ERR, "no restart: %s", why);
	restart->failed(restart->data, error, why);
	if (restart->timer.source.fd >= 0)
		loop_remove_timer(broker->loop, &restart->timer);
	broker->restart = NULL;
	free(restart);
}

static void on_checked(struct work *work)
{
	struct restart *restart = container_of(work, struct restart, work);
	char why[PATH_MAX + 100];

	if (restart->result == -EINVAL) {
		snprintf(why, sizeof(why),
			 "the program to be does not like the configuration (barleased --check)");
		fail(restart, -EINVAL, why);
	} else if (restart->result) {
		snprintf(why, sizeof(why), "cannot run %s: %s", program,
			 strerror(-restart->result));
		fail(restart, restart->result, why);
	} else {
		restart->checked = true;
		restart->until = clock_milliseconds() + PATIENCE_MS;
		restart->clients = clock_milliseconds() + CLIENTS_MS;
	}
}

/* Whoever looks at what is due does so after each event */
static void on_timer(struct loop_timer *timer)
{
	(void)timer;
}

int restart_request(struct broker *broker, restart_failed_fn failed, void *data)
{
	struct restart *restart;

	if (broker->restart)
		return -EBUSY;
	restart = calloc(1, sizeof(*restart));
	if (!restart)
		return -ENOMEM;
	restart->broker = broker;
	restart->failed = failed;
	restart->data = data;
	restart->timer.fire = on_timer;
	if (loop_add_timer(broker->loop, &restart->timer)) {
		free(restart);
		return -ENOMEM;
	}
	restart->work = (struct work){ .run = run_check, .done = on_checked };
	broker->restart = restart;
	worker_do(broker->names, &restart->work);
	return 0;
}

/* ---- Is it time? ------------------------------------------------------------ */

/* Why it is not; NULL: it is */
static const char *what_takes_time(const struct broker *broker)
{
	const struct device *device;

	if (broker->busy)
		return "the configuration is being read, or devices are being opened";
	LIST_FOREACH(device, &broker->devices, link)
		if (device->resetting)
			return "a device is being reset";
	if (!LIST_EMPTY(&broker->waits))
		return "leases are being revoked";
	return NULL;
}

/* ---- Going ------------------------------------------------------------------ */

static int open_for_next(const struct inherited *list, size_t nr, bool open)
{
	for (size_t i = 0; i < nr; i++)
		if (fcntl(list[i].fd, F_SETFD, open ? 0 : FD_CLOEXEC))
			return -errno;
	return 0;
}

static int become(const struct keep_dump *dump)
{
	int list = inherit_write(dump->list, dump->nr), ret;
	char value[16];

	if (list < 0)
		return list;
	snprintf(value, sizeof(value), "%d", list);
	ret = open_for_next(dump->list, dump->nr, true);
	if (!ret && setenv(INHERIT_VARIABLE, value, 1))
		ret = -ENOMEM;
	if (!ret) {
		execv(program, words);
		ret = -errno;
	}
	unsetenv(INHERIT_VARIABLE);
	open_for_next(dump->list, dump->nr, false);
	close(list);
	return ret;
}

/* Returns where it does not work */
static int go(struct broker *broker, const struct listeners *listeners)
{
	struct keep_dump dump;
	int ret = keep_dump(broker, listeners, &dump);

	log_line(LOG_NOTICE, "becomes %s", program);
	notify_reloading();
	if (!ret)
		ret = become(&dump);
	keep_free_dump(broker, &dump);
	notify("READY=1");
	return ret;
}

void restart_catch_up(struct broker *broker, const struct listeners *listeners)
{
	struct restart *restart = broker->restart;
	const char *why;
	int64_t now;
	int ret;

	if (!restart || !restart->checked)
		return;
	now = clock_milliseconds();
	why = what_takes_time(broker);
	if (why && now >= restart->until) {
		fail(restart, -EBUSY, why);
	} else if (why || (barlease_server_unsettled(broker->server) &&
			   now < restart->clients)) {
		if (!restart->timer.set)
			loop_set_timer(&restart->timer, LOOK_MS);
	} else {
		ret = go(broker, listeners);
		fail(restart, ret, strerror(-ret));
	}
}
