// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failures to order, and figures to look at
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Distributions' kernels have no fault injection of their own. Each file takes
 * the number of times that something is to go wrong, and shows what is left.
 */
#include <linux/debugfs.h>
#include <linux/pm_runtime.h>
#include <linux/seq_file.h>

#include <drm/drm_debugfs.h>

#include "device.h"
#include "fence.h"
#include "inject.h"

static int stats_show(struct seq_file *file, void *data)
{
	struct drm_debugfs_entry *entry = file->private;
	struct edu_device *edu = to_edu(entry->dev);
	struct device *dev = edu->drm.dev;

	/* In this order: none is freed that is not yet counted */
	seq_printf(file, "fences_freed %lld\n", edu_fences_freed());
	seq_printf(file, "fences_created %lld\n", edu_fences_created());
	seq_printf(file, "usage_count %d\n",
		   atomic_read(&dev->power.usage_count));
	seq_printf(file, "suspended %d\n", pm_runtime_status_suspended(dev));
	seq_printf(file, "resets %d\n", atomic_read(&edu->inject.resets));
	return 0;
}

void edu_inject_init(struct edu_device *edu)
{
	struct dentry *root = edu->drm.debugfs_root;

	debugfs_create_atomic_t("fail_resume", 0600, root,
				&edu->inject.fail_resume);
	debugfs_create_atomic_t("fail_claim", 0600, root,
				&edu->inject.fail_claim);
	debugfs_create_atomic_t("hang", 0600, root, &edu->inject.hang);
	drm_debugfs_add_file(&edu->drm, "stats", stats_show, NULL);
}
