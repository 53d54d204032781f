// SPDX-License-Identifier: MIT
/*
 * All of a virtual machine in the guest, PID 1 of its kernel: it has two devices
 * of the guest's, and uses them as any Linux would
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inner.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "sysfs.h"
#include "tap.h"

#define UIO_DRIVER	"uio_pci_generic"
#define INTERRUPT_MS	60000
#define COMMAND		4
#define INTX_OFF	0x400

/* edu's registers */
#define ID		0x00
#define LIVENESS	0x04
#define FACTORIAL	0x08
#define STATUS		0x20
#define IRQ_STATUS	0x24
#define IRQ_ACK		0x64
#define BUSY		0x01
#define IRQ_WHEN_DONE	0x80

static struct bdf edu, memory;

static void set_up(void)
{
	static const struct {
		const char *dir, *type;
	} systems[] = {
		{ "/proc", "proc" }, { "/sys", "sysfs" }, { "/dev", "devtmpfs" },
	};

	for (size_t i = 0; i < 3; i++) {
		mkdir(systems[i].dir, 0755);
		if (mount("none", systems[i].dir, systems[i].type, 0, NULL))
			bail("%s: %s", systems[i].dir, strerror(errno));
	}
	edu = dev_edu();
	memory = dev_small();
}

/* What the kernel's own drivers do not have is in resourceN */
static void *map_resource(struct bdf dev, const char *name, size_t size)
{
	char path[128];
	void *at;
	int fd;

	pci_path(dev, name, path, sizeof(path));
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	at = mmap(NULL, size, RW, MAP_SHARED, fd, 0);
	if (fd < 0 || at == MAP_FAILED)
		bail("%s: %s", path, strerror(errno));
	close(fd);
	return at;
}

static void load(const char *module)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		bail("%s: %s", module, strerror(errno));
	close(fd);
}

static bool interrupted(int uio)
{
	struct pollfd p = { .fd = uio, .events = POLLIN };
	uint32_t count;

	return poll(&p, 1, INTERRUPT_MS) == 1 &&
	       read(uio, &count, sizeof(count)) == sizeof(count);
}

/* The driver has switched it off, for the device keeps the line up till then */
static void unmask(void)
{
	char path[128];
	uint16_t command;
	int fd;

	pci_path(edu, "config", path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || pread(fd, &command, 2, COMMAND) != 2)
		bail("%s: %s", path, strerror(errno));
	ok(command & INTX_OFF, "the driver has masked it");
	command &= ~INTX_OFF;
	if (pwrite(fd, &command, 2, COMMAND) != 2)
		bail("%s: %s", path, strerror(errno));
	close(fd);
}

static void use_registers(volatile uint32_t *regs)
{
	is_hex(regs[ID / 4], 0x010000ed, "edu has its id");
	regs[LIVENESS / 4] = 0x12345678;
	is_hex(regs[LIVENESS / 4], ~0x12345678u, "it is alive");
	regs[STATUS / 4] = 0;
	regs[FACTORIAL / 4] = 10;
	while (regs[STATUS / 4] & BUSY)
		;
	is_int(regs[FACTORIAL / 4], 3628800, "it knows 10!");
}

static void use_interrupts(volatile uint32_t *regs)
{
	int uio;

	load("/uio.ko");
	load("/uio_pci_generic.ko");
	is_ok(pci_bind(edu, UIO_DRIVER), "edu has a driver");
	uio = open("/dev/uio0", O_RDWR | O_CLOEXEC);
	if (uio < 0)
		bail("/dev/uio0: %s", strerror(errno));
	regs[STATUS / 4] = IRQ_WHEN_DONE;
	for (int i = 5; i <= 7; i++) {
		regs[FACTORIAL / 4] = i;
		if (!ok(interrupted(uio), "%d! comes with an interrupt", i))
			return;
		ok(!(regs[STATUS / 4] & BUSY), "and is done");
		regs[IRQ_ACK / 4] = regs[IRQ_STATUS / 4];
		unmask();
	}
	is_int(regs[FACTORIAL / 4], 5040, "7! is right");
	close(uio);
}

static void use_memory(void)
{
	mapping_t at = map_resource(memory, "resource2", INNER_SIZE);
	uint64_t wrong = pattern_errors(at, 0, INNER_SIZE, PAGE, INNER_READ);

	is_int(wrong, 0, "the memory is as the guest has left it");
	for (uint64_t i = 0; i < INNER_SIZE; i += PAGE)
		*(volatile uint32_t *)(at + i) = pattern(i, INNER_WRITTEN);
	wrong = pattern_errors(at, 0, INNER_SIZE, PAGE, INNER_WRITTEN);
	is_int(wrong, 0, "it can be written to");
}

int main(void)
{
	volatile uint32_t *regs;

	set_up();
	is_ok(pci_write(edu, "enable", "1"), "edu is enabled");
	is_ok(pci_write(memory, "enable", "1"), "so is the memory");
	regs = map_resource(edu, "resource0", PAGE);
	use_registers(regs);
	use_memory();
	use_interrupts(regs);
	tap_done();
	fflush(stdout);
	sync();
	reboot(RB_AUTOBOOT);
	return 1;
}
