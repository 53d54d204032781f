/* SPDX-License-Identifier: MIT */
/*
 * Is this machine ready for leases? One look at each thing that it takes
 *
 * Copyright (C) 2026 The barlease authors
 *
 * @root is "" for this machine's file system; a test has another.
 */
#ifndef CLI_CHECKS_H
#define CLI_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

enum health {
	HEALTH_GOOD,
	HEALTH_NOTE,		/* worth knowing; leases are possible all the same */
	HEALTH_BAD,		/* no leases, or no safe ones, before it is mended */
};

struct check {
	const char *name;
	enum health health;
	char found[384];
	char advice[256];	/* what to do; "" if it is good */
	char command[192];	/* for root's shell, that does it; "" where none can */
};

struct checks {
	struct check *check;
	size_t nr;
};

/* Each adds one result, or several. Return: 0; -ENOMEM; errors of open() */
int check_kernel(const char *root, struct checks *checks);
int check_iommu(const char *root, struct checks *checks);
int check_combining(const char *root, struct checks *checks);
/* Instead, where the administrator does without */
int check_no_iommu(const char *root, struct checks *checks);
int check_modules(const char *root, struct checks *checks);
int check_devices(const char *root, struct checks *checks);

int checks_add(struct checks *checks, const char *name, enum health health,
	       const char *advice, const char *found, ...)
	__attribute__((format(printf, 5, 6)));
/* Of the one that was added last. Return: 0 */
int checks_command(struct checks *checks, const char *command, ...)
	__attribute__((format(printf, 2, 3)));
/* Has something bad been said of it already? @what: a part of the words */
bool checks_bad(const struct checks *checks, const char *name,
		const char *what);

#endif
