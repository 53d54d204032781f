// SPDX-License-Identifier: MIT
/*
 * The journal's own socket, by which a line comes with fields
 *
 * Copyright (C) 2026 The barlease authors
 *
 * What is spoken there is in systemd's "Native Journal Protocol".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "journal.h"

static const struct sockaddr_un address = {
	.sun_family = AF_UNIX,
	.sun_path = "/run/systemd/journal/socket",
};

int journal_open(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat stat;
	int fd;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return -ENOENT;
	/* It may be from before somebody has led standard error elsewhere */
	if (fstat(STDERR_FILENO, &stat))
		return -errno;
	if (stat.st_dev != device || stat.st_ino != inode)
		return -ENOENT;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

int journal_send(int journal, int level, const char *line, const char *fields)
{
	char datagram[2048];
	int size = snprintf(datagram, sizeof(datagram),
			    "%sPRIORITY=%d\nSYSLOG_IDENTIFIER=barleased\nMESSAGE=%s\n",
			    fields, level, line);

	if (size < 0 || (size_t)size >= sizeof(datagram))
		return -EMSGSIZE;
	/* By its name each time: the journal may have begun anew */
	if (sendto(journal, datagram, size, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}
