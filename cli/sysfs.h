/* SPDX-License-Identifier: MIT */
/*
 * PCI devices, as sysfs shows them
 *
 * Copyright (C) 2026 The barlease authors
 *
 * @root is "" for this machine's file system; a test has another.
 */
#ifndef CLI_SYSFS_H
#define CLI_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <barlease.h>

/*
 * Its driver goes by another name where it stands in for vfio-pci, so that only
 * the module says which is ours.
 */
#define OUR_DRIVER	"barlease-vfio-pci"
#define OUR_MODULE	"barlease_vfio_pci"

#define BDF_SIZE	BARLEASE_PCI_ADDRESS_SIZE

#define PCI_BARS	6

struct pci_bar {
	uint64_t size;		/* 0 where there is none */
	bool in_page;		/* it does not begin where a page does */
	bool memory;		/* not I/O ports */
	bool prefetchable;
};

struct pci_device {
	char bdf[BDF_SIZE];
	unsigned int vendor;
	unsigned int device;
	unsigned int class;	/* 24 bits */
	int group;		/* of the IOMMU, or -1 */
	bool no_iommu;		/* the group is VFIO's stand-in for one */
	char driver[64];	/* or "" */
	char module[64];	/* that the driver is in, or "" */
	char override[64];	/* driver_override, or "" */
	char vfio[32];		/* "vfioN" if it is a VFIO device, or "" */
	struct pci_bar bar[PCI_BARS];
};

/* Return: 0; -ENODEV */
int sysfs_device(const char *root, const char *bdf, struct pci_device *dev);

/* Every device, by address; @devs is for free(). Return: 0; errors of open() */
int sysfs_devices(const char *root, struct pci_device **devs, size_t *nr);

/* What of it is for MSI-X, in whole pages: the table, and the pending bits */
struct pci_msix {
	int bar;
	uint64_t offset;
	uint64_t length;	/* 0: nothing, or not known: config space is root's */
};

#define PCI_MSIX_PARTS	2

void sysfs_msix(const char *root, const struct pci_device *dev,
		struct pci_msix msix[PCI_MSIX_PARTS]);

struct msix_text {
	char text[96];
};

/* Those of a BAR, "0x0-0xfff, 0x2000-0x2fff"; "" where there are none */
struct msix_text pci_msix_text(const struct pci_msix msix[PCI_MSIX_PARTS],
			       int bar);

/* What our driver has counted of a device, by its name. Return: 0; errors of open() */
int sysfs_counter(const char *root, const char *bdf, const char *name,
		  uint64_t *value);

/* Those of an IOMMU group, the same way */
int sysfs_group(const char *root, int group, struct pci_device **devs,
		size_t *nr);

/* What VFIO calls the group in /dev/vfio */
struct group_text {
	char text[32];
};

struct group_text pci_group_text(const struct pci_device *dev);

#define SYSFS_NOIOMMU_MODE \
	"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

/* Does VFIO give out devices that have no IOMMU? */
bool sysfs_noiommu_mode(const char *root);

struct driver_text {
	char text[80];
};

/* Is it bound to our driver, whatever the name? */
bool pci_is_ours(const struct pci_device *dev);
/* Of its driver: "e1000e", "vfio-pci (barlease)" where that one is ours; or "" */
struct driver_text pci_driver_text(const struct pci_device *dev);
bool pci_is_bridge(const struct pci_device *dev);
/* In words, from its class */
const char *pci_kind(const struct pci_device *dev);
/*
 * Whether whole pages of it can be leased. One of less than a page is leased as
 * that page, if it begins with it; VFIO sees to it that nobody else has the rest.
 */
bool pci_bar_leasable(const struct pci_bar *bar);
/* In bytes, in whole pages */
uint64_t pci_bar_span(const struct pci_bar *bar);

#endif
