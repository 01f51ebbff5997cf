/* SPDX-License-Identifier: BSD-3-Clause */
/* Access rules of registers: 82599 datasheet, section 8.1; 82576 datasheet, section 8.1. */
#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "rig.h"

static void unknown_offsets_are_reported(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 1);

    (void)state;
    assert_int_equal(rd(r, 0, 0x7fff0), 0);
    assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 1);
    assert_int_equal(r->h.last_site.kind, SRIOV_SITE_REGISTER);
    assert_int_equal(r->h.last_site.offset, 0x7fff0);
    wr(r, 1, 0x3f00, 1);
    assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 2);
    assert_int_equal(r->h.last_site.function, 1);
    rig_clear_reports(r);
    rig_end(r);
}

static void widths_are_checked(void **state)
{
    struct rig *r = rig_up(&rig_82576, NULL, 1);

    (void)state;
    r->ops->bar_read(r->m, 0, 0, IGB_STATUS, 8);
    r->ops->bar_write(r->m, 0, 0, IGB_CTRL, 1, 0);
    r->ops->bar_read(r->m, 1, 0, IGBVF_VTSTATUS + 2u, 2);
    assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_WIDTH], 3);
    rig_clear_reports(r);
    /* Beyond the BAR and in BARs that are not there. */
    assert_int_equal(r->ops->bar_read(r->m, 0, 0, IGB_PF_BAR_SIZE, 4), ~0u);
    assert_int_equal(r->ops->bar_read(r->m, 0, 5, 0, 4), ~0u);
    r->ops->bar_write(r->m, 0, 0, UINT64_MAX - 3u, 4, 1);
    rig_end(r);
}

static void read_only_registers_complain(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 1);

    (void)state;
    wr(r, 0, IXGBE_LINKS, 0);
    wr(r, 1, IXGBE_VFLINKS, 0);
    wr(r, 1, IXGBE_VFGPRC, 0);
    wr(r, 1, IXGBE_VFCTRL, 1);
    assert_int_equal(r->h.reports[SRIOV_REPORT_READ_ONLY], 4);
    rig_clear_reports(r);
    rig_end(r);
}

static void reset_values(void **state)
{
    struct rig *r = rig_new(&rig_82599, NULL);

    (void)state;
    assert_int_equal(rd(r, 0, IXGBE_SRRCTL(0u)), IXGBE_SRRCTL_RESET);
    assert_int_equal(rd(r, 0, IXGBE_SRRCTL(127u)), IXGBE_SRRCTL_RESET);
    assert_int_equal(rd(r, 0, IXGBE_MAXFRS), 0x05ee0000);
    assert_int_equal(rd(r, 0, IXGBE_VLNCTRL), 0x8100);
    assert_int_equal(rd(r, 0, IXGBE_PFMBIMR(1u)), ~0u);
    assert_true(rd(r, 0, IXGBE_EEC) & IXGBE_EEC_AUTO_RD);
    assert_true(rd(r, 0, IXGBE_RDRXCTL) & IXGBE_RDRXCTL_DMAIDONE);
    assert_int_equal(rd(r, 0, IXGBE_HLREG0), 0x403);
    assert_int_equal(rd(r, 0, IXGBE_DCA_RXCTRL(64u)), 0xb200);
    assert_int_equal(rd(r, 0, IXGBE_DCA_TXCTRL(3u)), 0x2a00);
    rig_end(r);
    r = rig_new(&rig_82576, NULL);
    assert_int_equal(rd(r, 0, IGB_VMOLR(7u)), 0x80002600u);
    assert_int_equal(rd(r, 0, IGB_VFRE), 0xff);
    assert_int_equal(rd(r, 0, IGB_RXCSUM), 0x300);
    assert_int_equal(rd(r, 0, IGB_SRRCTL(15u)), IGB_SRRCTL_RESET);
    assert_int_equal(rd(r, 0, IGB_RLPML), 0x2600);
    rig_end(r);
}

static void masks_hold(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 1);

    (void)state;
    wr(r, 1, IXGBE_VFRDBAL(0u), ~0u);
    assert_int_equal(rd(r, 1, IXGBE_VFRDBAL(0u)), 0xffffff80u);
    wr(r, 1, IXGBE_VFRDLEN(0u), ~0u);
    assert_int_equal(rd(r, 1, IXGBE_VFRDLEN(0u)), 0xfff80);
    wr(r, 1, IXGBE_VTIVAR(0u), ~0u);
    assert_int_equal(rd(r, 1, IXGBE_VTIVAR(0u)), 0x83838383u);
    wr(r, 0, IXGBE_RETA(3u), ~0u);
    assert_int_equal(rd(r, 0, IXGBE_RETA_ALIAS(3u)), 0x0f0f0f0f);
    rig_end(r);
}

