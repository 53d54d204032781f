// SPDX-License-Identifier: MIT
/*
 * barlease cdi: slices as devices that container runtimes know, see
 * https://github.com/cncf-tags/container-device-interface (SPEC.md)
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include <barlease.h>

#include "grants.h"
#include "json.h"
#include "own-file.h"

#define DEFAULT_FILE	"/etc/cdi/barlease.json"
/* What begins the names of the grants that are made here */
#define PREFIX		"cdi-"
/* In the container, with the slice's name behind it */
#define INSIDE		"/run/barlease"

/**
 * struct cdi - on its way
 * @users: of --user; or NULL
 * @grants: that there are
 * @devices: of the file
 */
struct cdi {
	const struct verb *verb;
	struct admin *admin;
	char *users;
	struct records grants;
	struct json_object *devices;
};

static const struct record *find_grant(const struct cdi *cdi, const char *name)
{
	for (size_t i = 0; i < cdi->grants.nr; i++)
		if (!strcmp(record_get(&cdi->grants.record[i], "name"), name))
			return &cdi->grants.record[i];
	return NULL;
}

static bool is_same(const struct cdi *cdi, const struct record *grant,
		    const char *slice)
{
	return !strcmp(record_get(grant, "slices"), slice) &&
	       !strcmp(record_get(grant, "users"), cdi->users ?: "") &&
	       strcmp(record_get(grant, "path"), "-") != 0;
}

/* One that is there already stays, for there may be somebody at work with it. */
static int grant_slice(struct cdi *cdi, const char *slice, char **path)
{
	char name[sizeof(PREFIX) + BARLEASE_NAME_MAX];
	const struct grant grant = {
		.name = name,
		.slices = slice,
		.users = cdi->users,
	};
	const struct record *there;
	const char *where;
	int ret;

	snprintf(name, sizeof(name), PREFIX "%s", slice);
	there = find_grant(cdi, name);
	if (there && !is_same(cdi, there, slice))
		return failed_by(cdi->verb, -EBUSY,
				 "there is a grant %s for somebody else; 'barlease ungrant %s' takes it away",
				 name, name);
	ret = there ? EXIT_SUCCESS :
		      grants_make(cdi->verb, cdi->admin, &grant);
	if (ret)
		return ret;
	where = there ? record_get(there, "path") :
			admin_told_text(cdi->admin, "path");
	*path = strdup(where);
	return *path ? ret : failed(cdi->verb, "%s", strerror(ENOMEM));
}

/* ---- The file --------------------------------------------------------------- */

static void add_words(struct json_object *object, const char *key,
		      const char *const *words)
{
	struct json_object *list = json_object_new_array();

	for (; *words; words++)
		json_object_array_add(list, json_object_new_string(*words));
	json_object_object_add(object, key, list);
}

/* The directory of the socket, for reading: to connect is none of writing to it */
static void add_device(struct json_object *devices, const char *slice,
		       const char *path)
{
	static const char *const options[] = {
		"bind", "ro", "nosuid", "nodev", "noexec", NULL,
	};
	char inside[sizeof(INSIDE) + BARLEASE_NAME_MAX];
	char variable[sizeof(inside) + 32];
	const char *const env[] = { variable, NULL };
	struct json_object *device = json_append(devices), *edits, *mount;
	char *directory = strdup(path);

	if (!directory)
		abort();
	*strrchr(directory, '/') = '\0';
	snprintf(inside, sizeof(inside), INSIDE "/%s", slice);
	snprintf(variable, sizeof(variable), "BARLEASE_SOCKET=%s/socket",
		 inside);
	json_put_text(device, "name", slice);
	edits = json_new();
	json_object_object_add(device, "containerEdits", edits);
	add_words(edits, "env", env);
	mount = json_append(json_list(edits, "mounts"));
	json_put_text(mount, "hostPath", directory);
	json_put_text(mount, "containerPath", inside);
	add_words(mount, "options", options);
	free(directory);
}

/* "/etc", "cdi", "barlease.json" */
struct place {
	char *parent;
	char *directory;
	char *name;
};

/* place.parent is for free(). Return: an exit status */
static int find_place(const struct verb *verb, const char *file,
		      struct place *place)
{
	char *copy = strdup(file);

	*place = (struct place){ .parent = copy };
	if (!copy)
		return failed(verb, "%s", strerror(ENOMEM));
	place->name = strrchr(copy, '/');
	if (*copy != '/' || place->name == copy || !place->name[1])
		return misused(verb, "\"%s\" is no path of a file in a directory, such as "
				     DEFAULT_FILE, file);
	*place->name++ = '\0';
	place->directory = strrchr(copy, '/');
	*place->directory++ = '\0';
	return EXIT_SUCCESS;
}

