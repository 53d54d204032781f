// SPDX-License-Identifier: MIT
/*
 * PCI addresses as people write them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/device/pci.h"

static void good(void **state)
{
	static const char *const pairs[][2] = {
		{ "0000:00:00.0", "0000:00:00.0" },
		{ "03:00.1", "0000:03:00.1" },
		{ "FF:1F.7", "0000:ff:1f.7" },
		{ "0001:aB:0C.3", "0001:ab:0c.3" },
		{ "10000:e1:00.0", "10000:e1:00.0" },
		{ "fffffffe:ff:1f.7", "fffffffe:ff:1f.7" },
		{ "00000000:01:00.0", "0000:01:00.0" },
	};
	char address[BARLEASE_PCI_ADDRESS_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		assert_int_equal(barlease_pci_address(pairs[i][0], address), 0);
		assert_string_equal(address, pairs[i][1]);
	}
}

static void bad(void **state)
{
	static const char *const texts[] = {
		"", ":", "::", ":.", ".", "0", "00:00", "00:00.", "00:00.8",
		"00:20.0", "0:00.0", "00:0.0", "000:00.0", "00:000.0",
		"00:00.00", "00:00.0 ", " 00:00.0", "00:00.0\n", "-0:00.0",
		"0x:00.0", "000:00:00.0", ":00:00.0", "000000000:00:00.0",
		"100000000:00:00.0", "0000:00:00:0", "0000.00.00.0",
		"0000:00:00.0:", "0000:00:00.0.0", "0000::00.0", "g000:00:00.0",
		"0000:00:00.-1", "0000:00:00.a", "../0000:00:00.0",
		"0000:00:00.0/..", "+000:00:00.0",
	};
	char address[BARLEASE_PCI_ADDRESS_SIZE] = "untouched";

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (barlease_pci_address(texts[i], address) != -EINVAL)
			fail_msg("\"%s\" was taken for an address", texts[i]);
		assert_string_equal(address, "untouched");
	}
}

/* Cut short, or with another character anywhere, it is still no crash */
static void mangled(void **state)
{
	static const char good_one[] = "0000:03:00.1";

	(void)state;
	for (size_t at = 0; at < sizeof(good_one); at++) {
		for (int c = 0; c < 256; c++) {
			char *text = strdup(good_one);
			char address[BARLEASE_PCI_ADDRESS_SIZE];

			assert_non_null(text);
			text[at] = (char)c;
			if (at < sizeof(good_one) - 1)
				barlease_pci_address(text, address);
			free(text);
		}
	}
}

static void absent(void **state)
{
	struct bl_pci pci;
	char name[32];

	(void)state;
	assert_int_equal(barlease_pci_address("fffffffe:ff:1f.7", pci.name), 0);
	assert_int_equal(bl_pci_group(&pci), -ENODEV);
	assert_int_equal(bl_pci_vfio_name(&pci, name, sizeof(name)), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "addresses are brought into sysfs's form", good, NULL, NULL, NULL },
		{ "what is no address is refused", bad, NULL, NULL, NULL },
		{ "mangled addresses do no harm", mangled, NULL, NULL, NULL },
		{ "where no device is, there is ENODEV", absent, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
