/* SPDX-License-Identifier: MIT */
/*
 * Sockets that clients come by, beside the one that is for everybody: those of the
 * configuration, and those of grants
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_ENTRANCE_H
#define BROKER_ENTRANCE_H

#include <stdbool.h>
#include <sys/queue.h>

#include <barlease.h>

#include "config/config.h"
#include "listen.h"

struct broker;

/**
 * struct entrance - one of them
 * @name: as the server knows it; that of a grant begins with CONFIG_GRANT
 * @listener: its socket
 * @mode: of that
 * @flags: with which the server knows it
 * @admitted: the server knows it
 */
struct entrance {
	LIST_ENTRY(entrance) link;
	char name[BARLEASE_NAME_MAX];
	struct listener listener;
	mode_t mode;
	unsigned int flags;
	bool admitted;
};

LIST_HEAD(entrances, entrance);

/* What fails is logged. Return: 0; -errno. It is not admitted then */
int entrance_open(struct broker *broker, const char *name, const char *path,
		  mode_t mode, struct entrance **entrance);
/* Clients come by it from now on */
int entrance_admit(struct broker *broker, struct entrance *entrance);
/* None does, nor has by now. Return: how many leases were revoked */
unsigned int entrance_close(struct broker *broker, struct entrance *entrance);

size_t entrances_count(const struct broker *broker);

/*
 * entrances_prepare(): open what a configuration has, and is not there; entrances_undo()
 * where nothing comes of it. entrances_settle(): it is in force, what it has not goes.
 * Return: 0; -errno, and @words say what is the matter.
 */
int entrances_prepare(struct broker *broker, const struct config *config,
		      char *words, size_t size);
void entrances_undo(struct broker *broker);
void entrances_settle(struct broker *broker, const struct config *config);
/* All, with their paths; their fds too. @broker's server is gone */
void entrances_close(struct broker *broker);

/* May a client have anything, and may it have this slice? By whichever it has come */
bool entrance_welcomes(const struct broker *broker,
		       const struct barlease_peer *peer);
bool entrance_allows(const struct broker *broker,
		     const struct barlease_peer *peer,
		     const struct config_slice *slice);

#endif
