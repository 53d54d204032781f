/* SPDX-License-Identifier: MIT */
/*
 * Is a call still running, and does it run the access that a signal is about?
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_STACK_H
#define BARLEASE_STACK_H

#include <stdbool.h>
#include <stdint.h>

/**
 * stack_runs() - for a signal handler: did what it interrupted run in this call?
 * @function: whose call it is: where its code begins
 * @cfa: where the call's frame ends, as __builtin_dwarf_cfa() has it there
 *
 * Not in a call that longjmp() or the like has left, nor where another signal's
 * handler has interrupted the call. Code without unwind tables ends what can be
 * known; the call counts as running then, as far as the stack pointer allows.
 * Takes no locks and no memory.
 */
bool stack_runs(uintptr_t function, uintptr_t cfa);

/* Of the caller's stack: is such a call among those that wait for it to return? */
bool stack_has(uintptr_t function, uintptr_t cfa);

#endif
