/* SPDX-License-Identifier: BSD-3-Clause */
#include "planted_stand.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES 6u

const char *const models[2] = {"82599", "82576"};
struct planted_stand t;

void up(const char *model, uint32_t flags)
{
    assert_int_equal(bed_create(&t.bed, model), 0);
    assert_int_equal(bed_pf_up(&t.bed), 0);
    assert_int_equal(bed_vf_up(&t.bed, 0, flags), 0);
    assert_int_equal(bed_vf_up(&t.bed, 1, 0), 0);
    assert_int_equal(bed_settle(&t.bed, 0, SETTLE_NS), 0);
    assert_int_equal(bed_traffic_all(&t.bed, 0), 0);
}

static void show_findings(const char *lie)
{
    for (uint32_t i = 0; i < t.bed.findings; i++) {
        print_error("%s: %s\n", lie, t.bed.finding[i].text);
    }
}

/* No violation, no buffer with impossible lengths. */
static void innocent(const char *lie)
{
    if (sriov_mock_violations(t.bed.mock, 0) != 0 || t.bed.wild != 0) {
        show_findings(lie);
        fail_msg("%s, %s: %u violations, %u wild buffers", t.bed.model, lie,
                 (unsigned)sriov_mock_violations(t.bed.mock, 0), (unsigned)t.bed.wild);
    }
}

void down(const char *lie)
{
    innocent(lie);
    if (bed_destroy(&t.bed) != 0) {
        show_findings(lie);
        fail_msg("%s: leaks", lie);
    }
}

void lie(uint32_t kind, const char *op, uint32_t index, uint64_t value, uint64_t times)
{
    struct sriov_mock_fault fault = {.size = sizeof(fault),
                                     .kind = kind,
                                     .fn = t.bed.vf[0].name,
                                     .op = op,
                                     .nth = 1,
                                     .times = times,
                                     .index = index,
                                     .value = value};

    assert_int_equal(sriov_mock_inject(t.bed.mock, &fault), 0);
    t.lies++;
}

void busy(void)
{
    for (uint32_t i = 0; i < FRAMES; i++) {
        (void)bed_fire(&t.bed, 0, false, 60 + 900 * i);
        (void)bed_fire(&t.bed, 0, true, 9000);
        (void)bed_fire(&t.bed, 1, false, 60);
        (void)bed_fire(&t.bed, 1, false, 5000);
        (void)bed_turn(&t.bed, 0, 100 * BED_US);
        (void)bed_drain(&t.bed, 0);
        (void)bed_drain(&t.bed, 1);
    }
}

int again(void)
{
    int rc = bed_settle(&t.bed, 0, SETTLE_NS);

    return rc == 0 ? bed_traffic_all(&t.bed, 0) : rc;
}

void goes_on(const char *what)
{
    int rc;

    assert_true(sriov_mock_clear_faults(t.bed.mock) > 0);
    /* The rings' watchdog needs its seconds, three or so to a turn. */
    rc = again();
    for (int turn = 0; rc == -EIO && turn < 4; turn++) {
        rc = again();
    }
    if (rc != 0) {
        fail_msg("%s, %s: no traffic afterwards: %d", t.bed.model, what, rc);
    }
    innocent(what);
}

int tell(void **state)
{
    (void)state;
    print_message("planted lies: %u; after %u of them the VF was started anew, after %u opened anew\n",
                  t.lies, t.restarted, t.reopened);
    return 0;
}
