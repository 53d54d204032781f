/* SPDX-License-Identifier: MIT */
/*
 * Packets of a Unix socket, and the file descriptor that one may carry
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_PACKET_H
#define LIB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/**
 * struct bl_packet - what has come
 * @fd: -1, or the receiver's to close, with an error, too
 * @fds_lost: there was something that did not get in: more than one fd, any fd
 *   where none is taken, or one that this process had no room for
 */
struct bl_packet {
	uint8_t bytes[BL_WIRE_MAX];
	size_t size;
	int fd;
	bool fds_lost;
};

/*
 * Neither waits, but for bl_packet_await(), as long as the socket has it
 * (SO_RCVTIMEO). @fd may be -1; it stays the caller's.
 *
 * Return: 0; -EAGAIN; -EINTR, if it waits; -ECONNRESET nobody there any more; -EPROTO a packet that
 * is too long; others of sendmsg() and recvmsg()
 */
int bl_packet_send(int sock, const void *bytes, size_t size, int fd);
int bl_packet_receive(int sock, struct bl_packet *packet, bool take_fd);
int bl_packet_await(int sock, struct bl_packet *packet);

/* Is it a connected or listening socket of the kind that packets need? */
int bl_packet_socket(int fd);

#endif
