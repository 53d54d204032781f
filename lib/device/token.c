// SPDX-License-Identifier: MIT
/*
 * What opens a VF whose PF has a VFIO driver, too
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "token.h"

static unsigned int digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

int bl_token_parse(const char *text, struct bl_token *token)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	unsigned int nr = 0;
	size_t i;

	if (strlen(text) != sizeof(form) - 1)
		return -EINVAL;
	memset(token, 0, sizeof(*token));
	for (i = 0; i < sizeof(form) - 1; i++) {
		token->text[i] = text[i];
		if (form[i] == '-' && text[i] == '-')
			continue;
		if (form[i] == '-' || !isxdigit((unsigned char)text[i]))
			return -EINVAL;
		token->bytes[nr / 2] = token->bytes[nr / 2] << 4 |
				       digit(text[i]);
		nr++;
	}
	return 0;
}

int bl_token_error(int error, const struct bl_token *token)
{
	if (error != -EACCES)
		return error;
	return token ? -EKEYREJECTED : -ENOKEY;
}
