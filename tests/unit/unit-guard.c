// SPDX-License-Identifier: MIT
/*
 * barlease_guard() and the SIGBUS handlers of an application beside it
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A page of a file that was truncated is as good as one of a revoked lease.
 * Each case has a process of its own, for what a process does with SIGBUS
 * cannot be undone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barlease.h>
#include <cmocka.h>

#include "guard-cxx.h"

#define PAGE	4096
#define VALUE	0x600d
#define LOST	(-ESTALE)
#define FN	((int (*)(void *))read_it)

/* In a case: end the process, and say where */
#define must(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, #what); \
			_exit(1); \
		} \
	} while (0)

struct file {
	int fd;
	volatile uint32_t *at;
};

static void there(const struct file *file, bool there)
{
	uint32_t value = VALUE;

	must(!ftruncate(file->fd, there ? PAGE : 0));
	must(!there || pwrite(file->fd, &value, sizeof(value), 0) > 0);
}

static struct file new_file(bool is_there)
{
	struct file file = { .fd = memfd_create("unit-guard", MFD_CLOEXEC) };

	must(file.fd >= 0);
	there(&file, true);
	file.at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd,
		       0);
	must(file.at != MAP_FAILED);
	there(&file, is_there);
	return file;
}

static int read_it(volatile uint32_t *at)
{
	return *at;
}

static int guarded_read(const struct file *file)
{
	return barlease_guard(file->at, PAGE, FN, (void *)file->at);
}

/* ---- The handlers of the application ----------------------------------- */

static struct file *handled;
static volatile sig_atomic_t calls;
static void *volatile handled_address;
static sigset_t handled_mask;
static struct sigaction old;

/* Bring the page back: the access is repeated, and succeeds. */
static void on_plain(int sig)
{
	(void)sig;
	calls++;
	pthread_sigmask(SIG_SETMASK, NULL, &handled_mask);
	if (handled)
		there(handled, true);
}

static void on_info(int sig, siginfo_t *info, void *context)
{
	must(context);
	handled_address = info->si_addr;
	on_plain(sig);
}

/* As a library would that has found another's handler */
static void on_foreign(int sig, siginfo_t *info, void *context)
{
	calls += 100;
	must(old.sa_flags & SA_SIGINFO);
	old.sa_sigaction(sig, info, context);
}

static void handle(void *handler, int flags, int masked)
{
	struct sigaction action = {
		.sa_sigaction = (void (*)(int, siginfo_t *, void *))handler,
		.sa_flags = flags,
	};

	if (masked)
		sigaddset(&action.sa_mask, masked);
	must(!sigaction(SIGBUS, &action, &old));
}

/* ---- The cases ---------------------------------------------------------- */

static int give_back(void *arg)
{
	return *(int *)arg;
}

static void returns(void)
{
	struct file file = new_file(true);
	int results[] = { 0, 7, -EIO };

	must(guarded_read(&file) == VALUE);
	for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++)
		must(barlease_guard(file.at, PAGE, give_back, &results[i]) ==
		     results[i]);
	there(&file, false);
	for (int i = 0; i < 1000; i++)
		must(guarded_read(&file) == LOST);
	there(&file, true);
	must(guarded_read(&file) == VALUE);
}

struct pair {
	struct file outer;
	struct file inner;
	const struct file *accessed;
	bool inner_returned;
};

static int read_accessed(void *arg)
{
	struct pair *pair = arg;

	return *pair->accessed->at;
}

static int guard_inner(void *arg)
{
	struct pair *pair = arg;
	int ret = barlease_guard(pair->inner.at, PAGE, read_accessed, pair);

	pair->inner_returned = true;
	return ret == LOST ? 42 : ret;
}

static int nested(struct pair *pair, const struct file *accessed)
{
	pair->accessed = accessed;
	pair->inner_returned = false;
	return barlease_guard(pair->outer.at, PAGE, guard_inner, pair);
}

