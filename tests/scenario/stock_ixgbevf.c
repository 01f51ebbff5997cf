/* SPDX-License-Identifier: BSD-3-Clause */
/* Linux's ixgbevf and DPDK's VF driver on the 82599: probe, open, traffic, ethtool, MTU, link, close. */
#include "stock_driver.h"

#include <sriov/hw/intel_mbx.h>
#include <sriov/hw/ixgbe_regs.h>

#include <string.h>

#define QUEUES   2u
#define TOO_NEW  9u
#define EITR_20K 200u

/* ---- ixgbevf ---- */

static void stop(struct stock *s, uint32_t queues)
{
    for (uint32_t q = 0; q < queues; q++) {
        const uint32_t value = stock_rd(s, IXGBE_VFRXDCTL(q));

        if ((value & IXGBE_RXDCTL_ENABLE) != 0) {
            stock_wr(s, IXGBE_VFRXDCTL(q), value & ~IXGBE_RXDCTL_ENABLE);
        }
    }
    stock_flush(s);
    stock_wr(s, IXGBE_VTEIMC, IXGBE_VTEI_MASK);
    (void)stock_rd(s, IXGBE_VTEICR);
    for (uint32_t q = 0; q < queues; q++) {
        const uint32_t value = stock_rd(s, IXGBE_VFTXDCTL(q));

        if ((value & IXGBE_TXDCTL_ENABLE) != 0) {
            stock_wr(s, IXGBE_VFTXDCTL(q), value & ~IXGBE_TXDCTL_ENABLE);
        }
    }
}

/* From the newest that the driver knows downwards; with 1.7 the features decide, before it 1.5 meant them. */
static void negotiate(struct stock *s, uint32_t newest)
{
    uint32_t wire = newest;

    while (stock_ask3(s, IXGBE_MBX_VF_API_NEGOTIATE, wire, 0, 3) !=
           (IXGBE_MBX_VF_API_NEGOTIATE | STOCK_ACK)) {
        assert_true(wire-- > 0);
    }
    if (wire == IXGBE_MBX_API_1_7) {
        uint32_t words[2] = {IXGBE_MBX_VF_FEATURES_NEGOTIATE,
                             IXGBE_MBX_FEATURE_IPSEC | IXGBE_MBX_FEATURE_LOCKED_MBX};

        assert_int_equal(stock_ask(s, words, 2, 2), IXGBE_MBX_VF_FEATURES_NEGOTIATE | STOCK_ACK);
        assert_int_equal(words[1] & IXGBE_MBX_FEATURE_IPSEC, 0);
        s->locked = (words[1] & IXGBE_MBX_FEATURE_LOCKED_MBX) != 0;
    }
    s->locked = s->locked || wire == IXGBE_MBX_API_1_5;
}

static void reset(struct stock *s, uint16_t vf, uint32_t newest)
{
    const struct sriov_mac mac = stock_mac(vf);
    uint32_t words[INTEL_MBX_WORDS] = {INTEL_MBX_VF_RESET};

    stop(s, QUEUES);
    stock_reset(s, IXGBE_VFCTRL);
    assert_int_equal(stock_ask(s, words, 1, 4), INTEL_MBX_VF_RESET | STOCK_ACK);
    assert_int_equal(words[1], stock_low(&mac));
    assert_int_equal(words[2], stock_high(&mac));
    negotiate(s, newest);
}

static void get_queues(struct stock *s)
{
    uint32_t words[5] = {IXGBE_MBX_VF_GET_QUEUES};

    assert_int_equal(stock_ask(s, words, 5, 5), IXGBE_MBX_VF_GET_QUEUES | STOCK_ACK);
    assert_in_range(words[IXGBE_MBX_QUEUES_TX_WORD], QUEUES, 8);
    assert_in_range(words[IXGBE_MBX_QUEUES_RX_WORD], QUEUES, 8);
    assert_int_equal(words[IXGBE_MBX_QUEUES_TRANS_VLAN_WORD], 0);
}

