// SPDX-License-Identifier: MIT
/*
 * PCI devices in a /sys that is made up: what they are, whether they can be
 * leased from, what uses them, and what 'doctor' finds
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "checks.h"
#include "driver.h"
#include "fake-root.h"
#include "file.h"
#include "persist.h"
#include "previous.h"
#include "sysfs.h"
#include "use.h"
#include "verdict.h"
#include "wanted.h"

#define BDF	"0000:01:00.0"
#define OTHER	"0000:01:00.1"
#define MEMORY	"0x050000\n"
#define NETWORK	"0x020000\n"
#define BRIDGE	"0x060400\n"
#define MIB64	(64ull << 20)

static struct pci_device device(const char *bdf)
{
	struct pci_device dev;

	assert_int_equal(sysfs_device(fake_root, bdf, &dev), 0);
	return dev;
}

static void describes_a_device(void **state)
{
	struct pci_device dev;

	(void)state;
	fake_device(BDF, MEMORY, OUR_DRIVER, 12, MIB64);
	fake_directory("/sys/devices/pci0000:00/" BDF "/vfio-dev");
	fake_directory("/sys/devices/pci0000:00/" BDF "/vfio-dev/vfio3");
	dev = device(BDF);
	assert_string_equal(dev.bdf, BDF);
	assert_int_equal(dev.vendor, 0x1af4);
	assert_int_equal(dev.device, 0x1110);
	assert_int_equal(dev.group, 12);
	assert_string_equal(dev.driver, OUR_DRIVER);
	assert_string_equal(dev.module, OUR_MODULE);
	assert_string_equal(dev.override, "");
	assert_string_equal(dev.vfio, "vfio3");
	assert_string_equal(pci_kind(&dev), "memory");
	assert_true(dev.bar[2].size == MIB64);
	assert_true(dev.bar[2].memory && dev.bar[2].prefetchable);
	assert_true(!dev.bar[0].size && !dev.bar[5].size);
	assert_int_equal(sysfs_device(fake_root, OTHER, &dev), -ENODEV);
}

static void lists_in_order(void **state)
{
	struct pci_device *devs;
	size_t nr;

	(void)state;
	fake_device(OTHER, MEMORY, NULL, 12, MIB64);
	fake_device("0000:00:1f.0", BRIDGE, NULL, 3, 0);
	fake_device(BDF, MEMORY, NULL, 12, MIB64);
	assert_int_equal(sysfs_devices(fake_root, &devs, &nr), 0);
	assert_int_equal(nr, 3);
	assert_string_equal(devs[0].bdf, "0000:00:1f.0");
	assert_string_equal(devs[2].bdf, OTHER);
	free(devs);
	assert_int_equal(sysfs_group(fake_root, 12, &devs, &nr), 0);
	assert_int_equal(nr, 2);
	assert_string_equal(devs[0].bdf, BDF);
	free(devs);
	assert_int_equal(sysfs_group(fake_root, 99, &devs, &nr), -ENOENT);
}

/* As those behind Intel's VMD */
static void domains_of_more_digits(void **state)
{
	struct pci_device *devs;
	size_t nr;

	(void)state;
	fake_device("10000:e1:00.0", MEMORY, NULL, 12, MIB64);
	fake_device("fffffffe:ff:1f.7", MEMORY, NULL, 12, MIB64);
	assert_int_equal(sysfs_devices(fake_root, &devs, &nr), 0);
	assert_int_equal(nr, 2);
	assert_string_equal(devs[0].bdf, "10000:e1:00.0");
	assert_string_equal(devs[1].bdf, "fffffffe:ff:1f.7");
	free(devs);
}

static void expect_verdict(const char *bdf, const char *why)
{
	struct pci_device dev = device(bdf);
	struct verdict verdict = verdict_leases(fake_root, &dev);

	assert_string_equal(verdict.why, why);
	assert_int_equal(verdict.good, !*why);
}

static void verdicts(void **state)
{
	(void)state;
	fake_device("0000:00:00.0", BRIDGE, NULL, 0, MIB64);
	fake_device("0000:00:01.0", MEMORY, OUR_DRIVER, -1, MIB64);
	fake_device("0000:00:02.0", MEMORY, OUR_DRIVER, 2, 256);
	fake_device("0000:00:03.0", MEMORY, NULL, 3, MIB64);
	fake_device("0000:00:04.0", NETWORK, "e1000e", 4, MIB64);
	fake_device("0000:00:05.0", MEMORY, OUR_DRIVER, 5, MIB64);
	expect_verdict("0000:00:00.0", "a bridge");
	expect_verdict("0000:00:01.0", "no IOMMU group: is the IOMMU on?");
	expect_verdict("0000:00:02.0", "no memory BAR of a whole page");
	expect_verdict("0000:00:03.0", "not bound");
	expect_verdict("0000:00:04.0", "bound to e1000e");
	expect_verdict("0000:00:05.0", "");
}

