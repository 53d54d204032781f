// SPDX-License-Identifier: MIT
/*
 * What else the kernel does to mappings that it is told to
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "look.h"
#include "model.h"
#include "ops.h"
#include "place.h"

static void protected(struct actor *me, struct span part, int prot)
{
	for (uint32_t i = 0; i < part.n; i++) {
		struct page *page = &me->pages[part.first + i];

		if (page->kind != LEASED)
			continue;
		if (prot & PROT_WRITE && lease_nr(page->gen)->readonly)
			escape(me, "lease %u is for reading, and mprotect() made it writable",
			       page->gen);
		page->prot = prot;
	}
}

void step_protect(struct actor *me, const uint32_t *arg)
{
	static const int prots[] = { PROT_NONE, PROT_READ, RW, RW, RW, PROT_READ,
				     PROT_READ | PROT_EXEC,
				     RW | PROT_GROWSDOWN };
	struct span part = any_part(me, arg[0], arg[1]);
	int prot = prots[arg[2] % 8], ret;

	ret = CALL(me, mprotect(address(me, part.first), part.n * PAGE, prot));
	SAY(me, "protect %u pages at %u: %d is %d", part.n, part.first, prot,
	    ret);
	/* It may have come as far as a hole, or as something read-only */
	if (ret)
		forget(me, part.first, part.n, UNKNOWN);
	else
		protected(me, part, prot & 7);
}

/* Every one that there is, and some that there are not */
static int any_advice(uint32_t number)
{
	static const int others[] = { 97, 98, 99, 100, 101, 102, 103, -1, 1 << 16 };

	if (number % 4)
		return (number >> 2) % 27;
	return others[(number >> 2) % (sizeof(others) / sizeof(*others))];
}

void step_advise(struct actor *me, const uint32_t *arg)
{
	struct span part = any_part(me, arg[0], arg[1]);
	int advice = any_advice(arg[2]), ret;

	ret = CALL(me, madvise(address(me, part.first), part.n * PAGE, advice));
	SAY(me, "advise %d of %u pages at %u: %d", advice, part.n, part.first,
	    ret);
	look_at(me, part.first);
}

void step_lock(struct actor *me, const uint32_t *arg)
{
	struct span part = any_part(me, arg[0], arg[1]);
	void *at = address(me, part.first);
	long ret;

	switch (arg[2] % 8) {
	case 0:
		ret = CALL(me, mlockall(MCL_CURRENT | MCL_ONFAULT));
		CALL(me, munlockall());
		break;
	case 1:
		ret = CALL(me, mlockall(MCL_FUTURE));
		CALL(me, munlockall());
		break;
	case 2:
		ret = CALL(me, mlock2(at, part.n * PAGE, MLOCK_ONFAULT));
		break;
	default:
		ret = CALL(me, mlock(at, part.n * PAGE));
		break;
	}
	if (arg[2] & 0x100)
		CALL(me, munlock(at, part.n * PAGE));
	SAY(me, "lock %u of %u pages at %u: %ld", arg[2] % 8, part.n,
	    part.first, ret);
	look_at(me, part.first + part.n - 1);
}

void step_walk(struct actor *me, const uint32_t *arg)
{
	static __thread unsigned char resident[ARENA_BYTES / PAGE];
	struct span part = any_part(me, arg[0], arg[1]);
	void *at = address(me, part.first);

	SAY(me, "walk %u pages at %u: %u", part.n, part.first, arg[2] % 4);
	switch (arg[2] % 4) {
	case 0:
		CALL(me, msync(at, part.n * PAGE, MS_SYNC));
		break;
	case 1:
		CALL(me, msync(at, part.n * PAGE, MS_ASYNC | MS_INVALIDATE));
		break;
	case 2:
		CALL(me, mincore(at, part.n * PAGE, resident));
		break;
	default:
		CALL(me, prctl(PR_SET_THP_DISABLE, arg[2] >> 2 & 1, 0, 0, 0));
		break;
	}
}

/* Any page of the same lease may lie there then */
void step_remap(struct actor *me, const uint32_t *arg)
{
	struct span part = any_part(me, arg[0], arg[1]);
	long ret;

	forget(me, part.first, part.n, UNKNOWN);
	ret = CALL(me, syscall(SYS_remap_file_pages, address(me, part.first),
			       part.n * PAGE, 0ul, (unsigned long)arg[2] % 4096,
			       0ul));
	SAY(me, "remap %u pages at %u: %ld", part.n, part.first, ret);
	look_at(me, part.first);
}

void step_numa(struct actor *me, const uint32_t *arg)
{
	struct span part = any_part(me, arg[0], arg[1]);
	void *pages[4];
	int nodes[4] = { 0 }, status[4];
	unsigned long mask = 1;
	long ret;

	for (uint32_t i = 0; i < 4; i++)
		pages[i] = address(me, part.first + i % part.n);
	switch (arg[2] % 4) {
	case 0:
		ret = CALL(me, syscall(SYS_move_pages, 0, 4ul, pages, nodes,
				       status, 2 + (arg[2] >> 2 & 2)));
		break;
	case 1:
		/* MPOL_BIND; MPOL_MF_STRICT, _MOVE, _MOVE_ALL */
		ret = CALL(me, syscall(SYS_mbind, pages[0], part.n * PAGE, 2ul,
				       &mask, 64ul, arg[2] >> 2 & 7ul));
		break;
	case 2:
		ret = CALL(me, syscall(SYS_get_mempolicy, nodes, NULL, 0ul,
				       pages[0], 3ul));
		break;
	default:
		ret = CALL(me, syscall(SYS_migrate_pages, 0, 64ul, &mask,
				       &mask));
		break;
	}
	SAY(me, "nodes, %u, of %u pages at %u: %ld", arg[2] % 4, part.n,
	    part.first, ret);
	look_at(me, part.first);
}

/* Faults of its own process are not the device's memory */
void step_watch(struct actor *me, const uint32_t *arg)
{
	struct span part = any_part(me, arg[0], arg[1]);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (uintptr_t)address(me, part.first), part.n * PAGE },
		.mode = arg[2] % 7 + 1,
	};
	int ret, fd = CALL(me, syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK |
				       UFFD_USER_MODE_ONLY));

	if (fd < 0)
		return;
	CALL(me, ioctl(fd, UFFDIO_API, &api));
	if (all_of(me, part, LEASED)) {
		ret = CALL(me, ioctl(fd, UFFDIO_REGISTER, &range));
		SAY(me, "userfaultfd for %u pages at %u, mode %u: %d", part.n,
		    part.first, arg[2] % 7 + 1, ret);
		if (!ret)
			CALL(me, ioctl(fd, UFFDIO_UNREGISTER, &range.range));
	}
	close(fd);
}
