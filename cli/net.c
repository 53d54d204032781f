// SPDX-License-Identifier: MIT
/*
 * Network links of a PCI device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "net.h"

#define LINK_UP	0x1		/* IFF_UP, of <linux/if.h> */

static struct use look_at_link(const char *net, const char *name)
{
	char flags[32];

	if (file_read(flags, sizeof(flags), "%s/%s/flags", net, name) ||
	    !(strtoul(flags, NULL, 16) & LINK_UP))
		return UNUSED;
	return use_ended_by(use_by("the network link %s is up", name),
			    "ip link set %s down", name);
}

/*
 * A directory "net" has a directory for each link. Of these /sys shows those of
 * one namespace; but the number of links to the directory counts all of them.
 */
static struct use look_at_net(const char *net)
{
	const struct dirent *entry;
	struct use use = UNUSED;
	size_t seen = 0;
	struct stat stat;
	DIR *dir;

	dir = opendir(net);
	if (!dir)
		return use;
	while (!use.used && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		seen++;
		use = look_at_link(net, entry->d_name);
	}
	if (!use.used && !fstat(dirfd(dir), &stat) && stat.st_nlink > seen + 2)
		use = use_by("another network namespace has a link of it");
	closedir(dir);
	return use;
}

static bool is_net(const FTSENT *entry)
{
	return entry->fts_info == FTS_D && !strcmp(entry->fts_name, "net");
}

struct use use_by_link(char *device)
{
	char *const paths[] = { device, NULL };
	struct use use = UNUSED;
	FTSENT *entry;
	FTS *tree;

	tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (!tree)
		return use;
	while (!use.used && (entry = fts_read(tree))) {
		if (!is_net(entry))
			continue;
		use = look_at_net(entry->fts_path);
		fts_set(tree, entry, FTS_SKIP);
	}
	fts_close(tree);
	return use;
}