static void groups(void **state)
{
	struct pci_device dev, other;

	(void)state;
	fake_device("0000:01:00.2", BRIDGE, "pcieport", 12, 0);
	fake_device("0000:01:00.3", MEMORY, NULL, 12, MIB64);
	fake_device("0000:01:00.4", MEMORY, "pci-stub", 12, MIB64);
	fake_device("0000:01:00.5", MEMORY, "vfio-pci", 12, MIB64);
	fake_directory("/sys/devices/pci0000:00/0000:01:00.5/vfio-dev");
	fake_directory("/sys/devices/pci0000:00/0000:01:00.5/vfio-dev/vfio0");
	fake_device(BDF, MEMORY, OUR_DRIVER, 12, MIB64);
	dev = device(BDF);
	assert_true(verdict_group(fake_root, &dev, NULL, 0).good);

	fake_device(OTHER, NETWORK, "e1000e", 12, MIB64);
	expect_verdict(BDF, OTHER
		       " (network) is in the same IOMMU group 12 and bound to e1000e");
	/* If it is about to be bound as well, it is not in the way. */
	other = device(OTHER);
	assert_true(verdict_group(fake_root, &dev, &other, 1).good);
}

static void expect_use(const char *what)
{
	struct pci_device dev = device(BDF);
	struct use use = use_of_driver(fake_root, &dev);

	assert_string_equal(use.what, what);
	assert_int_equal(use.used, !!*what);
}

#define DEVICE	"/sys/devices/pci0000:00/" BDF
#define DISK	DEVICE "/host0/block/sda"

/* A disk behind the device, with a partition that has number 8:1 */
static void fake_disk(void)
{
	fake_device(BDF, "0x010601\n", "ahci", 12, MIB64);
	fake_device(OTHER, "0x010601\n", "ahci", 13, MIB64);
	fake_directory(DISK);
	fake_directory(DISK "/sda1");
	fake_link("../../devices/pci0000:00/" BDF "/host0/block/sda/sda1",
		  "/sys/class/block/sda1");
	fake_link("../../devices/pci0000:00/" BDF "/host0/block/sda/sda1",
		  "/sys/dev/block/8:1");
}

static void fake_mount(const char *line)
{
	fake_file(line, "/proc/self/mountinfo");
}

static void mounts(void **state)
{
	struct pci_device other;

	(void)state;
	fake_disk();
	fake_mount("22 1 0:21 / /proc rw - proc none rw\n");
	expect_use("");
	fake_mount("22 1 0:21 / /proc rw - proc none rw\n"
		   "36 35 8:1 / /home rw,noatime shared:1 - ext4 /dev/root rw\n");
	expect_use("/dev/root is mounted on /home");
	/* btrfs has numbers of its own. */
	fake_mount("36 35 0:40 /sub /srv rw - btrfs /dev/sda1 rw\n");
	expect_use("/dev/sda1 is mounted on /srv");
	other = device(OTHER);
	assert_false(use_of_driver(fake_root, &other).used);
}

static void mounts_of_disks_on_disks(void **state)
{
	(void)state;
	fake_disk();
	fake_directory("/sys/devices/virtual/block/dm-0");
	fake_directory("/sys/devices/virtual/block/dm-1");
	fake_link("../../dm-1", "/sys/devices/virtual/block/dm-0/slaves/dm-1");
	fake_link("../../../../pci0000:00/" BDF "/host0/block/sda/sda1",
		  "/sys/devices/virtual/block/dm-1/slaves/sda1");
	/* A driver's mistake, or ours, must not go on for ever. */
	fake_link("../../dm-0", "/sys/devices/virtual/block/dm-1/slaves/dm-0");
	fake_link("../../devices/virtual/block/dm-0",
		  "/sys/dev/block/253:0");
	fake_mount("36 35 253:0 / / rw - ext4 /dev/mapper/root rw\n");
	expect_use("/dev/mapper/root is mounted on /");
}

static void mounts_of_nvme_with_paths(void **state)
{
	(void)state;
	fake_device(BDF, "0x010802\n", "nvme", 12, MIB64);
	fake_directory(DEVICE "/nvme");
	fake_directory(DEVICE "/nvme/nvme0");
	fake_directory("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1");
	fake_link("../../../pci0000:00/" BDF "/nvme/nvme0",
		  "/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0");
	fake_link("../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1",
		  "/sys/dev/block/259:1");
	fake_mount("36 35 259:1 / / rw - ext4 /dev/nvme0n1p1 rw\n");
	expect_use("/dev/nvme0n1p1 is mounted on /");
}

