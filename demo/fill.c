// SPDX-License-Identifier: MIT
/*
 * Fills the device's memory, through the lease that it is run with
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <barlease.h>

#include "slices.h"

int main(void)
{
	const char *fd = getenv("BARLEASE_FD"), *size = getenv("BARLEASE_SIZE");
	volatile uint32_t *words;
	void *address;
	uint64_t at;
	size_t bytes;
	int i, ret;

	if (!fd || !size)
		errx(2, "run it by way of 'barlease acquire'");

	bytes = strtoull(size, NULL, 0);
	ret = barlease_map(atoi(fd), 0, bytes, 0, NULL, &address);
	if (ret)
		errx(1, "map: %s", strerror(-ret));

	/* What nobody is to see: the rest of it */
	words = address;
	for (at = 0; at < bytes; at += 4)
		words[at / 4] = 0x5ec4e700;

	for (i = 0; i < NR_SLICES; i++)
		for (at = 0; at < slices[i].size; at += 4)
			words[(slices[i].offset + at) / 4] =
				slice_word(&slices[i], at);
	return 0;
}
