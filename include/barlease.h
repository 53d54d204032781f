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
 *
 * Structs stay as they are. What is new one day has its place in their reserved
 * fields: the library sets those to 0 in what it fills in, and takes nothing but
 * 0 in what it is given, so that old programs and new libraries understand each
 * other, and new programs learn from -EINVAL that a library is too old. A range
 * and an alignment are complete. Flags, events and reasons that a program does
 * not know are to be passed over.
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

/* Of this header. Something that breaks programs raises MAJOR. */
#define BARLEASE_VERSION_MAJOR 0
#define BARLEASE_VERSION_MINOR 1
/* One number of the two, to compare with; and of this header */
#define BARLEASE_VERSION_OF(major, minor) (((major) << 16) | (minor))
#define BARLEASE_HEADER_VERSION \
	BARLEASE_VERSION_OF(BARLEASE_VERSION_MAJOR, BARLEASE_VERSION_MINOR)

/* Of the library that runs */
int barlease_version_major(void);
int barlease_version_minor(void);
/* Is that at least this one? */
bool barlease_check_version(int major, int minor);

/* ---- A device and its exports: the primary's side ---------------------- */

/* Of the longest address, and its end: a domain has up to 8 digits */
#define BARLEASE_PCI_ADDRESS_SIZE sizeof("ffffffff:ff:1f.7")

/**
 * barlease_pci_address() - a PCI address as the kernel spells it
 * @text: "DDDD:BB:DD.F" with 4 to 8 digits for the domain, or "BB:DD.F" for
 *   domain 0; digits of either case
 * @address: receives it, as sysfs and VFIO have it; not touched by an error
 *
 * Return: 0; -EINVAL no such form of address.
 */
int barlease_pci_address(const char *text,
			 char address[BARLEASE_PCI_ADDRESS_SIZE]);

struct barlease_device;

/**
 * enum barlease_backend - which of VFIO's two ways opens the device
 * @BARLEASE_BACKEND_ANY: the device's own node (/dev/vfio/devices/vfioN) with
 *   iommufd where the kernel has them, else group and container
 * @BARLEASE_BACKEND_NOIOMMU: of a device without an IOMMU, where VFIO has
 *   enable_unsafe_noiommu_mode: its DMA reaches all of the machine's memory, so
 *   it has to be asked for. Takes CAP_SYS_RAWIO.
 */
enum barlease_backend {
	BARLEASE_BACKEND_ANY,
	BARLEASE_BACKEND_GROUP,
	BARLEASE_BACKEND_IOMMUFD,
	BARLEASE_BACKEND_NOIOMMU,
};

/**
 * barlease_device_open() - open a PCI device through VFIO
 * @bdf: as barlease_pci_address() takes it
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
 * -ENOKEY a VF that needs a token; -EOPNOTSUPP the device has no IOMMU, which
 * takes BARLEASE_BACKEND_NOIOMMU, or has one, with that; -EACCES and others of open() and ioctl().
 */
int barlease_device_open(const char *bdf, enum barlease_backend backend,
			 struct barlease_device **device);

/**
 * struct barlease_device_options - how a device is to be opened
 * @backend: which way
 * @flags: 0
 * @vf_token: of a VF whose PF has a VFIO driver: the UUID that the PF was given,
 *   "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"; NULL without one
 * @reserved: zeros
 *
 * One that is all zeros is as barlease_device_open() with BARLEASE_BACKEND_ANY.
 */
struct barlease_device_options {
	enum barlease_backend backend;
	unsigned int flags;
	const char *vf_token;
	uint64_t reserved[8];
};

/**
 * barlease_device_open_with() - open a PCI device through VFIO, with more to say
 * @bdf: as barlease_pci_address() takes it
 * @options: how
 * @device: receives the device, for barlease_device_close()
 *
 * A token that the device does not need is not looked at.
 *
 * Return: as barlease_device_open(); -ENOKEY the VF needs a token, which
 * barlease_device_open() can return as well; -EKEYREJECTED it has another one;
 * -EINVAL also: a token that is no UUID, an unknown flag, or @reserved is not
 * zeros.
 */
int barlease_device_open_with(const char *bdf,
			      const struct barlease_device_options *options,
			      struct barlease_device **device);

/**
 * barlease_device_wrap() - use a VFIO device fd that the caller has
 * @fd: stays open, and the caller's, beyond barlease_device_close()
 * @device: receives the device
 *
 * Return: 0; -EBADF; -EINVAL not the fd of a VFIO PCI device; -ENOMEM.
 */
int barlease_device_wrap(int fd, struct barlease_device **device);

/**
 * struct barlease_handover - what another process needs to go on with a device
 * @backend: the way in which it is open; never BARLEASE_BACKEND_ANY
 * @ioas: number of its address space there (BARLEASE_BACKEND_IOMMUFD); 0 for none
 * @device: fd of the device
 * @group, @container: with a group, else -1; devices of one group have the same
 * @iommufd: with BARLEASE_BACKEND_IOMMUFD, else -1; all devices of a process have
 *   the same
 * @reserved: zeros
 */
struct barlease_handover {
	enum barlease_backend backend;
	uint32_t ioas;
	int device;
	int group;
	int container;
	int iommufd;
	uint64_t reserved[8];
};

/**
 * barlease_device_save() - what another process needs to go on with a device
 * @device: one that was opened, not wrapped
 * @handover: receives it; the fds stay the device's
 *
 * As long as somebody has these fds open, the device is: leases, interrupts and
 * memory are as they were, whatever becomes of this process. @ioas changes when the
 * device is given an address space, which barlease_device_address_space() does.
 *
 * Return: 0; -EINVAL it was wrapped.
 */
int barlease_device_save(const struct barlease_device *device,
			 struct barlease_handover *handover);

/**
 * barlease_device_restore() - go on with a device that another process had open
 * @bdf: as barlease_pci_address() takes it
 * @handover: of barlease_device_save(), with this process' numbers of the fds, which
 *   stay the caller's: they may be closed
 * @device: receives the device, for barlease_device_close()
 *
 * Return: 0; -EINVAL an unknown backend, @reserved is not zeros, or the fds are not
 * those of this device; -ENODEV no such device; -EBUSY this process has the same
 * group, or devices of another iommufd, open already; -EBADF, -EMFILE, -ENOMEM.
 */
int barlease_device_restore(const char *bdf,
			    const struct barlease_handover *handover,
			    struct barlease_device **device);

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
#define BARLEASE_CAN_PAUSE	(1u << 5) /* barlease_pause(), and BARLEASE_ONES */

/* Found out when the device was opened */
unsigned int barlease_device_caps(const struct barlease_device *device);

#define BARLEASE_BARS 6

/**
 * struct barlease_bar - a BAR as VFIO shows it
 * @offset: in the VFIO device fd, for mmap(), pread() and pwrite()
 * @size: in bytes; 0 for a BAR that the device does not have
 * @mappable: whether it can be mapped, and leased; a BAR of less than a page
 *   that has its page to itself is leased as all of that page
 */
struct barlease_bar {
	uint64_t offset;
	uint64_t size;
	bool mappable;
	uint64_t reserved[4];
};

/* Return: 0; -EINVAL @index is not below BARLEASE_BARS; errors of ioctl() */
int barlease_device_bar(const struct barlease_device *device,
			unsigned int index, struct barlease_bar *bar);

/* The most vectors that a device has: more than MSI-X cannot number */
#define BARLEASE_VECTORS_MAX	2048u

/* What a device interrupts by; of several, the last that it has counts */
enum barlease_interrupt_kind {
	BARLEASE_NO_INTERRUPTS,
	BARLEASE_INTX,		/* a line: masked by each interrupt, see below */
	BARLEASE_MSI,
	BARLEASE_MSIX_VECTORS,
};

