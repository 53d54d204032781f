// SPDX-License-Identifier: MIT
/*
 * A lease that was exported for it reads all ones when it is over, and what is
 * written then is its own: no byte of the device, of another lease or of anybody
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "huge.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "peer.h"
#include "sysfs.h"
#include "tap.h"

#define SIZE	MIB(4)
#define SEED	31
#define ONES	(~0u)

static struct vfio small;

/* How many words of the pages are not all ones, one in each page and the last */
static size_t not_ones(mapping_t at, size_t size)
{
	size_t n = 0;
	uint32_t value;

	for (size_t i = 0; i < size; i += PAGE)
		n += !read32(at + i, &value) || value != ONES;
	return n + (!read32(at + size - 4, &value) || value != ONES);
}

static void all_ones(mapping_t at, size_t size, const char *what)
{
	is_int(not_ones(at, size), 0, "%s reads all ones", what);
}

/* Small pages, huge ones, and some that nobody has touched before */
static void every_page(void)
{
	int lease = lease_of_ones(small.device, BAR2, 0, SIZE);
	mapping_t odd = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	mapping_t even = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
	mapping_t later = map(lease, 0, SIZE, RW);

	is_int(pattern_errors(odd, 0, SIZE, PAGE, SEED), 0, "a lease works");
	is_int(pattern_errors(even, 0, SIZE, PAGE, SEED), 0,
	       "also in huge pages, where there are any");
	is_ok(lease_revoke(small.device, lease), "it is revoked");
	is_int(pages_present(odd, SIZE) + pages_present(even, SIZE), 0,
	       "no page of it is left");
	all_ones(odd, SIZE, "what had small pages");
	all_ones(even, SIZE, "what had huge pages");
	all_ones(later, SIZE, "what had none");
	is_int(pages_cached(odd, SIZE, CACHE_WB), SIZE / PAGE,
	       "it is mapped as ordinary memory is");
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "there is no new mapping of it: ENODEV");
	unmap(odd, SIZE);
	unmap(even, SIZE);
	unmap(later, SIZE);
	close(lease);
}

static void writes(void)
{
	int lease = lease_of_ones(small.device, BAR2, 0, SIZE);
	int other = lease_of_ones(small.device, BAR2, 0, SIZE);
	int live = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW), twin = map(lease, 0, SIZE, RW);
	mapping_t others = map(other, 0, SIZE, RW);
	mapping_t lives = map(live, 0, SIZE, RW);

	lease_revoke(small.device, lease);
	lease_revoke(small.device, other);
	ok(write32(at + PAGE, 0x1234), "a write to what is over succeeds");
	reads(at + PAGE, 0x1234, "and reads back");
	reads(twin + PAGE, 0x1234, "so it does in another mapping of it");
	reads(at, 0x1234, "and at the same place of other pages");
	reads(at + 4, ONES, "all else is ones");
	all_ones(others, SIZE, "another lease that is over");
	is_int(pattern_errors(lives, 0, SIZE, PAGE, SEED), 0,
	       "a lease of the same bytes shows the device as it was");
	is_hex(vfio_get32(&small, BAR2, PAGE), pattern(PAGE, SEED),
	       "the write did not reach it");
	unmap(at, SIZE);
	unmap(twin, SIZE);
	unmap(others, SIZE);
	unmap(lives, SIZE);
	close(lease);
	close(other);
	close(live);
}

static void read_only(void)
{
	const struct vfio_device_feature_dma_buf what = {
		.region_index = BAR2,
		.open_flags = O_RDONLY | O_CLOEXEC,
		.flags = BARLEASE_DMA_BUF_ONES,
		.nr_ranges = 1,
	};
	struct vfio_region_dma_range range = { 0, SIZE };
	int lease = lease_export_as(small.device, &what, &range);
	mapping_t at = map(lease, 0, SIZE, PROT_READ);

	is_ok(lease_revoke(small.device, lease), "a read-only one is revoked");
	all_ones(at, SIZE, "it");
	is_error(try_protect(at, SIZE, RW), EACCES,
		 "it cannot be made writable: EACCES");
	is_int(try_write32(at, 0), ACCESS_SIGSEGV, "a write is a SIGSEGV");
	reads(at, ONES, "and has changed nothing");
	unmap(at, SIZE);
	close(lease);
}

