// SPDX-License-Identifier: MIT
/*
 * What of a machine may be shown to others
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redact.h"
#include "text.h"

/* "52:54:00:12:34:56" */
static bool is_address(const char *text)
{
	int i;

	for (i = 0; i < 17; i++)
		if (i % 3 == 2 ? text[i] != ':' :
				 !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

void redact_addresses(char *text)
{
	static const char hidden[] = "xx:xx:xx:xx:xx:xx";

	for (; *text; text++)
		if (is_address(text))
			memcpy(text, hidden, sizeof(hidden) - 1);
}

static bool is_shown(const char *word)
{
	static const char *const shown[] = {
		"amd_iommu", "arm-smmu", "barlease", "default_hugepagesz",
		"hugepages", "initcall_blacklist=", "intel_iommu", "iommu",
		"kvm", "lockdown=", "modprobe.blacklist=", "module.sig_enforce",
		"module_blacklist=", "nopat", "pci=", "pcie_", "vfio",
	};
	size_t i;

	for (i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		if (!strncmp(word, shown[i], strlen(shown[i])))
			return true;
	return false;
}

char *redact_cmdline(const char *text)
{
	char *words = strdup(text), *next = words, *word, *result = NULL;
	FILE *to = NULL;
	size_t size, hidden = 0;

	if (words)
		to = open_memstream(&result, &size);
	if (!to) {
		free(words);
		return NULL;
	}
	while ((word = strsep(&next, "\n "))) {
		if (is_shown(word))
			fprintf(to, "%s ", word);
		else
			hidden += !!*word;
	}
	fprintf(to, "(%zu others)", hidden);
	free(words);
	return text_close(to, &result) ? result : NULL;
}

static void put_number(FILE *to, const char *name, bool group)
{
	const struct passwd *user = group ? NULL : getpwnam(name);
	const struct group *members = group ? getgrnam(name) : NULL;

	if (!name[strspn(name, "0123456789*")])
		fputs(name, to);
	else if (user)
		fprintf(to, "%u", user->pw_uid);
	else if (members)
		fprintf(to, "%u", members->gr_gid);
	else
		fputs("unknown", to);
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

static void put_names(FILE *to, char *names, bool group)
{
	const char *before = "";
	char *name;

	while ((name = strsep(&names, ","))) {
		fputs(before, to);
		put_number(to, trim(name), group);
		before = ", ";
	}
}

/* A comment is behind a blank and ";", see barleased.conf(5). */
static void cut_comment(char *value)
{
	char *at;

	for (at = value; *at; at++) {
		if (*at != ';' || (at > value && !strchr(" \t", at[-1])))
			continue;
		*at = '\0';
		break;
	}
}

static void put_key(FILE *to, char *line)
{
	char *value = line, *key = trim(strsep(&value, "="));
	bool group = !strcmp(key, "groups");

	if (!value) {
		fputs("(a line that is neither section nor key)\n", to);
		return;
	}
	cut_comment(value);
	fprintf(to, "%s = ", key);
	if (group || !strcmp(key, "users"))
		put_names(to, value, group);
	else
		fputs(trim(value), to);
	putc('\n', to);
}

static void put_section(FILE *to, char *line)
{
	char *end = strchr(line, ']');

	if (end)
		end[1] = '\0';
	fprintf(to, "%s\n", end ? line : "(a section without an end)");
}

char *redact_config(const char *text)
{
	char *lines = strdup(text), *next = lines, *line, *result = NULL;
	FILE *to = NULL;
	size_t size;

	if (lines)
		to = open_memstream(&result, &size);
	if (!to) {
		free(lines);
		return NULL;
	}
	while ((line = strsep(&next, "\n"))) {
		line = trim(line);
		if (*line == '[')
			put_section(to, line);
		else if (*line && *line != '#' && *line != ';')
			put_key(to, line);
	}
	free(lines);
	return text_close(to, &result) ? result : NULL;
}
