// SPDX-License-Identifier: MIT
/*
 * barlease acquire: run a command with a lease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "handover.h"
#include "lease.h"
#include "number.h"
#include "text.h"

/* As shells have it */
#define EXIT_NOT_EXECUTABLE	126
#define EXIT_NOT_FOUND		127
#define EXIT_BY_SIGNAL		128

/* The word of a revoke comes after the revoke, of which a command may die. */
#define LAST_WORD_MS	3000

/* So long a broker may take until there is another one, and so often it is looked for */
#define GO_ON_MS	10000
#define GO_ON_AGAIN_MS	100

/* SD_LISTEN_FDS_START of systemd */
#define FIRST_LISTEN_FD		3

struct run {
	const struct verb *verb;
	struct barlease_client *client;
	struct barlease_lease lease;
	struct handover handover;
	pid_t pid;
	int signals;		/* signalfd */
	sigset_t before;
	int on_revoke;		/* signal; 0: none */
	bool irqs;
	bool listen_fds;
	bool connected;
	int64_t give_up;	/* going on without a connection, then; or 0 */
	bool revoked;
	bool told;		/* the command, of the end */
	bool over;		/* the command has ended */
};

static void export_lease(const struct barlease_lease *lease)
{
	export_number("BARLEASE_ID", lease->id);
	export_text("BARLEASE_NAME", lease->name);
	export_number("BARLEASE_SIZE", lease->size);
	export_text("BARLEASE_ACCESS", access_name(lease->flags));
	export_text("BARLEASE_MEMATTR", memattr_name(lease->memattr));
	export_number("BARLEASE_ALIGN", lease->alignment.align);
	export_number("BARLEASE_PHASE", lease->alignment.phase);
}

/* "doorbell", and as many "irq-0" and so on; ":" would begin another name. */
static void export_names(const struct run *run)
{
	const char *name = run->lease.name;
	bool plain = *name && !strchr(name, ':');
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	unsigned int i;

	if (!to)
		err(EXIT_FAILURE, "names");
	fputs(plain ? name : "lease", to);
	for (i = 0; i < run->handover.vectors; i++)
		fprintf(to, ":irq-%u", i);
	if (run->handover.nr > 1 + run->handover.vectors)
		fputs(":unmask", to);
	if (!text_close(to, &text))
		err(EXIT_FAILURE, "names");
	export_text("LISTEN_FDNAMES", text);
	free(text);
}

/*
 * The protocol of sd_listen_fds(3), by which container managers pass descriptors
 * on
 */
static int to_listen_fds(struct run *run)
{
	int ret = handover_renumber(&run->handover, FIRST_LISTEN_FD);

	if (ret)
		return ret;
	export_number("LISTEN_FDS", run->handover.nr);
	export_number("LISTEN_PID", getpid());
	export_names(run);
	return 0;
}

__attribute__((noreturn)) static void become(struct run *run, char **command)
{
	int error = 0;

	if (run->listen_fds)
		error = -to_listen_fds(run);
	export_lease(&run->lease);
	handover_export(&run->handover, &run->lease);
	sigprocmask(SIG_SETMASK, &run->before, NULL);
	/* main() ignores it, and that would be inherited. */
	signal(SIGPIPE, SIG_DFL);
	if (!error)
		error = -handover_keep(&run->handover);
	if (!error)
		execvp(command[0], command);
	error = error ?: errno;
	note(run->verb, "%s: %s", command[0], strerror(error));
	_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* From now on they are read, and end nothing. */
static int catch_signals(struct run *run)
{
	static const int caught[] = {
		SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2,
	};
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, &run->before);
	run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signals < 0 ? -errno : 0;
}

static const char *why_it_ended(enum barlease_reason reason)
{
	switch (reason) {
	case BARLEASE_ORDERED:
		return "somebody ordered it";
	case BARLEASE_FORBIDDEN:
		return "it is no longer allowed, or no longer there";
	case BARLEASE_SHUTDOWN:
		return "the broker ends";
	case BARLEASE_GONE:
		return "its device is gone";
	case BARLEASE_EXPIRED:
		return "its time is over";
	default:
		return "it is not known why";
	}
}

/*
 * At its end, or when it is known, for whatever reason; a command that has ended gets
 * nothing.
 */
static void signal_end(struct run *run)
{
	if (run->on_revoke && run->pid > 0 && !run->over && !run->told)
		kill(run->pid, run->on_revoke);
	run->told = true;
}