static void tx_ring(struct stock *s, uint32_t q)
{
    const uint64_t at = stock_tx_ring(s) + 1024u * q;

    stock_wr(s, IXGBE_VFTXDCTL(q), IXGBE_TXDCTL_SWFLSH);
    stock_flush(s);
    stock_wr(s, IXGBE_VFTDBAL(q), (uint32_t)at);
    stock_wr(s, IXGBE_VFTDBAH(q), (uint32_t)(at >> 32));
    stock_wr(s, IXGBE_VFTDLEN(q), STOCK_SLOTS * 16u);
    stock_wr(s, IXGBE_VFTDWBAH(q), 0);
    stock_wr(s, IXGBE_VFTDWBAL(q), 0);
    stock_wr(s, IXGBE_VFDCA_TXCTRL(q), IXGBE_DCA_TXCTRL_DESC_RRO_EN | IXGBE_DCA_TXCTRL_DATA_RRO_EN);
    stock_wr(s, IXGBE_VFTDH(q), 0);
    stock_wr(s, IXGBE_VFTDT(q), 0);
    stock_wr(s, IXGBE_VFTXDCTL(q), IXGBE_TXDCTL_ENABLE | 8u << 16 | 1u << 8 | 32u);
    stock_sleep(s, VF_MS);
    assert_true((stock_rd(s, IXGBE_VFTXDCTL(q)) & IXGBE_TXDCTL_ENABLE) != 0);
}

static void rx_ring(struct stock *s, uint32_t q)
{
    const uint64_t at = stock_rx_ring(s) + 1024u * q;
    const uint32_t value = stock_rd(s, IXGBE_VFRXDCTL(q));

    stock_wr(s, IXGBE_VFRXDCTL(q), value & ~IXGBE_RXDCTL_ENABLE);
    assert_true((stock_rd(s, IXGBE_VFRXDCTL(q)) & IXGBE_RXDCTL_ENABLE) == 0);
    stock_wr(s, IXGBE_VFRDBAL(q), (uint32_t)at);
    stock_wr(s, IXGBE_VFRDBAH(q), (uint32_t)(at >> 32));
    stock_wr(s, IXGBE_VFRDLEN(q), STOCK_SLOTS * 16u);
    stock_wr(s, IXGBE_VFDCA_RXCTRL(q), IXGBE_DCA_RXCTRL_DESC_RRO_EN);
    stock_wr(s, IXGBE_VFRDH(q), 0);
    stock_wr(s, IXGBE_VFRDT(q), 0);
    stock_wr(s, IXGBE_VFSRRCTL(q), IXGBE_SRRCTL_DROP_EN | 0x400u | 2u | IXGBE_SRRCTL_DESCTYPE_ADV_ONEBUF);
    stock_wr(s, IXGBE_VFRXDCTL(q), value | IXGBE_RXDCTL_ENABLE | IXGBE_RXDCTL_VME);
    stock_sleep(s, VF_MS);
    assert_true((stock_rd(s, IXGBE_VFRXDCTL(q)) & IXGBE_RXDCTL_ENABLE) != 0);
}

static void set_ivar(struct stock *s, uint32_t shift, uint32_t vector)
{
    const uint32_t value = stock_rd(s, IXGBE_VTIVAR(0)) & ~(0xffu << shift);

    stock_wr(s, IXGBE_VTIVAR(0), value | (vector | IXGBE_IVAR_ALLOC_VAL) << shift);
}

/* A vector for each pair of queues, the last for the mailbox. */
static void msix(struct stock *s)
{
    for (uint32_t q = 0; q < QUEUES; q++) {
        set_ivar(s, IXGBE_VTIVAR_RX_SHIFT(q), q);
        set_ivar(s, IXGBE_VTIVAR_TX_SHIFT(q), q);
        stock_wr(s, IXGBE_VTEITR(q), EITR_20K | IXGBE_EITR_CNT_WDIS);
    }
    stock_wr(s, IXGBE_VTIVAR_MISC, (stock_rd(s, IXGBE_VTIVAR_MISC) & ~0xffu) | 2u | IXGBE_IVAR_ALLOC_VAL);
}

static void irq_on(struct stock *s)
{
    (void)stock_rd(s, IXGBE_VTEICR);
    stock_wr(s, IXGBE_VTEIAM, 7);
    stock_wr(s, IXGBE_VTEIAC, 7);
    stock_wr(s, IXGBE_VTEIMS, 7);
}

