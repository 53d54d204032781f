// SPDX-License-Identifier: MIT
/*
 * The completion for bash knows every verb and every option that --help shows,
 * and the devices and slices that there are
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake-root.h"

#define TEXT	8192

/* What a shell command says; a build gives it the paths as variables */
static void shell(char text[TEXT], const char *command)
{
	FILE *pipe = popen(command, "re");	/* NOLINT(cert-env33-c) */
	size_t n;

	assert_non_null(pipe);
	n = fread(text, 1, TEXT - 1, pipe);
	text[n] = '\0';
	pclose(pipe);
}

/*
 * Expects these words, and a newline behind each, for a command line whose last
 * word is still being typed. As readline does, ":" is a word of its own there.
 */
static void expect(const char *words, const char *want)
{
	char command[1024], text[TEXT];

	snprintf(command, sizeof(command),
		 "bash -c 'source \"$COMPLETION\"; COMP_WORDS=(%s);"
		 " COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _barlease;"
		 " printf \"%%s\\n\" \"${COMPREPLY[@]}\"'", words);
	shell(text, command);
	assert_string_equal(text, want);
}

static int set_up(void **state)
{
	char path[128];
	int ret = fake_root_set_up(state);

	setenv("COMPLETION", COMPLETION, 1);
	setenv("CLI", CLI, 1);
	setenv("HELP", HELP, 1);
	setenv("BARLEASE_COMPLETION_ROOT", fake_root, 1);
	fake_device("0000:00:00.0", "0x060000\n", NULL, 0, 0);
	fake_device("0000:01:00.0", "0x050000\n", NULL, 1, 4096);
	fake_device("0000:02:00.0", "0x050000\n", "barlease-vfio-pci", 2, 4096);
	fake_file("#!/bin/sh\n"
		  "[ \"$1\" = slices ] && printf 'SLICE GROUP\\nDoor -\\nwindow x\\n'\n"
		  "[ \"$1\" = ps ] && printf 'LEASE SLICE\\n    1 Door\\n   12 window\\n'\n",
		  "/barlease");
	snprintf(path, sizeof(path), "%s/barlease", fake_root);
	setenv("FAKE", path, 1);
	return ret ?: chmod(path, 0755);
}

static void verbs(void **state)
{
	(void)state;
	expect("barlease un", "unbind\nungrant\n");
	expect("barlease --v", "--version\n");
	expect("barlease p", "peek\npoke\nps\npause\n");
	expect("barlease x", "\n");
}

static void options(void **state)
{
	(void)state;
	expect("barlease list --", "--all\n--json\n--help\n");
	expect("barlease show --as", "--ascii\n");
	expect("barlease unbind --f", "\n");
}

static void devices(void **state)
{
	(void)state;
	expect("barlease bind 0", "0000:01:00.0\n0000:02:00.0\n");
	expect("barlease unbind 0", "0000:02:00.0\n");
	expect("barlease show \"\"", "0000:02:00.0\n");
	expect("barlease doctor 0", "0000:01:00.0\n0000:02:00.0\n");
	expect("barlease dmabuf \"\"", "0000:02:00.0\nlease\ncore\n");
	expect("barlease dmabuf 0000 : 02 : 00.0 c", "core\n");
	/* readline has broken the word, and puts back what is before the ":". */
	expect("barlease bind 0000 : 01 : 0", "00.0\n");
	expect("barlease bind 0000 : 0", "01:00.0\n02:00.0\n");
	expect("barlease bind 0000 :", "01:00.0\n02:00.0\n");
}

/* By the module, not by the driver's name */
static void devices_of_a_stand_in(void **state)
{
	(void)state;
	fake_device("0000:03:00.0", "0x050000\n", "vfio-pci", 3, 4096);
	expect("barlease unbind 0", "0000:02:00.0\n");
	fake_driver("stand-in", "barlease_vfio_pci");
	fake_device("0000:04:00.0", "0x050000\n", "stand-in", 4, 4096);
	expect("barlease unbind 0", "0000:02:00.0\n0000:04:00.0\n");
}

static void slices(void **state)
{
	(void)state;
	expect("$FAKE acquire w", "window\n");
	expect("$FAKE acquire \"\"", "Door\nwindow\n--\n");
	expect("$FAKE peek --slice D", "Door\n");
	expect("$FAKE revoke 1", "1\n12\n");
}

static void commands(void **state)
{
	(void)state;
	expect("barlease acquire Door -- readarra", "readarray\n");
	expect("barlease acquire Door -- cat /proc/meminf", "/proc/meminfo\n");
}

static void as_help_says(void **state)
{
	char text[TEXT];

	(void)state;
	shell(text, "\"$HELP\" \"$COMPLETION\" \"$CLI\" 2>&1");
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs),
		cmocka_unit_test(options),
		cmocka_unit_test(devices),
		cmocka_unit_test(devices_of_a_stand_in),
		cmocka_unit_test(slices),
		cmocka_unit_test(commands),
		cmocka_unit_test(as_help_says),
	};

	return cmocka_run_group_tests_name("completion", tests, set_up,
					   fake_root_tear_down);
}
