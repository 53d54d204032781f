// SPDX-License-Identifier: MIT
/*
 * Is a call still running, and does it run the access that a signal is about?
 *
 * Copyright (C) 2026 The barlease authors
 *
 * By the unwinder, which every process has that can have C++ in it. Its look-up
 * of tables takes no lock since glibc 2.35 and GCC 12.
 */
#include <unwind.h>

#include "stack.h"

/*
 * @signals: how many signal handlers have been left behind so far; the first is
 *   the one that asks
 * @interrupted: stack pointer of what that one has interrupted
 * @callee: where the code of the frame before this one begins
 */
struct walk {
	uintptr_t function;
	uintptr_t cfa;
	unsigned int signals;
	uintptr_t interrupted;
	uintptr_t callee;
	bool found;
	bool passed;
};

/* The stack pointer that a caller had in a call is the end of the call's frame. */
static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *arg)
{
	struct walk *walk = arg;
	uintptr_t sp = _Unwind_GetCFA(context);
	int interrupted = 0;

	_Unwind_GetIPInfo(context, &interrupted);
	if (interrupted && !walk->signals++)
		walk->interrupted = sp;
	if (sp == walk->cfa && walk->callee == walk->function)
		walk->found = true;
	else if (walk->signals == 1 && sp > walk->cfa)
		walk->passed = true;
	walk->callee = (uintptr_t)_Unwind_GetRegionStart(context);
	return walk->found || walk->passed ? _URC_NORMAL_STOP : _URC_NO_REASON;
}

bool stack_runs(uintptr_t function, uintptr_t cfa)
{
	struct walk walk = { .function = function, .cfa = cfa };

	_Unwind_Backtrace(step, &walk);
	if (walk.found || walk.signals > 1)
		return walk.found && walk.signals == 1;
	return !walk.signals || (!walk.passed && walk.interrupted < cfa);
}

bool stack_has(uintptr_t function, uintptr_t cfa)
{
	struct walk walk = { .function = function, .cfa = cfa };

	_Unwind_Backtrace(step, &walk);
	return walk.found;
}
