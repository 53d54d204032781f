// SPDX-License-Identifier: MIT
/*
 * A worker of the demo that has a device use its lease: gives it to that, and
 * tells whether the device has it still
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "importer.h"
#include "slices.h"

static int give(const char *device)
{
	const char *lease = getenv("BARLEASE_FD");
	struct barlease_map map;
	struct bdf bdf = { "" };
	int importer;

	if (!lease)
		errx(2, "no lease: run it by way of 'barlease acquire'");
	snprintf(bdf.name, sizeof(bdf.name), "%s", device);
	importer = importer_try(atoi(lease), bdf, BARLEASE_IMPORTER_AT_ONCE);
	if (importer < 0)
		errx(1, "%s: %s", device, strerror(-importer));
	if (importer_map(importer, BOTH_WAYS, &map))
		errx(1, "%s cannot have it mapped", device);
	printf("%" PRIu64 " %#" PRIx64 "\n", (uint64_t)map.size,
	       (uint64_t)map.address);
	return importer;
}

/*
 * Whether it has the lease, how often it was told to give that back, and what
 * comes of trying to have it once more
 */
static void look(int importer)
{
	bool has = importer_has(importer);
	unsigned int told = importer_told(importer);

	printf("%d %u %s\n", has, told,
	       has ? "-" : strerrorname_np(-importer_map(importer, BOTH_WAYS,
							 NULL)));
}

int main(int argc, char **argv)
{
	char command[64];
	int importer;

	if (argc != 2)
		errx(2, "usage: %s DEVICE", argv[0]);
	importer = give(argv[1]);
	answer_done();
	while (fgets(command, sizeof(command), stdin)) {
		if (strcmp(command, "look\n"))
			errx(1, "what is \"%s\"?", command);
		look(importer);
		answer_done();
	}
	return 0;
}