static void swaps(void **state)
{
	(void)state;
	fake_disk();
	fake_file("Filename\tType\tSize\tUsed\tPriority\n"
		  "/dev/sda1       partition\t1000\t0\t-2\n", "/proc/swaps");
	expect_use("/dev/sda1 is swapped to");
}

static void links(void **state)
{
	(void)state;
	fake_device(BDF, NETWORK, "e1000e", 12, MIB64);
	fake_file("0x1002\n", DEVICE "/net/eth0/flags");
	fake_link("../../devices/pci0000:00/" BDF "/net/eth0",
		  "/sys/class/net/eth0");
	expect_use("");
	fake_file("0x1003\n", DEVICE "/net/eth0/flags");
	expect_use("the network link eth0 is up");
	fake_file("0x1002\n", DEVICE "/net/eth0/flags");
	/* Not to be seen, but counted */
	fake_directory(DEVICE "/net/.eth1");
	expect_use("another network namespace has a link of it");
}

static void disks_that_cannot_be_asked(void **state)
{
	(void)state;
	fake_disk();
	fake_file("8:1\n", DISK "/sda1/dev");
	expect_use("whether /dev/sda1 is free cannot be asked: No such file or directory");
	fake_file("", "/dev/sda1");
	expect_use("");
}

static void virtual_functions(void **state)
{
	(void)state;
	fake_device(BDF, NETWORK, "e1000e", 12, MIB64);
	fake_device("0000:01:10.0", NETWORK, NULL, 13, MIB64);
	fake_device("0000:01:10.2", NETWORK, "igbvf", 14, MIB64);
	fake_link("../0000:01:10.0", DEVICE "/virtfn0");
	expect_use("");
	fake_link("../0000:01:10.2", DEVICE "/virtfn1");
	expect_use("its virtual function 0000:01:10.2 is bound to igbvf");
}

static void nodes(void **state)
{
	(void)state;
	fake_device(BDF, "0x030000\n", "amdgpu", 12, MIB64);
	fake_file("MAJOR=226\nMINOR=0\nDEVNAME=dri/card0\nDEVTYPE=drm_minor\n",
		  DEVICE "/drm/card0/uevent");
	fake_file("Xorg\n", "/proc/163/comm");
	fake_link("/dev/dri/card1", "/proc/163/fd/4");
	expect_use("");
	fake_link("/dev/dri/card0", "/proc/163/fd/5");
	expect_use("process 163 (Xorg) has /dev/dri/card0 open");
}

/* A controller's namespace that has several paths is elsewhere. */
static void nodes_of_nvme_with_paths(void **state)
{
	static const char subsystem[] =
		"/sys/devices/virtual/nvme-subsystem/nvme-subsys0";

	(void)state;
	fake_device(BDF, "0x010802\n", "nvme", 12, MIB64);
	fake_directory(DEVICE "/nvme");
	fake_directory(DEVICE "/nvme/nvme0");
	fake_link("../../../pci0000:00/" BDF "/nvme/nvme0", "%s/nvme0",
		  subsystem);
	fake_link("../../devices/virtual/nvme-subsystem/nvme-subsys0",
		  "/sys/class/nvme-subsystem/nvme-subsys0");
	fake_file("MAJOR=242\nDEVNAME=ng0n1\n", "%s/ng0n1/uevent", subsystem);
	fake_file("raw\n", "/proc/163/comm");
	fake_link("/dev/ng0n1", "/proc/163/fd/5");
	expect_use("process 163 (raw) has /dev/ng0n1 open");
}

static void persists(void **state)
{
	struct pci_device dev;
	char path[128];

	(void)state;
	fake_device(BDF, NETWORK, "e1000e", 12, MIB64);
	dev = device(BDF);
	assert_int_equal(persist_save(fake_root, &dev, OUR_DRIVER), -ENOENT);
	fake_directory(PERSIST_PARENT);
	assert_false(persist_is(fake_root, BDF));
	assert_int_equal(persist_forget(fake_root, BDF), -ENOENT);
	assert_int_equal(persist_save(fake_root, &dev, OUR_DRIVER), 1);
	assert_int_equal(persist_save(fake_root, &dev, OUR_DRIVER), 0);
	assert_int_equal(persist_save(fake_root, &dev, "vfio-pci"), 1);
	assert_true(persist_is(fake_root, BDF));
	assert_int_equal(persist_forget(fake_root, BDF), 0);
	assert_false(persist_is(fake_root, BDF));
	snprintf(path, sizeof(path), "%s" PERSIST_PATH, fake_root);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(persist_save(fake_root, &dev, OUR_DRIVER), -EPERM);
	assert_int_equal(chmod(path, 0755), 0);
	fake_file("vfio-pci\n", "/etc/driverctl.d/" BDF);
	assert_int_equal(persist_save(fake_root, &dev, OUR_DRIVER), -EEXIST);
}

