// SPDX-License-Identifier: MIT
/*
 * Small text files, by a path that is put together
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

__attribute__((format(printf, 2, 0)))
static int path_of(char path[PATH_MAX], const char *format, va_list args)
{
	return vsnprintf(path, PATH_MAX, format, args) < PATH_MAX ?
		       0 : -ENAMETOOLONG;
}

/* What @format, the last parameter of the function, and the rest come to */
#define PATH_OF(path, format)						\
({									\
	va_list args;							\
	int error;							\
									\
	va_start(args, format);						\
	error = path_of(path, format, args);				\
	va_end(args);							\
	error;								\
})

int file_read(char *line, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd, ret;

	ret = PATH_OF(path, format);
	if (ret)
		return ret;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, line, size - 1);
	ret = n < 0 ? -errno : 0;
	close(fd);
	if (ret)
		return ret;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

int file_read_all(char **text, const char *format, ...)
{
	char path[PATH_MAX];
	size_t size = 0;
	FILE *file;
	int ret;

	ret = PATH_OF(path, format);
	if (ret)
		return ret;
	file = fopen(path, "re");
	if (!file)
		return -errno;
	*text = NULL;
	/* Text has no NUL, so that this is all of it. */
	if (getdelim(text, &size, '\0', file) < 0) {
		ret = ferror(file) ? -errno : 0;
		free(*text);
		*text = ret ? NULL : strdup("");
		if (!ret && !*text)
			ret = -ENOMEM;
	}
	fclose(file);
	return ret;
}

int file_write(const char *text, const char *format, ...)
{
	char path[PATH_MAX];
	int fd, ret;

	ret = PATH_OF(path, format);
	if (ret)
		return ret;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

bool file_exists(const char *format, ...)
{
	char path[PATH_MAX];

	return !PATH_OF(path, format) && !access(path, F_OK);
}

void file_link_name(char *name, size_t size, const char *format, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	name[0] = '\0';
	n = PATH_OF(path, format) ? -1 :
				    readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = '\0';
	slash = strrchr(target, '/');
	snprintf(name, size, "%s", slash ? slash + 1 : target);
}

char *file_real_path(const char *format, ...)
{
	char path[PATH_MAX];

	return PATH_OF(path, format) ? NULL : realpath(path, NULL);
}
