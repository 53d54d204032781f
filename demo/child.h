/* SPDX-License-Identifier: MIT */
/*
 * The demo's other processes, as the narrator sees them
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef DEMO_CHILD_H
#define DEMO_CHILD_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* Where the standard error of all of them goes */
#define CHILD_LOG "/tmp/demo.log"

struct child {
	pid_t pid;
	FILE *commands;
	FILE *answers;
};

/* Runs a program, with these arguments, as this uid and gid */
struct child child_start(const char *const *argv, uid_t uid);

/* The next line that it prints, without its newline; NULL after the last one */
const char *child_text(const struct child *child);

/* Send a command, without waiting for what comes of it */
void child_tell(const struct child *child, const char *command);
/* The next line of an answer, without its newline; NULL after the last one */
const char *child_line(const struct child *child);
/* Send a command, and put the first line of its answer into @line */
void child_ask(const struct child *child, const char *command, char *line,
	       size_t size);
/* Send a command whose answer is empty */
void child_do(const struct child *child, const char *command);

/* Wait until it ends by itself; its status, as waitpid() has it */
int child_end(struct child *child);
void child_kill(struct child *child);

#endif
