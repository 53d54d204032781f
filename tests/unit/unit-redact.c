// SPDX-License-Identifier: MIT
/*
 * What 'barlease report' shows of a command line and of a configuration, and
 * what it does not
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "redact.h"

static void expect(char *(*redact)(const char *text), const char *text,
		   const char *want)
{
	char *got = redact(text);

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

static void command_lines(void **state)
{
	(void)state;
	expect(redact_cmdline, "", "(0 others)");
	expect(redact_cmdline, "\n", "(0 others)");
	expect(redact_cmdline,
	       "root=UUID=12-34 intel_iommu=on  iommu=pt quiet password=x\n",
	       "intel_iommu=on iommu=pt (3 others)");
	expect(redact_cmdline,
	       "vfio-pci.ids=1af4:1110 hugepagesz=1G hugepages=2 nopat",
	       "vfio-pci.ids=1af4:1110 hugepagesz=1G hugepages=2 nopat (0 others)");
	/* It is what begins with a word of ours, not what has one in it. */
	expect(redact_cmdline, "my_vfio=secret luks.iommu=x", "(2 others)");
}

static void configurations(void **state)
{
	(void)state;
	expect(redact_config, "", "");
	expect(redact_config, "# the password is x\n\n ; and y\n", "");
	expect(redact_config,
	       "[device 0000:03:00.0] ; of my customer\n"
	       " backend=group ; as they wish\n",
	       "[device 0000:03:00.0]\nbackend = group\n");
	expect(redact_config,
	       "[slice a]\nranges = 0+4K, 8K+4K\nusers = root, 1001, *\n"
	       "groups=root\n",
	       "[slice a]\nranges = 0+4K, 8K+4K\nusers = 0, 1001, *\n"
	       "groups = 0\n");
	expect(redact_config, "users = nobody-of-this-name,, *\n",
	       "users = unknown, , *\n");
}

/* What is no configuration may be anything. */
static void other_files(void **state)
{
	(void)state;
	expect(redact_config, "root:$6$abc:19000:0\n",
	       "(a line that is neither section nor key)\n");
	expect(redact_config, "[secret\n", "(a section without an end)\n");
	expect(redact_config, "[a] secret\n", "[a]\n");
}

static void addresses(void **state)
{
	char text[] = "igb 0000:05:00.0: eth0: 52:54:00:ab:CD:56, 52:54:00:12:34";

	(void)state;
	redact_addresses(text);
	assert_string_equal(text,
			    "igb 0000:05:00.0: eth0: xx:xx:xx:xx:xx:xx, 52:54:00:12:34");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines),
		cmocka_unit_test(configurations),
		cmocka_unit_test(other_files),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
