// SPDX-License-Identifier: MIT
/*
 * One broker for one device: a file with a lock, and the pid of whoever has it
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The file stays: were it removed, two brokers could each have a lock of a
 * file of that name.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "file.h"
#include "log.h"
#include "lock.h"

static pid_t read_pid(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		return 0;
	return strtol(text, NULL, 10);
}

static int write_pid(int fd)
{
	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0 ||
	    dprintf(fd, "%d\n", getpid()) < 0)
		return -errno;
	return 0;
}

void lock_adopt(int fd)
{
	if (write_pid(fd))
		log_line(LOG_WARNING, "a lock says another process has it: %s",
			 strerror(errno));
}

int lock_device(const char *directory, const char *bdf, pid_t *holder)
{
	char path[PATH_MAX];
	int fd, ret;

	*holder = 0;
	snprintf(path, sizeof(path), "%s/%s.lock", directory, bdf);
	ret = file_make_parent(path);
	if (ret)
		return ret;
	fd = file_open_plain(directory, strrchr(path, '/') + 1);
	if (fd < 0)
		return fd;

	if (flock(fd, LOCK_EX | LOCK_NB)) {
		ret = errno == EWOULDBLOCK ? -EBUSY : -errno;
		*holder = read_pid(fd);
	} else {
		ret = write_pid(fd);
	}
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}
