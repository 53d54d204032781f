/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that somebody has handed over: the service manager, which has sockets
 * and may have kept what an earlier process gave it; or the program that this process
 * was before
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_INHERIT_H
#define BROKER_INHERIT_H

#include <stdbool.h>
#include <stddef.h>

/* The variable that names the list of what a program hands over to the next one */
#define INHERIT_VARIABLE	"BARLEASE_HANDOVER"

/* @fd: -1 once it is taken. @stored: the service manager has it, too */
struct inherited {
	char *name;
	int fd;
	bool stored;
};

/* @list: by name */
struct inheritance {
	struct inherited *list;
	size_t nr;
};

/* What fails is logged. Return: 0; -errno */
int inherit_all(struct inheritance *all);

/* Whose fd it is from now on; -1 where there is none. inherit_peek(): it is not */
int inherit_take(struct inheritance *all, const char *name);
int inherit_peek(const struct inheritance *all, const char *name);
/* Has the service manager one of this name? Then it is not asked about again. */
bool inherit_confirm(const struct inheritance *all, const char *name);

/* Closes what nobody has taken; connections are hung up on */
void inherit_close(struct inheritance *all);

/*
 * A list for the next program, of what is in @list: a memory file that says so. Return:
 * its fd; -errno
 */
int inherit_write(const struct inherited *list, size_t nr);

#endif
