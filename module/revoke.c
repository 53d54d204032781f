// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revoking buffers for good
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Once memory_lock has been held for writing after @revoked was set, faults
 * that did not see it are over, and later ones end in SIGBUS. So what the zap
 * leaves behind stays empty. The zap itself needs no lock, and with many page
 * tables to go through it is better not to keep every other fault of the device
 * waiting. Nor is anything waited for with memory_lock held for writing: all
 * faults of the device would wait as well.
 */
#include <linux/dma-buf.h>
#include <linux/uaccess.h>

#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "revoke.h"
#include "space.h"

static int revoke(struct barlease_buffer *buffer)
{
	struct barlease_device *bdev = buffer->bdev;
	bool before;

	down_write(&bdev->core.memory_lock);
	before = buffer->revoked;
	WRITE_ONCE(buffer->revoked, true);
	up_write(&bdev->core.memory_lock);

	/*
	 * Also where somebody else was first, and is perhaps not through yet:
	 * after this call, whatever it returns, all mappings are gone.
	 */
	barlease_space_zap(bdev, buffer->pgoff, buffer->ranges.size);
	return before ? -EBADFD : 0;
}

static int revoke_fd(struct barlease_device *bdev, int fd)
{
	struct dma_buf *dmabuf;
	int ret;

	dmabuf = barlease_dma_buf_get(bdev, fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	ret = revoke(dmabuf->priv);
	dma_buf_put(dmabuf);
	return ret;
}

void barlease_revoke_all(struct barlease_device *bdev)
{
	struct barlease_buffer *buffer;

	mutex_lock(&bdev->buffers_lock);
	list_for_each_entry(buffer, &bdev->buffers, node)
		WRITE_ONCE(buffer->revoked, true);
	mutex_unlock(&bdev->buffers_lock);

	down_write(&bdev->core.memory_lock);
	up_write(&bdev->core.memory_lock);

	barlease_space_zap_all(bdev);
}

int barlease_feature_revoke(struct barlease_device *bdev, u32 flags,
			    void __user *arg, size_t argsz)
{
	struct vfio_device_feature_dma_buf_revoke request;
	int ret;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_SET,
				 sizeof(request));
	if (ret != 1)
		return ret;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;

	return revoke_fd(bdev, request.dmabuf_fd);
}

int barlease_ioctl_revoke(struct barlease_device *bdev, void __user *arg)
{
	struct vfio_pci_dmabuf_revoke request;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;

	if (request.argsz < sizeof(request))
		return -EINVAL;

	return revoke_fd(bdev, request.dmabuf_fd);
}
