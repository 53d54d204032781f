// SPDX-License-Identifier: MIT
/*
 * The driver's pure code on 32 bits: the checks are those of the unit tests'
 * program narrow, which many a host's kernel does not run
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

#define NARROW	"/bin/narrow"

int main(void)
{
	execl(NARROW, NARROW, NULL);
	switch (errno) {
	case ENOENT:
		skip("the compiler makes no programs of 32 bits", NARROW);
		break;
	case ENOEXEC:
		skip("this kernel runs no programs of 32 bits", NARROW);
		break;
	default:
		bail(NARROW ": %s", strerror(errno));
	}
	return tap_done();
}
