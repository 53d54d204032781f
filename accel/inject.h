/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failures to order, and figures to look at
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef EDU_INJECT_H
#define EDU_INJECT_H

#include <linux/atomic.h>

struct edu_device;

/**
 * struct edu_inject - how often from now on
 * @fail_resume: resuming the device fails, with -EIO
 * @fail_claim: the next step of a job after that fails, with -ENXIO
 * @hang: the device is not told of a job
 * @resets: how often it had to be reset since
 */
struct edu_inject {
	atomic_t fail_resume;
	atomic_t fail_claim;
	atomic_t hang;
	atomic_t resets;
};

/* Is it time to? Counts down. */
static inline bool edu_inject(atomic_t *left)
{
	return atomic_dec_if_positive(left) >= 0;
}

/* Files in the device's directory in debugfs, which goes with the device */
void edu_inject_init(struct edu_device *edu);

#endif /* EDU_INJECT_H */
