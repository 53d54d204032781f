// SPDX-License-Identifier: MIT
/*
 * barlease top on a terminal: the program itself, with a pseudoterminal and a broker
 * that is made up
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS	30000
#define CONNECTIONS	16

/* ---- A broker ---------------------------------------------------------------------- */

/*
 * @evil: put into the first slice's name
 * @held: how many leases there are; the last one is that of "window"
 * @refuses: what it says to a revoke, or NULL
 * @revoked: the last that it was asked to revoke; 0: none yet
 */
static struct {
	char path[64];
	int listener;
	pthread_t thread;
	pthread_mutex_t lock;
	const char *evil;
	unsigned int held;
	const char *refuses;
	unsigned int revoked;
	int fds[CONNECTIONS];
} broker = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void answer_leases(FILE *to)
{
	const char *rest =
		"device=0000:03:00.0 bar=2 size=4096 uid=0 pid=1 since=1 state=held";

	if (broker.held > 0)
		fprintf(to, "lease id=1 slice=doorbell%s ranges=0x1000+0x1000 %s\n",
			broker.evil ?: "", rest);
	if (broker.held > 1)
		fprintf(to, "lease id=2 slice=window ranges=0x2000+0x1000 %s\n",
			rest);
	fputs("ok\n", to);
}

static void answer_revoke(unsigned int id, FILE *to)
{
	broker.revoked = id;
	if (broker.refuses) {
		fprintf(to, "error denied %s\n", broker.refuses);
		return;
	}
	broker.held--;
	fputs("ok leases=1\n", to);
}

static void answer(const char *request, FILE *to)
{
	unsigned int id;

	pthread_mutex_lock(&broker.lock);
	if (!strcmp(request, "devices\n"))
		fputs("device name=0000:03:00.0 state=open\nok\n", to);
	else if (!strcmp(request, "leases\n"))
		answer_leases(to);
	else if (!strcmp(request, "counters\n"))
		fputs("counter name=acquired value=4711\nok\n", to);
	else if (sscanf(request, "revoke id=%u", &id) == 1)
		answer_revoke(id, to);
	pthread_mutex_unlock(&broker.lock);
}

/* One line of this connection. Return: whether it is still there */
static bool serve_one(int fd)
{
	char request[256];
	ssize_t n = recv(fd, request, sizeof(request) - 1, 0);
	char *text;
	size_t size;
	FILE *to;

	if (n <= 0)
		return false;
	request[n] = '\0';
	to = open_memstream(&text, &size);
	if (!to)
		abort();
	answer(request, to);
	fclose(to);
	n = send(fd, text, size, MSG_NOSIGNAL);
	free(text);
	return n == (ssize_t)size;
}

static void take_connection(void)
{
	int i, fd = accept(broker.listener, NULL, NULL);

	for (i = 0; i < CONNECTIONS; i++)
		if (broker.fds[i] < 0)
			break;
	if (fd < 0 || i == CONNECTIONS)
		abort();
	broker.fds[i] = fd;
}

/* Until the listener is shut down */
static void *serve(void *arg)
{
	struct pollfd in[CONNECTIONS + 1];
	int i;

	(void)arg;
	for (;;) {
		in[CONNECTIONS] = (struct pollfd){ broker.listener, POLLIN, 0 };
		for (i = 0; i < CONNECTIONS; i++)
			in[i] = (struct pollfd){ broker.fds[i], POLLIN, 0 };
		if (poll(in, CONNECTIONS + 1, -1) < 0)
			abort();
		if (in[CONNECTIONS].revents & POLLHUP)
			return NULL;
		for (i = 0; i < CONNECTIONS; i++)
			if (in[i].revents && !serve_one(broker.fds[i])) {
				close(broker.fds[i]);
				broker.fds[i] = -1;
			}
		if (in[CONNECTIONS].revents)
			take_connection();
	}
}

static void broker_start(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int i;

	unlink(broker.path);
	memcpy(address.sun_path, broker.path, strlen(broker.path));
	broker.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(broker.listener >= 0);
	assert_int_equal(bind(broker.listener, (void *)&address,
			      sizeof(address)), 0);
	assert_int_equal(listen(broker.listener, 8), 0);
	for (i = 0; i < CONNECTIONS; i++)
		broker.fds[i] = -1;
	assert_int_equal(pthread_create(&broker.thread, NULL, serve, NULL), 0);
}

