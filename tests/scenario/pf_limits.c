/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits of a VF in registers and mailbox words: trunk, rate, link, receive mode. Both devices. */
#include "pf_fake.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ACK  (INTEL_MBX_ACK | INTEL_MBX_CTS)
#define NACK (INTEL_MBX_NACK | INTEL_MBX_CTS)

static int open_pf(void **state, enum fake_chip chip, uint16_t vf_queues)
{
    const struct fake_opts opts = {.chip = chip, .vfs = 4, .pf = {.vf_queues = vf_queues}};

    *state = fake_open(&opts);
    return *state != NULL ? 0 : -1;
}

static int open_82599(void **state)
{
    return open_pf(state, FAKE_82599, 0);
}

static int open_82599_2(void **state)
{
    return open_pf(state, FAKE_82599, 2);
}

static int open_82576(void **state)
{
    return open_pf(state, FAKE_82576, 0);
}

static int close_pf(void **state)
{
    (void)state;
    assert_int_equal(fake_lock_faults(), 0);
    fake_close();
    return 0;
}

static struct sriov_pf_vf_info info_of(struct sriov_pf *pf, uint16_t vf)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    assert_int_equal(fake_ops()->get_vf(pf, vf, &info), 0);
    return info;
}

/* ---- trunk ---- */

static uint32_t ask_vlan(uint16_t vf, uint32_t vid, bool on)
{
    uint32_t words[2] = {INTEL_MBX_VF_SET_VLAN | (on ? INTEL_MBX_VLAN_ADD : 0), vid};

    return fake_ask(vf, words, 2) & INTEL_MBX_REPLY_FLAGS;
}

static void trunk(void **state)
{
    const uint16_t list[] = {7, 9};
    struct sriov_pf *pf = *state;
    uint32_t words[INTEL_MBX_WORDS];

    fake_greet(1, 0x0100);
    assert_int_equal(ask_vlan(1, 8, true), ACK);
    assert_int_equal(fake_ops()->set_vf_trunk(pf, 1, list, 2), 0);
    /* It had one that is not on the list: it has to start over. */
    assert_true(fake_take_reply(1, words));
    assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG);
    fake_greet(1, 0x0100);
    assert_int_equal(ask_vlan(1, 7, true), ACK);
    assert_int_equal(ask_vlan(1, 9, true), ACK);
    assert_int_equal(ask_vlan(1, 8, true), NACK);
    assert_int_equal(ask_vlan(1, 0, true), ACK);
    assert_int_equal(ask_vlan(1, 4095, true), NACK);
    assert_int_equal(ask_vlan(1, 8, false), ACK); /* to want less is never forbidden */
    assert_int_equal(info_of(pf, 1).refused, 2);
    assert_int_equal(ask_vlan(2, 8, true), INTEL_MBX_NACK); /* not greeted */
    fake_greet(2, 0x0100);
    assert_int_equal(ask_vlan(2, 8, true), ACK);
    /* Nothing of what it has is taken by a longer list: it is left in peace. */
    assert_int_equal(fake_ops()->set_vf_trunk(pf, 1, list, 0), 0);
    assert_false(fake_rung(1));
    assert_true(info_of(pf, 1).ready);
    assert_int_equal(ask_vlan(1, 8, true), ACK);
}

/* ---- rate ---- */

/* What was programmed last: the last queue of the VF. */
static void assert_rate_82599(uint32_t queue, uint32_t factor)
{
    assert_int_equal(fake_reg(IXGBE_RTTDQSEL), queue);
    assert_int_equal(fake_reg(IXGBE_RTTBCNRC), factor != 0 ? factor | IXGBE_RTTBCNRC_RS_ENA : 0);
}

