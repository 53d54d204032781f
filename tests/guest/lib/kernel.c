// SPDX-License-Identifier: MIT
/*
 * The running kernel
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel.h"
#include "tap.h"

bool kernel_at_least(unsigned int major, unsigned int minor)
{
	unsigned int is_major = 0, is_minor = 0;
	struct utsname name;

	uname(&name);
	if (sscanf(name.release, "%u.%u", &is_major, &is_minor) != 2)
		bail("kernel release \"%s\"", name.release);
	return is_major > major || (is_major == major && is_minor >= minor);
}

bool kernel_is_32bit(void)
{
	struct utsname name;

	uname(&name);
	return name.machine[0] == 'i' && !strcmp(name.machine + 2, "86");
}

bool kernel_is_rt(void)
{
	struct utsname name;

	uname(&name);
	return strstr(name.version, " PREEMPT_RT ");
}

bool kernel_has_numa(void)
{
	return !syscall(SYS_get_mempolicy, NULL, NULL, 0ul, NULL, 0ul);
}

bool kernel_has_iommufd(void)
{
	return !access("/dev/iommu", F_OK) &&
	       !access("/dev/vfio/devices", F_OK);
}

int module_load(const char *module, const char *parameter)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		execlp("modprobe", "modprobe", module, parameter, NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int module_unload(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

bool module_loaded(const char *module)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	return !access(path, F_OK);
}

bool stock_is_module(void)
{
	return module_loaded("vfio_pci") ||
	       access("/sys/bus/pci/drivers/vfio-pci", F_OK);
}

void stock_is_unloaded(void)
{
	if (stock_is_module())
		is_ok(module_unload("vfio_pci"),
		      "the stock vfio-pci is unloaded");
	else
		skip("it is built into this kernel",
		     "the stock vfio-pci is unloaded");
}
