// SPDX-License-Identifier: MIT
/*
 * What driver a device had before it was bound, so that it can go back
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver.h"
#include "own-file.h"
#include "previous.h"

static void name_of_new(char name[64], const char *bdf)
{
	snprintf(name, 64, "%s.new", bdf);
}

int previous_save(const char *root, const char *bdf,
		  const struct previous *previous)
{
	char text[256], name[64];
	int dir, ret;

	snprintf(text, sizeof(text), "driver=%s\noverride=%s\nbound=%s\n",
		 previous->driver, previous->override, previous->bound);
	dir = own_directory(root, PREVIOUS_PARENT, PREVIOUS_NAME, true);
	if (dir < 0)
		return dir;
	name_of_new(name, bdf);
	ret = own_file_replace(dir, bdf, name, text);
	close(dir);
	return ret;
}

/* Return: whether it is there, fits, and is no path but a driver's name or "" */
static bool take(const char *text, const char *key, char *value, size_t size)
{
	const char *at = strstr(text, key);
	size_t length;

	value[0] = '\0';
	if (!at)
		return false;
	at += strlen(key);
	length = strcspn(at, "\n");
	if (length >= size)
		return false;
	memcpy(value, at, length);
	value[length] = '\0';
	return !length || driver_is_name(value);
}

int previous_load(const char *root, const char *bdf, struct previous *previous)
{
	char text[256];
	int dir, ret;

	dir = own_directory(root, PREVIOUS_PARENT, PREVIOUS_NAME, false);
	if (dir < 0)
		return dir;
	ret = own_file_read(dir, bdf, text, sizeof(text));
	close(dir);
	if (ret)
		return ret;
	if (take(text, "driver=", previous->driver, sizeof(previous->driver)) &&
	    take(text, "override=", previous->override,
		 sizeof(previous->override)) &&
	    take(text, "bound=", previous->bound, sizeof(previous->bound)))
		return 0;
	return -EBADMSG;
}

int previous_forget(const char *root, const char *bdf)
{
	int dir, ret;

	dir = own_directory(root, PREVIOUS_PARENT, PREVIOUS_NAME, false);
	if (dir < 0)
		return dir;
	ret = unlinkat(dir, bdf, 0) ? -errno : 0;
	close(dir);
	return ret;
}

const char *previous_error(int error)
{
	switch (error) {
	case -EPERM:
	case -ELOOP:
	case -ENOTDIR:
		return "is no directory that belongs to root alone";
	case -EBADMSG:
		return "what it says of the device makes no sense";
	default:
		return strerror(-error);
	}
}
