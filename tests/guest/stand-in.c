// SPDX-License-Identifier: MIT
/*
 * With stand_in=1 the driver is vfio-pci, for all who go by names: in the place
 * of the stock one, never beside it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel.h"
#include "lease.h"
#include "log.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

#define MODULE		"barlease-vfio-pci"
#define STOCK_MODULE	"vfio_pci"

static bool is_there(const char *path)
{
	return !access(path, F_OK);
}

static void points_to(const char *path, const char *want)
{
	char target[256] = "";

	if (readlink(path, target, sizeof(target) - 1) < 0)
		diag("%s: %s", path, strerror(errno));
	ok(!strcmp(basename(target), want), "%s is %s", path, want);
}

static void unload(const char *module)
{
	if (!is_ok(module_unload(module), "%s is unloaded", module))
		bail("it stays");
}

/* While the stock driver is there */
static void not_beside_stock(void)
{
	int log;

	is_int(module_load("vfio-pci", NULL), 0, "vfio-pci is loaded");
	log = log_from_here();
	ok(module_load(MODULE, "stand_in=1"),
	   "then this driver does not load with stand_in=1");
	ok(log_says(log, "unload it first (modprobe -r vfio_pci)"),
	   "the kernel's log says what helps");
	ok(!module_loaded(OUR_MODULE), "and is not there");
	points_to("/sys/bus/pci/drivers/vfio-pci/module", STOCK_MODULE);
	is_int(module_load(MODULE, NULL), 0, "without stand_in it does load");
	ok(is_there("/sys/bus/pci/drivers/" OUR_DRIVER), "as %s", OUR_DRIVER);
	unload(OUR_MODULE);
	unload(STOCK_MODULE);
}

/* There, unloading is no advice */
static void not_beside_built_in(void)
{
	struct bdf devs[32];
	size_t before = pci_of_driver(OUR_DRIVER, devs, 32);
	int log;

	unload(OUR_MODULE);
	log = log_from_here();
	ok(module_load(MODULE, "stand_in=1"),
	   "with vfio-pci in the kernel, stand_in=1 does not load");
	ok(log_says(log, "cannot be unloaded: boot with initcall_blacklist"),
	   "the kernel's log says why, and what helps");
	ok(!module_loaded(OUR_MODULE), "and the driver is not there");
	is_int(module_load(MODULE, NULL), 0, "without stand_in it does load");
	is_int(pci_of_driver(OUR_DRIVER, devs, 32), before,
	       "and has all of its devices");
}

static void names(void)
{
	ok(is_there("/sys/bus/pci/drivers/" STOCK_DRIVER),
	   "there is a driver %s", STOCK_DRIVER);
	ok(!is_there("/sys/bus/pci/drivers/" OUR_DRIVER), "and no %s",
	   OUR_DRIVER);
	points_to("/sys/bus/pci/drivers/" STOCK_DRIVER "/module", OUR_MODULE);
	points_to("/sys/module/" STOCK_MODULE, OUR_MODULE);
	ok(is_there("/sys/module/" STOCK_MODULE "/drivers/pci:" STOCK_DRIVER),
	   "from that module one finds the driver");
}

/* modprobe has its own opinion of what is loaded; this is the kernel's */
static int insert_stock(void)
{
	struct utsname kernel;
	char path[256];
	int fd, ret;

	uname(&kernel);
	snprintf(path, sizeof(path),
		 "/lib/modules/%s/kernel/drivers/vfio/pci/vfio-pci.ko",
		 kernel.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		bail("%s: %s", path, strerror(errno));
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

static void stock_is_refused(void)
{
	is_error(insert_stock(), EEXIST, "now vfio-pci cannot be loaded");
	names();
}

static void device_works(struct bdf dev)
{
	struct vfio vfio;
	mapping_t at;
	int lease;

	is_ok(pci_bind(dev, STOCK_DRIVER), "a device is bound to %s",
	      STOCK_DRIVER);
	vfio = vfio_open(dev);
	lease = lease_of(vfio.device, BAR0, 0, PAGE);
	at = map(lease, 0, PAGE, RW);
	is_ok(lease_revoke(vfio.device, lease),
	      "it can be opened, leased, mapped and revoked");
	unmap(at, PAGE);
	close(lease);
	vfio_close(&vfio);
	is_ok(pci_unbind(dev), "and unbound");
}

static void by_new_id(struct bdf dev)
{
	char driver[64];

	is_ok(pci_write(dev, "driver_override", "\n"),
	      "its driver_override is cleared");
	is_ok(file_write("/sys/bus/pci/drivers/" STOCK_DRIVER "/new_id",
			 "1234 1111"), "its ids are written to new_id");
	pci_driver(dev, driver, sizeof(driver));
	ok(!strcmp(driver, STOCK_DRIVER), "that binds it");
	is_ok(file_write("/sys/bus/pci/drivers/" STOCK_DRIVER "/remove_id",
			 "1234 1111"), "and to remove_id");
	is_ok(pci_unbind(dev), "it is unbound");
}

static void vfs(void)
{
	char path[256], driver[64];
	struct bdf pf, vf;

	if (!pci_find(&pf, 0x8086, 0x10c9, 0, KIB(128))) {
		skip("this emulator has no igb", "VFs");
		return;
	}
	is_ok(pci_bind(pf, STOCK_DRIVER), "a device with VFs is bound");
	is_ok(file_write("/sys/module/" OUR_MODULE "/parameters/enable_sriov",
			 "Y"), "enable_sriov is set");
	is_ok(pci_write(pf, "sriov_numvfs", "1"), "it gets a VF");
	pci_path(pf, "virtfn0", path, sizeof(path));
	memset(driver, 0, sizeof(driver));
	if (readlink(path, driver, sizeof(driver) - 1) < 0)
		bail("%s: %s", path, strerror(errno));
	snprintf(vf.name, sizeof(vf.name), "%.15s", basename(driver));
	pci_read(vf, "driver_override", driver, sizeof(driver));
	ok(!strcmp(driver, STOCK_DRIVER), "whose driver_override is %s",
	   STOCK_DRIVER);
	pci_driver(vf, driver, sizeof(driver));
	ok(!strcmp(driver, STOCK_DRIVER), "and whose driver is that one");
	is_ok(pci_write(pf, "sriov_numvfs", "0"), "the VF goes");
	is_ok(pci_unbind(pf), "and the device is unbound");
	is_ok(pci_write(pf, "driver_override", OUR_DRIVER),
	      "it is to be %s's again", OUR_DRIVER);
}

int main(void)
{
	struct bdf display = dev_display(), devs[32];
	size_t before = pci_of_driver(OUR_DRIVER, devs, 32);

	if (!stock_is_module()) {
		not_beside_built_in();
		return tap_done();
	}
	unload(OUR_MODULE);
	not_beside_stock();

	is_int(module_load(MODULE, "stand_in=1"), 0,
	       "the driver is loaded with stand_in=1");
	names();
	stock_is_refused();
	device_works(display);
	by_new_id(display);
	vfs();
	unload(OUR_MODULE);
	ok(!is_there("/sys/module/" STOCK_MODULE), "nothing is left of it");
	is_int(module_load("vfio-pci", NULL), 0, "vfio-pci can be loaded");
	unload(STOCK_MODULE);

	is_int(module_load(MODULE, NULL), 0, "the driver is loaded without");
	is_ok(pci_bind(display, OUR_DRIVER), "the display is bound as before");
	is_int(pci_of_driver(OUR_DRIVER, devs, 32), before,
	       "and so are the others");
	return tap_done();
}
