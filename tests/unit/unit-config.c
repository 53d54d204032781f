// SPDX-License-Identifier: MIT
/*
 * From a configuration's text to what it says: broker/config/
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/parse.h"
#include "device/fit.h"
#include "describe.h"

#define DEVICE	"[device 0000:03:00.0]\n"
#define SLICE_B	"[slice b]\nbar = 2\nranges = 4K+4K\nusers = *\n"
#define SLICE	"[slice a]\nbar = 2\nranges = 0+4K\nusers = *\n"

static int find_user(const char *name, uint32_t *id)
{
	if (strcmp(name, "alice") && strcmp(name, "root"))
		return -ENOENT;
	*id = strcmp(name, "root") ? 1001 : 0;
	return 0;
}

static int find_group(const char *name, uint32_t *id)
{
	if (strcmp(name, "video"))
		return -ENOENT;
	*id = 44;
	return 0;
}

static const struct config_names names = { find_user, find_group };

static struct config *good(const char *text)
{
	struct config_errors errors = { 0 };
	struct config *config = NULL;
	int ret = config_parse(text, strlen(text), &names, &config, &errors);

	for (size_t i = 0; i < errors.nr; i++)
		print_error("%u: %s\n", errors.list[i].line,
			    errors.list[i].text);
	assert_int_equal(errors.nr, 0);
	assert_int_equal(ret, 0);
	assert_non_null(config);
	return config;
}

/* The one thing wrong is in this line, and said with these words. */
static void bad(const char *text, unsigned int line, const char *words)
{
	struct config_errors errors = { 0 };
	struct config *config = NULL;
	int ret = config_parse(text, strlen(text), &names, &config, &errors);

	assert_int_equal(ret, -EINVAL);
	assert_null(config);
	if (errors.nr != 1 || !strstr(errors.list[0].text, words))
		for (size_t i = 0; i < errors.nr; i++)
			print_error("%u: %s\n", errors.list[i].line,
				    errors.list[i].text);
	assert_int_equal(errors.nr, 1);
	assert_int_equal(errors.list[0].line, line);
	assert_non_null(strstr(errors.list[0].text, words));
	config_free_errors(&errors);
}

/* What is shipped is good. */
static void the_example(void **state)
{
	FILE *file = fopen(EXAMPLE, "re");
	struct config *config;
	char *text = NULL;
	size_t size = 0;

	(void)state;
	assert_non_null(file);
	assert_true(getdelim(&text, &size, '\0', file) > 0);
	fclose(file);
	config = good(text);
	assert_int_equal(config->nr_slices, 67);
	assert_non_null(config_find(config, "doorbell-63"));
	assert_non_null(config_find(config, "window"));
	assert_non_null(config_find(config, "status"));
	assert_non_null(config_find(config, "queue"));
	config_free(config);
	free(text);
}

/* A slice with these lines more: line 6 is the first of them */
static void bad_key(const char *keys, const char *words)
{
	char text[1024];

	snprintf(text, sizeof(text), DEVICE SLICE "%s\n", keys);
	bad(text, 6, words);
}

/* What can only be said of the section as a whole: it begins in line 2 */
static void bad_slice(const char *keys, const char *words)
{
	char text[1024];

	snprintf(text, sizeof(text), DEVICE SLICE "%s\n", keys);
	bad(text, 2, words);
}

