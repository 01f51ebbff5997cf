/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF held still, saved, and loaded into another port: what a driver cannot see of it moves, too. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "rig.h"

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c = 0; c < 2u; c++)

#define LEN 64u

struct saved {
    uint8_t *bytes;
    uint64_t len;
};

static const uint8_t vf1[6] = {0};

static uint32_t to_vf(struct rig *r, uint16_t fn, uint8_t *f)
{
    uint8_t mac[6];
    uint32_t lo = r->c == &rig_82599 ? rd(r, 0, IXGBE_RAL(fn)) : rd(r, 0, IGB_RAL(fn));
    uint32_t hi = r->c == &rig_82599 ? rd(r, 0, IXGBE_RAH(fn)) : rd(r, 0, IGB_RAH(fn));

    for (uint32_t i = 0; i < 6u; i++)
        mac[i] = (uint8_t)(i < 4u ? lo >> (8u * i) : hi >> (8u * (i - 4u)));
    assert_memory_not_equal(mac, vf1, 6);
    return frame_make(f, mac, 0, LEN);
}

static struct saved save(struct rig *r)
{
    struct saved s = {0};
    int64_t len;

    r->ops->hold(r->m, 1, true);
    len = r->ops->save(r->m, 1, NULL, 0);
    assert_true(len > 0);
    s.len = (uint64_t)len;
    s.bytes = malloc(s.len);
    assert_non_null(s.bytes);
    assert_int_equal(r->ops->save(r->m, 1, s.bytes, s.len), len);
    return s;
}

/* Another port, the same memory. */
static struct rig *load(struct rig *from, struct saved *s)
{
    struct rig *r = rig_up(from->c, NULL, 2);

    memcpy(r->h.mem, from->h.mem, HOST_MEM_BYTES);
    memcpy(r->rx_tail, from->rx_tail, sizeof(r->rx_tail));
    memcpy(r->rx_next, from->rx_next, sizeof(r->rx_next));
    memcpy(r->tx_tail, from->tx_tail, sizeof(r->tx_tail));
    r->ops->hold(r->m, 1, true);
    assert_int_equal(r->ops->load(r->m, 1, s->bytes, s->len), 0);
    free(s->bytes);
    return r;
}

static void waiting_frames_move(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(chips[c], NULL, 2), *to;
        uint8_t f[LEN], g[LEN];
        uint32_t n = to_vf(r, 1, f), k = to_vf(r, 2, g);
        struct saved s;

        rig_rx_start(r, 1, 0, 2, 0);
        rig_rx_give(r, 1, 0, 1);
        rig_queues(r, 2);
        for (uint32_t i = 0; i < 3u; i++)
            r->ops->wire_rx(r->m, f, n); /* one lands, two wait */
        r->ops->wire_rx(r->m, g, k);
        assert_int_equal(rig_rx_count(r, 2, 0), 0);
        s = save(r);
        assert_int_equal(rig_rx_count(r, 2, 0), 1); /* held up no more */
        r->ops->wire_rx(r->m, f, n);
        assert_int_equal(r->ops->rx_drops(r->m, 1), 1);
        to = load(r, &s);
        to->ops->hold(to->m, 1, false);
        assert_int_equal(rig_rx_count(to, 1, 0), 1);
        rig_rx_give(to, 1, 0, 2);
        assert_int_equal(rig_rx_count(to, 1, 0), 2);
        /* The source may go on all the same. */
        r->ops->hold(r->m, 1, false);
        rig_rx_count(r, 1, 0);
        rig_rx_give(r, 1, 0, 2);
        assert_int_equal(rig_rx_count(r, 1, 0), 2);
        rig_end(r);
        rig_end(to);
    }
}

static void held_takes_no_writes(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(chips[c], NULL, 2);
        uint8_t byte;

        assert_int_equal(r->ops->save(r->m, 1, &byte, 1), -EINVAL);
        assert_int_equal(r->ops->load(r->m, 1, &byte, 1), -EINVAL);
        r->ops->hold(r->m, 1, true);
        wr(r, 1, r->c->eims, 7);
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_SEQUENCE], 1);
        rig_clear_reports(r);
        r->ops->hold(r->m, 1, false);
        assert_int_equal(rd(r, 1, r->c->eims), 0);
        r->ops->hold(r->m, 1, true);
        r->ops->flr(r->m, 1); /* lets go */
        cfg_wr(r, 1, 4, 2, 4);
        wr(r, 1, r->c->eims, 7);
        assert_int_equal(rd(r, 1, r->c->eims), 7);
        rig_end(r);
    }
}

