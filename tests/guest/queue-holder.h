/* SPDX-License-Identifier: MIT */
/*
 * A process that has a lease of edu, with its interrupt and memory
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Functions for client_call(). A process has one of each.
 */
#ifndef QUEUE_HOLDER_H
#define QUEUE_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <barlease.h>

#include "peer.h"

/* Pieces of a page each, which the device is let reach one by one */
#define HOLDER_PIECES	2

extern struct barlease_client *holder_client;
extern struct barlease_lease holder_lease;
/* Where it is mapped */
extern void *holder_registers;

/* A process of this user that has the lease, sooner or later; gives up without */
struct peer holder_of(uid_t uid, const char *slice);
/* In a holder: does a write to a register arrive? */
bool holder_put(unsigned int at, uint32_t value);

/* Connect. They return 0 or a negative errno, where nothing else is said */
long holder_connect(int fd, const long *args);
/* args: pointer to a name. Get the lease and map it; returns its id */
long holder_acquire(int fd, const long *args);
/* args: how many pieces. Memory, and an interrupt with it */
long holder_add_memory(int fd, const long *args);
long holder_add_interrupt(int fd, const long *args);
/* args: which piece: the address that the device has it at */
long holder_address(int fd, const long *args);
/* All of its memory is of this byte from now on, or is it? args: byte */
long holder_fill(int fd, const long *args);
long holder_is_filled(int fd, const long *args);

/* args: address. The device writes half a page of its own memory there */
long holder_dma(int fd, const long *args);
/* Have the device interrupt */
long holder_raise(int fd, const long *args);
/* How many times it did so since it was asked last */
long holder_interrupts(int fd, const long *args);
/* Does it reach the registers? */
long holder_reads(int fd, const long *args);
long holder_release(int fd, const long *args);
long holder_disconnect(int fd, const long *args);

#endif
