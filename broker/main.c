// SPDX-License-Identifier: MIT
/*
 * barleased: leases slices of PCI BARs to whom its configuration allows it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/notify.h"
#include "broker.h"
#include "keep/heir.h"
#include "keep/restart.h"
#include "quota.h"
#include "listen.h"
#include "options.h"
#include "reload.h"
#include "requests.h"

/* From a line that is left out to the number of them */
#define CATCH_UP_MS	5000

/* @leave: to whoever comes next, what is kept */
struct daemon {
	struct loop loop;
	struct inheritance inheritance;
	struct listeners listeners;
	struct broker broker;
	struct loop_source clients;
	struct loop_source signals;
	struct loop_timer catch_up;
	bool leave;
};

/* What is the matter where nobody has said so yet */
static int complain(int ret, const char *what)
{
	if (ret)
		log_line(LOG_ERR, "%s: %s", what, strerror(-ret));
	return ret;
}

/* What a compiler's messages look like, for editors to jump to */
static void print_errors(const char *path, const struct config_errors *errors)
{
	for (size_t i = 0; i < errors->nr; i++) {
		const struct config_error *error = &errors->list[i];

		fprintf(stderr, "%s:", path);
		if (error->line)
			fprintf(stderr, "%u:", error->line);
		fprintf(stderr, " %s\n", error->text);
	}
}

static int check(const char *path)
{
	struct config_errors errors = { 0 };
	struct config *config;

	if (reload_read(path, &config, &errors)) {
		print_errors(path, &errors);
		config_free_errors(&errors);
		return EXIT_FAILURE;
	}
	print_errors(path, &config->warnings);
	printf("%s is good: %zu slices of %zu devices\n", path,
	       config->nr_slices, config->nr_devices);
	config_free(config);
	return EXIT_SUCCESS;
}

static void on_reloaded(void *data, const struct config_errors *errors)
{
	struct daemon *daemon = data;

	if (errors->nr) {
		reload_log(daemon->broker.path, LOG_ERR, errors);
		log_line(LOG_ERR, "the configuration stays as it was");
	} else {
		log_line(LOG_NOTICE, "the configuration was read again");
	}
	notify("READY=1");
}

static void reload(struct daemon *daemon)
{
	notify_reloading();
	if (reload_request(&daemon->broker, on_reloaded, daemon)) {
		log_line(LOG_ERR, "no memory to read the configuration");
		notify("READY=1");
	}
}

static void on_not_restarted(void *data, int error, const char *why)
{
	(void)data;
	(void)error;
	(void)why;
}

static void restart(struct daemon *daemon)
{
	int ret = restart_request(&daemon->broker, on_not_restarted, NULL);

	if (ret)
		log_line(LOG_ERR, "no restart: %s", strerror(-ret));
}

static void on_signal(struct loop_source *source, unsigned int events)
{
	struct daemon *daemon = container_of(source, struct daemon, signals);
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGHUP:
		reload(daemon);
		break;
	case SIGUSR2:
		restart(daemon);
		break;
	default:
		daemon->leave = info.ssi_signo == SIGTERM;
		daemon->loop.stop = true;
		break;
	}
}

static void on_clients(struct loop_source *source, unsigned int events)
{
	struct daemon *daemon = container_of(source, struct daemon, clients);
	int ret = barlease_server_dispatch(daemon->broker.server);

	(void)events;
	if (ret)
		log_user(LOG_ERR, 0, "serving clients: %s", strerror(-ret));
}

static int watch_signals(struct daemon *daemon)
{
	sigset_t set;
	int ret;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	daemon->signals.ready = on_signal;
	daemon->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	ret = daemon->signals.fd < 0 ?
		      -errno :
		      loop_add(&daemon->loop, &daemon->signals, EPOLLIN);
	return complain(ret, "cannot watch for signals");
}

/* They inherit that signals are for the loop. */
static int start_workers(struct daemon *daemon)
{
	struct broker *broker = &daemon->broker;
	int ret;

	ret = worker_new(&daemon->loop, &broker->names);
	if (!ret)
		ret = worker_new(&daemon->loop, &broker->hands);
	return complain(ret, "cannot make a thread");
}

/* Devices first: whoever comes second does not touch the first one's sockets */
static int open_sockets(struct daemon *daemon, const struct options *options,
			const struct config_broker *paths)
{
	const struct listener_paths wanted = {
		.client = options->socket ?: paths->socket ?: DEFAULT_SOCKET,
		.client_mode = paths->socket_mode,
		.admin = options->admin ?: paths->admin ?: DEFAULT_ADMIN,
		.monitor = paths->monitor,
		.monitor_mode = paths->monitor_mode,
	};

	return listeners_make(&daemon->listeners, &wanted);
}

static int put_into_force(struct broker *broker, struct config *config,
			  struct openings *openings)
{
	char words[CONFIG_ERROR_MAX] = "";
	int ret;

	ret = broker_apply(broker, config, openings, words, sizeof(words));
	if (ret)
		log_line(LOG_ERR, "%s: %s", broker->path,
			 *words ? words : strerror(-ret));
	return ret;
}

