/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF's registers, vectors and mailbox; the rest is in state_queue.c and state_filter.c. */
#include <errno.h>
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>
#include <sriov/hw/pci_regs.h>

#include "state.h"

#define STATE_MAGIC   UINT32_C(0x54535656) /* "VVST" */
#define STATE_VERSION 1u
#define NAME_BYTES    16u
#define MBX_BITS      (IXGBE_VFMAILBOX_PFSTS | IXGBE_VFMAILBOX_PFACK | IXGBE_VFMAILBOX_RSTD)

const uint8_t *mock_state_view(struct mock_state *s, uint64_t n)
{
    const uint8_t *at = s->in + s->at;

    if (n > s->room - s->at) {
        s->bad = true;
        s->at = s->room;
        return NULL;
    }
    s->at += n;
    return at;
}

/* What does not fit is counted. */
static void write_bytes(struct mock_state *s, const uint8_t *bytes, uint64_t n)
{
    uint64_t fits = s->at < s->room ? s->room - s->at : 0;

    fits = fits < n ? fits : n;
    if (fits != 0)
        memcpy(s->out + s->at, bytes, fits);
    s->at += n;
}

uint64_t mock_state_word(struct mock_state *s, uint64_t now, uint32_t bytes)
{
    uint8_t le[8];
    const uint8_t *in;
    uint64_t value = 0;

    if (s->mode == MOCK_STATE_SAVE) {
        for (uint32_t i = 0; i < bytes; i++)
            le[i] = (uint8_t)(now >> (8u * i));
        write_bytes(s, le, bytes);
        return now;
    }
    in = mock_state_view(s, bytes);
    for (uint32_t i = 0; in != NULL && i < bytes; i++)
        value |= (uint64_t)in[i] << (8u * i);
    return value;
}

bool mock_state_bool(struct mock_state *s, bool now)
{
    uint64_t value = mock_state_word(s, now ? 1u : 0u, 1);

    mock_state_need(s, value <= 1u);
    return value == 1u;
}

void mock_state_bytes(struct mock_state *s, void *bytes, uint64_t n)
{
    const uint8_t *in;

    if (s->mode == MOCK_STATE_SAVE) {
        write_bytes(s, bytes, n);
        return;
    }
    in = mock_state_view(s, n);
    if (in != NULL && n != 0 && mock_state_loads(s))
        memcpy(bytes, in, n);
}

/* ---- whose state it is ---- */

static uint32_t count_regs(const struct sriov_model *nic)
{
    uint32_t n = 0;

    while (nic->chip->vf_regs[n].name != NULL)
        n++;
    return n;
}

static void head(struct mock_state *s)
{
    const struct mock_nic_chip *chip = s->nic->chip;
    char ours[NAME_BYTES] = {0};
    char name[NAME_BYTES] = {0};
    const uint8_t *in;

    mock_state_need(s, mock_state_u32(s, STATE_MAGIC) == STATE_MAGIC);
    mock_state_need(s, mock_state_u32(s, STATE_VERSION) == STATE_VERSION);
    for (uint32_t i = 0; i + 1u < NAME_BYTES && chip->name[i] != '\0'; i++)
        ours[i] = chip->name[i];
    memcpy(name, ours, sizeof(name));
    if (s->mode == MOCK_STATE_SAVE) {
        mock_state_bytes(s, name, sizeof(name));
    } else {
        in = mock_state_view(s, sizeof(name));
        mock_state_need(s, in != NULL && memcmp(in, ours, sizeof(ours)) == 0);
    }
    mock_state_need(s, mock_state_u32(s, count_regs(s->nic)) == count_regs(s->nic));
    s->rx_queues = mock_state_u32(s, chip->pool_queues(s->nic, false));
    s->tx_queues = mock_state_u32(s, chip->pool_queues(s->nic, true));
    /* A pool that is smaller here has no place for all of them. */
    mock_state_need(s, s->rx_queues <= chip->pool_queues(s->nic, false) &&
                           s->tx_queues <= chip->pool_queues(s->nic, true));
}

