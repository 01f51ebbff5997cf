/* SPDX-License-Identifier: BSD-3-Clause */
/* The toy NIC as a device model: function 0 alone, no VFs, no interrupts. */
#include "toy.h"

#include <sriov/hw/pci_regs.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAP_EXP 0x40u
#define REGS    (TOY_TAIL(TOY_TX) / 4 + 1)

struct sriov_model {
    struct sriov_model_args args;
    uint8_t cfg[SRIOV_PCI_CFG_EXT_SIZE];
    uint32_t reg[REGS];
    uint32_t next[2];                      /* descriptors that the device has taken of each ring */
    uint16_t epoch;                        /* of resets: what a timer brings from before one is stale */
    struct toy_desc late[2][TOY_RING_MAX]; /* write-backs on their way */
};

static void put(struct sriov_model *m, uint32_t off, uint32_t width, uint32_t value)
{
    memcpy(m->cfg + off, &value, width);
}

/* An FLR resets config space and device, RESET the device alone; the cable knows of neither. */
static void reset_device(struct sriov_model *m)
{
    uint32_t link = m->reg[TOY_STATUS / 4] & TOY_STATUS_LINK;
    memset(m->reg, 0, sizeof(m->reg));
    memset(m->next, 0, sizeof(m->next));
    m->reg[TOY_STATUS / 4] = link;
    memcpy(&m->reg[TOY_MAC_LO / 4], m->args.mac, 6);
    m->epoch++;
}

static void toy_flr(struct sriov_model *m, uint16_t function)
{
    (void)function;
    memset(m->cfg, 0, sizeof(m->cfg));
    put(m, SRIOV_PCI_VENDOR_ID, 4, TOY_VENDOR | TOY_DEVICE << 16);
    put(m, SRIOV_PCI_CLASS_DEVICE, 2, SRIOV_PCI_CLASS_NETWORK_ETHERNET);
    put(m, SRIOV_PCI_STATUS, 2, SRIOV_PCI_STATUS_CAP_LIST);
    put(m, SRIOV_PCI_CAP_POINTER, 1, CAP_EXP);
    put(m, CAP_EXP, 1, SRIOV_PCI_CAP_ID_EXP);
    put(m, CAP_EXP + SRIOV_PCI_EXP_DEVCAP, 4, SRIOV_PCI_EXP_DEVCAP_FLR);
    reset_device(m);
}

static int toy_create(const struct sriov_model_args *args, struct sriov_model **out)
{
    struct sriov_model *m = args->quirks == NULL ? calloc(1, sizeof(*m)) : NULL;
    if (m == NULL) {
        return args->quirks != NULL ? -EINVAL : -ENOMEM;
    }
    m->args = *args;
    toy_flr(m, 0);
    *out = m;
    return 0;
}

static void toy_destroy(struct sriov_model *m)
{
    free(m);
}

static uint32_t toy_cfg_read(struct sriov_model *m, uint16_t function, uint32_t off, uint32_t width)
{
    uint32_t value = 0;
    (void)function;
    memcpy(&value, m->cfg + off, width);
    return value;
}

static void toy_cfg_write(struct sriov_model *m, uint16_t function, uint32_t off, uint32_t width,
                          uint32_t value)
{
    (void)function;
    if (off == SRIOV_PCI_COMMAND) {
        put(m, off, width < 2 ? width : 2, value);
    }
}

static uint64_t toy_bar_length(struct sriov_model *m, uint16_t function, uint32_t bar)
{
    (void)m;
    (void)function;
    return bar == TOY_BAR ? TOY_BAR_LENGTH : 0;
}

/* ---- rings ---- */

static bool runs(const struct sriov_model *m)
{
    return (m->reg[TOY_CTRL / 4] & TOY_CTRL_ENABLE) != 0 && (m->reg[TOY_STATUS / 4] & TOY_STATUS_ERROR) == 0;
}

static void judge(struct sriov_model *m, int err)
{
    if (err != 0) {
        m->reg[TOY_STATUS / 4] |= TOY_STATUS_ERROR;
    }
}