/**
 * struct barlease_interrupts - the interrupts that a device has
 * @kind: the kind that is used
 * @nr: how many vectors of that kind; of INTx 1
 */
struct barlease_interrupts {
	enum barlease_interrupt_kind kind;
	unsigned int nr;
	uint64_t reserved[2];
};

/**
 * barlease_device_interrupts() - what interrupts a device has
 * @device: the device
 * @interrupts: receives it
 *
 * Return: 0; errors of ioctl().
 */
int barlease_device_interrupts(const struct barlease_device *device,
			       struct barlease_interrupts *interrupts);

/**
 * barlease_device_enable_interrupts() - switch all vectors on, with nobody behind
 * @device: the device
 *
 * Not every device can have vectors added later on, so all of them are on before
 * the first gets an eventfd. Those that are on stay as they are. The device is made
 * bus master, for a message is a write to memory. INTx has nothing to switch on.
 *
 * Return: how many vectors there are to use, which may be fewer than the device
 * has; -ENODEV it has no interrupts; errors of ioctl().
 */
int barlease_device_enable_interrupts(const struct barlease_device *device);

/**
 * barlease_device_set_interrupt() - who is told of a vector's interrupts
 * @device: the device
 * @vector: counted from 0
 * @eventfd: is signalled by each from now on, in place of any other; -1: nobody is.
 *   Stays the caller's, who may close it
 *
 * After one that returns 0, an eventfd that was there before is not signalled any
 * more. An INTx masks itself: it comes again when it is unmasked, see
 * barlease_device_set_unmask(), or gets another eventfd; at once where the line is
 * high by then.
 *
 * Return: 0; -EINVAL no such vector, or no eventfd; -ENODEV no interrupts; errors
 * of ioctl().
 */
int barlease_device_set_interrupt(const struct barlease_device *device,
				  unsigned int vector, int eventfd);

/**
 * barlease_device_set_unmask() - who unmasks the device's INTx
 * @device: a device whose INTx has an eventfd
 * @eventfd: a write to it unmasks; -1 takes it away. Stays the caller's
 *
 * It takes the place of any other. It goes when the INTx' own eventfd is taken away,
 * and stays when that one is replaced.
 *
 * Return: 0; -EINVAL no eventfd, or the INTx has never had one; -ENODEV no INTx; errors
 * of ioctl().
 */
int barlease_device_set_unmask(const struct barlease_device *device,
			       int eventfd);

/**
 * barlease_device_set_master() - may the device write to memory, and read it?
 * @device: the device
 * @on: whether its DMA and its messages (MSI) are let through
 *
 * Return: 0; errors of VFIO.
 */
int barlease_device_set_master(const struct barlease_device *device, bool on);

/**
 * struct barlease_address_space - where the DMA of a device goes
 * @id: the same for devices that share one, as those of an IOMMU group do
 * @granule: addresses and sizes of pieces are multiples of it, in bytes
 * @ranges: of addresses that the IOMMU and the kernel leave to be used; for free()
 * @nr_ranges: how many
 */
struct barlease_address_space {
	uint64_t id;
	uint64_t granule;
	struct barlease_range *ranges;
	size_t nr_ranges;
	uint64_t reserved[4];
};

/**
 * barlease_device_address_space() - the address space that a device has
 * @device: the device
 * @space: receives it
 *
 * Where it has none yet, it is given an empty one.
 *
 * Return: 0; -EOPNOTSUPP a device without an IOMMU, or one whose fd was wrapped and
 * whose owner has not called barlease_device_use_space(); -ENOMEM; errors of
 * ioctl().
 */
int barlease_device_address_space(const struct barlease_device *device,
				  struct barlease_address_space *space);

/**
 * barlease_device_use_space() - say what address space a wrapped device has
 * @device: from barlease_device_wrap()
 * @fd: of its container, or of the iommufd that it is attached to; stays the
 *   caller's, and open for as long as @device
 * @ioas: of the iommufd; 0 with a container
 *
 * Return: 0; -EINVAL not a wrapped device, or neither of the two.
 */
int barlease_device_use_space(struct barlease_device *device, int fd,
			      uint32_t ioas);

/**
 * struct barlease_dma - memory that a device is to reach
 * @memory: fd of a file in memory, such as a memfd; stays the caller's
 * @offset: in it, in bytes
 * @length: in bytes
 * @address: where the device is to find it
 * @flags: BARLEASE_READ_ONLY: the device cannot write to it
 *
 * All but @memory and @flags are multiples of the address space's granule, @offset and
 * @length also of the size of a page of @memory, which may be a huge one.
 */
struct barlease_dma {
	int memory;
	uint64_t offset;
	uint64_t length;
	uint64_t address;
	unsigned int flags;
	uint64_t reserved[2];
};

/**
 * barlease_device_map() - map memory for a device
 * @device: one that has an address space
 * @dma: what, and where
 *
 * The kernel pins the pages, and counts them as locked memory of this process
 * (RLIMIT_MEMLOCK).
 *
 * Return: 0; -EINVAL not aligned, an unknown flag, or reserved is not 0; -EEXIST
 * something is mapped there; -ENOMEM also: more than the process may lock; -EFAULT
 * no such memory; -EACCES @memory cannot be written to; -ENOSPC as many mappings as
 * there may be; -EOPNOTSUPP no address space; others of mmap() and ioctl().
 */
int barlease_device_map(const struct barlease_device *device,
			const struct barlease_dma *dma);

/**
 * barlease_device_unmap() - the device reaches this memory no more
 * @device: one that has an address space
 * @address: of something that was mapped
 * @length: all of it, in bytes
 *
 * Return: 0; -ENOENT nothing is mapped there; errors of ioctl().
 */
int barlease_device_unmap(const struct barlease_device *device,
			  uint64_t address, uint64_t length);

/* Is there a reset that is this device's alone? */
bool barlease_device_can_reset(const struct barlease_device *device);

/* Return: 0; -EOPNOTSUPP the device cannot be reset; errors of ioctl() */
int barlease_device_reset(const struct barlease_device *device);

/* Bytes of a BAR; both in bytes, both multiples of the page size */
struct barlease_range {
	uint64_t offset;
	uint64_t length;
};

/* Of the MSI-X table, and of the pending bits */
#define BARLEASE_MSIX_RANGES 2

/**
 * barlease_device_msix() - which pages of a BAR are for MSI-X
 * @device: the device
 * @bar: index, below BARLEASE_BARS
 * @ranges: receives them, in whole pages; those of the table and those of the
 *   pending bits may be the same
 *
 * Who can write to the table chooses where the device's interrupts go. So these
 * pages are leased only where BARLEASE_MSIX asks for that.
 *
 * Return: how many ranges; 0 where the device has no MSI-X, or not in this BAR;
 * -EINVAL @bar is not below BARLEASE_BARS.
 */
int barlease_device_msix(const struct barlease_device *device,
			 unsigned int bar,
			 struct barlease_range ranges[BARLEASE_MSIX_RANGES]);

#define BARLEASE_READ_ONLY	(1u << 0)
#define BARLEASE_MSIX		(1u << 3)
#define BARLEASE_ONES		(1u << 6)

/**
 * barlease_export() - make a lease: ranges of a BAR as one DMABUF
 * @device: a device that can
 * @bar: index, below BARLEASE_BARS
 * @ranges: in the order in which the lease shows them; they may overlap
 * @nr_ranges: how many
 * @flags: BARLEASE_READ_ONLY; BARLEASE_MSIX for a lease that may have pages of
 *   barlease_device_msix(); BARLEASE_ONES for one whose mappings read all ones when it
 *   is over, and take writes that go nowhere, instead of SIGBUS
 *
 * Return: the DMABUF's fd, close-on-exec and the caller's; -ENOTTY the driver
 * cannot export; -EOPNOTSUPP it has no such end; -EPERM it would have such pages,
 * unasked; else as
 * VFIO_DEVICE_FEATURE_DMA_BUF in <linux/barlease.h>.
 */
