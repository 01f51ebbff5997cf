/* SPDX-License-Identifier: BSD-3-Clause */
/* The rate scheduler of a transmit queue: 82599 datasheet, section 8.2.3.10; the 82576's is alike. */
#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "rig.h"

static const struct rate_chip {
    const struct rig_chip *rig;
    uint32_t select, config, window;
    uint32_t mbps;     /* of the link */
    uint32_t queue[2]; /* of VF 1 */
} chips[] = {
    {&rig_82599, IXGBE_RTTDQSEL, IXGBE_RTTBCNRC, IXGBE_RTTBCNRM, 10000, {2, 3}},
    {&rig_82576, IGB_RTTDQSEL, IGB_RTTBCNRC, IGB_RTTBCNRM, 1000, {1, 9}},
};
#define EACH(c) for (const struct rate_chip *c = chips; c < chips + 2; c++)

#define LEN     1246u /* 1250 bytes with FCS: 10,000 bits */
#define BITS    10000u
#define PART(n) (IXGBE_RTTBCNRC_RS_ENA | (uint32_t)(n) << IXGBE_RTTBCNRC_RF_INT_SHIFT)
#define BURST   6u

static const uint8_t far_away[6] = {0x02, 0xee, 0, 0, 0, 1};

static void limit(struct rig *r, const struct rate_chip *c, uint32_t queue, uint32_t value)
{
    wr(r, 0, c->select, queue);
    wr(r, 0, c->config, value);
    assert_int_equal(rd(r, 0, c->config), value);
}

static struct rig *vf_2(const struct rate_chip *c)
{
    struct rig *r = rig_up(c->rig, NULL, 3);

    for (uint16_t fn = 1; fn <= 3u; fn++)
        rig_tx_start(r, fn, 0);
    return r;
}

static void burst(struct rig *r, uint16_t fn)
{
    uint8_t f[LEN];

    for (uint32_t i = 0; i < BURST; i++)
        rig_send(r, fn, 0, f, frame_make(f, far_away, fn, LEN));
}

/* What one frame takes at the link's rate divided by n. */
static uint64_t frame_ns(const struct rate_chip *c, uint32_t n)
{
    return (uint64_t)BITS * 1000u * n / c->mbps;
}

static void sends_at_its_rate(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_2(c);

        limit(r, c, c->queue[0], PART(4));
        burst(r, 2);
        assert_int_equal(r->h.wired, 1);
        for (uint32_t i = 1; i < BURST; i++) {
            host_advance(&r->h, frame_ns(c, 4) - 1u);
            assert_int_equal(r->h.wired, i);
            assert_int_equal(rig_tx_dw(r, 2, 0, i, 3) & IXGBE_TXD_STAT_DD, 0);
            host_advance(&r->h, 1);
            assert_int_equal(r->h.wired, i + 1u);
            assert_int_equal(rig_tx_dw(r, 2, 0, i, 3) & IXGBE_TXD_STAT_DD, 1);
        }
        rig_end(r);
    }
}

static void fractions_count(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_2(c);

        limit(r, c, c->queue[0], PART(2) | (IXGBE_RTTBCNRC_RF_DEC + 1u) / 2u);
        burst(r, 2);
        host_advance(&r->h, frame_ns(c, 5) / 2u - 1u);
        assert_int_equal(r->h.wired, 1);
        host_advance(&r->h, 1);
        assert_int_equal(r->h.wired, 2);
        rig_end(r);
    }
}

static void others_are_not_held(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_2(c);

        limit(r, c, c->queue[0], PART(100));
        burst(r, 2);
        burst(r, 1);
        burst(r, 3);
        assert_int_equal(r->h.wired, 2u * BURST + 1u);
        rig_end(r);
    }
}

/* A queue with nothing to send saves up what RTTBCNRM allows, and no more. */
static void makes_good_a_window(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_2(c);

        wr(r, 0, c->window, 3); /* KiB: two frames and a part */
        host_advance(&r->h, UINT64_C(1000000000));
        limit(r, c, c->queue[0], PART(4));
        host_advance(&r->h, UINT64_C(1000000000));
        burst(r, 2);
        assert_int_equal(r->h.wired, 3);
        rig_end(r);
    }
}

static void lifting_it_frees_the_queue(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_2(c);

        limit(r, c, c->queue[0], PART(1000));
        burst(r, 2);
        assert_int_equal(r->h.wired, 1);
        limit(r, c, c->queue[0], PART(1000)); /* the same again changes nothing */
        assert_int_equal(r->h.wired, 1);
        limit(r, c, c->queue[0], 0);
        assert_int_equal(r->h.wired, BURST);
        host_advance(&r->h, 10u * frame_ns(c, 1000));
        assert_int_equal(r->h.wired, BURST);
        rig_end(r);
    }
}

/* Neither a new ring nor a reset of the VF buys time; a reset of the port forgets all limits. */
static void outlives_the_ring(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_2(c);
        uint32_t txdctl = tx_reg(r, 0, r->c->txdctl);

        limit(r, c, c->queue[0], PART(10));
        burst(r, 2);
        assert_int_equal(r->h.wired, 1);
        wr(r, 2, txdctl, 0);
        wr(r, 2, tx_reg(r, 0, 0x10), 0);
        wr(r, 2, tx_reg(r, 0, 0x18), 0);
        rig_tx_start(r, 2, 0);
        burst(r, 2);
        assert_int_equal(r->h.wired, 1);
        host_advance(&r->h, frame_ns(c, 10));
        assert_int_equal(r->h.wired, 2);
        wr(r, 0, r->c->ctrl, IXGBE_CTRL_RST);
        wr(r, 0, c->select, c->queue[0]);
        assert_int_equal(rd(r, 0, c->config), 0);
        host_advance(&r->h, 20u * frame_ns(c, 10));
        assert_int_equal(r->h.wired, 2);
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 8.2.3.10: sends at its rate", sends_at_its_rate),
        CASE("82599 8.2.3.10: fractions count", fractions_count),
        CASE("82599 8.2.3.10: others are not held", others_are_not_held),
        CASE("82599 8.2.3.10: makes good a window", makes_good_a_window),
        CASE("82599 8.2.3.10: lifting it frees the queue", lifting_it_frees_the_queue),
        CASE("82599 8.2.3.10: outlives the ring", outlives_the_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
