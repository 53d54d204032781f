/* SPDX-License-Identifier: MIT */
/*
 * What faults, revokes, pauses, resets, importers and the last close do to each other
 *
 * Copyright (C) 2026 The barlease authors
 *
 * One device, two buffers, three mappings. A function of the driver is named where
 * its steps are, with (), and a test sees that there is one of that name. What takes
 * turns with others is one step here: a look at a flag, a lock that is taken or not,
 * an entry that is put into a page table or taken out of one. What does not sleep
 * in the driver may still lose its turn here at any step.
 *
 * lab/model.sh says which processes take part (RUN_*), and which mistake is made
 * (WRONG_*), for which there has to be a counter-example. Promised are:
 *
 * - once a revoke has returned, nothing reaches the buffer: no page table has an
 *   entry of it, no importer a mapping;
 * - the same, of all buffers, while the device is reset, and after the last close;
 * - while a buffer is paused, from when the call returns, no page table has an entry of
 *   it;
 * - nobody is hit but the buffer that is revoked or paused;
 * - nobody waits for ever: no deadlock, and every revoke returns.
 */

/* ---- The device ---- */

bool decode = true;		/* memory decode is on */
bool gone;			/* it is being reset, or closed */
byte resetting;			/* bdev->resetting */
byte queued;			/* bdev->queued */
bool device_lock;		/* the PCI core's */
byte fds;			/* calls of the owner that are going on */

/* ---- Buffers: the second may get the page offset of the first ---- */

#define BUFFERS	2
bool closed[BUFFERS];		/* the gate */
bool paused[BUFFERS];
bool stands[BUFFERS];		/* a pause of it has returned */
byte inside[BUFFERS];
bool retired[BUFFERS];
bool returned[BUFFERS];		/* a revoke of it has returned */
byte over;			/* revokes that have */
byte offset[BUFFERS];
bool taken[BUFFERS];		/* offsets */

/* ---- Mappings: the first two of the first buffer; the third of the other, or a
 * copy of the first that a child gets ---- */

#define MAPPINGS	3
bool there[MAPPINGS];		/* in the tree of the address space */
byte shows[MAPPINGS];		/* which buffer */
byte found_at[MAPPINGS];	/* the page offset */
bool entry[MAPPINGS];		/* in the page table */

/* ---- Locks ---- */

byte ml_readers;		/* core.memory_lock */
bool ml_writer;
byte ml_waiting;		/* writers: no reader comes before them */
byte mm_readers[2];		/* mmap_lock of two processes */
bool mm_writer[2];
byte tree_readers;		/* i_mmap_rwsem */

inline read_lock() { atomic { !ml_writer && !ml_waiting -> ml_readers++ } }
inline read_unlock() { ml_readers-- }
inline write_lock()
{
	ml_waiting++;
	atomic { !ml_writer && !ml_readers -> ml_writer = true; ml_waiting-- }
}
inline write_unlock() { ml_writer = false }

/* SRCU: who has a grace period waits for those who are in there by then */
#define READERS	2
#define GRACES	4
bool in_srcu[READERS];
bool old[8];			/* GRACES of READERS */

inline srcu_enter(r) { in_srcu[r] = true }
inline srcu_leave(r)
{
	d_step {
		in_srcu[r] = false;
		old[r] = false; old[2 + r] = false;
		old[4 + r] = false; old[6 + r] = false
	}
}
/* barlease_access_drain() */
inline grace(g)
{
	d_step {
		old[2 * g] = in_srcu[0];
		old[2 * g + 1] = in_srcu[1]
	}
	!old[2 * g] && !old[2 * g + 1]
}

/* ---- Waiting, as the kernel does: nobody looks again unless woken ---- */

#define REVOKE_WAIT	1
#define RESET_WAIT	2
#define GATE_WAIT	3
#define SLEEPERS	8
byte asleep[SLEEPERS];

#define wait_event(queue, me, condition)			\
	do							\
	:: asleep[me] = queue;					\
	   if							\
	   :: condition -> asleep[me] = 0; break		\
	   :: else -> asleep[me] == 0				\
	   fi							\
	od

