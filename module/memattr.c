// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory attributes
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/dma-buf.h>
#include <linux/pci.h>
#include <linux/uaccess.h>

#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "memattr.h"

/*
 * Uncached is as ioremap() has it, and sysfs: two mappings of a device should not
 * differ. On arm64 that is Device-nGnRE; vfio-pci's own mappings are nGnRnE there,
 * whose writes wait for an answer that PCI does not give. Elsewhere all are the
 * same.
 */
pgprot_t barlease_memattr_pgprot(u32 memattr, pgprot_t prot)
{
	if (memattr == VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC)
		return pgprot_writecombine(prot);
	if (memattr == BARLEASE_MEMATTR_PARTS)
		return prot;
	return pgprot_device(prot);
}

/*
 * Without PAT, say, x86 quietly gives UC- to who asks for WC: an attribute
 * that does not differ from uncached is not there.
 */
static bool have_wc(void)
{
	return arch_can_pci_mmap_wc() &&
	       pgprot_val(pgprot_writecombine(PAGE_SHARED)) !=
		       pgprot_val(pgprot_device(PAGE_SHARED));
}

bool barlease_memattr_supported(u32 memattr)
{
	switch (memattr) {
	case VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC:
		return true;
	case VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC:
		return have_wc();
	default:
		return false;
	}
}

static int set_or_get(struct barlease_buffer *buffer, u32 flags, u32 *memattr)
{
	if (barlease_buffer_revoked(buffer))
		return -EBADFD;

	if (flags & VFIO_DEVICE_FEATURE_GET) {
		*memattr = READ_ONCE(buffer->memattr);
		/* A BAR map's, which has no one attribute */
		return *memattr == BARLEASE_MEMATTR_PARTS ? -EINVAL : 0;
	}

	if (!barlease_memattr_supported(*memattr))
		return -EOPNOTSUPP;

	WRITE_ONCE(buffer->memattr, *memattr);
	return 0;
}

int barlease_feature_memattr(struct barlease_device *bdev, u32 flags,
			     void __user *arg, size_t argsz)
{
	struct vfio_device_feature_dma_buf_memattr request;
	struct dma_buf *dmabuf;
	int ret;

	ret = vfio_check_feature(flags, argsz,
				 VFIO_DEVICE_FEATURE_GET |
					 VFIO_DEVICE_FEATURE_SET,
				 sizeof(request));
	if (ret != 1)
		return ret;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;

	dmabuf = barlease_dma_buf_get(bdev, request.dmabuf_fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	ret = set_or_get(dmabuf->priv, flags, &request.memattr);
	dma_buf_put(dmabuf);
	if (ret)
		return ret;

	if (flags & VFIO_DEVICE_FEATURE_GET &&
	    copy_to_user(arg, &request, sizeof(request)))
		return -EFAULT;

	return 0;
}
