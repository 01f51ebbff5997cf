/* SPDX-License-Identifier: BSD-3-Clause */
/* Linux's igbvf on the 82576: probe, open, traffic, ethtool, MTU, link, close. */
#include "stock_driver.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/intel_mbx.h>

#include <string.h>

#define START_ITR 488u
#define RX_THRESH (16u | 8u << 8 | 1u << 16)

static void set_mac(struct stock *s, uint16_t vf)
{
    const struct sriov_mac mac = stock_mac(vf);

    stock_granted(s, INTEL_MBX_VF_SET_MAC_ADDR, stock_low(&mac), stock_high(&mac), 3);
}

static void reset(struct stock *s, uint16_t vf)
{
    const struct sriov_mac mac = stock_mac(vf);
    uint32_t words[INTEL_MBX_WORDS] = {INTEL_MBX_VF_RESET};

    stock_reset(s, IGBVF_VTCTRL);
    assert_int_equal(stock_ask(s, words, 1, 3), INTEL_MBX_VF_RESET | STOCK_ACK);
    assert_int_equal(words[1], stock_low(&mac));
    assert_int_equal(words[2], stock_high(&mac));
    set_mac(s, vf);
}

static void probe(struct stock *s, uint16_t vf)
{
    stock_wr(s, IGBVF_VTEIMC, UINT32_MAX);
    stock_wr(s, IGBVF_VTEIAC, 0);
    reset(s, vf);
}

static void tx_ring(struct stock *s)
{
    const uint32_t value = stock_rd(s, IGBVF_TXDCTL(0));

    stock_wr(s, IGBVF_TXDCTL(0), value & ~IGB_TXDCTL_ENABLE);
    stock_flush(s);
    stock_wr(s, IGBVF_TDLEN(0), STOCK_SLOTS * 16u);
    stock_wr(s, IGBVF_TDBAL(0), (uint32_t)stock_tx_ring(s));
    stock_wr(s, IGBVF_TDBAH(0), (uint32_t)(stock_tx_ring(s) >> 32));
    stock_wr(s, IGBVF_TDH(0), 0);
    stock_wr(s, IGBVF_TDT(0), 0);
    stock_wr(s, IGBVF_TXCTL(0), stock_rd(s, IGBVF_TXCTL(0)) & ~IGB_TXCTL_WB_RO_EN);
    stock_wr(s, IGBVF_TXDCTL(0), value | IGB_TXDCTL_ENABLE);
}

static void rx_ring(struct stock *s, uint32_t frame)
{
    const uint32_t value = stock_rd(s, IGBVF_RXDCTL(0));

    stock_wr(s, IGBVF_SRRCTL(0), IGB_SRRCTL_DROP_EN | 2u | IGB_SRRCTL_DESCTYPE_ADV_ONEBUF);
    stock_wr(s, IGBVF_RXDCTL(0), value & ~IGB_RXDCTL_ENABLE);
    stock_flush(s);
    stock_wr(s, IGBVF_RDBAL(0), (uint32_t)stock_rx_ring(s));
    stock_wr(s, IGBVF_RDBAH(0), (uint32_t)(stock_rx_ring(s) >> 32));
    stock_wr(s, IGBVF_RDLEN(0), STOCK_SLOTS * 16u);
    stock_wr(s, IGBVF_RDH(0), 0);
    stock_wr(s, IGBVF_RDT(0), 0);
    stock_granted(s, INTEL_MBX_VF_SET_LPE, frame + 4u, 0, 2);
    stock_wr(s, IGBVF_RXDCTL(0), ((value | IGB_RXDCTL_ENABLE) & 0xfff00000u) | RX_THRESH);
}

/* Vector 0 for transmit, 1 for receive, 2 for the mailbox. */
static void msix(struct stock *s)
{
    stock_wr(s, IGBVF_VTIVAR, (stock_rd(s, IGBVF_VTIVAR) & 0xffff00ffu) | 0x80u << 8);
    stock_wr(s, IGBVF_VTEITR(0), START_ITR);
    stock_wr(s, IGBVF_VTIVAR, (stock_rd(s, IGBVF_VTIVAR) & 0xffffff00u) | 0x81u);
    stock_wr(s, IGBVF_VTEITR(1), START_ITR);
    stock_wr(s, IGBVF_VTIVAR_MISC, 0x82u);
    stock_flush(s);
}

