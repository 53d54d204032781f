/* SPDX-License-Identifier: MIT */
/*
 * The address of a Unix socket
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_ADDRESS_H
#define LIB_ADDRESS_H

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Return: 0; -ENOENT an empty path; -ENAMETOOLONG */
static inline int bl_address(const char *path, struct sockaddr_un *address)
{
	size_t length = strlen(path);

	if (!length)
		return -ENOENT;
	if (length >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, length);
	return 0;
}

#endif