int barlease_export(const struct barlease_device *device, unsigned int bar,
		    const struct barlease_range *ranges, size_t nr_ranges,
		    unsigned int flags);

/**
 * barlease_revoke() - take a lease back for good
 * @device: whose export it is
 * @lease: any fd of the DMABUF; stays open, and the caller's
 *
 * When it returns 0 or -EBADFD, nobody reaches the device through the lease. For
 * other devices that have it, it waits until they have given it back.
 *
 * Return: 0; -EBADFD revoked before; -ENOTTY the driver cannot revoke; else as
 * VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE.
 */
int barlease_revoke(const struct barlease_device *device, int lease);

/**
 * struct barlease_importers - other devices that have a lease
 * @attached: how many are attached to it
 * @mapped: how many mappings they have; 0 once it is revoked
 */
struct barlease_importers {
	unsigned int attached;
	unsigned int mapped;
	uint64_t reserved[2];
};

/**
 * barlease_importers() - count the devices that have a lease
 * @device: whose export it is
 * @lease: any fd of the DMABUF
 * @importers: receives the numbers
 *
 * Return: 0; -ENOTTY no device can have one, or the driver cannot tell; else as
 * BARLEASE_FEATURE_DMA_BUF_IMPORTERS in <linux/barlease.h>.
 */
int barlease_importers(const struct barlease_device *device, int lease,
		       struct barlease_importers *importers);

/**
 * struct barlease_state - what is left of a lease
 * @revoked: whether it was taken back
 * @paused: whether accesses wait, see barlease_pause()
 * @attached: other devices that are attached to it
 * @mapped: mappings that they have
 * @references: everything that keeps the DMABUF: fds, mappings, devices, fds on
 *   their way through a socket. 1: nobody has it but by the fd that was asked for
 */
struct barlease_state {
	bool revoked;
	bool paused;
	unsigned int attached;
	unsigned int mapped;
	unsigned int references;
	uint64_t reserved[4];
};

/**
 * barlease_get_state() - what is left of a lease
 * @device: whose export it is; NULL where that is closed
 * @lease: any fd of the DMABUF
 * @state: receives it. Where the driver cannot tell, or @device is NULL,
 *   @references is the only thing that is known
 *
 * Return: 0; as barlease_revoke(); of reading /proc, where that is needed.
 */
int barlease_get_state(const struct barlease_device *device, int lease,
		       struct barlease_state *state);

/**
 * barlease_begin_revoke() - take a lease back, and do not wait for devices
 * @device: whose export it is
 * @lease: any fd of the DMABUF; stays open, and the caller's
 * @state: receives what is left of it, as barlease_get_state(); may be NULL
 *
 * No process reaches the device through the lease when this returns 0; other
 * devices do not when @mapped is 0, or has become so. With a driver that can do
 * no such thing it waits, as barlease_revoke() does.
 *
 * Return: 0, also where it was revoked before; else as barlease_revoke().
 */
int barlease_begin_revoke(const struct barlease_device *device, int lease,
			  struct barlease_state *state);

/**
 * barlease_pause() - nobody reaches the device through a lease for now
 * @device: whose export it is
 * @lease: any fd of the DMABUF; stays open, and the caller's
 *
 * Processes do not when this returns: an access waits until barlease_resume(), or
 * until the lease is over. Of a system call it is an error (EFAULT). Other devices are
 * told to give it back, and have when barlease_get_state() says that nothing is mapped.
 * To pause what is paused is no error.
 *
 * Return: 0; -EBADFD it is revoked; -EOPNOTSUPP the driver cannot do that; else as
 * BARLEASE_FEATURE_DMA_BUF_STATE in <linux/barlease.h>.
 */
int barlease_pause(const struct barlease_device *device, int lease);

/* The end of that, no error where there is none. Return: the same */
int barlease_resume(const struct barlease_device *device, int lease);

enum barlease_memattr {
	BARLEASE_NC,	/* uncached; what a new lease has */
	BARLEASE_WC,	/* write-combining */
};

/* For mappings to come. Return: 0; -EOPNOTSUPP this machine cannot; -ENOTTY */
int barlease_set_memattr(const struct barlease_device *device, int lease,
			 enum barlease_memattr memattr);

/* Return: an enum barlease_memattr; or a negative errno */
int barlease_get_memattr(const struct barlease_device *device, int lease);

/**
 * barlease_device_set_bar_memattr() - attribute of ordinary BAR maps to come
 * @device: a device that can
 * @bar: index, below BARLEASE_BARS
 * @offset: where in the BAR, in bytes, a multiple of the page size
 * @length: in bytes, the same; 0 is all from @offset on
 * @memattr: what an mmap() of the device's fd is to have there
 *
 * Until the last close of the device. Maps that exist keep theirs; leases have
 * one of their own, see barlease_set_memattr().
 *
 * Return: 0; -EOPNOTSUPP this machine cannot; -ENOTTY the driver cannot; else
 * as BARLEASE_FEATURE_BAR_MEMATTR in <linux/barlease.h>.
 */
int barlease_device_set_bar_memattr(const struct barlease_device *device,
				    unsigned int bar, uint64_t offset,
				    uint64_t length,
				    enum barlease_memattr memattr);

/**
 * barlease_device_get_bar_memattr() - what a BAR map would have now
 * @device: a device that can
 * @bar: index, below BARLEASE_BARS
 * @offset: where in the BAR, in bytes, a multiple of the page size
 * @length: receives how far from there on, in bytes; may be NULL
 *
 * Return: an enum barlease_memattr; or a negative errno, as above.
 */
int barlease_device_get_bar_memattr(const struct barlease_device *device,
				    unsigned int bar, uint64_t offset,
				    uint64_t *length);

/**
 * barlease_mapped_as() - what the page table says of a mapping
 * @device: whose BAR, or whose lease, is mapped
 * @address: in the mapping, which must be this process's
 * @page_size: receives the size of the page there, in bytes; may be NULL
 *
 * What is not there yet is put there as by an access, but is not accessed. The
 * answer is what the processor does, whatever was asked for when it was mapped.
 *
 * Return: an enum barlease_memattr; or -ERANGE neither of those; -ENXIO an access
 * would be SIGBUS; -EFAULT nothing is mapped there; -ENODEV nothing of @device;
 * -ENOTTY the driver cannot tell.
 */
int barlease_mapped_as(const struct barlease_device *device,
		       const volatile void *address, size_t *page_size);

/* What /proc/PID/maps is to show. At most 31 bytes. Return: 0; -EINVAL; ... */
int barlease_set_name(int lease, const char *name);

/* ---- Mapping: everybody's side ----------------------------------------- */

