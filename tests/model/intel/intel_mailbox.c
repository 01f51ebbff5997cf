/* SPDX-License-Identifier: BSD-3-Clause */
/* 82599 datasheet, section 7.10.2.9; 82576 datasheet, section 7.8.5. */
#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "rig.h"

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

static uint32_t mbicr(const struct rig *r)
{
    return r->c == &rig_82599 ? IXGBE_PFMBICR(0u) : IGB_MBVFICR;
}

static void lock_belongs_to_one(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 2);

        rd(r, 1, r->c->mailbox);
        wr(r, 1, r->c->mailbox, IXGBE_VFMAILBOX_VFU);
        assert_int_equal(rd(r, 1, r->c->mailbox), IXGBE_VFMAILBOX_VFU);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_PFU);
        assert_int_equal(rd(r, 0, r->c->pf_mailbox), IXGBE_PFMAILBOX_VFU);
        wr(r, 1, r->c->mailbox, 0);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_PFU);
        wr(r, 1, r->c->mailbox, IXGBE_VFMAILBOX_VFU);
        assert_int_equal(rd(r, 1, r->c->mailbox), IXGBE_VFMAILBOX_PFU);
        /* The PF may take VFU from a VF that hangs. */
        wr(r, 0, r->c->pf_mailbox, 0);
        wr(r, 1, r->c->mailbox, IXGBE_VFMAILBOX_VFU);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_RVFU | IXGBE_PFMAILBOX_PFU);
        assert_int_equal(rd(r, 0, r->c->pf_mailbox), IXGBE_PFMAILBOX_PFU);
        rig_end(r);
    }
}

static void memory_needs_the_lock(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 2);

        wr(r, 1, r->c->mbmem, 1);
        assert_int_equal(r->h.reports[SRIOV_REPORT_MAILBOX], 1);
        rd(r, 0, r->c->pf_mbmem + 4u);
        assert_int_equal(r->h.reports[SRIOV_REPORT_MAILBOX], 2);
        wr(r, 1, r->c->mailbox, IXGBE_VFMAILBOX_REQ);
        assert_int_equal(r->h.reports[SRIOV_REPORT_MAILBOX], 3);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_STS);
        assert_int_equal(r->h.reports[SRIOV_REPORT_MAILBOX], 4);
        rig_clear_reports(r);
        rig_end(r);
    }
}

static void vf_send(struct rig *r, uint16_t fn, uint32_t word)
{
    wr(r, fn, r->c->mailbox, IXGBE_VFMAILBOX_VFU);
    wr(r, fn, r->c->mbmem, word);
    wr(r, fn, r->c->mailbox, IXGBE_VFMAILBOX_REQ);
}

static void pf_send(struct rig *r, uint16_t vf, uint32_t word)
{
    wr(r, 0, r->c->pf_mailbox + 4u * vf, IXGBE_PFMAILBOX_PFU);
    wr(r, 0, r->c->pf_mbmem + 0x40u * vf, word);
    wr(r, 0, r->c->pf_mailbox + 4u * vf, IXGBE_PFMAILBOX_STS);
}

static void message_goes_round(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 3);

        rd(r, 2, r->c->mailbox);
        vf_send(r, 2, 0xcafe0001u);
        assert_int_equal(rd(r, 0, mbicr(r)), 2); /* VFREQ of VF 1 */
        wr(r, 0, mbicr(r), 2);
        assert_int_equal(rd(r, 0, mbicr(r)), 0);
        wr(r, 0, r->c->pf_mailbox + 4u, IXGBE_PFMAILBOX_PFU);
        assert_int_equal(rd(r, 0, r->c->pf_mbmem + 0x40u), 0xcafe0001u);
        wr(r, 0, r->c->pf_mailbox + 4u, IXGBE_PFMAILBOX_ACK);
        assert_int_equal(rd(r, 2, r->c->mailbox), IXGBE_VFMAILBOX_PFACK);
        assert_int_equal(rd(r, 2, r->c->mailbox), 0); /* read clears */
        pf_send(r, 1, 0x80000001u);
        assert_int_equal(rd(r, 1, r->c->mailbox) & IXGBE_VFMAILBOX_PFSTS, 0);
        assert_int_equal(rd(r, 2, r->c->mailbox), IXGBE_VFMAILBOX_PFSTS);
        wr(r, 2, r->c->mailbox, IXGBE_VFMAILBOX_VFU);
        assert_int_equal(rd(r, 2, r->c->mbmem), 0x80000001u);
        wr(r, 2, r->c->mailbox, IXGBE_VFMAILBOX_ACK);
        assert_int_equal(rd(r, 0, mbicr(r)), 0x20000); /* VFACK of VF 1 */
        rig_end(r);
    }
}

