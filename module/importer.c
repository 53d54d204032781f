// SPDX-License-Identifier: GPL-2.0-only
/*
 * Importers: other devices that reach a buffer by DMA
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/device.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "importer.h"
#include "peer.h"
#include "stats.h"
#include "trace.h"

/**
 * struct importer - one attachment
 * @node: in the list of its buffer's
 * @dev: the device that is attached
 * @mapped: how many mappings it has
 */
struct importer {
	struct list_head node;
	struct device *dev;
	atomic_t mapped;
};

/**
 * struct barlease_importers - all attachments to one buffer
 * @bdev: the buffer's device
 * @dmabuf: the buffer's DMABUF. Its file is there while somebody is attached.
 * @node: in bdev->importers, while somebody is attached
 * @list: the attachments; the lock is bdev->importers_lock
 * @mapped: how many mappings all of them have, or are about to have
 * @tell: tells them to give those back; has a reference to @dmabuf
 */
struct barlease_importers {
	struct barlease_device *bdev;
	struct dma_buf *dmabuf;
	struct list_head node;
	struct list_head list;
	atomic_t mapped;
	struct work_struct tell;
};

/* Importers that a line in the log is about, each time */
#define MAX_NAMED	4

static struct workqueue_struct *tellers;

static struct barlease_importers *
importers_in(const struct barlease_buffer *buffer)
{
	/* Pairs with the one in create() */
	return smp_load_acquire(&buffer->importers);
}

static struct barlease_importers *importers_of(const struct dma_buf *dmabuf)
{
	return importers_in(dmabuf->priv);
}

static void tell(struct work_struct *work)
{
	struct barlease_importers *importers =
		container_of(work, struct barlease_importers, tell);
	struct dma_buf *dmabuf = importers->dmabuf;

	dma_resv_lock(dmabuf->resv, NULL);
	dma_buf_invalidate_mappings(dmabuf);
	dma_resv_unlock(dmabuf->resv);
	dma_buf_put(dmabuf);
}

/* --- attachments --- */

static struct barlease_importers *create(struct barlease_buffer *buffer,
					 struct dma_buf *dmabuf)
{
	struct barlease_importers *importers;

	importers = kzalloc(sizeof(*importers), GFP_KERNEL_ACCOUNT);
	if (!importers)
		return NULL;

	importers->bdev = buffer->bdev;
	importers->dmabuf = dmabuf;
	INIT_LIST_HEAD(&importers->list);
	INIT_WORK(&importers->tell, tell);
	/* A revoke looks without the lock. */
	smp_store_release(&buffer->importers, importers);
	return importers;
}

static int join(struct barlease_buffer *buffer, struct dma_buf *dmabuf,
		struct importer *importer)
{
	struct barlease_importers *importers = buffer->importers;
	int ret;

	lockdep_assert_held(&buffer->bdev->importers_lock);

	/* The last close comes for that lock before it lets the device go. */
	if (barlease_buffer_revoked(buffer))
		return -ENODEV;

	ret = barlease_peer_check(buffer, importer->dev);
	if (ret)
		return ret;

	if (!importers)
		importers = create(buffer, dmabuf);
	if (!importers)
		return -ENOMEM;

	if (list_empty(&importers->list))
		list_add_tail(&importers->node, &buffer->bdev->importers);
	list_add_tail(&importer->node, &importers->list);
	return 0;
}

static int attach(struct barlease_buffer *buffer, struct dma_buf *dmabuf,
		  struct dma_buf_attachment *attachment)
{
	struct importer *importer;
	int ret;

	if (buffer->bar_map || !attachment->peer2peer ||
	    !dma_buf_attach_revocable(attachment))
		return -EOPNOTSUPP;

	importer = kzalloc(sizeof(*importer), GFP_KERNEL_ACCOUNT);
	if (!importer)
		return -ENOMEM;
	importer->dev = attachment->dev;

	mutex_lock(&buffer->bdev->importers_lock);
	ret = join(buffer, dmabuf, importer);
	mutex_unlock(&buffer->bdev->importers_lock);

	if (ret)
		kfree(importer);
	else
		attachment->priv = importer;
	return ret;
}

int barlease_attach(struct dma_buf *dmabuf,
		    struct dma_buf_attachment *attachment)
{
	struct barlease_buffer *buffer = dmabuf->priv;
	int ret = attach(buffer, dmabuf, attachment);

	if (ret)
		barlease_count(buffer->bdev, BARLEASE_ATTACHES_REFUSED);
	return ret;
}

void barlease_detach(struct dma_buf *dmabuf,
		     struct dma_buf_attachment *attachment)
{
	struct barlease_importers *importers = importers_of(dmabuf);
	struct barlease_device *bdev = importers->bdev;
	struct importer *importer = attachment->priv;

	mutex_lock(&bdev->importers_lock);
	list_del(&importer->node);
	if (list_empty(&importers->list))
		list_del(&importers->node);
	mutex_unlock(&bdev->importers_lock);
	kfree(importer);
}