/* Returns the policy's word on the link. */
static uint32_t up(struct stock *s, uint16_t vf, uint32_t frame)
{
    const struct sriov_mac mac = stock_mac(vf);
    uint32_t words[2] = {IXGBE_MBX_VF_GET_LINK_STATE};

    get_queues(s);
    stock_granted(s, IXGBE_MBX_VF_UPDATE_XCAST_MODE, IXGBE_MBX_XCAST_MULTI, 0, 2);
    stock_granted(s, INTEL_MBX_VF_SET_MULTICAST | 1u << INTEL_MBX_INFO_SHIFT, 0x0100, 0, 16);
    stock_granted(s, IXGBE_MBX_VF_SET_MACVLAN, 0, 0, 3);
    stock_granted(s, INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, 0, 0, 2);
    for (uint32_t q = 0; q < QUEUES; q++) {
        tx_ring(s, q);
    }
    stock_wr(s, IXGBE_VFPSRTYPE, 0x1330u | 1u << IXGBE_PSRTYPE_RQPL_SHIFT);
    stock_granted(s, INTEL_MBX_VF_SET_LPE, frame, 0, 2);
    for (uint32_t q = 0; q < QUEUES; q++) {
        rx_ring(s, q);
    }
    s->rx_next = s->rx_use = s->tx_use = 0;
    memset(s->memory.va, 0, 2048);
    stock_refill(s, IXGBE_VFRDT(0));
    msix(s);
    stock_granted(s, INTEL_MBX_VF_SET_MAC_ADDR, stock_low(&mac), stock_high(&mac), 3);
    assert_int_equal(stock_ask(s, words, 2, 2), IXGBE_MBX_VF_GET_LINK_STATE | STOCK_ACK);
    irq_on(s);
    return words[1];
}

/* Down ends in a reset: nothing may be left of the rings. */
static void down(struct stock *s, uint16_t vf, uint32_t newest)
{
    for (uint32_t q = 0; q < QUEUES; q++) {
        stock_wr(s, IXGBE_VFRXDCTL(q), stock_rd(s, IXGBE_VFRXDCTL(q)) & ~IXGBE_RXDCTL_ENABLE);
        assert_true((stock_rd(s, IXGBE_VFRXDCTL(q)) & IXGBE_RXDCTL_ENABLE) == 0);
    }
    stock_sleep(s, 10 * VF_MS);
    stock_wr(s, IXGBE_VTEIAM, 0);
    stock_wr(s, IXGBE_VTEIMC, UINT32_MAX);
    stock_wr(s, IXGBE_VTEIAC, 0);
    stock_flush(s);
    for (uint32_t q = 0; q < QUEUES; q++) {
        stock_wr(s, IXGBE_VFTXDCTL(q), IXGBE_TXDCTL_SWFLSH);
    }
    reset(s, vf, newest);
}

static bool link_is_up(struct stock *s)
{
    bool is_up = false;

    for (uint32_t i = 0; i < 6; i++) {
        assert_true((stock_rd(s, IXGBE_VFLINKS) & IXGBE_LINKS_UP) != 0);
        stock_sleep(s, 100000);
    }
    assert_int_equal(stock_check_link(s, &is_up), 0);
    return is_up;
}

/* Three laps of the receive ring; a vector that rang stays masked until NAPI unmasks it. */
static void traffic(struct stock *from, struct stock *to, uint16_t dst, uint32_t len)
{
    const struct sriov_mac at = stock_mac(dst), by = stock_mac(dst ^ 1u);

    for (uint32_t i = 0; i < 3u * STOCK_SLOTS; i++) {
        const uint32_t rung = to->irqs[0];

        stock_send(from, IXGBE_VFTDT(0), &at, &by, len);
        stock_send(from, IXGBE_VFTDT(0), &at, &by, len);
        assert_int_equal(to->irqs[0], rung + 1u);
        assert_int_equal(stock_receive(to), len);
        assert_int_equal(stock_receive(to), len);
        assert_int_equal(stock_receive(to), 0);
        stock_refill(to, IXGBE_VFRDT(0));
        stock_wr(to, IXGBE_VTEIMS, 1);
        stock_wr(from, IXGBE_VTEIMS, 1);
    }
}

