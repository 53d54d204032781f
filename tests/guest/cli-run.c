// SPDX-License-Identifier: MIT
/*
 * Run barlease and barleased, as a user would
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli-run.h"
#include "clock.h"
#include "scale.h"
#include "sysfs.h"
#include "tap.h"

#define MOST_WORDS	32

#define CONFIG	"/tmp/barleased.conf"
/* Abstract: the rest is its name */
#define NOTIFY	"@barlease-cli"

static pid_t broker;

/* Jobs have their own: many commands may run while one job does. */
struct ring {
	struct run runs[8];
	unsigned int next;
};

static struct run *next_run(struct ring *ring)
{
	struct run *run = &ring->runs[ring->next++ % 8];

	*run = (struct run){ .status = -1 };
	return run;
}

static void become(uid_t uid, const char *const *words, int out, int err)
{
	const char *argv[MOST_WORDS + 2] = { "barlease" };
	int i;

	for (i = 0; words[i] && i < MOST_WORDS; i++)
		argv[i + 1] = words[i];
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0 ||
	    (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid))))
		_exit(99);
	execv(BARLEASE, (char *const *)argv);
	_exit(99);
}

static struct job start(uid_t uid, const char *const *words, struct run *run)
{
	int out[2], err[2];
	struct job job = { .run = run };

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		bail("pipe: %s", strerror(errno));
	job.pid = fork();
	if (job.pid < 0)
		bail("fork: %s", strerror(errno));
	if (!job.pid)
		become(uid, words, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	job.out = out[0];
	job.err = err[0];
	return job;
}

struct job job_start(uid_t uid, const char *const *words)
{
	static struct ring ring;

	return start(uid, words, next_run(&ring));
}

static bool read_more(int fd, char *text, size_t size, size_t *length)
{
	ssize_t n;

	n = read(fd, text + *length, size - 1 - *length);
	if (n <= 0)
		return false;
	*length += n;
	text[*length] = '\0';
	return true;
}

bool job_says(struct job *job, const char *part)
{
	struct pollfd poll_in = { .fd = job->out, .events = POLLIN };
	struct run *run = job->run;

	if (!strstr(run->out, part) && poll(&poll_in, 1, 0) == 1 &&
	    !read_more(job->out, run->out, sizeof(run->out), &job->out_length))
		bail("a command ends without \"%s\"", part);
	return strstr(run->out, part);
}

const char *job_wait_for(struct job *job, const char *part)
{
	if (!comes_true(job_says(job, part)))
		bail("a command does not say \"%s\"", part);
	return job->run->out;
}

/* Both are read as they come, lest one fills while the other is waited for. */
static void read_rest(struct job *job)
{
	struct pollfd fds[] = {
		{ .fd = job->out, .events = POLLIN },
		{ .fd = job->err, .events = POLLIN },
	};
	struct run *run = job->run;
	size_t err_length = 0;

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0)
			bail("poll: %s", strerror(errno));
		if (fds[0].revents &&
		    !read_more(job->out, run->out, sizeof(run->out),
			       &job->out_length))
			fds[0].fd = -1;
		if (fds[1].revents &&
		    !read_more(job->err, run->err, sizeof(run->err),
			       &err_length))
			fds[1].fd = -1;
	}
}

const struct run *job_end(struct job *job)
{
	int status;

	read_rest(job);
	close(job->out);
	close(job->err);
	if (waitpid(job->pid, &status, 0) != job->pid)
		bail("waitpid: %s", strerror(errno));
	job->run->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return job->run;
}

const struct run *cli_run(uid_t uid, const char *const *words)
{
	static struct ring ring;
	struct job job = start(uid, words, next_run(&ring));

	return job_end(&job);
}

static void show(const char *what, const char *text)
{
	const char *line = text, *end;

	for (; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		diag("  %s: %.*s", what, (int)(end - line), line);
	}
}

const char *cli_line(const struct run *run, const char *word)
{
	static char line[512];
	const char *at = strstr(run->out, word);

	line[0] = '\0';
	if (at)
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"),
			 at);
	return line;
}

void cli_show(const struct run *result)
{
	show("stdout", result->out);
	show("stderr", result->err);
}

bool cli_is(const struct run *result, int status, const char *name, ...)
{
	bool good = result->status == status;
	va_list args;

	va_start(args, name);
	vok(good, name, args);
	va_end(args);
	if (!good) {
		diag("  ended with %d, not %d", result->status, status);
		cli_show(result);
	}
	return good;
}

/* What was looked for may be several lines; a check's name is one. */
static bool has(const char *what, const char *text, const char *part)
{
	char name[256];
	char *c;
	bool good;

	snprintf(name, sizeof(name), "%s: %s", what, part);
	for (c = name; *c; c++)
		if (*c == '\n')
			*c = '/';
	good = ok(strstr(text, part), "%s", name);
	if (!good)
		show(what, text);
	return good;
}

bool cli_says(const struct run *result, const char *part)
{
	return has("stdout", result->out, part);
}

bool cli_complains(const struct run *result, const char *part)
{
	return has("stderr", result->err, part);
}

static void write_config(const char *config)
{
	FILE *file = fopen(CONFIG, "we");

	if (!file)
		bail(CONFIG ": %s", strerror(errno));
	scale_config(file, config);
	if (fclose(file))
		bail(CONFIG ": %s", strerror(errno));
}

static int notifications(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = NOTIFY };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	at.sun_path[0] = '\0';
	if (fd < 0 || bind(fd, (void *)&at, offsetof(struct sockaddr_un,
						     sun_path) + strlen(NOTIFY)))
		bail(NOTIFY ": %s", strerror(errno));
	return fd;
}

/* Both sockets are there when it says so, and answer. */
static bool is_ready(int notified)
{
	char text[64] = "";

	if (waitpid(broker, NULL, WNOHANG))
		bail("barleased does not start");
	return recv(notified, text, sizeof(text) - 1, 0) > 0 &&
	       !strcmp(text, "READY=1");
}

void broker_start(const char *config)
{
	int notified = notifications();

	write_config(config);
	broker = fork();
	if (broker < 0)
		bail("fork: %s", strerror(errno));
	if (!broker) {
		/* What it logs is the console's, not the test's output. */
		dup2(STDERR_FILENO, STDOUT_FILENO);
		setenv("NOTIFY_SOCKET", NOTIFY, 1);
		execl("/sbin/barleased", "barleased", "-c", CONFIG, NULL);
		_exit(99);
	}
	if (!comes_true(is_ready(notified)))
		bail("barleased does not get ready");
	close(notified);
}

void broker_stop(void)
{
	kill(broker, SIGTERM);
	waitpid(broker, NULL, 0);
}
