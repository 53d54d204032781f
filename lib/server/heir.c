// SPDX-License-Identifier: MIT
/*
 * What another process has left: slices, connections, leases, and those who wait
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Nothing is believed because it was written: a connection is whose the kernel says it
 * is, and a lease is what the driver says of its DMABUF. What does not fit is revoked.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "books/lines.h"
#include "server.h"

/* Those who are sent what they wait for at a time; there is one, when a process ends */
#define UNSURE_MAX	16

/*
 * A holder that a line is about. @here: it has a session, or may come back. @wrong: its
 * connection is another user's
 */
struct heir_holder {
	LIST_ENTRY(heir_holder) of_heir;
	uint32_t number;
	struct bl_holder *holder;
	bool here;
	bool wrong;
};

/* A lease that is in the books. @ret: of bl_restore_lease() */
struct heir_lease {
	struct bl_lease *lease;
	int ret;
};

struct heir {
	struct barlease_server *server;
	struct barlease_estate estate;
	void *data;
	struct bl_lines lines;
	LIST_HEAD(, heir_holder) holders;
	uint32_t unsure[UNSURE_MAX];
	size_t nr_unsure;
	struct heir_lease *leases;
	size_t nr_leases;
	unsigned int held;
};

static const struct bl_word words[] = {
	{ "barlease-server", 1 },
	{ "slice", 1 },
	{ "holder", 1 },
	{ "session", 1 },
	{ "absent", 1 },
	{ "missed", 1 },
	{ "lease", 1 },
	{ "piece", 2 },
	{ "armed", 2 },
	{ "turn", 2 },
	{ NULL, 0 },
};

__attribute__((format(printf, 2, 3)))
static void lost(const struct heir *heir, const char *format, ...)
{
	char text[256];
	va_list args;

	if (!heir->estate.lost)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	heir->estate.lost(heir->data, text);
}

static int64_t number_of(const struct bl_line *line, const char *key, int base)
{
	int64_t number;

	return bl_line_number(line, key, base, INT64_MIN, INT64_MAX, &number) ?
		       number : 0;
}

static bool number_within(const struct bl_line *line, const char *key,
			  int64_t most, uint32_t *number)
{
	int64_t value;

	if (!bl_line_number(line, key, 10, 0, most, &value))
		return false;
	*number = value;
	return true;
}

static int fd_of(const struct heir *heir, const char *what, uint32_t number)
{
	char name[32];

	snprintf(name, sizeof(name), "%s-%" PRIu32, what, number);
	return heir->estate.fd(heir->data, name);
}

static const struct barlease_device *device_of(const struct heir *heir,
					       const struct bl_line *line)
{
	char name[64];

	if (!bl_line_text(line, "device", name, sizeof(name)) || !*name)
		return NULL;
	return heir->estate.device(heir->data, name);
}

/* ---- Holders, and their connections --------------------------------------- */

static struct heir_holder *find_holder(const struct heir *heir, uint32_t number)
{
	struct heir_holder *found;

	LIST_FOREACH(found, &heir->holders, of_heir)
		if (found->number == number)
			return found;
	return NULL;
}

/* "GID,..."; a list that is none has no groups */
static gid_t *groups_of(const struct bl_line *line, size_t *nr)
{
	const char *at = bl_line_value(line, "groups");
	gid_t *groups;
	char *tail;

	*nr = 0;
	if (!at || *at < '0' || *at > '9')
		return NULL;
	groups = calloc(strcspn(at, " ") / 2 + 1, sizeof(*groups));
	for (; groups; at = tail + 1) {
		groups[(*nr)++] = strtoul(at, &tail, 10);
		if (*tail != ',' || tail[1] < '0' || tail[1] > '9')
			break;
	}
	return groups;
}

/* In hexadecimal, for free(); NULL where there is none */
static char *cgroup_of(const struct bl_line *line)
{
	const char *at = bl_line_value(line, "cgroup");
	size_t length = at ? strspn(at, "0123456789abcdef") / 2 : 0;
	char *path = length ? calloc(1, length + 1) : NULL;
	unsigned int byte;

	for (size_t i = 0; path && i < length; i++)
		if (sscanf(&at[2 * i], "%2x", &byte) == 1)
			path[i] = byte;
	return path;
}

