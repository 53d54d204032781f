/* SPDX-License-Identifier: MIT */
/*
 * Whom a section of the configuration means
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_POLICY_H
#define BROKER_POLICY_H

#include "config/config.h"

/*
 * Nobody is special, root neither: the section names whom it means. Whoever may be
 * anybody (CONFIG_UNMAPPED) is nobody.
 */
bool policy_means(const struct config_who *who,
		  const struct barlease_peer *peer);

/*
 * The system's unit that a control group is in, copied; false where there is none. Of
 * units within units (a user's, a container's) it is the outermost, for who is in
 * there can call the others what they like.
 */
bool policy_unit(const char *cgroup, char *unit, size_t size);

#endif
