/* SPDX-License-Identifier: BSD-3-Clause */
/* The 82576's mailbox: requests as igbvf makes them, and the registers they end in. */
#include "pf_fake.h"

#include <sriov/hw/igb_regs.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ACK  (INTEL_MBX_ACK | INTEL_MBX_CTS)
#define NACK (INTEL_MBX_NACK | INTEL_MBX_CTS)

static int open_pf(void **state)
{
    const struct fake_opts opts = {.chip = FAKE_82576, .vfs = 7};

    *state = fake_open(&opts);
    assert_non_null(*state);
    fake_greet(2, 0x0100);
    return 0;
}

static int close_pf(void **state)
{
    (void)state;
    assert_int_equal(fake_lock_faults(), 0);
    fake_close();
    return 0;
}

static void trust(struct sriov_pf *pf)
{
    assert_int_equal(fake_ops()->set_vf_trust(pf, 2, true), 0);
    fake_greet(2, 0x0100);
}

static void mac_reaches_the_filter(void **state)
{
    uint32_t words[3] = {INTEL_MBX_VF_SET_MAC_ADDR, 0x30201002, 0x5040};

    (void)state;
    assert_int_equal(fake_ask(2, words, 3), INTEL_MBX_VF_SET_MAC_ADDR | ACK);
    assert_int_equal(fake_reg(IGB_RAL(3)), 0x30201002);
    assert_int_equal(fake_reg(IGB_RAH(3)), IGB_RAH_AV | 0x5040 | UINT32_C(1) << (IGB_RAH_POOLSEL_SHIFT + 2));
    /* A neighbour cannot have the same. */
    fake_greet(1, 0x0100);
    words[0] = INTEL_MBX_VF_SET_MAC_ADDR;
    assert_int_equal(fake_ask(1, words, 3), INTEL_MBX_VF_SET_MAC_ADDR | NACK);
}

static void multicast_hashes(void **state)
{
    uint32_t words[16] = {INTEL_MBX_VF_SET_MULTICAST | 3u << 16, 0x0fff0001, 0x0123};
    uint32_t none[16] = {INTEL_MBX_VF_SET_MULTICAST};

    (void)state;
    assert_int_equal(fake_ask(2, words, 16), INTEL_MBX_VF_SET_MULTICAST | 3u << 16 | ACK);
    assert_int_equal(fake_reg(IGB_MTA(0)), 2);
    assert_int_equal(fake_reg(IGB_MTA(127)), 0x80000000u);
    assert_int_equal(fake_reg(IGB_MTA(0x123 >> 5)), UINT32_C(1) << (0x123 & 31));
    assert_int_not_equal(fake_reg(IGB_VMOLR(2)) & IGB_VMOLR_ROMPE, 0);
    assert_int_equal(fake_reg(IGB_VMOLR(1)) & IGB_VMOLR_ROMPE, 0);
    assert_int_equal(fake_ask(2, none, 16), INTEL_MBX_VF_SET_MULTICAST | ACK);
    assert_int_equal(fake_reg(IGB_MTA(127)), 0);
    assert_int_equal(fake_reg(IGB_VMOLR(2)) & IGB_VMOLR_ROMPE, 0);
}

/* Two VFs share a bit of the table: it goes when the second has left. */
static void multicast_bits_are_shared(void **state)
{
    uint32_t one[16] = {INTEL_MBX_VF_SET_MULTICAST | 1u << 16, 0x21};
    uint32_t none[16] = {INTEL_MBX_VF_SET_MULTICAST};

    (void)state;
    fake_greet(4, 0x0100);
    (void)fake_ask(2, one, 16);
    one[0] = INTEL_MBX_VF_SET_MULTICAST | 1u << 16;
    (void)fake_ask(4, one, 16);
    (void)fake_ask(2, none, 16);
    assert_int_equal(fake_reg(IGB_MTA(1)), 2);
    none[0] = INTEL_MBX_VF_SET_MULTICAST;
    (void)fake_ask(4, none, 16);
    assert_int_equal(fake_reg(IGB_MTA(1)), 0);
}

static void more_than_thirty(void **state)
{
    const uint32_t header = INTEL_MBX_VF_SET_MULTICAST | 30u << 16 | IGB_MBX_MULTICAST_OVERFLOW;
    uint32_t words[16] = {header};

    assert_int_equal(fake_ask(2, words, 16), header | ACK);
    assert_int_equal(fake_reg(IGB_VMOLR(2)) & IGB_VMOLR_MPME, 0);
    trust(*state);
    words[0] = header;
    assert_int_equal(fake_ask(2, words, 16), header | ACK);
    assert_int_not_equal(fake_reg(IGB_VMOLR(2)) & IGB_VMOLR_MPME, 0);
}

