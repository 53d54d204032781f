// SPDX-License-Identifier: MIT
/*
 * The leases that there are, for whoever asks
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "leases.h"

const struct lease *leases_add(struct leases *leases,
			       const struct barlease_peer *peer,
			       const char *slice, uint32_t id, int fd)
{
	struct lease *lease = calloc(1, sizeof(*lease));
	struct stat stat;

	if (!lease)
		return NULL;
	lease->id = id;
	lease->uid = peer->uid;
	lease->gid = peer->gid;
	lease->pid = peer->pid;
	lease->inode = fstat(fd, &stat) ? 0 : stat.st_ino;
	lease->since = time(NULL);
	snprintf(lease->slice, sizeof(lease->slice), "%s", slice);
	LIST_INSERT_HEAD(leases, lease, link);
	return lease;
}

static struct lease *find(const struct leases *leases, uint32_t id)
{
	struct lease *lease;

	LIST_FOREACH(lease, leases, link)
		if (lease->id == id)
			return lease;
	return NULL;
}

const struct lease *leases_find(const struct leases *leases, uint32_t id)
{
	return find(leases, id);
}

void leases_remove(struct leases *leases, uint32_t id)
{
	struct lease *lease = find(leases, id);

	if (!lease)
		return;
	LIST_REMOVE(lease, link);
	free(lease);
}

unsigned int *leases_count(const struct leases *leases,
			   const struct config *config)
{
	unsigned int *count = calloc(config->nr_slices ?: 1, sizeof(*count));
	const struct lease *lease;

	if (!count)
		return NULL;
	LIST_FOREACH(lease, leases, link) {
		const struct config_slice *slice;

		slice = config_find(config, lease->slice);
		if (slice)
			count[slice - config->slices]++;
	}
	return count;
}
