/* SPDX-License-Identifier: MIT */
/*
 * An administrator who is connected
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_ADMIN_CONNECTION_H
#define BROKER_ADMIN_CONNECTION_H

#include <sys/queue.h>

#include "admin.h"

#define LONGEST_LINE	4096

struct door;

/**
 * struct connection - somebody who asks
 * @door: where it came in
 * @call: a request that has not been answered yet; or NULL
 * @in: of a request that has not ended yet
 * @out: of which the bytes from @out_start to before @out_end are to be sent
 * @taking: its requests are being answered
 * @ending: nothing more is read; gone when all is answered and sent
 * @dead: to be freed by admin_reap()
 */
struct connection {
	LIST_ENTRY(connection) link;
	struct door *door;
	struct loop_source source;
	struct loop *loop;
	admin_request_fn request;
	void *data;
	struct admin_call *call;
	char in[LONGEST_LINE];
	size_t in_size;
	char *out;
	size_t out_start;
	size_t out_end;
	size_t out_room;
	bool taking;
	bool watching;
	bool ending;
	bool dead;
};

/* Takes @fd, but where it returns NULL: no memory */
struct connection *connection_new(struct loop *loop, int fd,
				  admin_request_fn request, void *data);
void connection_free(struct connection *connection);

size_t connection_waiting(const struct connection *connection);
void connection_put(struct connection *connection, const char *text,
		    size_t size);

#endif
