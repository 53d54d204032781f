/* SPDX-License-Identifier: MIT */
/*
 * What other processes have open and mapped, as /proc shows it
 *
 * Copyright (C) 2026 The barlease authors
 *
 * @root is "" for this machine's file system; a test has another. Processes
 * that end meanwhile are passed over.
 */
#ifndef CLI_PROC_H
#define CLI_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid;
	char name[32];
};

/* One process and one DMABUF */
struct holding {
	struct process process;
	uint64_t inode;
	bool fd;
	bool map;
};

/**
 * proc_dmabufs() - who holds which DMABUFs
 * @root: of the file system
 * @holdings: receives them, by process and inode; for free()
 * @nr: receives how many
 * @hidden: receives how many processes may not be looked into, and may hold some
 *
 * Return: 0; -ENOMEM; errors of open()
 */
int proc_dmabufs(const char *root, struct holding **holdings, size_t *nr,
		 size_t *hidden);

/* Some process that has the file open. Return: 1; 0 nobody; errors of open() */
int proc_opener(const char *root, const char *file, struct process *process);

#endif
