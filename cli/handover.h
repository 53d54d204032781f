/* SPDX-License-Identifier: MIT */
/*
 * The descriptors that a command gets: of a lease, and of its interrupts
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_HANDOVER_H
#define CLI_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "lease.h"

/**
 * struct handover - descriptors for a command
 * @fd: the lease's; behind it an eventfd for each of @vectors, and where these are an
 *   INTx the one that unmasks it
 * @nr: how many in all
 */
struct handover {
	int *fd;
	unsigned int nr;
	unsigned int vectors;
};

/*
 * Takes the lease's descriptor, and with @irqs has each of the lease's interrupts
 * signal one. For handover_free() in any case. Return: an exit status
 */
int handover_new(const struct verb *verb, struct barlease_client *client,
		 const struct barlease_lease *lease, bool irqs,
		 struct handover *handover);
void handover_free(struct handover *handover);

/*
 * In the command's process: to numbers from @first on; into the environment, where
 * nothing of another lease is left; not closed by exec(). Return: 0 or -errno
 */
int handover_renumber(struct handover *handover, int first);
void handover_export(const struct handover *handover,
		     const struct barlease_lease *lease);
int handover_keep(const struct handover *handover);

/* One more variable of the command's, or the end of this process */
void export_text(const char *name, const char *value);
void export_number(const char *name, uint64_t number);

#endif
