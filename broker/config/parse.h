/* SPDX-License-Identifier: MIT */
/*
 * From text to what it says, or to all that is wrong in it
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_CONFIG_PARSE_H
#define BROKER_CONFIG_PARSE_H

#include "config.h"

/**
 * config_parse() - understand a configuration
 * @text: of @size bytes
 * @names: who knows users and groups
 * @config: receives it, for config_free()
 * @errors: receives what is wrong, in the order of lines
 *
 * Return: 0; -EINVAL see @errors; -ENOMEM.
 */
int config_parse(const char *text, size_t size,
		 const struct config_names *names, struct config **config,
		 struct config_errors *errors);

#endif
