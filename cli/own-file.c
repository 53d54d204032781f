// SPDX-License-Identifier: MIT
/*
 * Small files in a directory that nobody else can write to
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own-file.h"

/* Of whoever runs this, which is root but for tests */
static bool is_own(int fd)
{
	struct stat stat;

	return !fstat(fd, &stat) && stat.st_uid == geteuid() &&
	       !(stat.st_mode & 0022);
}

static int open_parent(const char *root, const char *parent)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s%s", root, parent) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int own_directory(const char *root, const char *parent, const char *name,
		  bool make)
{
	int above, fd = -1;

	above = open_parent(root, parent);
	if (above < 0)
		return above;
	if (!make || !mkdirat(above, name, 0755) || errno == EEXIST)
		fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					 O_CLOEXEC);
	fd = fd < 0 ? -errno : fd;
	close(above);
	if (fd >= 0 && !is_own(fd)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

static int write_all(int fd, const char *text)
{
	size_t length = strlen(text);
	ssize_t n = write(fd, text, length);

	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -ENOSPC;
}

int own_file_replace(int dir, const char *name, const char *new,
		     const char *text)
{
	int fd, ret;

	/* One that somebody has left who was stopped half-way */
	if (unlinkat(dir, new, 0) && errno != ENOENT)
		return -errno;
	fd = openat(dir, new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
			      O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, text);
	close(fd);
	if (!ret && renameat(dir, new, dir, name))
		ret = -errno;
	if (ret)
		unlinkat(dir, new, 0);
	return ret;
}

int own_file_read(int dir, const char *name, char *text, size_t size)
{
	struct stat stat;
	ssize_t n;
	int fd;

	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &stat) && S_ISREG(stat.st_mode) && is_own(fd)) {
		n = read(fd, text, size);
		n = n < 0 ? -errno : n;
	} else {
		n = -EPERM;
	}
	close(fd);
	if (n < 0)
		return (int)n;
	if ((size_t)n == size)
		return -EFBIG;
	text[n] = '\0';
	return 0;
}
