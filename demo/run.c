// SPDX-License-Identifier: MIT
/*
 * The demo: a broker and three workers, and the commands of an administrator
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The narrator has no lease and opens no VFIO file. It ends with 1 when
 * anything is not as it says.
 */
#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accel.h"
#include "child.h"
#include "disk.h"
#include "importer.h"
#include "slices.h"
#include "sysfs.h"
#include "tell.h"

#define BARLEASED	"/sbin/barleased"
#define CONFIG		"/tmp/demo.conf"
#define CLIENT_SOCKET	"/run/barlease/socket"

enum { DOORBELL, STATUS, WINDOW };

static struct bdf device, disk;
static struct child broker;
static struct child worker[NR_SLICES];

static bool put_instead(FILE *to, const char *line, const char *word,
			struct bdf dev)
{
	const char *at = line[0] == '#' ? NULL : strstr(line, word);

	if (at)
		fprintf(to, "%.*s%s%s", (int)(at - line), line, dev.name,
			at + strlen(word));
	return at;
}

/* demo.conf, with this machine's devices in it */
static void write_config(void)
{
	FILE *from = fopen("/demo/demo.conf", "re");
	FILE *to = fopen(CONFIG, "we");
	char line[256];

	if (!from || !to)
		err(1, "demo.conf");
	while (fgets(line, sizeof(line), from))
		if (!put_instead(to, line, "@DEVICE@", device) &&
		    !put_instead(to, line, "@DISK@", disk))
			fputs(line, to);
	fclose(from);
	if (fclose(to))
		err(1, CONFIG);
}

static void start_broker(void)
{
	static const char *const argv[] = { BARLEASED, "-c", CONFIG, NULL };
	int tries = 100;

	write_config();
	broker = child_start(argv, 0);
	while (access(CLIENT_SOCKET, F_OK)) {
		if (!tries--)
			errx(1, "barleased has made no " CLIENT_SOCKET);
		usleep(50000);
	}
}

static void fill_memory(void)
{
	static const char *const argv[] = {
		BARLEASE, "acquire", "everything", "--", "/demo/fill", NULL
	};
	struct child child = child_start(argv, 0);

	if (child_end(&child))
		errx(1, "cannot fill the device's memory");
}

static void start_workers(void)
{
	int i;

	for (i = 0; i < NR_SLICES; i++) {
		const char *const argv[] = {
			BARLEASE, "acquire", slices[i].name, "--",
			"/demo/worker", NULL
		};

		worker[i] = child_start(argv, slices[i].worker);
		while (child_line(&worker[i]))
			;
	}
}

/* A slice that is not one's own is not even there. */
static void try_foreign_slice(void)
{
	static const char *const argv[] = {
		BARLEASE, "acquire", "window", "--", "/demo/worker", NULL
	};
	struct child child = child_start(argv, slices[DOORBELL].worker);

	expect(child_end(&child) != 0,
	       "uid %u asks for \"window\", and does not get it",
	       slices[DOORBELL].worker);
}

/* As the machine calls what its page tables say */
#ifdef __aarch64__
#define UNCACHED	"Device-nGnRE"
#define COMBINING	"Normal-NC"
#else
#define UNCACHED	"UC-"
#define COMBINING	"WC"
#endif

/* What each worker has to find, line by line of its answer */
static const char *const wanted[NR_SLICES][6] = {
	[DOORBELL] = { "/dmabuf:doorbell", " 0 are anybody",
		       ("4 KiB pages, " UNCACHED),
		       "EINVAL", "EINVAL", "EFAULT" },
	[STATUS] = { "/dmabuf:status", " 0 are anybody",
		     ("2 MiB pages, " UNCACHED),
		     "EINVAL", "EINVAL", "EFAULT" },
	[WINDOW] = { "/dmabuf:window", " 0 are anybody",
		     ("2 MiB pages, " COMBINING),
		     "EINVAL", "EINVAL", "EFAULT" },
};

