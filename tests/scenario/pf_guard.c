/* SPDX-License-Identifier: BSD-3-Clause */
/* Containment: the bounds of sriov/pf.h on what a VF says, met exactly, with both devices. */
#include "pf_guard_stand.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const enum fake_chip chips[] = {FAKE_82599, FAKE_82576};

#define EACH_CHIP(chip) for (const enum fake_chip *chip = chips; chip < chips + 2; chip++)

/* Rings before every poll; the good one beside it is answered in the same. Returns polls until shut. */
static uint32_t flood(struct stand *s, uint64_t poll_ns, uint32_t most)
{
    const uint32_t lpe[2] = {INTEL_MBX_VF_SET_LPE, 1518};
    uint32_t reply[INTEL_MBX_WORDS];

    for (uint32_t i = 0; i < most; i++) {
        fake_advance(poll_ns);
        fake_ring(BAD, lpe, 2);
        if (i % 50u == 0) {
            assert_true(asks(GOOD));
        } else {
            (void)fake_ops()->poll(s->pf);
        }
        (void)fake_take_reply(BAD, reply);
        if (info_of(s, BAD).shut) {
            return i + 1u;
        }
    }
    return most;
}

/* ---- floods ---- */

static void a_busy_vf_is_left_alone(void **state)
{
    struct stand s;

    (void)state;
    EACH_CHIP(chip)
    {
        open_stand(&s, *chip);
        for (uint32_t i = 0; i < 20000; i++) {
            fake_advance(SRIOV_PF_GUARD_REQUEST_NS);
            assert_true(asks(BAD));
        }
        assert_int_equal(s.n, 0);
        close_stand(&s);
    }
}

static void a_flood_is_limited_then_shut(void **state)
{
    static const uint64_t poll_ns[] = {0, MS / 20u, MS / 5u, MS};
    struct stand s;

    (void)state;
    EACH_CHIP(chip)
    {
        for (size_t i = 0; i < sizeof(poll_ns) / sizeof(poll_ns[0]); i++) {
            open_stand(&s, *chip);
            const uint64_t before = info_of(&s, BAD).requests;
            const uint32_t polls = flood(&s, poll_ns[i], SRIOV_PF_GUARD_FLOOD_POLLS + 1u);
            const uint64_t t = polls * poll_ns[i];
            const uint64_t served = info_of(&s, BAD).requests - before;

            assert_true(polls <= SRIOV_PF_GUARD_FLOOD_POLLS);
            assert_true(served <= SRIOV_PF_GUARD_REQUESTS + t / SRIOV_PF_GUARD_REQUEST_NS + 1u +
                                      t / SRIOV_PF_GUARD_LIMITED_NS);
            assert_int_equal(served + info_of(&s, BAD).dropped, polls);
            assert_int_equal(s.n, 2);
            expect_event(&s, 0, SRIOV_PF_EVENT_VF_LIMITED, SRIOV_PF_REASON_MAILBOX_FLOOD,
                         SRIOV_PF_GUARD_REQUESTS + 1u);
            expect_event(&s, 1, SRIOV_PF_EVENT_VF_SHUT, SRIOV_PF_REASON_MAILBOX_FLOOD,
                         SRIOV_PF_GUARD_DROPS + 1u);
            assert_non_null(strstr(fake_log(), ": fake: VF 5 shut down: flood, 257"));
            check_shut(&s);
            print_message("%s, poll each %4u us: shut after %u requests, %u served, %u ms\n",
                          *chip == FAKE_82599 ? "82599" : "82576", (unsigned)(poll_ns[i] / 1000u), polls,
                          (unsigned)served, (unsigned)(t / MS));
            close_stand(&s);
        }
    }
}

static uint64_t accesses_of_poll(struct stand *s)
{
    const uint64_t before = fake_accesses();

    (void)fake_ops()->poll(s->pf);
    return fake_accesses() - before;
}