/* A cause that came while its vector was quiet is told when the rest of the interval is over, there. */
static void moderation_moves(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(chips[c], NULL, 2), *to;
        struct saved s;
        uint32_t before;

        rig_msix_on(r, 1, 1);
        wr(r, 1, r->c->eitr, 50u << r->c->itr_shift);
        wr(r, 1, r->c->eiac, 1);
        wr(r, 1, r->c->eims, 1);
        wr(r, 1, r->c->eics, 1);
        assert_int_equal(r->h.irqs[1][0], 1);
        host_advance(&r->h, 10u * r->c->itr_unit_ns);
        wr(r, 1, r->c->eics, 1); /* too early */
        assert_int_equal(r->h.irqs[1][0], 1);
        s = save(r);
        host_advance(&r->h, 200u * r->c->itr_unit_ns);
        assert_int_equal(r->h.irqs[1][0], 1); /* held: none */
        to = load(r, &s);
        to->ops->hold(to->m, 1, false);
        before = to->h.irqs[1][0];
        host_advance(&to->h, 35u * r->c->itr_unit_ns);
        assert_int_equal(to->h.irqs[1][0], before);
        host_advance(&to->h, 10u * r->c->itr_unit_ns);
        assert_int_equal(to->h.irqs[1][0], before + 1u);
        r->ops->hold(r->m, 1, false);
        assert_int_equal(r->h.irqs[1][0], 2); /* it was due long ago */
        rig_end(r);
        rig_end(to);
    }
}

static void cut_and_bent(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(chips[c], NULL, 2), *to = rig_up(chips[c], NULL, 2);
        struct saved s;

        rig_queues(r, 1);
        s = save(r);
        to->ops->hold(to->m, 1, true);
        for (uint64_t i = 0; i < s.len; i++)
            assert_int_equal(to->ops->load(to->m, 1, s.bytes, i), -EPROTO);
        for (uint64_t i = 0; i < s.len; i++) {
            uint8_t f[LEN];
            int err;

            s.bytes[i] ^= (uint8_t)(1u << i % 8u);
            err = to->ops->load(to->m, 1, s.bytes, s.len);
            assert_true(err == 0 || err == -EPROTO || err == -ENOSPC);
            s.bytes[i] ^= (uint8_t)(1u << i % 8u);
            if (err == 0) { /* a state that could be: the device lives with it */
                to->ops->hold(to->m, 1, false);
                to->ops->wire_rx(to->m, f, frame_make(f, broadcast, 0, LEN));
                host_advance(&to->h, 1000000);
                to->ops->hold(to->m, 1, true);
            }
        }
        assert_int_equal(to->ops->load(to->m, 1, s.bytes, s.len), 0);
        free(s.bytes);
        rig_clear_reports(to);
        rig_end(r);
        rig_end(to);
    }
}

/* No address register is left there. */
static void full_port_refuses(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(chips[c], NULL, 2), *to = rig_up(chips[c], NULL, 2);
        struct saved s = save(r);
        bool x = r->c == &rig_82599;
        uint32_t entries = x ? IXGBE_RAR_ENTRIES : IGB_RAR_ENTRIES;

        for (uint32_t i = 0; i < entries; i++) {
            wr(to, 0, x ? IXGBE_RAL(i) : IGB_RAL(i), 0x4400u + 0x10000u * i);
            wr(to, 0, x ? IXGBE_RAH(i) : IGB_RAH(i), 0x80000000u | (x ? 0 : IGB_RAH_POOLSEL));
            if (x) {
                wr(to, 0, IXGBE_MPSAR_LO(i), 6);
                wr(to, 0, IXGBE_MPSAR_HI(i), 0);
            }
        }
        to->ops->hold(to->m, 1, true);
        assert_int_equal(to->ops->load(to->m, 1, s.bytes, s.len), -ENOSPC);
        wr(to, 0, x ? IXGBE_RAH(5u) : IGB_RAH(5u), 0);
        assert_int_equal(to->ops->load(to->m, 1, s.bytes, s.len), 0);
        free(s.bytes);
        rig_end(r);
        rig_end(to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("frames that wait in the packet buffer move", waiting_frames_move),
        CASE("a function that is held takes no writes", held_takes_no_writes),
        CASE("what is left of an interrupt's interval moves", moderation_moves),
        CASE("a state cut anywhere, and bent anywhere", cut_and_bent),
        CASE("a port whose filters are full", full_port_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
