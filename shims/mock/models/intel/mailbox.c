/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The 16 words between PF and each VF, their lock and doorbells: 82599 datasheet, section
 * 7.10.2.9; 82576 datasheet, section 7.8.5. Bits are the same in both devices.
 */
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "nic.h"

static uint32_t *memory(struct sriov_model *nic, uint16_t fn)
{
    return &nic->regs.mbmem[(fn - 1u) * MOCK_MBX_WORDS];
}

static uint16_t vf_of_word(const struct mock_ref *ref)
{
    return (uint16_t)(ref->index / MOCK_MBX_WORDS + 1u);
}

/* The PF does not touch its message before it is acknowledged: with API 1.5 a VF reads it without the lock.
 */
static bool may_touch(const struct mock_mailbox *mbx, bool pf, bool write)
{
    if (pf)
        return mbx->pfu;
    return mbx->vfu || (!write && mbx->left && !mbx->pfu);
}

static void check_lock(struct sriov_model *nic, const struct mock_ref *ref, bool write)
{
    const struct mock_mailbox *mbx = &nic->fn[vf_of_word(ref)].mbx;

    if (!may_touch(mbx, ref->fn == 0, write))
        mock_report_reg(nic, SRIOV_REPORT_MAILBOX, ref, "mailbox memory touched without its lock");
}

uint32_t mock_mbx_mem_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    if (vf_of_word(ref) > nic->total_vfs)
        return 0;
    check_lock(nic, ref, false);
    return nic->regs.mbmem[ref->index];
}

void mock_mbx_mem_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    if (vf_of_word(ref) > nic->total_vfs)
        return;
    check_lock(nic, ref, true);
    nic->regs.mbmem[ref->index] = value;
}

static uint32_t enabled_by_imr(const struct sriov_model *nic, uint16_t fn)
{
    uint32_t vf = fn - 1u;

    return nic->regs.mbimr[vf / 32u] >> (vf % 32u) & 1u;
}

static void cause_to_pf(struct sriov_model *nic, uint16_t fn)
{
    if (enabled_by_imr(nic, fn))
        nic->chip->raise_other(nic, nic->chip->cause_mailbox);
}

/* half: 0 a request, 16 an acknowledgement. */
static void set_icr(struct sriov_model *nic, uint16_t fn, uint32_t half)
{
    uint32_t vf = fn - 1u, per = nic->chip->mbox_vfs_per_icr;

    nic->regs.mbicr[vf / per] |= UINT32_C(1) << (vf % per + half);
    cause_to_pf(nic, fn);
}

static void on_request(struct sriov_model *nic, struct mock_event *event)
{
    if (event->len > 0)
        memcpy(memory(nic, event->fn), event->bytes, event->len);
    set_icr(nic, event->fn, event->a);
}

static void on_to_vf(struct sriov_model *nic, struct mock_event *event)
{
    if (event->len > 0)
        memcpy(memory(nic, event->fn), event->bytes, event->len);
    nic->fn[event->fn].mbx.vf_bits |= event->a;
    if (event->a & IXGBE_VFMAILBOX_PFSTS)
        nic->fn[event->fn].mbx.left = true;
    mock_irq_raise_mailbox_vf(nic, event->fn);
}

/* A doorbell with a message behind it: faults may change, lose or delay it. */
static void ring_with_message(struct sriov_model *nic, uint16_t fn, enum sriov_fault_point point,
                              uint32_t what, void (*run)(struct sriov_model *, struct mock_event *))
{
    struct sriov_site site = {.kind = SRIOV_SITE_MAILBOX, .function = fn};
    uint64_t late = 0;
    size_t len = MOCK_MBX_WORDS * sizeof(uint32_t);
    enum sriov_fault_verdict verdict = nic->ops->fault(nic->host, point, &site, memory(nic, fn), len, &late);
    uint64_t delay = nic->ops->delay_ns(nic->host, fn, SRIOV_DELAY_MBX);
    struct mock_event *e;

    if (verdict == SRIOV_FAULT_DROP)
        return;
    e = mock_event_new(nic, fn, run, memory(nic, fn), verdict == SRIOV_FAULT_DELAY ? len : 0u);
    if (e == NULL)
        return;
    e->a = what;
    if (verdict == SRIOV_FAULT_DELAY)
        delay = late > UINT64_MAX - delay ? UINT64_MAX : delay + late;
    mock_event_after(nic, e, delay);
}

static void ring_bare(struct sriov_model *nic, uint16_t fn, uint32_t what,
                      void (*run)(struct sriov_model *, struct mock_event *))
{
    struct mock_event *e = mock_event_new(nic, fn, run, NULL, 0);

    if (e != NULL)
        e->a = what;
    mock_event_after(nic, e, nic->ops->delay_ns(nic->host, fn, SRIOV_DELAY_MBX));
}