/* What one VF can cost a poll is bounded, and next to nothing once it is contained. */
static void a_poll_costs_little(void **state)
{
    const uint32_t lpe[2] = {INTEL_MBX_VF_SET_LPE, 1518};
    struct stand s;

    (void)state;
    EACH_CHIP(chip)
    {
        open_stand(&s, *chip);
        const uint64_t quiet = accesses_of_poll(&s);
        uint64_t most_free = 0;
        uint64_t most_limited = 0;
        uint64_t most_shut = 0;
        for (uint32_t i = 0; i < 2u * SRIOV_PF_GUARD_FLOOD_POLLS; i++) {
            const struct sriov_pf_vf_info before = info_of(&s, BAD);
            uint64_t *most = before.shut ? &most_shut : before.limited ? &most_limited : &most_free;
            const uint32_t events = s.n;

            fake_ring(BAD, lpe, 2);
            fake_vf_was_reset((uint16_t)(before.shut ? BAD : VFS)); /* none but it, and that once shut */
            const uint64_t cost = accesses_of_poll(&s);
            if (s.n == events && cost > *most) {
                *most = cost;
            }
        }
        print_message("%s: register accesses of a poll: %u quiet; with a VF that rings, free %u, limited %u; "
                      "shut, and it resets itself too, %u\n",
                      *chip == FAKE_82599 ? "82599" : "82576", (unsigned)quiet, (unsigned)most_free,
                      (unsigned)most_limited, (unsigned)most_shut);
        assert_true(most_free <= quiet + 40u);
        assert_true(most_limited <= quiet + 3u);
        assert_true(most_shut <= quiet + 4u);
        close_stand(&s);
    }
}

/* Not so bad that it is shut: it is held to one request each LIMITED_NS, for as long as it goes on. */
static void a_limited_vf_has_a_bounded_rate(void **state)
{
    const uint64_t every = 60u * MS;
    const uint64_t t = 60u * SECOND;
    struct stand s;

    (void)state;
    EACH_CHIP(chip)
    {
        open_stand(&s, *chip);
        for (uint32_t i = 0; s.n == 0; i++) {
            assert_true(i < SRIOV_PF_GUARD_FLOOD_POLLS);
            (void)asks(BAD);
        }
        assert_true(info_of(&s, BAD).limited);
        assert_false(interrupts(&s, BAD));
        assert_true(has_traffic(&s, BAD)); /* its mailbox is limited, not its traffic */
        const uint64_t before = info_of(&s, BAD).requests;
        for (uint64_t at = 0; at < t; at += every) {
            fake_advance(every);
            (void)asks(BAD);
            assert_true(asks(GOOD));
        }
        const uint64_t served = info_of(&s, BAD).requests - before;
        assert_in_range(served, 1, 1u + t / SRIOV_PF_GUARD_LIMITED_NS);
        assert_true(info_of(&s, BAD).dropped > 0);
        assert_int_equal(s.n, 1);
        close_stand(&s);
    }
}

static void calm_is_rewarded(void **state)
{
    struct stand s;

    (void)state;
    EACH_CHIP(chip)
    {
        open_stand(&s, *chip);
        while (s.n == 0) {
            (void)asks(BAD);
        }
        assert_true(asks(GOOD));
        fake_advance(SRIOV_PF_GUARD_CALM_NS - 1u);
        (void)fake_ops()->poll(s.pf);
        assert_int_equal(s.n, 1);
        assert_true(asks(BAD)); /* what is served while limited is not amiss */
        fake_advance(1);
        (void)fake_ops()->poll(s.pf);
        assert_int_equal(s.n, 2);
        expect_event(&s, 1, SRIOV_PF_EVENT_VF_CALM, SRIOV_PF_REASON_MAILBOX_FLOOD, 0);
        assert_true(interrupts(&s, BAD));
        for (uint32_t i = 0; i < SRIOV_PF_GUARD_REQUESTS; i++) {
            assert_true(asks(BAD));
        }
        assert_int_equal(s.n, 2);
        close_stand(&s);
    }
}

/* ---- other offences ---- */

