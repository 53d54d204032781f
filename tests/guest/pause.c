// SPDX-License-Identifier: MIT
/*
 * A paused lease reaches nothing, and whoever uses it waits, without a lock and
 * for any signal, until it is resumed or over; everybody else goes on
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/futex.h>

#include "access.h"
#include "bystander.h"
#include "clock.h"
#include "fds.h"
#include "importer.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "stack.h"
#include "tap.h"
#include "toucher.h"

#define SIZE	MIB(4)
#define SEED	32
#define WAITS	"wait_at_gate"
#define PAUSED	BARLEASE_DMA_BUF_PAUSED
#define REVOKED	BARLEASE_DMA_BUF_REVOKED

static struct vfio small;

static void others_go_on(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	int other = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t odd = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	mapping_t even = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
	mapping_t others = map_aligned(other, 0, SIZE, RW, MIB(2), PAGE);
	mapping_t bar = map_bar(&small, BAR2, 0, SIZE);
	struct bystander bystander;

	is_int(pattern_errors(odd, 0, SIZE, PAGE, SEED) +
	       pattern_errors(even, 0, SIZE, PAGE, SEED) +
	       pattern_errors(others, 0, SIZE, PAGE, SEED), 0,
	       "two leases of the same bytes work");
	reads(bar, pattern(0, SEED), "so does the BAR");
	is_ok(lease_pause(small.device, lease), "one of them is paused");
	is_int(lease_get_state(small.device, lease), PAUSED,
	       "which is its state");
	is_int(lease_get_state(small.device, other), 0, "and not the other's");
	is_int(pages_present(odd, SIZE) + pages_present(even, SIZE), 0,
	       "no page of it is mapped any more");
	is_int(pages_present(others, SIZE), SIZE / PAGE,
	       "the other one has all of its");
	ok(!bystander_waits(&bystander, odd, WAITS, bystander_maps_memory),
	   "another thread of that process maps memory meanwhile");
	is_int(pattern_errors(others, 0, SIZE, PAGE, SEED), 0,
	       "the other lease works");
	reads(bar, pattern(0, SEED), "and the BAR");
	is_ok(try_map(lease, 0, SIZE, RW, MAP_SHARED), "it can be mapped anew");
	is_ok(lease_resume(small.device, lease), "it is resumed");
	bystander_end(&bystander, pattern(0, SEED));
	is_int(lease_get_state(small.device, lease), 0, "its state is as before");
	is_int(pattern_errors(odd, 0, SIZE, PAGE, SEED) +
	       pattern_errors(even, 0, SIZE, PAGE, SEED), 0, "so is all of it");
	unmap(odd, SIZE);
	unmap(even, SIZE);
	unmap(others, SIZE);
	unmap(bar, SIZE);
	close(lease);
	close(other);
}

struct use {
	mapping_t at;
	bool write;
	bool done;
	uint32_t value;
};

static long use_it(void *arg)
{
	struct use *use = arg;

	use->done = use->write ? write32(use->at, use->value) :
				       read32(use->at, &use->value);
	return 0;
}

/* A thread that waits for a lease that is paused */
static void wait_at(struct later *later, struct use *use, const char *what)
{
	later_begin(later, use_it, use);
	ok(sleeps_in(later->tid, WAITS), "%s waits", what);
}

static void writes_wait(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	struct use use = { at + PAGE, true, false, 0x4321 };
	struct later later;

	lease_pause(small.device, lease);
	is_ok(lease_pause(small.device, lease), "to pause it again is no error");
	wait_at(&later, &use, "a write");
	is_int(vfio_get32(&small, BAR2, PAGE), pattern(PAGE, SEED),
	       "and has not reached the device");
	is_ok(vfio_reset(&small), "the device is reset meanwhile");
	ok(later_waits(&later), "it waits still");
	is_ok(lease_resume(small.device, lease), "it is resumed");
	later_end(&later);
	ok(use.done, "the write is done");
	is_hex(vfio_get32(&small, BAR2, PAGE), 0x4321, "the device has it");
	is_ok(lease_resume(small.device, lease),
	      "to resume what is not paused is no error");
	vfio_put32(&small, BAR2, PAGE, pattern(PAGE, SEED));
	unmap(at, SIZE);
	close(lease);
}

