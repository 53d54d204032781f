// SPDX-License-Identifier: MIT
/*
 * Pictures of BARs: to scale, and well-formed whatever the names
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "svg.h"

#define MIB	(1ull << 20)

/* Of a BAR of 64 MiB: its second half, and a page at 16 MiB */
static const struct extent extents[] = {
	{ 32 * MIB, 32 * MIB },
	{ 16 * MIB, 4096 },
};

static char *picture_of(const char *label)
{
	const struct occupant occupant = { label, extents, 2 };
	struct svg *svg = svg_new("Leases of a device");
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(svg);
	svg_add_bar(svg, "BAR 2", 64 * MIB, &occupant, 1);
	svg_add_bar(svg, "BAR 4", 4096, NULL, 0);
	assert_int_equal(svg_write(svg, to), 0);
	svg_free(svg);
	fclose(to);
	return text;
}

static void is_to_scale(void **state)
{
	char *text = picture_of("7 window");

	(void)state;
	/* 768 units from 216 on */
	assert_non_null(strstr(text, "<rect x=\"600.00\" y=\"96\" width=\"384.00\""));
	assert_non_null(strstr(text, "<rect x=\"408.00\" y=\"96\" width=\"1.50\""));
	assert_non_null(strstr(text, ">32 MiB</text>"));
	assert_non_null(strstr(text, ">BAR 4</text>"));
	assert_non_null(strstr(text, "</svg>\n"));
	free(text);
}

/* Nothing of a name is a tag, an entity, or what XML has not */
static void has_names_as_text(void **state)
{
	char *text = picture_of("</svg><script>&\033\xff");

	(void)state;
	assert_non_null(strstr(text, ">&lt;/svg&gt;&lt;script&gt;&amp;\\x1b\\xff</text>"));
	assert_null(strstr(text, "<script>"));
	assert_null(strchr(text, '\033'));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_to_scale),
		cmocka_unit_test(has_names_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
