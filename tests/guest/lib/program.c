// SPDX-License-Identifier: MIT
/*
 * Programs that run beside a test, and what they say
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"
#include "tap.h"

static void become(uid_t uid, int says)
{
	dup2(says, STDOUT_FILENO);
	dup2(says, STDERR_FILENO);
	if (setgroups(0, NULL) || setgid(uid) || setuid(uid))
		_exit(126);
}

struct program program_start(uid_t uid, const char *const *words)
{
	struct program program;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		bail("pipe(): %s", strerror(errno));
	program.pid = fork();
	if (program.pid < 0)
		bail("fork(): %s", strerror(errno));
	if (!program.pid) {
		become(uid, ends[1]);
		execv(words[0], (char *const *)words);
		_exit(127);
	}
	close(ends[1]);
	program.says = fdopen(ends[0], "r");
	return program;
}

bool program_says(const struct program *program, const char *words)
{
	char line[256];

	while (fgets(line, sizeof(line), program->says)) {
		if (strstr(line, words))
			return true;
		diag("  %.*s", (int)strcspn(line, "\n"), line);
	}
	return false;
}

int program_end(struct program *program, int sig)
{
	int status;

	if (sig)
		kill(program->pid, sig);
	waitpid(program->pid, &status, 0);
	fclose(program->says);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