static void everything_there_is(void **state)
{
	struct config *config = good("\xef\xbb\xbf# a comment\n"
		"; another\r\n"
		"\n"
		"[broker]\n"
		"socket = /tmp/s\n"
		"admin=/tmp/a ; and one more\n"
		"socket-mode = 0660\n"
		"connections = 70\n"
		"leases = 3000\n"
		"user-connections = 5\n"
		"user-leases = 1K\n"
		"lock-directory = /tmp\n"
		"  [ device  03:00.0 ]  # here, too\n"
		"backend = iommufd\n"
		"vf-token-file = /etc/barlease/token\n"
		"[device 10000:ff:1f.7]\r\n"
		"[slice a.b_c-1]\n"
		"device = 10000:FF:1f.7\n"
		"bar = 5\n"
		"ranges = 0x1000+0x2000, 2M + 64K\n"
		"ranges = 0+1G\n"
		"access = ro\n"
		"memattr = wc\n"
		"msix = yes\n"
		"exclusive = yes\n"
		"max-holders = 1\n"
		"per-user = 3\n"
		"users = alice, 0\n"
		"users = 7\n"
		"groups = video");
	const struct config_slice *slice = config_find(config, "a.b_c-1");
	const struct config_rule *rule;

	(void)state;
	assert_string_equal(config->broker.socket, "/tmp/s");
	assert_string_equal(config->broker.admin, "/tmp/a");
	assert_string_equal(config->broker.lock_directory, "/tmp");
	assert_int_equal(config->broker.socket_mode, 0660);
	assert_int_equal(config->broker.connections, 70);
	assert_int_equal(config->broker.leases, 3000);
	assert_int_equal(config->broker.user_connections, 5);
	assert_int_equal(config->broker.user_leases, 1024);
	assert_int_equal(config->nr_devices, 2);
	assert_string_equal(config->devices[0].bdf, "0000:03:00.0");
	assert_string_equal(config->devices[0].vf_token_file,
			    "/etc/barlease/token");
	assert_int_equal(config->devices[0].backend, BARLEASE_BACKEND_IOMMUFD);
	assert_string_equal(config->devices[1].bdf, "10000:ff:1f.7");
	assert_int_equal(config->devices[1].backend, BARLEASE_BACKEND_ANY);

	assert_non_null(slice);
	rule = slice->rule;
	assert_string_equal(config_device_of(config, slice)->bdf,
			    "10000:ff:1f.7");
	assert_int_equal(rule->bar, 5);
	assert_int_equal(rule->nr_ranges, 3);
	assert_int_equal(config_range_of(slice, 0).offset, 0x1000);
	assert_int_equal(config_range_of(slice, 0).length, 0x2000);
	assert_int_equal(config_range_of(slice, 1).offset, 2 << 20);
	assert_int_equal(config_range_of(slice, 1).length, 64 << 10);
	assert_int_equal(config_range_of(slice, 2).length, 1 << 30);
	assert_int_equal(config_size_of(slice), 0x2000 + 0x10000 + (1 << 30));
	assert_int_equal(rule->flags, BARLEASE_READ_ONLY | BARLEASE_EXCLUSIVE |
				      BARLEASE_MSIX);
	assert_int_equal(rule->memattr, BARLEASE_WC);
	assert_int_equal(rule->max_holders, 1);
	assert_int_equal(rule->per_user, 3);
	assert_int_equal(rule->who.users.nr, 3);
	assert_int_equal(rule->who.users.ids[0], 1001);
	assert_int_equal(rule->who.users.ids[1], 0);
	assert_int_equal(rule->who.users.ids[2], 7);
	assert_int_equal(rule->who.groups.nr, 1);
	assert_int_equal(rule->who.groups.ids[0], 44);
	assert_null(config_group_of(slice));
	config_free(config);
}

static void as_little_as_possible(void **state)
{
	struct config *config = good(DEVICE SLICE);
	const struct config_slice *slice = config_find(config, "a");

	(void)state;
	assert_null(config->broker.socket);
	assert_int_equal(config->broker.socket_mode, 0666);
	assert_int_equal(config->broker.user_connections, 256);
	assert_int_equal(config->broker.user_leases, 1024);
	assert_int_equal(config->nr_slices, 1);
	assert_true(slice->rule->who.users.all);
	assert_int_equal(slice->rule->flags, 0);
	assert_int_equal(slice->rule->memattr, BARLEASE_NC);
	assert_int_equal(slice->rule->max_holders, 0);
	assert_null(config_find(config, "b"));
	config_free(config);

	config = good(DEVICE);
	assert_int_equal(config->nr_slices, 0);
	assert_null(config_find(config, "a"));
	config_free(config);
}

static void the_device_may_come_later(void **state)
{
	struct config *config = good(SLICE "device=05:00.0\n"
				     "[device 03:00.0]\n[device 05:00.0]\n");

	(void)state;
	assert_int_equal(config_find(config, "a")->rule->device, 1);
	config_free(config);
}

static void templates(void **state)
{
	struct config *config = good(DEVICE "[slice f]\nbar=2\n"
				     "ranges=0x1000+4K, 1M+4K\nusers=*\n"
				     "count=12\nstride=0x2000\n");
	const struct config_slice *slice;
	char name[16];

	(void)state;
	assert_int_equal(config->nr_slices, 12);
	assert_null(config_find(config, "f"));
	assert_null(config_find(config, "f-12"));
	for (unsigned int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "f-%u", i);
		assert_string_equal(config->slices[i].name, name);
		slice = config_find(config, name);
		assert_ptr_equal(slice, &config->slices[i]);
		assert_string_equal(config_group_of(slice), "f");
		assert_int_equal(config_range_of(slice, 0).offset,
				 0x1000 + i * 0x2000);
		assert_int_equal(config_range_of(slice, 1).offset,
				 0x100000 + i * 0x2000);
		assert_int_equal(config_size_of(slice), 0x2000);
	}
	config_free(config);
}

static void sections(void **state)
{
	(void)state;
	bad("", 0, "no device");
	bad(SLICE, 0, "no device");
	bad("bar=1\n" DEVICE SLICE, 1, "in no section");
	bad(DEVICE "[slcie b]\nrubbish=1\n" SLICE, 2,
	    "[broker], [device BDF], [slice NAME] and [listener NAME]");
	bad(DEVICE SLICE "[]\n", 6, "unknown section");
	bad(DEVICE SLICE "[broker\n", 6, "ends with ]");
	bad(DEVICE SLICE "[broker] x\n", 6, "behind the section's ]");
	bad(DEVICE SLICE "[broker x]\n", 6, "[broker] is right");
	bad(DEVICE SLICE "nonsense\n", 6, "neither [section], nor key");
	bad(DEVICE SLICE "[device 0000:03:00.0]\n", 6, "already, in line 1");
	bad(DEVICE SLICE "[device 03:00.0]\nbackend=any\n", 6,
	    "already, in line 1");
	bad(DEVICE "[slice]\nbar=1\n" SLICE, 2, "no name of a slice");
	bad(DEVICE "[slice a/b]\nbar=1\n" SLICE, 2, "no name of a slice");
	bad(DEVICE SLICE SLICE, 6, "taken already, in line 2");
}

