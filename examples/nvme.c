// SPDX-License-Identifier: MIT
/* An NVMe controller, driven through a lease: see nvme.h */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "nvme.h"

#define CAP		0x00	/* 64 bits */
#define CAP_TIMEOUT(cap)	((cap) >> 24 & 0xff)	/* in half seconds */
#define CAP_STRIDE(cap)		((cap) >> 32 & 0xf)
#define CAP_ENTRIES(cap)	(((cap) & 0xffff) + 1)
#define CAP_PAGE_MIN(cap)	((cap) >> 48 & 0xf)	/* 0 is 4 KiB */
#define CC		0x14
#define CC_ENABLE	(1u | 6u << 16 | 4u << 20)	/* entries of 64 and 16 bytes */
#define CSTS		0x1c
#define CSTS_READY	1u
#define CSTS_FATAL	2u
#define AQA		0x24
#define ASQ		0x28	/* 64 bits */
#define ACQ		0x30	/* 64 bits */
#define DOORBELLS	0x1000

#define ADMIN_CREATE_SQ	0x01
#define ADMIN_CREATE_CQ	0x05
#define ADMIN_IDENTIFY	0x06
#define IO_WRITE	0x01
#define IO_READ		0x02

#define IDENTIFY_NAMESPACE	0
#define IDENTIFY_CONTROLLER	1

#define ADMIN_ENTRIES	16
#define NAMESPACE	1

/* That a command may take */
#define COMMAND_MS	30000

/* At a completion, for one around */
#define LOOKS		4096

/* So often a server that is lost is looked for, ten times a second */
#define SERVER_TRIES	100

/* @error, with words for it */
#define FAIL(nvme, error, ...)	\
	(snprintf((nvme)->why, sizeof((nvme)->why), __VA_ARGS__), (error))

/* ---- Registers ---------------------------------------------------------- */

static uint32_t get32(const struct nvme *nvme, unsigned int at)
{
	return *(const volatile uint32_t *)(nvme->registers + at);
}

static void put32(struct nvme *nvme, unsigned int at, uint32_t value)
{
	*(volatile uint32_t *)(nvme->registers + at) = value;
}

/* The specification lets 64 bits be accessed in halves, the lower one first */
static uint64_t get64(const struct nvme *nvme, unsigned int at)
{
	uint32_t low = get32(nvme, at);

	return low | (uint64_t)get32(nvme, at + 4) << 32;
}

static void put64(struct nvme *nvme, unsigned int at, uint64_t value)
{
	put32(nvme, at, value);
	put32(nvme, at + 4, value >> 32);
}

