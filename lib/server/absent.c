// SPDX-License-Identifier: MIT
/*
 * Holders whose connection was lost when a process went, and who may come back
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

int bl_absent_new(struct barlease_server *server, struct bl_holder *holder,
		  const uint8_t *token, uint32_t last, int64_t until)
{
	struct bl_absent *absent = calloc(1, sizeof(*absent));
	struct bl_absent *before;

	if (!absent)
		return -ENOMEM;
	absent->holder = holder;
	memcpy(absent->token, token, sizeof(absent->token));
	absent->last = last;
	absent->until = until;
	holder->absent = absent;
	/* Nearly always they have the same time */
	before = TAILQ_LAST(&server->absents, bl_absents);
	while (before && before->until > until)
		before = TAILQ_PREV(before, bl_absents, of_server);
	if (before)
		TAILQ_INSERT_AFTER(&server->absents, before, absent, of_server);
	else
		TAILQ_INSERT_HEAD(&server->absents, absent, of_server);
	return 0;
}

/* Without memory for it, the kernel alone tells it: SIGBUS */
void bl_absent_missed(const struct bl_lease *lease)
{
	struct bl_absent *absent = lease->holder->absent;
	struct bl_wire_revoked *more;

	if (!absent)
		return;
	more = reallocarray(absent->missed, absent->nr + 1, sizeof(*more));
	if (!more)
		return;
	absent->missed = more;
	absent->missed[absent->nr++] = (struct bl_wire_revoked){
		lease->id, lease->reason,
	};
}

/* All bytes are looked at: how long that takes says nothing of how many are right. */
static bool is_same(const uint8_t *a, const uint8_t *b)
{
	unsigned int differs = 0;

	for (int i = 0; i < BL_WIRE_TOKEN_SIZE; i++)
		differs |= a[i] ^ b[i];
	return !differs;
}

struct bl_absent *bl_absent_find(const struct barlease_server *server,
				 const uint8_t *token)
{
	struct bl_absent *absent, *found = NULL;

	TAILQ_FOREACH(absent, &server->absents, of_server)
		if (is_same(absent->token, token))
			found = absent;
	return found;
}

void bl_absent_over(struct barlease_server *server, struct bl_absent *absent)
{
	bl_record(&server->books, "absent n=%" PRIu32 " gone=1",
		  absent->holder->number);
	TAILQ_REMOVE(&server->absents, absent, of_server);
	absent->holder->absent = NULL;
	free(absent->missed);
	free(absent);
}
