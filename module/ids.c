// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module parameter ids=
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/string.h>

#include "ids.h"

#define ID_FORMAT "vendor:device[:subvendor[:subdevice[:class[:class_mask]]]]"

static char ids[1024];
module_param_string(ids, ids, sizeof(ids), 0);
MODULE_PARM_DESC(ids, "PCI ids to bind, comma separated, each " ID_FORMAT);

static void add_id(struct pci_driver *driver, const char *id)
{
	unsigned int vendor, device, class = 0, class_mask = 0;
	unsigned int subvendor = PCI_ANY_ID, subdevice = PCI_ANY_ID;
	int ret;

	if (sscanf(id, "%x:%x:%x:%x:%x:%x", &vendor, &device, &subvendor,
		   &subdevice, &class, &class_mask) < 2) {
		pr_warn("%s: ids=: \"%s\" is not " ID_FORMAT "\n",
			driver->name, id);
		return;
	}

	ret = pci_add_dynid(driver, vendor, device, subvendor, subdevice,
			    class, class_mask, 0);
	if (ret)
		pr_warn("%s: ids=: cannot add \"%s\" (%d)\n", driver->name, id,
			ret);
}

void barlease_add_ids(struct pci_driver *driver)
{
	char *rest = ids, *id;

	while ((id = strsep(&rest, ",")))
		if (*id)
			add_id(driver, id);
}
