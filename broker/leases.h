/* SPDX-License-Identifier: MIT */
/*
 * The leases that there are, for whoever asks
 *
 * Copyright (C) 2026 The barlease authors
 *
 * They are the library's; here is what the administrator wants to know.
 */
#ifndef BROKER_LEASES_H
#define BROKER_LEASES_H

#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <time.h>

#include <barlease.h>

#include "config/config.h"

/**
 * struct lease - who has what
 * @inode: of the DMABUF; 0 where it could not be found out
 */
struct lease {
	LIST_ENTRY(lease) link;
	uint32_t id;
	char slice[BARLEASE_NAME_MAX];
	uid_t uid;
	gid_t gid;
	pid_t pid;
	ino_t inode;
	time_t since;
};

LIST_HEAD(leases, lease);

/* @fd: of the DMABUF. NULL without memory */
const struct lease *leases_add(struct leases *leases,
			       const struct barlease_peer *peer,
			       const char *slice, uint32_t id, int fd);
const struct lease *leases_find(const struct leases *leases, uint32_t id);
void leases_remove(struct leases *leases, uint32_t id);
/* Holders of each slice, in the order of @config->slices; for free() */
unsigned int *leases_count(const struct leases *leases,
			   const struct config *config);

#endif
