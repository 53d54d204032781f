// SPDX-License-Identifier: MIT
/*
 * A worker of the demo: gets a lease, and works on it until it is taken back
 *
 * Copyright (C) 2026 The barlease authors
 *
 * All it has is an unprivileged uid, and the DMABUF's fd that 'barlease acquire'
 * leaves it.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <barlease.h>

#include "pagetable.h"
#include "slices.h"

static const struct slice *slice;
static int lease;
static volatile uint8_t *mapping;

static uint64_t number(const char *name)
{
	const char *text = getenv(name);

	if (!text)
		errx(2, "no %s: run it by way of 'barlease acquire'", name);
	return strtoull(text, NULL, 0);
}

static void map_lease(void)
{
	struct barlease_alignment alignment = {
		.align = number("BARLEASE_ALIGN"),
		.phase = number("BARLEASE_PHASE"),
	};
	void *address;
	int ret;

	lease = number("BARLEASE_FD");
	slice = slice_named(getenv("BARLEASE_NAME") ?: "");
	if (!slice || number("BARLEASE_SIZE") != slice->size)
		errx(1, "this is no lease for the demo");

	ret = barlease_map(lease, 0, slice->size,
			   slice->read_only ? BARLEASE_READ_ONLY : 0,
			   &alignment, &address);
	if (ret)
		errx(1, "map: %s", strerror(-ret));
	mapping = address;
}

static int try_map(uint64_t offset, size_t size, bool write)
{
	int prot = write ? PROT_READ | PROT_WRITE : PROT_READ;
	void *at = mmap(NULL, size, prot, MAP_SHARED, lease, offset);

	if (at == MAP_FAILED)
		return -errno;
	munmap(at, size);
	return 0;
}

static void show_maps_line(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[256], start[32];

	if (!maps)
		err(1, "/proc/self/maps");
	snprintf(start, sizeof(start), "%lx-", (unsigned long)mapping);
	while (fgets(line, sizeof(line), maps))
		if (!strncmp(line, start, strlen(start)))
			printf("maps         %s", line);
	fclose(maps);
}

static void show_page_table(void)
{
	struct entry entry = entry_at(mapping);

	printf("page table   %s pages, %s, %s, physical %#" PRIx64 "\n",
	       entry.size == HUGE ? "2 MiB" : "4 KiB",
	       cache_name(entry.cache),
	       entry.writable ? "writable" : "read-only", entry.physical);
}

static void show_contents(void)
{
	uint64_t at, own = 0, foreign = 0;

	for (at = 0; at < slice->size; at += 4) {
		uint32_t word = *(volatile uint32_t *)(mapping + at);

		if (word == slice_word(slice, at))
			own++;
		else
			foreign++;
	}
	printf("contents     %" PRIu64 " words are its own, %" PRIu64
	       " are anybody else's\n", own, foreign);
}

static void show_attempt(const char *what, int ret)
{
	printf("%-12s %s\n", what, ret ? strerrorname_np(-ret) : "WORKS");
}

static int try_grow(void)
{
	void *at = mremap((void *)mapping, slice->size, slice->size + PAGE,
			  MREMAP_MAYMOVE);

	return at == MAP_FAILED ? -errno : 0;
}

static int try_make_writable(void)
{
	return mprotect((void *)mapping, PAGE, PROT_READ | PROT_WRITE) ? -errno :
									 0;
}

/* The neighbour's bytes begin where this slice ends. */
static void show_attempts(void)
{
	bool write = !slice->read_only;

	show_attempt("map past end", try_map(0, slice->size + PAGE, write));
	show_attempt("map behind", try_map(slice->size, PAGE, write));
	show_attempt("grow map", try_grow());
	if (write)
		return;
	show_attempt("map to write", try_map(0, PAGE, true));
	show_attempt("mprotect", try_make_writable());
}

static void inspect(void)
{
	show_maps_line();
	show_contents();
	show_page_table();
	show_attempts();
}

/* What the working thread has done; the counters only ever grow */
static struct {
	pthread_t thread;
	useconds_t pause;
	atomic_ulong accesses;
	atomic_ulong wrong;
	atomic_ulong longest_ns;
	atomic_ulong sigbus_ns;
	atomic_ulong last_ns;
	atomic_ulong faults;
} work;

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* Guarded: a revoke ends the access, and not the process. */
static bool access_word(uint64_t at)
{
	uint32_t value;

	if (barlease_read32(mapping + at, &value))
		return false;

	if (value != slice_word(slice, at))
		atomic_fetch_add(&work.wrong, 1);
	return slice->read_only ||
	       !barlease_write32(mapping + at, slice_word(slice, at));
}

static void *work_until_sigbus(void *unused)
{
	uint64_t at = 0, before = now_ns();
	long faults_before = faults();

	(void)unused;
	while (access_word(at)) {
		uint64_t after = now_ns();

		if (after - before > atomic_load(&work.longest_ns))
			atomic_store(&work.longest_ns, after - before);
		atomic_fetch_add(&work.accesses, 1);
		atomic_store(&work.faults, faults() - faults_before);
		at = (at + PAGE + 4) % slice->size;
		if (work.pause)
			usleep(work.pause);
		before = now_ns();
	}
	atomic_store(&work.sigbus_ns, now_ns());
	atomic_store(&work.last_ns, atomic_load(&work.sigbus_ns) - before);
	return NULL;
}

/*
 * A few SIGBUS of another kind, behind the end of a file: an emulator is slow at
 * whatever it does for the first time, and this is to be measured.
 */
static void warm_up(void)
{
	int file = memfd_create("empty", MFD_CLOEXEC);
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	uint32_t value;
	int i;

	if (page == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < 8; i++)
		if (barlease_read32(page, &value) != -ESTALE)
			errx(1, "an empty file has contents");
	munmap(page, PAGE);
	close(file);
}

/* An access now and then, or one after the other. */
static void start(bool busy)
{
	warm_up();
	work.pause = busy ? 0 : 200;
	if (pthread_create(&work.thread, NULL, work_until_sigbus, NULL))
		err(1, "pthread_create");
	while (!atomic_load(&work.accesses))
		usleep(100);
}

/* Accesses, wrong values, SIGBUS seen, longest access in ns, page faults */
static void stats(void)
{
	printf("%lu %lu %d %lu %lu\n", atomic_load(&work.accesses),
	       atomic_load(&work.wrong), atomic_load(&work.sigbus_ns) != 0,
	       atomic_exchange(&work.longest_ns, 0),
	       atomic_load(&work.faults));
}

/* When it came, how long the access took that it ended, what mmap() says now */
static void wait_for_sigbus(void)
{
	pthread_join(work.thread, NULL);
	printf("%lu %lu %s\n", atomic_load(&work.sigbus_ns),
	       atomic_load(&work.last_ns),
	       strerrorname_np(-try_map(0, PAGE, false)));
}

static void obey(const char *command)
{
	if (!strcmp(command, "inspect\n"))
		inspect();
	else if (!strcmp(command, "work\n"))
		start(false);
	else if (!strcmp(command, "work busily\n"))
		start(true);
	else if (!strcmp(command, "stats\n"))
		stats();
	else if (!strcmp(command, "wait\n"))
		wait_for_sigbus();
	else
		errx(1, "what is \"%s\"?", command);
	answer_done();
}

int main(void)
{
	char command[64];

	map_lease();
	answer_done();
	while (fgets(command, sizeof(command), stdin))
		obey(command);
	return 0;
}