static void protection(void)
{
	int lease = lease_of_ones(small.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);

	lease_revoke(small.device, lease);
	all_ones(at, SIZE, "a lease that is over");
	is_ok(try_protect(at, SIZE, PROT_READ), "it is made read-only");
	is_int(try_write32(at, 0), ACCESS_SIGSEGV, "a write is a SIGSEGV");
	reads(at, ONES, "a read is ones");
	is_ok(try_protect(at, SIZE, RW), "it is made writable again");
	is_int(try_write32(at, 5), ACCESS_DONE, "a write succeeds");
	reads(at, 5, "and reads back");
	is_cache(at, CACHE_WB, "it is still mapped as memory is");
	is_ok(mremap((void *)at, SIZE, SIZE / 2, 0) == at ? 0 : -errno,
	      "half of it is cut off");
	reads(at + SIZE / 2 - PAGE, 5, "the rest shows the same page");
	unmap(at, SIZE / 2);
	close(lease);
}

static long in_child(int fd, const long *args)
{
	mapping_t at = (mapping_t)args[0];
	uint32_t value = 0;
	pid_t pid = fork();
	int status;

	(void)fd;
	if (!pid)
		_exit(read32(at, &value) && value == ONES &&
		      write32(at + 4, 0x77) ? 0 : 1);
	if (waitpid(pid, &status, 0) != pid || status)
		return -ECHILD;
	return read32(at + 4, &value) ? (long)value : -EFAULT;
}

/* Another process that has it, and a fork of that */
static void other_processes(void)
{
	int lease = lease_of_ones(small.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	struct peer peer = peer_start_as(1001);
	mapping_t theirs = peer_map(&peer, lease, 0, SIZE, RW);

	peer_reads(&peer, theirs, pattern(0, SEED), "a client has the lease");
	is_ok(lease_revoke(small.device, lease), "it is revoked");
	peer_reads(&peer, theirs, ONES, "the client reads ones");
	is_int(peer_call(&peer, in_child, -1, ARGS((long)theirs)), 0x77,
	       "so does its child, and what that writes the client reads");
	reads(at + 4, 0x77, "it is the lease's page for all who had it");
	peer_stop(&peer);
	unmap(at, SIZE);
	close(lease);
}

static void system_calls(void)
{
	int lease = lease_of_ones(small.device, BAR2, 0, PAGE), pipes[2];
	mapping_t at = map(lease, 0, PAGE, RW);
	uint32_t value = 0;

	if (pipe2(pipes, O_CLOEXEC))
		bail("no pipe");
	lease_revoke(small.device, lease);
	is_int(write(pipes[1], (void *)(at + 8), 4), 4,
	       "write() takes its data from what is over");
	is_int(read(pipes[0], &value, 4), 4, "and there are data");
	is_hex(value, ONES, "all ones");
	close(pipes[0]);
	close(pipes[1]);
	unmap(at, PAGE);
	close(lease);
}

static void told(void)
{
	int lease = lease_of_ones(small.device, BAR2, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);
	struct barlease_mapped_as answer = {
		.address = (uintptr_t)at,
		.flags = BARLEASE_MAPPED_AS_FILL,
	};

	lease_revoke(small.device, lease);
	is_ok(vfio_feature(small.device, BARLEASE_FEATURE_MAPPED_AS,
			   VFIO_DEVICE_FEATURE_GET, &answer, sizeof(answer)),
	      "the driver is asked how what is over is mapped");
	is_hex(answer.memattr, BARLEASE_MAPPED_AS_OTHER,
	       "as none of a device's attributes");
	is_int((long long)answer.page_size, PAGE, "in a page that is there");
	unmap(at, PAGE);
	close(lease);
}

/* A device that was let reach that page would do so when it is somebody else's. */
static void no_dma(void)
{
	int lease = lease_of_ones(small.device, BAR2, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);
	struct vfio_iommu_type1_dma_map request = {
		.argsz = sizeof(request),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)at,
		.iova = MIB(64),
		.size = PAGE,
	};

	lease_revoke(small.device, lease);
	reads(at, ONES, "what is over has its page");
	is_error(ioctl(small.container, VFIO_IOMMU_MAP_DMA, &request) ?
			 -errno : 0, EFAULT, "no device gets it by DMA: EFAULT");
	unmap(at, PAGE);
	close(lease);
}

