// SPDX-License-Identifier: MIT
/*
 * A driver is killed in the middle of DMA, again and again: nothing stays mapped,
 * pinned or open, the memory of another holder of the same device is left alone, and
 * the next driver gets a device that has been reset
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "lease.h"
#include "plug.h"
#include "prng.h"
#include "program.h"
#include "queue-lib.h"
#include "tap.h"

#define ROUNDS	100
/* In how many of them somebody else looks at the device */
#define LOOKS	10

#define MIB_OF_DISK	64

/* Of the bystander, in bytes */
#define MEMORY	(1u << 20)

/* The controller is enabled by that register */
#define CC	0x14

static struct plugged disk;
static pid_t broker;

/* What there is while no driver runs */
static int admin, fds, dmabufs;

/* Has the page of the MSI-X table, which is the only other one, and a window */
static struct barlease_client *bystander;
static struct barlease_memory memory;
static uint64_t address;

static void configure(const char *backend)
{
	broker_configure("[device %s]\nbackend=%s\n"
			 "[slice disk]\nbar=0\nranges=0+8K\nusers=*\n"
			 "interrupts=0-1\ndma=16M\nreset=between-holders\n"
			 "[slice other]\nbar=0\nranges=8K+4K\nmsix=yes\n"
			 "access=ro\nusers=0\ndma=1M\n",
			 disk.dev.name, backend);
}

static void have_bystander(void)
{
	struct barlease_lease lease;

	if (barlease_client_connect(BROKER_SOCKET, &bystander) ||
	    barlease_client_acquire(bystander, "other", 0, &lease) ||
	    barlease_memory_new(MEMORY, 0, &memory) ||
	    barlease_client_map(bystander, lease.id, memory.fd, 0, MEMORY, 0,
				&address))
		bail("no bystander: %s", barlease_client_error(bystander));
	memset(memory.at, 0x5a, MEMORY);
	close(lease.fd);
}

static bool memory_is_as_it_was(void)
{
	const unsigned char *bytes = memory.at;

	return bytes[0] == 0x5a && !memcmp(bytes, bytes + 1, MEMORY - 1);
}

/* Where the device was when its memory went; not in the bystander's window */
static bool has_faulted_there(int log)
{
	char line[8192];
	const char *at;
	uint64_t fault;
	ssize_t n;
	int nr = 0;
	bool there = false;

	while ((n = read(log, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		at = strstr(line, "fault addr 0x");
		if (!at)
			continue;
		fault = strtoull(at + strlen("fault addr "), NULL, 16);
		there |= fault >= address && fault < address + MEMORY;
		nr++;
	}
	diag("the IOMMU has stopped the device %d times", nr);
	return there;
}

static bool is_clean(void)
{
	return queue_pinned(broker) == MEMORY / 1024 &&
	       queue_dmabufs() == dmabufs && broker_fds(broker) == fds;
}

static bool is_clean_soon(int round)
{
	bool clean = comes_true(is_clean());

	if (!clean)
		diag("  round %d: %ld KiB pinned, %d DMABUFs, %d files", round,
		     queue_pinned(broker), queue_dmabufs(),
		     broker_fds(broker));
	return clean;
}

/* In whatever it is doing by then */
static bool kill_one(struct prng *prng)
{
	static const char at[] = BROKER_SOCKET;
	struct program worker =
		PROGRAM_AS(1001, "/examples/nvme-worker", "--socket", at,
			   "--depth", "32", "disk", "bench", "600");
	bool runs = program_says(&worker, "32 at a time");

	sleep_ms(prng_below(prng, 20));
	return program_end(&worker, SIGKILL) == -SIGKILL && runs;
}

/* By a client that has not done anything with the device */
static bool was_reset(void)
{
	struct peer peer = client_connected(1002);
	long id = client_call(&peer, client_acquire, (long)"disk", 0);
	bool reset = id > 0 && !client_call(&peer, client_read, CC);

	peer_stop(&peer);
	return reset;
}

static void rounds(void)
{
	int killed = 0, clean = 0, reset = 0;
	struct prng prng = prng_seeded(13);

	for (int i = 0; i < ROUNDS; i++) {
		killed += kill_one(&prng);
		if (i % (ROUNDS / LOOKS) == 0)
			reset += was_reset();
		clean += is_clean_soon(i);
	}
	is_int(killed, ROUNDS, "a driver is killed while the device does DMA");
	is_int(clean, ROUNDS, "nothing is left pinned, and nothing open");
	is_int(reset, LOOKS, "who comes next gets a device that was reset");
}

static void this_way(const char *backend)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	diag("backend = %s", backend);
	lseek(log, 0, SEEK_END);
	broker_set_up();
	configure(backend);
	broker = broker_start();
	have_bystander();
	admin = admin_connect();
	admin_leases(admin, 1, "the bystander has its lease");
	queue_has_pinned(broker, MEMORY / 1024, "and memory");
	fds = broker_fds(broker);
	dmabufs = queue_dmabufs();
	rounds();
	admin_leases(admin, 1, "of leases the bystander's is left");
	ok(memory_is_as_it_was(), "its memory has its bytes");
	ok(!has_faulted_there(log), "and nobody else has tried to reach it");
	barlease_client_close(bystander);
	barlease_memory_free(&memory);
	queue_has_pinned(broker, 0, "nothing is pinned in the end");
	close(log);
	close(admin);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

int main(void)
{
	NEEDS_SMALL_PAGES;
	disk = plug_disk("hp0", MIB_OF_DISK);
	queue_both_ways(this_way);
	plug_pull(&disk);
	ok(plug_gone(&disk), "the disk is pulled out");
	return tap_done();
}
