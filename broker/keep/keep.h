/* SPDX-License-Identifier: MIT */
/*
 * Leases that outlive the process: what its successor needs, and where that is kept
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Descriptors are in the service manager's store, and in memory files there, it says
 * what they are. Each file of this directory calls only what is above it:
 *
 *   inherit.c   what was handed over to this process
 *   ledger.c    lines that outlive it
 *   store.c     descriptors that do
 *   keep.c      keeping both as things are
 *   heir.c      going on where another process has left off
 *   restart.c   becoming another program
 */
#ifndef BROKER_KEEP_H
#define BROKER_KEEP_H

#include <barlease.h>

#include "inherit.h"
#include "ledger.h"
#include "store.h"

struct broker;
struct device;
struct entrance;
struct listeners;

/**
 * struct keep - of a broker
 * @on: leases outlive the process
 * @known: what the service manager had when this process began, until all is stored
 *   that is still needed
 */
struct keep {
	bool on;
	struct ledger ledger;
	struct store store;
	struct inheritance *known;
};

/* "device-0000_01_00.0": a name of a descriptor. NAME_MAX is what systemd takes */
#define KEEP_NAME_MAX	96
void keep_name(char name[KEEP_NAME_MAX], const char *what, const char *bdf);

/*
 * From now on, if the configuration says so and somebody keeps descriptors; what is not
 * needed any more of @known goes. What fails is logged, and ends up as without.
 */
void keep_begin(struct broker *broker, struct inheritance *known);

/* How a device is from now on; and it is about to be closed */
void keep_device(struct broker *broker, const struct device *device);
void keep_forget_device(struct broker *broker, const struct device *device);

/* A socket that there is from now on; and that there is no more */
void keep_entrance(struct broker *broker, const struct entrance *entrance);
void keep_forget_entrance(struct broker *broker,
			  const struct entrance *entrance);

/* Now and then: makes it shorter */
void keep_catch_up(struct broker *broker);

/*
 * All there is, for the next program: lines in @ledger, and a list of descriptors.
 * keep_free_dump() is for where there is none. Return: 0; -errno, and that is due, too
 */
struct keep_dump {
	struct broker *broker;
	struct ledger ledger;
	struct inherited *list;
	size_t nr;
};

int keep_dump(struct broker *broker, const struct listeners *listeners,
	      struct keep_dump *dump);
void keep_free_dump(struct broker *broker, struct keep_dump *dump);

/* Complains of what nobody here knows. Return: 0; -EINVAL */
int keep_check_names(const struct inheritance *all);

#endif
