/* SPDX-License-Identifier: MIT */
/*
 * Leases for verbs, with messages for what goes wrong
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_LEASE_H
#define CLI_LEASE_H

#include <stdint.h>

#include <barlease.h>

#include "cli.h"

/* Return: an exit status; other than 0, it has been said why */
int lease_connect(const struct verb *verb, const struct options *options,
		  struct barlease_client **client);

/**
 * struct wish - how a lease is wanted
 * @name: of a slice; with @flags of BARLEASE_ANY, of a group; BARLEASE_ONES
 * @patience: how long to wait for it, in milliseconds
 * @term: how long it is wanted, in milliseconds; 0: for as long as may be
 */
struct wish {
	const char *name;
	unsigned int flags;
	uint64_t patience;
	uint64_t term;
};

/* From --after, --any, --wait and --for. Return: an exit status */
int wish_of(const struct verb *verb, const struct options *options,
	    const char *name, struct wish *wish);

/* Return: an exit status */
int lease_acquire(const struct verb *verb, struct barlease_client *client,
		  const struct wish *wish, struct barlease_lease *lease);

/**
 * struct target - the lease that 'peek' and 'poke' are about
 * @client: whose it is, or NULL: inherited
 * @width: of a word, in bytes
 */
struct target {
	struct barlease_client *client;
	struct barlease_lease lease;
	unsigned int width;
};

/* Return: an exit status */
int target_open(const struct verb *verb, const struct options *options,
		struct target *target);
void target_close(struct target *target);

/**
 * target_map() - map words of it, after a look at whether they are there
 * @verb: who asks
 * @target: the lease
 * @offset: of the first one, in bytes
 * @count: how many
 * @flags: of barlease_map()
 * @words: receives their address, for target_unmap()
 *
 * Return: an exit status
 */
int target_map(const struct verb *verb, const struct target *target,
	       uint64_t offset, uint64_t count, unsigned int flags,
	       volatile char **words);
void target_unmap(const struct target *target, volatile char *words,
		  uint64_t count);

/* One word that is mapped. As barlease_read32() and barlease_write32() */
int target_read(const struct target *target, const volatile char *word,
		uint64_t *value);
int target_write(const struct target *target, volatile char *word,
		 uint64_t value);

/* What an access said; 0 is not worth a word. Return: an exit status */
int target_result(const struct verb *verb, uint64_t offset, int ret);

const char *memattr_name(enum barlease_memattr memattr);
const char *access_name(unsigned int flags);

#endif