/* ---- config space and vectors ---- */

static void config_byte(struct mock_state *s, struct mock_cfg *cfg, uint32_t off)
{
    uint8_t can_change = cfg->writable[off] | cfg->clears[off];
    uint8_t value = (uint8_t)mock_state_word(s, cfg->byte[off], 1);

    mock_state_need(s, ((value ^ cfg->byte[off]) & ~can_change & 0xffu) == 0);
    if (mock_state_loads(s))
        cfg->byte[off] = value;
}

static void config(struct mock_state *s)
{
    for (uint32_t off = 0; off < SRIOV_PCI_CFG_SIZE; off++)
        config_byte(s, &s->nic->fn[s->fn].cfg, off);
}

static void table(struct mock_state *s)
{
    static const uint32_t writable[4] = {~3u, ~0u, ~0u, SRIOV_PCI_MSIX_ENTRY_CTRL_MASK};
    struct mock_msix *msix = &s->nic->fn[s->fn].msix;
    uint64_t pending;

    for (uint32_t i = 0; i < 4u * msix->vectors; i++) {
        uint32_t value = mock_state_u32(s, msix->table[i]);

        mock_state_need(s, (value & ~writable[i % 4u]) == 0);
        if (mock_state_loads(s))
            msix->table[i] = value;
    }
    pending = mock_state_u64(s, msix->pending);
    mock_state_need(s, pending >> msix->vectors == 0);
    if (mock_state_loads(s))
        msix->pending = pending;
}

static uint64_t vector_bits(struct mock_state *s, uint64_t now)
{
    uint64_t value = mock_state_u64(s, now);

    mock_state_need(s, (value & ~(uint64_t)IXGBE_VTEI_MASK) == 0);
    return value;
}

/* Time left, since clocks differ. */
static void moderation(struct mock_state *s, uint32_t vector)
{
    struct mock_irq_vector *v = &s->nic->fn[s->fn].irq.vec[vector];
    uint64_t now = mock_now(s->nic);
    uint64_t left = mock_state_u64(s, v->quiet_until > now ? v->quiet_until - now : 0);
    bool timer = mock_state_bool(s, v->timer);

    mock_state_need(s, left <= UINT64_MAX - now);
    if (!mock_state_loads(s))
        return;
    v->quiet_until = now + left;
    v->timer = false;
    if (timer)
        mock_irq_schedule(s->nic, s->fn, vector);
}

static void causes(struct mock_state *s)
{
    struct mock_irq *irq = &s->nic->fn[s->fn].irq;
    struct mock_irq was = *irq;

    was.cause = vector_bits(s, was.cause);
    was.mask = vector_bits(s, was.mask);
    was.autoclear = vector_bits(s, was.autoclear);
    was.automask = vector_bits(s, was.automask);
    if (mock_state_loads(s))
        *irq = was;
    for (uint32_t v = 0; v < MOCK_VF_VECTORS; v++)
        moderation(s, v);
}

/* ---- the mailbox, both of its sides ---- */

static void put_bit(uint32_t *word, uint32_t bit, bool on)
{
    *word = on ? *word | UINT32_C(1) << bit : *word & ~(UINT32_C(1) << bit);
}

/* What its PF has not seen yet, it sees here. */
static void mailbox_pf_side(struct mock_state *s)
{
    struct sriov_model *nic = s->nic;
    uint32_t vf = s->fn - 1u, per = nic->chip->mbox_vfs_per_icr, *icr = &nic->regs.mbicr[vf / per];
    bool asked = mock_state_bool(s, *icr >> (vf % per) & 1u);
    bool answered = mock_state_bool(s, *icr >> (vf % per + 16u) & 1u);
    bool reset = mock_state_bool(s, nic->regs.vflre[vf / 32u] >> (vf % 32u) & 1u);

    if (!mock_state_loads(s))
        return;
    put_bit(icr, vf % per, asked);
    put_bit(icr, vf % per + 16u, answered);
    put_bit(&nic->regs.vflre[vf / 32u], vf % 32u, reset);
    if ((asked || answered || reset) && (nic->regs.mbimr[vf / 32u] >> (vf % 32u) & 1u))
        nic->chip->raise_other(nic, nic->chip->cause_mailbox);
}

