// SPDX-License-Identifier: MIT
/*
 * The memory that a call works on may itself be a mapped BAR, even one that
 * the call takes away: no deadlock, and the usual results
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "access.h"
#include "config.h"
#include "lease.h"
#include "map.h"
#include "tap.h"

#define SIZE	(4 * PAGE)

struct revoke_request {
	struct vfio_device_feature header;
	struct vfio_device_feature_dma_buf_revoke body;
};

struct memattr_request {
	struct vfio_device_feature header;
	struct vfio_device_feature_dma_buf_memattr body;
};

struct export_request {
	struct vfio_device_feature header;
	struct vfio_device_feature_dma_buf body;
	struct vfio_region_dma_range ranges[2];
};

static struct vfio small;

/* Word by word, as a device wants it */
static void put(mapping_t at, const void *data, size_t size)
{
	for (size_t i = 0; i < size; i += 4) {
		uint32_t word;

		memcpy(&word, (const uint8_t *)data + i, sizeof(word));
		*(volatile uint32_t *)(at + i) = word;
	}
}

static int call(mapping_t arg)
{
	int ret = ioctl(small.device, VFIO_DEVICE_FEATURE, (void *)arg);

	return ret < 0 ? -errno : ret;
}

/* Unused until now, so that the call itself must fault the pages in */
static mapping_t fresh(int lease, const void *data, size_t size)
{
	mapping_t at = map(lease, 0, SIZE, RW);

	put(at, data, size);
	unmap(at, SIZE);
	return map(lease, 0, SIZE, RW);
}

static void export(int lease)
{
	struct export_request request = {
		.header = { sizeof(request), VFIO_DEVICE_FEATURE_DMA_BUF |
					     VFIO_DEVICE_FEATURE_GET },
		.body = { BAR2, O_RDWR | O_CLOEXEC, 0, 2 },
		.ranges = { { MIB(1), PAGE }, { 0, PAGE } },
	};
	mapping_t arg = fresh(lease, &request, sizeof(request)), at;
	int made = call(arg);

	is_ok(made, "an export whose argument lies in a lease");
	at = map(made, 0, 2 * PAGE, RW);
	reads(at + PAGE, sizeof(request), "is a lease like any other");
	unmap(at, 2 * PAGE);
	close(made);
	unmap(arg, SIZE);
}

static void memattr(int lease)
{
	struct memattr_request request = {
		.header = { sizeof(request),
			    VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR |
			    VFIO_DEVICE_FEATURE_GET },
		.body = { lease, 77 },
	};
	mapping_t arg = fresh(lease, &request, sizeof(request));

	is_ok(call(arg), "GET of the attribute of the lease that it lies in");
	reads(arg + 12, NC, "has the answer in the lease");
	unmap(arg, SIZE);
}

static void revoke_of_itself(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	struct revoke_request request = {
		.header = { sizeof(request),
			    VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE |
			    VFIO_DEVICE_FEATURE_SET },
		.body = { lease },
	};
	mapping_t arg = fresh(lease, &request, sizeof(request));

	is_ok(call(arg), "a revoke of the lease that its argument lies in");
	sigbus(arg, "takes that lease away");
	is_error(call(arg), EFAULT, "then such an argument is EFAULT");
	unmap(arg, SIZE);
	close(lease);
}

static void revoke_by_ioctl(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	struct vfio_pci_dmabuf_revoke request = { sizeof(request), lease };
	mapping_t arg = fresh(lease, &request, sizeof(request));
	int ret = ioctl(small.device, VFIO_DEVICE_PCI_DMABUF_REVOKE,
			(void *)arg);

	is_ok(ret ? -errno : 0, "so does a revoke in the form of an ioctl");
	sigbus(arg, "the lease is gone");
	unmap(arg, SIZE);
	close(lease);
}

/* The command that switches decode off, out of the BAR that then is off */
static void config_write_from(int lease)
{
	uint16_t on = config_get16(&small, PCI_COMMAND) | PCI_COMMAND_MEMORY;
	uint32_t words[2] = { on, on & ~PCI_COMMAND_MEMORY };
	mapping_t at = fresh(lease, words, sizeof(words));

	is_ok(config_write(&small, PCI_COMMAND, (void *)at, 2),
	      "a write of PCI_COMMAND out of a lease");
	reads(at, words[0], "with decode on, the lease works");
	is_ok(config_write(&small, PCI_COMMAND, (void *)(at + 4), 2),
	      "a write that switches the lease off");
	sigbus(at, "it is SIGBUS then");
	is_error(config_write(&small, PCI_COMMAND, (void *)at, 2), EFAULT,
		 "a write out of it is EFAULT");
	memory_decode(&small, true);
	reads(at, words[0], "with decode on again, the lease works");
	unmap(at, SIZE);
}

static void read_of_bar_into(int lease)
{
	uint64_t bar = vfio_region(&small, BAR2).offset;
	mapping_t at = map(lease, 0, SIZE, RW);

	vfio_put32(&small, BAR2, MIB(2), 0xfeed);
	is_int(pread(small.device, (void *)at, 4, bar + MIB(2)), 4,
	       "a pread() of the BAR into a lease of the BAR");
	reads(at, 0xfeed, "has the word");
	is_int(pwrite(small.device, (void *)at, 4, bar + MIB(2) + 4), 4,
	       "a pwrite() to the BAR out of the lease");
	is_int(vfio_get32(&small, BAR2, MIB(2) + 4), 0xfeed, "has it, too");
	unmap(at, SIZE);
}

int main(void)
{
	int lease;

	small = vfio_open(dev_small());
	lease = lease_of(small.device, BAR2, 0, SIZE);
	export(lease);
	memattr(lease);
	revoke_of_itself();
	revoke_by_ioctl();
	config_write_from(lease);
	read_of_bar_into(lease);
	close(lease);
	vfio_close(&small);
	return tap_done();
}