/**
 * struct barlease_alignment - where a lease lies physically, as far as it is
 *	worth knowing: huge pages need an address congruent to it
 * @align: a power of two, as much as helps: the size of a page, of a huge page, or of
 *	those that one page fault brings in (4 KiB, 2 MiB and 1 GiB; where pages have
 *	16 KiB, 16 KiB, 32 MiB and 64 GiB)
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
 * locks or memory that nobody else knows of. @fn may leave by an exception, and
 * by longjmp() itself, which ends the guard. Guards nest, up to 16. A signal
 * handler that interrupts @fn is not in its guard, but may have guards of its
 * own. A SIGBUS of any other address goes to the handler that the application
 * had when the first guard ran (or when it last called
 * barlease_guard_install()). The thread must not have SIGBUS blocked: the kernel
 * ends the process then.
 *
 * No system call, but for those of the first guard in a process, and one where
 * it returns -ESTALE.
 *
 * Return: what @fn returns; -ESTALE the mapping was revoked, or the device's
 * memory decode is off; -ENOBUFS too many guards in each other, or -ENOMEM the
 * handler could not be installed, and @fn was not called.
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
int barlease_read8(const volatile void *address, uint8_t *value);
int barlease_write8(volatile void *address, uint8_t value);
int barlease_read16(const volatile void *address, uint16_t *value);
int barlease_write16(volatile void *address, uint16_t value);
int barlease_read32(const volatile void *address, uint32_t *value);
int barlease_write32(volatile void *address, uint32_t value);
int barlease_read64(const volatile void *address, uint64_t *value);
int barlease_write64(volatile void *address, uint64_t value);

/**
 * barlease_copy_from() - copy out of a mapping that may be revoked meanwhile
 * @to: ordinary memory
 * @from: of the mapping, or of a part of it
 * @size: in bytes
 *
 * Reads each byte of @from once, from the first to the last, by aligned accesses
 * as wide as there is room for, up to the size of a long. So a range that is
 * aligned to that, at both ends, is read in nothing smaller.
 *
 * Return: 0; -ESTALE and what is in @to then is not said; -ENOBUFS and -ENOMEM
 * as of barlease_guard().
 */
int barlease_copy_from(void *to, const volatile void *from, size_t size);

/* The same into a mapping; how much of it has been written is not said, either */
int barlease_copy_to(volatile void *to, const void *from, size_t size);

/* ---- Vending: the primary's side of the lease protocol ------------------ */

/* Longest name of a slice, with its NUL */
#define BARLEASE_NAME_MAX 64

#define BARLEASE_EXCLUSIVE	(1u << 1)
#define BARLEASE_RESET		(1u << 4)

/**
 * struct barlease_slice - something to be leased
 * @name: what clients ask for; letters, digits, and any of "._-"
 * @group: NULL, or a name that several slices share, for clients that take any
 *   one of them
 * @bar: index
 * @ranges: of the BAR, in the order in which a lease shows them
 * @nr_ranges: how many
 * @flags: BARLEASE_READ_ONLY, BARLEASE_EXCLUSIVE (one holder at a time, and
 *   nobody who holds a slice that shares bytes with it), BARLEASE_MSIX (may
 *   have pages of barlease_device_msix()), BARLEASE_RESET (its device is reset
 *   before the slice has another holder: see ops' @reset), BARLEASE_ONES (all its
 *   leases end so, whether their holders ask for it or not)
 * @memattr: attribute of its leases
 * @max_holders: most leases at a time; 0 for any number
 * @per_user: most of those that one user may have; where the slice has a group,
 *   of the group's together. 0 for any number
 * @context: whatever its owner wants to know it by
 * @first_vector: of the device's interrupts, counted from 0
 * @nr_vectors: how many of them are the holder's; 0 for none
 * @dma: bytes of memory that the holder may let the device reach; 0 for none
 * @dma_align: of the addresses that are for that; a power of two, or 0 for what
 *   suits
 * @dma_base: the lowest address that the device can use; 0 for any
 * @grace: how long before the end of its term a holder is told of it, in
 *   milliseconds; 0: it is not
 * @max_term: how long a lease lasts unless it is renewed, and how far it can be
 *   renewed, in milliseconds; 0: it has no end of its own
 * @reserved: 0
 *
 * Interrupts and memory are for slices that are BARLEASE_EXCLUSIVE. No two slices
 * have the same vector, nor addresses in common. All of a device's memory is in one
 * address space: a device that lets one of its queues name the addresses of another
 * one does not keep their holders apart. A VF of its own does.
 */
struct barlease_slice {
	const char *name;
	const char *group;
	unsigned int bar;
	const struct barlease_range *ranges;
	size_t nr_ranges;
	unsigned int flags;
	enum barlease_memattr memattr;
	unsigned int max_holders;
	unsigned int per_user;
	void *context;
	unsigned int first_vector;
	unsigned int nr_vectors;
	uint64_t dma;
	uint64_t dma_align;
	uint64_t dma_base;
	uint64_t grace;
	uint64_t max_term;
	uint64_t reserved[2];
};

/**
 * struct barlease_peer - who is at the other end, as the kernel says
 * @groups: supplementary groups
 * @listener: by which of barlease_server_add_listener()'s it has come; NULL: by the
 *   server's first one
 * @cgroup: where it was then, as /proc/PID/cgroup says, from "/" on; NULL: the server
 *   does not look (barlease_server_see_cgroups()), or it was gone by then
 *
 * Where this process is in a user namespace, the kernel has one number for all
 * users that are not: no peer with that number is ever let in.
 */
struct barlease_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t nr_groups;
	const char *listener;
	const char *cgroup;
	uint64_t reserved[2];
};

/* Why a lease ended. There may be more of them one day. */
enum barlease_reason {
	BARLEASE_RELEASED,	/* its holder gave it back */
	BARLEASE_DISCONNECTED,	/* its holder is gone */
	BARLEASE_ORDERED,	/* barlease_server_revoke() */
	BARLEASE_FORBIDDEN,	/* no longer allowed, or no longer a slice */
	BARLEASE_SHUTDOWN,	/* the server ends */
	BARLEASE_GONE,		/* its device is gone */
	BARLEASE_EXPIRED,	/* its term is over */
};

/**
 * enum barlease_lease_state - how far a lease is on its way
 * @BARLEASE_HELD: somebody has it
 * @BARLEASE_ENDING: no process reaches the device through it any more, but
 *   another device still may; its bytes are nobody else's until it does not
 * @BARLEASE_KEPT: it has ended, but its DMABUF is still open somewhere; it counts
 *   as one of its user's
 */
enum barlease_lease_state {
	BARLEASE_HELD,
	BARLEASE_ENDING,
	BARLEASE_KEPT,
};

/**
 * struct barlease_holding - a lease, as its server sees it
 * @id: for barlease_server_revoke()
 * @state: how far it is
 * @reason: why it has ended; where it is held, why it is about to, if @ends
 * @slice: name of the slice, even where there is no such slice any more
 * @context: the slice's; NULL where there is none any more
 * @peer: who has it, or had
 * @fd: of the DMABUF; the server's
 * @since: when it was acquired, in seconds since the epoch
 * @vectors: interrupts of the device that go to its holder
 * @dma: bytes of its holder's memory that the device reaches
 * @ends: when it will be revoked, in milliseconds since the epoch; 0: not known
 * @paused: 0: it is not; else until when, likewise; INT64_MAX: until it is resumed
 *
 * Valid for the call that it is an argument of.
 */
struct barlease_holding {
	uint32_t id;
	enum barlease_lease_state state;
	enum barlease_reason reason;
	const char *slice;
	void *context;
	const struct barlease_peer *peer;
	int fd;
	int64_t since;
	unsigned int vectors;
	uint64_t dma;
	int64_t ends;
	int64_t paused;
};

/**
 * struct barlease_server_ops - what a server asks and tells; each may be NULL
 * @size: sizeof(struct barlease_server_ops), from which the library knows what
 *   its caller was compiled with
 * @welcome: may this peer have anything at all? Whoever may not is told so and
 *   hung up on. NULL: everybody may
 * @allowed: may this peer have (and see) this slice? NULL: everybody may
 * @acquired: a lease was handed out
 * @ended: a lease has ended: nothing reaches the device through it any more,
 *   unless @refused has just said that the kernel would not
 * @refused: a peer was refused something, or misbehaved; for a log
 * @reset: a lease of a slice with BARLEASE_RESET is over, and its device has to be
 *   reset before it has another holder. barlease_server_suspend() is done; reset it,
 *   soon, wherever you like, and call barlease_server_resume(). NULL: the server
 *   does it itself, there and then
 * @ending: the holder of a lease has been told when, and why, it will be revoked
 * @paused: a lease was paused, or resumed, as it says itself
 *
 * None may call a function on the server.
 */
