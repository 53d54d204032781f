// SPDX-License-Identifier: MIT
/*
 * What the kernel says in its log
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "tap.h"

int log_from_here(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (log < 0 || lseek(log, 0, SEEK_END) < 0)
		bail("/dev/kmsg: %s", strerror(errno));
	return log;
}

bool log_says(int log, const char *words)
{
	char record[8192];
	bool found = false;
	ssize_t n;

	/* EPIPE: what came first has been overwritten by what came last */
	while (!found && ((n = read(log, record, sizeof(record) - 1)) > 0 ||
			  (n < 0 && errno == EPIPE))) {
		record[n > 0 ? n : 0] = '\0';
		found = strstr(record, words);
	}
	close(log);
	return found;
}
