// SPDX-License-Identifier: MIT
/*
 * What the command of "barlease acquire" finds of interrupts and memory: the program
 * itself, with a server whose device is not there
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake-device.h"

#define NR_VECTORS	3

static struct barlease_device device;
static struct barlease_server *server;
static int listener;
static char path[64];
static pthread_t thread;
static atomic_bool over;

static void *serve(void *arg)
{
	struct pollfd fd = { .fd = barlease_server_fd(server), .events = POLLIN };

	while (!atomic_load(&over)) {
		poll(&fd, 1, 10);
		barlease_server_dispatch(server);
	}
	return arg;
}

static void offer(const char *name, unsigned int page, unsigned int vectors,
		  uint64_t dma)
{
	const struct barlease_range range = { page * 4096ull, 4096 };
	const struct barlease_slice slice = {
		.name = name,
		.bar = FAKE_BAR,
		.ranges = &range,
		.nr_ranges = 1,
		.flags = BARLEASE_EXCLUSIVE,
		.nr_vectors = vectors,
		.dma = dma,
	};

	assert_int_equal(barlease_server_add_slice(server, &device, &slice), 0);
}

static int start(enum barlease_interrupt_kind kind, unsigned int vectors,
		 int error)
{
	fake_device_init(&device);
	device.irq_error = error;
	device.interrupts.kind = kind;
	device.interrupts.nr = vectors;
	device.space.id = 1;
	device.space.granule = 4096;
	device.ranges[0] = (struct barlease_range){ 0, 1ull << 32 };
	device.space.nr_ranges = 1;
	listener = barlease_listen(path, 0600);
	if (listener < 0 || barlease_server_new(listener, NULL, NULL, &server))
		return -1;
	offer("plain", 0, 0, 0);
	offer("queue", 1, vectors, 1 << 20);
	atomic_store(&over, false);
	return pthread_create(&thread, NULL, serve, NULL);
}

static int start_msix(void **state)
{
	(void)state;
	return start(BARLEASE_MSIX_VECTORS, NR_VECTORS, 0);
}

static int start_intx(void **state)
{
	(void)state;
	return start(BARLEASE_INTX, 1, 0);
}

static int start_refusing(void **state)
{
	(void)state;
	return start(BARLEASE_MSIX_VECTORS, NR_VECTORS, -EIO);
}

/* What is not over by then is now. Only then is the device to be looked at */
static void end_server(void)
{
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	barlease_server_free(server);
	server = NULL;
	close(listener);
	unlink(path);
}

static int stop(void **state)
{
	(void)state;
	if (server)
		end_server();
	return 0;
}

static char said[4096];

/* Return: its exit status; @said is what it has written */
static int acquire(const char *words, const char *script)
{
	char command[1024];
	FILE *pipe;
	size_t n;

	snprintf(command, sizeof(command),
		 CLI " acquire --socket %s %s -- sh -c '%s' 2>&1", path, words,
		 script);
	pipe = popen(command, "re");	/* NOLINT(cert-env33-c) */
	assert_non_null(pipe);
	n = fread(said, 1, sizeof(said) - 1, pipe);
	said[n] = '\0';
	return WEXITSTATUS(pclose(pipe));
}

/* What the variables of interrupts and memory are */
#define VARIABLES	"env | grep -E \"BARLEASE_(D|I[NR]|U)\" | sed -E \"s/[0-9]+,.*/N/\" | sort"

/* What each of those descriptors is */
#define KINDS		"for fd in $(echo $BARLEASE_IRQ_FDS $BARLEASE_UNMASK_FD | tr , \" \"); do readlink /proc/self/fd/$fd; done"

static void without(void **state)
{
	(void)state;
	setenv("BARLEASE_IRQ_FDS", "7,8", 1);
	setenv("BARLEASE_UNMASK_FD", "9", 1);
	setenv("BARLEASE_DMA", "4096", 1);
	assert_int_equal(acquire("plain", VARIABLES), 0);
	assert_string_equal(said, "");
	unsetenv("BARLEASE_IRQ_FDS");
	unsetenv("BARLEASE_UNMASK_FD");
	unsetenv("BARLEASE_DMA");
	assert_int_equal(acquire("plain --irq", "echo no"), 1);
	assert_string_equal(said,
			    "barlease: acquire: plain has no interrupts\n");
}

static void unasked(void **state)
{
	(void)state;
	assert_int_equal(acquire("queue", VARIABLES), 0);
	assert_string_equal(said, "BARLEASE_DMA=1048576\n"
				  "BARLEASE_INTERRUPTS=3\n"
				  "BARLEASE_INTERRUPT_KIND=msix\n");
	end_server();
	assert_string_equal(device.events, "r");
}

/* They were the device's before the command began, and are not after it. */
static void eventfds(void **state)
{
	(void)state;
	assert_int_equal(acquire("queue --irq", VARIABLES ";" KINDS), 0);
	assert_string_equal(said, "BARLEASE_DMA=1048576\n"
				  "BARLEASE_INTERRUPTS=3\n"
				  "BARLEASE_INTERRUPT_KIND=msix\n"
				  "BARLEASE_IRQ_FDS=N\n"
				  "anon_inode:[eventfd]\n"
				  "anon_inode:[eventfd]\n"
				  "anon_inode:[eventfd]\n");
	end_server();
	assert_string_equal(device.events, "riii");
}

static void listen_fds(void **state)
{
	(void)state;
	assert_int_equal(acquire("queue --irq --listen-fds",
				 "echo $BARLEASE_FD $BARLEASE_IRQ_FDS $LISTEN_FDS $LISTEN_FDNAMES;"
				 KINDS), 0);
	assert_string_equal(said, "3 4,5,6 4 queue:irq-0:irq-1:irq-2\n"
				  "anon_inode:[eventfd]\n"
				  "anon_inode:[eventfd]\n"
				  "anon_inode:[eventfd]\n");
}

static void refused(void **state)
{
	(void)state;
	assert_int_equal(acquire("queue --irq", "echo no"), 1);
	assert_non_null(strstr(said, "acquire: interrupts of queue: interrupt 0 of lease"));
	assert_null(strstr(said, "no\n"));
}

static void intx(void **state)
{
	(void)state;
	assert_int_equal(acquire("queue --irq --listen-fds",
				 "echo $BARLEASE_INTERRUPT_KIND $BARLEASE_IRQ_FDS $BARLEASE_UNMASK_FD $LISTEN_FDS $LISTEN_FDNAMES;"
				 KINDS), 0);
	assert_string_equal(said, "intx 4 5 3 queue:irq-0:unmask\n"
				  "anon_inode:[eventfd]\n"
				  "anon_inode:[eventfd]\n");
	end_server();
	assert_int_not_equal(device.unmask, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without, start_msix, stop),
		cmocka_unit_test_setup_teardown(unasked, start_msix, stop),
		cmocka_unit_test_setup_teardown(eventfds, start_msix, stop),
		cmocka_unit_test_setup_teardown(listen_fds, start_msix, stop),
		cmocka_unit_test_setup_teardown(refused, start_refusing, stop),
		cmocka_unit_test_setup_teardown(intx, start_intx, stop),
	};

	snprintf(path, sizeof(path), "/tmp/barlease-acquire.%d", getpid());
	return cmocka_run_group_tests_name("acquire", tests, NULL, NULL);
}
