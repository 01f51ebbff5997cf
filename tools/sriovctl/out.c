/* SPDX-License-Identifier: BSD-3-Clause */
#include "out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MAX    256
#define COLUMNS_MAX 24

/* ---- building ---- */

static json_t *there(json_t *value)
{
    if (value == NULL) {
        fputs("sriovctl: out of memory\n", stderr);
        exit(2);
    }
    return value;
}

json_t *out_object(void)
{
    return there(json_object());
}

json_t *out_array(void)
{
    return there(json_array());
}

void out_set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, there(value)) != 0) {
        there(NULL);
    }
}

void out_text(json_t *object, const char *key, const char *text)
{
    bool none = text == NULL || text[0] == '\0';
    json_t *value = none ? json_null() : json_string(text);

    /* Not UTF-8: somebody else's bytes, such as a name in sysfs. */
    out_set(object, key, value != NULL ? value : json_string("?"));
}

void out_number(json_t *object, const char *key, unsigned long long value)
{
    out_set(object, key, json_integer((json_int_t)value));
}

void out_hex(json_t *object, const char *key, unsigned long long value, int digits)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "0x%0*llx", digits, value);
    out_text(object, key, text);
}

void out_flag(json_t *object, const char *key, bool value)
{
    out_set(object, key, json_boolean(value));
}

void out_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, there(value)) != 0) {
        there(NULL);
    }
}

/* ---- text ---- */

static bool ends_in(const char *key, const char *end)
{
    size_t len = strlen(key);
    size_t end_len = strlen(end);

    return len > end_len && strcmp(key + len - end_len, end) == 0;
}

static void time_text(char *cell, json_int_t ns)
{
    if (ns < 1000000) {
        (void)snprintf(cell, CELL_MAX, "%.3f us", (double)ns / 1e3);
    } else if (ns < 1000000000) {
        (void)snprintf(cell, CELL_MAX, "%.3f ms", (double)ns / 1e6);
    } else {
        (void)snprintf(cell, CELL_MAX, "%.3f s", (double)ns / 1e9);
    }
}

/* What QEMU or a device is called is others' choice, and goes to a terminal: no control characters, be they
 * of ASCII or, in UTF-8, U+0080 to U+009F. */
static void no_controls(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)c[0];
        unsigned char next = (unsigned char)c[1];
        if (byte < ' ' || byte == 0x7f || (byte == 0xc2 && next >= 0x80 && next < 0xa0)) {
            *c = '?';
            if (byte == 0xc2) {
                c[1] = '?';
            }
        }
    }
}

static void list_text(char *cell, const json_t *array);

static void cell_text(char *cell, const char *key, const json_t *value)
{
    if (json_is_string(value)) {
        (void)snprintf(cell, CELL_MAX, "%s", json_string_value(value));
        no_controls(cell);
    } else if (json_is_integer(value) && ends_in(key, "_ns")) {
        time_text(cell, json_integer_value(value));
    } else if (json_is_integer(value)) {
        (void)snprintf(cell, CELL_MAX, "%lld", (long long)json_integer_value(value));
    } else if (json_is_boolean(value)) {
        (void)snprintf(cell, CELL_MAX, "%s", json_is_true(value) ? "yes" : "no");
    } else if (json_is_array(value)) {
        list_text(cell, value);
    } else {
        (void)snprintf(cell, CELL_MAX, "-");
    }
}

static void list_text(char *cell, const json_t *array)
{
    size_t len = 0;

    (void)snprintf(cell, CELL_MAX, "-");
    for (size_t i = 0; i < json_array_size(array) && len < CELL_MAX; i++) {
        char item[CELL_MAX];
        cell_text(item, "", json_array_get(array, i));
        len += (size_t)snprintf(cell + len, CELL_MAX - len, "%s%s", i == 0 ? "" : ", ", item);
    }
}

/* "first_vf_offset" as "first vf offset"; a unit that the cell shows is left out. */
static void title_text(char *title, const char *key)
{
    size_t len = strlen(key) - (ends_in(key, "_ns") ? 3 : 0);

    (void)snprintf(title, CELL_MAX, "%.*s", (int)len, key);
    for (char *c = title; *c != '\0'; c++) {
        if (*c == '_') {
            *c = ' ';
        }
    }
}

static bool is_table(const json_t *value)
{
    return json_is_array(value) && json_is_object(json_array_get(value, 0));
}

struct column {
    const char *key;
    size_t width;
};

static size_t table_columns(const json_t *array, struct column *columns)
{
    size_t n = 0;
    const char *key;
    json_t *value;
    char cell[CELL_MAX];

    json_object_foreach(json_array_get(array, 0), key, value)
    {
        if (n == COLUMNS_MAX) {
            break;
        }
        title_text(cell, key);
        columns[n++] = (struct column){key, strlen(cell)};
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t row = 0; row < json_array_size(array); row++) {
            cell_text(cell, columns[i].key, json_object_get(json_array_get(array, row), columns[i].key));
            columns[i].width = strlen(cell) > columns[i].width ? strlen(cell) : columns[i].width;
        }
    }
    return n;
}

static void print_cell(const char *cell, const struct column *column, bool last)
{
    printf("%-*s%s", last ? 0 : (int)column->width, cell, last ? "\n" : "  ");
}

static void print_table(const json_t *array, int indent)
{
    struct column columns[COLUMNS_MAX];
    size_t n = table_columns(array, columns);
    char cell[CELL_MAX];

    printf("%*s", indent, "");
    for (size_t i = 0; i < n; i++) {
        title_text(cell, columns[i].key);
        print_cell(cell, &columns[i], i + 1 == n);
    }
    for (size_t row = 0; row < json_array_size(array); row++) {
        printf("%*s", indent, "");
        for (size_t i = 0; i < n; i++) {
            cell_text(cell, columns[i].key, json_object_get(json_array_get(array, row), columns[i].key));
            print_cell(cell, &columns[i], i + 1 == n);
        }
    }
}

static void print_object(const json_t *object, int indent)
{
    size_t width = 0;
    const char *key;
    json_t *value;
    char title[CELL_MAX];
    char cell[CELL_MAX];

    json_object_foreach((json_t *)object, key, value)
    {
        title_text(title, key);
        width = strlen(title) > width ? strlen(title) : width;
    }
    json_object_foreach((json_t *)object, key, value)
    {
        title_text(title, key);
        if (is_table(value)) {
            printf("%*s%s\n", indent, "", title);
            print_table(value, indent + 2);
        } else if (json_is_object(value)) {
            printf("%*s%s\n", indent, "", title);
            print_object(value, indent + 2);
        } else {
            cell_text(cell, key, value);
            printf("%*s%-*s  %s\n", indent, "", (int)width, title, cell);
        }
    }
}

void out_print(json_t *value, bool as_json)
{
    if (as_json) {
        (void)json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        putchar('\n');
    } else if (is_table(value)) {
        print_table(value, 0);
    } else if (json_is_object(value)) {
        print_object(value, 0);
    } else {
        puts("none");
    }
    (void)fflush(stdout);
    json_decref(value);
}