static void opened(void **state)
{
	struct pci_device dev;
	struct use use;

	(void)state;
	fake_device(BDF, MEMORY, OUR_DRIVER, 12, MIB64);
	fake_file("primary\n", "/proc/163/comm");
	fake_link("/dev/vfio/12", "/proc/163/fd/4");
	dev = device(BDF);
	assert_false(use_of_vfio(fake_root, &dev).used);
	fake_directory(DEVICE "/vfio-dev");
	fake_directory(DEVICE "/vfio-dev/vfio0");
	dev = device(BDF);
	use = use_of_vfio(fake_root, &dev);
	assert_string_equal(use.what,
			    "process 163 (primary) has /dev/vfio/12 open");
}

static void remembers(void **state)
{
	const struct previous none = { .driver = "" };
	const struct previous some = { "e1000e", "vfio-pci", OUR_DRIVER };
	struct previous previous;

	(void)state;
	fake_directory("/run");
	assert_int_equal(previous_load(fake_root, BDF, &previous), -ENOENT);
	assert_int_equal(previous_save(fake_root, BDF, &some), 0);
	assert_int_equal(previous_load(fake_root, BDF, &previous), 0);
	assert_string_equal(previous.driver, "e1000e");
	assert_string_equal(previous.override, "vfio-pci");
	assert_string_equal(previous.bound, OUR_DRIVER);
	assert_int_equal(previous_save(fake_root, BDF, &none), 0);
	assert_int_equal(previous_load(fake_root, BDF, &previous), 0);
	assert_string_equal(previous.driver, "");
	assert_string_equal(previous.override, "");
	assert_int_equal(previous_forget(fake_root, BDF), 0);
	assert_int_equal(previous_forget(fake_root, BDF), -ENOENT);
}

static void believes_no_paths(void **state)
{
	struct previous previous;

	(void)state;
	fake_file("driver=../../x\noverride=\nbound=x\n",
		  PREVIOUS_PATH "/" BDF);
	assert_int_equal(previous_load(fake_root, BDF, &previous), -EBADMSG);
	fake_file("driver=\noverride=.x\nbound=x\n", PREVIOUS_PATH "/" BDF);
	assert_int_equal(previous_load(fake_root, BDF, &previous), -EBADMSG);
	fake_file("driver=e1000e\n", PREVIOUS_PATH "/" BDF);
	assert_int_equal(previous_load(fake_root, BDF, &previous), -EBADMSG);
}

static void believes_its_own_directory_only(void **state)
{
	const struct previous some = { "e1000e", "", OUR_DRIVER };
	struct previous previous;
	char path[128];

	(void)state;
	fake_link("../tmp", PREVIOUS_PATH);
	fake_directory("/tmp");
	assert_int_equal(previous_save(fake_root, BDF, &some), -ENOTDIR);
	snprintf(path, sizeof(path), "%s" PREVIOUS_PATH, fake_root);
	assert_int_equal(remove(path), 0);
	assert_int_equal(previous_save(fake_root, BDF, &some), 0);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(previous_load(fake_root, BDF, &previous), -EPERM);
	assert_int_equal(previous_save(fake_root, BDF, &some), -EPERM);
	assert_int_equal(previous_forget(fake_root, BDF), -EPERM);
}

static void expect_written(const char *path, const char *want)
{
	char text[64];

	assert_int_equal(file_read(text, sizeof(text), "%s%s", fake_root, path),
			 0);
	assert_string_equal(text, want);
}

static void writes_where_the_kernel_reads(void **state)
{
	struct pci_device dev;

	(void)state;
	fake_device(BDF, NETWORK, "e1000e", 12, MIB64);
	fake_file("", "/sys/bus/pci/drivers/e1000e/unbind");
	fake_file("", "/sys/bus/pci/drivers/e1000e/bind");
	fake_file("", "/sys/bus/pci/drivers_probe");
	dev = device(BDF);
	assert_int_equal(driver_unbind(fake_root, &dev), 0);
	expect_written("/sys/bus/pci/drivers/e1000e/unbind", BDF);
	assert_int_equal(driver_bind(fake_root, BDF, "e1000e"), 0);
	expect_written("/sys/bus/pci/drivers/e1000e/bind", BDF);
	assert_int_equal(driver_probe(fake_root, BDF), 0);
	expect_written("/sys/bus/pci/drivers_probe", BDF);
	fake_file("", DEVICE "/driver_override");
	assert_int_equal(driver_override(fake_root, BDF, OUR_DRIVER), 0);
	expect_written(DEVICE "/driver_override", OUR_DRIVER);
	assert_int_equal(driver_bind(fake_root, BDF, OUR_DRIVER), -ENOENT);
}

