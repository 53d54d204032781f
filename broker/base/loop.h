/* SPDX-License-Identifier: MIT */
/*
 * The event loop
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_LOOP_H
#define BROKER_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>

#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

/* Something to wait for, as a member of what it is about */
struct loop_source {
	int fd;
	void (*ready)(struct loop_source *source, unsigned int events);
};

struct loop {
	int epoll;
	bool stop;
};

/* All return 0 or a negative errno. @events: EPOLLIN and the like */
int loop_open(struct loop *loop);
int loop_add(struct loop *loop, struct loop_source *source,
	     unsigned int events);
int loop_change(struct loop *loop, struct loop_source *source,
		unsigned int events);
void loop_remove(struct loop *loop, struct loop_source *source);
/* Waits for one event and lets its source see to it */
int loop_once(struct loop *loop);
void loop_close(struct loop *loop);

#endif
