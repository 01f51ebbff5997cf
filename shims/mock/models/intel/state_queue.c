/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF's rings, as far as they are inside the device, and frames that wait in its packet buffer for them. */
#include <stdlib.h>
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "offload.h"
#include "state.h"

#define DESC_BYTES 16u
#define SLOTS_MAX  (UINT32_C(0x000fff80) / DESC_BYTES) /* of a ring's length register */

static struct mock_ring *ring_of(struct mock_state *s, uint32_t queue, bool tx)
{
    return tx ? &s->nic->tx[queue].ring : &s->nic->rx[queue].ring;
}

/* Two copies of all descriptors. At loading: memory first, which is all that can fail. */
static void descriptors(struct mock_state *s, struct mock_ring *ring, uint32_t slots)
{
    uint64_t bytes = (uint64_t)slots * DESC_BYTES;

    if (mock_state_loads(s) && slots != 0) {
        ring->handed_copy = calloc(slots + 1u, DESC_BYTES);
        ring->written = calloc(slots + 1u, DESC_BYTES);
        mock_state_need(s, ring->handed_copy != NULL && ring->written != NULL);
    }
    mock_state_bytes(s, ring->handed_copy, bytes);
    mock_state_bytes(s, ring->written, bytes);
    if (mock_state_loads(s))
        ring->slots = slots;
}

/* The registers are those that came, in the walk that loads, or not yet, in the one that checks. */
static uint32_t ring(struct mock_state *s, uint32_t queue, bool tx, uint32_t *tail)
{
    struct mock_ring *r = ring_of(s, queue, tx);
    uint32_t slots, seen = *tail;
    bool hung;

    if (mock_state_loads(s))
        mock_queue_forget(s->nic, queue, tx);
    slots = mock_state_u32(s, r->slots);
    hung = mock_state_bool(s, r->hung);
    seen = mock_state_u32(s, seen);
    mock_state_need(s, slots <= SLOTS_MAX && (slots == 0 ? seen <= 0xffffu : seen < slots));
    if (s->bad)
        return 0;
    descriptors(s, r, slots);
    if (mock_state_loads(s)) {
        r->hung = hung;
        *tail = seen;
    }
    return slots;
}

static void rx_queue(struct mock_state *s, uint32_t queue)
{
    (void)ring(s, queue, false, &s->nic->rx[queue].seen_tail);
}

static void contexts(struct mock_state *s, struct mock_tx *tx)
{
    for (uint32_t i = 0; i < 2u; i++) {
        bool valid = mock_state_bool(s, tx->ctx[i].valid);

        for (uint32_t w = 0; w < 4u; w++) {
            uint32_t dw = mock_state_u32(s, tx->ctx[i].dw[w]);

            if (mock_state_loads(s))
                tx->ctx[i].dw[w] = dw;
        }
        if (mock_state_loads(s))
            tx->ctx[i].valid = valid;
    }
}

/* The frame whose last buffer has not come yet. */
static void open_frame(struct mock_state *s, struct mock_tx *tx)
{
    struct mock_tx t = *tx;

    t.in_frame = mock_state_bool(s, t.in_frame);
    t.discard = mock_state_bool(s, t.discard);
    t.frame_len = mock_state_u32(s, t.in_frame ? t.frame_len : 0);
    t.buffers = mock_state_u32(s, t.in_frame ? t.buffers : 0);
    t.header_room = mock_state_u32(s, t.in_frame ? t.header_room : 0);
    t.first_cmd = mock_state_u32(s, t.first_cmd);
    t.first_olinfo = mock_state_u32(s, t.first_olinfo);
    t.first_index = mock_state_u32(s, t.first_index);
    mock_state_need(s, t.frame_len <= MOCK_TSO_ROOM && t.header_room <= t.frame_len &&
                           (t.in_frame || t.frame_len == 0));
    if (mock_state_loads(s)) {
        t.frame_room = t.frame_len != 0 ? MOCK_TSO_ROOM : 0;
        t.frame = t.frame_len != 0 ? malloc(t.frame_room) : NULL;
        mock_state_need(s, t.frame_len == 0 || t.frame != NULL);
        *tx = t;
    }
    if (!s->bad)
        mock_state_bytes(s, tx->frame, t.frame_len);
}

