// SPDX-License-Identifier: MIT
/*
 * What a client without privileges has the kernel do to the memory of its
 * lease: pinning calls, calls that work behind its back, other processes', and
 * every flag of mmap(). It all ends with the revoke, for the client alone
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "attempt.h"
#include "lease.h"
#include "pattern.h"
#include "tap.h"

#define SEED	52
#define SIZE	MIB(4)
#define START	MIB(8)

#ifndef SYS_mseal
#define SYS_mseal	462
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

static struct vfio small;

/* At one and the same address in this process and in the client's */
static mapping_t at;

#define ATTEMPT(name, call)						\
static long name(int fd, const long *args)				\
{									\
	(void)fd;							\
	(void)args;							\
	return result_of(call);						\
}

static long map_it(int fd, const long *args)
{
	(void)args;
	if (mmap((void *)at, SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0) != at)
		return -errno;
	return pattern_errors(at, START, SIZE, PAGE, SEED);
}

static long read_it(int fd, const long *args)
{
	uint32_t value;

	(void)fd;
	(void)args;
	return read32(at, &value) ? (long)value : -EFAULT;
}

/* --- pinning: there is no struct page to be had --- */

static long try_vmsplice(int fd, const long *args)
{
	struct iovec iov = { (void *)at, PAGE };
	int pipes[2];
	long ret;

	(void)fd;
	(void)args;
	if (pipe(pipes))
		return -EPROTO;
	ret = result_of(vmsplice(pipes[1], &iov, 1, SPLICE_F_GIFT));
	close(pipes[0]);
	close(pipes[1]);
	return ret;
}

static long try_vmsplice_into(int fd, const long *args)
{
	struct iovec iov = { (void *)at, 4 };
	uint32_t word = pattern(START, SEED);
	int pipes[2];
	long ret;

	(void)fd;
	(void)args;
	if (pipe(pipes) || write(pipes[1], &word, 4) != 4)
		return -EPROTO;
	ret = result_of(vmsplice(pipes[0], &iov, 1, 0));
	close(pipes[0]);
	close(pipes[1]);
	return ret;
}

static long try_io_uring_buffer(int fd, const long *args)
{
	struct io_uring_params params = { 0 };
	struct iovec iov = { (void *)at, PAGE };
	int ring = syscall(SYS_io_uring_setup, 4, &params);
	long ret;

	(void)fd;
	(void)args;
	if (ring < 0)
		return -EFAULT;	/* switched off: nor can it be pinned */
	ret = result_of(syscall(SYS_io_uring_register, ring,
				IORING_REGISTER_BUFFERS, &iov, 1));
	close(ring);
	return ret;
}

static struct iovec word_of_lease(void)
{
	return (struct iovec){ (void *)at, 4 };
}

static uint32_t word;

static long process_vm(long number)
{
	struct iovec here = { &word, 4 }, there = word_of_lease();

	return result_of(syscall(number, getpid(), &here, 1, &there, 1, 0));
}

static long try_vm_readv(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return process_vm(SYS_process_vm_readv);
}

static long try_vm_writev(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return process_vm(SYS_process_vm_writev);
}

/* The other way round it is an ordinary copy */
static long try_vm_readv_into(int fd, const long *args)
{
	struct iovec here = word_of_lease(), there = { &word, 4 };

	(void)fd;
	(void)args;
	word = pattern(START, SEED);
	return result_of(process_vm_readv(getpid(), &here, 1, &there, 1, 0));
}

static long on_proc_mem(bool writes)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	off_t place = (uintptr_t)at;
	long ret;

	if (mem < 0)
		return -EPROTO;
	ret = result_of(writes ? pwrite(mem, &word, 4, place) :
				 pread(mem, &word, 4, place));
	close(mem);
	return ret;
}

static long try_proc_mem(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return on_proc_mem(false);
}

static long try_proc_mem_write(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return on_proc_mem(true);
}

/* Of a child that has the lease, by the debugger's calls */
static long debug(int request)
{
	pid_t pid = fork();
	long ret;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, WUNTRACED);
	errno = 0;
	ret = ptrace(request, pid, (void *)at, (void *)0xbad);
	ret = errno ? -errno : ret;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret;
}

static long try_peek(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return debug(PTRACE_PEEKDATA);
}

static long try_poke(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return debug(PTRACE_POKEDATA);
}

static long try_move_pages(int fd, const long *args)
{
	void *page = (void *)at;
	int node = 0, status = 0;
	long ret;

	(void)fd;
	(void)args;
	ret = result_of(syscall(SYS_move_pages, 0, 1ul, &page, &node, &status, 2ul));
	return ret ? ret : status;
}