/* API 1.5's way: a VF keeps the lock until its request is acknowledged, and reads the answer without it. */
static void lock_is_kept_over_a_request(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);

        rd(r, 1, r->c->mailbox);
        wr(r, 1, r->c->mailbox, IXGBE_VFMAILBOX_VFU);
        wr(r, 1, r->c->mbmem, 0xcafe0001u);
        wr(r, 1, r->c->mailbox, IXGBE_VFMAILBOX_VFU | IXGBE_VFMAILBOX_REQ);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_PFU);
        assert_int_equal(rd(r, 0, r->c->pf_mailbox), IXGBE_PFMAILBOX_VFU);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_RVFU);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_PFU);
        assert_int_equal(rd(r, 0, r->c->pf_mbmem), 0xcafe0001u);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_ACK | IXGBE_PFMAILBOX_PFU);
        assert_int_equal(rd(r, 1, r->c->mailbox), IXGBE_VFMAILBOX_PFU | IXGBE_VFMAILBOX_PFACK);
        wr(r, 1, r->c->mailbox, 0);
        wr(r, 0, r->c->pf_mbmem, 0x80000001u);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_STS);
        assert_int_equal(rd(r, 1, r->c->mailbox), IXGBE_VFMAILBOX_PFSTS);
        assert_int_equal(rd(r, 1, r->c->mbmem), 0x80000001u);
        wr(r, 1, r->c->mailbox, IXGBE_VFMAILBOX_ACK);
        assert_int_equal(host_reports(&r->h), 0);
        rd(r, 1, r->c->mbmem); /* acknowledged: the PF may write by now */
        assert_int_equal(r->h.reports[SRIOV_REPORT_MAILBOX], 1);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_PFU);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_STS);
        wr(r, 0, r->c->pf_mailbox, IXGBE_PFMAILBOX_PFU);
        rd(r, 1, r->c->mbmem); /* and here it is about to */
        assert_int_equal(r->h.reports[SRIOV_REPORT_MAILBOX], 2);
        rig_clear_reports(r);
        rig_end(r);
    }
}

static void second_register_of_causes(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 40);

    (void)state;
    vf_send(r, 38, 1); /* VF 37: PFMBICR(2), bit 5 */
    assert_int_equal(rd(r, 0, IXGBE_PFMBICR(IXGBE_PFMBICR_INDEX(37u))), IXGBE_PFMBICR_VFREQ(37u));
    rig_end(r);
}

static void pf_is_interrupted(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 2);

    (void)state;
    rig_msix_on(r, 0, 2);
    wr(r, 0, IXGBE_GPIE, IXGBE_GPIE_MULTIPLE_MSIX);
    wr(r, 0, IXGBE_IVAR_MISC, 0x8100);
    wr(r, 0, IXGBE_EIMS, IXGBE_EICR_MAILBOX);
    wr(r, 0, IXGBE_PFMBIMR(0u), 1); /* VF 0 only */
    vf_send(r, 2, 1);
    assert_int_equal(r->h.irqs[0][1], 0);
    vf_send(r, 1, 1);
    assert_int_equal(r->h.irqs[0][1], 1);
    assert_true(rd(r, 0, IXGBE_EICR) & IXGBE_EICR_MAILBOX);
    wr(r, 0, IXGBE_PFMBIMR(0u), 3); /* the cause that waited rings now */
    assert_int_equal(r->h.irqs[0][1], 2);
    rig_end(r);
    r = rig_up(&rig_82576, NULL, 2);
    rig_msix_on(r, 0, 2);
    wr(r, 0, IGB_GPIE, IGB_GPIE_MULTIPLE_MSIX);
    wr(r, 0, IGB_IVAR_MISC, 0x8100);
    wr(r, 0, IGB_EIMS, 2);
    vf_send(r, 1, 1);
    assert_int_equal(r->h.irqs[0][1], 0);
    wr(r, 0, IGB_IMS, IGB_ICR_VMMB);
    assert_int_equal(r->h.irqs[0][1], 1);
    assert_int_equal(rd(r, 0, IGB_ICR) & ~IGB_ICR_LSC, IGB_ICR_VMMB | IGB_ICR_INT_ASSERTED);
    assert_int_equal(rd(r, 0, IGB_ICR), 0);
    assert_int_equal(rd(r, 0, IGB_EICR), 2);
    rig_end(r);
}

