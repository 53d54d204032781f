// SPDX-License-Identifier: MIT
/*
 * The driver takes devices the way vfio-pci does: by driver_override, new_id,
 * and its parameter ids
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "lease.h"
#include "tap.h"
#include "vfio.h"

#define DRIVER	"/sys/bus/pci/drivers/" OUR_DRIVER "/"
#define MODULE	"barlease-vfio-pci"

/* The machine's one device 1234:1111 */
static struct bdf display;

static bool bound(void)
{
	char driver[64];

	pci_driver(display, driver, sizeof(driver));
	return !strcmp(driver, OUR_DRIVER);
}

static bool unbound(void)
{
	char driver[64];

	pci_driver(display, driver, sizeof(driver));
	return !driver[0];
}

static void works(const char *how)
{
	struct vfio vfio = vfio_open(display);
	int lease = lease_of(vfio.device, BAR0, 0, PAGE);

	is_ok(lease_revoke(vfio.device, lease),
	      "bound %s, it can be opened, leased and revoked", how);
	close(lease);
	vfio_close(&vfio);
}

static void by_override(void)
{
	ok(bound(), "the display is bound to %s", OUR_DRIVER);
	works("by driver_override");
	is_ok(pci_write(display, "driver/unbind", display.name),
	      "it is unbound");
	ok(unbound(), "then it has no driver");
	is_ok(pci_write(display, "driver_override", "\n"),
	      "its driver_override is cleared");
	is_ok(file_write("/sys/bus/pci/drivers_probe", display.name),
	      "and drivers are asked to probe it");
	ok(unbound(), "then nobody takes it");
	ok(file_write(DRIVER "bind", display.name) < 0,
	   "nor can it be bound by force");
}

static void by_new_id(void)
{
	is_ok(file_write(DRIVER "new_id", "1234 1111"),
	      "its ids are written to new_id");
	ok(bound(), "that binds it");
	works("by new_id");
	is_ok(file_write(DRIVER "remove_id", "1234 1111"),
	      "its ids are written to remove_id");
	ok(bound(), "it stays bound");
	is_ok(pci_unbind(display), "until it is unbound");
	ok(file_write(DRIVER "bind", display.name) < 0,
	   "then it cannot be bound");
}

static void unload(void)
{
	is_ok(module_unload(OUR_MODULE), "the driver is unloaded");
	ok(!module_loaded(OUR_MODULE), "it is gone");
	ok(unbound(), "the display has no driver");
}

static void by_parameter(void)
{
	struct bdf devs[32];
	size_t before = pci_of_driver(OUR_DRIVER, devs, 32), after;

	unload();
	is_int(module_load(MODULE, "ids=1af4:ffff,1234:1111"), 0,
	       "the driver is loaded with ids=1af4:ffff,1234:1111");
	ok(bound(), "that binds the display");
	works("by the parameter ids");

	unload();
	is_int(module_load(MODULE, "ids=1234"), 0,
	       "ids=1234, which is no id, does not keep it from loading");
	ok(unbound(), "and binds nothing");

	unload();
	is_int(module_load(MODULE, NULL), 0, "the driver is loaded without");
	ok(unbound(), "which does not bind the display");
	after = pci_of_driver(OUR_DRIVER, devs, 32);
	is_int(after, before, "those with a driver_override are bound again");
}

int main(void)
{
	display = dev_display();
	by_override();
	by_new_id();
	by_parameter();
	is_ok(pci_bind(display, OUR_DRIVER), "the display is bound as before");
	works("by driver_override again");
	return tap_done();
}
