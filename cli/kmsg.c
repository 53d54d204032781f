// SPDX-License-Identifier: MIT
/*
 * What the kernel has said
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"
#include "redact.h"
#include "text.h"

#define MOST_LINES	100

struct lines {
	char *line[MOST_LINES];
	unsigned int nr;	/* that there were, the oldest are gone */
};

/* "6,1234,567890,-;TEXT\n KEY=VALUE": the third number is microseconds. */
static void take(struct lines *lines, char *record, kmsg_fn is_wanted,
		 void *data)
{
	char *text = strchr(record, ';'), **line;
	unsigned long long us;

	if (!text || sscanf(record, "%*u,%*u,%llu", &us) != 1)
		return;
	text++;
	text[strcspn(text, "\n")] = '\0';
	if (!is_wanted(text, data))
		return;
	redact_addresses(text);
	line = &lines->line[lines->nr++ % MOST_LINES];
	free(*line);
	if (asprintf(line, "[%llu.%06llu] %s", us / 1000000, us % 1000000,
		     text) < 0)
		*line = NULL;
}

int kmsg_print(FILE *to, kmsg_fn is_wanted, void *data)
{
	struct lines lines = { .nr = 0 };
	unsigned int i, first;
	char record[8192];
	ssize_t n;
	int fd;

	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* EPIPE: some were overwritten before they were read. */
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		record[n > 0 ? n : 0] = '\0';
		take(&lines, record, is_wanted, data);
	}
	close(fd);
	first = lines.nr > MOST_LINES ? lines.nr - MOST_LINES : 0;
	for (i = first; i < lines.nr; i++) {
		if (lines.line[i % MOST_LINES])
			text_print(to, "%s\n", lines.line[i % MOST_LINES]);
		free(lines.line[i % MOST_LINES]);
	}
	return (int)lines.nr;
}
