// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pausing buffers
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A pause is a revoke that can be undone: the gate is barred, those inside leave,
 * and the mappings are zapped. It zaps inside the gate, as a visitor, so that a
 * revoke that comes meanwhile waits for it: what that gives back to the space of
 * offsets is not zapped once more.
 */
#include <linux/dma-buf.h>
#include <linux/ktime.h>

#include "barred.h"
#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "importer.h"
#include "pause.h"
#include "space.h"
#include "stats.h"
#include "trace.h"

/* Somebody else may resume it, and then there is nothing to wait for. */
static void wait_empty(struct barlease_buffer *buffer)
{
	wait_event(buffer->bdev->revoke_wait,
		   barlease_gate_empty(&buffer->gate) ||
		   !barlease_gate_paused(&buffer->gate));
}

static int zap(struct barlease_buffer *buffer)
{
	struct barlease_device *bdev = buffer->bdev;

	if (!barlease_gate_enter_paused(&buffer->gate))
		return -EBADFD;

	barlease_space_zap(bdev, buffer->pgoff, buffer->ranges.size);
	if (barlease_gate_leave(&buffer->gate))
		wake_up_all(&bdev->revoke_wait);
	return 0;
}

int barlease_pause(struct dma_buf *dmabuf)
{
	u64 start = trace_pause_enabled() ? ktime_get_ns() : 0;
	struct barlease_buffer *buffer = dmabuf->priv;
	int ret;

	barlease_gate_pause(&buffer->gate);
	barlease_importers_tell(dmabuf);
	wait_empty(buffer);
	ret = zap(buffer);
	if (ret)
		return ret;

	barlease_count(buffer->bdev, BARLEASE_PAUSES);
	if (start)
		trace_pause(buffer, ktime_get_ns() - start);
	return 0;
}

int barlease_resume(struct dma_buf *dmabuf)
{
	struct barlease_buffer *buffer = dmabuf->priv;

	if (barlease_buffer_revoked(buffer))
		return -EBADFD;

	if (!barlease_gate_paused(&buffer->gate))
		return 0;

	trace_resume(buffer);
	barlease_gate_resume(&buffer->gate);
	wake_up_all(&buffer->bdev->revoke_wait);
	barlease_barred_wake(buffer);
	return 0;
}
