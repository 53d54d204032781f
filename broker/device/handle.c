// SPDX-License-Identifier: MIT
/*
 * A device that is open
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/log.h"
#include "diagnose.h"
#include "handle.h"
#include "token.h"

#define NEEDED	(BARLEASE_CAN_EXPORT | BARLEASE_CAN_MMAP | BARLEASE_CAN_REVOKE)

static int take_lock(struct handle *handle, const char *locks, char *why)
{
	char who[100] = "somebody";
	pid_t holder;

	handle->lock = lock_device(locks, handle->bdf, &holder);
	if (handle->lock >= 0)
		return 0;
	if (handle->lock == -EBUSY) {
		if (holder)
			diagnose_process(holder, who, sizeof(who));
		snprintf(why, HANDLE_WHY_MAX, "%s is another broker's: %s has the lock %s/%s.lock",
			 handle->bdf, who, locks, handle->bdf);
	} else {
		snprintf(why, HANDLE_WHY_MAX, "cannot lock %s/%s.lock: %s", locks,
			 handle->bdf, strerror(-handle->lock));
	}
	return handle->lock;
}

static void look_at(struct handle *handle)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);

	for (unsigned int i = 0; i < BARLEASE_BARS; i++) {
		if (barlease_device_bar(handle->device, i, &handle->bars[i]))
			handle->bars[i] = (struct barlease_bar){ 0 };
		/* As the driver has it: a smaller one has its page to itself */
		if (handle->bars[i].size && handle->bars[i].size < page)
			handle->bars[i].size = page;
		handle->nr_msix[i] = barlease_device_msix(handle->device, i,
							  handle->msix[i]);
	}
	if (barlease_device_interrupts(handle->device, &handle->interrupts))
		handle->interrupts = (struct barlease_interrupts){ .nr = 0 };
	handle->can_reset = barlease_device_can_reset(handle->device);
	handle->request = barlease_device_request_fd(handle->device);
}

static int open_as(struct handle *handle, const char *token, char *why)
{
	const struct barlease_device_options options = {
		.backend = handle->backend,
		.vf_token = token,
	};
	int ret;

	ret = barlease_device_open_with(handle->bdf, &options, &handle->device);
	if (ret) {
		handle->device = NULL;
		diagnose_open(handle->bdf, ret, why, HANDLE_WHY_MAX);
		return ret;
	}
	if (handle->backend == BARLEASE_BACKEND_NOIOMMU)
		log_line(LOG_WARNING,
			 "%s has no IOMMU: its DMA reaches all of this machine's memory; leases keep users to their part of the BARs, and nothing keeps the device",
			 handle->bdf);
	handle->caps = barlease_device_caps(handle->device);
	if ((handle->caps & NEEDED) != NEEDED) {
		diagnose_caps(handle->bdf, handle->caps, why, HANDLE_WHY_MAX);
		return -ENOTTY;
	}
	look_at(handle);
	return 0;
}

static int open_device(struct handle *handle, const char *token_file, char *why)
{
	char token[TOKEN_ROOM];
	int ret;

	if (!*token_file)
		return open_as(handle, NULL, why);
	ret = token_read(token_file, token, why, HANDLE_WHY_MAX);
	if (!ret)
		ret = open_as(handle, token, why);
	explicit_bzero(token, sizeof(token));
	return ret;
}

int handle_open(const char *locks, const struct handle_wanted *wanted,
		struct handle **result, char why[HANDLE_WHY_MAX])
{
	struct handle *handle = calloc(1, sizeof(*handle));
	int ret;

	if (!handle) {
		snprintf(why, HANDLE_WHY_MAX, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	memcpy(handle->bdf, wanted->bdf, sizeof(handle->bdf));
	handle->backend = wanted->backend;
	ret = take_lock(handle, locks, why);
	if (!ret)
		ret = open_device(handle, wanted->token_file, why);
	if (ret)
		handle_close(handle);
	else
		*result = handle;
	return ret;
}

int handle_restore(const char *bdf, const struct barlease_handover *handover,
		   int lock, struct handle **result)
{
	struct handle *handle = calloc(1, sizeof(*handle));
	int ret;

	if (!handle)
		return -ENOMEM;
	snprintf(handle->bdf, sizeof(handle->bdf), "%s", bdf);
	handle->backend = handover->backend;
	handle->lock = -1;
	ret = barlease_device_restore(bdf, handover, &handle->device);
	if (ret) {
		free(handle);
		return ret;
	}
	handle->caps = barlease_device_caps(handle->device);
	if ((handle->caps & NEEDED) != NEEDED) {
		handle_close(handle);
		return -ENOTTY;
	}
	look_at(handle);
	handle->lock = lock;
	lock_adopt(lock);
	*result = handle;
	return 0;
}

void handle_close(struct handle *handle)
{
	if (!handle)
		return;
	barlease_device_close(handle->device);
	if (handle->lock >= 0)
		close(handle->lock);
	free(handle);
}
