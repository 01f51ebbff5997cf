/* SPDX-License-Identifier: BSD-3-Clause */
/* How a driver is tested on the mock: each test one fault, no sleep, no hardware. */
#include "bed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

static int begin(void **state)
{
    static struct bed bed;
    *state = &bed;
    return bed_make(&bed) != 0 || bed_up(&bed) != 0;
}

/* What no test may leave behind. */
static int end(void **state)
{
    struct bed *bed = *state;
    uint64_t findings = bed_down(bed);
    return findings + bed_end(bed) != 0;
}

static void inject(struct bed *bed, struct sriov_mock_fault fault)
{
    fault.size = sizeof(fault);
    fault.fn = bed->name;
    fault.nth = 1;
    assert_int_equal(sriov_mock_inject(bed->mock, &fault), 0);
}

static void exchange(struct bed *bed, uint32_t frames)
{
    for (uint32_t i = 0; i < frames; i++) {
        bed_send(bed);
        (void)bed_turn(bed);
    }
}

static void frames_come_back(void **state)
{
    struct bed *bed = *state;
    exchange(bed, 500); /* some eight times round each ring */
    assert_int_equal(bed->returned, 500);
    assert_int_equal(bed->wrong, 0);
    assert_int_equal(bed->events, SRIOV_NET_EV_LINK);
}

/* struct toy_desc as the device writes it back: addr, addr, len, status. */
static void a_lying_write_back_costs_one_frame_at_most(void **state)
{
    static const struct {
        uint32_t word;
        uint64_t value;
        bool costs;
    } lies[] = {{0, UINT32_MAX, false}, {1, UINT32_MAX, false}, {2, 0, true},          {2, 13, true},
                {2, 2049, true},        {2, UINT32_MAX, true},  {3, UINT32_MAX, false}};
    struct bed *bed = *state;
    uint64_t bad = 0;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        inject(bed, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_WB_HOSTILE,
                                              .op = "rx",
                                              .index = lies[i].word,
                                              .value = lies[i].value});
        exchange(bed, 2);
        bad += lies[i].costs;
        assert_int_equal(sriov_mock_clear_faults(bed->mock), 1);
        assert_int_equal(sriov_net_rxq(bed->net, 0)->bad, bad);
        assert_int_equal(bed->returned, bed->sent - bad);
    }
}

static void a_long_frame_stays_in_its_buffer(void **state)
{
    static const uint8_t frame[1000];
    struct bed *bed = *state;
    assert_int_equal(bed_down(bed), 0);
    bed->buf_size = 256;
    assert_int_equal(bed_up(bed), 0);
    assert_int_equal(sriov_mock_wire_send(bed->mock, bed->name, frame, sizeof(frame)), 0);
    assert_int_equal(bed_turn(bed), 1);
    assert_int_equal(sriov_net_rxq(bed->net, 0)->bytes, 256);
    assert_int_equal(sriov_net_rxq(bed->net, 0)->bad, 0);
}

static void a_late_write_back_is_waited_for(void **state)
{
    struct bed *bed = *state;
    inject(bed, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_WB_LATE, .op = "rx", .value = 5 * MS});
    bed_send(bed);
    assert_int_equal(bed_turn(bed), 0);
    sriov_mock_advance(bed->mock, 5 * MS);
    assert_int_equal(bed_turn(bed), 1);
    assert_int_equal(bed->returned, 1);
}

static void a_slow_device_loses_nothing(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(sriov_mock_set_delay(bed->mock, bed->name, SRIOV_DELAY_TX, MS / 2), 0);
    assert_int_equal(sriov_mock_set_delay(bed->mock, bed->name, SRIOV_DELAY_RX, MS / 4), 0);
    exchange(bed, 40);
    sriov_mock_advance(bed->mock, MS);
    (void)bed_turn(bed);
    sriov_mock_advance(bed->mock, MS);
    assert_int_equal(bed->returned, 40);
}