static void tell(struct run *run, const struct barlease_event *event)
{
	switch (event->type) {
	case BARLEASE_EVENT_REVOKED:
		run->revoked = true;
		note(run->verb, "lease %" PRIu32 " (%s) was revoked: %s",
		     event->lease, run->lease.name,
		     why_it_ended(event->reason));
		signal_end(run);
		break;
	case BARLEASE_EVENT_REVOKING:
		note(run->verb,
		     "lease %" PRIu32 " (%s) is about to be revoked, in %.1f s: %s",
		     event->lease, run->lease.name, (double)event->left / 1000,
		     why_it_ended(event->reason));
		signal_end(run);
		break;
	case BARLEASE_EVENT_PAUSED:
		note(run->verb, "lease %" PRIu32 " (%s) is paused, accesses wait",
		     event->lease, run->lease.name);
		break;
	case BARLEASE_EVENT_UNPAUSED:
		note(run->verb, "lease %" PRIu32 " (%s) goes on", event->lease,
		     run->lease.name);
		break;
	case BARLEASE_EVENT_SUSPENDED:
		note(run->verb, "the device is reset, accesses wait");
		break;
	case BARLEASE_EVENT_RESUMED:
		note(run->verb, "the reset is over");
		break;
	default:
		break;
	}
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * With the next broker, which may be just beginning. Return: 0; -EAGAIN there is none
 * yet; it is over
 */
static int go_on(struct run *run)
{
	int ret;

	barlease_client_set_timeout(run->client, GO_ON_MS);
	ret = barlease_client_rejoin(run->client, -1);
	if (!ret)
		run->give_up = 0;
	if (!ret || ret == -ESTALE || run->over)
		return ret;
	if (!run->give_up)
		run->give_up = now_ms() + GO_ON_MS;
	return now_ms() < run->give_up ? -EAGAIN : ret;
}

static void lose_broker(struct run *run)
{
	run->connected = false;
	run->give_up = 0;
	note(run->verb, "the broker is gone, and the lease with it");
	signal_end(run);
}

static void tell_events(struct run *run)
{
	struct barlease_event event;
	int ret = 0;

	while (run->connected && ret != -EAGAIN) {
		while ((ret = barlease_client_dispatch(run->client, &event)) == 1)
			tell(run, &event);
		if (!ret)
			return;
		if (run->revoked) {
			run->connected = false;
			return;
		}
		ret = go_on(run);
		if (ret && ret != -EAGAIN)
			lose_broker(run);
	}
}

/*
 * What the terminal sends goes to the command as well, and must not come twice;
 * what a process sends came only here.
 */
static void forward_signals(const struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD && info.ssi_code <= 0 &&
		    (pid_t)info.ssi_pid != run->pid)
			kill(run->pid, (int)info.ssi_signo);
}

/* To wait for; -1: none */
static int fd_of(const struct run *run)
{
	return run->connected && !run->give_up ?
		       barlease_client_fd(run->client) : -1;
}

static void wait_for_events(const struct run *run)
{
	struct pollfd fds[] = {
		{ .fd = run->signals, .events = POLLIN },
		{ .fd = fd_of(run), .events = POLLIN },
	};

	poll(fds, 2, run->give_up ? GO_ON_AGAIN_MS : -1);
}

/* Other things may be said before it */
static void await_last_word(struct run *run)
{
	int64_t left, end = now_ms() + LAST_WORD_MS;

	while (run->connected && !run->revoked) {
		struct pollfd poll_in = { .fd = fd_of(run), .events = POLLIN };

		left = end - now_ms();
		if (left <= 0)
			return;
		poll(&poll_in, 1, (int)left);
		tell_events(run);
	}
}

static int status_of(struct run *run, int status)
{
	run->over = true;
	if (WIFEXITED(status)) {
		tell_events(run);
		return WEXITSTATUS(status);
	}
	if (WTERMSIG(status) == SIGBUS)
		await_last_word(run);
	tell_events(run);
	return EXIT_BY_SIGNAL + WTERMSIG(status);
}

static int accompany(struct run *run)
{
	int status;

	for (;;) {
		tell_events(run);
		forward_signals(run);
		if (waitpid(run->pid, &status, WNOHANG) == run->pid)
			return status_of(run, status);
		wait_for_events(run);
	}
}

static int run_command(struct run *run, char **command)
{
	int ret;

	ret = catch_signals(run);
	if (ret) {
		handover_free(&run->handover);
		return failed(run->verb, "signalfd: %s", strerror(-ret));
	}
	run->pid = fork();
	if (!run->pid)
		become(run, command);
	if (run->pid < 0)
		ret = failed(run->verb, "fork: %s", strerror(errno));
	/* They are the command's, and 'ps' shows who has one. */
	handover_free(&run->handover);
	if (run->pid > 0)
		ret = accompany(run);
	close(run->signals);
	return ret;
}

