// SPDX-License-Identifier: MIT
/*
 * Each call for memory or for a file descriptor fails once, in the library, in
 * barleased, and in barlease: whoever it is says so, or does without, and nobody
 * crashes, hangs, or is the worse for it afterwards
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The programs are the real ones, with fail/preload.c in front of the C library.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <barlease.h>

#define POINTS	20000
/* In case of a hang */
#define SECONDS	60

static char directory[32];
static char config[64], socket_path[64], admin_path[64], lend_path[64];

/**
 * struct run - a program that runs
 * @pid: its process
 * @failed: what has failed, or ""
 * @said: its standard error
 * @status: as of waitpid()
 */
struct run {
	pid_t pid;
	int report;
	int error;
	char failed[64];
	char said[8192];
	int status;
};

static void read_all(int fd, char *text, size_t size)
{
	size_t length = 0;
	ssize_t n;

	while (length < size - 1 &&
	       (n = read(fd, text + length, size - 1 - length)) > 0)
		length += n;
	text[length] = '\0';
	close(fd);
}

static void in_child(const char *const *words, unsigned int nth, int report, int error)
{
	char number[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(error, STDERR_FILENO);
	dup2(open("/dev/null", O_RDWR), STDOUT_FILENO);
	if (nth) {
		snprintf(number, sizeof(number), "%u", nth);
		setenv("FAIL_NTH", number, 1);
		snprintf(number, sizeof(number), "%d", report);
		setenv("FAIL_FD", number, 1);
		setenv("LD_PRELOAD", PRELOAD, 1);
	}
	if (nth)
		alarm(SECONDS);
	execv(words[0], (char **)words);
	_exit(126);
}

/* Not a pipe for what it says: nobody reads that before the end. */
static struct run start(const char *const *words, unsigned int nth)
{
	struct run run = {
		.error = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600),
	};
	int report[2];

	assert_true(run.error >= 0);
	assert_int_equal(pipe(report), 0);
	run.pid = fork();
	assert_true(run.pid >= 0);
	if (!run.pid)
		in_child(words, nth, report[1], run.error);
	close(report[1]);
	run.report = report[0];
	return run;
}

static void finish(struct run *run)
{
	assert_int_equal(waitpid(run->pid, &run->status, 0), run->pid);
	read_all(run->report, run->failed, sizeof(run->failed));
	lseek(run->error, 0, SEEK_SET);
	read_all(run->error, run->said, sizeof(run->said));
}

/* As shells say that a command cannot be run */
#define NOT_EXECUTABLE	126

static void look(const struct run *run, const char *what, unsigned int nth)
{
	if (!WIFEXITED(run->status))
		fail_msg("%s, call %u, %s: killed by signal %d, having said \"%s\"",
			 what, nth, run->failed, WTERMSIG(run->status), run->said);
	if (WEXITSTATUS(run->status) > 5 &&
	    WEXITSTATUS(run->status) != NOT_EXECUTABLE)
		fail_msg("%s, call %u, %s: ends with %d, having said \"%s\"", what,
			 nth, run->failed, WEXITSTATUS(run->status), run->said);
	if (WEXITSTATUS(run->status) && !run->said[0])
		fail_msg("%s, call %u, %s: ends with %d without a word", what, nth,
			 run->failed, WEXITSTATUS(run->status));
	if (!run->failed[0] && WEXITSTATUS(run->status))
		fail_msg("%s, and nothing has failed: ends with %d, having said \"%s\"",
			 what, WEXITSTATUS(run->status), run->said);
}

static void every_call(const char *what, const char *const *words)
{
	struct run run;
	unsigned int nth;

	for (nth = 1; nth < POINTS; nth++) {
		run = start(words, nth);
		finish(&run);
		look(&run, what, nth);
		if (!run.failed[0])
			break;
	}
	assert_in_range(nth, 2, POINTS - 1);
	print_message("# %s: %u calls failed\n", what, nth - 1);
}

static void library(void **state)
{
	const char *const words[] = { LEND, lend_path, NULL };

	(void)state;
	every_call("lend", words);
}

static void check_configuration(void **state)
{
	const char *const words[] = { BROKER, "--check", "-c", config, NULL };

	(void)state;
	every_call("barleased --check", words);
}

static const char *const broker_words[] = {
	BROKER, "-c", config, "--socket", socket_path, "--admin", admin_path, NULL,
};

/* Return: whether it is up; it may end instead */
static bool is_up(const struct run *run)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	siginfo_t info = { 0 };

	for (;;) {
		if (!access(admin_path, F_OK) && !access(socket_path, F_OK))
			return true;
		if (!waitid(P_PID, run->pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
		    info.si_pid)
			return false;
		nanosleep(&pause, NULL);
	}
}

static bool list(void)
{
	struct barlease_slice_info *slices;
	struct barlease_client *client;
	size_t nr;
	int ret;

	if (barlease_client_connect(socket_path, &client))
		return false;
	ret = barlease_client_list(client, &slices, &nr);
	barlease_client_close(client);
	if (ret)
		return false;
	free(slices);
	return true;
}

