// SPDX-License-Identifier: MIT
/*
 * libbarlease exports, names and revokes leases, and sets their attribute
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <barlease.h>

#include "access.h"
#include "both-ways.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "tap.h"

#define SEED	21
#define SIZE	(16 * PAGE)

/* The way in that is tested now, and the device */
static enum barlease_backend way;
static struct barlease_device *device;

static int export(uint64_t offset, uint64_t length, unsigned int flags)
{
	const struct barlease_range range = { offset, length };
	int lease = barlease_export(device, 2, &range, 1, flags);

	if (lease < 0)
		bail("cannot export: %s", strerror(-lease));
	return lease;
}

static void shows_its_ranges(void)
{
	static const struct barlease_range ranges[] = {
		{ 4 * PAGE, PAGE }, { 0, 2 * PAGE }, { 4 * PAGE, PAGE },
	};
	int lease = barlease_export(device, 2, ranges, 3, 0);
	mapping_t at;

	is_ok(lease, "three ranges are exported");
	is_int(fcntl(lease, F_GETFD), FD_CLOEXEC, "the fd is close-on-exec");
	is_int(lseek(lease, 0, SEEK_END), 4 * PAGE, "it has their size");
	at = map(lease, 0, 4 * PAGE, RW);
	is_int(pattern_errors(at, 4 * PAGE, PAGE, 4, SEED), 0,
	       "the first page is the first range");
	is_int(pattern_errors(at + PAGE, 0, 2 * PAGE, 4, SEED), 0,
	       "then comes the second");
	is_int(pattern_errors(at + 3 * PAGE, 4 * PAGE, PAGE, 4, SEED), 0,
	       "then the first again");
	unmap(at, 4 * PAGE);
	close(lease);
}

static void read_only(void)
{
	int lease = export(0, SIZE, BARLEASE_READ_ONLY);
	mapping_t at = map(lease, 0, SIZE, PROT_READ);

	reads(at, pattern(0, SEED), "a read-only lease can be read");
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), EACCES,
		 "it cannot be mapped for writing: EACCES");
	unmap(at, SIZE);
	close(lease);
}

static void most_ranges(void)
{
	const size_t nr = BARLEASE_MAX_RANGES;
	struct barlease_range *ranges = calloc(nr + 1, sizeof(*ranges));
	int lease;

	if (!ranges)
		bail("no memory");
	for (size_t i = 0; i <= nr; i++)
		ranges[i] = (struct barlease_range){ i % 8 * PAGE, PAGE };
	lease = barlease_export(device, 2, ranges, nr, 0);
	is_ok(lease, "as many ranges as there may be are exported");
	is_int(lseek(lease, 0, SEEK_END), nr * PAGE, "it has their size");
	close(lease);
	is_error(barlease_export(device, 2, ranges, nr + 1, 0), E2BIG,
		 "one more is E2BIG");
	is_error(barlease_export(device, 2, ranges, SIZE_MAX, 0), E2BIG,
		 "so are more than there is memory for");
	free(ranges);
}

static void refuses(void)
{
	static const struct barlease_range good = { 0, PAGE }, empty = { 0, 0 },
		odd = { 0, 100 }, past = { MIB(64), PAGE };

	is_error(barlease_export(device, 2, &good, 1, 1u << 7), EINVAL,
		 "an unknown flag is EINVAL");
	is_error(barlease_export(device, 2, &good, 0, 0), EINVAL,
		 "no range at all is EINVAL");
	is_error(barlease_export(device, 2, NULL, 0, 0), EINVAL,
		 "also without an array");
	is_error(barlease_export(device, 2, &empty, 1, 0), EINVAL,
		 "an empty range is EINVAL");
	is_error(barlease_export(device, 2, &odd, 1, 0), EINVAL,
		 "a part of a page is EINVAL");
	is_error(barlease_export(device, 2, &past, 1, 0), EINVAL,
		 "past the BAR is EINVAL");
	is_error(barlease_export(device, 5, &good, 1, 0), ENODEV,
		 "a BAR that is not there is ENODEV");
	is_error(barlease_export(device, 6, &good, 1, 0), ENODEV,
		 "so is one that cannot be");
	is_error(barlease_export(device, ~0u, &good, 1, 0), ENODEV,
		 "so is BAR -1");
}

static void revokes(void)
{
	int lease = export(0, SIZE, 0), copy = dup(lease);
	mapping_t at = map(lease, 0, SIZE, RW);

	reads(at, pattern(0, SEED), "a lease can be read");
	is_int(barlease_revoke(device, copy), 0, "it is revoked by a copy");
	sigbus(at, "then it is SIGBUS");
	is_error(barlease_revoke(device, lease), EBADFD, "twice is EBADFD");
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "it cannot be mapped any more: ENODEV");
	is_error(barlease_get_memattr(device, lease), EBADFD,
		 "nor has it an attribute: EBADFD");
	is_ok(fcntl(lease, F_GETFD), "its fd is still there");
	unmap(at, SIZE);
	close(copy);
	close(lease);
}

