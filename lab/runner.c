// SPDX-License-Identifier: MIT
/*
 * Copyright (C) 2026 The barlease authors
 *
 * Runs test programs one after the other and passes their TAP on. It adds what
 * a program cannot say about itself: that it died, hung, stopped half-way, or
 * made the kernel complain. Each such verdict is one more "not ok" line, so
 * whoever counts the lines has the whole truth.
 *
 *	runner [-k] [-p] [-o FILE] [-l FILE] [-f NAME,...] PROGRAM...
 *
 *	-k	read the kernel's log and hold the tests to it
 *	-p	a plain program, not TAP: pass its output on, then its status
 *	-o FILE	write there instead of standard output
 *	-l FILE	time limits, "NAME SECONDS" a line; a first one may say "*", which is
 *		all the others
 *	-f LIST	run only these
 *
 * Lines that begin with "#@ " are between the runner and the host:
 *
 *	#@ begin I/N NAME, #@ end NAME SECONDS	around each program
 *	#@ alive				every two seconds
 *	#@ status N				how a plain program ended
 *	#@ complete				the last line of a whole run
 */

#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_LIMIT	120	/* seconds a test may take */
#define ALIVE_MS	2000	/* between signs of life */
#define GRACE_MS	30000	/* for killed processes to be gone */

/* Of a report of lockdep's: by where it says of which locks it is, and at most */
#define LOCKS_LINES	7
#define REPORT_LINES	300

