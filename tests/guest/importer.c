// SPDX-License-Identifier: MIT
/*
 * A device driver that would attach to a lease is told that it cannot
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>

#include "../module/ptwalk.h"
#include "access.h"
#include "fds.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "tap.h"

static void refused(int lease, const char *what)
{
	is_error(import(lease, BARLEASE_IMPORTER_STATIC), EOPNOTSUPP,
		 "a static importer of %s: EOPNOTSUPP", what);
	is_error(import(lease, BARLEASE_IMPORTER_DYNAMIC), EOPNOTSUPP,
		 "a dynamic importer without peer-to-peer of %s: EOPNOTSUPP",
		 what);
}

static void peer2peer(int lease)
{
	int ret = import(lease, BARLEASE_IMPORTER_PEER2PEER);

	/* From 6.19 on a kernel may have what that needs */
	if (kernel_at_least(6, 19))
		ok(!ret || ret == -EOPNOTSUPP,
		   "a peer-to-peer importer attaches, or gets EOPNOTSUPP");
	else
		is_error(ret, EOPNOTSUPP,
			 "a peer-to-peer importer: EOPNOTSUPP");
}

int main(void)
{
	struct vfio small = vfio_open(dev_small());
	int foreign = foreign_dmabuf(), users = module_users(OUR_MODULE);
	int lease = lease_of(small.device, BAR2, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);

	is_ok(import(foreign, BARLEASE_IMPORTER_STATIC),
	      "the importer attaches to a DMABUF of memory");
	vfio_put32(&small, BAR2, 0, 0x1417);
	refused(lease, "a lease");
	peer2peer(lease);
	reads(at, 0x1417, "the lease works all the same");
	is_ok(lease_revoke(small.device, lease), "it is revoked");
	refused(lease, "a revoked lease");
	sigbus(at, "an importer does not bring it back");

	unmap(at, PAGE);
	close(lease);
	close(foreign);
	is_int(module_users(OUR_MODULE), users,
	       "no reference to the driver is left over");
	vfio_close(&small);
	return tap_done();
}
