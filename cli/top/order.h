/* SPDX-License-Identifier: MIT */
/*
 * A revoke that nobody waits for
 *
 * Copyright (C) 2026 The barlease authors
 *
 * It is over for other devices, too, when the broker says so, and that may take
 * as long as they like. A process of its own waits for it.
 */
#ifndef CLI_TOP_ORDER_H
#define CLI_TOP_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct order - one revoke
 * @pid: of who waits for it; 0: there is none
 * @id: of the lease
 */
struct order {
	pid_t pid;
	int fd;
	uint64_t id;
};

/* By the administrator's socket at @path. Return: 0; errors of pipe(), fork() */
int order_start(struct order *order, const char *path, uint64_t id);
/*
 * Whether it is over by now, and then what was wrong; "" for nothing. Another one
 * can be started then.
 */
bool order_is_over(struct order *order, char *words, size_t size);

#endif