static void promiscuous_multicast_needs_trust(void **state)
{
    const uint32_t header = IGB_MBX_VF_SET_PROMISC | IGB_MBX_PROMISC_MULTICAST;
    uint32_t words[1] = {header};

    assert_int_equal(fake_ask(2, words, 1), header | NACK);
    trust(*state);
    words[0] = header;
    assert_int_equal(fake_ask(2, words, 1), header | ACK);
    assert_int_not_equal(fake_reg(IGB_VMOLR(2)) & IGB_VMOLR_MPME, 0);
    words[0] = IGB_MBX_VF_SET_PROMISC;
    assert_int_equal(fake_ask(2, words, 1), IGB_MBX_VF_SET_PROMISC | ACK);
    assert_int_equal(fake_reg(IGB_VMOLR(2)) & IGB_VMOLR_MPME, 0);
}

static void vlan_table(void **state)
{
    uint32_t add[2] = {INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, 42};
    uint32_t del[2] = {INTEL_MBX_VF_SET_VLAN, 42};
    const uint32_t pools_2_4 = UINT32_C(0x14) << IGB_VLVF_POOLSEL_SHIFT;

    (void)state;
    fake_greet(4, 0x0100);
    assert_int_equal(fake_ask(2, add, 2), INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD | ACK);
    add[0] = INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD;
    assert_int_equal(fake_ask(4, add, 2), INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD | ACK);
    assert_int_equal(fake_reg(IGB_VLVF(0)), IGB_VLVF_VI_EN | pools_2_4 | 42);
    assert_int_equal(fake_reg(IGB_VFTA(1)), UINT32_C(1) << 10);
    assert_int_equal(fake_ask(2, del, 2), INTEL_MBX_VF_SET_VLAN | ACK);
    assert_int_equal(fake_reg(IGB_VFTA(1)), UINT32_C(1) << 10);
    fake_vf_was_reset(4);
    (void)fake_ops()->poll(*state);
    assert_int_equal(fake_reg(IGB_VLVF(0)), 0);
    assert_int_equal(fake_reg(IGB_VFTA(1)), 0);
}

static void frame_size(void **state)
{
    uint32_t words[2] = {INTEL_MBX_VF_SET_LPE, 9018};

    (void)state;
    assert_int_equal(fake_reg(IGB_VMOLR(2)) & IGB_VMOLR_RLPML, 1522);
    assert_int_equal(fake_ask(2, words, 2), INTEL_MBX_VF_SET_LPE | ACK);
    assert_int_equal(fake_reg(IGB_VMOLR(2)) & IGB_VMOLR_RLPML, 9022);
    assert_int_equal(fake_reg(IGB_VMOLR(1)) & IGB_VMOLR_RLPML, 1522);
    fake_greet(2, 0x0100); /* what the VF asked for ends with a reset */
    assert_int_equal(fake_reg(IGB_VMOLR(2)) & IGB_VMOLR_RLPML, 1522);
}

/* VFRE and VFTE come out of a reset with every VF on: none may run before it has greeted. */
static void traffic_follows_the_greeting(void **state)
{
    assert_int_equal(fake_reg(IGB_VFRE), 4);
    assert_int_equal(fake_reg(IGB_VFTE), 4);
    fake_vf_was_reset(2);
    (void)fake_ops()->poll(*state);
    assert_int_equal(fake_reg(IGB_VFRE), 0);
    assert_int_equal(fake_reg(IGB_VFTE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(mac_reaches_the_filter, open_pf, close_pf),
        cmocka_unit_test_setup_teardown(multicast_hashes, open_pf, close_pf),
        cmocka_unit_test_setup_teardown(multicast_bits_are_shared, open_pf, close_pf),
        cmocka_unit_test_setup_teardown(more_than_thirty, open_pf, close_pf),
        cmocka_unit_test_setup_teardown(promiscuous_multicast_needs_trust, open_pf, close_pf),
        cmocka_unit_test_setup_teardown(vlan_table, open_pf, close_pf),
        cmocka_unit_test_setup_teardown(frame_size, open_pf, close_pf),
        cmocka_unit_test_setup_teardown(traffic_follows_the_greeting, open_pf, close_pf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