/* --- mappings --- */

/*
 * What turns any of this off does so, and looks at the number of mappings then;
 * who makes a mapping counts it, and looks at this then. One of them sees the
 * other.
 */
static int may_map(struct barlease_buffer *buffer)
{
	struct barlease_device *bdev = buffer->bdev;

	if (barlease_buffer_paused(buffer))
		return -EAGAIN;
	if (barlease_buffer_revoked(buffer) ||
	    atomic_read_acquire(&bdev->importers_forbidden) ||
	    READ_ONCE(bdev->failed) || bdev->core.pm_runtime_engaged ||
	    !__vfio_pci_memory_enabled(&bdev->core))
		return -ENODEV;
	return 0;
}

static void count_mapping(struct barlease_importers *importers,
			  struct importer *importer)
{
	atomic_inc(&importer->mapped);
	atomic_inc(&importers->mapped);
	atomic_inc(&importers->bdev->importers_mapped);
	/* Pairs with those of who closes a gate, or forbids */
	smp_mb__after_atomic();
}

static void uncount_mapping(struct barlease_importers *importers,
			    struct importer *importer)
{
	struct barlease_device *bdev = importers->bdev;
	bool last;

	atomic_dec(&importer->mapped);
	last = atomic_dec_and_test(&importers->mapped);
	if (atomic_dec_and_test(&bdev->importers_mapped) || last)
		wake_up_all(&bdev->revoke_wait);
}

struct sg_table *barlease_map(struct dma_buf_attachment *attachment,
			      enum dma_data_direction direction)
{
	struct barlease_importers *importers = importers_of(attachment->dmabuf);
	struct sg_table *table;
	int ret;

	dma_resv_assert_held(attachment->dmabuf->resv);

	count_mapping(importers, attachment->priv);
	ret = may_map(attachment->dmabuf->priv);
	table = ret ? ERR_PTR(ret) : barlease_peer_map(attachment, direction);
	if (IS_ERR(table))
		uncount_mapping(importers, attachment->priv);
	else
		barlease_count(importers->bdev, BARLEASE_IMPORTER_MAPS);
	trace_importer_map(attachment, PTR_ERR_OR_ZERO(table));
	return table;
}

void barlease_unmap(struct dma_buf_attachment *attachment,
		    struct sg_table *table, enum dma_data_direction direction)
{
	dma_resv_assert_held(attachment->dmabuf->resv);

	barlease_peer_unmap(attachment, table, direction);
	/* The device may go when the last one is gone. */
	trace_importer_unmap(attachment, 0);
	uncount_mapping(importers_of(attachment->dmabuf), attachment->priv);
}

/* --- taking them back --- */

/* With a reference to the DMABUF, or with the lock while there are any */
static void tell_mapped(struct barlease_importers *importers)
{
	if (!atomic_read(&importers->mapped))
		return;

	get_dma_buf(importers->dmabuf);
	if (!queue_work(tellers, &importers->tell))
		dma_buf_put(importers->dmabuf);
}

/* Whoever has a lease may attach it as often as he likes: not all of them. */
static void name_mapped(struct barlease_importers *importers,
			unsigned int seconds, unsigned int *named)
{
	struct importer *importer;

	list_for_each_entry(importer, &importers->list, node)
		if (atomic_read(&importer->mapped) && (*named)++ < MAX_NAMED)
			dev_warn(&importers->bdev->core.pdev->dev,
				 "waiting for %s %s to give back a lease, for %u s now\n",
				 dev_driver_string(importer->dev),
				 dev_name(importer->dev), seconds);
}

/* All of the device's, or those of one buffer */
static void name_those(struct barlease_device *bdev,
		       struct barlease_importers *those, unsigned int seconds)
{
	struct barlease_importers *importers;
	unsigned int named = 0;

	mutex_lock(&bdev->importers_lock);
	list_for_each_entry(importers, &bdev->importers, node)
		if (!those || importers == those)
			name_mapped(importers, seconds, &named);
	mutex_unlock(&bdev->importers_lock);
}

/* Until nothing is left of @mapped, which is the count of @those */
static int wait(struct barlease_device *bdev, const atomic_t *mapped,
		struct barlease_importers *those, bool killable)
{
	unsigned int seconds;
	long ret = 0;

	for (seconds = 0; !ret; seconds++) {
		if (seconds)
			name_those(bdev, those, seconds);
		if (killable)
			ret = wait_event_killable_timeout(bdev->revoke_wait,
							  !atomic_read_acquire(mapped),
							  HZ);
		else
			ret = wait_event_timeout(bdev->revoke_wait,
						 !atomic_read_acquire(mapped),
						 HZ);
	}
	return ret < 0 ? -EINTR : 0;
}

void barlease_importers_tell(struct dma_buf *dmabuf)
{
	struct barlease_importers *importers = importers_of(dmabuf);

	if (importers)
		tell_mapped(importers);
}

