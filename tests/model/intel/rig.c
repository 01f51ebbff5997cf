/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>
#include <sriov/hw/pci_regs.h>

#define SRIOV_CAP 0x160u
#define MSIX_CAP  0x70u

const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

const struct rig_chip rig_82599 = {
    .name = "82599",
    .rx_block = IXGBE_VFRDBAL(0u),
    .tx_block = IXGBE_VFTDBAL(0u),
    .q_stride = 0x40,
    .srrctl = 0x14,
    .rxdctl = 0x28,
    .txdctl = 0x28,
    .ctrl = IXGBE_VFCTRL,
    .mailbox = IXGBE_VFMAILBOX,
    .mbmem = IXGBE_VFMBMEM(0u),
    .pf_mailbox = IXGBE_PFMAILBOX(0u),
    .pf_mbmem = IXGBE_PFMBMEM(0u),
    .eicr = IXGBE_VTEICR,
    .eics = IXGBE_VTEICS,
    .eims = IXGBE_VTEIMS,
    .eimc = IXGBE_VTEIMC,
    .eiac = IXGBE_VTEIAC,
    .eiam = IXGBE_VTEIAM,
    .eitr = IXGBE_VTEITR(0u),
    .ivar = IXGBE_VTIVAR(0u),
    .ivar_misc = IXGBE_VTIVAR_MISC,
    .gprc = IXGBE_VFGPRC,
    .gptc = IXGBE_VFGPTC,
    .gorc = IXGBE_VFGORC_LSB,
    .mprc = IXGBE_VFMPRC,
    .err_ip = IXGBE_RXD_ERR_IPE,
    .err_l4 = IXGBE_RXD_ERR_L4E,
    .drop_en = IXGBE_SRRCTL_DROP_EN,
    .pool_filter = IXGBE_PFVML2FLT(0u),
    .itr_unit_ns = 2048,
    .itr_shift = 3,
};

const struct rig_chip rig_82576 = {
    .name = "82576",
    .rx_block = IGBVF_RDBAL(0u),
    .tx_block = IGBVF_TDBAL(0u),
    .q_stride = 0x100,
    .srrctl = 0x0c,
    .rxdctl = 0x28,
    .txdctl = 0x28,
    .ctrl = IGBVF_VTCTRL,
    .mailbox = IGBVF_V2PMAILBOX,
    .mbmem = IGBVF_VMBMEM(0u),
    .pf_mailbox = IGB_P2VMAILBOX(0u),
    .pf_mbmem = IGB_VMBMEM(0u),
    .eicr = IGBVF_VTEICR,
    .eics = IGBVF_VTEICS,
    .eims = IGBVF_VTEIMS,
    .eimc = IGBVF_VTEIMC,
    .eiac = IGBVF_VTEIAC,
    .eiam = IGBVF_VTEIAM,
    .eitr = IGBVF_VTEITR(0u),
    .ivar = IGBVF_VTIVAR,
    .ivar_misc = IGBVF_VTIVAR_MISC,
    .gprc = IGBVF_VFGPRC,
    .gptc = IGBVF_VFGPTC,
    .gorc = IGBVF_VFGORC,
    .mprc = IGBVF_VFMPRC,
    .err_ip = IGB_RXD_ERR_IPE,
    .err_l4 = IGB_RXD_ERR_L4E,
    .drop_en = IGB_SRRCTL_DROP_EN,
    .pool_filter = IGB_VMOLR(0u),
    .itr_unit_ns = 1000,
    .itr_shift = 2,
};

/* ---- access ---- */

uint32_t rd(struct rig *r, uint16_t fn, uint32_t off)
{
    return (uint32_t)r->ops->bar_read(r->m, fn, 0, off, 4);
}

void wr(struct rig *r, uint16_t fn, uint32_t off, uint32_t value)
{
    r->ops->bar_write(r->m, fn, 0, off, 4, value);
}

uint32_t cfg(struct rig *r, uint16_t fn, uint32_t off, uint32_t width)
{
    return r->ops->cfg_read(r->m, fn, off, width);
}