/* A name of a driver is no way to somewhere else. */
static void writes_nowhere_else(void **state)
{
	static const char *const names[] = {
		"", ".", "..", "../../../trap", "e1000e/../../trap", "link",
	};
	size_t i;

	(void)state;
	fake_device(BDF, NETWORK, "e1000e", 12, MIB64);
	fake_file("", "/trap/bind");
	fake_link("../../../../trap", "/sys/bus/pci/drivers/link");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_true(driver_bind(fake_root, BDF, names[i]) < 0);
	expect_written("/trap/bind", "");
}

static void expect_text(const char *bdf, const char *want)
{
	struct pci_device dev = device(bdf);

	assert_string_equal(pci_driver_text(&dev).text, want);
}

/* Whose driver it is says the module, not the name. */
static void knows_a_stand_in(void **state)
{
	struct pci_device dev;
	char name[64];

	(void)state;
	fake_directory("/sys/module");
	assert_int_equal(driver_ours(fake_root, name, sizeof(name)), -ENOENT);
	fake_device(BDF, MEMORY, NULL, 12, MIB64);
	fake_driver("vfio-pci", OUR_MODULE);
	assert_int_equal(driver_ours(fake_root, name, sizeof(name)), 0);
	assert_string_equal(name, "vfio-pci");
	fake_device(OTHER, MEMORY, "vfio-pci", 12, MIB64);
	dev = device(OTHER);
	assert_true(pci_is_ours(&dev));
	expect_text(OTHER, "vfio-pci (barlease)");
	expect_verdict(OTHER, "");
	dev = device(BDF);
	assert_false(pci_is_ours(&dev));
	expect_text(BDF, "");
	/* A driver of another bus is none for these. */
	fake_link("../../../bus/mdev/drivers/other",
		  "/sys/module/" OUR_MODULE "/drivers/mdev:other");
	assert_int_equal(driver_ours(fake_root, name, sizeof(name)), 0);
	assert_string_equal(name, "vfio-pci");
}

static void knows_the_stock_driver(void **state)
{
	struct pci_device dev;
	char name[64];

	(void)state;
	fake_device(BDF, MEMORY, "vfio-pci", 12, MIB64);
	fake_device(OTHER, MEMORY, OUR_DRIVER, 13, MIB64);
	assert_int_equal(driver_ours(fake_root, name, sizeof(name)), 0);
	assert_string_equal(name, OUR_DRIVER);
	dev = device(BDF);
	assert_false(pci_is_ours(&dev));
	expect_text(BDF, "vfio-pci");
	expect_verdict(BDF, "bound to vfio-pci");
	expect_text(OTHER, OUR_DRIVER);
	expect_verdict(OTHER, "");
}

typedef int (*check_fn)(const char *root, struct checks *checks);

static void expect_found(check_fn check, size_t index, enum health health,
			 const char *found)
{
	struct checks checks = { 0 };

	assert_int_equal(check(fake_root, &checks), 0);
	assert_true(index < checks.nr);
	assert_string_equal(checks.check[index].found, found);
	assert_int_equal(checks.check[index].health, health);
	/* Who is told of something is told what to do. */
	assert_int_equal(!*checks.check[index].advice, health == HEALTH_GOOD);
	free(checks.check);
}

static void release(const char *text)
{
	fake_file(text, "/proc/sys/kernel/osrelease");
}

static void checks_kernel(void **state)
{
	(void)state;
	expect_found(check_kernel, 0, HEALTH_BAD, "Linux unknown is too old");
	release("6.1.0-40-amd64\n");
	expect_found(check_kernel, 0, HEALTH_BAD,
		     "Linux 6.1.0-40-amd64 is too old");
	release("6.12.5\n");
	expect_found(check_kernel, 0, HEALTH_GOOD, "Linux 6.12.5");
	release("7.0\n");
	expect_found(check_kernel, 0, HEALTH_GOOD, "Linux 7.0");
}