static void comes_up_and_talks(void **state)
{
    /* The newest that ixgbevf knows: 6.1 of late, with and without features; before; DPDK's. */
    static const uint32_t newest[] = {IXGBE_MBX_API_1_7, IXGBE_MBX_API_1_6, IXGBE_MBX_API_1_5,
                                      IXGBE_MBX_API_1_4, IXGBE_MBX_API_1_3};

    (void)state;
    for (uint32_t i = 0; i < sizeof(newest) / sizeof(newest[0]); i++) {
        struct vf_world w;
        struct stock s[2];

        stock_world(&w, "82599");
        for (uint16_t vf = 0; vf < 2; vf++) {
            stock_open(&s[vf], &w, vf, true);
            reset(&s[vf], vf, newest[i]);
            assert_int_equal(up(&s[vf], vf, 1518), 1);
            assert_true(link_is_up(&s[vf]));
        }
        traffic(&s[0], &s[1], 1, 600);
        traffic(&s[1], &s[0], 0, 60);
        for (uint16_t vf = 0; vf < 2; vf++) {
            down(&s[vf], vf, newest[i]);
            stock_close(&s[vf]);
        }
        vf_world_end(&w);
    }
}

/* ---- what ethtool and ip ask for ---- */

static void ethtool_d(struct stock *s)
{
    static const uint32_t single[] = {IXGBE_VFCTRL,      IXGBE_VFSTATUS, IXGBE_VFLINKS,   IXGBE_VFRXMEMWRAP,
                                      IXGBE_VFFRTIMER,   IXGBE_VTEICS,   IXGBE_VTEIMS,    IXGBE_VTEIMC,
                                      IXGBE_VTEIAC,      IXGBE_VTEIAM,   IXGBE_VTEITR(0), IXGBE_VTIVAR(0),
                                      IXGBE_VTIVAR_MISC, IXGBE_VFPSRTYPE};
    static const uint32_t queue[] = {0x00, 0x04, 0x08, 0x10, 0x18, 0x28};

    for (uint32_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
        (void)stock_rd(s, single[i]);
    }
    for (uint32_t q = 0; q < 2; q++) {
        for (uint32_t i = 0; i < sizeof(queue) / sizeof(queue[0]); i++) {
            (void)stock_rd(s, IXGBE_VFRDBAL(q) + queue[i]);
            (void)stock_rd(s, IXGBE_VFTDBAL(q) + queue[i]);
        }
        (void)stock_rd(s, IXGBE_VFSRRCTL(q));
        (void)stock_rd(s, IXGBE_VFTDWBAL(q));
        (void)stock_rd(s, IXGBE_VFTDWBAH(q));
    }
}

static void ethtool_x(struct stock *s, bool trusted)
{
    const uint32_t verdict = trusted ? STOCK_ACK : STOCK_NACK;
    uint32_t reta[INTEL_MBX_WORDS] = {IXGBE_MBX_VF_GET_RETA};
    uint32_t key[INTEL_MBX_WORDS] = {IXGBE_MBX_VF_GET_RSS_KEY};

    assert_int_equal(stock_ask(s, reta, 1, 9), IXGBE_MBX_VF_GET_RETA | verdict);
    assert_int_equal(stock_ask(s, key, 1, 11), IXGBE_MBX_VF_GET_RSS_KEY | verdict);
    for (uint32_t i = 1; trusted && i <= 8; i++) {
        assert_int_equal(reta[i] & 0x55555555u, 0x44444444u); /* ixgbevf takes the lowest bit of each entry */
    }
}

static void with_policy(struct vf_world *w, bool trusted)
{
    static const uint16_t trunk[] = {100};

    w->pf_busy = true;
    assert_int_equal(sriov_pf_set_vf_trust(w->pf, 0, trusted), 0);
    assert_int_equal(sriov_pf_set_vf_trunk(w->pf, 0, trunk, 1), 0);
    w->pf_busy = false;
}