struct barlease_server_ops {
	size_t size;
	bool (*welcome)(void *data, const struct barlease_peer *peer);
	bool (*allowed)(void *data, const struct barlease_peer *peer,
			const char *slice, void *context);
	void (*acquired)(void *data, const struct barlease_holding *lease);
	void (*ended)(void *data, const struct barlease_holding *lease);
	void (*refused)(void *data, const struct barlease_peer *peer,
			const char *why);
	void (*reset)(void *data, const struct barlease_device *device);
	void (*ending)(void *data, const struct barlease_holding *lease);
	void (*paused)(void *data, const struct barlease_holding *lease);
};

struct barlease_server;

/*
 * A listening SOCK_SEQPACKET socket at this path; the caller's fd. Takes the
 * place of a socket that nobody listens at any more, and of nothing else. Return:
 * the fd; -EADDRINUSE; -ENAMETOOLONG; others of bind().
 */
int barlease_listen(const char *path, mode_t mode);

/**
 * barlease_server_new() - a server without slices
 * @listener: listening SOCK_SEQPACKET Unix socket, from barlease_listen() or
 *   from systemd; stays the caller's, and open for as long as the server lives.
 *   Gets O_NONBLOCK.
 * @ops: copied; or NULL
 * @data: for @ops
 * @server: receives the server
 *
 * Return: 0; -EBADF; -EINVAL no such socket, or a size that no @ops has; -ENOMEM,
 * -EMFILE.
 */
int barlease_server_new(int listener, const struct barlease_server_ops *ops,
			void *data, struct barlease_server **server);

/* All who come by it count as one user, whatever uids they have */
#define BARLEASE_ONE_USER	(1u << 0)

/**
 * barlease_server_add_listener() - one more socket that clients come by
 * @server: the server
 * @listener: as for barlease_server_new(), open until barlease_server_remove_listener()
 * @name: for struct barlease_peer; 1 to BARLEASE_NAME_MAX - 1 letters, digits, ".",
 *   "_" and "-". Leases that outlive the process go on as those of this name's
 * @flags: 0 or BARLEASE_ONE_USER
 *
 * A user who comes by two of them counts as two, in struct barlease_limits and in
 * &barlease_slice.per_user: whoever is given a socket of its own has room of its own.
 * Who can have any number of uids, as root in a container can, has no more by that with
 * BARLEASE_ONE_USER.
 *
 * Return: 0; -EEXIST there is one of this name; -EINVAL no such socket, no name, or
 * unknown flags; -EBADF; -ENOMEM; errors of epoll_ctl().
 */
int barlease_server_add_listener(struct barlease_server *server, int listener,
				 const char *name, unsigned int flags);

/**
 * barlease_server_remove_listener() - nobody comes by it any more, nor has by now
 * @server: the server
 * @name: of barlease_server_add_listener(), or of a listener that an earlier process
 *   had and this one has not
 * @listener: receives the socket, to be closed; -1 where there was none; or NULL
 *
 * Those who have come by it are hung up on, and what they have is revoked
 * (BARLEASE_FORBIDDEN).
 *
 * Return: how many leases were revoked.
 */
unsigned int barlease_server_remove_listener(struct barlease_server *server,
					     const char *name, int *listener);

/**
 * barlease_server_see_cgroups() - look where clients are when they connect
 * @server: the server
 * @see: or not, as at first
 *
 * For those who come from now on. It takes a look at /proc for each, which is why it
 * is not done unasked.
 */
void barlease_server_see_cgroups(struct barlease_server *server, bool see);

/**
 * struct barlease_limits - how much there may be at a time; 0 for any number
 * @connections: all together. Where there are so many, one that has nothing goes
 *   for each that comes, the one longest without a request first
 * @leases: all together, with those that have ended but are still kept open
 * @user_connections: of one uid at one listener
 * @user_leases: of all connections of one uid, with those it still keeps
 * @dma: bytes that devices reach of the memory of all holders
 * @user_dma: the same of all connections of one uid
 * @reserved: 0
 *
 * Each connection and each lease costs the server a file descriptor.
 */
struct barlease_limits {
	unsigned int connections;
	unsigned int leases;
	unsigned int user_connections;
	unsigned int user_leases;
	uint64_t dma;
	uint64_t user_dma;
	uint64_t reserved[2];
};

/**
 * barlease_server_set_limits() - from now on; what is there already stays
 *
 * A connection beyond the limit of its user is told -EDQUOT and hung up on, one
 * beyond all is told -EUSERS; a lease beyond them is -EDQUOT, or -EUSERS.
 *
 * Return: 0; -EINVAL something reserved is not 0.
 */
int barlease_server_set_limits(struct barlease_server *server,
			       const struct barlease_limits *limits);

/*
 * The next lease has this number, and later ones have higher ones; 0 counts as 1.
 * For owners who remember how far they came, so that no number comes back.
 */
void barlease_server_number_from(struct barlease_server *server, uint32_t id);

/**
 * struct barlease_keeper - who keeps what it takes to go on in another process
 * @size: sizeof(struct barlease_keeper), see struct barlease_server_ops
 * @write: one more line of what there is, without an end of line, for
 *   barlease_server_take_over(). NULL: one is lost for want of memory, and so all
 *   that was written is good for nothing
 * @store: keep a copy of an fd under a name that no other one has. NULL: they stay
 *   in this process, which is to become the other one (execve())
 * @drop: forget it again
 * @serves: a request of this connection is about to be read; 0: it has been
 *   answered. May be NULL with @store
 * @device_name: what a device is called in the lines; without blanks
 *
 * None may call a function on the server, nor fail: what cannot be kept is for the
 * keeper to make up for, best by keeping nothing at all.
 */
struct barlease_keeper {
	size_t size;
	void (*write)(void *data, const char *line);
	void (*store)(void *data, const char *name, int fd);
	void (*drop)(void *data, const char *name);
	void (*serves)(void *data, uint32_t connection);
	const char *(*device_name)(void *data,
				   const struct barlease_device *device);
};

/**
 * barlease_server_keep() - from now on, have written down what there is
 * @server: the server
 * @keeper: copied; NULL: no longer
 * @data: for @keeper
 *
 * All that is there by now is written, and stored, before this returns; so to call
 * it again makes what was written shorter. Later changes are before they count: a
 * client has no lease of which the keeper does not know. With @store, clients of this
 * server get tokens, by which they can come back to a successor.
 *
 * Return: 0; -EINVAL a size that no @keeper has, or one without @write or
 * @device_name.
 */
int barlease_server_keep(struct barlease_server *server,
			 const struct barlease_keeper *keeper, void *data);

/*
 * Connections that wait for an answer, or have not read all that they were sent: a
 * successor cannot go on with those. For a server that is about to be taken over
 */
unsigned int barlease_server_unsettled(const struct barlease_server *server);

/**
 * struct barlease_estate - what another process has left
 * @size: sizeof(struct barlease_estate), see struct barlease_server_ops
 * @text: all lines, each with its end; those of others are passed over
 * @served: what @serves was last called with
 * @reconnect: how long leases wait for clients whose connection is lost, in
 *   milliseconds
 * @fd: the fd that was stored under this name, as one of the caller's from now on,
 *   whoever the caller is; or -1
 * @device: the device of this name, or NULL where it is not there any more
 * @lost: what is not taken over, and why, in words; or NULL
 * @unsafe: there is a lease of this device that nobody can revoke, for its fd is
 *   missing: once its server is done, it has to be closed
 */
