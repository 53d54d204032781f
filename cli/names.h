/* SPDX-License-Identifier: MIT */
/*
 * Names of PCI vendors and devices, from the system's pci.ids
 *
 * Copyright (C) 2026 The barlease authors
 *
 * By libpci, which there is no static one of: a program that has none of it, or a
 * machine without pci.ids, has no names, and nothing else is different.
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

struct names {
	char vendor[80];
	char device[120];
};

/* "" is a name that is not known. @file: NULL, or of the ids to be read */
struct names names_of(const char *file, unsigned int vendor,
		      unsigned int device);
/* After the last */
void names_forget(void);

#endif
