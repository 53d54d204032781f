/* SPDX-License-Identifier: MIT */
/*
 * Every way in which a revoke is refused
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef REVOKE_ERRORS_H
#define REVOKE_ERRORS_H

#include <stddef.h>

#include "lease.h"

/* What differs between the two forms of the call */
struct revoke_form {
	enum revoke_by by;
	/*
	 * The call on @dmabuf, telling the kernel that the argument has @argsz
	 * bytes; returns 0 or a negative errno
	 */
	int (*sized)(int device, int dmabuf, size_t argsz);
	size_t argsz;		/* what is right */
	/* The call with an argument of which only the first bytes are mapped */
	int (*unmapped)(int device, size_t mapped);
	size_t header;		/* bytes before the fd */
};

void revoke_errors(const struct revoke_form *form);

#endif
