/* SPDX-License-Identifier: BSD-3-Clause */
#include "planted_driver.h"

#include "intel/vf_msg.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RING_LOW    0x00u
#define RING_HIGH   0x04u
#define RING_LEN    0x08u
#define RING_HEAD   0x10u
#define RING_TAIL   0x18u
#define RING_CTL    0x28u
#define RING_ENABLE IXGBE_RXDCTL_ENABLE
#define RX_KIB      2u
#define RX_KIB_LIE  8u
#define SPAN        4096u
#define JUMBO       9018u
#define WAIT_NS     UINT64_C(500000000)
#define STEP_NS     UINT64_C(100000)

const struct planted_regs planted_82599 = {
    "82599",          IXGBE_VFCTRL,     IXGBE_VFMAILBOX,   IXGBE_VFMBMEM(0),
    IXGBE_VFRDBAL(0), IXGBE_VFTDBAL(0), IXGBE_VFSRRCTL(0), IXGBE_MBX_RESET_REPLY_WORDS};
const struct planted_regs planted_82576 = {
    "82576",        IGBVF_VTCTRL,   IGBVF_V2PMAILBOX, IGBVF_VMBMEM(0),
    IGBVF_RDBAL(0), IGBVF_TDBAL(0), IGBVF_SRRCTL(0),  IGB_MBX_RESET_REPLY_WORDS};

struct desc {
    uint64_t lo;
    uint64_t hi;
};

static volatile struct desc *slot(const struct sriov_dma *ring, uint32_t index)
{
    return (volatile struct desc *)ring->va + index % PLANTED_RING;
}

static void wr(struct planted *d, uint32_t reg, uint32_t value)
{
    sriov_wr32(&d->bar, reg, value);
}

static void note_leak(void *arg, const struct sriov_leak *leak)
{
    struct planted *d = arg;

    (void)snprintf(d->leak_owner, sizeof(d->leak_owner), "%s", leak->owner);
    d->leak_iova = leak->iova.raw;
}

/* ---- the handshake ---- */

struct greeting {
    struct sri_mbx mbx;
    struct sri_reset_reply reply;
    uint32_t words;
};

static int look(void *arg)
{
    struct greeting *g = arg;

    return sri_msg_reset_answer(&g->mbx, g->words, &g->reply);
}

static int greet(struct planted *d)
{
    struct greeting g = {.words = d->regs->reset_reply_words};
    const struct sri_mbx_regs regs = {d->regs->mailbox, d->regs->mailbox_memory};
    const struct sriov_mac own = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
    int rc;

    sri_mbx_init(&g.mbx, d->fn, &d->bar, &regs);
    wr(d, d->regs->ctrl, IXGBE_CTRL_RST);
    sriov_fn_sleep(d->fn, 10 * STEP_NS);
    rc = sri_msg_reset(&g.mbx);
    if (rc == 0) {
        rc = sriov_fn_wait_until(d->fn, look, &g, WAIT_NS, STEP_NS);
    }
    if (rc > 0) {
        rc = sri_msg_set_mac(&g.mbx, &own, WAIT_NS);
        memcpy(d->mac, own.b, sizeof(d->mac));
    }
    if (rc == 0 && d->regs == &planted_82599) { /* below it there are no jumbo frames */
        rc = sri_msg_api_negotiate(&g.mbx, IXGBE_MBX_API_1_1, WAIT_NS);
    }
    return rc == 0 ? sri_msg_set_lpe(&g.mbx, JUMBO, WAIT_NS) : rc;
}

/* ---- rings ---- */

static int alloc_bufs(struct planted *d)
{
    const enum sriov_dma_dir tx_dir =
        d->bug == PLANTED_TX_DIRECTION ? SRIOV_DMA_DEVICE_WRITES : SRIOV_DMA_DEVICE_READS;
    const enum sriov_dma_dir rx_dir =
        d->bug == PLANTED_RX_DIRECTION ? SRIOV_DMA_DEVICE_READS : SRIOV_DMA_DEVICE_WRITES;
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < PLANTED_BUFS; i++) {
        rc = sriov_dma_alloc(d->fn, "planted rx buffer", SPAN, 1, rx_dir, &d->rx_buf[i]);
        if (rc == 0) {
            rc = sriov_dma_alloc(d->fn, "planted tx buffer", SPAN, 1, tx_dir, &d->tx_buf[i]);
        }
    }
    return rc;
}

