/* SPDX-License-Identifier: MIT */
/*
 * Grants: sockets that an administrator makes, and takes away, for somebody who is no
 * user of this machine's configuration, a container say
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A grant is a directory, which outlives the broker as it does a crash:
 *
 *   grants/NAME/grant          a line that says what there is to be had
 *   grants/NAME/run/socket     where; of this directory others may be given a view
 *
 * Who may connect is who gets there: nobody but root can enter grants/NAME, unless the
 * grant names users, who are told by the kernel then.
 */
#ifndef BROKER_GRANTS_H
#define BROKER_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <barlease.h>

#include "base/loop.h"
#include "base/text.h"
#include "config/config.h"

struct broker;
struct entrance;

/* Users from @first to @last: that is how user namespaces have them */
struct grant_users {
	uint32_t first;
	uint32_t last;
};

/**
 * struct grant - one of them
 * @slices: by name or by that of a template, which may be gone since
 * @users: none: whoever can connect
 * @until: in milliseconds of CLOCK_BOOTTIME; 0: until it is taken away
 * @entrance: its socket; NULL: it could not be made
 */
struct grant {
	char name[CONFIG_GRANT_MAX + 1];
	struct config_words slices;
	struct grant_users *users;
	size_t nr_users;
	int64_t until;
	struct entrance *entrance;
};

/* @list: by name. @directory: of them all */
struct grants {
	struct grant **list;
	size_t nr;
	struct loop_timer timer;
	char *directory;
};

/*
 * Those that there were, before the configuration is in force; what cannot be gone on with
 * is logged. Return: 0; -errno, where the process had better not go on
 */
int grants_load(struct broker *broker, const struct config *config);
/* Their sockets stay where they are, for who comes next; nobody listens there */
void grants_free(struct broker *broker);

/*
 * grants_add(): the words are those of the administrator's request, and are taken apart.
 * *@grant is it. Return: 0; -EINVAL, -EBUSY (there is one of that name), -ENOENT (no such
 * slice), -errno; @why says so
 */
int grants_add(struct broker *broker, char *words, struct grant **grant,
	       char *why, size_t size);
/* Return: 0, and *@leases have ended by it; -ENOENT */
int grants_end(struct broker *broker, const char *name, unsigned int *leases);

/* "name=... path=... slices=..." */
void grant_describe(struct text *out, const struct grant *grant);

/* Of the server's name of a listener; NULL where it is none of a grant's */
const struct grant *grants_find(const struct grants *grants,
				const char *listener);
bool grant_means(const struct grant *grant, const struct barlease_peer *peer);

#endif
