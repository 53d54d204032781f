// SPDX-License-Identifier: MIT
/*
 * A lease as memory of a virtual machine of KVM's: an ordinary user's process
 * that has just the lease makes it a slot, and what runs in there reads and
 * writes the device, until the lease is revoked
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/kvm.h>

#include "clock.h"
#include "hold.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "peer.h"
#include "stack.h"
#include "tap.h"
#include "vfio.h"

#define USER	1001
#define SEED	31
#define START	MIB(8)		/* of the lease in the BAR */
#define SIZE	MIB(4)
#define STRIDE	KIB(64)
#define SLOT	0x10000000	/* where the guest has it */
#define CODE	0x1000
#define RESETS	20
#define WAITS	"barlease_access_wait"

/* An exit other than by HLT, plus its reason */
#define STRANGE_EXIT	1000000000000l

/* 32 bits, flat: EBX has an address, EAX a value */
static const uint8_t code[] = {
	[0x00] = 0x8b, 0x03,		/* mov eax, [ebx] */
	0xf4,				/* hlt */
	[0x10] = 0x89, 0x03,		/* mov [ebx], eax */
	0xf4,
	[0x20] = 0xff, 0x03,		/* again: inc dword [ebx] */
	0x41,				/* inc ecx */
	0x83, 0x7b, 0x04, 0x00,		/* cmp dword [ebx + 4], 0 */
	0x74, 0xf7,			/* je again */
	0x89, 0xc8,			/* mov eax, ecx */
	0xf4,
	[0x30] = 0xff, 0x03,		/* again: inc dword [ebx] */
	0xeb, 0xfc,			/* jmp again */
};

enum { READ = 0x00, WRITE = 0x10, COUNT = 0x20, FOREVER = 0x30, STOP = 0x02 };

/* In the process that has it */
static struct {
	int vm, cpu;
	struct kvm_run *run;
} vm;

static int set_slot(uint32_t slot, uint64_t at, uint64_t size, const void *memory)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = at,
		.memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	return ioctl(vm.vm, KVM_SET_USER_MEMORY_REGION, &region) ? -errno : 0;
}

static int be_flat(void)
{
	struct kvm_segment flat = {
		.limit = 0xffffffff, .present = 1, .s = 1, .g = 1, .db = 1,
		.type = 3, .selector = 16,
	};
	struct kvm_sregs sregs;

	if (ioctl(vm.cpu, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.ds = flat;
	sregs.es = flat;
	sregs.ss = flat;
	sregs.cs = flat;
	sregs.cs.type = 11;
	sregs.cs.selector = 8;
	sregs.cr0 |= 1;
	return ioctl(vm.cpu, KVM_SET_SREGS, &sregs) ? -errno : 0;
}

static long vm_create(int fd, const long *args)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	uint8_t *memory = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);
	long size;

	(void)fd;
	(void)args;
	if (kvm < 0 || memory == MAP_FAILED)
		return -errno;
	memcpy(memory, code, sizeof(code));
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vm.vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm.vm < 0)
		return -errno;
	vm.cpu = ioctl(vm.vm, KVM_CREATE_VCPU, 0);
	if (vm.cpu < 0)
		return -errno;
	vm.run = mmap(NULL, size, RW, MAP_SHARED, vm.cpu, 0);
	if (vm.run == MAP_FAILED)
		return -errno;
	return set_slot(0, CODE, PAGE, memory) ?: be_flat();
}

