/* SPDX-License-Identifier: MIT */
/*
 * Access to mapped memory that survives a SIGBUS
 *
 * Copyright (C) 2026 The barlease authors
 *
 * 32 bits at a time, as devices want it. Works in every thread at once.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* false when the access ended in SIGBUS; @value is untouched then */
bool read32(const volatile void *at, uint32_t *value);
bool write32(volatile void *at, uint32_t value);

/* The same, where there may be no mapping, or one without permission */
enum access {
	ACCESS_DONE,
	ACCESS_SIGBUS,
	ACCESS_SIGSEGV,
};

enum access try_read32(const volatile void *at, uint32_t *value);
enum access try_write32(volatile void *at, uint32_t value);

/* Checks, see tap.h; of what read32() has said, wherever it was called */
bool is_read(bool done, uint32_t got, uint32_t want, const char *name,
	     va_list args) __attribute__((format(printf, 4, 0)));
bool is_sigbus(bool done, uint32_t got, const char *name, va_list args)
	__attribute__((format(printf, 3, 0)));
bool reads(const volatile void *at, uint32_t want, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
bool sigbus(const volatile void *at, const char *name, ...)
	__attribute__((format(printf, 2, 3)));

#endif
