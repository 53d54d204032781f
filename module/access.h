/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When the device's memory may be mapped
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Page tables are filled only between barlease_access_begin() and _end(). Two
 * things keep that section out:
 *
 * - core.memory_lock, which vfio-pci-core holds for writing while it takes
 *   access away (memory decode off, low power) and over every reset that it
 *   starts itself;
 * - @resetting, a counter, for whoever cannot rely on that lock: the resets that
 *   somebody else asks the PCI core for, such as an administrator through sysfs,
 *   come without it, and the core's hot reset only tries it. Taking it in
 *   reset_prepare() is not possible, because one cannot tell there whether the
 *   caller is vfio-pci-core and has it already.
 *
 * The section is an SRCU read section in which the counter is looked at first,
 * and memory_lock tried only then. So who has raised the counter and waited for
 * a grace period, and for those in the queue for the lock, knows that no fault
 * holds memory_lock, not even for a moment.
 *
 * Nothing sleeps in the section, and nobody loses the CPU there: a client that
 * is short of memory or of CPU time cannot make a reset wait.
 */
#ifndef BARLEASE_ACCESS_H
#define BARLEASE_ACCESS_H

#include <linux/types.h>

struct barlease_device;
struct pci_dev;

/**
 * barlease_access_trybegin() - enter the section, unless that means waiting
 * @bdev: the device
 * @token: for barlease_access_end()
 *
 * Return: whether it was entered.
 */
bool barlease_access_trybegin(struct barlease_device *bdev, int *token);
void barlease_access_begin(struct barlease_device *bdev, int *token);
void barlease_access_end(struct barlease_device *bdev, int token);

/**
 * barlease_access_wait_killable() - wait until entering is worth a try
 * @bdev: the device
 *
 * Returns early when a fatal signal is pending.
 */
void barlease_access_wait_killable(struct barlease_device *bdev);

/**
 * barlease_access_possible() - does the device answer to memory accesses now?
 * @bdev: the device, open; inside the section
 */
bool barlease_access_possible(struct barlease_device *bdev);

/**
 * barlease_access_drain() - wait for those who are in the section
 * @bdev: the device
 *
 * Who comes later sees what was written before the call.
 */
void barlease_access_drain(struct barlease_device *bdev);

/**
 * barlease_access_forbid() - keep everybody out of the section
 * @bdev: the device
 *
 * When it returns, nobody is inside. Mappings that exist stay. Goes with
 * barlease_access_allow(), and may be nested.
 */
void barlease_access_forbid(struct barlease_device *bdev);
void barlease_access_allow(struct barlease_device *bdev);

/**
 * barlease_access_drain_queue() - wait until no fault waits for memory_lock
 * @bdev: the device, which everybody is kept out of
 *
 * Nor holds it, then. Not for who has that lock.
 */
void barlease_access_drain_queue(struct barlease_device *bdev);

/* struct pci_error_handlers */
void barlease_reset_prepare(struct pci_dev *pdev);
void barlease_reset_done(struct pci_dev *pdev);

#endif /* BARLEASE_ACCESS_H */
