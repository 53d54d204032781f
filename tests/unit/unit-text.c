// SPDX-License-Identifier: MIT
/*
 * Text that others have chosen: none of it steers a terminal or spoils JSON
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "table.h"
#include "text.h"

static void terminal(const char *text, const char *want)
{
	char *got = text_for_terminal(text);

	assert_string_equal(got, want);
	free(got);
}

static void json(const char *text, const char *want)
{
	char *got = text_for_json(text);

	assert_string_equal(got, want);
	free(got);
}

#define FFFD	"\xef\xbf\xbd"

static void ordinary(void **state)
{
	static const char *const texts[] = {
		"", "worker", "a b) c\\", "Gr\303\266\303\237e",
		"\xe2\x82\xac \xf0\x9f\x9a\x97",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		terminal(texts[i], texts[i]);
		json(texts[i], texts[i]);
	}
}

static void orders_to_terminals(void **state)
{
	(void)state;
	terminal("\033[2J\xff", "\\x1b[2J\\xff");
	terminal("a\nb\rc\td\177", "a\\x0ab\\x0dc\\x09d\\x7f");
	/* The one of eight bits that is ESC [, and one that turns the writing */
	terminal("\302\2332J", "\\xc2\\x9b2J");
	terminal("\342\200\256x", "\\xe2\\x80\\xaex");
	/* JSON has escapes of its own for these. */
	json("\033[2J\xff", "\033[2J" FFFD);
}

static void no_utf8(void **state)
{
	(void)state;
	json("\x80", FFFD);
	json("\xc3", FFFD);
	json("\303a", FFFD "a");
	json("\xe2\x82", FFFD FFFD);
	json("\xc0\xaf", FFFD FFFD);
	json("\xe0\x80\xaf", FFFD FFFD FFFD);
	json("\xed\xa0\x80", FFFD FFFD FFFD);
	json("\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD);
	json("\xf8\x88\x80\x80\x80", FFFD FFFD FFFD FFFD FFFD);
	terminal("\xed\xa0\x80", "\\xed\\xa0\\x80");
}

/* Each byte by itself, and each pair: what comes out is never an order. */
static void any_bytes(void **state)
{
	unsigned int a, b;
	const char *at;
	char text[3];
	char *got;

	(void)state;
	for (a = 1; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			snprintf(text, sizeof(text), "%c%c", a, b);
			got = text_for_terminal(text);
			for (at = got; *at; at++)
				assert_true((unsigned char)*at >= 0x20 &&
					    *at != 0x7f);
			free(got);
		}
	}
}

static void printed(void **state)
{
	static const char *const headings[] = { "NAME", ">PID", NULL };
	struct table *table = table_new(headings);
	size_t size;
	char *text;
	FILE *to;

	(void)state;
	table_add(table, "%s", "\033c");
	table_add(table, "%d", 7);
	to = open_memstream(&text, &size);
	table_print(table, to);
	text_print(to, "%s!\n", "x\n\033c");
	fclose(to);
	assert_string_equal(text, "NAME   PID\n"
				  "\\x1bc    7\nx\\x0a\\x1bc!\n");
	free(text);
	table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary),
		cmocka_unit_test(orders_to_terminals),
		cmocka_unit_test(no_utf8),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(printed),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
