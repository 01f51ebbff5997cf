/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools of an 82599: virtualization mode (section 4.6.10.1), filters, policy, interrupts. */
#include "ixgbe-like/ixgbe.h"

#define QUEUES_32    4u /* of each pool, with 32 pools */
#define QUEUES_64    2u
#define PF_VECTOR    0u
#define EITR_UNIT_US 2u /* 2.048 at 10 Gb/s and 1 Gb/s */

/* One way to cut the queues into pools: four registers have to agree on it. */
struct mode {
    uint32_t queues;
    uint32_t mrqc;
    uint32_t mtqc;
    uint32_t gcr_ext;
    uint32_t gpie;
    uint32_t vtctl;
};

#define RSS_FIELDS                                                                                           \
    (IXGBE_MRQC_RSS_IPV4 | IXGBE_MRQC_RSS_IPV4_TCP | IXGBE_MRQC_RSS_IPV4_UDP | IXGBE_MRQC_RSS_IPV6 |         \
     IXGBE_MRQC_RSS_IPV6_TCP | IXGBE_MRQC_RSS_IPV6_UDP)
/* The PF has no queues of its own: what matches no VF is dropped. */
#define VTCTL (IXGBE_PFVTCTL_VT_ENA | IXGBE_PFVTCTL_DIS_DEF_POOL | IXGBE_PFVTCTL_RPL_EN)

static const struct mode mode_none = {1, IXGBE_MRQC_MRQE_NONE, 0, IXGBE_GCR_EXT_VT_MODE_NONE, 0, 0};
static const struct mode mode_32 = {QUEUES_32,
                                    IXGBE_MRQC_MRQE_VMDQRSS32 | RSS_FIELDS,
                                    IXGBE_MTQC_VT_ENA | IXGBE_MTQC_32VF,
                                    IXGBE_GCR_EXT_VT_MODE_32,
                                    IXGBE_GPIE_VT_MODE_32,
                                    VTCTL};
static const struct mode mode_64 = {QUEUES_64,
                                    IXGBE_MRQC_MRQE_VMDQRSS64 | RSS_FIELDS,
                                    IXGBE_MTQC_VT_ENA | IXGBE_MTQC_64VF,
                                    IXGBE_GCR_EXT_VT_MODE_64,
                                    IXGBE_GPIE_VT_MODE_64,
                                    VTCTL};

/* One pool is the PF's. */
static const struct mode *choose_mode(const struct sri_pf *p)
{
    const uint16_t want = p->pf->opts.vf_queues;

    if (p->num_vfs == 0) {
        return &mode_none;
    }
    return p->num_vfs < 32u && (want == 0 || want > QUEUES_64) ? &mode_32 : &mode_64;
}

static uint16_t grant(const struct sri_pf *p, const struct mode *m)
{
    const uint16_t want = p->pf->opts.vf_queues;

    return want != 0 && want < m->queues ? want : (uint16_t)m->queues;
}

static void redirection(struct sri_pf *p)
{
    for (uint32_t i = 0; i < 32; i++) {
        uint32_t v = 0;

        for (uint32_t j = 0; j < 4; j++) {
            v |= ((4u * i + j) % p->vf_queues) << (8u * j);
        }
        sri_pf_wr(p, IXGBE_RETA(i), v);
    }
}

/* A VF that leaves its ring full must not hold up the port: drop for every queue of every VF. */
static void drop_enable(struct sri_pf *p, const struct mode *m)
{
    for (uint32_t q = 0; q < IXGBE_MAX_QUEUES; q++) {
        const uint32_t on = q < m->queues * p->num_vfs ? IXGBE_PFQDE_QDE : 0;

        sri_pf_wr(p, IXGBE_PFQDE, IXGBE_PFQDE_WE | q << IXGBE_PFQDE_QUEUE_IDX_SHIFT | on);
    }
}

