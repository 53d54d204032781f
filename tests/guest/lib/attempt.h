/* SPDX-License-Identifier: MIT */
/*
 * What a client tries with its lease, as another user and without a capability
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include <stddef.h>

#include "map.h"
#include "peer.h"

#define CLIENT_UID	1001

/* Any result will do, as long as it does no harm */
#define ANY_RESULT	(-1)
/* Any error */
#define REFUSED		(-2)

struct attempt {
	const char *what;
	peer_fn fn;		/* returns 0 or more, or a negative errno */
	int error;		/* what is wanted: 0, an errno, or one of these */
};

/* Each call gets a copy of @fd, which it need not close */
void attempt_all(const struct peer *client, int fd,
		 const struct attempt *attempts, size_t n);

/*
 * In a fork of the client, which may die of it: the signal that ended it, or
 * what @fn has returned; -ETIMEDOUT, and it is killed, when that takes too long
 */
long attempt_in_fork(peer_fn fn, int fd, const long *args);

/* What a call that has returned -1 has to say */
long result_of(long ret);

#endif
