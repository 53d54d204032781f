// SPDX-License-Identifier: MIT
/*
 * The keys of each kind of section
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/array.h"
#include "keys.h"
#include "value.h"

/* @repeats: its lines add up. Elsewhere the second one is an error */
struct key {
	const char *name;
	bool repeats;
	bool needed;
	void (*set)(struct config_parser *parser, const char *value);
};

static void set_path(struct config_parser *parser, char **path,
		     const char *value, size_t room)
{
	if (value[0] != '/' || strlen(value) >= room) {
		complain(parser,
			 "\"%.60s\" is no path that begins with / and has at most %zu bytes",
			 value, room - 1);
		return;
	}
	free(*path);
	*path = strdup(value);
	if (!*path)
		parser->error = -ENOMEM;
}

#define SOCKET_ROOM	sizeof(((struct sockaddr_un *)0)->sun_path)
#define PATH_ROOM	200

static void set_socket(struct config_parser *parser, const char *value)
{
	set_path(parser, &parser->config->broker.socket, value, SOCKET_ROOM);
}

static void set_admin(struct config_parser *parser, const char *value)
{
	set_path(parser, &parser->config->broker.admin, value, SOCKET_ROOM);
}

static void set_monitor(struct config_parser *parser, const char *value)
{
	set_path(parser, &parser->config->broker.monitor, value, SOCKET_ROOM);
}

static void set_lock_directory(struct config_parser *parser, const char *value)
{
	set_path(parser, &parser->config->broker.lock_directory, value,
		 PATH_ROOM);
}

static void set_mode(struct config_parser *parser, mode_t *mode,
		     const char *value)
{
	size_t length = strlen(value);

	if (length < 3 || length > 4 || strspn(value, "01234567") != length ||
	    (length == 4 && value[0] != '0')) {
		complain(parser, "\"%.60s\" is no mode; 0666 and 0660 are",
			 value);
		return;
	}
	*mode = strtoul(value, NULL, 8);
}

static void set_socket_mode(struct config_parser *parser, const char *value)
{
	set_mode(parser, &parser->config->broker.socket_mode, value);
}

static void set_monitor_mode(struct config_parser *parser, const char *value)
{
	set_mode(parser, &parser->config->broker.monitor_mode, value);
}

static void set_most(struct config_parser *parser, unsigned int *most,
		     const char *value)
{
	uint64_t number;

	if (value_number(parser, value, 1, UINT32_MAX - 1, &number))
		*most = number;
}

static void set_connections(struct config_parser *parser, const char *value)
{
	set_most(parser, &parser->config->broker.connections, value);
}

static void set_leases(struct config_parser *parser, const char *value)
{
	set_most(parser, &parser->config->broker.leases, value);
}

static void set_user_connections(struct config_parser *parser,
				 const char *value)
{
	set_most(parser, &parser->config->broker.user_connections, value);
}

static void set_user_leases(struct config_parser *parser, const char *value)
{
	set_most(parser, &parser->config->broker.user_leases, value);
}

static void set_dma_limit(struct config_parser *parser, const char *value)
{
	value_pages(parser, value, &parser->config->broker.dma);
}

static void set_user_dma(struct config_parser *parser, const char *value)
{
	value_pages(parser, value, &parser->config->broker.user_dma);
}

static void set_max_grace(struct config_parser *parser, const char *value)
{
	value_duration(parser, value, &parser->config->broker.max_grace);
}

static void set_keep(struct config_parser *parser, const char *value)
{
	static const char *const words[] = { "no", "yes", NULL };
	int word = value_word(parser, value, words);

	if (word >= 0)
		parser->config->broker.keep = word;
}

static void set_reconnect(struct config_parser *parser, const char *value)
{
	value_duration(parser, value, &parser->config->broker.reconnect);
}