static void transmit_mode(struct sri_pf *p, const struct mode *m)
{
    sri_pf_set(p, IXGBE_RTTDCS, 0, IXGBE_RTTDCS_ARBDIS);
    sri_pf_wr(p, IXGBE_MTQC, m->mtqc);
    sri_pf_set(p, IXGBE_RTTDCS, IXGBE_RTTDCS_ARBDIS, 0);
}

static void interrupt_mode(struct sri_pf *p, const struct mode *m)
{
    /* EIAME is for the VFs: Linux's ixgbevf trusts that a vector masks itself until it is served. */
    const uint32_t base =
        IXGBE_GPIE_MULTIPLE_MSIX | IXGBE_GPIE_PBA_SUPPORT | IXGBE_GPIE_OCD | IXGBE_GPIE_EIAME;

    sri_pf_wr(p, IXGBE_GPIE, base | m->gpie);
    sri_pf_set(p, IXGBE_GCR_EXT, IXGBE_GCR_EXT_VT_MODE, IXGBE_GCR_EXT_MSIX_EN | m->gcr_ext);
}

static uint32_t low_bits(uint32_t n)
{
    return n >= 32u ? UINT32_C(0xffffffff) : (UINT32_C(1) << n) - 1u;
}

static void watched_vfs(struct sri_pf *p)
{
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t n = p->num_vfs > 32u * i ? p->num_vfs - 32u * i : 0;

        sri_pf_wr(p, IXGBE_PFMBIMR(i), low_bits(n));
        sri_pf_wr(p, IXGBE_PFVMECM(i), low_bits(n));
    }
}

void ixgbe_pools(struct sri_pf *p)
{
    const struct mode *m = choose_mode(p);

    ixgbe_traffic(p, false);
    p->vf_queues = grant(p, m);
    sri_pf_wr(p, IXGBE_PFVTCTL, m->vtctl | (uint32_t)p->num_vfs << IXGBE_PFVTCTL_DEF_PL_SHIFT);
    sri_pf_wr(p, IXGBE_MRQC, m->mrqc);
    transmit_mode(p, m);
    interrupt_mode(p, m);
    redirection(p);
    drop_enable(p, m);
    sri_pf_wr(p, IXGBE_PFDTXGSWC, p->num_vfs != 0 ? IXGBE_PFDTXGSWC_LBE : 0);
    watched_vfs(p);
    ixgbe_traffic(p, true);
}

