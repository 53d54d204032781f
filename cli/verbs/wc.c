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

#include <barlease.h>

#include "cli.h"
#include "device.h"
#include "file.h"
#include "number.h"
#include "prove.h"
#include "size.h"

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
		return failed_by(verb, error, "%s has no attribute for BAR %u: it is bound to %s",
				 dev->bdf, bar, *dev->driver ? pci_driver_text(dev).text :
					     "no driver");
	case -EACCES:
	case -EPERM:
		return failed_by(verb, error, "only root may do that");
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

/*
 * A mapping of our own, which has the attribute that others would get. Where it
 * is not what the driver says, that is bad.
 */
static int prove(const struct verb *verb, const struct barlease_device *device,
		 unsigned int bar, const char *line)
{
	uint64_t start = 0, end = 0;
	struct proof proof;
	char memattr[4] = "";
	int ret;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %3s", &start, &end,
		   memattr) != 3)
		return failed(verb, "BAR %u has \"%s\"; is the driver of another version?",
			      bar, line);
	ret = prove_range(device, bar, start, end - start + 1, &proof);
	if (ret)
		return failed(verb, "BAR %u %s: %s", bar, line, ret == -ENOTTY ?
			      "this driver cannot tell" : strerror(-ret));
	printf("BAR %u %s, in the page table %s, in pages of %s\n", bar, line,
	       proof.memattr, size_text(proof.page_size).text);
	return strcmp(proof.memattr, memattr) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Each line with the BAR's number before it; @device is NULL or to be mapped */
static int show(const struct verb *verb, const struct pci_device *dev,
		const struct barlease_device *device, unsigned int bar)
{
	char *text, *line, *rest = NULL;
	int ret;

	ret = file_read_all(&text, ATTRIBUTE, dev->bdf, bar);
	if (ret)
		return refused(verb, dev, bar, "all", ret);
	for (line = strtok_r(text, "\n", &rest); line && !ret;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (device)
			ret = prove(verb, device, bar, line);
		else
			printf("BAR %u %s\n", bar, line);
	}
	free(text);
	return ret;
}

static int show_all(const struct verb *verb, const struct pci_device *dev,
		    const struct barlease_device *device)
{
	unsigned int bar;
	int ret, shown = 0;

	for (bar = 0; bar < PCI_BARS; bar++) {
		if (!file_exists(ATTRIBUTE, dev->bdf, bar))
			continue;
		ret = show(verb, dev, device, bar);
		if (ret)
			return ret;
		shown++;
	}
	if (shown)
		return EXIT_SUCCESS;
	return failed_by(verb, -ENOENT, "%s has no attributes: it is bound to %s",
			 dev->bdf, *dev->driver ? pci_driver_text(dev).text : "no driver");
}

static int open_to_prove(const struct verb *verb, const char *bdf,
			 struct barlease_device **device)
{
	int ret;

	ret = barlease_device_open(bdf, BARLEASE_BACKEND_ANY, device);
	if (ret == -EBUSY)
		return failed_by(verb, ret, "%s is in use, and so cannot be mapped", bdf);
	if (ret)
		return failed_by(verb, ret, "%s cannot be opened: %s", bdf,
				 strerror(-ret));
	return EXIT_SUCCESS;
}

/* @bar: a number, or NULL: all of them */
static int show_or_prove(const struct verb *verb, const struct options *options,
			 const struct pci_device *dev, const uint64_t *bar)
{
	struct barlease_device *device = NULL;
	int ret = EXIT_SUCCESS;

	if (options->given & OPT_PROVE)
		ret = open_to_prove(verb, dev->bdf, &device);
	if (ret)
		return ret;
	if (bar)
		ret = show(verb, dev, device, (unsigned int)*bar);
	else
		ret = show_all(verb, dev, device);
	barlease_device_close(device);
	return ret;
}

static int wc(const struct verb *verb, const struct options *options, int argc,
	      char **argv)
{
	bool off = options->given & OPT_OFF;
	struct pci_device dev;
	uint64_t bar;
	int ret;

	ret = device_named(verb, argv[0], &dev);
	if (ret)
		return ret;
	if (argc == 1 && off)
		return misused(verb, "--off of which BAR?");
	if (argc == 1)
		return show_or_prove(verb, options, &dev, NULL);
	if (!parse_number(argv[1], PCI_BARS - 1, &bar))
		return misused(verb, "\"%s\" is no BAR, 0 to %d", argv[1],
			       PCI_BARS - 1);
	ret = set(verb, &dev, bar, argc > 2 ? argv[2] : NULL, off ? "nc" : "wc");
	return ret ?: show_or_prove(verb, options, &dev, &bar);
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
"windows of memory, not for registers. With --prove, opens the device, which\n"
"resets it and which nobody else may have open, maps what it shows, and has the\n"
"driver look at the page table; ends with 1 if that says something else.\n",
	.examples =
"  barlease wc 0000:03:00.0\n"
"  barlease wc 0000:03:00.0 2\n"
"  barlease wc 0000:03:00.0 2 0x1000-0x1fff --off\n"
"  barlease wc --prove 0000:03:00.0\n",
	.takes = OPT_OFF | OPT_PROVE,
	.min = 1,
	.max = 3,
	.run = wc,
};