static int alloc_all(struct planted *d)
{
    const uint64_t bytes = PLANTED_RING * sizeof(struct desc);
    int rc = sriov_dma_alloc(d->fn, "planted rx ring", bytes, 128, SRIOV_DMA_BOTH, &d->rx_ring);

    if (rc == 0) {
        rc = sriov_dma_alloc(d->fn, "planted tx ring", bytes, 128, SRIOV_DMA_BOTH, &d->tx_ring);
    }
    return rc == 0 ? alloc_bufs(d) : rc;
}

static void set_up(struct planted *d, uint32_t base, const struct sriov_dma *ring)
{
    wr(d, base + RING_LOW, (uint32_t)ring->iova.raw);
    wr(d, base + RING_HIGH, (uint32_t)(ring->iova.raw >> 32));
    wr(d, base + RING_LEN, PLANTED_RING * (uint32_t)sizeof(struct desc));
    wr(d, base + RING_HEAD, 0);
    wr(d, base + RING_TAIL, 0);
}

static void post(struct planted *d, uint32_t index)
{
    slot(&d->rx_ring, index)->lo = d->rx_buf[index % PLANTED_BUFS].iova.raw;
    slot(&d->rx_ring, index)->hi = 0;
}

static void rx_tail(struct planted *d, uint32_t tail)
{
    sriov_dma_wmb();
    wr(d, d->regs->rx + RING_TAIL, tail % PLANTED_RING);
}

static void start(struct planted *d)
{
    const uint32_t kib = d->bug == PLANTED_RX_TOO_LONG ? RX_KIB_LIE : RX_KIB;

    set_up(d, d->regs->tx, &d->tx_ring);
    set_up(d, d->regs->rx, &d->rx_ring);
    wr(d, d->regs->srrctl, IXGBE_SRRCTL_DESCTYPE_ADV_ONEBUF | kib);
    wr(d, d->regs->tx + RING_CTL, RING_ENABLE);
    wr(d, d->regs->rx + RING_CTL, RING_ENABLE);
    for (uint32_t i = 0; i < PLANTED_RING - 1; i++) {
        post(d, i);
    }
    rx_tail(d, PLANTED_RING - 1);
    if (d->bug == PLANTED_RX_AFTER_UNMAP) {
        (void)sriov_dma_free(d->fn, &d->rx_buf[0]);
    }
}

int planted_open(struct planted *d, struct sriov_vmm *vmm, const char *name, const struct planted_regs *regs,
                 enum planted_bug bug)
{
    struct sriov_fn_opts opts = {.size = sizeof(opts), .on_leak = note_leak, .arg = d};
    int rc;

    memset(d, 0, sizeof(*d));
    d->regs = regs;
    d->bug = bug;
    rc = sriov_fn_open(vmm, name, &opts, &d->fn);
    if (rc == 0) {
        rc = sriov_bar_open(d->fn, 0, IXGBE_VF_BAR_SIZE, &d->bar);
    }
    if (rc == 0) {
        rc = greet(d);
    }
    if (rc == 0) {
        rc = alloc_all(d);
    }
    if (rc == 0) {
        start(d);
    }
    return rc;
}

/* ---- transmit ---- */

static uint64_t command(uint32_t len)
{
    const uint32_t dw2 = IXGBE_TXD_DTYP_DATA | IXGBE_TXD_DCMD_DEXT | IXGBE_TXD_DCMD_IFCS | IXGBE_TXD_DCMD_RS |
                         IXGBE_TXD_DCMD_EOP | len;

    return (uint64_t)(len << IXGBE_TXD_PAYLEN_SHIFT) << 32 | dw2;
}

static void tx_tail(struct planted *d)
{
    wr(d, d->regs->tx + RING_TAIL, d->tx_next % PLANTED_RING);
}