/* What in the kernel's log fails a test. */
static const char *const bad_news[] = {
	"WARNING:",
	/* Also "Bad page map" and "Bad rss-counter"; SLUB says "BUG kmalloc-64" */
	"BUG[: ]",
	"Oops",
	"nable to handle",
	/* A broken page table: the kernel clears the entry, and goes on */
	"bad p[4gmu]d ",
	"bad pte ",
	"[Bb]ad swap",
	"freeing invalid memtype",
	"map pfn expected mapping type",
	"general protection",
	"KASAN",
	"UBSAN",
	"kmemleak: .* new suspected",
	"lockdep",
	"possible circular locking",
	"inconsistent lock state",
	"suspicious RCU",
	"INFO: task .* blocked",
	"INFO: rcu.* stall",
	"hard LOCKUP",
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What tests and this program write there themselves. */
static const char marker[] = "barlease-test: ";

/* Where the part of the log that is ours begins; init writes it. */
static const char log_start[] = "barlease: init";

struct run {
	const char *name;
	pid_t pid;
	int out;		/* our end of its standard output */
	long limit;		/* seconds */
	char line[4096];
	size_t len;
	long planned;		/* -1: no plan yet */
	long seen;
	long failed;
	char skipped[200];	/* "# SKIP why" of a plan of 1..0 */
	char bailed[200];	/* "Bail out! Why" */
	bool timed_out;
	int status;		/* of waitpid() */
	char klog[512];		/* the first bad line of the kernel's log */
	long klog_more;
};

static int out_fd = STDOUT_FILENO;
static int kmsg_fd = -1;
static bool plain;
static const char *limits_file;
static regex_t bad_news_re[ARRAY_SIZE(bad_news)];

#define __printf(a, b) __attribute__((format(printf, a, b)))

static void __printf(1, 2) emit(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vdprintf(out_fd, fmt, ap) < 0)
		err(2, "cannot write the results");
	va_end(ap);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- the kernel's log --- */

/* One record, as plain text; false when there is no more for now. */
static bool kmsg_next(char *buf, size_t size)
{
	ssize_t n;
	char *text;

	do {
		/* EPIPE: records were lost, the next read has the oldest. */
		n = read(kmsg_fd, buf, size - 1);
	} while (n < 0 && (errno == EPIPE || errno == EINTR));
	if (n <= 0)
		return false;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	text = strchr(buf, ';');
	if (text)
		memmove(buf, text + 1, strlen(text));
	return true;
}

/*
 * What is not ours to mend: races that KCSAN finds in the kernel's own code; and
 * two warnings about a lack of memory, which one test makes, whatever the driver:
 * VFIO's of its own clean-up where there was none to add a group (drivers/vfio/group.c,
 * vfio_create_group()), and the IOMMU core's where there is none to give a group back
 * at its last close. The one that has kmemleak look says itself what that has found.
 */
static bool is_of_others(const char *test, const char *rec)
{
	if (strstr(rec, "BUG: KCSAN: "))
		return !strstr(rec, "barlease") && !strstr(rec, "edu_accel");
	if (!strcmp(test, "unload") && strstr(rec, "kmemleak: "))
		return true;
	return !strcmp(test, "every-allocation") && strstr(rec, "WARNING:") &&
	       (strstr(rec, " vfio_group_release+") ||
		strstr(rec, " __iommu_release_dma_ownership+"));
}

static bool is_bad(const char *test, const char *rec)
{
	size_t i;

	if (is_of_others(test, rec))
		return false;
	for (i = 0; i < ARRAY_SIZE(bad_news); i++)
		if (!regexec(&bad_news_re[i], rec, 0, NULL, 0))
			return true;
	return false;
}

static void kmsg_bad(struct run *r, const char *rec)
{
	if (r->klog[0])
		r->klog_more++;
	else
		snprintf(r->klog, sizeof(r->klog), "%.*s",
			 (int)sizeof(r->klog) - 1, rec);
}

/*
 * One report of lockdep's is not ours to mend either: the PCI core's recovery from
 * errors resumes devices with pci_bus_sem held, VFIO's resume takes memory_lock, and
 * its reset takes them the other way round, whatever the driver (docs/upstream.md).
 * Which locks it is about is said some lines further down.
 */
static bool is_in_lock_report(struct run *r, const char *rec)
{
	static char first[512];
	static int lines;	/* that are left of it */
	static bool memory_lock, bus_sem, known;

	if (known) {
		known = --lines && !strstr(rec, "</TASK>");
		if (!known)
			lines = 0;
		return true;
	}
	if (strstr(rec, "possible circular locking")) {
		snprintf(first, sizeof(first), "%.*s", (int)sizeof(first) - 1,
			 rec);
		lines = LOCKS_LINES;
		memory_lock = false;
		bus_sem = false;
		return true;
	}
	if (!lines)
		return false;
	memory_lock |= !!strstr(rec, "(&vdev->memory_lock)");
	bus_sem |= !!strstr(rec, "(pci_bus_sem)");
	known = memory_lock && bus_sem;
	if (known)
		lines = REPORT_LINES;
	else if (!--lines)
		kmsg_bad(r, first);
	return known;
}

static void kmsg_read(struct run *r)
{
	char rec[8192];

	while (kmsg_fd >= 0 && kmsg_next(rec, sizeof(rec)))
		if (!is_in_lock_report(r, rec) &&
		    strncmp(rec, marker, strlen(marker)) &&
		    is_bad(r->name, rec))
			kmsg_bad(r, rec);
}

/* Stop after init's line, so that the driver's loading is looked at too. */
static void kmsg_open(void)
{
	char rec[8192];
	size_t i;

	kmsg_fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (kmsg_fd < 0)
		err(2, "/dev/kmsg");
	for (i = 0; i < ARRAY_SIZE(bad_news); i++)
		if (regcomp(&bad_news_re[i], bad_news[i], REG_NOSUB))
			errx(2, "not a regular expression: %s", bad_news[i]);
	while (kmsg_next(rec, sizeof(rec)) &&
	       strncmp(rec, log_start, strlen(log_start)))
		;
}

static void kmsg_mark(const char *what, const char *name)
{
	char line[256];
	int n;

	/* One record is one write(), and dprintf() wants to seek. */
	n = snprintf(line, sizeof(line), "%s%s %s", marker, what, name);
	if (kmsg_fd >= 0 && write(kmsg_fd, line, n) < 0)
		warn("/dev/kmsg");
}

static void kmsg_verdict(const struct run *r)
{
	if (!r->klog[0])
		return;
	emit("%s%s: kernel log: %s\n", plain ? "" : "not ok - ", r->name,
	     r->klog);
	if (r->klog_more)
		emit("# and %ld more such lines\n", r->klog_more);
}

/* --- TAP --- */

/* "# SKIP" or "# TODO" of a result: it says nothing about the code. */
static const char *directive(const char *line)
{
	const char *p = strstr(line, "# ");

	if (p && (!strncasecmp(p + 2, "skip", 4) ||
		  !strncasecmp(p + 2, "todo", 4)))
		return p;
	return NULL;
}

static bool is_result(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) &&
	       (line[len] == ' ' || line[len] == '\0');
}

