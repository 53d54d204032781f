/* SPDX-License-Identifier: MIT */
/*
 * Tokens of VFs, from files
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_TOKEN_H
#define BROKER_TOKEN_H

#include <stddef.h>

/* A UUID, and room to see that there is more */
#define TOKEN_ROOM	64

/*
 * What is in the file, which others must not be able to read. Return: 0; a
 * negative errno, and @why says it in words
 */
int token_read(const char *path, char token[TOKEN_ROOM], char *why,
	       size_t size);

#endif
