// SPDX-License-Identifier: MIT
/*
 * Leases for verbs, with messages for what goes wrong
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../broker/base/duration.h"
#include "lease.h"
#include "number.h"

const char *memattr_name(enum barlease_memattr memattr)
{
	return memattr == BARLEASE_WC ? "wc" : "nc";
}

const char *access_name(unsigned int flags)
{
	return flags & BARLEASE_READ_ONLY ? "ro" : "rw";
}

int lease_connect(const struct verb *verb, const struct options *options,
		  struct barlease_client **client)
{
	const char *path = options->socket ?: getenv("BARLEASE_SOCKET") ?:
			   "/run/barlease/socket";
	int ret;

	ret = barlease_client_connect(path, client);
	if (!ret)
		return EXIT_SUCCESS;
	return failed_by(verb, ret, "%s: %s%s", path, strerror(-ret),
			 ret == -ENOENT || ret == -ECONNREFUSED ?
				 "; is barleased running?" : "");
}

static const char *hint(int error)
{
	switch (error) {
	case -ENOENT:
	case -EACCES:
		return "; 'barlease slices' shows what you may have";
	case -EOPNOTSUPP:
		return "; whoever vends it, or its driver, is older than this";
	case -EMFILE:
		return "; too many files are open, or a security module keeps this one";
	default:
		return "";
	}
}

int wish_of(const struct verb *verb, const struct options *options,
	    const char *name, struct wish *wish)
{
	*wish = (struct wish){
		.name = name,
		.flags = options->given & OPT_ANY ? BARLEASE_ANY : 0,
	};
	if (options->after && !strcmp(options->after, "ones"))
		wish->flags |= BARLEASE_ONES;
	else if (options->after && strcmp(options->after, "sigbus"))
		return misused(verb, "\"%s\" is no end of a lease; sigbus and ones are",
			       options->after);
	if (options->wait && !strcmp(options->wait, "forever"))
		wish->patience = BARLEASE_FOREVER;
	else if (options->wait &&
		 duration_parse(options->wait, &wish->patience))
		return misused(verb, "\"%s\" is no time; " DURATION_EXAMPLES
				     " are, and forever", options->wait);
	if (options->term && (duration_parse(options->term, &wish->term) ||
			      !wish->term))
		return misused(verb, "\"%s\" is no time; " DURATION_EXAMPLES
				     " are", options->term);
	return EXIT_SUCCESS;
}

static int complain(const struct verb *verb, struct barlease_client *client,
		    const struct wish *wish, int error)
{
	const char *why = barlease_client_error(client);

	/* Somebody else has it all the time, unless it is the broker's silence */
	if (error == -ETIMEDOUT && *why)
		error = -EBUSY;
	return failed_by(verb, error, "%s: %s%s", wish->name,
			 *why ? why : strerror(-error), hint(error));
}

int lease_acquire(const struct verb *verb, struct barlease_client *client,
		  const struct wish *wish, struct barlease_lease *lease)
{
	int ret;

	ret = barlease_client_acquire_wait(client, wish->name, wish->flags,
					   wish->patience, lease);
	if (ret)
		return complain(verb, client, wish, ret);
	if (!wish->term)
		return EXIT_SUCCESS;
	ret = barlease_client_renew(client, lease->id, wish->term, NULL);
	if (!ret)
		return EXIT_SUCCESS;
	close(lease->fd);
	return complain(verb, client, wish, ret);
}

/* $BARLEASE_FD, of 'barlease acquire' or somebody who does the same */
static int inherit(const struct verb *verb, struct target *target)
{
	const char *number = getenv("BARLEASE_FD");
	const char *mode = getenv("BARLEASE_ACCESS") ?: "";
	const char *name = getenv("BARLEASE_NAME") ?: "lease";
	char path[64], link[64] = "";
	uint64_t fd;
	off_t size;

	if (!number)
		return misused(verb, "which lease? name it with --slice, or run it with 'acquire'");
	if (!parse_number(number, INT_MAX, &fd))
		return failed(verb, "BARLEASE_FD is \"%s\", which is no file descriptor",
			      number);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)fd);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		return failed(verb, "BARLEASE_FD is %s, which is not open",
			      number);
	size = lseek((int)fd, 0, SEEK_END);
	if (strncmp(link, "/dmabuf:", 8) || size < 0)
		return failed(verb, "BARLEASE_FD is %s, which is no lease",
			      number);
	target->lease.fd = (int)fd;
	target->lease.size = size;
	target->lease.flags = strcmp(mode, "ro") ? 0 : BARLEASE_READ_ONLY;
	snprintf(target->lease.name, sizeof(target->lease.name), "%s", name);
	return EXIT_SUCCESS;
}