static void nests(void)
{
	struct pair pair = {
		.outer = new_file(false), .inner = new_file(false),
	};

	for (int i = 0; i < 100; i++) {
		must(nested(&pair, &pair.inner) == 42 && pair.inner_returned);
		must(nested(&pair, &pair.outer) == LOST &&
		     !pair.inner_returned);
	}
	there(&pair.inner, true);
	must(nested(&pair, &pair.inner) == VALUE);
	/* Of two guards for the same bytes, the inner one is meant. */
	there(&pair.inner, false);
	pair.outer = pair.inner;
	must(nested(&pair, &pair.inner) == 42 && pair.inner_returned);
}

static int read_all(void *arg)
{
	struct file *files = arg;

	return files[0].at[0] + files[1].at[0];
}

static int guard_one_read_all(const struct file *guarded, size_t size,
			      struct file *files)
{
	return barlease_guard(guarded->at, size, read_all, files);
}

/* An access to [1], which nobody guards, goes to the handler. */
static void foreign_to(void *handler, int flags)
{
	struct file files[2] = { new_file(true), new_file(false) };

	handled = &files[1];
	handle(handler, flags, 0);
	must(guarded_read(&files[0]) == VALUE);
	for (int i = 1; i <= 10; i++) {
		there(&files[1], false);
		must(guard_one_read_all(&files[0], PAGE, files) == 2 * VALUE);
		must(calls == i);
		must(handler != on_info || handled_address == files[1].at);
		/* And the guard works all the same. */
		there(&files[0], false);
		must(guarded_read(&files[0]) == LOST && calls == i);
		there(&files[0], true);
	}
}

static void foreign_to_plain(void)
{
	foreign_to(on_plain, 0);
}

static void foreign_to_info(void)
{
	foreign_to(on_info, SA_SIGINFO);
}

static void foreign_to_default(void)
{
	struct file files[2] = { new_file(true), new_file(false) };

	guard_one_read_all(&files[0], PAGE, files);
}

static void foreign_ignored(void)
{
	handle(SIG_IGN, 0, 0);
	foreign_to_default();
}

static void next_to_the_range(void)
{
	struct file files[2] = { new_file(false), new_file(true) };

	handle(on_plain, 0, 0);
	handled = &files[0];
	must(barlease_guard(files[0].at + 1, PAGE - 4, FN,
			    (void *)files[0].at) == VALUE);
	there(&files[0], false);
	must(guard_one_read_all(&files[0], 0, files) == 2 * VALUE);
	must(calls == 2);
	there(&files[0], false);
	must(barlease_guard(files[0].at, 1, FN, (void *)files[0].at) == LOST);
}

static void after_the_guard(void)
{
	struct file file = new_file(false);

	must(guarded_read(&file) == LOST);
	read_it(file.at);
}

static void reset_hand(void)
{
	struct file file = new_file(false), other = new_file(true);

	handled = &file;
	handle(on_plain, (int)SA_RESETHAND, 0);
	must(guarded_read(&other) == VALUE);
	must(read_it(file.at) == VALUE && calls == 1);
	there(&file, false);
	read_it(file.at);
}

static void masks(int flags, bool bus_blocked)
{
	struct file file = new_file(false), other = new_file(true);
	sigset_t now;

	(void)bus_blocked;
	handled = &file;
	handle(on_plain, flags, SIGUSR1);
	must(guarded_read(&other) == VALUE);
	must(read_it(file.at) == VALUE);
	must(sigismember(&handled_mask, SIGUSR1) == 1);
#ifndef __SANITIZE_THREAD__	/* which blocks everything */
	must(sigismember(&handled_mask, SIGUSR2) == 0);
	must(sigismember(&handled_mask, SIGBUS) == bus_blocked);
#endif
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	must(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGBUS));
	there(&other, false);
	must(guarded_read(&other) == LOST);
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	must(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGBUS));
}

static void mask_as_asked(void)
{
	masks(0, true);
}

static void mask_no_defer(void)
{
	masks(SA_NODEFER, false);
}

static void installed_later(void)
{
	struct file file = new_file(false), other = new_file(false);

	must(guarded_read(&file) == LOST);
	for (int i = 1; i < 100; i++) {
		handle(i % 2 ? (void *)on_info : (void *)on_plain,
		       i % 2 ? SA_SIGINFO : 0, 0);
		must(!barlease_guard_install());
		must(!barlease_guard_install());
		handled = &other;
		there(&other, false);
		must(guarded_read(&file) == LOST);
		must(read_it(other.at) == VALUE && calls == i);
	}
}

