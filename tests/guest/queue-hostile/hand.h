/* SPDX-License-Identifier: MIT */
/*
 * What a client's process does
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Functions for peer_call(). They return 0 or a negative errno, where nothing else is
 * said.
 */
#ifndef QUEUE_HOSTILE_HAND_H
#define QUEUE_HOSTILE_HAND_H

#include "peer.h"

long hand_connect(int fd, const long *args);
/* args: whether it unmaps what it has mapped, too */
long hand_hang_up(int fd, const long *args);

/* args: slice. Returns the lease's id */
long hand_acquire(int fd, const long *args);
/* The first argument of these is a lease */
long hand_release(int fd, const long *args);
/* args: offset, length, flags; returns the address */
long hand_map(int fd, const long *args);
/* args: address */
long hand_unmap(int fd, const long *args);
/* Without an fd: nobody is told any more */
long hand_arm(int fd, const long *args);

/* And of these, a slice. Does it reach the registers? */
long hand_reads(int fd, const long *args);
long hand_raise(int fd, const long *args);
/* args: address, whether to write there. The device is to copy a cell, and interrupt */
long hand_start_dma(int fd, const long *args);
/* Until it has done so */
long hand_end_dma(int fd, const long *args);

#endif