static void rate_82599(void **state)
{
    struct sriov_pf *pf = *state;

    assert_int_equal(fake_reg(IXGBE_RTTBCNRM), IXGBE_RTTBCNRM_MMW_JUMBO);
    assert_int_equal(fake_ops()->set_vf_rate(pf, 1, 10001), -ERANGE);
    assert_int_equal(fake_ops()->set_vf_rate(pf, 1, 9), -ERANGE);
    assert_int_equal(fake_ops()->set_vf_rate(pf, 1, 3000), 0);
    assert_rate_82599(7, 10000u * 16384u / 3000u); /* 3.333: no queue is enabled yet */
    assert_int_equal(fake_ops()->set_vf_rate(pf, 1, 10000), 0);
    assert_rate_82599(7, 0);
    assert_int_equal(fake_ops()->set_vf_rate(pf, 1, 10), 0);
    assert_rate_82599(7, 1000u << IXGBE_RTTBCNRC_RF_INT_SHIFT);
    /* Each enabled queue has its share, as soon as it is seen. */
    for (uint32_t q = 4; q < 8; q++) {
        fake_reg_set(IXGBE_TXDCTL(q), IXGBE_TXDCTL_ENABLE);
    }
    fake_reg_set(IXGBE_TXDCTL(8), IXGBE_TXDCTL_ENABLE); /* VF 2's */
    (void)fake_ops()->poll(pf);
    assert_rate_82599(7, 4000u << IXGBE_RTTBCNRC_RF_INT_SHIFT);
    fake_reg_set(IXGBE_TXDCTL(5), 0);
    (void)fake_ops()->poll(pf);
    assert_rate_82599(7, 3000u << IXGBE_RTTBCNRC_RF_INT_SHIFT);
}

static void rate_82599_of_2_queues(void **state)
{
    struct sriov_pf *pf = *state;

    assert_int_equal(fake_ops()->set_vf_rate(pf, 1, 5000), 0);
    assert_rate_82599(3, 2u << IXGBE_RTTBCNRC_RF_INT_SHIFT);
}

static void rate_82576(void **state)
{
    struct sriov_pf *pf = *state;

    assert_int_equal(fake_ops()->set_vf_rate(pf, 1, 1001), -ERANGE);
    assert_int_equal(fake_ops()->set_vf_rate(pf, 1, 100), 0);
    assert_int_equal(fake_reg(IGB_RTTDQSEL), 9);
    assert_int_equal(fake_reg(IGB_RTTBCNRC), IGB_RTTBCNRC_RS_ENA | 10u << IGB_RTTBCNRC_RF_INT_SHIFT);
    fake_reg_set(IGB_TXDCTL(1), IGB_TXDCTL_ENABLE);
    fake_reg_set(IGB_TXDCTL(9), IGB_TXDCTL_ENABLE);
    (void)fake_ops()->poll(pf);
    assert_int_equal(fake_reg(IGB_RTTBCNRC), IGB_RTTBCNRC_RS_ENA | 20u << IGB_RTTBCNRC_RF_INT_SHIFT);
    assert_int_equal(fake_ops()->set_vf_rate(pf, 1, 0), 0);
    assert_int_equal(fake_reg(IGB_RTTBCNRC), 0);
}

