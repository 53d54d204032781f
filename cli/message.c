// SPDX-License-Identifier: MIT
/*
 * Messages of verbs: "barlease: VERB: what was wrong"
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "text.h"

__attribute__((format(printf, 2, 0)))
static void say(const struct verb *verb, const char *text, va_list args)
{
	/* What was said before on stdout comes before it. */
	fflush(stdout);
	fprintf(stderr, "barlease: %s: ", verb->name);
	text_vprint(stderr, text, args);
	putc('\n', stderr);
}

int failed(const struct verb *verb, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	say(verb, text, args);
	va_end(args);
	return EXIT_FAILURE;
}

static int status_of(int error)
{
	switch (error) {
	case -ECONNREFUSED:
	case -ENODEV:
	case -ENOENT:
	case -ENXIO:
		return EXIT_ABSENT;
	case -EACCES:
	case -EPERM:
		return EXIT_DENIED;
	case -EBUSY:
	case -EDQUOT:
		return EXIT_BUSY;
	case -EBADFD:
	case -ESTALE:
		return EXIT_REVOKED;
	default:
		return EXIT_FAILURE;
	}
}

int failed_by(const struct verb *verb, int error, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	say(verb, text, args);
	va_end(args);
	return status_of(error);
}

int misused(const struct verb *verb, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	say(verb, text, args);
	va_end(args);
	fprintf(stderr, "usage: barlease %s%s%s\n"
		"'barlease %s --help' says more.\n", verb->name,
		*verb->operands ? " " : "", verb->operands, verb->name);
	return EXIT_USAGE;
}

void note(const struct verb *verb, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	say(verb, text, args);
	va_end(args);
}
