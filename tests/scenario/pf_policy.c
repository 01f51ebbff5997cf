/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's policy against what VFs ask for; control messages; down, up and reset. Both devices. */
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

static const struct sriov_mac mac_a = {{0x02, 0xaa, 0, 0, 0, 1}};

static int open_82599(void **state)
{
    const struct fake_opts opts = {.chip = FAKE_82599, .vfs = 4};

    *state = fake_open(&opts);
    return *state != NULL ? 0 : -1;
}

static int open_82576(void **state)
{
    const struct fake_opts opts = {.chip = FAKE_82576, .vfs = 4};

    *state = fake_open(&opts);
    return *state != NULL ? 0 : -1;
}

static int close_pf(void **state)
{
    (void)state;
    assert_int_equal(fake_lock_faults(), 0);
    fake_close();
    return 0;
}

static void put_mac(uint32_t *words, const struct sriov_mac *mac)
{
    words[0] = INTEL_MBX_VF_SET_MAC_ADDR;
    words[1] = 0;
    words[2] = 0;
    memcpy(&words[1], mac->b, sizeof(mac->b));
}

static uint32_t ask_mac(uint16_t vf, const struct sriov_mac *mac)
{
    uint32_t words[3];

    put_mac(words, mac);
    return fake_ask(vf, words, 3);
}

static struct sriov_pf_vf_info info_of(struct sriov_pf *pf, uint16_t vf)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    assert_int_equal(fake_ops()->get_vf(pf, vf, &info), 0);
    return info;
}

static void assert_mac(struct sriov_pf *pf, uint16_t vf, const struct sriov_mac *mac)
{
    const struct sriov_pf_vf_info info = info_of(pf, vf);

    assert_memory_equal(&info.mac, mac, sizeof(*mac));
}

static void admin_mac(void **state)
{
    const struct sriov_mac other = {{0x02, 0xbb, 0, 0, 0, 2}};
    struct sriov_pf *pf = *state;
    uint32_t words[INTEL_MBX_WORDS];

    fake_greet(1, 0x0100);
    assert_int_equal(ask_mac(1, &other), INTEL_MBX_VF_SET_MAC_ADDR | ACK);
    assert_int_equal(fake_ops()->set_vf_mac(pf, 1, &mac_a), 0);
    /* Told to start over, and not heard before. */
    assert_true(fake_take_reply(1, words));
    assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG);
    assert_false(info_of(pf, 1).ready);
    fake_greet(1, 0x0100);
    assert_mac(pf, 1, &mac_a);
    assert_int_equal(ask_mac(1, &other), INTEL_MBX_VF_SET_MAC_ADDR | NACK);
    assert_int_equal(ask_mac(1, &mac_a), INTEL_MBX_VF_SET_MAC_ADDR | ACK); /* its own, again */
    assert_int_equal(fake_ops()->set_vf_trust(pf, 1, true), 0);
    fake_greet(1, 0x0100);
    assert_int_equal(ask_mac(1, &other), INTEL_MBX_VF_SET_MAC_ADDR | ACK);
    assert_mac(pf, 1, &other);
    /* The host's choice is what a reset gives back. */
    fake_greet(1, 0x0100);
    assert_mac(pf, 1, &mac_a);
}

static void port_vlan(void **state)
{
    struct sriov_pf *pf = *state;
    uint32_t vlan[2] = {INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, 7};

    fake_greet(1, 0x0100);
    assert_int_equal(fake_ask(1, vlan, 2), INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD | ACK);
    assert_int_equal(fake_ops()->set_vf_vlan(pf, 1, 4095), -EINVAL);
    assert_int_equal(fake_ops()->set_vf_vlan(pf, 1, 33), 0);
    fake_greet(1, 0x0100);
    vlan[0] = INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD;
    assert_int_equal(fake_ask(1, vlan, 2), INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD | NACK);
    assert_int_equal(info_of(pf, 1).port_vlan, 33);
}