#define LISTENER	"[listener web]\nsocket=/tmp/w\n"

static void listeners(void **state)
{
	struct config *config = good("[broker]\nsocket=/tmp/s\n" DEVICE
		"[slice a]\nbar=0\nranges=0+4K\nusers=-\n"
		"[slice b]\nbar=0\nranges=64K+4K\ncount=2\nstride=4K\nunits=w@*.service, x.scope\n"
		"[listener web]\nsocket=/tmp/w\nslices=a, b\nsocket-mode=0600\n"
		"[listener pods]\nsocket=/tmp/p\nslices=b-1\ncgroups=/kubepods.slice\nusers=7\n");
	const struct config_listener *web = config_listener(config, "web");
	const struct config_listener *pods = config_listener(config, "pods");

	(void)state;
	assert_non_null(web);
	assert_non_null(pods);
	assert_null(config_listener(config, "a"));
	assert_string_equal(web->socket, "/tmp/w");
	assert_int_equal(web->mode, 0600);
	assert_int_equal(pods->mode, 0666);
	assert_true(config_is_of(config_find(config, "b-0"), &web->slices));
	assert_true(config_is_of(config_find(config, "a"), &web->slices));
	assert_false(config_is_of(config_find(config, "b-0"), &pods->slices));
	assert_true(config_is_of(config_find(config, "b-1"), &pods->slices));
	assert_string_equal(pods->who.cgroups.list[0], "/kubepods.slice");
	assert_int_equal(pods->who.users.ids[0], 7);
	assert_int_equal(config_find(config, "a")->rule->who.users.nr, 0);
	assert_false(config_find(config, "a")->rule->who.users.all);
	assert_int_equal(config_find(config, "b-0")->rule->who.units.nr, 2);
	assert_true(config_sees_cgroups(config));
	config_free(config);
}

static void bad_listeners(void **state)
{
	(void)state;
	bad(DEVICE SLICE "[listener]\nsocket=/a\nslices=a\n", 6,
	    "no name of a listener");
	bad(DEVICE SLICE "[listener grant-x]\nsocket=/a\nslices=a\n", 6,
	    "not with \"grant-\" before them");
	bad(DEVICE SLICE LISTENER, 6, "needs slices=");
	bad(DEVICE SLICE "[listener web]\nslices=a\n", 6, "needs socket=");
	bad(DEVICE SLICE LISTENER "slices=a\n[listener web]\n", 9,
	    "was there already, in line 6");
	bad(DEVICE SLICE LISTENER "slices=c\n", 6, "has a slice \"c\"");
	bad(DEVICE SLICE LISTENER "slices=a\n[listener v]\nsocket=/tmp/w\nslices=a\n",
	    9, "which is another one's");
	bad("[broker]\nsocket=/tmp/w\n" DEVICE SLICE LISTENER "slices=a\n", 8,
	    "which is another one's");
	bad_key("units=a.slice", "no unit that has processes");
	bad_key("units=a", "no unit that has processes");
	bad_key("cgroups=pods", "no control group");
	bad_key("cgroups=/", "no control group");
	bad_key("cgroups=/a/", "no control group");
}

static void names_of_slices(void **state)
{
	static const char tail[] = "]\nbar=0\nranges=0+4K\nusers=*\n";
	char text[256], name[66];

	(void)state;
	memset(name, 'n', sizeof(name));
	snprintf(text, sizeof(text), DEVICE "[slice %.63s%s", name, tail);
	config_free(good(text));
	snprintf(text, sizeof(text), DEVICE "[slice %.64s%s", name, tail);
	bad(text, 2, "1 to 63 letters");
	snprintf(text, sizeof(text),
		 DEVICE "[slice %.60s%scount=100\nstride=4K\n", name, tail);
	config_free(good(text));
	snprintf(text, sizeof(text),
		 DEVICE "[slice %.60s%scount=101\nstride=4K\n", name, tail);
	bad(text, 2, "more than 63 bytes");
}

static void addresses(void **state)
{
	static const char *const wrong[] = {
		"", "3:00.0", "03:00", "03:00.8", "03:20.0", "00000:03:00.0",
		"0000:03:00.00", "0000-03:00.0", "g0:00.0", "03:00.0 x",
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(text, sizeof(text), DEVICE "[device %s]\nx=1\n",
			 wrong[i]);
		bad(text, 2, "0000:03:00.0");
	}
	bad_key("device = 3", "is no PCI address");
	bad_slice("device = 04:00.0", "no section [device 0000:04:00.0]");
	bad("[device 04:00.0]\n" DEVICE SLICE, 3, "needs device=");
}