static long try_pagemap(int fd, const long *args)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	(void)fd;
	(void)args;
	if (pread(pagemap, &entry, 8, (uintptr_t)at / PAGE * 8) != 8)
		return -EPROTO;
	close(pagemap);
	/* Bits 0 to 54 are the frame */
	return entry & ((1ull << 55) - 1) ? -EEXIST : 0;
}

/* Which walk the page tables of all mappings */
static long try_proc_files(int fd, const long *args)
{
	static const char *const files[] = {
		"maps", "smaps", "smaps_rollup", "numa_maps", "pagemap",
	};
	static char text[1 << 16];
	long bad = 0;

	(void)fd;
	(void)args;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char path[64];
		int file;

		snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		file = open(path, O_RDONLY | O_CLOEXEC);
		if (file < 0) {
			/* Not every kernel has each of them */
			bad += errno != ENOENT;
			continue;
		}
		if (i == 4)
			bad += pread(file, text, SIZE / PAGE * 8,
				     (uintptr_t)at / PAGE * 8) < 0;
		else
			while (read(file, text, sizeof(text)) > 0)
				;
		close(file);
	}
	return bad ? -EPROTO : 0;
}

static long try_clear_refs(int fd, const long *args)
{
	int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	long bad = 0;

	(void)fd;
	(void)args;
	for (const char *c = "12345"; *c; c++)
		bad += write(file, c, 1) != 1;
	close(file);
	return bad ? -EPROTO : 0;
}

/* O_DIRECT may be copied, where the file system is one of memory */
static long try_direct_read(int fd, const long *args)
{
	int file = open("/tmp", O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);
	long ret;

	(void)fd;
	(void)args;
	if (file < 0)
		return -errno;
	word = pattern(START, SEED);
	if (pwrite(file, &word, 4, 0) != 4)
		ret = -EPROTO;
	else
		ret = result_of(pread(file, (void *)at, 4, 0));
	close(file);
	return ret;
}

/* --- memory that the kernel uses on its own --- */

ATTEMPT(try_futex_wake, syscall(SYS_futex, at, FUTEX_WAKE, 1, NULL, NULL, 0))
ATTEMPT(try_futex_wait, syscall(SYS_futex, at, FUTEX_WAIT, 1, NULL, NULL, 0))
ATTEMPT(try_futex_private, syscall(SYS_futex, at, FUTEX_WAIT_PRIVATE, 1, NULL,
				   NULL, 0))
ATTEMPT(try_futex_pi, syscall(SYS_futex, at, FUTEX_LOCK_PI, 0, NULL, NULL, 0))

/* Linked through the lease; the kernel walks it when the process ends */
static long robust_list(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return result_of(syscall(SYS_set_robust_list, at,
				 sizeof(struct robust_list_head)));
}

