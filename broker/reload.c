// SPDX-License-Identifier: MIT
/*
 * Reading the configuration, and opening its devices, while clients are served
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Users are looked up by one thread and devices are opened by another; either
 * may take long. What they have found out is looked at here, as a whole, and put
 * into force in one go, or not at all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "config/parse.h"
#include "device/fit.h"
#include "device/uevent.h"
#include "reload.h"

struct reload_waiter {
	STAILQ_ENTRY(reload_waiter) link;
	reload_done_fn done;
	void *data;
};

/**
 * struct reload - one at a time, of the configuration or only of devices
 * @config: the new one; NULL where only devices are looked for
 * @locks: the directory of locks
 * @waiters: to be told
 */
struct reload {
	struct work work;
	struct broker *broker;
	struct config *config;
	char *locks;
	struct openings openings;
	struct config_errors errors;
	struct reload_waiters waiters;
};

int reload_read(const char *path, struct config **config,
		struct config_errors *errors)
{
	static const struct config_names names = { names_user, names_group };
	char *text;
	size_t size;
	int ret;

	ret = file_read_all(path, &text, &size);
	if (ret) {
		config_complain(errors, 0, "cannot be read: %s",
				strerror(-ret));
		return ret;
	}
	ret = config_parse(text, size, &names, config, errors);
	if (ret && !errors->nr)
		config_complain(errors, 0, "%s", strerror(-ret));
	free(text);
	return ret;
}

void reload_log(const char *path, int level,
		const struct config_errors *errors)
{
	for (size_t i = 0; i < errors->nr; i++) {
		const struct config_error *error = &errors->list[i];

		if (error->line)
			log_line(level, "%s:%u: %s", path, error->line,
				 error->text);
		else
			log_line(level, "%s: %s", path, error->text);
	}
}

/* ---- Steps, of which none knows in which thread it is ------------------- */

/* Those that are to be opened; the rest is open already */
static int list_openings(const struct broker *broker,
			 const struct config *config, struct openings *openings)
{
	openings->nr = 0;
	openings->list = calloc(config->nr_devices, sizeof(struct opening));
	if (!openings->list)
		return -ENOMEM;
	for (size_t i = 0; i < config->nr_devices; i++) {
		const struct config_device *wanted = &config->devices[i];
		struct opening *opening;

		if (devices_open(&broker->devices, wanted->bdf))
			continue;
		opening = &openings->list[openings->nr++];
		memcpy(opening->wanted.bdf, wanted->bdf,
		       sizeof(opening->wanted.bdf));
		opening->wanted.backend = wanted->backend;
		snprintf(opening->wanted.token_file,
			 sizeof(opening->wanted.token_file), "%s",
			 wanted->vf_token_file ?: "");
	}
	return 0;
}

static void open_all(const char *locks, struct openings *openings)
{
	for (size_t i = 0; i < openings->nr; i++) {
		struct opening *opening = &openings->list[i];

		if (handle_open(locks, &opening->wanted, &opening->handle,
				opening->why))
			opening->handle = NULL;
	}
}

/* Do its slices fit into those that are there? */
static void check_all(const struct broker *broker, const struct config *config,
		      const struct openings *openings,
		      struct config_errors *errors)
{
	const struct device *device;

	for (size_t i = 0; i < openings->nr; i++)
		if (openings->list[i].handle)
			fit_check(openings->list[i].handle, config, errors);
	LIST_FOREACH(device, &broker->devices, link)
		if (device->handle)
			fit_check(device->handle, config, errors);
	config_sort_errors(errors);
}

/* One that comes later, and is not as it should be, stays away. */
static void check_each(const struct config *config, struct openings *openings,
		       struct broker *broker)
{
	for (size_t i = 0; i < openings->nr; i++) {
		struct opening *opening = &openings->list[i];
		struct config_errors errors = { 0 };

		if (!opening->handle)
			continue;
		fit_check(opening->handle, config, &errors);
		if (errors.nr) {
			memcpy(opening->why, errors.list[0].text,
			       sizeof(opening->why));
			broker_close(broker, opening->handle);
			opening->handle = NULL;
		}
		config_free_errors(&errors);
	}
}

int reload_first(struct broker *broker, struct config **config,
		 struct openings *openings, struct config_errors *errors)
{
	int ret = reload_read(broker->path, config, errors);

