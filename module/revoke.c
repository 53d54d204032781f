// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revoking buffers for good
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Once the buffer's gate is closed and those inside have left, no fault fills
 * page tables with the device any more; later ones end in SIGBUS, or after the zap
 * in a scratch page. So the device does not come back to what the zap has emptied.
 * No lock is taken for that: a revoke waits for no reset, and makes no fault on
 * another buffer wait.
 *
 * After the zap nothing of the device is at the buffer's page offsets, so they can
 * be given back, whatever fds of it a client keeps.
 */
#include <linux/dma-buf.h>
#include <linux/ktime.h>
#include <linux/uaccess.h>

#include "access.h"
#include "barred.h"
#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "importer.h"
#include "revoke.h"
#include "space.h"
#include "stats.h"
#include "trace.h"

/* The offsets of a BAR map are its BAR's. */
static void retire(struct barlease_buffer *buffer)
{
	if (!buffer->bar_map) {
		barlease_space_free(buffer->bdev, buffer->pgoff);
		barlease_count(buffer->bdev, BARLEASE_REVOKES);
	}
	/* After the zap, for who waits in revoke() and takes it for done */
	smp_store_release(&buffer->retired, true);
	barlease_barred_wake(buffer);
}

bool barlease_revoke_begin(struct dma_buf *dmabuf)
{
	struct barlease_buffer *buffer = dmabuf->priv;
	struct barlease_device *bdev = buffer->bdev;

	/*
	 * Also where somebody else was first, and is perhaps not through yet:
	 * after this call all mappings are gone. To zap once more could hit the
	 * offsets' next owner.
	 */
	if (!barlease_gate_close(&buffer->gate)) {
		wait_event(bdev->revoke_wait, barlease_buffer_retired(buffer));
		return false;
	}

	barlease_importers_tell(dmabuf);
	wait_event(bdev->revoke_wait, barlease_gate_empty(&buffer->gate));
	barlease_space_zap(bdev, buffer->pgoff, buffer->ranges.size);
	retire(buffer);
	wake_up_all(&bdev->revoke_wait);
	return true;
}

static int revoke(struct dma_buf *dmabuf)
{
	u64 start = trace_revoke_enabled() ? ktime_get_ns() : 0;
	int already = barlease_revoke_begin(dmabuf) ? 0 : -EBADFD;
	int ret = barlease_importers_wait(dmabuf) ?: already;

	if (!ret && start)
		trace_revoke(dmabuf->priv, ktime_get_ns() - start);
	return ret;
}

static int revoke_fd(struct barlease_device *bdev, int fd)
{
	struct dma_buf *dmabuf;
	int ret;

	dmabuf = barlease_dma_buf_get(bdev, fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	ret = revoke(dmabuf);
	dma_buf_put(dmabuf);
	return ret;
}

/* Return: how many of them were leases */
static unsigned int retire_all(struct barlease_device *bdev)
{
	struct barlease_buffer *buffer;
	unsigned int leases = 0;

	mutex_lock(&bdev->buffers_lock);
	list_for_each_entry(buffer, &bdev->buffers, node) {
		if (buffer->retired)
			continue;
		retire(buffer);
		leases += !buffer->bar_map;
	}
	mutex_unlock(&bdev->buffers_lock);
	return leases;
}

/* Nobody revokes single buffers by now: that takes an fd of the device. */
void barlease_revoke_all(struct barlease_device *bdev)
{
	struct barlease_buffer *buffer;
	u64 start = ktime_get_ns();
	unsigned int leases;

	mutex_lock(&bdev->buffers_lock);
	list_for_each_entry(buffer, &bdev->buffers, node)
		barlease_gate_close(&buffer->gate);
	mutex_unlock(&bdev->buffers_lock);

	barlease_importers_tell_all(bdev);

	/* Who is inside a gate is inside this section as well. */
	barlease_access_drain(bdev);

	barlease_space_zap_all(bdev);
	leases = retire_all(bdev);

	/* The device is somebody else's after this. */
	barlease_importers_wait_all(bdev);
	trace_revoke_all(bdev, leases, ktime_get_ns() - start);
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
