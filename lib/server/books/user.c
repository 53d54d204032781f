// SPDX-License-Identifier: MIT
/*
 * Users, and how much each of them has
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Each connection and each lease costs the server a file descriptor: one user with
 * any number of them could leave none for others.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"
#include "container.h"

static struct bl_user *find(const struct bl_books *books, uid_t uid,
			    const char *listener)
{
	struct bl_link *link = bl_table_find(&books->users, bl_hash_number(uid));
	struct bl_user *user;

	for (; link; link = bl_table_more(link)) {
		user = bl_container_of(link, struct bl_user, link);
		if (user->uid == uid && !strcmp(user->listener, listener))
			return user;
	}
	return NULL;
}

static struct bl_user *get(struct bl_books *books, uid_t uid,
			   const char *listener)
{
	struct bl_user *user = find(books, uid, listener);

	if (!user) {
		user = calloc(1, sizeof(*user));
		if (!user || bl_table_reserve(&books->users, 1)) {
			free(user);
			return NULL;
		}
		user->uid = uid;
		snprintf(user->listener, sizeof(user->listener), "%s", listener);
		TAILQ_INIT(&user->having);
		TAILQ_INIT(&user->kept);
		bl_table_add(&books->users, &user->link, bl_hash_number(uid));
	}
	user->holders++;
	return user;
}

static void put(struct bl_books *books, struct bl_user *user)
{
	if (!user || --user->holders)
		return;
	bl_table_remove(&books->users, &user->link);
	free(user);
}

static int copy_groups(struct bl_holder *holder, const struct barlease_peer *who)
{
	if (!who->nr_groups)
		return 0;
	holder->groups = reallocarray(NULL, who->nr_groups, sizeof(gid_t));
	if (!holder->groups)
		return -ENOMEM;
	memcpy(holder->groups, who->groups, who->nr_groups * sizeof(gid_t));
	holder->who.groups = holder->groups;
	return 0;
}

static int copy_words(struct bl_holder *holder, const struct barlease_peer *who)
{
	if (who->listener)
		holder->who.listener = holder->user->listener;
	if (!who->cgroup)
		return 0;
	holder->cgroup = strdup(who->cgroup);
	holder->who.cgroup = holder->cgroup;
	return holder->cgroup ? 0 : -ENOMEM;
}

int bl_holder_new(struct bl_books *books, const struct barlease_peer *who,
		  uid_t account, void *session, struct bl_holder **holder)
{
	const unsigned int most = books->limits.user_connections;
	struct bl_holder *new = calloc(1, sizeof(*new));
	int ret = -ENOMEM;

	if (!new)
		return -ENOMEM;
	new->who = *who;
	new->who.groups = NULL;
	new->session = session;
	new->number = bl_record_number(books);
	new->uses = 1;
	LIST_INIT(&new->leases);
	new->who.listener = NULL;
	new->who.cgroup = NULL;
	new->user = get(books, account, who->listener ?: "");
	if (new->user)
		ret = copy_words(new, who);
	if (!ret)
		ret = copy_groups(new, who);
	if (!ret && most && new->user->connections >= most)
		ret = -EDQUOT;
	if (ret) {
		bl_holder_put(books, new);
		return ret;
	}
	new->user->connections++;
	*holder = new;
	return 0;
}

void bl_holder_leave(struct bl_books *books, struct bl_holder *holder)
{
	holder->session = NULL;
	holder->user->connections--;
	bl_holder_put(books, holder);
}

void bl_holder_put(struct bl_books *books, struct bl_holder *holder)
{
	if (--holder->uses)
		return;
	bl_record(books, "holder n=%" PRIu32 " gone=1", holder->number);
	put(books, holder->user);
	free(holder->cgroup);
	free(holder->groups);
	free(holder);
}

bool bl_came_by(const struct bl_holder *holder, const char *listener)
{
	return !strcmp(holder->user->listener, listener);
}

static bool counts(const struct bl_lease *lease, const struct bl_slice *slice)
{
	if (slice->group)
		return lease->slice->group == slice->group;
	return lease->slice == slice;
}

bool bl_user_has_share(const struct bl_user *user, const struct bl_slice *slice)
{
	const struct bl_lease *lease;
	unsigned int nr = 0;

	if (!slice->per_user)
		return false;
	TAILQ_FOREACH(lease, &user->having, of_user)
		nr += counts(lease, slice);
	return nr >= slice->per_user;
}
