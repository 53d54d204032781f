/* SPDX-License-Identifier: MIT */
/*
 * A server's books: what there is to be had, who has it, and how much that is
 *
 * Copyright (C) 2026 The barlease authors
 *
 * They know of devices and users, and nothing of connections: those are whatever
 * a holder's @session is. Each file calls only what is above it here:
 *
 *   record.c    what another process needs to go on, line by line
 *   table.c     a hash table
 *   overlap.c   which slices share bytes
 *   vectors.c   which slice has which interrupts, and who is told of them
 *   room.c      addresses that are taken, and room between them
 *   window.c    which addresses are for which slice's memory
 *   pieces.c    memory of holders that devices reach
 *   slice.c     a slice: whether it can be offered, and what is told of it
 *   group.c     slices of which clients take any one
 *   user.c      users and holders, and how much they have
 *   due.c       leases that something is due of, soonest first
 *   lease.c     leases, from export to the end
 *   offer.c     all slices: adding, replacing, removing, listing
 *   lines.c     the lines of record.c, as somebody reads them
 *   restore.c   slices, holders and leases, as another process has left them
 */
#ifndef LIB_BOOKS_H
#define LIB_BOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "overlap.h"
#include "public.h"
#include "server/account.h"
#include "table.h"
#include "window.h"
#include "wire/wire.h"

/* Milliseconds that can be added to any time, and what nobody lives to see */
#define BL_TERM_MAX	(INT64_MAX / 4)

struct bl_absent;

LIST_HEAD(bl_leases, bl_lease);
LIST_HEAD(bl_slices, bl_slice);
TAILQ_HEAD(bl_lease_queue, bl_lease);
TAILQ_HEAD(bl_members, bl_slice);

/**
 * struct bl_slice - a slice on offer
 * @of_map: in the list of its BAR's map
 * @link: in bl_books.slices, by name
 * @extents: its bytes again, sorted and merged
 * @map: of its BAR
 * @group: NULL where it has none, or is not on offer
 * @group_name: or ""
 * @of_group: in one of the group's two lists
 * @first_vector: and @nr_vectors, of the device's
 * @interrupt_kind: of those
 * @dma: bytes of memory; @dma_align, @dma_base, @grace, @max_term: see struct
 *   barlease_slice
 * @window: for that, while it is on offer; NULL without memory
 * @holders: how many leases of it have not ended yet
 * @leases: those that are held
 * @window_at: where that has to be, for it was there before; 0: anywhere
 * @number: by which the keeper knows it; 0: it does not
 * @stays: for bl_offer_set(): what is to be the same as this one
 * @freed: it is in bl_books.freed
 * @removed: no longer on offer; it goes with the last lease that has not ended
 */
struct bl_slice {
	LIST_ENTRY(bl_slice) of_map;
	TAILQ_ENTRY(bl_slice) of_group;
	LIST_ENTRY(bl_slice) of_freed;
	struct bl_link link;
	char name[BARLEASE_NAME_MAX];
	const struct barlease_device *device;
	unsigned int bar;
	struct barlease_range *ranges;
	size_t nr_ranges;
	struct barlease_range *extents;
	size_t nr_extents;
	struct bl_map *map;
	uint64_t size;
	unsigned int flags;
	enum barlease_memattr memattr;
	struct barlease_alignment alignment;
	unsigned int max_holders;
	unsigned int per_user;
	void *context;
	char group_name[BARLEASE_NAME_MAX];
	struct bl_slice_group *group;
	unsigned int first_vector;
	unsigned int nr_vectors;
	enum barlease_interrupt_kind interrupt_kind;
	uint64_t dma;
	uint64_t dma_align;
	uint64_t dma_base;
	int64_t grace;
	int64_t max_term;
	struct bl_window *window;
	uint64_t window_at;
	uint32_t number;
	struct bl_slice *stays;
	uint32_t holders;
	struct bl_leases leases;
	bool freed;
	bool removed;
};

/**
 * struct bl_slice_group - slices of which clients take any one
 * @link: in bl_books.groups, by name
 * @idle: those that nobody has, the longest idle first
 * @busy: the others, those that somebody took last behind
 * @nr: how many, and how many more refer to it
 */
struct bl_slice_group {
	struct bl_link link;
	char name[BARLEASE_NAME_MAX];
	struct bl_members idle;
	struct bl_members busy;
	unsigned int nr;
};

