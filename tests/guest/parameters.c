// SPDX-License-Identifier: MIT
/*
 * Module parameters are vfio-pci's, all of them, by name, type and rights; and
 * they do what they do there, without undoing what vfio-pci was told
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "edu.h"
#include "irq.h"
#include "kernel.h"
#include "lease.h"
#include "log.h"
#include "tap.h"
#include "vfio.h"

#define MODULE		"barlease-vfio-pci"
#define STOCK_MODULE	"vfio_pci"
#define SHARED		"this kernel has them once"

static size_t bound;

/* What modinfo looks at: strings with NULs around them, somewhere in the file */
struct module_file {
	char *bytes;
	size_t size;
};

static struct module_file module_read(const char *name)
{
	struct module_file file = { 0 };
	struct utsname kernel;
	char path[256];
	struct stat stat;
	int fd;

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/%s.ko", kernel.release,
		 name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat))
		bail("%s: %s", path, strerror(errno));
	file.size = stat.st_size;
	file.bytes = malloc(file.size);
	if (!file.bytes ||
	    read(fd, file.bytes, file.size) != (ssize_t)file.size)
		bail("%s cannot be read", path);
	close(fd);
	return file;
}

/* From @at on, the next string that begins with @words; NULL after the last */
static const char *next_string(const struct module_file *file, const char *at,
			       const char *words)
{
	const char *end = file->bytes + file->size;

	while ((at = memmem(at, end - at, words, strlen(words)))) {
		if (!at[-1] && memchr(at, '\0', end - at))
			return at;
		at++;
	}
	return NULL;
}

static bool has_string(const struct module_file *file, const char *words)
{
	const char *at = file->bytes;

	while ((at = next_string(file, at, words))) {
		if (!strcmp(at, words))
			return true;
		at++;
	}
	return false;
}

static void names_and_types(void)
{
	struct module_file ours = module_read("extra/barlease-vfio-pci");
	struct module_file stock =
		module_read("kernel/drivers/vfio/pci/vfio-pci");
	const char *at = stock.bytes, *name;
	char described[80];
	int nr = 0;

	while ((at = next_string(&stock, at, "parmtype="))) {
		name = strchr(at, '=') + 1;
		ok(has_string(&ours, at), "there is the parameter %s", name);
		snprintf(described, sizeof(described), "parm=%.*s:",
			 (int)strcspn(name, ":"), name);
		ok(next_string(&ours, ours.bytes, described),
		   "it is described");
		at++;
		nr++;
	}
	ok(nr >= 4, "vfio-pci has %d parameters", nr);
	free(ours.bytes);
	free(stock.bytes);
}

static mode_t mode_of(const char *module, const char *name)
{
	struct stat stat = { 0 };
	char path[512];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module,
		 name);
	return lstat(path, &stat) ? 0 : stat.st_mode;
}

/* While both are loaded */
static void rights(void)
{
	DIR *dir = opendir("/sys/module/" STOCK_MODULE "/parameters");
	const struct dirent *entry;

	if (!dir)
		bail("vfio-pci shows no parameters");
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			is_hex(mode_of(OUR_MODULE, entry->d_name),
			       mode_of(STOCK_MODULE, entry->d_name),
			       "%s is as in vfio-pci to see and to write",
			       entry->d_name);
	closedir(dir);
}

/* The device's own, not what VFIO shows of it */
static uint16_t real_command(struct bdf dev)
{
	uint16_t command;
	char path[256];
	int fd;

	pci_path(dev, "config", path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 ||
	    pread(fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		bail("%s: %s", path, strerror(errno));
	close(fd);
	return command;
}

/*
 * INTx stays masked from when it has come until it is unmasked: in the device,
 * or by the interrupt controller.
 */
static void masks_in_device(bool want, const char *name)
{
	const uint32_t intx = VFIO_PCI_INTX_IRQ_INDEX;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct vfio edu = vfio_open(dev_edu());
	uint64_t signals;
	bool in_device;

	if (!is_ok(irq_enable(edu.device, intx, fd), "INTx is enabled"))
		bail("nothing more can be seen");
	vfio_put32(&edu, BAR0, EDU_IRQ_RAISE, 1);
	signals = irq_signals(fd, 2000);
	in_device = real_command(edu.bdf) & PCI_COMMAND_INTX_DISABLE;
	ok(signals == 1 && in_device == want, "%s: masked %s", name,
	   want ? "in the device" : "by the interrupt controller");
	vfio_put32(&edu, BAR0, EDU_IRQ_ACK, 1);
	is_ok(irq_unmask(edu.device, intx), "it is unmasked");
	vfio_put32(&edu, BAR0, EDU_IRQ_RAISE, 2);
	is_int(irq_signals(fd, 2000), 1, "and comes again");
	vfio_put32(&edu, BAR0, EDU_IRQ_ACK, 2);
	is_ok(irq_disable(edu.device, intx), "it is disabled");
	vfio_close(&edu);
	close(fd);
}

static void reload(const char *parameter)
{
	struct bdf devs[32];

	is_ok(module_unload(OUR_MODULE), "the driver is unloaded");
	is_int(module_load(MODULE, parameter), 0, "and loaded %s%s",
	       parameter ? "with " : "without parameters", parameter ?: "");
	is_int(pci_of_driver(OUR_DRIVER, devs, 32), bound,
	       "it has all of its devices");
}

static void alone(void)
{
	char value[16] = "";

	masks_in_device(true, "as ever");
	reload("nointxmask=1");
	file_read("/sys/module/" OUR_MODULE "/parameters/nointxmask", value,
		  sizeof(value));
	ok(!strcmp(value, "Y"), "nointxmask reads Y");
	masks_in_device(false, "with nointxmask=1");
	reload(NULL);
	masks_in_device(true, "without it");
}

static void stock_loaded(const char *parameter)
{
	is_int(module_load("vfio-pci", parameter), 0, "vfio-pci is loaded %s%s",
	       parameter ? "with " : "without parameters", parameter ?: "");
	is_ok(pci_bind(dev_edu(), STOCK_DRIVER), "edu is bound to it");
	bound--;
}

static void stock_unloaded(void)
{
	is_ok(pci_bind(dev_edu(), OUR_DRIVER), "edu comes back");
	is_ok(module_unload(STOCK_MODULE), "vfio-pci is unloaded");
	bound++;
}

static void beside_stock(void)
{
	int log;

	stock_loaded("nointxmask=1");
	rights();
	masks_in_device(false, "vfio-pci with nointxmask=1");
	log = log_from_here();
	reload(NULL);
	ok(!log_says(log, SHARED), "that changes nothing of vfio-pci's");
	masks_in_device(false, "vfio-pci still");
	stock_unloaded();
	reload(NULL);
	masks_in_device(true, "nothing is left of what vfio-pci was told");

	stock_loaded(NULL);
	log = log_from_here();
	reload("nointxmask=1");
	if (log_says(log, SHARED))
		masks_in_device(false, "vfio-pci, as the kernel's log says");
	else
		masks_in_device(true, "vfio-pci, of which the log says nothing");
	stock_unloaded();
	masks_in_device(false, "this driver, with nointxmask=1");
	reload(NULL);
	masks_in_device(true, "at last, without");
}

int main(void)
{
	struct bdf devs[32];

	bound = pci_of_driver(OUR_DRIVER, devs, 32);
	alone();
	if (stock_is_module()) {
		names_and_types();
		beside_stock();
	} else {
		skip("it is built into this kernel",
		     "what vfio-pci has, and what is beside it");
	}
	return tap_done();
}
