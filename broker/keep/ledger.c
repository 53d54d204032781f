// SPDX-License-Identifier: MIT
/*
 * What there is, in lines, where it outlives this process: two memory files
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "ledger.h"

#define MAGIC		0x6b6565702d626c31ull
/* Where lines begin, on machines with any size of pages */
#define TEXT_AT		65536
/* Not worth to be made shorter */
#define SHORT		(256 * 1024)

/* @complete: the number of it, which the later one has more of; 0: it is not */
struct ledger_header {
	uint64_t magic;
	uint64_t complete;
	uint64_t length;
	uint32_t served;
};

static struct ledger_header *map(int fd)
{
	struct ledger_header *header = mmap(NULL, sizeof(*header),
					    PROT_READ | PROT_WRITE, MAP_SHARED,
					    fd, 0);

	return header == MAP_FAILED ? NULL : header;
}

static struct ledger_header *header(const struct ledger *ledger)
{
	return ledger->headers[ledger->current];
}

static int make(void)
{
	int fd = memfd_create("barlease-ledger", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, TEXT_AT)) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd < 0 ? -errno : fd;
}

static int open_one(struct ledger *ledger, int i, int fd)
{
	ledger->fds[i] = fd >= 0 ? fd : make();
	if (ledger->fds[i] < 0)
		return ledger->fds[i];
	ledger->headers[i] = map(ledger->fds[i]);
	if (!ledger->headers[i])
		return -errno;
	ledger->headers[i]->magic = MAGIC;
	return 0;
}

static uint64_t completed(const struct ledger *ledger, int i)
{
	return __atomic_load_n(&ledger->headers[i]->complete, __ATOMIC_ACQUIRE);
}

int ledger_open(struct ledger *ledger, const int fds[2])
{
	int ret;

	*ledger = (struct ledger){ .fds = { -1, -1 } };
	ret = open_one(ledger, 0, fds[0]);
	if (!ret)
		ret = open_one(ledger, 1, fds[1]);
	if (ret) {
		ledger_close(ledger);
		return ret;
	}
	ledger->current = completed(ledger, 1) > completed(ledger, 0);
	return 0;
}

void ledger_close(struct ledger *ledger)
{
	for (int i = 0; i < 2; i++) {
		if (ledger->headers[i])
			munmap(ledger->headers[i], sizeof(*ledger->headers[i]));
		if (ledger->fds[i] >= 0)
			close(ledger->fds[i]);
	}
	*ledger = (struct ledger){ .fds = { -1, -1 }, .broken = true };
}

/* Whoever goes on had better have nothing than half of it */
static void give_up(struct ledger *ledger, int error)
{
	if (!ledger->broken)
		log_line(LOG_ERR,
			 "what there is cannot be written down, so a crash would end all leases: %s",
			 strerror(error));
	ledger->broken = true;
	for (int i = 0; i < 2; i++)
		if (ledger->headers[i])
			__atomic_store_n(&ledger->headers[i]->complete, 0,
					 __ATOMIC_RELEASE);
}

void ledger_begin(struct ledger *ledger)
{
	int other = !ledger->current;

	if (!ledger->headers[other])
		return;
	__atomic_store_n(&ledger->headers[other]->complete, 0,
			 __ATOMIC_RELEASE);
	ledger->headers[other]->length = 0;
	ledger->headers[other]->served = header(ledger)->served;
	if (ftruncate(ledger->fds[other], TEXT_AT))
		give_up(ledger, errno);
	ledger->current = other;
}

void ledger_commit(struct ledger *ledger)
{
	if (ledger->broken)
		return;
	ledger->least = header(ledger)->length;
	__atomic_store_n(&header(ledger)->complete,
			 completed(ledger, !ledger->current) + 1,
			 __ATOMIC_RELEASE);
}

void ledger_write(struct ledger *ledger, const char *line)
{
	char end[] = "\n";
	struct iovec parts[2] = {
		{ (void *)line, line ? strlen(line) : 0 }, { end, 1 },
	};
	const size_t size = parts[0].iov_len + 1;
	ssize_t n;

	if (ledger->broken)
		return;
	if (!line) {
		give_up(ledger, ENOMEM);
		return;
	}
	n = pwritev(ledger->fds[ledger->current], parts, 2,
		    TEXT_AT + (off_t)header(ledger)->length);
	if (n != (ssize_t)size)
		give_up(ledger, n < 0 ? errno : EIO);
	else
		__atomic_store_n(&header(ledger)->length,
				 header(ledger)->length + size,
				 __ATOMIC_RELEASE);
}

void ledger_serves(struct ledger *ledger, uint32_t connection)
{
	if (!ledger->broken)
		__atomic_store_n(&header(ledger)->served, connection,
				 __ATOMIC_RELEASE);
}

bool ledger_is_long(const struct ledger *ledger)
{
	return !ledger->broken &&
	       header(ledger)->length > 2 * ledger->least + SHORT;
}

/* What is in one of them, if that is complete; 0: it is not */
static uint64_t look_at(int fd, struct ledger_header *found)
{
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat) ||
	    pread(fd, found, sizeof(*found), 0) != sizeof(*found) ||
	    found->magic != MAGIC || stat.st_size < TEXT_AT ||
	    found->length > (uint64_t)stat.st_size - TEXT_AT)
		return 0;
	return found->complete;
}

int ledger_read(const int fds[2], char **text, uint32_t *served)
{
	struct ledger_header found[2];
	const uint64_t complete[2] = {
		look_at(fds[0], &found[0]), look_at(fds[1], &found[1]),
	};
	const int which = complete[1] > complete[0];
	const struct ledger_header *best = &found[which];
	ssize_t n;

	if (!complete[which])
		return -ENODATA;
	*text = malloc(best->length + 1);
	if (!*text)
		return -ENOMEM;
	n = pread(fds[which], *text, best->length, TEXT_AT);
	if (n != (ssize_t)best->length) {
		free(*text);
		return n < 0 ? -errno : -EIO;
	}
	(*text)[n] = '\0';
	*served = best->served;
	return 0;
}
