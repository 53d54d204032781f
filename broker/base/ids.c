// SPDX-License-Identifier: MIT
/*
 * Numbers that do not come twice, whatever becomes of the process
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "file.h"
#include "ids.h"

#define FILE_NAME	"next-id"

/* Of one length, so that there is no time at which there is half of it */
#define FORMAT	"%010u\n"

static uint32_t read_first(int fd)
{
	char text[16] = "";
	unsigned long first;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 1;
	first = strtoul(text, NULL, 10);
	return first && first <= UINT32_MAX - 2 * IDS_BLOCK ? first : 1;
}

static int write_next(int fd, uint32_t next)
{
	char text[16];
	int size = snprintf(text, sizeof(text), FORMAT, next);
	ssize_t n = pwrite(fd, text, size, 0);

	if (n < 0)
		return -errno;
	return n == size ? 0 : -EIO;
}

int ids_take(const char *directory, uint32_t *first)
{
	int fd = file_open_plain(directory, FILE_NAME), ret;

	if (fd < 0)
		return fd;
	/* Another broker may have its locks there, too. */
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		ret = -errno;
	} else {
		*first = read_first(fd);
		ret = write_next(fd, *first + IDS_BLOCK);
	}
	close(fd);
	return ret;
}