static struct heir_holder *new_holder(struct heir *heir, uint32_t number,
				      const struct bl_line *line)
{
	struct heir_holder *new = calloc(1, sizeof(*new));
	struct barlease_peer who = {
		.uid = number_of(line, "uid", 10),
		.gid = number_of(line, "gid", 10),
		.pid = number_of(line, "pid", 10),
	};
	gid_t *groups = groups_of(line, &who.nr_groups);
	char listener[BARLEASE_NAME_MAX], *cgroup = cgroup_of(line);
	const bool one = number_of(line, "one", 10);
	int ret;

	who.groups = groups;
	who.cgroup = cgroup;
	if (bl_line_text(line, "listener", listener, sizeof(listener)) && *listener)
		who.listener = listener;
	ret = new ? bl_holder_new(&heir->server->books, &who,
				  one ? BL_ONE_USER : who.uid, NULL,
				  &new->holder) : -ENOMEM;
	free(cgroup);
	free(groups);
	if (ret) {
		free(new);
		return NULL;
	}
	new->number = number;
	new->holder->number = number;
	LIST_INSERT_HEAD(&heir->holders, new, of_heir);
	return new;
}

/* NULL: there is no line about it, or no memory */
static struct heir_holder *get_holder(struct heir *heir, uint32_t number)
{
	struct heir_holder *holder = find_holder(heir, number);
	const struct bl_line *line;

	if (holder)
		return holder;
	line = bl_lines_find(&heir->lines, "holder", "n", number);
	return line ? new_holder(heir, number, line) : NULL;
}

static bool token_of(const struct bl_line *line, uint8_t *token)
{
	char text[2 * BL_WIRE_TOKEN_SIZE + 1];
	unsigned int byte, any = 0;

	if (!bl_line_text(line, "token", text, sizeof(text)) ||
	    strspn(text, "0123456789abcdef") != sizeof(text) - 1)
		return false;
	for (int i = 0; i < BL_WIRE_TOKEN_SIZE; i++) {
		if (sscanf(&text[2 * i], "%2x", &byte) != 1)
			return false;
		token[i] = byte;
		any |= byte;
	}
	return any;
}

/* Its connection is lost; it may come back, if it has something to show */
static void make_absent(const struct heir *heir, struct heir_holder *holder,
			const struct bl_line *line, int64_t until)
{
	uint8_t token[BL_WIRE_TOKEN_SIZE];

	holder->here = token_of(line, token) &&
		       !bl_absent_new(heir->server, holder->holder, token,
				      number_of(line, "last", 10), until);
}

/* One that waits still, and has the lease that it waits for, may have been sent it or not */
static void find_unsure(struct heir *heir)
{
	const struct bl_line *line = bl_lines_first(&heir->lines, "lease");
	uint32_t holder, serial;
	char about[64];

	for (; line; line = bl_lines_next(line, "lease")) {
		if (!number_within(line, "holder", UINT32_MAX, &holder) ||
		    !number_within(line, "serial", INT32_MAX, &serial) ||
		    heir->nr_unsure == UNSURE_MAX)
			continue;
		snprintf(about, sizeof(about),
			 "turn holder=%" PRIu32 " serial=%" PRIu32, holder,
			 serial);
		if (bl_lines_find_about(&heir->lines, about))
			heir->unsure[heir->nr_unsure++] = holder;
	}
}

static bool is_unsure(const struct heir *heir, uint32_t number)
{
	for (size_t i = 0; i < heir->nr_unsure; i++)
		if (heir->unsure[i] == number)
			return true;
	return false;
}

/* Why its connection is not gone on with; NULL: it is */
static const char *restore_session(const struct heir *heir,
				   struct heir_holder *holder,
				   const struct bl_line *line, int fd)
{
	struct bl_holder *known = holder->holder;
	struct bl_session *session;
	struct bl_peer *peer;
	int ret = bl_peer_restore(&heir->server->net, fd, &peer);

	if (ret) {
		bl_hang_up(fd);
		return strerror(-ret);
	}
	holder->wrong = peer->who.uid != known->who.uid;
	peer->who.listener = known->who.listener;
	session = holder->wrong ? NULL :
		  bl_session_restore(peer, known,
				     number_of(line, "features", 16));
	if (!session) {
		shutdown(peer->fd, SHUT_RDWR);
		bl_peer_undo(peer);
		return holder->wrong ? "it is another user's" :
				       strerror(ENOMEM);
	}
	token_of(line, session->token);
	session->last = number_of(line, "last", 10);
	session->suspended = number_of(line, "suspended", 10);
	if (number_of(line, "watches", 10))
		bl_watch(session);
	holder->here = true;
	return NULL;
}