static void ends(bool ones)
{
	int lease = ones ? lease_of_ones(small.device, BAR2, 0, SIZE) :
			   lease_of(small.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	struct use use = { at, false, false, 0 };
	struct later later;

	lease_pause(small.device, lease);
	wait_at(&later, &use, ones ? "a read of one that ends in ones" :
					"a read");
	is_ok(lease_revoke(small.device, lease), "it is revoked while paused");
	later_end(&later);
	if (ones)
		ok(use.done && use.value == ~0u, "the read is ones");
	else
		ok(!use.done, "the read is SIGBUS");
	is_int(lease_get_state(small.device, lease), REVOKED,
	       "it is revoked, not paused");
	is_error(lease_pause(small.device, lease), EBADFD,
		 "and cannot be paused: EBADFD");
	is_error(lease_resume(small.device, lease), EBADFD,
		 "nor resumed: EBADFD");
	unmap(at, SIZE);
	close(lease);
}

static void last_close(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	struct use use = { at, false, false, 0 };
	struct later later;

	lease_pause(small.device, lease);
	wait_at(&later, &use, "a read");
	vfio_close(&small);
	later_end(&later);
	ok(!use.done, "with the device's last close it is SIGBUS");
	unmap(at, SIZE);
	close(lease);
	small = vfio_open(dev_small());
}

/* --- signals --- */

static sigjmp_buf out;
static atomic_int handled;

static void handle(int signal)
{
	(void)signal;
	atomic_fetch_add(&handled, 1);
}

static void leave(int signal)
{
	siglongjmp(out, signal);
}

/* A process that reads @at, with @handler for SIGALRM */
static pid_t reader(mapping_t at, void (*handler)(int))
{
	pid_t pid = fork();
	uint32_t value;

	if (pid)
		return pid;

	handled = 0;
	signal(SIGALRM, handler);
	if (sigsetjmp(out, 1))
		_exit(99);
	if (!read32(at, &value))
		_exit(98);
	_exit(value == pattern(0, SEED) ? 10 + handled : 97);
}

/* What has become of it within a while; -1: it is still there */
static int ended_by(pid_t pid)
{
	int status, ret = 0;

	comes_true((ret = waitpid(pid, &status, WNOHANG)) != 0);
	if (ret != pid)
		return -1;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void killed(mapping_t at, int signal, const char *name)
{
	pid_t pid = reader(at, SIG_DFL);

	ok(sleeps_in(pid, WAITS), "a process waits");
	kill(pid, signal);
	is_int(ended_by(pid), -signal, "%s ends it", name);
}

static void signals(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE), status = 0;
	mapping_t at = map(lease, 0, SIZE, RW);
	pid_t pid;

	lease_pause(small.device, lease);
	killed(at, SIGKILL, "SIGKILL");
	killed(at, SIGTERM, "SIGTERM");

	pid = reader(at, leave);
	ok(sleeps_in(pid, WAITS), "one with a handler waits");
	kill(pid, SIGALRM);
	is_int(ended_by(pid), 99, "the handler can leave the access for good");

	pid = reader(at, handle);
	ok(sleeps_in(pid, WAITS), "another one waits");
	kill(pid, SIGALRM);
	ok(sleeps_in(pid, WAITS), "after its handler it waits again");
	kill(pid, SIGSTOP);
	is_int(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status), 1,
	       "it can be stopped");
	kill(pid, SIGCONT);
	ok(sleeps_in(pid, WAITS), "and goes on waiting");
	lease_resume(small.device, lease);
	is_int(ended_by(pid), 11,
	       "resumed, it reads the device, its handler having run once");
	unmap(at, SIZE);
	close(lease);
}

