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
#include "diagnose.h"
#include "handle.h"

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
	for (unsigned int i = 0; i < BARLEASE_BARS; i++) {
		if (barlease_device_bar(handle->device, i, &handle->bars[i]))
			handle->bars[i] = (struct barlease_bar){ 0 };
		handle->nr_msix[i] = barlease_device_msix(handle->device, i,
							  handle->msix[i]);
	}
	handle->request = barlease_device_request_fd(handle->device);
}

static int open_device(struct handle *handle, char *why)
{
	int ret;

	ret = barlease_device_open(handle->bdf, handle->backend,
				   &handle->device);
	if (ret) {
		handle->device = NULL;
		diagnose_open(handle->bdf, ret, why, HANDLE_WHY_MAX);
		return ret;
	}
	handle->caps = barlease_device_caps(handle->device);
	if ((handle->caps & NEEDED) != NEEDED) {
		diagnose_caps(handle->bdf, handle->caps, why, HANDLE_WHY_MAX);
		return -ENOTTY;
	}
	look_at(handle);
	return 0;
}

int handle_open(const char *locks, const char *bdf,
		enum barlease_backend backend, struct handle **result,
		char why[HANDLE_WHY_MAX])
{
	struct handle *handle = calloc(1, sizeof(*handle));
	int ret;

	if (!handle) {
		snprintf(why, HANDLE_WHY_MAX, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	snprintf(handle->bdf, sizeof(handle->bdf), "%s", bdf);
	handle->backend = backend;
	ret = take_lock(handle, locks, why);
	if (!ret)
		ret = open_device(handle, why);
	if (ret)
		handle_close(handle);
	else
		*result = handle;
	return ret;
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