/*
 * One that was being served may have been answered or not, and one that had something
 * to read may have read it or not: these are hung up on.
 */
static const char *why_hung_up_on(const struct heir *heir, uint32_t number,
				  const struct bl_line *line)
{
	if (number == heir->estate.served || is_unsure(heir, number))
		return "it was being served";
	if (number_of(line, "behind", 10))
		return "it waited for an answer, or had not read all of one";
	return NULL;
}

static void take_session(struct heir *heir, const struct bl_line *line,
			 int64_t until)
{
	struct heir_holder *holder;
	const char *why;
	uint32_t number;
	int fd;

	if (!number_within(line, "n", UINT32_MAX, &number))
		return;
	holder = get_holder(heir, number);
	fd = fd_of(heir, "client", number);
	if (!holder)
		why = "nothing is written of its user";
	else if (fd < 0)
		why = "its descriptor is missing";
	else
		why = why_hung_up_on(heir, number, line);
	if (!why) {
		why = restore_session(heir, holder, line, fd);
		fd = -1;
	}
	if (why)
		lost(heir, "connection %" PRIu32 " is lost: %s", number, why);
	if (why && holder && !holder->wrong)
		make_absent(heir, holder, line, until);
	if (fd >= 0)
		bl_hang_up(fd);
}

static void take_absent(struct heir *heir, const struct bl_line *line)
{
	struct heir_holder *holder;
	uint32_t number;

	if (!number_within(line, "n", UINT32_MAX, &number))
		return;
	holder = get_holder(heir, number);
	if (holder && !holder->here)
		make_absent(heir, holder, line, number_of(line, "until", 10));
}

static void take_missed(const struct heir *heir, const struct bl_line *line)
{
	const struct heir_holder *holder;
	struct bl_lease lease = { 0 };
	uint32_t number;

	if (!number_within(line, "n", UINT32_MAX, &number) ||
	    !number_within(line, "lease", UINT32_MAX, &lease.id))
		return;
	holder = find_holder(heir, number);
	if (!holder)
		return;
	lease.holder = holder->holder;
	lease.reason = number_of(line, "reason", 10);
	bl_absent_missed(&lease);
}

static void take_holders(struct heir *heir)
{
	int64_t until = bl_now() + (int64_t)heir->estate.reconnect;
	const struct bl_line *line;

	find_unsure(heir);
	line = bl_lines_first(&heir->lines, "session");
	for (; line; line = bl_lines_next(line, "session"))
		take_session(heir, line, until);
	line = bl_lines_first(&heir->lines, "absent");
	for (; line; line = bl_lines_next(line, "absent"))
		take_absent(heir, line);
	line = bl_lines_first(&heir->lines, "missed");
	for (; line; line = bl_lines_next(line, "missed"))
		take_missed(heir, line);
}

/* ---- Slices ---------------------------------------------------------------- */

/* "OFFSET+LENGTH,..." for free() */
static struct barlease_range *ranges_of(const struct bl_line *line, size_t *nr)
{
	const char *at = bl_line_value(line, "ranges");
	struct barlease_range *ranges;
	char *tail;

	*nr = 0;
	if (!at)
		return NULL;
	ranges = calloc(strcspn(at, " ") / 4 + 1, sizeof(*ranges));
	for (; ranges; at = tail + 1) {
		struct barlease_range *range = &ranges[*nr];

		range->offset = strtoull(at, &tail, 16);
		if (tail == at || *tail != '+')
			break;
		at = tail + 1;
		range->length = strtoull(at, &tail, 16);
		if (tail == at)
			break;
		++*nr;
		if (*tail != ',')
			return ranges;
	}
	free(ranges);
	return NULL;
}

