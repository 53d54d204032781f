// SPDX-License-Identifier: MIT
/*
 * Telling the service manager how it goes: a datagram
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "notify.h"

int notify_connect(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	int fd, ret;

	if (!length || length >= sizeof(to.sun_path))
		return -EDESTADDRREQ;
	memcpy(to.sun_path, path, length);
	/* An abstract name */
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (void *)&to,
		     offsetof(struct sockaddr_un, sun_path) + length))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

void notify(const char *state)
{
	int fd = notify_connect(), ret = fd < 0 ? fd : 0;

	if (ret == -EDESTADDRREQ)
		return;
	if (!ret && send(fd, state, strlen(state), MSG_NOSIGNAL) < 0)
		ret = -errno;
	if (ret)
		log_line(LOG_WARNING, "cannot notify %s: %s",
			 getenv("NOTIFY_SOCKET"), strerror(-ret));
	if (fd >= 0)
		close(fd);
}

void notify_reloading(void)
{
	struct timespec now;
	char state[80];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 now.tv_sec * 1000000ll + now.tv_nsec / 1000);
	notify(state);
}
