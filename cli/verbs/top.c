// SPDX-License-Identifier: MIT
/*
 * barlease top: a broker's leases, and what is counted, as it changes
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker.h"
#include "number.h"
#include "screen.h"
#include "top/display.h"
#include "top/frame.h"
#include "top/look.h"
#include "top/order.h"

#define INTERVAL_MS	1000
#define LEAST_MS	100
#define MOST_MS		3600000
/* How often is asked whether a revoke is over */
#define ORDER_MS	100

/**
 * struct top - what there is, and how it is looked at
 * @path: of the administrator's socket
 * @admin: the connection; NULL: the broker is gone
 * @before, @now: the last two looks; that @has_before and @has_now
 * @next: when the next one is due
 * @rows: leases of @now, as @shown has them
 * @order: the revoke that is on its way
 */
struct top {
	const struct verb *verb;
	const char *path;
	struct admin *admin;
	struct top_view view;
	struct top_look before, now;
	bool has_before, has_now;
	uint64_t next;
	struct top_rows rows;
	struct top_view shown;
	struct order order;
	bool ascii;
};

/* ---- Looks ---------------------------------------------------------------------- */

static void forget(struct top *top)
{
	top_rows_free(&top->rows);
	top_look_free(&top->before);
	top_look_free(&top->now);
	top->has_before = false;
	top->has_now = false;
}

/* Return: 0; errors of admin_ask() */
static int look(struct top *top)
{
	struct top_look look;
	int ret;

	ret = top_look_take(top->admin, &look);
	if (ret)
		return ret;
	top_look_free(&top->before);
	top->before = top->now;
	top->has_before = top->has_now;
	top->now = look;
	top->has_now = true;
	top_rows_free(&top->rows);
	return 0;
}

static const char *reason(const struct top *top, int error)
{
	if (top->admin && *admin_error(top->admin))
		return admin_error(top->admin);
	return strerror(-error);
}

/* Why nothing is to be seen, for the first line */
static void lose(struct top *top, int error)
{
	double interval = top->view.interval / 1000.0;

	if (error == -ECONNRESET || error == -ENOENT || error == -ECONNREFUSED)
		top_complain(&top->view,
			     "barleased is gone; asked again every %g s",
			     interval);
	else
		top_complain(&top->view, "%s: %s; asked again every %g s",
			     top->path, reason(top, error), interval);
	admin_close(top->admin);
	top->admin = NULL;
	forget(top);
	top->now.now = time(NULL);
}

/* What there is now, of whichever broker answers */
static void refresh(struct top *top)
{
	int ret = 0;

	if (!top->admin)
		ret = admin_connect(top->path, &top->admin);
	if (!ret)
		ret = look(top);
	if (ret)
		lose(top, ret);
	else
		top->view.trouble[0] = '\0';
	/* Keys have their time, however long a look takes. */
	top->next = top_clock() + top->view.interval;
}

/* Of the same leases in the same order, there is nothing new to be made. */
static int arrange(struct top *top)
{
	const struct top_view *view = &top->view;
	int ret;

	if (!top->rows.row || top->shown.by != view->by ||
	    top->shown.downwards != view->downwards ||
	    strcmp(top->shown.filter, view->filter)) {
		top_rows_free(&top->rows);
		ret = top_rows_make(&top->now, view->filter, view->by,
				    view->downwards, &top->rows);
		if (ret)
			return ret;
		top->shown = *view;
	}
	top_select(&top->view, &top->rows);
	return 0;
}

/* ---- The terminal ----------------------------------------------------------------- */

static void start_order(struct top *top)
{
	struct top_view *view = &top->view;
	int ret;

	if (top->order.pid) {
		top_say(view, "lease %" PRIu64 " is being revoked, one after the other",
			top->order.id);
		return;
	}
	ret = order_start(&top->order, top->path, view->asked);
	if (ret)
		top_say(view, "cannot revoke lease %" PRIu64 ": %s",
			view->asked, strerror(-ret));
	else
		top_say(view, "lease %" PRIu64 " is being revoked", view->asked);
}

/* The list is to be without the lease that is said to be no more. */
static void look_at_order(struct top *top)
{
	uint64_t id = top->order.id;
	char words[200];

	if (!top->order.pid || !order_is_over(&top->order, words, sizeof(words)))
		return;
	if (*words)
		top_say(&top->view, "cannot revoke lease %" PRIu64 ": %s", id,
			words);
	else
		top_say(&top->view, "lease %" PRIu64 " is revoked", id);
	refresh(top);
}

static int wait_ms(const struct top *top)
{
	uint64_t now = top_clock();
	uint64_t left = top->next > now ? top->next - now : 0;

	return (int)(top->order.pid && left > ORDER_MS ? ORDER_MS : left);
}