inline wake_up_all(queue)
{
	d_step {
		for (w : 0 .. SLEEPERS - 1) {
			if
			:: asleep[w] == queue -> asleep[w] = 0
			:: else
			fi
		}
		w = 0
	}
}

/* ---- Importers ---- */

bool resv;			/* the reservation lock of the first buffer */
byte mapped;			/* mappings that it has, or is about to have */
bool dma;			/* there is one */
bool forbidden_seen;
byte forbidden;			/* bdev->importers_forbidden */
bool telling;			/* the work item is queued */
bool told;

inline resv_lock() { atomic { !resv -> resv = true } }
inline resv_unlock() { resv = false }

/* barlease_importers_tell() */
inline tell_mapped()
{
	if
	:: mapped -> telling = true
	:: else
	fi
}

/* barlease_importers_wait(): it looks again each second, so it needs no wake-up */
inline importers_wait() { mapped == 0 }

/* barlease_importers_forbid() */
inline importers_forbid()
{
	forbidden++;
	tell_mapped();
	importers_wait()
}
inline importers_allow() { forbidden-- }	/* barlease_importers_allow() */

/* ---- What is promised ---- */

inline nothing_reaches(b)
{
	assert(!(entry[0] && shows[0] == b));
	assert(!(entry[1] && shows[1] == b));
	assert(!(entry[2] && shows[2] == b));
	assert(b != 0 || !dma)
}

inline nothing_reaches_the_device()
{
	nothing_reaches(0);
	nothing_reaches(1)
}

/* ---- Page tables ---- */

/*
 * The kernel goes through the tree in its order, and a child comes behind what it
 * is a copy of. @everything, or what is at @at, which is to be of @b.
 */
inline zap_one(v, everything, at, b)
{
	d_step {
		if
		:: there[v] && (everything || found_at[v] == at) ->
			assert(everything || !entry[v] || shows[v] == b);
			entry[v] = false
		:: else
		fi
	}
}

/* barlease_space_zap(), barlease_space_zap_all() */
inline zap(everything, at, b)
{
	tree_readers++;
#ifdef WRONG_CHILD_FIRST
	zap_one(2, everything, at, b);
	zap_one(0, everything, at, b);
	zap_one(1, everything, at, b);
#else
	zap_one(0, everything, at, b);
	zap_one(1, everything, at, b);
	zap_one(2, everything, at, b);
#endif
	tree_readers--
}

/* ---- Access: when page tables may be filled ---- */

/* barlease_access_trybegin() */
inline access_trybegin(f)
{
	srcu_enter(f);
	if
	:: resetting -> began = false
	:: else ->
		atomic {
			if
			:: !ml_writer && !ml_waiting ->
				ml_readers++; began = true
			:: else -> began = false
			fi
		}
	fi;
	if
	:: !began -> srcu_leave(f)
	:: else
	fi
}

/* barlease_access_end() */
inline access_end(f)
{
	read_unlock();
	srcu_leave(f)
}

/* leave_queue() */
inline leave_queue()
{
	queued--;
	if
	:: queued == 0 -> wake_up_all(RESET_WAIT)
	:: else
	fi
}

/* barlease_access_begin(), enter_queue(), enter_locked() */
inline access_begin(f)
{
	began = false;
	do
	:: began -> break
	:: else ->
		wait_event(RESET_WAIT, f, !resetting);
		queued++;
		if
		:: !resetting ->
			read_lock();
			srcu_enter(f);
			if
			:: !resetting -> began = true
			:: else -> access_end(f)
			fi
		:: else
		fi;
		leave_queue()
	od
}

/* barlease_access_wait_killable() */
inline access_wait(f)
{
	wait_event(RESET_WAIT, f, !resetting);
	queued++;
	if
	:: !resetting -> read_lock(); read_unlock()
	:: else
	fi;
	leave_queue()
}

/* barlease_access_forbid() */
inline access_forbid(g)
{
	resetting++;
#ifndef WRONG_NO_GRACE_BEFORE_RESET
	grace(g)
#else
	skip
#endif
}

/* barlease_access_allow() */
inline access_allow()
{
	resetting--;
	if
	:: resetting == 0 -> wake_up_all(RESET_WAIT)
	:: else
	fi
}

/* ---- The gate ---- */