static const struct key broker_keys[] = {
	{ "socket", .set = set_socket },
	{ "socket-mode", .set = set_socket_mode },
	{ "admin", .set = set_admin },
	{ "monitor", .set = set_monitor },
	{ "monitor-mode", .set = set_monitor_mode },
	{ "lock-directory", .set = set_lock_directory },
	{ "connections", .set = set_connections },
	{ "leases", .set = set_leases },
	{ "user-connections", .set = set_user_connections },
	{ "user-leases", .set = set_user_leases },
	{ "dma", .set = set_dma_limit },
	{ "user-dma", .set = set_user_dma },
	{ "max-grace", .set = set_max_grace },
	{ "keep", .set = set_keep },
	{ "reconnect", .set = set_reconnect },
	{ 0 },
};

static void set_backend(struct config_parser *parser, const char *value)
{
	static const char *const words[] = {
		[BARLEASE_BACKEND_ANY] = "any",
		[BARLEASE_BACKEND_GROUP] = "group",
		[BARLEASE_BACKEND_IOMMUFD] = "iommufd",
		[BARLEASE_BACKEND_NOIOMMU] = "noiommu",
		NULL,
	};
	int word = value_word(parser, value, words);

	if (word >= 0)
		parser_device(parser)->backend = word;
}

static void set_vf_token_file(struct config_parser *parser, const char *value)
{
	set_path(parser, &parser_device(parser)->vf_token_file, value,
		 PATH_ROOM);
}

static const struct key device_keys[] = {
	{ "backend", .set = set_backend },
	{ "vf-token-file", .set = set_vf_token_file },
	{ 0 },
};

static void set_device(struct config_parser *parser, const char *value)
{
	if (barlease_pci_address(value, parser_rule(parser)->device_bdf))
		complain(parser,
			 "\"%.60s\" is no PCI address; 0000:03:00.0 is one",
			 value);
}

static void set_bar(struct config_parser *parser, const char *value)
{
	uint64_t bar;

	if (value_number(parser, value, 0, BARLEASE_BARS - 1, &bar))
		parser_rule(parser)->bar = bar;
}

static void add_range(struct config_parser *parser, const char *text)
{
	struct config_rule *rule = parser_rule(parser);
	struct barlease_range range, *slot;

	if (!value_range(parser, text, &range))
		return;
	slot = array_add(&rule->ranges, &rule->nr_ranges, sizeof(*slot));
	if (slot)
		*slot = range;
	else
		parser->error = -ENOMEM;
}

static void set_ranges(struct config_parser *parser, const char *value)
{
	value_list(parser, value, add_range);
}

static void set_flag(struct config_parser *parser, const char *value,
		     const char *const *words, unsigned int flag)
{
	switch (value_word(parser, value, words)) {
	case 0:
		parser_rule(parser)->flags &= ~flag;
		break;
	case 1:
		parser_rule(parser)->flags |= flag;
		break;
	}
}

static void set_after(struct config_parser *parser, const char *value)
{
	static const char *const words[] = { "sigbus", "ones", NULL };

	set_flag(parser, value, words, BARLEASE_ONES);
}

static void set_access(struct config_parser *parser, const char *value)
{
	static const char *const words[] = { "rw", "ro", NULL };

	set_flag(parser, value, words, BARLEASE_READ_ONLY);
}

static void set_exclusive(struct config_parser *parser, const char *value)
{
	static const char *const words[] = { "no", "yes", NULL };

	set_flag(parser, value, words, BARLEASE_EXCLUSIVE);
}

static void set_msix(struct config_parser *parser, const char *value)
{
	static const char *const words[] = { "no", "yes", NULL };

	set_flag(parser, value, words, BARLEASE_MSIX);
}

static void set_memattr(struct config_parser *parser, const char *value)
{
	static const char *const words[] = {
		[BARLEASE_NC] = "nc",
		[BARLEASE_WC] = "wc",
		NULL,
	};
	int word = value_word(parser, value, words);

	if (word >= 0)
		parser_rule(parser)->memattr = word;
}

static void set_max_holders(struct config_parser *parser, const char *value)
{
	uint64_t max;

	if (value_number(parser, value, 1, UINT32_MAX - 1, &max))
		parser_rule(parser)->max_holders = max;
}

static void set_per_user(struct config_parser *parser, const char *value)
{
	uint64_t most;

	if (value_number(parser, value, 1, UINT32_MAX - 1, &most))
		parser_rule(parser)->per_user = most;
}

