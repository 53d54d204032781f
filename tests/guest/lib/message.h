/* SPDX-License-Identifier: MIT */
/*
 * Bytes, and perhaps a file descriptor, over a socket
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

/* @fd is -1 where there is none; false when the other side is gone */
bool message_send(int sock, const void *data, size_t size, int fd);
bool message_receive(int sock, void *data, size_t size, int *fd);

#endif
