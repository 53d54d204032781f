// SPDX-License-Identifier: MIT
/*
 * How many page faults an access costs
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdint.h>
#include <sys/resource.h>

#include "faults.h"

long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

__attribute__((noinline)) static long touch(const volatile void *at,
					    size_t size, size_t stride)
{
	long before = faults();

	for (size_t i = 0; i < size; i += stride)
		(void)*(const volatile uint32_t *)((uintptr_t)at + i);
	return faults() - before;
}

long faults_of_touching(const volatile void *at, size_t size, size_t stride)
{
	static const uint32_t warm_up;

	touch(&warm_up, sizeof(warm_up), sizeof(warm_up));
	return touch(at, size, stride);
}
