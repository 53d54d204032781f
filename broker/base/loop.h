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

/* Something to do later, once; @set: it will be done */
struct loop_timer {
	struct loop_source source;
	void (*fire)(struct loop_timer *timer);
	bool set;
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
int loop_add_timer(struct loop *loop, struct loop_timer *timer);
/* From now; not 0. Takes the place of what it was set to before */
void loop_set_timer(struct loop_timer *timer, unsigned int ms);
void loop_remove_timer(struct loop *loop, struct loop_timer *timer);
/* Waits for one event and lets its source see to it */
int loop_once(struct loop *loop);
void loop_close(struct loop *loop);

#endif