/* As it was, and where its memory was */
static int offer(struct bl_books *books, const struct barlease_device *device,
		 const struct barlease_slice *wanted,
		 const struct bl_line *line)
{
	struct bl_slice *slice;
	int ret = bl_slice_new(device, wanted, &slice);

	if (ret)
		return ret;
	slice->window_at = number_of(line, "dma-at", 16);
	slice->number = number_of(line, "n", 10);
	ret = bl_offer_add(books, slice);
	if (ret)
		bl_slice_free(slice);
	return ret;
}

static int restore_slice(const struct heir *heir, const struct bl_line *line,
			 const struct barlease_device *device)
{
	char name[BARLEASE_NAME_MAX], group[BARLEASE_NAME_MAX];
	struct barlease_range *ranges;
	struct barlease_slice slice = {
		.name = name,
		.bar = number_of(line, "bar", 10),
		.flags = number_of(line, "flags", 16),
		.memattr = number_of(line, "memattr", 10),
		.max_holders = number_of(line, "holders", 10),
		.per_user = number_of(line, "per-user", 10),
		.first_vector = number_of(line, "vector", 10),
		.nr_vectors = number_of(line, "vectors", 10),
		.dma = number_of(line, "dma", 16),
		.dma_align = number_of(line, "dma-align", 16),
		.dma_base = number_of(line, "dma-base", 16),
		.grace = number_of(line, "grace", 10),
		.max_term = number_of(line, "max-term", 10),
	};
	int ret;

	if (!bl_line_text(line, "name", name, sizeof(name)) ||
	    !bl_line_text(line, "group", group, sizeof(group)))
		return -EINVAL;
	slice.group = *group ? group : NULL;
	ranges = ranges_of(line, &slice.nr_ranges);
	slice.ranges = ranges;
	ret = ranges ? offer(&heir->server->books, device, &slice, line) :
		       -EINVAL;
	free(ranges);
	return ret;
}

/* The slice of this number: found, or made. NULL: it cannot be as it was */
static struct bl_slice *get_slice(const struct heir *heir, uint32_t number)
{
	const struct bl_line *line = bl_lines_find(&heir->lines, "slice", "n",
						   number);
	const struct barlease_device *device;
	char name[BARLEASE_NAME_MAX];
	struct bl_slice *slice;
	int ret;

	if (!line || !bl_line_text(line, "name", name, sizeof(name)))
		return NULL;
	slice = bl_offer_find(&heir->server->books, name);
	if (slice)
		return slice->number == number ? slice : NULL;
	device = device_of(heir, line);
	ret = device ? restore_slice(heir, line, device) : -ENODEV;
	if (ret)
		lost(heir, "slice %s cannot be as it was: %s", name,
		     strerror(-ret));
	return bl_offer_find(&heir->server->books, name);
}

/* ---- Leases ---------------------------------------------------------------- */

static bool understand_lease(struct bl_lease *lease, const struct bl_line *line)
{
	uint32_t state, reason;

	if (!number_within(line, "id", UINT32_MAX, &lease->id) || !lease->id ||
	    !number_within(line, "state", BARLEASE_KEPT, &state) ||
	    !number_within(line, "reason", BARLEASE_EXPIRED, &reason) ||
	    !number_within(line, "serial", INT32_MAX, &lease->serial) ||
	    !number_within(line, "answer", INT32_MAX, &lease->answer) ||
	    !bl_line_text(line, "name", lease->name, sizeof(lease->name)))
		return false;
	lease->state = state;
	lease->reason = reason;
	lease->since = number_of(line, "since", 10);
	lease->term_end = number_of(line, "term-end", 10);
	lease->ordered_end = number_of(line, "ordered-end", 10);
	lease->warned = number_of(line, "warned", 10);
	lease->resumes = number_of(line, "resumes", 10);
	lease->shared = number_of(line, "shared", 10);
	return true;
}

/* What nobody can take back one by one goes with the device */
static void give_up(const struct heir *heir, const struct bl_lease *lease,
		    const char *why)
{
	lost(heir, "lease %" PRIu32 " of %s is not gone on with: %s",
	     lease->id, lease->name, why);
	if (lease->state != BARLEASE_KEPT && lease->device &&
	    (lease->fd < 0 ||
	     barlease_begin_revoke(lease->device, lease->fd, NULL)) &&
	    heir->estate.unsafe)
		heir->estate.unsafe(heir->data, lease->device);
	if (lease->fd >= 0)
		close(lease->fd);
}

