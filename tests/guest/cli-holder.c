// SPDX-License-Identifier: MIT
/*
 * A user's command that has a lease, and uses it until that is no more
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli-holder.h"
#include "clock.h"
#include "lease.h"
#include "map.h"
#include "tap.h"

struct job holder_start(uid_t uid, const char *slice, char id[16])
{
	char self[PATH_MAX] = "";
	struct job job;
	const char *out;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		bail("/proc/self/exe: %s", strerror(errno));
	job = JOB_AS(uid, "acquire", slice, "--", self, HOLD);
	out = job_wait_for(&job, ".\n");
	if (sscanf(out, "holds %15[0-9].", id) != 1)
		bail("what lease is \"%s\"?", out);
	return job;
}

/* Has the lease mapped, and no fd of it */
void holder_run(void)
{
	int fd = atoi(getenv("BARLEASE_FD") ?: "-1");
	const char *name = getenv(HOLDER_NAME);
	volatile uint32_t *at = (volatile uint32_t *)map(fd, 0, PAGE, PROT_READ);

	close(fd);
	if (name && prctl(PR_SET_NAME, name))
		bail("prctl(): %s", strerror(errno));
	printf("holds %s.\n", getenv("BARLEASE_ID"));
	fflush(stdout);
	for (;;) {
		(void)*at;
		sleep_ms(10);
	}
}
