// SPDX-License-Identifier: MIT
/*
 * Hearing of devices that come
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The kernel says so to everybody, in every network namespace of the host. What
 * it says is only a hint to go and look, so nobody needs to be believed.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uevent.h"

/* Of the kernel; group 2 is udev's */
#define KERNEL_GROUP	1

int uevent_open(void)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = KERNEL_GROUP,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);
	int ret;

	if (fd < 0)
		return -errno;
	if (bind(fd, (const void *)&address, sizeof(address))) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

/* NUL-terminated words, of which one is SUBSYSTEM=... */
static bool is_about_us(const char *text, const char *end)
{
	for (; text < end; text += strlen(text) + 1)
		if (!strcmp(text, "SUBSYSTEM=pci") ||
		    !strcmp(text, "SUBSYSTEM=vfio") ||
		    !strcmp(text, "SUBSYSTEM=vfio-dev"))
			return true;
	return false;
}

bool uevent_read(int fd)
{
	bool ours = false;
	char text[4096];
	ssize_t n;

	/* Where some were lost, they may have been ours. */
	while ((n = recv(fd, text, sizeof(text) - 1, 0)) > 0 ||
	       (n < 0 && errno == ENOBUFS)) {
		if (n > 0)
			text[n] = '\0';
		if (n < 0 || is_about_us(text, text + n))
			ours = true;
	}
	return ours;
}
