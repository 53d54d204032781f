// SPDX-License-Identifier: MIT
/*
 * Two clients without privileges do whatever comes to mind to their leases'
 * mappings, by every call of the kernel's memory management, while the owner
 * revokes and resets: each reads its own words, or none, and none of what was
 * revoked; and the kernel is well
 *
 * Copyright (C) 2026 The barlease authors
 *
 * BARLEASE_SEED brings the same calls back, though not the same races.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "lease.h"
#include "map.h"
#include "pieces.h"
#include "prng.h"
#include "tap.h"

#define ROUNDS		5
#define ROUND_MS	3000
#define ROUND_CALLS	250	/* and longer where these take longer */
#define CLIENTS		2
#define READERS		2	/* threads of a client that only read */
#define LEASES		8	/* of a client */
#define RANGES		3
/* Address space of a client, who has not more than 4 GiB in all on 32 bits */
#define ARENA		GIB(sizeof(long) == 8 ? 4 : 1)

/*
 * A page's first word tells which page of which BAR it is, and the second is its
 * complement: what other tests have left on other pages says nothing
 */
#define WORD_OF_BIG	0x51c00000u
#define WORD_OF_SMALL	0xa7400000u
#define PAGE_OF_WORD	0x0003ffffu

/* How far a lease is on its way out */
enum phase {
	ALIVE,
	GOING,		/* the owner is about to revoke it */
	GONE,		/* a revoke has returned */
};

struct lease {
	bool is_big;
	bool readonly;
	uint32_t memattr;
	struct vfio_region_dma_range ranges[RANGES];
	uint32_t nr_ranges;
	uint64_t size;
	int fd;
};

/* The first has all of the big BAR, the second a half; the rest is one's own */
static struct lease leases[CLIENTS][LEASES] = {
	{
		{ .is_big = true, .ranges = { { 0, GIB(1) } } },
		{ .is_big = true, .ranges = { { 0, GIB(1) } }, .memattr = WC },
		{ .is_big = true, .ranges = { { 0, GIB(1) } }, .readonly = true },
		{ .ranges = { { 0, PAGE } } },
		{ .ranges = { { 3 * PAGE, 600 * PAGE } }, .memattr = WC },
		{ .ranges = { { MIB(4), MIB(8) } } },
		{ .ranges = { { MIB(8), MIB(4) } }, .memattr = WC,
		  .readonly = true },
		{ .ranges = { { MIB(12), MIB(3) }, { MIB(17), PAGE },
			      { MIB(20), MIB(5) } } },
	}, {
		{ .is_big = true, .ranges = { { MIB(512), MIB(512) } } },
		{ .is_big = true, .ranges = { { MIB(512), MIB(256) } },
		  .memattr = WC },
		{ .is_big = true, .ranges = { { MIB(512), MIB(512) } },
		  .memattr = WC, .readonly = true },
		{ .ranges = { { MIB(32), PAGE } } },
		{ .ranges = { { MIB(32) + 3 * PAGE, 600 * PAGE } },
		  .readonly = true },
		{ .ranges = { { MIB(36), MIB(8) } }, .memattr = WC },
		{ .ranges = { { MIB(40), MIB(4) } } },
		{ .ranges = { { MIB(44), MIB(2) }, { MIB(40), MIB(2) },
			      { MIB(52), MIB(3) + PAGE } }, .memattr = WC },
	},
};

/* In memory that all share */
struct shared {
	atomic_int phase[CLIENTS][LEASES];
	atomic_bool over;
	atomic_long calls, words, sigbus;
	/* All of these must stay 0 */
	atomic_long foreign, late, wrong, early, too_much;
};

static struct shared *shared;
static struct vfio big, small;

/* A client's own */
static int me;
static struct prng prng;
static mapping_t arena;
static struct pieces pieces;

static void note(atomic_long *counter)
{
	atomic_fetch_add(counter, 1);
}

