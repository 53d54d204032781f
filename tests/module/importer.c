// SPDX-License-Identifier: GPL-2.0-only
/*
 * barlease-importer: attaches devices to DMABUFs, for tests
 *
 * Copyright (C) 2026 The barlease authors
 *
 * It maps a DMABUF for a device and does nothing with that: what is looked at is
 * how the exporter gets it back.
 */
#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "importer.h"

/* MODULE_IMPORT_NS(), in the one form that every kernel takes */
MODULE_INFO(import_ns, "DMA_BUF");

/* Its name on older kernels; Kbuild has looked */
#ifdef BARLEASE_HAVE_MOVE_NOTIFY
#define invalidate_mappings move_notify
#endif

/**
 * struct importer - what one file is for
 * @pdev: the device, with a reference; NULL before it is attached
 * @dmabuf: the DMABUF, with a reference
 * @attachment: to that
 * @table: its mapping; the lock is the DMABUF's reservation lock
 * @direction: of the mapping
 * @how: BARLEASE_IMPORTER_*
 * @state: what userspace is told
 * @asked: a blocked callback may go on
 * @wait: where that waits
 * @late: gives the mapping back
 * @fence: among the DMABUF's, or NULL
 * @lock: one call at a time, but for the one that ends a blocked callback
 */
struct importer {
	struct pci_dev *pdev;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
	enum dma_data_direction direction;
	u16 how;
	struct barlease_importer_state state;
	bool asked;
	wait_queue_head_t wait;
	struct delayed_work late;
	struct dma_fence *fence;
	struct mutex lock; /* of pdev, attachment, fence */
};

static struct dma_resv *resv_of(const struct importer *importer)
{
	return importer->dmabuf->resv;
}

static int map_locked(struct importer *importer)
{
	struct sg_table *table;

	if (importer->table)
		return -EBUSY;

	table = dma_buf_map_attachment(importer->attachment,
				       importer->direction);
	if (IS_ERR(table))
		return PTR_ERR(table);

	importer->table = table;
	return 0;
}

/* Whoever waits for it is to find it gone. */
static void unmap_locked(struct importer *importer)
{
	struct sg_table *table = importer->table;

	WRITE_ONCE(importer->table, NULL);
	if (table)
		dma_buf_unmap_attachment(importer->attachment, table,
					 importer->direction);
}

static void unmap(struct importer *importer)
{
	dma_resv_lock(resv_of(importer), NULL);
	unmap_locked(importer);
	dma_resv_unlock(resv_of(importer));
}

static void unmap_late(struct work_struct *work)
{
	unmap(container_of(to_delayed_work(work), struct importer, late));
}

static void invalidate(struct dma_buf_attachment *attachment)
{
	struct importer *importer = attachment->importer_priv;

	importer->state.told++;
	switch (importer->how) {
	case BARLEASE_IMPORTER_LATE:
		schedule_delayed_work(&importer->late, HZ);
		break;
	case BARLEASE_IMPORTER_BLOCKS:
		wait_event(importer->wait, READ_ONCE(importer->asked));
		fallthrough;
	case BARLEASE_IMPORTER_AT_ONCE:
		unmap_locked(importer);
		break;
	case BARLEASE_IMPORTER_AGAIN:
		unmap_locked(importer);
		importer->state.again = -map_locked(importer);
		break;
	}
}

static const struct dma_buf_attach_ops importer_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = invalidate,
};

