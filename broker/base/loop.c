// SPDX-License-Identifier: MIT
/*
 * The event loop
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "loop.h"

int loop_open(struct loop *loop)
{
	loop->stop = false;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -errno : 0;
}

static int control(struct loop *loop, int operation, struct loop_source *source,
		   unsigned int events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(loop->epoll, operation, source->fd, &event) ? -errno :
								       0;
}

int loop_add(struct loop *loop, struct loop_source *source,
	     unsigned int events)
{
	return control(loop, EPOLL_CTL_ADD, source, events);
}

int loop_change(struct loop *loop, struct loop_source *source,
		unsigned int events)
{
	return control(loop, EPOLL_CTL_MOD, source, events);
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
	control(loop, EPOLL_CTL_DEL, source, 0);
}

/*
 * One event at a time: what is done about it may be the end of the source that
 * the next one would have been of.
 */
int loop_once(struct loop *loop)
{
	struct epoll_event event;
	struct loop_source *source;
	int n;

	n = epoll_wait(loop->epoll, &event, 1, -1);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n) {
		source = event.data.ptr;
		source->ready(source, event.events);
	}
	return 0;
}

void loop_close(struct loop *loop)
{
	close(loop->epoll);
}

static void on_timer(struct loop_source *source, unsigned int events)
{
	struct loop_timer *timer;
	uint64_t times;

	(void)events;
	timer = container_of(source, struct loop_timer, source);
	if (read(source->fd, &times, sizeof(times)) == sizeof(times)) {
		timer->set = false;
		timer->fire(timer);
	}
}

int loop_add_timer(struct loop *loop, struct loop_timer *timer)
{
	int ret;

	timer->source.ready = on_timer;
	timer->source.fd = timerfd_create(CLOCK_MONOTONIC,
					  TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer->source.fd < 0)
		return -errno;
	ret = loop_add(loop, &timer->source, EPOLLIN);
	if (ret)
		close(timer->source.fd);
	return ret;
}

void loop_set_timer(struct loop_timer *timer, unsigned int ms)
{
	struct itimerspec when = {
		.it_value = { ms / 1000, ms % 1000 * 1000000l },
	};

	timer->set = !timerfd_settime(timer->source.fd, 0, &when, NULL);
}

void loop_remove_timer(struct loop *loop, struct loop_timer *timer)
{
	loop_remove(loop, &timer->source);
	close(timer->source.fd);
}
