/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver out of its mind: random accesses to every function's BARs and configuration space, random
 * descriptors, frames, carrier, resets and time, from fixed seeds. No access may break a model, what
 * it does outside itself stays within bounds, and one seed always gives one trace.
 */
#include "packet.h"

#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>
#include <sriov/hw/pci_regs.h>

#define STEPS     20000u
#define VFS       3u
#define QUEUES    2u
#define SRIOV_CAP 0x160u

struct fuzz {
    struct rig *r;
    uint64_t seed;
    uint64_t trace; /* a running hash of what the driver and the world saw */
    uint32_t cut;   /* segmentation requests that made several frames */
};

static uint32_t rnd(struct fuzz *f)
{
    f->seed ^= f->seed << 13;
    f->seed ^= f->seed >> 7;
    f->seed ^= f->seed << 17;
    return (uint32_t)(f->seed >> 16);
}

static uint32_t below(struct fuzz *f, uint32_t n)
{
    return rnd(f) % n;
}

static void note(struct fuzz *f, uint64_t seen)
{
    f->trace = (f->trace ^ seen) * UINT64_C(0x100000001b3);
}

/* Words that hurt: single bits, all, none, addresses in and out of memory, small numbers. */
static uint32_t word(struct fuzz *f)
{
    switch (below(f, 6)) {
    case 0:
        return UINT32_C(1) << below(f, 32);
    case 1:
        return below(f, 2) ? ~0u : 0u;
    case 2:
        return (uint32_t)HOST_MEM_BASE + (below(f, HOST_MEM_BYTES) & ~0x7fu);
    case 3:
        return below(f, 64);
    default:
        return rnd(f);
    }
}

static uint16_t any_fn(struct fuzz *f)
{
    return (uint16_t)below(f, VFS + 2u); /* one beyond the last, too */
}

static void access_bar(struct fuzz *f)
{
    static const uint32_t widths[] = {4, 4, 4, 4, 4, 4, 1, 2, 8};
    uint32_t bar = below(f, 3) ? 0 : below(f, 7), width = widths[below(f, 9)];
    uint16_t fn = any_fn(f);
    uint64_t length = f->r->ops->bar_length(f->r->m, fn, bar), off;

    if (length == 0)
        return;
    off = rnd(f) % length & ~(uint64_t)(width - 1u);
    if (below(f, 2))
        note(f, f->r->ops->bar_read(f->r->m, fn, bar, off, width));
    else
        f->r->ops->bar_write(f->r->m, fn, bar, off, width, (uint64_t)word(f) << 32 | word(f));
}

static void access_config(struct fuzz *f)
{
    uint32_t width = UINT32_C(1) << below(f, 3), off = below(f, 0x200u) & ~(width - 1u);
    uint16_t fn = any_fn(f);

    if (below(f, 4))
        note(f, cfg(f->r, fn, off, width));
    else
        cfg_wr(f->r, fn, off, width, word(f));
}

/* A queue register of a VF, where random offsets seldom hit. */
static void access_queue(struct fuzz *f)
{
    static const uint32_t regs[] = {0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x18, 0x18, 0x28, 0x28, 0x38};
    uint16_t fn = (uint16_t)(1u + below(f, VFS));
    uint32_t reg = regs[below(f, 12)], q = below(f, QUEUES);
    uint32_t off = below(f, 2) ? rx_reg(f->r, q, reg) : tx_reg(f->r, q, reg);
    uint32_t value = below(f, 3) ? below(f, RIG_SLOTS + 2u) : word(f);

    if (reg == 0x28)
        value = below(f, 3) ? IXGBE_RXDCTL_ENABLE : word(f);
    if (f->r->ops->bar_length(f->r->m, fn, 0) != 0)
        wr(f->r, fn, off, value);
}

static void start_queues(struct fuzz *f)
{
    uint16_t fn = (uint16_t)(1u + below(f, VFS));
    uint32_t q = below(f, QUEUES);

    wr(f->r, fn, tx_reg(f->r, q, f->r->c->txdctl), 0);
    wr(f->r, fn, rx_reg(f->r, q, f->r->c->rxdctl), 0);
    rig_tx_start(f->r, fn, q);
    rig_rx_start(f->r, fn, q, below(f, 12),
                 (below(f, 2) ? f->r->c->drop_en : 0u) |
                     (below(f, 3) ? 0u : IXGBE_SRRCTL_DESCTYPE_HDR_SPLIT_ALWAYS | below(f, 16) << 8));
    rig_rx_give(f->r, fn, q, below(f, RIG_SLOTS));
}

