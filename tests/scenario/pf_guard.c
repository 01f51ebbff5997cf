/* SPDX-License-Identifier: BSD-3-Clause */
/* Containment: the bounds of sriov/pf.h, met exactly, on the registers of both devices. */
#include "pf_fake.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MS     UINT64_C(1000000)
#define SECOND (1000u * MS)
#define BAD    5u /* the VF that misbehaves */
#define GOOD   2u
#define VFS    7u
#define KEPT   64u

static const enum fake_chip chips[] = {FAKE_82599, FAKE_82576};

#define EACH_CHIP(chip) for (const enum fake_chip *chip = chips; chip < chips + 2; chip++)

struct stand {
    enum fake_chip chip;
    struct sriov_pf *pf;
    struct sriov_pf_event events[KEPT];
    uint32_t n;
    bool readmits; /* the sink readmits at once */
};

static void on_event(void *arg, const struct sriov_pf_event *event)
{
    struct stand *s = arg;

    assert_int_equal(event->size, sizeof(*event));
    assert_true(s->n < KEPT);
    s->events[s->n++] = *event;
    if (s->readmits && event->kind == SRIOV_PF_EVENT_VF_SHUT) {
        assert_int_equal(fake_ops()->readmit_vf(s->pf, event->vf), 0);
    }
}

static void open_stand(struct stand *s, enum fake_chip chip)
{
    const struct fake_opts opts = {.chip = chip, .vfs = VFS};

    memset(s, 0, sizeof(*s));
    s->chip = chip;
    s->pf = fake_open(&opts);
    assert_non_null(s->pf);
    assert_int_equal(fake_ops()->set_event_sink(s->pf, on_event, s), 0);
    fake_greet(BAD, 0x0100);
    fake_greet(GOOD, 0x0100);
}

static void close_stand(struct stand *s)
{
    assert_int_equal(fake_lock_faults(), 0);
    assert_int_equal(fake_ops()->set_event_sink(s->pf, NULL, NULL), 0);
    fake_close();
}

static struct sriov_pf_vf_info info_of(struct stand *s, uint16_t vf)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    assert_int_equal(fake_ops()->get_vf(s->pf, vf, &info), 0);
    return info;
}

static bool has_traffic(const struct stand *s, uint16_t vf)
{
    const uint32_t rx = fake_reg(s->chip == FAKE_82599 ? IXGBE_PFVFRE(0) : IGB_VFRE);
    const uint32_t tx = fake_reg(s->chip == FAKE_82599 ? IXGBE_PFVFTE(0) : IGB_VFTE);

    assert_int_equal(rx, tx);
    return (rx >> vf & 1u) != 0;
}

static bool interrupts(const struct stand *s, uint16_t vf)
{
    return (fake_reg(s->chip == FAKE_82599 ? IXGBE_PFMBIMR(0) : IGB_MBVFIMR) >> vf & 1u) != 0;
}

static void expect_event(const struct stand *s, uint32_t i, enum sriov_pf_event_kind kind,
                         enum sriov_pf_reason reason, uint64_t count)
{
    assert_true(i < s->n);
    assert_int_equal(s->events[i].kind, kind);
    assert_int_equal(s->events[i].reason, reason);
    assert_int_equal(s->events[i].vf, BAD);
    assert_int_equal(s->events[i].count, count);
}

/* True: answered in the very poll that follows. */
static bool asks(uint16_t vf)
{
    uint32_t lpe[2] = {INTEL_MBX_VF_SET_LPE, 1518};

    return fake_ask(vf, lpe, 2) == (INTEL_MBX_VF_SET_LPE | INTEL_MBX_ACK | INTEL_MBX_CTS);
}

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

static void check_shut(struct stand *s)
{
    assert_true(info_of(s, BAD).shut);
    assert_false(info_of(s, BAD).limited);
    assert_false(info_of(s, BAD).ready);
    assert_false(has_traffic(s, BAD));
    assert_false(interrupts(s, BAD));
    assert_false(asks(BAD));
    assert_false(fake_rung(BAD));
    assert_true(has_traffic(s, GOOD));
    assert_true(interrupts(s, GOOD));
    assert_true(asks(GOOD));
    assert_false(info_of(s, GOOD).limited);
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
            check_shut(&s);
            print_message("%s, poll each %4u us: shut after %u requests, %u served, %u ms\n",
                          *chip == FAKE_82599 ? "82599" : "82576", (unsigned)(poll_ns[i] / 1000u), polls,
                          (unsigned)served, (unsigned)(t / MS));
            close_stand(&s);
        }
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
        cmocka_unit_test(a_limited_vf_has_a_bounded_rate),
        cmocka_unit_test(calm_is_rewarded),
        cmocka_unit_test(bad_requests_add_up),
        cmocka_unit_test(unsupported_is_not_amiss),
        cmocka_unit_test(a_spoofer_is_found_on_82599),
        cmocka_unit_test(spoofers_are_found_one_by_one_on_82599),
        cmocka_unit_test(rare_spoofs_are_forgiven_on_82599),
        cmocka_unit_test(a_spoofer_is_named_by_82576),
        cmocka_unit_test(stopped_queues_add_up),
        cmocka_unit_test(a_reset_storm_ends),
        cmocka_unit_test(shut_stays_shut),
        cmocka_unit_test(readmitted_it_starts_over),
        cmocka_unit_test(the_sink_may_call_back),
        cmocka_unit_test(events_wait_for_a_poll),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