static void port_vlan_registers_82599(void **state)
{
    struct sriov_pf *pf = *state;
    uint32_t queues[5] = {IXGBE_MBX_VF_GET_QUEUES};

    port_vlan(state);
    assert_int_equal(fake_reg(IXGBE_PFVMVIR(1)), 33 | IXGBE_PFVMVIR_VLANA_DEFAULT);
    assert_int_equal(fake_reg(IXGBE_PFVML2FLT(1)) & IXGBE_PFVML2FLT_AUPE, 0);
    assert_int_equal(fake_reg(IXGBE_VFTA(1)), 2);
    assert_int_equal(fake_reg(IXGBE_VFTA(0)), 0); /* the guest's own VLAN went */
    fake_greet(1, 0x0101);
    assert_int_equal(fake_ask(1, queues, 5), IXGBE_MBX_VF_GET_QUEUES | ACK);
    assert_int_equal(queues[IXGBE_MBX_QUEUES_TRANS_VLAN_WORD], 1);
    assert_int_equal(fake_ops()->set_vf_vlan(pf, 1, 0), 0);
    assert_int_equal(fake_reg(IXGBE_PFVMVIR(1)), 0);
    assert_int_equal(fake_reg(IXGBE_VFTA(1)), 0);
    assert_int_not_equal(fake_reg(IXGBE_PFVML2FLT(1)) & IXGBE_PFVML2FLT_AUPE, 0);
}

static void port_vlan_registers_82576(void **state)
{
    port_vlan(state);
    assert_int_equal(fake_reg(IGB_VMVIR(1)), 33 | IGB_VMVIR_VLANA_DEFAULT);
    assert_int_equal(fake_reg(IGB_VMOLR(1)) & (IGB_VMOLR_AUPE | IGB_VMOLR_STRVLAN), IGB_VMOLR_STRVLAN);
}

static void spoof_check(void **state)
{
    const uint32_t both = IGB_DTXSWC_MACAS(1) | IGB_DTXSWC_VLANAS(1);
    struct sriov_pf *pf = *state;

    assert_true(info_of(pf, 1).spoof_check); /* on unless the host says otherwise */
    assert_int_equal(fake_reg(IGB_DTXSWC) & both, both);
    assert_int_equal(fake_ops()->set_vf_spoof_check(pf, 1, false), 0);
    assert_int_equal(fake_reg(IGB_DTXSWC) & both, 0);
    assert_int_not_equal(fake_reg(IGB_DTXSWC) & IGB_DTXSWC_LOOPBACK_EN, 0);
    assert_int_equal(fake_ops()->set_vf_spoof_check(pf, 4, false), -EINVAL);
}

/* A control message waits for the request in the memory, and for the answer that is not read. */
static void control_message_overwrites_nothing(void **state)
{
    const uint32_t lpe[2] = {INTEL_MBX_VF_SET_LPE, 1518};
    struct sriov_pf *pf = *state;
    uint32_t words[INTEL_MBX_WORDS];

    fake_greet(0, 0x0100);
    fake_ring(0, lpe, 2);
    assert_int_equal(fake_ops()->set_vf_mac(pf, 0, &mac_a), 0);
    assert_false(fake_rung(0));
    assert_int_equal(fake_ops()->poll(pf), 1);
    assert_true(fake_rung(0)); /* the answer, refused: CTS was gone when it was served */
    for (uint32_t i = 0; i < 3; i++) {
        (void)fake_ops()->poll(pf);
    }
    assert_true(fake_take_reply(0, words));
    assert_int_equal(words[0], INTEL_MBX_VF_SET_LPE | INTEL_MBX_NACK);
    (void)fake_ops()->poll(pf);
    assert_true(fake_take_reply(0, words));
    assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG);
}

