// SPDX-License-Identifier: MIT
/*
 * barleased as a child of the test, its administrator's socket, and clients
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "broker-lib.h"
#include "clock.h"
#include "manager.h"
#include "map.h"
#include "pattern.h"
#include "scale.h"
#include "tap.h"

#define BROKER_NOTIFY	BROKER_DIR "/notify"

static int notifications = -1;

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

static void empty_directory(void)
{
	struct dirent *entry;
	DIR *dir;

	if (mkdir(BROKER_DIR, 0755) && errno != EEXIST)
		bail(BROKER_DIR ": %s", strerror(errno));
	dir = opendir(BROKER_DIR);
	if (!dir)
		bail(BROKER_DIR ": %s", strerror(errno));
	while ((entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

void broker_set_up(void)
{
	struct sockaddr_un at = address(BROKER_NOTIFY);

	empty_directory();
	if (notifications >= 0)
		close(notifications);
	notifications = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notifications < 0 ||
	    bind(notifications, (void *)&at, sizeof(at)) ||
	    chmod(BROKER_NOTIFY, 0666))
		bail(BROKER_NOTIFY ": %s", strerror(errno));
	setenv("NOTIFY_SOCKET", BROKER_NOTIFY, 1);
}

void broker_configure(const char *text, ...)
{
	FILE *file = fopen(BROKER_CONFIG, "we");
	va_list args;
	char *config;

	if (!file)
		bail(BROKER_CONFIG ": %s", strerror(errno));
	va_start(args, text);
	if (vasprintf(&config, text, args) < 0)
		bail("no memory");
	va_end(args);
	scale_config(file, config);
	free(config);
	fputs("\n[broker]\nlock-directory = " BROKER_DIR "\n", file);
	if (fclose(file))
		bail(BROKER_CONFIG ": %s", strerror(errno));
}

static pid_t spawn(const char *const *arguments, int log)
{
	const char *argv[16] = { "/sbin/barleased" };
	pid_t pid;

	for (int i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	pid = fork();
	if (pid < 0)
		bail("fork(): %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(log, STDERR_FILENO);
	dup2(log, STDOUT_FILENO);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

pid_t broker_spawn(const char *const *arguments)
{
	int log = open(BROKER_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		       0666);
	pid_t pid = spawn(arguments, log);

	close(log);
	return pid;
}

static const char *const usual[] = {
	"-c", BROKER_CONFIG, "--socket", BROKER_SOCKET,
	"--admin", BROKER_ADMIN, NULL,
};

pid_t broker_spawn_with_log(int log)
{
	return spawn(usual, log);
}

pid_t broker_try_start(void)
{
	return broker_spawn(usual);
}

bool broker_is_ready(void)
{
	struct pollfd poll_in = { .fd = notifications, .events = POLLIN };
	char text[256];
	ssize_t n;

	while (poll(&poll_in, 1, PATIENCE_MS) == 1) {
		n = recv(notifications, text, sizeof(text) - 1, 0);
		if (n < 0)
			break;
		text[n] = '\0';
		if (!strcmp(text, "READY=1"))
			return true;
	}
	return false;
}

pid_t broker_start(void)
{
	pid_t broker = broker_try_start();

	if (!broker_is_ready()) {
		broker_show_log();
		bail("barleased does not get ready");
	}
	return broker;
}

pid_t broker_start_managed(void)
{
	static const char *const argv[] = {
		"/sbin/barleased", "-c", BROKER_CONFIG, "--socket",
		BROKER_SOCKET, "--admin", BROKER_ADMIN, NULL,
	};
	pid_t broker = manager_start(argv, BROKER_LOG);

	if (!manager_is_ready()) {
		broker_show_log();
		bail("barleased does not get ready");
	}
	return broker;
}

void broker_reload(pid_t broker)
{
	kill(broker, SIGHUP);
	if (!broker_is_ready()) {
		broker_show_log();
		bail("barleased does not reload");
	}
}

int broker_end(pid_t broker)
{
	int status;

	if (waitpid(broker, &status, 0) != broker)
		bail("waitpid(): %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int broker_stop(pid_t broker)
{
	kill(broker, SIGTERM);
	return broker_end(broker);
}

int broker_log_lines(void)
{
	FILE *log = fopen(BROKER_LOG, "re");
	int c, lines = 0;

	if (!log)
		bail(BROKER_LOG ": %s", strerror(errno));
	while ((c = getc(log)) != EOF)
		lines += c == '\n';
	fclose(log);
	return lines;
}

static char *read_log(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *log = fopen(BROKER_LOG, "re");

	if (!log)
		bail(BROKER_LOG ": %s", strerror(errno));
	if (getdelim(&text, &size, '\0', log) < 0 && text)
		text[0] = '\0';
	fclose(log);
	return text ?: strdup("");
}

bool broker_said(const char *words)
{
	char *text = read_log();
	bool said = strstr(text, words);

	free(text);
	return said;
}

bool broker_will_say(const char *words)
{
	return comes_true(broker_said(words));
}

void broker_show_log(void)
{
	char *text = read_log(), *rest = text, *line;
	size_t length = strlen(text);

	if (length > 3000)
		rest += length - 3000;
	while ((line = strsep(&rest, "\n")))
		diag("  log: %s", line);
	free(text);
}

int admin_connect(void)
{
	struct sockaddr_un at = address(BROKER_ADMIN);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (void *)&at, sizeof(at)))
		bail(BROKER_ADMIN ": %s", strerror(errno));
	return fd;
}

bool admin_line(int admin, char *line, size_t size)
{
	struct pollfd poll_in = { .fd = admin, .events = POLLIN };
	size_t n = 0;

	while (n < size - 1) {
		if (poll(&poll_in, 1, PATIENCE_MS) != 1 ||
		    recv(admin, line + n, 1, 0) != 1)
			return false;
		if (line[n] == '\n')
			break;
		n++;
	}
	line[n] = '\0';
	return true;
}

static bool is_good(const char *line)
{
	return !strcmp(line, "ok") || !strncmp(line, "ok ", 3);
}

static bool is_end(const char *line)
{
	return is_good(line) || !strncmp(line, "error", 5);
}

bool admin_ask(int admin, const char *request, char *answer, size_t size)
{
	static char line[8192];
	size_t n = 0;

	dprintf(admin, "%s\n", request);
	do {
		if (!admin_line(admin, line, sizeof(line)))
			bail("no answer to \"%s\"", request);
		n += snprintf(answer + n, size - n, "%s\n", line);
		if (n >= size)
			bail("a long answer to \"%s\"", request);
	} while (!is_end(line));
	return is_good(line);
}

int admin_count(int admin, const char *request, const char *word)
{
	static char line[8192];
	int n = 0;

	dprintf(admin, "%s\n", request);
	do {
		if (!admin_line(admin, line, sizeof(line)))
			bail("no answer to \"%s\"", request);
		n += !strncmp(line, word, strlen(word));
	} while (!is_end(line));
	return n;
}

static int count_held(int admin)
{
	static char line[8192];
	int n = 0;

	dprintf(admin, "leases\n");
	do {
		if (!admin_line(admin, line, sizeof(line)))
			bail("no answer to \"leases\"");
		n += !!strstr(line, " state=held");
	} while (!is_end(line));
	return n;
}

bool admin_leases(int admin, int want, const char *name)
{
	int n;

	comes_true((n = count_held(admin)) == want);
	return is_int(n, want, "%s", name);
}

static int count_fds(pid_t pid)
{
	char path[64];
	int n = -2;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		bail("%s: %s", path, strerror(errno));
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* When it answers, it has closed what it notified through. */
int broker_fds(pid_t broker)
{
	int admin = admin_connect(), n;

	admin_count(admin, "devices", "device ");
	n = count_fds(broker) - 1;
	close(admin);
	return n;
}

