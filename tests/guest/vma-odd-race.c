// SPDX-License-Identifier: MIT
/*
 * Mappings are cut, moved, protected, advised, locked and forked at odd places
 * while threads fault on them: no thread sees a wrong word, and when the lease
 * is revoked in the midst of it, none sees another
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "pieces.h"
#include "prng.h"
#include "tap.h"

#define SEED	43
#define SMALL	MIB(8)
#define THREADS	3
#define STEPS	200
#define AFTER	400	/* words that each thread looks for after the revoke */

struct race_kind {
	const char *name;
	uint64_t size;
	uint64_t remainder;
	uint32_t memattr;
};

static const struct race_kind kinds[] = {
	{ "1 GiB", GIB(1), 0, NC },
	{ "1 GiB of WC", GIB(1), 0, WC },
	{ "2 MiB pages", SMALL, 0, NC },
	{ "2 MiB pages of WC", SMALL, 0, WC },
	{ "4 KiB pages", SMALL, PAGE, NC },
	{ "4 KiB pages of WC", SMALL, PAGE, WC },
};

static struct vfio big, small;

/* The one mapping that all threads read and write */
static mapping_t at;
static uint64_t size;
static int lease;
static uint8_t *spare;		/* as much address space */

static atomic_bool stop, going, revoked;
static atomic_long words, holes, wrong, early, late;
static long refused;

static uint64_t any_look(struct prng *prng)
{
	struct piece all = { .at = at, .size = size };
	uint64_t page = prng_below(prng, size / PAGE);
	uint64_t offset = piece_next_look(&all, page * PAGE);

	return offset < size ? offset : 0;
}

static void look(struct prng *prng)
{
	uint64_t offset = any_look(prng);
	uint32_t want = pattern(offset, SEED), value = want;
	bool over = atomic_load(&revoked);
	enum access access = prng_below(prng, 2) ?
			     try_read32(at + offset, &value) :
			     try_write32(at + offset, want);

	if (access == ACCESS_SIGSEGV) {
		atomic_fetch_add(&holes, 1);
	} else if (access == ACCESS_SIGBUS) {
		atomic_fetch_add(&early, !atomic_load(&going));
	} else {
		atomic_fetch_add(&words, 1);
		atomic_fetch_add(&wrong, value != want);
		atomic_fetch_add(&late, over);
	}
}

static void *reader(void *arg)
{
	struct prng prng = prng_seeded((uintptr_t)arg);

	while (!atomic_load(&stop))
		look(&prng);
	for (int i = 0; i < AFTER; i++)
		look(&prng);
	return NULL;
}

static void must(bool done, const char *what)
{
	if (!done)
		diag("  %s: %s", what, strerror(errno));
	refused += !done;
}

static void map_part(uint64_t start, uint64_t length)
{
	must(mmap((void *)(at + start), length, RW, MAP_SHARED | MAP_FIXED,
		  lease, start) != MAP_FAILED, "mmap()");
}

/* Nobody else may come to lie there, but for this moment */
static void hole(uint64_t start, uint64_t length)
{
	must(!munmap((void *)(at + start), length), "munmap()");
	map_part(start, length);
}

static void reserved(uint64_t start, uint64_t length)
{
	must(mmap((void *)(at + start), length, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		  -1, 0) != MAP_FAILED, "mmap() of memory");
	map_part(start, length);
}

static void protected(uint64_t start, uint64_t length, int prot)
{
	must(!mprotect((void *)(at + start), length, prot), "mprotect()");
	sched_yield();
	must(!mprotect((void *)(at + start), length, RW), "mprotect() back");
}

static void read_only(uint64_t start, uint64_t length)
{
	protected(start, length, PROT_READ);
}

static void no_access(uint64_t start, uint64_t length)
{
	protected(start, length, PROT_NONE);
}

static void moved(uint64_t start, uint64_t length)
{
	void *there = spare + start, *here = (void *)(at + start);

	/* Only one VMA at a time, and earlier steps may have left several */
	map_part(start, length);
	must(mremap(here, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
		    there) == there, "mremap()");
	must(mremap(there, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
		    here) == here, "mremap() back");
}

static void advised(uint64_t start, uint64_t length)
{
	static const int advices[] = {
		MADV_NOHUGEPAGE, MADV_HUGEPAGE, MADV_DONTNEED, MADV_COLD,
		MADV_POPULATE_READ, MADV_POPULATE_WRITE,
	};

	for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++)
		madvise((void *)(at + start), length, advices[i]);
}

