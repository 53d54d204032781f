// SPDX-License-Identifier: MIT
/*
 * What a client asks for that cannot be: each is an error that says so, and leaves
 * nothing pinned and nothing open, as does a client that dies on its way
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <linux/capability.h>

#include "broker-lib.h"
#include "kernel.h"
#include "lease.h"
#include "queue-holder.h"
#include "queue-lib.h"
#include "sysfs.h"
#include "tap.h"

/* Pages that a slice may have; and pieces, which are fewer */
#define DMA_PAGES	2048
#define PIECES		1024

/* Pages that the broker may lock, where it may not lock as much as it likes */
#define LOCKED_PAGES	64

static struct peer client;
static pid_t broker;
static int fds;

/* One user, two slices; together they may have less than both */
static void configure(const char *backend)
{
	unsigned long long slice = DMA_PAGES * PAGE;

	broker_configure("[broker]\nuser-dma=%llu\ndma=%llu\n"
			 "[device %s]\nbackend=%s\n"
			 "[device %s]\nbackend=%s\n"
			 "[device %s]\nbackend=%s\n"
			 "[slice edu]\ndevice=%s\nbar=0\nranges=0+4K\nusers=*\n"
			 "interrupts=0\ndma=%llu\n"
			 "[slice second]\ndevice=%s\nbar=2\nranges=0+4K\nusers=*\n"
			 "dma=%llu\n"
			 "[slice third]\ndevice=%s\nbar=2\nranges=0+4K\nusers=*\n"
			 "dma=%llu\n",
			 slice + slice / 2, 2 * slice,
			 dev_edu().name, backend, dev_small().name, backend,
			 dev_big().name, backend,
			 dev_edu().name, slice, dev_small().name, slice,
			 dev_big().name, slice);
}

/* ---- Memory that is not as it has to be --------------------------------- */

static int memfd(unsigned int how, unsigned int seals, uint64_t size)
{
	int fd = memfd_create("bad", MFD_CLOEXEC | how);

	if (fd < 0 || ftruncate(fd, size) ||
	    (seals && fcntl(fd, F_ADD_SEALS, seals)))
		return -errno;
	return fd;
}

static int filled(uint64_t size)
{
	int fd = memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK, size);

	return fallocate(fd, 0, 0, size) ? -errno : fd;
}

static int not_sealed(void)
{
	int fd = memfd(MFD_ALLOW_SEALING, 0, 2 * PAGE);

	return fallocate(fd, 0, 0, 2 * PAGE) ? -errno : fd;
}

static int not_sealable(void)
{
	return memfd(0, 0, 2 * PAGE);
}

static int too_small(void)
{
	return filled(PAGE);
}

static int a_hole(void)
{
	return memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK, 2 * PAGE);
}

static int half_a_hole(void)
{
	int fd = a_hole();

	return fallocate(fd, 0, 0, PAGE) ? -errno : fd;
}

static int huge_and_not_there(void)
{
	return memfd(MFD_ALLOW_SEALING | MFD_HUGETLB, F_SEAL_SHRINK, HUGE);
}

/* The kernel maps no part of it, and would never unmap one */
static int part_of_a_huge_page(void)
{
	int fd = huge_and_not_there();

	return fallocate(fd, 0, 0, HUGE) ? -errno : fd;
}

static int for_reading(void)
{
	int fd = filled(2 * PAGE), again;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	return again;
}

static int not_to_write(void)
{
	int fd = filled(2 * PAGE);

	return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) ? -errno : fd;
}

static int a_pipe(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	close(ends[1]);
	return ends[0];
}

static int a_file(void)
{
	return open("/proc/self/status", O_RDONLY | O_CLOEXEC);
}

static int the_lease(void)
{
	return fcntl(holder_lease.fd, F_DUPFD_CLOEXEC, 0);
}

static int more_than_the_slice(void)
{
	return filled((DMA_PAGES + 2) * PAGE);
}

