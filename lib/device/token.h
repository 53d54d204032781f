/* SPDX-License-Identifier: MIT */
/*
 * What opens a VF whose PF has a VFIO driver, too
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_TOKEN_H
#define LIB_TOKEN_H

#include <stdint.h>

/* A UUID, as a group and as a node takes it */
struct bl_token {
	char text[sizeof("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")];
	uint8_t bytes[16];
};

/* Return: 0; -EINVAL no UUID */
int bl_token_parse(const char *text, struct bl_token *token);

/*
 * What the kernel's EACCES means once the file is open; @token is what was tried,
 * or NULL. Other errors are returned as they are.
 */
int bl_token_error(int error, const struct bl_token *token);

#endif
