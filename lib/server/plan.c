// SPDX-License-Identifier: MIT
/*
 * When something is due of a lease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "server.h"

/* Its end, or a word about that before; 0: not known */
static int64_t end_or_warning(const struct bl_lease *lease)
{
	const int64_t grace = lease->slice->grace;
	enum barlease_reason reason;
	int64_t end = bl_lease_end(lease, &reason);

	if (reason == BARLEASE_EXPIRED && end && grace && !lease->warned)
		return end > grace ? end - grace : 1;
	return end;
}

void bl_plan(struct barlease_server *server, struct bl_lease *lease)
{
	int64_t due = end_or_warning(lease);

	if (lease->resumes && (!due || lease->resumes < due))
		due = lease->resumes;
	bl_due_set(&server->books, lease, due);
	bl_record_lease(&server->books, lease);
}
