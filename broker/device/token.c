// SPDX-License-Identifier: MIT
/*
 * Tokens of VFs, from files
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "token.h"

static bool is_secret(int fd)
{
	struct stat stat;

	return !fstat(fd, &stat) && S_ISREG(stat.st_mode) &&
	       (!stat.st_uid || stat.st_uid == geteuid()) &&
	       !(stat.st_mode & 0027);
}

static int read_line(int fd, char token[TOKEN_ROOM])
{
	ssize_t n = read(fd, token, TOKEN_ROOM - 1);

	if (n < 0)
		return -errno;
	token[n] = '\0';
	token[strcspn(token, "\r\n")] = '\0';
	return 0;
}

int token_read(const char *path, char token[TOKEN_ROOM], char *why,
	       size_t size)
{
	int fd, ret;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		snprintf(why, size, "%s: cannot be read: %s", path,
			 strerror(-ret));
		return ret;
	}
	if (is_secret(fd)) {
		ret = read_line(fd, token);
		if (ret)
			snprintf(why, size, "%s: cannot be read: %s", path,
				 strerror(-ret));
	} else {
		ret = -EPERM;
		snprintf(why, size,
			 "%s: a token is in a file that root or this user owns, and that others cannot read nor its group write",
			 path);
	}
	close(fd);
	return ret;
}