/* A rate is kept, whatever the link's speed becomes. */
static void rate_follows_the_link(void **state)
{
    struct sriov_pf *pf = *state;

    assert_int_equal(fake_ops()->set_vf_rate(pf, 3, 2000), 0);
    assert_rate_82599(15, 5u << IXGBE_RTTBCNRC_RF_INT_SHIFT);
    fake_reg_set(IXGBE_LINKS, 0);
    (void)fake_ops()->poll(pf);
    assert_rate_82599(15, 5u << IXGBE_RTTBCNRC_RF_INT_SHIFT);
    assert_int_equal(fake_ops()->set_vf_rate(pf, 3, 1000), -EAGAIN);
    assert_int_equal(fake_ops()->set_vf_rate(pf, 3, 2000), 0);
    fake_reg_set(IXGBE_LINKS, IXGBE_LINKS_UP | IXGBE_LINKS_SPEED_1G);
    (void)fake_ops()->poll(pf);
    assert_rate_82599(15, 0); /* the link is slower */
    fake_reg_set(IXGBE_LINKS, IXGBE_LINKS_UP | IXGBE_LINKS_SPEED_10G);
    (void)fake_ops()->poll(pf);
    assert_rate_82599(15, 5u << IXGBE_RTTBCNRC_RF_INT_SHIFT);
    /* After a reset it stands before the link does. */
    assert_int_equal(fake_ops()->reset(pf), 0);
    assert_rate_82599(15, 5u << IXGBE_RTTBCNRC_RF_INT_SHIFT);
    assert_int_equal(info_of(pf, 3).max_mbps, 2000);
    assert_int_equal(fake_ops()->vfs_prepare(pf, 0), 0);
    assert_int_equal(fake_reg(IXGBE_RTTBCNRC), 0);
}

/* ---- link ---- */

static void link_is_told_82599(void **state)
{
    struct sriov_pf *pf = *state;
    uint32_t words[INTEL_MBX_WORDS];

    fake_greet(1, 0x0106);
    assert_int_equal(fake_reg(IXGBE_PFVFTE(0)) & 2, 2);
    assert_int_equal(fake_ops()->set_vf_link(pf, 1, SRIOV_PF_VF_LINK_UP), -EOPNOTSUPP);
    for (uint32_t round = 0; round < 2; round++) {
        const bool up = round != 0;
        uint32_t policy[2] = {IXGBE_MBX_VF_GET_LINK_STATE};
        uint32_t port[3] = {IXGBE_MBX_VF_GET_PF_LINK_STATE};

        assert_int_equal(fake_ops()->set_vf_link(pf, 1, up ? SRIOV_PF_VF_LINK_AUTO : SRIOV_PF_VF_LINK_DOWN),
                         0);
        assert_int_equal(fake_reg(IXGBE_PFVFTE(0)) & 2, 0);
        assert_int_equal(fake_reg(IXGBE_PFVFRE(0)) & 2, 0);
        assert_true(fake_take_reply(1, words));
        assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG);
        fake_greet(1, 0x0106);
        assert_int_equal(fake_reg(IXGBE_PFVFTE(0)) & 2, up ? 2 : 0);
        assert_int_equal(fake_reg(IXGBE_PFVFRE(0)) & 2, up ? 2 : 0);
        assert_int_equal(fake_ask(1, policy, 2), IXGBE_MBX_VF_GET_LINK_STATE | ACK);
        assert_int_equal(policy[1], up);
        assert_int_equal(fake_ask(1, port, 3), IXGBE_MBX_VF_GET_PF_LINK_STATE | ACK);
        assert_int_equal(port[IXGBE_MBX_PF_LINK_UP_WORD], up);
        assert_int_equal(port[IXGBE_MBX_PF_LINK_SPEED_WORD],
                         up ? IXGBE_MBX_SPEED_10G : IXGBE_MBX_SPEED_UNKNOWN);
    }
}

