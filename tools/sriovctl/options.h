/* SPDX-License-Identifier: BSD-3-Clause */
/* Options as data: a table says name, kind and where the value goes. */
#ifndef SRIOVCTL_OPTIONS_H
#define SRIOVCTL_OPTIONS_H

#include <sriov/types.h>

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_NUMBER, /* uint64_t between least and most */
    OPTION_RANGE,  /* struct option_range, both ends between least and most */
    OPTION_TIME,   /* uint64_t nanoseconds, at least `least` */
    OPTION_IP,     /* uint32_t host order */
    OPTION_TEXT,   /* const char *, points into argv */
    OPTION_UUID,   /* const char * */
    OPTION_WORD,   /* const char *, one of words */
    OPTION_LIST,   /* struct option_list: given any number of times */
};

#define OPTION_LIST_MAX 32
struct option_list {
    const char *items[OPTION_LIST_MAX];
    uint32_t n;
};

struct option_range {
    uint64_t least;
    uint64_t most;
};

struct option_spec {
    const char *name;  /* NULL ends a table */
    const char *value; /* what help calls it; NULL for a flag */
    const char *help;
    size_t offset; /* in the struct that options_parse fills */
    uint64_t least;
    uint64_t most;
    const char *const *words; /* NULL-ended */
    enum option_kind kind;
    char letter; /* short form; 0: none */
};

struct option_table {
    const struct option_spec *specs;
    void *values;
};

/*
 * Reads argv[1...]; argv[0] is the command's name. Words that are no options go to the front of
 * words[] in their order, at most `room`; stop_at_word ends at the first of them. Returns how many
 * words there are, or -1 with the reason in why. *used: how much of argv was read.
 */
int options_parse(int argc, char **argv, const struct option_table *tables, size_t num_tables,
                  bool stop_at_word, const char **words, int room, int *used, char *why, size_t why_room);
void options_help(const struct option_spec *specs);

#endif
