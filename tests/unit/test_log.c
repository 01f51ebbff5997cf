/* SPDX-License-Identifier: BSD-3-Clause */
/* The formatter against libc's, and the log's levels and sinks. */
#include "fake_vmm.h"

#include <stdio.h>

/* Same text, same length, for every room down to none. */
#define SAME(...)                                                                                            \
    do {                                                                                                     \
        char ours[128];                                                                                      \
        char theirs[128];                                                                                    \
        for (size_t room = 0; room < 64; room++) {                                                           \
            memset(ours, '#', sizeof(ours));                                                                 \
            memset(theirs, '#', sizeof(theirs));                                                             \
            size_t n = sriov_format(ours, room, __VA_ARGS__);                                                \
            int m = snprintf(theirs, room, __VA_ARGS__);                                                     \
            assert_int_equal(n, m);                                                                          \
            assert_memory_equal(ours, theirs, room);                                                         \
            assert_int_equal(ours[room], '#');                                                               \
        }                                                                                                    \
    } while (0)

static void test_against_snprintf(void **state)
{
    static const long long values[] = {0,         1,         -1,        9,         10,        255,      -128,
                                       INT16_MAX, INT16_MIN, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    const char *volatile text = "text";

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        long long v = values[i];

        SAME("%d %i", (int)v, (int)v);
        SAME("%u %x %X", (unsigned)v, (unsigned)v, (unsigned)v);
        SAME("%ld %lu %lx", (long)v, (unsigned long)v, (unsigned long)v);
        SAME("%lld %llu %llX", v, (unsigned long long)v, (unsigned long long)v);
        SAME("%hd %hu %hhd %hhu", (short)v, (unsigned short)v, (signed char)v, (unsigned char)v);
        SAME("%zu %zx", (size_t)v, (size_t)v);
        SAME("[%8d] [%-8d] [%08d]", (int)v, (int)v, (int)v);
        SAME("[%16llx] [%-20llx] [%016llx]", (unsigned long long)v, (unsigned long long)v,
             (unsigned long long)v);
        SAME("[%2d] [%02x]", (int)v, (unsigned)v);
    }
    SAME("%s|%10s|%-10s|%2s", text, text, text, text);
    SAME("%c|%3c|%-3c|", 'a', 'b', 'c');
    SAME("100%% of %s", text);
    SAME("%p", (void *)(uintptr_t)0x1234abcd);
    SAME("%20p|%-20p|", (void *)(uintptr_t)0x1234abcd, (void *)(uintptr_t)0xffff);
    SAME("no conversion");
    SAME("%02x:%02x:%02x:%02x:%02x:%02x", 0u, 0x1bu, 0x21u, 0xau, 0xffu, 1u);
}

static void test_oddities(void **state)
{
    char out[64];
    const char *volatile null = NULL;
    const char *volatile cut = "at the end %";
    const char *volatile strange = "a %y b";

    (void)state;
    assert_int_equal(sriov_format(out, sizeof(out), "%s", null), 6);
    assert_string_equal(out, "(null)");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    assert_int_equal(sriov_format(out, sizeof(out), cut), 11);
    assert_string_equal(out, "at the end ");
    sriov_format(out, sizeof(out), strange);
    assert_string_equal(out, "a y b");
#pragma GCC diagnostic pop
    assert_int_equal(sriov_format(NULL, 0, "%d", 12345), 5);
}

struct heard {
    uint32_t level;
    char line[300];
    int n;
};

static void listen(void *arg, uint32_t level, const char *line)
{
    struct heard *h = arg;

    h->level = level;
    h->n++;
    snprintf(h->line, sizeof(h->line), "%s", line);
}

static void test_levels(void **state)
{
    struct fake *f = *state;

    sriov_log(f->vmm, SRIOV_LOG_DEBUG, "too quiet");
    assert_int_equal(f->logs, 0);
    sriov_log(f->vmm, SRIOV_LOG_INFO, "number %d", 5);
    assert_int_equal(f->logs, 1);
    assert_string_equal(f->last_log, "number 5");
    assert_int_equal(f->last_level, SRIOV_LOG_INFO);
    sriov_log_set_level(f->vmm, SRIOV_LOG_DEBUG);
    sriov_log(f->vmm, SRIOV_LOG_DEBUG, "now heard");
    assert_int_equal(f->logs, 2);
    sriov_log_set_level(f->vmm, SRIOV_LOG_ERROR);
    sriov_log(f->vmm, SRIOV_LOG_WARN, "not heard");
    assert_int_equal(f->logs, 2);
    sriov_log(f->vmm, SRIOV_LOG_ERROR, "heard");
    assert_int_equal(f->logs, 3);
}

static void test_sink(void **state)
{
    struct fake *f = *state;
    struct heard h = {0};

    sriov_log_set_sink(f->vmm, listen, &h);
    sriov_log(f->vmm, SRIOV_LOG_WARN, "%s", "to the sink");
    assert_int_equal(h.n, 1);
    assert_int_equal(h.level, SRIOV_LOG_WARN);
    assert_string_equal(h.line, "to the sink");
    assert_int_equal(f->logs, 0);
    sriov_log_set_sink(f->vmm, NULL, NULL);
    sriov_log(f->vmm, SRIOV_LOG_WARN, "to the shim");
    assert_int_equal(f->logs, 1);
    assert_int_equal(h.n, 1);
}

static void test_long_lines_are_cut(void **state)
{
    struct fake *f = *state;
    char text[2 * SRIOV_LOG_LINE_MAX];

    memset(text, 'a', sizeof(text));
    text[SRIOV_LOG_LINE_MAX - 1] = '\0';
    sriov_log(f->vmm, SRIOV_LOG_WARN, "%s", text);
    assert_string_equal(f->last_log, text);
    text[SRIOV_LOG_LINE_MAX - 1] = 'a';
    text[sizeof(text) - 1] = '\0';
    sriov_log(f->vmm, SRIOV_LOG_WARN, "%s", text);
    assert_int_equal(strlen(f->last_log), SRIOV_LOG_LINE_MAX - 1);
    assert_string_equal(f->last_log + SRIOV_LOG_LINE_MAX - 5, "a...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_snprintf),
        cmocka_unit_test(test_oddities),
        cmocka_unit_test_setup_teardown(test_levels, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_sink, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_long_lines_are_cut, fake_setup, fake_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
