/* SPDX-License-Identifier: BSD-3-Clause */
/* Mailbox transport of a PF: 82599 section 7.10.2.9, 82576 section 7.8.5. */
#include "intel/pf_engine.h"

#include <sriov/hw/ixgbe_regs.h>

/* PFMAILBOX and P2VMAILBOX agree in all of these, so the names of one serve both. */
#define MBX_STS  IXGBE_PFMAILBOX_STS
#define MBX_ACK  IXGBE_PFMAILBOX_ACK
#define MBX_PFU  IXGBE_PFMAILBOX_PFU
#define MBX_RVFU IXGBE_PFMAILBOX_RVFU

static uint32_t ctrl_reg(const struct sri_pf *p, uint16_t vf)
{
    return p->dev->mbx.ctrl + 4u * vf;
}

static uint32_t mem_reg(const struct sri_pf *p, uint16_t vf, uint32_t word)
{
    return p->dev->mbx.mem + 4u * (INTEL_MBX_WORDS * vf + word);
}

static uint32_t icr_reg(const struct sri_pf *p, uint32_t group)
{
    return p->dev->mbx.icr + 4u * group;
}

bool sri_pf_mbx_take(struct sri_pf *p, uint16_t vf)
{
    sri_pf_wr(p, ctrl_reg(p, vf), MBX_PFU);
    return (sri_pf_rd(p, ctrl_reg(p, vf)) & MBX_PFU) != 0;
}

/* Linux's ixgbevf does, once API 1.5 or the feature of 1.7 is agreed. */
static bool keeps_lock(const struct sri_pf_vf *v)
{
    return v->api == SRI_PF_API_1_5 ||
           (v->api >= SRI_PF_API_1_7 && (v->features & IXGBE_MBX_FEATURE_LOCKED_MBX) != 0);
}

/* It has rung: what it holds the memory for is our acknowledgement, and the message is all there. */
bool sri_pf_mbx_take_request(struct sri_pf *p, uint16_t vf)
{
    if (sri_pf_mbx_take(p, vf)) {
        return true;
    }
    if (!keeps_lock(&p->vf[vf])) {
        return false;
    }
    sri_pf_wr(p, ctrl_reg(p, vf), MBX_RVFU);
    return sri_pf_mbx_take(p, vf);
}

void sri_pf_mbx_release(struct sri_pf *p, uint16_t vf)
{
    sri_pf_wr(p, ctrl_reg(p, vf), 0);
}

void sri_pf_mbx_drop(struct sri_pf *p, uint16_t vf)
{
    const uint32_t per = p->dev->mbx.vfs_per_icr;

    sri_pf_wr(p, icr_reg(p, vf / per), UINT32_C(1) << (vf % per));
}

void sri_pf_mbx_read(struct sri_pf *p, uint16_t vf, uint32_t msg[INTEL_MBX_WORDS])
{
    /* The doorbell goes first: one that rings from here on means another message. */
    sri_pf_mbx_drop(p, vf);
    for (uint32_t i = 0; i < INTEL_MBX_WORDS; i++) {
        msg[i] = sri_pf_rd(p, mem_reg(p, vf, i));
    }
    sri_pf_wr(p, ctrl_reg(p, vf), MBX_ACK | MBX_PFU);
}

void sri_pf_mbx_send(struct sri_pf *p, uint16_t vf, const uint32_t *msg, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) {
        sri_pf_wr(p, mem_reg(p, vf, i), msg[i]);
    }
    sri_pf_wr(p, ctrl_reg(p, vf), MBX_STS);
    p->vf[vf].unread = true;
    p->vf[vf].unread_since = sriov_fn_now(p->pf->fn);
}

/* Acknowledgements are only noted: they say that the memory may be overwritten, and who listens. */
static void note_acks(struct sri_pf *p, uint32_t group, uint32_t acks)
{
    const uint32_t per = p->dev->mbx.vfs_per_icr;

    for (uint32_t i = 0; i < per && group * per + i < p->num_vfs; i++) {
        if ((acks & (UINT32_C(1) << i)) != 0) {
            struct sri_pf_vf *v = &p->vf[group * per + i];

            v->unread = false;
            v->lost = !v->cts;
        }
    }
}

uint32_t sri_pf_mbx_requests(struct sri_pf *p, uint32_t group)
{
    const uint32_t icr = sri_pf_rd_sure(p, icr_reg(p, group));
    const uint32_t acks = icr >> 16;

    if (acks != 0) {
        sri_pf_wr(p, icr_reg(p, group), acks << 16);
        note_acks(p, group, acks);
    }
    return icr & UINT32_C(0xffff);
}

uint32_t sri_pf_mbx_resets(struct sri_pf *p, uint32_t group)
{
    const uint32_t vfs = sri_pf_rd_sure(p, p->dev->mbx.vflre[group]);

    if (vfs != 0) {
        sri_pf_wr(p, p->dev->mbx.vflrec[group], vfs);
    }
    return vfs;
}

void sri_pf_mbx_clear(struct sri_pf *p)
{
    const struct sri_pf_mbx_regs *r = &p->dev->mbx;

    for (uint32_t vf = 0; vf < p->dev->max_vfs; vf += r->vfs_per_icr) {
        sri_pf_wr(p, icr_reg(p, vf / r->vfs_per_icr), UINT32_C(0xffffffff));
    }
    for (uint32_t i = 0; i < 2 && r->vflre[i] != 0; i++) {
        sri_pf_wr(p, r->vflrec[i], UINT32_C(0xffffffff));
    }
}