void cfg_wr(struct rig *r, uint16_t fn, uint32_t off, uint32_t width, uint32_t value)
{
    r->ops->cfg_write(r->m, fn, off, width, value);
}

/* ---- life ---- */

struct rig *rig_new(const struct rig_chip *chip, const char *quirks)
{
    struct rig *r = calloc(1, sizeof(*r));
    struct sriov_model_args args = {.size = sizeof(args), .ops = &host_ops, .quirks = quirks};
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 1, 0};

    assert_non_null(r);
    host_init(&r->h);
    r->c = chip;
    for (uint32_t i = 0; sriov_models[i] != NULL; i++)
        if (strcmp(sriov_models[i]->name, chip->name) == 0)
            r->ops = sriov_models[i];
    assert_non_null(r->ops);
    args.host = &r->h;
    memcpy(args.mac, mac, sizeof(mac));
    assert_int_equal(r->ops->create(&args, &r->m), 0);
    r->h.model = r->m;
    cfg_wr(r, 0, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER);
    return r;
}

void rig_clear_reports(struct rig *r)
{
    memset(r->h.reports, 0, sizeof(r->h.reports));
}

void rig_end(struct rig *r)
{
    if (host_reports(&r->h) != 0)
        print_error("unexpected report: %s (register 0x%x)\n", r->h.last_text, r->h.last_site.offset);
    assert_int_equal(host_reports(&r->h), 0);
    r->ops->destroy(r->m);
    host_free(&r->h);
    free(r);
}

void rig_enable_vfs(struct rig *r, uint16_t n)
{
    cfg_wr(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_NUM_VFS, 2, n);
    cfg_wr(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_CTRL, 2, SRIOV_PCI_SRIOV_CTRL_VFE | SRIOV_PCI_SRIOV_CTRL_MSE);
    for (uint16_t fn = 1; fn <= n; fn++)
        cfg_wr(r, fn, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER);
}

void rig_mac(uint16_t fn, uint8_t out[6])
{
    const uint8_t mac[6] = {0x02, 0, 0, 0, 2, (uint8_t)fn};

    memcpy(out, mac, sizeof(mac));
}

static uint32_t mac_lo(const uint8_t *m)
{
    return (uint32_t)m[0] | (uint32_t)m[1] << 8 | (uint32_t)m[2] << 16 | (uint32_t)m[3] << 24;
}

