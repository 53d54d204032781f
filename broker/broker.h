/* SPDX-License-Identifier: MIT */
/*
 * The broker: a configuration, and what it does with devices and clients
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include <sys/queue.h>

#include <barlease.h>

#include "admin/admin.h"
#include "base/worker.h"
#include "config/config.h"
#include "counters.h"
#include "device/devices.h"
#include "entrance/entrance.h"
#include "entrance/grants.h"
#include "keep/keep.h"

struct reload_waiter;
STAILQ_HEAD(reload_waiters, reload_waiter);

/**
 * struct broker_wait - somebody who waits until leases are over
 * @ids: those that are not, yet
 * @done: is called in the loop
 */
struct broker_wait {
	LIST_ENTRY(broker_wait) link;
	uint32_t *ids;
	size_t nr;
	void (*done)(struct broker_wait *wait);
};

/**
 * struct broker - all there is
 * @path: of the configuration
 * @config: what is in force; NULL before the first one is
 * @server: NULL before broker_start()
 * @loop: where devices are watched
 * @admin: who is told what happens; NULL: nobody
 * @names: looks up users
 * @hands: opens, closes and resets devices
 * @look: when to look for devices that are away; @looks: how often that was, in
 *   vain
 * @busy: a configuration is being read, or devices are being looked for
 * @waiters: for the next reload
 * @applying: the new configuration, while it takes the place of @config
 * @waits: for leases that end
 * @counters: of what has happened
 * @keep: what outlives this process
 * @restart: it is about to become another program; or NULL
 * @inherited: what was handed over to this process, while it begins; or NULL
 * @entrances: sockets beside the one that is for everybody
 * @grants: those of them that administrators have made
 * @last_id: of a lease; @end_of_ids: the first that is not the broker's to give
 */
struct broker {
	const char *path;
	struct config *config;
	struct devices devices;
	struct barlease_server *server;
	struct loop *loop;
	struct admin *admin;
	struct worker *names;
	struct worker *hands;
	struct loop_timer look;
	unsigned int looks;
	struct loop_source uevents;
	bool busy;
	struct reload_waiters waiters;
	const struct config *applying;
	LIST_HEAD(, broker_wait) waits;
	struct counters counters;
	struct keep keep;
	struct restart *restart;
	struct inheritance *inherited;
	struct entrances entrances;
	struct grants grants;
	uint32_t last_id;
	uint32_t end_of_ids;
};

/* Before devices are offered. Return: 0; -errno */
int broker_start(struct broker *broker, const struct config *config,
		 int listener);

/* A device that has been opened, or why not; of the same order as @config's */
struct opening {
	struct handle_wanted wanted;
	struct handle *handle;
	char why[HANDLE_WHY_MAX];
};

struct openings {
	struct opening *list;
	size_t nr;
};

/*
 * Put a configuration into force, or the one that is once more, with devices
 * that have been opened for it: both are the broker's from then on. On an error
 * nothing has changed, they are still the caller's, and @words say what is the
 * matter.
 */
int broker_apply(struct broker *broker, struct config *config,
		 struct openings *openings, char *words, size_t size);

/* As the configuration has them, with so many devices, sockets and descriptors */
void broker_set_limits(struct broker *broker);

/* Those that could not be opened: why, and a word about it where that is news */
void broker_note_away(struct broker *broker, const struct openings *openings);

/* A device that is open: one of the broker's from now on. -ENOMEM */
int broker_adopt(struct broker *broker, struct handle *handle, bool unclean);
/* It is closed, and everything that anybody has of it is over */
void broker_give_up(struct broker *broker, struct device *device,
		    const char *why);

/* Close it, where that takes as long as it likes */
void broker_close(struct broker *broker, struct handle *handle);

/* Soon, and then less and less often */
void broker_look_soon(struct broker *broker);

/* What is due when the server has told what happens; to be called in the loop */
void broker_catch_up(struct broker *broker);

/* Revokes everything. */
void broker_stop(struct broker *broker);

#endif