static int a_timer(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

static int memory(void)
{
	return filled(2 * PAGE);
}

static int an_eventfd(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

/* @pages: that are asked for */
static const struct bad_memory {
	const char *name;
	int (*make)(void);
	const char *words;
	int error;
	unsigned int pages;
} bad_memory[] = {
	{ "memory that is not sealed", not_sealed, "not sealed", EPERM, 2 },
	{ "memory that cannot be sealed", not_sealable, "not sealed", EPERM, 2 },
	{ "memory that is too small", too_small, "past the end", EINVAL, 2 },
	{ "a hole", a_hole, "a hole", ENXIO, 2 },
	{ "half a hole", half_a_hole, "a hole", ENXIO, 2 },
	{ "a huge page that is not there", huge_and_not_there, "a hole", ENXIO,
	  PAGE / 8 },
	{ "part of a huge page", part_of_a_huge_page, "not whole pages",
	  EINVAL, 2 },
	{ "memory for reading", for_reading, "cannot be written", EACCES, 2 },
	{ "memory that is sealed", not_to_write, "cannot be written", EACCES, 2 },
	{ "a pipe", a_pipe, "no memfd", EBADF, 2 },
	{ "another file", a_file, "no memfd", EBADF, 2 },
	{ "the lease itself", the_lease, "no memfd", EBADF, 2 },
	{ "an eventfd", an_eventfd, "no memfd", EBADF, 2 },
	{ "more than the slice has", more_than_the_slice, "this slice has",
	  EDQUOT, DMA_PAGES + 1 },
};

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static bool said(const char *words)
{
	return strstr(barlease_client_error(holder_client), words);
}

/* args: which. The error; or 0 where there is none or other words */
static long map_bad(int fd, const long *args)
{
	const struct bad_memory *bad = &bad_memory[args[0]];
	uint64_t address;
	int ret;

	fd = bad->make();
	if (fd < 0)
		return fd;
	ret = barlease_client_map(holder_client, holder_lease.id, fd, 0,
				  bad->pages * PAGE, 0, &address);
	close(fd);
	return said(bad->words) ? ret : 0;
}

/* Of the size that the system has by itself */
static void give_huge_pages(const char *count)
{
	if (file_write("/proc/sys/vm/nr_hugepages", count))
		bail("no huge pages can be had: %s", strerror(errno));
}

static void huge_pages_are_free(unsigned int wanted)
{
	char text[8192] = "", *free;

	file_read_all("/proc/meminfo", text, sizeof(text));
	free = strstr(text, "HugePages_Free:");
	is_int(free ? strtol(free + strlen("HugePages_Free:"), NULL, 10) : -1,
	       wanted, "all huge pages are free again");
}

static bool is_huge(const struct bad_memory *bad)
{
	return bad->make == huge_and_not_there ||
	       bad->make == part_of_a_huge_page;
}

static void memory_is_refused(void)
{
	const bool huge = !access("/proc/sys/vm/nr_hugepages", F_OK);

	if (huge)
		give_huge_pages("2");
	for (size_t i = 0; i < ARRAY_SIZE(bad_memory); i++) {
		if (!huge && is_huge(&bad_memory[i])) {
			skip("this kernel has no huge pages", "%s",
			     bad_memory[i].name);
			continue;
		}
		is_error(client_call(&client, map_bad, i), bad_memory[i].error,
			 "%s: an error, and words for it", bad_memory[i].name);
	}
	queue_has_pinned(broker, 0, "nothing is pinned");
	if (!huge)
		return;
	huge_pages_are_free(2);
	give_huge_pages("0");
}

/* ---- Interrupts that are none ------------------------------------------- */

static const struct bad_interrupt {
	const char *name;
	int (*make)(void);
	unsigned int vector;
	const char *words;
} bad_interrupts[] = {
	{ "a pipe for an eventfd", a_pipe, 0, "no eventfd" },
	{ "a timer", a_timer, 0, "no eventfd" },
	{ "memory", memory, 0, "no eventfd" },
	{ "a vector past the slice's", an_eventfd, 1, "no such interrupt" },
	{ "one that no device has", an_eventfd, 1u << 31, "no such interrupt" },
};

static long arm_bad(int fd, const long *args)
{
	const struct bad_interrupt *bad = &bad_interrupts[args[0]];
	int ret;

	fd = bad->make();
	if (fd < 0)
		return fd;
	ret = barlease_client_set_interrupt(holder_client, holder_lease.id,
					    bad->vector, fd);
	close(fd);
	return said(bad->words) ? ret : 0;
}

static long unmask_bad(int fd, const long *args)
{
	int ret;

	(void)args;
	fd = an_eventfd();
	ret = barlease_client_set_unmask(holder_client, holder_lease.id, fd);
	close(fd);
	return said("only an INTx") ? ret : 0;
}

static void interrupts_are_refused(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_interrupts); i++)
		is_error(client_call(&client, arm_bad, i), EINVAL,
			 "%s: an error, and words for it",
			 bad_interrupts[i].name);
	is_error(client_call(&client, unmask_bad, 0), EINVAL,
		 "to unmask what is no INTx: the same");
}

