/* SPDX-License-Identifier: MIT */
/*
 * Which pages of a BAR are for MSI-X, in JSON
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_MSIX_JSON_H
#define CLI_MSIX_JSON_H

#include "json.h"
#include "sysfs.h"

/* "msix": [ { "offset": ..., "length": ... }, ... ] */
void msix_to_json(const struct pci_msix msix[PCI_MSIX_PARTS], int bar,
		  struct json_object *object);

#endif
