/* SPDX-License-Identifier: BSD-3-Clause */
#include "stock_driver.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/intel_mbx.h>
#include <sriov/hw/ixgbe_regs.h>

#include <string.h>

#define AREA    65536u
#define TX_AT   4096u
#define RX_BUFS 8192u
#define TX_BUF  32768u
#define BUF     2048u
#define POLL_NS UINT64_C(500000)
#define POLLS   2000u
#define US      UINT64_C(1000)

struct sriov_mac stock_mac(uint16_t vf)
{
    return (struct sriov_mac){{0x02, 0, 0, 0, 1, (uint8_t)vf}};
}

uint32_t stock_low(const struct sriov_mac *m)
{
    return (uint32_t)m->b[0] | (uint32_t)m->b[1] << 8 | (uint32_t)m->b[2] << 16 | (uint32_t)m->b[3] << 24;
}

uint32_t stock_high(const struct sriov_mac *m)
{
    return (uint32_t)m->b[4] | (uint32_t)m->b[5] << 8;
}

void stock_world(struct vf_world *w, const char *model)
{
    const struct vf_setup setup = {.model = model, .vfs = 2};

    vf_world_make(w, &setup);
    w->pf_busy = true;
    for (uint16_t vf = 0; vf < 2; vf++) {
        const struct sriov_mac mac = stock_mac(vf);

        assert_int_equal(sriov_pf_set_vf_mac(w->pf, vf, &mac), 0);
    }
    w->pf_busy = false;
}

static void count_irq(void *arg, uint32_t vector)
{
    ((struct stock *)arg)->irqs[vector]++;
}

void stock_open(struct stock *s, struct vf_world *w, uint16_t vf, bool ixgbe)
{
    char name[SRIOV_NAME_MAX];
    uint32_t got = 0;

    memset(s, 0, sizeof(*s));
    s->w = w;
    s->mailbox = ixgbe ? IXGBE_VFMAILBOX : IGBVF_V2PMAILBOX;
    s->words = ixgbe ? IXGBE_VFMBMEM(0) : IGBVF_VMBMEM(0);
    s->flush = ixgbe ? IXGBE_VFSTATUS : IGBVF_VTSTATUS;
    assert_int_equal(sriov_mock_vf_name(w->mock, w->pf_name, vf, name), 0);
    assert_int_equal(sriov_fn_open(w->vmm, name, NULL, &s->fn), 0);
    assert_int_equal(sriov_bar_open(s->fn, 0, IXGBE_VF_BAR_SIZE, &s->bar), 0);
    assert_int_equal(sriov_dma_alloc(s->fn, "a stock driver", AREA, 4096, SRIOV_DMA_BOTH, &s->memory), 0);
    assert_int_equal(sriov_irq_enable(s->fn, 3, 3, &got), 0);
    for (uint32_t v = 0; v < 3; v++) {
        assert_int_equal(sriov_irq_attach(s->fn, v, count_irq, s), 0);
    }
}

void stock_close(struct stock *s)
{
    assert_int_equal(sriov_irq_disable(s->fn), 0);
    assert_int_equal(sriov_dma_free(s->fn, &s->memory), 0);
    sriov_bar_close(&s->bar);
    assert_int_equal(sriov_fn_close(s->fn), 0);
}

void stock_wr(struct stock *s, uint32_t off, uint32_t value)
{
    sriov_wr32(&s->bar, off, value);
}

uint32_t stock_rd(struct stock *s, uint32_t off)
{
    return sriov_rd32(&s->bar, off);
}

void stock_flush(struct stock *s)
{
    (void)stock_rd(s, s->flush);
}

void stock_sleep(struct stock *s, uint64_t ns)
{
    sriov_mock_advance(s->w->mock, ns);
}

/* ---- mailbox ---- */

static uint32_t mailbox(struct stock *s)
{
    const uint32_t now = stock_rd(s, s->mailbox) | s->kept;

    s->kept |= now & IXGBE_VFMAILBOX_RC_BITS;
    return now;
}

static bool take_bit(struct stock *s, uint32_t bits)
{
    const bool set = (mailbox(s) & bits) != 0;

    s->kept &= ~bits;
    return set;
}

static void await_bit(struct stock *s, uint32_t bit)
{
    for (uint32_t i = 0; !take_bit(s, bit); i++) {
        assert_true(i < POLLS);
        stock_sleep(s, POLL_NS);
    }
}

/* igbvf writes VFU alone, ixgbevf together with all that it has read: the rest is read only. */
static void lock(struct stock *s)
{
    for (uint32_t i = 0;; i++) {
        stock_wr(s, s->mailbox, mailbox(s) | IXGBE_VFMAILBOX_VFU);
        if ((mailbox(s) & IXGBE_VFMAILBOX_VFU) != 0) {
            return;
        }
        assert_true(i < POLLS);
        stock_sleep(s, POLL_NS);
    }
}

void stock_reset(struct stock *s, uint32_t ctrl)
{
    s->locked = false;
    stock_wr(s, ctrl, stock_rd(s, ctrl) | IXGBE_CTRL_RST);
    stock_flush(s);
    for (uint32_t i = 0; take_bit(s, IXGBE_VFMAILBOX_RSTD | IXGBE_VFMAILBOX_RSTI); i++) {
        assert_true(i < 200);
        stock_sleep(s, 5 * US);
    }
}

