// SPDX-License-Identifier: MIT
/*
 * The guard: an access to a revoked mapping ends a function, not the process
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Each call of barlease_guard() has an entry in its thread's list, and the
 * SIGBUS handler jumps to the innermost one that the address belongs to. Nothing
 * is there to save a signal mask, which is a system call; the handler knows what
 * to restore.
 *
 * The list is not on the stack: a function may have left its guard by longjmp(),
 * of which nobody tells, and what was on the stack is something else since. An
 * exception tells, as does the end of a thread: they run leave().
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "public.h"
#include "stack.h"

/* More are refused: what is there for every thread has to be small. */
#define DEEPEST	16

/*
 * @cfa: where the frame of its run_guarded() ends; 0 while it is being made
 */
struct guard {
	uintptr_t start;
	size_t size;
	uintptr_t cfa;
	sigjmp_buf *env;
};

/*
 * What SIGBUS did before this library took it. Handlers read these at any
 * time, so one that is published is never freed.
 *
 * @older: what SIGBUS did before that, where @action was put on top of this
 *   library's handler
 * @spent: the action has SA_RESETHAND, and has been run
 */
struct disposition {
	struct disposition *older;
	struct sigaction action;
	atomic_bool spent;
};

/* Initial exec: to get at it must not call into the dynamic linker. */
static __thread struct {
	struct guard guard[DEEPEST];
	unsigned int nr;
} guards __attribute__((tls_model("initial-exec")));

static struct disposition *_Atomic previous;
static pthread_mutex_t install_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_result;

/* Caused by an access of this thread, which is repeated on return? */
static bool is_fault(const siginfo_t *info)
{
	return info->si_code > 0 && info->si_code != BUS_MCEERR_AO;
}

static int run_guarded(const volatile void *address, size_t size,
		       int (*fn)(void *arg), void *arg);

static bool is_guarded(const struct guard *guard, uintptr_t at)
{
	return at - guard->start < guard->size && guard->cfa &&
	       stack_runs((uintptr_t)run_guarded, guard->cfa);
}

static void jump_if_guarded(const siginfo_t *info, const ucontext_t *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	unsigned int i = guards.nr;

	do {
		if (!i--)
			return;
	} while (!is_guarded(&guards.guard[i], at));
	/*
	 * SA_NODEFER has blocked nothing; but ThreadSanitizer, which puts a
	 * handler of its own before this one, blocks everything.
	 */
	pthread_sigmask(SIG_SETMASK, &context->uc_sigmask, NULL);
	siglongjmp(*guards.guard[i].env, 1);
}

/* By the access itself where there is one, so that a core dump shows it */
static void die(int sig, const siginfo_t *info)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };

	sigaction(sig, &standard, NULL);
	if (!is_fault(info))
		raise(sig);
}

/*
 * An application's handler may have found this library's when it was installed,
 * and call it for what is not its own. To go back to the application from there
 * would never end. So the application gets a copy of the siginfo_t that has, at
 * its end where the kernel leaves zeros, which disposition is being run.
 */
#define MARK_OFFSET	(sizeof(siginfo_t) - sizeof(uintptr_t))

static struct disposition *marked(const siginfo_t *info)
{
	uintptr_t mark;

	memcpy(&mark, (const char *)info + MARK_OFFSET, sizeof(mark));
	return (struct disposition *)mark;
}

static siginfo_t copy_with_mark(const siginfo_t *info,
				struct disposition *disposition)
{
	uintptr_t mark = (uintptr_t)disposition;
	siginfo_t copy = *info;

	memcpy((char *)&copy + MARK_OFFSET, &mark, sizeof(mark));
	return copy;
}

