// SPDX-License-Identifier: MIT
/*
 * Numbers on the command line
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>

#include "number.h"

bool parse_number(const char *text, uint64_t max, uint64_t *number)
{
	char *end;
	int base = text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10;

	/* strtoull() takes signs and blanks, too. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, base);
	return !*end && !errno && *number <= max;
}

bool parse_thousandths(const char *text, uint64_t max, uint64_t *thousandths)
{
	unsigned int digit, place = 100;
	uint64_t value = 0;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		digit = (unsigned int)(*text - '0') * 1000;
		if (value > max / 10 || value * 10 + digit > max)
			return false;
		value = value * 10 + digit;
	}
	if (*text == '.' && text[1])
		for (text++; *text >= '0' && *text <= '9'; text++, place /= 10)
			value += (unsigned int)(*text - '0') * place;
	*thousandths = value;
	return !*text && value <= max;
}