static void write_words(struct stock *s, const uint32_t *words, uint32_t n)
{
    lock(s);
    (void)take_bit(s, IXGBE_VFMAILBOX_PFSTS);
    (void)take_bit(s, IXGBE_VFMAILBOX_PFACK);
    for (uint32_t i = 0; i < n; i++) {
        stock_wr(s, s->words + 4u * i, words[i]);
    }
    stock_wr(s, s->mailbox, (s->locked ? mailbox(s) : 0) | IXGBE_VFMAILBOX_REQ);
    await_bit(s, IXGBE_VFMAILBOX_PFACK);
    if (s->locked) {
        stock_wr(s, s->mailbox, mailbox(s) & ~IXGBE_VFMAILBOX_VFU);
    }
}

static void read_words(struct stock *s, uint32_t *words, uint32_t n)
{
    if (!s->locked) {
        lock(s);
    }
    for (uint32_t i = 0; i < n; i++) {
        words[i] = stock_rd(s, s->words + 4u * i);
    }
    stock_wr(s, s->mailbox, (s->locked ? mailbox(s) : 0) | IXGBE_VFMAILBOX_ACK);
}

uint32_t stock_ask(struct stock *s, uint32_t *words, uint32_t n, uint32_t m)
{
    write_words(s, words, n);
    if (words[0] == INTEL_MBX_VF_RESET) {
        stock_sleep(s, 10 * VF_MS);
    }
    await_bit(s, IXGBE_VFMAILBOX_PFSTS);
    read_words(s, words, m);
    return words[0] & ~STOCK_CTS;
}

uint32_t stock_ask3(struct stock *s, uint32_t header, uint32_t word1, uint32_t word2, uint32_t n)
{
    uint32_t words[INTEL_MBX_WORDS] = {header, word1, word2};

    return stock_ask(s, words, n, n);
}

void stock_granted(struct stock *s, uint32_t header, uint32_t word1, uint32_t word2, uint32_t n)
{
    assert_int_equal(stock_ask3(s, header, word1, word2, n), header | STOCK_ACK);
}

int stock_check_link(struct stock *s, bool *up)
{
    uint32_t word;

    *up = false;
    if (s->locked && !take_bit(s, IXGBE_VFMAILBOX_PFSTS)) {
        *up = true;
        return 0;
    }
    read_words(s, &word, 1);
    if ((word & STOCK_CTS) == 0) {
        return (word & STOCK_NACK) != 0 ? -1 : 0;
    }
    *up = true;
    return 0;
}

/* ---- rings ---- */

uint64_t stock_rx_ring(const struct stock *s)
{
    return s->memory.iova.raw;
}

uint64_t stock_tx_ring(const struct stock *s)
{
    return s->memory.iova.raw + TX_AT;
}

static uint32_t *desc(struct stock *s, uint32_t at, uint32_t i)
{
    return (uint32_t *)(void *)((uint8_t *)s->memory.va + at + 16u * i);
}

/* The length of the one after the last is cleared, so that it is not taken for a new frame. */
void stock_refill(struct stock *s, uint32_t rdt)
{
    while ((s->rx_use + 1u) % STOCK_SLOTS != s->rx_next) {
        const uint64_t at = s->memory.iova.raw + RX_BUFS + BUF * s->rx_use;
        uint32_t *d = desc(s, 0, s->rx_use);

        d[0] = (uint32_t)at;
        d[1] = (uint32_t)(at >> 32);
        s->rx_use = (s->rx_use + 1u) % STOCK_SLOTS;
        desc(s, 0, s->rx_use)[3] &= 0xffff0000u;
    }
    stock_wr(s, rdt, s->rx_use);
}

uint32_t stock_receive(struct stock *s)
{
    const uint32_t *d = desc(s, 0, s->rx_next);
    const uint32_t len = d[3] & 0xffffu;

    if (len == 0) {
        return 0;
    }
    assert_int_equal(d[2] & (IXGBE_RXD_STAT_DD | IXGBE_RXD_STAT_EOP), 3);
    s->rx_next = (s->rx_next + 1u) % STOCK_SLOTS;
    return len;
}

void stock_send(struct stock *s, uint32_t tdt, const struct sriov_mac *dst, const struct sriov_mac *src,
                uint32_t len)
{
    const uint64_t at = s->memory.iova.raw + TX_BUF;
    uint32_t *d = desc(s, TX_AT, s->tx_use);

    vf_fill((uint8_t *)s->memory.va + TX_BUF, len, dst, src, s->tx_use);
    d[0] = (uint32_t)at;
    d[1] = (uint32_t)(at >> 32);
    d[2] = IXGBE_TXD_DTYP_DATA | IXGBE_TXD_DCMD_DEXT | IXGBE_TXD_DCMD_IFCS | IXGBE_TXD_DCMD_EOP |
           IXGBE_TXD_DCMD_RS | len;
    d[3] = len << IXGBE_TXD_PAYLEN_SHIFT;
    s->tx_use = (s->tx_use + 1u) % STOCK_SLOTS;
    stock_wr(s, tdt, s->tx_use);
    stock_sleep(s, VF_MS);
    assert_true((d[3] & 1u) != 0);
}
