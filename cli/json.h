/* SPDX-License-Identifier: MIT */
/*
 * JSON on stdout, by way of json-c
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Memory that there is not ends the process, for nothing else is left to do.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json_object.h>

struct json_object *json_new(void);

/* NULL and "" are null; what is no UTF-8 is replaced, see text.h */
void json_put_text(struct json_object *object, const char *key,
		   const char *value);
void json_put_number(struct json_object *object, const char *key,
		     uint64_t value);
void json_put_bool(struct json_object *object, const char *key, bool value);
/* An object or a list in another object; returned to be filled */
struct json_object *json_list(struct json_object *object, const char *key);
struct json_object *json_append(struct json_object *list);

/* A list as long as one likes, of which one object at a time is in memory */
void json_begin(const char *key);
void json_item(struct json_object *object);
void json_end(void);

/* Free it, after writing it on several lines, or on one */
void json_print(struct json_object *object);
void json_print_line(struct json_object *object);

#endif