static void vf_is_interrupted(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);

        rig_msix_on(r, 1, 3);
        wr(r, 1, r->c->ivar_misc, 0x82);
        wr(r, 1, r->c->eims, 4);
        pf_send(r, 0, 0x100);
        assert_int_equal(r->h.irqs[1][2], 1);
        rig_end(r);
    }
}

static void reset_indications(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);
        uint32_t ctrl_ext = 0x18u;

        assert_int_equal(rd(r, 1, r->c->mailbox), IXGBE_VFMAILBOX_RSTD);
        assert_int_equal(rd(r, 1, r->c->mailbox), 0);
        wr(r, 0, 0, IXGBE_CTRL_RST);
        assert_int_equal(rd(r, 1, r->c->mailbox), IXGBE_VFMAILBOX_RSTI);
        assert_int_equal(rd(r, 1, r->c->mailbox), IXGBE_VFMAILBOX_RSTI); /* a level */
        wr(r, 0, ctrl_ext, IXGBE_CTRL_EXT_PFRSTD);
        assert_int_equal(rd(r, 1, r->c->mailbox), IXGBE_VFMAILBOX_RSTD);
        rig_end(r);
    }
}

static void faults_lose_and_delay(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);

        r->h.fault_point = SRIOV_FAULT_MBX_TO_PF;
        r->h.fault_verdict = SRIOV_FAULT_DROP;
        vf_send(r, 1, 1);
        assert_int_equal(rd(r, 0, mbicr(r)), 0);
        r->h.fault_point = SRIOV_FAULT_MBX_TO_PF;
        r->h.fault_verdict = SRIOV_FAULT_DELAY;
        r->h.fault_delay = 1000;
        vf_send(r, 1, 1);
        host_advance(&r->h, 999);
        assert_int_equal(rd(r, 0, mbicr(r)), 0);
        host_advance(&r->h, 1);
        assert_int_equal(rd(r, 0, mbicr(r)), 1);
        wr(r, 0, mbicr(r), 1);
        r->h.fault_point = SRIOV_FAULT_MBX_TO_PF;
        r->h.fault_delay = UINT64_MAX; /* never */
        r->h.delay[SRIOV_DELAY_MBX] = 100;
        vf_send(r, 1, 1);
        host_advance(&r->h, 1000);
        assert_int_equal(rd(r, 0, mbicr(r)), 0);
        rig_end(r);
    }
}

static void delay_ends_with_a_reset(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);

        r->h.delay[SRIOV_DELAY_MBX] = 500;
        vf_send(r, 1, 1);
        wr(r, 1, r->c->ctrl, IXGBE_CTRL_RST);
        host_advance(&r->h, 1000);
        assert_int_equal(rd(r, 0, mbicr(r)), 0);
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 7.10.2.9, 82576 7.8.5: the lock belongs to one", lock_belongs_to_one),
        CASE("82599 7.10.2.9, 82576 7.8.5: memory needs the lock", memory_needs_the_lock),
        CASE("82599 7.10.2.9, 82576 7.8.5: a message goes round", message_goes_round),
        CASE("82599 7.10.2.9, 82576 7.8.5: the lock is kept over a request", lock_is_kept_over_a_request),
        CASE("82599 8.2.3.27: PFMBICR holds 16 VFs", second_register_of_causes),
        CASE("82599 8.2.3.27, 82576 8.14: the PF is interrupted", pf_is_interrupted),
        CASE("82599 8.3.5.2, 82576 8.8.13: the VF is interrupted", vf_is_interrupted),
        CASE("82599 8.3.5.1.5, 82576 8.14.2: RSTI is a level, RSTD clears on read", reset_indications),
        CASE("82599 7.10.2.9, 82576 7.8.5: messages can be lost and late", faults_lose_and_delay),
        CASE("82599 4.2, 82576 4.3: a VF reset forgets what was on its way", delay_ends_with_a_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
