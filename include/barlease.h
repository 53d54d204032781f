/* SPDX-License-Identifier: MIT */
/*
 * libbarlease: lease slices of PCI BARs, and use such leases
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Every function that returns an int returns 0 or something useful, or a
 * negative errno. Whatever is said to be the caller's is closed or freed by
 * nobody else. No function is safe to call on one object from two threads at
 * once; different objects do not know of each other. The guard is safe
 * everywhere.
 *
 * Nothing is assumed from a kernel's version: barlease_device_caps() has asked.
 */
#ifndef BARLEASE_H
#define BARLEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- A device and its exports: the primary's side ---------------------- */

struct barlease_device;

/**
 * enum barlease_backend - which of VFIO's two ways opens the device
 * @BARLEASE_BACKEND_ANY: the device's own node (/dev/vfio/devices/vfioN) with
 *   iommufd where the kernel has them, else group and container
 */
enum barlease_backend {
	BARLEASE_BACKEND_ANY,
	BARLEASE_BACKEND_GROUP,
	BARLEASE_BACKEND_IOMMUFD,
};

/**
 * barlease_device_open() - open a PCI device through VFIO
 * @bdf: "DDDD:BB:DD.F", or "BB:DD.F" for domain 0
 * @backend: which way; BARLEASE_BACKEND_ANY unless there is a reason
 * @device: receives the device, for barlease_device_close()
 *
 * Nothing is mapped for the device: it cannot do DMA. Devices of one group
 * share what they need (a group and its container, or an iommufd); they may be
 * opened and closed from several threads all the same, and one device may be
 * opened several times.
 *
 * Return: 0; -EINVAL no such form of address; -ENODEV no such device, or no
 * VFIO driver bound to it; -ENOENT the kernel has no such way; -EPERM a group
 * that is not viable; -EBUSY somebody else has it, or a device of its group;
 * -EACCES and others of open() and ioctl().
 */
int barlease_device_open(const char *bdf, enum barlease_backend backend,
			 struct barlease_device **device);

/**
 * barlease_device_wrap() - use a VFIO device fd that the caller has
 * @fd: stays open, and the caller's, beyond barlease_device_close()
 * @device: receives the device
 *
 * Return: 0; -EBADF; -EINVAL not the fd of a VFIO PCI device; -ENOMEM.
 */
int barlease_device_wrap(int fd, struct barlease_device **device);

/* NULL is fine. The last close of a VFIO device revokes all its exports. */
void barlease_device_close(struct barlease_device *device);

/* The VFIO device fd, still the library's (or the one that was wrapped) */
int barlease_device_fd(const struct barlease_device *device);

/**
 * barlease_device_request_fd() - the kernel's wish to have the device back
 * @device: the device
 *
 * An unbind waits until a device is closed. This becomes readable meanwhile, for
 * poll() and the like; whoever sees that should close the device. Of several who
 * have opened the same device, the last to ask is told.
 *
 * Return: an fd, the device's; the same each time. Errors of eventfd() and
 * ioctl().
 */
int barlease_device_request_fd(struct barlease_device *device);

/* What the kernel's driver can do; stock vfio-pci has few of these, or none */
#define BARLEASE_CAN_EXPORT	(1u << 0) /* BAR ranges as DMABUFs */
#define BARLEASE_CAN_MMAP	(1u << 1) /* mmap() of those */
#define BARLEASE_CAN_REVOKE	(1u << 2) /* barlease_revoke() */
#define BARLEASE_CAN_MEMATTR	(1u << 3) /* barlease_set_memattr() */
#define BARLEASE_CAN_IMPORT	(1u << 4) /* other devices attach to exports */

/* Found out when the device was opened */
unsigned int barlease_device_caps(const struct barlease_device *device);

#define BARLEASE_BARS 6

/**
 * struct barlease_bar - a BAR as VFIO shows it
 * @offset: in the VFIO device fd, for mmap(), pread() and pwrite()
 * @size: in bytes; 0 for a BAR that the device does not have
 * @mappable: whether it can be mapped, and leased
 */
struct barlease_bar {
	uint64_t offset;
	uint64_t size;
	bool mappable;
};

/* Return: 0; -EINVAL @index is not below BARLEASE_BARS; errors of ioctl() */
int barlease_device_bar(const struct barlease_device *device,
			unsigned int index, struct barlease_bar *bar);

/* Return: 0; -EOPNOTSUPP the device cannot be reset; errors of ioctl() */
int barlease_device_reset(const struct barlease_device *device);

/* Bytes of a BAR; both in bytes, both multiples of the page size */
struct barlease_range {
	uint64_t offset;
	uint64_t length;
};

#define BARLEASE_READ_ONLY	(1u << 0)

/**
 * barlease_export() - make a lease: ranges of a BAR as one DMABUF
 * @device: a device that can
 * @bar: index, below BARLEASE_BARS
 * @ranges: in the order in which the lease shows them; they may overlap
 * @nr_ranges: how many
 * @flags: 0 or BARLEASE_READ_ONLY
 *
 * Return: the DMABUF's fd, close-on-exec and the caller's; -ENOTTY the driver
 * cannot export; else as VFIO_DEVICE_FEATURE_DMA_BUF in <linux/barlease.h>.
 */
