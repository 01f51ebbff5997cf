/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lies of a device or of a PF, planted on purpose: hostile lengths, indices and mailbox words, late
 * and lost write-backs, interrupts and messages. The VF drivers survive each of them: no crash, no
 * access outside their buffers, no violation, no leak, and traffic goes on once the lie is over.
 */
#include "bed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SETTLE_NS (5000 * BED_MS)
#define FRAMES    6u

static const char *const models[] = {"82599", "82576"};

static struct {
    struct bed bed;
    unsigned lies;
    unsigned restarted; /* times that stop and start were needed */
    unsigned reopened;  /* times that only opening anew helped */
} t;

/* ---- the stand ---- */

static void up(const char *model, uint32_t flags)
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

static void down(const char *lie)
{
    innocent(lie);
    if (bed_destroy(&t.bed) != 0) {
        show_findings(lie);
        fail_msg("%s: leaks", lie);
    }
}

static void lie(uint32_t kind, const char *op, uint32_t index, uint64_t value, uint64_t times)
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

/* Traffic of all kinds that nobody waits for. */
static void busy(void)
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

static int again(void)
{
    int rc = bed_settle(&t.bed, 0, SETTLE_NS);

    return rc == 0 ? bed_traffic_all(&t.bed, 0) : rc;
}

/* The lie is over: the driver goes on by itself. */
static void goes_on(const char *what)
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

/* ---- mailbox ---- */

static const uint32_t words[] = {0,          1,          0x00000100, 0x20000000, 0x40000000,
                                 0x80000000, 0xa0000100, 0xffffffff, 0xdeadbeef};

/* Errors that calls may give when the peer lies; success is fine too: the link is down then. A PF that
 * is taken for an old one has no jumbo frames: -EINVAL. */
static bool is_told(int rc)
{
    return rc == 0 || rc == -EINVAL || rc == -EPROTO || rc == -EACCES || rc == -ETIMEDOUT || rc == -EAGAIN ||
           rc == -ESTALE;
}

static void open_under_lie(const char *model, const struct sriov_mock_fault *fault, const char *what)
{
    int rc;

    assert_int_equal(bed_create(&t.bed, model), 0);
    assert_int_equal(bed_pf_up(&t.bed), 0);
    assert_int_equal(bed_vf_up(&t.bed, 1, 0), 0);
    assert_int_equal(sriov_mock_inject(t.bed.mock, fault), 0);
    t.lies++;
    rc = bed_vf_up(&t.bed, 0, 0);
    if (!is_told(rc)) {
        fail_msg("%s, %s: open says %d", model, what, rc);
    }
    (void)bed_turn(&t.bed, 0, 20 * BED_MS);
    (void)sriov_mock_clear_faults(t.bed.mock);
    if (rc == 0) {
        rc = again();
    }
    /* A PF that was made to believe in another MAC or frame length said ACK: nobody can know. */
    if (rc != 0) {
        t.reopened++;
        (void)bed_vf_down(&t.bed, 0);
        assert_int_equal(bed_vf_up(&t.bed, 0, 0), 0);
        rc = again();
    }
    if (rc != 0) {
        fail_msg("%s, %s: no traffic afterwards: %d", model, what, rc);
    }
    down(what);
}

static void mailbox_words(const char *way)
{
    char what[64];

    for (size_t m = 0; m < 2; m++) {
        for (uint32_t index = 0; index < 16; index++) {
            for (size_t v = 0; v < sizeof(words) / sizeof(words[0]); v++) {
                /* One after the other of the first messages, or all of them. */
                struct sriov_mock_fault fault = {.size = sizeof(fault),
                                                 .kind = SRIOV_MOCK_FAULT_MBX_WRONG,
                                                 .op = way,
                                                 .nth = 1 + v % 4,
                                                 .times = v % 3 == 2 ? 12 : 1,
                                                 .index = index,
                                                 .value = words[v]};

                (void)snprintf(what, sizeof(what), "%s message %u, word %u is 0x%08x", way,
                               (unsigned)fault.nth, (unsigned)index, (unsigned)words[v]);
                open_under_lie(models[m], &fault, what);
            }
        }
    }
}

static void wrong_words_to_vf(void **state)
{
    (void)state;
    mailbox_words("to-vf");
}

static void wrong_words_to_pf(void **state)
{
    (void)state;
    mailbox_words("to-pf");
}

static void silent_mailbox(void **state)
{
    static const char *const ways[] = {"to-vf", "to-pf"};
    static const uint64_t times[] = {1, 2, UINT64_MAX};

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        for (size_t i = 0; i < 24; i++) {
            struct sriov_mock_fault fault = {.size = sizeof(fault),
                                             .kind = SRIOV_MOCK_FAULT_MBX_SILENT,
                                             .op = ways[i % 2],
                                             .nth = 1 + i / 6,
                                             .times = times[i / 2 % 3]};

            open_under_lie(models[m], &fault, "silent mailbox");
        }
    }
}

static void late_mailbox(void **state)
{
    static const char *const ways[] = {"to-vf", "to-pf"};
    static const uint64_t late[] = {100 * BED_US, 10 * BED_MS, 300 * BED_MS, 2000 * BED_MS};

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        for (size_t i = 0; i < 32; i++) {
            struct sriov_mock_fault fault = {.size = sizeof(fault),
                                             .kind = SRIOV_MOCK_FAULT_MBX_LATE,
                                             .op = ways[i % 2],
                                             .nth = 1 + i / 8,
                                             .times = 2,
                                             .value = late[i / 2 % 4]};

            open_under_lie(models[m], &fault, "late mailbox");
        }
    }
}

/* Lies while the application asks for something: the call tells, the settings stand afterwards. */
static void lies_to_settings(void **state)
{
    static const struct sriov_mac group = {{0x01, 0x00, 0x5e, 0, 0, 9}};

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        for (size_t v = 0; v < sizeof(words) / sizeof(words[0]); v++) {
            struct sriov_net *net;

            up(models[m], 0);
            net = t.bed.vf[0].net;
            lie(SRIOV_MOCK_FAULT_MBX_WRONG, "to-vf", 0, words[v], 3);
            assert_true(is_told(sriov_net_set_vlan(net, 7, true)));
            assert_true(is_told(sriov_net_set_multicast(net, &group, 1)));
            assert_true(is_told(sriov_net_set_rx_mode(net, SRIOV_RX_ALLMULTI)));
            busy();
            goes_on("lies to settings");
            assert_int_equal(sriov_net_set_vlan(net, 8, true), 0);
            down("lies to settings");
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

static int tell(void **state)
{
    (void)state;
    print_message("planted lies: %u; after %u of them the VF was started anew, after %u opened anew\n",
                  t.lies, t.restarted, t.reopened);
    return 0;
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
        cmocka_unit_test(wrong_words_to_vf),
        cmocka_unit_test(wrong_words_to_pf),
        cmocka_unit_test(silent_mailbox),
        cmocka_unit_test(late_mailbox),
        cmocka_unit_test(lies_to_settings),
        cmocka_unit_test(lost_interrupt),
        cmocka_unit_test(doubled_interrupt),
        cmocka_unit_test(removal_in_traffic),
    };

    return cmocka_run_group_tests_name("planted model lies", tests, NULL, tell);
}