/* What was written to memory before, the device sees before what comes after */
static void write_barrier(void)
{
#ifdef __aarch64__
	__asm__ volatile("dmb oshst" ::: "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* What is read after it, the device has written before what was read before */
static void read_barrier(void)
{
#ifdef __aarch64__
	__asm__ volatile("dmb oshld" ::: "memory");
#else
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
}

/* @which: 0 that of the commands, 1 that of the completions */
static void ring(struct nvme *nvme, const struct nvme_queue *queue,
		 unsigned int which, uint32_t value, uint32_t *rung)
{
	if (*rung == value)
		return;
	write_barrier();
	put32(nvme, DOORBELLS + (2 * queue->id + which) * nvme->stride, value);
	*rung = value;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static int wait_until(struct nvme *nvme, uint32_t ready)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int64_t until = now_ms() + nvme->timeout_ms;
	uint32_t status;

	while (((status = get32(nvme, CSTS)) & CSTS_READY) != ready) {
		if (status == UINT32_MAX)
			return FAIL(nvme, -ENODEV, "the device is gone");
		if (status & CSTS_FATAL)
			return FAIL(nvme, -EIO, "the controller says that it has failed");
		if (now_ms() > until)
			return FAIL(nvme, -ETIMEDOUT,
				    "the controller does not get %s",
				    ready ? "ready" : "idle");
		nanosleep(&moment, NULL);
	}
	return 0;
}

int nvme_stop(struct nvme *nvme)
{
	put32(nvme, CC, 0);
	return wait_until(nvme, 0);
}

/* ---- Queues ------------------------------------------------------------- */

/* Pages of the memory, never given back */
static void *take(struct nvme *nvme, size_t size, uint64_t *address)
{
	void *at = (char *)nvme->memory.at + nvme->used;

	*address = nvme->address + nvme->used;
	nvme->used += (size + NVME_PAGE - 1) / NVME_PAGE * NVME_PAGE;
	return at;
}

static void make_queue(struct nvme *nvme, struct nvme_queue *queue,
		       unsigned int id, unsigned int size)
{
	queue->id = id;
	queue->size = size;
	queue->phase = 1;
	queue->commands = take(nvme, size * sizeof(*queue->commands),
			       &queue->commands_at);
	queue->completions = take(nvme, size * sizeof(*queue->completions),
				  &queue->completions_at);
}

static void submit(struct nvme_queue *queue, const struct nvme_command *command)
{
	queue->commands[queue->tail] = *command;
	queue->tail = (queue->tail + 1) % queue->size;
}

/*
 * What has come and what is new, once there is nothing else to do: a doorbell is
 * dear, and says all of it at once. Completions first, whose places the new ones need
 */
static void ring_both(struct nvme *nvme, struct nvme_queue *queue)
{
	ring(nvme, queue, 1, queue->head, &queue->head_rung);
	ring(nvme, queue, 0, queue->tail, &queue->tail_rung);
}

static int wake_by(struct nvme *nvme, int fd, uint32_t events, int data)
{
	struct epoll_event event = { .events = events, .data.fd = data };

	return epoll_ctl(nvme->wakers, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/*
 * With the next server, where leases outlive one. The device needs none: it has its
 * queues and interrupts all the time, and does what it has been told.
 */
static int go_on(struct nvme *nvme)
{
	int ret = barlease_client_rejoin(nvme->client, -1);

	for (int i = 0; i < SERVER_TRIES && ret && ret != -ESTALE; i++) {
		usleep(100 * 1000);
		ret = barlease_client_rejoin(nvme->client, -1);
	}
	/* The old socket has left the epoll by being closed */
	if (!ret)
		ret = wake_by(nvme, barlease_client_fd(nvme->client), EPOLLIN,
			      -1);
	return ret ? FAIL(nvme, -ESTALE, "the server is gone") : 0;
}

/* The lease has ended, or the server has, for good */
static int has_ended(struct nvme *nvme)
{
	struct barlease_event event;
	int ret = barlease_client_dispatch(nvme->client, &event);

	for (; ret; ret = barlease_client_dispatch(nvme->client, &event)) {
		if (ret < 0 && go_on(nvme))
			return -ESTALE;
		if (ret == 1 && event.type == BARLEASE_EVENT_REVOKED)
			return FAIL(nvme, -ESTALE, "the lease was taken back");
	}
	return 0;
}

static int no_answer(struct nvme *nvme)
{
	if (get32(nvme, CSTS) & CSTS_FATAL)
		return FAIL(nvme, -EIO, "the controller has failed");
	return FAIL(nvme, -ETIMEDOUT, "no completion in %d s",
		    COMMAND_MS / 1000);
}

/* Until the device interrupts, by any of its vectors, or the server speaks */
static int sleep_on(struct nvme *nvme)
{
	struct epoll_event event;
	int n = epoll_wait(nvme->wakers, &event, 1, COMMAND_MS), error = errno;

	if (!n)
		return no_answer(nvme);
	if (n < 0)
		return FAIL(nvme, -error, "epoll: %s", strerror(error));
	return event.data.fd < 0 ? has_ended(nvme) : 0;
}

/* Where the lease has ended, this ends what is guarded */
static int look_around(struct nvme *nvme, int64_t *until)
{
	*until = *until ?: now_ms() + COMMAND_MS;
	if (get32(nvme, CSTS) & CSTS_FATAL || now_ms() > *until)
		return no_answer(nvme);
	return 0;
}

static bool is_there(const struct nvme_queue *queue)
{
	return (queue->completions[queue->head].status & 1) == queue->phase;
}

/* For the next completion, which is the queue's up to done_with() */
static int wait_for(struct nvme *nvme, struct nvme_queue *queue)
{
	int64_t until = 0;
	int ret = 0;

	if (!is_there(queue))
		ring_both(nvme, queue);
	for (unsigned int looks = 1; !ret && !is_there(queue); looks++)
		if (queue->interrupt >= 0)
			ret = sleep_on(nvme);
		else if (!(looks % LOOKS))
			ret = look_around(nvme, &until);
	read_barrier();
	return ret;
}

static void done_with(struct nvme_queue *queue)
{
	queue->head = (queue->head + 1) % queue->size;
	if (!queue->head)
		queue->phase = !queue->phase;
}

/* The id of a command that has been done well */
static int finish(struct nvme *nvme, struct nvme_queue *queue, const char *what)
{
	const volatile struct nvme_completion *completion;
	unsigned int status, id;
	int ret = wait_for(nvme, queue);

	if (ret)
		return ret;
	completion = &queue->completions[queue->head];
	status = completion->status >> 1;
	id = completion->id;
	done_with(queue);
	if (status)
		return FAIL(nvme, -EIO, "%s: status %#x of type %#x", what,
			    status & 0xff, status >> 8 & 7);
	return id;
}

static int admin(struct nvme *nvme, const struct nvme_command *command,
		 const char *what)
{
	int ret;

	submit(&nvme->admin, command);
	ret = finish(nvme, &nvme->admin, what);
	return ret < 0 ? ret : 0;
}

static int create_queue(struct nvme *nvme, struct nvme_queue *queue)
{
	unsigned int by_interrupt = queue->interrupt >= 0;
	struct nvme_command command = {
		.opcode_and_id = ADMIN_CREATE_CQ,
		.data = { queue->completions_at },
		.words = { (queue->size - 1) << 16 | queue->id,
			   NVME_IO_VECTOR << 16 | by_interrupt << 1 | 1 },
	};
	int ret = admin(nvme, &command, "a completion queue");

	if (ret)
		return ret;
	command.opcode_and_id = ADMIN_CREATE_SQ;
	command.data[0] = queue->commands_at;
	command.words[1] = queue->id << 16 | 1;
	return admin(nvme, &command, "a submission queue");
}

/* ---- Identify ----------------------------------------------------------- */

static int identify(struct nvme *nvme, uint32_t what, uint32_t namespace)
{
	const struct nvme_command command = {
		.opcode_and_id = ADMIN_IDENTIFY,
		.namespace = namespace,
		.data = { nvme->slots_at },
		.words = { what },
	};

	return admin(nvme, &command, "identify");
}

/* Texts there have spaces at their ends */
static void text(char *to, const unsigned char *from, size_t size)
{
	memcpy(to, from, size);
	while (size && to[size - 1] == ' ')
		size--;
	to[size] = '\0';
}

static int identify_both(struct nvme *nvme)
{
	const unsigned char *page = nvme->slots;
	uint32_t format;
	int ret;

	ret = identify(nvme, IDENTIFY_CONTROLLER, 0);
	if (ret)
		return ret;
	text(nvme->serial, page + 4, 20);
	text(nvme->model, page + 24, 40);
	text(nvme->firmware, page + 64, 8);
	ret = identify(nvme, IDENTIFY_NAMESPACE, NAMESPACE);
	if (ret)
		return ret;
	memcpy(&nvme->blocks, page, sizeof(nvme->blocks));
	memcpy(&format, page + 128 + 4 * (page[26] & 0xf), sizeof(format));
	nvme->block = 1u << (format >> 16 & 0xff);
	if (!nvme->blocks || nvme->block < 512 || nvme->block > NVME_PAGE)
		return FAIL(nvme, -ENODEV,
			    "namespace %d: %" PRIu64 " blocks of %u bytes",
			    NAMESPACE, nvme->blocks, nvme->block);
	return 0;
}

/* ---- What others call --------------------------------------------------- */

int nvme_start(struct nvme *nvme)
{
	uint64_t cap = get64(nvme, CAP);
	int ret;

	if (CAP_PAGE_MIN(cap) || CAP_ENTRIES(cap) < nvme->io.size)
		return FAIL(nvme, -ENODEV,
			    "the controller has no pages of 4 KiB, or no queues of %u",
			    nvme->io.size);
	nvme->stride = 4u << CAP_STRIDE(cap);
	nvme->timeout_ms = (CAP_TIMEOUT(cap) + 1) * 500;
	ret = nvme_stop(nvme);
	if (ret)
		return ret;
	put32(nvme, AQA, (ADMIN_ENTRIES - 1) << 16 | (ADMIN_ENTRIES - 1));
	put64(nvme, ASQ, nvme->admin.commands_at);
	put64(nvme, ACQ, nvme->admin.completions_at);
	put32(nvme, CC, CC_ENABLE);
	ret = wait_until(nvme, CSTS_READY);
	if (!ret)
		ret = identify_both(nvme);
	return ret ?: create_queue(nvme, &nvme->io);
}

unsigned char *nvme_slot(const struct nvme *nvme, unsigned int slot)
{
	return nvme->slots + slot * NVME_SLOT_SIZE;
}

void nvme_submit(struct nvme *nvme, unsigned int slot, bool write,
		 uint64_t block, unsigned int count)
{
	uint64_t data = nvme->slots_at + slot * NVME_SLOT_SIZE;
	const struct nvme_command command = {
		.opcode_and_id = (write ? IO_WRITE : IO_READ) | slot << 16,
		.namespace = NAMESPACE,
		.data = { data, data + NVME_PAGE },
		.words = { block, block >> 32, count - 1 },
	};

	submit(&nvme->io, &command);
}

int nvme_wait(struct nvme *nvme)
{
	int slot = finish(nvme, &nvme->io, "the disk");

	if (slot >= 0 && (unsigned int)slot >= nvme->depth)
		return FAIL(nvme, -EIO, "a completion of no command");
	return slot;
}

/* What the server says of it; else what the call is known to return */
static int said(struct nvme *nvme, int ret, const char *what)
{
	const char *words = barlease_client_error(nvme->client);

	return FAIL(nvme, ret, "%s: %s", what,
		    *words ? words : strerror(-ret));
}

/* Where the lease has ended meanwhile, that is why */
static int not_had(struct nvme *nvme, int ret, const char *what)
{
	return has_ended(nvme) ?: said(nvme, ret, what);
}

/* By edge: each interrupt wakes who waits, and nobody has to read it */
static int set_interrupt(struct nvme *nvme, struct nvme_queue *queue,
			 unsigned int vector)
{
	int ret;

	queue->interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->interrupt < 0)
		return -errno;
	ret = wake_by(nvme, queue->interrupt, EPOLLIN | EPOLLET,
		      queue->interrupt);
	if (ret)
		return ret;
	return barlease_client_set_interrupt(nvme->client, nvme->lease.id,
					     vector, queue->interrupt);
}

/* All of it in one piece: queues first, what commands read and write behind */
static int add_memory(struct nvme *nvme)
{
	size_t size = (nvme->depth + 8) * NVME_SLOT_SIZE;
	int ret = barlease_memory_new(size, 0, &nvme->memory);

	if (ret)
		return ret;
	ret = barlease_client_map(nvme->client, nvme->lease.id,
				  nvme->memory.fd, 0, nvme->memory.size, 0,
				  &nvme->address);
	if (ret)
		return ret;
	make_queue(nvme, &nvme->admin, 0, ADMIN_ENTRIES);
	/* One entry is always empty, or full would be empty */
	make_queue(nvme, &nvme->io, 1, nvme->depth + 1);
	nvme->slots = take(nvme, nvme->depth * NVME_SLOT_SIZE, &nvme->slots_at);
	return 0;
}

static int map_registers(struct nvme *nvme)
{
	void *registers;
	int ret = barlease_map(nvme->lease.fd, 0, nvme->lease.size, 0,
			       &nvme->lease.alignment, &registers);

	nvme->registers = registers;
	return ret;
}

static int connect_to(struct nvme *nvme, const char *socket)
{
	int ret = barlease_client_connect(socket, &nvme->client);

	if (ret)
		return FAIL(nvme, ret, "no connection: %s", strerror(-ret));
	nvme->wakers = epoll_create1(EPOLL_CLOEXEC);
	ret = nvme->wakers < 0 ? -errno :
				 wake_by(nvme, barlease_client_fd(nvme->client),
					 EPOLLIN, -1);
	return ret ? FAIL(nvme, ret, "epoll: %s", strerror(-ret)) : 0;
}

static int acquire(struct nvme *nvme, const char *slice)
{
	int ret = barlease_client_acquire(nvme->client, slice, 0, &nvme->lease);

	if (ret)
		return said(nvme, ret, slice);
	if (nvme->lease.size <= DOORBELLS || nvme->lease.interrupts < NVME_VECTORS)
		return FAIL(nvme, -EINVAL,
			    "%s is no NVMe queue: it has %" PRIu64 " bytes and %u interrupts",
			    slice, nvme->lease.size, nvme->lease.interrupts);
	ret = map_registers(nvme);
	if (ret == -ENODEV)
		return FAIL(nvme, -ESTALE, "the lease was taken back");
	if (ret)
		return FAIL(nvme, ret, "the lease cannot be mapped: %s",
			    strerror(-ret));
	return 0;
}

int nvme_open(struct nvme *nvme, const char *socket, const char *slice,
	      unsigned int depth, bool poll)
{
	int ret;

	*nvme = (struct nvme){ .depth = depth };
	nvme->io.interrupt = -1;
	ret = connect_to(nvme, socket);
	if (!ret)
		ret = acquire(nvme, slice);
	if (ret)
		return ret;
	ret = add_memory(nvme);
	if (ret)
		return not_had(nvme, ret, "memory for the device");
	ret = set_interrupt(nvme, &nvme->admin, NVME_ADMIN_VECTOR);
	if (!ret && !poll)
		ret = set_interrupt(nvme, &nvme->io, NVME_IO_VECTOR);
	return ret ? not_had(nvme, ret, "interrupts") : 0;
}

/* The server takes back what is left then, interrupts first, and memory last */
void nvme_close(struct nvme *nvme)
{
	barlease_unmap((void *)nvme->registers, nvme->lease.size);
	close(nvme->lease.fd);
	barlease_client_close(nvme->client);
	barlease_memory_free(&nvme->memory);
	close(nvme->admin.interrupt);
	if (nvme->io.interrupt >= 0)
		close(nvme->io.interrupt);
	close(nvme->wakers);
}
