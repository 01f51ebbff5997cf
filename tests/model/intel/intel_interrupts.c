/* SPDX-License-Identifier: BSD-3-Clause */
/* 82599 datasheet, section 7.3; 82576 datasheet, section 7.3; PCI 3.0, section 6.8.2. */
#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>
#include <sriov/hw/pci_regs.h>

#include "rig.h"

#define MSIX_CTRL (0x70u + SRIOV_PCI_MSIX_CTRL)

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

static struct rig *vf_ready(const struct rig_chip *c)
{
    struct rig *r = rig_up(c, NULL, 2);

    rig_msix_on(r, 1, 3);
    wr(r, 1, c->eims, 7);
    return r;
}

static void masked_vector_waits_in_pba(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_ready(CHIP(c));

        r->ops->bar_write(r->m, 1, 3, 16u + 12u, 4, 1);
        wr(r, 1, r->c->eics, 2);
        assert_int_equal(r->h.irqs[1][1], 0);
        assert_int_equal(r->ops->bar_read(r->m, 1, 3, 0x2000, 4), 2);
        assert_int_equal(r->ops->bar_read(r->m, 1, 3, 0x2000, 8), 2);
        r->ops->bar_write(r->m, 1, 3, 16u + 12u, 4, 0);
        assert_int_equal(r->h.irqs[1][1], 1);
        assert_int_equal(r->ops->bar_read(r->m, 1, 3, 0x2000, 4), 0);
        rig_end(r);
    }
}

static void function_mask_holds_all(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_ready(CHIP(c));

        cfg_wr(r, 1, MSIX_CTRL, 2, SRIOV_PCI_MSIX_CTRL_ENABLE | SRIOV_PCI_MSIX_CTRL_MASKALL);
        wr(r, 1, r->c->eics, 5);
        assert_int_equal(r->h.irqs[1][0] + r->h.irqs[1][2], 0);
        cfg_wr(r, 1, MSIX_CTRL, 2, SRIOV_PCI_MSIX_CTRL_ENABLE);
        assert_int_equal(r->h.irqs[1][0], 1);
        assert_int_equal(r->h.irqs[1][2], 1);
        rig_end(r);
    }
}

static void table_is_memory(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);

        assert_int_equal(r->ops->bar_read(r->m, 1, 3, 12, 4), 1); /* masked after reset */
        r->ops->bar_write(r->m, 1, 3, 0, 8, UINT64_C(0x00000001fee00003));
        assert_int_equal(r->ops->bar_read(r->m, 1, 3, 0, 8), UINT64_C(0x00000001fee00000));
        r->ops->bar_write(r->m, 1, 3, 0x2000, 4, 7); /* the PBA is read only */
        assert_int_equal(r->h.reports[SRIOV_REPORT_READ_ONLY], 1);
        rig_clear_reports(r);
        rig_end(r);
    }
}

static void cause_waits_for_its_mask(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_ready(CHIP(c));

        wr(r, 1, r->c->eimc, 1);
        wr(r, 1, r->c->eics, 1);
        assert_int_equal(r->h.irqs[1][0], 0);
        wr(r, 1, r->c->eims, 1);
        assert_int_equal(r->h.irqs[1][0], 1);
        /* The cause is still set: no edge, no second message. */
        wr(r, 1, r->c->eics, 1);
        assert_int_equal(r->h.irqs[1][0], 1);
        assert_int_equal(rd(r, 1, r->c->eicr), 1);
        assert_int_equal(rd(r, 1, r->c->eicr), 0);
        wr(r, 1, r->c->eics, 1);
        wr(r, 1, r->c->eicr, 1); /* write 1 clears */
        assert_int_equal(rd(r, 1, r->c->eicr), 0);
        rig_end(r);
    }
}

