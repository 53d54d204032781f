// SPDX-License-Identifier: MIT
/*
 * Who holds which DMABUFs, in a /proc that is made up; and in the real one,
 * what this test itself has open
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake-root.h"
#include "proc.h"

static void fake_fd(int pid, int fd, const char *target, const char *info)
{
	fake_link(target, "/proc/%d/fd/%d", pid, fd);
	fake_file(info, "/proc/%d/fdinfo/%d", pid, fd);
}

static void fake_process(int pid, const char *name, const char *maps)
{
	fake_file(name, "/proc/%d/comm", pid);
	fake_file(maps, "/proc/%d/maps", pid);
	fake_fd(pid, 0, "/dev/null", "pos:\t0\nflags:\t02\nmnt_id:\t1\nino:\t5\n");
}

static void fake_processes(void)
{
	fake_process(90, "broker\n", "");
	fake_fd(90, 7, "/dmabuf:doorbell",
		"pos:\t0\nflags:\t02000002\nmnt_id:\t9\nino:\t2\nsize:\t4096\n");
	fake_fd(90, 8, "/dmabuf:", "pos:\t0\nmnt_id:\t9\nino:\t3\n");
	fake_process(163, "worker\n",
		     "55550000-55551000 r-xp 00000000 08:01 2     /bin/worker\n"
		     "7fcdf3400000-7fcdf3401000 rw-s 00001000 00:0b 2       /dmabuf:doorbell\n"
		     "7fcdf3401000-7fcdf3402000 rw-s 00001000 00:0b 2       /dmabuf:doorbell\n"
		     "7ffd00000000-7ffd00001000 rw-p 00000000 00:00 0       [stack]\n");
	fake_process(12, "a b) c\n",
		     "7fcdf3400000-7fcdf3401000 rw-s 00001000 00:0b 3       /dmabuf:\n");
	fake_fd(12, 4, "/dmabuf:", "ino:\t3\n");
	/* One that may not be looked into, and what is no process */
	fake_directory("/proc/400");
	fake_file("", "/proc/version");
	fake_directory("/proc/12x");
}

static void expect(const struct holding *holding, pid_t pid, const char *name,
		   uint64_t inode, bool fd, bool map)
{
	assert_int_equal(holding->process.pid, pid);
	assert_string_equal(holding->process.name, name);
	assert_true(holding->inode == inode);
	assert_int_equal(holding->fd, fd);
	assert_int_equal(holding->map, map);
}

static void finds_dmabufs(void **state)
{
	struct holding *holdings;
	size_t nr, hidden;

	(void)state;
	fake_processes();
	assert_int_equal(proc_dmabufs(fake_root, &holdings, &nr, &hidden), 0);
	assert_int_equal(nr, 4);
	assert_int_equal(hidden, 0);
	expect(&holdings[0], 12, "a b) c", 3, true, true);
	expect(&holdings[1], 90, "broker", 2, true, false);
	expect(&holdings[2], 90, "broker", 3, true, false);
	expect(&holdings[3], 163, "worker", 2, false, true);
	free(holdings);
}

/* As others' processes are to who is not root; root may look at all. */
static void counts_the_hidden(void **state)
{
	struct holding *holdings;
	size_t nr, hidden;
	uid_t uid = geteuid();
	char path[96];

	(void)state;
	fake_processes();
	fake_directory("/proc/400/fd");
	snprintf(path, sizeof(path), "%s/proc/400/fd", fake_root);
	assert_return_code(chmod(path, 0), errno);
	assert_return_code(chmod(fake_root, 0755), errno);
	if (!uid)
		assert_return_code(seteuid(65534), errno);
	assert_int_equal(proc_dmabufs(fake_root, &holdings, &nr, &hidden), 0);
	if (!uid)
		assert_return_code(seteuid(uid), errno);
	assert_int_equal(hidden, 1);
	assert_int_equal(nr, 4);
	free(holdings);
}

static void finds_openers(void **state)
{
	struct process process;

	(void)state;
	fake_processes();
	fake_fd(163, 9, "/dev/vfio/12", "");
	assert_int_equal(proc_opener(fake_root, "/dev/vfio/12", &process), 1);
	assert_int_equal(process.pid, 163);
	assert_string_equal(process.name, "worker");
	assert_int_equal(proc_opener(fake_root, "/dev/vfio/1", &process), 0);
}

static void without_proc(void **state)
{
	struct holding *holdings;
	size_t nr, hidden;

	(void)state;
	assert_int_equal(proc_dmabufs(fake_root, &holdings, &nr, &hidden), -ENOENT);
}

static void in_the_real_one(void **state)
{
	char path[] = "/tmp/barlease-unit.XXXXXX";
	struct process process;
	struct holding *holdings;
	size_t nr, hidden;
	int fd;

	(void)state;
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(proc_opener("", path, &process), 1);
	assert_int_equal(process.pid, getpid());
	close(fd);
	assert_int_equal(proc_opener("", path, &process), 0);
	unlink(path);
	assert_int_equal(proc_dmabufs("", &holdings, &nr, &hidden), 0);
	free(holdings);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fake_root_set_up, \
					fake_root_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_dmabufs),
		TEST(counts_the_hidden),
		TEST(finds_openers),
		TEST(without_proc),
		TEST(in_the_real_one),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