static bool parse_width(const char *bits, unsigned int *width)
{
	uint64_t number;

	if (!parse_number(bits, 64, &number) || number < 8 ||
	    number & (number - 1))
		return false;
	*width = (unsigned int)number / 8;
	return true;
}

int target_open(const struct verb *verb, const struct options *options,
		struct target *target)
{
	int ret;

	*target = (struct target){ .lease.fd = -1 };
	if (!parse_width(options->width ?: "32", &target->width))
		return misused(verb, "\"%s\" is no width: 8, 16, 32 or 64",
			       options->width);
	if (!options->slice)
		return inherit(verb, target);
	ret = lease_connect(verb, options, &target->client);
	if (ret)
		return ret;
	ret = lease_acquire(verb, target->client,
			    &(struct wish){ .name = options->slice },
			    &target->lease);
	if (ret)
		barlease_client_close(target->client);
	return ret;
}

/* An inherited fd is not ours to close. */
void target_close(struct target *target)
{
	if (!target->client)
		return;
	close(target->lease.fd);
	barlease_client_close(target->client);
}

static int check(const struct verb *verb, const struct target *target,
		 uint64_t offset, uint64_t count, unsigned int flags)
{
	const struct barlease_lease *lease = &target->lease;
	uint64_t last = lease->size - target->width;

	if (offset % target->width)
		return failed(verb, "offset %#" PRIx64 " is no multiple of %u",
			      offset, target->width);
	if (offset > last)
		return failed(verb, "offset %#lx is outside of %s, whose last word is at %#lx",
			      (unsigned long)offset, lease->name,
			      (unsigned long)last);
	if (count > (last - offset) / target->width + 1)
		return failed(verb, "%lu words from %#lx on go past the end of %s at %#lx",
			      (unsigned long)count, (unsigned long)offset,
			      lease->name, (unsigned long)lease->size);
	if (lease->flags & BARLEASE_READ_ONLY && !(flags & BARLEASE_READ_ONLY))
		return failed_by(verb, -EACCES, "the lease of %s is read-only",
				 lease->name);
	return EXIT_SUCCESS;
}

static size_t mapped_size(const struct target *target, uint64_t offset,
			  uint64_t count)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t end = offset % page + count * target->width;

	return (end + page - 1) / page * page;
}

static const char *why_no_access(int error)
{
	return error == -ESTALE ? "the lease was revoked" : strerror(-error);
}

int target_map(const struct verb *verb, const struct target *target,
	       uint64_t offset, uint64_t count, unsigned int flags,
	       volatile char **words)
{
	const struct barlease_lease *lease = &target->lease;
	uint64_t in_page = offset % sysconf(_SC_PAGESIZE);
	void *address;
	int ret;

	ret = check(verb, target, offset, count, flags);
	if (ret)
		return ret;
	ret = barlease_map(lease->fd, offset - in_page,
			   mapped_size(target, offset, count), flags, NULL,
			   &address);
	if (ret == -ENODEV)
		ret = -ESTALE;
	if (ret)
		return failed_by(verb, ret, "%s: %s", lease->name,
				 why_no_access(ret));
	*words = (volatile char *)address + in_page;
	return EXIT_SUCCESS;
}

void target_unmap(const struct target *target, volatile char *words,
		  uint64_t count)
{
	uint64_t offset = (uintptr_t)words % sysconf(_SC_PAGESIZE);

	barlease_unmap((char *)words - offset,
		       mapped_size(target, offset, count));
}

int target_read(const struct target *target, const volatile char *word,
		uint64_t *value)
{
	uint32_t value32 = 0;
	uint16_t value16 = 0;
	uint8_t value8 = 0;
	int ret;

	if (target->width == 8)
		return barlease_read64(word, value);
	if (target->width == 4)
		ret = barlease_read32(word, &value32);
	else if (target->width == 2)
		ret = barlease_read16(word, &value16);
	else
		ret = barlease_read8(word, &value8);
	*value = value32 | value16 | value8;
	return ret;
}

int target_write(const struct target *target, volatile char *word,
		 uint64_t value)
{
	switch (target->width) {
	case 8:
		return barlease_write64(word, value);
	case 4:
		return barlease_write32(word, (uint32_t)value);
	case 2:
		return barlease_write16(word, (uint16_t)value);
	default:
		return barlease_write8(word, (uint8_t)value);
	}
}

int target_result(const struct verb *verb, uint64_t offset, int ret)
{
	if (!ret)
		return EXIT_SUCCESS;
	return failed_by(verb, ret, "at %#" PRIx64 ": %s", offset,
			 why_no_access(ret));
}
