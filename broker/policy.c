// SPDX-License-Identifier: MIT
/*
 * Who may have a slice
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "policy.h"

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

bool policy_allows(const struct config_rule *rule,
		   const struct barlease_peer *peer)
{
	if (peer->uid == CONFIG_UNMAPPED)
		return false;
	if (has(&rule->users, peer->uid) || has(&rule->groups, peer->gid))
		return true;
	for (size_t i = 0; i < peer->nr_groups; i++)
		if (has(&rule->groups, peer->groups[i]))
			return true;
	return false;
}
