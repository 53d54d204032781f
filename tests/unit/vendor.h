/* SPDX-License-Identifier: MIT */
/*
 * A server of a device that is not there, and those who talk to it
 *
 * Copyright (C) 2026 The barlease authors
 *
 * All in one thread: what a peer has sent is seen when the test calls settle().
 */
#ifndef VENDOR_H
#define VENDOR_H

#include <barlease.h>

#include "fake-device.h"
#include "wire/wire.h"

/* What the callbacks have said, the last time; @asked: who may have what, how often */
struct heard {
	unsigned int acquired;
	unsigned int ended;
	unsigned int refused;
	unsigned int resets;
	unsigned int ending;
	unsigned int paused;
	unsigned int asked;
	int64_t ends;
	int64_t pause;
	uint32_t id;
	void *context;
	enum barlease_reason reason;
	struct barlease_peer peer;
	char why[256];
	char slice[BARLEASE_NAME_MAX];
};

extern struct barlease_device device;
extern struct barlease_server *server;
extern struct heard heard;
/* Of this name nobody may have a slice */
extern const char *forbidden;
/* Nobody may have anything */
extern bool unwelcome;
/* Before vendor_start(): the owner resets the device, that is, the test does */
extern bool resets_itself;
extern char vendor_path[108];

/* For cmocka: a server without slices; nothing stays open after it */
int vendor_start(void **state);
int vendor_stop(void **state);
/* Ends it before vendor_stop() does */
void vendor_free(void);

/* Pages of the BAR as a slice; @group may be NULL */
void offer(const char *name, const char *group, unsigned int first_page,
	   unsigned int pages, unsigned int flags, unsigned int max_holders);

/* One page, exclusive, whose leases have a term and a word before its end */
void offer_for(const char *name, const char *group, unsigned int page,
	       uint64_t grace, uint64_t max_term);

/* Dispatch until there is nothing to do; returns how often that was */
unsigned int settle(void);
/* Until this peer hears something, which may be a while off */
void settle_until_heard(int peer);
int fds_open(void);

/* A peer is a socket. It never waits */
int peer_connect(void);
/* One that has said HELLO */
int peer_new(void);
/* The same, which knows as much as this: BL_WIRE_... */
int peer_new_with(uint32_t features);
void peer_say(int peer, const struct bl_wire_message *message);
/* With @nr of the fds */
void peer_say_with(int peer, const struct bl_wire_message *message,
		   const int *fds, unsigned int nr);
void peer_ask(int peer, uint16_t type, uint32_t serial);
void peer_acquire(int peer, const char *name, unsigned int flags);
void peer_release(int peer, uint32_t id);
/* Raw bytes, with as many fds of /dev/null; returns what sendmsg() does */
int peer_send(int peer, const void *bytes, size_t size, unsigned int nr_fds);

/* The next message; @fd is NULL where none is to come */
void peer_hears(int peer, uint16_t type, struct bl_wire_message *message,
		int *fd);
/* Sooner or later, the end of this lease */
void peer_hears_revoked(int peer, uint32_t id, enum barlease_reason reason);
/* An ERROR with this errno */
void peer_hears_error(int peer, int error);
bool peer_hears_nothing(int peer);
bool peer_is_hung_up(int peer);

/* Acquire, settle and hear a LEASE; returns the id */
uint32_t peer_gets(int peer, const char *name, unsigned int flags, int *fd);
/* The same, and an ERROR */
void peer_is_refused(int peer, const char *name, unsigned int flags, int error);

#endif
