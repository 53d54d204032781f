/* SPDX-License-Identifier: MIT */
/*
 * A client whose threads fault all the time
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef FAULTERS_H
#define FAULTERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FAULTERS	4	/* threads */

/**
 * struct faulted - what they map, touch and unmap
 * @fd: a lease, or a device
 * @offset: in it
 * @size: in bytes
 */
struct faulted {
	int fd;
	uint64_t offset;
	size_t size;
};

struct faulters_shared;

/**
 * struct faulters - a process, on a CPU that the benchmark leaves alone
 * @pid: its
 * @shared: its counts
 */
struct faulters {
	pid_t pid;
	struct faulters_shared *shared;
};

/* At work when this returns; the addresses forbid huge pages */
struct faulters faulters_start(const struct faulted *what);
void faulters_stop(struct faulters *faulters);

/* They keep what they have mapped, and hold nothing in the kernel. */
void faulters_pause(const struct faulters *faulters);
void faulters_resume(const struct faulters *faulters);

/* Page faults until now */
long faulters_faults(const struct faulters *faulters);

#endif