static void rate(struct mock_state *s, uint32_t queue)
{
    uint64_t *at = &s->nic->tx_free_at[queue], now = mock_now(s->nic);
    uint64_t left = mock_state_u64(s, *at > now ? *at - now : 0);

    mock_state_need(s, left <= UINT64_MAX - now);
    if (mock_state_loads(s))
        *at = now + left;
}

static void tx_queue(struct mock_state *s, uint32_t queue)
{
    struct mock_tx *tx = &s->nic->tx[queue];
    uint32_t slots = ring(s, queue, true, &tx->seen_tail), arrived = mock_state_u32(s, tx->arrived);
    bool stopped = queue < 32u && (s->nic->regs.stopped[0] >> queue & 1u);

    mock_state_need(s, slots == 0 ? arrived <= 0xffffu : arrived < slots);
    stopped = mock_state_bool(s, stopped);
    contexts(s, tx);
    open_frame(s, tx);
    rate(s, queue);
    if (!mock_state_loads(s))
        return;
    tx->arrived = arrived;
    if (queue < 32u) {
        s->nic->regs.stopped[0] &= ~(UINT32_C(1) << queue);
        s->nic->regs.stopped[0] |= (stopped ? UINT32_C(1) : 0u) << queue;
    }
}

/* What the device does with a ring depends on these being inside it. */
static void check_head(struct mock_state *s, uint32_t queue, bool tx)
{
    const struct mock_queue_regs *regs = tx ? &s->nic->regs.tx : &s->nic->regs.rx;
    uint32_t slots = ring_of(s, queue, tx)->slots;

    if (mock_state_loads(s) && slots != 0 &&
        (regs->head[queue] >= slots || slots != mock_ring_slots(regs, queue)))
        ring_of(s, queue, tx)->hung = true;
}

void mock_state_queues(struct mock_state *s)
{
    const struct mock_nic_chip *chip = s->nic->chip;

    for (uint32_t n = 0; n < s->rx_queues && !s->bad; n++) {
        uint32_t queue = chip->queue_of(s->nic, s->fn - 1u, n, false);

        mock_state_need(s, queue < chip->queues);
        if (!s->bad)
            rx_queue(s, queue);
        if (!s->bad)
            check_head(s, queue, false);
    }
    for (uint32_t n = 0; n < s->tx_queues && !s->bad; n++) {
        uint32_t queue = chip->queue_of(s->nic, s->fn - 1u, n, true);

        mock_state_need(s, queue < chip->queues);
        if (!s->bad)
            tx_queue(s, queue);
        if (!s->bad)
            check_head(s, queue, true);
    }
}

/* ---- the packet buffer ---- */

static uint32_t count_waiting(const struct mock_state *s)
{
    uint32_t n = 0;

    for (const struct mock_fifo_frame *f = s->nic->fifo; f != NULL; f = f->next)
        n += mock_queue_fn(s->nic, f->queue, false) == s->fn;
    return n;
}

static void save_waiting(struct mock_state *s)
{
    for (struct mock_fifo_frame *f = s->nic->fifo; f != NULL; f = f->next) {
        uint32_t pool, n;

        if (mock_queue_fn(s->nic, f->queue, false) != s->fn)
            continue;
        s->nic->chip->pool_of(s->nic, f->queue, false, &pool, &n);
        (void)mock_state_u32(s, n);
        (void)mock_state_bool(s, f->from_vf);
        (void)mock_state_u32(s, (uint32_t)f->len);
        mock_state_bytes(s, f->bytes, f->len);
    }
}

static void load_waiting(struct mock_state *s, uint32_t count)
{
    for (uint32_t i = 0; i < count && !s->bad; i++) {
        uint32_t n = mock_state_u32(s, 0);
        struct mock_frame frame = {.from_vf = mock_state_bool(s, false)};

        frame.len = mock_state_u32(s, 0);
        mock_state_need(s, n < s->rx_queues && frame.len >= 14u && frame.len <= MOCK_FRAME_MAX);
        frame.bytes = s->bad ? NULL : mock_state_view(s, frame.len);
        if (mock_state_loads(s))
            mock_rx_fifo_put(s->nic, s->nic->chip->queue_of(s->nic, s->fn - 1u, n, false), &frame);
    }
}

void mock_state_fifo(struct mock_state *s)
{
    uint32_t count = mock_state_u32(s, count_waiting(s));

    if (mock_state_loads(s))
        mock_rx_fifo_forget(s->nic, s->fn);
    if (s->mode == MOCK_STATE_SAVE)
        save_waiting(s);
    else
        load_waiting(s, count);
}
