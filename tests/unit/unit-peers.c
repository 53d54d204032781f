// SPDX-License-Identifier: MIT
/*
 * Which devices could have leases of which, and why not, in a /sys that is made up
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake-root.h"
#include "peers.h"

#define HOST	"pci0000:00"
#define PORT	HOST "/0000:00:01.0"
#define SWITCH	PORT "/0000:01:00.0"

#define OURS	"0000:03:00.0"
#define BESIDE	"0000:04:00.0"	/* behind the same switch */
#define ELSEWHERE "0000:05:00.0" /* behind another port */
#define FAR	"0001:01:00.0"	/* below another host bridge */

#define NO_SWITCH \
	"no switch is above both, and the host bridge (1af4:1110) is not known to pass DMA on"
#define TWO_HOSTS "each is below a host bridge that is not known to pass DMA on"
#define NO_KERNEL "this kernel has no peer-to-peer DMA for devices' memory"

static void fake_place(const char *place, const char *bdf, const char *class)
{
	char target[128];

	fake_file("0x1af4\n", "/sys/devices/%s/%s/vendor", place, bdf);
	fake_file("0x1110\n", "/sys/devices/%s/%s/device", place, bdf);
	fake_file(class, "/sys/devices/%s/%s/class", place, bdf);
	snprintf(target, sizeof(target), "../../../devices/%s/%s", place, bdf);
	fake_link(target, "/sys/bus/pci/devices/%s", bdf);
}

static void fake_kernel(const char *symbols)
{
	fake_file(symbols, "/proc/kallsyms");
}

static int set_up(void **state)
{
	int ret = fake_root_set_up(state);

	fake_kernel("0000000000000000 T pci_p2pdma_distance_many\n"
		    "0000000000000000 T pcim_p2pdma_provider\n"
		    "0000000000000000 t other	[module]\n");
	fake_place(HOST, "0000:00:00.0", "0x060000\n");
	fake_place(HOST, "0000:00:01.0", "0x060400\n");
	fake_place(SWITCH "/0000:02:00.0", OURS, "0x050000\n");
	fake_place(SWITCH "/0000:02:01.0", BESIDE, "0x020000\n");
	fake_place(HOST "/0000:00:02.0", ELSEWHERE, "0x120000\n");
	fake_place("pci0001:00/0001:00:01.0", FAR, "0x120000\n");
	fake_driver(OUR_DRIVER, OUR_MODULE);
	fake_link("../../../bus/pci/drivers/" OUR_DRIVER,
		  "/sys/devices/" SWITCH "/0000:02:00.0/" OURS "/driver");
	return ret;
}

static struct pci_device device(const char *bdf)
{
	struct pci_device dev;

	assert_int_equal(sysfs_device(fake_root, bdf, &dev), 0);
	return dev;
}

/* What the driver says of each */
static const char *reached;
static int otherwise;

static int ask(const char *root, const char *dev, const char *peer)
{
	assert_string_equal(root, fake_root);
	assert_string_equal(dev, OURS);
	assert_string_not_equal(peer, OURS);
	return reached && strstr(reached, peer) ? 0 : otherwise;
}

static void answer(const char *who, int others)
{
	reached = who;
	otherwise = others;
}

static void expect_between(const char *peer, const char *why)
{
	struct pci_device ours = device(OURS), other = device(peer);
	struct verdict verdict = peers_between(fake_root, &ours, &other);

	assert_string_equal(verdict.why, why);
	assert_false(verdict.good);
}

static void reasons(void **state)
{
	(void)state;
	expect_between(BESIDE,
		       "ACS has it go up to the host bridge (1af4:1110), which is not known to pass DMA on");
	expect_between(ELSEWHERE, NO_SWITCH);
	expect_between(FAR, TWO_HOSTS);
}

static void kernels(void **state)
{
	(void)state;
	assert_true(peers_kernel(fake_root).good);
	fake_kernel("0000000000000000 T pci_p2pdma_distance_many\n");
	assert_false(peers_kernel(fake_root).good);
}

