// SPDX-License-Identifier: MIT
/*
 * TAP: every check says in words what was found true
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

static unsigned int checks, failures;

/* Whole lines only: what stays in the buffer would be printed by forks too */
TAP_PRINTF(2, 0)
static void result(bool pass, const char *name, va_list args, const char *tail)
{
	char text[512];

	vsnprintf(text, sizeof(text), name, args);
	checks++;
	if (!pass)
		failures++;
	printf("%sok %u - %s%s\n", pass ? "" : "not ", checks, text, tail);
	fflush(stdout);
}

bool vok(bool pass, const char *name, va_list args)
{
	result(pass, name, args, "");
	return pass;
}

bool ok(bool pass, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	vok(pass, name, args);
	va_end(args);
	return pass;
}

bool is_int(long long got, long long want, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	result(got == want, name, args, "");
	va_end(args);
	if (got != want)
		diag("  got %lld, want %lld", got, want);
	return got == want;
}

bool is_hex(unsigned long long got, unsigned long long want, const char *name,
	    ...)
{
	va_list args;

	va_start(args, name);
	result(got == want, name, args, "");
	va_end(args);
	if (got != want)
		diag("  got %#llx, want %#llx", got, want);
	return got == want;
}

static const char *outcome(long long ret)
{
	if (ret >= 0)
		return "success";
	return strerrorname_np(-ret) ?: "an unknown error";
}

bool is_ok(long long ret, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	result(ret >= 0, name, args, "");
	va_end(args);
	if (ret < 0)
		diag("  got %s (%lld)", outcome(ret), ret);
	return ret >= 0;
}

bool is_error(long long ret, int error, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	result(ret == -error, name, args, "");
	va_end(args);
	if (ret != -error)
		diag("  got %s (%lld), want %s", outcome(ret), ret,
		     outcome(-error));
	return ret == -error;
}

void skip(const char *why, const char *name, ...)
{
	char tail[256];
	va_list args;

	snprintf(tail, sizeof(tail), " # SKIP %s", why);
	va_start(args, name);
	result(true, name, args, tail);
	va_end(args);
}

void skip_all(const char *why, const char *name)
{
	skip(why, "%s", name);
	exit(tap_done());
}

TAP_PRINTF(2, 0)
static void comment(const char *prefix, const char *text, va_list args)
{
	fputs(prefix, stdout);
	vprintf(text, args);
	putchar('\n');
	fflush(stdout);
}

void diag(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	comment("# ", text, args);
	va_end(args);
}

void bail(const char *why, ...)
{
	va_list args;

	va_start(args, why);
	comment("Bail out! ", why, args);
	va_end(args);
	_exit(1);
}

void skip_rest(const char *why)
{
	skip(why, "all the rest");
	_exit(tap_done());
}

int tap_done(void)
{
	printf("1..%u\n", checks);
	fflush(stdout);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