/* A VF that never reads its answers gets the message all the same, in time. */
static void control_message_waits_in_vain(void **state)
{
    const uint32_t lpe[2] = {INTEL_MBX_VF_SET_LPE, 1518};
    struct sriov_pf *pf = *state;
    uint32_t words[INTEL_MBX_WORDS];

    fake_greet(0, 0x0100);
    fake_ring(0, lpe, 2);
    assert_int_equal(fake_ops()->poll(pf), 1);
    assert_int_equal(fake_ops()->set_vf_trust(pf, 0, true), 0);
    fake_advance(UINT64_C(10000000));
    (void)fake_ops()->poll(pf);
    assert_true(fake_take_reply(0, words));
    assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG);
}

/* Linux's VF drivers start over at a NACK without CTS only: who reads and does not greet gets one. */
static void reader_that_does_not_greet(void **state)
{
    struct sriov_pf *pf = *state;
    uint32_t words[INTEL_MBX_WORDS];
    uint32_t lpe[2] = {INTEL_MBX_VF_SET_LPE, 1518};

    fake_greet(0, 0x0100);
    assert_int_equal(fake_ops()->reset(pf), 0);
    assert_true(fake_take_reply(0, words));
    assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG);
    (void)fake_ops()->poll(pf);
    fake_advance(UINT64_C(10000000));
    (void)fake_ops()->poll(pf);
    while (fake_take_reply(0, words) && words[0] == INTEL_MBX_PF_CONTROL_MSG) { /* the link came up */
        (void)fake_ops()->poll(pf);
    }
    assert_int_equal(words[0], INTEL_MBX_NACK);
    /* One is enough for a while: reading it is no reason for the next. */
    for (uint32_t i = 0; i < 19; i++) {
        fake_advance(UINT64_C(100000000));
        (void)fake_ops()->poll(pf);
        assert_false(fake_rung(0));
    }
    fake_advance(UINT64_C(200000000));
    (void)fake_ops()->poll(pf);
    assert_true(fake_take_reply(0, words));
    assert_int_equal(words[0], INTEL_MBX_NACK);
    fake_greet(0, 0x0100);
    assert_int_equal(fake_ask(0, lpe, 2), INTEL_MBX_VF_SET_LPE | ACK);
    fake_advance(UINT64_C(3000000000));
    (void)fake_ops()->poll(pf);
    assert_false(fake_rung(0));
}

static void link_change_is_told(void **state)
{
    struct sriov_pf *pf = *state;
    uint32_t words[INTEL_MBX_WORDS];

    fake_greet(2, 0x0103);
    fake_greet(3, 0x0103);
    fake_vf_was_reset(3);
    (void)fake_ops()->poll(pf);
    assert_false(fake_rung(2));
    assert_false(fake_rung(3));
    fake_reg_set(IXGBE_LINKS, 0);
    (void)fake_ops()->poll(pf);
    assert_false(pf->link.up);
    assert_true(fake_take_reply(2, words));
    assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG | INTEL_MBX_CTS);
    assert_true(fake_take_reply(3, words));
    assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG); /* not greeted since its reset */
}

static void down_is_silent_and_up_restores(void **state)
{
    struct sriov_pf *pf = *state;
    const uint32_t reset[1] = {INTEL_MBX_VF_RESET};
    uint32_t words[INTEL_MBX_WORDS];

    assert_int_equal(fake_ops()->set_vf_mac(pf, 1, &mac_a), 0);
    assert_int_equal(fake_ops()->set_vf_vlan(pf, 1, 33), 0);
    fake_greet(1, 0x0100);
    assert_int_equal(fake_ops()->set_up(pf, false), 0);
    assert_false(fake_announced());
    assert_false(pf->link.up);
    fake_ring(1, reset, 1);
    assert_int_equal(fake_ops()->poll(pf), 0);
    assert_false(fake_rung(1));
    assert_int_equal(fake_ops()->set_up(pf, true), 0);
    assert_true(fake_announced());
    assert_true(fake_take_reply(1, words));
    assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG);
    (void)fake_ops()->poll(pf);
    assert_true(pf->link.up);
    (void)fake_take_reply(1, words);
    fake_greet(1, 0x0100);
    assert_mac(pf, 1, &mac_a);
    assert_int_equal(info_of(pf, 1).port_vlan, 33);
}