static void auto_clear_and_auto_mask(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_ready(CHIP(c));

        wr(r, 1, r->c->eiac, 1);
        wr(r, 1, r->c->eics, 1);
        assert_int_equal(rd(r, 1, r->c->eicr), 0);
        wr(r, 1, r->c->eics, 1);
        assert_int_equal(r->h.irqs[1][0], 2);
        wr(r, 0, r->c == &rig_82599 ? IXGBE_GPIE : IGB_GPIE, IXGBE_GPIE_EIAME | IXGBE_GPIE_MULTIPLE_MSIX);
        wr(r, 1, r->c->eiam, 2);
        wr(r, 1, r->c->eics, 2);
        assert_int_equal(rd(r, 1, r->c->eims), 5);
        /* Masked by its message: EICS unmasks it, and brings what has come meanwhile, once. */
        wr(r, 1, r->c->eiac, 3);
        (void)rd(r, 1, r->c->eicr);
        wr(r, 1, r->c->eiam, 0);
        wr(r, 1, r->c->eics, 2);
        assert_int_equal(r->h.irqs[1][1], 1);
        wr(r, 1, r->c->eiam, 2);
        wr(r, 1, r->c->eics, 2);
        assert_int_equal(r->h.irqs[1][1], 2);
        assert_int_equal(rd(r, 1, r->c->eims), 5);
        wr(r, 1, r->c->eims, 2);
        assert_int_equal(r->h.irqs[1][1], 2);
        rig_end(r);
    }
}

static void ivar_routes_queues(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_ready(CHIP(c));
        uint8_t f[64];

        wr(r, 1, r->c->ivar, 0x8180); /* receive 0 to vector 0, transmit 0 to vector 1 */
        rig_queues(r, 1);
        rig_send(r, 1, 0, f, frame_make(f, broadcast, 1, 64));
        assert_int_equal(r->h.irqs[1][1], 1);
        assert_int_equal(r->h.irqs[1][0], 0);
        r->ops->wire_rx(r->m, f, frame_make(f, broadcast, 9, 64));
        assert_int_equal(r->h.irqs[1][0], 1);
        rig_end(r);
    }
}

static void moderation_spaces_messages(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_ready(CHIP(c));
        uint64_t interval = 50u * r->c->itr_unit_ns;

        wr(r, 1, r->c->eiac, 7);
        wr(r, 1, r->c->eitr, 50u << r->c->itr_shift);
        wr(r, 1, r->c->eics, 1);
        assert_int_equal(r->h.irqs[1][0], 1);
        wr(r, 1, r->c->eics, 1);
        host_advance(&r->h, interval - 1u);
        assert_int_equal(r->h.irqs[1][0], 1);
        host_advance(&r->h, 1);
        assert_int_equal(r->h.irqs[1][0], 2);
        /* Nothing new: expiry alone is silent. */
        host_advance(&r->h, 10u * interval);
        assert_int_equal(r->h.irqs[1][0], 2);
        wr(r, 1, r->c->eics, 1);
        assert_int_equal(r->h.irqs[1][0], 3);
        rig_end(r);
    }
}

static void moderation_counts_not_restarted(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_ready(CHIP(c));

        wr(r, 1, r->c->eiac, 7);
        wr(r, 1, r->c->eitr, 100u << r->c->itr_shift);
        wr(r, 1, r->c->eics, 1);
        wr(r, 1, r->c->eics, 1);
        wr(r, 1, r->c->eitr, 0x80000000u | 100u << r->c->itr_shift); /* counter stays */
        assert_int_equal(r->h.irqs[1][0], 1);
        wr(r, 1, r->c->eitr, 0); /* counter is written, too: due now */
        assert_int_equal(r->h.irqs[1][0], 2);
        rig_end(r);
    }
}

/* What waits for the end of a long interval does not hold up those after a shorter one. */
static void moderation_made_shorter(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_ready(CHIP(c));

        wr(r, 1, r->c->eiac, 7);
        wr(r, 1, r->c->eitr, 400u << r->c->itr_shift);
        wr(r, 1, r->c->eics, 1);
        wr(r, 1, r->c->eics, 1);
        wr(r, 1, r->c->eitr, 5u << r->c->itr_shift); /* due now; a new interval begins */
        assert_int_equal(r->h.irqs[1][0], 2);
        wr(r, 1, r->c->eics, 1);
        host_advance(&r->h, 5u * r->c->itr_unit_ns - 1u);
        assert_int_equal(r->h.irqs[1][0], 2);
        host_advance(&r->h, 1);
        assert_int_equal(r->h.irqs[1][0], 3);
        host_advance(&r->h, 800u * r->c->itr_unit_ns);
        assert_int_equal(r->h.irqs[1][0], 3);
        rig_end(r);
    }
}