static void send(struct fuzz *f)
{
    uint16_t fn = (uint16_t)(1u + below(f, VFS)), to = any_fn(f);
    uint8_t bytes[RIG_BUF], dst[6];
    uint32_t len = 17u + below(f, below(f, 4) ? 1500u : RIG_BUF - 17u), q = below(f, QUEUES);
    uint32_t cmd = DCMD_ALL, olinfo = len << IXGBE_TXD_PAYLEN_SHIFT;

    rig_mac(to, dst);
    if (below(f, 3) == 0)
        frame_make(bytes, below(f, 2) ? dst : broadcast, fn, len);
    else
        len = frame_ipv4(bytes, dst, fn, below(f, 1400u), below(f, 2) != 0, (uint16_t)rnd(f));
    for (uint32_t n = below(f, 4); n > 0; n--)
        bytes[below(f, len < 64u ? len : 64u)] = (uint8_t)rnd(f);
    if (below(f, 3) == 0)
        cmd = (cmd & ~0x0f000000u) ^ (rnd(f) & rnd(f) & 0x3ff00000u);
    if (below(f, 3) == 0)
        olinfo = (len << IXGBE_TXD_PAYLEN_SHIFT) | (rnd(f) & 0x3fffu);
    if (below(f, 4) == 0) {
        const uint32_t context[4] = {word(f), word(f), rnd(f) | 0x20000000u, word(f)};

        rig_tx_raw(f->r, fn, q, context);
    }
    rig_tx_put(f->r, fn, q, bytes, len, cmd, olinfo);
    rig_tx_kick(f->r, fn, q);
}

/* A bit of one word turned now and then. */
static uint32_t nearly(struct fuzz *f, uint32_t word)
{
    return below(f, 8) ? word : word ^ UINT32_C(1) << below(f, 32);
}

/* A request that is right, or nearly. */
static void segment(struct fuzz *f)
{
    static uint8_t payload[16384], bytes[20000];
    struct packet p = {.from = (uint16_t)(1u + below(f, VFS)),
                       .to = (uint16_t)below(f, VFS + 1u),
                       .ipv6 = below(f, 2) != 0,
                       .l4 = below(f, 4) ? PACKET_TCP : PACKET_UDP,
                       .payload = payload,
                       .payload_len = below(f, 12000)};
    uint32_t n = packet_prototype(bytes, &p), dw[4], q = below(f, QUEUES), wired = f->r->h.wired;
    uint32_t olinfo = PAYLEN(p.payload_len) | IXGBE_TXD_POPTS_TXSM | (p.ipv6 ? 0 : IXGBE_TXD_POPTS_IXSM);

    packet_context(dw, &p, below(f, 16) ? 64u + below(f, 3000) : below(f, 3), (uint16_t)rnd(f));
    for (uint32_t i = 0; i < 4u; i++)
        dw[i] = nearly(f, dw[i]);
    bytes[14u + below(f, 50)] ^= below(f, 8) ? 0 : (uint8_t)rnd(f);
    rig_tx_raw(f->r, p.from, q, dw);
    for (uint32_t at = 0, len = 1u + below(f, 200); at < n;
         at += len, len = n - at < RIG_BUF ? n - at : RIG_BUF)
        rig_tx_put(f->r, p.from, q, bytes + at, len,
                   nearly(f, (at + len < n ? NO_EOP : DCMD_ALL) & ~0xffffu) | IXGBE_TXD_DCMD_TSE,
                   at == 0 ? nearly(f, olinfo) : 0);
    rig_tx_kick(f->r, p.from, q);
    f->cut += f->r->h.wired - wired > 1u;
}

static void arrive(struct fuzz *f)
{
    uint8_t bytes[16500];
    uint32_t len = below(f, below(f, 8) ? 1600u : (uint32_t)sizeof(bytes)) + 1u;

    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i < 64u ? rnd(f) : i);
    if (len >= 14u && below(f, 4)) {
        rig_mac(any_fn(f), bytes);
        bytes[12] = below(f, 3) ? 0x08 : 0x81;
        bytes[13] = 0;
    }
    if (below(f, 4))
        f->r->ops->wire_rx(f->r->m, bytes, len);
    else if (len < 16384u)
        f->r->ops->port_tx(f->r->m, any_fn(f), bytes, len);
}

