// SPDX-License-Identifier: MIT
/*
 * DPDK, as Debian has it, finds vfio-pci where this driver stands in for it, and
 * sends packets from one network card to another
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "dmabufs.h"
#include "dpdk.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "tap.h"
#include "vfio.h"

#define CONF	"/lab/barlease-stand-in.conf"
#define CONF_IN	DPDK_ROOT "/run/modprobe.d/barlease-stand-in.conf"
#define MANY	1000

/* Two on one wire */
struct pair {
	const char *name;
	struct bdf card[2];
	unsigned int bar[2];	/* one that DPDK maps */
};

static struct pair alike = { .name = "two e1000e", .bar = { 0, 0 } };
static struct pair others = { .name = "virtio and vmxnet3", .bar = { 4, 1 } };
static struct bdf memory;
static char text[1 << 16];

static int run(const char *program, const char *arg1, const char *arg2,
	       const char *arg3, const char *arg4)
{
	return dpdk_run(text, sizeof(text), (const char *const []){
		program, arg1, arg2, arg3, arg4, NULL });
}

static void find_cards(void)
{
	struct bdf devs[64];
	size_t n = pci_all(devs, 64), found = 0;
	char vendor[16], device[16];

	for (size_t i = 0; i < n && found < 2; i++) {
		pci_read(devs[i], "vendor", vendor, sizeof(vendor));
		pci_read(devs[i], "device", device, sizeof(device));
		if (!strcmp(vendor, "0x8086") && !strcmp(device, "0x10d3"))
			alike.card[found++] = devs[i];
	}
	if (found < 2)
		bail("this machine has no two e1000e");
	if (!pci_find(&others.card[0], 0x1af4, 0x1041, 0, 0) ||
	    !pci_find(&others.card[1], 0x15ad, 0x07b0, 0, 0))
		bail("this machine has no virtio, or no vmxnet3");
	memory = dev_small();
}

/* As docs/stand-in.md says; on a machine that has options for vfio-pci */
static void install(void)
{
	char conf[4096];
	FILE *from = fopen(CONF, "re"), *to;
	size_t n;

	mkdir(DPDK_ROOT "/run/modprobe.d", 0755);
	to = fopen(CONF_IN, "we");
	if (!from || !to)
		bail("cannot install %s: %s", CONF, strerror(errno));
	n = fread(conf, 1, sizeof(conf), from);
	fwrite(conf, 1, n, to);
	fputs("options vfio-pci nointxmask=1\n", to);
	fclose(from);
	fclose(to);
}

static void driver_is_of(const char *module)
{
	char target[256] = "";

	if (readlink("/sys/bus/pci/drivers/vfio-pci/module", target,
		     sizeof(target) - 1) < 0)
		diag("there is none: %s", strerror(errno));
	ok(!strcmp(basename(target), module), "the driver vfio-pci is %s's",
	   module);
}

static void bind_cards(const struct pair *pair)
{
	char driver[64];

	is_int(run("/usr/bin/dpdk-devbind.py", "-b", "vfio-pci",
		   pair->card[0].name, pair->card[1].name), 0,
	       "dpdk-devbind binds %s to vfio-pci", pair->name);
	for (int i = 0; i < 2; i++) {
		pci_driver(pair->card[i], driver, sizeof(driver));
		ok(!strcmp(driver, "vfio-pci"), "%s is bound to it",
		   pair->card[i].name);
	}
}

static void start(void)
{
	char value[16] = "";

	is_int(run("/usr/sbin/modprobe", "vfio-pci", NULL, NULL, NULL), 0,
	       "modprobe vfio-pci, with the snippet of docs/ installed");
	driver_is_of(OUR_MODULE);
	if (file_read("/sys/module/" OUR_MODULE "/parameters/nointxmask", value,
		      sizeof(value)))
		bail("there is no nointxmask");
	ok(!strcmp(value, "Y"), "it has an option that is vfio-pci's");
	bind_cards(&alike);
	bind_cards(&others);
	is_int(run("/usr/bin/dpdk-devbind.py", "--status-dev", "net", NULL,
		   NULL), 0, "dpdk-devbind tells their status");
	ok(strstr(text, "using DPDK-compatible driver"),
	   "which is that of a driver that DPDK can use");
	is_ok(pci_bind(memory, STOCK_DRIVER),
	      "a device with memory is bound, too");
}