static void expect_one(const struct checks *checks, size_t index,
		       enum health health, const char *found)
{
	assert_true(index < checks->nr);
	assert_string_equal(checks->check[index].found, found);
	assert_int_equal(checks->check[index].health, health);
	assert_int_equal(!*checks->check[index].advice, health == HEALTH_GOOD);
}

static void two_devices(void **state)
{
	struct pci_device ours = device(OURS), other = device(ELSEWHERE);
	struct checks checks = { 0 };

	(void)state;
	answer(ELSEWHERE, -EOPNOTSUPP);
	assert_int_equal(check_peer(fake_root, ask, &ours, &other, &checks), 0);
	expect_one(&checks, 0, HEALTH_GOOD,
		   ELSEWHERE " can have leases of " OURS);
	answer(NULL, -EOPNOTSUPP);
	assert_int_equal(check_peer(fake_root, ask, &ours, &other, &checks), 0);
	expect_one(&checks, 1, HEALTH_BAD, ELSEWHERE " can have no leases of "
		   OURS ": " NO_SWITCH);
	answer(NULL, -EACCES);
	assert_int_equal(check_peer(fake_root, ask, &ours, &other, &checks),
			 -EACCES);
	fake_kernel("");
	assert_int_equal(check_peer(fake_root, ask, &ours, &other, &checks), 0);
	expect_one(&checks, 2, HEALTH_BAD, ELSEWHERE " can have no leases of "
		   OURS ": " NO_KERNEL);
	free(checks.check);
}

static void all_devices(void **state)
{
	struct checks checks = { 0 };

	(void)state;
	answer(BESIDE, -EOPNOTSUPP);
	assert_int_equal(check_peers(fake_root, ask, &checks), 0);
	assert_int_equal(checks.nr, 3);
	expect_one(&checks, 0, HEALTH_GOOD,
		   BESIDE " can have leases of " OURS);
	expect_one(&checks, 1, HEALTH_NOTE, ELSEWHERE " can have no leases of "
		   OURS ": " NO_SWITCH);
	expect_one(&checks, 2, HEALTH_NOTE, FAR " can have no leases of "
		   OURS ": " TWO_HOSTS);
	free(checks.check);
}

static void many_devices(void **state)
{
	struct checks checks = { 0 };
	char bdf[BDF_SIZE];
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		snprintf(bdf, sizeof(bdf), "0000:%02x:00.0", 0x20 + i);
		fake_place(HOST "/0000:00:03.0", bdf, "0x120000\n");
	}
	answer(NULL, -EOPNOTSUPP);
	assert_int_equal(check_peers(fake_root, ask, &checks), 0);
	assert_int_equal(checks.nr, 3);
	expect_one(&checks, 1, HEALTH_NOTE, ELSEWHERE
		   ", 0000:20:00.0, 0000:21:00.0, 0000:22:00.0 and 17 more can have no leases of "
		   OURS ": " NO_SWITCH);
	free(checks.check);
}

static void expect_only(int error, enum health health, const char *found)
{
	struct checks checks = { 0 };

	answer(NULL, error);
	assert_int_equal(check_peers(fake_root, ask, &checks), 0);
	assert_int_equal(checks.nr, 1);
	expect_one(&checks, 0, health, found);
	free(checks.check);
}

static void one_answer(void **state)
{
	(void)state;
	expect_only(0, HEALTH_GOOD, "all other devices can have leases of "
		    OURS);
	expect_only(-EACCES, HEALTH_NOTE, "which devices can have leases of "
		    OURS ", only root may ask");
	expect_only(-ENOENT, HEALTH_NOTE, OURS
		    ": the driver that is loaded lets no device have leases");
	fake_kernel("");
	expect_only(0, HEALTH_NOTE,
		    "no device can have leases, only processes: " NO_KERNEL);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, fake_root_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reasons),
		TEST(kernels),
		TEST(two_devices),
		TEST(all_devices),
		TEST(many_devices),
		TEST(one_answer),
	};

	return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
