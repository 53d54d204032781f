// SPDX-License-Identifier: MIT
/*
 * What barlease asks of an administrator's socket, and makes of the answer: the
 * program itself, with a broker that is made up
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY	65536

/*
 * @request: that the broker has been asked last
 * @answer: what it says to whatever it is asked
 * @slices: so many of them come before that
 */
static struct {
	int listener;
	char path[64];
	pthread_t thread;
	char request[256];
	const char *answer;
	unsigned int slices;
} broker;

static void answer_one(FILE *file)
{
	static const char rest[] =
		"group=doorbell size=4096 access=rw memattr=nc exclusive=1 max=1 holders=0";
	unsigned int i;

	if (!fgets(broker.request, sizeof(broker.request), file))
		return;
	broker.request[strcspn(broker.request, "\n")] = '\0';
	fflush(file);
	for (i = 0; i < broker.slices; i++)
		fprintf(file, "slice name=doorbell-%u device=%s bar=2 ranges=%#x+0x1000 %s\n",
			i, "0000:03:00.0", i * 4096, rest);
	fputs(broker.answer, file);
}

/* One connection, with one request */
static void *serve(void *arg)
{
	int fd = accept(broker.listener, NULL, NULL);
	FILE *file = fdopen(fd, "r+");

	(void)arg;
	if (!file)
		abort();
	answer_one(file);
	fclose(file);
	return NULL;
}

static int start(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	snprintf(broker.path, sizeof(broker.path), "/tmp/barlease-unit.%d",
		 getpid());
	unlink(broker.path);
	memcpy(address.sun_path, broker.path, strlen(broker.path));
	broker.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (broker.listener < 0 ||
	    bind(broker.listener, (void *)&address, sizeof(address)) ||
	    listen(broker.listener, 8))
		return -1;
	return setenv("BARLEASE_ADMIN", broker.path, 1);
}

static int stop(void **state)
{
	(void)state;
	close(broker.listener);
	return unlink(broker.path);
}

static char said[1 << 16];

/* Return: its exit status; @said is what it has written, as far as there is room */
static int barlease(const char *words)
{
	size_t length = 0, n;
	char command[512], rest[4096];
	FILE *pipe;

	snprintf(command, sizeof(command), CLI " %s 2>&1", words);
	pipe = popen(command, "re");	/* NOLINT(cert-env33-c) */
	assert_non_null(pipe);
	while ((n = fread(said + length, 1, sizeof(said) - 1 - length, pipe)))
		length += n;
	said[length] = '\0';
	while (fread(rest, 1, sizeof(rest), pipe))
		continue;
	return WEXITSTATUS(pclose(pipe));
}

static void asks(const char *words, const char *request, const char *answer,
		 int status)
{
	broker.answer = answer;
	broker.request[0] = '\0';
	assert_int_equal(pthread_create(&broker.thread, NULL, serve, NULL), 0);
	assert_int_equal(barlease(words), status);
	pthread_join(broker.thread, NULL);
	assert_string_equal(broker.request, request);
}

static void says(const char *part)
{
	if (!strstr(said, part))
		fail_msg("\"%s\" is not in \"%s\"", part, said);
}

static void orders(void **state)
{
	(void)state;
	asks("reload", "reload", "ok\n", 0);
	assert_string_equal(said, "");
	asks("reset 03:00.0", "reset device=0000:03:00.0", "ok\n", 0);
	assert_string_equal(said, "");
	asks("revoke 12", "revoke id=12", "ok leases=1\n", 0);
	assert_string_equal(said, "");
	asks("revoke --uid 1001", "revoke uid=1001", "ok leases=3\n", 0);
	assert_string_equal(said, "3 leases revoked\n");
	asks("revoke --slice door-1", "revoke slice=door-1", "ok leases=1\n", 0);
	assert_string_equal(said, "1 lease revoked\n");
	asks("revoke --device 0000:03:00.0", "revoke device=0000:03:00.0",
	     "ok leases=0\n", 0);
	assert_string_equal(said, "0 leases revoked\n");
	asks("revoke --all", "revoke all=yes", "ok leases=2\n", 0);
	asks("revoke --all --grace 2m", "revoke all=yes grace=120000ms",
	     "ok leases=2\n", 0);
	asks("revoke 12 --grace=0", "revoke id=12 grace=0ms", "ok leases=1\n", 0);
}

