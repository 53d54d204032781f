// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's DMA engine
 *
 * Copyright (C) 2026 The barlease authors
 *
 * It moves one piece at a time, and takes a tenth of a second for each. Nothing
 * stops it but to take the bus away from it: then it runs on to its end, and
 * reaches no memory.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/pci.h>

#include "bo.h"
#include "device.h"
#include "dma.h"
#include "job.h"

#define REG_ID		0x00
#define REG_LIVENESS	0x04
#define REG_IRQ_STATUS	0x24
#define REG_IRQ_ACK	0x64
#define REG_DMA_SRC	0x80
#define REG_DMA_DST	0x88
#define REG_DMA_COUNT	0x90
#define REG_DMA_CMD	0x98

#define ID_MASK		0xff
#define ID_EDU		0xed

#define DMA_RUN		BIT(0)
#define DMA_TO_MEMORY	BIT(1)
#define DMA_IRQ		BIT(2)

#define IRQ_DMA		0x100

/* Where its own memory is, as it sees it */
#define DEVICE_MEMORY	0x40000

/* Far more than one piece takes, even on a busy emulator */
#define PIECE_MS	2000

void edu_dma_init(struct edu_device *edu)
{
	spin_lock_init(&edu->dma.lock);
	mutex_init(&edu->dma.reset_lock);
	init_waitqueue_head(&edu->dma.idle);
}

bool edu_dma_answers(struct edu_device *edu)
{
	writel(0x5a5a1234, edu->regs + REG_LIVENESS);
	return (readl(edu->regs + REG_ID) & ID_MASK) == ID_EDU &&
	       readl(edu->regs + REG_LIVENESS) == ~0x5a5a1234;
}

/* The upper halves stay 0: nothing is mapped that has more than 28 bits. */
static void start_piece(struct edu_device *edu, const struct edu_piece *piece)
{
	u32 device = DEVICE_MEMORY + piece->device_offset;
	u32 memory = piece->address;
	u32 command = DMA_RUN | DMA_IRQ;

	if (piece->to_device) {
		writel(memory, edu->regs + REG_DMA_SRC);
		writel(device, edu->regs + REG_DMA_DST);
	} else {
		writel(device, edu->regs + REG_DMA_SRC);
		writel(memory, edu->regs + REG_DMA_DST);
		command |= DMA_TO_MEMORY;
	}
	writel(piece->size, edu->regs + REG_DMA_COUNT);
	writel(command, edu->regs + REG_DMA_CMD);
}

int edu_dma_claim(struct edu_device *edu, struct edu_job *job)
{
	bool claimed;

	if (edu_inject(&edu->inject.fail_claim))
		return -ENXIO;

	spin_lock_irq(&edu->dma.lock);
	claimed = edu_job_has_its_bos(job);
	if (claimed)
		edu->dma.running = job;
	spin_unlock_irq(&edu->dma.lock);
	return claimed ? 0 : -ENODEV;
}

void edu_dma_start(struct edu_device *edu, struct edu_job *job)
{
	if (edu_inject(&edu->inject.hang))
		return;

	spin_lock_irq(&edu->dma.lock);
	if (edu->dma.running == job && !edu->dma.resetting)
		start_piece(edu, &job->pieces[0]);
	spin_unlock_irq(&edu->dma.lock);
}

/* Of the job that was @running; without the lock, for fences call back */
static void finish(struct edu_device *edu, struct edu_job *job, int error)
{
	edu_job_done(job, error);
	wake_up_all(&edu->dma.idle);
}

/* A piece is done. Return: the job, if that was all of it */
static struct edu_job *next_piece(struct edu_device *edu, int *error)
{
	struct edu_job *job = edu->dma.running;

	if (!job || edu->dma.resetting)
		return NULL;
	job->done++;
	*error = 0;
	if (!edu_job_has_its_bos(job)) {
		*error = -ENODEV;
	} else if (job->done < job->nr_pieces) {
		start_piece(edu, &job->pieces[job->done]);
		return NULL;
	}
	edu->dma.running = NULL;
	return job;
}

static irqreturn_t interrupt(int irq, void *data)
{
	struct edu_device *edu = data;
	struct edu_job *job;
	int error;

	if (!(readl(edu->regs + REG_IRQ_STATUS) & IRQ_DMA))
		return IRQ_NONE;
	writel(IRQ_DMA, edu->regs + REG_IRQ_ACK);

	spin_lock(&edu->dma.lock);
	job = next_piece(edu, &error);
	spin_unlock(&edu->dma.lock);
	if (job)
		finish(edu, job, error);
	return IRQ_HANDLED;
}

int edu_dma_irq_request(struct edu_device *edu)
{
	struct pci_dev *pdev = edu_pdev(edu);
	int ret;

	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (ret < 0)
		return ret;
	ret = pci_request_irq(pdev, 0, interrupt, NULL, edu, EDU_NAME);
	if (ret)
		pci_free_irq_vectors(pdev);
	return ret;
}

void edu_dma_irq_free(struct edu_device *edu)
{
	pci_free_irq(edu_pdev(edu), 0, edu);
	pci_free_irq_vectors(edu_pdev(edu));
}

static bool begin_reset(struct edu_device *edu, const struct edu_job *job)
{
	bool mine;

	spin_lock_irq(&edu->dma.lock);
	mine = edu->dma.running && (!job || edu->dma.running == job);
	edu->dma.resetting = mine;
	spin_unlock_irq(&edu->dma.lock);
	return mine;
}

static struct edu_job *end_reset(struct edu_device *edu)
{
	struct edu_job *job;

	spin_lock_irq(&edu->dma.lock);
	job = edu->dma.running;
	edu->dma.running = NULL;
	edu->dma.resetting = false;
	spin_unlock_irq(&edu->dma.lock);
	return job;
}

/* The job's reference to the device's power is still held. */
static void reset(struct edu_device *edu)
{
	struct pci_dev *pdev = edu_pdev(edu);
	u32 command;

	pci_clear_master(pdev);
	if (readl_poll_timeout(edu->regs + REG_DMA_CMD, command,
			       !(command & DMA_RUN), 1000, PIECE_MS * 1000))
		pci_err(pdev, "the DMA engine does not come to an end\n");
	/* Its interrupt may be under way, and must not be taken for another's */
	writel(IRQ_DMA, edu->regs + REG_IRQ_ACK);
	synchronize_irq(pci_irq_vector(pdev, 0));
	pci_set_master(pdev);
	atomic_inc(&edu->inject.resets);
}

void edu_dma_reset(struct edu_device *edu, const struct edu_job *job, int error)
{
	guard(mutex)(&edu->dma.reset_lock);
	if (!begin_reset(edu, job))
		return;
	reset(edu);
	finish(edu, end_reset(edu), error);
}

/* The job that runs, if it has to do with the buffer */
static const struct edu_job *user(struct edu_device *edu, struct edu_bo *bo)
{
	struct edu_job *job;

	spin_lock_irq(&edu->dma.lock);
	job = edu->dma.running;
	if (job && !edu_job_uses(job, bo))
		job = NULL;
	spin_unlock_irq(&edu->dma.lock);
	return job;
}

void edu_dma_forget(struct edu_device *edu, struct edu_bo *bo)
{
	const struct edu_job *job;

	spin_lock_irq(&edu->dma.lock);
	bo->generation++;
	spin_unlock_irq(&edu->dma.lock);

	if (wait_event_timeout(edu->dma.idle, !user(edu, bo),
			       msecs_to_jiffies(PIECE_MS)))
		return;
	job = user(edu, bo);
	if (job)
		edu_dma_reset(edu, job, -ENODEV);
}
