/* SPDX-License-Identifier: MIT */
/*
 * PCI devices and their drivers, by way of sysfs
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef SYSFS_H
#define SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUR_DRIVER	"barlease-vfio-pci"
#define OUR_MODULE	"barlease_vfio_pci"
#define STOCK_DRIVER	"vfio-pci"

/* "DDDD:BB:DD.F" */
struct bdf {
	char name[16];
};

/* The devices that the tests use; they give up where one is missing */
struct bdf dev_big(void);	/* ivshmem, BAR2 is 1 GiB of RAM, or 256 MiB */
struct bdf dev_big_mapped(void);	/* 1 GiB; or it skips the test's rest */
struct bdf dev_small(void);	/* ivshmem, BAR2 is 64 MiB of RAM */
struct bdf dev_edu(void);	/* registers in BAR0, an interrupt */
struct bdf dev_testdev(void);	/* in one reset domain with edu */
struct bdf dev_display(void);	/* memory in BAR0, registers in BAR2 */
struct bdf dev_card(void);	/* a network card; MSI-X in BAR3, of 4 pages */
struct bdf dev_table(void);	/* MSI-X in BAR1, a page and all there is */
struct bdf dev_disk(void);	/* nvme, of 64 MiB: of the demo and the benchmarks */

bool pci_find(struct bdf *dev, unsigned int vendor, unsigned int device,
	      unsigned int bar, uint64_t bar_size);
uint64_t pci_bar_size(struct bdf dev, unsigned int bar);
uint64_t pci_bar_start(struct bdf dev, unsigned int bar);

/* Every device that a driver is bound to; returns how many */
size_t pci_of_driver(const char *driver, struct bdf *devs, size_t max);
/* Every device of the machine */
size_t pci_all(struct bdf *devs, size_t max);

/* Name of the driver, or "" */
void pci_driver(struct bdf dev, char *name, size_t size);
int pci_unbind(struct bdf dev);
/* Unbind, and bind to this driver, whatever ids the driver claims */
int pci_bind(struct bdf dev, const char *driver);

void pci_path(struct bdf dev, const char *attr, char *path, size_t size);
int pci_write(struct bdf dev, const char *attr, const char *text);
int pci_read(struct bdf dev, const char *attr, char *text, size_t size);

/*
 * The class device that it has in a directory of its own: vfioN of "vfio-dev",
 * accelN of "accel"; gives up without one
 */
const char *pci_class_device(struct bdf dev, const char *directory,
			     const char *prefix);

/* Return 0 or a negative errno */
int file_write(const char *path, const char *text);
/* The first line, without its newline; and the whole file */
int file_read(const char *path, char *text, size_t size);
int file_read_all(const char *path, char *text, size_t size);

#endif
