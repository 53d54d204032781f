// SPDX-License-Identifier: MIT
/*
 * Whom a section of the configuration means
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <fnmatch.h>
#include <string.h>

#include "policy.h"

/* What systemd.unit(5) allows */
#define UNIT_MAX	256

static bool has(const struct config_ids *ids, uint32_t id)
{
	if (id == CONFIG_UNMAPPED)
		return false;
	if (ids->all)
		return true;
	for (size_t i = 0; i < ids->nr; i++)
		if (ids->ids[i] == id)
			return true;
	return false;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
	return length > strlen(end) &&
	       !strncmp(text + length - strlen(end), end, strlen(end));
}

bool policy_unit(const char *cgroup, char *unit, size_t size)
{
	size_t length;

	for (; *cgroup == '/'; cgroup += length) {
		length = strcspn(++cgroup, "/");
		if (ends_with(cgroup, length, ".slice"))
			continue;
		if ((!ends_with(cgroup, length, ".service") &&
		     !ends_with(cgroup, length, ".scope")) || length >= size)
			return false;
		memcpy(unit, cgroup, length);
		unit[length] = '\0';
		return true;
	}
	return false;
}

static bool is_of_unit(const struct config_words *units, const char *cgroup)
{
	char unit[UNIT_MAX];

	if (!units->nr || !policy_unit(cgroup, unit, sizeof(unit)))
		return false;
	for (size_t i = 0; i < units->nr; i++)
		if (!fnmatch(units->list[i], unit, FNM_NOESCAPE))
			return true;
	return false;
}

static bool is_in(const struct config_words *cgroups, const char *cgroup)
{
	for (size_t i = 0; i < cgroups->nr; i++) {
		size_t length = strlen(cgroups->list[i]);

		if (!strncmp(cgroup, cgroups->list[i], length) &&
		    (cgroup[length] == '/' || !cgroup[length]))
			return true;
	}
	return false;
}

bool policy_means(const struct config_who *who,
		  const struct barlease_peer *peer)
{
	if (peer->uid == CONFIG_UNMAPPED)
		return false;
	if (has(&who->users, peer->uid) || has(&who->groups, peer->gid))
		return true;
	for (size_t i = 0; i < peer->nr_groups; i++)
		if (has(&who->groups, peer->groups[i]))
			return true;
	return peer->cgroup && (is_of_unit(&who->units, peer->cgroup) ||
				is_in(&who->cgroups, peer->cgroup));
}
