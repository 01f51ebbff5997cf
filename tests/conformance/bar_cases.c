/* SPDX-License-Identifier: BSD-3-Clause */
/* BARs: views and trapped access. BAR 0 is what every driver of this tree uses. */
#include "conform.h"

#include <errno.h>

bool conform_has_bar(struct sriov_fn *fn)
{
    struct sriov_bar bar;
    int err = sriov_bar_open(fn, 0, 1, &bar);
    if (err == 0) {
        sriov_bar_close(&bar);
    }
    return err != -ERANGE && err != -ENOENT;
}

static enum conform_verdict lengths_are_powers_of_two(struct conform *c, struct sriov_fn *fn)
{
    NEED_BAR(c, fn);
    uint32_t implemented = 0;
    for (uint32_t i = 0; i < 6; i++) {
        struct sriov_bar bar;
        int err = sriov_bar_open(fn, i, 1, &bar);
        if (err != 0) {
            CHECK(c, err == -ERANGE || err == -ENOENT);
            continue;
        }
        implemented++;
        CHECK(c, bar.length >= 16 && (bar.length & (bar.length - 1)) == 0);
        sriov_bar_close(&bar);
    }
    CHECK(c, implemented > 0);
    return CONFORM_PASS;
}

static enum conform_verdict too_short_is_refused(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_bar bar;
    RETURNS(c, sriov_bar_open(fn, 0, UINT64_C(1) << 40, &bar), -ERANGE);
    REFUSES(c, sriov_bar_open(fn, 6, 1, &bar));
    return CONFORM_PASS;
}

static enum conform_verdict outside_is_refused(struct conform *c, struct sriov_fn *fn)
{
    NEED_BAR(c, fn);
    struct sriov_bar bar;
    uint64_t value = 0;
    RETURNS(c, sriov_bar_open(fn, 0, 16, &bar), 0);
    int beyond = sriov_bar_read(&bar, bar.length, 4, &value);
    uint64_t seen = value;
    int wraps = sriov_bar_read(&bar, UINT64_MAX - 3, 4, &value);
    int crossing = sriov_bar_read(&bar, bar.length - 4, 8, &value);
    int odd = sriov_bar_read(&bar, 2, 4, &value);
    int write = sriov_bar_write(&bar, bar.length, 4, 0);
    sriov_bar_close(&bar);
    REFUSES(c, beyond);
    CHECK(c, (uint32_t)seen == UINT32_MAX);
    REFUSES(c, wraps);
    REFUSES(c, crossing);
    REFUSES(c, odd);
    REFUSES(c, write);
    return CONFORM_PASS;
}

static enum conform_verdict registers_answer(struct conform *c, struct sriov_fn *fn)
{
    NEED_BAR(c, fn);
    struct sriov_bar bar;
    RETURNS(c, sriov_bar_open(fn, 0, 16, &bar), 0);
    uint64_t value = 0;
    int err = sriov_bar_read(&bar, 8, 4, &value); /* STATUS of every device of this tree */
    sriov_bar_close(&bar);
    RETURNS(c, err, 0);
    CHECK(c, (uint32_t)value != UINT32_MAX);
    return CONFORM_PASS;
}

static enum conform_verdict view_and_trap_agree(struct conform *c, struct sriov_fn *fn)
{
    NEED_BAR(c, fn);
    struct sriov_bar bar;
    RETURNS(c, sriov_bar_open(fn, 0, 16, &bar), 0);
    uint32_t seen = sriov_rd32(&bar, 8);
    uint64_t trapped = 0;
    int err = sriov_bar_read(&bar, 8, 4, &trapped);
    sriov_bar_close(&bar);
    RETURNS(c, err, 0);
    CHECK(c, seen == (uint32_t)trapped);
    return CONFORM_PASS;
}

static enum conform_verdict opens_again(struct conform *c, struct sriov_fn *fn)
{
    NEED_BAR(c, fn);
    for (int i = 0; i < 20; i++) {
        struct sriov_bar bar;
        RETURNS(c, sriov_bar_open(fn, 0, 16, &bar), 0);
        sriov_bar_close(&bar);
    }
    return CONFORM_PASS;
}

const struct conform_case conform_bar_cases[] = {
    {"bar.lengths-are-powers-of-two", lengths_are_powers_of_two, false},
    {"bar.too-short-refused", too_short_is_refused, false},
    {"bar.outside-refused", outside_is_refused, false},
    {"bar.registers-answer", registers_answer, false},
    {"bar.view-and-trap-agree", view_and_trap_agree, false},
    {"bar.opens-again", opens_again, false},
    {NULL, NULL, false},
};
