// SPDX-License-Identifier: MIT
/*
 * A listening socket in the file system
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/address.h"
#include "public.h"

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		      0);
}

/* A socket that nobody listens at any more: what a server that died leaves */
static bool is_stale(const struct sockaddr_un *address)
{
	struct stat stat;
	bool refused;
	int sock;

	if (lstat(address->sun_path, &stat) || !S_ISSOCK(stat.st_mode))
		return false;
	sock = new_socket();
	if (sock < 0)
		return false;
	refused = connect(sock, (const struct sockaddr *)address,
			  sizeof(*address)) && errno == ECONNREFUSED;
	close(sock);
	return refused;
}

static int bind_at(int sock, const struct sockaddr_un *address)
{
	const struct sockaddr *at = (const struct sockaddr *)address;

	if (!bind(sock, at, sizeof(*address)))
		return 0;
	if (errno != EADDRINUSE || !is_stale(address))
		return -errno;
	if (unlink(address->sun_path) && errno != ENOENT)
		return -errno;
	return bind(sock, at, sizeof(*address)) ? -errno : 0;
}

/*
 * The mode without the umask. Of the socket itself: whoever may write to the
 * directory could have put a link in its place.
 */
static int set_mode(const char *path, mode_t mode)
{
	char itself[32];
	struct stat stat;
	int fd, ret = 0;

	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(itself, sizeof(itself), "/proc/self/fd/%d", fd);
	if (fstat(fd, &stat) || !S_ISSOCK(stat.st_mode))
		ret = -EINVAL;
	else if (chmod(itself, mode))
		ret = -errno;
	close(fd);
	return ret;
}

int barlease_listen(const char *path, mode_t mode)
{
	struct sockaddr_un address;
	int ret = bl_address(path, &address), sock;

	if (ret)
		return ret;
	sock = new_socket();
	if (sock < 0)
		return -errno;
	/* The new file gets these, less the umask; never more, at no time */
	ret = fchmod(sock, mode) ? -errno : bind_at(sock, &address);
	if (!ret)
		ret = set_mode(path, mode);
	if (!ret && listen(sock, SOMAXCONN))
		ret = -errno;
	if (ret) {
		close(sock);
		return ret;
	}
	return sock;
}