static void locked(uint64_t start, uint64_t length)
{
	must(!mlock((void *)(at + start), length), "mlock()");
	must(!munlock((void *)(at + start), length), "munlock()");
}

static void forked(uint64_t start, uint64_t length)
{
	pid_t pid = fork();
	uint32_t value;
	int status;

	if (!pid) {
		munmap((void *)(at + start), length);
		_exit(start && !read32(at, &value));
	}
	must(pid > 0 && waitpid(pid, &status, 0) == pid && !status, "fork()");
}

static void shrunk(uint64_t start, uint64_t length)
{
	(void)length;
	if (!start)
		return;
	map_part(0, size);
	must(mremap((void *)at, size, start, 0) == at, "mremap() to shrink");
	map_part(start, size - start);
}

static void (*const steps[])(uint64_t start, uint64_t length) = {
	hole, reserved, read_only, no_access, moved, advised, locked, forked,
	shrunk,
};

/* A border that is odd, or a multiple of 2 MiB, anywhere */
static uint64_t any_border(struct prng *prng)
{
	uint64_t border = prng_below(prng, size / MIB(2) + 1) * MIB(2);
	uint32_t dice = prng_below(prng, 3);

	if (dice == 1 && border)
		return border - PAGE;
	if (dice == 2 && border < size)
		return border + PAGE;
	return border;
}

static void step(struct prng *prng)
{
	uint64_t start, end;

	do {
		start = any_border(prng);
		/* Half of them short, so that there is much left */
		end = prng_below(prng, 2) ? any_border(prng) :
		      start + (1 + prng_below(prng, 3)) * PAGE;
	} while (start >= end || end > size);
	steps[prng_below(prng, sizeof(steps) / sizeof(*steps))](start,
								end - start);
}

static void set_up(const struct race_kind *kind)
{
	const struct vfio *vfio = kind->size == SMALL ? &small : &big;

	size = kind->size;
	lease = lease_of(vfio->device, BAR2, 0, size);
	if (kind->memattr &&
	    lease_set_memattr(vfio->device, lease, kind->memattr))
		bail("this machine cannot have write-combining leases");
	at = map_aligned(lease, 0, size, RW, size == SMALL ? MIB(2) : GIB(1),
			 kind->remainder);
	spare = (uint8_t *)map_aligned(-1, 0, size, PROT_NONE, GIB(1),
				       kind->remainder);
	atomic_store(&stop, false);
	atomic_store(&going, false);
	atomic_store(&revoked, false);
	words = 0;
	holes = 0;
	wrong = 0;
	early = 0;
	late = 0;
	refused = 0;
}

static void check(const struct race_kind *kind)
{
	diag("%s: %ld words, %ld holes", kind->name, (long)words, (long)holes);
	ok(words > 1000, "%s: %d threads read and write", kind->name, THREADS);
	is_int(refused, 0, "each of %d changes succeeds", STEPS);
	is_int(wrong, 0, "every word is right");
	is_int(early, 0, "no access is SIGBUS before the revoke");
	is_int(late, 0, "no word comes after it");
	is_int(pages_present(at, size), 0, "and no page is left");
}

static void race(const struct race_kind *kind)
{
	const struct vfio *vfio = kind->size == SMALL ? &small : &big;
	struct prng prng = prng_seeded(kind->size + kind->remainder);
	pthread_t threads[THREADS];

	set_up(kind);
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, reader, (void *)(i + 1)))
			bail("no thread");
	for (int i = 0; i < STEPS; i++)
		step(&prng);
	atomic_store(&going, true);
	is_ok(lease_revoke(vfio->device, lease), "%s: the lease is revoked",
	      kind->name);
	atomic_store(&revoked, true);
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	check(kind);
	unmap(at, size);
	munmap(spare, size);
	close(lease);
}

int main(void)
{
	big = vfio_open(dev_big_mapped());
	small = vfio_open(dev_small());
	pieces_fill(&big, BAR2, GIB(1), SEED);
	pieces_fill(&small, BAR2, SMALL, SEED);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		race(&kinds[i]);
	vfio_close(&small);
	vfio_close(&big);
	return tap_done();
}