/* Which may have locks that others need */
static void system_calls(void)
{
	int lease = lease_of(small.device, BAR2, 0, PAGE), pipes[2];
	mapping_t at = map(lease, 0, PAGE, RW);
	struct barlease_mapped_as answer = {
		.address = (uintptr_t)at,
		.flags = BARLEASE_MAPPED_AS_FILL,
	};

	if (pipe2(pipes, O_CLOEXEC))
		bail("no pipe");
	lease_pause(small.device, lease);
	is_error(write(pipes[1], (void *)at, 4) < 0 ? -errno : 0, EFAULT,
		 "write() from what is paused does not wait: EFAULT");
	is_ok(write(pipes[1], "four", 4) == 4 ? 0 : -errno, "the pipe works");
	is_error(read(pipes[0], (void *)at, 4) < 0 ? -errno : 0, EFAULT,
		 "nor does read(): EFAULT");
	is_error(syscall(SYS_futex, at, FUTEX_WAKE_OP, 0, 0, at, 0) < 0 ?
			 -errno : 0, EFAULT, "nor a futex: EFAULT");
	is_error(vfio_feature(small.device, BARLEASE_FEATURE_MAPPED_AS,
			      VFIO_DEVICE_FEATURE_GET, &answer, sizeof(answer)),
		 EAGAIN, "the driver does not look at it either: EAGAIN");
	lease_resume(small.device, lease);
	is_int(write(pipes[1], (void *)at, 4), 4, "resumed, write() works");
	close(pipes[0]);
	close(pipes[1]);
	unmap(at, PAGE);
	close(lease);
}

static void devices(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE), importer;

	if (!importers_possible()) {
		skip("this kernel lets no device import", "paused for devices");
		close(lease);
		return;
	}
	importer = importer_mapped(lease, dev_big(), 0);
	is_ok(lease_pause(small.device, lease), "a lease that a device has is paused");
	ok(comes_true(!importer_has(importer)),
	   "the device is told, and gives it back");
	is_error(importer_map(importer, BOTH_WAYS, NULL), EAGAIN,
		 "it cannot have it for now: EAGAIN");
	is_ok(lease_resume(small.device, lease), "it is resumed");
	is_ok(importer_map(importer, BOTH_WAYS, NULL), "the device has it again");
	importer_unmap(importer);
	close(importer);
	close(lease);
}

/* --- pauses one after the other, under threads at work --- */

struct worker {
	mapping_t at;
	uint64_t where;
	atomic_bool stop;
	atomic_uint count;
	atomic_long failed;
};

/* Counts in the device's memory */
static void *work(void *arg)
{
	struct worker *worker = arg;

	while (!atomic_load(&worker->stop)) {
		unsigned int next = atomic_load(&worker->count) + 1;

		if (!write32(worker->at + worker->where, next))
			atomic_fetch_add(&worker->failed, 1);
		atomic_store(&worker->count, next);
	}
	return NULL;
}

#define WORKERS	3
#define PAUSES	300
#define CLOSE_CALLS	5000

static void while_in_use(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	struct worker workers[WORKERS] = { 0 };
	pthread_t threads[WORKERS];
	long moved = 0, stuck = 0, failed = 0;
	mapping_t at[2];

	at[0] = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
	at[1] = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	for (int i = 0; i < WORKERS; i++) {
		workers[i].at = at[i % 2];
		workers[i].where = MIB(1) * i;
		pthread_create(&threads[i], NULL, work, &workers[i]);
	}
	for (int round = 0; round < PAUSES; round++) {
		uint32_t before[WORKERS];
		unsigned int counts[WORKERS];

		lease_pause(small.device, lease);
		for (int i = 0; i < WORKERS; i++)
			before[i] = vfio_get32(&small, BAR2, MIB(1) * i);
		sched_yield();
		for (int i = 0; i < WORKERS; i++) {
			moved += vfio_get32(&small, BAR2, MIB(1) * i) != before[i];
			counts[i] = atomic_load(&workers[i].count);
		}
		lease_resume(small.device, lease);
		for (int i = 0; i < WORKERS; i++)
			stuck += !comes_true(atomic_load(&workers[i].count) >
					     counts[i] + 1);
	}
	for (int i = 0; i < WORKERS; i++) {
		atomic_store(&workers[i].stop, true);
		pthread_join(threads[i], NULL);
		failed += atomic_load(&workers[i].failed);
		vfio_put32(&small, BAR2, MIB(1) * i, pattern(MIB(1) * i, SEED));
	}
	is_int(moved, 0, "in %d pauses no write reached the device", PAUSES);
	is_int(stuck, 0, "after each all threads go on");
	is_int(failed, 0, "not one write was SIGBUS");
	unmap(at[0], SIZE);
	unmap(at[1], SIZE);
	close(lease);
}

