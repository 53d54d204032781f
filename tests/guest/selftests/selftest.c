// SPDX-License-Identifier: MIT
/*
 * Runs one of the kernel's selftests of VFIO with the driver and the device that
 * are in its own name: DRIVER:DEVICE:PROGRAM[:MODE], where DRIVER is "stock" or
 * "barlease", either of which is the machine's vfio-pci then
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel.h"
#include "sysfs.h"
#include "tap.h"

#define PROGRAMS	"/selftests/bin"
#define OWNER		"/sys/bus/pci/drivers/vfio-pci/module"
/* While this driver is vfio-pci, it is so here, too */
#define SRIOV		"/sys/module/vfio_pci/parameters/enable_sriov"
/* Uses just the one that it has by default */
#define ONE_WAY		"vfio_pci_device_test"
#define KSFT_SKIP	4

static void vfio_pci_is(const char *module, const char *load,
			const char *parameter)
{
	char target[256] = "";
	int ret;

	if (readlink(OWNER, target, sizeof(target) - 1) > 0) {
		if (!strcmp(basename(target), module))
			return;
		ret = module_unload(basename(target));
		if (ret)
			bail("%s stays: %s", target, strerror(-ret));
	}
	if (module_load(load, parameter))
		bail("%s does not load", load);
	if (file_write(SRIOV, "Y"))
		bail("%s has no VFs", load);
}

static struct bdf device(const char *name)
{
	if (!strcmp(name, "igb"))
		return dev_card();
	if (!strcmp(name, "edu"))
		return dev_edu();
	bail("no device is called %s", name);
}

static void bind_device(struct bdf dev)
{
	char driver[64];

	pci_driver(dev, driver, sizeof(driver));
	if (strcmp(driver, STOCK_DRIVER) && pci_bind(dev, STOCK_DRIVER))
		bail("%s is not bound to vfio-pci", dev.name);
}

/* A program that tries every way is told by an option that it is to try one. */
static int run(const char *program, const char *mode, const char *bdf)
{
	bool one = !mode || !strcmp(program, ONE_WAY);
	char path[128];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), PROGRAMS "/%s", program);
	pid = fork();
	if (!pid) {
		if (one)
			execl(path, program, bdf, NULL);
		else
			execl(path, program, "-v", mode, bdf, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		bail("%s: %s", path, strerror(errno));
	if (WIFSIGNALED(status))
		raise(WTERMSIG(status));
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	char *name = basename(argv[0]);
	const char *driver = strsep(&name, ":"), *dev = strsep(&name, ":");
	const char *program = strsep(&name, ":"), *mode = strsep(&name, ":");
	struct bdf bdf;
	int status;

	if (argc != 1 || !program)
		bail("it is called DRIVER:DEVICE:PROGRAM[:MODE]");
	if (!strcmp(driver, "stock"))
		vfio_pci_is("vfio_pci", "vfio-pci", NULL);
	else
		vfio_pci_is(OUR_MODULE, OUR_DRIVER, "stand_in=1");
	if (mode)
		setenv("SELFTEST_MODE", mode, 1);
	bdf = device(dev);
	bind_device(bdf);
	status = run(program, mode, bdf.name);
	/* Some say it by this status alone */
	if (status == KSFT_SKIP)
		puts("1..0 # SKIP not for this device");
	return status == KSFT_SKIP ? 0 : status;
}
