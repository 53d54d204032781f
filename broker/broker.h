/* SPDX-License-Identifier: MIT */
/*
 * The broker: a configuration, and what it does with devices and clients
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include <barlease.h>

#include "admin/admin.h"
#include "config/config.h"
#include "devices.h"
#include "leases.h"

/**
 * struct broker - all there is
 * @path: of the configuration
 * @config: what is in force; NULL before the first one is
 * @server: NULL before broker_start()
 * @loop: where devices are watched
 * @admin: who is told what happens; NULL: nobody
 */
struct broker {
	const char *path;
	struct config *config;
	struct devices devices;
	struct barlease_server *server;
	struct leases leases;
	struct loop *loop;
	struct admin *admin;
};

/* The file, without a look at any device. Return: as config_parse() */
int broker_read(const char *path, struct config **config,
		struct config_errors *errors);

/* Read it, open its devices, see whether its slices fit. Return: 0; -EINVAL */
int broker_prepare(struct broker *broker, struct config **config,
		   struct config_errors *errors);

/* From then on, @config is the broker's. Return: 0; -errno */
int broker_start(struct broker *broker, struct config *config, int listener);

/*
 * Read the configuration again. Leases that it still allows go on. A bad one
 * changes nothing. Return: 0; -EINVAL see @errors
 */
int broker_reload(struct broker *broker, struct config_errors *errors);

/* Return: as barlease_server_reset(); -ENOENT not a device of this broker */
int broker_reset(struct broker *broker, const char *bdf);

/* Revokes everything. */
void broker_stop(struct broker *broker);

#endif