/* The address becomes valid last, the pools before it: nobody receives by half an entry. */
void ixgbe_put_rar(struct sri_pf *p, uint16_t i)
{
    const struct sri_pf_rar *r = &p->rar[i];
    const uint8_t *b = r->mac.b;
    const uint64_t pools = r->used ? sri_pf_bit(r->pool) : 0;

    sri_pf_wr(p, IXGBE_RAH(i), 0);
    sri_pf_wr(p, IXGBE_MPSAR_LO(i), (uint32_t)pools);
    sri_pf_wr(p, IXGBE_MPSAR_HI(i), (uint32_t)(pools >> 32));
    sri_pf_wr(p, IXGBE_RAL(i),
              (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24);
    if (r->used) {
        sri_pf_wr(p, IXGBE_RAH(i), (uint32_t)b[4] | (uint32_t)b[5] << 8 | IXGBE_RAH_AV);
    }
}

void ixgbe_put_vlan(struct sri_pf *p, uint16_t i)
{
    const struct sri_pf_vlan *v = &p->vlan[i];
    const uint32_t entry = (uint32_t)v->vid | IXGBE_PFVLVF_VI_EN;

    sri_pf_wr(p, IXGBE_PFVLVFB(2u * i), (uint32_t)v->pools);
    sri_pf_wr(p, IXGBE_PFVLVFB(2u * i + 1u), (uint32_t)(v->pools >> 32));
    sri_pf_wr(p, IXGBE_PFVLVF(i), v->pools != 0 ? entry : 0);
}

static void put_spoof_check(struct sri_pf *p, uint16_t vf)
{
    const uint32_t bits = IXGBE_PFVFSPOOF_MACAS(vf) | IXGBE_PFVFSPOOF_VLANAS(vf);

    sri_pf_set(p, IXGBE_PFVFSPOOF(vf / 8u), bits, p->vf[vf].spoof_check ? bits : 0);
}

/* MAXFRS is the port's: there is no frame size of a pool. */
void ixgbe_put_vf(struct sri_pf *p, uint16_t vf)
{
    const struct sri_pf_vf *v = &p->vf[vf];
    uint32_t accept = IXGBE_PFVML2FLT_BAM;

    if (v->port_vlan == 0) {
        accept |= IXGBE_PFVML2FLT_AUPE;
    }
    if (v->n_hashes != 0 && v->xcast >= IXGBE_MBX_XCAST_MULTI) {
        accept |= IXGBE_PFVML2FLT_ROMPE;
    }
    if (v->xcast >= IXGBE_MBX_XCAST_ALLMULTI) {
        accept |= IXGBE_PFVML2FLT_MPE;
    }
    sri_pf_wr(p, IXGBE_PFVML2FLT(vf), accept);
    sri_pf_wr(p, IXGBE_PFVMVIR(vf), v->port_vlan != 0 ? v->port_vlan | IXGBE_PFVMVIR_VLANA_DEFAULT : 0);
    put_spoof_check(p, vf);
}

void ixgbe_put_traffic(struct sri_pf *p, uint16_t vf, bool on)
{
    const uint32_t bit = UINT32_C(1) << (vf % 32u);

    sri_pf_set(p, IXGBE_PFVFTE(vf / 32u), bit, on ? bit : 0);
    sri_pf_set(p, IXGBE_PFVFRE(vf / 32u), bit, on ? bit : 0);
}

uint32_t ixgbe_pool_queues(const struct sri_pf *p)
{
    return choose_mode(p)->queues;
}

static uint32_t first_queue(const struct sri_pf *p, uint16_t vf)
{
    return choose_mode(p)->queues * vf;
}

uint32_t ixgbe_tx_queues(struct sri_pf *p, uint16_t vf)
{
    const uint32_t first = first_queue(p, vf);
    uint32_t n = 0;

    for (uint32_t q = 0; q < choose_mode(p)->queues; q++) {
        n += (sri_pf_rd_sure(p, IXGBE_TXDCTL(first + q)) & IXGBE_TXDCTL_ENABLE) != 0 ? 1u : 0u;
    }
    return n;
}

/* RTTBCNRC is of the queue that RTTDQSEL names: section 8.2.3.10. */
void ixgbe_put_rate(struct sri_pf *p, uint16_t vf, uint32_t factor)
{
    const uint32_t first = first_queue(p, vf);
    const uint32_t value = factor & (IXGBE_RTTBCNRC_RF_INT | IXGBE_RTTBCNRC_RF_DEC);

    for (uint32_t q = 0; q < choose_mode(p)->queues; q++) {
        sri_pf_wr(p, IXGBE_RTTDQSEL, first + q);
        sri_pf_wr(p, IXGBE_RTTBCNRC, factor != 0 ? value | IXGBE_RTTBCNRC_RS_ENA : 0);
    }
}

void ixgbe_irq_on(struct sri_pf *p)
{
    sri_pf_wr(p, IXGBE_IVAR_MISC, (IXGBE_IVAR_ALLOC_VAL | PF_VECTOR) << IXGBE_IVAR_MISC_OTHER_SHIFT);
    sri_pf_wr(p, IXGBE_EITR(PF_VECTOR), (SRI_PF_IRQ_US / EITR_UNIT_US) << IXGBE_EITR_INTERVAL_SHIFT);
    sri_pf_wr(p, IXGBE_EIMS, IXGBE_EICR_MAILBOX | IXGBE_EICR_LSC);
}

void ixgbe_irq_ack(struct sri_pf *p)
{
    (void)sri_pf_rd(p, IXGBE_EICR);
}
