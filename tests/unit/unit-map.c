// SPDX-License-Identifier: MIT
/*
 * barlease_map(): congruent addresses, and nothing mapped over anything
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <barlease.h>
#include <cmocka.h>

#include "../../lib/page.h"

#define PAGE	4096ull
#define KIB(n)	((uint64_t)(n) << 10)
#define MIB(n)	((uint64_t)(n) << 20)
#define GIB(n)	((uint64_t)(n) << 30)

static int file_of(uint64_t size)
{
	int fd = memfd_create("unit-map", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static void page_sizes(void **state)
{
	(void)state;
	assert_int_equal(bl_huge_page(0), KIB(4));
	assert_int_equal(bl_huge_page(MIB(2) - 1), KIB(4));
	assert_int_equal(bl_huge_page(MIB(2)), MIB(2));
	assert_int_equal(bl_huge_page(GIB(1) - 1), MIB(2));
	assert_int_equal(bl_huge_page(GIB(1)), GIB(1));
	assert_int_equal(bl_huge_page(UINT64_MAX), GIB(1));
}

static void congruent(int fd, uint64_t offset, uint64_t size,
		      struct barlease_alignment alignment, uint64_t modulus)
{
	uint64_t physical = alignment.phase + offset;
	void *at;

	assert_int_equal(barlease_map(fd, offset, size, 0, &alignment, &at), 0);
	assert_int_equal(((uintptr_t)at - physical) % modulus, 0);
	assert_int_equal(barlease_unmap(at, size), 0);
}

static void addresses(void **state)
{
	static const uint64_t phases[] = { 0, KIB(4), MIB(1), MIB(2) - KIB(4) };
	int fd = file_of(GIB(3));

	(void)state;
	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++) {
		struct barlease_alignment two = { MIB(2), phases[i] };
		struct barlease_alignment one = { GIB(1), phases[i] + MIB(6) };

		congruent(fd, 0, MIB(2), two, MIB(2));
		congruent(fd, KIB(12), MIB(64), two, MIB(2));
		congruent(fd, 0, GIB(2), one, GIB(1));
		congruent(fd, MIB(5), GIB(1), one, GIB(1));
		/* No page of 1 GiB fits. */
		congruent(fd, MIB(5), MIB(100), one, MIB(2));
		congruent(fd, 0, KIB(4), one, KIB(4));
	}
	close(fd);
}

/* Where there is no room to choose from, any address will do. */
static void little_room(void **state)
{
	struct barlease_alignment alignment = { GIB(1), 0 };
	int fd = file_of(GIB(1));
	struct rlimit before, limit;
	void *at;

	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip();		/* which take terabytes of address space */
#endif
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	limit = before;
	limit.rlim_cur = GIB(1) + MIB(512);
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
	assert_int_equal(barlease_map(fd, 0, GIB(1), 0, &alignment, &at), 0);
	assert_int_equal(barlease_unmap(at, GIB(1)), 0);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	close(fd);
}

static void errors(void **state)
{
	static const struct barlease_alignment bad[] = {
		{ 0, 0 }, { 1, 0 }, { KIB(2), 0 }, { KIB(12), 0 }, { MIB(3), 0 },
		{ MIB(2), MIB(2) }, { MIB(2), 1 }, { KIB(4), KIB(4) },
		{ UINT64_MAX, 0 }, { MIB(2), UINT64_MAX },
	};
	struct barlease_alignment good = { MIB(2), 0 };
	int fd = file_of(MIB(8));
	void *at;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(barlease_map(fd, 0, MIB(2), 0, &bad[i], &at),
				 -EINVAL);
	assert_int_equal(barlease_map(fd, 0, MIB(2), 2, &good, &at), -EINVAL);
	assert_int_equal(barlease_map(fd, 0, 0, 0, &good, &at), -EINVAL);
	assert_int_equal(barlease_map(fd, 5, MIB(2), 0, &good, &at), -EINVAL);
	assert_int_equal(barlease_map(-1, 0, MIB(2), 0, &good, &at), -EBADF);
	assert_int_equal(barlease_map(fd, 0, SIZE_MAX, 0, &good, &at), -ENOMEM);
	assert_int_equal(barlease_map(fd, 0, SIZE_MAX / 2, 0, &good, &at),
			 -ENOMEM);
	assert_int_equal(barlease_unmap((void *)1, PAGE), -EINVAL);
	close(fd);
}

#define ROUNDS	400
#define THREADS	4

static atomic_int harm;

/* Pages with a value each, among leases that come and go */
static void *among_pages(void *arg)
{
	struct barlease_alignment alignment = { MIB(2), 0 };
	int fd = *(int *)arg;
	int *pages[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		void *at;

		pages[i] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (pages[i] == MAP_FAILED)
			return NULL;
		*pages[i] = i + 1;
		if (barlease_map(fd, 0, MIB(8), 0, &alignment, &at)) {
			atomic_fetch_add(&harm, 1);
			continue;
		}
		if (((volatile int *)at)[i] || (uintptr_t)at % MIB(2))
			atomic_fetch_add(&harm, 1);
		barlease_unmap(at, MIB(8));
	}
	for (int i = 0; i < ROUNDS; i++) {
		if (*pages[i] != i + 1)
			atomic_fetch_add(&harm, 1);
		munmap(pages[i], PAGE);
	}
	return NULL;
}

static void crowded(void **state)
{
	pthread_t threads[THREADS];
	int fd = file_of(MIB(8));

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, among_pages,
						&fd), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(harm, 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "the largest page that fits", page_sizes, NULL, NULL, NULL },
		{ "addresses are congruent to where a lease lies", addresses, NULL, NULL, NULL },
		{ "without room for that, any address is taken", little_room, NULL, NULL, NULL },
		{ "bad arguments are refused", errors, NULL, NULL, NULL },
		{ "threads map among pages, and harm none", crowded, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