static void hand_over(struct planted *d, uint64_t lo, uint64_t hi)
{
    volatile struct desc *desc = slot(&d->tx_ring, d->tx_next++);

    switch (d->bug) {
    case PLANTED_TX_TAIL_FIRST:
        tx_tail(d);
        desc->lo = lo;
        desc->hi = hi;
        break;
    case PLANTED_TX_NO_BARRIER: /* as if the second store still sat in the CPU's store buffer */
        desc->lo = lo;
        tx_tail(d);
        desc->hi = hi;
        break;
    default:
        desc->lo = lo;
        desc->hi = hi;
        sriov_dma_wmb();
        tx_tail(d);
        break;
    }
}

int planted_send(struct planted *d, const void *frame, uint32_t len)
{
    struct sriov_dma *buf = &d->tx_buf[d->tx_next % PLANTED_BUFS];
    uint64_t iova = buf->iova.raw;

    if (d->tx_next - d->tx_clean == PLANTED_RING - 1 || len > PLANTED_BUFLEN) {
        return -EAGAIN;
    }
    memcpy(buf->va, frame, len);
    hand_over(d, iova, command(d->bug == PLANTED_TX_TOO_LONG ? SPAN + 1 : len));
    if (d->bug == PLANTED_TX_AFTER_UNMAP) {
        (void)sriov_dma_free(d->fn, buf);
    }
    return 0;
}

uint32_t planted_reap(struct planted *d)
{
    uint32_t before = d->tx_clean;

    while (d->tx_clean != d->tx_next && (slot(&d->tx_ring, d->tx_clean)->hi >> 32 & IXGBE_TXD_STAT_DD) != 0) {
        d->tx_clean++;
    }
    return d->tx_clean - before;
}

/* ---- receive ---- */

static void give_back(struct planted *d, uint32_t index)
{
    if (d->bug == PLANTED_RX_TAIL_FIRST) {
        rx_tail(d, index + PLANTED_RING);
        post(d, index + PLANTED_RING - 1);
        return;
    }
    post(d, index + PLANTED_RING - 1);
    rx_tail(d, index + PLANTED_RING);
}

uint32_t planted_receive(struct planted *d, void *out)
{
    uint32_t index = d->rx_next;
    uint64_t hi = slot(&d->rx_ring, index)->hi;
    uint32_t len;

    if ((hi & IXGBE_RXD_STAT_DD) == 0 && d->bug != PLANTED_RX_NOT_WAITING) {
        return 0;
    }
    sriov_dma_rmb();
    len = (uint32_t)(slot(&d->rx_ring, index)->hi >> 32) & 0xffffu;
    memcpy(out, d->rx_buf[index % PLANTED_BUFS].va, PLANTED_BUFLEN);
    d->rx_next++;
    /* One descriptor always stays empty: what is posted now is the one before. */
    give_back(d, index);
    return len < PLANTED_BUFLEN ? len : PLANTED_BUFLEN;
}

/* ---- the end ---- */

static void free_bufs(struct planted *d)
{
    for (uint32_t i = 0; i < PLANTED_BUFS; i++) {
        if (d->rx_buf[i].va != NULL) {
            (void)sriov_dma_free(d->fn, &d->rx_buf[i]);
        }
        if (d->tx_buf[i].va != NULL && !(d->bug == PLANTED_LEAK && i == 3)) {
            (void)sriov_dma_free(d->fn, &d->tx_buf[i]);
        }
    }
}

int planted_close(struct planted *d)
{
    if (d->fn == NULL) {
        return 0;
    }
    if (d->bar.fn != NULL) {
        wr(d, d->regs->rx + RING_CTL, 0);
        wr(d, d->regs->tx + RING_CTL, 0);
    }
    free_bufs(d);
    if (d->rx_ring.va != NULL) {
        (void)sriov_dma_free(d->fn, &d->rx_ring);
    }
    if (d->tx_ring.va != NULL) {
        (void)sriov_dma_free(d->fn, &d->tx_ring);
    }
    sriov_bar_close(&d->bar);
    return sriov_fn_close(d->fn);
}
