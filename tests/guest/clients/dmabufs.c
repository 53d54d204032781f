// SPDX-License-Identifier: MIT
/*
 * Whether somebody else's program has this driver's maps
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dmabufs.h"
#include "tap.h"

int dmabufs_of(pid_t pid, struct bdf dev, unsigned int bar)
{
	char path[64], line[512], want[64];
	int found = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	snprintf(want, sizeof(want), ":%s/%u", dev.name, bar);
	maps = fopen(path, "re");
	if (!maps)
		bail("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), maps)) {
		if (!strstr(line, "/dmabuf:vfio") || !strstr(line, want))
			continue;
		line[strcspn(line, "\n")] = '\0';
		diag("%s", line);
		found++;
	}
	fclose(maps);
	return found;
}