struct reader {
	mapping_t at;
	atomic_bool stop;
	atomic_long reads, failed, wrong;
};

static void *read_on(void *arg)
{
	struct reader *reader = arg;

	while (!atomic_load(&reader->stop)) {
		for (size_t i = 0; i < MIB(2); i += MIB(2) / 16) {
			uint32_t value;

			if (!read32(reader->at + i, &value))
				atomic_fetch_add(&reader->failed, 1);
			else if (value != pattern(i, SEED) && value != ONES)
				atomic_fetch_add(&reader->wrong, 1);
		}
		atomic_fetch_add(&reader->reads, 1);
	}
	return NULL;
}

/* Whoever is in the middle of it when it ends */
static void while_in_use(void)
{
	struct reader readers[2] = { 0 };
	pthread_t threads[2];
	long failed = 0, wrong = 0, reads = 0;

	for (int round = 0; round < 100; round++) {
		int lease = lease_of_ones(small.device, BAR2, 0, MIB(2));
		long before[2];

		for (int i = 0; i < 2; i++) {
			memset(&readers[i], 0, sizeof(readers[i]));
			readers[i].at = map_aligned(lease, 0, MIB(2), RW, MIB(2),
						    i ? PAGE : 0);
			if (pthread_create(&threads[i], NULL, read_on,
					   &readers[i]))
				bail("no thread");
		}
		for (int i = 0; i < 2; i++)
			comes_true(atomic_load(&readers[i].reads) > 0);
		lease_revoke(small.device, lease);
		for (int i = 0; i < 2; i++) {
			before[i] = atomic_load(&readers[i].reads);
			comes_true(atomic_load(&readers[i].reads) > before[i] + 1);
			atomic_store(&readers[i].stop, true);
			pthread_join(threads[i], NULL);
			failed += atomic_load(&readers[i].failed);
			wrong += atomic_load(&readers[i].wrong);
			reads += atomic_load(&readers[i].reads);
			unmap(readers[i].at, MIB(2));
		}
		close(lease);
	}
	diag("%ld rounds of reading", reads);
	is_int(failed, 0, "100 leases end while threads read: not one SIGBUS");
	is_int(wrong, 0, "and nothing but the device's words and ones");
}

/* The same with all of it: a device that is closed, and one that is gone */
static void last_close(void)
{
	int lease = lease_of_ones(small.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);

	reads(at, pattern(0, SEED), "a lease is in use");
	vfio_close(&small);
	all_ones(at, SIZE, "after the last close it");
	is_ok(pci_unbind(dev_small()), "the device is unbound");
	ok(write32(at, 9), "a write to the lease succeeds");
	reads(at + PAGE, 9, "and is the lease's own");
	unmap(at, SIZE);
	close(lease);
	is_ok(pci_bind(dev_small(), OUR_DRIVER), "the device is bound again");
	small = vfio_open(dev_small());
}

/* What the kernel has of free memory, in KiB */
static long free_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long kib = -1;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemFree: %ld", &kib) == 1)
			break;
	if (!file || kib < 0)
		bail("cannot read /proc/meminfo");
	fclose(file);
	return kib;
}

#define LEASES	10000

static void many_leases(void)
{
	for (int i = 0; i < LEASES; i++) {
		int lease = lease_of_ones(small.device, BAR2, 0, PAGE);

		if (i % 2)
			lease_revoke(small.device, lease);
		close(lease);
	}
}

/* The page goes with the lease. What the kernel holds back at first is full then. */
static void given_back(void)
{
	const long few = LEASES * (long)PAGE / 1024 / 2;
	long before, after;

	many_leases();
	before = free_memory();
	many_leases();
	comes_true((after = free_memory()) > before - few);
	ok(after > before - few,
	   "of %d leases no page is left: %ld KiB less are free", LEASES,
	   before - after);
}

int main(void)
{
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	every_page();
	writes();
	read_only();
	protection();
	other_processes();
	system_calls();
	told();
	no_dma();
	while_in_use();
	last_close();
	given_back();
	vfio_close(&small);
	return tap_done();
}
