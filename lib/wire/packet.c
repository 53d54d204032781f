// SPDX-License-Identifier: MIT
/*
 * Packets of a Unix socket, and the file descriptor that one may carry
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "packet.h"

union control {
	char space[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void attach(struct msghdr *msg, union control *control, int fd)
{
	struct cmsghdr *header;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control;
	msg->msg_controllen = sizeof(control->space);
	header = CMSG_FIRSTHDR(msg);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
}

int bl_packet_send(int sock, const void *bytes, size_t size, int fd)
{
	struct iovec iov = { (void *)bytes, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	ssize_t sent;

	if (fd >= 0)
		attach(&msg, &control, fd);
	do {
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EPIPE ? -ECONNRESET : -errno;
	return 0;
}

static int detach(struct msghdr *msg)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(msg);
	int fd;

	if (!header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static int receive(int sock, struct bl_packet *packet, bool take_fd, int flags)
{
	struct iovec iov = { packet->bytes, sizeof(packet->bytes) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	ssize_t size;

	packet->fd = -1;
	/* What finds no room here never becomes an fd of this process */
	if (take_fd) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_LEN(sizeof(int));
	}
	do {
		size = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | flags);
	} while (size < 0 && errno == EINTR && flags & MSG_DONTWAIT);
	if (size < 0)
		return -errno;

	packet->size = size;
	if (take_fd)
		packet->fd = detach(&msg);
	packet->fds_lost = msg.msg_flags & MSG_CTRUNC;
	if (size && !(msg.msg_flags & MSG_TRUNC))
		return 0;
	/* The end of a connection, or an empty packet, which is the end of it */
	return size ? -EPROTO : -ECONNRESET;
}

int bl_packet_receive(int sock, struct bl_packet *packet, bool take_fd)
{
	return receive(sock, packet, take_fd, MSG_DONTWAIT);
}

int bl_packet_await(int sock, struct bl_packet *packet)
{
	return receive(sock, packet, true, 0);
}

static int option(int fd, int name)
{
	socklen_t size = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) ? -errno : value;
}

int bl_packet_socket(int fd)
{
	int domain = option(fd, SO_DOMAIN), type = option(fd, SO_TYPE);

	if (domain < 0)
		return domain;
	return domain == AF_UNIX && type == SOCK_SEQPACKET ? 0 : -EINVAL;
}
