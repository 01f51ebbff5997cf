/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lies in the mailbox, planted on purpose: each word of a message wrong, messages silent or late, in
 * both directions, while a VF opens and while it is asked for settings.
 */
#include "planted_stand.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_words_to_vf), cmocka_unit_test(wrong_words_to_pf),
        cmocka_unit_test(silent_mailbox),    cmocka_unit_test(late_mailbox),
        cmocka_unit_test(lies_to_settings),
    };

    return cmocka_run_group_tests_name("planted mailbox lies", tests, NULL, tell);
}
