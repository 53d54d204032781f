// SPDX-License-Identifier: MIT
/*
 * Users and groups that the system knows
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "names.h"

int names_user(const char *name, uint32_t *id)
{
	struct passwd *entry = getpwnam(name);

	if (!entry)
		return -ENOENT;
	*id = entry->pw_uid;
	return 0;
}

int names_group(const char *name, uint32_t *id)
{
	struct group *entry = getgrnam(name);

	if (!entry)
		return -ENOENT;
	*id = entry->gr_gid;
	return 0;
}
