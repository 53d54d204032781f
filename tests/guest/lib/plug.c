// SPDX-License-Identifier: MIT
/*
 * Devices that are plugged in and pulled out while the guest runs
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "lease.h"
#include "monitor.h"
#include "plug.h"
#include "vfio.h"

#define MAX	64

static bool listed(struct bdf dev, const struct bdf *devs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(devs[i].name, dev.name))
			return true;
	return false;
}

static bool present(struct bdf dev)
{
	struct bdf devs[MAX];

	return listed(dev, devs, pci_all(devs, MAX));
}

/* A device that is there now and was not before */
static bool find_new(struct bdf *dev, const struct bdf *before, size_t n)
{
	struct bdf devs[MAX];
	size_t now = pci_all(devs, MAX);

	for (size_t i = 0; i < now; i++) {
		*dev = devs[i];
		if (!listed(*dev, before, n))
			return true;
	}
	return false;
}

/* Or has somebody been faster? */
static bool can_be_opened(struct bdf dev)
{
	struct vfio vfio;
	int ret = vfio_try_open(&vfio, dev);

	vfio_close(&vfio);
	return !ret || ret == -EBUSY;
}

/* What has it by then, as a broker may, is not to lose it to another attempt. */
static bool is_ours(struct bdf dev)
{
	char driver[64];

	pci_driver(dev, driver, sizeof(driver));
	return !strcmp(driver, OUR_DRIVER);
}

/*
 * The kernel shows a device before it lets anybody bind it, and then looks for a
 * driver itself; and it shows a driver before that is done with the device.
 */
static void bind_new(struct bdf dev)
{
	if (!comes_true(is_ours(dev) || !pci_bind(dev, OUR_DRIVER)))
		bail("%s was plugged in and cannot be bound", dev.name);
	if (!comes_true(can_be_opened(dev)))
		bail("%s was plugged in and cannot be opened", dev.name);
}

/* Function 0 comes last, and has the kernel look at the slot */
static struct bdf plug(const char *port, const char *device)
{
	struct bdf before[MAX], dev;
	size_t n = pci_all(before, MAX);

	monitor_do("device_add %s,id=%s-0,bus=%s,addr=0.0", device, port, port);
	if (!comes_true(find_new(&dev, before, n)))
		bail("%s was plugged into %s, and nobody notices", device,
		     port);
	dev.name[strlen(dev.name) - 1] = '0';
	bind_new(dev);
	return dev;
}

/* Always of a new name: QEMU frees one a while after it has forgotten it */
static int add_ram(void)
{
	static int last;
	int ram = getpid() * 100 + ++last;

	monitor_do("object_add memory-backend-ram,id=ram%d,size=%llu,share=on",
		   ram, (unsigned long long)MIB(1));
	return ram;
}

struct plugged plug_memory(const char *port)
{
	struct plugged plugged = { .port = port, .ram = add_ram() };
	char device[64];

	snprintf(device, sizeof(device), "ivshmem-plain,memdev=ram%d",
		 plugged.ram);
	plugged.dev = plug(port, device);
	return plugged;
}

struct plugged plug_registers(const char *port)
{
	return (struct plugged){ .port = port, .dev = plug(port, "edu") };
}

/* On no wire */
struct plugged plug_line(const char *port)
{
	return (struct plugged){ .port = port,
				 .dev = plug(port, "e1000,romfile=") };
}

struct plugged plug_two(const char *port)
{
	struct plugged plugged = { .port = port, .ram = add_ram() };

	monitor_do("device_add ivshmem-plain,memdev=ram%d,id=%s-1,bus=%s,addr=0.1",
		   plugged.ram, port, port);
	plugged.dev = plug(port, "edu,multifunction=on");
	plugged.second = plugged.dev;
	plugged.second.name[strlen(plugged.dev.name) - 1] = '1';
	bind_new(plugged.second);
	return plugged;
}

/* QEMU keeps what is written to it in a file of its own, and it goes with it */
static int add_disk(unsigned int mib)
{
	static int last;
	int disk = getpid() * 100 + ++last;
	char drive[96];

	snprintf(drive, sizeof(drive),
		 "if=none,id=disk%d,driver=null-co,size=%uM,read-zeroes=on,snapshot=on",
		 disk, mib);
	if (!strstr(monitor("drive_add 0 %s", drive), "OK"))
		bail("QEMU has no drive for us");
	return disk;
}

struct plugged plug_disk(const char *port, unsigned int mib)
{
	struct plugged plugged = { .port = port };
	char device[64];

	snprintf(device, sizeof(device), "nvme,serial=barlease,drive=disk%d",
		 add_disk(mib));
	plugged.dev = plug(port, device);
	return plugged;
}

void plug_pull(const struct plugged *plugged)
{
	monitor_do("device_del %s-0", plugged->port);
#ifdef __aarch64__
	/*
	 * That has pressed the port's button, where hot-plug is the kernel's own
	 * business, and it waits five seconds for a second press, which would take
	 * the first one back.
	 */
	sleep(6);
#endif
}

/*
 * A port whose hot-plug is the kernel's own business has its slot's power turned
 * off after the kernel has let go, and QEMU keeps the device, and its name, until
 * then.
 */
static bool has_forgotten(const char *port)
{
	char name[32];

	snprintf(name, sizeof(name), "\n%s-", port);
	return !strstr(monitor("qom-list /machine/peripheral"), name);
}

bool plug_gone(const struct plugged *plugged)
{
	return comes_true(!present(plugged->dev)) &&
	       comes_true(has_forgotten(plugged->port)) &&
	       (!plugged->ram ||
		comes_true(!*monitor("object_del ram%d", plugged->ram)));
}