/* None of these gets as far as the broker. */
static void wrong_calls(void **state)
{
	static const char *const calls[] = {
		"revoke", "revoke --all 12", "revoke --all --uid 3",
		"revoke --uid root", "revoke --slice 'a id=3'",
		"revoke --slice ''", "revoke --device nonsense",
		"revoke 12 --grace soon", "revoke 12 --grace=-1s",
		"reset nonsense", "reset", "reload now",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		assert_int_equal(barlease(calls[i]), 2);
}

static void kinds_of_errors(void **state)
{
	static const struct {
		const char *answer;
		int status;
		const char *words;
	} errors[] = {
		{ "error absent no lease 12\n", 3, ": no lease 12\n" },
		{ "error denied not yours\n", 4, ": not yours\n" },
		{ "error busy a reset is on\n", 5, ": a reset is on\n" },
		{ "error invalid what?\n", 1, ": what?\n" },
		{ "error failed the kernel\n", 1, ": the kernel\n" },
		/* Of an older broker */
		{ "error no lease 12\n", 1, ": no lease 12\n" },
		{ "error busybody\n", 1, ": busybody\n" },
		{ "error \033[2J\xff\n", 1, ": \\x1b[2J\\xff\n" },
		{ "error failed\n", 1, ": failed\n" },
		{ "nonsense\n", 1, "is gone" },
		{ "lease =\n", 1, "makes no sense" },
		{ "", 1, "barleased is gone" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		asks("revoke 12", "revoke id=12", errors[i].answer,
		     errors[i].status);
		says(errors[i].words);
	}
}

static void devices(void **state)
{
	const char *answer =
		"device name=0000:03:00.0 state=open why=\n"
		"device name=0000:04:00.0 state=away why=it_is_not_there\n"
		"ok\n";

	(void)state;
	asks("devices", "devices", answer, 0);
	assert_string_equal(said, "DEVICE        STATE  WHY\n"
				  "0000:03:00.0  open   -\n"
				  "0000:04:00.0  away   it is not there\n");
	asks("devices --json", "devices", answer, 0);
	says("{ \"device\": \"0000:03:00.0\", \"state\": \"open\", \"why\": null },");
	says("\"state\": \"away\", \"why\": \"it is not there\" }\n  ]\n}\n");
	asks("devices", "devices", "device name=0000:03:00.0\nok\n", 0);
	says("0000:03:00.0  open   -\n");
	asks("devices --json", "devices", "ok\n", 0);
	assert_string_equal(said, "{\n  \"devices\":[]\n}\n");
}

static void states_of_leases(void **state)
{
	const char *answer =
		"lease id=9 slice=b device=0000:03:00.0 bar=2 size=4096 access=rw memattr=nc uid=1 gid=1 pid=1 inode=1 since=1 state=kept\n"
		"lease id=7 slice=a device=0000:03:00.0 bar=2 size=4096 access=rw memattr=nc uid=1 gid=1 pid=1 inode=2 since=1\n"
		"ok\n";

	(void)state;
	asks("ps", "leases", answer, 0);
	says("    7  held   a ");
	says("    9  kept   b ");
	asks("ps --json", "leases", answer, 0);
	says("\"state\": \"kept\"");
}

/* Interrupts and memory, which have columns only where some slice or lease has them */
static void queues(void **state)
{
	const char *leases =
		"lease id=7 slice=a device=0000:03:00.0 bar=0 size=8192 access=rw memattr=nc interrupts=4-7 dma=16777216 uid=1 gid=1 pid=1 inode=1 since=1 state=held vectors=3 mapped=2097152\n"
		"lease id=8 slice=b device=0000:03:00.0 bar=0 size=4096 access=rw memattr=nc uid=1 gid=1 pid=1 inode=2 since=1 state=held\n"
		"ok\n";
	const char *slices =
		"slice name=a group=- device=0000:03:00.0 bar=0 ranges=0x0+0x2000 size=8192 access=rw memattr=nc interrupts=4-7 dma=16777216 exclusive=1 max=0 per-user=0 holders=1\n"
		"slice name=b group=- device=0000:03:00.0 bar=0 ranges=0x2000+0x1000 size=4096 access=rw memattr=nc interrupts=8-8 exclusive=1 max=0 per-user=0 holders=0\n"
		"ok\n";

	(void)state;
	asks("ps", "leases", leases, 0);
	says("MEMATTR    IRQS              DMA  UID  HELD BY\n");
	says("nc       3 of 4  2 MiB of 16 MiB    1  -\n");
	says("nc            -                -    1  -\n");
	asks("ps --json", "leases", leases, 0);
	says("\"interrupts\": 4,\n      \"first_interrupt\": 4,\n");
	says("\"dma\": 16777216,\n      \"vectors\": 3,\n");
	says("\"mapped\": 2097152");
	says("\"interrupts\": 0,\n      \"first_interrupt\": null,\n");
	asks("slices --all", "slices", slices, 0);
	says("EXCLUSIVE  IRQS     DMA  HOLDERS  MAX\n");
	says("yes         4-7  16 MiB        1  any\n");
	says("yes           8       -        0  any\n");
	asks("slices --all --json", "slices", slices, 0);
	says("\"interrupts\": 1, \"first_interrupt\": 8, \"dma\": 0");
	asks("ps", "leases", "ok\n", 0);
	assert_null(strstr(said, "DMA"));
}

static void watches_queues(void **state)
{
	const char *events =
		"ok\n"
		"acquired id=7 slice=a device=0000:03:00.0 bar=0 interrupts=4-7 dma=16777216 uid=1 gid=1 pid=2 state=held\n"
		"acquired id=8 slice=b device=0000:03:00.0 bar=2 uid=1 gid=1 pid=2 state=held\n";

	(void)state;
	asks("watch --until-end", "watch", events, 1);
	says("acquired  lease 7 of a (0000:03:00.0 BAR 0, interrupts 4-7, ");
	says("16 MiB of memory), process 2, uid 1\n");
	says("acquired  lease 8 of b (0000:03:00.0 BAR 2), process 2, uid 1\n");
	asks("watch --json --until-end", "watch", events, 1);
	says("\"interrupts\":\"4-7\",\"dma\":16777216,");
}

/* As many as there can be: nothing of them is lost, whatever it is shown as */
static void many_slices(void **state)
{
	(void)state;
	broker.slices = MANY;
	asks("slices --all | grep -c ' doorbell  0000:03:00.0 '", "slices",
	     "ok\n", 0);
	assert_string_equal(said, "65536\n");
	asks("slices --all --json | grep -c '\"slice\": \"doorbell-[0-9]*\"'",
	     "slices", "ok\n", 0);
	assert_string_equal(said, "65536\n");
	broker.slices = 2;
	asks("slices --all --json", "slices", "ok\n", 0);
	says("\"ranges\": \"0x1000+0x1000\"");
	says("\"exclusive\": true, \"max\": 1 }\n  ]\n}\n");
	asks("slices --all", "slices", "error denied no\n", 4);
	broker.slices = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders),
		cmocka_unit_test(wrong_calls),
		cmocka_unit_test(kinds_of_errors),
		cmocka_unit_test(devices),
		cmocka_unit_test(states_of_leases),
		cmocka_unit_test(queues),
		cmocka_unit_test(watches_queues),
		cmocka_unit_test(many_slices),
	};

	return cmocka_run_group_tests_name("operator", tests, start, stop);
}
