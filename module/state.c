// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a buffer is, and is to be: for servers that wait for nobody
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/uaccess.h>

#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "importer.h"
#include "pause.h"
#include "revoke.h"
#include "state.h"
#include "trace.h"

static void tell_state(struct dma_buf *dmabuf,
		       struct barlease_dma_buf_state *state)
{
	state->flags = 0;
	if (barlease_buffer_revoked(dmabuf->priv))
		state->flags = BARLEASE_DMA_BUF_REVOKED;
	else if (barlease_buffer_paused(dmabuf->priv))
		state->flags = BARLEASE_DMA_BUF_PAUSED;
	barlease_importers_count(dmabuf, &state->attached, &state->mapped);
	/* But for the one that this call has taken */
	state->references = file_count(dmabuf->file) - 1;
	state->reserved = 0;
}

/* Devices may have mappings yet, which whoever asks for the state is told. */
static void revoke_traced(struct dma_buf *dmabuf)
{
	u64 start = trace_revoke_enabled() ? ktime_get_ns() : 0;

	if (barlease_revoke_begin(dmabuf) && start)
		trace_revoke(dmabuf->priv, ktime_get_ns() - start);
}

static int set_state(struct dma_buf *dmabuf, u32 flags)
{
	switch (flags) {
	case BARLEASE_DMA_BUF_REVOKED:
		revoke_traced(dmabuf);
		return 0;
	case BARLEASE_DMA_BUF_PAUSED:
		return barlease_pause(dmabuf);
	case 0:
		return barlease_resume(dmabuf);
	default:
		return -EINVAL;
	}
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

	dmabuf = barlease_dma_buf_get(bdev, state.dmabuf_fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	ret = flags & VFIO_DEVICE_FEATURE_SET ? set_state(dmabuf, state.flags) :
						0;
	tell_state(dmabuf, &state);
	dma_buf_put(dmabuf);
	if (ret)
		return ret;

	return copy_to_user(arg, &state, sizeof(state)) ? -EFAULT : 0;
}
