/* SPDX-License-Identifier: MIT */
/*
 * Who is there: the owner, the primary, and the threads of two clients, and what
 * they share
 *
 * Copyright (C) 2026 The barlease authors
 *
 * All do steps of one program, a list of numbers. One at a time, in an order that
 * can be had again, or all at once: it is the driver's process that tells them
 * (round.c).
 */
#ifndef HOSTILE_WORLD_H
#define HOSTILE_WORLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lease.h"
#include "map.h"
#include "vfio.h"

#define CLIENTS		2
#define THREADS		2	/* of a client */

enum {
	OWNER,		/* exports, hands over, revokes: as the model says */
	PRIMARY,	/* has the device's fd, and calls what it likes */
	FIRST_THREAD,
	ACTORS = FIRST_THREAD + CLIENTS * THREADS,
};

#define ROOT_UID	1001	/* of the first client */

/* What the device is for: all of a BAR of 64 MiB */
#define BAR_PAGES	((uint32_t)(MIB(64) / PAGE))
#define HUGE_PAGES	((uint32_t)(HUGE / PAGE))
/* A thread's own address space, and what the threads of a client share */
#define ARENA_PAGES	(16 * HUGE_PAGES)
#define ARENA_BYTES	(ARENA_PAGES * PAGE)

#define MAX_OPS		131072u
#define GENERATIONS	8192u
#define RANGES		3
#define SPANS		16
#define HELD		8

struct op {
	uint8_t actor;
	uint8_t kind;
	uint32_t arg[4];
};

/* Leases are numbered as they are made; 0 is nobody's */
struct lease {
	/* The clock when a revoke had returned; before that, STILL_HELD */
	atomic_uint lost_at;
	atomic_uint phase;
	atomic_uint clients;	/* bits of those that ever had it */
	bool readonly;
	bool ones;		/* is what it reads when it is over */
	uint32_t pages;
	uint32_t nr_ranges;
	struct {
		uint32_t first;
		uint32_t n;
	} range[RANGES];
};

#define STILL_HELD	(~0u)

enum phase {
	NEVER,
	ALIVE,
	GOING,		/* the owner is about to revoke it */
	GONE,
};

/* Steps for one actor: shared->list[first ...] */
struct box {
	atomic_uint posted;
	atomic_uint done;
	uint32_t first;
	uint32_t n;
};

/* Of one actor alone, but for who reads */
struct tally {
	atomic_uint at;		/* the step it is at: its place in the program */
	atomic_uint steps;
	unsigned long calls;	/* system calls, and accesses to memory */
	unsigned long looks;	/* accesses that were judged */
	unsigned long refused;	/* of these, SIGBUS */
	unsigned long maps;
	unsigned long revokes;
	unsigned long resets;
	pid_t tid;
} __attribute__((aligned(64)));

#define MAX_SAID	256u
#define LINE		224

struct shared {
	struct tally tally[ACTORS];
	atomic_uint clock;	/* of revokes that have returned */
	atomic_uint dark;	/* odd while the device's memory may be off */
	atomic_bool stop;
	bool at_once;		/* all go at once */
	unsigned long killed;	/* clients, for want of memory */
	atomic_int escapes;
	uint32_t escaped_at;	/* the step, and its actor */
	uint32_t escaped_by;
	char story[LINE];
	struct box box[ACTORS];
	struct lease leases[GENERATIONS];
	atomic_uint ticket;	/* how many steps have begun */
	uint32_t order[MAX_OPS];	/* which, as they began */
	uint32_t list[MAX_OPS];
	struct op program[MAX_OPS];
	bool verbose;		/* say what is done */
	atomic_uint nr_said;
	char said[MAX_SAID][LINE];
};

extern struct shared *shared;

/* What an actor knows of one page of its arena */
enum kind_of_page {
	NOTHING,	/* or memory of its own */
	LEASED,
	UNKNOWN,	/* after a call that failed, who knows */
};

struct page {
	uint32_t page;	/* of the BAR */
	uint16_t gen;
	uint8_t prot;
	uint8_t kind;
};

struct span {
	uint32_t first;
	uint32_t n;
};

struct held {
	int fd;
	uint16_t gen;
};

struct kid {
	pid_t pid;
	int ask;
	int answer;
};

struct actor {
	int index;
	int client;		/* -1: neither */
	bool is_kid;
	int inbox;
	struct tally *tally;
	struct held held[HELD];
	mapping_t arena;
	struct page pages[ARENA_PAGES];
	struct span spans[SPANS];
	uint32_t nr_spans;
	uint32_t next_span;
	struct kid kid;
	int pipe[2];
	int ring;		/* io_uring, -1 before it is asked for */
	uint8_t *rings;
	uint8_t *sqes;
};

/* A copy in each process, of which only one's own is of any use */
extern struct actor actors[ACTORS];
extern int outbox[ACTORS];	/* an fd sent here comes out of the inbox */
extern mapping_t wild[CLIENTS];	/* for all threads of a client */
extern struct vfio small;	/* the device; only the owner's process has it open */
extern pid_t owner_pid;
extern pid_t client_pid[CLIENTS];
extern int disk;		/* O_DIRECT, with memory that has no other way in; or -1 */

/* Each system call is counted */
#define CALL(me, call)	((me)->tally->calls++, (call))

#endif
