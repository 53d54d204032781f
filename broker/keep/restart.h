/* SPDX-License-Identifier: MIT */
/*
 * Becoming another program, or the same one anew, with all that there is
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_RESTART_H
#define BROKER_RESTART_H

#include <stdbool.h>

struct broker;
struct listeners;

/* @call: who is told that it cannot be; it is told nothing else, for it is gone then */
typedef void (*restart_failed_fn)(void *data, int error, const char *why);

/* Before anything changes: which program this is, and with which words it began */
void restart_remember(char **argv);

/*
 * Soon: once the new program has said that the configuration is good, nothing takes its
 * time, and all clients have what they asked for. Return: 0, and @failed is called if
 * it cannot be; -EBUSY it is about to be; -ENOMEM
 */
int restart_request(struct broker *broker, restart_failed_fn failed, void *data);

/* In the loop: does not return where it is time */
void restart_catch_up(struct broker *broker, const struct listeners *listeners);

#endif