static void a_dma_error_is_recovered(void **state)
{
    static const char *const sides[] = {"rx", "tx"};
    struct bed *bed = *state;
    for (uint32_t i = 0; i < 2; i++) {
        bed->events = 0;
        inject(bed, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_DMA, .op = sides[i]});
        exchange(bed, 1);
        assert_int_equal(bed->returned, 10 * i);
        assert_int_equal(bed->events & ~SRIOV_NET_EV_LINK, SRIOV_NET_EV_RECOVERING | SRIOV_NET_EV_RECOVERED);
        exchange(bed, 10);
        assert_int_equal(bed->returned, 10 * (i + 1));
    }
}

static void an_flr_behind_the_driver_is_noticed(void **state)
{
    struct bed *bed = *state;
    exchange(bed, 10);
    assert_int_equal(sriov_fn_reset(bed->fn), 0);
    (void)bed_turn(bed);
    exchange(bed, 10);
    assert_int_equal(bed->returned, 20);
    assert_int_equal(sriov_fn_state(bed->fn), SRIOV_FN_STARTED);
}

static void the_link_goes_and_comes(void **state)
{
    struct bed *bed = *state;
    struct sriov_net_info info = {.size = sizeof(info)};
    exchange(bed, 1);
    assert_int_equal(sriov_mock_carrier(bed->mock, bed->name, false), 0);
    assert_int_equal(sriov_net_poll(bed->net), SRIOV_NET_EV_LINK);
    assert_int_equal(sriov_net_get_info(bed->net, &info), 0);
    assert_false(info.link.up);
    assert_int_equal(sriov_mock_carrier(bed->mock, bed->name, true), 0);
    assert_int_equal(sriov_net_poll(bed->net), SRIOV_NET_EV_LINK);
}

static void a_pulled_device_ends_cleanly(void **state)
{
    struct bed *bed = *state;
    exchange(bed, 10);
    assert_int_equal(sriov_mock_remove(bed->mock, bed->name, false, 0), 0);
    assert_int_equal(bed_turn(bed), 0);
    assert_true((bed->events & SRIOV_NET_EV_GONE) != 0);
    assert_int_equal(sriov_net_stop(bed->net), -ENODEV);
}

/* Each op fails once, at each of its occasions while the driver comes up. */
static void every_failure_is_undone(void **state)
{
    struct bed *bed = *state;
    struct sriov_mock_fault fault = {.size = sizeof(fault), .kind = SRIOV_MOCK_FAULT_OP, .err = -ENOMEM};
    uint32_t failed = 0;
    assert_int_equal(bed_down(bed), 0);
    for (fault.nth = 1;; fault.nth++) {
        int rc;
        assert_int_equal(sriov_mock_inject(bed->mock, &fault), 0);
        rc = bed_up(bed);
        if (sriov_mock_clear_faults(bed->mock) == 0) {
            assert_int_equal(rc, 0);
            break; /* nothing was left to fail */
        }
        failed += rc != 0;
        assert_int_equal(bed_down(bed), 0);
        assert_int_equal(sriov_mock_held(bed->mock), 0);
    }
    assert_true(fault.nth > 20 && failed > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_come_back, begin, end),
        cmocka_unit_test_setup_teardown(a_lying_write_back_costs_one_frame_at_most, begin, end),
        cmocka_unit_test_setup_teardown(a_long_frame_stays_in_its_buffer, begin, end),
        cmocka_unit_test_setup_teardown(a_late_write_back_is_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(a_slow_device_loses_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_dma_error_is_recovered, begin, end),
        cmocka_unit_test_setup_teardown(an_flr_behind_the_driver_is_noticed, begin, end),
        cmocka_unit_test_setup_teardown(the_link_goes_and_comes, begin, end),
        cmocka_unit_test_setup_teardown(a_pulled_device_ends_cleanly, begin, end),
        cmocka_unit_test_setup_teardown(every_failure_is_undone, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