/* The application's handler calls the library's, which must not call back. */
static void round_trip(void)
{
	struct file file = new_file(false), other = new_file(false);

	handled = &other;
	handle(on_info, SA_SIGINFO, 0);
	must(guarded_read(&file) == LOST);
	handle(on_foreign, SA_SIGINFO, 0);
	must(!barlease_guard_install());
	must(guarded_read(&file) == LOST);
	must(!calls);
	must(read_it(other.at) == VALUE && calls == 101);
	there(&other, false);
	must(read_it(other.at) == VALUE && calls == 202);
}

static void round_trip_to_default(void)
{
	struct file file = new_file(false);

	must(guarded_read(&file) == LOST);
	handle(on_foreign, SA_SIGINFO, 0);
	must(!barlease_guard_install());
	read_it(file.at);
}

static int send_signal(void *arg)
{
	return raise(SIGBUS) || kill(getpid(), SIGBUS) || *(int *)arg;
}

static void sent_to_handler(void)
{
	struct file file = new_file(false);
	int zero = 0;

	handle(on_info, SA_SIGINFO, 0);
	must(!barlease_guard(file.at, PAGE, send_signal, &zero));
	must(calls == 2);
	/* An address that a sender may have made up counts for nothing. */
	must(!barlease_guard(NULL, SIZE_MAX, send_signal, &zero));
	must(calls == 4);
}

static void sent_ignored(void)
{
	int zero = 0;

	handle(SIG_IGN, 0, 0);
	must(!barlease_guard(&zero, sizeof(zero), send_signal, &zero));
}

static void sent_to_default(void)
{
	int zero = 0;

	barlease_guard(&zero, sizeof(zero), send_signal, &zero);
}

static uintptr_t stack_used;

static void on_which_stack(int sig)
{
	stack_used = (uintptr_t)__builtin_frame_address(0);
	on_plain(sig);
}

static void other_stack(void)
{
	struct file file = new_file(false), other = new_file(false);
	size_t size = 1 << 16;
	stack_t stack = { .ss_sp = malloc(size), .ss_size = size };

	must(stack.ss_sp && !sigaltstack(&stack, NULL));
	handled = &other;
	handle(on_which_stack, SA_ONSTACK, 0);
	for (int i = 0; i < 1000; i++)
		must(guarded_read(&file) == LOST);
	must(read_it(other.at) == VALUE);
	must(stack_used - (uintptr_t)stack.ss_sp < size);
}

static void single_accesses(void)
{
	struct file file = new_file(true);
	volatile void *odd = (volatile char *)file.at + 2;
	volatile void *half = file.at + 1;
	uint32_t word = 0;
	uint64_t wide = 0;

	must(!barlease_write64(file.at, 0x1122334455667788));
	must(!barlease_read32(half, &word) && word == 0x11223344);
	must(!barlease_write32(half, 0x55));
	must(!barlease_read64(file.at, &wide) && wide == 0x5555667788);
	must(barlease_read32(odd, &word) == -EINVAL);
	must(barlease_write32(odd, 0) == -EINVAL);
	must(barlease_read64(half, &wide) == -EINVAL);
	must(barlease_write64(half, 0) == -EINVAL);
	there(&file, false);
	must(barlease_read32(file.at, &word) == LOST && word == 0x11223344);
	must(barlease_read64(file.at, &wide) == LOST && wide == 0x5555667788);
	must(barlease_write32(file.at, 0) == LOST);
	must(barlease_write64(file.at, 0) == LOST);
}

static void narrow_accesses(void)
{
	struct file file = new_file(true);
	volatile unsigned char *at = (volatile unsigned char *)file.at;
	uint16_t half = 0;
	uint8_t byte = 0;

	must(!barlease_write16(at + 2, 0x1234) && !barlease_write8(at + 1, 7));
	must(!barlease_read16(at + 2, &half) && half == 0x1234);
	must(!barlease_read8(at + 1, &byte) && byte == 7);
	must(!barlease_read8(at + 3, &byte) && byte == 0x12);
	must(barlease_read16(at + 1, &half) == -EINVAL);
	must(barlease_write16(at + 3, 0) == -EINVAL);
	there(&file, false);
	must(barlease_read16(at, &half) == LOST && half == 0x1234);
	must(barlease_read8(at, &byte) == LOST && byte == 0x12);
	must(barlease_write16(at, 0) == LOST);
	must(barlease_write8(at, 0) == LOST);
}