static void keys(void **state)
{
	(void)state;
	bad_key("rnages = 0+4K", "unknown key \"rnages\"; [slice NAME] has");
	bad_key("bar = 2", "was there already");
	bad_key("access = wr", "rw, ro");
	bad_key("memattr = wb", "nc, wc");
	bad_key("exclusive = true", "no, yes");
	bad_key("msix = 1", "no, yes");
	bad_key("users = 4294967295", "0 to 4294967294");
	bad_key("users = 7,,8", "between commas");
	bad_key("users =", "between commas");
	bad_key("max-holders = 0", "1 to 4294967294");
	bad_key("per-user = 0", "1 to 4294967294");
	bad_key("count = 0\nstride = 4K", "1 to 65536");
	bad_key("count = 65537\nstride = 4K", "1 to 65536");
	bad_key("stride = 0\ncount = 2", "out of range");
	bad_key("stride = 0x800\ncount = 2", "no multiple of a page");
	bad_slice("count = 2", "a template needs both");
	bad_slice("stride = 4K", "a template needs both");
	bad_slice("exclusive = yes\nmax-holders = 2", "exclusive, and yet");
	bad(DEVICE "backend = vfio\n", 2, "any, group, iommufd");
	bad(DEVICE "bar = 1\n", 2, "[device BDF] has backend");
	bad(DEVICE "[broker]\nsocket = here\n", 3, "begins with /");
	bad(DEVICE "[broker]\nsocket-mode = 888\n", 3, "is no mode");
	bad(DEVICE "[broker]\nsocket-mode = 4777\n", 3, "is no mode");
	bad(DEVICE "[broker]\nuser-connections = 0\n", 3, "out of range");
	bad(DEVICE "[broker]\nuser-leases = many\n", 3, "is no number");
}

/* Said, and of no effect: somebody else's slices are good all the same. */
static void unknown_names(void **state)
{
	struct config *config = good(DEVICE "[slice a]\nbar=2\nranges=0+4K\n"
				     "users = bob, alice\ngroups = alice\n"
				     "users = 65534\n" SLICE_B);
	const struct config_errors *warnings = &config->warnings;
	const struct config_rule *rule = &config->rules[0];

	(void)state;
	assert_int_equal(warnings->nr, 3);
	assert_int_equal(warnings->list[0].line, 5);
	assert_non_null(strstr(warnings->list[0].text, "unknown user \"bob\""));
	assert_int_equal(warnings->list[1].line, 6);
	assert_non_null(strstr(warnings->list[1].text,
			       "unknown group \"alice\""));
	assert_int_equal(warnings->list[2].line, 7);
	assert_non_null(strstr(warnings->list[2].text, "65534 is what all"));
	assert_int_equal(rule->who.users.nr, 2);
	assert_int_equal(rule->who.users.ids[0], 1001);
	assert_false(rule->who.users.all);
	assert_int_equal(rule->who.groups.nr, 0);
	assert_int_equal(config->nr_slices, 2);
	config_free(config);
}

static void queues(void **state)
{
	struct config *config = good("[broker]\ndma = 1G\nuser-dma = 0x2000\n"
				     DEVICE SLICE "interrupts = 4-7\n"
				     "dma = 16M\ndma-align = 2M\n"
				     "dma-base = 1G\n"
				     "reset = between-holders\n"
				     SLICE_B "interrupts = 3\n");
	const struct config_slice *slice = config_find(config, "a");

	(void)state;
	assert_int_equal(config->broker.dma, 1 << 30);
	assert_int_equal(config->broker.user_dma, 8192);
	assert_int_equal(slice->first_vector, 4);
	assert_int_equal(slice->rule->nr_vectors, 4);
	assert_int_equal(slice->rule->dma, 16 << 20);
	assert_int_equal(slice->rule->dma_align, 2 << 20);
	assert_int_equal(slice->rule->dma_base, 1 << 30);
	/* Nobody has to say the former. */
	assert_int_equal(slice->rule->flags,
			 BARLEASE_EXCLUSIVE | BARLEASE_RESET);
	slice = config_find(config, "b");
	assert_int_equal(slice->first_vector, 3);
	assert_int_equal(slice->rule->nr_vectors, 1);
	assert_int_equal(slice->rule->dma, 0);
	assert_int_equal(slice->rule->flags, BARLEASE_EXCLUSIVE);
	config_free(config);

	config = good(DEVICE SLICE "reset = never\n");
	assert_int_equal(config->slices[0].rule->flags, 0);
	assert_int_equal(config->slices[0].rule->nr_vectors, 0);
	assert_int_equal(config->broker.dma, 0);
	assert_int_equal(config->broker.user_dma, 0);
	config_free(config);
}

