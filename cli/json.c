// SPDX-License-Identifier: MIT
/*
 * JSON on stdout, by way of json-c
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "text.h"

static struct json_object *checked(struct json_object *object)
{
	if (!object)
		errx(EXIT_FAILURE, "out of memory");
	return object;
}

static void add(struct json_object *object, const char *key,
		struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		errx(EXIT_FAILURE, "out of memory");
}

struct json_object *json_new(void)
{
	return checked(json_object_new_object());
}

void json_put_text(struct json_object *object, const char *key,
		   const char *value)
{
	struct json_object *string = NULL;
	char *text;

	/* json-c's null is a NULL. */
	if (value && *value) {
		text = text_for_json(value);
		string = checked(text ? json_object_new_string(text) : NULL);
		free(text);
	}
	add(object, key, string);
}

void json_put_number(struct json_object *object, const char *key,
		     uint64_t value)
{
	add(object, key, checked(json_object_new_uint64(value)));
}

void json_put_bool(struct json_object *object, const char *key, bool value)
{
	add(object, key, checked(json_object_new_boolean(value)));
}

struct json_object *json_list(struct json_object *object, const char *key)
{
	struct json_object *list = checked(json_object_new_array());

	add(object, key, list);
	return list;
}

struct json_object *json_append(struct json_object *list)
{
	struct json_object *object = json_new();

	if (json_object_array_add(list, object))
		errx(EXIT_FAILURE, "out of memory");
	return object;
}

static void print(struct json_object *object, int flags)
{
	flags |= JSON_C_TO_STRING_NOSLASHESCAPE;
	puts(json_object_to_json_string_ext(object, flags));
	json_object_put(object);
}

void json_print(struct json_object *object)
{
	print(object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

void json_print_line(struct json_object *object)
{
	print(object, JSON_C_TO_STRING_PLAIN);
	fflush(stdout);
}

/* How many objects of the list there are so far */
static size_t items;

void json_begin(const char *key)
{
	items = 0;
	printf("{\n  \"%s\":[", key);
}

void json_item(struct json_object *object)
{
	const int flags = JSON_C_TO_STRING_SPACED |
			  JSON_C_TO_STRING_NOSLASHESCAPE;

	printf("%s\n    %s", items++ ? "," : "",
	       json_object_to_json_string_ext(object, flags));
	json_object_put(object);
}

void json_end(void)
{
	printf("%s]\n}\n", items ? "\n  " : "");
}