static void up_82599(struct rig *r, uint16_t vfs)
{
    uint8_t m[6];

    wr(r, 0, IXGBE_PFVTCTL, IXGBE_PFVTCTL_VT_ENA | IXGBE_PFVTCTL_RPL_EN | (uint32_t)vfs << 7);
    wr(r, 0, IXGBE_MRQC, IXGBE_MRQC_MRQE_VMDQRSS64);
    wr(r, 0, IXGBE_RTTDCS, IXGBE_RTTDCS_ARBDIS);
    wr(r, 0, IXGBE_MTQC, IXGBE_MTQC_VT_ENA | IXGBE_MTQC_64VF);
    wr(r, 0, IXGBE_RTTDCS, 0);
    wr(r, 0, IXGBE_PFDTXGSWC, IXGBE_PFDTXGSWC_LBE);
    wr(r, 0, IXGBE_FCTRL, IXGBE_FCTRL_BAM);
    wr(r, 0, IXGBE_MCSTCTRL, IXGBE_MCSTCTRL_MFE);
    wr(r, 0, IXGBE_DMATXCTL, IXGBE_DMATXCTL_TE);
    wr(r, 0, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
    for (uint16_t vf = 0; vf < vfs; vf++) {
        rig_mac((uint16_t)(vf + 1u), m);
        wr(r, 0, IXGBE_RAL(vf + 1u), mac_lo(m));
        wr(r, 0, IXGBE_RAH(vf + 1u), IXGBE_RAH_AV | (uint32_t)m[4] | (uint32_t)m[5] << 8);
        wr(r, 0, vf < 32u ? IXGBE_MPSAR_LO(vf + 1u) : IXGBE_MPSAR_HI(vf + 1u), UINT32_C(1) << (vf % 32u));
        wr(r, 0, IXGBE_PFVML2FLT(vf), IXGBE_PFVML2FLT_AUPE | IXGBE_PFVML2FLT_BAM | IXGBE_PFVML2FLT_ROMPE);
    }
    wr(r, 0, IXGBE_PFVFRE(0u), ~0u);
    wr(r, 0, IXGBE_PFVFTE(0u), ~0u);
    wr(r, 0, IXGBE_CTRL_EXT, IXGBE_CTRL_EXT_PFRSTD);
}

static void up_82576(struct rig *r, uint16_t vfs)
{
    uint8_t m[6];

    wr(r, 0, IGB_CTRL, IGB_CTRL_SLU);
    wr(r, 0, IGB_MRQC, IGB_MRQC_MRQE_VMDQ);
    wr(r, 0, IGB_VT_CTL, IGB_VT_CTL_RPL_EN | (uint32_t)vfs << IGB_VT_CTL_DEF_PL_SHIFT);
    wr(r, 0, IGB_DTXSWC, IGB_DTXSWC_LOOPBACK_EN);
    wr(r, 0, IGB_TCTL, IGB_TCTL_EN | IGB_TCTL_PSP);
    wr(r, 0, IGB_RCTL, IGB_RCTL_RXEN | IGB_RCTL_BAM);
    for (uint16_t vf = 0; vf < vfs; vf++) {
        rig_mac((uint16_t)(vf + 1u), m);
        wr(r, 0, IGB_RAL(vf + 1u), mac_lo(m));
        wr(r, 0, IGB_RAH(vf + 1u),
           IGB_RAH_AV | (uint32_t)m[4] | (uint32_t)m[5] << 8 | UINT32_C(1) << (IGB_RAH_POOLSEL_SHIFT + vf));
        wr(r, 0, IGB_VMOLR(vf), IGB_VMOLR_AUPE | IGB_VMOLR_BAM | IGB_VMOLR_ROMPE | IGB_VMOLR_STRCRC);
    }
    wr(r, 0, IGB_CTRL_EXT, IGB_CTRL_EXT_PFRSTD);
}

void rig_program(struct rig *r, uint16_t vfs)
{
    rig_enable_vfs(r, vfs);
    if (r->c == &rig_82599)
        up_82599(r, vfs);
    else
        up_82576(r, vfs);
}

struct rig *rig_up(const struct rig_chip *chip, const char *quirks, uint16_t vfs)
{
    struct rig *r = rig_new(chip, quirks);

    rig_program(r, vfs);
    return r;
}

void rig_msix_on(struct rig *r, uint16_t fn, uint32_t vectors)
{
    uint32_t bar = cfg(r, fn, MSIX_CAP + SRIOV_PCI_MSIX_TABLE, 4) & SRIOV_PCI_MSIX_BIR;

    for (uint32_t v = 0; v < vectors; v++) {
        r->ops->bar_write(r->m, fn, bar, 16u * v, 4, 0xfee00000u);
        r->ops->bar_write(r->m, fn, bar, 16u * v + 8u, 4, 0x40u + v);
        r->ops->bar_write(r->m, fn, bar, 16u * v + 12u, 4, 0);
    }
    cfg_wr(r, fn, MSIX_CAP + SRIOV_PCI_MSIX_CTRL, 2, SRIOV_PCI_MSIX_CTRL_ENABLE);
}

/* ---- rings ---- */

static uint64_t area(uint16_t fn, uint32_t q)
{
    return HOST_MEM_BASE + ((uint64_t)fn * 2u + q) * 0x20000u;
}

uint64_t rig_rx_ring(uint16_t fn, uint32_t q)
{
    return area(fn, q);
}

uint64_t rig_tx_ring(uint16_t fn, uint32_t q)
{
    return area(fn, q) + 0x1000u;
}

uint64_t rig_rx_buf(uint16_t fn, uint32_t q, uint32_t slot)
{
    return area(fn, q) + 0x4000u + slot * RIG_BUF;
}

uint64_t rig_tx_buf(uint16_t fn, uint32_t q, uint32_t slot)
{
    return area(fn, q) + 0x10000u + slot * RIG_BUF;
}

uint32_t rx_reg(const struct rig *r, uint32_t q, uint32_t reg)
{
    return r->c->rx_block + q * r->c->q_stride + reg;
}

uint32_t tx_reg(const struct rig *r, uint32_t q, uint32_t reg)
{
    return r->c->tx_block + q * r->c->q_stride + reg;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (uint32_t i = 0; i < 4u; i++)
        p[i] = (uint8_t)(v >> (8u * i));
}

static uint32_t get32(const uint8_t *p)
{
    return mac_lo(p);
}

void rig_rx_give(struct rig *r, uint16_t fn, uint32_t q, uint32_t n)
{
    for (; n > 0; n--) {
        uint32_t slot = r->rx_tail[fn][q];
        uint8_t *d = host_at(&r->h, rig_rx_ring(fn, q) + slot * 16u);

        memset(d, 0, 16);
        put32(d, (uint32_t)rig_rx_buf(fn, q, slot));
        r->rx_tail[fn][q] = (slot + 1u) % RIG_SLOTS;
    }
    wr(r, fn, rx_reg(r, q, 0x18), r->rx_tail[fn][q]);
}

void rig_rx_start(struct rig *r, uint16_t fn, uint32_t q, uint32_t kib, uint32_t srrctl_more)
{
    wr(r, fn, rx_reg(r, q, 0x00), (uint32_t)rig_rx_ring(fn, q));
    wr(r, fn, rx_reg(r, q, 0x04), 0);
    wr(r, fn, rx_reg(r, q, 0x08), RIG_SLOTS * 16u);
    wr(r, fn, rx_reg(r, q, 0x10), 0);
    wr(r, fn, rx_reg(r, q, r->c->srrctl), IXGBE_SRRCTL_DESCTYPE_ADV_ONEBUF | kib | srrctl_more);
    wr(r, fn, rx_reg(r, q, 0x18), 0);
    wr(r, fn, rx_reg(r, q, r->c->rxdctl), IXGBE_RXDCTL_ENABLE);
    r->rx_tail[fn][q] = 0;
    r->rx_next[fn][q] = 0;
}

void rig_tx_start(struct rig *r, uint16_t fn, uint32_t q)
{
    wr(r, fn, tx_reg(r, q, 0x00), (uint32_t)rig_tx_ring(fn, q));
    wr(r, fn, tx_reg(r, q, 0x04), 0);
    wr(r, fn, tx_reg(r, q, 0x08), RIG_SLOTS * 16u);
    wr(r, fn, tx_reg(r, q, 0x10), 0);
    wr(r, fn, tx_reg(r, q, 0x18), 0);
    wr(r, fn, tx_reg(r, q, r->c->txdctl), IXGBE_TXDCTL_ENABLE);
    r->tx_tail[fn][q] = 0;
}

void rig_queues(struct rig *r, uint16_t fn)
{
    rig_tx_start(r, fn, 0);
    rig_rx_start(r, fn, 0, 2, 0);
    rig_rx_give(r, fn, 0, RIG_SLOTS - 1u);
}

void rig_tx_raw(struct rig *r, uint16_t fn, uint32_t q, const uint32_t dw[4])
{
    uint8_t *d = host_at(&r->h, rig_tx_ring(fn, q) + r->tx_tail[fn][q] * 16u);

    for (uint32_t i = 0; i < 4u; i++)
        put32(d + 4u * i, dw[i]);
    r->tx_tail[fn][q] = (r->tx_tail[fn][q] + 1u) % RIG_SLOTS;
}

void rig_tx_put(struct rig *r, uint16_t fn, uint32_t q, const uint8_t *bytes, uint32_t len, uint32_t cmd,
                uint32_t olinfo)
{
    uint64_t buf = rig_tx_buf(fn, q, r->tx_tail[fn][q]);
    uint32_t dw[4] = {(uint32_t)buf, 0, cmd | len, olinfo};

    assert_true(len <= RIG_BUF);
    memcpy(host_at(&r->h, buf), bytes, len);
    rig_tx_raw(r, fn, q, dw);
}

void rig_tx_kick(struct rig *r, uint16_t fn, uint32_t q)
{
    wr(r, fn, tx_reg(r, q, 0x18), r->tx_tail[fn][q]);
}

void rig_send(struct rig *r, uint16_t fn, uint32_t q, const uint8_t *bytes, uint32_t len)
{
    rig_tx_put(r, fn, q, bytes, len, DCMD_ALL, len << IXGBE_TXD_PAYLEN_SHIFT);
    rig_tx_kick(r, fn, q);
}

uint32_t rig_rx_dw(struct rig *r, uint16_t fn, uint32_t q, uint32_t slot, uint32_t dw)
{
    return get32(host_at(&r->h, rig_rx_ring(fn, q) + slot * 16u + 4u * dw));
}

uint32_t rig_tx_dw(struct rig *r, uint16_t fn, uint32_t q, uint32_t slot, uint32_t dw)
{
    return get32(host_at(&r->h, rig_tx_ring(fn, q) + slot * 16u + 4u * dw));
}

uint32_t rig_rx_count(struct rig *r, uint16_t fn, uint32_t q)
{
    uint32_t n = 0, *next = &r->rx_next[fn][q];

    for (uint32_t i = 0; i < RIG_SLOTS && *next != r->rx_tail[fn][q]; i++) {
        uint32_t status = rig_rx_dw(r, fn, q, *next, 2);

        if (!(status & IXGBE_RXD_STAT_DD))
            break;
        n += (status & IXGBE_RXD_STAT_EOP) != 0;
        *next = (*next + 1u) % RIG_SLOTS;
    }
    return n;
}

/* ---- frames ---- */

uint32_t frame_make(uint8_t *out, const uint8_t dst[6], uint16_t src_fn, uint32_t len)
{
    memcpy(out, dst, 6);
    rig_mac(src_fn, out + 6);
    out[12] = 0x88;
    out[13] = 0xb5;
    for (uint32_t i = 14; i < len; i++)
        out[i] = (uint8_t)(i * 7u + len);
    return len;
}

static uint32_t sum(const uint8_t *p, uint32_t len, uint32_t s)
{
    for (uint32_t i = 0; i < len; i++)
        s += i % 2u ? p[i] : (uint32_t)p[i] << 8;
    while (s >> 16)
        s = (s & 0xffffu) + (s >> 16);
    return s;
}

static void be16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

uint32_t frame_ipv4(uint8_t *out, const uint8_t dst[6], uint16_t src_fn, uint32_t payload, bool tcp,
                    uint16_t port)
{
    uint32_t head = tcp ? 20u : 8u, l4_len = head + payload;
    uint8_t *ip = out + 14, *l4 = ip + 20;
    uint32_t pseudo;

    frame_make(out, dst, src_fn, 34u + l4_len);
    be16(out + 12, 0x0800);
    memset(ip, 0, 20u + head);
    ip[0] = 0x45;
    be16(ip + 2, 20u + l4_len);
    ip[8] = 64;
    ip[9] = tcp ? 6 : 17;
    ip[12] = 10;
    ip[15] = (uint8_t)src_fn;
    ip[16] = 10;
    ip[19] = 99;
    be16(ip + 10, ~sum(ip, 20, 0) & 0xffffu);
    be16(l4, port);
    be16(l4 + 2, 7);
    if (tcp)
        l4[12] = 0x50;
    else
        be16(l4 + 4, l4_len);
    pseudo = sum(ip + 12, 8, 0) + ip[9] + l4_len;
    be16(l4 + (tcp ? 16 : 6), ~sum(l4, l4_len, pseudo) & 0xffffu);
    return 34u + l4_len;
}
