/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pausing buffers
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_PAUSE_H
#define BARLEASE_PAUSE_H

struct dma_buf;

/**
 * barlease_pause() - nobody reaches the device through a buffer for now
 * @dmabuf: the buffer's DMABUF; the caller has a reference
 *
 * When it returns, no process does; other devices are told, and not waited for.
 * What is paused already stays so.
 *
 * Return: 0; -EBADFD it is revoked.
 */
int barlease_pause(struct dma_buf *dmabuf);

/* The end of that. What is not paused is left alone. Return: the same */
int barlease_resume(struct dma_buf *dmabuf);

#endif /* BARLEASE_PAUSE_H */
