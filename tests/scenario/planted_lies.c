/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lies of a device, planted on purpose: hostile lengths and status, late and lost write-backs, refused
 * DMA, interrupts lost and doubled, removal. The VF drivers survive each of them: no crash, no access
 * outside their buffers, no violation, no leak, and traffic goes on once the lie is over.
 */
#include "planted_stand.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- write-backs ---- */

struct word_lie {
    uint32_t index;
    uint32_t value;
};

static void write_back_lies(const char *side, const struct word_lie *lies, size_t count)
{
    static const uint64_t times[] = {1, 3, 40};
    char what[64];

    for (size_t m = 0; m < 2; m++) {
        for (size_t i = 0; i < count; i++) {
            for (size_t n = 0; n < 3; n++) {
                (void)snprintf(what, sizeof(what), "%s word %u is 0x%08x, %u times", side,
                               (unsigned)lies[i].index, (unsigned)lies[i].value, (unsigned)times[n]);
                up(models[m], 0);
                lie(SRIOV_MOCK_FAULT_WB_HOSTILE, side, lies[i].index, lies[i].value, times[n]);
                busy();
                goes_on(what);
                down(what);
            }
        }
    }
}

static void hostile_receive_length(void **state)
{
    static const struct word_lie lies[] = {{3, 0},           {3, 0xffff},       {3, BED_BUF_SIZE + 1},
                                           {3, 9001},        {3, 0x7fff},       {3, 0xffffffff},
                                           {3, 0xffff0000u}, {3, BED_BUF_SIZE}, {3, 1}};

    (void)state;
    write_back_lies("rx", lies, sizeof(lies) / sizeof(lies[0]));
}

/* Bit 0 is DD, bit 1 EOP, the upper ones are errors. */
static void hostile_receive_status(void **state)
{
    static const struct word_lie lies[] = {{2, 0x00000001}, {2, 0x00000003}, {2, 0xffffffff}, {2, 0xfffffffd},
                                           {2, 0x80000003}, {2, 0x00100003}, {2, 0x0004000b}, {0, 0xffffffff},
                                           {0, 0},          {1, 0xffffffff}};

    (void)state;
    write_back_lies("rx", lies, sizeof(lies) / sizeof(lies[0]));
}

static void hostile_transmit_report(void **state)
{
    static const struct word_lie lies[] = {{0, 0xffffffff}, {1, 0xffffffff}, {2, 0xffffffff},
                                           {3, 0xffffffff}, {3, 0x00000001}, {3, 0x80000001}};

    (void)state;
    write_back_lies("tx", lies, sizeof(lies) / sizeof(lies[0]));
}

/* A report that never comes: the rings' watchdog must find it. */
static void write_back_without_dd(void **state)
{
    static const struct word_lie rx[] = {{2, 0}, {2, 0xfffffffe}};
    static const struct word_lie tx[] = {{3, 0}, {3, 0xfffffffe}};

    (void)state;
    write_back_lies("rx", rx, 2);
    write_back_lies("tx", tx, 2);
}

static void late_and_reordered(void **state)
{
    static const uint64_t late[] = {BED_US, BED_MS, 50 * BED_MS};
    static const char *const sides[] = {"rx", "tx"};

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        for (size_t s = 0; s < 2; s++) {
            for (size_t i = 0; i < 3; i++) {
                up(models[m], 0);
                lie(SRIOV_MOCK_FAULT_WB_LATE, sides[s], 0, late[i], 9);
                busy();
                goes_on("late write-back");
                down("late write-back");
            }
            up(models[m], 0);
            lie(SRIOV_MOCK_FAULT_WB_REORDER, sides[s], 0, 0, 9);
            busy();
            goes_on("reordered write-back");
            down("reordered write-back");
        }
    }
}

/* The device would still write when the driver has stopped and freed everything. */
static void late_write_back_after_close(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        up(models[m], 0);
        lie(SRIOV_MOCK_FAULT_WB_LATE, NULL, 0, 20 * BED_MS, UINT64_MAX);
        busy();
        assert_int_equal(bed_vf_down(&t.bed, 0), 0);
        sriov_mock_advance(t.bed.mock, 100 * BED_MS);
        assert_true(sriov_mock_clear_faults(t.bed.mock) > 0);
        assert_int_equal(bed_vf_up(&t.bed, 0, 0), 0);
        assert_int_equal(again(), 0);
        down("late write-back after close");
    }
}

/* A receive ring that hangs and counts nothing looks like silence to anybody: there the application
 * starts anew. A transmit ring that hangs is seen by the watchdog. */