bool broker_has_fds(pid_t broker, int want, const char *name)
{
	int n;

	comes_true((n = count_fds(broker)) == want);
	return is_int(n, want, "%s", name);
}

long admin_number(const char *line, const char *key)
{
	char word[32];
	const char *at;

	snprintf(word, sizeof(word), " %s=", key);
	at = strstr(line, word);
	return at ? strtol(at + strlen(word), NULL, 0) : -1;
}

static long become(int fd, const long *args)
{
	(void)fd;
	if (setgroups(0, NULL) || setgid(args[0]) || setuid(args[0]))
		return -errno;
	return 0;
}

struct peer client_process(uid_t uid)
{
	struct peer peer = peer_start();
	long ret = client_call(&peer, become, uid);

	if (ret)
		bail("setuid(%u): %s", uid, strerror(-ret));
	return peer;
}

static struct barlease_client *client;
static struct barlease_lease lease = { .fd = -1 };
static void *mapping;

static void forget_lease(void)
{
	if (mapping)
		barlease_unmap(mapping, lease.size);
	if (lease.fd >= 0)
		close(lease.fd);
	mapping = NULL;
	lease.fd = -1;
}

long client_connect(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return barlease_client_connect(BROKER_SOCKET, &client);
}

struct peer client_connected(uid_t uid)
{
	struct peer peer = client_process(uid);

	if (client_call(&peer, client_connect, 0))
		bail("uid %u cannot connect", uid);
	return peer;
}

long client_connect_to(int fd, const long *args)
{
	(void)fd;
	return barlease_client_connect((const char *)args[0], &client);
}

long client_disconnect(int fd, const long *args)
{
	(void)fd;
	(void)args;
	barlease_client_close(client);
	client = NULL;
	return 0;
}

long client_rejoin(int fd, const long *args)
{
	(void)args;
	return barlease_client_rejoin(client, fd);
}