	if (ret)
		return ret;
	reload_log(broker->path, LOG_WARNING, &(*config)->warnings);
	ret = list_openings(broker, *config, openings);
	if (ret)
		return ret;
	open_all(config_locks(*config), openings);
	check_all(broker, *config, openings, errors);
	return errors->nr ? -EINVAL : 0;
}

/* ---- What only a start looks at ---------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void warn_of_late_changes(const struct broker *broker,
				 const struct config *new)
{
	const struct config_broker *a = &broker->config->broker;
	const struct config_broker *b = &new->broker;
	const struct device *device;

	if (!same_text(a->socket, b->socket) ||
	    !same_text(a->admin, b->admin) ||
	    !same_text(a->monitor, b->monitor) ||
	    !same_text(a->lock_directory, b->lock_directory) ||
	    a->socket_mode != b->socket_mode || a->keep != b->keep ||
	    a->monitor_mode != b->monitor_mode)
		log_line(LOG_WARNING,
			 "what has changed in [broker] will count from the next start on");
	for (size_t i = 0; i < new->nr_devices; i++) {
		device = devices_find(&broker->devices, new->devices[i].bdf);
		if (device && device->handle &&
		    device->handle->backend != new->devices[i].backend)
			log_line(LOG_WARNING,
				 "the new backend of %s will count from the next start on",
				 device->bdf);
	}
}

/* ---- In the loop, step by step ----------------------------------------- */

static void begin(struct broker *broker);

static void free_reload(struct reload *reload)
{
	for (size_t i = 0; i < reload->openings.nr; i++)
		broker_close(reload->broker, reload->openings.list[i].handle);
	free(reload->openings.list);
	free(reload->locks);
	config_free(reload->config);
	config_free_errors(&reload->errors);
	free(reload);
}

/* Somebody waits for a reload, and nobody for a look at devices that are away. */
static void answer(struct counters *counters, struct reload_waiters *waiters,
		   const struct config_errors *errors)
{
	struct reload_waiter *waiter;

	if (!STAILQ_EMPTY(waiters) && errors->nr)
		counters->reloads_refused++;
	else if (!STAILQ_EMPTY(waiters))
		counters->reloads++;
	while ((waiter = STAILQ_FIRST(waiters))) {
		STAILQ_REMOVE_HEAD(waiters, link);
		waiter->done(waiter->data, errors);
		free(waiter);
	}
}

static void finish(struct reload *reload)
{
	struct broker *broker = reload->broker;

	answer(&broker->counters, &reload->waiters, &reload->errors);
	free_reload(reload);
	broker->busy = false;
	begin(broker);
}

static void apply(struct reload *reload, struct config *config)
{
	struct broker *broker = reload->broker;
	char words[CONFIG_ERROR_MAX] = "";
	int ret;

	ret = broker_apply(broker, config, &reload->openings, words,
			   sizeof(words));
	if (ret)
		config_complain(&reload->errors, 0, "%s", *words ? words :
				strerror(-ret));
}

static void run_nothing(struct work *work)
{
	(void)work;
}

static void on_settled(struct work *work)
{
	finish(container_of(work, struct reload, work));
}

/* Whoever is told that a device is none of ours any more finds it closed. */
static void settle(struct reload *reload)
{
	reload->work.run = run_nothing;
	reload->work.done = on_settled;
	worker_do(reload->broker->hands, &reload->work);
}

static void on_opened(struct work *work)
{
	struct reload *reload = container_of(work, struct reload, work);
	struct broker *broker = reload->broker;
	struct config *config = reload->config;

	check_all(broker, config, &reload->openings, &reload->errors);
	if (!reload->errors.nr) {
		warn_of_late_changes(broker, config);
		apply(reload, config);
		if (!reload->errors.nr) {
			reload->config = NULL;
			admin_tell(broker->admin, "reloaded");
		}
	}
	settle(reload);
}

static bool any_open(const struct openings *openings)
{
	for (size_t i = 0; i < openings->nr; i++)
		if (openings->list[i].handle)
			return true;
	return false;
}

static void on_looked(struct work *work)
{
	struct reload *reload = container_of(work, struct reload, work);

	struct broker *broker = reload->broker;

	check_each(broker->config, &reload->openings, broker);
	broker_note_away(broker, &reload->openings);
	if (any_open(&reload->openings))
		apply(reload, broker->config);
	reload_log(broker->path, LOG_ERR, &reload->errors);
	finish(reload);
}

