// SPDX-License-Identifier: MIT
/*
 * Descriptors that somebody has handed over
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/log.h"
#include "inherit.h"

/* See sd_listen_fds(3) */
#define FIRST_INHERITED	3

static int by_name(const void *a, const void *b)
{
	const struct inherited *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static int against_name(const void *name, const void *element)
{
	const struct inherited *inherited = element;

	return strcmp(name, inherited->name);
}

/* No other program gets it by the way */
static int add(struct inheritance *all, const char *name, int fd, bool stored)
{
	struct inherited *new = array_add(&all->list, &all->nr, sizeof(*new));

	if (new)
		new->name = strdup(name);
	if (!new || !new->name) {
		log_line(LOG_ERR, "no memory for what was handed over");
		all->nr -= !!new;
		return -ENOMEM;
	}
	new->fd = fd;
	new->stored = stored;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC)) {
		int ret = -errno;

		log_line(LOG_ERR, "cannot take over \"%s\": %s", name,
			 strerror(-ret));
		return ret;
	}
	return 0;
}

static int from_manager(struct inheritance *all)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");
	char *copy, *rest;
	int ret = 0, nr;

	if (!pid || !fds || strtol(pid, NULL, 10) != getpid())
		return 0;
	nr = strtol(fds, NULL, 10);
	copy = strdup(names ?: "");
	if (!copy) {
		log_line(LOG_ERR, "no memory for what was handed over");
		return -ENOMEM;
	}
	rest = copy;
	for (int i = 0; i < nr && !ret; i++)
		ret = add(all, strsep(&rest, ":") ?: "", FIRST_INHERITED + i,
			  true);
	free(copy);
	return ret;
}

/* "FD STORED NAME" */
static int take_line(struct inheritance *all, const char *line)
{
	char name[256];
	int fd, stored;

	if (sscanf(line, "%d %d %255s", &fd, &stored, name) != 3)
		return -EINVAL;
	return add(all, name, fd, stored);
}

static int from_list(struct inheritance *all, int list)
{
	char path[32], *text, *line, *rest;
	size_t size;
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", list);
	ret = file_read_all(path, &text, &size);
	if (ret)
		return ret;
	rest = text;
	while (!ret && (line = strsep(&rest, "\n")) && *line)
		ret = take_line(all, line);
	free(text);
	return ret;
}

static int from_program(struct inheritance *all)
{
	const char *value = getenv(INHERIT_VARIABLE);
	int list, ret;

	if (!value)
		return 0;
	list = strtol(value, NULL, 10);
	ret = from_list(all, list);
	if (ret)
		log_line(LOG_ERR, INHERIT_VARIABLE "=%s: %s", value,
			 strerror(-ret));
	else
		close(list);
	return ret;
}

int inherit_all(struct inheritance *all)
{
	int ret;

	*all = (struct inheritance){ .nr = 0 };
	ret = from_program(all);
	if (!ret)
		ret = from_manager(all);
	/* They are of this process only */
	unsetenv(INHERIT_VARIABLE);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (all->nr)
		qsort(all->list, all->nr, sizeof(*all->list), by_name);
	return ret;
}

static struct inherited *find(const struct inheritance *all, const char *name)
{
	if (!all->nr)
		return NULL;
	return bsearch(name, all->list, all->nr, sizeof(*all->list),
		       against_name);
}

int inherit_peek(const struct inheritance *all, const char *name)
{
	const struct inherited *found = find(all, name);

	return found ? found->fd : -1;
}

int inherit_take(struct inheritance *all, const char *name)
{
	struct inherited *found = find(all, name);
	int fd = found ? found->fd : -1;

	if (found)
		found->fd = -1;
	return fd;
}

bool inherit_confirm(const struct inheritance *all, const char *name)
{
	struct inherited *found = find(all, name);
	bool stored = found && found->stored;

	if (stored)
		found->stored = false;
	return stored;
}

void inherit_close(struct inheritance *all)
{
	for (size_t i = 0; i < all->nr; i++) {
		struct inherited *inherited = &all->list[i];

		/* Where others have it as well, closing it is no end */
		if (inherited->fd >= 0) {
			shutdown(inherited->fd, SHUT_RDWR);
			close(inherited->fd);
		}
		free(inherited->name);
	}
	free(all->list);
	*all = (struct inheritance){ .nr = 0 };
}

static int write_list(int fd, const struct inherited *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (dprintf(fd, "%d %d %s\n", list[i].fd, list[i].stored,
			    list[i].name) < 0)
			return -errno;
	return 0;
}

int inherit_write(const struct inherited *list, size_t nr)
{
	int fd = memfd_create("barlease-handover", 0), ret;

	if (fd < 0)
		return -errno;
	ret = write_list(fd, list, nr);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}