static void broker_stop(void)
{
	int i;

	shutdown(broker.listener, SHUT_RDWR);
	pthread_join(broker.thread, NULL);
	close(broker.listener);
	for (i = 0; i < CONNECTIONS; i++)
		if (broker.fds[i] >= 0)
			close(broker.fds[i]);
	unlink(broker.path);
}

static void broker_has(unsigned int held, const char *evil, const char *refuses)
{
	pthread_mutex_lock(&broker.lock);
	broker.held = held;
	broker.evil = evil;
	broker.refuses = refuses;
	broker.revoked = 0;
	pthread_mutex_unlock(&broker.lock);
}

static unsigned int broker_revoked(void)
{
	unsigned int id;

	pthread_mutex_lock(&broker.lock);
	id = broker.revoked;
	pthread_mutex_unlock(&broker.lock);
	return id;
}

/* ---- A terminal ---------------------------------------------------------------------- */

/* What was written to it since the last key, as far as there is room */
static struct {
	pid_t pid;
	int fd;
	char said[1 << 18];
	size_t length;
} terminal;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static void terminal_open(const char *program, unsigned short width,
			  unsigned short height)
{
	struct winsize size = { .ws_col = width, .ws_row = height };

	terminal.length = 0;
	terminal.said[0] = '\0';
	terminal.pid = forkpty(&terminal.fd, NULL, NULL, &size);
	assert_true(terminal.pid >= 0);
	if (terminal.pid)
		return;
	/* Who runs tests in the background may have it ignored */
	signal(SIGINT, SIG_DFL);
	execl(program, "barlease", "top", "--interval", "0.2", NULL);
	_exit(99);
}

/* Whatever it has to say; false: it has ended */
static bool terminal_read(int ms)
{
	struct pollfd in = { .fd = terminal.fd, .events = POLLIN };
	ssize_t n;

	if (poll(&in, 1, ms) != 1)
		return true;
	if (sizeof(terminal.said) - 1 - terminal.length < 4096)
		terminal.length = 0;
	n = read(terminal.fd, terminal.said + terminal.length,
		 sizeof(terminal.said) - 1 - terminal.length);
	if (n <= 0)
		return false;
	terminal.length += n;
	terminal.said[terminal.length] = '\0';
	return true;
}

static void type(const char *keys)
{
	terminal.length = 0;
	terminal.said[0] = '\0';
	assert_int_equal(write(terminal.fd, keys, strlen(keys)), strlen(keys));
}

static void resize(unsigned short width, unsigned short height)
{
	struct winsize size = { .ws_col = width, .ws_row = height };

	assert_int_equal(ioctl(terminal.fd, TIOCSWINSZ, &size), 0);
}

/*
 * Words that are on the screen, sooner or later. ncurses writes what is new only: it is
 * had draw all again.
 */
static void shows(const char *words)
{
	int64_t until = now_ms() + PATIENCE_MS, again;

	while (now_ms() < until) {
		type("\f");
		for (again = now_ms() + 500; now_ms() < again;) {
			if (!terminal_read(50))
				fail_msg("it ends without \"%s\"", words);
			if (strstr(terminal.said, words))
				return;
		}
	}
	fail_msg("no \"%s\" in \"%s\"", words, terminal.said);
}

