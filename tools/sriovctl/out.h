/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One result, two renderings: JSON as it is, or text from the same value. In text an array of
 * objects is a table, a key that ends in _ns is shown as a time, null as "-".
 */
#ifndef SRIOVCTL_OUT_H
#define SRIOVCTL_OUT_H

#include <jansson.h>
#include <stdbool.h>

/* Prints to standard output and gives the value back. */
void out_print(json_t *value, bool as_json);

/* Members by kind; a failed allocation ends the program with status 2. */
json_t *out_object(void);
json_t *out_array(void);
void out_set(json_t *object, const char *key, json_t *value);
void out_text(json_t *object, const char *key, const char *text); /* empty or NULL: null */
void out_number(json_t *object, const char *key, unsigned long long value);
void out_hex(json_t *object, const char *key, unsigned long long value, int digits);
void out_flag(json_t *object, const char *key, bool value);
void out_append(json_t *array, json_t *value);

#endif
