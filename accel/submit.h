/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The call that queues a job
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef EDU_SUBMIT_H
#define EDU_SUBMIT_H

struct drm_device;
struct drm_file;

int edu_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* EDU_SUBMIT_H */