static void bad_requests_add_up(void **state)
{
    static const uint32_t bad[][2] = {
        {INTEL_MBX_VF_SET_LPE, 0},
        {0x00000077u, 0},
        {INTEL_MBX_VF_SET_LPE | 0x01000000u, 1518},
        {INTEL_MBX_VF_SET_LPE | INTEL_MBX_ACK, 1518},
        {INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, 4095},
    };
    struct stand s;

    (void)state;
    EACH_CHIP(chip)
    {
        open_stand(&s, *chip);
        for (uint32_t i = 0; i <= SRIOV_PF_GUARD_BAD; i++) {
            uint32_t words[2] = {bad[i % 5u][0], bad[i % 5u][1]};

            assert_int_equal(s.n, 0);
            (void)fake_ask(BAD, words, 2);
        }
        /* As often as a limited one is served, and some are forgiven. */
        for (uint32_t i = 0; i <= 10u * SRIOV_PF_GUARD_BAD_MORE / 9u; i++) {
            uint32_t words[2] = {bad[i % 5u][0], bad[i % 5u][1]};

            assert_int_equal(s.n, 1);
            fake_advance(SRIOV_PF_GUARD_LIMITED_NS);
            (void)fake_ask(BAD, words, 2);
        }
        assert_int_equal(s.n, 2);
        expect_event(&s, 0, SRIOV_PF_EVENT_VF_LIMITED, SRIOV_PF_REASON_BAD_REQUESTS, SRIOV_PF_GUARD_BAD + 1u);
        expect_event(&s, 1, SRIOV_PF_EVENT_VF_SHUT, SRIOV_PF_REASON_BAD_REQUESTS,
                     SRIOV_PF_GUARD_BAD_MORE + 1u);
        check_shut(&s);
        close_stand(&s);
    }
}

/* What this PF lacks is no fault of who asks for it: a VF looks for the newest API it can have. */
static void unsupported_is_not_amiss(void **state)
{
    struct stand s;

    (void)state;
    open_stand(&s, FAKE_82599);
    for (uint32_t i = 0; i < 4u * SRIOV_PF_GUARD_BAD; i++) {
        uint32_t words[3] = {IXGBE_MBX_VF_API_NEGOTIATE, IXGBE_MBX_API_2_0};

        fake_advance(SRIOV_PF_GUARD_REQUEST_NS);
        assert_int_equal(fake_ask(BAD, words, 3),
                         IXGBE_MBX_VF_API_NEGOTIATE | INTEL_MBX_NACK | INTEL_MBX_CTS);
    }
    assert_int_equal(s.n, 0);
    close_stand(&s);
}

static void a_reset_storm_ends(void **state)
{
    struct stand s;

    (void)state;
    EACH_CHIP(chip)
    {
        uint32_t resets = 0;

        open_stand(&s, *chip);
        for (; resets < 1000u && s.n < 2; resets++) {
            fake_vf_was_reset(BAD);
            (void)fake_ops()->poll(s.pf);
        }
        assert_int_equal(resets, SRIOV_PF_GUARD_RESETS + SRIOV_PF_GUARD_RESETS_MORE + 2u - 1u);
        assert_int_equal(s.events[1].reason, SRIOV_PF_REASON_RESET_STORM);
        check_shut(&s);
        close_stand(&s);
    }
}

/* A host that changes its mind all the time makes its VFs ask all the time. */
static void what_the_host_causes_is_forgiven(void **state)
{
    struct stand s;

    (void)state;
    EACH_CHIP(chip)
    {
        open_stand(&s, *chip);
        for (uint32_t i = 0; i < 10u * SRIOV_PF_GUARD_RESETS; i++) {
            assert_int_equal(fake_ops()->set_vf_vlan(s.pf, BAD, (uint16_t)(1u + i % 100u)), 0);
            fake_vf_was_reset(BAD);
            fake_greet(BAD, 0x0100);
            assert_true(asks(BAD));
        }
        assert_int_equal(s.n, 0);
        close_stand(&s);
    }
}

/* ---- once shut ---- */