static void down_leaves_no_vf_running(void **state)
{
    struct sriov_pf *pf = *state;

    fake_greet(0, 0x0100);
    assert_int_equal(fake_reg(IGB_VFRE), 1);
    assert_int_equal(fake_ops()->set_up(pf, false), 0);
    assert_int_equal(fake_reg(IGB_VFRE), 0);
    assert_int_equal(fake_reg(IGB_VFTE), 0);
    assert_int_equal(fake_reg(IGB_RCTL) & IGB_RCTL_RXEN, 0);
    assert_int_equal(fake_reg(IGB_TCTL) & IGB_TCTL_EN, 0);
    assert_int_equal(fake_ops()->set_up(pf, true), 0);
    assert_int_equal(fake_reg(IGB_VFRE), 0); /* until it greets again */
    assert_int_not_equal(fake_reg(IGB_RCTL) & IGB_RCTL_RXEN, 0);
}

static void reset_restores_policy(void **state)
{
    struct sriov_pf *pf = *state;
    uint32_t words[INTEL_MBX_WORDS];

    assert_int_equal(fake_ops()->set_vf_mac(pf, 1, &mac_a), 0);
    assert_int_equal(fake_ops()->set_vf_vlan(pf, 1, 33), 0);
    assert_int_equal(fake_ops()->set_vf_spoof_check(pf, 2, false), 0);
    assert_int_equal(fake_ops()->reset(pf), 0);
    assert_true(fake_announced());
    for (uint16_t vf = 0; vf < 4; vf++) {
        assert_true(fake_take_reply(vf, words));
        assert_int_equal(words[0], INTEL_MBX_PF_CONTROL_MSG);
    }
    assert_int_equal(fake_reg(IXGBE_RAL(2)), 0x0000aa02);
    assert_int_equal(fake_reg(IXGBE_RAH(2)), IXGBE_RAH_AV | 0x0100);
    assert_int_equal(fake_reg(IXGBE_MPSAR_LO(2)), 2);
    assert_int_equal(fake_reg(IXGBE_PFVMVIR(1)), 33 | IXGBE_PFVMVIR_VLANA_DEFAULT);
    assert_int_equal(fake_reg(IXGBE_PFVLVF(0)), IXGBE_PFVLVF_VI_EN | 33);
    assert_int_equal(fake_reg(IXGBE_PFVLVFB(0)), 2);
    assert_int_equal(fake_reg(IXGBE_VFTA(1)), 2);
    assert_int_equal(fake_reg(IXGBE_PFVFSPOOF(0)) & 0xf, 0xb);
    assert_int_equal(fake_reg(IXGBE_PFVFRE(0)), 0);
}

static void vfs_leave_nothing_behind(void **state)
{
    struct sriov_pf *pf = *state;

    assert_int_equal(fake_ops()->set_vf_mac(pf, 3, &mac_a), 0);
    assert_int_equal(fake_ops()->set_vf_vlan(pf, 3, 33), 0);
    fake_greet(3, 0x0103);
    assert_int_equal(fake_ops()->vfs_ready(pf, 0), 0);
    assert_int_equal(fake_reg(IXGBE_PFVFRE(0)), 0);
    assert_int_equal(fake_ops()->vfs_prepare(pf, 0), 0);
    assert_int_equal(fake_reg(IXGBE_RAH(4)), 0);
    assert_int_equal(fake_reg(IXGBE_PFVLVF(0)), 0);
    assert_int_equal(fake_reg(IXGBE_VFTA(1)), 0);
    assert_int_equal(fake_reg(IXGBE_PFVTCTL), 0);
    assert_int_equal(fake_ops()->set_vf_trust(pf, 3, true), -EINVAL);
    assert_int_equal(fake_ops()->vfs_prepare(pf, 64), -EINVAL);
    /* Of the earlier VF 3 the new one knows nothing. */
    assert_int_equal(fake_ops()->vfs_prepare(pf, 4), 0);
    assert_false(info_of(pf, 3).admin_mac);
    assert_int_equal(info_of(pf, 3).port_vlan, 0);
    assert_int_equal(info_of(pf, 3).requests, 0);
}

