// SPDX-License-Identifier: MIT
/*
 * Contexts of edu-accel have nothing of one another, and none outlives its file
 * or the device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "accel.h"
#include "access.h"
#include "clock.h"
#include "fds.h"
#include "kernel.h"
#include "lease.h"
#include "tap.h"

#define CONTEXTS	3
#define JOBS		2

struct context {
	int accel;
	int buffer;
	mapping_t at;
	uint32_t out[JOBS];
};

/* A page to copy from for each job, and a page to copy to */
#define SIZE		(2 * JOBS * PAGE)

static struct context begin(unsigned int seed)
{
	struct context c = { .accel = accel_open() };

	c.buffer = accel_buffer(c.accel, SIZE, &c.at);
	for (int job = 0; job < JOBS; job++)
		c.out[job] = sync_create(c.accel);
	for (size_t i = 0; i < JOBS * PAGE; i++)
		c.at[i] = (i * 5 + i / 256 + seed) & 0xff;
	return c;
}

static int queue(const struct context *c, int job)
{
	return accel_move(c->accel, c->buffer, job * PAGE, c->buffer,
			  (JOBS + job) * PAGE, PAGE, c->out[job]);
}

static size_t differ(const struct context *c)
{
	size_t n = 0;

	for (size_t i = 0; i < JOBS * PAGE; i++)
		n += c->at[i] != c->at[JOBS * PAGE + i];
	return n;
}

static void end(struct context *c)
{
	unmap(c->at, SIZE);
	close(c->accel);
}

/* They take turns with the device, and with its memory. */
static void side_by_side(void)
{
	struct context c[CONTEXTS];
	int ret = 0, done = 0;

	for (int i = 0; i < CONTEXTS; i++)
		c[i] = begin(i * 37 + 1);
	for (int job = 0; job < JOBS; job++)
		for (int i = 0; i < CONTEXTS; i++)
			ret = ret ?: queue(&c[i], job);
	is_ok(ret, "%d contexts queue %d jobs each", CONTEXTS, JOBS);
	for (int job = 0; job < JOBS; job++)
		for (int i = 0; i < CONTEXTS; i++)
			done += sync_status(c[i].accel, c[i].out[job]) == 1;
	is_int(done, CONTEXTS * JOBS, "all of them are done");
	for (int i = 0; i < CONTEXTS; i++) {
		is_int(differ(&c[i]), 0, "each has its own bytes");
		end(&c[i]);
	}
}

static void handles(void)
{
	struct context one = begin(1), other = begin(2);
	int more = accel_create(one.accel, PAGE);

	is_error(accel_move(other.accel, more, 0, more, 0, 1, 0), ENOENT,
		 "the handle of another context: ENOENT");
	is_error(accel_close_handle(other.accel, more), EINVAL,
		 "it cannot be closed either: EINVAL");
	end(&one);
	end(&other);
}

/* Both jobs are of the first context: one runs, one waits. */
static void closed(void)
{
	struct context c = begin(3);
	int first, second;

	queue(&c, 0);
	queue(&c, 1);
	first = sync_file(c.accel, c.out[0]);
	second = sync_file(c.accel, c.out[1]);
	end(&c);
	is_int(sync_file_status(first), 1,
	       "a file is closed: the job that runs is done");
	ok(sync_file_status(second) != -EINPROGRESS,
	   "the one behind it has an end as well (%d)",
	   sync_file_status(second));
	close(first);
	close(second);
}

static void killed(void)
{
	int pipes[2], status;
	char byte;
	pid_t pid;

	if (pipe(pipes))
		bail("pipe: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		struct context c = begin(4);

		for (int i = 0; i < 20; i++)
			queue(&c, 0);
		if (write(pipes[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	if (pid < 0 || read(pipes[0], &byte, 1) != 1)
		bail("no process with jobs");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status), "a process with 20 jobs is killed");
	close(pipes[0]);
	close(pipes[1]);
	side_by_side();
}

/* The driver lets go of the device, and the process of nothing. */
static void unplugged(void)
{
	struct context c = begin(5);
	int dmabuf = foreign_dmabuf(), import = accel_import(c.accel, dmabuf);
	int running, waiting;

	is_ok(import, "a DMABUF is imported");
	is_ok(accel_move(c.accel, c.buffer, 0, import, 0, PAGE, c.out[0]),
	      "a job with it is queued");
	is_ok(queue(&c, 1), "and another one");
	running = sync_file(c.accel, c.out[0]);
	waiting = sync_file(c.accel, c.out[1]);
	ok(comes_true(accel_usage() > 0), "the first one runs");
	accel_unbind();
	is_int(sync_file_status(running), -ENODEV,
	       "the driver is unbound: ENODEV for the job that ran");
	is_int(sync_file_status(waiting), -ENODEV, "and for the other");
	is_error(queue(&c, 0), ENODEV, "a job now: ENODEV");
	is_error(accel_create(c.accel, PAGE), ENODEV, "a buffer: ENODEV");
	sigbus(c.at, "the buffer that it had is SIGBUS");
	ok(module_users(ACCEL_MODULE) > 0, "the open file keeps the module");

	end(&c);
	close(dmabuf);
	close(running);
	close(waiting);
	ok(comes_true(!module_users(ACCEL_MODULE)), "nothing else does");
}

int main(void)
{
	accel_bind(ACCEL, NULL);
	side_by_side();
	handles();
	closed();
	killed();
	is_int(accel_stat("fences_created"), accel_stat("fences_freed"),
	       "every fence is gone");
	ok(comes_true(accel_is_suspended()), "the device is suspended");
	unplugged();
	is_ok(module_unload(ACCEL_MODULE), "the driver is unloaded");
	return tap_done();
}
