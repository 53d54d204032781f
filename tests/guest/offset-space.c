// SPDX-License-Identifier: MIT
/*
 * The address space that leases of one device share is large, bounded, and
 * given back
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "tap.h"

/* A GiB, whatever the pages: numbers of VFIO are what is short here */
#define GB(n)	((uint64_t)(n) << 30)

#define ROUNDS	100000
#define KEPT	1000

static struct vfio big;
static struct vfio_region_dma_range *repeats;

/* A lease that shows the same GiB over and over */
static int lease_of_gib(uint32_t count)
{
	return lease_export(big.device, BAR2, O_RDWR | O_CLOEXEC, repeats,
			    count);
}

static void shows_the_bytes(int fd, uint64_t gib)
{
	uint64_t offset = GB(gib) + MIB(7);
	mapping_t at = map(fd, offset, PAGE, RW);

	reads(at, pattern(MIB(7), 1),
	      "at %llu GiB, a lease shows the byte that belongs there",
	      (unsigned long long)gib);
	unmap(at, PAGE);
}

/* As many leases of a quarter TiB as there is room for */
static unsigned int fill(int *leases, unsigned int max, int *refusal)
{
	unsigned int n = 0;

	*refusal = 0;
	while (n < max) {
		leases[n] = lease_of_gib(256);
		if (leases[n] < 0) {
			*refusal = leases[n];
			break;
		}
		n++;
	}
	return n;
}

/* Of a space that is full, one lease is revoked: its room is for others */
static void given_back(int *leases)
{
	mapping_t kept = map(leases[2], MIB(7), PAGE, RW), at;
	int kept_fd = leases[2];

	reads(kept, pattern(MIB(7), 1), "one of them is in use");
	is_ok(lease_revoke(big.device, kept_fd), "it is revoked");
	leases[2] = lease_of_gib(256);
	is_ok(leases[2],
	      "its room is free, whoever keeps its fd and its mapping");
	shows_the_bytes(leases[2], 128);

	at = map(leases[2], MIB(7), PAGE, RW);
	reads(at, pattern(MIB(7), 1), "the new lease is mapped");
	sigbus(kept, "the old mapping does not come back with it");
	is_error(lease_revoke(big.device, kept_fd), EBADFD,
		 "to revoke the old one once more is EBADFD");
	is_int(pages_present(at, PAGE), 1, "which the new one does not notice");
	unmap(kept, PAGE);
	close(kept_fd);
	is_int(pages_present(at, PAGE), 1, "nor that the old one is closed");
	is_error(lease_of_gib(256), ENOSPC, "which gives no room a second time");
	unmap(at, PAGE);
}

/*
 * A client that gets leases again and again, and keeps their fds, leaves room
 * for others
 */
static void kept_fds(void)
{
	int kept[KEPT], fd, failed = 0, first = 0;

	for (int i = 0; i < ROUNDS; i++) {
		fd = lease_of_gib(1);
		if (fd < 0 || lease_revoke(big.device, fd)) {
			failed++;
			first = first ?: i;
			continue;
		}
		if (i >= KEPT)
			close(kept[i % KEPT]);
		kept[i % KEPT] = fd;
	}
	is_int(failed, 0, "%d leases of 1 GiB are made and revoked, %d kept",
	       ROUNDS, KEPT);
	if (failed)
		diag("the first that failed was number %d", first);
	fd = lease_of_gib(3 * 1024);
	is_ok(fd, "there is room for 3 TiB in one piece");
	close(fd);
	for (int i = 0; i < KEPT; i++)
		close(kept[i]);
}

/* The last close is a revoke of all, and gives all back */
static void closed(void)
{
	int leases[32], refusal;
	unsigned int n = fill(leases, 32, &refusal);

	ok(n >= 20, "the space is full once more: %u leases", n);
	vfio_close(&big);
	big = vfio_open(dev_big_mapped());
	is_ok(lease_of_gib(3 * 1024),
	      "after the last close there is room, whoever keeps their fds");
	for (unsigned int i = 0; i < n; i++)
		close(leases[i]);
}

int main(void)
{
	int leases[32], extra, refusal;
	unsigned int n;

	big = vfio_open(dev_big_mapped());
	repeats = calloc(6145, sizeof(*repeats));
	if (!repeats)
		bail("no memory");
	for (int i = 0; i < 6145; i++)
		repeats[i] = (struct vfio_region_dma_range){ 0, GB(1) };
	vfio_put32(&big, BAR2, MIB(7), pattern(MIB(7), 1));

	is_error(lease_of_gib(6145), E2BIG,
		 "a lease larger than all of the offset space is E2BIG");

	n = fill(leases, 32, &refusal);
	ok(n >= 20 && n <= 24,
	   "20 to 24 leases of a quarter TiB fit: %u", n);
	is_error(refusal, ENOSPC, "one more finds no room: ENOSPC");
	if (n < 20)
		bail("too few leases to go on");
	shows_the_bytes(leases[0], 0);
	shows_the_bytes(leases[n - 1], 255);

	extra = lease_of_gib(1);
	is_ok(extra, "a lease of 1 GiB still fits beside them");
	close(extra);

	given_back(leases);

	for (unsigned int i = 0; i < n; i++)
		close(leases[i]);
	leases[0] = lease_of_gib(3 * 1024);
	is_ok(leases[0], "with all closed, 3 TiB fit in one piece");
	shows_the_bytes(leases[0], 3 * 1024 - 1);
	close(leases[0]);

	kept_fds();
	closed();

	free(repeats);
	vfio_close(&big);
	return tap_done();
}
