// SPDX-License-Identifier: MIT
/*
 * What driver a device had before it was bound, so that it can go back
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
#include "previous.h"

#define DIRECTORY	"/run/barlease/bind"

static void path_of(char path[PATH_MAX], const char *root, const char *bdf,
		    const char *suffix)
{
	snprintf(path, PATH_MAX, "%s" DIRECTORY "/%s%s", root, bdf, suffix);
}

static int make_directory(const char *root)
{
	char path[PATH_MAX];
	char *slash;

	snprintf(path, sizeof(path), "%s" DIRECTORY, root);
	slash = path + strlen(root) + 1;
	while ((slash = strchr(slash, '/'))) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*slash++ = '/';
	}
	return mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
}

static int write_new(const char *path, const struct previous *previous)
{
	FILE *file;
	int ret = 0;

	file = fopen(path, "we");
	if (!file)
		return -errno;
	if (fprintf(file, "driver=%s\noverride=%s\nbound=%s\n",
		    previous->driver, previous->override, previous->bound) < 0)
		ret = -errno;
	if (fclose(file) && !ret)
		ret = -errno;
	return ret;
}

int previous_save(const char *root, const char *bdf,
		  const struct previous *previous)
{
	char path[PATH_MAX], new[PATH_MAX];
	int ret;

	ret = make_directory(root);
	if (ret)
		return ret;
	path_of(path, root, bdf, "");
	path_of(new, root, bdf, ".new");
	ret = write_new(new, previous);
	if (!ret && rename(new, path))
		ret = -errno;
	if (ret)
		unlink(new);
	return ret;
}

static void take(const char *text, const char *key, char *value, size_t size)
{
	const char *at = strstr(text, key);

	value[0] = '\0';
	if (!at)
		return;
	at += strlen(key);
	snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
}

int previous_load(const char *root, const char *bdf, struct previous *previous)
{
	char *text;
	int ret;

	ret = file_read_all(&text, "%s" DIRECTORY "/%s", root, bdf);
	if (ret)
		return ret;
	take(text, "driver=", previous->driver, sizeof(previous->driver));
	take(text, "override=", previous->override, sizeof(previous->override));
	take(text, "bound=", previous->bound, sizeof(previous->bound));
	free(text);
	return 0;
}

int previous_forget(const char *root, const char *bdf)
{
	char path[PATH_MAX];

	path_of(path, root, bdf, "");
	return unlink(path) ? -errno : 0;
}