static void no_message_without_bus_master(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_ready(CHIP(c));

        cfg_wr(r, 1, SRIOV_PCI_COMMAND, 2, 0);
        wr(r, 1, r->c->eics, 1);
        assert_int_equal(r->h.irqs[1][0], 0);
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_SEQUENCE], 1);
        rig_clear_reports(r);
        rig_end(r);
    }
}

static void link_change_interrupts_the_pf(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 1);

    (void)state;
    rig_msix_on(r, 0, 1);
    wr(r, 0, IXGBE_GPIE, IXGBE_GPIE_MULTIPLE_MSIX);
    wr(r, 0, IXGBE_IVAR_MISC, 0x8000);
    wr(r, 0, IXGBE_EIMS, IXGBE_EICR_LSC);
    assert_int_equal(rd(r, 1, IXGBE_VFLINKS), 0x70000000u);
    r->ops->carrier(r->m, false);
    assert_int_equal(r->h.irqs[0][0], 1);
    assert_int_equal(rd(r, 1, IXGBE_VFLINKS), 0);
    assert_int_equal(rd(r, 0, IXGBE_EICS), IXGBE_EICR_LSC); /* a look without side effect */
    assert_int_equal(rd(r, 0, IXGBE_EICR), IXGBE_EICR_LSC);
    rig_end(r);
    r = rig_new(&rig_82576, NULL);
    assert_false(rd(r, 0, IGB_STATUS) & IGB_STATUS_LU);
    wr(r, 0, IGB_CTRL, IGB_CTRL_SLU);
    assert_true(rd(r, 0, IGB_STATUS) & IGB_STATUS_LU);
    assert_true(rd(r, 0, IGB_ICR) & IGB_ICR_LSC);
    rig_end(r);
}

static void pf_vectors_beyond_sixteen(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 1);

    (void)state;
    rig_msix_on(r, 0, 64);
    wr(r, 0, IXGBE_GPIE, IXGBE_GPIE_MULTIPLE_MSIX);
    wr(r, 0, IXGBE_EIMS_EX(1u), 0x100);
    wr(r, 0, IXGBE_EICS_EX(1u), 0x100);
    assert_int_equal(r->h.irqs[0][40], 1);
    wr(r, 0, IXGBE_EICS_EX(1u), 0x100);
    assert_int_equal(r->h.irqs[0][40], 2);
    wr(r, 0, IXGBE_EIMS_EX(0u), 3);
    assert_int_equal(rd(r, 0, IXGBE_EIMS), 3);
    rig_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("PCI 3.0 6.8.2, 82599 7.3, 82576 7.3: a masked vector waits in the PBA",
             masked_vector_waits_in_pba),
        CASE("PCI 3.0 6.8.2, 82599 7.3, 82576 7.3: the function mask holds all", function_mask_holds_all),
        CASE("PCI 3.0 6.8.2, 82599 7.3, 82576 7.3: table entries", table_is_memory),
        CASE("82599 7.3, 82576 7.3: a cause waits for its mask", cause_waits_for_its_mask),
        CASE("82599 7.3, 82576 7.3: EIAC, EIAM", auto_clear_and_auto_mask),
        CASE("82599 8.3.5.2, 82576 8.8.13: VTIVAR routes queues", ivar_routes_queues),
        CASE("82599 8.2.3.5.12, 82576 8.8.12: EITR spaces messages", moderation_spaces_messages),
        CASE("82599 8.2.3.5.12, 82576 8.8.12: CNT_WDIS, CNT_IGNR", moderation_counts_not_restarted),
        CASE("82599 7.3.2, 82576 7.3.3: a shorter interval counts at once", moderation_made_shorter),
        CASE("PCI 3.0 6.2.2, 82599 chapter 9, 82576 chapter 9: no message without Bus Master",
             no_message_without_bus_master),
        CASE("82599 8.2.3.22.20, 82576 8.2.2: link change", link_change_interrupts_the_pf),
        CASE("82599 8.2.3.5: EIMS_EX", pf_vectors_beyond_sixteen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
