/* SPDX-License-Identifier: BSD-3-Clause */
/* Containment: what the devices tell of a VF, spoofed frames and stopped queues. */
#include "pf_guard_stand.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* One anti-spoofing counter for all, by which the spoofer is found among seven. */
static void spoof_82599(struct stand *s, uint64_t vfs, uint32_t frames)
{
    const bool counted = (fake_reg(IXGBE_PFVMECM(0)) & vfs) != 0;

    fake_reg_set(IXGBE_SSVPC, counted ? frames : 0);
    (void)fake_ops()->poll(s->pf);
    fake_reg_set(IXGBE_SSVPC, 0);
}

static void a_spoofer_is_found_on_82599(void **state)
{
    struct stand s;

    (void)state;
    for (uint32_t per_ms = 1; per_ms <= 3; per_ms++) {
        open_stand(&s, FAKE_82599);
        for (uint32_t ms = 0; ms < 2000u && s.n < 2; ms++) {
            fake_advance(MS);
            spoof_82599(&s, UINT64_C(1) << BAD, per_ms);
        }
        assert_int_equal(s.n, 2);
        assert_int_equal(s.events[0].vf, BAD);
        assert_int_equal(s.events[0].kind, SRIOV_PF_EVENT_VF_LIMITED);
        assert_int_equal(s.events[0].reason, SRIOV_PF_REASON_SPOOF);
        assert_int_equal(s.events[1].vf, BAD);
        assert_int_equal(s.events[1].kind, SRIOV_PF_EVENT_VF_SHUT);
        check_shut(&s);
        /* What is shut is counted no more, the others are. */
        for (uint32_t i = 0; i < 3; i++) {
            fake_advance(SECOND);
            (void)fake_ops()->poll(s.pf);
        }
        assert_int_equal(fake_reg(IXGBE_PFVMECM(0)), ((1u << VFS) - 1u) & ~(1u << BAD));
        close_stand(&s);
    }
}

static void spoofers_are_found_one_by_one_on_82599(void **state)
{
    struct stand s;
    uint64_t spoofing = UINT64_C(1) << BAD | UINT64_C(1) << 4 | UINT64_C(1) << 0;

    (void)state;
    open_stand(&s, FAKE_82599);
    for (uint32_t ms = 0; ms < 6000u && spoofing != 0; ms++) {
        fake_advance(MS);
        spoof_82599(&s, spoofing, 2);
        for (uint16_t vf = 0; vf < VFS; vf++) {
            spoofing &= ~(info_of(&s, vf).shut ? UINT64_C(1) << vf : 0);
        }
    }
    assert_int_equal(spoofing, 0);
    for (uint16_t vf = 0; vf < VFS; vf++) {
        assert_int_equal(info_of(&s, vf).shut, vf == BAD || vf == 4 || vf == 0);
    }
    close_stand(&s);
}

/* A stray frame now and then is nobody's fault, and leaves nobody uncounted. */
static void rare_spoofs_are_forgiven_on_82599(void **state)
{
    struct stand s;

    (void)state;
    open_stand(&s, FAKE_82599);
    for (uint32_t i = 0; i < 600; i++) {
        for (uint32_t ms = 0; ms < 100; ms++) {
            fake_advance(MS);
            spoof_82599(&s, UINT64_C(1) << BAD, ms == 0 ? 5 : 0);
        }
    }
    assert_int_equal(s.n, 0);
    fake_advance(SECOND);
    (void)fake_ops()->poll(s.pf);
    fake_advance(SECOND);
    (void)fake_ops()->poll(s.pf);
    assert_int_equal(fake_reg(IXGBE_PFVMECM(0)), (1u << VFS) - 1u);
    close_stand(&s);
}

static void a_spoofer_is_named_by_82576(void **state)
{
    struct stand s;

    (void)state;
    open_stand(&s, FAKE_82576);
    for (uint32_t i = 0; i < 1000u && s.n < 2; i++) {
        fake_reg_set(IGB_WVBR, i % 2u != 0 ? 1u << BAD : 0x100u << BAD); /* either queue of its pool */
        fake_reg_set(IGB_SSVPC, 3);
        (void)fake_ops()->poll(s.pf);
    }
    fake_reg_set(IGB_WVBR, 0);
    assert_int_equal(s.n, 2);
    expect_event(&s, 0, SRIOV_PF_EVENT_VF_LIMITED, SRIOV_PF_REASON_SPOOF, 258);
    expect_event(&s, 1, SRIOV_PF_EVENT_VF_SHUT, SRIOV_PF_REASON_SPOOF, 66);
    check_shut(&s);
    close_stand(&s);
}

/* The last of the four queues of its pool: head 7, tail 9. */
static void hang_queue(void)
{
    const uint32_t queue = 4u * BAD + 3u;

    fake_reg_set(IXGBE_TXDCTL(queue), IXGBE_TXDCTL_ENABLE);
    fake_reg_set(IXGBE_TDH(queue), 7);
    fake_reg_set(IXGBE_TDT(queue), 9);
}

static void poll_for(struct stand *s, uint64_t ns)
{
    for (uint64_t t = 0; t < ns; t += 5u * MS) {
        fake_advance(5u * MS);
        (void)fake_ops()->poll(s->pf);
    }
}

