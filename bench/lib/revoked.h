/* SPDX-License-Identifier: MIT */
/*
 * Leases that are there to be revoked
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef REVOKED_H
#define REVOKED_H

#include "map.h"
#include "vfio.h"

/**
 * struct revoked - a lease that is mapped and touched, all of it
 * @vfio: of which device
 * @fd: the lease
 * @at: where it is mapped
 * @size: in bytes
 */
struct revoked {
	const struct vfio *vfio;
	int fd;
	mapping_t at;
	size_t size;
};

/* Of BAR 2, from @offset on */
struct revoked revoked_map(const struct vfio *vfio, uint64_t offset,
			   unsigned int pages);
/* Microseconds that its revoke took; gives up where it fails */
double revoked_time(const struct revoked *revoked);
void revoked_unmap(struct revoked *revoked);

/* All three */
double revoke_one(const struct vfio *vfio, uint64_t offset, unsigned int pages);

#endif