/* ---- Too much, and what others have ------------------------------------- */

/* args: pages of a piece, how many pieces. How many there were, or the error */
static long map_many(int fd, const long *args)
{
	uint64_t address;
	long i;
	int ret = 0;

	fd = filled(args[0] * PAGE);
	if (fd < 0)
		return fd;
	for (i = 0; !ret && i < args[1]; i++)
		ret = barlease_client_map(holder_client, holder_lease.id, fd, 0,
					  args[0] * PAGE, 0, &address);
	close(fd);
	return ret ?: i;
}

/* args: pointer to words. Are they the last error's? */
static long has_said(int fd, const long *args)
{
	(void)fd;
	return said((const char *)args[0]);
}

/* args: lease, address */
static long unmap_at(int fd, const long *args)
{
	(void)fd;
	return barlease_client_unmap(holder_client,
				     args[0] ?: (long)holder_lease.id, args[1]);
}

static void says(const struct peer *peer, const char *words)
{
	ok(client_call(peer, has_said, (long)words), "it says \"%s\"", words);
}

static void many_pieces(void)
{
	struct peer peer = holder_of(1001, "edu");

	is_int(client_call(&peer, map_many, 1, 2), 2,
	       "the same memory twice is two pieces");
	is_error(client_call(&peer, map_many, 1, PIECES), ENOSPC,
		 "there are no more pieces than %d", PIECES);
	is_int(queue_pinned(broker), PIECES * PAGE / 1024,
	       "as many are pinned as there are pieces");
	peer_stop(&peer);
	queue_has_pinned(broker, 0, "and none when it is gone");
}

static void limits(void)
{
	struct peer one = holder_of(1001, "edu");
	struct peer two = holder_of(1001, "second");
	struct peer third = holder_of(1002, "third");

	is_int(client_call(&one, map_many, DMA_PAGES, 1), 1,
	       "a lease has all that it may");
	is_error(client_call(&one, map_many, 1, 1), EDQUOT, "and no more");
	says(&one, "this slice has");
	is_error(client_call(&two, map_many, DMA_PAGES, 1), EDQUOT,
		 "another lease of its user has less");
	says(&two, "this user may have");
	is_int(client_call(&two, map_many, DMA_PAGES / 2, 1), 1,
	       "as much as is left");
	is_error(client_call(&third, map_many, DMA_PAGES, 1), EDQUOT,
		 "another user has less");
	says(&third, "all together may have");
	peer_stop(&one);
	is_int(client_call(&third, map_many, DMA_PAGES, 1), 1,
	       "until somebody gives some back");
	peer_stop(&two);
	peer_stop(&third);
	queue_has_pinned(broker, 0, "nothing is pinned in the end");
}

static void of_others(void)
{
	struct peer one = holder_of(1001, "edu");
	struct peer two = holder_of(1002, "second");
	long address;

	is_ok(client_call(&one, holder_add_memory, 1), "somebody has memory");
	address = client_call(&one, holder_address, 0);
	is_error(client_call(&two, unmap_at, 0, address + (64 << 20)), ENOENT,
		 "another one does not unmap what is not there");
	is_error(client_call(&two, unmap_at, 0, address), ENOENT,
		 "nor by its address");
	is_error(client_call(&two, unmap_at, 1, address), ENOENT,
		 "nor by its lease");
	is_error(client_call(&one, unmap_at, 0, address + PAGE), ENOENT,
		 "nor does its holder unmap what is beside it");
	is_int(queue_pinned(broker), PAGE / 1024, "it is still there");
	is_ok(client_call(&one, unmap_at, 0, address), "its holder unmaps it");
	is_error(client_call(&one, unmap_at, 0, address), ENOENT, "but once");
	queue_has_pinned(broker, 0, "then it is not pinned");
	peer_stop(&one);
	peer_stop(&two);
}

/* ---- Clients that die --------------------------------------------------- */

static const struct {
	const char *name;
	peer_fn run;
	long arg;
} steps[] = {
	{ "connect", holder_connect, 0 },
	{ "acquire", holder_acquire, (long)"edu" },
	{ "map", holder_add_memory, HOLDER_PIECES },
	{ "interrupt", holder_add_interrupt, 0 },
	{ "release", holder_release, 0 },
};

