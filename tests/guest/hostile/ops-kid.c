// SPDX-License-Identifier: MIT
/*
 * Children, which have a client's mappings, and for how long is theirs to say
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "look.h"
#include "model.h"
#include "ops.h"
#include "place.h"

#ifndef SYS_mseal
#define SYS_mseal	462
#endif

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

/* --- one that stays --- */

static __attribute__((noreturn)) void be_kid(struct actor *me, int ask,
					     int answer)
{
	uint32_t number;
	ssize_t n;

	me->is_kid = true;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Nor has it the other ends of other children's pipes, or they never end */
	ask = fcntl(ask, F_DUPFD, 1000);
	answer = fcntl(answer, F_DUPFD, 1000);
	close_range(3, 999, 0);
	for (;;) {
		n = read(ask, &number, sizeof(number));
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(number))
			_exit(0);
		look_around(me, number, 8);
		while (write(answer, &number, 1) < 0 && errno == EINTR)
			;
	}
}

static void end_kid(struct actor *me)
{
	if (!me->kid.pid)
		return;
	close(me->kid.ask);
	close(me->kid.answer);
	reap(me->kid.pid);
	me->kid.pid = 0;
}

void step_fork(struct actor *me, const uint32_t *arg)
{
	int ask[2], answer[2];
	pid_t pid;

	(void)arg;
	end_kid(me);
	if (pipe2(ask, O_CLOEXEC))
		return;
	if (pipe2(answer, O_CLOEXEC)) {
		close(ask[0]);
		close(ask[1]);
		return;
	}
	pid = CALL(me, fork());
	if (!pid) {
		close(ask[1]);
		close(answer[0]);
		be_kid(me, ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	SAY(me, "fork: %s", pid < 0 ? "none" : "done");
	if (pid < 0) {
		close(ask[1]);
		close(answer[0]);
		return;
	}
	me->kid = (struct kid){ pid, ask[1], answer[0] };
}

void step_kid(struct actor *me, const uint32_t *arg)
{
	char answer;

	if (!me->kid.pid)
		return;
	SAY(me, "ask the child");
	if (CALL(me, write(me->kid.ask, &arg[0], 4)) != 4)
		return;
	while (CALL(me, read(me->kid.answer, &answer, 1)) < 0 && errno == EINTR)
		;
}

void step_kid_end(struct actor *me, const uint32_t *arg)
{
	if (me->kid.pid && arg[0] & 1)
		CALL(me, kill(me->kid.pid, SIGKILL));
	end_kid(me);
}

/* Read and write its memory as a debugger; it waits in a read, and goes on */
void step_debug(struct actor *me, const uint32_t *arg)
{
	uint32_t index = any_page(me, arg[0], arg[1]);
	struct moment began;
	uint32_t words[WORDS];
	int status;
	long word;

	if (!me->kid.pid || CALL(me, ptrace(PTRACE_SEIZE, me->kid.pid, 0, 0)))
		return;
	CALL(me, ptrace(PTRACE_INTERRUPT, me->kid.pid, 0, 0));
	while (waitpid(me->kid.pid, &status, __WALL) < 0 && errno == EINTR)
		;
	began = moment_now();
	errno = 0;
	word = CALL(me, ptrace(PTRACE_PEEKDATA, me->kid.pid,
			       address(me, index), 0));
	SAY(me, "peek at page %u of the child: %s", index,
	    errno ? strerrorname_np(errno) : "done");
	if (!errno && sizeof(word) == sizeof(words)) {
		words[0] = word;
		words[1] = (uint64_t)word >> 32;
		judge(me, words, began, NULL, "ptrace()");
	}
	CALL(me, ptrace(PTRACE_DETACH, me->kid.pid, 0, 0));
}

/* --- some that go at once --- */

/* What is sealed stays where it is, so it is done where nobody misses it */
static void seal(struct actor *me, struct span part)
{
	void *at = address(me, part.first);

	if (CALL(me, syscall(SYS_mseal, at, part.n * PAGE, 0ul)))
		return;
	CALL(me, munmap(at, PAGE));
	CALL(me, mprotect(at, part.n * PAGE, PROT_NONE));
	CALL(me, madvise(at, part.n * PAGE, MADV_DONTNEED));
}

void step_short_fork(struct actor *me, const uint32_t *arg)
{
	struct span part = any_part(me, arg[0], arg[1]);
	pid_t pid = CALL(me, fork());

	if (!pid) {
		me->is_kid = true;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (arg[2] & 1)
			seal(me, part);
		else
			step_unmap(me, arg);
		look_around(me, arg[3], 8);
		_exit(0);
	}
	SAY(me, "short fork, %s %u pages at %u", arg[2] & 1 ? "seal" : "unmap",
	    part.n, part.first);
	if (pid > 0 && arg[2] & 2)
		CALL(me, kill(pid, SIGKILL));
	if (pid > 0)
		reap(pid);
}

struct in_clone {
	struct actor *me;
	const uint32_t *arg;
};

static int run_clone(void *data)
{
	struct in_clone *in = data;

	look_around(in->me, in->arg[0], 8);
	step_unmap(in->me, in->arg);
	_exit(0);
}

/* Another process with the same memory; the thread waits, for both have its stack's tls */
void step_clone(struct actor *me, const uint32_t *arg)
{
	static __thread uint8_t stack[65536] __attribute__((aligned(16)));
	struct in_clone in = { me, arg };
	int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
	pid_t pid;

	if (arg[2] & 1)
		flags |= CLONE_FILES;
	pid = CALL(me, clone(run_clone, stack + sizeof(stack), flags, &in));
	SAY(me, "clone with shared memory: %s", pid < 0 ? "none" : "done");
	if (pid > 0)
		reap(pid);
}