int barlease_export(const struct barlease_device *device, unsigned int bar,
		    const struct barlease_range *ranges, size_t nr_ranges,
		    unsigned int flags);

/**
 * barlease_revoke() - take a lease back for good
 * @device: whose export it is
 * @lease: any fd of the DMABUF; stays open, and the caller's
 *
 * When it returns 0 or -EBADFD, nobody reaches the device through the lease.
 *
 * Return: 0; -EBADFD revoked before; -ENOTTY the driver cannot revoke; else as
 * VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE.
 */
int barlease_revoke(const struct barlease_device *device, int lease);

enum barlease_memattr {
	BARLEASE_NC,	/* uncached; what a new lease has */
	BARLEASE_WC,	/* write-combining */
};

/* For mappings to come. Return: 0; -EOPNOTSUPP this machine cannot; -ENOTTY */
int barlease_set_memattr(const struct barlease_device *device, int lease,
			 enum barlease_memattr memattr);

/* Return: an enum barlease_memattr; or a negative errno */
int barlease_get_memattr(const struct barlease_device *device, int lease);

/* What /proc/PID/maps is to show. At most 31 bytes. Return: 0; -EINVAL; ... */
int barlease_set_name(int lease, const char *name);

/* ---- Mapping: everybody's side ----------------------------------------- */

/**
 * struct barlease_alignment - where a lease lies physically, as far as it is
 *	worth knowing: huge pages need an address congruent to it
 * @align: 4 KiB, 2 MiB or 1 GiB
 * @phase: physical address of the lease's first byte, modulo @align
 */
struct barlease_alignment {
	uint64_t align;
	uint64_t phase;
};

/**
 * barlease_alignment() - alignment of a range of a BAR
 * @device: the device
 * @bar: index
 * @offset: in the BAR, in bytes
 * @alignment: receives it
 *
 * BARs are aligned to their size, so no physical address has to be known. To map
 * the BAR itself with barlease_map(), by the device's fd and the BAR's offset in
 * it, takes the alignment of the BAR's byte 0, whatever part is mapped.
 *
 * Return: 0; -EINVAL no such BAR, or @offset not in it.
 */
int barlease_alignment(const struct barlease_device *device, unsigned int bar,
		       uint64_t offset, struct barlease_alignment *alignment);

/**
 * barlease_map() - map a part of a lease
 * @lease: the DMABUF's fd; may be closed once it is mapped
 * @offset: in the lease, in bytes
 * @size: in bytes
 * @flags: 0, or BARLEASE_READ_ONLY
 * @alignment: the lease's, so that huge pages are possible; or NULL
 * @address: receives the mapping, for barlease_unmap()
 *
 * Never takes the place of anything that is mapped already. Alignment is best
 * effort: where there is no room for it, the mapping is elsewhere, and works.
 *
 * Return: 0; -ENODEV revoked; -EACCES a read-only lease; -EINVAL past the end,
 * or no alignment; others of mmap().
 */
int barlease_map(int lease, uint64_t offset, size_t size, unsigned int flags,
		 const struct barlease_alignment *alignment, void **address);

/* @address and @size are what barlease_map() was given and gave. */
int barlease_unmap(void *address, size_t size);

/**
 * barlease_guard() - run code on a mapping that may be revoked meanwhile
 * @address: of the mapping, or of the part that is used
 * @size: in bytes
 * @fn: the code
 * @arg: for @fn
 *
 * An access of this thread to the mapping that would end the process by SIGBUS
 * ends @fn instead, there and then, as longjmp() would: @fn must not hold
 * locks or memory that nobody else knows of. Nor may @fn leave by longjmp()
 * itself. Guards nest. A SIGBUS of any other address goes to the handler that
 * the application had when the first guard ran (or when it last called
 * barlease_guard_install()). The thread must not have SIGBUS blocked: the kernel
 * ends the process then.
 *
 * No system call, but for those of the first guard in a process, and one where
 * it returns -ESTALE.
 *
 * Return: what @fn returns; -ESTALE the mapping was revoked, or the device's
 * memory decode is off; -ENOMEM the handler could not be installed, and @fn was
 * not called.
 */
int barlease_guard(const volatile void *address, size_t size,
		   int (*fn)(void *arg), void *arg);

/**
 * barlease_guard_install() - put the guard's SIGBUS handler in place (again)
 *
 * For applications that install a SIGBUS handler of their own later on: call
 * it after that. Return: 0; -ENOMEM.
 */
int barlease_guard_install(void);

/* One guarded access each. Return: 0; -ESTALE; -EINVAL not aligned */
int barlease_read32(const volatile void *address, uint32_t *value);
int barlease_write32(volatile void *address, uint32_t value);
int barlease_read64(const volatile void *address, uint64_t *value);
int barlease_write64(volatile void *address, uint64_t value);

#ifdef __cplusplus
}
#endif

#endif /* BARLEASE_H */