static void inspect(int i)
{
	const char *line;
	int nr = 0;

	printf("\n  $ barlease acquire %s -- worker          (uid %u)\n",
	       slices[i].name, slices[i].worker);
	child_tell(&worker[i], "inspect");
	while ((line = child_line(&worker[i]))) {
		/* Only a read-only lease's answer is longer. */
		expect(strstr(line, nr < 6 ? wanted[i][nr] : "EACCES"), "%s",
		       line);
		nr++;
	}
	if (nr != (slices[i].read_only ? 8 : 6))
		expect(false, "%d lines from %s", nr, slices[i].name);
}

struct stats {
	unsigned long accesses, wrong, longest_ns, faults;
	int sigbus;
};

static struct stats stats_of(int i)
{
	struct stats stats;
	char line[128];

	child_ask(&worker[i], "stats", line, sizeof(line));
	if (sscanf(line, "%lu %lu %d %lu %lu", &stats.accesses, &stats.wrong,
		   &stats.sigbus, &stats.longest_ns, &stats.faults) != 5)
		errx(1, "stats: \"%s\"", line);
	return stats;
}

/* The worker goes on, and has seen nothing but its own values. */
static void expect_working(int i, bool undisturbed, const struct stats *before)
{
	struct stats after;

	usleep(20000);
	after = stats_of(i);
	expect(after.accesses > before->accesses && !after.sigbus &&
	       !after.wrong && (!undisturbed || after.faults == before->faults),
	       "%-8s %lu accesses meanwhile, 0 SIGBUS, %lu wrong values, %lu page faults, the longest wait %.1f ms",
	       slices[i].name, after.accesses - before->accesses, after.wrong,
	       after.faults - before->faults, after.longest_ns / 1e6);
}

/* The worker has lost its lease; when, and what a new mmap() says */
static void expect_revoked(int i, uint64_t since, const char *what)
{
	unsigned long when, access_ns;
	char line[64], retry[32];

	child_ask(&worker[i], "wait", line, sizeof(line));
	if (sscanf(line, "%lu %lu %31s", &when, &access_ns, retry) != 3)
		errx(1, "wait: \"%s\"", line);
	expect(when > since && !strcmp(retry, "ENODEV"),
	       "%-8s lost it %.1f ms after %s; its last access took %.0f microseconds to fail; mmap() again: %s",
	       slices[i].name, (when - since) / 1e6, what, access_ns / 1e3,
	       retry);
}

static void revoke_one(void)
{
	static const char *const ps[] = { BARLEASE, "ps", NULL };
	struct stats doorbell, status;
	uint64_t start;
	char id[16];

	look_up(ps, " window ", 0, id, sizeof(id));
	child_do(&worker[DOORBELL], "work");
	child_do(&worker[STATUS], "work");
	child_do(&worker[WINDOW], "work busily");
	doorbell = stats_of(DOORBELL);
	status = stats_of(STATUS);

	start = now_ns();
	COMMAND(NULL, "revoke", id);
	expect_revoked(WINDOW, start, "the command was started");
	expect_working(DOORBELL, true, &doorbell);
	expect_working(STATUS, true, &status);
}

static void reset_device(void)
{
	struct stats doorbell = stats_of(DOORBELL), status = stats_of(STATUS);
	uint64_t start = now_ns();

	if (pci_write(device, "reset", "1"))
		errx(1, "%s cannot be reset", device.name);
	expect(true, "the reset took %.1f ms", (now_ns() - start) / 1e6);
	expect_working(DOORBELL, false, &doorbell);
	expect_working(STATUS, false, &status);
}

/* A worker hands its lease on, to a device that is not the broker's. */
static struct child give_to_device(struct bdf peer)
{
	static const char *const argv[] = {
		BARLEASE, "acquire", "window", "--", "/demo/device", NULL
	};
	const char *line;
	struct child child;
	size_t bytes;

