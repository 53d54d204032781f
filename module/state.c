// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is left of a buffer, for servers that wait for nobody
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/uaccess.h>

#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "importer.h"
#include "revoke.h"
#include "state.h"

static void tell_state(struct dma_buf *dmabuf,
		       struct barlease_dma_buf_state *state)
{
	state->flags = barlease_buffer_revoked(dmabuf->priv) ?
			       BARLEASE_DMA_BUF_REVOKED : 0;
	barlease_importers_count(dmabuf, &state->attached, &state->mapped);
	/* But for the one that this call has taken */
	state->references = file_count(dmabuf->file) - 1;
	state->reserved = 0;
}

int barlease_feature_state(struct barlease_device *bdev, u32 flags,
			   void __user *arg, size_t argsz)
{
	struct barlease_dma_buf_state state;
	struct dma_buf *dmabuf;
	int ret;

	ret = vfio_check_feature(flags, argsz,
				 VFIO_DEVICE_FEATURE_GET |
					 VFIO_DEVICE_FEATURE_SET,
				 sizeof(state));
	if (ret != 1)
		return ret;

	if (copy_from_user(&state, arg, sizeof(state)))
		return -EFAULT;

	if (flags & VFIO_DEVICE_FEATURE_SET &&
	    state.flags != BARLEASE_DMA_BUF_REVOKED)
		return -EINVAL;

	dmabuf = barlease_dma_buf_get(bdev, state.dmabuf_fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	if (flags & VFIO_DEVICE_FEATURE_SET)
		barlease_revoke_begin(dmabuf);
	tell_state(dmabuf, &state);
	dma_buf_put(dmabuf);

	return copy_to_user(arg, &state, sizeof(state)) ? -EFAULT : 0;
}