struct barlease_estate {
	size_t size;
	const char *text;
	uint32_t served;
	uint64_t reconnect;
	int (*fd)(void *data, const char *name);
	const struct barlease_device *(*device)(void *data, const char *name);
	void (*lost)(void *data, const char *what);
	void (*unsafe)(void *data, const struct barlease_device *device);
};

/**
 * barlease_server_take_over() - go on where another process has left off
 * @server: a new one, with nothing on offer
 * @estate: what there is
 * @data: for @estate
 *
 * Slices that somebody has are on offer again as they were, leases are held by the
 * same connections, or wait for those who have a token, and pauses, terms and those
 * who wait are as before. What is to be on offer from now on is for
 * barlease_server_set_slices() to say, which is to be next; until then nobody is
 * served.
 *
 * What does not fit together is not taken over. A lease that cannot be is revoked.
 *
 * Return: how many leases are held; -EINVAL a size that no @estate has, or the server
 * is not new; -EPROTO lines of another version, or of no server; -ENOMEM.
 */
int barlease_server_take_over(struct barlease_server *server,
			      const struct barlease_estate *estate, void *data);

/* Revokes everything, and tells everybody. NULL is fine. */
void barlease_server_free(struct barlease_server *server);

/* To poll for reading, in any event loop; the server's */
int barlease_server_fd(const struct barlease_server *server);

/**
 * barlease_server_dispatch() - do what there is to do, and never wait
 *
 * Return: 0; -ENOMEM and the like, where the server itself is in trouble. What
 * peers do is never an error here.
 */
int barlease_server_dispatch(struct barlease_server *server);

/**
 * barlease_server_add_slice() - offer a slice
 * @server: the server
 * @device: whose BAR it is; stays open until barlease_server_remove_device(), or
 *   for as long as the server lives
 * @slice: copied
 *
 * Return: 0; -EINVAL a bad name, flag or range, or something reserved is not 0;
 * -EEXIST the name is taken, or another slice has one of its vectors; -ENODEV no BAR
 * that can be leased, or no interrupts; -ENOTTY a driver that cannot do it; -EPERM
 * pages of barlease_device_msix() without BARLEASE_MSIX; -EOPNOTSUPP no address space
 * for its memory, or no reset; -ENOSPC no addresses left there; -ENOMEM; errors of VFIO.
 */
int barlease_server_add_slice(struct barlease_server *server,
			      const struct barlease_device *device,
			      const struct barlease_slice *slice);

/* A slice and its device, for barlease_server_set_slices() */
struct barlease_offer {
	const struct barlease_device *device;
	struct barlease_slice slice;
};

/**
 * barlease_server_set_slices() - offer these slices, and no others
 * @server: the server
 * @offers: as for barlease_server_add_slice()
 * @nr_offers: how many
 * @bad: receives which of them is at fault, where one is; may be NULL
 *
 * All of it, or nothing: with an error, nothing has changed. Leases of a slice
 * that was there before go on if it is the same but for its context, limits and
 * who is allowed; those of others end with BARLEASE_FORBIDDEN, and so do those
 * that allowed() is against now.
 *
 * Return: 0; as barlease_server_add_slice(); with an error that no offer has
 * caused, *@bad is @nr_offers.
 */
int barlease_server_set_slices(struct barlease_server *server,
			       const struct barlease_offer *offers,
			       size_t nr_offers, size_t *bad);

/* Revokes its leases (BARLEASE_FORBIDDEN). Return: 0; -ENOENT */
int barlease_server_remove_slice(struct barlease_server *server,
				 const char *name);

/*
 * No more slices of this device, which may be closed then. Revokes their leases
 * (BARLEASE_GONE).
 */
void barlease_server_remove_device(struct barlease_server *server,
				   const struct barlease_device *device);

/**
 * barlease_server_revoke() - end a lease (BARLEASE_ORDERED)
 *
 * Return: 0; -EINPROGRESS no process reaches the device through it any more, but
 * another device still does, and ended() tells when it does not; -ENOENT no such
 * lease; others of barlease_revoke(), and it has not ended.
 */
int barlease_server_revoke(struct barlease_server *server, uint32_t id);

/**
 * barlease_server_revoke_after() - the same, when its holder has had time to finish
 * @server: the server
 * @id: of the lease
 * @grace: how much, in milliseconds; 0: none
 *
 * The holder is told, and may give it back until then. Where its end was due sooner,
 * it stays due then. ended() tells when it is over.
 *
 * Return: -EINPROGRESS; -ENOENT no such lease. Where no time is left, as
 * barlease_server_revoke().
 */
int barlease_server_revoke_after(struct barlease_server *server, uint32_t id,
				 uint64_t grace);

/**
 * barlease_server_pause_lease() - nobody reaches the device through a lease for now
 * @server: the server
 * @id: of the lease
 * @time: for how long, in milliseconds; BARLEASE_FOREVER: until
 *   barlease_server_resume_lease()
 *
 * Accesses wait, see barlease_pause(); the holder is told. Interrupts and memory that go
 * with it stay. It can be given back, revoked, and be over meanwhile. To pause it again
 * changes for how long.
 *
 * Return: 0; -EINPROGRESS no process reaches the device, but another device still does
 * until it has given the lease back; -ENOENT no such lease, or it has ended; -EINVAL a
 * time of nothing; -EOPNOTSUPP the driver cannot do that; others of barlease_pause().
 */
int barlease_server_pause_lease(struct barlease_server *server, uint32_t id,
				uint64_t time);

/* Return: 0, also where it is not paused; -ENOENT; as above */
int barlease_server_resume_lease(struct barlease_server *server, uint32_t id);

/* Asks allowed() anew about every lease, and revokes where it says no. */
void barlease_server_recheck(struct barlease_server *server);

/**
 * barlease_server_each_lease() - look at all leases, those that end included
 * @fn: called for each, in no order, until it returns something else than 0. It
 *   must not call other functions on the server
 *
 * Return: what @fn has returned last; 0 there is none.
 */
int barlease_server_each_lease(const struct barlease_server *server,
			       int (*fn)(void *data,
					 const struct barlease_holding *lease),
			       void *data);

/* How many have it now; 0 also where there is no such slice */
unsigned int barlease_server_holders(const struct barlease_server *server,
				     const char *slice);

/**
 * barlease_server_suspend() - before a reset that somebody else does
 *
 * Holders of the device's slices are told. Who wants one of them waits until
 * barlease_server_resume(); leases can be given back and revoked meanwhile. So
 * the reset itself, which takes its time, may be some other thread's.
 */
void barlease_server_suspend(struct barlease_server *server,
			     const struct barlease_device *device);
/* When it is over, and holders are told of that, too */
void barlease_server_resume(struct barlease_server *server,
			    const struct barlease_device *device);

/**
 * barlease_server_reset() - reset a device; holders are told before and after
 *
 * All three of the above in one. Return: as barlease_device_reset()
 */
int barlease_server_reset(struct barlease_server *server,
			  const struct barlease_device *device);

/* ---- Leasing: the client's side of the lease protocol ------------------- */

struct barlease_client;

/**
 * barlease_client_connect() - connect to whoever vends
 * @path: of the socket; NULL for $BARLEASE_SOCKET, or /run/barlease/socket
 * @client: receives the connection, for barlease_client_close()
 *
 * Waits for 30 s at most.
 *
 * Return: 0; -EPROTONOSUPPORT no common version; -EPROTO not a server of this
 * protocol; -EACCES nothing there is for this user; -EDQUOT this user has as many
 * connections as it may; -EUSERS there are as many as there may be; -ETIMEDOUT;
 * errors of connect().
 */
int barlease_client_connect(const char *path, struct barlease_client **client);

/* The same with a connected socket, which is the client's from success on */
int barlease_client_wrap(int fd, struct barlease_client **client);

