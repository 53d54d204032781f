// SPDX-License-Identifier: MIT
/*
 * A guard turns the SIGBUS of a revoked lease into -ESTALE, for every thread,
 * however often and whenever a revoke comes; and costs no system call
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barlease.h>

#include "clock.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "prng.h"
#include "tap.h"

#define SIZE	(16 * PAGE)
/* So many, or for so long where an emulated processor is slow */
#define REVOKES	100000
#define MOST_US	60000000
#define THREADS	2
#define LEASES	4
#define VALUE	0x600dbeef

static struct barlease_device *device;

static int export(void)
{
	static const struct barlease_range range = { 0, SIZE };
	int lease = barlease_export(device, 2, &range, 1, 0);

	if (lease < 0)
		bail("cannot export: %s", strerror(-lease));
	return lease;
}

static void end(int lease)
{
	int ret = barlease_revoke(device, lease);

	if (ret)
		bail("cannot revoke: %s", strerror(-ret));
	close(lease);
}

static mapping_t must_map(int lease)
{
	void *at;
	int ret = barlease_map(lease, 0, SIZE, 0, NULL, &at);

	if (ret)
		bail("cannot map: %s", strerror(-ret));
	return at;
}

static void fill(void)
{
	int lease = export();
	mapping_t at = must_map(lease);

	for (uint64_t i = 0; i < SIZE; i += 4)
		*(volatile uint32_t *)(at + i) = VALUE;
	unmap(at, SIZE);
	end(lease);
}

static void accesses(void)
{
	int lease = export();
	mapping_t at = must_map(lease);
	uint64_t wide = 0;
	uint32_t word = 0;

	is_ok(barlease_read32(at, &word), "a word is read");
	is_hex(word, VALUE, "it is right");
	is_ok(barlease_read64(at, &wide), "two words are read at once");
	is_hex(wide, (uint64_t)VALUE << 32 | VALUE, "both are right");
	is_ok(barlease_write32(at, VALUE), "a word is written");
	is_ok(barlease_write64(at, wide), "two words are written at once");
	is_error(barlease_read32(at + 2, &word), EINVAL,
		 "half a word further on is EINVAL");
	end(lease);
	word = 1;
	wide = 2;
	is_error(barlease_read32(at, &word), ESTALE, "then to read is ESTALE");
	is_error(barlease_read64(at, &wide), ESTALE, "so is two words");
	is_error(barlease_write32(at, 1), ESTALE, "so is to write");
	is_error(barlease_write64(at, 1), ESTALE, "so is two words");
	ok(word == 1 && wide == 2, "the results have not been touched");
	unmap(at, SIZE);
}

static int read_word(void *arg)
{
	return *(volatile uint32_t *)arg == VALUE ? 0 : -EILSEQ;
}

struct nest {
	mapping_t inner;
	mapping_t accessed;
	int inner_ret;
};

static int read_accessed(void *arg)
{
	struct nest *nest = arg;

	return read_word((void *)nest->accessed);
}

static int guard_inner(void *arg)
{
	struct nest *nest = arg;

	nest->inner_ret = barlease_guard(nest->inner, SIZE, read_accessed, nest);
	return 0;
}

static void nests(void)
{
	int outer = export(), inner = export();
	mapping_t at = must_map(outer);
	struct nest nest = { .inner = must_map(inner), .inner_ret = 1 };

	end(outer);
	nest.accessed = at;
	is_error(barlease_guard(at, SIZE, guard_inner, &nest), ESTALE,
		 "in two guards, an access to the outer lease ends the outer");
	is_int(nest.inner_ret, 1, "the inner one has not returned");
	nest.accessed = nest.inner;
	is_int(barlease_guard(at, SIZE, guard_inner, &nest), 0,
	       "the inner lease can be read, still");
	is_int(nest.inner_ret, 0, "and is right");
	end(inner);
	is_int(barlease_guard(at, SIZE, guard_inner, &nest), 0,
	       "an access to the inner one, revoked, leaves the outer alone");
	is_error(nest.inner_ret, ESTALE, "it ends the inner one");
	unmap(at, SIZE);
	unmap(nest.inner, SIZE);
}

/* The application's handlers put memory where the lease was, and go on. */
static mapping_t replaced;
static volatile sig_atomic_t calls;

static void on_plain(int sig)
{
	(void)sig;
	calls++;
	if (mmap((void *)replaced, SIZE, RW,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		_exit(1);
}

static void on_info(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_addr == (void *)replaced)
		on_plain(sig);
}

static void beside(const struct sigaction *action, const char *what)
{
	int guarded = export(), bare = export();
	mapping_t at = must_map(guarded);
	uint32_t value;

	calls = 0;
	replaced = must_map(bare);
	if (sigaction(SIGBUS, action, NULL))
		bail("sigaction(): %s", strerror(errno));
	is_ok(barlease_guard_install(), "the guard is put on top of %s", what);
	end(guarded);
	end(bare);
	is_error(barlease_read32(at, &value), ESTALE,
		 "a guarded access is ESTALE");
	is_int(calls, 0, "%s is not called for it", what);
	is_int(*(volatile uint32_t *)replaced, 0,
	       "an access without a guard goes to %s", what);
	is_int(calls, 1, "once");
	unmap(at, SIZE);
	unmap(replaced, SIZE);
}

static void beside_handlers(void)
{
	const struct sigaction plain = { .sa_handler = on_plain };
	const struct sigaction info = {
		.sa_sigaction = on_info, .sa_flags = SA_SIGINFO,
	};
	const struct sigaction standard = { .sa_handler = SIG_DFL };

	beside(&plain, "a plain handler");
	beside(&info, "a handler with siginfo");
	sigaction(SIGBUS, &standard, NULL);
	barlease_guard_install();
}

#define NO_SECCOMP	2	/* exit status */

/* Any system call but exit_group() ends the process by SIGSYS. */
static void forbid_system_calls(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(*filter),
		.filter = filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(NO_SECCOMP);
}

static int in_silence(mapping_t at, bool call)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		bail("fork(): %s", strerror(errno));
	if (!pid) {
		int ret = barlease_guard(at, SIZE, read_word, (void *)at);

		forbid_system_calls();
		for (int i = 0; i < 10000 && !ret; i++)
			ret = barlease_guard(at, SIZE, read_word, (void *)at);
		if (call)
			syscall(SYS_getpid);
		syscall(SYS_exit_group, ret ? 1 : 0);
	}
	if (waitpid(pid, &status, 0) != pid)
		bail("waitpid(): %s", strerror(errno));
	return status;
}

