// SPDX-License-Identifier: MIT
/*
 * The service manager's store of descriptors
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/notify.h"
#include "store.h"

/* What barleased.service says, for managers that do not tell */
#define USUAL_ROOM	8192

#define SETTLE_MS	5000

int store_open(struct store *store)
{
	store->socket = notify_connect();
	return store->socket < 0 ? store->socket : 0;
}

static int say(struct store *store, const char *text, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(fd))];
	} control = { .header.cmsg_len = 0 };
	struct iovec part = { (void *)text, strlen(text) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (store->socket < 0)
		return -ENOTCONN;
	if (fd >= 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.space);
	}
	while (sendmsg(store->socket, &message, MSG_NOSIGNAL) < 0) {
		int ret = -errno;

		if (ret == -EINTR)
			continue;
		close(store->socket);
		store->socket = -1;
		return ret;
	}
	return 0;
}

/* Not watched: a connection whose client has gone is for the next process to see */
int store_put(struct store *store, const char *name, int fd)
{
	char state[320];

	snprintf(state, sizeof(state), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s\n", name);
	return say(store, state, fd);
}

void store_drop(struct store *store, const char *name)
{
	char state[320];

	snprintf(state, sizeof(state), "FDSTOREREMOVE=1\nFDNAME=%s\n", name);
	say(store, state, -1);
}

/* It closes what comes with this, when all that was sent before is done */
void store_settle(struct store *store)
{
	struct pollfd poll_fd = { .events = 0 };
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC))
		return;
	poll_fd.fd = pipes[0];
	if (!say(store, "BARRIER=1", pipes[1])) {
		close(pipes[1]);
		poll(&poll_fd, 1, SETTLE_MS);
	} else {
		close(pipes[1]);
	}
	close(pipes[0]);
}

unsigned int store_room(void)
{
	const char *room = getenv("FDSTORE");

	return room ? strtoul(room, NULL, 10) : USUAL_ROOM;
}
