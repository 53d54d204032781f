/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runtime power management
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef EDU_PM_H
#define EDU_PM_H

#include <linux/pm.h>

struct edu_device;

extern const struct dev_pm_ops edu_pm_ops;

/* Around the time that the driver has the device; the device is on */
void edu_pm_init(struct edu_device *edu);
void edu_pm_fini(struct edu_device *edu);

/* The device is not needed any more, for now; from any context */
void edu_pm_put(struct edu_device *edu);

/* After a resume that failed: the next one may be tried */
void edu_pm_forget_error(struct edu_device *edu);

#endif /* EDU_PM_H */
