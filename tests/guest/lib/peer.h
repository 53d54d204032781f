/* SPDX-License-Identifier: MIT */
/*
 * Another process that does what it is told
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A fork of the test. It has the mappings that the test had at that moment,
 * but none of its file descriptors, so that it keeps no device open. Addresses
 * and functions are the same in both.
 */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "map.h"
#include "pagetable.h"

struct peer {
	pid_t pid;
	int sock;
};

struct peer peer_start(void);
/* Of another user, without a capability; gives up where that fails */
struct peer peer_start_as(uid_t uid);
void peer_stop(struct peer *peer);
void peer_kill(struct peer *peer);

/* Runs in the peer; @fd is its own copy of what peer_call() was given, or -1 */
typedef long (*peer_fn)(int fd, const long *args);

#define ARGS(...)	((const long [4]) { __VA_ARGS__ })

/* Run it there and wait for what it returns */
long peer_call(const struct peer *peer, peer_fn fn, int fd, const long *args);
/* The same in two halves */
void peer_begin(const struct peer *peer, peer_fn fn, int fd, const long *args);
long peer_result(const struct peer *peer);
bool peer_is_done(const struct peer *peer, int timeout_ms);
/* @fn returns an fd of the peer; this returns a copy, or a negative errno */
int peer_get_fd(const struct peer *peer, peer_fn fn, int fd, const long *args);

/* Map and unmap again; returns 0 or a negative errno */
int peer_try_map(const struct peer *peer, int fd, uint64_t offset, size_t size,
		 int prot);
/* The peer closes the fd at once; gives up where mmap() fails */
mapping_t peer_map(const struct peer *peer, int fd, uint64_t offset,
		   size_t size, int prot);
void peer_unmap(const struct peer *peer, mapping_t at, size_t size);
bool peer_read32(const struct peer *peer, const volatile void *at,
		 uint32_t *value);
/* How many pages of the peer are mapped, see pagetable.h */
size_t peer_pages_present(const struct peer *peer, const volatile void *at,
			  size_t size);
size_t peer_pages_cached(const struct peer *peer, const volatile void *at,
			 size_t size, enum cache_mode mode);

/* Checks, see tap.h and access.h */
bool peer_reads(const struct peer *peer, const volatile void *at, uint32_t want,
		const char *name, ...) __attribute__((format(printf, 4, 5)));
bool peer_sigbus(const struct peer *peer, const volatile void *at,
		 const char *name, ...) __attribute__((format(printf, 3, 4)));

#endif