static bool ask(const char *verb)
{
	const char *const words[] = { CLI, verb, NULL };
	struct run run = start(words, 0);

	finish(&run);
	return WIFEXITED(run.status) && !WEXITSTATUS(run.status);
}

/*
 * Which of those who ask is the unlucky one is not known; the next one is not.
 * Returns what it does not do any more, or NULL.
 */
static const char *serves_not(void)
{
	bool listed = list(), asked = ask("ps"), reloaded = ask("reload");

	if (!listed && !list())
		return "serves no client";
	if (!asked && !ask("ps"))
		return "answers no administrator";
	if (!reloaded && !ask("reload"))
		return "does not reload";
	return NULL;
}

static void broker(void **state)
{
	const char *wrong;
	struct run run;
	unsigned int nth;

	(void)state;
	for (nth = 1; nth < POINTS; nth++) {
		unlink(admin_path);
		unlink(socket_path);
		run = start(broker_words, nth);
		wrong = is_up(&run) ? serves_not() : NULL;
		kill(run.pid, SIGTERM);
		finish(&run);
		look(&run, "barleased", nth);
		/* One that cannot start says so, and ends. */
		if (wrong && !WEXITSTATUS(run.status))
			fail_msg("barleased, call %u, %s: %s, having said \"%s\"", nth,
				 run.failed, wrong, run.said);
		if (!run.failed[0])
			break;
	}
	assert_in_range(nth, 2, POINTS - 1);
	print_message("# barleased: %u calls failed\n", nth - 1);
}

static void tool(void **state)
{
	const char *const verbs[][4] = {
		{ CLI, "slices" }, { CLI, "slices", "--json" }, { CLI, "ps" },
		{ CLI, "devices" }, { CLI, "reload" }, { NULL },
	};
	struct run run;

	(void)state;
	unlink(admin_path);
	unlink(socket_path);
	run = start(broker_words, 0);
	assert_true(is_up(&run));
	for (size_t i = 0; verbs[i][0]; i++)
		every_call(verbs[i][1], verbs[i]);
	kill(run.pid, SIGTERM);
	finish(&run);
	look(&run, "barleased", 0);
}

/* By a server whose devices are not there: what it keeps of any of them it aborts for */
static void acquire(void **state)
{
	const char *const server_words[] = { LEND, lend_path, "serve", NULL };
	/* It fails without one of these, and does not say why. */
	static const char pattern[] =
		"^(BARLEASE_(FD|ID|IRQ_FDS|INTERRUPTS|INTERRUPT_KIND)|LISTEN_(FDS|FDNAMES|PID))=";
	static const char script[] = "[ $(env | grep -cE \"$0\") = 8 ]";
	const char *const words[][13] = {
		{ CLI, "acquire", "--socket", lend_path, "queue", "--irq",
		  "--listen-fds", "--", "/bin/sh", "-c", script, pattern,
		  NULL },
		{ CLI, "acquire", "--socket", lend_path, "line", "--irq",
		  "--listen-fds", "--", "/bin/sh", "-c", script, pattern,
		  NULL },
	};
	const struct timespec pause = { .tv_nsec = 2000000 };
	struct run run;

	(void)state;
	run = start(server_words, 0);
	while (access(lend_path, F_OK))
		nanosleep(&pause, NULL);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		every_call(words[i][4], words[i]);
	kill(run.pid, SIGTERM);
	finish(&run);
	look(&run, "lend serve", 0);
}

static int set_up(void **state)
{
	static const char text[] =
		"[broker]\nuser-dma = 64M\ndma = 1G\n"
		"[device 0000:ff:1f.7]\n"
		"[slice doorbell]\ndevice = 0000:ff:1f.7\nbar = 2\n"
		"ranges = 0+4K\nusers = *\ncount = 8\nstride = 4K\n"
		"[slice queue]\ndevice = 0000:ff:1f.7\nbar = 2\n"
		"ranges = 64K+4K\nusers = *\ncount = 4\nstride = 4K\n"
		"interrupts = 0-1\ndma = 16M\ndma-align = 2M\ndma-base = 1M\n"
		"reset = between-holders\n";
	FILE *file;

	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/barlease-unit-fail.XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(config, sizeof(config), "%s/conf", directory);
	snprintf(socket_path, sizeof(socket_path), "%s/socket", directory);
	snprintf(admin_path, sizeof(admin_path), "%s/admin", directory);
	snprintf(lend_path, sizeof(lend_path), "%s/lend", directory);
	setenv("BARLEASE_SOCKET", socket_path, 1);
	setenv("BARLEASE_ADMIN", admin_path, 1);
	file = fopen(config, "we");
	if (!file || fputs(text, file) < 0)
		return -1;
	return fclose(file);
}

static int clean_up(void **state)
{
	(void)state;
	unlink(config);
	unlink(socket_path);
	unlink(admin_path);
	unlink(lend_path);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(library),
		cmocka_unit_test(check_configuration),
		cmocka_unit_test(broker),
		cmocka_unit_test(tool),
		cmocka_unit_test(acquire),
	};

	return cmocka_run_group_tests(tests, set_up, clean_up);
}
