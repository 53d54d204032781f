// SPDX-License-Identifier: MIT
/*
 * A thread for what takes long
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "worker.h"

STAILQ_HEAD(queue, work);

/* @source: readable when something is done */
struct worker {
	struct loop_source source;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct queue todo;
	struct queue done;
};

static struct work *take(struct worker *worker)
{
	struct work *work;

	pthread_mutex_lock(&worker->lock);
	while (STAILQ_EMPTY(&worker->todo))
		pthread_cond_wait(&worker->more, &worker->lock);
	work = STAILQ_FIRST(&worker->todo);
	STAILQ_REMOVE_HEAD(&worker->todo, link);
	pthread_mutex_unlock(&worker->lock);
	return work;
}

static void *run(void *data)
{
	struct worker *worker = data;
	struct work *work;

	for (;;) {
		work = take(worker);
		work->run(work);
		pthread_mutex_lock(&worker->lock);
		STAILQ_INSERT_TAIL(&worker->done, work, link);
		pthread_mutex_unlock(&worker->lock);
		/* It is not full: that takes 2^64 of them. */
		eventfd_write(worker->source.fd, 1);
	}
	return NULL;
}

static void on_done(struct loop_source *source, unsigned int events)
{
	struct worker *worker = container_of(source, struct worker, source);
	struct queue done = STAILQ_HEAD_INITIALIZER(done);
	struct work *work;
	eventfd_t times;

	(void)events;
	eventfd_read(source->fd, &times);
	pthread_mutex_lock(&worker->lock);
	STAILQ_CONCAT(&done, &worker->done);
	pthread_mutex_unlock(&worker->lock);
	while ((work = STAILQ_FIRST(&done))) {
		STAILQ_REMOVE_HEAD(&done, link);
		work->done(work);
	}
}

static int start(struct worker *worker)
{
	pthread_t thread;
	int ret = pthread_create(&thread, NULL, run, worker);

	return ret ? -ret : -pthread_detach(thread);
}

int worker_new(struct loop *loop, struct worker **result)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int ret;

	if (!worker)
		return -ENOMEM;
	worker->source.ready = on_done;
	worker->source.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->more, NULL);
	STAILQ_INIT(&worker->todo);
	STAILQ_INIT(&worker->done);
	ret = worker->source.fd < 0 ? -errno :
				      loop_add(loop, &worker->source, EPOLLIN);
	if (!ret)
		ret = start(worker);
	if (ret) {
		if (worker->source.fd >= 0)
			close(worker->source.fd);
		free(worker);
		return ret;
	}
	*result = worker;
	return 0;
}

void worker_do(struct worker *worker, struct work *work)
{
	pthread_mutex_lock(&worker->lock);
	STAILQ_INSERT_TAIL(&worker->todo, work, link);
	pthread_cond_signal(&worker->more);
	pthread_mutex_unlock(&worker->lock);
}