/* Packets of both ports go on, in both directions */
static void traffic(struct testpmd *t, const char *when)
{
	struct packets before[2], now[2] = { 0 };
	int64_t end = now_us() + 30000000;
	bool done = false;

	for (int i = 0; i < 2; i++)
		before[i] = testpmd_packets(t, i);
	while (!done && now_us() < end) {
		done = true;
		for (int i = 0; i < 2; i++) {
			now[i] = testpmd_packets(t, i);
			done = done && now[i].rx >= before[i].rx + MANY &&
			       now[i].tx >= before[i].tx + MANY;
		}
		sleep_ms(50);
	}
	for (int i = 0; i < 2; i++) {
		diag("port %d: RX %" PRIu64 ", TX %" PRIu64, i, now[i].rx,
		     now[i].tx);
		ok(now[i].rx >= before[i].rx + MANY,
		   "%s, port %d receives %d packets and more", when, i, MANY);
		ok(now[i].tx >= before[i].tx + MANY, "and sends as many");
	}
}

static void set_wc(void)
{
	struct vfio vfio;
	mapping_t at;

	is_ok(pci_write(memory, "barlease/bar2_memattr", "wc"),
	      "BAR 2 of the device with memory is made WC");
	vfio = vfio_open(memory);
	at = map_bar(&vfio, BAR2, 0, PAGE);
	vfio_put32(&vfio, BAR2, 0, 0x2b);
	reads(at, 0x2b, "a map of it can be read");
	is_cache(at, CACHE_WC, "and is WC in the page table");
	unmap(at, PAGE);
	vfio_close(&vfio);
}

static void forward(const struct pair *pair, const char *when,
		    void (*meanwhile)(void))
{
	static struct testpmd t;

	testpmd_start(&t, pair->card[0].name, pair->card[1].name);
	for (int i = 0; i < 2; i++)
		ok(dmabufs_of(t.pid, pair->card[i], pair->bar[i]) > 0,
		   "testpmd's map of BAR %u of %s is a DMABUF", pair->bar[i],
		   pair->card[i].name);
	testpmd_do(&t, "start tx_first", "nb forwarding ports=");
	traffic(&t, when);
	if (meanwhile) {
		meanwhile();
		traffic(&t, "after that");
	}
	testpmd_do(&t, "stop", "Done.");
	for (int i = 0; i < 2; i++) {
		struct packets sum = testpmd_forwarded(&t, i);

		ok(sum.rx >= MANY && sum.tx >= MANY,
		   "in all, testpmd counts packets in and out of port %d", i);
	}
	for (char *line = strtok(t.text, "\r\n"); line;
	     line = strtok(NULL, "\r\n"))
		diag("%s", line);
	is_int(testpmd_quit(&t), 0, "testpmd ends well");
}

static void undo(void)
{
	is_int(run("/usr/bin/dpdk-devbind.py", "-u", alike.card[0].name,
		   alike.card[1].name, memory.name), 0,
	       "dpdk-devbind unbinds three devices");
	is_int(run("/usr/bin/dpdk-devbind.py", "-u", others.card[0].name,
		   others.card[1].name, NULL), 0, "and the other two");
	unlink(CONF_IN);
	is_int(run("/usr/sbin/modprobe", "-r", "barlease-vfio-pci", NULL, NULL),
	       0, "without the snippet: modprobe -r barlease-vfio-pci");
	is_int(run("/usr/sbin/modprobe", "vfio-pci", NULL, NULL, NULL), 0,
	       "modprobe vfio-pci");
	driver_is_of("vfio_pci");
	is_int(run("/usr/sbin/modprobe", "-r", "vfio-pci", NULL, NULL), 0,
	       "it can go, too");
}

int main(void)
{
	find_cards();
	is_ok(file_write("/proc/sys/vm/nr_hugepages", "64"),
	      "DPDK is given huge pages");
	is_int(module_load("barlease-ptwalk", NULL), 0,
	       "the tests' own module is loaded");
	install();
	start();
	forward(&alike, "at first", set_wc);
	forward(&alike, "started with that", NULL);
	forward(&others, "with drivers of other kinds", NULL);
	undo();
	return tap_done();
}
