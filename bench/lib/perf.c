// SPDX-License-Identifier: MIT
/*
 * Page faults of this thread, as perf counts them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/perf_event.h>

#include "perf.h"

static int event = -1;

void perf_faults_begin(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
	};

	if (event < 0)
		event = syscall(SYS_perf_event_open, &attr, 0, -1, -1,
				PERF_FLAG_FD_CLOEXEC);
	/* Also the fault that the code of perf_faults_end() may be */
	if (event >= 0)
		perf_faults_end();
	if (event >= 0)
		ioctl(event, PERF_EVENT_IOC_RESET, 0);
}

long perf_faults_end(void)
{
	uint64_t count;

	if (event < 0 || read(event, &count, sizeof(count)) != sizeof(count))
		return -1;
	return count;
}
