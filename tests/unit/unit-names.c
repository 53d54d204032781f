// SPDX-License-Identifier: MIT
/*
 * Names of PCI vendors and devices, of a pci.ids that is made up
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "names.h"

static char ids[32];

static int write_ids(void **state)
{
	static const char text[] =
		"f00d  Acme Machines\n\tcafe  Doorbell Controller\n";
	int fd;

	(void)state;
	snprintf(ids, sizeof(ids), "/tmp/barlease-unit.XXXXXX");
	fd = mkstemp(ids);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -1;
	return close(fd);
}

static int remove_ids(void **state)
{
	(void)state;
	names_forget();
	return unlink(ids);
}

static void expect(unsigned int vendor, unsigned int device,
		   const char *vendor_name, const char *device_name)
{
	struct names names = names_of(ids, vendor, device);

	assert_string_equal(names.vendor, vendor_name);
	assert_string_equal(names.device, device_name);
}

static void known(void **state)
{
	(void)state;
	expect(0xf00d, 0xcafe, "Acme Machines", "Doorbell Controller");
	expect(0xf00d, 0xcafe, "Acme Machines", "Doorbell Controller");
}

static void unknown(void **state)
{
	(void)state;
	expect(0xf00d, 0x0001, "Acme Machines", "");
	expect(0xf00e, 0xcafe, "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known),
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests_name("names", tests, write_ids,
					   remove_ids);
}