/**
 * struct bl_user - what all holders of one uid, by one listener, have together
 * @link: in bl_books.users, by uid
 * @uid: or BL_ONE_USER: of that listener, whatever their uids
 * @listener: "" for the first one
 * @holders: how many there are; those who are gone and still keep something too
 * @connections: those who are not gone
 * @leases: with those that are kept
 * @having: leases that have not ended
 * @kept: those that have
 * @dma: bytes of memory that devices reach
 * @full_in: the round of those who wait for leases in which it had as many as it may
 */
struct bl_user {
	struct bl_link link;
	uid_t uid;
	char listener[BARLEASE_NAME_MAX];
	unsigned int holders;
	unsigned int connections;
	unsigned int leases;
	struct bl_lease_queue having;
	struct bl_lease_queue kept;
	uint64_t dma;
	uint64_t full_in;
};

/**
 * struct bl_holder - somebody who has leases, or had: a connection's other end
 * @who: and @groups and @cgroup, which it refers to, as to @user's listener
 * @number: by which the keeper knows it
 * @session: NULL once the connection is gone
 * @absent: it is, but may come back: who waits for that
 * @leases: those that have not ended
 * @uses: one of the session, and one of each lease
 */
struct bl_holder {
	struct barlease_peer who;
	gid_t *groups;
	char *cgroup;
	uint32_t number;
	struct bl_user *user;
	void *session;
	struct bl_absent *absent;
	struct bl_leases leases;
	unsigned int nr_leases;
	unsigned int uses;
};

/**
 * struct bl_lease - a lease
 * @link: in bl_books.leases, by id
 * @of_slice: while it is held
 * @of_holder: until it has ended
 * @of_state: in bl_books.ending or bl_books.kept
 * @of_user: in one of the user's two
 * @slice: NULL once it has ended
 * @serial: of the request that it is the answer to
 * @stored: the keeper has its DMABUF, too
 * @shared: whether others may have the DMABUF, too, as the kernel said last
 * @name: the slice's
 * @armed: of each of its vectors, whether somebody is told of it; or NULL
 * @nr_armed: how many are
 * @pieces: memory of its holder's, @nr_pieces of them
 * @dma: how many bytes these are
 * @due: when something is to be done about it, and it is in bl_books.due; else 0
 * @term_end: when its term is over; 0: it has none
 * @ordered_end: when it is to be revoked, for somebody has ordered that; or 0
 * @warned: its holder knows when its term is over
 * @paused: accesses wait, until it is resumed
 * @resumes: when that is, by itself; 0: it does not
 * @answer: for the server: whether its holder waits for the end, and with which
 *   request
 *
 * Times are milliseconds of CLOCK_MONOTONIC.
 */
struct bl_lease {
	LIST_ENTRY(bl_lease) of_slice;
	LIST_ENTRY(bl_lease) of_holder;
	TAILQ_ENTRY(bl_lease) of_state;
	TAILQ_ENTRY(bl_lease) of_user;
	TAILQ_ENTRY(bl_lease) of_due;
	struct bl_link link;
	uint32_t id;
	enum barlease_lease_state state;
	enum barlease_reason reason;
	int fd;
	int64_t since;
	const struct barlease_device *device;
	struct bl_slice *slice;
	struct bl_holder *holder;
	uint32_t serial;
	bool stored;
	bool shared;
	bool *armed;
	unsigned int nr_armed;
	struct bl_taken_list pieces;
	unsigned int nr_pieces;
	uint64_t dma;
	int64_t due;
	int64_t term_end;
	int64_t ordered_end;
	bool warned;
	bool paused;
	int64_t resumes;
	uint32_t answer;
	char name[BARLEASE_NAME_MAX];
};

/* All slices in the order in which they are told; made when it is needed */
struct bl_listing {
	struct bl_slice **at;
	size_t nr;
	bool valid;
};

/**
 * struct bl_keeping - who keeps what another process needs to go on
 * @on: there is somebody
 * @last: number of a holder or a slice that was given
 */
struct bl_keeping {
	struct barlease_keeper ops;
	void *data;
	bool on;
	uint32_t last;
};

/**
 * struct bl_books - all of it
 * @listing: see there
 * @generation: another one after each change of what is on offer, or of who may
 *   have it
 * @ending: leases that other devices have not given back yet, or that the kernel
 *   has refused to revoke
 * @kept: leases that have ended
 * @due: leases that are held, and that something is due of, soonest first
 * @freed: slices that may be free since somebody has looked
 * @nr_leases: of all states
 * @spaces: address spaces that slices have memory in
 * @dma: bytes of memory that devices reach
 * @busy: with @busy_data: would whoever changes interrupts of this device now have
 *   to wait? Then that is put off
 */
