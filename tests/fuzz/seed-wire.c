// SPDX-License-Identifier: MIT
/*
 * Writes a message of each type into the directory that it is given, for
 * fuzz-wire to begin with
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "samples.h"

static void write_seed(const char *directory, unsigned int number)
{
	const struct bl_wire_message message = sample(number);
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(&message, bytes);
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/seed-%u", directory, number);
	file = fopen(path, "we");
	if (!file || fwrite(bytes, size, 1, file) != 1 || fclose(file))
		err(EXIT_FAILURE, "%s", path);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(EXIT_FAILURE, "usage: %s DIRECTORY", argv[0]);
	for (unsigned int i = 0; i < NR_SAMPLES; i++)
		write_seed(argv[1], i);
	return EXIT_SUCCESS;
}
