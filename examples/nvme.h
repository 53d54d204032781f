/* SPDX-License-Identifier: MIT */
/*
 * An NVMe controller, driven through a lease: admin queue, and one queue for I/O
 *
 * All that is said here of the device is from the NVMe Base Specification and the
 * NVM Command Set Specification. What returns an int returns 0 or a negative errno,
 * -ESTALE where the lease has ended; @why says more, in words.
 */
#ifndef EXAMPLES_NVME_H
#define EXAMPLES_NVME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <barlease.h>

/* As the controller is told to count memory, and no larger than any has it */
#define NVME_PAGE	4096u

/* Two pages are what a command can say without a list; each slot has as many */
#define NVME_SLOT_SIZE	(2 * NVME_PAGE)
#define NVME_DEPTH_MAX	255u

/* The client's interrupts, by number */
enum { NVME_ADMIN_VECTOR, NVME_IO_VECTOR, NVME_VECTORS };

struct nvme_command {
	uint32_t opcode_and_id;
	uint32_t namespace;
	uint64_t reserved;
	uint64_t metadata;
	uint64_t data[2];
	uint32_t words[6];	/* the specification's 10 to 15 */
};

struct nvme_completion {
	uint32_t result;
	uint32_t reserved;
	uint16_t head;
	uint16_t queue;
	uint16_t id;
	uint16_t status;	/* and the phase, in bit 0 */
};

/**
 * struct nvme_queue - a ring of commands, and one of completions
 * @size: of both, in entries
 * @tail_rung: the last @tail that the device was told of; @head_rung likewise
 * @phase: that new completions have
 * @interrupt: eventfd, or -1: it is polled
 */
struct nvme_queue {
	unsigned int id;
	unsigned int size;
	unsigned int tail;
	unsigned int head;
	uint32_t tail_rung;
	uint32_t head_rung;
	unsigned int phase;
	int interrupt;
	struct nvme_command *commands;
	const volatile struct nvme_completion *completions;
	uint64_t commands_at;
	uint64_t completions_at;
};

struct nvme {
	struct barlease_client *client;
	int wakers;		/* epoll of the server and the interrupts */
	struct barlease_lease lease;
	struct barlease_memory memory;
	uint64_t address;	/* of that, for the device */
	size_t used;
	volatile unsigned char *registers;
	unsigned int stride;	/* from doorbell to doorbell */
	unsigned int timeout_ms;
	struct nvme_queue admin;
	struct nvme_queue io;
	unsigned char *slots;	/* memory of the commands with these ids */
	uint64_t slots_at;
	unsigned int depth;
	char model[41];
	char serial[21];
	char firmware[9];
	unsigned int block;	/* in bytes */
	uint64_t blocks;
	char why[160];
};

/*
 * Get a lease, map it, and give it memory and interrupts. @poll: nobody waits for
 * interrupts of the I/O queue
 */
int nvme_open(struct nvme *nvme, const char *socket, const char *slice,
	      unsigned int depth, bool poll);
void nvme_close(struct nvme *nvme);

/*
 * The others are for barlease_guard(), which ends them where the lease is revoked.
 * First: reset it, enable it, identify it, and make the queue for I/O
 */
int nvme_start(struct nvme *nvme);
/* It does no DMA any more */
int nvme_stop(struct nvme *nvme);

/*
 * Read or write so many blocks, into or from what nvme_slot() returns. It begins with
 * the next nvme_wait() that has to wait, with all others of that time
 */
void nvme_submit(struct nvme *nvme, unsigned int slot, bool write,
		 uint64_t block, unsigned int count);
unsigned char *nvme_slot(const struct nvme *nvme, unsigned int slot);
/* Wait for one that is done; returns its slot */
int nvme_wait(struct nvme *nvme);

#endif
