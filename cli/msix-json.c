// SPDX-License-Identifier: MIT
/*
 * Which pages of a BAR are for MSI-X, in JSON
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "msix-json.h"

void msix_to_json(const struct pci_msix msix[PCI_MSIX_PARTS], int bar,
		  struct json_object *object)
{
	struct json_object *list = json_list(object, "msix"), *part;
	int i;

	for (i = 0; i < PCI_MSIX_PARTS; i++) {
		if (!msix[i].length || msix[i].bar != bar)
			continue;
		part = json_append(list);
		json_put_number(part, "offset", msix[i].offset);
		json_put_number(part, "length", msix[i].length);
	}
}