static void refuse(const char *side, uint64_t times)
{
    int rc;

    lie(SRIOV_MOCK_FAULT_DMA, side, 0, 0, times);
    busy();
    assert_true(sriov_mock_clear_faults(t.bed.mock) > 0);
    rc = again();
    if (rc == -EIO && strcmp(side, "rx") == 0) {
        t.restarted++;
        assert_int_equal(sriov_net_stop(t.bed.vf[0].net), 0);
        assert_int_equal(sriov_net_start(t.bed.vf[0].net), 0);
        rc = again();
    } else if (rc == -EIO) {
        rc = again();
    }
    assert_int_equal(rc, 0);
}

static void refused_dma(void **state)
{
    static const char *const sides[] = {"rx", "tx"};

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        for (size_t s = 0; s < 2; s++) {
            for (uint64_t times = 1; times < 8; times += 3) {
                up(models[m], 0);
                refuse(sides[s], times);
                down("refused DMA");
            }
        }
    }
}

/* ---- interrupts ---- */

static void lost_interrupt(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        up(models[m], SRIOV_NET_INTERRUPTS);
        lie(SRIOV_MOCK_FAULT_IRQ_LOST, NULL, 0, 0, UINT64_MAX);
        (void)sriov_net_rx_wait(t.bed.vf[0].net, BED_MS); /* arms */
        assert_int_equal(bed_fire(&t.bed, 1, false, 300), 0);
        sriov_mock_advance(t.bed.mock, BED_MS);
        assert_int_equal(bed_drain(&t.bed, 0), 1); /* the frame waits all the same */
        assert_true(sriov_mock_clear_faults(t.bed.mock) > 0);
        assert_int_equal(bed_traffic_all(&t.bed, 0), 0);
        down("lost interrupt");
    }
}

static void doubled_interrupt(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        up(models[m], SRIOV_NET_INTERRUPTS);
        lie(SRIOV_MOCK_FAULT_IRQ_TWICE, NULL, 0, 0, UINT64_MAX);
        for (uint32_t i = 0; i < 20; i++) {
            assert_int_equal(bed_fire(&t.bed, 1, false, 300), 0);
            assert_int_equal(sriov_net_rx_wait(t.bed.vf[0].net, 10 * BED_MS), 0);
            (void)bed_drain(&t.bed, 0);
            (void)bed_turn(&t.bed, 0, BED_US);
        }
        goes_on("doubled interrupt");
        down("doubled interrupt");
    }
}

/* ---- removal in the middle of traffic, at each of its accesses ---- */

static bool gone_at(const char *model, uint64_t nth)
{
    struct sriov_mock_fault fault = {.size = sizeof(fault), .kind = SRIOV_MOCK_FAULT_GONE, .nth = nth};
    bool hit;

    up(model, SRIOV_NET_INTERRUPTS);
    fault.fn = t.bed.vf[0].name;
    assert_int_equal(sriov_mock_inject(t.bed.mock, &fault), 0);
    t.lies++;
    busy();
    (void)bed_turn(&t.bed, 0, 150 * BED_MS); /* what is looked at now and then */
    (void)sriov_net_rx_wait(t.bed.vf[0].net, BED_MS);
    busy();
    hit = sriov_mock_clear_faults(t.bed.mock) > 0;
    (void)bed_turn(&t.bed, 0, BED_MS);
    if (hit) {
        assert_int_equal(bed_turn(&t.bed, 0, BED_MS), -ENODEV);
        assert_int_equal(sriov_net_start(t.bed.vf[0].net), -ENODEV);
        assert_int_equal(sriov_net_rx_wait(t.bed.vf[0].net, BED_MS), -ENODEV);
        assert_int_equal(bed_drain(&t.bed, 0), 0);
    }
    down("removal in traffic");
    return hit;
}

static void removal_in_traffic(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        uint64_t nth = 1;

        while (gone_at(models[m], nth)) {
            nth++;
        }
        assert_true(nth > 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_receive_length),
        cmocka_unit_test(hostile_receive_status),
        cmocka_unit_test(hostile_transmit_report),
        cmocka_unit_test(write_back_without_dd),
        cmocka_unit_test(late_and_reordered),
        cmocka_unit_test(late_write_back_after_close),
        cmocka_unit_test(refused_dma),
        cmocka_unit_test(lost_interrupt),
        cmocka_unit_test(doubled_interrupt),
        cmocka_unit_test(removal_in_traffic),
    };

    return cmocka_run_group_tests_name("planted model lies", tests, NULL, tell);
}