static void tap_line(struct run *r, const char *line)
{
	long n;

	if (is_result(line, "ok")) {
		r->seen++;
	} else if (is_result(line, "not ok")) {
		r->seen++;
		r->failed += !directive(line);
	} else if (sscanf(line, "1..%ld", &n) == 1) {
		/* cmocka prints a plan for each group of tests. */
		r->planned = r->planned < 0 ? n : r->planned + n;
		if (n == 0 && directive(line))
			snprintf(r->skipped, sizeof(r->skipped), "%.*s",
				 (int)sizeof(r->skipped) - 1, directive(line));
	} else if (!strncmp(line, "Bail out!", 9)) {
		snprintf(r->bailed, sizeof(r->bailed), "%.*s",
			 (int)sizeof(r->bailed) - 1, line);
	}
}

static void end_line(struct run *r)
{
	r->line[r->len] = '\0';
	r->len = 0;
	if (!plain)
		tap_line(r, r->line);
	/* Nobody but the runner may speak to the host. */
	emit("%s%s\n", strncmp(r->line, "#@", 2) ? "" : "# ", r->line);
}

/* Returns false at the end of the program's output. */
static bool take_output(struct run *r)
{
	char buf[4096];
	ssize_t i, n;

	n = read(r->out, buf, sizeof(buf));
	if (n < 0)
		return errno == EINTR;
	for (i = 0; i < n; i++) {
		if (buf[i] == '\n' || r->len == sizeof(r->line) - 1)
			end_line(r);
		if (buf[i] != '\n')
			r->line[r->len++] = buf[i];
	}
	if (n == 0 && r->len)
		end_line(r);
	return n > 0;
}

/* --- processes --- */

static void become(const char *path, int out)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setsid();
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	if (plain)
		dup2(out, STDERR_FILENO);
	execl(path, path, (char *)NULL);
	warn("%s", path);
	_exit(127);
}

static void start(struct run *r, const char *path)
{
	int pipefd[2];

	if (pipe2(pipefd, O_CLOEXEC))
		err(2, "pipe");
	r->pid = fork();
	if (r->pid < 0)
		err(2, "fork");
	if (r->pid == 0)
		become(path, pipefd[1]);
	close(pipefd[1]);
	r->out = pipefd[0];
}

/* Pass output on until the program exits or its time is up. */
static void follow(struct run *r)
{
	long end = now_ms() + r->limit * 1000;
	long alive = now_ms() + ALIVE_MS;
	struct pollfd p[2] = {
		{ .fd = r->out, .events = POLLIN },
		{ .fd = (int)syscall(SYS_pidfd_open, r->pid, 0),
		  .events = POLLIN },
	};

	if (p[1].fd < 0)
		err(2, "pidfd_open");
	while (!p[1].revents && now_ms() < end) {
		poll(p, 2, 200);
		if (p[0].revents && !take_output(r))
			p[0].fd = -1;
		kmsg_read(r);
		if (now_ms() >= alive) {
			emit("#@ alive\n");
			alive = now_ms() + ALIVE_MS;
		}
	}
	r->timed_out = !p[1].revents;
	close(p[1].fd);
}

/* Orphans come to us, whatever session or group they put themselves in. */
static void kill_children(void)
{
	FILE *f = fopen("/proc/thread-self/children", "re");
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	if (f)
		fclose(f);
}

/* Leave no process behind; false when one will not die. */
static bool reap(struct run *r)
{
	long end = now_ms() + GRACE_MS;
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid < 0 && errno == ECHILD)
			return true;
		if (pid == r->pid)
			r->status = status;
		if (pid > 0)
			continue;
		if (now_ms() > end)
			return false;
		kill_children();
		usleep(5000);
	}
}

/* --- one program --- */