static void asks_for_more(void **state)
{
    (void)state;
    for (uint32_t trusted = 0; trusted < 2; trusted++) {
        struct vf_world w;
        struct stock s;
        uint32_t xcast[2] = {IXGBE_MBX_VF_UPDATE_XCAST_MODE, IXGBE_MBX_XCAST_ALLMULTI};

        stock_world(&w, "82599");
        with_policy(&w, trusted != 0);
        stock_open(&s, &w, 0, true);
        reset(&s, 0, IXGBE_MBX_API_1_4);
        (void)up(&s, 0, 1518);
        ethtool_d(&s);
        ethtool_x(&s, trusted != 0);
        assert_int_equal(stock_ask(&s, xcast, 2, 2), IXGBE_MBX_VF_UPDATE_XCAST_MODE | STOCK_ACK);
        assert_int_equal(xcast[1], trusted != 0 ? IXGBE_MBX_XCAST_ALLMULTI : IXGBE_MBX_XCAST_MULTI);
        /* An 82599's pools have no promiscuous mode: said to those that might have it. */
        assert_int_equal(stock_ask3(&s, IXGBE_MBX_VF_UPDATE_XCAST_MODE, IXGBE_MBX_XCAST_PROMISC, 0, 2),
                         IXGBE_MBX_VF_UPDATE_XCAST_MODE | (trusted != 0 ? STOCK_NACK : STOCK_ACK));
        stock_granted(&s, INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, 100, 0, 2);
        assert_int_equal(stock_ask3(&s, INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, 200, 0, 2) & 0xff00ffffu,
                         INTEL_MBX_VF_SET_VLAN | STOCK_NACK);
        assert_int_equal(stock_ask3(&s, IXGBE_MBX_VF_IPSEC_ADD, 1, 0, 16),
                         IXGBE_MBX_VF_IPSEC_ADD | STOCK_NACK);
        assert_int_equal(stock_ask3(&s, IXGBE_MBX_VF_API_NEGOTIATE, TOO_NEW, 0, 3),
                         IXGBE_MBX_VF_API_NEGOTIATE | STOCK_NACK);
        down(&s, 0, IXGBE_MBX_API_1_4);
        (void)up(&s, 0, 9018);
        down(&s, 0, IXGBE_MBX_API_1_4);
        stock_close(&s);
        vf_world_end(&w);
    }
}

/* ---- the link by the PF's policy ---- */

static void set_link(struct vf_world *w, enum sriov_pf_vf_link link)
{
    w->pf_busy = true;
    assert_int_equal(sriov_pf_set_vf_link(w->pf, 0, link), 0);
    w->pf_busy = false;
}

/* The driver looks when the mailbox rings, and resets once it reads NACK alone. */
static void follow(struct stock *s, uint32_t newest, uint32_t state)
{
    const uint32_t rung = s->irqs[2];
    bool is_up = true;

    stock_wr(s, IXGBE_VTEIMS, 4);
    stock_sleep(s, 10 * VF_MS);
    assert_true(s->irqs[2] > rung || s->irqs[2] > 0);
    for (uint32_t i = 0; stock_check_link(s, &is_up) == 0; i++) {
        assert_true(i < 4);
        stock_wr(s, IXGBE_VTEIMS, 4);
        stock_sleep(s, 1000 * VF_MS);
    }
    assert_false(is_up);
    down(s, 0, newest);
    assert_int_equal(up(s, 0, 1518), state);
}

static void follows_the_link(void **state)
{
    static const uint32_t newest[] = {IXGBE_MBX_API_1_7, IXGBE_MBX_API_1_4};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        struct vf_world w;
        struct stock s;

        stock_world(&w, "82599");
        stock_open(&s, &w, 0, true);
        reset(&s, 0, newest[i]);
        assert_int_equal(up(&s, 0, 1518), 1);
        assert_true(link_is_up(&s));
        set_link(&w, SRIOV_PF_VF_LINK_DOWN);
        follow(&s, newest[i], 0);
        set_link(&w, SRIOV_PF_VF_LINK_AUTO);
        follow(&s, newest[i], 1);
        assert_true(link_is_up(&s));
        down(&s, 0, newest[i]);
        stock_close(&s);
        vf_world_end(&w);
    }
}

/* ---- DPDK ---- */