static uint32_t below(uint32_t limit)
{
	return prng_below(&prng, limit);
}

static uint32_t word(bool is_big, uint64_t bar_offset)
{
	return (is_big ? WORD_OF_BIG : WORD_OF_SMALL) | bar_offset / PAGE;
}

/* --- what a word says --- */

static bool has_page(const struct lease *lease, bool is_big, uint64_t offset)
{
	for (uint32_t i = 0; i < lease->nr_ranges; i++)
		if (lease->is_big == is_big &&
		    offset >= lease->ranges[i].offset &&
		    offset - lease->ranges[i].offset < lease->ranges[i].length)
			return true;
	return false;
}

/* Wherever they were read: is the page this client's, and was it at @phases? */
static void judge(const uint32_t *words, const int *phases)
{
	bool is_big = (words[0] & ~PAGE_OF_WORD) == WORD_OF_BIG;
	bool is_small = (words[0] & ~PAGE_OF_WORD) == WORD_OF_SMALL;
	uint64_t offset = (words[0] & PAGE_OF_WORD) * PAGE;
	bool ours = false;

	if ((!is_big && !is_small) || words[1] != ~words[0])
		return;
	for (int i = 0; i < LEASES; i++) {
		if (!has_page(&leases[me][i], is_big, offset))
			continue;
		if (phases[i] != GONE)
			return;
		ours = true;
	}
	note(ours ? &shared->late : &shared->foreign);
}

static void phases_now(int *phases)
{
	for (int i = 0; i < LEASES; i++)
		phases[i] = atomic_load(&shared->phase[me][i]);
}

static void read_somewhere(struct prng *own)
{
	struct piece piece = pieces.piece[prng_below(own, MAX_PIECES)];
	uint64_t pages = piece.size / PAGE, offset;
	int phases[LEASES];
	uint32_t words[2];

	if (!piece.at || !pages)
		return;
	offset = piece.at - arena;
	offset += piece_next_look(&piece, prng_below(own, pages) * PAGE);
	if (offset >= ARENA)
		return;
	phases_now(phases);
	if (try_read32(arena + offset, &words[0]) == ACCESS_DONE &&
	    try_read32(arena + offset + 4, &words[1]) == ACCESS_DONE)
		judge(words, phases);
}

/*
 * The pieces change under these threads. No matter: any address will do, and
 * one that had a piece a moment ago does best.
 */
static void *reader(void *arg)
{
	struct prng own = prng_seeded((uintptr_t)arg);

	while (!atomic_load(&shared->over))
		read_somewhere(&own);
	return NULL;
}

/* --- what is known of a piece --- */

static struct lease *lease_of_piece(const struct piece *piece)
{
	return &leases[me][piece->tag];
}

static void touch(const struct piece *piece, uint64_t offset)
{
	uint32_t want = word(lease_of_piece(piece)->is_big,
			     piece->bar_offset + offset);
	atomic_int *phase = &shared->phase[me][piece->tag];
	bool writes = piece->prot & PROT_WRITE && below(2);
	uint32_t value = want;
	int before = atomic_load(phase);
	enum access access = writes ? try_write32(piece->at + offset, want) :
				      try_read32(piece->at + offset, &value);

	if (access == ACCESS_DONE) {
		note(&shared->words);
		if (before == GONE)
			note(&shared->late);
		if (value != want)
			note(&shared->wrong);
	} else if (access == ACCESS_SIGBUS) {
		note(&shared->sigbus);
		if (atomic_load(phase) == ALIVE)
			note(&shared->early);
	} else if (piece->prot & PROT_READ) {
		note(&shared->wrong);
	}
}

static void touch_some(const struct piece *piece)
{
	for (int i = 0; i < 8; i++) {
		uint64_t page = below(piece->size / PAGE);
		uint64_t offset = piece_next_look(piece, page * PAGE);

		if (offset < piece->size)
			touch(piece, offset);
	}
}

static struct piece *any_piece(void)
{
	return &pieces.piece[below(pieces.n)];
}