/* The lease is the guest's from now on, and nothing else of it is kept */
static long vm_add(int fd, const long *args)
{
	void *at = mmap(NULL, SIZE, args[0], MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	return set_slot(1, SLOT, SIZE, at);
}

static long vm_remove(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return set_slot(1, SLOT, 0, NULL);
}

/* args: what, where, EAX. Returns EAX, or a negative errno */
static long vm_run(int fd, const long *args)
{
	struct kvm_regs regs = {
		.rip = CODE + args[0],
		.rbx = SLOT + args[1],
		.rax = args[2],
		.rflags = 2,
	};

	(void)fd;
	if (ioctl(vm.cpu, KVM_SET_REGS, &regs) || ioctl(vm.cpu, KVM_RUN, 0))
		return -errno;
	if (vm.run->exit_reason != KVM_EXIT_HLT)
		return STRANGE_EXIT + vm.run->exit_reason;
	return ioctl(vm.cpu, KVM_GET_REGS, &regs) ? -errno : (long)regs.rax;
}

static long vm_exit_reason(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return vm.run->exit_reason;
}

static struct vfio dev;
static struct peer guest;

static long run(int what, uint64_t where, uint32_t value)
{
	return peer_call(&guest, vm_run, -1, ARGS(what, where, value));
}

static void run_begin(int what, uint64_t where)
{
	peer_begin(&guest, vm_run, -1, ARGS(what, where));
}

static int add_lease(int prot)
{
	const struct vfio_region_dma_range range = { START, SIZE };
	int lease = lease_export(dev.device, BAR2,
				 prot & PROT_WRITE ? O_RDWR : O_RDONLY, &range,
				 1);

	is_ok(lease, "the owner of the device makes a lease");
	is_ok(peer_call(&guest, vm_add, lease, ARGS(prot)),
	      "another process makes it a slot of its virtual machine");
	return lease;
}

static void remove_lease(int lease)
{
	is_ok(peer_call(&guest, vm_remove, -1, NULL), "the slot is removed");
	close(lease);
}

/* As the kernel's KVM asks for it where it is one of PREEMPT_RT */
static bool has_constant_tsc(void)
{
	char text[65536];

	if (file_read_all("/proc/cpuinfo", text, sizeof(text)))
		bail("/proc/cpuinfo cannot be read");
	return strstr(text, " constant_tsc ");
}

static void set_up(void)
{
	if (kernel_is_rt() && !has_constant_tsc())
		skip_rest("KVM of PREEMPT_RT wants a CPU with a constant TSC");
	is_int(module_load("kvm_amd", NULL), 0, "kvm_amd is loaded");
	is_int(module_load("barlease-ptwalk", NULL), 0,
	       "the tests' own module is loaded");
	is_int(module_load("vfio_iommu_type1", NULL) ?:
	       module_load(OUR_DRIVER, "stand_in=1"), 0,
	       "the driver is loaded, as vfio-pci");
	is_ok(pci_bind(dev_small(), STOCK_DRIVER), "a device is bound to it");
	dev = vfio_open(dev_small());
	/* As udev does it */
	if (chmod("/dev/kvm", 0666))
		bail("/dev/kvm: %s", strerror(errno));
	guest = peer_start_as(USER);
	if (!is_ok(peer_call(&guest, vm_create, -1, NULL),
		   "an ordinary user has a virtual machine"))
		bail("no virtual machine");
}

static void reads_and_writes(void)
{
	long wrong = 0;

	pattern_fill(&dev, BAR2, START, SIZE, STRIDE, SEED);
	for (uint64_t at = 0; at < SIZE; at += STRIDE)
		wrong += (uint32_t)run(READ, at, 0) !=
			 pattern(START + at, SEED);
	is_int(wrong, 0, "the guest reads what the owner wrote, in all of it");
	wrong = 0;
	for (uint64_t at = 0; at < SIZE; at += STRIDE) {
		run(WRITE, at, pattern(at, SEED + 1));
		wrong += vfio_get32(&dev, BAR2, START + at) !=
			 pattern(at, SEED + 1);
	}
	is_int(wrong, 0, "the owner reads what the guest wrote, in all of it");
}

/* What a process that only maps it would do: fault and wait, and be well after */
static void waits_while(unsigned int what, const char *name)
{
	struct peer holder;

	vfio_put32(&dev, BAR2, START, 4711);
	is_int(run(READ, 0, 0), 4711, "the guest reads a word");
	holder = hold_begin(dev.bdf, what);
	run_begin(READ, 0);
	ok(sleeps_in(guest.pid, WAITS), "%s: the guest's next read waits",
	   name);
	ok(!peer_is_done(&guest, 0), "it has not come back");
	hold_end(&holder);
	is_int(peer_result(&guest), 4711, "after that it reads the word");
}

/* The guest counts, until it is told by another word */
static void counting_begin(void)
{
	vfio_put32(&dev, BAR2, START + STRIDE, 0);
	vfio_put32(&dev, BAR2, START + STRIDE + 4, 0);
	run_begin(COUNT, STRIDE);
	ok(comes_true(vfio_get32(&dev, BAR2, START + STRIDE) > 0),
	   "the guest counts in a word of the device");
}

static void counting_end(void)
{
	long counted;

	vfio_put32(&dev, BAR2, START + STRIDE + 4, 1);
	counted = peer_result(&guest);
	ok(counted > 0, "told by another word, the guest stops");
	is_int(vfio_get32(&dev, BAR2, START + STRIDE), counted,
	       "and the word has what the guest has counted");
}

static void counts_through_resets(void)
{
	int failed = 0;

	counting_begin();
	for (int i = 0; i < RESETS; i++)
		failed += vfio_reset(&dev) != 0;
	is_int(failed, 0, "meanwhile the device is reset %d times", RESETS);
	counting_end();
}

static void stands_while_paused(int lease)
{
	uint32_t last;

	counting_begin();
	is_ok(lease_pause(dev.device, lease), "the lease is paused");
	last = vfio_get32(&dev, BAR2, START + STRIDE);
	ok(sleeps_in(guest.pid, "wait_at_gate"), "the guest waits");
	is_int(vfio_get32(&dev, BAR2, START + STRIDE), last,
	       "nothing was written meanwhile");
	is_ok(lease_resume(dev.device, lease), "it is resumed");
	ok(comes_true(vfio_get32(&dev, BAR2, START + STRIDE) > last),
	   "the guest counts on");
	counting_end();
}

/* Which KVM maps as it maps any memory */
static void ends_in_ones(void)
{
	int lease = lease_of_ones(dev.device, BAR2, START, SIZE);

	is_ok(peer_call(&guest, vm_add, lease, ARGS(RW)),
	      "a lease that ends in ones is a slot as well");
	vfio_put32(&dev, BAR2, START, 4720);
	is_int(run(READ, 0, 0), 4720, "the guest reads through it");
	is_ok(lease_revoke(dev.device, lease), "it is revoked");
	is_hex((uint32_t)run(READ, 0, 0), ~0u, "the guest reads ones");
	run(WRITE, 0, 4721);
	is_int(run(READ, 0, 0), 4721, "what it writes reads back");
	is_int(vfio_get32(&dev, BAR2, START), 4720, "and did not reach the device");
	remove_lease(lease);
}

static void ends_with_revoke(int lease)
{
	uint32_t last;

	vfio_put32(&dev, BAR2, START, 0);
	run_begin(FOREVER, 0);
	ok(comes_true(vfio_get32(&dev, BAR2, START) > 1000),
	   "the guest writes for ever");
	is_ok(lease_revoke(dev.device, lease), "the lease is revoked");
	last = vfio_get32(&dev, BAR2, START);
	if (!peer_is_done(&guest, PATIENCE_MS)) {
		peer_kill(&guest);
		bail("the guest runs on after the revoke");
	}
	is_error(peer_result(&guest), EFAULT, "KVM_RUN fails: EFAULT");
	diag("the exit reason is %ld",
	     peer_call(&guest, vm_exit_reason, -1, NULL));
	is_int(vfio_get32(&dev, BAR2, START), last,
	       "nothing was written after the revoke");
	is_error(run(READ, 0, 0), EFAULT, "nor is anything read: EFAULT");
	is_int(run(STOP, 0, 17), 17,
	       "the virtual machine runs what does not touch it");
}

static void another_lease(void)
{
	int lease = add_lease(RW);

	vfio_put32(&dev, BAR2, START, 4712);
	is_int(run(READ, 0, 0), 4712, "the guest reads through it");
	run(WRITE, 0, 4713);
	is_int(vfio_get32(&dev, BAR2, START), 4713, "and writes");
	is_ok(lease_revoke(dev.device, lease), "it is revoked as well");
	is_error(run(WRITE, 0, 4714), EFAULT, "KVM_RUN fails: EFAULT");
	is_int(vfio_get32(&dev, BAR2, START), 4713, "and wrote nothing");
	remove_lease(lease);
}

static void lease_to_read(void)
{
	int lease = add_lease(PROT_READ);

	vfio_put32(&dev, BAR2, START, 4715);
	is_int(run(READ, 0, 0), 4715,
	       "through a lease for reading the guest reads");
	is_int(run(WRITE, 0, 4716), STRANGE_EXIT + KVM_EXIT_MMIO,
	       "its write is handed out, as one to no memory is");
	is_int(vfio_get32(&dev, BAR2, START), 4715, "and did nothing");
	is_int(run(READ, 0, 0), 4715, "it still reads");
	remove_lease(lease);
}

/* The last close of the device revokes, too */
static void ends_with_close(void)
{
	int lease = add_lease(RW);

	is_int(run(READ, 0, 0), 4715, "a guest reads");
	vfio_close(&dev);
	is_error(run(READ, 0, 0), EFAULT,
		 "the owner closes the device: EFAULT");
	close(lease);
}

int main(void)
{
	int lease;

	set_up();
	lease = add_lease(RW);
	reads_and_writes();
	waits_while(BARLEASE_HOLD_FOR_WRITING, "during a reset by the owner");
	waits_while(BARLEASE_HOLD_RESET, "during a reset by somebody else");
	counts_through_resets();
	stands_while_paused(lease);
	ends_with_revoke(lease);
	remove_lease(lease);
	another_lease();
	ends_in_ones();
	lease_to_read();
	ends_with_close();
	peer_stop(&guest);
	is_ok(pci_unbind(dev_small()), "the device is free again");
	is_ok(module_unload(OUR_MODULE), "the driver can go");
	is_ok(module_unload("kvm_amd"), "and so can kvm_amd");
	return tap_done();
}