/* All ends of a copy within a few words, and no byte beside them */
static void copies(void)
{
	struct file file = new_file(true);
	volatile unsigned char *at = (volatile unsigned char *)file.at;
	unsigned char there_and_back[64], bytes[64], zeros[64] = { 0 };

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i + 1);
	for (size_t from = 0; from < 16; from++)
		for (size_t size = 0; from + size < 40; size++) {
			must(!barlease_copy_to(at, zeros, 64));
			must(!barlease_copy_to(at + from, bytes + 3, size));
			for (size_t i = 0; i < 64; i++)
				must(at[i] == (i < from || i >= from + size ? 0 :
					       bytes[3 + i - from]));
			memset(there_and_back, 0xff, 64);
			must(!barlease_copy_from(there_and_back + 1, at + from,
						 size));
			must(!memcmp(there_and_back + 1, bytes + 3, size));
			must(there_and_back[0] == 0xff &&
			     there_and_back[size + 1] == 0xff);
		}
	there(&file, false);
	must(barlease_copy_from(there_and_back, at, 1) == LOST);
	must(barlease_copy_to(at, bytes, 1) == LOST);
	must(!barlease_copy_to(at, bytes, 0));
}

/* ---- Ways out of a guard, and into one ---------------------------------- */

/* Nobody guards the file, so the handler is called for it: @calls goes up. */
static void is_bare(struct file *file)
{
	int before = calls;

	handled = file;
	there(file, false);
	must(read_it(file->at) == VALUE && calls == before + 1);
}

static void is_guarded(struct file *file)
{
	int before = calls;

	there(file, false);
	must(guarded_read(file) == LOST && calls == before);
	there(file, true);
}

#ifdef HAVE_CXX
static int throw_in_guard(void *arg)
{
	struct file *files = arg;

	must(cxx_throws_through_guard(files[1].at, PAGE));
	is_bare(&files[1]);
	return read_it(files[0].at);
}

static void exceptions(void)
{
	struct file files[2] = { new_file(true), new_file(true) };

	handle(on_plain, 0, 0);
	must(guarded_read(&files[0]) == VALUE);
	for (int i = 0; i < 100; i++) {
		must(cxx_throws_through_guard(files[0].at, PAGE));
		is_bare(&files[0]);
		is_guarded(&files[0]);
		there(&files[0], false);
		must(barlease_guard(files[0].at, PAGE, throw_in_guard,
				    files) == LOST);
		there(&files[0], true);
	}
}
#endif

static sigjmp_buf elsewhere;

static int jump_away(void *arg)
{
	(void)arg;
	siglongjmp(elsewhere, 1);
}

/* Each from a different depth, and after that the stack is used otherwise */
static void leave_by_jump(const volatile void *at, int depth)
{
	volatile char room[200];

	room[0] = (char)depth;
	if (depth) {
		leave_by_jump(at, depth - 1);
		room[1] = room[0];
	} else if (!sigsetjmp(elsewhere, 1)) {
		barlease_guard(at, PAGE, jump_away, NULL);
	}
}

static void scribble(void)
{
	volatile char room[8192];

	for (size_t i = 0; i < sizeof(room); i++)
		room[i] = 0x5a;
}

static int jump_in_guard(void *arg)
{
	struct file *files = arg;

	leave_by_jump(files[1].at, 0);
	is_bare(&files[1]);
	scribble();
	is_bare(&files[1]);
	is_guarded(&files[1]);
	return read_it(files[0].at);
}

