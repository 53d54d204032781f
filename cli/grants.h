/* SPDX-License-Identifier: MIT */
/*
 * Grants of barleased: a socket for one user, or for one container
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_GRANTS_H
#define CLI_GRANTS_H

#include "broker.h"

/**
 * struct grant - one to be made
 * @name: of it
 * @slices: with commas between them
 * @users: numbers, see grants_users(); or NULL
 * @time: of --for; or NULL
 */
struct grant {
	const char *name;
	const char *slices;
	const char *users;
	const char *time;
};

/* Return: an exit status; other than 0, it has been said why. admin_told_text() has "path" */
int grants_make(const struct verb *verb, struct admin *admin,
		const struct grant *grant);

/*
 * A user and those that its user namespaces can have, by /etc/subuid: "1000" and
 * "1000,100000-165535". @user: a name or a number. Return: as above; *@users is for free()
 */
int grants_users(const struct verb *verb, const char *user, char **users);

#endif