/* Its mailbox has no words for it; a PF that does not answer is a link that is down. */
static void link_is_silence_82576(void **state)
{
    const uint32_t reset[1] = {INTEL_MBX_VF_RESET};
    struct sriov_pf *pf = *state;
    uint32_t words[INTEL_MBX_WORDS];

    fake_greet(1, 0x0100);
    fake_greet(2, 0x0100);
    /* Linux's driver takes a message without CTS for a lost link, and one with it for one that is back. */
    for (uint32_t round = 0; round < 2; round++) {
        assert_int_equal(fake_ops()->set_vf_link(pf, 1, SRIOV_PF_VF_LINK_DOWN), 0);
        assert_int_equal(fake_reg(IGB_VFTE), 4);
        assert_true(fake_take_reply(1, words));
        assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG);
        (void)fake_ops()->poll(pf);
        assert_false(fake_rung(1)); /* no NACK, which would have it start over */
        assert_int_equal(ask_vlan(1, 5, true), INTEL_MBX_NACK);
        if (round == 1) {
            fake_vf_was_reset(1);
            (void)fake_ops()->poll(pf);
        }
        assert_int_equal(fake_ops()->set_vf_link(pf, 1, SRIOV_PF_VF_LINK_AUTO), 0);
        (void)fake_ops()->poll(pf);
        assert_true(fake_take_reply(1, words));
        assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG | (round == 0 ? INTEL_MBX_CTS : 0));
        assert_int_equal(fake_reg(IGB_VFTE), round == 0 ? 6 : 4);
        assert_int_equal(info_of(pf, 1).ready, round == 0);
    }
    fake_greet(1, 0x0100);
    assert_int_equal(fake_ops()->set_vf_link(pf, 1, SRIOV_PF_VF_LINK_DOWN), 0);
    assert_int_equal(fake_reg(IGB_VFTE), 4);
    assert_int_equal(fake_reg(IGB_VFRE), 4);
    assert_true(fake_take_reply(1, words));
    fake_ring(1, reset, 1);
    assert_int_equal(fake_ops()->poll(pf), 1);
    assert_false(fake_rung(1));
    assert_int_equal(fake_reg(IGB_VFTE), 4);
    fake_greet(2, 0x0100);
    assert_int_equal(fake_ops()->set_vf_link(pf, 1, SRIOV_PF_VF_LINK_AUTO), 0);
    (void)fake_ops()->poll(pf);
    (void)fake_take_reply(1, words);
    fake_greet(1, 0x0100);
    assert_int_equal(fake_reg(IGB_VFTE), 6);
}

/* ---- receive mode ---- */

static uint32_t ask_groups(uint16_t vf, uint32_t n)
{
    uint32_t words[INTEL_MBX_WORDS] = {INTEL_MBX_VF_SET_MULTICAST | n << INTEL_MBX_INFO_SHIFT, 0x0123};

    return fake_ask(vf, words, INTEL_MBX_WORDS) & INTEL_MBX_REPLY_FLAGS;
}

static void rx_mode_82599(void **state)
{
    struct sriov_pf *pf = *state;

    assert_int_equal(fake_ops()->set_vf_trust(pf, 1, true), 0);
    for (uint32_t most = SRIOV_RX_NONE; most <= SRIOV_RX_ALLMULTI; most++) {
        uint32_t ask[2] = {IXGBE_MBX_VF_UPDATE_XCAST_MODE, IXGBE_MBX_XCAST_ALLMULTI};

        assert_int_equal(fake_ops()->set_vf_rx_mode(pf, 1, (enum sriov_rx_mode)most), 0);
        fake_greet(1, 0x0103);
        assert_int_equal(fake_ask(1, ask, 2), IXGBE_MBX_VF_UPDATE_XCAST_MODE | ACK);
        assert_int_equal(ask[1], most);
        assert_int_equal(ask_groups(1, 1), most == SRIOV_RX_NONE ? NACK : ACK);
        assert_int_equal(ask_groups(1, 0), ACK);
        assert_int_equal((fake_reg(IXGBE_PFVML2FLT(1)) & IXGBE_PFVML2FLT_MPE) != 0,
                         most == SRIOV_RX_ALLMULTI);
    }
    /* Taken away at once. */
    assert_int_equal(ask_groups(1, 1), ACK);
    assert_int_equal(fake_ops()->set_vf_rx_mode(pf, 1, SRIOV_RX_NONE), 0);
    assert_int_equal(fake_reg(IXGBE_PFVML2FLT(1)) & (IXGBE_PFVML2FLT_MPE | IXGBE_PFVML2FLT_ROMPE), 0);
    assert_int_equal(fake_reg(IXGBE_MTA(0x123 >> 5)), 0);
    assert_false(info_of(pf, 1).ready);
}

