/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools of an 82576: virtualization (section 7.8), filters, policy, interrupts. */
#include "igb-like/igb.h"

#define PF_VECTOR 0u

/* A VF has no way to ask how many queues it was given, so each receives on one. */
static void modes(struct sri_pf *p, bool on)
{
    const uint32_t vt = IGB_VT_CTL_DIS_DEF_POOL | IGB_VT_CTL_RPL_EN;

    sri_pf_wr(p, IGB_VT_CTL, on ? vt | (uint32_t)p->num_vfs << IGB_VT_CTL_DEF_PL_SHIFT : 0);
    sri_pf_wr(p, IGB_MRQC, on ? IGB_MRQC_MRQE_VMDQ : IGB_MRQC_MRQE_NONE);
    sri_pf_set(p, IGB_DTXSWC, IGB_DTXSWC_LOOPBACK_EN, on ? IGB_DTXSWC_LOOPBACK_EN : 0);
    sri_pf_wr(p, IGB_RPLOLR, IGB_RPLOLR_STRCRC);
}

void igb_pools(struct sri_pf *p)
{
    const uint32_t vfs = (UINT32_C(1) << p->num_vfs) - 1u;

    igb_traffic(p, false);
    p->vf_queues = 1;
    modes(p, p->num_vfs != 0);
    /* For the VFs' vectors as much as for the PF's own. EIAME is for the VFs alone: Linux's igbvf trusts
     * that a vector masks itself until it is served. */
    sri_pf_wr(p, IGB_GPIE, IGB_GPIE_MULTIPLE_MSIX | IGB_GPIE_NSICR | IGB_GPIE_PBA | IGB_GPIE_EIAME);
    /* A VF that leaves its ring full must not hold up the port. */
    sri_pf_wr(p, IGB_QDE, vfs | vfs << 8);
    sri_pf_wr(p, IGB_MBVFIMR, vfs);
    igb_traffic(p, true);
}

/* The address becomes valid last: nobody receives by half an entry. */
void igb_put_rar(struct sri_pf *p, uint16_t i)
{
    const struct sri_pf_rar *r = &p->rar[i];
    const uint8_t *b = r->mac.b;
    uint32_t high = 0;

    if (r->used) {
        high = (uint32_t)b[4] | (uint32_t)b[5] << 8 | IGB_RAH_AV;
        high |= (UINT32_C(1) << (IGB_RAH_POOLSEL_SHIFT + r->pool)) & IGB_RAH_POOLSEL;
    }
    sri_pf_wr(p, IGB_RAH(i), 0);
    sri_pf_wr(p, IGB_RAL(i),
              (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24);
    sri_pf_wr(p, IGB_RAH(i), high);
}

void igb_put_vlan(struct sri_pf *p, uint16_t i)
{
    const struct sri_pf_vlan *v = &p->vlan[i];
    const uint32_t pools = ((uint32_t)v->pools << IGB_VLVF_POOLSEL_SHIFT) & IGB_VLVF_POOLSEL;

    sri_pf_wr(p, IGB_VLVF(i), pools != 0 ? pools | v->vid | IGB_VLVF_VI_EN : 0);
}

static uint32_t frame_limit(const struct sri_pf_vf *v)
{
    const uint32_t frame = v->max_frame != 0 ? v->max_frame : SRI_PF_FRAME_STD;

    return IGB_VMOLR_LPE | ((frame + SRI_PF_VLAN_TAG) & IGB_VMOLR_RLPML);
}

static void put_spoof_check(struct sri_pf *p, uint16_t vf)
{
    const uint32_t bits = IGB_DTXSWC_MACAS(vf) | IGB_DTXSWC_VLANAS(vf);

    sri_pf_set(p, IGB_DTXSWC, bits, p->vf[vf].spoof_check ? bits : 0);
}

void igb_put_vf(struct sri_pf *p, uint16_t vf)
{
    const struct sri_pf_vf *v = &p->vf[vf];
    uint32_t accept = IGB_VMOLR_BAM | IGB_VMOLR_STRCRC | frame_limit(v);

    accept |= v->port_vlan == 0 ? IGB_VMOLR_AUPE : IGB_VMOLR_STRVLAN;
    if (v->n_hashes != 0 && v->xcast >= IXGBE_MBX_XCAST_MULTI) {
        accept |= IGB_VMOLR_ROMPE;
    }
    if (v->xcast >= IXGBE_MBX_XCAST_ALLMULTI) {
        accept |= IGB_VMOLR_MPME;
    }
    sri_pf_wr(p, IGB_VMOLR(vf), accept);
    sri_pf_wr(p, IGB_VMVIR(vf), v->port_vlan != 0 ? v->port_vlan | IGB_VMVIR_VLANA_DEFAULT : 0);
    put_spoof_check(p, vf);
}

void igb_put_traffic(struct sri_pf *p, uint16_t vf, bool on)
{
    const uint32_t bit = UINT32_C(1) << vf;

    sri_pf_set(p, IGB_VFTE, bit, on ? bit : 0);
    sri_pf_set(p, IGB_VFRE, bit, on ? bit : 0);
}

uint32_t igb_tx_queues(struct sri_pf *p, uint16_t vf)
{
    uint32_t n = 0;

    for (uint32_t q = vf; q < IGB_MAX_QUEUES; q += IGB_MAX_POOLS) {
        n += (sri_pf_rd_sure(p, IGB_TXDCTL(q)) & IGB_TXDCTL_ENABLE) != 0 ? 1u : 0u;
    }
    return n;
}

/* RTTBCNRC is of the queue that RTTDQSEL names. The emulated device knows neither, and limits nothing. */
void igb_put_rate(struct sri_pf *p, uint16_t vf, uint32_t factor)
{
    const uint32_t value = factor & (IGB_RTTBCNRC_RF_INT | IGB_RTTBCNRC_RF_DEC);

    for (uint32_t q = vf; q < IGB_MAX_QUEUES; q += IGB_MAX_POOLS) {
        sri_pf_wr(p, IGB_RTTDQSEL, q);
        sri_pf_wr(p, IGB_RTTBCNRC, factor != 0 ? value | IGB_RTTBCNRC_RS_ENA : 0);
    }
}

/* EIAM stays unused: EIAC alone takes the vector's cause back. The registers of other causes
 * go by their older addresses: the emulated device knows no others. */
void igb_irq_on(struct sri_pf *p)
{
    sri_pf_wr(p, IGB_IVAR_MISC, (IGB_IVAR_VALID | PF_VECTOR) << IGB_IVAR_MISC_OTHER_SHIFT);
    sri_pf_wr(p, IGB_EITR(PF_VECTOR), SRI_PF_IRQ_US << IGB_EITR_INTERVAL_SHIFT);
    sri_pf_wr(p, IGB_EIAC, UINT32_C(1) << PF_VECTOR);
    sri_pf_wr(p, IGB_EIMS, UINT32_C(1) << PF_VECTOR);
    sri_pf_wr(p, IGB_IMS_ALIAS, IGB_ICR_VMMB | IGB_ICR_LSC);
}

void igb_irq_ack(struct sri_pf *p)
{
    (void)sri_pf_rd(p, IGB_ICR_ALIAS);
}