struct bl_books {
	struct bl_table slices;
	struct bl_table groups;
	struct bl_table users;
	struct bl_table leases;
	struct bl_maps maps;
	struct bl_listing listing;
	uint64_t generation;
	struct bl_lease_queue ending;
	struct bl_lease_queue kept;
	struct bl_lease_queue due;
	struct bl_slices freed;
	struct barlease_limits limits;
	uint32_t nr_leases;
	uint32_t next_id;
	struct bl_address_spaces spaces;
	uint64_t dma;
	bool (*busy)(const void *data, const struct barlease_device *device);
	const void *busy_data;
	struct bl_keeping keeping;
};

void bl_books_init(struct bl_books *books);
/* Without leases by then */
void bl_books_free(struct bl_books *books);

/*
 * record.c. bl_record(): one line. The others say how something is from now on, and so
 * take the place of what was said of it before, where anybody keeps it.
 * bl_record_store(): an fd, by a word and a number, until bl_record_drop().
 */
__attribute__((format(printf, 2, 3)))
void bl_record(struct bl_books *books, const char *format, ...);
void bl_record_slice(struct bl_books *books, struct bl_slice *slice);
void bl_record_holder(struct bl_books *books, const struct bl_holder *holder);
void bl_record_lease(struct bl_books *books, const struct bl_lease *lease);
void bl_record_piece(struct bl_books *books, const struct bl_lease *lease,
		     uint64_t start, uint64_t size);
void bl_record_armed(struct bl_books *books, const struct bl_lease *lease,
		     uint32_t vector);
void bl_record_store(struct bl_books *books, const char *what, uint32_t number,
		     int fd);
void bl_record_drop(struct bl_books *books, const char *what, uint32_t number);
/* The next number of a holder or a slice */
uint32_t bl_record_number(struct bl_books *books);

/* slice.c. bl_slice_new() does not offer it yet */
int bl_slice_new(const struct barlease_device *device,
		 const struct barlease_slice *offer, struct bl_slice **slice);
void bl_slice_free(struct bl_slice *slice);
/* It was removed: it goes now, or with the last lease that has not ended yet */
void bl_slice_drop(struct bl_slice *slice);
/* Do leases of the one hold good as leases of the other? */
bool bl_slice_same(const struct bl_slice *a, const struct bl_slice *b);
/* How many more leases of it there can be now; UINT32_MAX: any number */
uint32_t bl_slice_vacancies(struct bl_slice *slice);
void bl_slice_info(struct bl_slice *slice, struct barlease_slice_info *info);

/*
 * vectors.c. bl_vectors_check(): whether the device has those that are offered, and
 * of what kind. bl_vectors_clash(): whether two of these slices have the same.
 * bl_lease_arm() lets an fd be told, or with BL_WIRE_UNMASK unmask; -1 takes it away.
 * bl_lease_disarm() takes all away. bl_lease_was_armed(): in another process.
 */
int bl_vectors_check(const struct barlease_device *device,
		     const struct barlease_slice *offer,
		     enum barlease_interrupt_kind *kind);
bool bl_vectors_clash(const struct bl_slice *a, const struct bl_slice *b);
int bl_lease_arm(struct bl_lease *lease, uint32_t vector, uint32_t flags, int fd);
int bl_lease_was_armed(struct bl_lease *lease, uint32_t vector);
int bl_lease_disarm(struct bl_lease *lease);

/*
 * pieces.c. bl_lease_map() is -EDQUOT where there is a limit: *@limit says which, in
 * words that go on with how many bytes it is, *@most.
 */
int bl_lease_map(struct bl_books *books, struct bl_lease *lease,
		 const struct bl_wire_map *wanted, int memory,
		 uint64_t *address, const char **limit, uint64_t *most);
int bl_lease_unmap(struct bl_books *books, struct bl_lease *lease,
		   uint64_t address);
int bl_lease_unmap_all(struct bl_books *books, struct bl_lease *lease);
/* Mapped or not */
void bl_lease_forget_pieces(struct bl_books *books, struct bl_lease *lease);

/*
 * group.c. bl_slice_group_get() finds it or makes it, for one more slice.
 * bl_slice_group_sort() puts a slice where it belongs by its number of holders, behind
 * the others.
 */
struct bl_slice_group *bl_slice_group_find(const struct bl_books *books, const char *name);
struct bl_slice_group *bl_slice_group_get(struct bl_books *books, const char *name);
void bl_slice_group_put(struct bl_books *books, struct bl_slice_group *group);
void bl_slice_group_add(struct bl_slice *slice);
void bl_slice_group_remove(struct bl_slice *slice);
void bl_slice_group_sort(struct bl_slice *slice, uint32_t holders);