static void mailbox(struct fuzz *f)
{
    uint16_t vf = (uint16_t)below(f, VFS);

    if (below(f, 2))
        wr(f->r, 0, f->r->c->pf_mailbox + 4u * vf, rnd(f));
    else
        wr(f->r, (uint16_t)(vf + 1u), f->r->c->mailbox, rnd(f));
    f->r->h.fault_point = (enum sriov_fault_point)below(f, 5);
    f->r->h.fault_verdict = (enum sriov_fault_verdict)below(f, 3);
    f->r->h.fault_delay = below(f, 20) ? below(f, 1000000u) : UINT64_MAX;
}

static void change_world(struct fuzz *f)
{
    uint32_t kind = 1u + below(f, 3);

    switch (below(f, 4)) {
    case 0:
        f->r->ops->carrier(f->r->m, below(f, 3) != 0);
        break;
    case 1:
        f->r->h.delay[kind] = below(f, 2) ? 0 : below(f, 200000u);
        break;
    case 2:
        f->r->h.dma_bad = below(f, 2) ? 0 : HOST_MEM_BASE + (below(f, HOST_MEM_BYTES) & ~0x7fu);
        break;
    default:
        f->r->ops->flr(f->r->m, any_fn(f));
        break;
    }
}

static void step(struct fuzz *f)
{
    static void (*const acts[])(struct fuzz *) = {access_bar, access_bar,  access_queue, access_queue,
                                                  send,       segment,     arrive,       access_config,
                                                  mailbox,    start_queues};
    uint32_t n = below(f, 200);

    if (n == 0)
        change_world(f);
    else
        acts[n % 10u](f);
    if (f->r->h.timers > 128u || below(f, 8) == 0)
        host_advance(&f->r->h, below(f, 100000u));
    while (f->r->h.timers > 128u) /* what was told to come at the end of time */
        f->r->h.timers--;
    note(f, f->r->h.dma_refused);
    note(f, f->r->h.wired + host_reports(&f->r->h));
}

/* Random configuration writes unplug everything sooner or later: plugged in again. */
static void bring_back(struct fuzz *f)
{
    struct rig *r = f->r;

    r->ops->flr(r->m, 0);
    cfg_wr(r, 0, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER);
    rig_program(r, VFS);
    for (uint16_t fn = 1; fn <= VFS; fn++) {
        rig_msix_on(r, fn, 3);
        wr(r, fn, r->c->ivar, 0x81808180u);
        wr(r, fn, r->c->ivar_misc, 0x82u);
        wr(r, fn, r->c->eims, 7);
        rig_queues(r, fn);
    }
}

static uint64_t run(const struct rig_chip *chip, const char *quirks, uint64_t seed)
{
    struct fuzz f = {.r = rig_up(chip, quirks, VFS), .seed = seed};
    uint32_t got = 0;

    for (uint32_t i = 0; i < STEPS; i++) {
        if (i % 100u == 0)
            bring_back(&f);
        step(&f);
    }
    for (uint32_t fn = 0; fn <= VFS; fn++)
        for (uint32_t v = 0; v < 64u; v++)
            got += f.r->h.irqs[fn][v];
    /* Neither a driver that never got anywhere, nor one that was never told off. */
    assert_int_not_equal(f.r->h.wired, 0);
    assert_int_not_equal(f.cut, 0);
    assert_int_not_equal(f.r->h.taps[1][1], 0);
    assert_int_not_equal(got, 0);
    for (uint32_t kind = 1; kind <= SRIOV_REPORT_MAILBOX; kind++)
        if (quirks == NULL || kind != SRIOV_REPORT_STALE_DESC)
            assert_int_not_equal(f.r->h.reports[kind], 0);
    note(&f, got);
    rig_clear_reports(f.r);
    rig_end(f.r);
    return f.trace;
}

static void twice(const struct rig_chip *chip, const char *quirks)
{
    for (uint64_t seed = 1; seed <= 3u; seed++)
        assert_int_equal(run(chip, quirks, seed * 0x9e3779b9u), run(chip, quirks, seed * 0x9e3779b9u));
}

static void any_driver_of_the_82599(void **state)
{
    (void)state;
    twice(&rig_82599, NULL);
}

static void any_driver_of_the_82576(void **state)
{
    (void)state;
    twice(&rig_82576, NULL);
}

static void any_driver_of_the_emulated_82576(void **state)
{
    (void)state;
    twice(&rig_82576, "qemu");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599: any driver is survived, and repeats", any_driver_of_the_82599),
        CASE("82576: any driver is survived, and repeats", any_driver_of_the_82576),
        CASE("82576 as emulated: any driver is survived, and repeats", any_driver_of_the_emulated_82576),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
