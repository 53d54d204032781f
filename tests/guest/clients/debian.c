// SPDX-License-Identifier: MIT
/*
 * Programs of a Debian in a directory
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debian.h"
#include "output.h"
#include "tap.h"

pid_t debian_start(const char *root, const char *const argv[], int in, int out)
{
	const char *const env[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", NULL
	};
	pid_t pid = fork();

	if (pid < 0)
		bail("fork: %s", strerror(errno));
	if (pid)
		return pid;

	if (in >= 0)
		dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	if (!chroot(root) && !chdir("/"))
		execve(argv[0], (char *const *)argv, (char *const *)env);
	perror(argv[0]);
	_exit(127);
}

pid_t debian_pipe(const char *root, const char *const argv[], int *output)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		bail("pipe: %s", strerror(errno));
	pid = debian_start(root, argv, -1, fds[1]);
	close(fds[1]);
	*output = fds[0];
	return pid;
}