#define barred(b)	(closed[b] || paused[b])
/* settled() */
#define settled(b)	((closed[b] && retired[b]) || (!closed[b] && !paused[b]))

/* barlease_gate_leave() */
inline gate_leave(b)
{
	inside[b]--;
#ifndef WRONG_NO_WORD_FROM_THE_GATE
	if
	:: barred(b) && !inside[b] -> wake_up_all(REVOKE_WAIT)
	:: else
	fi
#else
	skip
#endif
}

/* ---- Processes ---- */

/*
 * Touches its mapping over and over. A caller inside the kernel may not let go of
 * mmap_lock, and waits with it held.
 */
proctype Fault(byte f; byte v)
{
	bool began;
	byte w;

end:	do
	:: there[v] ->
		atomic { !mm_writer[f] -> mm_readers[f]++ }
		/* fault() */
		if
		:: barred(shows[v]) -> goto at_gate
		:: else
		fi;
		/* begin_fault() */
		access_trybegin(f);
		if
		:: began
		:: else ->
			if
			:: mm_readers[f]--;
			   access_wait(f);
			   goto end
			:: access_begin(f)
			fi
		fi;
		/* fill_in_gate(), barlease_gate_enter() */
#ifndef WRONG_NO_LOOK_AT_THE_GATE
		atomic {
			if
			:: barred(shows[v]) -> access_end(f); goto at_gate
			:: else -> inside[shows[v]]++
			fi
		}
#else
		inside[shows[v]]++;
#endif
		/* barlease_access_possible() */
		if
		:: decode ->
			/* barlease_fill_table() */
			d_step {
				assert(!returned[shows[v]] && !gone);
				assert(!stands[shows[v]]);
				entry[v] = true
			}
		:: else
		fi;
		gate_leave(shows[v]);
		access_end(f);
		mm_readers[f]--;
		goto end;
		/* barlease_barred_fault(): SIGBUS, or wait_at_gate() */
at_gate:	mm_readers[f]--;
		if
		:: closed[shows[v]]
		:: else -> wait_event(GATE_WAIT, f, settled(shows[v]))
		fi
	od
}

/* barlease_space_free() */
inline retire(b)
{
	taken[offset[b]] = false;
	retired[b] = true;
	/* barlease_barred_wake() */
#ifndef WRONG_NO_WORD_AT_THE_END
	wake_up_all(GATE_WAIT)
#endif
}

/* revoke() and barlease_revoke_begin(): @me is where it sleeps */
proctype Revoke(byte b; byte me)
{
	bool first;
	byte w;

#ifdef WRONG_ZAP_BEFORE_THE_GATE
	zap(false, offset[b], b);
#endif
	/* barlease_gate_close() */
	atomic { first = !closed[b]; closed[b] = true }
	if
	:: !first -> wait_event(REVOKE_WAIT, me, retired[b])
	:: else ->
		if
		:: b == 0 -> tell_mapped()
		:: else
		fi;
#ifndef WRONG_NO_WAIT_FOR_THE_GATE
		/* barlease_gate_empty() */
		wait_event(REVOKE_WAIT, me, !inside[b]);
#endif
#ifdef WRONG_FREE_BEFORE_THE_ZAP
		retire(b);
#endif
#ifndef WRONG_ZAP_BEFORE_THE_GATE
		zap(false, offset[b], b);
#endif
#ifndef WRONG_FREE_BEFORE_THE_ZAP
		retire(b);
#endif
		wake_up_all(REVOKE_WAIT)
	fi;
	if
	:: b == 0 -> importers_wait()
	:: else
	fi;
	d_step {
		nothing_reaches(b);
		returned[b] = true;
		over++;
		fds--
	}
}

