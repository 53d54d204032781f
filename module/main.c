// SPDX-License-Identifier: GPL-2.0-only
/*
 * barlease-vfio-pci: vfio-pci, with slices of BARs as revocable DMABUFs
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/module.h>
#include <linux/pci.h>

#include "compat.h"
#include "debugfs.h"
#include "denylist.h"
#include "device.h"
#include "error.h"
#include "ids.h"
#include "importer.h"
#include "left-out.h"
#include "numa.h"
#include "params.h"
#include "stand-in.h"
#include "sysfs.h"

static bool enable_sriov;
#ifdef CONFIG_PCI_IOV
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov,
		 "Allow SR-IOV to be configured; needs a userspace PF driver");
#endif

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct barlease_device *bdev;
	int ret;

	if (barlease_denied(pdev))
		return -EINVAL;

	bdev = vfio_alloc_device(barlease_device, core.vdev, &pdev->dev,
				 &barlease_device_ops);
	if (IS_ERR(bdev))
		return PTR_ERR(bdev);

	barlease_compat_let_core_export(&bdev->core);
	dev_set_drvdata(&pdev->dev, &bdev->core);
	ret = vfio_pci_core_register_device(&bdev->core);
	if (ret) {
		vfio_put_device(&bdev->core.vdev);
		return ret;
	}

	barlease_debugfs_add(bdev);
	barlease_left_out(pdev);
	return 0;
}

/*
 * VFIO has a list of the devices that are reset together, and takes this one off
 * it when the last reference is gone. Clients have references, for as long as
 * they like, and the PCI device is somebody else's by then, or freed. VFIO's own
 * list_del() is still to come, and finds an entry that is by itself.
 */
static void leave_device_set(struct vfio_device *vfio)
{
	mutex_lock(&vfio->dev_set->lock);
	list_del_init(&vfio->dev_set_list);
	mutex_unlock(&vfio->dev_set->lock);
}

static void remove(struct pci_dev *pdev)
{
	struct barlease_device *bdev = barlease_from_pci(pdev);

	vfio_pci_core_unregister_device(&bdev->core);
	barlease_debugfs_remove(bdev);
	leave_device_set(&bdev->core.vdev);
	vfio_put_device(&bdev->core.vdev);
}

static int sriov_configure(struct pci_dev *pdev, int nr_virtfn)
{
	if (!enable_sriov)
		return -ENOENT;

	return vfio_pci_core_sriov_configure(&barlease_from_pci(pdev)->core,
					     nr_virtfn);
}

static const struct pci_error_handlers err_handlers = {
	.error_detected	= barlease_error_detected,
	.slot_reset	= barlease_error_slot_reset,
	.reset_prepare	= barlease_error_reset_prepare,
	.reset_done	= barlease_error_reset_done,
	.resume		= barlease_error_resume,
};

/*
 * Nothing binds on its own: driver_override, new_id or ids= say what does. And
 * there is no MODULE_DEVICE_TABLE(): tools that look up the best VFIO driver
 * for a device in modules.alias are not to take this one for vfio-pci.
 */
static const struct pci_device_id override_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};

static struct pci_driver driver = {
	.name			= barlease_driver_name,
	.id_table		= override_ids,
	.probe			= probe,
	.remove			= remove,
	.sriov_configure	= sriov_configure,
	.err_handler		= &err_handlers,
	.dev_groups		= barlease_sysfs_groups,
	.driver_managed_dma	= true,
};

static int __init barlease_init(void)
{
	int ret;

	barlease_stand_in_name();
	barlease_params_share();
	ret = barlease_importer_init();
	if (ret)
		return ret;

	barlease_numa_init();
	barlease_debugfs_init();
	ret = pci_register_driver(&driver);
	if (ret) {
		barlease_stand_in_taken(ret);
		goto err_numa;
	}

	ret = barlease_stand_in_link();
	if (ret)
		goto err_driver;

	barlease_add_ids(&driver);
	return 0;

err_driver:
	pci_unregister_driver(&driver);
err_numa:
	barlease_debugfs_exit();
	barlease_numa_exit();
	barlease_importer_exit();
	return ret;
}
module_init(barlease_init);

static void __exit barlease_exit(void)
{
	barlease_stand_in_unlink();
	pci_unregister_driver(&driver);
	barlease_debugfs_exit();
	barlease_numa_exit();
	barlease_importer_exit();
}
module_exit(barlease_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The barlease authors");
MODULE_DESCRIPTION("VFIO PCI driver that leases slices of BARs as revocable DMABUFs");
