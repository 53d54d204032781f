// SPDX-License-Identifier: MIT
/*
 * Who has a lease is known: to its owner, and to the administrator; and which
 * devices could have one
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "fds.h"
#include "importer.h"
#include "lease.h"
#include "tap.h"
#include "vfio.h"

static int count(const struct vfio *vfio, int lease,
		 struct barlease_dma_buf_importers *count)
{
	*count = (struct barlease_dma_buf_importers){ .dmabuf_fd = lease };
	return vfio_feature(vfio->device, BARLEASE_FEATURE_DMA_BUF_IMPORTERS,
			    VFIO_DEVICE_FEATURE_GET, count, sizeof(*count));
}

static void counted(const struct vfio *vfio, int lease, unsigned int attached,
		    unsigned int mapped, const char *when)
{
	struct barlease_dma_buf_importers found;

	is_ok(count(vfio, lease, &found), "%s, importers can be counted", when);
	is_int(found.attached, attached, "%u of them", attached);
	is_int(found.mapped, mapped, "%u mappings", mapped);
}

/* barlease/importers has a line "INODE DRIVER DEVICE MAPPINGS" for each */
static bool listed(int lease, struct bdf dev, int mappings)
{
	char text[4096], line[256];

	if (pci_read(dev_small(), "barlease/importers", text, sizeof(text)))
		return false;
	snprintf(line, sizeof(line), "%lu %s %s %d", lease_inode(lease),
		 OUR_DRIVER, dev.name, mappings);
	return strstr(text, line);
}

static void known(const struct vfio *small)
{
	int lease = lease_of(small->device, BAR2, 0, PAGE);
	int importer;

	counted(small, lease, 0, 0, "with no device");
	importer = importer_mapped(lease, dev_big(), BARLEASE_IMPORTER_AT_ONCE);
	counted(small, lease, 1, 1, "with one");
	ok(listed(lease, dev_big(), 1), "the administrator sees which");
	is_ok(lease_revoke(small->device, lease), "it is revoked");
	counted(small, lease, 1, 0, "after that");
	ok(listed(lease, dev_big(), 0), "the administrator sees that");
	close(importer);
	counted(small, lease, 0, 0, "with the device gone");
	ok(!listed(lease, dev_big(), 0), "it is on no list any more");
	close(lease);
}

static void not_counted(const struct vfio *small)
{
	struct barlease_dma_buf_importers found;
	int foreign = fd_closed();

	is_error(count(small, foreign, &found), EBADF,
		 "importers of no fd are not counted: EBADF");
	is_error(count(small, small->device, &found), EINVAL,
		 "nor those of what is no DMABUF: EINVAL");
}

int main(void)
{
	struct vfio small = vfio_open(dev_small());
	struct barlease_dma_buf_importers found;

	is_error(pci_write(dev_small(), "barlease/peer", "0000:ff:1f.7"),
		 ENODEV, "a device that is not there reaches nothing: ENODEV");
	is_error(pci_write(dev_small(), "barlease/peer", "nonsense"), ENODEV,
		 "nor does nonsense: ENODEV");
	if (importers_possible()) {
		known(&small);
		not_counted(&small);
		is_ok(pci_write(dev_small(), "barlease/peer", dev_big().name),
		      "a device beside it could have a lease");
	} else {
		is_error(count(&small, -1, &found), ENOTTY,
			 "this kernel does not count importers: ENOTTY");
		is_error(pci_write(dev_small(), "barlease/peer",
				   dev_big().name), EOPNOTSUPP,
			 "no device could have a lease: EOPNOTSUPP");
	}
	vfio_close(&small);
	return tap_done();
}
