/* SPDX-License-Identifier: MIT */
/*
 * What a configuration says
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Nothing here asks the system, except for the numbers of users and groups, by
 * way of struct config_names. barleased.conf(5) describes the text.
 */
#ifndef BROKER_CONFIG_H
#define BROKER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <barlease.h>

#include "errors.h"

/*
 * What the kernel calls every user, and every group, of another user namespace
 * that have no number in this one; so nobody can be told from it
 */
#define CONFIG_UNMAPPED	65534u

/* What the names of listeners begin with that no configuration has */
#define CONFIG_GRANT	"grant-"
/* Bytes of a grant's name */
#define CONFIG_GRANT_MAX	(BARLEASE_NAME_MAX - (int)sizeof(CONFIG_GRANT))

/* What ranges are made of */
uint64_t config_page(void);

/* What administrators can give at most, where the configuration does not say */
#define CONFIG_MAX_GRACE	60000

/* How long clients whose connection was lost at a restart have, likewise */
#define CONFIG_RECONNECT	10000

/*
 * [broker]; @monitor: NULL where there is to be none; @connections, @leases: 0 where
 * the file does not say; @max_grace, @reconnect: in milliseconds; @keep: leases
 * outlive the process
 */
struct config_broker {
	char *socket;
	char *admin;
	char *monitor;
	char *lock_directory;
	mode_t socket_mode;
	mode_t monitor_mode;
	unsigned int connections;
	unsigned int leases;
	unsigned int user_connections;
	unsigned int user_leases;
	uint64_t dma;
	uint64_t user_dma;
	uint64_t max_grace;
	uint64_t reconnect;
	bool keep;
};

/* [device BDF] */
struct config_device {
	char bdf[BARLEASE_PCI_ADDRESS_SIZE];
	enum barlease_backend backend;
	char *vf_token_file;	/* or NULL */
	unsigned int line;
};

/* Numbers of users or groups; @all: everybody */
struct config_ids {
	uint32_t *ids;
	size_t nr;
	bool all;
};

/* Names, or patterns of them */
struct config_words {
	char **list;
	size_t nr;
};

/**
 * struct config_who - whom a section means: who is one of these, in any way
 * @units: system units of systemd, as patterns
 * @cgroups: where they are, or above that
 */
struct config_who {
	struct config_ids users;
	struct config_ids groups;
	struct config_words units;
	struct config_words cgroups;
};

/**
 * struct config_listener - a [listener NAME] section: a socket of its own
 * @socket: its path
 * @slices: that are to be had there, by name or by that of a template
 * @who: who may have them
 * @anybody: whoever can connect may, for the section does not say who
 */
struct config_listener {
	char name[BARLEASE_NAME_MAX];
	unsigned int line;
	char *socket;
	mode_t mode;
	struct config_words slices;
	struct config_who who;
	bool anybody;
};

/**
 * struct config_rule - a [slice NAME] section: one slice, or a template's many
 * @device: index of it in the configuration
 * @device_bdf: as the section has it, or empty
 * @count: slices; 0 where it is no template
 * @stride: from one slice of a template to the next, in bytes
 * @first_vector: of the first slice's interrupts; @nr_vectors of each
 * @dma, @dma_align, @dma_base: as in struct barlease_slice
 * @grace: of those that an administrator takes back, in milliseconds, and as there
 * @max_term: as in struct barlease_slice
 */
struct config_rule {
	char name[BARLEASE_NAME_MAX];
	unsigned int line;
	char device_bdf[BARLEASE_PCI_ADDRESS_SIZE];
	size_t device;
	unsigned int bar;
	struct barlease_range *ranges;
	size_t nr_ranges;
	unsigned int flags;
	enum barlease_memattr memattr;
	uint32_t max_holders;
	uint32_t per_user;
	struct config_who who;
	uint32_t count;
	uint64_t stride;
	unsigned int first_vector;
	unsigned int nr_vectors;
	uint64_t dma;
	uint64_t dma_align;
	uint64_t dma_base;
	uint64_t grace;
	uint64_t max_term;
};

/*
 * A slice: its rule's ranges, all of them @shift bytes further on, and its rule's
 * interrupts, from @first_vector on
 */
struct config_slice {
	char name[BARLEASE_NAME_MAX];
	const struct config_rule *rule;
	uint64_t shift;
	unsigned int first_vector;
};

/**
 * struct config - what a configuration says
 * @slices: in the order of the file
 * @by_name: the same, sorted
 * @warnings: what is good, and perhaps not meant
 */
struct config {
	struct config_broker broker;
	struct config_device *devices;
	size_t nr_devices;
	struct config_rule *rules;
	size_t nr_rules;
	struct config_slice *slices;
	size_t nr_slices;
	const struct config_slice **by_name;
	struct config_listener *listeners;
	size_t nr_listeners;
	struct config_errors warnings;
};

/* Both return 0, or a negative errno where there is none of that name */
struct config_names {
	int (*user)(const char *name, uint32_t *id);
	int (*group)(const char *name, uint32_t *id);
};

/* NULL is fine. */
void config_free(struct config *config);

/* NULL where there is none */
const struct config_slice *config_find(const struct config *config,
				       const char *name);
/* NULL where there is none */
const struct config_listener *config_listener(const struct config *config,
					      const char *name);
/* Does anything depend on where clients are? */
bool config_sees_cgroups(const struct config *config);
/* Does a slice or a template of this name exist? */
bool config_has(const struct config *config, const char *name);
bool config_is_of(const struct config_slice *slice,
		  const struct config_words *names);
/* A copy of @text. -ENOMEM: nothing has changed */
int config_add_word(struct config_words *words, const char *text);
void config_free_words(struct config_words *words);

/* The directory of locks, given or not */
const char *config_locks(const struct config *config);
const struct config_device *config_device_of(const struct config *config,
					     const struct config_slice *slice);
/* The template's name, or NULL */
const char *config_group_of(const struct config_slice *slice);
struct barlease_range config_range_of(const struct config_slice *slice,
				      size_t i);
uint64_t config_size_of(const struct config_slice *slice);

/* Do leases of the one hold good as leases of the other? */
bool config_same_slice(const struct config *a, const struct config_slice *in_a,
		       const struct config *b, const struct config_slice *in_b);

#endif
