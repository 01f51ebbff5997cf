/* SPDX-License-Identifier: BSD-3-Clause */
/* 82599 datasheet, section 4.2; 82576 datasheet, section 4.3; PCI Express Base 2.0, section 6.6.2. */
#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>
#include <sriov/hw/pci_regs.h>

#include "rig.h"

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

static uint32_t vflre(const struct rig *r)
{
    return r->c == &rig_82599 ? IXGBE_PFVFLRE(0u) : IGB_VFLRE;
}

static uint32_t vfte(const struct rig *r)
{
    return r->c == &rig_82599 ? IXGBE_PFVFTE(0u) : IGB_VFTE;
}

static struct rig *busy(const struct rig_chip *c)
{
    struct rig *r = rig_up(c, NULL, 2);
    uint8_t f[64];

    for (uint16_t fn = 1; fn <= 2u; fn++) {
        rig_msix_on(r, fn, 3);
        wr(r, fn, r->c->eims, 7);
        wr(r, fn, r->c->ivar, 0x8180);
        rig_queues(r, fn);
        rig_send(r, fn, 0, f, frame_make(f, broadcast, fn, 64));
    }
    return r;
}

static void expect_vf_cleared(struct rig *r)
{
    assert_int_equal(rd(r, 1, rx_reg(r, 0, 0x10)), 0);
    assert_int_equal(rd(r, 1, tx_reg(r, 0, 0x18)), 0);
    assert_false(rd(r, 1, tx_reg(r, 0, 0x28)) & IXGBE_TXDCTL_ENABLE);
    assert_int_equal(rd(r, 1, r->c->eims), 0);
    assert_int_equal(rd(r, 1, r->c->ivar), 0);
    assert_int_not_equal(rd(r, 1, r->c->gptc), 0); /* statistics stay */
    assert_int_equal(rd(r, 2, r->c->eims), 7);     /* the neighbour, too */
    assert_true(rd(r, 2, tx_reg(r, 0, 0x28)) & IXGBE_TXDCTL_ENABLE);
    assert_int_equal(rd(r, 0, vflre(r)), 1);
    assert_int_equal(rd(r, 0, vfte(r)) & 3u, 2);
}

static void vf_software_reset(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = busy(CHIP(c));

        wr(r, 1, r->c->ctrl, IXGBE_CTRL_RST);
        expect_vf_cleared(r);
        assert_int_equal(rd(r, 1, r->c->ctrl), 0);
        /* MSI-X and configuration are the function's, not the queues'. */
        assert_true(cfg(r, 1, 0x72, 2) & SRIOV_PCI_MSIX_CTRL_ENABLE);
        wr(r, 0, r->c == &rig_82599 ? IXGBE_PFVFLREC(0u) : IGB_VFLRE, 1);
        assert_int_equal(rd(r, 0, vflre(r)), 0);
        rig_end(r);
    }
}

static void vf_function_reset(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = busy(CHIP(c));

        cfg_wr(r, 1, 0xa0 + SRIOV_PCI_EXP_DEVCTL, 2, SRIOV_PCI_EXP_DEVCTL_FLR);
        expect_vf_cleared(r);
        assert_int_equal(cfg(r, 1, 0x72, 2) & SRIOV_PCI_MSIX_CTRL_ENABLE, 0);
        assert_int_equal(cfg(r, 1, SRIOV_PCI_COMMAND, 2), 0);
        assert_int_equal(r->ops->bar_read(r->m, 1, 3, 12, 4), 1);
        rig_end(r);
    }
}

static void vf_reset_interrupts_the_pf(void **state)
{
    struct rig *r = busy(&rig_82599);

    (void)state;
    rig_msix_on(r, 0, 1);
    wr(r, 0, IXGBE_GPIE, IXGBE_GPIE_MULTIPLE_MSIX);
    wr(r, 0, IXGBE_IVAR_MISC, 0x8000);
    wr(r, 0, IXGBE_EIMS, IXGBE_EICR_MAILBOX);
    r->ops->flr(r->m, 2);
    assert_int_equal(r->h.irqs[0][0], 1);
    assert_int_equal(rd(r, 0, IXGBE_PFVFLRE(0u)), 2);
    rig_end(r);
}

static void port_reset(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = busy(CHIP(c));

        wr(r, 0, 0, IXGBE_CTRL_RST);
        assert_int_equal(rd(r, 0, 0) & IXGBE_CTRL_RST, 0);
        assert_int_equal(cfg(r, 2, SRIOV_PCI_CLASS_DEVICE, 2), 0x0200); /* the VFs are still there */
        assert_int_equal(rd(r, 2, r->c->eims), 0);
        assert_false(rd(r, 2, tx_reg(r, 0, 0x28)) & IXGBE_TXDCTL_ENABLE);
        assert_int_equal(rd(r, 2, r->c->mailbox), IXGBE_VFMAILBOX_RSTI);
        assert_int_equal(rd(r, 0, IXGBE_RAH(1u)), 0);
        assert_int_equal(rd(r, 0, IXGBE_RAH(0u)), IXGBE_RAH_AV | 0x0001); /* from the EEPROM */
        assert_true(cfg(r, 2, SRIOV_PCI_COMMAND, 2) & SRIOV_PCI_COMMAND_MASTER);
        rig_end(r);
    }
}

static void pf_function_reset(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = busy(CHIP(c));

        r->ops->flr(r->m, 0);
        assert_int_equal(r->h.vfs, 0);
        assert_int_equal(cfg(r, 1, SRIOV_PCI_CLASS_DEVICE, 2), 0xffff);
        assert_int_equal(cfg(r, 0, SRIOV_PCI_COMMAND, 2), 0);
        assert_int_equal(cfg(r, 0, 0x160 + SRIOV_PCI_SRIOV_CTRL, 2), 0);
        rig_end(r);
    }
}

static void work_in_flight_dies(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 2);
        uint8_t f[64];

        rig_queues(r, 1);
        rig_queues(r, 2);
        r->h.delay[SRIOV_DELAY_TX] = 1000;
        r->h.delay[SRIOV_DELAY_RX] = 1000;
        rig_send(r, 1, 0, f, frame_make(f, broadcast, 1, 64));
        r->ops->wire_rx(r->m, f, frame_make(f, broadcast, 9, 64));
        r->ops->flr(r->m, 1);
        host_advance(&r->h, 5000);
        assert_int_equal(r->h.wired, 0);
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 4.2, 82576 4.3: VFCTRL.RST", vf_software_reset),
        CASE("PCIe 2.0 6.6.2, 82599 4.2, 82576 4.3: FLR of a VF", vf_function_reset),
        CASE("82599 8.2.3.27: a VF reset interrupts the PF", vf_reset_interrupts_the_pf),
        CASE("82599 4.2, 82576 4.3: CTRL.RST", port_reset),
        CASE("PCIe 2.0 6.6.2, 82599 4.2, 82576 4.3: FLR of the PF takes the VFs away", pf_function_reset),
        CASE("82599 4.2, 82576 4.3: work in flight dies with a reset", work_in_flight_dies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
