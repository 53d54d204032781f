/* SPDX-License-Identifier: MIT */
/*
 * The service manager's store of descriptors, see FileDescriptorStoreMax= in
 * systemd.service(5)
 *
 * Copyright (C) 2026 The barlease authors
 *
 * It takes what it is given, and does not say where it has no room: how much there is
 * has to be known before.
 */
#ifndef BROKER_STORE_H
#define BROKER_STORE_H

/* @socket: -1 where there is no service manager, or it does not hear any more */
struct store {
	int socket;
};

/* Return: 0; -EDESTADDRREQ: there is no service manager; others */
int store_open(struct store *store);

/* Return: 0; -errno, and nothing is put into it from then on */
int store_put(struct store *store, const char *name, int fd);
void store_drop(struct store *store, const char *name);

/* Waits, for some seconds at most, until it has heard all of that */
void store_settle(struct store *store);

/* How many it has room for, as the service manager or the unit says */
unsigned int store_room(void);

#endif