static void irq_on(struct stock *s)
{
    (void)stock_rd(s, IGBVF_VTEICR);
    stock_wr(s, IGBVF_VTEIAC, 7);
    stock_wr(s, IGBVF_VTEIAM, 7);
    stock_wr(s, IGBVF_VTEIMS, 7);
}

static void up(struct stock *s, uint32_t frame)
{
    stock_granted(s, INTEL_MBX_VF_SET_MULTICAST | 1u << INTEL_MBX_INFO_SHIFT, 0x0100, 0, 16);
    stock_granted(s, INTEL_MBX_VF_SET_MAC_ADDR | IGB_MBX_MAC_FILTER_CLR, 0, 0, 3);
    stock_granted(s, INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, 0, 0, 2);
    tx_ring(s);
    rx_ring(s, frame);
    s->rx_next = s->rx_use = s->tx_use = 0;
    memset(s->memory.va, 0, 8192);
    stock_refill(s, IGBVF_RDT(0));
    msix(s);
    irq_on(s);
}

/* Rings are emptied after the reset, and the pointers set back once more. */
static void down(struct stock *s, uint16_t vf)
{
    stock_wr(s, IGBVF_RXDCTL(0), stock_rd(s, IGBVF_RXDCTL(0)) & ~IGB_RXDCTL_ENABLE);
    stock_wr(s, IGBVF_TXDCTL(0), stock_rd(s, IGBVF_TXDCTL(0)) & ~IGB_TXDCTL_ENABLE);
    stock_flush(s);
    stock_sleep(s, 10 * VF_MS);
    stock_wr(s, IGBVF_VTEIMC, UINT32_MAX);
    stock_wr(s, IGBVF_VTEIAC, 0);
    reset(s, vf);
    stock_wr(s, IGBVF_TDH(0), 0);
    stock_wr(s, IGBVF_TDT(0), 0);
    stock_wr(s, IGBVF_RDH(0), 0);
    stock_wr(s, IGBVF_RDT(0), 0);
}

static int check_link(struct stock *s, bool *is_up)
{
    *is_up = false;
    if ((stock_rd(s, IGBVF_VTSTATUS) & IGB_STATUS_LU) == 0) {
        return 0;
    }
    return stock_check_link(s, is_up);
}

static void looks_well(struct stock *s)
{
    bool is_up;

    assert_int_equal(check_link(s, &is_up), 0);
    assert_true(is_up);
    assert_true((stock_rd(s, IGBVF_VTSTATUS) & IGB_STATUS_SPEED_1000) != 0);
    assert_true((stock_rd(s, IGBVF_VTSTATUS) & IGB_STATUS_FD) != 0);
}

/* Each vector that rang is masked: transmit is unmasked by EIMS, receive through EICS as well, which rings.
 */
static void traffic(struct stock *from, struct stock *to, uint16_t dst, uint32_t len)
{
    const struct sriov_mac at = stock_mac(dst), by = stock_mac(dst ^ 1u);

    for (uint32_t i = 0; i < 3u * STOCK_SLOTS; i++) {
        const uint32_t rung = to->irqs[1];

        stock_send(from, IGBVF_TDT(0), &at, &by, len);
        stock_send(from, IGBVF_TDT(0), &at, &by, len);
        assert_int_equal(to->irqs[1], rung + 1u);
        assert_int_equal(stock_receive(to), len);
        assert_int_equal(stock_receive(to), len);
        assert_int_equal(stock_receive(to), 0);
        stock_refill(to, IGBVF_RDT(0));
        stock_wr(from, IGBVF_VTEIMS, 1);
        stock_wr(to, IGBVF_VTEICS, 2);
        stock_sleep(to, VF_MS);
        assert_int_equal(to->irqs[1], rung + 2u);
        stock_wr(to, IGBVF_VTEIMS, 2);
    }
}

static void counted(struct stock *s, uint32_t packets, uint32_t len)
{
    assert_int_equal(stock_rd(s, IGBVF_VFGPRC), packets);
    assert_int_equal(stock_rd(s, IGBVF_VFGORC), packets * (len + 4u));
    assert_int_equal(stock_rd(s, IGBVF_VFGPRLBC), packets);
    assert_int_equal(stock_rd(s, IGBVF_VFGORLBC), packets * (len + 4u));
    assert_int_equal(stock_rd(s, IGBVF_VFMPRC) + stock_rd(s, IGBVF_VFGPTC) + stock_rd(s, IGBVF_VFGOTC), 0);
    assert_int_equal(stock_rd(s, IGBVF_VFGPTLBC) + stock_rd(s, IGBVF_VFGOTLBC), 0);
}