static void rx_mode_82576(void **state)
{
    struct sriov_pf *pf = *state;
    uint32_t ask[1] = {IGB_MBX_VF_SET_PROMISC | IGB_MBX_PROMISC_MULTICAST};

    assert_int_equal(fake_ops()->set_vf_trust(pf, 1, true), 0);
    assert_int_equal(fake_ops()->set_vf_rx_mode(pf, 1, SRIOV_RX_MULTI), 0);
    fake_greet(1, 0x0100);
    assert_int_equal(fake_ask(1, ask, 1) & INTEL_MBX_REPLY_FLAGS, NACK);
    assert_int_equal(ask_groups(1, 1), ACK);
    assert_int_equal(ask_groups(1, 1u | IGB_MBX_MULTICAST_OVERFLOW >> INTEL_MBX_INFO_SHIFT), ACK);
    assert_int_equal(fake_reg(IGB_VMOLR(1)) & IGB_VMOLR_MPME, 0);
    assert_int_equal(fake_ops()->set_vf_rx_mode(pf, 1, SRIOV_RX_PROMISC), 0);
    ask[0] = IGB_MBX_VF_SET_PROMISC | IGB_MBX_PROMISC_MULTICAST;
    assert_int_equal(fake_ask(1, ask, 1) & INTEL_MBX_REPLY_FLAGS, ACK); /* more needs no new start */
    assert_int_equal(fake_reg(IGB_VMOLR(1)) & IGB_VMOLR_MPME, IGB_VMOLR_MPME);
    assert_int_equal(fake_ops()->set_vf_rx_mode(pf, 1, SRIOV_RX_NONE), 0);
    assert_int_equal(fake_reg(IGB_VMOLR(1)) & (IGB_VMOLR_MPME | IGB_VMOLR_ROMPE), 0);
}

/* ---- twice is once ---- */

static void set_all(struct sriov_pf *pf)
{
    static const struct sriov_mac mac = {{0x02, 0xaa, 0, 0, 0, 1}};
    const uint16_t list[] = {7, 9};

    assert_int_equal(fake_ops()->set_vf_mac(pf, 1, &mac), 0);
    assert_int_equal(fake_ops()->set_vf_trunk(pf, 1, list, 2), 0);
    assert_int_equal(fake_ops()->set_vf_rate(pf, 1, 500), 0);
    assert_int_equal(fake_ops()->set_vf_link(pf, 1, SRIOV_PF_VF_LINK_DOWN), 0);
    assert_int_equal(fake_ops()->set_vf_rx_mode(pf, 1, SRIOV_RX_MULTI), 0);
    assert_int_equal(fake_ops()->set_vf_trust(pf, 1, true), 0);
    assert_int_equal(fake_ops()->set_vf_spoof_check(pf, 1, false), 0);
    assert_int_equal(fake_ops()->set_vf_vlan(pf, 2, 33), 0);
}

static void twice_touches_nothing(void **state)
{
    struct sriov_pf *pf = *state;
    uint64_t before;

    set_all(pf);
    before = fake_accesses();
    set_all(pf);
    (void)info_of(pf, 1);
    assert_int_equal(fake_accesses(), before);
}

#define T(f, open) cmocka_unit_test_setup_teardown(f, open, close_pf)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(trunk, open_82599),
        T(trunk, open_82576),
        T(rate_82599, open_82599),
        T(rate_82599_of_2_queues, open_82599_2),
        T(rate_82576, open_82576),
        T(rate_follows_the_link, open_82599),
        T(link_is_told_82599, open_82599),
        T(link_is_silence_82576, open_82576),
        T(rx_mode_82599, open_82599),
        T(rx_mode_82576, open_82576),
        T(twice_touches_nothing, open_82599),
        T(twice_touches_nothing, open_82576),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