/* Before anything is done for it */
static int check_file(const struct verb *verb, const char *file)
{
	struct place place = { 0 };
	int ret = EXIT_SUCCESS;

	if (strcmp(file, "-") != 0)
		ret = find_place(verb, file, &place);
	free(place.parent);
	return ret;
}

static int write_into(const struct verb *verb, const char *file,
		      const char *text)
{
	struct place place;
	int ret = find_place(verb, file, &place), dir;

	if (ret) {
		free(place.parent);
		return ret;
	}
	dir = own_directory("", *place.parent ? place.parent : "/",
			    place.directory, true);
	ret = dir < 0 ? dir : own_file_replace(dir, place.name,
					       ".barlease.json", text);
	if (dir >= 0)
		close(dir);
	free(place.parent);
	return ret ? failed_by(verb, ret, "%s: %s", file, strerror(-ret)) :
		     EXIT_SUCCESS;
}

static int write_out(const struct verb *verb, const char *file,
		     struct json_object *spec)
{
	const char *text = json_object_to_json_string_ext(spec,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
		JSON_C_TO_STRING_NOSLASHESCAPE);
	char *line;
	int ret;

	if (!strcmp(file, "-")) {
		puts(text);
		return EXIT_SUCCESS;
	}
	if (asprintf(&line, "%s\n", text) < 0)
		return failed(verb, "%s", strerror(ENOMEM));
	ret = write_into(verb, file, line);
	free(line);
	return ret;
}

/* ---- Which ------------------------------------------------------------------ */

static bool is_wanted(const struct record *slice, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], record_get(slice, "name")) ||
		    !strcmp(argv[i], record_get(slice, "group")))
			return true;
	return !argc;
}

static bool is_there(const struct records *slices, char *name)
{
	for (size_t i = 0; i < slices->nr; i++)
		if (is_wanted(&slices->record[i], 1, &name))
			return true;
	return false;
}

static int check(const struct verb *verb, const struct records *slices, int argc,
		 char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!is_there(slices, argv[i]))
			return failed_by(verb, -ENOENT,
					 "no slice %s; 'barlease slices --all' shows them",
					 argv[i]);
	return EXIT_SUCCESS;
}

static int add_all(struct cdi *cdi, const struct records *slices, int argc,
		   char **argv)
{
	int ret = check(cdi->verb, slices, argc, argv);
	const char *name;

	for (size_t i = 0; !ret && i < slices->nr; i++) {
		char *path = NULL;

		if (!is_wanted(&slices->record[i], argc, argv))
			continue;
		name = record_get(&slices->record[i], "name");
		ret = grant_slice(cdi, name, &path);
		if (ret || !path)
			break;
		add_device(cdi->devices, name, path);
		free(path);
	}
	return ret;
}

static int make(struct cdi *cdi, const char *file, int argc, char **argv)
{
	struct json_object *spec = json_new();
	struct records slices;
	int ret;

	json_put_text(spec, "cdiVersion", "0.5.0");
	json_put_text(spec, "kind", "barlease/slice");
	cdi->devices = json_list(spec, "devices");
	ret = broker_ask(cdi->verb, cdi->admin, "slices", &slices);
	if (!ret) {
		ret = add_all(cdi, &slices, argc, argv);
		records_free(&slices);
	}
	if (!ret)
		ret = write_out(cdi->verb, file, spec);
	json_object_put(spec);
	return ret;
}

static int cdi(const struct verb *verb, const struct options *options, int argc,
	       char **argv)
{
	const char *file = options->output ?: DEFAULT_FILE;
	struct cdi cdi = { .verb = verb };
	int ret = check_file(verb, file);

	if (!ret && options->user)
		ret = grants_users(verb, options->user, &cdi.users);
	if (!ret)
		ret = broker_connect(verb, options, &cdi.admin);
	if (!ret)
		ret = broker_ask(verb, cdi.admin, "grants", &cdi.grants);
	if (!ret) {
		ret = make(&cdi, file, argc, argv);
		records_free(&cdi.grants);
	}
	admin_close(cdi.admin);
	free(cdi.users);
	return ret;
}

const struct verb cdi_verb = {
	.name = "cdi",
	.operands = "[SLICE...]",
	.summary = "make slices devices of container runtimes",
	.details =
"Makes a grant, see 'grant', for each SLICE, for each of one if it is a template, or for\n"
"all that there are; and writes them down as the Container Device Interface has it, so\n"
"that 'podman run --device barlease/slice=NAME' gives a container that slice: in there,\n"
"$BARLEASE_SOCKET is where to get the lease. Such a grant stays until 'ungrant cdi-NAME'.\n"
"With --user, for containers of this user, too. Asks barleased, for root only.\n",
	.examples =
"  barlease cdi\n"
"  barlease cdi doorbell --user alice\n"
"  barlease cdi window --output - | jq .devices[0].name\n",
	.takes = OPT_ADMIN | OPT_OUTPUT | OPT_USER,
	.max = -1,
	.run = cdi,
};
