// SPDX-License-Identifier: MIT
/*
 * A process of an ordinary user drives a disk by a lease of its controller: what it
 * writes the kernel's own driver reads, and the other way round
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "kernel.h"
#include "lease.h"
#include "plug.h"
#include "prng.h"
#include "program.h"
#include "queue-lib.h"
#include "tap.h"

#define BLOCK	512
#define BLOCKS	200
#define SIZE	(BLOCK * BLOCKS)
#define MIB_OF_DISK	64

#define DISK	"/dev/nvme0n1"
#define DATA	BROKER_DIR "/data"
#define BACK	BROKER_DIR "/back"

/* What the command line of the worker begins with */
#define BY_INTERRUPT	""
#define BY_POLLING	"--poll"

static struct plugged disk;
static char data[SIZE];

static void configure(const char *backend)
{
	broker_configure("[device %s]\nbackend=%s\n"
			 "[slice disk]\nbar=0\nranges=0+8K\nusers=1001\n"
			 "interrupts=0-1\ndma=16M\nreset=between-holders\n",
			 disk.dev.name, backend);
}

/* Of that user; "<" and ">" of a shell's */
static struct program worker(const char *options, const char *rest)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "exec /examples/nvme-worker --socket " BROKER_SOCKET " %s disk %s",
		 options, rest);
	return PROGRAM_AS(1001, "/bin/sh", "-c", command);
}

static void does(const char *options, const char *rest, const char *name)
{
	struct program program = worker(options, rest);
	char line[256];

	while (fgets(line, sizeof(line), program.says))
		diag("  %.*s", (int)strcspn(line, "\n"), line);
	is_int(program_end(&program, 0), 0, "it %s", name);
}

static void file_put(const char *path, const void *bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0 || fchmod(fd, 0666) ||
	    (bytes && write(fd, bytes, SIZE) != SIZE))
		bail("%s: %s", path, strerror(errno));
	close(fd);
}

static bool file_is(const char *path, const char *want)
{
	static char has[SIZE + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, has, sizeof(has));

	close(fd);
	return n == SIZE && !memcmp(has, want, SIZE);
}

static void new_data(void)
{
	static uint64_t seed;
	struct prng prng = prng_seeded(++seed);

	for (size_t i = 0; i < SIZE; i++)
		data[i] = prng_next(&prng);
	file_put(DATA, data);
	file_put(BACK, NULL);
}

static void identifies(const char *how)
{
	struct program program = worker(how, "identify");

	ok(program_says(&program, "model QEMU NVMe Ctrl"),
	   "it identifies the controller");
	ok(program_says(&program, "serial barlease"), "and this one");
	ok(program_says(&program, "blocks 131072 of 512 bytes"),
	   "and its disk");
	is_int(program_end(&program, 0), 0, "it ends with 0");
}

static void writes_and_reads(const char *how, unsigned int block)
{
	char command[128];

	new_data();
	snprintf(command, sizeof(command), "write %u %u <" DATA, block, BLOCKS);
	does(how, command, "writes");
	snprintf(command, sizeof(command), "read %u %u >" BACK, block, BLOCKS);
	does(how, command, "reads");
	ok(file_is(BACK, data), "the same bytes");
}

static void does_not(const char *how)
{
	struct program program = worker(how, "read 131000 200");

	ok(program_says(&program, "the disk has fewer blocks"),
	   "it says when there is not as much");
	is_int(program_end(&program, 0), 1, "and ends with 1");
}

static void is_revoked(const char *how)
{
	struct program program = worker(how, "bench 600");
	int admin = admin_connect();
	char answer[256];

	ok(program_says(&program, "1 at a time"), "it reads, for minutes");
	ok(admin_ask(admin, "revoke slice=disk", answer, sizeof(answer)),
	   "until an administrator takes the lease back");
	ok(program_says(&program, "the lease was taken back"), "it says so");
	is_int(program_end(&program, 0), 3, "and ends with 3");
	close(admin);
}

static void run_up_to(pid_t pid, uint64_t call)
{
	struct __ptrace_syscall_info info = { 0 };
	int status;

	do {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) ||
		    waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			bail("it does not get as far as call %d", (int)call);
		ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);
	} while (info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr != call);
}

