/* SPDX-License-Identifier: MIT */
/*
 * Reading the configuration, and opening its devices, while clients are served
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_RELOAD_H
#define BROKER_RELOAD_H

#include "broker.h"

/* The file, without a look at any device. Return: as config_parse() */
int reload_read(const char *path, struct config **config,
		struct config_errors *errors);

/*
 * The first time, before anybody is served. A device that is not there is no
 * error: it is waited for. Return: 0; -EINVAL see @errors
 */
int reload_first(struct broker *broker, struct config **config,
		 struct openings *openings, struct config_errors *errors);

/* From then on, devices that come are taken. Return: 0; -errno */
int reload_watch(struct broker *broker);

/* @errors: nothing has changed, for these; empty: it is in force. */
typedef void (*reload_done_fn)(void *data, const struct config_errors *errors);

/*
 * Read the configuration again; @done is called later, but not where this
 * returns -ENOMEM. One is read at a time; who asks meanwhile waits for one more.
 */
int reload_request(struct broker *broker, reload_done_fn done, void *data);

/* @prefix before each line, "FILE:LINE: " or "FILE: " of it after that */
void reload_log(const char *path, int level,
		const struct config_errors *errors);

#endif