/* All eight queues that a VF can have, whatever its pool is. */
static void clear_registers(struct stock *s)
{
    stock_wr(s, IXGBE_VFPSRTYPE, 0);
    for (uint32_t q = 0; q < 8; q++) {
        stock_wr(s, IXGBE_VFRDH(q), 0);
        stock_wr(s, IXGBE_VFRDT(q), 0);
        stock_wr(s, IXGBE_VFRXDCTL(q), 0);
        stock_wr(s, IXGBE_VFSRRCTL(q), IXGBE_SRRCTL_RESET);
        stock_wr(s, IXGBE_VFTDH(q), 0);
        stock_wr(s, IXGBE_VFTDT(q), 0);
        stock_wr(s, IXGBE_VFTXDCTL(q), 0);
        stock_wr(s, IXGBE_VFTDWBAH(q), 0);
        stock_wr(s, IXGBE_VFTDWBAL(q), 0);
        stock_wr(s, IXGBE_VFDCA_RXCTRL(q), 0xa200);
        stock_wr(s, IXGBE_VFDCA_TXCTRL(q), 0x2a00);
    }
}

static void dpdk_stop(struct stock *s)
{
    stock_wr(s, IXGBE_VTEIMC, IXGBE_VTEI_MASK);
    (void)stock_rd(s, IXGBE_VTEICR);
    for (uint32_t q = 0; q < 8; q++) {
        stock_wr(s, IXGBE_VFTXDCTL(q), IXGBE_TXDCTL_SWFLSH);
        stock_wr(s, IXGBE_VFRXDCTL(q), stock_rd(s, IXGBE_VFRXDCTL(q)) & ~IXGBE_RXDCTL_ENABLE);
    }
    stock_wr(s, IXGBE_VFPSRTYPE, 0);
    stock_flush(s);
}

static void dpdk_reset(struct stock *s, uint32_t newest)
{
    uint32_t words[INTEL_MBX_WORDS] = {INTEL_MBX_VF_RESET};

    dpdk_stop(s);
    stock_reset(s, IXGBE_VFCTRL);
    clear_registers(s);
    assert_int_equal(stock_ask(s, words, 1, 4), INTEL_MBX_VF_RESET | STOCK_ACK);
    negotiate(s, newest);
}

static void dpdk_polls(void **state)
{
    struct vf_world w;
    struct stock s[2];

    (void)state;
    stock_world(&w, "82599");
    for (uint16_t vf = 0; vf < 2; vf++) {
        stock_open(&s[vf], &w, vf, true);
        dpdk_reset(&s[vf], IXGBE_MBX_API_1_3);
        stock_granted(&s[vf], INTEL_MBX_VF_SET_LPE, 1518, 0, 2);
        assert_int_equal(stock_rd(&s[vf], IXGBE_VFDCA_TXCTRL(0)), 0x2a00);
        tx_ring(&s[vf], 0);
        rx_ring(&s[vf], 0);
        stock_refill(&s[vf], IXGBE_VFRDT(0));
        stock_wr(&s[vf], IXGBE_VTIVAR_MISC, IXGBE_IVAR_ALLOC_VAL);
    }
    for (uint32_t i = 0; i < 2u * STOCK_SLOTS; i++) {
        const struct sriov_mac to = stock_mac(1), by = stock_mac(0);

        stock_send(&s[0], IXGBE_VFTDT(0), &to, &by, 200);
        assert_int_equal(stock_receive(&s[1]), 200);
        stock_refill(&s[1], IXGBE_VFRDT(0));
    }
    assert_int_equal(s[1].irqs[0] + s[1].irqs[1] + s[1].irqs[2], 0);
    assert_int_equal(stock_rd(&s[1], IXGBE_VFGPRC), 2u * STOCK_SLOTS);
    assert_int_equal(stock_rd(&s[1], IXGBE_VFGORC_LSB), 2u * STOCK_SLOTS * 204u);
    for (uint16_t vf = 0; vf < 2; vf++) {
        dpdk_reset(&s[vf], IXGBE_MBX_API_1_3);
        stock_close(&s[vf]);
    }
    vf_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_up_and_talks),
        cmocka_unit_test(asks_for_more),
        cmocka_unit_test(follows_the_link),
        cmocka_unit_test(dpdk_polls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
