// SPDX-License-Identifier: MIT
/*
 * A terminal that lines of text are shown on, and its keys, by ncurses
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "display.h"

/* How long a key may take that comes as several bytes */
#define ESCAPE_MS	50

static SCREEN *screen;
static sigset_t before;

/*
 * What ncurses does about them there and then, it may not do in the middle of anything
 * else: they come while a key is waited for, and at no other time.
 */
static void hold_signals(void)
{
	static const int held[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH,
	};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(*held); i++)
		sigaddset(&set, held[i]);
	sigprocmask(SIG_BLOCK, &set, &before);
}

int display_open(void)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	setlocale(LC_CTYPE, "");
	/* initscr() would end the program where it does not know the terminal. */
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -ENOENT;
	hold_signals();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	return 0;
}

void display_close(void)
{
	endwin();
	delscreen(screen);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

struct top_screen display_screen(void)
{
	return (struct top_screen){
		.width = getmaxx(stdscr),
		.height = getmaxy(stdscr),
		.ascii = strcmp(nl_langinfo(CODESET), "UTF-8"),
	};
}

/* The character at *@text, which is passed over; "?" for what is none here */
static wchar_t next_character(const char **text, mbstate_t *state)
{
	wchar_t c;
	size_t n;

	n = mbrtowc(&c, *text, MB_LEN_MAX, state);
	if (n && n <= MB_LEN_MAX) {
		*text += n;
		return c;
	}
	*state = (mbstate_t){ 0 };
	++*text;
	return L'?';
}

/* As far as there are columns: what is too much would go on in the next line. */
static void draw_line(int y, const char *text, attr_t attributes)
{
	int left = getmaxx(stdscr), width;
	mbstate_t state = { 0 };
	wchar_t c[2] = { 0 };
	cchar_t cell;

	move(y, 0);
	while (*text) {
		c[0] = next_character(&text, &state);
		width = wcwidth(c[0]);
		if (width < 0) {
			c[0] = L'?';
			width = 1;
		}
		if (width > left)
			break;
		left -= width;
		if (!setcchar(&cell, c, attributes, 0, NULL))
			add_wch(&cell);
	}
}

void display_draw(const struct top_frame *frame)
{
	attr_t attributes;
	size_t i;

	erase();
	for (i = 0; i < frame->nr && i < (size_t)getmaxy(stdscr); i++) {
		attributes = i == frame->selected ? A_REVERSE :
			     i == frame->heading ? A_BOLD : A_NORMAL;
		draw_line((int)i, frame->line[i], attributes);
	}
	refresh();
}

static int meaning(int key)
{
	switch (key) {
	case KEY_UP:
		return TOP_KEY_UP;
	case KEY_DOWN:
		return TOP_KEY_DOWN;
	case KEY_PPAGE:
		return TOP_KEY_PAGE_UP;
	case KEY_NPAGE:
		return TOP_KEY_PAGE_DOWN;
	case KEY_HOME:
		return TOP_KEY_HOME;
	case KEY_END:
		return TOP_KEY_END;
	case KEY_BACKSPACE:
	case '\b':
	case 0x7f:
		return TOP_KEY_ERASE;
	case KEY_ENTER:
	case '\r':
	case '\n':
		return TOP_KEY_ENTER;
	case 0x1b:
		return TOP_KEY_ESCAPE;
	case '\f':
		/* Whatever others have written there */
		clearok(stdscr, TRUE);
		return TOP_KEY_NONE;
	default:
		return key > 0 && key < 0x100 ? key : TOP_KEY_NONE;
	}
}

/* No key comes any more: without a look at this, one would be waited for forever. */
static bool is_gone(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&in, 1, 0) == 1 &&
	       in.revents & (POLLHUP | POLLERR | POLLNVAL);
}

int display_key(int ms)
{
	int key;

	timeout(ms);
	/* Also of the read: a key that was there is taken away by the one that interrupts */
	sigprocmask(SIG_SETMASK, &before, NULL);
	key = getch();
	hold_signals();
	if (key != ERR)
		return meaning(key);
	return is_gone() ? TOP_KEY_GONE : TOP_KEY_NONE;
}
