// SPDX-License-Identifier: MIT
/*
 * A call whose argument lies in memory that takes its time (userfaultfd) holds
 * nothing meanwhile: the device is reset, mapped, used and revoked as ever
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/userfaultfd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "peer.h"
#include "tap.h"

#define SEED	24
#define SIZE	MIB(4)

static struct vfio small;
static int lease, spare;
static mapping_t at;
static struct peer admin;

/* Two pages: one that is there, and one that comes when the test says so */
static uint8_t *pages, *late;
static int uffd;

static void set_up_pages(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	pages = (uint8_t *)mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);
	late = pages + PAGE;
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0 && errno == ENOSYS)
		skip_rest("this kernel has no userfaultfd");
	if (pages == MAP_FAILED || uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		bail("userfaultfd(): %s", strerror(errno));
	range.range.start = (uintptr_t)late;
	range.range.len = PAGE;
	if (ioctl(uffd, UFFDIO_REGISTER, &range))
		bail("UFFDIO_REGISTER: %s", strerror(errno));
}

/* Somebody has touched the late page, and waits for it */
static bool is_parked(void)
{
	struct pollfd poll_in = { .fd = uffd, .events = POLLIN };
	struct uffd_msg message;

	return poll(&poll_in, 1, 20000) == 1 &&
	       read(uffd, &message, sizeof(message)) == sizeof(message) &&
	       message.event == UFFD_EVENT_PAGEFAULT;
}

static void let_go(const void *content)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)late,
		.src = (uintptr_t)content,
		.len = PAGE,
	};

	if (ioctl(uffd, UFFDIO_COPY, &copy))
		bail("UFFDIO_COPY: %s", strerror(errno));
}

static void make_late_again(void)
{
	if (madvise(late, PAGE, MADV_DONTNEED))
		bail("MADV_DONTNEED: %s", strerror(errno));
}

/* What the late page will hold */
static uint8_t content[PAGE];

/*
 * A feature's header in the page that is there, and the last bytes of its data
 * in the late one
 */
static long feature(uint32_t flags, const void *data, size_t size, size_t parked)
{
	struct vfio_device_feature header = {
		.argsz = sizeof(header) + size,
		.flags = flags,
	};
	uint8_t *start = late - sizeof(header) - (size - parked);

	memcpy(start, &header, sizeof(header));
	memcpy(start + sizeof(header), data, size - parked);
	return ioctl(small.device, VFIO_DEVICE_FEATURE, start);
}

static uint64_t on_bar(uint64_t offset)
{
	return vfio_region(&small, BAR2).offset + offset;
}

static long read_bar(void)
{
	return pread(small.device, late, 64, on_bar(MIB(5))) - 64;
}

static long write_bar(void)
{
	return pwrite(small.device, late, 64, on_bar(MIB(5))) - 64;
}

static long read_config(void)
{
	return pread(small.device, late, 64,
		     vfio_region(&small, VFIO_PCI_CONFIG_REGION_INDEX).offset) -
	       64;
}

static const struct {
	struct vfio_device_feature_dma_buf header;
	struct vfio_region_dma_range range;
} export = {
	.header = { .region_index = BAR2, .open_flags = O_RDWR | O_CLOEXEC,
		    .nr_ranges = 1 },
	.range = { 0, PAGE },
};

static long export_it(void)
{
	long fd = feature(VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF,
			  &export, sizeof(export), sizeof(export.range));

	return fd < 0 ? fd : close(fd);
}

static long revoke_spare(void)
{
	return feature(VFIO_DEVICE_FEATURE_SET |
		       VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE, &spare,
		       sizeof(spare), sizeof(spare));
}

static long revoke_by_ioctl(void)
{
	struct vfio_pci_dmabuf_revoke *arg =
		(void *)(late - offsetof(struct vfio_pci_dmabuf_revoke,
					 dmabuf_fd));

	arg->argsz = sizeof(*arg);
	return ioctl(small.device, VFIO_DEVICE_PCI_DMABUF_REVOKE, arg);
}

static long get_memattr(void)
{
	struct vfio_device_feature_dma_buf_memattr arg = { spare, 0 };

	return feature(VFIO_DEVICE_FEATURE_GET |
		       VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR, &arg, sizeof(arg),
		       sizeof(arg));
}

/* What the device fd is asked for, and how the late page begins */
static const struct call {
	long (*run)(void);
	const char *name;
	const void *content;
	size_t size;
} calls[] = {
	{ read_bar, "a read of the BAR", NULL, 0 },
	{ write_bar, "a write to the BAR", NULL, 0 },
	{ read_config, "a read of config space", NULL, 0 },
	{ export_it, "an export", &export.range, sizeof(export.range) },
	{ get_memattr, "MEMATTR", &spare, sizeof(spare) },
	{ revoke_spare, "a revoke", &spare, sizeof(spare) },
	{ revoke_by_ioctl, "a revoke by ioctl", &spare, sizeof(spare) },
};

static atomic_bool returned;
static long result;

static void *run_call(void *arg)
{
	const struct call *call = arg;

	errno = 0;
	result = call->run();
	if (result)
		result = -errno;
	atomic_store(&returned, true);
	return NULL;
}

static long reset_it(int fd, const long *args)
{
	(void)args;
	return ioctl(fd, VFIO_DEVICE_RESET) ? -errno : 0;
}

static void all_goes_on(void)
{
	int other = lease_of(small.device, BAR2, 0, SIZE);

	is_ok(peer_call(&admin, reset_it, small.device, NULL),
	      "another process resets the device");
	is_int(pattern_errors(at, 0, SIZE, PAGE, SEED), 0,
	       "a lease is faulted in again");
	is_ok(try_map(lease, 0, SIZE, RW, MAP_SHARED), "it is mapped once more");
	is_ok(try_map(small.device, on_bar(0), SIZE, RW, MAP_SHARED),
	      "so is the BAR");
	is_ok(lease_revoke(small.device, other), "another lease is revoked");
	close(other);
}

static void park(const struct call *call)
{
	pthread_t thread;

	spare = lease_of(small.device, BAR2, 0, PAGE);
	memset(content, 0, sizeof(content));
	if (call->size)
		memcpy(content, call->content, call->size);
	atomic_store(&returned, false);
	if (pthread_create(&thread, NULL, run_call, (void *)call))
		bail("no thread");
	ok(is_parked(), "%s waits for memory", call->name);
	all_goes_on();
	ok(!atomic_load(&returned), "it waits still");
	let_go(content);
	pthread_join(thread, NULL);
	is_ok(result, "with its memory there, it succeeds");
	make_late_again();
	close(spare);
}

int main(void)
{
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	lease = lease_of(small.device, BAR2, 0, SIZE);
	at = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	admin = peer_start();
	set_up_pages();

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		park(&calls[i]);

	close(uffd);
	munmap(pages, 2 * PAGE);
	peer_stop(&admin);
	unmap(at, SIZE);
	close(lease);
	vfio_close(&small);
	return tap_done();
}
