// SPDX-License-Identifier: MIT
/*
 * Leases, from export to the end
 *
 * Copyright (C) 2026 The barlease authors
 *
 * What a client keeps open of a lease that has ended is memory of the kernel's,
 * so it counts for as long as it does.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "books.h"
#include "container.h"

/* As the kernel has it, NUL included */
#define DMABUF_NAME_MAX	32

/* Leases that have ended, and are looked after in one go */
#define SWEEP_AT_ONCE	256
/* The same while a client waits, and others wait for it to be their turn */
#define LOOK_AT_ONCE	32

static int dress(const struct bl_slice *slice, int fd)
{
	char name[DMABUF_NAME_MAX];
	int ret = 0;

	if (slice->memattr != BARLEASE_NC)
		ret = barlease_set_memattr(slice->device, fd, slice->memattr);
	if (ret)
		return ret;
	snprintf(name, sizeof(name), "%.*s", DMABUF_NAME_MAX - 1, slice->name);
	return barlease_set_name(fd, name);
}

/* Nobody has had it yet: closing it is enough */
static int export_slice(const struct bl_slice *slice, unsigned int flags)
{
	int fd = barlease_export(slice->device, slice->bar, slice->ranges,
				 slice->nr_ranges,
				 flags | (slice->flags & (BARLEASE_READ_ONLY |
							  BARLEASE_MSIX |
							  BARLEASE_ONES)));
	int ret;

	if (fd < 0)
		return fd;
	ret = dress(slice, fd);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

struct bl_lease *bl_lease_find(const struct bl_books *books, uint32_t id)
{
	struct bl_link *link = bl_table_find(&books->leases, bl_hash_number(id));
	struct bl_lease *lease;

	for (; link; link = bl_table_more(link)) {
		lease = bl_container_of(link, struct bl_lease, link);
		if (lease->id == id)
			return lease;
	}
	return NULL;
}

/* A number that means no other lease; 0 is left out */
static uint32_t next_id(struct bl_books *books)
{
	uint32_t id;

	do {
		id = books->next_id++;
	} while (!id || bl_lease_find(books, id));
	return id;
}

static void unstore(struct bl_books *books, struct bl_lease *lease)
{
	if (lease->stored)
		bl_record_drop(books, "lease", lease->id);
	lease->stored = false;
}

static void strike_out(struct bl_books *books, struct bl_lease *lease)
{
	bl_record(books, "lease id=%" PRIu32 " gone=1", lease->id);
	unstore(books, lease);
	bl_table_remove(&books->leases, &lease->link);
	books->nr_leases--;
	lease->holder->user->leases--;
	bl_holder_put(books, lease->holder);
	close(lease->fd);
	free(lease->armed);
	free(lease);
}

static void forget_kept(struct bl_books *books, struct bl_lease *lease)
{
	TAILQ_REMOVE(&books->kept, lease, of_state);
	TAILQ_REMOVE(&lease->holder->user->kept, lease, of_user);
	strike_out(books, lease);
}

/* Anybody but this process and its keeper */
static bool others_have(const struct bl_lease *lease,
			const struct barlease_state *state)
{
	return state->references > 1u + lease->stored;
}

static bool is_kept(const struct bl_lease *lease)
{
	struct barlease_state state;

	return barlease_get_state(lease->device, lease->fd, &state) ||
	       others_have(lease, &state);
}

/* Is it still kept? If so, it is the last one to be asked about again. */
static void look_after(struct bl_books *books, struct bl_lease *lease)
{
	if (!is_kept(lease)) {
		forget_kept(books, lease);
		return;
	}
	TAILQ_REMOVE(&books->kept, lease, of_state);
	TAILQ_INSERT_TAIL(&books->kept, lease, of_state);
	TAILQ_REMOVE(&lease->holder->user->kept, lease, of_user);
	TAILQ_INSERT_TAIL(&lease->holder->user->kept, lease, of_user);
}

static bool enough(uint32_t has, unsigned int most)
{
	return most && has >= most;
}

/* Perhaps the user has closed something that nobody has looked at since */
static bool has_room(struct bl_books *books, struct bl_user *user)
{
	const unsigned int most = books->limits.user_leases;
	int nr = 0;

	while (enough(user->leases, most)) {
		if (TAILQ_EMPTY(&user->kept) || nr++ == LOOK_AT_ONCE)
			return false;
		look_after(books, TAILQ_FIRST(&user->kept));
	}
	return true;
}

static int check_limits(struct bl_books *books, struct bl_user *user,
			const struct bl_slice *slice)
{
	if (!has_room(books, user))
		return -EDQUOT;
	if (enough(books->nr_leases, books->limits.leases))
		return -EUSERS;
	return bl_user_has_share(user, slice) ? -EDQUOT : 0;
}

static void enter_kept(struct bl_books *books, struct bl_lease *lease)
{
	TAILQ_INSERT_TAIL(&books->kept, lease, of_state);
	TAILQ_INSERT_TAIL(&lease->holder->user->kept, lease, of_user);
}

static void enter_not_over(struct bl_books *books, struct bl_lease *lease)
{
	struct bl_slice *slice = lease->slice;
	struct bl_holder *holder = lease->holder;

	bl_slice_group_sort(slice, slice->holders + 1);
	if (lease->state == BARLEASE_HELD)
		LIST_INSERT_HEAD(&slice->leases, lease, of_slice);
	else
		TAILQ_INSERT_TAIL(&books->ending, lease, of_state);
	LIST_INSERT_HEAD(&holder->leases, lease, of_holder);
	TAILQ_INSERT_TAIL(&holder->user->having, lease, of_user);
	holder->nr_leases++;
}

void bl_lease_enter(struct bl_books *books, struct bl_lease *lease)
{
	struct bl_holder *holder = lease->holder;

	bl_table_add(&books->leases, &lease->link, bl_hash_number(lease->id));
	books->nr_leases++;
	holder->user->leases++;
	holder->uses++;
	if (lease->state == BARLEASE_KEPT)
		enter_kept(books, lease);
	else
		enter_not_over(books, lease);
}

/* So that whoever goes on can take it back; what was stored and not said is nobody's */
static void store(struct bl_books *books, struct bl_lease *lease)
{
	const struct bl_keeping *keeping = &books->keeping;

	if (!keeping->on)
		return;
	if (!lease->slice->number)
		bl_record_slice(books, lease->slice);
	lease->stored = keeping->ops.store;
	bl_record_store(books, "lease", lease->id, lease->fd);
}

int bl_lease_new(struct bl_books *books, struct bl_holder *holder,
		 struct bl_slice *slice, unsigned int flags,
		 struct bl_lease **lease)
{
	int ret = check_limits(books, holder->user, slice);
	struct bl_lease *new;

	if (ret)
		return ret;
	new = calloc(1, sizeof(*new));
	if (!new || bl_table_reserve(&books->leases, 1)) {
		free(new);
		return -ENOMEM;
	}
	new->fd = export_slice(slice, flags);
	if (new->fd < 0) {
		ret = new->fd;
		free(new);
		return ret;
	}
	new->id = next_id(books);
	new->since = time(NULL);
	new->device = slice->device;
	new->slice = slice;
	new->holder = holder;
	memcpy(new->name, slice->name, sizeof(new->name));
	LIST_INIT(&new->pieces);
	bl_lease_enter(books, new);
	store(books, new);
	*lease = new;
	return 0;
}

static void set_ending(struct bl_books *books, struct bl_lease *lease,
		       enum barlease_reason reason)
{
	if (lease->state == BARLEASE_ENDING)
		return;
	lease->state = BARLEASE_ENDING;
	lease->reason = reason;
	lease->paused = false;
	bl_due_set(books, lease, 0);
	LIST_REMOVE(lease, of_slice);
	TAILQ_INSERT_TAIL(&books->ending, lease, of_state);
	bl_record_lease(books, lease);
}

/*
 * Who cannot ask the device for more any longer is told no more, and then reached.
 * Return: 0; -EINPROGRESS not now
 */
static int take_back(struct bl_books *books, struct bl_lease *lease)
{
	int disarmed, unmapped;

	if (lease->nr_armed && books->busy(books->busy_data, lease->device))
		return -EINPROGRESS;
	disarmed = bl_lease_disarm(lease);
	unmapped = bl_lease_unmap_all(books, lease);
	return disarmed ?: unmapped;
}

int bl_lease_begin_end(struct bl_books *books, struct bl_lease *lease,
		       enum barlease_reason reason)
{
	struct barlease_state state;
	int ret = barlease_begin_revoke(lease->device, lease->fd, &state);

	if (!ret)
		ret = take_back(books, lease);
	if (ret && ret != -EINPROGRESS)
		return ret;
	set_ending(books, lease, reason);
	/* Nobody needs to be asked again where nobody is left */
	lease->shared = others_have(lease, &state);
	return state.mapped ? -EINPROGRESS : ret;
}

void bl_lease_linger(struct bl_books *books, struct bl_lease *lease,
		     enum barlease_reason reason)
{
	lease->shared = true;
	take_back(books, lease);
	set_ending(books, lease, reason);
}

/* Of a device that is about to be closed: there is no other time for it any more */
static void take_back_now(struct bl_books *books, struct bl_lease *lease)
{
	bl_lease_disarm(lease);
	bl_lease_unmap_all(books, lease);
	bl_lease_forget_pieces(books, lease);
}

void bl_lease_over(struct bl_books *books, struct bl_lease *lease)
{
	struct bl_slice *slice = lease->slice;
	struct bl_user *user = lease->holder->user;

	take_back_now(books, lease);
	TAILQ_REMOVE(&books->ending, lease, of_state);
	LIST_REMOVE(lease, of_holder);
	lease->holder->nr_leases--;
	TAILQ_REMOVE(&user->having, lease, of_user);
	lease->slice = NULL;
	bl_slice_group_sort(slice, slice->holders - 1);
	if (slice->removed)
		bl_slice_drop(slice);
	if (!lease->shared) {
		strike_out(books, lease);
		return;
	}
	lease->state = BARLEASE_KEPT;
	enter_kept(books, lease);
	bl_record_lease(books, lease);
}

/* In milliseconds since the epoch, for others */
static int64_t by_the_clock(int64_t when)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return when - bl_now() + now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t paused_until(const struct bl_lease *lease)
{
	if (!lease->paused)
		return 0;
	return lease->resumes ? by_the_clock(lease->resumes) : INT64_MAX;
}

struct barlease_holding bl_lease_holding(const struct bl_lease *lease)
{
	enum barlease_reason reason = lease->reason;
	int64_t end = 0;

	if (lease->state == BARLEASE_HELD)
		end = bl_lease_end(lease, &reason);
	return (struct barlease_holding){
		.id = lease->id,
		.state = lease->state,
		.reason = reason,
		.ends = end ? by_the_clock(end) : 0,
		.paused = paused_until(lease),
		.slice = lease->name,
		.context = lease->slice ? lease->slice->context : NULL,
		.peer = &lease->holder->who,
		.fd = lease->fd,
		.since = lease->since,
		.vectors = lease->nr_armed,
		.dma = lease->dma,
	};
}

static void sweep_ending(struct bl_books *books,
			 void (*over)(void *data, struct bl_lease *lease),
			 void *data)
{
	struct bl_lease *lease, *next;

	for (lease = TAILQ_FIRST(&books->ending); lease; lease = next) {
		next = TAILQ_NEXT(lease, of_state);
		if (!bl_lease_begin_end(books, lease, lease->reason))
			over(data, lease);
	}
}

void bl_books_sweep(struct bl_books *books,
		    void (*over)(void *data, struct bl_lease *lease),
		    void *data)
{
	struct bl_lease *lease, *next, *last;
	int nr = 0;

	sweep_ending(books, over, data);
	last = TAILQ_LAST(&books->kept, bl_lease_queue);
	for (lease = TAILQ_FIRST(&books->kept); lease; lease = next) {
		next = lease == last ? NULL : TAILQ_NEXT(lease, of_state);
		look_after(books, lease);
		if (++nr == SWEEP_AT_ONCE)
			return;
	}
}

void bl_books_forget_device(struct bl_books *books,
			    const struct barlease_device *device)
{
	struct bl_lease *lease;

	TAILQ_FOREACH(lease, &books->kept, of_state)
		if (lease->device == device)
			lease->device = NULL;
}

void bl_books_forget_kept(struct bl_books *books)
{
	struct bl_lease *lease;

	while ((lease = TAILQ_FIRST(&books->kept)))
		forget_kept(books, lease);
}