/* barlease_pause() of the first buffer, and barlease_resume(), if it comes to that */
proctype Pause(byte me)
{
	byte w;

	/* barlease_gate_pause() */
	paused[0] = true;
	tell_mapped();
#ifndef WRONG_PAUSE_PAST_FAULTS
	/* wait_empty() */
	wait_event(REVOKE_WAIT, me, !inside[0] || !paused[0]);
#endif
#ifndef WRONG_PAUSE_OUTSIDE_THE_GATE
	/* barlease_gate_enter_paused() */
	atomic {
		if
		:: closed[0] -> goto left
		:: else -> inside[0]++
		fi
	}
	zap(false, offset[0], 0);
	gate_leave(0);
#else
	zap(false, offset[0], 0);
#endif
	d_step {
		if
		:: paused[0] && !closed[0] ->
			stands[0] = true;
			assert(!(entry[0] && shows[0] == 0));
			assert(!(entry[1] && shows[1] == 0));
			assert(!(entry[2] && shows[2] == 0))
		:: else
		fi
	}
#ifndef RUN_NO_RESUME
	/* barlease_gate_resume() */
	atomic { stands[0] = false; paused[0] = false }
	wake_up_all(REVOKE_WAIT);
	wake_up_all(GATE_WAIT);
#endif
left:	fds--
}

inline the_reset()
{
	/* barlease_reset_prepare() */
	importers_forbid();
	access_forbid(me);
	zap(true, 0, 0);

	d_step { gone = true; nothing_reaches_the_device() }
	d_step { gone = false; nothing_reaches_the_device() }

	/* barlease_reset_done() */
	access_allow();
	importers_allow()
}

/* barlease_ioctl_reset(): the core has memory_lock, and tries the device's */
proctype OwnerReset(byte me)
{
	byte w;

	importers_forbid();
	write_lock();
	zap(true, 0, 0);
	if
	:: atomic { !device_lock -> device_lock = true }
	   the_reset();
	   device_lock = false
	:: device_lock
	fi;
	write_unlock();
	importers_allow();
	fds--
}

/* By way of the PCI core, without a word to VFIO */
proctype AdminReset(byte me)
{
	byte w;

	atomic { !device_lock -> device_lock = true }
	the_reset();
	device_lock = false
}

/* barlease_ioctl_hot_reset(), reset_after_all(): no fault may be in its way */
proctype HotReset(byte me)
{
	byte w;
	bool got, forbids;

	importers_forbid();
	atomic {
		got = !ml_writer && !ml_readers && !ml_waiting;
		ml_writer = ml_writer || got
	}
	if
	:: got
	:: else ->
		forbids = true;
		access_forbid(me);
		/* barlease_access_drain_queue() */
#ifndef WRONG_QUEUE_NOT_DRAINED
		wait_event(RESET_WAIT, 2 + me, !queued);
#endif
		atomic {
			assert(!ml_readers);
			got = !ml_writer && !ml_waiting;
			ml_writer = ml_writer || got
		}
	fi;
	if
	:: got ->
		atomic { !device_lock -> device_lock = true }
		zap(true, 0, 0);
		the_reset();
		device_lock = false;
		write_unlock()
	:: else
	fi;
	if
	:: forbids -> access_allow()
	:: else
	fi;
	importers_allow();
	fds--
}

/* barlease_device_write(): memory decode goes off, and on again */
proctype Decode()
{
	importers_forbid();
	write_lock();
	zap(true, 0, 0);
	d_step { decode = false; gone = true; nothing_reaches_the_device() }
	write_unlock();
	importers_allow();

	write_lock();
	d_step { nothing_reaches_the_device(); gone = false; decode = true }
	write_unlock();
	fds--
}

/*
 * A BAR is read: the core has memory_lock, and copies to memory that may fault.
 * A buffer is mapped meanwhile, by barlease_dma_buf_mmap(), which does not take it.
 */
proctype BarRead()
{
	read_lock();
	atomic { !mm_writer[0] -> mm_readers[0]++ }
	mm_readers[0]--;
	read_unlock();
	fds--
}

proctype Mmap()
{
	atomic { !mm_writer[0] && !mm_readers[0] -> mm_writer[0] = true }
#ifdef WRONG_LOCK_IN_MMAP
	read_lock();
	read_unlock();
#endif
	mm_writer[0] = false
}

/* The kernel's: a child with a copy of the first mapping, entries included */
proctype Fork()
{
	atomic { !mm_writer[0] && !mm_readers[0] -> mm_writer[0] = true }
	atomic {
		tree_readers == 0 ->
		shows[2] = shows[0];
		found_at[2] = found_at[0];
		there[2] = true
	}
	entry[2] = entry[0];
	mm_writer[0] = false
}

