// SPDX-License-Identifier: MIT
/*
 * What other processes have open and mapped, as /proc shows it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../broker/base/array.h"
#include "file.h"
#include "proc.h"

/* What the kernel calls each DMABUF, before the name that it may have */
#define DMABUF	"/dmabuf:"

struct holdings {
	struct holding *holding;
	size_t nr;
	size_t hidden;
	struct process process;
};

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* Calls @each for every process until one call returns other than 0. */
static int each_process(const char *root,
			int (*each)(const char *root, pid_t pid, void *data),
			void *data)
{
	const struct dirent *entry;
	char path[PATH_MAX];
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/proc", root);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir)))
		if (is_number(entry->d_name))
			ret = each(root, (pid_t)strtol(entry->d_name, NULL, 10),
				   data);
	closedir(dir);
	return ret;
}

/* Calls @each with the number and the target of every fd, likewise. */
static int each_fd(const char *root, pid_t pid,
		   int (*each)(const char *root, pid_t pid, const char *fd,
			       const char *target, void *data),
		   void *data)
{
	char path[PATH_MAX], target[PATH_MAX];
	const struct dirent *entry;
	int ret = 0;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/proc/%d/fd", root, pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!ret && (entry = readdir(dir))) {
		if (!is_number(entry->d_name))
			continue;
		n = readlinkat(dirfd(dir), entry->d_name, target,
			       sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		ret = each(root, pid, entry->d_name, target, data);
	}
	closedir(dir);
	return ret;
}

static void describe(const char *root, pid_t pid, struct process *process)
{
	process->pid = pid;
	if (file_read(process->name, sizeof(process->name), "%s/proc/%d/comm",
		      root, pid))
		snprintf(process->name, sizeof(process->name), "?");
}

/*
 * An entry of the present process for this DMABUF; another may be there already,
 * for a broker has thousands of them and none is looked for here
 */
static struct holding *holding_of(struct holdings *all, uint64_t inode)
{
	struct holding *holding;

	holding = array_add(&all->holding, &all->nr, sizeof(*holding));
	if (!holding)
		return NULL;
	holding->process = all->process;
	holding->inode = inode;
	return holding;
}

/* fdinfo has the inode as "ino:", where a stat() would need the file itself. */
static int look_at_fd(const char *root, pid_t pid, const char *fd,
		      const char *target, void *data)
{
	struct holding *holding;
	const char *line;
	uint64_t inode;
	char *text;

	if (strncmp(target, DMABUF, strlen(DMABUF)) ||
	    file_read_all(&text, "%s/proc/%d/fdinfo/%s", root, pid, fd))
		return 0;
	line = strstr(text, "ino:");
	if (!line || sscanf(line, "ino: %" SCNu64, &inode) != 1) {
		free(text);
		return 0;
	}
	free(text);
	holding = holding_of(data, inode);
	if (!holding)
		return -ENOMEM;
	holding->fd = true;
	return 0;
}

/* "from-to perms offset major:minor inode   path" */
static bool parse_map(const char *line, uint64_t *inode)
{
	int path = 0;

	return sscanf(line, "%*s %*s %*s %*s %" SCNu64 " %n", inode, &path) == 1 &&
	       path && !strncmp(line + path, DMABUF, strlen(DMABUF));
}

static int look_at_maps(const char *root, pid_t pid, struct holdings *all)
{
	struct holding *holding;
	char *text, *line, *next;
	uint64_t inode;
	int ret = 0;

	if (file_read_all(&text, "%s/proc/%d/maps", root, pid))
		return 0;
	next = text;
	while (!ret && (line = strsep(&next, "\n"))) {
		if (!parse_map(line, &inode))
			continue;
		holding = holding_of(all, inode);
		if (holding)
			holding->map = true;
		else
			ret = -ENOMEM;
	}
	free(text);
	return ret;
}

/* Whoever may see the fds of a process may see its maps. */
static bool is_hidden(const char *root, pid_t pid)
{
	char path[PATH_MAX];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/proc/%d/fd", root, pid);
	dir = opendir(path);
	if (dir)
		closedir(dir);
	return !dir && (errno == EACCES || errno == EPERM);
}

static int look_at_process(const char *root, pid_t pid, void *data)
{
	struct holdings *all = data;
	int ret;

	if (is_hidden(root, pid)) {
		all->hidden++;
		return 0;
	}
	describe(root, pid, &all->process);
	ret = each_fd(root, pid, look_at_fd, all);
	return ret ?: look_at_maps(root, pid, all);
}

static int by_process(const void *a, const void *b)
{
	const struct holding *left = a, *right = b;

	if (left->process.pid != right->process.pid)
		return left->process.pid < right->process.pid ? -1 : 1;
	return left->inode < right->inode ? -1 : left->inode > right->inode;
}

/* Of entries for the same process and DMABUF, one */
static void sort_and_merge(struct holdings *all)
{
	struct holding *to = all->holding, *from;

	if (!all->nr)
		return;
	qsort(all->holding, all->nr, sizeof(*all->holding), by_process);
	for (from = to + 1; from < all->holding + all->nr; from++) {
		if (by_process(to, from)) {
			*++to = *from;
			continue;
		}
		to->fd |= from->fd;
		to->map |= from->map;
	}
	all->nr = to + 1 - all->holding;
}

int proc_dmabufs(const char *root, struct holding **holdings, size_t *nr,
		 size_t *hidden)
{
	struct holdings all = { 0 };
	int ret;

	ret = each_process(root, look_at_process, &all);
	if (ret) {
		free(all.holding);
		return ret;
	}
	sort_and_merge(&all);
	*holdings = all.holding;
	*nr = all.nr;
	*hidden = all.hidden;
	return 0;
}

struct search {
	const char *file;
	struct statx status;
	struct process *process;
};

/* As far as it is known: no file system of a user's is asked to answer. */
static bool status_of(const char *path, struct statx *status)
{
	return !statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_TYPE, status);
}

/* The same device, by whatever name and in whichever mount namespace */
static bool same_device(const struct search *search, const char *root,
			pid_t pid, const char *fd)
{
	const struct statx *want = &search->status;
	struct statx status;
	char path[PATH_MAX];

	if (!S_ISBLK(want->stx_mode) && !S_ISCHR(want->stx_mode))
		return false;
	snprintf(path, sizeof(path), "%s/proc/%d/fd/%s", root, pid, fd);
	return status_of(path, &status) &&
	       (status.stx_mode & S_IFMT) == (want->stx_mode & S_IFMT) &&
	       status.stx_rdev_major == want->stx_rdev_major &&
	       status.stx_rdev_minor == want->stx_rdev_minor;
}

static int same_file(const char *root, pid_t pid, const char *fd,
		     const char *target, void *data)
{
	const struct search *search = data;

	/* What is no file has another kind of name. */
	if (target[0] != '/' || (strcmp(target, search->file) &&
				 !same_device(search, root, pid, fd)))
		return 0;
	describe(root, pid, search->process);
	return 1;
}

static int opener(const char *root, pid_t pid, void *data)
{
	return each_fd(root, pid, same_file, data);
}

int proc_opener(const char *root, const char *file, struct process *process)
{
	struct search search = { .file = file, .process = process };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, file);
	if (!status_of(path, &search.status))
		search.status.stx_mode = 0;
	return each_process(root, opener, &search);
}
