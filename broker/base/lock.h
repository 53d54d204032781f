/* SPDX-License-Identifier: MIT */
/*
 * One broker for one device
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_LOCK_H
#define BROKER_LOCK_H

#include <sys/types.h>

/**
 * lock_device() - claim a device among brokers
 * @directory: where the locks are; made if need be
 * @bdf: of the device
 * @holder: receives who has it, where that is -EBUSY; 0 where that is unknown
 *
 * Return: an fd that holds the lock, for close(); -EBUSY; -errno.
 */
int lock_device(const char *directory, const char *bdf, pid_t *holder);

/* One that an earlier process had taken: it says whose it is now */
void lock_adopt(int fd);

#endif
