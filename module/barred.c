// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that find their buffer's gate barred
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A revoke makes them fail, or fill in the scratch page; a pause makes them wait.
 * How long a pause takes is for the device's owner to say, and may be for ever.
 * So who waits for it holds no lock of the process, and leaves at any signal: its
 * handler runs, and the access is made again after that.
 *
 * That is for accesses of the process itself. The kernel's own, in a system call,
 * may come with locks that others need, of a file or a pipe, say; those fail at
 * once (EFAULT). The device of a KVM guest has no such locks, and waits.
 */
#include <linux/mm.h>
#include <linux/wait_bit.h>

#include "barred.h"
#include "buffer.h"
#include "compat.h"
#include "fault.h"
#include "scratch.h"

/* All architectures' handlers of faults, unlike fixup_user_fault(), say so. */
static bool in_system_call(const struct vm_fault *vmf)
{
	return vmf->flags & FAULT_FLAG_INTERRUPTIBLE &&
	       !(vmf->flags & FAULT_FLAG_USER);
}

/* Is there nothing to wait for? */
static bool settled(const struct barlease_buffer *buffer)
{
	if (barlease_buffer_revoked(buffer))
		return barlease_buffer_retired(buffer);
	return !barlease_gate_paused(&buffer->gate);
}

/* By this name /proc/PID/stack says what is waited for. */
static noinline void wait_at_gate(struct barlease_buffer *buffer,
				  unsigned int flags)
{
	if (flags & FAULT_FLAG_USER)
		wait_var_event_interruptible(&buffer->gate, settled(buffer));
	else
		wait_var_event_killable(&buffer->gate, settled(buffer));
}

static vm_fault_t refuse(const struct vm_fault *vmf, unsigned long size)
{
	barlease_fault_note(vmf, size, BARLEASE_FAULTS_REFUSED);
	return VM_FAULT_SIGBUS;
}

static vm_fault_t fill_scratch(struct vm_fault *vmf, unsigned long size)
{
	vm_fault_t ret;

	if (size != PAGE_SIZE)
		return VM_FAULT_FALLBACK;

	ret = barlease_scratch_fill(vmf);
	if (ret != VM_FAULT_NOPAGE)
		return refuse(vmf, size);

	barlease_fault_note(vmf, size, BARLEASE_FAULTS_SCRATCH);
	return ret;
}

vm_fault_t barlease_barred_fault(struct vm_fault *vmf, unsigned long size)
{
	const struct barlease_buffer *buffer = vmf->vma->vm_private_data;
	bool revoked = barlease_buffer_revoked(buffer);

	if (revoked && !buffer->scratch)
		return refuse(vmf, size);

	/* Before that, there may be a huge page which the revoke has yet to zap. */
	if (revoked && barlease_buffer_retired(buffer))
		return fill_scratch(vmf, size);

	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY) ||
	    (!revoked && in_system_call(vmf)))
		return refuse(vmf, size);
	return barlease_fault_wait(vmf, wait_at_gate);
}

void barlease_barred_wake(struct barlease_buffer *buffer)
{
	/* What was written before is seen by who is about to sleep. */
	smp_mb();
	wake_up_var(&buffer->gate);
}
