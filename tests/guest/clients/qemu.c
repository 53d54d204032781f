// SPDX-License-Identifier: MIT
/*
 * QEMU, as Debian has it, gives two devices that are bound to this driver to a
 * virtual machine in the guest, and what runs in there uses them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "debian.h"
#include "dmabufs.h"
#include "inner.h"
#include "kernel.h"
#include "lease.h"
#include "output.h"
#include "pattern.h"
#include "tap.h"
#include "vfio.h"

#define QEMU_ROOT	"/qemu"
#define LINE		512

static struct bdf edu, memory;

static void set_up(void)
{
	edu = dev_edu();
	memory = dev_small();
	/* Without it QEMU emulates, too, and it all takes a while longer */
	if (module_load("kvm_amd", NULL) && module_load("kvm_intel", NULL))
		diag("no KVM in this guest");
	is_int(module_load("vfio_iommu_type1", NULL) ?:
	       module_load(OUR_DRIVER, "stand_in=1"), 0,
	       "the driver is loaded, as vfio-pci");
	is_ok(pci_bind(edu, STOCK_DRIVER), "edu is bound to it");
	is_ok(pci_bind(dev_testdev(), STOCK_DRIVER),
	      "so is what is reset together with it");
	is_ok(pci_bind(memory, STOCK_DRIVER), "and a device with memory");
}

static void fill(void)
{
	struct vfio vfio = vfio_open(memory);

	pattern_fill(&vfio, BAR2, 0, INNER_SIZE, PAGE, INNER_READ);
	vfio_close(&vfio);
}

static void is_filled(void)
{
	struct vfio vfio = vfio_open(memory);
	mapping_t at = map_bar(&vfio, BAR2, 0, INNER_SIZE);

	is_int(pattern_errors(at, 0, INNER_SIZE, PAGE, INNER_WRITTEN), 0,
	       "the memory is as the virtual machine has left it");
	unmap(at, INNER_SIZE);
	vfio_close(&vfio);
}

static pid_t start_qemu(bool iommufd, int *output)
{
	const char *const by = iommufd ? ",iommufd=by" : "";
	char host_edu[64], host_memory[64];
	const char *const argv[] = {
		"/usr/bin/qemu-system-x86_64", "-nodefaults",
		"-no-user-config", "-display", "none", "-no-reboot", "-L",
		"/usr/share/qemu", "-L", "/usr/share/seabios", "-machine",
		"q35", "-accel", "kvm", "-accel", "tcg", "-cpu", "max", "-m",
		"192", "-kernel", "/inner/vmlinuz", "-initrd",
		"/inner/initramfs", "-append",
		"console=ttyS0 quiet loglevel=1 panic=-1 no_timer_check",
		"-serial", "stdio", "-device", host_edu, "-device",
		host_memory, iommufd ? "-object" : NULL, "iommufd,id=by", NULL
	};

	snprintf(host_edu, sizeof(host_edu), "vfio-pci,host=%s%s", edu.name,
		 by);
	snprintf(host_memory, sizeof(host_memory), "vfio-pci,host=%s%s",
		 memory.name, by);
	return debian_pipe(QEMU_ROOT, argv, output);
}

/* What it found true is true here */
static void take_result(const char *line)
{
	const char *name = strstr(line, " - ");
	bool pass = !strncmp(line, "ok ", 3);

	if (name && (pass || !strncmp(line, "not ok ", 7)))
		ok(pass, "in the virtual machine: %s", name + 3);
	else
		diag("%s", line);
}

static bool is_plan(const char *line)
{
	return !strncmp(line, "1..", 3);
}

/* While it speaks, it is there to be looked at */
static void look(pid_t pid)
{
	ok(dmabufs_of(pid, edu, 0), "QEMU's map of edu's BAR 0 is a DMABUF");
	ok(dmabufs_of(pid, memory, 2), "so is that of the memory");
}

static void run(bool iommufd)
{
	int64_t start = now_us();
	bool complete = false, looked = false;
	char line[LINE];
	FILE *console;
	int output;
	pid_t pid;

	diag("by way of %s", iommufd ? "iommufd" : "a group");
	fill();
	pid = start_qemu(iommufd, &output);
	console = fdopen(output, "r");
	while (fgets(line, sizeof(line), console)) {
		line[strcspn(line, "\r\n")] = '\0';
		take_result(line);
		complete = complete || is_plan(line);
		if (!looked && !strncmp(line, "ok ", 3)) {
			look(pid);
			looked = true;
		}
	}
	fclose(console);
	ok(complete, "the virtual machine comes to its end");
	is_int(output_exit_status(pid), 0, "and QEMU ends well");
	diag("it took %.1f s", (now_us() - start) / 1e6);
	is_filled();
}

int main(void)
{
	set_up();
	run(false);
	if (kernel_has_iommufd())
		run(true);
	is_ok(pci_unbind(edu), "edu is free again");
	is_ok(pci_unbind(dev_testdev()), "the other one, too");
	is_ok(pci_unbind(memory), "and the memory");
	is_ok(module_unload(OUR_MODULE), "the driver can go");
	return tap_done();
}
