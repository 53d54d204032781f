// SPDX-License-Identifier: MIT
/*
 * A device that goes from one process to another
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "config.h"
#include "device.h"
#include "pci.h"

int barlease_device_save(const struct barlease_device *device,
			 struct barlease_handover *handover)
{
	*handover = (struct barlease_handover){
		.device = device->fd,
		.group = -1,
		.container = -1,
		.iommufd = -1,
	};
	switch (device->origin) {
	case BL_WRAPPED:
		break;
	case BL_BY_GROUP:
		handover->backend = bl_group_has_iommu(device->group) ?
					    BARLEASE_BACKEND_GROUP :
					    BARLEASE_BACKEND_NOIOMMU;
		bl_group_fds(device->group, &handover->group,
			     &handover->container);
		return 0;
	case BL_BY_IOMMUFD:
		handover->backend = BARLEASE_BACKEND_IOMMUFD;
		bl_iommufd_save(device->node, &handover->device,
				&handover->iommufd, &handover->ioas);
		return 0;
	}
	return -EINVAL;
}

/* As sysfs has it; 0 where there is none */
static uint32_t sysfs_id(const struct bl_pci *pci, const char *which)
{
	char path[96];
	unsigned int id = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", pci->name,
		 which);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%x", &id) != 1)
		id = 0;
	fclose(file);
	return id;
}

/* A device of another kind would be taken for this one without a word. */
static int check_identity(const struct bl_pci *pci, int fd)
{
	const uint32_t vendor = sysfs_id(pci, "vendor");
	const uint32_t device = sysfs_id(pci, "device");
	struct bl_config config;
	int ret = bl_device_check(fd);

	if (!ret && !vendor)
		ret = -ENODEV;
	if (!ret)
		ret = bl_config_find(fd, &config);
	if (ret)
		return ret;
	/* A VF has neither in its config space: VFIO shows what sysfs has */
	return bl_config_get(&config, PCI_VENDOR_ID, 2) == vendor &&
	       bl_config_get(&config, PCI_DEVICE_ID, 2) == device ? 0 : -EINVAL;
}

static int restore_by_group(struct barlease_device *device,
			    const struct bl_pci *pci,
			    const struct barlease_handover *handover)
{
	bool iommu = handover->backend == BARLEASE_BACKEND_GROUP;
	int number = bl_pci_group(pci), ret;

	if (number < 0)
		return number;
	ret = bl_group_restore(number, iommu, handover->group,
			       handover->container, &device->group);
	if (ret)
		return ret;
	device->origin = BL_BY_GROUP;
	device->fd = fcntl(handover->device, F_DUPFD_CLOEXEC, 0);
	if (device->fd >= 0)
		return 0;
	ret = -errno;
	bl_group_put(device->group);
	return ret;
}

static int restore_by_iommufd(struct barlease_device *device,
			      const struct bl_pci *pci,
			      const struct barlease_handover *handover)
{
	int ret = bl_iommufd_restore(pci, handover->device, handover->iommufd,
				     handover->ioas, &device->node);

	if (ret)
		return ret;
	device->origin = BL_BY_IOMMUFD;
	device->fd = bl_iommufd_device_fd(device->node);
	if (device->fd >= 0)
		return 0;
	bl_iommufd_put(device->node);
	return device->fd;
}

static bool is_known(const struct barlease_handover *handover)
{
	uint64_t any = 0;

	for (size_t i = 0; i < sizeof(handover->reserved) / 8; i++)
		any |= handover->reserved[i];
	return !any && handover->backend != BARLEASE_BACKEND_ANY &&
	       handover->backend <= BARLEASE_BACKEND_NOIOMMU;
}

int barlease_device_restore(const char *bdf,
			    const struct barlease_handover *handover,
			    struct barlease_device **device)
{
	struct barlease_device *new;
	struct bl_pci pci;
	int ret = is_known(handover) ? barlease_pci_address(bdf, pci.name) :
				       -EINVAL;

	if (!ret)
		ret = check_identity(&pci, handover->device);
	if (ret)
		return ret;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->request = -1;
	if (handover->backend == BARLEASE_BACKEND_IOMMUFD)
		ret = restore_by_iommufd(new, &pci, handover);
	else
		ret = restore_by_group(new, &pci, handover);
	if (ret) {
		free(new);
		return ret;
	}
	bl_device_look_at(new);
	*device = new;
	return 0;
}
