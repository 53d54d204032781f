// SPDX-License-Identifier: MIT
/*
 * Sockets that clients come by, beside the one that is for everybody
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "broker.h"
#include "entrance.h"
#include "policy.h"

/* Of a descriptor that outlives the process */
static void stored_name(char name[KEEP_NAME_MAX], const struct entrance *entrance)
{
	keep_name(name, "listener", entrance->name);
}

int entrance_open(struct broker *broker, const char *name, const char *path,
		  mode_t mode, struct entrance **entrance)
{
	struct entrance *new = calloc(1, sizeof(*new));
	char stored[KEEP_NAME_MAX];
	int ret;

	if (!new)
		return -ENOMEM;
	snprintf(new->name, sizeof(new->name), "%s", name);
	new->mode = mode;
	stored_name(stored, new);
	ret = listener_open(&new->listener, broker->inherited, stored, path,
			    mode);
	if (ret) {
		free(new);
		return ret;
	}
	LIST_INSERT_HEAD(&broker->entrances, new, link);
	*entrance = new;
	return 0;
}

static bool is_granted(const struct entrance *entrance)
{
	return !strncmp(entrance->name, CONFIG_GRANT, strlen(CONFIG_GRANT));
}

/* The one that is to be in force counts already */
static const struct config *config_of(const struct broker *broker)
{
	return broker->applying ?: broker->config;
}

/*
 * Who can be any user, as root in a container can, has no more by that. Of one that names
 * who may come, each counts by itself.
 */
static unsigned int flags_of(const struct broker *broker,
			     const struct entrance *entrance)
{
	const struct config_listener *listener;

	if (is_granted(entrance))
		return BARLEASE_ONE_USER;
	listener = config_listener(config_of(broker), entrance->name);
	return listener && listener->anybody ? BARLEASE_ONE_USER : 0;
}

int entrance_admit(struct broker *broker, struct entrance *entrance)
{
	int ret;

	entrance->flags = flags_of(broker, entrance);
	ret = barlease_server_add_listener(broker->server,
					   entrance->listener.fd,
					   entrance->name, entrance->flags);
	entrance->admitted = !ret;
	if (!ret)
		keep_entrance(broker, entrance);
	return ret;
}

/* Return: how many leases were revoked */
static unsigned int dismiss(struct broker *broker, struct entrance *entrance)
{
	if (!entrance->admitted)
		return 0;
	entrance->admitted = false;
	return barlease_server_remove_listener(broker->server, entrance->name,
					       NULL);
}

static void free_entrance(struct entrance *entrance)
{
	listener_close(&entrance->listener);
	free(entrance);
}

static void remove_entrance(struct entrance *entrance)
{
	LIST_REMOVE(entrance, link);
	free_entrance(entrance);
}

unsigned int entrance_close(struct broker *broker, struct entrance *entrance)
{
	unsigned int nr = dismiss(broker, entrance);

	keep_forget_entrance(broker, entrance);
	remove_entrance(entrance);
	return nr;
}

size_t entrances_count(const struct broker *broker)
{
	const struct entrance *entrance;
	size_t nr = 0;

	LIST_FOREACH(entrance, &broker->entrances, link)
		nr++;
	return nr;
}

/* ---- Those of the configuration ------------------------------------------ */

static bool is_that(const struct entrance *entrance,
		    const struct config_listener *wanted)
{
	return !strcmp(entrance->name, wanted->name) &&
	       !strcmp(entrance->listener.path, wanted->socket);
}

static struct entrance *find(const struct broker *broker,
			     const struct config_listener *wanted)
{
	struct entrance *entrance;

	LIST_FOREACH(entrance, &broker->entrances, link)
		if (is_that(entrance, wanted))
			return entrance;
	return NULL;
}

int entrances_prepare(struct broker *broker, const struct config *config,
		      char *words, size_t size)
{
	struct entrance *entrance;
	int ret;

	for (size_t i = 0; i < config->nr_listeners; i++) {
		const struct config_listener *wanted = &config->listeners[i];

		if (find(broker, wanted))
			continue;
		ret = entrance_open(broker, wanted->name, wanted->socket,
				    wanted->mode, &entrance);
		if (!ret)
			continue;
		snprintf(words, size, "[listener %s] cannot listen at %.120s: %s",
			 wanted->name, wanted->socket, strerror(-ret));
		entrances_undo(broker);
		return ret;
	}
	return 0;
}