/* A shell that stops itself, and is the worker when it goes on */
static struct program worker_up_to(uint64_t call)
{
	struct program program = PROGRAM_AS(1001, "/bin/sh", "-c",
		"kill -STOP $$; exec /examples/nvme-worker --socket "
		BROKER_SOCKET " disk bench 600");

	if (waitpid(program.pid, NULL, WUNTRACED) != program.pid ||
	    ptrace(PTRACE_ATTACH, program.pid, NULL, NULL) ||
	    waitpid(program.pid, NULL, 0) != program.pid ||
	    ptrace(PTRACE_SETOPTIONS, program.pid, NULL,
		   PTRACE_O_TRACESYSGOOD))
		bail("it cannot be stopped: %s", strerror(errno));
	run_up_to(program.pid, call);
	return program;
}

/* Before it makes memory, or eventfds, which is what it does with its lease first */
static void is_revoked_early(uint64_t call, const char *before)
{
	struct program program = worker_up_to(call);
	int admin = admin_connect();
	char answer[256];

	ok(admin_ask(admin, "revoke slice=disk", answer, sizeof(answer)),
	   "the lease is taken back before its driver has %s", before);
	ptrace(PTRACE_DETACH, program.pid, NULL, NULL);
	kill(program.pid, SIGCONT);
	ok(program_says(&program, "the lease was taken back"), "it says so");
	is_int(program_end(&program, 0), 3, "and ends with 3");
	close(admin);
}

static void this_way(const char *backend, const char *how, unsigned int block)
{
	pid_t broker;

	diag("backend = %s, %s", backend, *how ? how : "by interrupt");
	broker_set_up();
	configure(backend);
	broker = broker_start();
	identifies(how);
	writes_and_reads(how, block);
	does(how, "bench 1", "reads here and there");
	does_not(how);
	is_revoked(how);
	is_revoked_early(SYS_memfd_create, "memory");
	is_revoked_early(SYS_eventfd2, "interrupts");
	identifies(how);
	queue_has_pinned(broker, 0, "nothing is pinned in the end");
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

static int open_disk(void)
{
	int fd;

	is_ok(pci_bind(disk.dev, "nvme"), "the kernel's driver gets the disk");
	comes_true((fd = open(DISK, O_RDWR | O_CLOEXEC)) >= 0);
	if (fd < 0)
		bail(DISK ": %s", strerror(errno));
	return fd;
}

/* After all this the worker has written @data at @block. */
static void as_the_kernel_has_it(unsigned int block)
{
	static char has[SIZE];
	int fd = open_disk();

	ok(pread(fd, has, SIZE, (off_t)block * BLOCK) == SIZE &&
	   !memcmp(has, data, SIZE), "and reads what the worker has written");
	new_data();
	ok(pwrite(fd, data, SIZE, (off_t)block * BLOCK) == SIZE && !fsync(fd),
	   "it writes something else");
	close(fd);
	is_ok(pci_bind(disk.dev, OUR_DRIVER), "the broker can have it again");
}

static void as_the_worker_has_it(unsigned int block)
{
	char command[128];
	pid_t broker;

	broker = broker_start();
	snprintf(command, sizeof(command), "read %u %u >" BACK, block, BLOCKS);
	does(BY_INTERRUPT, command, "reads");
	ok(file_is(BACK, data), "what the kernel has written");
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

static void both_ways(const char *backend)
{
	this_way(backend, BY_POLLING, 5000);
	this_way(backend, BY_INTERRUPT, 1001);
}

int main(void)
{
	NEEDS_SMALL_PAGES;
	disk = plug_disk("hp0", MIB_OF_DISK);
	if (kernel_has_iommufd())
		both_ways("iommufd");
	else
		skip("this kernel has no iommufd", "the same with iommufd");
	both_ways("group");
	if (module_load("nvme", NULL)) {
		skip("this kernel has no driver for it", "the kernel's driver");
	} else {
		as_the_kernel_has_it(1001);
		as_the_worker_has_it(1001);
	}
	plug_pull(&disk);
	ok(plug_gone(&disk), "the disk is pulled out");
	return tap_done();
}
