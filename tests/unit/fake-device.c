// SPDX-License-Identifier: MIT
/*
 * A device that is not there
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fake-device.h"

#define MAX_EXPORTS	8192

static struct fake_lease {
	const struct barlease_device *device;
	ino_t inode;
	bool revoked;
	bool paused;
	enum barlease_memattr memattr;
	char name[64];
} leases[MAX_EXPORTS];
static unsigned int nr_leases;

void fake_device_init(struct barlease_device *device)
{
	nr_leases = 0;
	*device = (struct barlease_device) {
		.caps = BARLEASE_CAN_EXPORT | BARLEASE_CAN_MMAP |
			BARLEASE_CAN_REVOKE | BARLEASE_CAN_MEMATTR |
			BARLEASE_CAN_PAUSE,
	};
}

/* The newest, should the kernel have used a number again */
static struct fake_lease *find(int fd)
{
	struct stat stat;

	if (fstat(fd, &stat))
		abort();
	for (unsigned int i = nr_leases; i--;)
		if (leases[i].inode == stat.st_ino)
			return &leases[i];
	abort();
}

bool fake_revoked(int lease)
{
	return find(lease)->revoked;
}

void fake_give_back(void)
{
	for (unsigned int i = 0; i < nr_leases; i++)
		leases[i].revoked = false;
}

bool fake_paused(int lease)
{
	return find(lease)->paused;
}

enum barlease_memattr fake_memattr(int lease)
{
	return find(lease)->memattr;
}

const char *fake_name(int lease)
{
	return find(lease)->name;
}

unsigned int barlease_device_caps(const struct barlease_device *device)
{
	return device->caps;
}

int barlease_device_bar(const struct barlease_device *device,
			unsigned int index, struct barlease_bar *bar)
{
	(void)device;
	if (index >= BARLEASE_BARS)
		return -EINVAL;
	bar->offset = 0;
	bar->size = index == FAKE_BAR ? FAKE_BAR_SIZE : 0;
	bar->mappable = index == FAKE_BAR;
	return 0;
}

int barlease_device_msix(const struct barlease_device *device,
			 unsigned int bar,
			 struct barlease_range ranges[BARLEASE_MSIX_RANGES])
{
	if (bar != FAKE_BAR || !device->msix.length)
		return 0;
	ranges[0] = device->msix;
	return 1;
}

int barlease_alignment(const struct barlease_device *device, unsigned int bar,
		       uint64_t offset, struct barlease_alignment *alignment)
{
	(void)device;
	(void)bar;
	alignment->align = 1 << 21;
	alignment->phase = offset % alignment->align;
	return 0;
}

int barlease_export(const struct barlease_device *device, unsigned int bar,
		    const struct barlease_range *ranges, size_t nr_ranges,
		    unsigned int flags)
{
	/* The server's devices are const; what a test has seen of them is not */
	struct barlease_device *seen = (struct barlease_device *)device;
	struct stat stat;
	int fd;

	if (device->export_error)
		return device->export_error;
	if (bar != FAKE_BAR || !nr_ranges || nr_leases == MAX_EXPORTS)
		return -EINVAL;
	fd = memfd_create("lease", MFD_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat))
		return -errno;
	leases[nr_leases++] = (struct fake_lease) {
		.device = device,
		.inode = stat.st_ino,
	};
	seen->exports++;
	seen->last_flags = flags;
	seen->last_offset = ranges[0].offset;
	return fd;
}

/* The server's devices are const; what was done to this one is not */
static struct barlease_device *writable(const struct barlease_device *device)
{
	return (struct barlease_device *)device;
}

static void note(const struct barlease_device *device, char what)
{
	struct barlease_device *seen = writable(device);
	size_t length = strlen(seen->events);

	if (length + 1 < sizeof(seen->events))
		seen->events[length] = what;
}

int barlease_revoke(const struct barlease_device *device, int lease)
{
	struct fake_lease *fake = find(lease);

	if (device->revoke_error)
		return device->revoke_error;
	if (fake->device != device)
		return -ENODEV;
	if (fake->revoked)
		return -EBADFD;
	fake->revoked = true;
	note(device, 'r');
	((struct barlease_device *)device)->revokes++;
	return 0;
}

/* Others have it for as long as a test says so */
int barlease_get_state(const struct barlease_device *device, int lease,
		       struct barlease_state *state)
{
	if (device)
		((struct barlease_device *)device)->states++;
	*state = (struct barlease_state){
		.revoked = find(lease)->revoked,
		.mapped = device ? device->mapped : 0,
		.references = 1 + (device ? device->kept : 0),
	};
	return 0;
}