/* The 82599 does not tell: a head that stands still for 3 s does. */
static void hung_queues_add_up_on_82599(void **state)
{
    struct stand s;

    (void)state;
    open_stand(&s, FAKE_82599);
    for (uint32_t i = 1; i <= 6; i++) {
        hang_queue();
        poll_for(&s, 2900u * MS);
        assert_true(has_traffic(&s, BAD));
        poll_for(&s, 400u * MS);
        assert_false(has_traffic(&s, BAD));
        assert_true(has_traffic(&s, GOOD));
        assert_int_equal(s.n, i < 3 ? 0 : i < 6 ? 1 : 2);
        if (i < 6) {
            fake_greet(BAD, 0x0100);
        }
    }
    expect_event(&s, 0, SRIOV_PF_EVENT_VF_LIMITED, SRIOV_PF_REASON_BAD_DESC, SRIOV_PF_GUARD_STOPS + 1u);
    expect_event(&s, 1, SRIOV_PF_EVENT_VF_SHUT, SRIOV_PF_REASON_BAD_DESC, SRIOV_PF_GUARD_STOPS_MORE + 1u);
    check_shut(&s);
    close_stand(&s);
}

/* One that moves, however slowly, one without link, and one that is off do not hang. */
static void slow_queues_do_not_hang(void **state)
{
    const uint32_t queue = 4u * BAD + 3u;
    struct stand s;

    (void)state;
    open_stand(&s, FAKE_82599);
    hang_queue();
    for (uint32_t i = 0; i < 10; i++) {
        poll_for(&s, 2500u * MS);
        fake_reg_set(IXGBE_TDH(queue), 100u + i);
    }
    fake_reg_set(IXGBE_LINKS, 0);
    poll_for(&s, 10u * SECOND);
    fake_reg_set(IXGBE_LINKS, IXGBE_LINKS_UP | IXGBE_LINKS_SPEED_10G);
    fake_reg_set(IXGBE_TXDCTL(queue), 0);
    poll_for(&s, 10u * SECOND);
    assert_true(has_traffic(&s, BAD));
    assert_int_equal(s.n, 0);
    close_stand(&s);
}

static void stop_queue(struct stand *s)
{
    fake_reg_set(IGB_MDFB, 0x100u << BAD);
    fake_reg_set(IGB_LVMMC, 0xa0000001u);
    (void)fake_ops()->poll(s->pf);
    assert_int_equal(fake_reg(IGB_MDFB), 0x100u << BAD); /* written back: that sets the queue free */
    fake_reg_set(IGB_MDFB, 0);
}

static void stopped_queues_add_up(void **state)
{
    struct stand s;

    (void)state;
    open_stand(&s, FAKE_82576);
    assert_int_not_equal(fake_reg(IGB_DTXCTL) & IGB_DTXCTL_MDP_EN, 0);
    for (uint32_t i = 1; i <= 6; i++) {
        uint32_t words[INTEL_MBX_WORDS];

        stop_queue(&s);
        assert_false(has_traffic(&s, BAD));
        assert_false(info_of(&s, BAD).ready);
        assert_true(has_traffic(&s, GOOD));
        assert_int_equal(s.n, i < 3 ? 0 : i < 6 ? 1 : 2);
        if (i < 6) {
            /* Told to RESET, and once it has, it may go on. */
            (void)fake_ops()->poll(s.pf);
            assert_true(fake_take_reply(BAD, words));
            assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG);
            fake_advance(SRIOV_PF_GUARD_LIMITED_NS);
            fake_greet(BAD, 0x0100);
            assert_true(has_traffic(&s, BAD));
        }
    }
    expect_event(&s, 0, SRIOV_PF_EVENT_VF_LIMITED, SRIOV_PF_REASON_BAD_DESC, SRIOV_PF_GUARD_STOPS + 1u);
    expect_event(&s, 1, SRIOV_PF_EVENT_VF_SHUT, SRIOV_PF_REASON_BAD_DESC, SRIOV_PF_GUARD_STOPS_MORE + 1u);
    check_shut(&s);
    close_stand(&s);
}

/* A queue that it had stopped on purpose buys a VF no more requests. */
static void a_stopped_queue_washes_nothing_away(void **state)
{
    const uint32_t forgiven = (uint32_t)(SRIOV_PF_GUARD_LIMITED_NS / SRIOV_PF_GUARD_REQUEST_NS);
    struct stand s;
    uint32_t more = 0;

    (void)state;
    open_stand(&s, FAKE_82576);
    for (uint32_t i = 0; i < SRIOV_PF_GUARD_REQUESTS / 2u; i++) {
        assert_true(asks(BAD));
    }
    stop_queue(&s);
    fake_advance(SRIOV_PF_GUARD_LIMITED_NS);
    fake_greet(BAD, 0x0100);
    for (; s.n == 0 && more < SRIOV_PF_GUARD_REQUESTS; more++) {
        (void)asks(BAD);
    }
    assert_in_range(more, SRIOV_PF_GUARD_REQUESTS / 2u - 10u, SRIOV_PF_GUARD_REQUESTS / 2u + forgiven + 1u);
    expect_event(&s, 0, SRIOV_PF_EVENT_VF_LIMITED, SRIOV_PF_REASON_MAILBOX_FLOOD,
                 SRIOV_PF_GUARD_REQUESTS + 1u);
    close_stand(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spoofer_is_found_on_82599),
        cmocka_unit_test(spoofers_are_found_one_by_one_on_82599),
        cmocka_unit_test(rare_spoofs_are_forgiven_on_82599),
        cmocka_unit_test(a_spoofer_is_named_by_82576),
        cmocka_unit_test(hung_queues_add_up_on_82599),
        cmocka_unit_test(slow_queues_do_not_hang),
        cmocka_unit_test(stopped_queues_add_up),
        cmocka_unit_test(a_stopped_queue_washes_nothing_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