static void pf_and_vf_share_queues(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 40);

    (void)state;
    /* 64 pools of 2 queues: VF 33's queue 1 is queue 67. */
    wr(r, 34, IXGBE_VFRDBAL(1u), 0x12345680u);
    assert_int_equal(rd(r, 0, IXGBE_RDBAL(67u)), 0x12345680u);
    wr(r, 0, IXGBE_TDBAL(67u), 0x1000);
    assert_int_equal(rd(r, 34, IXGBE_VFTDBAL(1u)), 0x1000);
    /* 32 pools of 4. */
    wr(r, 0, IXGBE_MRQC, IXGBE_MRQC_MRQE_VMDQRSS32);
    wr(r, 3, IXGBE_VFRDBAL(3u), 0x2000);
    assert_int_equal(rd(r, 0, IXGBE_RDBAL(11u)), 0x2000);
    /* Queues that the pool does not have: nothing is there, and only one that is to run is a mistake. */
    wr(r, 3, IXGBE_VFSRRCTL(4u), IXGBE_SRRCTL_RESET);
    wr(r, 3, IXGBE_VFRXDCTL(7u), 0);
    wr(r, 3, IXGBE_VFTDT(7u), 0);
    assert_int_equal(rd(r, 3, IXGBE_VFSRRCTL(4u)), 0);
    assert_int_equal(host_reports(&r->h), 0);
    wr(r, 3, IXGBE_VFTXDCTL(2u), IXGBE_TXDCTL_ENABLE); /* 64 pools still hold for transmit */
    assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 1);
    wr(r, 3, IXGBE_VFRDT(4u), 1);
    assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 2);
    rig_clear_reports(r);
    rig_end(r);
    r = rig_up(&rig_82576, NULL, 7);
    wr(r, 3, IGBVF_RDBAL(1u), 0x3000);
    assert_int_equal(rd(r, 0, IGB_RDBAL(10u)), 0x3000);
    rig_end(r);
}

static void pf_sees_vf_interrupt_registers(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 3);

    (void)state;
    wr(r, 2, IXGBE_VTEIMS, 5);
    assert_int_equal(rd(r, 0, IXGBE_PVTEIMS(1u)), 5);
    wr(r, 0, IXGBE_PVTEIMC(1u), 1);
    assert_int_equal(rd(r, 2, IXGBE_VTEIMS), 4);
    rig_end(r);
}

static void eeprom_has_the_mac(void **state)
{
    static const uint32_t eerd[2] = {IXGBE_EERD, IGB_EERD};
    const struct rig_chip *const chips[2] = {&rig_82599, &rig_82576};

    (void)state;
    for (uint32_t c = 0; c < 2u; c++) {
        struct rig *r = rig_new(chips[c], NULL);
        uint32_t sum = 0, value;

        for (uint32_t w = 0; w < 64u; w++) {
            wr(r, 0, eerd[c], IXGBE_EERD_START | w << IXGBE_EERD_ADDR_SHIFT);
            value = rd(r, 0, eerd[c]);
            assert_true(value & IXGBE_EERD_DONE);
            sum += value >> IXGBE_EERD_DATA_SHIFT;
        }
        assert_int_equal(sum & 0xffffu, IXGBE_EEPROM_SUM);
        wr(r, 0, eerd[c], IXGBE_EERD_START);
        assert_int_equal(rd(r, 0, eerd[c]) >> 16, 0x0002);
        assert_int_equal(rd(r, 0, IXGBE_RAL(0u)), 0x00000002);
        assert_int_equal(rd(r, 0, IXGBE_RAH(0u)), IXGBE_RAH_AV | 0x0001);
        rig_end(r);
    }
}

static void semaphores(void **state)
{
    struct rig *r = rig_new(&rig_82599, NULL);

    (void)state;
    assert_int_equal(rd(r, 0, IXGBE_SWSM) & IXGBE_SWSM_SMBI, 0);
    assert_int_equal(rd(r, 0, IXGBE_SWSM) & IXGBE_SWSM_SMBI, IXGBE_SWSM_SMBI);
    wr(r, 0, IXGBE_SW_FW_SYNC, 1);
    assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_SEQUENCE], 1);
    rig_clear_reports(r);
    wr(r, 0, IXGBE_SWSM, IXGBE_SWSM_SWESMBI);
    wr(r, 0, IXGBE_SW_FW_SYNC, IXGBE_SW_FW_EEP);
    assert_int_equal(rd(r, 0, IXGBE_SW_FW_SYNC), IXGBE_SW_FW_EEP);
    wr(r, 0, IXGBE_SWSM, 0);
    assert_int_equal(rd(r, 0, IXGBE_SWSM) & IXGBE_SWSM_SMBI, 0);
    rig_end(r);
}