static void take_piece(const struct heir *heir, const struct bl_line *line)
{
	const uint64_t start = number_of(line, "start", 16);
	const uint64_t size = number_of(line, "size", 16);
	struct bl_lease *lease;
	uint32_t id;

	if (!size || !number_within(line, "lease", UINT32_MAX, &id))
		return;
	lease = bl_lease_find(&heir->server->books, id);
	if (lease &&
	    bl_restore_piece(&heir->server->books, lease, start, size))
		lost(heir,
		     "memory of lease %" PRIu32 " at %#" PRIx64 " is nothing that it can have",
		     id, start);
}

static void take_armed(const struct heir *heir, const struct bl_line *line)
{
	struct bl_lease *lease;
	uint32_t id, vector;

	if (!number_within(line, "lease", UINT32_MAX, &id) ||
	    !number_within(line, "vector", UINT32_MAX, &vector))
		return;
	lease = bl_lease_find(&heir->server->books, id);
	if (lease && lease->slice)
		bl_lease_was_armed(lease, vector);
}

/* What it needs, else why not */
static const char *prepare(struct heir *heir, struct bl_lease *lease,
			   const struct bl_line *line)
{
	const struct heir_holder *holder;
	uint32_t number;

	lease->device = device_of(heir, line);
	lease->fd = fd_of(heir, "lease", lease->id);
	if (lease->fd < 0)
		return "its descriptor is missing";
	if (!number_within(line, "holder", UINT32_MAX, &number))
		return "nobody has it";
	holder = get_holder(heir, number);
	if (!holder)
		return "nothing is written of its user";
	lease->holder = holder->holder;
	if (lease->state == BARLEASE_KEPT)
		return NULL;
	if (!lease->device)
		return "its device is not there";
	if (number_within(line, "slice", UINT32_MAX, &number))
		lease->slice = get_slice(heir, number);
	return lease->slice ? NULL : "its slice is not there";
}

/* Is it to go on? If not, it ends as any other does. */
static bool goes_on(const struct heir *heir, const struct bl_lease *lease)
{
	const struct heir_holder *holder;

	holder = find_holder(heir, lease->holder->number);
	if (holder->here)
		return true;
	lost(heir, "lease %" PRIu32 " of %s ends: its holder is gone",
	     lease->id, lease->name);
	return false;
}

static void settle_lease(struct heir *heir, struct bl_lease *lease, int ret)
{
	struct barlease_server *server = heir->server;
	struct bl_session *session = lease->holder->session;

	if (lease->state == BARLEASE_ENDING && session && lease->answer)
		bl_peer_block(session->peer);
	if (lease->state != BARLEASE_HELD)
		return;
	if (session)
		bl_peer_set_rank(session->peer, BL_PEER_BUSY);
	if (ret == -ESTALE) {
		bl_end_anyway(server, lease, BARLEASE_GONE);
	} else if (!goes_on(heir, lease)) {
		bl_end_anyway(server, lease, BARLEASE_DISCONNECTED);
	} else {
		bl_plan(server, lease);
		heir->held++;
	}
}

/* Return: whether it is in the books */
static bool enter(struct heir *heir, struct bl_lease *lease,
		  const struct bl_line *line)
{
	const char *why = prepare(heir, lease, line);
	int ret = why ? 0 : bl_restore_lease(&heir->server->books, lease);

	if (ret && ret != -ESTALE)
		why = strerror(-ret);
	if (why) {
		give_up(heir, lease, why);
		return false;
	}
	heir->leases[heir->nr_leases++] = (struct heir_lease){ lease, ret };
	return true;
}

static void take_lease(struct heir *heir, const struct bl_line *line)
{
	struct bl_lease *lease = calloc(1, sizeof(*lease));

	if (!lease || !understand_lease(lease, line))
		lost(heir, "a lease is not gone on with: %s", line->text);
	else if (enter(heir, lease, line))
		return;
	free(lease);
}