static void mailbox(struct mock_state *s)
{
    struct mock_mailbox mbx = s->nic->fn[s->fn].mbx;

    mbx.vfu = mock_state_bool(s, mbx.vfu);
    mbx.pfu = mock_state_bool(s, mbx.pfu);
    mbx.left = mock_state_bool(s, mbx.left);
    mbx.vf_bits = mock_state_u32(s, mbx.vf_bits);
    mock_state_need(s, !(mbx.vfu && mbx.pfu) && (mbx.vf_bits & ~MBX_BITS) == 0);
    /* The PF that held the lock is another one. */
    if (mock_state_loads(s)) {
        mbx.pfu = false;
        s->nic->fn[s->fn].mbx = mbx;
    }
    mailbox_pf_side(s);
}

/* ---- registers: as the VF's own table has them ---- */

static void one_register(struct mock_state *s, const struct mock_nic_reg *reg, uint32_t n)
{
    struct mock_ref ref = {.reg = reg, .fn = s->fn, .offset = reg->offset + n * reg->stride};
    uint32_t *cell, value;

    if (!mock_reg_index(s->nic, reg, s->fn, n, &ref.index)) {
        s->bad = true;
        return;
    }
    cell = mock_reg_cell(s->nic, &ref);
    value = mock_state_u32(s, *cell);
    mock_state_need(s, reg->writable == 0 || ((value ^ *cell) & ~reg->writable) == 0);
    if (mock_state_loads(s))
        *cell = value;
}

static void registers(struct mock_state *s)
{
    for (const struct mock_nic_reg *reg = s->nic->chip->vf_regs; reg->name != NULL && !s->bad; reg++) {
        uint32_t most = reg->map == MOCK_MAP_RXQ   ? s->rx_queues
                        : reg->map == MOCK_MAP_TXQ ? s->tx_queues
                                                   : reg->count;

        if (reg->map == MOCK_MAP_FLAT || (reg->field == MOCK_FIELD_NONE && reg->map == MOCK_MAP_FN))
            continue;
        for (uint32_t n = 0; n < reg->count && n < most; n++)
            one_register(s, reg, n);
    }
}

static void walk(struct mock_state *s)
{
    head(s);
    if (s->bad)
        return;
    config(s);
    table(s);
    causes(s);
    mailbox(s);
    mock_state_filters(s);
    registers(s);
    mock_state_queues(s);
    mock_state_fifo(s);
}

static bool is_held_vf(const struct sriov_model *nic, uint16_t fn)
{
    return fn != 0 && mock_nic_exists(nic, fn) && mock_is_held(nic, fn);
}

int64_t mock_state_save(struct sriov_model *nic, uint16_t fn, void *bytes, uint64_t room)
{
    struct mock_state s = {.nic = nic, .fn = fn, .mode = MOCK_STATE_SAVE, .out = bytes, .room = room};

    if (room != 0 && !is_held_vf(nic, fn))
        return -EINVAL;
    if (fn == 0 || !mock_nic_exists(nic, fn))
        return -EINVAL;
    walk(&s);
    return (int64_t)s.at;
}

int mock_state_load(struct sriov_model *nic, uint16_t fn, const void *bytes, uint64_t len)
{
    struct mock_state s = {.nic = nic, .fn = fn, .mode = MOCK_STATE_CHECK, .in = bytes, .room = len};

    if (!is_held_vf(nic, fn))
        return -EINVAL;
    walk(&s);
    if (s.bad || s.at != len)
        return -EPROTO;
    if (s.full)
        return -ENOSPC;
    nic->fn[fn].epoch++; /* what was under way here is another VF's */
    s.mode = MOCK_STATE_LOAD;
    s.at = 0;
    walk(&s);
    if (!s.bad)
        return 0;
    mock_reset_flr(nic, fn); /* no memory: neither the one nor the other */
    nic->fn[fn].held = true;
    return -ENOMEM;
}