static long clear_tid(int fd, const long *args)
{
	(void)fd;
	(void)args;
	syscall(SYS_set_tid_address, at + PAGE);
	return 0;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Signals are delivered on a stack that lies in the lease */
static long signal_stack(int fd, const long *args)
{
	stack_t stack = { .ss_sp = (void *)at, .ss_size = MIB(1) };
	struct sigaction action = {
		.sa_handler = on_signal,
		.sa_flags = SA_ONSTACK,
	};

	(void)fd;
	(void)args;
	if (sigaltstack(&stack, NULL) || sigaction(SIGUSR1, &action, NULL))
		return -errno;
	raise(SIGUSR1);
	return 0;
}

/* The kernel writes there whenever the thread was preempted */
static long restartable(int fd, const long *args)
{
	char *libcs = (char *)__builtin_thread_pointer() + __rseq_offset;

	(void)fd;
	(void)args;
	syscall(SYS_rseq, libcs, 32, RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
	if (syscall(SYS_rseq, at, 32, 0, RSEQ_SIG))
		return -errno;
	for (int i = 0; i < 100; i++)
		sched_yield();
	return 0;
}

static long in_fork(peer_fn fn)
{
	return attempt_in_fork(fn, -1, NULL);
}

static long try_robust_list(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return in_fork(robust_list);
}

static long try_clear_tid(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return in_fork(clear_tid);
}

static long try_signal_stack(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return in_fork(signal_stack);
}

static long try_restartable(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return in_fork(restartable);
}

/* --- advice that would do something to memory of its own --- */

ATTEMPT(try_dontneed, madvise((void *)at, SIZE, MADV_DONTNEED))
ATTEMPT(try_free, madvise((void *)at, SIZE, MADV_FREE))
ATTEMPT(try_remove, madvise((void *)at, SIZE, MADV_REMOVE))
ATTEMPT(try_mergeable, madvise((void *)at, SIZE, MADV_MERGEABLE))
ATTEMPT(try_collapse, madvise((void *)at, SIZE, MADV_COLLAPSE))
ATTEMPT(try_populate, madvise((void *)at, SIZE, MADV_POPULATE_WRITE))

/* Nor is there such advice on a kernel that knows no bad memory */
static long try_hwpoison(int fd, const long *args)
{
	long ret = result_of(madvise((void *)at, PAGE, MADV_HWPOISON));

	(void)fd;
	(void)args;
	if (ret == -EINVAL && access("/proc/sys/vm/memory_failure_recovery", F_OK))
		return -EPERM;
	return ret;
}

ATTEMPT(try_dodump, madvise((void *)at, SIZE, MADV_DODUMP))
ATTEMPT(try_grow, (long)mremap((void *)at, SIZE, SIZE + PAGE, MREMAP_MAYMOVE))
ATTEMPT(try_double, (long)mremap((void *)at, 0, SIZE, MREMAP_MAYMOVE))

static const struct attempt attempts[] = {
	{ "vmsplice() of a lease is EFAULT", try_vmsplice, EFAULT },
	{ "vmsplice() into it", try_vmsplice_into, ANY_RESULT },
	{ "io_uring registers no buffer", try_io_uring_buffer, EFAULT },
	{ "process_vm_readv() is EFAULT", try_vm_readv, EFAULT },
	{ "process_vm_writev() is EFAULT", try_vm_writev, EFAULT },
	{ "process_vm_readv() into it", try_vm_readv_into, ANY_RESULT },
	{ "/proc/self/mem is EIO", try_proc_mem, EIO },
	{ "for writing, too", try_proc_mem_write, EIO },
	{ "PTRACE_PEEKDATA is EIO", try_peek, EIO },
	{ "PTRACE_POKEDATA is EIO", try_poke, EIO },
	{ "move_pages() finds no page", try_move_pages, EFAULT },
	{ "/proc/self/pagemap has no frame", try_pagemap, 0 },
	{ "maps, smaps and numa_maps can be read", try_proc_files, 0 },
	{ "clear_refs can be written", try_clear_refs, 0 },
	{ "an O_DIRECT read into it", try_direct_read, ANY_RESULT },
	{ "FUTEX_WAKE in it", try_futex_wake, ANY_RESULT },
	{ "FUTEX_WAIT in it", try_futex_wait, ANY_RESULT },
	{ "FUTEX_WAIT_PRIVATE in it", try_futex_private, ANY_RESULT },
	{ "FUTEX_LOCK_PI in it", try_futex_pi, ANY_RESULT },
	{ "a robust list in it", try_robust_list, ANY_RESULT },
	{ "a thread id to be cleared in it", try_clear_tid, ANY_RESULT },
	{ "a signal's stack in it", try_signal_stack, ANY_RESULT },
	{ "an rseq area in it", try_restartable, ANY_RESULT },
	{ "MADV_DONTNEED is EINVAL", try_dontneed, EINVAL },
	{ "MADV_FREE is EINVAL", try_free, EINVAL },
	{ "MADV_REMOVE is ENODEV", try_remove, ENODEV },
	{ "MADV_MERGEABLE does nothing", try_mergeable, ANY_RESULT },
	{ "MADV_COLLAPSE is EINVAL", try_collapse, EINVAL },
	{ "MADV_POPULATE_WRITE", try_populate, ANY_RESULT },
	{ "MADV_HWPOISON is EPERM", try_hwpoison, EPERM },
	{ "MADV_DODUMP is EINVAL", try_dodump, EINVAL },
	{ "it cannot grow", try_grow, EFAULT },
	{ "nor be doubled", try_double, EFAULT },
};

/* Flags of mmap(): what can be mapped is the same bytes */
static long try_flags(int fd, const long *args)
{
	static const int flags[] = {
		MAP_LOCKED, MAP_POPULATE, MAP_NONBLOCK | MAP_POPULATE,
		MAP_NORESERVE, MAP_GROWSDOWN, MAP_STACK, 0x40 /* MAP_32BIT */,
		0x800 /* MAP_DENYWRITE */, 0x1000 /* MAP_EXECUTABLE */,
	};
	uint32_t value;
	long bad = 0;

	(void)args;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		void *got = mmap(NULL, PAGE, RW, MAP_SHARED | flags[i], fd,
				 PAGE);

		if (got == MAP_FAILED)
			continue;
		bad += !read32(got, &value) ||
		       value != pattern(START + PAGE, SEED);
		munmap(got, PAGE);
	}
	return bad;
}

/* What it executes is its own */
static long try_executable(int fd, const long *args)
{
	uint32_t value;
	void *got = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	long bad;

	(void)args;
	if (got == MAP_FAILED)
		return 0;
	bad = !read32(got, &value) || value != pattern(START, SEED);
	munmap(got, PAGE);
	return bad;
}

/* A key that forbids access, whatever the entries say */
static long try_key(int fd, const long *args)
{
	int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
	uint32_t value = 0;
	long bad = 0;

	(void)fd;
	(void)args;
	if (key < 0)
		return -ENOSYS;
	bad += pkey_mprotect((void *)at, SIZE, RW, key) != 0;
	bad += try_read32(at + PAGE, &value) != ACCESS_SIGSEGV;
	pkey_set(key, 0);
	bad += !read32(at + PAGE, &value) ||
	       value != pattern(START + PAGE, SEED);
	bad += pkey_mprotect((void *)at, SIZE, RW, 0) != 0;
	pkey_free(key);
	return bad;
}

static void protection_key(const struct peer *client)
{
	long ret = peer_call(client, try_key, -1, NULL);

	if (ret == -ENOSYS)
		skip("no protection keys on this machine", "a protection key");
	else
		is_int(ret, 0, "a protection key holds, and can be taken off");
}

/* Of a copy, which this process then can never get rid of */
static mapping_t sealed;

static long try_seal(int fd, const long *args)
{
	(void)args;
	sealed = map(fd, 0, PAGE, RW);
	if (syscall(SYS_mseal, sealed, PAGE, 0ul))
		return -errno;
	return munmap((void *)sealed, PAGE) && errno == EPERM &&
	       mprotect((void *)sealed, PAGE, PROT_READ) && errno == EPERM ?
	       0 : -EPROTO;
}

static long sealed_is_there(int fd, const long *args)
{
	uint32_t value;

	(void)fd;
	(void)args;
	return read32(sealed, &value);
}

static void device_is_unharmed(void)
{
	mapping_t bar = map_bar(&small, BAR2, 0, START + SIZE + MIB(1));

	is_int(pattern_errors(bar, 0, START, PAGE, SEED), 0,
	       "before the lease, the device has what it had");
	is_int(pattern_errors(bar + START + SIZE, START + SIZE, MIB(1), PAGE,
			      SEED), 0, "and behind it, too");
	/* Its own bytes are the client's to write, and it has */
	unmap(bar, START + SIZE + MIB(1));
}

static void seal(const struct peer *client, int lease)
{
	long ret = peer_call(client, try_seal, lease, NULL);

	if (ret == -ENOSYS)
		skip("no mseal() in this kernel", "a sealed mapping");
	else
		is_int(ret, 0, "a sealed mapping cannot be unmapped");
}

int main(void)
{
	const size_t n = sizeof(attempts) / sizeof(*attempts);
	struct peer client;
	int lease;

	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, START + SIZE + MIB(1), PAGE, SEED);
	lease = lease_of(small.device, BAR2, START, SIZE);
	at = map_aligned(-1, 0, SIZE, PROT_NONE, MIB(2), 0);
	client = peer_start_as(CLIENT_UID);
	is_int(peer_call(&client, map_it, lease, NULL), 0,
	       "a client has a lease in 2 MiB pages");
	is_int(peer_call(&client, try_flags, lease, NULL), 0,
	       "no flag of mmap() shows it other bytes");
	is_int(peer_call(&client, try_executable, lease, NULL), 0,
	       "nor does PROT_EXEC");
	protection_key(&client);
	seal(&client, lease);
	attempt_all(&client, lease, attempts, n);
	device_is_unharmed();
	ok(peer_call(&client, read_it, -1, NULL) >= 0,
	   "the client has its lease");

	is_ok(lease_revoke(small.device, lease), "the lease is revoked");
	peer_sigbus(&client, at, "the client has it no more");
	is_int(peer_call(&client, sealed_is_there, -1, NULL), 0,
	       "not even what was sealed");
	diag("with a revoked lease");
	attempt_all(&client, lease, attempts, n);
	is_error(peer_call(&client, read_it, -1, NULL), EFAULT,
		 "none of that has brought it back");
	device_is_unharmed();
	peer_stop(&client);
	close(lease);
	vfio_close(&small);
	return tap_done();
}