/* A first fault and a pause, as nearly at the same time as can be */
static void close_calls(void)
{
	int lease = lease_of(small.device, BAR2, 0, PAGE);
	struct toucher toucher;
	long left = 0;

	toucher_begin(&toucher, CLOSE_CALLS);
	for (int i = 0; i < CLOSE_CALLS; i++) {
		mapping_t at = map(lease, 0, PAGE, RW);

		toucher_touch(&toucher, at);
		lease_pause(small.device, lease);
		for (int look = 0; look < 3; look++)
			left += entry_at(at).present;
		lease_resume(small.device, lease);
		toucher_wait(&toucher);
		unmap(at, PAGE);
	}
	toucher_end(&toucher);
	is_int(left, 0, "in %d pauses during a first fault no page was there",
	       CLOSE_CALLS);
	close(lease);
}

static atomic_bool done;

static void *pause_on(void *arg)
{
	const int *lease = arg;

	while (!atomic_load(&done)) {
		lease_pause(small.device, *lease);
		lease_resume(small.device, *lease);
	}
	return NULL;
}

/* Two who pause and resume as they like, a worker, and then the end */
static void pauses_and_ends(void)
{
	struct worker worker = { 0 };
	pthread_t threads[3];
	long stuck = 0, alive = 0;

	for (int round = 0; round < 100; round++) {
		int lease = lease_of(small.device, BAR2, 0, SIZE);
		uint32_t value;

		worker.at = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
		atomic_store(&worker.stop, false);
		atomic_store(&worker.count, 0);
		atomic_store(&done, false);
		pthread_create(&threads[0], NULL, work, &worker);
		pthread_create(&threads[1], NULL, pause_on, &lease);
		pthread_create(&threads[2], NULL, pause_on, &lease);
		stuck += !comes_true(atomic_load(&worker.count) > 2);
		lease_revoke(small.device, lease);
		alive += read32(worker.at, &value);
		atomic_store(&done, true);
		atomic_store(&worker.stop, true);
		for (int i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		unmap(worker.at, SIZE);
		close(lease);
	}
	vfio_put32(&small, BAR2, 0, pattern(0, SEED));
	is_int(stuck, 0, "paused and resumed by two at once, a lease works on");
	is_int(alive, 0, "and when it is revoked it is over");
}

static void refuses(void)
{
	int lease = lease_of(small.device, BAR2, 0, PAGE);
	int foreign = foreign_dmabuf();

	is_error(lease_pause(small.device, fd_closed()), EBADF, "no fd: EBADF");
	is_error(lease_pause(small.device, small.device), EINVAL,
		 "no DMABUF: EINVAL");
	is_error(lease_pause(small.device, foreign), ENODEV,
		 "another driver's: ENODEV");
	is_error(lease_set_state(small.device, lease, PAUSED | 4), EINVAL,
		 "an unknown flag: EINVAL");
	is_int(lease_get_state(small.device, lease), 0,
	       "none of that has paused it");
	close(foreign);
	close(lease);
}

int main(void)
{
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	others_go_on();
	writes_wait();
	ends(false);
	ends(true);
	last_close();
	signals();
	system_calls();
	devices();
	while_in_use();
	close_calls();
	pauses_and_ends();
	refuses();
	vfio_close(&small);
	return tap_done();
}