static void no_system_calls(void)
{
	int lease = export(), status;
	mapping_t at = must_map(lease);

	status = in_silence(at, false);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SECCOMP) {
		skip("this kernel has no seccomp",
		     "10,000 guarded reads make no system call");
	} else {
		is_int(status, 0, "10,000 guarded reads make no system call");
		ok(WIFSIGNALED(in_silence(at, true)),
		   "which would have been noticed");
	}
	unmap(at, SIZE);
	end(lease);
}

/*
 * @at: of LEASES leases, each of which is there or revoked, by turns
 * @stale, @right: what reading them has come to
 */
struct race {
	mapping_t at[LEASES];
	atomic_bool stop;
	atomic_long stale;
	atomic_long right;
	atomic_long wrong;
};

static int read_some(void *arg)
{
	const volatile uint32_t *at = arg;
	int wrong = 0;

	for (uint64_t i = 0; i < SIZE / 4; i += PAGE / 4)
		wrong += at[i] != VALUE;
	return wrong;
}

/* By turns: many accesses under one guard, and a guard for each */
static int read_somehow(mapping_t at, unsigned int how)
{
	uint32_t value;
	int ret;

	if (how % 2)
		return barlease_guard(at, SIZE, read_some, (void *)at);
	ret = barlease_read32(at + how % (SIZE / PAGE) * PAGE, &value);
	return ret ? ret : value != VALUE;
}

static void *race_reader(void *arg)
{
	struct race *race = arg;
	struct prng prng = prng_seeded((uintptr_t)&prng);

	while (!atomic_load(&race->stop)) {
		unsigned int how = prng_next(&prng);
		int ret = read_somehow(race->at[how >> 8 & (LEASES - 1)], how);

		if (!ret)
			atomic_fetch_add(&race->right, 1);
		else if (ret != -ESTALE)
			atomic_fetch_add(&race->wrong, 1);
		else if (!(atomic_fetch_add(&race->stale, 1) % 4))
			/* The guest has fewer processors than threads. */
			sched_yield();
	}
	return NULL;
}

/* In place of what was mapped there, in one step: readers never see a hole */
static void map_again(mapping_t at, int lease)
{
	if (mmap((void *)at, SIZE, RW, MAP_SHARED | MAP_FIXED, lease, 0) ==
	    MAP_FAILED)
		bail("mmap(): %s", strerror(errno));
}

static int race_revoker(struct race *race)
{
	int64_t end_us = now_us() + MOST_US;
	int lease[LEASES], revokes = 0;

	for (int i = 0; i < LEASES; i++)
		lease[i] = export();
	for (int i = 0; i < LEASES; i++)
		map_again(race->at[i], lease[i]);
	for (; revokes < REVOKES && now_us() < end_us; revokes++) {
		int which = revokes % LEASES;

		end(lease[which]);
		lease[which] = export();
		map_again(race->at[which], lease[which]);
	}
	for (int i = 0; i < LEASES; i++)
		end(lease[i]);
	return revokes;
}

static void any_number_of_revokes(void)
{
	pthread_t threads[THREADS];
	struct race race = { .stop = false };
	int64_t start = now_us();
	int revokes;

	for (int i = 0; i < LEASES; i++) {
		int lease = export();

		race.at[i] = must_map(lease);
		close(lease);
	}
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, race_reader, &race))
			bail("no thread");
	revokes = race_revoker(&race);
	atomic_store(&race.stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);

	diag("%d of %d revokes in %lld ms", revokes, REVOKES,
	     (long long)(now_us() - start) / 1000);
	diag("%ld right, %ld stale", race.right, race.stale);
	is_int(race.wrong, 0,
	       "threads read leases that revokes end: never a wrong value");
	/* How often depends on what runs when. */
	ok(revokes > 100 && race.right > revokes / 10 &&
	   race.stale > revokes / 10,
	   "but often a right one, and often ESTALE");
	for (int i = 0; i < LEASES; i++)
		unmap(race.at[i], SIZE);
}

int main(void)
{
	struct bdf small = dev_small();
	int before = fds_open();

	if (barlease_device_open(small.name, BARLEASE_BACKEND_ANY, &device))
		bail("cannot open %s", small.name);
	fill();
	accesses();
	nests();
	beside_handlers();
	no_system_calls();
	any_number_of_revokes();
	barlease_device_close(device);
	is_int(fds_open(), before, "no file descriptor is left");
	return tap_done();
}
