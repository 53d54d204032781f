// SPDX-License-Identifier: MIT
/*
 * barlease wc: write-combining BAR maps, for programs that know nothing of it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "device.h"
#include "file.h"
#include "number.h"

#define ATTRIBUTE	"/sys/bus/pci/devices/%s/barlease/bar%u_memattr"

/* "START-END", the last byte included, as in what is shown */
static bool parse_range(const char *text, uint64_t *start, uint64_t *end)
{
	char first[32];
	const char *dash = strchr(text, '-');

	if (!dash || (size_t)(dash - text) >= sizeof(first))
		return false;
	memcpy(first, text, dash - text);
	first[dash - text] = '\0';
	return parse_number(first, UINT64_MAX, start) &&
	       parse_number(dash + 1, UINT64_MAX, end) && *start <= *end;
}

static int refused(const struct verb *verb, const struct pci_device *dev,
		   unsigned int bar, const char *range, int error)
{
	switch (error) {
	case -ENOENT:
		return failed(verb, "%s has no attribute for BAR %u: it is bound to %s",
			      dev->bdf, bar,
			      *dev->driver ? pci_driver_text(dev).text :
					     "no driver");
	case -EACCES:
	case -EPERM:
		return failed(verb, "only root may do that");
	case -EINVAL:
		return failed(verb, "%s is no whole pages, or not in BAR %u of %" PRIu64 " bytes",
			      range, bar, dev->bar[bar].size);
	case -EOPNOTSUPP:
		return failed(verb, "this machine cannot have write-combining mappings");
	case -E2BIG:
		return failed(verb, "BAR %u of %s would have too many parts",
			      bar, dev->bdf);
	default:
		return failed(verb, "BAR %u of %s: %s", bar, dev->bdf,
			      strerror(-error));
	}
}

static int set(const struct verb *verb, const struct pci_device *dev,
	       unsigned int bar, const char *range, const char *memattr)
{
	uint64_t start, end;
	char text[64];
	int ret;

	snprintf(text, sizeof(text), "%s", memattr);
	if (range) {
		if (!parse_range(range, &start, &end))
			return misused(verb, "\"%s\" is no range, as 0x1000-0x1fff is one",
				       range);
		snprintf(text, sizeof(text), "%#" PRIx64 "-%#" PRIx64 " %s",
			 start, end, memattr);
	}
	ret = file_write(text, ATTRIBUTE, dev->bdf, bar);
	return ret ? refused(verb, dev, bar, range ?: "all", ret) :
		     EXIT_SUCCESS;
}

/* Each line with the BAR's number before it */
static int show(const struct verb *verb, const struct pci_device *dev,
		unsigned int bar)
{
	char *text, *line, *rest = NULL;
	int ret;

	ret = file_read_all(&text, ATTRIBUTE, dev->bdf, bar);
	if (ret)
		return refused(verb, dev, bar, "all", ret);
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		printf("BAR %u %s\n", bar, line);
	free(text);
	return EXIT_SUCCESS;
}

static int show_all(const struct verb *verb, const struct pci_device *dev)
{
	unsigned int bar;
	int ret, shown = 0;

	for (bar = 0; bar < PCI_BARS; bar++) {
		if (!file_exists(ATTRIBUTE, dev->bdf, bar))
			continue;
		ret = show(verb, dev, bar);
		if (ret)
			return ret;
		shown++;
	}
	if (shown)
		return EXIT_SUCCESS;
	return failed(verb, "%s has no attributes: it is bound to %s", dev->bdf,
		      *dev->driver ? pci_driver_text(dev).text : "no driver");
}

static int wc(const struct verb *verb, const struct options *options, int argc,
	      char **argv)
{
	const char *memattr = options->given & OPT_OFF ? "nc" : "wc";
	struct pci_device dev;
	uint64_t bar;
	int ret;

	ret = device_named(verb, argv[0], &dev);
	if (ret)
		return ret;
	if (argc == 1 && options->given & OPT_OFF)
		return misused(verb, "--off of which BAR?");
	if (argc == 1)
		return show_all(verb, &dev);
	if (!parse_number(argv[1], PCI_BARS - 1, &bar))
		return misused(verb, "\"%s\" is no BAR, 0 to %d", argv[1],
			       PCI_BARS - 1);
	ret = set(verb, &dev, bar, argc > 2 ? argv[2] : NULL, memattr);
	return ret ?: show(verb, &dev, bar);
}

const struct verb wc_verb = {
	.name = "wc",
	.operands = "DEVICE [BAR [RANGE]]",
	.summary = "make maps of a BAR write-combining",
	.details =
"From now on, whoever maps BAR of the device, through VFIO and not as a lease,\n"
"has it write-combining: all of it, or the bytes of RANGE. Mappings that exist\n"
"stay what they are, so this comes before the program starts. It holds until\n"
"the device is unbound. Shows what holds then; without BAR it only shows. For\n"
"windows of memory, not for registers.\n",
	.examples =
"  barlease wc 0000:03:00.0\n"
"  barlease wc 0000:03:00.0 2\n"
"  barlease wc 0000:03:00.0 2 0x1000-0x1fff --off\n",
	.takes = OPT_OFF,
	.min = 1,
	.max = 3,
	.run = wc,
};
