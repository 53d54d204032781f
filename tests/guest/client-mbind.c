// SPDX-License-Identifier: MIT
/*
 * A client without privileges has the kernel look where in the machine the
 * memory of its lease is: mbind(), get_mempolicy(), move_pages(),
 * migrate_pages(), with each flag, in pages of each size
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/mempolicy.h>

#include "access.h"
#include "attempt.h"
#include "kernel.h"
#include "lease.h"
#include "pattern.h"
#include "tap.h"

#define SEED	55
#define SIZE	MIB(8)

static struct vfio small;

static const struct shape {
	const char *name;
	uint64_t remainder;
	uint32_t memattr;
} shapes[] = {
	{ "4 KiB pages", PAGE, NC },
	{ "4 KiB pages of WC", PAGE, WC },
	{ "2 MiB pages", 0, NC },
	{ "2 MiB pages of WC", 0, WC },
};

static const struct place {
	uint64_t start, size;
} places[] = {
	{ 0, SIZE }, { PAGE, PAGE }, { MIB(2) - PAGE, MIB(2) + 2 * PAGE },
	{ MIB(2), MIB(2) },
};

/* @args: the shape. In a process that may die of it */
static long look_for_nodes(int fd, const long *args)
{
	mapping_t at = map_aligned(fd, 0, SIZE, RW, MIB(2),
				   shapes[args[0]].remainder);
	long wrong = pattern_errors(at, 0, SIZE, PAGE, SEED);
	unsigned long nodes = 1;
	int mode, status = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		void *part = (void *)(at + places[i].start);

		/* Those for root alone are refused */
		for (long flags = 0; flags < 8; flags++)
			for (mode = MPOL_DEFAULT; mode < MPOL_MAX; mode++)
				syscall(SYS_mbind, part, places[i].size,
					(unsigned long)mode,
					mode ? &nodes : NULL, mode ? 64ul : 0ul,
					flags);
		syscall(SYS_get_mempolicy, &mode, NULL, 0ul, part,
			(unsigned long)(MPOL_F_NODE | MPOL_F_ADDR));
		syscall(SYS_move_pages, 0, 1ul, &part, NULL, &status, 0);
	}
	syscall(SYS_migrate_pages, 0, 64ul, &nodes, &nodes);
	wrong += pattern_errors(at, 0, SIZE, PAGE, SEED);
	return wrong ? -EPROTO : 0;
}

static long in_fork(int fd, const long *args)
{
	return attempt_in_fork(look_for_nodes, fd, args);
}

int main(void)
{
	struct peer client;

	if (!kernel_has_numa())
		skip_all("this kernel has no NUMA",
			 "no policy, and no question, does any harm");
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	client = peer_start_as(CLIENT_UID);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		int lease = lease_of(small.device, BAR2, 0, SIZE);

		if (shapes[i].memattr &&
		    lease_set_memattr(small.device, lease, shapes[i].memattr))
			bail("this machine cannot have write-combining leases");
		is_int(peer_call(&client, in_fork, lease, ARGS(i)), 0,
		       "%s: no policy, and no question, does any harm",
		       shapes[i].name);
		is_ok(lease_revoke(small.device, lease), "it is revoked");
		close(lease);
	}
	peer_stop(&client);
	vfio_close(&small);
	return tap_done();
}