static void times(void **state)
{
	static const struct {
		const char *text;
		uint64_t milliseconds;
	} right[] = {
		{ "1ms", 1 }, { "500ms", 500 }, { "30s", 30000 }, { "30", 30000 },
		{ "10m", 600000 }, { "2h", 7200000 }, { "1d", 86400000 },
		{ "36500d", 3153600000000 },
	};
	static const char *const wrong[] = {
		"", "0", "0ms", "s", "1 s", "1S", "-1s", "+1s", "1.5s", "0x10",
		"1w", "1ms2", "forever",
	};
	static const char *const too_long[] = {
		"36501d", "3153600000001ms", "18446744073709551616ms",
		"18446744073709551615d",
	};
	struct config *config;
	char key[160];

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		snprintf(key, sizeof(key), DEVICE SLICE "grace = %s\n",
			 right[i].text);
		config = good(key);
		assert_int_equal(config->slices[0].rule->grace,
				 right[i].milliseconds);
		assert_int_equal(config->slices[0].rule->max_term, 0);
		config_free(config);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(key, sizeof(key), "max-time = %s", wrong[i]);
		bad_key(key, "is no time; 500ms, 30s, 10m, 2h and 1d are");
	}
	for (size_t i = 0; i < sizeof(too_long) / sizeof(*too_long); i++) {
		snprintf(key, sizeof(key), "grace = %s", too_long[i]);
		bad_key(key, "is more than a hundred years");
	}
	config = good("[broker]\nmax-grace = 2m\n" DEVICE SLICE
		      "max-time = 1h\n");
	assert_int_equal(config->broker.max_grace, 120000);
	assert_int_equal(config->slices[0].rule->max_term, 3600000);
	config_free(config);
	config = good(DEVICE SLICE);
	assert_int_equal(config->broker.max_grace, 60000);
	config_free(config);
}

static void bad_queues(void **state)
{
	static const char *const spans[] = {
		"2048", "7-4", "4-", "-4", "4-7-8", "4 - 7", "0-2048", "x", "",
	};
	char key[64];

	(void)state;
	for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
		snprintf(key, sizeof(key), "interrupts = %s", spans[i]);
		bad_key(key, "is none of the numbers from 0 to 2047");
	}
	bad_key("dma = 0", "out of range");
	bad_key("dma = 100", "no multiple of a page");
	bad_key("dma = lots", "is no number");
	bad_key("dma-align = 12K\ndma = 16M",
		"12K is no power of two; 4K and 2M are");
	bad_key("dma-align = 1\ndma = 16M", "no multiple of a page");
	bad_key("dma-base = 0x1001\ndma = 16M", "no multiple of a page");
	bad_key("reset = always", "never, between-holders");
	bad_slice("dma-align = 4K", "dma= is what it needs");
	bad_slice("dma-base = 4K", "dma= is what it needs");
	bad_slice("dma = 4K\nexclusive = no", "exclusive=yes is right");
	bad_slice("interrupts = 0\nexclusive = no", "exclusive=yes is right");
	bad_slice("dma = 4K\nmax-holders = 2", "exclusive, and yet");
	bad(DEVICE SLICE "interrupts = 0\n"
	    "[slice b]\nbar=2\nranges=0+4K\nusers=*\n", 7,
	    "a is exclusive, and shares bytes of BAR2 with b");
	bad(DEVICE "[broker]\ndma = 1\n", 3, "no multiple of a page");
	bad(DEVICE "[broker]\nuser-dma = 0\n", 3, "out of range");
}

/* Each slice of a template has as many, one after the other */
static void vectors_of_templates(void **state)
{
	struct config *config = good(DEVICE SLICE "interrupts = 4-7\n"
				     "count = 3\nstride = 8K\ndma = 1M\n");
	struct text text = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(config->slices[i].first_vector, 4 + 4 * i);
	describe_place(&text, config, &config->slices[2]);
	assert_string_equal(text.start,
			    "device=0000:03:00.0 bar=2 ranges=0x4000+0x1000 size=4096 access=rw memattr=nc interrupts=12-15 dma=1048576");
	text_free(&text);
	config_free(config);
	config_free(good(DEVICE SLICE
			 "interrupts=0-1023\ncount=2\nstride=4K\n"));
	bad_slice("interrupts=0-1023\ncount=3\nstride=4K",
		  "with 1024 interrupts each from 0 on, count=2 is the most; a device has no more than 2048");
	bad_slice("interrupts=2047\ncount=2\nstride=4K", "count=1 is the most");
}

static void shared_vectors(void **state)
{
#define OTHER	"[slice b]\nbar=1\nranges=4K+4K\nusers=*\n"
	(void)state;
	config_free(good(DEVICE SLICE "interrupts=0-3\n" SLICE_B
			 "interrupts=4\n"));
	bad(DEVICE SLICE "interrupts=0-3\n" SLICE_B "interrupts=3\n", 7,
	    "b has interrupt 3, and so has a of line 2; each is for one slice");
	/* Whichever comes first in the file */
	bad(DEVICE SLICE "interrupts=3\n" SLICE_B "interrupts=0-3\n", 2,
	    "a has interrupt 3, and so has b of line 7");
	bad(DEVICE SLICE "interrupts=0-1\ncount=4\nstride=4K\n"
	    OTHER "interrupts=5\n", 9,
	    "b has interrupt 5, and so has a-2 of line 2");
	config_free(good("[device 04:00.0]\n" DEVICE
			 SLICE "interrupts=0-3\ndevice=04:00.0\n"
			 OTHER "interrupts=0-3\ndevice=03:00.0\n"));
#undef OTHER
}

/* Of a device whose one slice this is; @words are NULL where it is good */
static void fits(const struct handle *handle, const char *key_lines,
		 const char *words)
{
	struct config_errors errors = { 0 };
	struct config *config;
	char text[512];

	snprintf(text, sizeof(text), DEVICE SLICE "%s\n", key_lines);
	config = good(text);
	fit_check(handle, config, &errors);
	assert_int_equal(errors.nr, !!words);
	if (words) {
		assert_int_equal(errors.list[0].line, 2);
		if (!strstr(errors.list[0].text, words))
			fail_msg("%s", errors.list[0].text);
	}
	config_free_errors(&errors);
	config_free(config);
}

