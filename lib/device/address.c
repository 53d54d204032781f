// SPDX-License-Identifier: MIT
/*
 * PCI addresses as people write them, into those of sysfs and VFIO
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "public.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Returns how many digits there are, and leaves @text behind them */
static int parse_hex(const char **text, uint32_t *value)
{
	int digits = 0;

	for (*value = 0; hex_digit(**text) >= 0; digits++, ++*text)
		*value = *value << 4 | (uint32_t)hex_digit(**text);
	return digits;
}

/* The same for a part of an address: so many digits, and what follows them */
static int parse_part(const char **text, int digits, char end, uint32_t max,
		      uint32_t *value)
{
	if (parse_hex(text, value) != digits || **text != end || *value > max)
		return -EINVAL;
	if (end)
		++*text;
	return 0;
}

static int parse_domain(const char **text, uint32_t *domain)
{
	const char *at = *text;
	int digits = parse_hex(&at, domain);

	if (digits < 4 || digits > 8 || *at != ':')
		return -EINVAL;
	*text = at + 1;
	return 0;
}

int barlease_pci_address(const char *text,
			 char address[BARLEASE_PCI_ADDRESS_SIZE])
{
	uint32_t domain = 0, bus, device, function;

	/* Only a full address has two colons. */
	if (strchr(text, ':') != strrchr(text, ':') &&
	    parse_domain(&text, &domain))
		return -EINVAL;
	if (parse_part(&text, 2, ':', 0xff, &bus) ||
	    parse_part(&text, 2, '.', 0x1f, &device) ||
	    parse_part(&text, 1, '\0', 7, &function))
		return -EINVAL;

	snprintf(address, BARLEASE_PCI_ADDRESS_SIZE, "%04x:%02x:%02x.%x", domain,
		 bus & 0xff, device & 0x1f, function & 7);
	return 0;
}
