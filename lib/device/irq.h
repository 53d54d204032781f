/* SPDX-License-Identifier: MIT */
/*
 * VFIO_DEVICE_SET_IRQS
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_IRQ_H
#define LIB_IRQ_H

#include <stdbool.h>
#include <stdint.h>

/* Of one kind, VFIO_PCI_..._IRQ_INDEX. Return: how many there are; errors of ioctl() */
int bl_irq_count(int device, uint32_t index);

/*
 * @what: VFIO_IRQ_SET_ACTION_...; @eventfd: -1 takes it away. Allocates nothing, so
 * that an end cannot fail for want of memory. Return: 0; errors of ioctl()
 */
int bl_irq_set(int device, uint32_t index, uint32_t vector, uint32_t what,
	       int eventfd);

/* An INTx; where the line is high, its eventfd is told. Return: 0; errors of ioctl() */
int bl_irq_unmask(int device, uint32_t index);

/* Are vectors of this kind switched on? */
bool bl_irq_is_on(int device, uint32_t index);

/*
 * Switch the first @nr on, with nobody behind. Return: 0; how many it could be,
 * and none is on; errors of ioctl()
 */
int bl_irq_switch_on(int device, uint32_t index, uint32_t nr);

#endif
