/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include "parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct reader {
    int argc;
    char **argv;
    int at;
    char *why;
    size_t why_room;
};

static bool wants(struct reader *reader, const struct option_spec *spec, const char *what)
{
    (void)snprintf(reader->why, reader->why_room, "--%s wants %s", spec->name, what);
    return false;
}

static bool wants_between(struct reader *reader, const struct option_spec *spec)
{
    char what[96];

    (void)snprintf(what, sizeof(what), "%s from %" PRIu64 " to %" PRIu64,
                   spec->kind == OPTION_RANGE ? "N or N-M" : "a number", spec->least, spec->most);
    return wants(reader, spec, what);
}

static bool wants_word(struct reader *reader, const struct option_spec *spec)
{
    char what[96] = "one of";
    size_t len = strlen(what);

    for (const char *const *word = spec->words; *word != NULL && len < sizeof(what); word++) {
        len += (size_t)snprintf(what + len, sizeof(what) - len, " %s", *word);
    }
    return wants(reader, spec, what);
}

static bool is_word(const struct option_spec *spec, const char *text)
{
    for (const char *const *word = spec->words; *word != NULL; word++) {
        if (strcmp(*word, text) == 0) {
            return true;
        }
    }
    return false;
}

static bool store_number(struct reader *reader, const struct option_spec *spec, uint64_t *value,
                         const char *text)
{
    if (!parse_number(text, value) || *value < spec->least || *value > spec->most) {
        return wants_between(reader, spec);
    }
    return true;
}

static bool store_range(struct reader *reader, const struct option_spec *spec, struct option_range *range,
                        const char *text)
{
    if (!parse_range(text, &range->least, &range->most) || range->least < spec->least ||
        range->most > spec->most) {
        return wants_between(reader, spec);
    }
    return true;
}

static bool store_item(struct reader *reader, const struct option_spec *spec, struct option_list *list,
                       const char *text)
{
    if (list->n == OPTION_LIST_MAX) {
        return wants(reader, spec, "to be given 32 times at most");
    }
    list->items[list->n++] = text;
    return true;
}

static bool store(struct reader *reader, const struct option_spec *spec, void *values, const char *text)
{
    void *place = (char *)values + spec->offset;

    switch (spec->kind) {
    case OPTION_FLAG:
        *(bool *)place = true;
        return true;
    case OPTION_NUMBER:
        return store_number(reader, spec, place, text);
    case OPTION_RANGE:
        return store_range(reader, spec, place, text);
    case OPTION_TIME:
        return (parse_time(text, place) && *(uint64_t *)place >= spec->least) ||
               wants(reader, spec, "a time, as 0.2, 5ms, 20us or 3s");
    case OPTION_IP:
        return parse_host_ip(text, place) || wants(reader, spec, "an IPv4 address of a host");
    case OPTION_UUID:
        *(const char **)place = text;
        return parse_uuid(text) || wants(reader, spec, "a UUID, as 00112233-4455-6677-8899-aabbccddeeff");
    case OPTION_WORD:
        *(const char **)place = text;
        return is_word(spec, text) || wants_word(reader, spec);
    case OPTION_TEXT:
        *(const char **)place = text;
        return true;
    case OPTION_LIST:
        return store_item(reader, spec, place, text);
    }
    return false;
}

static bool matches(const struct option_spec *spec, const char *arg, const char **value)
{
    size_t len = strlen(spec->name);

    *value = NULL;
    if (arg[1] != '-') {
        return spec->letter != '\0' && arg[1] == spec->letter && arg[2] == '\0';
    }
    if (strncmp(arg + 2, spec->name, len) != 0) {
        return false;
    }
    if (arg[2 + len] == '=') {
        *value = arg + 2 + len + 1;
    }
    return arg[2 + len] == '\0' || arg[2 + len] == '=';
}

static bool take(struct reader *reader, const struct option_spec *spec, void *values, const char *value)
{
    if (spec->kind == OPTION_FLAG) {
        return value == NULL ? store(reader, spec, values, NULL) : wants(reader, spec, "no value");
    }
    if (value == NULL) {
        if (reader->at >= reader->argc) {
            return wants(reader, spec, spec->value);
        }
        value = reader->argv[reader->at++];
    }
    return store(reader, spec, values, value);
}

static bool read_option(struct reader *reader, const struct option_table *tables, size_t num_tables)
{
    const char *arg = reader->argv[reader->at++];
    const char *value;

    for (size_t i = 0; i < num_tables; i++) {
        for (const struct option_spec *spec = tables[i].specs; spec->name != NULL; spec++) {
            if (matches(spec, arg, &value)) {
                return take(reader, spec, tables[i].values, value);
            }
        }
    }
    (void)snprintf(reader->why, reader->why_room, "no option %s", arg);
    return false;
}

int options_parse(int argc, char **argv, const struct option_table *tables, size_t num_tables,
                  bool stop_at_word, const char **words, int room, int *used, char *why, size_t why_room)
{
    struct reader reader = {.argc = argc, .argv = argv, .at = 1, .why = why, .why_room = why_room};
    int n = 0;

    while (reader.at < argc) {
        const char *arg = argv[reader.at];
        if (arg[0] == '-' && arg[1] != '\0') {
            if (!read_option(&reader, tables, num_tables)) {
                return -1;
            }
            continue;
        }
        if (stop_at_word) {
            break;
        }
        if (n == room) {
            (void)snprintf(why, why_room, "%s is one word too many", arg);
            return -1;
        }
        words[n++] = arg;
        reader.at++;
    }
    *used = reader.at;
    return n;
}

void options_help(const struct option_spec *specs)
{
    for (const struct option_spec *spec = specs; spec->name != NULL; spec++) {
        char left[64];
        (void)snprintf(left, sizeof(left), "%c%c%s--%s%s%s", spec->letter != '\0' ? '-' : ' ',
                       spec->letter != '\0' ? spec->letter : ' ', spec->letter != '\0' ? ", " : "  ",
                       spec->name, spec->value != NULL ? " " : "", spec->value != NULL ? spec->value : "");
        printf("  %-26s %s\n", left, spec->help);
    }
}