static void set_count(struct config_parser *parser, const char *value)
{
	uint64_t count;

	if (value_number(parser, value, 1, MOST_SLICES, &count))
		parser_rule(parser)->count = count;
}

static void set_stride(struct config_parser *parser, const char *value)
{
	uint64_t stride;

	if (value_pages(parser, value, &stride))
		parser_rule(parser)->stride = stride;
}

static void set_interrupts(struct config_parser *parser, const char *value)
{
	struct config_rule *rule = parser_rule(parser);
	uint64_t first, last;

	if (!value_span(parser, value, BARLEASE_VECTORS_MAX - 1, &first, &last))
		return;
	rule->first_vector = first;
	rule->nr_vectors = last - first + 1;
}

static void set_dma(struct config_parser *parser, const char *value)
{
	value_pages(parser, value, &parser_rule(parser)->dma);
}

static void set_dma_align(struct config_parser *parser, const char *value)
{
	uint64_t align;

	if (!value_pages(parser, value, &align))
		return;
	if (align & (align - 1))
		complain(parser, "%.60s is no power of two; 4K and 2M are",
			 value);
	parser_rule(parser)->dma_align = align;
}

static void set_dma_base(struct config_parser *parser, const char *value)
{
	value_pages(parser, value, &parser_rule(parser)->dma_base);
}

static void set_grace(struct config_parser *parser, const char *value)
{
	value_duration(parser, value, &parser_rule(parser)->grace);
}

static void set_max_time(struct config_parser *parser, const char *value)
{
	value_duration(parser, value, &parser_rule(parser)->max_term);
}

static void set_reset(struct config_parser *parser, const char *value)
{
	static const char *const words[] = { "never", "between-holders", NULL };

	set_flag(parser, value, words, BARLEASE_RESET);
}

static void add_id(struct config_parser *parser, struct config_ids *ids,
		   uint32_t id)
{
	uint32_t *slot = array_add(&ids->ids, &ids->nr, sizeof(*slot));

	if (slot)
		*slot = id;
	else
		parser->error = -ENOMEM;
	if (id == CONFIG_UNMAPPED)
		config_complain(&parser->config->warnings, parser->line,
				"%u is what all users of other user namespaces look like, so nobody gets anything by it",
				id);
}

/* The system may have to ask another one about each. */
static int look_up_once(struct config_parser *parser, const char *name,
			int (*look_up)(const char *name, uint32_t *id),
			uint32_t *id)
{
	struct config_known *known;

	if (strlen(name) >= sizeof(known->name))
		return look_up(name, id);
	for (int i = 0; i < CONFIG_KNOWN; i++) {
		known = &parser->known[i];
		if (known->look_up == look_up && !strcmp(known->name, name)) {
			*id = known->id;
			return known->ret;
		}
	}
	known = &parser->known[parser->nr_known++ % CONFIG_KNOWN];
	known->look_up = look_up;
	memcpy(known->name, name, strlen(name) + 1);
	known->ret = look_up(name, id);
	known->id = *id;
	return known->ret;
}

static void set_id(struct config_parser *parser, struct config_ids *ids,
		   const char *text, const char *kind,
		   int (*look_up)(const char *name, uint32_t *id))
{
	uint64_t number;
	uint32_t id = 0;

	if (!strcmp(text, "*")) {
		ids->all = true;
	} else if (!strcmp(text, "-")) {
		/* Nobody, and that is no mistake */
		return;
	} else if (strspn(text, "0123456789") == strlen(text)) {
		/* The last number is the system's way to say "none". */
		if (value_number(parser, text, 0, UINT32_MAX - 1, &number))
			add_id(parser, ids, number);
	} else if (look_up_once(parser, text, look_up, &id)) {
		/* Who is not there gets nothing, and keeps nothing from others */
		config_complain(&parser->config->warnings, parser->line,
				"unknown %s \"%.60s\", for whom this has no effect; right is a name that the system knows, a number, or *",
				kind, text);
	} else {
		add_id(parser, ids, id);
	}
}

static void add_user(struct config_parser *parser, const char *text)
{
	set_id(parser, &parser_who(parser)->users, text, "user",
	       parser->names->user);
}