static void revokes_nothing_else(void)
{
	struct barlease_device *other;
	int foreign, lease = export(0, SIZE, 0);

	if (barlease_device_open(dev_big().name, way, &other))
		bail("cannot open the other device");
	is_error(barlease_revoke(other, lease), ENODEV,
		 "another device's lease is ENODEV");
	is_error(barlease_set_memattr(other, lease, BARLEASE_WC), ENODEV,
		 "for an attribute, too");
	is_error(barlease_revoke(device, -1), EBADF, "-1 is EBADF");
	is_error(barlease_revoke(device, barlease_device_fd(device)), EINVAL,
		 "an fd of something else is EINVAL");
	is_int(barlease_revoke(device, lease), 0,
	       "none of that has revoked the lease");
	close(lease);
	foreign = foreign_dmabuf();
	is_error(barlease_revoke(device, foreign), ENODEV,
		 "a DMABUF of another driver is ENODEV");
	close(foreign);
	barlease_device_close(other);
}

static void attributes(void)
{
	int lease = export(0, SIZE, 0);
	mapping_t nc = map(lease, 0, SIZE, RW), wc;

	is_int(barlease_get_memattr(device, lease), BARLEASE_NC,
	       "a new lease is uncached");
	is_int(barlease_set_memattr(device, lease, BARLEASE_WC), 0,
	       "it is made write-combining");
	is_int(barlease_get_memattr(device, lease), BARLEASE_WC, "it is");
	wc = map(lease, 0, SIZE, RW);
	reads(nc, pattern(0, SEED), "the old mapping can be read");
	is_cache(nc, CACHE_UNCACHED, "it is uncached");
	reads(wc, pattern(0, SEED), "a new mapping can be read");
	is_cache(wc, CACHE_WC, "it is write-combining");
	is_error(barlease_set_memattr(device, lease, 77), EOPNOTSUPP,
		 "an unknown attribute is EOPNOTSUPP");
	is_int(barlease_set_memattr(device, lease, BARLEASE_NC), 0,
	       "it is made uncached again");
	is_int(barlease_get_memattr(device, lease), BARLEASE_NC, "it is");
	unmap(nc, SIZE);
	unmap(wc, SIZE);
	close(lease);
}

static bool maps_show(const char *text)
{
	FILE *file = fopen("/proc/self/maps", "re");
	bool found = false;
	char line[512];

	if (!file)
		bail("/proc/self/maps: %s", strerror(errno));
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, text);
	fclose(file);
	return found;
}

static void names(void)
{
	static const char longest[] = "name-of-thirty-one-bytes-or-so.";
	int lease = export(0, SIZE, 0);
	mapping_t at = map(lease, 0, SIZE, RW);

	is_int(barlease_set_name(lease, "doorbell"), 0, "a lease is named");
	ok(maps_show("/dmabuf:doorbell\n"), "/proc/self/maps shows it");
	is_int(strlen(longest), 31, "31 bytes");
	is_int(barlease_set_name(lease, longest), 0, "are a name");
	ok(maps_show(longest), "that is shown");
	is_error(barlease_set_name(lease, "name-of-thirty-two-bytes-or-so.."),
		 EINVAL, "one more is EINVAL");
	is_error(barlease_set_name(-1, "x"), EBADF, "-1 is EBADF");
	unmap(at, SIZE);
	close(lease);
}

static void ends_with_its_device(void)
{
	struct barlease_range range = { 0, PAGE };
	struct barlease_device *big;
	mapping_t at;
	int lease;

	if (barlease_device_open(dev_big().name, way, &big))
		bail("cannot open the other device");
	lease = barlease_export(big, 2, &range, 1, 0);
	at = map(lease, 0, PAGE, RW);
	ok(write32(at, 1), "a lease can be written");
	barlease_device_close(big);
	sigbus(at, "after its device is closed, it is SIGBUS");
	unmap(at, PAGE);
	close(lease);
}

static void fill(void)
{
	struct vfio raw = vfio_open(dev_small());

	pattern_fill(&raw, BAR2, 0, SIZE, 4, SEED);
	vfio_close(&raw);
}

static void this_way(enum barlease_backend backend)
{
	way = backend;
	if (barlease_device_open(dev_small().name, way, &device))
		bail("cannot open the device");
	shows_its_ranges();
	read_only();
	most_ranges();
	refuses();
	revokes();
	revokes_nothing_else();
	attributes();
	names();
	ends_with_its_device();
	barlease_device_close(device);
}

int main(void)
{
	int before = fds_open();

	fill();
	both_ways(this_way);
	is_int(fds_open(), before, "no file descriptor is left");
	return tap_done();
}