/**
 * barlease_client_set_timeout() - how long the server may take for an answer
 * @client: the client
 * @milliseconds: of each call that waits; negative for any time. At first it is
 *   30 s
 *
 * What the server says too late is lost for nobody: a lease is given back.
 */
void barlease_client_set_timeout(struct barlease_client *client,
				 int milliseconds);

/*
 * All its leases are revoked. Their fds stay open, and the caller's. It waits for
 * nothing: the server may take a moment to notice, and only then has the next one
 * what was leased, and is the memory no longer the device's.
 */
void barlease_client_close(struct barlease_client *client);

/* To poll for reading, in any event loop; the client's */
int barlease_client_fd(const struct barlease_client *client);

/* Why the last call failed, in words, where the server has said; or "" */
const char *barlease_client_error(const struct barlease_client *client);

/**
 * struct barlease_slice_info - a slice that this client may have
 * @name: of the slice
 * @size: in bytes
 * @flags: BARLEASE_READ_ONLY, BARLEASE_EXCLUSIVE
 * @memattr: attribute of its leases
 * @free: how many more leases of it there can be now; UINT32_MAX: any number
 * @interrupts: how many vectors go with it
 * @interrupt_kind: and of what kind
 * @dma: how much memory the device may be let reach, in bytes
 */
struct barlease_slice_info {
	char name[BARLEASE_NAME_MAX];
	char group[BARLEASE_NAME_MAX];
	uint64_t size;
	unsigned int flags;
	enum barlease_memattr memattr;
	uint32_t free;
	unsigned int interrupts;
	enum barlease_interrupt_kind interrupt_kind;
	uint64_t dma;
	uint64_t reserved[2];
};

/* @slices is for free(). Return: 0; -ETIMEDOUT; errors of the connection */
int barlease_client_list(struct barlease_client *client,
			 struct barlease_slice_info **slices,
			 size_t *nr_slices);

#define BARLEASE_ANY	(1u << 2)

/**
 * struct barlease_lease - a slice that this client has
 * @id: for barlease_client_release(), and in events
 * @fd: of the DMABUF; the caller's to close
 * @size: in bytes
 * @flags: BARLEASE_READ_ONLY, BARLEASE_EXCLUSIVE
 * @memattr: what mappings have
 * @alignment: for barlease_map()
 * @name: of the slice
 * @interrupts: how many vectors go with it, for barlease_client_set_interrupt()
 * @interrupt_kind: and of what kind
 * @dma: how much memory the device may be let reach, in bytes, for
 *   barlease_client_map()
 * @term: how long it lasts unless it is renewed, in milliseconds; 0: it has no end
 *   of its own
 */
struct barlease_lease {
	uint32_t id;
	int fd;
	uint64_t size;
	unsigned int flags;
	enum barlease_memattr memattr;
	struct barlease_alignment alignment;
	char name[BARLEASE_NAME_MAX];
	unsigned int interrupts;
	enum barlease_interrupt_kind interrupt_kind;
	uint64_t dma;
	uint64_t term;
	uint64_t reserved[5];
};

/**
 * barlease_client_acquire() - get a lease; waits for the answer
 * @name: of a slice; with BARLEASE_ANY, of a group
 * @flags: 0, or any of BARLEASE_ANY and BARLEASE_ONES: mappings read all ones when
 *   it is over, and take writes that go nowhere, instead of SIGBUS
 * @lease: receives it
 *
 * Return: 0; -EOPNOTSUPP the server, or its driver, has no such end; -EINVAL @name is
 * no name, or an unknown flag; -ENOENT no such slice; -EACCES not allowed; -EBUSY
 * somebody else has it; -EDQUOT this user has as many leases as it may, in all or of
 * these; -EUSERS there are as many as there may be; -EMFILE no room for the fd in this
 * process (or in the server), and no lease; -EPERM the kernel has not let the fd into
 * this process, as a security module may have told it, and no lease; -ETIMEDOUT; errors
 * of export and of the connection.
 */
int barlease_client_acquire(struct barlease_client *client, const char *name,
			    unsigned int flags, struct barlease_lease *lease);

/* For whatever takes milliseconds: as long as may be */
#define BARLEASE_FOREVER	UINT64_MAX

/**
 * barlease_client_acquire_wait() - get a lease, and wait where others have it
 * @client: the client
 * @name: of a slice; with BARLEASE_ANY, of a group
 * @flags: as of barlease_client_acquire()
 * @patience: how long to wait for it, in milliseconds; 0: not at all;
 *   BARLEASE_FOREVER. More than 49 days are 49 days
 * @lease: receives it
 *
 * Whoever has waited longest is next. The client's time-out, see
 * barlease_client_set_timeout(), is for the answer beyond that.
 *
 * Return: as barlease_client_acquire(); -ETIMEDOUT it has not become free; -EDQUOT
 * also: this connection waits for 16 already; -EOPNOTSUPP the server cannot have
 * anybody wait.
 */
int barlease_client_acquire_wait(struct barlease_client *client,
				 const char *name, unsigned int flags,
				 uint64_t patience,
				 struct barlease_lease *lease);

/**
 * barlease_client_renew() - have a lease for so long from now on
 * @client: the client
 * @lease: number of a lease of its own
 * @term: in milliseconds; BARLEASE_FOREVER: as long as may be. Also less than is
 *   left of it
 * @left: receives for how long it is now, in milliseconds; 0: it has no end of its
 *   own. May be NULL
 *
 * Return: 0; -EINVAL a term of nothing, or more than the slice has:
 * barlease_client_error() says how much that is; -EBUSY somebody waits for the
 * slice, so that it is not prolonged, or it is being revoked; -ENOENT no such lease;
 * -EOPNOTSUPP the server knows no terms; errors of the connection.
 */
int barlease_client_renew(struct barlease_client *client, uint32_t lease,
			  uint64_t term, uint64_t *left);

/* Return: 0; -ENOENT not (any more) a lease of this client; as above */
int barlease_client_release(struct barlease_client *client, uint32_t id);

/**
 * barlease_client_set_interrupt() - be told of an interrupt
 * @client: the client
 * @lease: number of a lease of its own
 * @vector: of those that go with it, counted from 0
 * @eventfd: is signalled by each from now on, in place of any other; -1: nobody is.
 *   Stays the caller's, who may close it
 *
 * It comes straight from the kernel, at whatever rate the device has; nobody is in
 * between. When the lease has ended, it is signalled no more. An INTx masks itself
 * each time, see barlease_client_set_unmask(); an eventfd unmasks it, and is told at
 * once where the line is high.
 *
 * Return: 0; -EINVAL no such vector, or no eventfd; -ENOENT no such lease;
 * -EOPNOTSUPP the server cannot do such a thing; errors of VFIO and of the
 * connection.
 */
int barlease_client_set_interrupt(struct barlease_client *client,
				  uint32_t lease, unsigned int vector,
				  int eventfd);

/**
 * barlease_client_set_unmask() - unmask an INTx by writing to an eventfd
 * @client: the client
 * @lease: number of a lease whose interrupts are BARLEASE_INTX, and which has an
 *   eventfd for it
 * @eventfd: as above
 *
 * Return: as barlease_client_set_interrupt().
 */
int barlease_client_set_unmask(struct barlease_client *client, uint32_t lease,
			       int eventfd);

/* Of huge pages: 2 MiB each where others have 4 KiB */
#define BARLEASE_HUGE	(1u << 5)

/**
 * struct barlease_memory - memory that a device can be let reach
 * @fd: of the memfd, for barlease_client_map(); the caller's
 * @size: in bytes
 * @at: where it is mapped
 */
struct barlease_memory {
	int fd;
	size_t size;
	void *at;
	uint64_t reserved[2];
};

