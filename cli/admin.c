// SPDX-License-Identifier: MIT
/*
 * A client of the administrator's socket of barleased
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin.h"

struct admin {
	FILE *file;
	char *line;
	size_t size;
	char error[256];
	struct record ok;	/* what the last answer ended with */
};

/* Of each call of the kernel, connect() included; no milliseconds: no limit */
static int limit_waits(int fd, unsigned int milliseconds)
{
	struct timeval time = {
		.tv_sec = milliseconds / 1000,
		.tv_usec = milliseconds % 1000 * 1000,
	};

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)))
		return -errno;
	return 0;
}

static int connect_to(const char *path, unsigned int milliseconds)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret = limit_waits(fd, milliseconds);
	if (!ret && connect(fd, (const struct sockaddr *)&address,
			    sizeof(address)))
		ret = -errno;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int admin_connect_within(const char *path, unsigned int milliseconds,
			 struct admin **result)
{
	struct admin *admin;
	int fd, ret;

	fd = connect_to(path, milliseconds);
	if (fd < 0)
		return fd;
	admin = calloc(1, sizeof(*admin));
	if (!admin) {
		ret = -ENOMEM;
		goto out_close;
	}
	/* For reading: requests are written past the buffer. */
	admin->file = fdopen(fd, "r");
	if (!admin->file) {
		ret = -errno;
		goto out_free;
	}
	*result = admin;
	return 0;

out_free:
	free(admin);
out_close:
	close(fd);
	return ret;
}

int admin_connect(const char *path, struct admin **result)
{
	return admin_connect_within(path, 0, result);
}

int admin_set_timeout(struct admin *admin, unsigned int milliseconds)
{
	return limit_waits(fileno(admin->file), milliseconds);
}

void admin_hang_up(struct admin *admin)
{
	shutdown(fileno(admin->file), SHUT_RDWR);
}

void admin_close(struct admin *admin)
{
	if (!admin)
		return;
	fclose(admin->file);
	record_free(&admin->ok);
	free(admin->line);
	free(admin);
}

const char *admin_error(const struct admin *admin)
{
	return admin->error;
}

/* One send() each: a request is short, and the socket empty before it. */
static int send_line(const struct admin *admin, const char *request)
{
	char line[ADMIN_LINE_MAX];
	int n;

	n = snprintf(line, sizeof(line), "%s\n", request);
	if (n >= (int)sizeof(line))
		return -ENAMETOOLONG;
	if (send(fileno(admin->file), line, n, MSG_NOSIGNAL) != n)
		return -ECONNRESET;
	return 0;
}

static int read_line(struct admin *admin)
{
	errno = 0;
	if (getline(&admin->line, &admin->size, admin->file) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -ECONNRESET;
	admin->line[strcspn(admin->line, "\n")] = '\0';
	return 0;
}

int admin_next(struct admin *admin, struct record *record)
{
	return read_line(admin) ?: record_parse(admin->line, record);
}

/* Older brokers say no kind: it is all words then. */
static int take_error(struct admin *admin, const char *words)
{
	static const struct {
		const char *kind;
		int error;
	} kinds[] = {
		{ "absent ", -ENOENT },
		{ "busy ", -EBUSY },
		{ "denied ", -EACCES },
		{ "failed ", -EREMOTEIO },
		{ "invalid ", -EINVAL },
	};
	int ret = -EREMOTEIO;
	size_t i, n;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		n = strlen(kinds[i].kind);
		if (strncmp(words, kinds[i].kind, n))
			continue;
		words += n;
		ret = kinds[i].error;
		break;
	}
	snprintf(admin->error, sizeof(admin->error), "%s", words);
	return ret;
}

static bool is_end(const char *line)
{
	return !strcmp(line, "ok") || !strncmp(line, "ok ", 3);
}

/* Return: 1 there is more to come; 0 the answer's end; or a negative errno */
static int read_answer(struct admin *admin, struct record *record)
{
	int ret;

	ret = read_line(admin);
	if (ret)
		return ret;
	if (!strncmp(admin->line, "error ", 6))
		return take_error(admin, admin->line + 6);
	if (is_end(admin->line))
		return record_parse(admin->line, &admin->ok);
	return record_parse(admin->line, record) ?: 1;
}

int admin_ask_each(struct admin *admin, const char *request, admin_take *take,
		   void *data)
{
	struct record record;
	int ret;

	admin->error[0] = '\0';
	record_free(&admin->ok);
	ret = send_line(admin, request);
	if (ret)
		return ret;
	while ((ret = read_answer(admin, &record)) == 1) {
		ret = take(&record, data);
		if (ret)
			return ret;
	}
	return ret;
}

uint64_t admin_told(const struct admin *admin, const char *key)
{
	return admin->ok.line ? record_number(&admin->ok, key) : 0;
}

const char *admin_told_text(const struct admin *admin, const char *key)
{
	return admin->ok.line ? record_get(&admin->ok, key) : "";
}

static int keep(struct record *record, void *data)
{
	return records_add(data, record);
}

int admin_ask(struct admin *admin, const char *request, struct records *records)
{
	int ret;

	*records = (struct records){ 0 };
	ret = admin_ask_each(admin, request, keep, records);
	if (ret)
		records_free(records);
	return ret;
}
