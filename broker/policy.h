/* SPDX-License-Identifier: MIT */
/*
 * Who may have a slice
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_POLICY_H
#define BROKER_POLICY_H

#include "config/config.h"

/*
 * Nobody is special, root neither: the rule names whom it means. Whoever may be
 * anybody (CONFIG_UNMAPPED) is nobody.
 */
bool policy_allows(const struct config_rule *rule,
		   const struct barlease_peer *peer);

#endif
