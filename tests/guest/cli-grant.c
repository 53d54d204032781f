// SPDX-License-Identifier: MIT
/*
 * barlease grant, grants, ungrant and cdi: a socket for one user or one container, with
 * the slices that it is for
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli-run.h"
#include "clock.h"
#include "stack.h"
#include "sysfs.h"
#include "tap.h"

#define USER	1001
#define OTHER	1002
/* One of the first one's user namespaces */
#define INSIDE	100003
#define CDI	"/tmp/cdi/barlease.json"

static void start(void)
{
	char config[1024];

	snprintf(config, sizeof(config),
		 "[device %s]\n"
		 "[slice page]\nbar = 2\nranges = 0+64K\nusers = *\n"
		 "[slice own]\nbar = 2\nranges = 1M+64K\nusers = -\n"
		 "[slice many]\nbar = 2\nranges = 2M+64K\ncount = 3\n"
		 "stride = 64K\nusers = -\n",
		 dev_small().name);
	broker_start(config);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fclose(file))
		bail("%s cannot be written", path);
}

static char path[512];

/* What it has printed: the socket's path */
static void take_path(const struct run *run)
{
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(run->out, "\n"),
		 run->out);
}

static void one_user(void)
{
	const struct run *run = CLI("grant", "alice", "own", "many", "--user", "1001");

	cli_is(run, 0, "grant NAME SLICE SLICE --user");
	cli_says(run, "/grants/alice/run/socket\n");
	take_path(run);
	cli_is(CLI_AS(USER, "acquire", "own", "--socket", path, "--", "true"), 0,
	       "that user has a lease there");
	cli_is(CLI_AS(INSIDE, "acquire", "many", "--any", "--socket", path, "--",
		      "true"), 0, "so has one of its user namespaces");
	run = CLI_AS(OTHER, "acquire", "own", "--socket", path, "--", "true");
	cli_is(run, 4, "another user has not");
	cli_complains(run, "Permission denied");
	run = CLI_AS(USER, "slices", "--socket", path);
	cli_says(run, "own");
	ok(!strstr(run->out, "page"), "and what is to be had elsewhere is not seen");
	cli_is(CLI_AS(USER, "acquire", "own", "--", "true"), 4,
	       "nor is it to be had by the usual socket");
}

static void shown(void)
{
	const struct run *run = CLI("grants");

	cli_is(run, 0, "grants");
	cli_says(run, "GRANT");
	cli_says(run, "own,many");
	cli_says(run, "1001,100000-100009");
	run = CLI("grants", "--json");
	cli_says(run, "\"grant\": \"alice\"");
	cli_says(run, "\"ends\": null");
	cli_is(CLI("grant", "brief", "own", "--for", "1h"), 0, "grant --for");
	run = CLI("grants", "--json");
	cli_says(run, "\"ends\": 1");
	cli_is(CLI("ungrant", "brief"), 0, "ungrant");
}

static void counted(long grants, long leases)
{
	const struct run *run = CLI("metrics");
	char sample[64];

	snprintf(sample, sizeof(sample), "\nbarlease_grants %ld\n", grants);
	cli_says(run, sample);
	snprintf(sample, sizeof(sample), "\nbarlease_grant_leases %ld\n", leases);
	cli_says(run, sample);
	ok(!strstr(run->out, "alice"), "without their names");
}

static void ended(void)
{
	struct job job = JOB_AS(USER, "acquire", "own", "--socket", path,
				"--on-revoke", "TERM", "--", "sleep", "600");
	const struct run *run;

	comes_true(strstr(CLI("ps")->out, "own"));
	counted(1, 1);
	run = CLI("ungrant", "alice");
	cli_is(run, 0, "ungrant, while somebody has a lease");
	cli_complains(run, "alice had 1 lease, which was revoked");
	run = job_end(&job);
	cli_complains(run, "was revoked: it is no longer allowed");
	cli_is(CLI_AS(USER, "acquire", "own", "--socket", path, "--", "true"), 3,
	       "nobody is there any more");
	ok(!strstr(CLI("grants")->out, "alice"), "nor shown");
	counted(0, 0);
}