	COMMAND("can have leases", "doctor", device.name, peer.name);
	printf("\n  $ barlease acquire window -- device             (uid %u)\n",
	       slices[WINDOW].worker);
	child = child_start(argv, slices[WINDOW].worker);
	line = child_line(&child);
	if (!line || sscanf(line, "%zu", &bytes) != 1)
		errx(1, "device: \"%s\"", line ?: "");
	expect(bytes == 4096,
	       "%s copies a page of %s by DMA: %zu bytes of 4096 are right",
	       peer.name, device.name, bytes);
	while (child_line(&child))
		;
	COMMAND("(device, 1 mapping)", "ps");
	return child;
}

static void expect_taken(const struct child *child, struct bdf peer)
{
	char result[64];

	child_ask(child, "copy", result, sizeof(result));
	expect(!strcmp(result, "ENODEV"),
	       "%-8s %s had to give it back; its next copy: %s",
	       slices[WINDOW].name, peer.name, result);
}

/* It leaves its socket behind; start_broker() waits for a new one */
static void end_broker(void)
{
	child_kill(&broker);
	if (unlink(CLIENT_SOCKET))
		err(1, CLIENT_SOCKET);
}

static void kill_broker(void)
{
	uint64_t start = now_ns();

	end_broker();
	expect_revoked(DOORBELL, start, "the broker was killed");
	expect_revoked(STATUS, start, "the broker was killed");
}

static void drive_disk(bool kernel_has_driver)
{
	COMMAND(disk.name, "bind", disk.name);
	start_broker();
	disk_is_driven(broker.pid);
	end_broker();
	if (kernel_has_driver)
		disk_is_compared(disk);
}

static void lease_to_device(void)
{
	struct bdf peer = dev_edu();
	struct child child;

	start_broker();
	accel_bind(ACCEL, NULL);
	if (chmod("/dev/accel", 0755) || chmod(accel_node(), 0666))
		err(1, "%s", accel_node());
	child = give_to_device(peer);
	end_broker();
	expect_taken(&child, peer);
	child_kill(&child);
}

/* What all the others have said on their standard error */
static void show_log(void)
{
	FILE *log = fopen(CHILD_LOG, "re");
	char line[256];

	if (!log)
		err(1, CHILD_LOG);
	while (fgets(line, sizeof(line), log))
		fputs(line, stdout);
	fclose(log);
}

int main(void)
{
	bool kernel_has_driver;
	int i;

	/* Only for the demo: workers look at their own page tables. */
	if (chmod("/dev/barlease-ptwalk", 0666))
		err(1, "/dev/barlease-ptwalk");
	device = dev_small();
	pci_unbind(device);
	disk = dev_disk();
	kernel_has_driver = disk_begin(disk);

	printf("A device with 64 MiB of memory in BAR 2, and three programs that each are to\n"
	       "have a part of it. None of them is to have the device.\n");

	heading("1. The administrator gives the device to barlease, and starts the broker.");
	COMMAND(device.name, "bind", device.name);
	start_broker();
	fill_memory();

	heading("2. Each program gets its lease, as an ordinary user.");
	start_workers();
	for (i = 0; i < NR_SLICES; i++)
		inspect(i);
	try_foreign_slice();

	heading("3. The administrator sees who has what.");
	COMMAND("window", "show", device.name);
	COMMAND("doorbell", "ps");

	heading("4. All three work. The administrator takes \"window\" back.");
	revoke_one();

	heading("5. The device is reset. Who works on it waits, and goes on.");
	reset_device();

	heading("6. The broker is killed. Nothing outlives it.");
	kill_broker();

	heading("7. There is a new broker, and a disk. An ordinary user drives it.");
	drive_disk(kernel_has_driver);

	if (importers_possible()) {
		heading("8. A device can have a lease as well as a program.");
		lease_to_device();
	}

	for (i = 0; i < NR_SLICES; i++)
		child_kill(&worker[i]);
	if (all_is_as_told()) {
		printf("\nAll of it is as it should be.\n");
		return 0;
	}
	show_log();
	printf("\nSomething is NOT as it should be, see above.\n");
	return 1;
}
