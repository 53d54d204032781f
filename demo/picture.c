// SPDX-License-Identifier: MIT
/*
 * A screen of barlease top, with three devices at work: for docs/img/top.svg. What is
 * written to the terminal goes to the host in lines "screen HEX", behind "size COLUMNS
 * LINES", see lab/picture.sh.
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli-holder.h"
#include "cli-run.h"
#include "cli-terminal.h"
#include "clock.h"
#include "sysfs.h"
#include "tap.h"

#define COLUMNS	116
#define LINES	42
/* In a line of what goes to the host */
#define BYTES	60

static const struct {
	uid_t uid;
	const char *slice;
	const char *program;
} holders[] = {
	{ 1001, "doorbell-0", "rx-queue" },
	{ 1001, "doorbell-1", "tx-queue" },
	{ 1002, "doorbell-2", "sampler" },
	{ 1002, "window", "renderer" },
	{ 1003, "status", "dashboard" },
	{ 1003, "frames", "recorder" },
};

#define NR_HOLDERS (sizeof(holders) / sizeof(*holders))

static void start(struct bdf disk)
{
	const struct bdf small = dev_small(), big = dev_big();
	char config[1024];

	snprintf(config, sizeof(config),
		 "[device %s]\n[device %s]\n[device %s]\n"
		 "[slice doorbell]\ndevice=%s\nbar=2\nranges=1M+1M\ncount=4\n"
		 "stride=2M\nexclusive=yes\nusers=*\n"
		 "[slice window]\ndevice=%s\nbar=2\nranges=16M+16M\nmemattr=wc\n"
		 "users=*\n"
		 "[slice status]\ndevice=%s\nbar=2\nranges=48M+2M\naccess=ro\n"
		 "users=*\n"
		 "[slice frames]\ndevice=%s\nbar=2\nranges=256M+512M\nmemattr=wc\n"
		 "users=*\n"
		 "[slice disk]\ndevice=%s\nbar=0\nranges=0+8K\ninterrupts=0-1\n"
		 "dma=16M\nusers=worker1\n",
		 small.name, big.name, disk.name, small.name, small.name,
		 small.name, big.name, disk.name);
	broker_start(config);
}

static pid_t spawn(uid_t uid, const char *line)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setsid();
	if (!freopen("/dev/null", "w", stdout) ||
	    !freopen("/dev/null", "w", stderr))
		_exit(99);
	if (setgid(uid) || setuid(uid))
		_exit(99);
	execl("/bin/sh", "sh", "-c", line, NULL);
	_exit(99);
}

static bool has_disk(void)
{
	return strstr(CLI("ps")->out, " 2 of 2 ");
}

static void send_screen(void)
{
	size_t length;
	const char *said = terminal_said(&length);

	printf("size %d %d\n", COLUMNS, LINES);
	for (size_t i = 0; i < length; i++) {
		printf("%s%02x", i % BYTES ? "" : "screen ",
		       (unsigned char)said[i]);
		if (i % BYTES == BYTES - 1 || i + 1 == length)
			putchar('\n');
	}
}

int main(int argc, char **argv)
{
	struct job jobs[NR_HOLDERS];
	pid_t disk, visitor, stranger;
	char id[16];

	if (argc > 1 && !strcmp(argv[1], HOLD))
		holder_run();
	/* What the broker logs goes there as well, between lines. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	CLI("bind", dev_disk().name);
	start(dev_disk());
	for (size_t i = 0; i < NR_HOLDERS; i++) {
		setenv(HOLDER_NAME, holders[i].program, 1);
		jobs[i] = holder_start(holders[i].uid, holders[i].slice, id);
	}
	unsetenv(HOLDER_NAME);
	disk = spawn(1001, "exec /examples/nvme-worker disk bench 600");
	/* Who comes and goes, and who asks in vain */
	visitor = spawn(1002, "while :; do barlease peek --slice doorbell-3 0; done");
	stranger = spawn(1003, "while :; do barlease acquire disk -- true; sleep 1; done");
	if (!comes_true(has_disk()))
		bail("nobody drives the disk");
	terminal_open((const char *const []){ "top", NULL }, COLUMNS, LINES);
	terminal_shows("recorder");
	terminal_type("jj");
	sleep_ms(3000);
	terminal_type("\f");
	sleep_ms(3000);
	terminal_has("\f");
	send_screen();
	terminal_end("q");
	kill(-visitor, SIGKILL);
	kill(-stranger, SIGKILL);
	kill(-disk, SIGKILL);
	CLI("revoke", "--all");
	for (size_t i = 0; i < NR_HOLDERS; i++)
		job_end(&jobs[i]);
	broker_stop();
	return 0;
}
