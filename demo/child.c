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
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

static void become(const char *program, uid_t uid, int in, int out)
{
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    (uid && setgroups(0, NULL)) || setgid(uid) || setuid(uid))
		err(1, "%s", program);
	execl(program, program, NULL);
	err(1, "%s", program);
}

struct child child_start(const char *program, uid_t uid)
{
	int to[2], from[2];
	struct child child;

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		err(1, "pipe");

	child.pid = fork();
	if (child.pid < 0)
		err(1, "fork");
	if (!child.pid)
		become(program, uid, to[0], from[1]);

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

const char *child_line(const struct child *child)
{
	static char line[512];

	if (!fgets(line, sizeof(line), child->answers))
		errx(1, "process %d has died", child->pid);
	line[strcspn(line, "\n")] = '\0';
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

void child_kill(struct child *child)
{
	if (kill(child->pid, SIGKILL) ||
	    waitpid(child->pid, NULL, 0) != child->pid)
		err(1, "kill %d", child->pid);
	fclose(child->commands);
	fclose(child->answers);
}
