// SPDX-License-Identifier: MIT
/*
 * P16: random reads of 4 KiB a second of examples/nvme-worker, which drives a disk as
 * an ordinary user by a lease of its controller; against the kernel's driver with
 * O_DIRECT on the same disk. A queue each.
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "direct.h"
#include "kernel.h"
#include "program.h"
#include "report.h"
#include "tap.h"

#define DISK	"/dev/nvme0n1"
#define MANY	32
#define TRIES	3

#define FIGURE(name, other, wanted) {					\
	.id = "P16", .what = (name), .unit = "", .lease = "lease",	\
	.against = (other), .least = (wanted), .most = NO_LIMIT,	\
}

/* @without: the kernel's side is without an IOMMU, whose mappings cost it time */
static const struct row {
	struct figure figure;
	bool many;
	bool poll;
	bool without;
} rows[] = {
	{ FIGURE("4 KiB reads a second, 1 at a time, by interrupt",
		 "the kernel", 1), false, false, false },
	{ FIGURE("4 KiB reads a second, 1 at a time, by polling",
		 "the kernel", 1), false, true, false },
	{ FIGURE("the same by interrupt", "the kernel, no IOMMU", NO_LIMIT),
	  false, false, true },
	{ FIGURE("4 KiB reads a second, 32 at a time, by interrupt",
		 "the kernel", 1), true, false, false },
	{ FIGURE("4 KiB reads a second, 32 at a time, by polling",
		 "the kernel", 1), true, true, false },
	{ FIGURE("the same by interrupt", "the kernel, no IOMMU", NO_LIMIT),
	  true, false, true },
};

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* The best of a round: the rest is what else the machine did. Indexed by struct row's */
struct rates {
	double kernel[2][2];
	double lease[2][2];
};

static struct bdf disk;
/* What the kernel's driver gets by itself */
static char usual_domain[32];

static void better(double *best, double rate)
{
	*best = fmax(*best, rate);
}

static void use_domain(const char *type)
{
	pci_unbind(disk);
	if (pci_write(disk, "iommu_group/type", type))
		bail("no IOMMU domain \"%s\" for the disk", type);
	if (pci_bind(disk, "nvme") || !comes_true(!access(DISK, R_OK)))
		bail("the kernel's driver does not get the disk");
}

static void by_kernel(struct rates *rates, bool without)
{
	use_domain(without ? "identity" : usual_domain);
	for (int i = 0; i < TRIES; i++) {
		better(&rates->kernel[0][without], direct_reads(DISK, 1, 1));
		better(&rates->kernel[1][without], direct_reads(DISK, MANY, 1));
	}
}

static double worker_reads(int depth, bool poll)
{
	struct program worker;
	char command[160], line[128];
	double rate = 0;

	snprintf(command, sizeof(command),
		 "exec /examples/nvme-worker --socket " BROKER_SOCKET
		 " --depth %d %s disk bench 1", depth, poll ? "--poll" : "");
	worker = PROGRAM_AS(1001, "/bin/sh", "-c", command);
	while (fgets(line, sizeof(line), worker.says))
		sscanf(line, "%lf reads", &rate);
	if (program_end(&worker, 0) || !rate)
		bail("nvme-worker says \"%s\"", line);
	return rate;
}

static void by_lease(struct rates *rates)
{
	pid_t broker;

	if (pci_bind(disk, OUR_DRIVER))
		bail("the broker does not get the disk");
	broker = broker_start();
	for (int i = 0; i < 2 * TRIES; i++) {
		bool poll = i % 2;

		better(&rates->lease[0][poll], worker_reads(1, poll));
		better(&rates->lease[1][poll], worker_reads(MANY, poll));
	}
	if (broker_stop(broker))
		bail("the broker fails");
}

static struct rates measure(int round)
{
	struct rates rates = { 0 };

	by_kernel(&rates, round % 2);
	by_lease(&rates);
	by_kernel(&rates, !(round % 2));
	return rates;
}

static void prepare(void)
{
	disk = dev_disk();
	if (module_load("nvme", NULL))
		bail("this kernel has no driver for the disk");
	if (pci_read(disk, "iommu_group/type", usual_domain,
		     sizeof(usual_domain)))
		bail("no IOMMU is there for the disk");
	/* The kernel's driver has them where its queue is used, too */
	if (file_write("/proc/irq/default_smp_affinity", "1"))
		bail("nobody can say where interrupts go");
	broker_set_up();
	broker_configure("[device %s]\n"
			 "[slice disk]\nbar=0\nranges=0+8K\nusers=1001\n"
			 "interrupts=0-1\ndma=16M\nreset=between-holders\n",
			 disk.name);
}

int main(void)
{
	struct pair pairs[ARRAY_SIZE(rows)] = { 0 };
	struct rates rates;

	bench_begin("P16", "a disk");
	prepare();
	for (int i = 0; i < bench_rounds(); i++) {
		rates = measure(i);
		for (size_t j = 0; j < ARRAY_SIZE(rows); j++)
			pair_add(&pairs[j],
				 rates.lease[rows[j].many][rows[j].poll],
				 rates.kernel[rows[j].many][rows[j].without]);
	}
	for (size_t j = 0; j < ARRAY_SIZE(rows); j++) {
		report_figure(&rows[j].figure, &pairs[j]);
		pair_free(&pairs[j]);
	}
	return 0;
}
