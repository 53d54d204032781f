// SPDX-License-Identifier: MIT
/*
 * What the kernel notes in page tables about pages that are not there, or not
 * written, on a client's order (userfaultfd's write protection, where it can be
 * had, and soft-dirty bits) does not make an access fail, nor last for ever
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>

#include "access.h"
#include "attempt.h"
#include "lease.h"
#include "pattern.h"
#include "tap.h"

#define SEED	53
#define SIZE	MIB(4)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Linux 6.7 */
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC	(1 << 15)
#endif
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY	1
#endif
#ifndef PAGEMAP_SCAN
struct pm_scan_arg {
	__u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	__u64 category_inverted, category_mask, category_anyof_mask;
	__u64 return_mask;
};

#define PAGEMAP_SCAN		_IOWR('f', 16, struct pm_scan_arg)
#define PM_SCAN_WP_MATCHING	(1 << 0)
#define PM_SCAN_CHECK_WPASYNC	(1 << 1)
#define PAGE_IS_WPALLOWED	(1 << 0)
#endif

static const struct shape {
	const char *name;
	uint64_t remainder;
	uint32_t memattr;
} shapes[] = {
	{ "2 MiB pages", 0, NC },
	{ "2 MiB pages of WC", 0, WC },
	{ "4 KiB pages", PAGE, NC },
	{ "4 KiB pages of WC", PAGE, WC },
};

/* What of a mapping is write-protected */
static const struct part {
	const char *name;
	uint64_t start, size;
} parts[] = {
	{ "a page", PAGE, PAGE },
	{ "across 2 MiB", MIB(1), MIB(2) },
	{ "all", 0, SIZE },
};

static struct vfio small;

/* --- in the client, in a process that may be stuck --- */

static long wrong_words(mapping_t at)
{
	long wrong = pattern_errors(at, 0, SIZE, PAGE, SEED);

	for (uint64_t i = 0; i < SIZE; i += PAGE)
		wrong += !write32(at + i, pattern(i, SEED));
	return wrong + pattern_errors(at, 0, SIZE, PAGE, SEED);
}

static mapping_t map_shape(int fd, long shape)
{
	return map_aligned(fd, 0, SIZE, RW, MIB(2), shapes[shape].remainder);
}

static int open_uffd(void)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_WP_ASYNC,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		return -ENOSYS;
	return uffd;
}

static long protect(int uffd, mapping_t at, uint64_t size, uint64_t mode)
{
	struct uffdio_writeprotect arg = {
		.range = { (uintptr_t)at, size },
		.mode = mode,
	};

	return ioctl(uffd, UFFDIO_WRITEPROTECT, &arg);
}

static void scan(mapping_t at)
{
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC,
		.start = (uintptr_t)at,
		.end = (uintptr_t)at + SIZE,
		.category_mask = PAGE_IS_WPALLOWED,
		.return_mask = PAGE_IS_WPALLOWED,
	};
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	ioctl(pagemap, PAGEMAP_SCAN, &arg);
	close(pagemap);
}