/**
 * barlease_memory_new() - memory as barlease_client_map() wants it
 * @size: in bytes; rounded up to whole pages
 * @flags: 0, or BARLEASE_HUGE
 * @memory: receives it, for barlease_memory_free()
 *
 * A memfd, all of it there, sealed against shrinking, and mapped. Zeros. What is of the
 * size of a huge page comes in such, if the kernel has any to give: quicker for
 * processes and devices. BARLEASE_HUGE insists, on those of hugetlbfs.
 *
 * Return: 0; -EINVAL; -ENOMEM also: there are not as many huge pages; others of
 * memfd_create(), fallocate() and mmap().
 */
int barlease_memory_new(size_t size, unsigned int flags,
			struct barlease_memory *memory);

/* What the device has been let reach of it stays until that is unmapped, too */
void barlease_memory_free(struct barlease_memory *memory);

/**
 * barlease_client_map() - let the device of a lease reach memory
 * @client: the client
 * @lease: number of a lease of its own
 * @memory: fd of a memfd with F_SEAL_SHRINK; stays the caller's, who may close it
 * @offset: in it, in bytes
 * @length: in bytes; both are multiples of the file's page size, huge or not
 * @flags: BARLEASE_READ_ONLY: the device cannot write to it
 * @address: receives where the device finds it
 *
 * All of it has to be there: a hole is an error. The pages stay in memory, and the
 * device's, until they are unmapped or the lease has ended, whatever becomes of
 * @memory. A lease has 1,024 such pieces at the most.
 *
 * Return: 0; -EINVAL not aligned, or past the end; -EBADF no memfd; -EPERM not
 * sealed; -ENXIO a hole; -EACCES @memory cannot be written to; -EDQUOT more than the
 * lease, the user or all together may have: barlease_client_error() says which;
 * -ENOSPC no addresses left, or as many pieces as there may be; -ENOMEM the server
 * may lock no more memory; -ENOENT no such lease; -EOPNOTSUPP the server cannot do
 * such a thing; errors of VFIO and of the connection.
 */
int barlease_client_map(struct barlease_client *client, uint32_t lease,
			int memory, uint64_t offset, uint64_t length,
			unsigned int flags, uint64_t *address);

/**
 * barlease_client_unmap() - the device reaches it no more when this returns
 * @client: the client
 * @lease: number of a lease of its own
 * @address: as barlease_client_map() has given it
 *
 * Return: 0; -ENOENT no such lease, or nothing of it there; as above.
 */
int barlease_client_unmap(struct barlease_client *client, uint32_t lease,
			  uint64_t address);

/**
 * barlease_client_start_acquire() - ask for a lease, and do not wait for it
 *
 * As barlease_client_acquire(), in two halves. When the answer is there,
 * barlease_client_dispatch() returns BARLEASE_EVENT_ANSWERED with this number, and
 * barlease_client_finish() says what it is. There may be several such requests at
 * a time.
 *
 * Return: a number, greater than 0; -EAGAIN the server takes no more for now: poll
 * for writing, and dispatch meanwhile; -EINVAL; errors of the connection.
 */
int barlease_client_start_acquire(struct barlease_client *client,
				  const char *name, unsigned int flags);

/*
 * The same of barlease_client_acquire_wait(). Return: also -EOPNOTSUPP
 */
int barlease_client_start_acquire_wait(struct barlease_client *client,
				       const char *name, unsigned int flags,
				       uint64_t patience);

/**
 * barlease_client_cancel() - wait for a lease no longer
 * @client: the client
 * @request: from barlease_client_start_acquire_wait()
 *
 * The request is answered all the same: by -ECANCELED, or by the lease, where that
 * came first.
 *
 * Return: 0; -EINVAL no such request; -EAGAIN the server takes no more for now; errors
 * of the connection.
 */
int barlease_client_cancel(struct barlease_client *client, int request);

/* The same of barlease_client_release() */
int barlease_client_start_release(struct barlease_client *client, uint32_t id);

/**
 * barlease_client_finish() - the answer to what was asked for
 * @request: from one of the two above; it is over with any result but -EAGAIN
 * @lease: receives the lease; NULL for a release
 *
 * Return: 0; -EAGAIN there is no answer yet; -EINVAL no such request; else as the
 * call that waits.
 */
int barlease_client_finish(struct barlease_client *client, int request,
			   struct barlease_lease *lease);

/* There may be more of them one day */
enum barlease_event_type {
	BARLEASE_EVENT_REVOKED,		/* @lease, for @reason */
	BARLEASE_EVENT_SUSPENDED,	/* accesses will wait: a reset */
	BARLEASE_EVENT_RESUMED,		/* it is over */
	BARLEASE_EVENT_ANSWERED,	/* @request, for barlease_client_finish() */
	BARLEASE_EVENT_REVOKING,	/* @lease will be, for @reason, in @left */
	BARLEASE_EVENT_FREED,		/* see barlease_client_watch() */
	BARLEASE_EVENT_PAUSED,		/* accesses to @lease will wait, for @left */
	BARLEASE_EVENT_UNPAUSED,	/* that is over */
};

/*
 * @left: in milliseconds, from when the server has said so; of a pause 0 where it is
 * not known
 */
struct barlease_event {
	enum barlease_event_type type;
	uint32_t lease;
	enum barlease_reason reason;
	int request;
	uint64_t left;
	uint64_t reserved[3];
};

/**
 * barlease_client_watch() - be told when something becomes free
 * @client: the client
 *
 * BARLEASE_EVENT_FREED comes once, when a lease of something that this client may
 * have has ended since; then ask again. It says nothing of who is quicker:
 * barlease_client_start_acquire_wait() has a turn.
 *
 * Return: 0; -EOPNOTSUPP the server does not tell; errors of the connection.
 */
int barlease_client_watch(struct barlease_client *client);

/**
 * barlease_client_dispatch() - the next event, without waiting for it
 *
 * Call it until it returns 0 when the fd is readable, and after every call
 * that waits for an answer: events may have come before that.
 *
 * Return: 1 and the event; 0 there is none now; -ECONNRESET the server is gone
 * and with it all leases, but see barlease_client_rejoin(); -EPROTO it speaks
 * something else; -ENOBUFS more than 65,536 events have come, and nobody has asked for
 * them.
 */
int barlease_client_dispatch(struct barlease_client *client,
			     struct barlease_event *event);

/**
 * barlease_client_rejoin() - go on with all leases after the connection was lost
 * @client: the client, of which a call has returned an error of the connection
 * @fd: of a connected socket, which is the client's from success on; -1: connect where
 *   barlease_client_connect() has
 *
 * Of use with a server whose leases outlive it. Leases with their mappings, interrupts
 * and memory go on as if nothing had been; what has ended meanwhile is told as ever.
 * What was asked for and not answered, that is, a call that has failed so and a request
 * in two halves, whose answer is -ECONNRESET then, may have been done or not; but a lease
 * that has not come is none. Events that are there stay; barlease_client_watch() has to
 * be called again. The old socket is closed, and barlease_client_fd() another one: to be
 * polled in its place.
 *
 * After an error but -ESTALE it can be tried again, as while the server begins: it has
 * some seconds' patience.
 *
 * Return: 0; -ESTALE the server knows nothing of this client any more, or has never kept
 * any leases: they are over; -EISCONN the connection is not lost; -EINVAL @fd is -1 and
 * the client is of barlease_client_wrap(), or it is no such socket; -EBUSY @fd has been
 * used by another client; as barlease_client_connect(), where -ENOENT and -ECONNREFUSED
 * are about the socket.
 */
int barlease_client_rejoin(struct barlease_client *client, int fd);

#ifdef __cplusplus
}
#endif

#endif /* BARLEASE_H */