/* Return: 0; errors of top_frame_make(), and what the key asks for */
static int show(struct top *top, enum top_wish *wish)
{
	struct top_screen screen = display_screen();
	struct top_frame frame;
	size_t page;
	int ret;

	screen.ascii |= top->ascii;
	ret = top_frame_make(&top->view, top->has_before ? &top->before : NULL,
			     &top->now, &top->rows, &screen, &frame);
	if (ret)
		return ret;
	page = frame.page;
	display_draw(&frame);
	top_frame_free(&frame);
	*wish = top_key(&top->view, &top->rows, page,
			display_key(wait_ms(top)));
	return 0;
}

static int step(struct top *top, enum top_wish *wish)
{
	int ret;

	look_at_order(top);
	if (top_clock() >= top->next)
		refresh(top);
	ret = arrange(top);
	return ret ?: show(top, wish);
}

static int no_display(const struct verb *verb, int error)
{
	switch (error) {
	case -ENOSYS:
		return failed(verb, "built without ncurses; --once prints one look");
	case -ENOTTY:
		return failed(verb, "this is no terminal; --once prints one look");
	default:
		return failed(verb, "unknown terminal \"%s\"; set TERM, or use --once",
			      getenv("TERM") ?: "");
	}
}

static int run(struct top *top)
{
	enum top_wish wish = TOP_NOTHING;
	int ret;

	ret = display_open();
	if (ret)
		return no_display(top->verb, ret);
	top->next = top_clock() + top->view.interval;
	while (!ret && wish != TOP_QUIT) {
		ret = step(top, &wish);
		if (!ret && wish == TOP_REVOKE)
			start_order(top);
	}
	display_close();
	return ret ? broker_complain(top->verb, top->admin, ret) : EXIT_SUCCESS;
}

/* ---- Once -------------------------------------------------------------------------- */

static int print(struct top *top)
{
	const struct top_screen screen = {
		.width = screen_width(),
		.ascii = top->ascii || !screen_is_unicode(),
	};
	struct top_frame frame;
	size_t i;
	int ret;

	ret = arrange(top);
	if (!ret)
		ret = top_frame_make(&top->view, &top->before, &top->now,
				     &top->rows, &screen, &frame);
	if (ret)
		return ret;
	for (i = 0; i < frame.nr; i++)
		puts(frame.line[i]);
	top_frame_free(&frame);
	return 0;
}

/* What there is a second takes two looks. */
static int once(struct top *top)
{
	struct timespec interval = {
		top->view.interval / 1000,
		top->view.interval % 1000 * 1000000l,
	};
	int ret;

	nanosleep(&interval, NULL);
	ret = look(top);
	if (!ret)
		ret = print(top);
	return ret ? broker_complain(top->verb, top->admin, ret) : EXIT_SUCCESS;
}

/* ---- The verb ----------------------------------------------------------------------- */

static int take_interval(const struct verb *verb, const char *text,
			 struct top_view *view)
{
	uint64_t ms;

	if (!parse_thousandths(text, MOST_MS, &ms) || ms < LEAST_MS)
		return misused(verb, "\"%s\" is no interval, as 0.5 is one: 0.1 to 3600 seconds",
			       text);
	view->interval = (unsigned int)ms;
	return EXIT_SUCCESS;
}

static int begin(struct top *top, const struct options *options)
{
	int ret;

	ret = look(top);
	if (ret)
		return broker_complain(top->verb, top->admin, ret);
	return options->given & OPT_ONCE ? once(top) : run(top);
}

static int top(const struct verb *verb, const struct options *options,
	       int argc, char **argv)
{
	struct top top = {
		.verb = verb,
		.path = options->admin,
		.view.interval = INTERVAL_MS,
		.ascii = options->given & OPT_ASCII,
	};
	int ret = EXIT_SUCCESS;

	(void)argc;
	(void)argv;
	if (options->given & OPT_INTERVAL)
		ret = take_interval(verb, options->interval, &top.view);
	if (!ret)
		ret = broker_connect(verb, options, &top.admin);
	if (ret)
		return ret;
	ret = begin(&top, options);
	admin_close(top.admin);
	forget(&top);
	return ret;
}

const struct verb top_verb = {
	.name = "top",
	.operands = "",
	.summary = "watch leases, and what is counted, on a terminal",
	.details =
"What is leased of each BAR, drawn to scale; who has what, since when, with how\n"
"many interrupts and how much memory; and what the driver and barleased have\n"
"counted, in all and a second. The key h shows what the others do: sort, filter,\n"
"revoke. With --once it looks twice, that far apart, and prints the second look.\n"
"Asks barleased, for root only, or by its monitor's socket, where nothing is\n"
"revoked, for whom that is.\n",
	.examples =
"  barlease top\n"
"  barlease top --interval 0.2 --admin /run/barlease/monitor\n"
"  barlease top --once --ascii | grep -A 99 ^LEASE\n",
	.takes = OPT_ADMIN | OPT_ASCII | OPT_INTERVAL | OPT_ONCE,
	.run = top,
};