int barlease_importers_wait(struct dma_buf *dmabuf)
{
	struct barlease_importers *importers = importers_of(dmabuf);

	if (!importers)
		return 0;
	return wait(importers->bdev, &importers->mapped, importers, true);
}

void barlease_importers_tell_all(struct barlease_device *bdev)
{
	struct barlease_importers *importers;

	mutex_lock(&bdev->importers_lock);
	list_for_each_entry(importers, &bdev->importers, node)
		tell_mapped(importers);
	mutex_unlock(&bdev->importers_lock);
}

static int wait_all(struct barlease_device *bdev, bool killable)
{
	return wait(bdev, &bdev->importers_mapped, NULL, killable);
}

void barlease_importers_wait_all(struct barlease_device *bdev)
{
	wait_all(bdev, false);
}

static int forbid(struct barlease_device *bdev, bool killable)
{
	int ret;

	atomic_inc(&bdev->importers_forbidden);
	/* Pairs with the one in count_mapping() */
	smp_mb__after_atomic();
	barlease_importers_tell_all(bdev);
	ret = wait_all(bdev, killable);
	if (ret)
		barlease_importers_allow(bdev);
	return ret;
}

void barlease_importers_forbid(struct barlease_device *bdev)
{
	forbid(bdev, false);
}

int barlease_importers_forbid_killable(struct barlease_device *bdev)
{
	return forbid(bdev, true);
}

void barlease_importers_allow(struct barlease_device *bdev)
{
	atomic_dec(&bdev->importers_forbidden);
}

/* --- what userspace is told --- */

static u32 count_attached(struct barlease_importers *importers)
{
	u32 n;

	mutex_lock(&importers->bdev->importers_lock);
	n = list_count_nodes(&importers->list);
	mutex_unlock(&importers->bdev->importers_lock);
	return n;
}

void barlease_importers_count(struct dma_buf *dmabuf, u32 *attached,
			      u32 *mapped)
{
	struct barlease_importers *importers = importers_of(dmabuf);

	*attached = importers ? count_attached(importers) : 0;
	*mapped = importers ? atomic_read_acquire(&importers->mapped) : 0;
}

unsigned int barlease_importers_mapped(const struct barlease_buffer *buffer)
{
	struct barlease_importers *importers =
		buffer->bar_map ? NULL : importers_in(buffer);

	return importers ? atomic_read(&importers->mapped) : 0;
}

static int count_importers(struct barlease_device *bdev,
			   struct barlease_dma_buf_importers *count)
{
	struct dma_buf *dmabuf;

	dmabuf = barlease_dma_buf_get(bdev, count->dmabuf_fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	barlease_importers_count(dmabuf, &count->attached, &count->mapped);
	count->reserved = 0;
	dma_buf_put(dmabuf);
	return 0;
}

int barlease_feature_importers(struct barlease_device *bdev, u32 flags,
			       void __user *arg, size_t argsz)
{
	struct barlease_dma_buf_importers count;
	int ret;

	if (!BARLEASE_PEER_POSSIBLE)
		return -ENOTTY;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET,
				 sizeof(count));
	if (ret != 1)
		return ret;

	if (copy_from_user(&count, arg, sizeof(count)))
		return -EFAULT;

	ret = count_importers(bdev, &count);
	if (ret)
		return ret;

	return copy_to_user(arg, &count, sizeof(count)) ? -EFAULT : 0;
}

/* "INODE DRIVER DEVICE MAPPINGS" a line, as many as fit */
static ssize_t importers_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct barlease_device *bdev = barlease_from_pci(to_pci_dev(dev));
	struct barlease_importers *importers;
	struct importer *importer;
	int n = 0;

	mutex_lock(&bdev->importers_lock);
	list_for_each_entry(importers, &bdev->importers, node)
		list_for_each_entry(importer, &importers->list, node)
			n += sysfs_emit_at(buf, n, "%llu %s %s %d\n",
					   (u64)file_inode(importers->dmabuf->file)->i_ino,
					   dev_driver_string(importer->dev),
					   dev_name(importer->dev),
					   atomic_read(&importer->mapped));
	mutex_unlock(&bdev->importers_lock);
	return n;
}

struct device_attribute barlease_importers_attribute =
	__ATTR(importers, 0444, importers_show, NULL);

/* --- beginning and end --- */

void barlease_importers_init(struct barlease_device *bdev)
{
	INIT_LIST_HEAD(&bdev->importers);
	mutex_init(&bdev->importers_lock);
}

void barlease_importers_destroy(struct barlease_device *bdev)
{
	mutex_destroy(&bdev->importers_lock);
}

int barlease_importer_init(void)
{
	tellers = alloc_workqueue("barlease", WQ_UNBOUND, 0);
	return tellers ? 0 : -ENOMEM;
}

/* What is left to do for a teller after its last reference is over then. */
void barlease_importer_exit(void)
{
	destroy_workqueue(tellers);
}
