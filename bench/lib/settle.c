// SPDX-License-Identifier: MIT
/*
 * The emulator's TLB, as small for one side as for the other
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <sys/mman.h>
#include <unistd.h>

#include "settle.h"
#include "tap.h"

#define SIZE	4096

static void flush(void)
{
	void *at = mmap(NULL, SIZE, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED)
		bail("mmap() fails");
	munmap(at, SIZE);
}

void settle(void)
{
	for (int i = 0; i < 2; i++) {
		usleep(110000);
		flush();
	}
}