/* What they have is known before any of them ends */
static int take_leases(struct heir *heir)
{
	const struct bl_line *line;

	heir->leases = calloc(heir->lines.table.nr + 1, sizeof(*heir->leases));
	if (!heir->leases)
		return -ENOMEM;
	line = bl_lines_first(&heir->lines, "lease");
	for (; line; line = bl_lines_next(line, "lease"))
		take_lease(heir, line);
	line = bl_lines_first(&heir->lines, "piece");
	for (; line; line = bl_lines_next(line, "piece"))
		take_piece(heir, line);
	line = bl_lines_first(&heir->lines, "armed");
	for (; line; line = bl_lines_next(line, "armed"))
		take_armed(heir, line);
	for (size_t i = 0; i < heir->nr_leases; i++)
		settle_lease(heir, heir->leases[i].lease, heir->leases[i].ret);
	free(heir->leases);
	return 0;
}

/* ---- Those who wait -------------------------------------------------------- */

static void take_turn(const struct heir *heir, const struct bl_line *line)
{
	struct barlease_server *server = heir->server;
	const struct heir_holder *holder;
	struct bl_wire_acquire wanted = { 0 };
	uint32_t number, serial;
	struct bl_turn *turn;

	if (!number_within(line, "holder", UINT32_MAX, &number) ||
	    !number_within(line, "serial", INT32_MAX, &serial) ||
	    !bl_line_text(line, "name", wanted.name, sizeof(wanted.name)) ||
	    !bl_wire_name_valid(wanted.name))
		return;
	holder = find_holder(heir, number);
	if (!holder || !holder->holder->session)
		return;
	wanted.flags = number_of(line, "flags", 16) &
		       (BARLEASE_ANY | BARLEASE_ONES);
	/* It gives up when it would have */
	wanted.wait = BL_WIRE_WAIT_MAX;
	if (bl_session_wait(holder->holder->session, serial, &wanted, true))
		return;
	turn = TAILQ_LAST(&server->turns, bl_turns);
	turn->wanted.wait = number_of(line, "wait", 16);
	turn->until = number_of(line, "until", 10);
	bl_turn_gives_up(turn);
}

/* ---- All of it ------------------------------------------------------------- */

static void note_numbers(const struct heir *heir, const char *word)
{
	struct bl_keeping *keeping = &heir->server->books.keeping;
	const struct bl_line *line = bl_lines_first(&heir->lines, word);
	uint32_t number;

	for (; line; line = bl_lines_next(line, word))
		if (number_within(line, "n", UINT32_MAX, &number) &&
		    number > keeping->last)
			keeping->last = number;
}

/* Those who are neither here nor expected have only what has not quite ended */
static void let_go(struct heir *heir)
{
	struct heir_holder *holder;

	while ((holder = LIST_FIRST(&heir->holders))) {
		LIST_REMOVE(holder, of_heir);
		if (!holder->here)
			bl_holder_leave(&heir->server->books, holder->holder);
		free(holder);
	}
}

static int take_all(struct heir *heir)
{
	const struct bl_line *line;
	int ret;

	note_numbers(heir, "slice");
	note_numbers(heir, "holder");
	take_holders(heir);
	ret = take_leases(heir);
	line = bl_lines_first(&heir->lines, "turn");
	for (; line; line = bl_lines_next(line, "turn"))
		take_turn(heir, line);
	let_go(heir);
	bl_suspend_tell(heir->server);
	return ret;
}

int barlease_server_take_over(struct barlease_server *server,
			      const struct barlease_estate *estate, void *data)
{
	struct heir heir = { .server = server, .data = data };
	int ret = bl_take_struct(&heir.estate, sizeof(heir.estate), estate,
				 estate->size);

	if (ret || !heir.estate.text || !heir.estate.fd ||
	    !heir.estate.device || server->books.slices.nr ||
	    !LIST_EMPTY(&server->sessions))
		return -EINVAL;
	LIST_INIT(&heir.holders);
	ret = bl_lines_read(&heir.lines, heir.estate.text, words);
	if (!ret && !bl_lines_find(&heir.lines, "barlease-server", "version", 1))
		ret = -EPROTO;
	if (!ret)
		ret = take_all(&heir);
	bl_lines_free(&heir.lines);
	return ret ?: (int)heir.held;
}