/* Return: its exit status */
static int terminal_end(void)
{
	int64_t until = now_ms() + PATIENCE_MS;
	int status;

	while (waitpid(terminal.pid, &status, WNOHANG) != terminal.pid) {
		assert_true(now_ms() < until);
		terminal_read(20);
	}
	while (terminal_read(0) && terminal.length < 4096)
		if (poll(&(struct pollfd){ terminal.fd, POLLIN, 0 }, 1, 0) != 1)
			break;
	close(terminal.fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void quits(void)
{
	type("q");
	assert_int_equal(terminal_end(), 0);
}

static int begin(void **state)
{
	(void)state;
	snprintf(broker.path, sizeof(broker.path), "/tmp/barlease-top.%d",
		 getpid());
	broker_has(2, NULL, NULL);
	broker_start();
	setenv("BARLEASE_ADMIN", broker.path, 1);
	setenv("TERM", "linux", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("LINES");
	unsetenv("COLUMNS");
	return 0;
}

static int end(void **state)
{
	(void)state;
	broker_stop();
	return 0;
}

/* ---- What it shows -------------------------------------------------------------------- */

static void shows_leases_and_counters(void **state)
{
	(void)state;
	terminal_open(CLI, 120, 30);
	shows("leases: 2 held, 0 ending, 0 kept; every 0.2 s, by LEASE");
	shows("doorbell");
	shows("window");
	shows("4711");
	shows("q quit");
	/* One that was ended */
	broker_has(1, NULL, NULL);
	shows("leases: 1 held");
	quits();
	/* The terminal is as it was: the cursor is seen again. */
	assert_non_null(strstr(terminal.said, "\033[?25h"));
}

static void on_screens_of_every_size(void **state)
{
	static const unsigned short sizes[][2] = {
		{ 1, 1 }, { 500, 200 }, { 2, 1 }, { 1, 2 }, { 500, 1 }, { 1, 200 },
		{ 3, 3 }, { 17, 5 }, { 79, 9 }, { 80, 10 }, { 81, 16 }, { 1, 1 },
		{ 40, 24 }, { 132, 43 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		terminal_open(CLI, sizes[i][0], sizes[i][1]);
		/* The last line, or what of it there is room for */
		shows("q");
		quits();
	}
	terminal_open(CLI, 80, 24);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		resize(sizes[i][0], sizes[i][1]);
		type(i % 2 ? "hjs" : "x/\033i");
		shows("q");
	}
	quits();
}

static void keys(void **state)
{
	(void)state;
	terminal_open(CLI, 120, 30);
	shows("by LEASE");
	type("s\033[Bi");
	shows("by STATE, downwards");
	type("S/WIN");
	shows("show leases with: WIN_");
	type("\r");
	shows("leases: 2 held, 0 ending, 0 kept; 1 with \"WIN\"; every");
	type("\033");
	shows("kept; every");
	type("h");
	shows("sort the other way round");
	type("x");
	shows("q quit");
	quits();
}

static void revokes_when_it_may(void **state)
{
	(void)state;
	terminal_open(CLI, 120, 30);
	shows("leases: 2 held");
	type("\033[B");
	type("r");
	shows("revoke lease 2 (window) of root? y or n");
	type("n");
	shows("lease 2 is left alone");
	assert_int_equal(broker_revoked(), 0);
	type("r");
	shows("revoke lease 2 (window) of root? y or n");
	type("y");
	shows("lease 2 is revoked");
	assert_int_equal(broker_revoked(), 2);
	shows("leases: 1 held");
	broker_has(1, NULL, "\"revoke\" is for others");
	type("r");
	shows("revoke lease 1 (doorbell) of root? y or n");
	type("y");
	shows("cannot revoke lease 1: \"revoke\" is for others");
	quits();
}

static void shows_no_orders_of_others(void **state)
{
	(void)state;
	broker_has(2, "\033[31mred\033]0;title\a\xff", NULL);
	terminal_open(CLI, 250, 40);
	shows("doorbell\\x1b[31mred\\x1b]0;title\\x07\\xff");
	assert_null(strstr(terminal.said, "\033[31m"));
	assert_null(strstr(terminal.said, "\033]0;"));
	quits();
	/* Characters, where there are any, and where there are none */
	broker_has(1, "-\xc3\xa4-", NULL);
	terminal_open(CLI, 120, 40);
	shows("doorbell-\xc3\xa4-");
	quits();
	setenv("LC_ALL", "C", 1);
	terminal_open(CLI, 120, 40);
	/* One for each byte; and no trigraph */
	shows("doorbell-?\?-");
	quits();
}

static void goes_on_with_another_broker(void **state)
{
	(void)state;
	terminal_open(CLI, 120, 30);
	shows("leases: 2 held");
	broker_stop();
	shows("barleased is gone; asked again every 0.2 s");
	type("r");
	shows("there is no lease to be revoked");
	broker_has(1, NULL, NULL);
	broker_start();
	shows("leases: 1 held");
	quits();
}

/* ---- What is wrong -------------------------------------------------------------------- */

/* Also where no signal tells it */
static void ends_with_its_terminal(void **state)
{
	(void)state;
	signal(SIGHUP, SIG_IGN);
	terminal_open(CLI, 80, 24);
	signal(SIGHUP, SIG_DFL);
	shows("q quit");
	close(terminal.fd);
	terminal.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_int_equal(terminal_end(), 0);
}

static void gives_the_terminal_back_to_signals(void **state)
{
	(void)state;
	terminal_open(CLI, 80, 24);
	shows("q quit");
	type("\003");
	terminal_end();
	assert_non_null(strstr(terminal.said, "\033[?25h"));
}

static void does_without_ncurses(void **state)
{
	(void)state;
	terminal_open(PLAIN, 80, 24);
	assert_int_equal(terminal_end(), 1);
	assert_non_null(strstr(terminal.said,
			       "built without ncurses; --once prints one look"));
}

static void knows_no_such_terminal(void **state)
{
	(void)state;
	setenv("TERM", "nonsense\033", 1);
	terminal_open(CLI, 80, 24);
	assert_int_equal(terminal_end(), 1);
	assert_non_null(strstr(terminal.said,
			       "unknown terminal \"nonsense\\x1b\"; set TERM"));
}

/* Return: its exit status; @said is what it has written */
static int command(const char *words, char said[4096])
{
	FILE *pipe = popen(words, "re");	/* NOLINT(cert-env33-c) */
	size_t n;

	assert_non_null(pipe);
	n = fread(said, 1, 4095, pipe);
	said[n] = '\0';
	return WEXITSTATUS(pclose(pipe));
}

static void once(void **state)
{
	static const char *const programs[] = { CLI, PLAIN };
	char said[4096], words[256];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		snprintf(words, sizeof(words),
			 "%s top --once --interval 0.1 2>&1 </dev/null",
			 programs[i]);
		assert_int_equal(command(words, said), 0);
		assert_non_null(strstr(said, "  leases: 2 held, 0 ending"));
		assert_non_null(strstr(said, "\nin all         4711 "));
		assert_non_null(strstr(said, "\n    1  held   doorbell "));
		assert_null(strchr(said, '\033'));
	}
}

static void wrong_calls(void **state)
{
	static const char *const calls[] = {
		"--interval 0", "--interval 0.09", "--interval 3601",
		"--interval ''", "--interval soon", "--interval", "12", "--json",
	};
	char said[4096], words[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		snprintf(words, sizeof(words), CLI " top --once %s 2>&1",
			 calls[i]);
		assert_int_equal(command(words, said), 2);
	}
	assert_int_equal(command(CLI " top 2>&1 </dev/null", said), 1);
	assert_non_null(strstr(said, "this is no terminal; --once prints one look"));
	assert_int_equal(command(CLI " top --admin /nonsense 2>&1", said), 3);
	assert_non_null(strstr(said, "; is barleased running?"));
}

#define screen_test(name)	cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest with_ncurses[] = {
		screen_test(shows_leases_and_counters),
		screen_test(on_screens_of_every_size),
		screen_test(keys),
		screen_test(revokes_when_it_may),
		screen_test(shows_no_orders_of_others),
		screen_test(goes_on_with_another_broker),
		screen_test(ends_with_its_terminal),
		screen_test(gives_the_terminal_back_to_signals),
		screen_test(knows_no_such_terminal),
		screen_test(wrong_calls),
		screen_test(does_without_ncurses),
		screen_test(once),
	};
	const struct CMUnitTest without[] = {
		screen_test(does_without_ncurses),
		screen_test(once),
	};

	return HAVE_NCURSES ? cmocka_run_group_tests_name("top-screen", with_ncurses,
							  NULL, NULL) :
			      cmocka_run_group_tests_name("top-screen", without,
							  NULL, NULL);
}