static int open_all(struct daemon *daemon, const struct options *options)
{
	struct broker *broker = &daemon->broker;
	struct config_errors errors = { 0 };
	struct openings openings = { 0 };
	struct config *config;
	struct heir heir;
	int ret;

	broker->inherited = &daemon->inheritance;
	heir_open(&heir, broker, &daemon->inheritance, &daemon->listeners);
	heir_take_devices(&heir);
	ret = reload_first(broker, &config, &openings, &errors);
	reload_log(options->config, LOG_ERR, &errors);
	if (ret && !errors.nr)
		complain(ret, options->config);
	config_free_errors(&errors);
	if (!ret)
		ret = open_sockets(daemon, options, &config->broker);
	if (!ret)
		ret = broker_start(broker, config, daemon->listeners.client.fd);
	if (!ret)
		ret = heir_take_leases(&heir, config->broker.reconnect);
	if (!ret)
		ret = put_into_force(broker, config, &openings);
	if (!ret)
		keep_begin(broker, &daemon->inheritance);
	broker->inherited = NULL;
	heir_close(&heir);
	free(openings.list);
	return ret;
}

static void on_catch_up(struct loop_timer *timer)
{
	struct daemon *daemon = container_of(timer, struct daemon, catch_up);

	log_catch_up();
	admin_catch_up(daemon->broker.admin);
}

/* Who may do anything; and who may look, if anybody is to */
static int listen_to_orders(struct daemon *daemon)
{
	const struct listeners *listeners = &daemon->listeners;
	struct broker *broker = &daemon->broker;
	int ret;

	ret = admin_new(&daemon->loop, broker, &broker->admin);
	if (!ret)
		ret = admin_listen(broker->admin, listeners->admin.fd,
				   request_answer, false);
	if (!ret && listeners->monitor.fd >= 0)
		ret = admin_listen(broker->admin, listeners->monitor.fd,
				   request_look, true);
	return ret;
}

static int connect_all(struct daemon *daemon)
{
	int ret;

	daemon->clients.ready = on_clients;
	daemon->clients.fd = barlease_server_fd(daemon->broker.server);
	daemon->catch_up.fire = on_catch_up;
	ret = loop_add(&daemon->loop, &daemon->clients, EPOLLIN);
	if (!ret)
		ret = loop_add_timer(&daemon->loop, &daemon->catch_up);
	if (!ret)
		ret = listen_to_orders(daemon);
	if (!ret)
		ret = reload_watch(&daemon->broker);
	return complain(ret, "cannot watch the sockets");
}

static void see_to_omitted(struct daemon *daemon)
{
	if (!daemon->catch_up.set &&
	    (log_is_behind() || admin_is_behind(daemon->broker.admin)))
		loop_set_timer(&daemon->catch_up, CATCH_UP_MS);
}

static int run(struct daemon *daemon)
{
	int ret = 0;

	notify("READY=1");
	log_line(LOG_NOTICE, "ready");
	while (!ret && !daemon->loop.stop) {
		ret = loop_once(&daemon->loop);
		broker_catch_up(&daemon->broker);
		restart_catch_up(&daemon->broker, &daemon->listeners);
		admin_reap(daemon->broker.admin);
		see_to_omitted(daemon);
	}
	notify("STOPPING=1");
	return complain(ret, "cannot wait for events");
}

/* What is left is not closed here: the service manager has it, too */
static void leave(struct daemon *daemon)
{
	log_line(LOG_NOTICE,
		 "leases are left to the next process, or end with the service");
	listeners_close(&daemon->listeners);
}

static void close_all(struct daemon *daemon)
{
	if (daemon->leave && daemon->broker.keep.on) {
		leave(daemon);
		return;
	}
	broker_stop(&daemon->broker);
	admin_free(daemon->broker.admin);
	listeners_close(&daemon->listeners);
	if (daemon->signals.fd >= 0)
		close(daemon->signals.fd);
	loop_close(&daemon->loop);
}

/* Whatever is the matter is in the log when this returns. */
static int serve(const struct options *options)
{
	struct daemon daemon = {
		.broker = { .path = options->config, .loop = &daemon.loop },
		.signals = { .fd = -1 },
	};
	int ret;

	ret = inherit_all(&daemon.inheritance);
	if (!ret)
		ret = listeners_inherit(&daemon.listeners, &daemon.inheritance);
	if (!ret)
		ret = keep_check_names(&daemon.inheritance);
	if (!ret)
		ret = complain(loop_open(&daemon.loop),
			       "cannot make an event loop");
	if (ret)
		return ret;
	STAILQ_INIT(&daemon.broker.waiters);
	ret = watch_signals(&daemon);
	if (!ret)
		ret = start_workers(&daemon);
	if (!ret)
		ret = open_all(&daemon, options);
	if (!ret)
		ret = connect_all(&daemon);
	if (!ret)
		ret = run(&daemon);
	close_all(&daemon);
	return ret;
}

int main(int argc, char **argv)
{
	struct options options = options_parse(argc, argv);
	int ret;

	if (options.check)
		return check(options.config);
	restart_remember(argv);
	quota_raise();
	ret = serve(&options);
	if (ret)
		return EXIT_FAILURE;
	log_line(LOG_NOTICE, "stopped");
	return EXIT_SUCCESS;
}