static void checks_iommu(void **state)
{
	(void)state;
	expect_found(check_iommu, 0, HEALTH_BAD,
		     "off: there are no IOMMU groups");
	fake_device(BDF, MEMORY, OUR_DRIVER, 12, MIB64);
	expect_found(check_iommu, 0, HEALTH_GOOD, "on, with 1 groups");
	fake_file("Y\n", "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	expect_found(check_iommu, 0, HEALTH_BAD,
		     "VFIO also gives out devices that have none, whose DMA reaches all memory");
	expect_found(check_no_iommu, 0, HEALTH_NOTE,
		     "no-IOMMU mode is on: the DMA of such devices reaches all of this machine's memory");
	fake_file("N\n", "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	expect_found(check_no_iommu, 0, HEALTH_BAD, "no-IOMMU mode is off");
}

#define DIRECTLY "interrupts are not remapped: a device can write any of this machine's"
#define UNSAFE(module) "/sys/module/" module "/parameters/allow_unsafe_interrupts"

static void checks_interrupts(void **state)
{
	struct checks checks = { 0 };

	(void)state;
	fake_device(BDF, MEMORY, OUR_DRIVER, 12, MIB64);
	fake_file("  8:  0  1   IR-IO-APIC   8-edge      rtc0\n"
		  " 24:  7  0   IR-PCI-MSIX-0000:00:02.0    0-edge      eth0\n",
		  "/proc/interrupts");
	assert_int_equal(check_iommu(fake_root, &checks), 0);
	assert_int_equal(checks.nr, 1);
	free(checks.check);
	fake_file("  8:  0  1   IO-APIC   8-edge      rtc0\n"
		  " 24:  7  0   PCI-MSIX-0000:00:02.0    0-edge      eth0\n",
		  "/proc/interrupts");
	expect_found(check_iommu, 1, HEALTH_BAD, DIRECTLY ", and VFIO opens none");
	fake_file("N\n", UNSAFE("vfio_iommu_type1"));
	expect_found(check_iommu, 1, HEALTH_BAD, DIRECTLY ", and VFIO opens none");
	fake_file("Y\n", UNSAFE("iommufd"));
	expect_found(check_iommu, 1, HEALTH_NOTE, DIRECTLY ", and VFIO allows that");
}

static void checks_combining(void **state)
{
	struct checks checks = { 0 };

	(void)state;
	fake_directory("/sys/bus/pci/devices");
	assert_int_equal(check_combining(fake_root, &checks), 0);
	assert_int_equal(checks.nr, 0);
	fake_device(BDF, MEMORY, OUR_DRIVER, 12, MIB64);
	fake_device(OTHER, MEMORY, OUR_DRIVER, 13, MIB64);
	expect_found(check_combining, 0, HEALTH_NOTE,
		     "it maps nothing write-combining: PAT is off");
	/* A driver that has it for itself takes no file away. */
	fake_file("", "/sys/devices/pci0000:00/" OTHER "/resource2_wc");
	assert_int_equal(check_combining(fake_root, &checks), 0);
	assert_int_equal(checks.nr, 0);
}

static void without_an_iommu(void **state)
{
	struct pci_device dev;

	(void)state;
	fake_file("Y\n", "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	fake_device(BDF, MEMORY, NULL, -1, MIB64);
	expect_verdict(BDF, "no IOMMU; VFIO's no-IOMMU mode is on: --no-iommu binds it");
	fake_device(OTHER, MEMORY, "vfio-pci", 0, MIB64);
	fake_file("vfio-noiommu\n", "/sys/kernel/iommu_groups/0/name");
	dev = device(OTHER);
	assert_true(dev.no_iommu);
	assert_string_equal(pci_group_text(&dev).text, "noiommu-0");
	/* Another driver's, for which nobody has said so */
	assert_false(verdict_iommu(fake_root, &dev).good);
}

static void checks_modules(void **state)
{
	(void)state;
	release("6.12.5\n");
	expect_found(check_modules, 0, HEALTH_BAD, "vfio-pci-core is not there");
	fake_file("kernel/drivers/vfio/vfio_iommu_type1.ko\n",
		  "/lib/modules/6.12.5/modules.builtin");
	fake_file("kernel/drivers/vfio/pci/vfio-pci-core.ko.xz: x.ko\n",
		  "/lib/modules/6.12.5/modules.dep");
	fake_directory("/sys/module/barlease_vfio_pci");
	expect_found(check_modules, 0, HEALTH_BAD,
		     "vfio-pci-core is there, but not loaded");
	expect_found(check_modules, 1, HEALTH_GOOD,
		     "vfio_iommu_type1 is built into the kernel");
	expect_found(check_modules, 2, HEALTH_GOOD,
		     OUR_DRIVER " is loaded");
	fake_driver("vfio-pci", OUR_MODULE);
	expect_found(check_modules, 2, HEALTH_GOOD,
		     OUR_DRIVER " is loaded, and stands in for vfio-pci");
}

static void checks_devices_of_a_stand_in(void **state)
{
	(void)state;
	fake_device(BDF, MEMORY, "vfio-pci", 12, MIB64);
	expect_found(check_devices, 0, HEALTH_BAD,
		     "no device is bound to " OUR_DRIVER);
	assert_int_equal(fake_root_tear_down(state), 0);
	assert_int_equal(fake_root_set_up(state), 0);
	fake_driver("vfio-pci", OUR_MODULE);
	fake_device(BDF, MEMORY, "vfio-pci", 12, MIB64);
	expect_found(check_devices, 0, HEALTH_GOOD,
		     BDF " (memory) can be leased from");
}

static void checks_devices(void **state)
{
	char node[128];

	(void)state;
	fake_directory("/sys/bus/pci/devices");
	expect_found(check_devices, 0, HEALTH_BAD,
		     "no device is bound to " OUR_DRIVER);
	fake_device(BDF, MEMORY, OUR_DRIVER, 12, MIB64);
	expect_found(check_devices, 0, HEALTH_GOOD,
		     BDF " (memory) can be leased from");
	expect_found(check_devices, 1, HEALTH_BAD,
		     BDF ": /dev/vfio/12 of " OUR_DRIVER " is not there");
	fake_file("", "/dev/vfio/12");
	snprintf(node, sizeof(node), "%s/dev/vfio/12", fake_root);
	assert_int_equal(chmod(node, 0666), 0);
	expect_found(check_devices, 1, HEALTH_BAD,
		     BDF ": everybody can open /dev/vfio/12 (mode 666)");
	assert_int_equal(chmod(node, 0660), 0);
	expect_found(check_devices, 1, HEALTH_GOOD,
		     BDF ": /dev/vfio/12, mode 660");
	fake_device(OTHER, NETWORK, "e1000e", 12, MIB64);
	expect_found(check_devices, 0, HEALTH_BAD,
		     BDF " cannot be leased from: " OTHER
		     " (network) is in the same IOMMU group 12 and bound to e1000e");
}

static void checks_tokens(void **state)
{
	(void)state;
	fake_device(BDF, NETWORK, "vfio-pci", 12, MIB64);
	fake_device(OTHER, NETWORK, OUR_DRIVER, 13, MIB64);
	fake_file("", "/dev/vfio/13");
	fake_link("../" BDF, "/sys/devices/pci0000:00/" OTHER "/physfn");
	fake_directory("/sys/devices/pci0000:00/" BDF "/vfio-dev");
	fake_directory("/sys/devices/pci0000:00/" BDF "/vfio-dev/vfio0");
	expect_found(check_devices, 2, HEALTH_NOTE,
		     OTHER ": this VF needs a token, for its PF " BDF
		     " is bound to vfio-pci");
}

/* A module's signature is at the end of its file */
static void checks_signatures(void **state)
{
	static const char dep[] = "/lib/modules/6.12.5/modules.dep";
	static const char ko[] = "/lib/modules/6.12.5/extra/" OUR_DRIVER ".ko";

	(void)state;
	release("6.12.5\n");
	fake_file("kernel/vfio-pci-core.ko: x.ko\nextra/" OUR_DRIVER ".ko: x.ko\n",
		  "%s", dep);
	fake_file("a module of which nobody says where it is from", "%s", ko);
	expect_found(check_modules, 2, HEALTH_BAD,
		     OUR_DRIVER " is there, but not loaded");
	fake_file("[none] integrity confidentiality\n",
		  "/sys/kernel/security/lockdown");
	expect_found(check_modules, 2, HEALTH_BAD,
		     OUR_DRIVER " is there, but not loaded");
	fake_file("none [integrity] confidentiality\n",
		  "/sys/kernel/security/lockdown");
	expect_found(check_modules, 2, HEALTH_BAD,
		     OUR_DRIVER " has no signature, and this kernel loads signed modules only");
	fake_file("of a key~Module signature appended~\n", "%s", ko);
	expect_found(check_modules, 2, HEALTH_BAD,
		     OUR_DRIVER " is there, but not loaded");
	fake_file("", "%s", ko);
	fake_file("[none]\n", "/sys/kernel/security/lockdown");
	fake_file("Y\n", "/sys/module/module/parameters/sig_enforce");
	expect_found(check_modules, 2, HEALTH_BAD,
		     OUR_DRIVER " is there, but not loaded");
	fake_file("a module of which nobody says where it is from", "%s", ko);
	expect_found(check_modules, 2, HEALTH_BAD,
		     OUR_DRIVER " has no signature, and this kernel loads signed modules only");
}

static void expect_wanted(const char *config, const char *found,
			  const char *command)
{
	struct checks checks = { 0 };
	char path[128];

	fake_file(config, "/barleased.conf");
	snprintf(path, sizeof(path), "%s/barleased.conf", fake_root);
	assert_int_equal(check_wanted(fake_root, path, &checks), 0);
	assert_int_equal(checks.nr, *found ? 1 : 0);
	if (*found) {
		assert_non_null(strstr(checks.check[0].found, found));
		assert_string_equal(checks.check[0].command, command);
		assert_int_equal(checks.check[0].health, HEALTH_BAD);
	}
	free(checks.check);
}

static void checks_what_is_wanted(void **state)
{
	struct checks checks = { 0 };

	(void)state;
	assert_int_equal(check_wanted(fake_root, "/nonexistent", &checks), 0);
	fake_driver(OUR_DRIVER, OUR_MODULE);
	fake_device(BDF, NETWORK, "e1000e", 12, MIB64);
	expect_wanted("", "", "");
	expect_wanted("# [device " BDF "]\n[slice a]\n", "", "");
	expect_wanted("[slice a]\n\n [ device " BDF " ]\n",
		      BDF " is barleased's, and bound to e1000e",
		      "barlease bind " BDF);
	expect_wanted("[device 01:00.0]\n",
		      BDF " is barleased's, and bound to e1000e",
		      "barlease bind " BDF);
	expect_wanted("\n[device 0000:07:00.0]\n",
		      "0000:07:00.0 is not there, and ", "");
	fake_file("0x1003\n", DEVICE "/net/eth0/flags");
	expect_wanted("[device " BDF "]\n",
		      BDF " is barleased's, and in use by e1000e: the network link eth0 is up",
		      "ip link set eth0 down && barlease bind " BDF);
	fake_device(OTHER, NETWORK, NULL, 13, MIB64);
	expect_wanted("[device " OTHER "]\n", "without a driver",
		      "barlease bind " OTHER);
	fake_file("gone\n", "/sys/devices/pci0000:00/" OTHER "/driver_override");
	expect_wanted("[device " OTHER "]\n", "its driver_override is gone",
		      "barlease bind " OTHER);
}

static void checks_who_has_what_is_wanted(void **state)
{
	(void)state;
	fake_device(BDF, MEMORY, OUR_DRIVER, 12, MIB64);
	fake_directory(DEVICE "/vfio-dev");
	fake_directory(DEVICE "/vfio-dev/vfio0");
	expect_wanted("[device " BDF "]\n", "", "");
	expect_wanted("[device " BDF "]\nbackend = group\n", "", "");
	expect_wanted("[device " BDF "]\n[slice a]\nbackend = iommufd\n", "",
		      "");
	expect_wanted("[device " BDF "]\n backend=iommufd\n",
		      BDF " is to be opened by iommufd (line 1), which this kernel does not have",
		      "");
	fake_file("", "/dev/iommu");
	expect_wanted("[device " BDF "]\nbackend = iommufd\n", "", "");
	fake_file("barleased\n", "/proc/163/comm");
	fake_link("/dev/vfio/12", "/proc/163/fd/4");
	expect_wanted("[device " BDF "]\n", "", "");
	fake_file("primary\n", "/proc/163/comm");
	expect_wanted("[device " BDF "]\n",
		      BDF " is in use: process 163 (primary) has /dev/vfio/12 open",
		      "kill 163");
}

/* A name that a shell would take for more than a name */
static void commands_are_plain(void **state)
{
	struct use use = use_by("it is used");

	(void)state;
	assert_string_equal(use.end, "");
	use = use_ended_by(use, "umount %s", "/home");
	assert_string_equal(use.end, "umount /home");
	use = use_ended_by(use, "umount %s", "/a;reboot");
	assert_string_equal(use.end, "");
	use = use_ended_by(use, "umount %s", "/a\\040b");
	assert_string_equal(use.end, "");
	assert_string_equal(use.what, "it is used");
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fake_root_set_up, \
					fake_root_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(describes_a_device),
		TEST(lists_in_order),
		TEST(domains_of_more_digits),
		TEST(verdicts),
		TEST(groups),
		TEST(mounts),
		TEST(mounts_of_disks_on_disks),
		TEST(mounts_of_nvme_with_paths),
		TEST(swaps),
		TEST(disks_that_cannot_be_asked),
		TEST(links),
		TEST(virtual_functions),
		TEST(nodes),
		TEST(nodes_of_nvme_with_paths),
		TEST(persists),
		TEST(opened),
		TEST(remembers),
		TEST(believes_no_paths),
		TEST(believes_its_own_directory_only),
		TEST(writes_where_the_kernel_reads),
		TEST(writes_nowhere_else),
		TEST(knows_a_stand_in),
		TEST(knows_the_stock_driver),
		TEST(checks_kernel),
		TEST(checks_iommu),
		TEST(checks_interrupts),
		TEST(checks_combining),
		TEST(without_an_iommu),
		TEST(checks_modules),
		TEST(checks_devices),
		TEST(checks_tokens),
		TEST(checks_devices_of_a_stand_in),
		TEST(checks_signatures),
		TEST(checks_what_is_wanted),
		TEST(checks_who_has_what_is_wanted),
		TEST(commands_are_plain),
	};

	return cmocka_run_group_tests_name("sysfs", tests, NULL, NULL);
}