static void ethtool_d(struct stock *s)
{
    static const uint32_t regs[] = {IGBVF_VTCTRL, IGBVF_VTSTATUS, IGBVF_RDLEN(0), IGBVF_RDH(0),
                                    IGBVF_RDT(0), IGBVF_TDLEN(0), IGBVF_TDH(0),   IGBVF_TDT(0)};

    for (uint32_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
        (void)stock_rd(s, regs[i]);
    }
}

static void comes_up_and_talks(void **state)
{
    struct vf_world w;
    struct stock s[2];

    (void)state;
    stock_world(&w, "82576");
    for (uint16_t vf = 0; vf < 2; vf++) {
        stock_open(&s[vf], &w, vf, false);
        probe(&s[vf], vf);
        up(&s[vf], 1518);
        looks_well(&s[vf]);
    }
    traffic(&s[0], &s[1], 1, 600);
    counted(&s[1], 6u * STOCK_SLOTS, 600);
    ethtool_d(&s[0]);
    /* What a reset leaves of the counters is all of it. */
    down(&s[1], 1);
    counted(&s[1], 6u * STOCK_SLOTS, 600);
    up(&s[1], 1518);
    traffic(&s[1], &s[0], 0, 60);
    for (uint16_t vf = 0; vf < 2; vf++) {
        down(&s[vf], vf);
        stock_close(&s[vf]);
    }
    vf_world_end(&w);
}

/* igbvf compares the whole header of a refusal, finds that it still says "add", and takes it for granted. */
static void asks_for_more(void **state)
{
    static const uint16_t trunk[] = {100};
    const uint32_t add = INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD;
    struct vf_world w;
    struct stock s;

    (void)state;
    stock_world(&w, "82576");
    w.pf_busy = true;
    assert_int_equal(sriov_pf_set_vf_trunk(w.pf, 0, trunk, 1), 0);
    w.pf_busy = false;
    stock_open(&s, &w, 0, false);
    probe(&s, 0);
    up(&s, 1518);
    stock_granted(&s, add, 100, 0, 2);
    assert_int_equal(stock_ask3(&s, add, 200, 0, 2), add | STOCK_NACK);
    down(&s, 0);
    up(&s, 9018);
    down(&s, 0);
    assert_int_equal(stock_ask3(&s, INTEL_MBX_VF_SET_LPE, 9733, 0, 2), INTEL_MBX_VF_SET_LPE | STOCK_NACK);
    stock_close(&s);
    vf_world_end(&w);
}

static void set_link(struct vf_world *w, enum sriov_pf_vf_link link)
{
    w->pf_busy = true;
    assert_int_equal(sriov_pf_set_vf_link(w->pf, 0, link), 0);
    w->pf_busy = false;
}

/* Its link is what the last message says: without CTS it has none, and it waits. */
static void follows_the_link(void **state)
{
    struct vf_world w;
    struct stock s;

    (void)state;
    stock_world(&w, "82576");
    stock_open(&s, &w, 0, false);
    probe(&s, 0);
    up(&s, 1518);
    looks_well(&s);
    for (uint32_t round = 0; round < 3; round++) {
        bool is_up;
        uint32_t rung = s.irqs[2];

        stock_wr(&s, IGBVF_VTEIMS, 4);
        set_link(&w, SRIOV_PF_VF_LINK_DOWN);
        stock_sleep(&s, 10 * VF_MS);
        assert_true(s.irqs[2] > rung);
        for (uint32_t i = 0; i < 5; i++) {
            assert_int_equal(check_link(&s, &is_up), 0);
            assert_false(is_up);
            stock_sleep(&s, 2000 * VF_MS);
        }
        rung = s.irqs[2];
        stock_wr(&s, IGBVF_VTEIMS, 4);
        set_link(&w, SRIOV_PF_VF_LINK_AUTO);
        stock_sleep(&s, 10 * VF_MS);
        assert_true(s.irqs[2] > rung);
        looks_well(&s);
    }
    down(&s, 0);
    stock_close(&s);
    vf_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_up_and_talks),
        cmocka_unit_test(asks_for_more),
        cmocka_unit_test(follows_the_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