/* @args: shape, part, whether the pages are there before */
static long write_protected(int fd, const long *args)
{
	const struct part *part = &parts[args[1]];
	mapping_t at = map_shape(fd, args[0]);
	struct uffdio_register range = {
		.range = { (uintptr_t)at, SIZE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	int uffd = open_uffd();
	long wrong = 0;

	if (uffd < 0)
		return uffd;
	if (args[2])
		wrong += wrong_words(at);
	if (ioctl(uffd, UFFDIO_REGISTER, &range))
		return -errno;
	wrong += protect(uffd, at + part->start, part->size,
			 UFFDIO_WRITEPROTECT_MODE_WP) != 0;
	wrong += wrong_words(at);
	scan(at);
	wrong += wrong_words(at);
	/* And again, with all of it there and some of it split */
	wrong += protect(uffd, at, SIZE, UFFDIO_WRITEPROTECT_MODE_WP) != 0;
	wrong += protect(uffd, at + part->start, part->size, 0) != 0;
	wrong += wrong_words(at);
	wrong += protect(uffd, at + part->start, part->size,
			 UFFDIO_WRITEPROTECT_MODE_WP) != 0;
	wrong += ioctl(uffd, UFFDIO_UNREGISTER, &range.range) != 0;
	wrong += wrong_words(at);
	return wrong ? -EPROTO : 0;
}

/* Markers are there, a fork gets the mapping, and the mapping moves */
static long marked_and_moved(int fd, const long *args)
{
	mapping_t at = map_shape(fd, args[0]), to = map_shape(-1, args[0]);
	struct uffdio_register range = {
		.range = { (uintptr_t)at, SIZE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	int uffd = open_uffd();
	long wrong = 0;

	if (uffd < 0)
		return uffd;
	if (ioctl(uffd, UFFDIO_REGISTER, &range))
		return -errno;
	wrong += protect(uffd, at, SIZE, UFFDIO_WRITEPROTECT_MODE_WP) != 0;
	wrong += mremap((void *)at, SIZE / 2, SIZE / 2,
			MREMAP_MAYMOVE | MREMAP_FIXED, to) != to;
	wrong += mremap((void *)(at + SIZE / 2), SIZE / 2, SIZE / 2,
			MREMAP_MAYMOVE | MREMAP_FIXED, to + SIZE / 2) !=
		 to + SIZE / 2;
	wrong += wrong_words(to);
	return wrong ? -EPROTO : 0;
}

static long clear_soft_dirty(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	long ret = result_of(write(fd, "4", 1));

	close(fd);
	return ret;
}

/*
 * Without its soft-dirty flag the kernel takes the right to write out of a
 * mapping's vm_page_prot, to be told of the first write.
 */
static long soft_dirty(int fd, const long *args)
{
	mapping_t at = map_shape(fd, args[0]);
	long wrong = 0;

	if (args[2])
		wrong += wrong_words(at);
	wrong += clear_soft_dirty() != 1;
	wrong += pattern_errors(at, 0, SIZE, PAGE, SEED);
	wrong += wrong_words(at);
	wrong += clear_soft_dirty() != 1;
	wrong += try_protect(at + parts[args[1]].start, parts[args[1]].size,
			     PROT_READ) != 0;
	wrong += pattern_errors(at, 0, SIZE, PAGE, SEED);
	wrong += try_protect(at, SIZE, RW) != 0;
	wrong += wrong_words(at);
	return wrong ? -EPROTO : 0;
}

/* --- the test --- */

/* In the client: a child of it, whose time is limited */
static long limited(int fd, const long *args)
{
	return attempt_in_fork((peer_fn)args[3], fd, args);
}

/* Newer kernels, 6.12.117 too, have no userfaultfd for device memory */
static void outcome(long ret, const char *what, const char *shape,
		    const char *part, const char *when)
{
	if (ret == -ENOSYS)
		skip("not in this kernel", "%s, %s of %s%s", what, part, shape,
		     when);
	else if (ret == -EINVAL)
		ok(true, "%s, %s of %s%s: refused", what, part, shape, when);
	else
		is_int(ret, 0, "%s, %s of %s%s: every access goes well", what,
		       part, shape, when);
}

static void one(const struct peer *client, int lease, size_t shape,
		const char *what, peer_fn fn)
{
	for (size_t part = 0; part < ARRAY_SIZE(parts); part++)
		for (int touched = 0; touched < 2; touched++)
			outcome(peer_call(client, limited, lease,
					  ARGS(shape, part, touched, (long)fn)),
				what, shapes[shape].name, parts[part].name,
				touched ? ", in use" : "");
}

static void all_of(const struct peer *client, size_t shape)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);

	if (shapes[shape].memattr &&
	    lease_set_memattr(small.device, lease, shapes[shape].memattr))
		bail("this machine cannot have write-combining leases");
	one(client, lease, shape, "write-protected", write_protected);
	one(client, lease, shape, "no longer soft-dirty", soft_dirty);
	outcome(peer_call(client, limited, lease,
			  ARGS(shape, 0, 0, (long)marked_and_moved)),
		"write-protected and moved", shapes[shape].name, "all", "");
	close(lease);
}

int main(void)
{
	struct peer client;

	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	client = peer_start_as(CLIENT_UID);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		all_of(&client, i);
	peer_stop(&client);
	vfio_close(&small);
	return tap_done();
}
