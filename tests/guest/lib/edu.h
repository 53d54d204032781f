/* SPDX-License-Identifier: MIT */
/*
 * Registers of QEMU's edu, which raise interrupts and have it do DMA
 *
 * Copyright (C) 2026 The barlease authors
 *
 * QEMU's docs/specs/edu has the whole of them.
 */
#ifndef EDU_H
#define EDU_H

#define EDU_IRQ_RAISE		0x60
#define EDU_IRQ_ACK		0x64
#define EDU_DMA_FROM		0x80
#define EDU_DMA_TO		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_COMMAND		0x98
#define EDU_DMA_START		0x1
#define EDU_DMA_TO_MEMORY	0x2
#define EDU_DMA_INTERRUPT	0x4
/* The device's own memory, as DMA has it */
#define EDU_BUFFER		0x40000

#endif