/* Odd in one way or another, and no longer than @size */
static uint64_t any_length(uint64_t size)
{
	static const uint64_t lengths[] = {
		PAGE, 2 * PAGE, MIB(2) - PAGE, MIB(2), MIB(2) + PAGE, MIB(4),
		MIB(64), GIB(1),
	};
	uint64_t length = lengths[below(sizeof(lengths) / sizeof(*lengths))];

	return length < size ? length : size;
}

/* A part of a piece: near one of its ends, or near a multiple of 2 MiB */
static struct piece any_part(const struct piece *piece)
{
	struct piece part = *piece;
	uint64_t start = 0;

	part.size = any_length(piece->size);
	switch (below(4)) {
	case 0:
		start = piece->size - part.size;
		break;
	case 1:
		start = below(3) * PAGE;
		break;
	case 2:
		start = piece_next_look(piece, below(piece->size / PAGE) * PAGE);
		break;
	default:
		break;
	}
	if (start >= piece->size)
		start = 0;
	if (part.size > piece->size - start)
		part.size = piece->size - start;
	part.at += start;
	part.bar_offset += start;
	return part;
}

/* In the arena, and as a rule such that huge pages fit */
static mapping_t any_place(uint64_t bar_offset, uint64_t size)
{
	uint64_t at = (uint64_t)below((ARENA - size) / PAGE) * PAGE;
	uint64_t align = below(2) ? GIB(1) : MIB(2);

	if (below(4)) {
		at = (at & ~(align - 1)) + bar_offset % align;
		if (at + size > ARENA)
			at = bar_offset % MIB(2);
	}
	if (at + size > ARENA)
		at = 0;
	return arena + at;
}

/* Pages of a lease in a row, as the pieces that its ranges make of them */
static void add_pieces(int tag, uint64_t offset, mapping_t at, uint64_t size,
		       int prot)
{
	const struct lease *lease = &leases[me][tag];

	for (uint32_t i = 0; i < lease->nr_ranges && size; i++) {
		const struct vfio_region_dma_range *range = &lease->ranges[i];
		uint64_t n;

		if (offset >= range->length) {
			offset -= range->length;
			continue;
		}
		n = range->length - offset < size ? range->length - offset :
						    size;
		pieces_add(&pieces, at, n, range->offset + offset, prot);
		pieces.piece[pieces.n - 1].tag = tag;
		at += n;
		size -= n;
		offset = 0;
	}
}

/* --- calls --- */

static void unmap_part(const struct piece *part)
{
	munmap((void *)part->at, part->size);
	pieces_unmap(&pieces, part->at, part->size);
}

static void map_some(void)
{
	int tag = below(LEASES), prot = below(3) ? RW : PROT_READ;
	const struct lease *lease = &leases[me][tag];
	uint64_t size = below(2) ? lease->size : any_length(lease->size);
	uint64_t offset = below((lease->size - size) / PAGE + 1) * PAGE;
	int before = atomic_load(&shared->phase[me][tag]);
	mapping_t at = any_place(lease->ranges[0].offset + offset, size);
	void *got = mmap((void *)at, size, prot, MAP_SHARED | MAP_FIXED,
			 lease->fd, offset);

	/* A failure may have unmapped what was there */
	pieces_unmap(&pieces, at, size);
	if (got == MAP_FAILED)
		return;
	if (before == GONE)
		note(&shared->late);
	if (lease->readonly && prot & PROT_WRITE)
		note(&shared->too_much);
	add_pieces(tag, offset, at, size, prot);
}

static void protect_some(const struct piece *part)
{
	static const int prots[] = { PROT_NONE, PROT_READ, RW };
	int prot = prots[below(3)];

	if (mprotect((void *)part->at, part->size, prot))
		return;
	if (lease_of_piece(part)->readonly && prot & PROT_WRITE)
		note(&shared->too_much);
	pieces_protect(&pieces, part->at, part->size, prot);
}