uint32_t mock_mbx_v2p_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    uint16_t fn = (uint16_t)(ref->index + 1u);

    if (fn > nic->total_vfs)
        return 0;
    struct mock_mailbox *mbx = &nic->fn[fn].mbx;
    uint32_t value = mbx->vf_bits;
    if (mbx->vfu)
        value |= IXGBE_VFMAILBOX_VFU;
    if (mbx->pfu)
        value |= IXGBE_VFMAILBOX_PFU;
    if (!nic->pf_ready)
        value |= IXGBE_VFMAILBOX_RSTI;
    if (ref->fn != 0) /* a look by the PF has no side effect */
        mbx->vf_bits = 0;
    return value;
}

void mock_mbx_v2p_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint16_t fn = (uint16_t)(ref->index + 1u);

    if (fn > nic->total_vfs || ref->fn == 0)
        return;
    struct mock_mailbox *mbx = &nic->fn[fn].mbx;
    bool had_lock = mbx->vfu;
    if (!(value & IXGBE_VFMAILBOX_VFU))
        mbx->vfu = false;
    else if (!mbx->pfu)
        mbx->vfu = true;
    if ((value & IXGBE_VFMAILBOX_REQ) && !had_lock)
        mock_report_reg(nic, SRIOV_REPORT_MAILBOX, ref, "REQ by a VF that does not hold the lock");
    if (value & IXGBE_VFMAILBOX_REQ)
        ring_with_message(nic, fn, SRIOV_FAULT_MBX_TO_PF, 0, on_request);
    if (value & IXGBE_VFMAILBOX_ACK) {
        mbx->left = false;
        ring_bare(nic, fn, 16, on_request);
    }
}

uint32_t mock_mbx_p2v_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    uint16_t fn = (uint16_t)(ref->index + 1u);

    if (fn > nic->total_vfs)
        return 0;
    struct mock_mailbox *mbx = &nic->fn[fn].mbx;
    return (mbx->vfu ? IXGBE_PFMAILBOX_VFU : 0u) | (mbx->pfu ? IXGBE_PFMAILBOX_PFU : 0u);
}

void mock_mbx_p2v_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint16_t fn = (uint16_t)(ref->index + 1u);

    if (fn > nic->total_vfs)
        return;
    struct mock_mailbox *mbx = &nic->fn[fn].mbx;
    bool had_lock = mbx->pfu;
    if (value & IXGBE_PFMAILBOX_RVFU)
        mbx->vfu = false;
    if (!(value & IXGBE_PFMAILBOX_PFU))
        mbx->pfu = false;
    else if (!mbx->vfu)
        mbx->pfu = true;
    if ((value & IXGBE_PFMAILBOX_STS) && !had_lock)
        mock_report_reg(nic, SRIOV_REPORT_MAILBOX, ref, "STS by a PF that does not hold the lock");
    if (value & IXGBE_PFMAILBOX_STS)
        ring_with_message(nic, fn, SRIOV_FAULT_MBX_TO_VF, IXGBE_VFMAILBOX_PFSTS, on_to_vf);
    if (value & IXGBE_PFMAILBOX_ACK)
        ring_bare(nic, fn, IXGBE_VFMAILBOX_PFACK, on_to_vf);
}

/* Causes that waited for their enable bit ring now. */
void mock_mbx_imr_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint32_t before = *mock_reg_cell(nic, ref), per = nic->chip->mbox_vfs_per_icr;

    mock_reg_store(nic, ref, value);
    for (uint32_t b = 0; b < 32u; b++) {
        uint32_t vf = ref->index * 32u + b, both = UINT32_C(0x10001);

        if (!(value & ~before & (UINT32_C(1) << b)) || vf >= nic->total_vfs)
            continue;
        if (nic->regs.mbicr[vf / per] & (both << (vf % per)))
            cause_to_pf(nic, (uint16_t)(vf + 1u));
    }
}

void mock_mbx_vf_was_reset(struct sriov_model *nic, uint16_t fn)
{
    uint32_t vf = fn - 1u;

    nic->regs.vflre[vf / 32u] |= UINT32_C(1) << (vf % 32u);
    cause_to_pf(nic, fn);
}

void mock_mbx_reset(struct sriov_model *nic, uint16_t fn)
{
    memset(&nic->fn[fn].mbx, 0, sizeof(nic->fn[fn].mbx));
}

void mock_mbx_pf_ready(struct sriov_model *nic)
{
    nic->pf_ready = true;
    for (uint16_t fn = 1; fn <= nic->total_vfs; fn++)
        nic->fn[fn].mbx.vf_bits |= IXGBE_VFMAILBOX_RSTD;
}
