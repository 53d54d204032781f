// SPDX-License-Identifier: MIT
/*
 * Interrupts, registers and DMA-free work of an ordinary device, by system
 * calls and through leases
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "access.h"
#include "clock.h"
#include "config.h"
#include "edu.h"
#include "irq.h"
#include "lease.h"
#include "map.h"
#include "peer.h"
#include "tap.h"

/* edu's registers */
#define ID		0x00
#define LIVENESS	0x04
#define FACTORIAL	0x08
#define STATUS		0x20
#define STATUS_COMPUTING	0x01
#define IRQ_STATUS	0x24

static struct vfio edu;

static uint32_t get(unsigned int at)
{
	return vfio_get32(&edu, BAR0, at);
}

static void put(unsigned int at, uint32_t value)
{
	vfio_put32(&edu, BAR0, at, value);
}

static void registers(void)
{
	is_hex(get(ID), 0x010000ed, "edu identifies itself to pread()");
	put(LIVENESS, 0x12345678);
	is_hex(get(LIVENESS), ~0x12345678u,
	       "it inverts what pwrite() gives to its liveness register");
}

static uint32_t factorial(mapping_t at, uint32_t of)
{
	uint32_t value = STATUS_COMPUTING;

	write32(at + FACTORIAL, of);
	while (value & STATUS_COMPUTING) {
		sleep_ms(1);
		if (!read32(at + STATUS, &value))
			return 0;
	}
	return read32(at + FACTORIAL, &value) ? value : 0;
}

static void through_a_lease(void)
{
	int lease = lease_of(edu.device, BAR0, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);

	reads(at + ID, 0x010000ed, "edu identifies itself in a lease");
	ok(write32(at + LIVENESS, 0xabcd), "the lease writes a register");
	is_hex(get(LIVENESS), ~0xabcdu, "pread() sees it");
	put(LIVENESS, 0x77);
	reads(at + LIVENESS, ~0x77u, "the lease sees what pwrite() writes");
	is_int(factorial(at, 10), 3628800, "the factorial of 10 is 3628800");
	is_ok(lease_revoke(edu.device, lease), "the lease is revoked");
	ok(!write32(at + LIVENESS, 0xbad), "a write is SIGBUS");
	is_hex(get(LIVENESS), ~0x77u, "the register did not see it");
	unmap(at, PAGE);
	close(lease);
}

static void raise(mapping_t at, int fd, uint32_t index)
{
	uint32_t status = 0;

	put(EDU_IRQ_RAISE, 1);
	is_int(irq_signals(fd, 2000), 1, "an interrupt signals the eventfd");
	is_hex(get(IRQ_STATUS), 1, "edu says which one");
	put(EDU_IRQ_ACK, 1);
	is_hex(get(IRQ_STATUS), 0, "it is acknowledged");
	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		is_ok(irq_unmask(edu.device, index), "and unmasked");
	is_int(irq_signals(fd, 50), 0, "there is no other");

	ok(write32(at + EDU_IRQ_RAISE, 4), "a lease raises an interrupt");
	is_int(irq_signals(fd, 2000), 1, "it signals the eventfd");
	ok(read32(at + IRQ_STATUS, &status) && status == 4,
	   "the lease sees which one");
	ok(write32(at + EDU_IRQ_ACK, 4), "and acknowledges it");
	is_hex(get(IRQ_STATUS), 0, "so that none is left");
	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		is_ok(irq_unmask(edu.device, index), "and it is unmasked");
}

static void interrupts(uint32_t index, const char *kind)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int lease = lease_of(edu.device, BAR0, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);

	diag("%s", kind);
	if (ioctl(edu.device, VFIO_DEVICE_GET_IRQ_INFO, &info))
		bail("VFIO_DEVICE_GET_IRQ_INFO: %s", strerror(errno));
	is_int(info.count, 1, "edu has one interrupt of the kind %s", kind);
	is_ok(irq_enable(edu.device, index, fd), "it is enabled");
	raise(at, fd, index);
	is_ok(irq_disable(edu.device, index), "it is disabled");
	put(EDU_IRQ_RAISE, 8);
	is_int(irq_signals(fd, 50), 0, "then it does not signal");
	put(EDU_IRQ_ACK, 8);
	unmap(at, PAGE);
	close(lease);
	close(fd);
}

int main(void)
{
	edu = vfio_open(dev_edu());
	/* A message is a write to memory */
	config_put16(&edu, PCI_COMMAND,
		     config_get16(&edu, PCI_COMMAND) | PCI_COMMAND_MEMORY |
		     PCI_COMMAND_MASTER);
	registers();
	through_a_lease();
	interrupts(VFIO_PCI_MSI_IRQ_INDEX, "MSI");
	interrupts(VFIO_PCI_INTX_IRQ_INDEX, "INTx");
	vfio_close(&edu);
	return tap_done();
}
