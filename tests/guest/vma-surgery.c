// SPDX-License-Identifier: MIT
/*
 * What programs do to mappings does no harm to those of leases and BARs:
 * holes, moves, forks, changes of protection, a process that ends
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "access.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "peer.h"
#include "tap.h"

#define SEED	7
#define SIZE	(32 * PAGE)

static struct vfio small;

static uint64_t wrong(mapping_t at, uint64_t offset, uint64_t size)
{
	return pattern_errors(at, offset, size, PAGE, SEED);
}

static mapping_t move(mapping_t at, size_t from, size_t to)
{
	uint8_t *target = mmap(NULL, to, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *moved = mremap((void *)at, from, to,
			     MREMAP_MAYMOVE | MREMAP_FIXED, target);

	if (moved == MAP_FAILED)
		bail("mremap(): %s", strerror(errno));
	return moved;
}

static void holes(mapping_t at, const char *what)
{
	diag("holes in %s", what);
	is_int(wrong(at, 0, SIZE), 0, "before, %s is right", what);
	unmap(at + 10 * PAGE, 4 * PAGE);
	is_int(wrong(at, 0, 10 * PAGE), 0, "left of a hole, it is right");
	is_int(wrong(at + 14 * PAGE, 14 * PAGE, SIZE - 14 * PAGE), 0,
	       "right of it, too");
	unmap(at, 2 * PAGE);
	is_int(wrong(at + 2 * PAGE, 2 * PAGE, 8 * PAGE), 0,
	       "with its beginning gone, the left piece is right");
	unmap(at + SIZE - PAGE, PAGE);
	is_int(wrong(at + 14 * PAGE, 14 * PAGE, 17 * PAGE), 0,
	       "with its end gone, the right piece is");
	unmap(at + 2 * PAGE, 8 * PAGE);
	is_int(wrong(at + 14 * PAGE, 14 * PAGE, 17 * PAGE), 0,
	       "without the left piece, it is");
	unmap(at + 14 * PAGE, 17 * PAGE);
}

static void moves(mapping_t at, const char *what)
{
	mapping_t piece;

	diag("moves of %s", what);
	ok(write32(at, pattern(0, SEED)), "%s is used", what);
	at = move(at, SIZE, SIZE);
	is_int(wrong(at, 0, SIZE), 0, "moved as a whole, it is right");
	at = move(at, SIZE, SIZE / 2);
	is_int(wrong(at, 0, SIZE / 2), 0, "moved and cut, it is right");
	piece = move(at + 2 * PAGE, 3 * PAGE, 3 * PAGE);
	is_int(wrong(piece, 2 * PAGE, 3 * PAGE), 0,
	       "a piece that was moved out of it is right");
	unmap(piece, 3 * PAGE);
	is_int(wrong(at + 5 * PAGE, 5 * PAGE, SIZE / 2 - 5 * PAGE), 0,
	       "so is what it was moved out of");
	unmap(at, SIZE / 2);
}

static void protections(mapping_t at, const char *what)
{
	diag("protections of %s", what);
	ok(write32(at, pattern(0, SEED)), "%s is written", what);
	is_ok(try_protect(at + 8 * PAGE, 8 * PAGE, PROT_READ),
	      "some pages are made read-only");
	is_int(wrong(at, 0, SIZE), 0, "all is readable and right");
	ok(write32(at + 7 * PAGE, pattern(7 * PAGE, SEED)),
	   "what comes before can be written");
	ok(write32(at + 16 * PAGE, pattern(16 * PAGE, SEED)),
	   "what comes after can be written");
	is_ok(try_protect(at, SIZE, PROT_NONE), "all access is taken");
	is_ok(try_protect(at, SIZE, RW), "and given back");
	ok(write32(at + 9 * PAGE, pattern(9 * PAGE, SEED)),
	   "what was read-only can be written");
	is_int(wrong(at, 0, SIZE), 0, "all is right");
	unmap(at, SIZE);
}

static long count_wrong(int fd, const long *args)
{
	(void)fd;
	return wrong((mapping_t)args[0], args[1], args[2]);
}

static void forks(mapping_t at, const char *what)
{
	struct peer child, second;

	diag("forks of %s", what);
	is_int(wrong(at, 0, SIZE / 2), 0, "half of %s is used", what);
	child = peer_start();
	is_int(peer_call(&child, count_wrong, -1, ARGS((long)at, 0, SIZE)), 0,
	       "all of it is right in a fork");
	unmap(at, SIZE / 2);
	is_int(peer_call(&child, count_wrong, -1, ARGS((long)at, 0, SIZE)), 0,
	       "so it is when the parent has unmapped a half");
	second = peer_start();
	is_int(peer_call(&second, count_wrong, -1,
			 ARGS((long)(at + SIZE / 2), SIZE / 2, SIZE / 2)), 0,
	       "the other half is right in a second fork");
	peer_kill(&child);
	is_int(peer_call(&second, count_wrong, -1,
			 ARGS((long)(at + SIZE / 2), SIZE / 2, SIZE / 2)), 0,
	       "also when the first fork was killed");
	peer_stop(&second);
	is_int(wrong(at + SIZE / 2, SIZE / 2, SIZE / 2), 0,
	       "and in the parent when both are gone");
	unmap(at + SIZE / 2, SIZE / 2);
}

/* New memory at the place of old, without a munmap() */
static void replaced(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	int other = lease_of(small.device, BAR2, SIZE, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	void *over;

	is_int(wrong(at, 0, SIZE), 0, "a lease is right");
	over = mmap((void *)(at + PAGE), PAGE, RW, MAP_SHARED | MAP_FIXED,
		    other, 0);
	ok(over == (void *)(at + PAGE), "another one is mapped over a page");
	reads(at + PAGE, pattern(SIZE, SEED), "which shows the other one");
	reads(at, pattern(0, SEED), "the page before it shows the first");
	reads(at + 2 * PAGE, pattern(2 * PAGE, SEED), "so does the one after");
	is_ok(lease_revoke(small.device, other), "the other one is revoked");
	sigbus(at + PAGE, "its page is SIGBUS");
	is_int(wrong(at + 2 * PAGE, 2 * PAGE, SIZE - 2 * PAGE), 0,
	       "the first is right around it");
	unmap(at, SIZE);
	close(other);
	close(lease);
}

/* Advice that would do something to ordinary memory */
static void advised(void)
{
	static const struct {
		int advice;
		const char *name;
	} advices[] = {
		{ MADV_DONTNEED, "MADV_DONTNEED" },
		{ MADV_DONTFORK, "MADV_DONTFORK" },
		{ MADV_DOFORK, "MADV_DOFORK" },
		{ MADV_HUGEPAGE, "MADV_HUGEPAGE" },
		{ MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE" },
		{ MADV_WILLNEED, "MADV_WILLNEED" },
		{ MADV_REMOVE, "MADV_REMOVE" },
		{ MADV_POPULATE_READ, "MADV_POPULATE_READ" },
		{ MADV_COLD, "MADV_COLD" },
		{ MADV_PAGEOUT, "MADV_PAGEOUT" },
	};
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);

	for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++) {
		madvise((void *)at, SIZE, advices[i].advice);
		is_int(wrong(at, 0, SIZE), 0, "after %s, a lease is right",
		       advices[i].name);
	}
	mlock((void *)at, SIZE);
	is_int(wrong(at, 0, SIZE), 0, "after mlock(), too");
	unmap(at, SIZE);
	close(lease);
}

int main(void)
{
	int lease, users, fds;

	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, 2 * SIZE, PAGE, SEED);
	users = module_users(OUR_MODULE);
	fds = fds_open();

	lease = lease_of(small.device, BAR2, 0, SIZE);
	holes(map(lease, 0, SIZE, RW), "a lease");
	holes(map_bar(&small, BAR2, 0, SIZE), "a BAR map");
	moves(map(lease, 0, SIZE, RW), "a lease");
	moves(map_bar(&small, BAR2, 0, SIZE), "a BAR map");
	protections(map(lease, 0, SIZE, RW), "a lease");
	protections(map_bar(&small, BAR2, 0, SIZE), "a BAR map");
	forks(map(lease, 0, SIZE, RW), "a lease");
	forks(map_bar(&small, BAR2, 0, SIZE), "a BAR map");
	close(lease);
	replaced();
	advised();

	is_int(fds_open(), fds, "no fd is left over");
	is_int(module_users(OUR_MODULE), users,
	       "no reference to the driver is left over");
	vfio_close(&small);
	return tap_done();
}
