// SPDX-License-Identifier: MIT
/*
 * Names of PCI vendors and devices, from the system's pci.ids
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stddef.h>

#include <pci/pci.h>

#include "names.h"

/* Read once, and for every device */
static struct pci_access *ids;

/* pci_init() would set such ones, and look for a way to the devices, too. */
static void say_nothing(char *text, ...)
{
	(void)text;
}

static struct pci_access *open_ids(const char *file)
{
	struct pci_access *access = pci_alloc();

	access->debug = say_nothing;
	access->warning = say_nothing;
	if (file)
		pci_set_name_list_path(access, (char *)file, 0);
	return access;
}

struct names names_of(const char *file, unsigned int vendor,
		      unsigned int device)
{
	struct names names = { "", "" };
	/* Of a file of names only those that are in there */
	const int flags = PCI_LOOKUP_NO_NUMBERS |
			  (file ? PCI_LOOKUP_NO_HWDB : 0);

	if (!ids)
		ids = open_ids(file);
	if (!pci_lookup_name(ids, names.vendor, sizeof(names.vendor),
			     flags | PCI_LOOKUP_VENDOR, vendor))
		names.vendor[0] = '\0';
	if (!pci_lookup_name(ids, names.device, sizeof(names.device),
			     flags | PCI_LOOKUP_DEVICE, vendor, device))
		names.device[0] = '\0';
	return names;
}

void names_forget(void)
{
	if (ids)
		pci_cleanup(ids);
	ids = NULL;
}