static int set_paused(const struct barlease_device *device, int lease, bool on)
{
	struct fake_lease *fake = find(lease);

	if (device->pause_error)
		return device->pause_error;
	if (fake->revoked)
		return -EBADFD;
	fake->paused = on;
	return 0;
}

int barlease_pause(const struct barlease_device *device, int lease)
{
	return set_paused(device, lease, true);
}

int barlease_resume(const struct barlease_device *device, int lease)
{
	return set_paused(device, lease, false);
}

int barlease_begin_revoke(const struct barlease_device *device, int lease,
			  struct barlease_state *state)
{
	struct barlease_state ignored;
	int ret = barlease_revoke(device, lease);

	if (ret && ret != -EBADFD)
		return ret;
	return barlease_get_state(device, lease, state ?: &ignored);
}

int barlease_set_memattr(const struct barlease_device *device, int lease,
			 enum barlease_memattr memattr)
{
	if (device->memattr_error)
		return device->memattr_error;
	find(lease)->memattr = memattr;
	return 0;
}

int barlease_set_name(int lease, const char *name)
{
	if (strlen(name) > 31)
		return -EINVAL;
	stpcpy(find(lease)->name, name);
	return 0;
}

int barlease_device_reset(const struct barlease_device *device)
{
	((struct barlease_device *)device)->resets++;
	if (device->during_reset)
		device->during_reset();
	return device->reset_error;
}

bool barlease_device_can_reset(const struct barlease_device *device)
{
	return device->reset_error != -EOPNOTSUPP;
}

int barlease_device_interrupts(const struct barlease_device *device,
			       struct barlease_interrupts *interrupts)
{
	*interrupts = device->interrupts;
	return 0;
}

int barlease_device_enable_interrupts(const struct barlease_device *device)
{
	if (!device->interrupts.nr)
		return -ENODEV;
	return device->usable ?: (int)device->interrupts.nr;
}

static ino_t inode(int fd)
{
	struct stat stat;

	return fd < 0 || fstat(fd, &stat) ? 0 : stat.st_ino;
}

int barlease_device_set_interrupt(const struct barlease_device *device,
				  unsigned int vector, int eventfd)
{
	if (device->irq_error)
		return device->irq_error;
	if (vector >= device->interrupts.nr)
		return -EINVAL;
	writable(device)->eventfds[vector] = inode(eventfd);
	if (eventfd < 0)
		note(device, 'i');
	return 0;
}

int barlease_device_set_unmask(const struct barlease_device *device,
			       int eventfd)
{
	writable(device)->unmask = inode(eventfd);
	return device->irq_error;
}

int barlease_device_set_master(const struct barlease_device *device, bool on)
{
	writable(device)->master = on;
	return 0;
}

int barlease_device_address_space(const struct barlease_device *device,
				  struct barlease_address_space *space)
{
	if (!device->space.granule)
		return -EOPNOTSUPP;
	*space = device->space;
	space->ranges = calloc(space->nr_ranges, sizeof(*space->ranges));
	if (!space->ranges)
		return -ENOMEM;
	memcpy(space->ranges, device->ranges,
	       space->nr_ranges * sizeof(*space->ranges));
	return 0;
}

int barlease_device_map(const struct barlease_device *device,
			const struct barlease_dma *dma)
{
	struct barlease_device *seen = writable(device);

	if (device->map_error)
		return device->map_error;
	for (unsigned int i = 0; i < device->nr_maps; i++)
		if (dma->address < device->maps[i].address +
				   device->maps[i].length &&
		    device->maps[i].address < dma->address + dma->length)
			return -EEXIST;
	if (device->nr_maps == FAKE_MAPS)
		return -ENOSPC;
	seen->maps[seen->nr_maps++] = *dma;
	return 0;
}

int barlease_device_unmap(const struct barlease_device *device,
			  uint64_t address, uint64_t length)
{
	struct barlease_device *seen = writable(device);

	if (device->unmap_error)
		return device->unmap_error;
	for (unsigned int i = 0; i < seen->nr_maps; i++) {
		if (seen->maps[i].address != address)
			continue;
		if (seen->maps[i].length != length)
			abort();
		seen->maps[i] = seen->maps[--seen->nr_maps];
		note(device, 'u');
		return 0;
	}
	return -ENOENT;
}
