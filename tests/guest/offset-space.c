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
#include "pattern.h"
#include "tap.h"

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
	uint64_t offset = GIB(gib) + MIB(7);
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

int main(void)
{
	int leases[32], extra, refusal;
	unsigned int n;

	big = vfio_open(dev_big());
	repeats = calloc(6145, sizeof(*repeats));
	if (!repeats)
		bail("no memory");
	for (int i = 0; i < 6145; i++)
		repeats[i] = (struct vfio_region_dma_range){ 0, GIB(1) };
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

	is_ok(lease_revoke(big.device, leases[2]),
	      "one of them can be revoked");
	is_error(lease_of_gib(256), ENOSPC,
		 "its room is not free while an fd of it is open");
	close(leases[2]);
	leases[2] = lease_of_gib(256);
	is_ok(leases[2], "its room is free after the last close");
	shows_the_bytes(leases[2], 128);

	for (unsigned int i = 0; i < n; i++)
		close(leases[i]);
	leases[0] = lease_of_gib(3 * 1024);
	is_ok(leases[0], "with all closed, 3 TiB fit in one piece");
	shows_the_bytes(leases[0], 3 * 1024 - 1);
	close(leases[0]);

	free(repeats);
	vfio_close(&big);
	return tap_done();
}
