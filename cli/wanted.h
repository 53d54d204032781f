/* SPDX-License-Identifier: MIT */
/*
 * The devices that barleased's configuration names
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_WANTED_H
#define CLI_WANTED_H

#include <stdbool.h>
#include <stddef.h>

#include "checks.h"
#include "sysfs.h"

/* A section [device BDF] */
struct wanted {
	char bdf[BDF_SIZE];
	unsigned int line;
	bool iommufd;		/* and no other way to open it */
};

/*
 * Whatever else is wrong in the file: that says barleased, whose syntax it is.
 * @wanted is for free(). Return: 0; errors of open()
 */
int wanted_read(const char *path, struct wanted **wanted, size_t *nr);

/* Adds a result for each that barleased cannot have. As those of checks.h */
int check_wanted(const char *root, const char *path, struct checks *checks);

/* Adds what barleased --check says of it; nothing where there is none */
int check_config(const char *path, struct checks *checks);

#endif
