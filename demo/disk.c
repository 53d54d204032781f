// SPDX-License-Identifier: MIT
/*
 * The demo's part with a disk: a driver of NVMe that owns nothing
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "disk.h"
#include "kernel.h"
#include "prng.h"
#include "queue-lib.h"
#include "slices.h"
#include "tell.h"

#define DRIVER	"/examples/nvme-worker"
#define USER	1001
/* Of a driver whose lease was taken back */
#define EXIT_REVOKED	3

#define DISK	"/dev/nvme0n1"
#define BLOCK	512u

/* What is written by interrupt, and what by polling */
#define EXTENTS	2
#define BLOCKS	64u
#define SIZE	(BLOCKS * BLOCK)

static const unsigned int first[EXTENTS] = { 1000, 100000 };
static unsigned char data[EXTENTS][SIZE];

static const char *const how[EXTENTS] = { "by interrupt", "by polling" };

bool disk_begin(struct bdf disk)
{
	return !module_load("nvme", NULL) && !pci_bind(disk, "nvme");
}

/* ---- The driver --------------------------------------------------------- */

static void prompt(const char *program, const char *const *rest)
{
	printf("\n  $ %s", program);
	while (*rest)
		printf(" %s", *rest++);
	printf("          (uid %d)\n", USER);
}

/* @poll: by polling, which its command line says last */
static struct child drive(bool poll, const char *const *words)
{
	const char *argv[10] = { DRIVER };
	int n = 1;

	while (*words)
		argv[n++] = *words++;
	if (poll)
		argv[n] = "--poll";
	prompt("nvme-worker", argv + 1);
	return child_start(argv, USER);
}

#define DRIVE(poll, ...) drive(poll, (const char *const[]){ __VA_ARGS__, NULL })

static void identify(void)
{
	static const char *const wanted[] = {
		"model QEMU NVMe Ctrl", "serial barlease", "firmware ",
		"blocks 131072 of 512 bytes", NULL
	};
	struct child child = DRIVE(false, "disk", "identify");
	const char *const *next = wanted;
	const char *line;

	while ((line = child_text(&child))) {
		expect(*next && strstr(line, *next), "%s", line);
		next += !!*next;
	}
	if (child_end(&child) || *next)
		expect(false, "that says \"%s\"", *next ?: "nothing else");
}

static void write_blocks(int extent)
{
	struct prng prng = prng_seeded(extent + 1);
	struct child child;
	char place[16];

	for (size_t i = 0; i < SIZE; i++)
		data[extent][i] = prng_next(&prng);
	snprintf(place, sizeof(place), "%u", first[extent]);
	child = DRIVE(extent, "disk", "write", place, "64");
	fwrite(data[extent], 1, SIZE, child.commands);
	expect(!child_end(&child), "%s: %u bytes are written", how[extent],
	       SIZE);
}

/* The other way than they were written */
static void read_blocks(int extent)
{
	static unsigned char back[SIZE];
	struct child child;
	size_t right = 0, n;
	char place[16];

	snprintf(place, sizeof(place), "%u", first[extent]);
	child = DRIVE(!extent, "disk", "read", place, "64");
	n = fread(back, 1, SIZE, child.answers);
	for (size_t i = 0; i < n; i++)
		right += back[i] == data[extent][i];
	expect(!child_end(&child) && right == SIZE,
	       "%s: %zu of these %u bytes come back", how[!extent], right,
	       SIZE);
}

/* ---- Taken away --------------------------------------------------------- */

/* Interrupts of the disk that somebody outside the kernel is told of */
static unsigned int interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "re");
	char line[512], suffix[32];
	unsigned int nr = 0;

	if (!file)
		err(1, "/proc/interrupts");
	snprintf(suffix, sizeof(suffix), "](%s)\n", dev_disk().name);
	while (fgets(line, sizeof(line), file))
		nr += strstr(line, "vfio-msix[") && strstr(line, suffix);
	fclose(file);
	return nr;
}

static void take_away(bool poll, pid_t broker)
{
	static const char *const ps[] = { BARLEASE, "ps", NULL };
	struct child child =
		DRIVE(poll, "disk", "bench", "600", "--depth", "32");
	const char *line = child_text(&child);
	unsigned int vectors;
	uint64_t start;
	char id[16];
	long kib;
	int status;

	expect(line && strstr(line, how[poll]), "%s", line ?: "nothing");
	if (!poll)
		COMMAND("disk", "ps");
	look_up(ps, " disk ", 0, id, sizeof(id));
	vectors = interrupts();
	kib = queue_pinned(broker);
	start = now_ns();
	COMMAND(NULL, "revoke", id);
	expect(vectors == 2u - poll && !interrupts(),
	       "interrupts: it had %u of them, and now %u", vectors,
	       interrupts());
	expect(kib > 0 && !queue_pinned(broker),
	       "memory:     the disk reached %ld KiB of it, and now %ld", kib,
	       queue_pinned(broker));
	status = child_end(&child);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_REVOKED,
	       "registers:  it cannot go on, and has ended with %d, %.1f ms after the command was started",
	       WEXITSTATUS(status), (now_ns() - start) / 1e6);
}

/* The controller is enabled by that register, which the driver did not undo */
static void is_reset(void)
{
	static const char *const argv[] = { BARLEASE, "acquire", "disk", "--",
					    BARLEASE, "peek",	 "0x14", NULL };
	struct child child = child_start(argv, USER);
	const char *line;

	printf("\n  $ barlease acquire disk -- barlease peek 0x14          (uid %d)\n",
	       USER);
	line = child_text(&child);
	expect(line && !strcmp(line, "0x00000014: 0x00000000"),
	       "%s: the disk was reset, and is off", line ?: "nothing");
	child_end(&child);
}

void disk_is_driven(pid_t broker)
{
	identify();
	for (int i = 0; i < EXTENTS; i++) {
		write_blocks(i);
		read_blocks(i);
	}
	take_away(false, broker);
	take_away(true, broker);
	is_reset();
}

/* ---- As the kernel has it ----------------------------------------------- */

static bool is_written(const unsigned char *block, unsigned int nr)
{
	for (int i = 0; i < EXTENTS; i++)
		if (nr - first[i] < BLOCKS)
			return !memcmp(block, &data[i][(nr - first[i]) * BLOCK],
				       BLOCK);
	return false;
}

static bool is_zeros(const unsigned char *block)
{
	return !block[0] && !memcmp(block, block + 1, BLOCK - 1);
}

static void compare(int fd)
{
	static unsigned char bytes[MIB(1)] __attribute__((aligned(4096)));
	unsigned int nr = 0, written = 0, zeros = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		for (ssize_t at = 0; at < n; at += BLOCK, nr++)
			if (is_written(bytes + at, nr))
				written++;
			else
				zeros += is_zeros(bytes + at);
	expect(written == EXTENTS * BLOCKS && written + zeros == nr,
	       "of " DISK " %u blocks are as they were written, %u zeros, and %u anything else",
	       written, zeros, nr - written - zeros);
}

void disk_is_compared(struct bdf disk)
{
	int fd;

	COMMAND(disk.name, "unbind", disk.name);
	comes_true((fd = open(DISK, O_RDONLY | O_DIRECT | O_CLOEXEC)) >= 0);
	if (fd < 0)
		err(1, DISK);
	compare(fd);
	close(fd);
}
