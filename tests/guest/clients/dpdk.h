/* SPDX-License-Identifier: MIT */
/*
 * Programs of the Debian in /dpdk, and a conversation with its testpmd
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef DPDK_H
#define DPDK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DPDK_ROOT "/dpdk"

/*
 * Run a program in there to its end; what it prints goes to @text, cut at
 * @size, and to the results as comments. Returns its exit status.
 */
int dpdk_run(char *text, size_t size, const char *const argv[]);

struct testpmd {
	pid_t pid;
	int tty;
	char text[1 << 16];	/* what it has answered last */
};

/* Packets that went through a port, by testpmd's count */
struct packets {
	uint64_t rx;
	uint64_t tx;
};

/* On two ports; gives up where it does not come up */
void testpmd_start(struct testpmd *t, const char *port0, const char *port1);
/* One command; its answer, up to a line with this word, is in t->text */
void testpmd_do(struct testpmd *t, const char *command, const char *word);
struct packets testpmd_packets(struct testpmd *t, unsigned int port);
/* What it forwarded in all; t->text is its answer to "stop" */
struct packets testpmd_forwarded(const struct testpmd *t, unsigned int port);
/* Returns its exit status */
int testpmd_quit(struct testpmd *t);

#endif
