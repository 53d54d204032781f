// SPDX-License-Identifier: MIT
/*
 * Grants of barleased: a socket for one user, or for one container
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../broker/base/duration.h"
#include "grants.h"
#include "number.h"

#define SUBUID	"/etc/subuid"

int grants_make(const struct verb *verb, struct admin *admin,
		const struct grant *grant)
{
	char request[ADMIN_LINE_MAX];
	uint64_t time = 0;
	size_t n;

	if (grant->time && (duration_parse(grant->time, &time) || !time))
		return misused(verb, "\"%s\" is no time; " DURATION_EXAMPLES " are",
			       grant->time);
	n = snprintf(request, sizeof(request), "grant name=%s slices=%s%s%s",
		     grant->name, grant->slices, grant->users ? " users=" : "",
		     grant->users ?: "");
	if (time && n < sizeof(request))
		n += snprintf(request + n, sizeof(request) - n,
			      " for=%" PRIu64 "ms", time);
	if (n >= sizeof(request) - 1)
		return misused(verb,
			       "that is more than one grant can have; a template's name stands for all of its slices");
	return broker_order(verb, admin, request);
}

/* ---- Users ----------------------------------------------------------------- */

/* NULL where the system does not know it, which is no error for a number */
static const struct passwd *look_up(const char *user, uint64_t *uid)
{
	if (parse_number(user, UINT32_MAX - 1, uid))
		return getpwuid(*uid);
	return getpwnam(user);
}

/* Of "NAME:FIRST:COUNT", if it is this user's */
static bool is_range(char *line, const char *name, uint64_t uid,
		     uint64_t *first, uint64_t *count)
{
	char *rest = line, *who, *start, *length;
	uint64_t number;

	who = strsep(&rest, ":");
	start = strsep(&rest, ":");
	length = strsep(&rest, ":\n");
	if (!length || !parse_number(start, UINT32_MAX - 1, first) ||
	    !parse_number(length, UINT32_MAX - 1, count) || !*count ||
	    *count > UINT32_MAX - *first)
		return false;
	if (parse_number(who, UINT32_MAX - 1, &number))
		return number == uid;
	return name && !strcmp(who, name);
}

/* In place of @users, with one more range; NULL without memory */
static char *with_range(char *users, uint64_t first, uint64_t count)
{
	char *more;

	if (asprintf(&more, "%s,%" PRIu64 "-%" PRIu64, users, first,
		     first + count - 1) < 0)
		more = NULL;
	free(users);
	return more;
}

/* The format: subuid(5). Nobody has any where there is no such file */
static char *add_ranges(char *users, const char *name, uint64_t uid)
{
	FILE *file = fopen(SUBUID, "re");
	uint64_t first, count;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return users;
	while (users && getline(&line, &room, file) > 0)
		if (is_range(line, name, uid, &first, &count))
			users = with_range(users, first, count);
	free(line);
	fclose(file);
	return users;
}

int grants_users(const struct verb *verb, const char *user, char **users)
{
	const struct passwd *entry;
	uint64_t uid = UINT64_MAX;

	entry = look_up(user, &uid);
	if (entry)
		uid = entry->pw_uid;
	if (uid == UINT64_MAX)
		return misused(verb, "there is no user %s", user);
	if (asprintf(users, "%" PRIu64, uid) < 0)
		*users = NULL;
	if (*users)
		*users = add_ranges(*users, entry ? entry->pw_name : NULL, uid);
	return *users ? EXIT_SUCCESS : failed(verb, "%s", strerror(ENOMEM));
}
