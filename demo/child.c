// SPDX-License-Identifier: MIT
/*
 * The demo's other processes, as the narrator sees them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

static void become(const char *const *argv, uid_t uid, int in, int out)
{
	int log = open(CHILD_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		       0600);

	if (log < 0 || dup2(in, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 ||
	    (uid && setgroups(0, NULL)) || setgid(uid) || setuid(uid))
		err(1, "%s", argv[0]);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	err(1, "%s", argv[0]);
}

struct child child_start(const char *const *argv, uid_t uid)
{
	int to[2], from[2];
	struct child child;

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		err(1, "pipe");

	fflush(stdout);
	child.pid = fork();
	if (child.pid < 0)
		err(1, "fork");
	if (!child.pid)
		become(argv, uid, to[0], from[1]);

	close(to[0]);
	close(from[1]);
	child.commands = fdopen(to[1], "w");
	child.answers = fdopen(from[0], "r");
	if (!child.commands || !child.answers)
		err(1, "fdopen");
	return child;
}

void child_tell(const struct child *child, const char *command)
{
	fprintf(child->commands, "%s\n", command);
	fflush(child->commands);
}

const char *child_text(const struct child *child)
{
	static char line[512];

	if (!fgets(line, sizeof(line), child->answers))
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return line;
}

const char *child_line(const struct child *child)
{
	const char *line = child_text(child);

	if (!line)
		errx(1, "process %d has died", child->pid);
	return strcmp(line, ".") ? line : NULL;
}

void child_ask(const struct child *child, const char *command, char *line,
	       size_t size)
{
	const char *answer;

	child_tell(child, command);
	answer = child_line(child);
	if (!answer)
		errx(1, "\"%s\": no answer", command);
	snprintf(line, size, "%s", answer);
	while (child_line(child))
		;
}

void child_do(const struct child *child, const char *command)
{
	child_tell(child, command);
	while (child_line(child))
		;
}

int child_end(struct child *child)
{
	int status;

	fclose(child->commands);
	if (waitpid(child->pid, &status, 0) != child->pid)
		err(1, "process %d", child->pid);
	fclose(child->answers);
	return status;
}

void child_kill(struct child *child)
{
	if (kill(child->pid, SIGKILL))
		err(1, "kill %d", child->pid);
	child_end(child);
}
