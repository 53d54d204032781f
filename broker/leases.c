// SPDX-License-Identifier: MIT
/*
 * The leases that there are, for whoever asks
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "describe.h"
#include "leases.h"

static char *describe(const struct config *config,
		      const struct barlease_peer *peer, const char *name,
		      uint32_t id, int fd)
{
	const struct config_slice *slice = config_find(config, name);
	struct stat stat = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fprintf(out, "id=%u slice=%s ", id, name);
	if (slice) {
		describe_place(out, config, slice);
		fputc(' ', out);
	}
	if (fstat(fd, &stat))
		stat.st_ino = 0;
	fprintf(out, "uid=%u gid=%u pid=%d inode=%llu since=%lld", peer->uid,
		peer->gid, peer->pid, (unsigned long long)stat.st_ino,
		(long long)time(NULL));
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

const struct lease *leases_add(struct leases *leases,
			       const struct config *config,
			       const struct barlease_peer *peer,
			       const char *slice, uint32_t id, int fd)
{
	struct lease *lease = calloc(1, sizeof(*lease));

	if (!lease)
		return NULL;
	lease->text = describe(config, peer, slice, id, fd);
	if (!lease->text) {
		free(lease);
		return NULL;
	}
	lease->id = id;
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
	free(lease->text);
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