static sriov_iova_t desc_at(const struct sriov_model *m, uint32_t ring, uint32_t i)
{
    uint64_t base = m->reg[TOY_BASE_LO(ring) / 4] | (uint64_t)m->reg[TOY_BASE_HI(ring) / 4] << 32;
    return sriov_iova_add(sriov_iova(base), i * sizeof(struct toy_desc));
}

/* What an access is about; a finding or a fault names it. */
static struct sriov_site site(uint32_t ring, uint16_t rx_kind, uint16_t tx_kind, uint32_t i)
{
    return (struct sriov_site){.kind = ring == TOY_RX ? rx_kind : tx_kind, .index = i};
}

/* The next descriptor that the driver has handed over; false: there is none. */
static bool fetch(struct sriov_model *m, uint32_t ring, uint32_t *i, struct toy_desc *desc)
{
    struct sriov_model_host *host = m->args.host;
    uint32_t size = m->reg[TOY_SIZE(ring) / 4];
    uint32_t left = m->reg[TOY_TAIL(ring) / 4] - m->next[ring];
    struct sriov_site at;
    if (!runs(m) || left == 0) {
        return false;
    }
    *i = m->next[ring] & (size - 1);
    at = site(ring, SRIOV_SITE_RX_DESC_FETCH, SRIOV_SITE_TX_DESC_FETCH, *i);
    if (left > size || size > TOY_RING_MAX) {
        m->args.ops->report(host, SRIOV_REPORT_BAD_TAIL, &at, "more descriptors than the ring has");
        judge(m, -EPROTO);
        return false;
    }
    judge(m, m->args.ops->dma_read(host, &at, desc_at(m, ring, *i), desc, sizeof(*desc)));
    m->next[ring] += runs(m);
    return runs(m);
}

/* tag: epoch, ring, index */
static void write_back_now(struct sriov_model *m, uint64_t tag)
{
    uint32_t ring = (uint32_t)(tag >> 16) & 1;
    uint32_t i = (uint32_t)tag & (TOY_RING_MAX - 1);
    struct sriov_site at = site(ring, SRIOV_SITE_RX_DESC_WRITEBACK, SRIOV_SITE_TX_DESC_WRITEBACK, i);
    if (runs(m) && (uint16_t)(tag >> 32) == m->epoch) {
        judge(m, m->args.ops->dma_write(m->args.host, &at, desc_at(m, ring, i), &m->late[ring][i],
                                        sizeof(m->late[ring][i])));
    }
}

/* All that reaches the driver passes `fault` first, so that a test can drop, delay or bend it. */
static void write_back(struct sriov_model *m, uint32_t ring, uint32_t i, uint32_t len, uint64_t delay)
{
    const struct sriov_model_host_ops *ops = m->args.ops;
    struct toy_desc *desc = &m->late[ring][i];
    struct sriov_site at = site(ring, SRIOV_SITE_RX_DESC_WRITEBACK, SRIOV_SITE_TX_DESC_WRITEBACK, i);
    enum sriov_fault_point point = ring == TOY_RX ? SRIOV_FAULT_RX_WRITEBACK : SRIOV_FAULT_TX_WRITEBACK;
    uint64_t tag = (uint64_t)m->epoch << 32 | ring << 16 | i;
    uint64_t more = 0;
    *desc = (struct toy_desc){.len = len, .status = TOY_DESC_DONE};
    switch (ops->fault(m->args.host, point, &at, desc, sizeof(*desc), &more)) {
    case SRIOV_FAULT_DROP:
        return;
    case SRIOV_FAULT_DELAY:
        delay += more;
        break;
    case SRIOV_FAULT_PASS:
        break;
    }
    if (delay == 0) {
        write_back_now(m, tag);
    } else {
        ops->timer(m->args.host, ops->now_ns(m->args.host) + delay, write_back_now, tag);
    }
}

static void transmit(struct sriov_model *m, uint64_t epoch)
{
    uint8_t frame[TOY_FRAME_MAX];
    struct toy_desc desc;
    uint32_t i;
    while (epoch == m->epoch && fetch(m, TOY_TX, &i, &desc)) {
        struct sriov_site at = {.kind = SRIOV_SITE_TX_PAYLOAD, .index = i};
        if (desc.len < TOY_FRAME_LEAST || desc.len > sizeof(frame)) {
            m->args.ops->report(m->args.host, SRIOV_REPORT_BAD_DESC, &at, "length of a frame to send");
            judge(m, -EPROTO);
            return;
        }
        judge(m, m->args.ops->dma_read(m->args.host, &at, sriov_iova(desc.addr), frame, desc.len));
        if (runs(m)) {
            m->args.ops->wire_tx(m->args.host, frame, desc.len);
            write_back(m, TOY_TX, i, desc.len, 0);
        }
    }
}