/*
 * user.c. bl_holder_new() is -EDQUOT where the user has as many connections as it
 * may. @account: as whose it counts, see struct bl_user. @who is copied, with its groups.
 */
int bl_holder_new(struct bl_books *books, const struct barlease_peer *who,
		  uid_t account, void *session, struct bl_holder **holder);
/* Its session is gone */
void bl_holder_leave(struct bl_books *books, struct bl_holder *holder);
void bl_holder_put(struct bl_books *books, struct bl_holder *holder);
bool bl_came_by(const struct bl_holder *holder, const char *listener);
/* May this user have no more leases of the slice, or of its group? */
bool bl_user_has_share(const struct bl_user *user,
		       const struct bl_slice *slice);

/*
 * due.c. Something is to be done about a lease that is held at @when; 0: nothing.
 * bl_lease_end(): when it ends by itself, and why; 0: not known.
 */
int64_t bl_now(void);
void bl_due_set(struct bl_books *books, struct bl_lease *lease, int64_t when);
int64_t bl_lease_end(const struct bl_lease *lease, enum barlease_reason *reason);

/*
 * lease.c. From bl_lease_new() on it is held. bl_lease_begin_end() ends it for
 * processes, takes its interrupts away, and then its memory; it is over (0) and
 * bl_lease_over() is due, or -EINPROGRESS, or the kernel refuses, and nothing has
 * changed. bl_lease_linger() is for those that have to end all the same:
 * bl_books_sweep() tries again.
 *
 * @flags: 0 or BARLEASE_ONES. -EDQUOT: the user has as many as it may, in all or of
 * the slice or its group; -EUSERS: there are as many as there may be. The lease is not
 * written down by bl_lease_new(), but stored.
 *
 * bl_lease_enter() is for one that is there; with @state and @reason.
 */
int bl_lease_new(struct bl_books *books, struct bl_holder *holder,
		 struct bl_slice *slice, unsigned int flags,
		 struct bl_lease **lease);
void bl_lease_enter(struct bl_books *books, struct bl_lease *lease);
int bl_lease_begin_end(struct bl_books *books, struct bl_lease *lease,
		       enum barlease_reason reason);
void bl_lease_linger(struct bl_books *books, struct bl_lease *lease,
		     enum barlease_reason reason);
/* Kept from now on, or gone, if nobody has its DMABUF any more */
void bl_lease_over(struct bl_books *books, struct bl_lease *lease);
struct bl_lease *bl_lease_find(const struct bl_books *books, uint32_t id);
struct barlease_holding bl_lease_holding(const struct bl_lease *lease);
/* Look after those that have not ended yet, or are kept: a part at a time */
void bl_books_sweep(struct bl_books *books,
		    void (*over)(void *data, struct bl_lease *lease),
		    void *data);
/* It is about to be closed, and nothing of it is held */
void bl_books_forget_device(struct bl_books *books,
			    const struct barlease_device *device);
/* Nothing kept, whoever has it */
void bl_books_forget_kept(struct bl_books *books);

/*
 * offer.c. What is removed is no longer found, but there until bl_slice_drop().
 *
 * bl_offer_set() takes over all of @slices if it returns 0, and puts what is no
 * longer on offer into @gone, which is for free(): end the leases of each, and
 * drop it. If not, nothing has changed, and *@bad says of which slice, or is @nr.
 */
struct bl_slice *bl_offer_find(const struct bl_books *books, const char *name);
int bl_offer_add(struct bl_books *books, struct bl_slice *slice);
int bl_offer_set(struct bl_books *books, struct bl_slice **slices, size_t nr,
		 struct bl_slice ***gone, size_t *nr_gone, size_t *bad);
void bl_offer_remove(struct bl_books *books, struct bl_slice *slice);
/*
 * A lease of it is about to be over: it, and what shares bytes with it, is one of
 * bl_books.freed from now on. bl_offer_next_freed(): one of these, and no longer; or NULL
 */
void bl_offer_freed(struct bl_books *books, struct bl_slice *slice);
struct bl_slice *bl_offer_next_freed(struct bl_books *books);
/* Return: 0; -ENOMEM */
int bl_offer_list(struct bl_books *books);

/*
 * restore.c. bl_restore_lease(): @lease has what its lines say, with its fd and its
 * @stored; it is the books' if this returns 0. Return: 0; -ESTALE it was revoked by now,
 * or is over, and is to be ended; -EINVAL the fd is no lease of its device; -ENOMEM
 */
int bl_restore_lease(struct bl_books *books, struct bl_lease *lease);
int bl_restore_piece(struct bl_books *books, struct bl_lease *lease,
		     uint64_t start, uint64_t size);

#endif
