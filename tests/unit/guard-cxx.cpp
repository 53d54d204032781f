// SPDX-License-Identifier: MIT
/*
 * <barlease.h> in C++, and an exception that passes through a guard
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <barlease.h>

#include "guard-cxx.h"

static int throw_it(void *arg)
{
	throw arg;
}

bool cxx_throws_through_guard(const volatile void *address, size_t size)
{
	int here = 0;

	try {
		barlease_guard(address, size, throw_it, &here);
	} catch (void *thrown) {
		return thrown == &here;
	}
	return false;
}