static void queues_that_a_device_has(void **state)
{
	struct handle handle = {
		.bdf = "0000:03:00.0",
		.bars[2] = { .size = 1 << 20, .mappable = true },
		.interrupts = { .kind = BARLEASE_MSIX_VECTORS, .nr = 8 },
		.can_reset = true,
	};

	(void)state;
	fits(&handle, "interrupts=0-7\ndma=4K\nreset=between-holders", NULL);
	fits(&handle, "interrupts=8",
	     "wants interrupts up to 8, counted from 0; 0000:03:00.0 has 8 interrupts by MSI-X");
	fits(&handle, "interrupts=0-1\ncount=4\nstride=4K", NULL);
	fits(&handle, "interrupts=0-1\ncount=5\nstride=4K",
	     "wants interrupts up to 9");
	handle.interrupts = (struct barlease_interrupts){ BARLEASE_INTX, 1, { 0 } };
	fits(&handle, "interrupts=0", NULL);
	fits(&handle, "interrupts=1", "has 1 interrupt, an INTx");
	handle.interrupts = (struct barlease_interrupts){ .nr = 0 };
	fits(&handle, "interrupts=0", "has 0 interrupts");
	handle.can_reset = false;
	fits(&handle, "reset=between-holders",
	     "0000:03:00.0 has no reset of its own; reset=never is right");
	handle.backend = BARLEASE_BACKEND_NOIOMMU;
	fits(&handle, "dma=4K", "0000:03:00.0 has no IOMMU");
}

static void missing_keys(void **state)
{
	(void)state;
	bad(DEVICE "[slice a]\nbar=0\nusers=*\n", 2, "needs ranges=");
	bad(DEVICE "[slice a]\nranges=0+4K\nusers=*\n", 2, "needs bar=");
	bad(DEVICE "[slice a]\nbar=0\nranges=0+4K\n", 2, "is for nobody");
	bad("[slice a]\nbar=0\nranges=0+4K\n" DEVICE, 1, "is for nobody");
}

static void numbers(void **state)
{
	(void)state;
	bad_key("max-holders = 1x", "is no number");
	bad_key("max-holders = x", "is no number");
	bad_key("max-holders = -1", "is no number");
	bad_key("max-holders = +1", "is no number");
	bad_key("max-holders = 010", "is no number");
	bad_key("max-holders = 0x", "is no number");
	bad_key("max-holders = 4k", "is no number");
	bad_key("max-holders = 4KK", "is no number");
	bad_key("max-holders = 1 2", "is no number");
	bad_key("max-holders = 18446744073709551616", "64 bits");
	bad_key("max-holders = 0x1ffffffffffffffff", "64 bits");
	bad_key("max-holders = 0x3ffffffffffffffG", "64 bits");
	bad(DEVICE "[slice a]\nranges=0+4K\nusers=*\nbar = 6\n", 5, "0 to 5");
}

static void ranges(void **state)
{
	(void)state;
	bad_key("ranges = 4K", "is no range");
	bad_key("ranges = 4K-8K", "is no range");
	bad_key("ranges = 4K+", "is no range");
	bad_key("ranges = +4K", "is no range");
	bad_key("ranges = 0+4K+4K", "is no range");
	bad_key("ranges = 0+0", "is empty");
	bad_key("ranges = 0+4K,", "between commas");
	bad_key("ranges = 0x1100+4K", "the offset 0x1100 is no multiple");
	bad_key("ranges = 0x1100+4K", "0x1000 is one");
	bad_key("ranges = 0+100", "the length 0x64 is no multiple");
	bad_key("ranges = 0x7ffffffffffff000+4K", "where no BAR can");
	bad_key("ranges = 0xfffffffffffff000+4K", "where no BAR can");
	bad_key("ranges = 99999999999999999999+4K", "64 bits");
	bad_slice("count = 65536\nstride = 0x1000000000000", "where no BAR can");
}

static void exclusive_slices(void **state)
{
#define A "[slice a]\nbar=2\nusers=*\nexclusive=yes\n"
#define B "[slice b]\nbar=2\nusers=*\n"
	(void)state;
	config_free(good(DEVICE A "ranges=0+8K\n" B "ranges=8K+4K\n"));
	config_free(good(DEVICE A "ranges=0+8K,4K+8K,0+4K\n"
			 B "ranges=1M+4K\n"));
	config_free(good(DEVICE B "ranges=0+8K\n"
			 "[slice c]\nbar=2\nusers=*\nranges=0+8K\n"));
	config_free(good(DEVICE A "ranges=0+8K\n"
			 "[slice b]\nbar=1\nusers=*\nranges=0+8K\n"));
	bad(DEVICE A "ranges=0+8K\n" B "ranges=4K+4K\n", 7,
	    "a is exclusive, and shares bytes of BAR2 with b of line 7, from 0x1000 on");
	bad(DEVICE B "ranges=0+1M\n" A "ranges=4K+4K\n", 6,
	    "a is exclusive, and shares bytes of BAR2 with b of line 2");
	bad(DEVICE B "ranges=0+4K,64K+4K\n" A "ranges=4K+60K,68K+4K\n"
	    "[slice c]\nbar=2\nusers=*\nranges=60K+4K\n", 11,
	    "shares bytes of BAR2 with c of line 11, from 0xf000 on");
	/* The furthest-reaching span is the slice's own, another is in its way */
	bad(DEVICE B "ranges=0+64K\n" A "ranges=1M+1M\nranges=32K+4K\n", 6,
	    "from 0x8000 on");
	bad(DEVICE A "ranges=0+8K\ncount=3\nstride=4K\n", 2,
	    "shares bytes of BAR2 with a-1");
	config_free(good(DEVICE A "ranges=0+4K\ncount=3\nstride=4K\n"));
	config_free(good("[device 04:00.0]\n" DEVICE
			 A "ranges=0+8K\ndevice=04:00.0\n"
			 B "ranges=4K+4K\ndevice=03:00.0\n"));
#undef A
#undef B
}