static void phy_of_the_82576(void **state)
{
    struct rig *r = rig_up(&rig_82576, NULL, 1);
    uint32_t cmd = IGB_MDIC_OP_READ | 1u << IGB_MDIC_PHY_SHIFT;

    (void)state;
    wr(r, 0, IGB_MDIC, cmd | IGB_PHY_ID1 << IGB_MDIC_REG_SHIFT);
    assert_int_equal(rd(r, 0, IGB_MDIC) & (IGB_MDIC_READY | IGB_MDIC_ERROR | IGB_MDIC_DATA),
                     IGB_MDIC_READY | 0x02a8);
    wr(r, 0, IGB_MDIC, IGB_MDIC_OP_READ | 9u << IGB_MDIC_PHY_SHIFT);
    assert_true(rd(r, 0, IGB_MDIC) & IGB_MDIC_ERROR);
    wr(r, 0, IGB_MDIC, cmd | IGB_PHY_STATUS << IGB_MDIC_REG_SHIFT);
    wr(r, 0, IGB_MDIC, cmd | IGB_PHY_STATUS << IGB_MDIC_REG_SHIFT);
    assert_true(rd(r, 0, IGB_MDIC) & IGB_PHY_STATUS_LINK);
    /* Latched low: a short loss shows once. */
    r->ops->carrier(r->m, false);
    r->ops->carrier(r->m, true);
    wr(r, 0, IGB_MDIC, cmd | IGB_PHY_STATUS << IGB_MDIC_REG_SHIFT);
    assert_false(rd(r, 0, IGB_MDIC) & IGB_PHY_STATUS_LINK);
    wr(r, 0, IGB_MDIC, cmd | IGB_PHY_STATUS << IGB_MDIC_REG_SHIFT);
    assert_true(rd(r, 0, IGB_MDIC) & IGB_PHY_STATUS_LINK);
    rig_end(r);
}

static void free_running_timer(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 1);
    uint32_t t = rd(r, 1, IXGBE_VFFRTIMER);

    (void)state;
    host_advance(&r->h, 5000000);
    assert_int_equal(rd(r, 1, IXGBE_VFFRTIMER) - t, 5000);
    rig_end(r);
}

/* No access, however odd, may break the model: every word of every BAR, several values. */
static void survives_any_access(void **state)
{
    static const uint32_t values[] = {~0u, 0, 0x02000000u, 0x5a5a5a5au, 0x04000000u};
    const struct rig_chip *const chips[2] = {&rig_82599, &rig_82576};

    (void)state;
    for (uint32_t c = 0; c < 2u; c++) {
        struct rig *r = rig_up(chips[c], NULL, 3);

        for (uint32_t v = 0; v < 5u; v++)
            for (uint16_t fn = 0; fn <= 3u; fn++)
                for (uint32_t bar = 0; bar < 6u; bar++)
                    for (uint64_t off = 0; off < r->ops->bar_length(r->m, fn, bar); off += 4u) {
                        r->h.timers = 0;
                        r->ops->bar_write(r->m, fn, bar, off, 4, values[v]);
                        r->ops->bar_read(r->m, fn, bar, off, 4);
                    }
        rig_clear_reports(r);
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 8.1: unknown offsets are reported", unknown_offsets_are_reported),
        CASE("82576 8.1: registers take 32-bit accesses", widths_are_checked),
        CASE("82599 8.2.3.22.20, 8.3.5.7: read-only registers complain", read_only_registers_complain),
        CASE("82599 8.2.3, 82576 8.10: reset values", reset_values),
        CASE("82599 8.3.5.4: reserved bits stay 0", masks_hold),
        CASE("82599 8.3.5.4, 82576 8.10: VF queues are PF queues", pf_and_vf_share_queues),
        CASE("82599 8.3.5.2: the PF sees VF interrupt registers", pf_sees_vf_interrupt_registers),
        CASE("82599 8.2.3.2, 82576 8.4: EERD, checksum, MAC", eeprom_has_the_mac),
        CASE("82599 8.2.3.4: SWSM and SW_FW_SYNC", semaphores),
        CASE("82576 8.2: MDIC and the PHY", phy_of_the_82576),
        CASE("82599 8.3.5.1: VFFRTIMER counts microseconds", free_running_timer),
        CASE("82599 8.2, 8.3, 82576 8.2: any access is survived", survives_any_access),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