void entrances_undo(struct broker *broker)
{
	struct entrance *entrance = LIST_FIRST(&broker->entrances), *next;

	for (; entrance; entrance = next) {
		next = LIST_NEXT(entrance, link);
		if (!entrance->admitted)
			remove_entrance(entrance);
	}
}

static void set_mode(struct entrance *entrance, mode_t mode)
{
	if (entrance->mode == mode)
		return;
	if (chmod(entrance->listener.path, mode))
		log_line(LOG_ERR, "cannot change the mode of %s: %s",
			 entrance->listener.path, strerror(errno));
	else
		entrance->mode = mode;
}

/* NULL: it is in there no longer */
static const struct config_listener *wanted_as(const struct config *config,
					       const struct entrance *entrance)
{
	const struct config_listener *wanted;

	wanted = config_listener(config, entrance->name);
	return wanted && is_that(entrance, wanted) ? wanted : NULL;
}

static void drop_others(struct broker *broker, const struct config *config)
{
	struct entrance *entrance = LIST_FIRST(&broker->entrances), *next;

	for (; entrance; entrance = next) {
		next = LIST_NEXT(entrance, link);
		if (!is_granted(entrance) && !wanted_as(config, entrance))
			entrance_close(broker, entrance);
	}
}

void entrances_settle(struct broker *broker, const struct config *config)
{
	struct entrance *entrance, *next;
	int ret;

	/* One that has moved has the name of one that is new */
	drop_others(broker, config);
	for (entrance = LIST_FIRST(&broker->entrances); entrance; entrance = next) {
		next = LIST_NEXT(entrance, link);
		if (is_granted(entrance))
			continue;
		set_mode(entrance, wanted_as(config, entrance)->mode);
		/* Clients come anew, to be counted as they are to be now */
		if (entrance->flags != flags_of(broker, entrance))
			dismiss(broker, entrance);
		ret = entrance->admitted ? 0 : entrance_admit(broker, entrance);
		if (!ret)
			continue;
		log_line(LOG_ERR, "cannot listen at %s: %s",
			 entrance->listener.path, strerror(-ret));
		entrance_close(broker, entrance);
	}
}

void entrances_close(struct broker *broker)
{
	struct entrance *entrance;

	while ((entrance = LIST_FIRST(&broker->entrances))) {
		LIST_REMOVE(entrance, link);
		free_entrance(entrance);
	}
}

/* ---- Policy --------------------------------------------------------------- */

static bool has_any(const struct config *config,
		    const struct barlease_peer *peer)
{
	for (size_t i = 0; i < config->nr_rules; i++)
		if (policy_means(&config->rules[i].who, peer))
			return true;
	return false;
}

/* What who has come by a socket of its own may have there; NULL: nothing */
static const struct config_words *slices_for(const struct broker *broker,
					     const struct barlease_peer *peer)
{
	const struct config_listener *listener;
	const struct grant *grant;

	grant = grants_find(&broker->grants, peer->listener);
	if (grant)
		return grant_means(grant, peer) ? &grant->slices : NULL;
	listener = config_listener(config_of(broker), peer->listener);
	if (!listener)
		return NULL;
	return listener->anybody || policy_means(&listener->who, peer) ?
		       &listener->slices :
		       NULL;
}

bool entrance_welcomes(const struct broker *broker,
		       const struct barlease_peer *peer)
{
	if (!peer->listener)
		return has_any(config_of(broker), peer);
	return slices_for(broker, peer);
}

bool entrance_allows(const struct broker *broker,
		     const struct barlease_peer *peer,
		     const struct config_slice *slice)
{
	const struct config_words *slices;

	if (!peer->listener)
		return policy_means(&slice->rule->who, peer);
	slices = slices_for(broker, peer);
	return slices && config_is_of(slice, slices);
}