static void move_some(const struct piece *part)
{
	mapping_t to = any_place(part->bar_offset, part->size);
	void *got;

	if (to < part->at + part->size && part->at < to + part->size)
		return;
	got = mremap((void *)part->at, part->size, part->size,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to);
	pieces_unmap(&pieces, to, part->size);
	if (got == (void *)to)
		pieces_move(&pieces, part->at, part->size, to);
	else	/* Part of it may be here, and part of it there */
		pieces_unmap(&pieces, part->at, part->size);
}

static void resize_some(const struct piece *part)
{
	uint64_t size = any_length(part->size);
	void *at = (void *)part->at;

	if (mremap(at, 0, part->size, MREMAP_MAYMOVE) != MAP_FAILED ||
	    mremap(at, part->size, part->size + PAGE, MREMAP_MAYMOVE) !=
	    MAP_FAILED ||
	    mremap(at, part->size, part->size,
		   MREMAP_MAYMOVE | MREMAP_DONTUNMAP) != MAP_FAILED)
		note(&shared->too_much);
	if (mremap(at, part->size, size, 0) == at)
		pieces_unmap(&pieces, part->at + size, part->size - size);
}

static void advise_some(const struct piece *part)
{
	static const int advices[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK,
		MADV_DOFORK, MADV_MERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
		MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK, MADV_COLD,
		MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE, 24, 25,
		102, 103,
	};

	madvise((void *)part->at, part->size,
		advices[below(sizeof(advices) / sizeof(*advices))]);
}

static void lock_some(const struct piece *part)
{
	if (below(2))
		mlock((void *)part->at, part->size);
	else
		mlock2((void *)part->at, part->size, MLOCK_ONFAULT);
	if (below(2))
		munlock((void *)part->at, part->size);
}

static void walk_some(const struct piece *part)
{
	static unsigned char vec[GIB(1) / PAGE];
	unsigned long nodes = 1;

	msync((void *)part->at, part->size, below(2) ? MS_SYNC : MS_INVALIDATE);
	mincore((void *)part->at, part->size, vec);
	/* 2: MPOL_MF_MOVE; client-mbind has the rest */
	syscall(SYS_mbind, part->at, part->size, 1ul, &nodes, 64ul,
		below(2) * 2ul);
	prctl(PR_SET_THP_DISABLE, below(2), 0, 0, 0);
}

static void copy_some(const struct piece *part)
{
	uint32_t words[2] = { 0 };
	struct iovec here = { words, sizeof(words) };
	struct iovec there = { (void *)part->at, sizeof(words) };
	pid_t pid = below(4) ? getpid() : getppid();
	int phases[LEASES];

	phases_now(phases);
	if (process_vm_readv(pid, &here, 1, &there, 1, 0) > 0)
		judge(words, phases);
}

/* Any page of the same lease may lie there now: forget it */
static void remap_some(const struct piece *part)
{
	pieces_unmap(&pieces, part->at, part->size);
	syscall(SYS_remap_file_pages, part->at, part->size, 0ul,
		(unsigned long)below(lease_of_piece(part)->size / PAGE), 0ul);
}

static void cover_some(const struct piece *part)
{
	(void)mmap((void *)part->at, part->size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		   0);
	pieces_unmap(&pieces, part->at, part->size);
}

