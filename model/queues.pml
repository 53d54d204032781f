/* SPDX-License-Identifier: MIT */
/*
 * What the ends of leases, resets and a device that goes on by itself do to each other
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A device with two queues, each a slice with an interrupt and a window of addresses.
 * Three holders want them: the first and the second the same one, so that they take
 * turns, the third the other one. A holder that has the registers lets the device write
 * to its own memory, and interrupt it; the device does so when it likes, also when
 * nobody has the registers any more. The server serves one request at a time, and a
 * thread of its own resets the device. A function of the server is named where its
 * steps are, with (), and a test sees that there is one of that name.
 *
 * lab/model.sh says which mistake is made (WRONG_*), for which there has to be a
 * counter-example. Promised are:
 *
 * - once the end of a lease has been answered, its holder is told of no interrupt, and
 *   no memory of it is reached;
 * - the device never reaches the memory of somebody who has not asked it to;
 * - a holder's memory is there for as long as it can tell the device to use it;
 * - nobody waits for ever: no deadlock, and every request is answered.
 */

#define QUEUES	2
#define HOLDERS	4		/* from 1 on; 0 is nobody */
#define QUEUE_OF(holder) ((holder) == 3 -> 1 : 0)

/* ---- The device ---- */

byte wants[QUEUES];		/* whose write is on its way, to that queue's window */
bool raises[QUEUES];		/* an interrupt is */

/* ---- What the kernel has ---- */

byte regs[QUEUES];		/* who reaches the registers */
byte vector[QUEUES];		/* who is told of interrupts */
byte memory[QUEUES];		/* whose memory is mapped in the window */

/* ---- The server ---- */

#define NOTHING	0
#define ACQUIRE	1
#define ARM	2
#define RELEASE	3
byte asks[HOLDERS];		/* a request that is not answered */
bool held[QUEUES];		/* not over: nobody else gets it */
byte ending[QUEUES];		/* registers are gone, and the rest is not */
bool suspended;
bool again;			/* it has to be reset once more */
bool resetting;			/* the thread is at it */
bool over[HOLDERS];		/* its end was answered */

/* ---- The device goes on by itself ---- */

#define USE(q)								\
	atomic { wants[q] ->						\
		/* Nothing mapped is a fault of the IOMMU's, and hits nobody */ \
		assert(!memory[q] || memory[q] == wants[q]);		\
		assert(!memory[q] || !over[memory[q]]);			\
		assert(memory[q] || regs[q] != wants[q]);		\
		wants[q] = 0;						\
		raises[q] = true }

#define INTERRUPT(q)							\
	atomic { raises[q] ->						\
		assert(!vector[q] || !over[vector[q]]);			\
		raises[q] = false }

active proctype device()
{
end:	do
	:: USE(0)
	:: USE(1)
	:: INTERRUPT(0)
	:: INTERRUPT(1)
	od
}

/* ---- Holders ---- */

inline ask(me, what) { asks[me] = what; asks[me] == NOTHING }

proctype holder(byte me)
{
	byte q = QUEUE_OF(me);

	ask(me, ACQUIRE);
	ask(me, ARM);
	/* Twice at most, or not at all */
	do
	:: atomic { regs[q] == me && !wants[q] -> wants[q] = me }; break
	:: break
	od;
	if
	:: atomic { regs[q] == me && !wants[q] -> wants[q] = me }
	:: skip
	fi;
	ask(me, RELEASE)
}

/* ---- The server, one request after the other ---- */

/* bl_reset(), of which order_reset_between() makes work for the thread */
inline want_reset()
{
#ifdef WRONG_NO_RESET
	skip
#else
	if
	:: suspended ->
#ifndef WRONG_RESET_ONCE
		again = true
#else
		skip
#endif
	:: else ->
#ifndef WRONG_NO_SUSPENSION
		suspended = true;
#endif
		resetting = true
	fi
#endif
}

inline answer(me) { asks[me] = NOTHING }

/* bl_over() */
inline finish(me, q)
{
	atomic { ending[q] = 0; over[me] = true; answer(me) };
	want_reset();
	held[q] = false
}

/* bl_lease_disarm(), bl_lease_unmap_all() */
inline take_back(me, q)
{
	vector[q] = 0;
	memory[q] = 0
}

/* bl_lease_begin_end(): what would wait for the reset, the interrupts, is put off */
inline begin_end(me, q)
{
#ifdef WRONG_MEMORY_FIRST
	memory[q] = 0;
#endif
	regs[q] = 0;
	if
	:: suspended && vector[q] -> ending[q] = me
#ifdef WRONG_ANSWER_BEFORE_THE_END
	   ; over[me] = true; answer(me)
#endif
	:: else -> take_back(me, q); finish(me, q)
	fi
}

/* bl_lease_map(), bl_lease_arm(): not everybody wants interrupts */
inline arm(me, q)
{
	memory[q] = me;
	if
	:: vector[q] = me
	:: skip
	fi;
	answer(me)
}

/* bl_books_sweep() */
inline sweep(q)
{
	if
	:: ending[q] && !suspended ->
		swept = ending[q]; take_back(swept, q); finish(swept, q)
	:: else
	fi
}

active proctype server()
{
	byte me, q, swept;

end:	do
	/* bl_session_park(), bl_request_again(): what waits for a reset is left there */
	:: atomic { asks[1] == ACQUIRE && !held[0] && !suspended -> me = 1 }
	   held[0] = true; regs[0] = 1; answer(1)
	:: atomic { asks[2] == ACQUIRE && !held[0] && !suspended -> me = 2 }
	   held[0] = true; regs[0] = 2; answer(2)
	:: atomic { asks[3] == ACQUIRE && !held[1] && !suspended -> me = 3 }
	   held[1] = true; regs[1] = 3; answer(3)
	:: asks[1] == ARM && !suspended -> arm(1, 0)
	:: asks[2] == ARM && !suspended -> arm(2, 0)
	:: asks[3] == ARM && !suspended -> arm(3, 1)
	:: asks[1] == RELEASE && ending[0] != 1 && !over[1] ->
	   me = 1; q = 0; begin_end(me, q)
	:: asks[2] == RELEASE && ending[0] != 2 && !over[2] ->
	   me = 2; q = 0; begin_end(me, q)
	:: asks[3] == RELEASE && ending[1] != 3 && !over[3] ->
	   me = 3; q = 1; begin_end(me, q)
	:: ending[0] && !suspended -> sweep(0)
	:: ending[1] && !suspended -> sweep(1)
	/* barlease_server_resume(), when the thread is done */
	:: suspended && !resetting ->
	   if
	   :: again -> again = false; resetting = true
	   :: else -> suspended = false
	   fi
	od
}

/* The thread: after a reset, the device knows of nothing. barlease_device_reset() */
active proctype worker()
{
end:	do
	:: resetting ->
	   d_step {
		wants[0] = 0; wants[1] = 0;
		raises[0] = false; raises[1] = false
	   };
	   resetting = false
	od
}

init
{
	atomic { run holder(1); run holder(2); run holder(3) }
}