static void toy_wire_rx(struct sriov_model *m, const void *frame, size_t len)
{
    struct toy_desc desc;
    uint32_t i;
    if (len <= TOY_FRAME_MAX && fetch(m, TOY_RX, &i, &desc)) {
        struct sriov_site at = {.kind = SRIOV_SITE_RX_PAYLOAD, .index = i};
        uint32_t fits = len <= desc.len ? (uint32_t)len : desc.len;
        judge(m, m->args.ops->dma_write(m->args.host, &at, sriov_iova(desc.addr), frame, fits));
        write_back(m, TOY_RX, i, fits, m->args.ops->delay_ns(m->args.host, 0, SRIOV_DELAY_RX));
    }
}

static void toy_carrier(struct sriov_model *m, bool up)
{
    uint32_t rest = m->reg[TOY_STATUS / 4] & ~TOY_STATUS_LINK;
    m->reg[TOY_STATUS / 4] = rest | (up ? TOY_STATUS_LINK : 0);
}

/* ---- registers ---- */

static uint64_t toy_bar_read(struct sriov_model *m, uint16_t function, uint32_t bar, uint64_t off,
                             uint32_t width)
{
    (void)function;
    (void)bar;
    return width == 4 && off / 4 < REGS ? m->reg[off / 4] : 0;
}

static bool is_writable(const struct sriov_model *m, uint64_t off)
{
    bool tail = off == TOY_TAIL(TOY_RX) || off == TOY_TAIL(TOY_TX);
    return tail || (off >= TOY_BASE_LO(TOY_RX) && off / 4 < REGS && !runs(m));
}

static void ring_bell(struct sriov_model *m)
{
    const struct sriov_model_host_ops *ops = m->args.ops;
    uint64_t delay = ops->delay_ns(m->args.host, 0, SRIOV_DELAY_TX);
    if (delay == 0) {
        transmit(m, m->epoch);
    } else {
        ops->timer(m->args.host, ops->now_ns(m->args.host) + delay, transmit, m->epoch);
    }
}

static void toy_bar_write(struct sriov_model *m, uint16_t function, uint32_t bar, uint64_t off,
                          uint32_t width, uint64_t value)
{
    struct sriov_site at = {.kind = SRIOV_SITE_REGISTER, .bar = (uint16_t)bar, .offset = (uint32_t)off};
    (void)function;
    if (width != 4) {
        m->args.ops->report(m->args.host, SRIOV_REPORT_BAD_WIDTH, &at, "a register has 32 bits");
    } else if (off == TOY_CTRL && (value & TOY_CTRL_RESET) != 0) {
        reset_device(m);
    } else if (off == TOY_CTRL) {
        m->reg[TOY_CTRL / 4] = (uint32_t)value & TOY_CTRL_ENABLE;
    } else if (is_writable(m, off)) {
        m->reg[off / 4] = (uint32_t)value;
        if (off == TOY_TAIL(TOY_TX)) {
            ring_bell(m);
        }
    } else {
        m->args.ops->report(m->args.host, SRIOV_REPORT_BAD_SEQUENCE, &at, "not writable, or not now");
    }
}

static const char *const no_quirks[] = {NULL};

const struct sriov_model_ops toy_nic_model = {
    .size = sizeof(toy_nic_model),
    .name = "toy-nic",
    .quirk_profiles = no_quirks,
    .create = toy_create,
    .destroy = toy_destroy,
    .cfg_read = toy_cfg_read,
    .cfg_write = toy_cfg_write,
    .bar_length = toy_bar_length,
    .bar_read = toy_bar_read,
    .bar_write = toy_bar_write,
    .flr = toy_flr,
    .wire_rx = toy_wire_rx,
    .carrier = toy_carrier,
};