static void dead_device(void **state)
{
    struct sriov_pf *pf = *state;

    fake_greet(0, 0x0103);
    fake_dead(true);
    assert_int_equal(fake_ops()->poll(pf), 0);
    assert_true(fake_ops()->reset(pf) < 0);
    assert_int_equal(fake_ops()->poll(pf), 0);
    fake_dead(false);
    assert_int_equal(fake_ops()->reset(pf), 0);
}

static void frame_limit(void **state)
{
    static const struct {
        uint16_t max_frame;
        bool ok;
    } cases[] = {{0, true}, {1518, true}, {9728, true}, {1517, false}, {9729, false}, {65535, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fake_opts opts = {.chip = FAKE_82599, .vfs = 1, .pf = {.max_frame = cases[i].max_frame}};
        struct sriov_pf *pf = fake_open(&opts);

        assert_int_equal(pf != NULL, cases[i].ok);
        if (pf != NULL) {
            const uint32_t want = cases[i].max_frame != 0 ? cases[i].max_frame : 9728;

            assert_int_equal(fake_reg(IXGBE_MAXFRS), want << IXGBE_MAXFRS_MFS_SHIFT);
            fake_close();
        }
    }
}

static void api_limit_that_is_none(void **state)
{
    const struct fake_opts opts = {.chip = FAKE_82599, .vfs = 1, .pf = {.max_api = 15}};

    (void)state;
    assert_null(fake_open(&opts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(admin_mac, open_82599, close_pf),
        cmocka_unit_test_setup_teardown(admin_mac, open_82576, close_pf),
        cmocka_unit_test_setup_teardown(port_vlan_registers_82599, open_82599, close_pf),
        cmocka_unit_test_setup_teardown(port_vlan_registers_82576, open_82576, close_pf),
        cmocka_unit_test_setup_teardown(spoof_check, open_82576, close_pf),
        cmocka_unit_test_setup_teardown(control_message_overwrites_nothing, open_82599, close_pf),
        cmocka_unit_test_setup_teardown(control_message_overwrites_nothing, open_82576, close_pf),
        cmocka_unit_test_setup_teardown(control_message_waits_in_vain, open_82576, close_pf),
        cmocka_unit_test_setup_teardown(reader_that_does_not_greet, open_82599, close_pf),
        cmocka_unit_test_setup_teardown(reader_that_does_not_greet, open_82576, close_pf),
        cmocka_unit_test_setup_teardown(link_change_is_told, open_82599, close_pf),
        cmocka_unit_test_setup_teardown(down_is_silent_and_up_restores, open_82599, close_pf),
        cmocka_unit_test_setup_teardown(down_is_silent_and_up_restores, open_82576, close_pf),
        cmocka_unit_test_setup_teardown(down_leaves_no_vf_running, open_82576, close_pf),
        cmocka_unit_test_setup_teardown(reset_restores_policy, open_82599, close_pf),
        cmocka_unit_test_setup_teardown(vfs_leave_nothing_behind, open_82599, close_pf),
        cmocka_unit_test_setup_teardown(dead_device, open_82599, close_pf),
        cmocka_unit_test_setup_teardown(dead_device, open_82576, close_pf),
        cmocka_unit_test(frame_limit),
        cmocka_unit_test(api_limit_that_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