/* In place of the last one. Returns the id, or a negative errno */
static long keep_lease(const struct barlease_lease *new)
{
	int ret;

	forget_lease();
	lease = *new;
	ret = barlease_map(lease.fd, 0, lease.size,
			   lease.flags & BARLEASE_READ_ONLY, &lease.alignment,
			   &mapping);
	if (ret)
		mapping = NULL;
	return ret ?: (long)lease.id;
}

long client_acquire(int fd, const long *args)
{
	struct barlease_lease new;
	int ret;

	(void)fd;
	ret = barlease_client_acquire(client, (const char *)args[0], args[1],
				      &new);
	return ret ?: keep_lease(&new);
}

long client_acquire_wait(int fd, const long *args)
{
	struct barlease_lease new;
	int ret;

	(void)fd;
	ret = barlease_client_acquire_wait(client, (const char *)args[0], 0,
					   args[1], &new);
	return ret ?: keep_lease(&new);
}

long client_start_wait(int fd, const long *args)
{
	(void)fd;
	return barlease_client_start_acquire_wait(client,
						  (const char *)args[0], 0,
						  args[1]);
}

long client_finish(int fd, const long *args)
{
	struct barlease_lease new;
	int ret;

	(void)fd;
	ret = barlease_client_finish(client, args[0], &new);
	return ret ?: keep_lease(&new);
}

long client_cancel(int fd, const long *args)
{
	(void)fd;
	return barlease_client_cancel(client, args[0]);
}

long client_renew(int fd, const long *args)
{
	uint64_t left;
	int ret;

	(void)fd;
	ret = barlease_client_renew(client, args[0], args[1], &left);
	return ret ?: (long)left;
}

long client_watch(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return barlease_client_watch(client);
}

long client_release(int fd, const long *args)
{
	(void)fd;
	return barlease_client_release(client, args[0]);
}

long client_list(int fd, const long *args)
{
	struct barlease_slice_info *slices;
	size_t nr;
	int ret;

	(void)fd;
	(void)args;
	ret = barlease_client_list(client, &slices, &nr);
	if (ret)
		return ret;
	free(slices);
	return nr;
}

static volatile void *word_at(long offset)
{
	return (volatile char *)mapping + offset;
}

long client_write(int fd, const long *args)
{
	(void)fd;
	return write32(word_at(args[0]), args[1]) ? 0 : -EFAULT;
}

long client_read(int fd, const long *args)
{
	uint32_t value;

	(void)fd;
	return read32(word_at(args[0]), &value) ? (long)value : -EFAULT;
}

long client_pattern_errors(int fd, const long *args)
{
	(void)fd;
	return pattern_errors(mapping, args[0], lease.size, 4, args[1]);
}

long client_slice_number(int fd, const long *args)
{
	const char *dash = strrchr(lease.name, '-');

	(void)fd;
	(void)args;
	return dash ? strtol(dash + 1, NULL, 10) : -1;
}

long client_try_map(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return try_map(lease.fd, 0, lease.size, PROT_READ, MAP_SHARED);
}

static long event_code(const struct barlease_event *event)
{
	return event->type | (long)event->reason << 8;
}

long client_event(int fd, const long *args)
{
	struct barlease_event event;
	int ret = 0;

	(void)fd;
	(void)args;
	comes_true(ret = barlease_client_dispatch(client, &event));
	if (ret <= 0)
		return ret ?: -EAGAIN;
	return event_code(&event);
}

/* What was sent before the reply has come before it. */
long client_event_now(int fd, const long *args)
{
	struct barlease_event event;
	long ret = client_list(fd, args);

	if (ret >= 0)
		ret = barlease_client_dispatch(client, &event);
	if (ret <= 0)
		return ret ?: -EAGAIN;
	return event_code(&event);
}

long client_come_back(int fd, const long *args)
{
	long ret;

	/* A socket that has just been made may not have its mode yet */
	comes_true(!(ret = client_rejoin(fd, args)) || ret == -ESTALE ||
		   ret == -EISCONN);
	return ret;
}

long client_work(int fd, const long *args)
{
	long times = 0, ret;

	for (;; times++) {
		const long value[] = { args[0], times };

		ret = client_write(-1, value);
		if (ret)
			return ret;
		if (client_read(-1, args) != times)
			return -EILSEQ;
		ret = client_event_now(fd, args);
		if (ret == -ECONNRESET)
			ret = client_come_back(-1, NULL) ?: -EAGAIN;
		if (ret != -EAGAIN)
			return ret == args[1] ? times : ret;
	}
}

bool client_works(const struct peer *peer)
{
	static long value;

	return !client_call(peer, client_write, 0, ++value) &&
	       client_call(peer, client_read, 0) == value;
}

void client_hears(const struct peer *peer, long event, const char *name)
{
	is_int(client_call(peer, client_event, 0), event, "%s", name);
}