static void fork_some(const struct piece *part)
{
	pid_t pid = fork();

	if (!pid) {
		munmap((void *)part->at, part->size);
		pieces_unmap(&pieces, part->at, part->size);
		for (size_t i = 0; i < pieces.n; i++)
			/* What it must not have: MADV_DONTFORK, _WIPEONFORK */
			try_read32(pieces.piece[i].at, &(uint32_t){ 0 });
		_exit(0);
	}
	if (pid > 0 && below(2))
		kill(pid, SIGKILL);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void (*const calls[])(const struct piece *part) = {
	unmap_part, unmap_part, protect_some, protect_some, move_some,
	move_some, resize_some, advise_some, advise_some, lock_some,
	walk_some, copy_some, remap_some, cover_some,
};

static void step(void)
{
	uint32_t dice = below(1000);
	struct piece part;

	note(&shared->calls);
	while (!pieces_room(&pieces) || pieces.n > MAX_PIECES - 8)
		unmap_part(any_piece());
	if (!pieces.n || dice < 150) {
		map_some();
		return;
	}
	part = any_part(any_piece());
	if (dice < 160)
		fork_some(&part);
	else if (dice < 500)
		calls[below(sizeof(calls) / sizeof(*calls))](&part);
	else
		touch_some(any_piece());
}

/* --- a client --- */

static void give_up_privileges(void)
{
	uid_t uid = 1001 + me;

	/* Its leases, and nothing else of the owner's */
	for (int fd = 3; fd < 1024; fd++) {
		bool ours = false;

		for (int i = 0; i < LEASES; i++)
			ours |= leases[me][i].fd == fd;
		if (!ours)
			close(fd);
	}
	if (setgroups(0, NULL) || setgid(uid) || setuid(uid) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(2);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static __attribute__((noreturn)) void be_client(uint64_t seed)
{
	pthread_t threads[READERS];

	give_up_privileges();
	prng = prng_seeded(seed);
	arena = map_aligned(-1, 0, ARENA, PROT_NONE, GIB(1), 0);
	for (uintptr_t i = 0; i < READERS; i++)
		if (pthread_create(&threads[i], NULL, reader,
				   (void *)((uintptr_t)seed + i)))
			_exit(3);
	while (!atomic_load(&shared->over))
		step();
	for (int i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	/* By now all is revoked, whatever has been done to it */
	for (size_t i = 0; i < pieces.n; i++)
		touch_some(&pieces.piece[i]);
	_exit(0);
}

/* --- the owner --- */

static void export_one(struct lease *lease)
{
	const struct vfio *vfio = lease->is_big ? &big : &small;
	uint32_t flags = lease->readonly ? O_RDONLY : O_RDWR;

	lease->size = 0;
	lease->nr_ranges = 0;
	while (lease->nr_ranges < RANGES &&
	       lease->ranges[lease->nr_ranges].length)
		lease->size += lease->ranges[lease->nr_ranges++].length;

	lease->fd = lease_export(vfio->device, BAR2, flags | O_CLOEXEC,
				 lease->ranges, lease->nr_ranges);
	if (lease->fd < 0)
		bail("cannot export: %s", strerror(-lease->fd));
	if (lease->memattr &&
	    lease_set_memattr(vfio->device, lease->fd, lease->memattr))
		bail("this machine cannot have write-combining leases");
}

static long revoke_one(int client, int i)
{
	const struct lease *lease = &leases[client][i];
	const struct vfio *vfio = lease->is_big ? &big : &small;
	atomic_int *phase = &shared->phase[client][i];
	int ret;

	if (atomic_load(phase) == GONE)
		return 0;
	atomic_store(phase, GOING);
	ret = lease_revoke(vfio->device, lease->fd);
	atomic_store(phase, GONE);
	return ret != 0;
}

/* Half of the leases go in the midst of it, the rest at its end */
static long own(struct prng *dice)
{
	int64_t end = now_us() + ROUND_MS * 1000ll;
	long enough = shared->calls + ROUND_CALLS, failed = 0;

	while (now_us() < end || shared->calls < enough) {
		sleep_ms(20 + prng_below(dice, 250));
		if (prng_below(dice, 2))
			failed += vfio_reset(prng_below(dice, 2) ? &big :
								    &small) != 0;
		else
			failed += revoke_one(prng_below(dice, CLIENTS),
					     prng_below(dice, LEASES));
	}
	for (int i = 0; i < CLIENTS * LEASES; i++)
		failed += revoke_one(i / LEASES, i % LEASES);
	sleep_ms(100);
	atomic_store(&shared->over, true);
	return failed;
}

static long one_round(uint64_t seed)
{
	struct prng dice = prng_seeded(seed);
	pid_t pids[CLIENTS];
	long failed;
	int status;

	atomic_store(&shared->over, false);
	for (int i = 0; i < CLIENTS * LEASES; i++) {
		export_one(&leases[i / LEASES][i % LEASES]);
		atomic_store(&shared->phase[i / LEASES][i % LEASES], ALIVE);
	}
	for (me = 0; me < CLIENTS; me++) {
		pids[me] = fork();
		if (!pids[me])
			be_client(seed + me + 1);
	}
	failed = own(&dice);
	for (int i = 0; i < CLIENTS; i++) {
		if (waitpid(pids[i], &status, 0) != pids[i] || status) {
			diag("client %d: status %#x", i, status);
			failed++;
		}
	}
	for (int i = 0; i < CLIENTS * LEASES; i++)
		close(leases[i / LEASES][i % LEASES].fd);
	return failed;
}

/* As pieces_fill() does: on the pages around each multiple of 2 MiB */
static void fill(const struct vfio *vfio, bool is_big, uint64_t size)
{
	struct piece all = { .at = map_bar(vfio, BAR2, 0, size), .size = size };
	uint64_t offset = 0;

	while (offset < size) {
		*(volatile uint32_t *)(all.at + offset) = word(is_big, offset);
		*(volatile uint32_t *)(all.at + offset + 4) =
			~word(is_big, offset);
		offset = piece_next_look(&all, offset + PAGE);
	}
	unmap(all.at, size);
}

/* Not a word of the BARs may have changed for another */
static uint64_t spoilt(const struct vfio *vfio, bool is_big, uint64_t size)
{
	struct piece all = { .at = map_bar(vfio, BAR2, 0, size), .size = size };
	uint64_t offset = 0, wrong = 0;

	while (offset < size) {
		wrong += *(volatile uint32_t *)(all.at + offset) !=
			 word(is_big, offset);
		offset = piece_next_look(&all, offset + PAGE);
	}
	unmap(all.at, size);
	return wrong;
}

static uint64_t seed_to_use(void)
{
	const char *given = getenv("BARLEASE_SEED");

	return given && *given ? strtoull(given, NULL, 0) : (uint64_t)now_us();
}

int main(void)
{
	uint64_t seed = seed_to_use();
	long failed = 0;

	diag("BARLEASE_SEED=%llu", (unsigned long long)seed);
	shared = mmap(NULL, sizeof(*shared), RW, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		bail("no memory");
	big = vfio_open(dev_big_mapped());
	small = vfio_open(dev_small());
	fill(&big, true, GIB(1));
	fill(&small, false, MIB(64));

	for (uint64_t round = 0; round < ROUNDS; round++)
		failed += one_round(seed + round * 100);

	diag("%ld calls, %ld words, %ld SIGBUS", (long)shared->calls,
	     (long)shared->words, (long)shared->sigbus);
	is_int(failed, 0, "%d times, revokes, resets and both clients end well",
	       ROUNDS);
	ok(shared->calls >= ROUNDS * ROUND_CALLS, "the clients made many calls");
	ok(shared->words > 1000, "and read and wrote many words");
	ok(shared->sigbus > 100, "and met revoked leases");
	is_int(shared->wrong, 0, "every word was the one that belongs there");
	is_int(shared->foreign, 0, "none was anybody else's");
	is_int(shared->late, 0, "none came after a revoke had returned");
	is_int(shared->early, 0, "no SIGBUS came before a revoke had begun");
	is_int(shared->too_much, 0,
	       "nothing read-only became writable, nothing grew");
	is_int(spoilt(&big, true, GIB(1)) + spoilt(&small, false, MIB(64)), 0,
	       "the devices have what they had");
	vfio_close(&small);
	vfio_close(&big);
	return tap_done();
}