static void jumps(void)
{
	struct file files[2] = { new_file(true), new_file(true) };

	handle(on_plain, 0, 0);
	must(guarded_read(&files[0]) == VALUE);
	for (int i = 0; i < 300; i++) {
		leave_by_jump(files[0].at, i % 30);
		is_bare(&files[0]);
		is_guarded(&files[0]);
		scribble();
		leave_by_jump(files[0].at, 29 - i % 30);
		scribble();
		is_bare(&files[0]);
		there(&files[0], false);
		must(barlease_guard(files[0].at, PAGE, jump_in_guard,
				    files) == LOST);
		there(&files[0], true);
	}
}

#ifndef __SANITIZE_THREAD__
static struct file *in_handler;

static void on_user_bare(int sig)
{
	(void)sig;
	must(read_it(in_handler->at) == VALUE);
}

static void on_user_guarded(int sig)
{
	(void)sig;
	for (int i = 0; i < 3; i++)
		must(guarded_read(in_handler) == LOST);
}

static int interrupted_read(void *arg)
{
	struct file *files = arg;

	in_handler = &files[1];
	must(!raise(SIGUSR1));
	return read_it(files[0].at);
}

static void on_signal(void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	static char room[1 << 16];
	stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };

	must(!sigaltstack(&stack, NULL));
	must(!sigaction(SIGUSR1, &action, NULL));
}

static void is_unblocked(int sig)
{
	sigset_t now;

	pthread_sigmask(SIG_SETMASK, NULL, &now);
	must(!sigismember(&now, sig));
}

/* The guard is of what was interrupted, and ends nothing in a handler. */
static void bare_in_handler(int flags)
{
	struct file file = new_file(true);
	struct file files[2] = { file, file };

	handle(on_plain, 0, 0);
	handled = &file;
	on_signal(on_user_bare, flags);
	for (int i = 1; i <= 10; i++) {
		there(&file, false);
		must(barlease_guard(file.at, PAGE, interrupted_read, files) ==
		     VALUE);
		must(calls == i);
		is_unblocked(SIGUSR1);
	}
}

static void bare_in_handler_here(void)
{
	bare_in_handler(0);
}

static void bare_in_handler_elsewhere(void)
{
	bare_in_handler(SA_ONSTACK);
}

static void guarded_in_handler(int flags)
{
	struct file files[2] = { new_file(true), new_file(false) };

	on_signal(on_user_guarded, flags);
	for (int i = 0; i < 10; i++) {
		there(&files[0], true);
		must(barlease_guard(files[0].at, PAGE, interrupted_read,
				    files) == VALUE);
		there(&files[0], false);
		must(barlease_guard(files[0].at, PAGE, interrupted_read,
				    files) == LOST);
		is_unblocked(SIGUSR1);
	}
}

static void guarded_in_handler_here(void)
{
	guarded_in_handler(0);
}

static void guarded_in_handler_elsewhere(void)
{
	guarded_in_handler(SA_ONSTACK);
}

#endif

struct depth {
	struct file file;
	int left;
};

static int go_deeper(void *arg)
{
	struct depth *depth = arg;

	if (!depth->left--)
		return read_it(depth->file.at);
	return barlease_guard(depth->file.at, PAGE, go_deeper, depth);
}

static int guards_deep(int nr)
{
	struct depth depth = { .file = new_file(true), .left = nr };

	return go_deeper(&depth);
}

static void how_deep(void)
{
	must(guards_deep(16) == VALUE);
	must(guards_deep(17) == -ENOBUFS);
	must(guards_deep(16) == VALUE);
}

/* The handler is the process's, whoever has loaded the library. */
static void library_closed(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	struct file file = new_file(false);
	int (*install)(void);

	must(library);
	handle(on_plain, 0, 0);
	handled = &file;
	install = (int (*)(void))dlsym(library, "barlease_guard_install");
	must(install && !install());
	must(!dlclose(library));
	must(read_it(file.at) == VALUE && calls == 1);
}

static struct file shared[3];
static atomic_bool stop;
static atomic_int lost, right, wrong;

static void *read_all_the_time(void *arg)
{
	unsigned int i = (uintptr_t)arg;

	while (!atomic_load(&stop)) {
		int ret = guarded_read(&shared[i++ % 3]);

		/* A file that just grew has zeros at first. */
		if (ret == VALUE || !ret)
			atomic_fetch_add(&right, 1);
		else
			atomic_fetch_add(ret == LOST ? &lost : &wrong, 1);
	}
	return NULL;
}