/* @meanwhile: before it has its last answer */
static void dies_after(size_t step, bool meanwhile)
{
	struct peer peer = client_process(1001);

	for (size_t i = 0; i < step; i++)
		client_call(&peer, steps[i].run, steps[i].arg);
	peer_begin(&peer, steps[step].run, -1, ARGS(steps[step].arg));
	if (!meanwhile)
		peer_result(&peer);
	peer_kill(&peer);
}

static void clients_die(void)
{
	int admin;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(steps); i++) {
		diag("a client dies %s %s", i % 2 ? "in" : "after",
		     steps[i / 2].name);
		dies_after(i / 2, i % 2);
		admin = admin_connect();
		admin_leases(admin, 0, "its lease ends");
		close(admin);
		queue_has_pinned(broker, 0, "nothing is pinned");
	}
	broker_has_fds(broker, fds, "they leave no file open");
}

/* ---- A file that takes long to close ------------------------------------ */

/* Minutes, if nobody reads what was written to it, and its other end is open */
static int lingering_socket(void)
{
	const struct linger linger = { 1, 600 };
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char bytes[4096] = { 0 };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (void *)&at, size) || listen(listener, 1) ||
	    getsockname(listener, (void *)&at, &size) ||
	    connect(fd, (void *)&at, size) ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		return -errno;
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	return fd;
}

/* To a broker that is stopped, so that it is the last one that has the file */
static long send_it(int fd, const long *args)
{
	uint64_t address;
	int ret;

	(void)args;
	fd = lingering_socket();
	if (fd < 0)
		return fd;
	barlease_client_set_timeout(holder_client, 1);
	ret = barlease_client_map(holder_client, holder_lease.id, fd, 0, PAGE,
				  0, &address);
	close(fd);
	return ret;
}

static void slow_to_close(void)
{
	struct peer one, two;

	if (access("/proc/sys/net/ipv4", F_OK)) {
		skip("this kernel has no TCP", "a file that takes minutes to close");
		return;
	}
	one = holder_of(1001, "edu");
	if (system("ip link set lo up"))	/* NOLINT(cert-env33-c) */
		bail("there is no loopback");
	kill(broker, SIGSTOP);
	is_error(client_call(&one, send_it, 0), ETIMEDOUT,
		 "a client sends a file that takes minutes to close");
	kill(broker, SIGCONT);
	two = holder_of(1002, "second");
	is_ok(client_call(&two, holder_add_memory, 1),
	      "another user does not wait for that");
	peer_stop(&two);
	peer_kill(&one);
	broker_has_fds(broker, fds, "it is closed when it can be");
	one = holder_of(1001, "edu");
	is_ok(client_call(&one, holder_add_memory, 1),
	      "then its user is served again");
	peer_stop(&one);
	queue_has_pinned(broker, 0, "nothing is pinned in the end");
}

/* ---- All of it ---------------------------------------------------------- */

/* One that has to count what it locks; what is left of this test, too */
static void locked_memory(const char *backend)
{
	struct rlimit limit = { LOCKED_PAGES * PAGE, LOCKED_PAGES * PAGE };

	if (prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0) ||
	    setrlimit(RLIMIT_MEMLOCK, &limit))
		bail("no limit: %s", strerror(errno));
	configure(backend);
	broker = broker_start();
	client = holder_of(1001, "edu");
	is_error(client_call(&client, map_many, LOCKED_PAGES + 1, 1), ENOMEM,
		 "more than the broker may lock is ENOMEM");
	says(&client, "LimitMEMLOCK=");
	queue_has_pinned(broker, 0, "nothing is pinned");
	is_int(client_call(&client, map_many, LOCKED_PAGES / 2, 1), 1,
	       "less works");
	peer_stop(&client);
	queue_has_pinned(broker, 0, "nothing is pinned in the end");
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

static void this_way(const char *backend)
{
	diag("backend = %s", backend);
	configure(backend);
	broker = broker_start();
	fds = broker_fds(broker);
	client = holder_of(1001, "edu");
	memory_is_refused();
	interrupts_are_refused();
	peer_stop(&client);
	many_pieces();
	limits();
	of_others();
	clients_die();
	slow_to_close();
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

int main(void)
{
	bool iommufd = kernel_has_iommufd();

	broker_set_up();
	this_way("group");
	if (iommufd)
		this_way("iommufd");
	else
		skip("this kernel has no iommufd", "the same with iommufd");
	locked_memory(iommufd ? "iommufd" : "group");
	return tap_done();
}
