// SPDX-License-Identifier: MIT
/*
 * What other people's programs print
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "output.h"
#include "tap.h"

void output_show(const char *text)
{
	while (*text) {
		int n = strcspn(text, "\r\n");

		if (n)
			diag("%.*s", n, text);
		text += n;
		text += strspn(text, "\r\n");
	}
}

int output_exit_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		bail("waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

int output_of(pid_t pid, int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1 &&
	       (n = read(fd, text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	close(fd);
	output_show(text);
	return output_exit_status(pid);
}
