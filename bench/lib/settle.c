// SPDX-License-Identifier: MIT
/*
 * The emulator's TLB, as large for one side as for the other
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lease.h"
#include "settle.h"
#include "tap.h"

/* So many that the guest's kernel flushes the TLB and not page by page */
#define MANY	(64 * PAGE)

void settle_flush(void)
{
	void *at = mmap(NULL, MANY, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED)
		bail("mmap() fails");
	munmap(at, MANY);
}

void settle_for(const volatile void *at, size_t size)
{
	const volatile uint8_t *bytes = at;

	for (int i = 0; i < SETTLE_GROWTH; i++) {
		for (size_t offset = 0; offset < size; offset += PAGE)
			bytes[offset];
		settle_flush();
	}
}

void settle(void)
{
	for (int i = 0; i < 2; i++) {
		usleep(110000);
		settle_flush();
	}
}
