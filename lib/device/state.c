// SPDX-License-Identifier: MIT
/*
 * How a lease is, and is to be, for who does not wait
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/barlease.h>

#include "device.h"
#include "feature.h"

/* "count:\t3" is a line of it */
static int count_references(int lease, unsigned int *references)
{
	char path[64], line[128];
	int ret = -ENODATA;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", lease);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (ret && fgets(line, sizeof(line), file))
		if (sscanf(line, "count: %u", references) == 1)
			ret = 0;
	fclose(file);
	return ret;
}

/* @flags: what it is to be, for SET */
static int ask(const struct barlease_device *device, uint32_t how, int lease,
	       uint32_t flags, struct barlease_state *state)
{
	struct barlease_dma_buf_state asked = {
		.dmabuf_fd = lease,
		.flags = flags,
	};
	int ret = bl_feature(device->fd, how | BARLEASE_FEATURE_DMA_BUF_STATE,
			     &asked, sizeof(asked));

	if (ret >= 0)
		*state = (struct barlease_state){
			.revoked = asked.flags & BARLEASE_DMA_BUF_REVOKED,
			.paused = asked.flags & BARLEASE_DMA_BUF_PAUSED,
			.attached = asked.attached,
			.mapped = asked.mapped,
			.references = asked.references,
		};
	return ret < 0 ? ret : 0;
}

int barlease_get_state(const struct barlease_device *device, int lease,
		       struct barlease_state *state)
{
	if (device && device->has_state)
		return ask(device, VFIO_DEVICE_FEATURE_GET, lease, 0, state);
	*state = (struct barlease_state){ 0 };
	return count_references(lease, &state->references);
}

int barlease_begin_revoke(const struct barlease_device *device, int lease,
			  struct barlease_state *state)
{
	struct barlease_state unwanted;
	int ret;

	if (device->has_state)
		return ask(device, VFIO_DEVICE_FEATURE_SET, lease,
			   BARLEASE_DMA_BUF_REVOKED, state ?: &unwanted);
	ret = barlease_revoke(device, lease);
	if (ret && ret != -EBADFD)
		return ret;
	if (state)
		barlease_get_state(device, lease, state);
	return 0;
}

static int set(const struct barlease_device *device, int lease, uint32_t flags)
{
	struct barlease_state unwanted;

	if (!(device->caps & BARLEASE_CAN_PAUSE))
		return -EOPNOTSUPP;
	return ask(device, VFIO_DEVICE_FEATURE_SET, lease, flags, &unwanted);
}

int barlease_pause(const struct barlease_device *device, int lease)
{
	return set(device, lease, BARLEASE_DMA_BUF_PAUSED);
}

int barlease_resume(const struct barlease_device *device, int lease)
{
	return set(device, lease, 0);
}