static int run_with_lease(struct run *run, char **command)
{
	int ret = handover_new(run->verb, run->client, &run->lease, run->irqs,
			       &run->handover);

	if (!ret)
		return run_command(run, command);
	handover_free(&run->handover);
	return ret;
}

/* "TERM", "SIGTERM" or "15" */
static bool parse_signal(const char *text, int *number)
{
	const char *name = strncmp(text, "SIG", 3) ? text : text + 3;
	uint64_t parsed;
	int i;

	for (i = 1; i < NSIG; i++) {
		if (sigabbrev_np(i) && !strcmp(sigabbrev_np(i), name)) {
			*number = i;
			return true;
		}
	}
	if (!parse_number(text, SIGRTMAX, &parsed) || !parsed)
		return false;
	*number = (int)parsed;
	return true;
}

static int acquire(const struct verb *verb, const struct options *options,
		   int argc, char **argv)
{
	struct run run = {
		.verb = verb,
		.connected = true,
		.irqs = options->given & OPT_IRQ,
		.listen_fds = options->given & OPT_LISTEN_FDS,
	};
	struct wish wish;
	int ret;

	(void)argc;
	if (options->on_revoke &&
	    !parse_signal(options->on_revoke, &run.on_revoke))
		return misused(verb, "\"%s\" is no signal, as TERM is one",
			       options->on_revoke);
	ret = wish_of(verb, options, argv[0], &wish);
	if (!ret)
		ret = lease_connect(verb, options, &run.client);
	if (ret)
		return ret;
	ret = lease_acquire(verb, run.client, &wish, &run.lease);
	if (!ret)
		ret = run_with_lease(&run, argv + 1);
	barlease_client_close(run.client);
	return ret;
}

const struct verb acquire_verb = {
	.name = "acquire",
	.operands = "NAME -- COMMAND [ARGUMENT...]",
	.summary = "run a command with a lease",
	.details =
"The command inherits the lease as a file descriptor, and finds in its\n"
"environment\n"
"  BARLEASE_FD       the descriptor's number\n"
"  BARLEASE_ID       of the lease, for 'barlease revoke'\n"
"  BARLEASE_NAME     of the slice\n"
"  BARLEASE_SIZE     in bytes\n"
"  BARLEASE_ACCESS   rw or ro\n"
"  BARLEASE_MEMATTR  nc (uncached) or wc (write-combining)\n"
"  BARLEASE_ALIGN    how much is known of where it lies, in bytes\n"
"  BARLEASE_PHASE    physical address of its first byte, modulo that\n"
"and of a slice with interrupts or memory\n"
"  BARLEASE_INTERRUPTS, BARLEASE_INTERRUPT_KIND\n"
"                    how many, and intx, msi or msix\n"
"  BARLEASE_DMA      bytes of memory that the device may be let reach\n"
"  BARLEASE_IRQ_FDS  with --irq: numbers of eventfds, one for each interrupt, with\n"
"                    commas between them; the kernel signals them\n"
"  BARLEASE_UNMASK_FD\n"
"                    with --irq: of the eventfd whose writer unmasks an INTx\n"
"To let the device reach memory takes a program that leases by itself.\n"
"The lease ends with the command, or after the time of --for. Should it end before\n"
"the command, stderr says so, and the command's next access ends in SIGBUS; with\n"
"--after=ones, and where the slice has after=ones, it reads all ones instead, and\n"
"writes go nowhere. Where leases outlive the broker, the next one is waited for, ten\n"
"seconds at most. Signals are passed on. Ends with the status of the command, 128 and the signal's number if one ended it, 127 if\n"
"there is no such command, 126 if it cannot be run. With --listen-fds the\n"
"descriptor is 3, those of interrupts come after it, and LISTEN_FDS, LISTEN_PID\n"
"and LISTEN_FDNAMES are set: podman, systemd-nspawn and others pass them on into\n"
"a container.\n",
	.examples =
"  barlease acquire doorbell -- ./worker\n"
"  barlease acquire frames --any -- ./worker --verbose\n"
"  barlease acquire queue --irq -- ./worker\n"
"  barlease acquire doorbell --on-revoke=TERM -- ./worker\n"
"  barlease acquire doorbell --wait=forever --for=10m -- ./worker\n"
"  barlease acquire doorbell --after=ones -- ./worker\n"
"  barlease acquire doorbell --listen-fds -- podman run image ./worker\n"
"  barlease acquire doorbell -- sh -c 'barlease peek 0 $((BARLEASE_SIZE / 4))'\n",
	.takes = OPT_AFTER | OPT_ANY | OPT_FOR | OPT_IRQ | OPT_LISTEN_FDS | OPT_ON_REVOKE |
		 OPT_SOCKET | OPT_WAIT,
	.min = 2,
	.max = -1,
	.run = acquire,
};