static void colliding_names(void **state)
{
	(void)state;
	bad(DEVICE SLICE "count=20\nstride=4K\n"
	    "[slice a-7]\nbar=0\nranges=0+4K\nusers=*\n", 8,
	    "a-7 is taken already, in line 2");
	/* One word for all twenty */
	bad(DEVICE SLICE "count=20\nstride=4K\n" SLICE "count=20\nstride=4K\n",
	    8, "is taken already, in line 2");
	config_free(good(DEVICE SLICE "count=20\nstride=4K\n"
			 "[slice a]\nbar=0\nranges=0+4K\nusers=*\n"));
}

static void too_many_slices(void **state)
{
	(void)state;
	bad(DEVICE SLICE "count=65536\nstride=4K\n"
	    "[slice b]\nbar=0\nranges=0+4K\nusers=*\n", 8,
	    "more than 65536 slices");
}

static void all_errors_at_once(void **state)
{
	static const char text[] =
		"x = 1\n" DEVICE "[slice a]\nbar = 9\nusers = ,\n"
		"what\n";
	struct config_errors errors = { 0 };
	static const unsigned int lines[] = { 1, 3, 4, 5, 5, 6 };
	struct config *config;

	(void)state;
	assert_int_equal(config_parse(text, strlen(text), &names, &config,
				      &errors), -EINVAL);
	assert_int_equal(errors.nr, 6);
	for (size_t i = 0; i < errors.nr; i++)
		assert_int_equal(errors.list[i].line, lines[i]);
	config_free_errors(&errors);
}

static void no_end_of_errors(void **state)
{
	struct config_errors errors = { 0 };
	struct config *config;
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 1; i < sizeof(text); i += 2)
		text[i] = '\n';
	assert_int_equal(config_parse(text, sizeof(text), &names, &config,
				      &errors), -EINVAL);
	assert_int_equal(errors.nr, 100);
	config_free_errors(&errors);
}

static void lines_that_are_no_text(void **state)
{
	static const char nul[] = DEVICE "# a\0b\n";
	struct config_errors errors = { 0 };
	struct config *config;

	(void)state;
	assert_int_equal(config_parse(nul, sizeof(nul) - 1, &names, &config,
				      &errors), -EINVAL);
	assert_int_equal(errors.nr, 1);
	assert_int_equal(errors.list[0].line, 2);
	config_free_errors(&errors);
}

/* A list has as many items as it needs. */
static void long_lines(void **state)
{
	enum { IDS = 5000 };
	static char text[sizeof(DEVICE SLICE) + 32 + 8 * IDS];
	struct config *config;
	int n;

	(void)state;
	n = snprintf(text, sizeof(text), DEVICE SLICE "users = 1");
	for (int i = 1; i < IDS; i++)
		n += snprintf(text + n, sizeof(text) - n, ", %d", i);
	config = good(text);
	assert_int_equal(config->rules[0].who.users.nr, IDS);
	config_free(config);
}

/* What is a comment, and what is not; blanks; both ends of a file */
static void bits_of_lines(void **state)
{
	struct config *config = good(" \t; one\n\t[device 03:00.0];\n"
				     "[slice a]\r\n\tbar\t=\t2\t ;\n"
				     "ranges=0+4K ; 0+8K\nusers= * \t\n"
				     "[broker]\nsocket = /a;b#c ;d\n;");

	(void)state;
	assert_string_equal(config->broker.socket, "/a;b#c");
	assert_int_equal(config_size_of(&config->slices[0]), 4096);
	config_free(config);
	bad(DEVICE "[slice a]\nbar=1\nranges=0+4K\nusers=;\n", 5,
	    "between commas");
	bad(DEVICE SLICE "= 1", 6, "unknown key \"\"");
	bad(DEVICE SLICE "bar: 1", 6, "neither [section], nor key = value");
	bad(DEVICE SLICE "a\x01=b", 6, "no text");
	bad("\xef\xbb" DEVICE DEVICE, 1, "neither");
}

/* Of two configurations of one slice each */
static void compare(const char *text, const char *with, bool same)
{
	struct config *config = good(text), *other = good(with);

	assert_int_equal(config_same_slice(config, &config->slices[0], other,
					   &other->slices[0]), same);
	config_free(other);
	config_free(config);
}

