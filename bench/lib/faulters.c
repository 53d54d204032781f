// SPDX-License-Identifier: MIT
/*
 * A client whose threads fault all the time
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "faulters.h"
#include "faults.h"
#include "lease.h"
#include "map.h"
#include "report.h"
#include "tap.h"

/* So far apart they touch it: what they are to do is fault. */
#define STRIDE	KIB(64)

struct faulters_shared {
	atomic_long faults;
};

static struct faulted what;
static struct faulters_shared *shared;

/* SIGBUS is an answer, too. */
static void touch(mapping_t at)
{
	uint32_t value;

	for (size_t i = 0; i < what.size; i += STRIDE)
		read32(at + i, &value);
}

static void *fault_forever(void *arg)
{
	for (;;) {
		long before = faults();
		mapping_t at = map_aligned(what.fd, what.offset, what.size, RW,
					   MIB(2), PAGE);

		touch(at);
		unmap(at, what.size);
		atomic_fetch_add(&shared->faults, faults() - before);
	}
	return arg;
}

static __attribute__((noreturn)) void be_client(void)
{
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bench_use_cpu(1);
	for (int i = 1; i < FAULTERS; i++)
		if (pthread_create(&thread, NULL, fault_forever, NULL))
			bail("no thread");
	fault_forever(NULL);
	_exit(1);
}

struct faulters faulters_start(const struct faulted *faulted)
{
	struct faulters faulters;

	what = *faulted;
	shared = mmap(NULL, sizeof(*shared), RW, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		bail("no memory");
	faulters.shared = shared;
	faulters.pid = fork();
	if (faulters.pid < 0)
		bail("fork() fails");
	if (!faulters.pid)
		be_client();
	if (!comes_true(faulters_faults(&faulters)))
		bail("the client does not fault");
	return faulters;
}

void faulters_stop(struct faulters *faulters)
{
	kill(faulters->pid, SIGKILL);
	waitpid(faulters->pid, NULL, 0);
	munmap(faulters->shared, sizeof(*faulters->shared));
}

static void signal_and_see(const struct faulters *faulters, int signal,
			   int change)
{
	int status;

	kill(faulters->pid, signal);
	if (waitpid(faulters->pid, &status, change) != faulters->pid ||
	    WIFEXITED(status) || WIFSIGNALED(status))
		bail("the client is gone");
}

void faulters_pause(const struct faulters *faulters)
{
	signal_and_see(faulters, SIGSTOP, WUNTRACED);
}

void faulters_resume(const struct faulters *faulters)
{
	signal_and_see(faulters, SIGCONT, WCONTINUED);
}

long faulters_faults(const struct faulters *faulters)
{
	return atomic_load(&faulters->shared->faults);
}
