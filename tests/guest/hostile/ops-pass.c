// SPDX-License-Identifier: MIT
/*
 * Leases that come, go on to others, are doubled and dropped
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <fcntl.h>
#include <unistd.h>

#include "message.h"
#include "model.h"
#include "ops.h"

static void keep(struct actor *me, int fd, uint16_t gen, uint32_t number)
{
	struct held *held = &me->held[number % HELD];

	if (held->gen)
		close(held->fd);
	*held = (struct held){ fd, gen };
}

void step_receive(struct actor *me, const uint32_t *arg)
{
	uint16_t gen;
	int fd;

	if (!CALL(me, message_receive(me->inbox, &gen, sizeof(gen), &fd)))
		return;
	SAY(me, "receive lease %u: %d", gen, fd);
	/* It may have no room for another file */
	if (fd >= 0)
		keep(me, fd, gen, arg[0]);
}

/* To anybody, who may see it from now on; or to itself, to lie there for a while */
void step_pass(struct actor *me, const uint32_t *arg)
{
	struct held *held = any_held(me, arg[0]);
	int to = FIRST_THREAD + arg[1] % (CLIENTS * THREADS);

	if (!held)
		return;
	if (arg[1] & 0x100)
		to = me->index;
	atomic_fetch_or(&lease_nr(held->gen)->clients,
			1u << actors[to].client);
	CALL(me, message_send(outbox[to], &held->gen, sizeof(held->gen),
			      held->fd));
	SAY(me, "pass lease %u on to %d", held->gen, to);
}

void step_drop(struct actor *me, const uint32_t *arg)
{
	struct held *held = any_held(me, arg[0]);

	if (!held)
		return;
	SAY(me, "drop lease %u", held->gen);
	CALL(me, close(held->fd));
	held->gen = 0;
}

void step_double(struct actor *me, const uint32_t *arg)
{
	struct held *held = any_held(me, arg[0]);
	int fd;

	if (!held)
		return;
	fd = CALL(me, fcntl(held->fd, F_DUPFD_CLOEXEC, 3));
	SAY(me, "double lease %u: %d", held->gen, fd);
	if (fd >= 0)
		keep(me, fd, held->gen, arg[1]);
}
