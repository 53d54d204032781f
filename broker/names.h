/* SPDX-License-Identifier: MIT */
/*
 * Users and groups that the system knows
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_NAMES_H
#define BROKER_NAMES_H

#include "config/config.h"

extern const struct config_names system_names;

#endif