static void from_threads(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 3; i++)
		shared[i] = new_file(true);
	for (uintptr_t i = 0; i < 4; i++)
		must(!pthread_create(&threads[i], NULL, read_all_the_time,
				     (void *)i));
	for (int i = 0; i < 3000 || right < 1000 || lost < 1000; i++)
		there(&shared[i % 3], i / 3 % 2);
	atomic_store(&stop, true);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	must(!wrong);
}

/* ---- Running them ------------------------------------------------------- */

static int outcome(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		/* Both the sanitizers and cmocka have handlers in place. */
		signal(SIGBUS, SIG_DFL);
		alarm(60);
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void succeeds(void **state)
{
	assert_int_equal(outcome((void (*)(void))*state), 0);
}

static void dies_by_sigbus(void **state)
{
	assert_int_equal(outcome((void (*)(void))*state), SIGBUS);
}

#define CASE(fn, verdict, text) \
	{ .name = (text), .test_func = (verdict), .initial_state = (void *)(fn) }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(returns, succeeds,
		     "a guard returns what its function does, or ESTALE"),
		CASE(nests, succeeds,
		     "guards nest, and the innermost that fits is meant"),
		CASE(foreign_to_plain, succeeds,
		     "an unguarded SIGBUS goes to a plain handler"),
		CASE(foreign_to_info, succeeds,
		     "an unguarded SIGBUS goes to a handler with siginfo"),
		CASE(foreign_to_default, dies_by_sigbus,
		     "an unguarded SIGBUS ends the process"),
		CASE(foreign_ignored, dies_by_sigbus,
		     "also where SIGBUS is ignored, as always"),
		CASE(next_to_the_range, succeeds,
		     "bytes next to a guarded range are not guarded"),
		CASE(after_the_guard, dies_by_sigbus,
		     "nothing is guarded after the guard"),
		CASE(reset_hand, dies_by_sigbus,
		     "a handler with SA_RESETHAND is run once"),
		CASE(mask_as_asked, succeeds,
		     "a handler runs with its mask and SIGBUS blocked"),
		CASE(mask_no_defer, succeeds,
		     "SIGBUS is not blocked with SA_NODEFER"),
		CASE(installed_later, succeeds,
		     "the guard can be put on top of later handlers"),
		CASE(round_trip, succeeds,
		     "a handler that calls the guard's is not called back"),
		CASE(round_trip_to_default, dies_by_sigbus,
		     "nor is it where there was none before"),
		CASE(sent_to_handler, succeeds,
		     "a SIGBUS that was sent goes to the handler"),
		CASE(sent_ignored, succeeds,
		     "a SIGBUS that was sent is ignored where it was"),
		CASE(sent_to_default, dies_by_sigbus,
		     "a SIGBUS that was sent ends the process else"),
		CASE(other_stack, succeeds,
		     "the guard works with an alternate signal stack"),
		CASE(single_accesses, succeeds,
		     "single accesses are guarded, and must be aligned"),
		CASE(narrow_accesses, succeeds,
		     "so are those of a byte and of two"),
		CASE(copies, succeeds,
		     "copies are guarded, and of just those bytes"),
#ifdef HAVE_CXX
		CASE(exceptions, succeeds,
		     "an exception passes through a guard, and ends it"),
#endif
		CASE(jumps, succeeds,
		     "a guard that was left by longjmp() guards nothing"),
#ifndef __SANITIZE_THREAD__	/* whose handlers block SIGBUS */
		CASE(bare_in_handler_here, succeeds,
		     "a signal handler is not in the guard that it interrupts"),
		CASE(bare_in_handler_elsewhere, succeeds,
		     "nor is it on a stack of its own"),
		CASE(guarded_in_handler_here, succeeds,
		     "a signal handler can have guards of its own"),
		CASE(guarded_in_handler_elsewhere, succeeds,
		     "and can on a stack of its own"),
#endif
		CASE(how_deep, succeeds,
		     "16 guards can be in each other, and no more"),
		CASE(library_closed, succeeds,
		     "dlclose() leaves the handler where it is"),
		CASE(from_threads, succeeds,
		     "threads are guarded each for itself"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
