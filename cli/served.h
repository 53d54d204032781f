/* SPDX-License-Identifier: MIT */
/*
 * Whether a broker that runs can do what its configuration says
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_SERVED_H
#define CLI_SERVED_H

#include "admin.h"
#include "checks.h"

/*
 * Adds what it says of devices that it does not have, unless something bad was
 * said of them already, and whether it may lock what its slices let devices reach.
 * Return: 0; errors of admin_ask(); -ENOMEM
 */
int check_served(struct admin *admin, struct checks *checks);

#endif