static void same_slices(void **state)
{
#define SAME	DEVICE "[slice a]\nbar=2\nranges=4K+8K\nusers=*\n"
	static const struct {
		const char *text;
		bool same;
	} others[] = {
		{ SAME, true },
		{ "[device 05:00.0]\n" SAME "device=03:00.0\n", true },
		{ DEVICE "[slice a]\nbar=2\nranges=4K+8K\nusers=alice\n", true },
		{ "[device 05:00.0]\n" SAME "device=05:00.0\n", false },
		{ DEVICE "[slice a]\nbar=1\nranges=4K+8K\nusers=*\n", false },
		{ DEVICE "[slice a]\nbar=2\nranges=4K+4K\nusers=*\n", false },
		{ DEVICE "[slice a]\nbar=2\nranges=8K+8K\nusers=*\n", false },
		{ SAME "ranges=1M+4K\n", false },
		{ SAME "access=ro\n", false },
		{ SAME "memattr=wc\n", false },
		{ SAME "exclusive=yes\n", false },
		{ SAME "msix=yes\n", false },
		{ SAME "msix=no\n", true },
		{ SAME "max-holders=3\n", false },
		{ SAME "interrupts=0\n", false },
		{ SAME "dma=4K\n", false },
		{ SAME "reset=between-holders\n", false },
		{ SAME "reset=never\n", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		compare(SAME, others[i].text, others[i].same);
#undef SAME
}

static void same_queues(void **state)
{
#define SAME	DEVICE SLICE "interrupts=4-5\ndma=1M\n"
	static const struct {
		const char *text;
		bool same;
	} others[] = {
		{ SAME, true },
		{ SAME "exclusive=yes\n", true },
		{ DEVICE SLICE "interrupts=4-6\ndma=1M\n", false },
		{ DEVICE SLICE "interrupts=3-4\ndma=1M\n", false },
		{ DEVICE SLICE "interrupts=4-5\ndma=2M\n", false },
		{ SAME "dma-align=4K\n", false },
		{ SAME "dma-base=2M\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		compare(SAME, others[i].text, others[i].same);
#undef SAME
}

/* A template's slices, with and without a group, and moved */
static void same_slices_of_templates(void **state)
{
#define HEAD	DEVICE "[slice a]\nbar=2\nranges=0+4K\nusers=*\nstride=8K\n"
	struct config *two = good(HEAD "count=2\n");
	struct config *three = good(HEAD "count=3\n");
	struct config *alone = good(DEVICE "[slice a-1]\nbar=2\nranges=8K+4K\n"
				    "users=*\n");

	(void)state;
	assert_true(config_same_slice(two, &two->slices[1], three,
				      &three->slices[1]));
	assert_false(config_same_slice(two, &two->slices[1], three,
				       &three->slices[2]));
	assert_false(config_same_slice(two, &two->slices[1], alone,
				       &alone->slices[0]));
	config_free(two);
	config_free(three);
	config_free(alone);
#undef HEAD
}

static void words_of_a_slice(void **state)
{
	struct config *config = good(DEVICE "[slice f]\nbar=2\n"
				     "ranges=0+4K,1M+8K\nusers=*\naccess=ro\n"
				     "memattr=wc\nexclusive=yes\n"
				     "count=2\nstride=16K\n");
	struct text text = { 0 };

	(void)state;
	describe_slice(&text, config, &config->slices[1], 3);
	assert_false(text.incomplete);
	assert_string_equal(text.start,
			    "slice name=f-1 group=f device=0000:03:00.0 bar=2 ranges=0x4000+0x1000,0x104000+0x2000 size=12288 access=ro memattr=wc exclusive=1 max=0 per-user=0 holders=3");
	text_free(&text);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_there_is),
		cmocka_unit_test(as_little_as_possible),
		cmocka_unit_test(the_device_may_come_later),
		cmocka_unit_test(templates),
		cmocka_unit_test(sections),
		cmocka_unit_test(listeners),
		cmocka_unit_test(bad_listeners),
		cmocka_unit_test(names_of_slices),
		cmocka_unit_test(addresses),
		cmocka_unit_test(keys),
		cmocka_unit_test(unknown_names),
		cmocka_unit_test(queues),
		cmocka_unit_test(times),
		cmocka_unit_test(bad_queues),
		cmocka_unit_test(vectors_of_templates),
		cmocka_unit_test(shared_vectors),
		cmocka_unit_test(queues_that_a_device_has),
		cmocka_unit_test(missing_keys),
		cmocka_unit_test(numbers),
		cmocka_unit_test(ranges),
		cmocka_unit_test(exclusive_slices),
		cmocka_unit_test(colliding_names),
		cmocka_unit_test(too_many_slices),
		cmocka_unit_test(all_errors_at_once),
		cmocka_unit_test(no_end_of_errors),
		cmocka_unit_test(lines_that_are_no_text),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(bits_of_lines),
		cmocka_unit_test(same_slices),
		cmocka_unit_test(same_queues),
		cmocka_unit_test(same_slices_of_templates),
		cmocka_unit_test(words_of_a_slice),
		cmocka_unit_test(the_example),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