/* As the kernel would: with the signals blocked that the action says */
static void run(struct disposition *disposition, int sig,
		const siginfo_t *info, void *context)
{
	const struct sigaction *action = &disposition->action;
	siginfo_t copy = copy_with_mark(info, disposition);
	sigset_t mask = action->sa_mask, before;

	if (!(action->sa_flags & SA_NODEFER))
		sigaddset(&mask, sig);
	pthread_sigmask(SIG_BLOCK, &mask, &before);
	if (action->sa_flags & SA_SIGINFO)
		action->sa_sigaction(sig, &copy, context);
	else
		action->sa_handler(sig);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* SIG_DFL, or as good as that: the access of this thread cannot be ignored */
static bool is_deadly(struct disposition *to, const siginfo_t *info)
{
	if (!to || to->action.sa_handler == SIG_DFL)
		return true;
	if (to->action.sa_handler == SIG_IGN)
		return is_fault(info);
	return to->action.sa_flags & (int)SA_RESETHAND &&
	       atomic_exchange(&to->spent, true);
}

/* A signal that nobody guards: what would have become of it without us? */
static void chain(struct disposition *to, int sig, const siginfo_t *info,
		  void *context)
{
	if (is_deadly(to, info))
		die(sig, info);
	else if (to->action.sa_handler != SIG_IGN)
		run(to, sig, info, context);
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	struct disposition *mark = marked(info);

	if (is_fault(info) && !mark)
		jump_if_guarded(info, context);
	chain(mark ? mark->older : atomic_load(&previous), sig, info, context);
}

static bool is_ours(const struct sigaction *action)
{
	return action->sa_flags & SA_SIGINFO &&
	       action->sa_sigaction == on_sigbus;
}

static bool same(const struct sigaction *a, const struct sigaction *b)
{
	return a->sa_sigaction == b->sa_sigaction &&
	       a->sa_flags == b->sa_flags &&
	       !memcmp(&a->sa_mask, &b->sa_mask, sizeof(a->sa_mask));
}

static int remember(const struct sigaction *action)
{
	struct disposition *last = atomic_load(&previous), *new;

	/* Applications that install theirs again and again take no memory. */
	if (last && !atomic_load(&last->spent) && same(&last->action, action))
		return 0;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->older = last;
	new->action = *action;
	atomic_store(&previous, new);
	return 0;
}

static int take(const struct sigaction *now)
{
	struct sigaction ours = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK | SA_RESTART,
	};
	int ret;

	/* A signal that somebody sent: whether it ends a read() early */
	if (now->sa_handler != SIG_DFL && now->sa_handler != SIG_IGN &&
	    !(now->sa_flags & SA_RESTART))
		ours.sa_flags &= ~SA_RESTART;

	ret = remember(now);
	if (ret)
		return ret;
	return sigaction(SIGBUS, &ours, NULL) ? -errno : 0;
}

int barlease_guard_install(void)
{
	struct sigaction now = { .sa_flags = 0 };
	int ret = 0;

	pthread_mutex_lock(&install_lock);
	if (sigaction(SIGBUS, NULL, &now))
		ret = -errno;
	else if (!is_ours(&now))
		ret = take(&now);
	pthread_mutex_unlock(&install_lock);
	return ret;
}

static void install_once(void)
{
	once_result = barlease_guard_install();
}

/* Without those that were left by longjmp(); how many stay */
static unsigned int forget_left(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < guards.nr; i++)
		if (stack_has((uintptr_t)run_guarded, guards.guard[i].cfa))
			guards.guard[nr++] = guards.guard[i];
	return nr;
}

/*
 * Where in the list a call goes whose frame ends at @cfa. Another with the same
 * end was left by longjmp(); of the others that is found out in need only.
 */
static unsigned int place_for(uintptr_t cfa)
{
	unsigned int i, place = 0;

	for (i = 0; i < guards.nr; i++) {
		if (guards.guard[i].cfa == cfa)
			guards.guard[i].cfa = 0;
		if (guards.guard[i].cfa)
			place = i + 1;
	}
	return place == DEEPEST ? forget_left() : place;
}

/* In an order in which a signal handler may come at any time, with guards */
static void enter(unsigned int place, const volatile void *address, size_t size,
		  uintptr_t cfa, sigjmp_buf *env)
{
	struct guard *guard = &guards.guard[place];

	guards.nr = place + 1;
	atomic_signal_fence(memory_order_seq_cst);
	guard->cfa = 0;
	atomic_signal_fence(memory_order_seq_cst);
	guard->start = (uintptr_t)address;
	guard->size = size;
	guard->env = env;
	atomic_signal_fence(memory_order_seq_cst);
	guard->cfa = cfa;
	atomic_signal_fence(memory_order_seq_cst);
}

/* Also run by an exception, for the file is compiled with -fexceptions */
static void leave(const volatile unsigned int *place)
{
	atomic_signal_fence(memory_order_seq_cst);
	guards.nr = *place;
}

/* stack_runs() looks for a frame of this very function. */
__attribute__((noinline))
static int run_guarded(const volatile void *address, size_t size,
		       int (*fn)(void *arg), void *arg)
{
	volatile unsigned int place __attribute__((cleanup(leave)));
	uintptr_t cfa = (uintptr_t)__builtin_dwarf_cfa();
	sigjmp_buf env;

	place = place_for(cfa);
	if (place == DEEPEST)
		return -ENOBUFS;
	if (sigsetjmp(env, 0))
		return -ESTALE;
	enter(place, address, size, cfa, &env);
	return fn(arg);
}

int barlease_guard(const volatile void *address, size_t size,
		   int (*fn)(void *arg), void *arg)
{
	pthread_once(&once, install_once);
	if (once_result)
		return once_result;
	return run_guarded(address, size, fn, arg);
}