static void run_open(struct work *work)
{
	struct reload *reload = container_of(work, struct reload, work);

	open_all(reload->locks, &reload->openings);
}

static void open_those(struct reload *reload, const struct config *config,
		       void (*done)(struct work *work))
{
	struct broker *broker = reload->broker;

	reload->locks = strdup(config_locks(config));
	if (!reload->locks ||
	    list_openings(broker, config, &reload->openings)) {
		config_complain(&reload->errors, 0, "%s", strerror(ENOMEM));
		finish(reload);
		return;
	}
	reload->work.run = run_open;
	reload->work.done = done;
	worker_do(broker->hands, &reload->work);
}

static void run_read(struct work *work)
{
	struct reload *reload = container_of(work, struct reload, work);

	if (reload_read(reload->broker->path, &reload->config,
			&reload->errors))
		reload->config = NULL;
}

static void on_read(struct work *work)
{
	struct reload *reload = container_of(work, struct reload, work);

	if (!reload->config) {
		finish(reload);
		return;
	}
	reload_log(reload->broker->path, LOG_WARNING,
		   &reload->config->warnings);
	open_those(reload, reload->config, on_opened);
}

static struct reload *new_reload(struct broker *broker)
{
	struct reload *reload = calloc(1, sizeof(*reload));

	if (!reload) {
		log_line(LOG_ERR, "no memory to look at what has changed");
		return NULL;
	}
	reload->broker = broker;
	STAILQ_INIT(&reload->waiters);
	return reload;
}

/* They may ask again; nobody else would ever answer them. */
static void refuse_waiters(struct broker *broker)
{
	struct config_errors errors = { 0 };

	config_complain(&errors, 0, "%s", strerror(ENOMEM));
	answer(&broker->counters, &broker->waiters, &errors);
	config_free_errors(&errors);
}

/* The next thing, where nothing is at work */
static void begin(struct broker *broker)
{
	struct reload *reload;

	if (broker->busy)
		return;
	if (STAILQ_EMPTY(&broker->waiters)) {
		if (!broker->look.set)
			broker_look_soon(broker);
		return;
	}
	reload = new_reload(broker);
	if (!reload) {
		refuse_waiters(broker);
		return;
	}
	STAILQ_CONCAT(&reload->waiters, &broker->waiters);
	broker->busy = true;
	reload->work.run = run_read;
	reload->work.done = on_read;
	worker_do(broker->names, &reload->work);
}

static void on_look(struct loop_timer *timer)
{
	struct broker *broker = container_of(timer, struct broker, look);
	struct reload *reload;

	/* Else when that is over */
	if (broker->busy || !devices_any_away(&broker->devices))
		return;
	reload = new_reload(broker);
	if (!reload)
		return;
	broker->busy = true;
	open_those(reload, broker->config, on_looked);
}

static void on_uevent(struct loop_source *source, unsigned int events)
{
	struct broker *broker = container_of(source, struct broker, uevents);

	(void)events;
	/* One that is about to happen anyway is not put off again and again. */
	if (!uevent_read(source->fd) || (broker->look.set && broker->looks <= 1))
		return;
	broker->looks = 0;
	broker_look_soon(broker);
}

int reload_watch(struct broker *broker)
{
	int ret = uevent_open();

	broker->look.fire = on_look;
	broker->uevents.fd = ret;
	if (ret >= 0) {
		broker->uevents.ready = on_uevent;
		ret = loop_add(broker->loop, &broker->uevents, EPOLLIN);
	}
	if (ret < 0)
		log_line(LOG_WARNING,
			 "cannot hear of devices that come, and looks for them now and then: %s",
			 strerror(-ret));
	ret = loop_add_timer(broker->loop, &broker->look);
	if (!ret)
		broker_look_soon(broker);
	return ret;
}

int reload_request(struct broker *broker, reload_done_fn done, void *data)
{
	struct reload_waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter)
		return -ENOMEM;
	waiter->done = done;
	waiter->data = data;
	STAILQ_INSERT_TAIL(&broker->waiters, waiter, link);
	begin(broker);
	return 0;
}
