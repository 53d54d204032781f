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

#include <barlease.h>

#include "config.h"

/* @text: "id=... slice=... since=...", as it was when it was handed out */
struct lease {
	LIST_ENTRY(lease) link;
	uint32_t id;
	char slice[BARLEASE_NAME_MAX];
	char *text;
};

LIST_HEAD(leases, lease);

/* @fd: of the DMABUF. NULL without memory */
const struct lease *leases_add(struct leases *leases,
			       const struct config *config,
			       const struct barlease_peer *peer,
			       const char *slice, uint32_t id, int fd);
const struct lease *leases_find(const struct leases *leases, uint32_t id);
void leases_remove(struct leases *leases, uint32_t id);
/* Holders of each slice, in the order of @config->slices; for free() */
unsigned int *leases_count(const struct leases *leases,
			   const struct config *config);

#endif
