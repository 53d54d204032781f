// SPDX-License-Identifier: MIT
/*
 * Leases that are there to be revoked
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <unistd.h>

#include "faults.h"
#include "lease.h"
#include "revoked.h"
#include "tap.h"
#include "timer.h"

struct revoked revoked_map(const struct vfio *vfio, uint64_t offset,
			   unsigned int pages)
{
	size_t size = pages * PAGE;
	int fd = lease_of(vfio->device, BAR2, offset, size);
	struct revoked revoked = { vfio, fd, map(fd, 0, size, RW), size };

	faults_of_touching(revoked.at, size, PAGE);
	return revoked;
}

double revoked_time(const struct revoked *revoked)
{
	double began = now_ns();

	if (lease_revoke(revoked->vfio->device, revoked->fd))
		bail("a revoke fails");
	return (now_ns() - began) / 1e3;
}

void revoked_unmap(struct revoked *revoked)
{
	unmap(revoked->at, revoked->size);
	close(revoked->fd);
}

double revoke_one(const struct vfio *vfio, uint64_t offset, unsigned int pages)
{
	struct revoked revoked = revoked_map(vfio, offset, pages);
	double us = revoked_time(&revoked);

	revoked_unmap(&revoked);
	return us;
}
