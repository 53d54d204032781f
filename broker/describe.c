// SPDX-License-Identifier: MIT
/*
 * Slices and leases in the words of the administrator's socket
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "describe.h"
#include "policy.h"

void describe_place(struct text *out, const struct config *config,
		    const struct config_slice *slice)
{
	const struct config_rule *rule = slice->rule;

	text_add(out, "device=%s bar=%u ranges=",
		 config_device_of(config, slice)->bdf, rule->bar);
	for (size_t i = 0; i < rule->nr_ranges; i++) {
		struct barlease_range range = config_range_of(slice, i);

		text_add(out, "%s%#" PRIx64 "+%#" PRIx64, i ? "," : "",
			 range.offset, range.length);
	}
	text_add(out, " size=%" PRIu64 " access=%s memattr=%s",
		 config_size_of(slice),
		 rule->flags & BARLEASE_READ_ONLY ? "ro" : "rw",
		 rule->memattr == BARLEASE_WC ? "wc" : "nc");
	if (rule->nr_vectors)
		text_add(out, " interrupts=%u-%u", slice->first_vector,
			 slice->first_vector + rule->nr_vectors - 1);
	if (rule->dma)
		text_add(out, " dma=%" PRIu64, rule->dma);
}

void describe_slice(struct text *out, const struct config *config,
		    const struct config_slice *slice, unsigned int holders)
{
	const struct config_rule *rule = slice->rule;

	text_add(out, "slice name=%s group=%s ", slice->name,
		 config_group_of(slice) ?: "-");
	describe_place(out, config, slice);
	text_add(out,
		 " exclusive=%d max=%" PRIu32 " per-user=%" PRIu32 " holders=%u",
		 !!(rule->flags & BARLEASE_EXCLUSIVE), rule->max_holders,
		 rule->per_user, holders);
}

static const char *state_of(const struct barlease_holding *lease)
{
	switch (lease->state) {
	case BARLEASE_HELD:
		return lease->paused ? "paused" : "held";
	case BARLEASE_ENDING:
		return "ending";
	case BARLEASE_KEPT:
		return "kept";
	}
	return "unknown";
}

void describe_lease(struct text *out, const struct config *config,
		    const struct config_slice *slice,
		    const struct barlease_holding *lease)
{
	const struct barlease_peer *peer = lease->peer;
	char unit[256], word[256];
	struct stat stat;

	text_add(out, "id=%u slice=%s ", lease->id, lease->slice);
	if (slice) {
		describe_place(out, config, slice);
		text_add(out, " ");
	}
	if (lease->fd < 0 || fstat(lease->fd, &stat))
		stat.st_ino = 0;
	text_add(out, "uid=%u gid=%u pid=%d inode=%llu since=%lld state=%s",
		 peer->uid, peer->gid, peer->pid,
		 (unsigned long long)stat.st_ino, (long long)lease->since,
		 state_of(lease));
	if (peer->listener)
		text_add(out, " listener=%s", peer->listener);
	if (peer->cgroup && policy_unit(peer->cgroup, unit, sizeof(unit))) {
		describe_as_word(unit, word, sizeof(word));
		text_add(out, " unit=%s", word);
	}
	if (lease->ends)
		text_add(out, " ends=%lld", (long long)lease->ends / 1000);
	if (lease->paused && lease->paused != INT64_MAX)
		text_add(out, " resumes=%lld", (long long)lease->paused / 1000);
	if (lease->vectors)
		text_add(out, " vectors=%u", lease->vectors);
	if (lease->dma)
		text_add(out, " mapped=%" PRIu64, lease->dma);
}

void describe_as_word(const char *text, char *word, size_t size)
{
	snprintf(word, size, "%s", text);
	for (; *word; word++)
		if ((unsigned char)*word <= ' ' || *word == 0x7f)
			*word = '_';
}

const char *describe_reason(enum barlease_reason reason)
{
	switch (reason) {
	case BARLEASE_RELEASED:
		return "released";
	case BARLEASE_DISCONNECTED:
		return "disconnected";
	case BARLEASE_ORDERED:
		return "ordered";
	case BARLEASE_FORBIDDEN:
		return "forbidden";
	case BARLEASE_SHUTDOWN:
		return "shutdown";
	case BARLEASE_GONE:
		return "gone";
	case BARLEASE_EXPIRED:
		return "expired";
	}
	return "unknown";
}