static void shut_stays_shut(void **state)
{
    struct stand s;

    (void)state;
    EACH_CHIP(chip)
    {
        uint32_t reset[4] = {INTEL_MBX_VF_RESET};

        open_stand(&s, *chip);
        assert_int_equal(fake_ops()->shut_vf(s.pf, BAD), 0);
        assert_int_equal(fake_ops()->shut_vf(s.pf, BAD), 0);
        (void)fake_ops()->poll(s.pf);
        assert_int_equal(s.n, 1);
        expect_event(&s, 0, SRIOV_PF_EVENT_VF_SHUT, SRIOV_PF_REASON_HOST, 0);
        check_shut(&s);
        fake_vf_was_reset(BAD);
        (void)fake_ops()->poll(s.pf);
        assert_int_equal(fake_ask(BAD, reset, 4), 0);
        check_shut(&s);
        assert_int_equal(fake_ops()->reset(s.pf), 0);
        fake_greet(GOOD, 0x0100);
        assert_int_equal(fake_ask(BAD, reset, 4), 0);
        check_shut(&s);
        assert_int_equal(fake_ops()->set_up(s.pf, false), 0);
        assert_int_equal(fake_ops()->set_up(s.pf, true), 0);
        fake_greet(GOOD, 0x0100);
        check_shut(&s);
        fake_advance(3600u * SECOND);
        check_shut(&s);
        assert_int_equal(s.n, 1);
        close_stand(&s);
    }
}

static void readmitted_it_starts_over(void **state)
{
    struct stand s;

    (void)state;
    EACH_CHIP(chip)
    {
        uint32_t words[INTEL_MBX_WORDS];

        open_stand(&s, *chip);
        assert_int_equal(fake_ops()->readmit_vf(s.pf, BAD), 0); /* it is in already */
        (void)flood(&s, MS, SRIOV_PF_GUARD_FLOOD_POLLS);
        check_shut(&s);
        assert_int_equal(fake_ops()->readmit_vf(s.pf, BAD), 0);
        assert_int_equal(fake_ops()->readmit_vf(s.pf, BAD), 0);
        (void)fake_ops()->poll(s.pf);
        assert_int_equal(s.n, 3);
        expect_event(&s, 2, SRIOV_PF_EVENT_VF_READMITTED, SRIOV_PF_REASON_MAILBOX_FLOOD, 0);
        assert_true(fake_take_reply(BAD, words));
        assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG);
        assert_false(has_traffic(&s, BAD));
        assert_false(asks(BAD)); /* refused: it has to RESET first */
        fake_greet(BAD, 0x0100);
        assert_true(has_traffic(&s, BAD));
        assert_true(interrupts(&s, BAD));
        assert_true(asks(BAD));
        assert_int_equal(fake_ops()->readmit_vf(s.pf, VFS), -EINVAL);
        assert_int_equal(fake_ops()->shut_vf(s.pf, VFS), -EINVAL);
        close_stand(&s);
    }
}

/* The sink is called with nobody inside: it may act at once. */
static void the_sink_may_call_back(void **state)
{
    struct stand s;

    (void)state;
    open_stand(&s, FAKE_82599);
    s.readmits = true;
    assert_int_equal(fake_ops()->shut_vf(s.pf, BAD), 0);
    (void)fake_ops()->poll(s.pf);
    assert_false(info_of(&s, BAD).shut);
    (void)fake_ops()->poll(s.pf);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.events[1].kind, SRIOV_PF_EVENT_VF_READMITTED);
    close_stand(&s);
}

/* Of events that nobody takes the latest are kept. */
static void events_wait_for_a_poll(void **state)
{
    struct stand s;

    (void)state;
    open_stand(&s, FAKE_82576);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(fake_ops()->shut_vf(s.pf, BAD), 0);
        assert_int_equal(fake_ops()->readmit_vf(s.pf, BAD), 0);
    }
    assert_int_equal(s.n, 0);
    (void)fake_ops()->poll(s.pf);
    assert_int_equal(s.n, KEPT);
    expect_event(&s, KEPT - 1u, SRIOV_PF_EVENT_VF_READMITTED, SRIOV_PF_REASON_HOST, 0);
    close_stand(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_busy_vf_is_left_alone),
        cmocka_unit_test(a_flood_is_limited_then_shut),
        cmocka_unit_test(a_poll_costs_little),
        cmocka_unit_test(a_limited_vf_has_a_bounded_rate),
        cmocka_unit_test(calm_is_rewarded),
        cmocka_unit_test(bad_requests_add_up),
        cmocka_unit_test(unsupported_is_not_amiss),
        cmocka_unit_test(a_reset_storm_ends),
        cmocka_unit_test(what_the_host_causes_is_forgiven),
        cmocka_unit_test(shut_stays_shut),
        cmocka_unit_test(readmitted_it_starts_over),
        cmocka_unit_test(the_sink_may_call_back),
        cmocka_unit_test(events_wait_for_a_poll),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
