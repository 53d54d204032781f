/* SPDX-License-Identifier: MIT */
/*
 * Going on where another process has left off
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_HEIR_H
#define BROKER_HEIR_H

#include <stdint.h>

#include "inherit.h"

struct broker;
struct listeners;

/**
 * struct heir - what there is to go on with
 * @all: descriptors
 * @text: what they are, line by line; NULL: nothing
 * @served: the connection that had a request at work
 */
struct heir {
	struct broker *broker;
	struct inheritance *all;
	char *text;
	uint32_t served;
};

/*
 * In this order: heir_open() reads what there is, heir_take_devices() opens the devices
 * of it before the configuration's are, heir_take_leases() goes on with the rest before
 * that is in force, and heir_close() closes what is left. What is not gone on with is
 * logged, and revoked.
 */
void heir_open(struct heir *heir, struct broker *broker,
	       struct inheritance *all, struct listeners *listeners);
void heir_take_devices(struct heir *heir);
/* Return: 0; -errno, where the process had better not go on */
int heir_take_leases(struct heir *heir, uint64_t reconnect);
void heir_close(struct heir *heir);

#endif
