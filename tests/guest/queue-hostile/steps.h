/* SPDX-License-Identifier: MIT */
/*
 * What is done
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef QUEUE_HOSTILE_STEPS_H
#define QUEUE_HOSTILE_STEPS_H

#include "world.h"

/* Numbers that chance has chosen. They choose among what there is by then */
struct step {
	int client;
	int slice;
	uint32_t a;
	uint32_t b;
};

/*
 * What a client asks the broker for. @fn, @fd, @args: for its process. @error: how it
 * has to end; 0: as no error. With the memory, the number of the piece, or the eventfd
 */
struct request {
	int client;
	int slice;
	peer_fn fn;
	int fd;
	long args[4];
	long error;
	struct piece piece;
	uint32_t number;
	struct eventfd *eventfd;
};

/* False where there is nothing to ask for */
typedef bool (*make_fn)(const struct step *step, struct request *request);

bool make_acquire(const struct step *step, struct request *request);
bool make_release(const struct step *step, struct request *request);
bool make_map(const struct step *step, struct request *request);
bool make_unmap(const struct step *step, struct request *request);
bool make_unmap_bad(const struct step *step, struct request *request);
bool make_arm(const struct step *step, struct request *request);

void request_begin(const struct request *request);
/* Is the answer as it has to be? */
void request_end(const struct request *request, long ret);
/* Ask, and wait for the answer */
void ask_for(make_fn make, const struct step *step);
/* Who has the slice; or else this client gets it, or NOBODY */
int holder_of(const struct step *step, int slice);

typedef void (*step_fn)(const struct step *step);

/* Somebody who has registers */
void step_raise(const struct step *step);
void step_write(const struct step *step);
void step_read(const struct step *step);
/* Have whoever can see that DMA is done; false where nobody can */
bool end_dma(int device);

/* An administrator */
void step_revoke(const struct step *step);
void step_reload(const struct step *step);
void step_reset(const struct step *step);
void step_broker(const struct step *step);
/* Something of that, or its death, while a client waits for an answer */
void step_middle(const struct step *step);

/* A connection is closed, or a process killed */
void step_leave(const struct step *step);
/* All leave, and leave nothing */
void all_leave(void);

#endif