static void set_users(struct config_parser *parser, const char *value)
{
	value_list(parser, value, add_user);
}

static void add_group(struct config_parser *parser, const char *text)
{
	set_id(parser, &parser_who(parser)->groups, text, "group",
	       parser->names->group);
}

static void set_groups(struct config_parser *parser, const char *value)
{
	value_list(parser, value, add_group);
}

static void add_word(struct config_parser *parser, struct config_words *words,
		     const char *text)
{
	if (config_add_word(words, text))
		parser->error = -ENOMEM;
}

/* A pattern of fnmatch(3): of what systemd names its units with, and * and ? */
static bool is_unit(const char *text)
{
	static const char fine[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@*?";
	const char *suffix = strrchr(text, '.');

	return suffix && suffix != text && strspn(text, fine) == strlen(text) &&
	       (!strcmp(suffix, ".service") || !strcmp(suffix, ".scope"));
}

static void add_unit(struct config_parser *parser, const char *text)
{
	if (is_unit(text))
		add_word(parser, &parser_who(parser)->units, text);
	else
		complain(parser,
			 "\"%.60s\" is no unit that has processes; worker.service, worker@*.service and session-1.scope are",
			 text);
}

static void set_units(struct config_parser *parser, const char *value)
{
	value_list(parser, value, add_unit);
}

static void add_cgroup(struct config_parser *parser, const char *text)
{
	size_t length = strlen(text);

	if (text[0] == '/' && length > 1 && text[length - 1] != '/')
		add_word(parser, &parser_who(parser)->cgroups, text);
	else
		complain(parser,
			 "\"%.60s\" is no control group; /kubepods.slice is one, which means all in there",
			 text);
}

static void set_cgroups(struct config_parser *parser, const char *value)
{
	value_list(parser, value, add_cgroup);
}

static const struct key slice_keys[] = {
	{ "device", .set = set_device },
	{ "bar", .needed = true, .set = set_bar },
	{ "ranges", .repeats = true, .needed = true, .set = set_ranges },
	{ "access", .set = set_access },
	{ "after", .set = set_after },
	{ "memattr", .set = set_memattr },
	{ "msix", .set = set_msix },
	{ "users", .repeats = true, .set = set_users },
	{ "groups", .repeats = true, .set = set_groups },
	{ "units", .repeats = true, .set = set_units },
	{ "cgroups", .repeats = true, .set = set_cgroups },
	{ "exclusive", .set = set_exclusive },
	{ "max-holders", .set = set_max_holders },
	{ "per-user", .set = set_per_user },
	{ "count", .set = set_count },
	{ "stride", .set = set_stride },
	{ "interrupts", .set = set_interrupts },
	{ "dma", .set = set_dma },
	{ "dma-align", .set = set_dma_align },
	{ "dma-base", .set = set_dma_base },
	{ "reset", .set = set_reset },
	{ "grace", .set = set_grace },
	{ "max-time", .set = set_max_time },
	{ 0 },
};

static void set_listener_socket(struct config_parser *parser, const char *value)
{
	set_path(parser, &parser_listener(parser)->socket, value, SOCKET_ROOM);
}

static void set_listener_mode(struct config_parser *parser, const char *value)
{
	set_mode(parser, &parser_listener(parser)->mode, value);
}

static void add_slice(struct config_parser *parser, const char *text)
{
	add_word(parser, &parser_listener(parser)->slices, text);
}

static void set_slices(struct config_parser *parser, const char *value)
{
	value_list(parser, value, add_slice);
}

static const struct key listener_keys[] = {
	{ "socket", .needed = true, .set = set_listener_socket },
	{ "socket-mode", .set = set_listener_mode },
	{ "slices", .repeats = true, .needed = true, .set = set_slices },
	{ "users", .repeats = true, .set = set_users },
	{ "groups", .repeats = true, .set = set_groups },
	{ "units", .repeats = true, .set = set_units },
	{ "cgroups", .repeats = true, .set = set_cgroups },
	{ 0 },
};

static const struct {
	const char *title;
	const struct key *keys;
} sections[] = {
	[SECTION_BROKER] = { "[broker]", broker_keys },
	[SECTION_DEVICE] = { "[device BDF]", device_keys },
	[SECTION_SLICE] = { "[slice NAME]", slice_keys },
	[SECTION_LISTENER] = { "[listener NAME]", listener_keys },
};

static void complain_unknown(struct config_parser *parser, const char *name)
{
	const struct key *key = sections[parser->section].keys;
	char list[300] = "";
	size_t length = 0;

	for (int i = 0; key[i].name; i++)
		length += snprintf(list + length, sizeof(list) - length, "%s%s",
				   i ? ", " : "", key[i].name);
	complain(parser, "unknown key \"%.40s\"; %s has %s", name,
		 sections[parser->section].title, list);
}

void config_key(struct config_parser *parser, const char *name,
		const char *value)
{
	const struct key *key;

	if (parser->section == SECTION_UNKNOWN)
		return;
	if (parser->section == SECTION_NONE) {
		complain(parser,
			 "\"%.40s\" is in no section; a line such as [slice NAME] begins one",
			 name);
		return;
	}
	key = sections[parser->section].keys;
	for (int i = 0; key[i].name; i++) {
		unsigned long bit = 1ul << i;

		if (strcmp(key[i].name, name))
			continue;
		if (parser->seen & bit && !key[i].repeats)
			complain(parser, "\"%s\" was there already; one of the two is right",
				 name);
		else
			key[i].set(parser, value);
		parser->seen |= bit;
		return;
	}
	complain_unknown(parser, name);
}

static bool saw(const struct config_parser *parser, const char *name)
{
	const struct key *key = sections[parser->section].keys;

	for (int i = 0; key[i].name; i++)
		if (!strcmp(key[i].name, name))
			return parser->seen & 1ul << i;
	return false;
}

/* What goes to one holder only makes a slice exclusive, unless it says it is not */
static void end_queue(struct config_parser *parser)
{
	struct config_rule *rule = parser_rule(parser);

	if ((saw(parser, "dma-align") || saw(parser, "dma-base")) &&
	    !saw(parser, "dma"))
		complain(parser,
			 "[slice %s] says where its memory is to be, and has none; dma= is what it needs",
			 rule->name);
	if (!rule->nr_vectors && !rule->dma)
		return;
	if (saw(parser, "exclusive") && !(rule->flags & BARLEASE_EXCLUSIVE))
		complain(parser,
			 "[slice %s] has interrupts= or dma=, which only one holder at a time can have; exclusive=yes is right",
			 rule->name);
	rule->flags |= BARLEASE_EXCLUSIVE;
}

/* Also where it means nobody, as "users=-" and unknown users do */
static bool says_who(const struct config_parser *parser)
{
	return saw(parser, "users") || saw(parser, "groups") ||
	       saw(parser, "units") || saw(parser, "cgroups");
}

static void end_slice(struct config_parser *parser)
{
	const struct config_rule *rule = parser_rule(parser);

	end_queue(parser);

	if (!says_who(parser))
		complain(parser,
			 "[slice %s] is for nobody; it needs users=, groups=, units= or cgroups= (users=* for everybody, users=- where listeners and grants decide)",
			 rule->name);
	if (saw(parser, "count") != saw(parser, "stride"))
		complain(parser,
			 "[slice %s] has only one of count= and stride=; a template needs both",
			 rule->name);
	if (rule->flags & BARLEASE_EXCLUSIVE && rule->max_holders > 1)
		complain(parser,
			 "[slice %s] is exclusive, and yet has max-holders=%u; one of the two is right",
			 rule->name, rule->max_holders);
}

void config_end_section(struct config_parser *parser)
{
	unsigned int line = parser->line;
	const struct key *key;

	if (parser->section <= SECTION_UNKNOWN)
		return;
	parser->line = parser->section_line;
	key = sections[parser->section].keys;
	for (int i = 0; key[i].name; i++)
		if (key[i].needed && !(parser->seen & 1ul << i))
			complain(parser, "this section needs %s=", key[i].name);
	if (parser->section == SECTION_SLICE)
		end_slice(parser);
	else if (parser->section == SECTION_LISTENER)
		parser_listener(parser)->anybody = !says_who(parser);
	parser->line = line;
}