static int attach(struct importer *importer, int fd)
{
	struct dma_buf_attachment *attachment;
	struct dma_buf *dmabuf;

	dmabuf = dma_buf_get(fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	attachment = dma_buf_dynamic_attach(dmabuf, &importer->pdev->dev,
					    &importer_ops, importer);
	if (IS_ERR(attachment)) {
		dma_buf_put(dmabuf);
		return PTR_ERR(attachment);
	}

	importer->dmabuf = dmabuf;
	importer->attachment = attachment;
	return 0;
}

static long ioctl_attach(struct importer *importer, void __user *arg)
{
	struct barlease_attach request;
	int ret;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	if (importer->attachment)
		return -EBUSY;

	importer->pdev = pci_get_domain_bus_and_slot(request.domain,
						     request.bus,
						     request.devfn);
	if (!importer->pdev)
		return -ENODEV;

	importer->how = request.how;
	ret = attach(importer, request.dmabuf_fd);
	if (ret) {
		pci_dev_put(importer->pdev);
		importer->pdev = NULL;
	}
	return ret;
}

static void describe(const struct sg_table *table, struct barlease_map *map)
{
	struct scatterlist *entry;
	int i;

	map->nents = table->nents;
	map->address = sg_dma_address(table->sgl);
	map->size = 0;
	for_each_sgtable_dma_sg(table, entry, i)
		map->size += sg_dma_len(entry);
}

static long ioctl_map(struct importer *importer, void __user *arg)
{
	struct barlease_map request;
	int ret;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;

	dma_resv_lock(resv_of(importer), NULL);
	importer->direction = request.direction;
	ret = map_locked(importer);
	if (!ret)
		describe(importer->table, &request);
	dma_resv_unlock(resv_of(importer));
	if (ret)
		return ret;
	if (!copy_to_user(arg, &request, sizeof(request)))
		return 0;
	unmap(importer);
	return -EFAULT;
}

static long ioctl_state(struct importer *importer, void __user *arg)
{
	struct barlease_importer_state state = importer->state;

	state.mapped = !!READ_ONCE(importer->table);
	return copy_to_user(arg, &state, sizeof(state)) ? -EFAULT : 0;
}

/* A blocked callback has the reservation lock. */
static void ask(struct importer *importer)
{
	WRITE_ONCE(importer->asked, true);
	wake_up_all(&importer->wait);
}

static const char *fence_name(struct dma_fence *fence)
{
	return "barlease-importer";
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_name,
	.get_timeline_name = fence_name,
};

static long ioctl_fence(struct importer *importer)
{
	static DEFINE_SPINLOCK(lock);
	struct dma_fence *fence;
	int ret;

	if (importer->fence)
		return -EBUSY;

	fence = kzalloc(sizeof(*fence), GFP_KERNEL);
	if (!fence)
		return -ENOMEM;
	dma_fence_init(fence, &fence_ops, &lock, dma_fence_context_alloc(1), 1);

	dma_resv_lock(resv_of(importer), NULL);
	ret = dma_resv_reserve_fences(resv_of(importer), 1);
	if (!ret)
		dma_resv_add_fence(resv_of(importer), fence,
				   DMA_RESV_USAGE_WRITE);
	dma_resv_unlock(resv_of(importer));
	if (ret)
		dma_fence_put(fence);
	else
		importer->fence = fence;
	return ret;
}

static long call(struct importer *importer, unsigned int cmd, void __user *arg)
{
	if (cmd == BARLEASE_ATTACH)
		return ioctl_attach(importer, arg);
	if (!importer->attachment)
		return -ENODEV;

	switch (cmd) {
	case BARLEASE_MAP:
		return ioctl_map(importer, arg);
	case BARLEASE_UNMAP:
		ask(importer);
		unmap(importer);
		return 0;
	case BARLEASE_STATE:
		return ioctl_state(importer, arg);
	case BARLEASE_FENCE:
		return ioctl_fence(importer);
	default:
		return -ENOTTY;
	}
}

static long importer_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	struct importer *importer = file->private_data;
	long ret;

	mutex_lock(&importer->lock);
	ret = call(importer, cmd, (void __user *)arg);
	mutex_unlock(&importer->lock);
	return ret;
}

static int importer_open(struct inode *inode, struct file *file)
{
	struct importer *importer;

	importer = kzalloc(sizeof(*importer), GFP_KERNEL);
	if (!importer)
		return -ENOMEM;

	mutex_init(&importer->lock);
	init_waitqueue_head(&importer->wait);
	INIT_DELAYED_WORK(&importer->late, unmap_late);
	file->private_data = importer;
	return 0;
}

static void detach(struct importer *importer)
{
	ask(importer);
	unmap(importer);
	dma_buf_detach(importer->dmabuf, importer->attachment);
	/* Nobody tells it any more */
	cancel_delayed_work_sync(&importer->late);
	dma_buf_put(importer->dmabuf);
	pci_dev_put(importer->pdev);
}

static int importer_release(struct inode *inode, struct file *file)
{
	struct importer *importer = file->private_data;

	if (importer->attachment)
		detach(importer);
	if (importer->fence) {
		dma_fence_signal(importer->fence);
		dma_fence_put(importer->fence);
	}
	mutex_destroy(&importer->lock);
	kfree(importer);
	return 0;
}

static const struct file_operations importer_fops = {
	.owner = THIS_MODULE,
	.open = importer_open,
	.release = importer_release,
	.unlocked_ioctl = importer_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice importer_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "barlease-importer",
	.fops = &importer_fops,
	.mode = 0600,
};
module_misc_device(importer_misc);

MODULE_AUTHOR("The barlease authors");
MODULE_DESCRIPTION("Devices that import DMABUFs, for the tests of barlease");
MODULE_LICENSE("GPL");