/* The one thing, if any, that is wrong with how the program ended. */
static void verdict(const struct run *r)
{
	const char *fail = plain ? "" : "not ok - ";

	if (r->timed_out)
		emit("%s%s: not finished after %ld s\n", fail, r->name,
		     r->limit);
	else if (WIFSIGNALED(r->status))
		emit("%s%s: died of signal %d (%s)\n", fail, r->name,
		     WTERMSIG(r->status), strsignal(WTERMSIG(r->status)));
	else if (plain)
		return;
	else if (r->bailed[0])
		emit("not ok - %s: %s\n", r->name, r->bailed);
	else if (r->planned < 0)
		emit("not ok - %s: no plan (exit code %d)\n", r->name,
		     WEXITSTATUS(r->status));
	else if (r->seen != r->planned)
		emit("not ok - %s: %ld results where %ld were planned\n",
		     r->name, r->seen, r->planned);
	else if (WEXITSTATUS(r->status) && !r->failed)
		emit("not ok - %s: exit code %d\n", r->name,
		     WEXITSTATUS(r->status));
	else if (r->skipped[0])
		emit("ok - %s %s\n", r->name, r->skipped);
}

static int exit_status(const struct run *r)
{
	if (r->timed_out)
		return 124;
	if (WIFSIGNALED(r->status))
		return 128 + WTERMSIG(r->status);
	if (WEXITSTATUS(r->status))
		return WEXITSTATUS(r->status);
	return r->klog[0] ? 1 : 0;
}

static long time_limit(const char *name)
{
	char line[256], word[200];
	long limit = DEFAULT_LIMIT, n;
	FILE *f;

	if (!limits_file)
		return limit;
	f = fopen(limits_file, "re");
	if (!f)
		err(2, "%s", limits_file);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%199s %ld", word, &n) == 2 &&
		    (!strcmp(word, "*") || !strcmp(word, name)))
			limit = n;
	fclose(f);
	return limit;
}

/* Returns false when the machine is no longer fit for another program. */
static bool run_one(const char *path, const char *name, int i, int n)
{
	struct run r = { .name = name, .planned = -1 };
	long began = now_ms();
	bool clean;

	r.limit = time_limit(name);
	if (!plain)
		emit("#@ begin %d/%d %s\n", i, n, name);
	kmsg_mark("begin", name);
	start(&r, path);
	follow(&r);
	clean = reap(&r);
	while (clean && take_output(&r))
		;
	close(r.out);
	kmsg_read(&r);
	verdict(&r);
	kmsg_verdict(&r);
	kmsg_mark("end", name);
	if (!clean)
		emit("Bail out! %s left a process that does not die\n", name);
	if (plain)
		emit("#@ status %d\n", exit_status(&r));
	else
		emit("#@ end %s %.1f\n", name,
		     (double)(now_ms() - began) / 1000);
	return clean;
}

/* --- all of them --- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *p;

	for (p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (!strncmp(p, name, len) && (!p[len] || p[len] == ','))
			return true;
	}
	return false;
}

/* A name that selects nothing is a typing mistake, and says so. */
static void check_filter(char *list, char **paths, int n)
{
	char *name, *save;
	int i;

	for (name = strtok_r(list, ",", &save); name;
	     name = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < n; i++)
			if (!strcmp(base_name(paths[i]), name))
				break;
		if (i == n)
			emit("not ok - %s: no such test\n", name);
	}
}

static int select_tests(const char *filter, char **paths, int n)
{
	char *copy = strdup(filter);
	int i, kept = 0;

	if (!copy)
		err(2, "strdup");
	check_filter(copy, paths, n);
	free(copy);
	for (i = 0; i < n; i++)
		if (listed(filter, base_name(paths[i])))
			paths[kept++] = paths[i];
	return kept;
}

int main(int argc, char **argv)
{
	const char *filter = NULL;
	char **paths;
	int i, n, c;

	while ((c = getopt(argc, argv, "kpo:l:f:")) != -1) {
		if (c == 'k')
			kmsg_open();
		else if (c == 'p')
			plain = true;
		else if (c == 'l')
			limits_file = optarg;
		else if (c == 'f')
			filter = optarg;
		else if (c == 'o')
			out_fd = open(optarg, O_WRONLY | O_CLOEXEC);
		else
			return 2;
	}
	if (out_fd < 0)
		err(2, "cannot open where to write the results");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	paths = argv + optind;
	n = argc - optind;
	if (filter && *filter)
		n = select_tests(filter, paths, n);
	for (i = 0; i < n; i++)
		if (!run_one(paths[i], base_name(paths[i]), i + 1, n))
			return 2;
	emit("#@ complete\n");
	return 0;
}
