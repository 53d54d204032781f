// SPDX-License-Identifier: MIT
/*
 * A kernel that does without remapping of interrupts, without PAT, and takes signed
 * modules only: barlease doctor says each of it, and so it is
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cli-run.h"
#include "kernel.h"
#include "sysfs.h"
#include "tap.h"
#include "vfio.h"

#define UNSAFE	  "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"
#define SECURITY  "/sys/kernel/security"
#define DIRECTLY  "interrupts are not remapped: a device can write any of this machine's"

static struct bdf dev;

static void interrupts(void)
{
	const struct run *run = CLI("doctor");
	struct vfio vfio;

	cli_is(run, 1, "doctor, without remapping of interrupts");
	cli_says(run, "bad   IOMMU   " DIRECTLY ", and VFIO opens none\n");
	is_error(vfio_try_open(&vfio, dev), EPERM, "VFIO opens no device");
	vfio_close(&vfio);
	is_ok(file_write(UNSAFE, "Y"), "somebody allows it");
	run = CLI("doctor");
	cli_is(run, 0, "doctor then");
	cli_says(run, "note  IOMMU   " DIRECTLY ", and VFIO allows that\n");
	is_ok(vfio_try_open(&vfio, dev), "VFIO does");
	vfio_close(&vfio);
}

static void combining(void)
{
	cli_says(CLI("doctor"),
		 "note  kernel  it maps nothing write-combining: PAT is off\n");
	cli_is(CLI("wc", dev.name, "2"), 1, "no BAR becomes write-combining");
}

/* Which is for good */
static bool lock_down(void)
{
	if (access(SECURITY "/lockdown", F_OK))
		mount("securityfs", SECURITY, "securityfs", 0, NULL);
	if (access(SECURITY "/lockdown", F_OK))
		return false;
	return is_ok(file_write(SECURITY "/lockdown", "integrity"),
		     "the kernel is locked down");
}

static void signatures(void)
{
	const struct run *run;

	if (!lock_down()) {
		skip("this kernel has no lockdown", "signed modules only");
		return;
	}
	is_ok(module_unload(OUR_MODULE), "the driver is unloaded");
	run = CLI("doctor");
	cli_is(run, 1, "doctor, with a driver that nobody has signed");
	cli_says(run, "bad   module  " OUR_DRIVER
		 " has no signature, and this kernel loads signed modules only\n");
	ok(module_load(OUR_DRIVER, NULL), "it cannot be loaded");
}

int main(void)
{
	dev = dev_small();
	interrupts();
	combining();
	signatures();
	return tap_done();
}