static void wrong(void)
{
	const struct run *run;

	run = CLI("grant", "a b", "own");
	cli_is(run, 2, "a name of two words");
	cli_complains(run, "\"a b\" is no name for a grant");
	run = CLI("grant", "a", "own,many");
	cli_is(run, 2, "a list as a slice");
	cli_complains(run, "\"own,many\" is no name of a slice");
	run = CLI("grant", "a", "nothing");
	cli_is(run, 3, "a slice that there is not");
	cli_complains(run, "no slice nothing");
	run = CLI("grant", "a", "own", "--user", "nobody-of-this-name");
	cli_is(run, 2, "a user that there is not");
	cli_complains(run, "there is no user nobody-of-this-name");
	run = CLI("grant", "a", "own", "--for", "soon");
	cli_is(run, 2, "a time that is none");
	cli_complains(run, "\"soon\" is no time");
	cli_is(CLI("grant", "a"), 2, "no slice at all");
	run = CLI("ungrant", "a");
	cli_is(run, 3, "a grant that there is not");
	cli_complains(run, "no grant a");
	cli_is(CLI("grant", "a", "own"), 0, "a good one");
	run = CLI("grant", "a", "many");
	cli_is(run, 5, "one of the same name");
	cli_complains(run, "there is a grant a already");
	cli_is(CLI("ungrant", "a"), 0, "and away");
	run = CLI_AS(USER, "grant", "a", "own");
	cli_is(run, 4, "an ordinary user makes none");
}

static char spec[8192];

static void read_spec(void)
{
	FILE *file = fopen(CDI, "re");

	if (!file)
		bail(CDI " is not there");
	spec[fread(spec, 1, sizeof(spec) - 1, file)] = '\0';
	fclose(file);
}

static bool spec_has(const char *part)
{
	return ok(strstr(spec, part), "the file has %s", part) ||
	       (diag("%s", spec), false);
}

static void devices_of_containers(void)
{
	const struct run *run;
	struct stat stat;

	run = CLI("cdi", "many", "own", "--output", CDI);
	cli_is(run, 0, "cdi TEMPLATE SLICE");
	read_spec();
	spec_has("\"kind\": \"barlease/slice\"");
	spec_has("\"name\": \"many-2\"");
	spec_has("\"name\": \"own\"");
	spec_has("/grants/cdi-many-2/run\"");
	spec_has("\"BARLEASE_SOCKET=/run/barlease/many-2/socket\"");
	ok(!strstr(spec, "\"page\""), "and no other");
	ok(!lstat(CDI, &stat) && (stat.st_mode & 0777) == 0644, "and may be read");
	run = CLI("grants");
	cli_says(run, "cdi-many-0");
	cli_is(CLI("cdi", "many", "own", "--output", CDI), 0, "cdi once more");
	run = CLI("cdi", "own", "--user", "1001", "--output", "-");
	cli_is(run, 5, "cdi for somebody else");
	cli_complains(run, "there is a grant cdi-own for somebody else");
	cli_is(CLI("ungrant", "cdi-own"), 0, "ungrant cdi-own");
	run = CLI("cdi", "own", "--user", "1001", "--output", "-");
	cli_is(run, 0, "cdi --user --output -");
	cli_says(run, "\"name\": \"own\"");
	run = CLI("cdi", "nothing", "--output", "-");
	cli_is(run, 3, "cdi of what is not there");
	cli_complains(run, "no slice nothing");
	run = CLI("cdi", "own", "--output", "file");
	cli_is(run, 2, "cdi into a file of no directory");
	cli_is(CLI("ungrant", "cdi-own", "cdi-many-0", "cdi-many-1", "cdi-many-2"),
	       0, "ungrant all of them");
	run = CLI("grants");
	ok(!strstr(run->out, "cdi-"), "no grant is left");
}

int main(void)
{
	write_file("/etc/subuid", "1001:100000:10\n1002:200000:10\nnonsense\n");
	start();
	one_user();
	shown();
	ended();
	wrong();
	devices_of_containers();
	broker_stop();
	unlink("/etc/subuid");
	return tap_done();
}
