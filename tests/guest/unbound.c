// SPDX-License-Identifier: MIT
/*
 * A device that the driver has lost is nobody's any more, whatever fds clients
 * keep: it does not hinder a hot reset of the devices beside it, and nobody
 * resets it on their behalf
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "access.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "plug.h"
#include "tap.h"

#define EDU_ID	0x010000edu

/* A register of ivshmem that can be written, and that a reset clears */
#define IRQ_MASK	0x00
#define MASK		0x5a

static void hot_reset_of_both(const char *when)
{
	struct vfio edu = vfio_open(dev_edu());
	struct vfio testdev = vfio_open_sibling(&edu, dev_testdev());
	mapping_t at = map_bar(&edu, BAR0, 0, PAGE);

	reads(at, EDU_ID, "%s, edu can be mapped", when);
	is_ok(vfio_hot_reset(&testdev),
	      "a hot reset of pci-testdev resets both");
	reads(at, EDU_ID, "after which edu's map works");
	is_ok(vfio_hot_reset(&edu), "so does one of edu");

	unmap(at, PAGE);
	vfio_close(&testdev);
	vfio_close(&edu);
}

/* A client's fd, and a mapping, of a lease of a device that is closed now */
static int kept_lease(struct vfio *vfio, mapping_t *at)
{
	int lease = lease_of(vfio->device, BAR0, 0, PAGE);

	*at = map(lease, 0, PAGE, RW);
	vfio_close_device(vfio);
	sigbus(*at, "a lease is revoked by the last close");
	return lease;
}

/*
 * The group of old stays open: VFIO could not tell a new one from it that got
 * its memory
 */
static void bound_again(void)
{
	struct vfio edu = vfio_open(dev_edu()), testdev;
	mapping_t at;
	int lease = kept_lease(&edu, &at);

	is_ok(pci_unbind(dev_edu()), "edu is unbound");
	testdev = vfio_open_sibling(&edu, dev_testdev());
	is_error(vfio_hot_reset(&testdev), EINVAL,
		 "a hot reset that would reset it as well is refused: EINVAL");
	vfio_close(&testdev);
	is_ok(pci_unbind(dev_testdev()), "so is pci-testdev");
	is_ok(pci_bind(dev_edu(), OUR_DRIVER), "edu is bound again");
	is_ok(pci_bind(dev_testdev(), OUR_DRIVER), "so is pci-testdev");
	hot_reset_of_both("with the revoked lease kept");
	close(lease);
	hot_reset_of_both("with its fd closed");
	unmap(at, PAGE);
	hot_reset_of_both("with it gone");
	vfio_close(&edu);
}

/* As any driver of the host might do */
static mapping_t map_as_host(struct bdf dev)
{
	char path[256];
	mapping_t at;
	int fd;

	if (pci_write(dev, "enable", "1"))
		bail("the host cannot enable %s", dev.name);
	pci_path(dev, "resource0", path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	at = map(fd, 0, PAGE, RW);
	close(fd);
	return at;
}

static void unmap_as_host(struct bdf dev, mapping_t at)
{
	unmap(at, PAGE);
	if (pci_write(dev, "enable", "0"))
		bail("the host cannot disable %s", dev.name);
}

static void hosts_register(struct bdf dev, uint32_t want, const char *name)
{
	mapping_t at = map_as_host(dev);

	reads(at + IRQ_MASK, want, "%s", name);
	unmap_as_host(dev, at);
}

/* edu cannot be reset alone, so its last close resets all of the slot or none */
static void last_close(struct bdf edu)
{
	struct vfio vfio = vfio_open(edu);

	vfio_close(&vfio);
}

static void host_has_one(void)
{
	struct plugged two = plug_two("hp0");
	struct bdf edu = two.dev, memory = two.second;
	struct vfio vfio = vfio_open(memory);
	mapping_t host, at;
	int lease = kept_lease(&vfio, &at);

	vfio_close(&vfio);
	is_ok(pci_unbind(memory), "the memory device becomes the host's");
	host = map_as_host(memory);
	write32(host + IRQ_MASK, MASK);
	unmap_as_host(memory, host);
	hosts_register(memory, MASK, "which sets a register");

	last_close(edu);
	hosts_register(memory, MASK,
		       "a close of the other function leaves it alone");

	is_ok(pci_bind(memory, OUR_DRIVER), "with both functions VFIO's");
	last_close(edu);
	is_ok(pci_unbind(memory), "a close of one resets the other:");
	hosts_register(memory, 0, "the register is cleared");

	plug_pull(&two);
	ok(plug_gone(&two), "both functions can be pulled out");
	sigbus(at, "the lease is SIGBUS");
	unmap(at, PAGE);
	close(lease);
}

int main(void)
{
	int fds = fds_open();

	bound_again();
	host_has_one();
	/* The monitor's port */
	is_int(fds_open(), fds + 1, "no fd is left over");
	return tap_done();
}