/* barlease_feature_dma_buf(), barlease_space_alloc(): where there is room, there */
proctype Export()
{
	atomic {
		if
		:: !taken[0] -> offset[1] = 0
		:: !taken[1] -> offset[1] = 1
		fi;
		taken[offset[1]] = true
	}
	/* barlease_dma_buf_mmap() */
	atomic {
		tree_readers == 0 ->
		shows[2] = 1;
		found_at[2] = offset[1];
		there[2] = true
	}
	fds--
}

/* barlease_attach(), join(): of another device, that gives back what it is told to */
proctype Importer()
{
	byte n;

	if
	:: closed[0] -> goto done
	:: else
	fi;
	do
	:: n == 2 -> break
	:: else ->
		n++;
		told = false;
		resv_lock();
		/* barlease_map(), count_mapping(), may_map() */
#ifdef WRONG_LOOK_BEFORE_COUNTING
		forbidden_seen = barred(0) || forbidden || !decode;
		mapped++;
#else
		mapped++;
		forbidden_seen = barred(0) || forbidden || !decode;
#endif
		if
		:: forbidden_seen ->
			/* uncount_mapping() */
			mapped--;
			resv_unlock();
			break
		:: else ->
			d_step {
				assert(!returned[0] && !gone);
				dma = true
			}
			resv_unlock()
		fi;
		/* It has had enough of it, or is told that it has */
		if
		:: told
		:: true
		fi;
		/* barlease_unmap(), uncount_mapping() */
		resv_lock();
		dma = false;
		mapped--;
		resv_unlock()
	od;
done:	skip
}

/* tell() */
proctype Teller()
{
end:	do
	:: telling ->
		telling = false;
		resv_lock();
		told = true;
		resv_unlock()
	od
}

/* barlease_revoke_all(): nobody has an fd of the device any more */
proctype Close(byte me)
{
	byte w;

	fds == 0;
	closed[0] = true;
	closed[1] = true;
	tell_mapped();
#ifndef WRONG_NO_GRACE_AT_CLOSE
	grace(me);
#endif
	zap(true, 0, 0);
	if
	:: !retired[0] -> retire(0)
	:: else
	fi;
	if
	:: !retired[1] -> retired[1] = true
	:: else
	fi;
	wake_up_all(GATE_WAIT);
	importers_wait();
	d_step {
		nothing_reaches_the_device();
		returned[0] = true;
		returned[1] = true
	}
}

init {
	atomic {
		there[0] = true;
		there[1] = true;
		taken[0] = true;
#ifdef RUN_FAULT
		run Fault(0, 0);
#endif
#ifdef RUN_FAULT2
		run Fault(1, 1);
#endif
#ifdef RUN_FAULT_OF_NEXT
		run Fault(1, 2);
#endif
#ifdef RUN_REVOKE
		fds++; run Revoke(0, 2);
#endif
#ifdef RUN_REVOKE2
		fds++; run Revoke(0, 3);
#endif
#ifdef RUN_PAUSE
		fds++; run Pause(5);
#endif
#ifdef RUN_PAUSE2
		fds++; run Pause(6);
#endif
#ifdef RUN_OWNER_RESET
		fds++; run OwnerReset(0);
#endif
#ifdef RUN_ADMIN_RESET
		run AdminReset(1);
#endif
#ifdef RUN_HOT_RESET
		fds++; run HotReset(2);
#endif
#ifdef RUN_DECODE
		fds++; run Decode();
#endif
#ifdef RUN_BAR_READ
		fds++; run BarRead();
#endif
#ifdef RUN_MMAP
		run Mmap();
#endif
#ifdef RUN_FORK
		run Fork();
#endif
#ifdef RUN_EXPORT
		fds++; run Export();
#endif
#ifdef RUN_IMPORTER
		run Importer(); run Teller();
#endif
#ifdef RUN_CLOSE
		run Close(3);
#endif
	}
}

#ifdef RUN_REVOKE2
#define REVOKES	2
#else
#define REVOKES	1
#endif
#ifdef RUN_REVOKE
ltl returns { <> (over == REVOKES) }
#endif
