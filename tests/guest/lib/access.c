// SPDX-License-Identifier: MIT
/*
 * Access to mapped memory that survives a SIGBUS
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "access.h"
#include "tap.h"

static __thread sigjmp_buf back;
/* Which signals the access may end in */
static __thread volatile enum {
	NONE,
	SIGBUS_ONLY,
	SIGSEGV_TOO,
} guarded;
static __thread volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	static const char text[] = "SIGBUS or SIGSEGV outside of a guarded access\n";

	caught = sig;
	if (guarded == SIGSEGV_TOO || (guarded && sig == SIGBUS))
		siglongjmp(back, 1);

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1);
	signal(sig, SIG_DFL);
	raise(sig);
}

__attribute__((constructor)) static void catch_signals(void)
{
	/* The jump out of the handler does not restore the signal mask */
	struct sigaction action = {
		.sa_handler = on_signal,
		.sa_flags = SA_NODEFER,
	};

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

bool read32(const volatile void *at, uint32_t *value)
{
	bool done = false;

	guarded = SIGBUS_ONLY;
	if (!sigsetjmp(back, 0)) {
		*value = *(const volatile uint32_t *)at;
		done = true;
	}
	guarded = NONE;
	return done;
}

bool write32(volatile void *at, uint32_t value)
{
	bool done = false;

	guarded = SIGBUS_ONLY;
	if (!sigsetjmp(back, 0)) {
		*(volatile uint32_t *)at = value;
		done = true;
	}
	guarded = NONE;
	return done;
}

static enum access access_of(int sig)
{
	if (!sig)
		return ACCESS_DONE;
	return sig == SIGBUS ? ACCESS_SIGBUS : ACCESS_SIGSEGV;
}

enum access try_read32(const volatile void *at, uint32_t *value)
{
	guarded = SIGSEGV_TOO;
	if (!sigsetjmp(back, 0)) {
		*value = *(const volatile uint32_t *)at;
		caught = 0;
	}
	guarded = NONE;
	return access_of(caught);
}

enum access try_write32(volatile void *at, uint32_t value)
{
	guarded = SIGSEGV_TOO;
	if (!sigsetjmp(back, 0)) {
		*(volatile uint32_t *)at = value;
		caught = 0;
	}
	guarded = NONE;
	return access_of(caught);
}

bool is_read(bool done, uint32_t got, uint32_t want, const char *name,
	     va_list args)
{
	bool pass = vok(done && got == want, name, args);

	if (!done)
		diag("  got SIGBUS, want %#x", want);
	else if (!pass)
		diag("  got %#x, want %#x", got, want);
	return pass;
}

bool is_sigbus(bool done, uint32_t got, const char *name, va_list args)
{
	vok(!done, name, args);
	if (done)
		diag("  got %#x, want SIGBUS", got);
	return !done;
}

bool reads(const volatile void *at, uint32_t want, const char *name, ...)
{
	uint32_t value = 0;
	bool done = read32(at, &value), pass;
	va_list args;

	va_start(args, name);
	pass = is_read(done, value, want, name, args);
	va_end(args);
	return pass;
}

bool sigbus(const volatile void *at, const char *name, ...)
{
	uint32_t value = 0;
	bool done = read32(at, &value), pass;
	va_list args;

	va_start(args, name);
	pass = is_sigbus(done, value, name, args);
	va_end(args);
	return pass;
}
