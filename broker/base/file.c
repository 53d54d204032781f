// SPDX-License-Identifier: MIT
/*
 * Files as a whole
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

/* No configuration is that large; /dev/zero is. */
#define MOST_BYTES	(16u << 20)

static int read_up_to(int fd, char *text, size_t room, size_t *size)
{
	ssize_t n;

	*size = 0;
	while (*size < room) {
		n = read(fd, text + *size, room - *size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return 0;
		*size += n;
	}
	return -EFBIG;
}

int file_read_all(const char *path, char **text, size_t *size)
{
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*text = malloc(MOST_BYTES);
	ret = *text ? read_up_to(fd, *text, MOST_BYTES, size) : -ENOMEM;
	close(fd);
	if (ret) {
		free(*text);
		*text = NULL;
	}
	return ret;
}

/* Its own, and nothing else by another name: neither link, pipe nor device */
static int is_plain(int fd)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return -errno;
	if (!S_ISREG(stat.st_mode))
		return -EPERM;
	return stat.st_nlink == 1 ? 0 : -EMLINK;
}

int file_open_plain(const char *directory, const char *name)
{
	int dir, fd, ret;

	dir = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	fd = openat(dir, name,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		    0644);
	ret = fd < 0 ? -errno : is_plain(fd);
	close(dir);
	if (ret && fd >= 0)
		close(fd);
	return ret ?: fd;
}

int file_make_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];

	if (!slash || slash == path)
		return 0;
	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	return mkdir(parent, 0755) && errno != EEXIST ? -errno : 0;
}

int file_link_target(const char *path, char *name, size_t size)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *last;

	if (n < 0)
		return -errno;
	target[n] = '\0';
	last = strrchr(target, '/');
	snprintf(name, size, "%s", last ? last + 1 : target);
	return 0;
}
