/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a VFIO device that has one of a kind
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef IRQ_H
#define IRQ_H

#include <stdint.h>

/* @index: VFIO_PCI_..._IRQ_INDEX. 0 or a negative errno */
int irq_enable(int device, uint32_t index, int eventfd);
int irq_disable(int device, uint32_t index);
/* INTx masks itself when it has come */
int irq_unmask(int device, uint32_t index);

/* How often, within the time; 0 when not at all */
uint64_t irq_signals(int eventfd, int timeout_ms);

#endif
