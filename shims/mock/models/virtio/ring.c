/* SPDX-License-Identifier: BSD-3-Clause */
/* Split virtqueues from the device's side: 2.7. What the driver wrote is read once and judged. */
#include "virtio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct sriov_site site_of(const struct sriov_model *m, const struct mock_virtio_queue *q, uint16_t rx,
                                 uint16_t tx, uint32_t index)
{
    bool is_rx = mock_virtio_is_rx(m, q->index);

    return (struct sriov_site){
        .kind = is_rx ? rx : tx, .queue = (uint16_t)(q->index / 2u), .index = index, .bar = MOCK_VIRTIO_BAR};
}

void mock_virtio_bad(struct sriov_model *m, const struct mock_virtio_queue *q, enum sriov_report_kind kind,
                     uint32_t index, const char *detail)
{
    struct sriov_site site = site_of(m, q, SRIOV_SITE_RX_DESC_FETCH, SRIOV_SITE_TX_DESC_FETCH, index);

    m->args.ops->report(m->args.host, kind, &site, detail);
    mock_virtio_needs_reset(m);
}

static bool read_ring(struct sriov_model *m, const struct mock_virtio_queue *q, uint64_t iova, uint32_t index,
                      void *out, size_t len)
{
    struct sriov_site site = site_of(m, q, SRIOV_SITE_RX_DESC_FETCH, SRIOV_SITE_TX_DESC_FETCH, index);

    if (m->args.ops->dma_read(m->args.host, &site, sriov_iova(iova), out, len) != 0) {
        mock_virtio_needs_reset(m);
        return false;
    }
    return true;
}

static bool write_ring(struct sriov_model *m, const struct mock_virtio_queue *q, uint64_t iova,
                       uint32_t index, const void *bytes, size_t len)
{
    struct sriov_site site = site_of(m, q, SRIOV_SITE_RX_DESC_WRITEBACK, SRIOV_SITE_TX_DESC_WRITEBACK, index);

    if (m->args.ops->dma_write(m->args.host, &site, sriov_iova(iova), bytes, len) != 0) {
        mock_virtio_needs_reset(m);
        return false;
    }
    return true;
}

bool mock_virtio_announce(struct sriov_model *m, struct mock_virtio_queue *q)
{
    uint16_t idx = 0;
    uint64_t at = q->avail + offsetof(struct virtq_avail, idx);

    if (!read_ring(m, q, at, q->taken, &idx, sizeof(idx))) {
        return false;
    }
    if ((uint16_t)(idx - q->taken) > q->size) {
        mock_virtio_bad(m, q, SRIOV_REPORT_BAD_TAIL, idx,
                        "the available index is ahead by more than the ring");
        return false;
    }
    q->announced = idx;
    return q->announced != q->taken;
}

/* 2.7.5.1: readable descriptors first; none empty; no way back. NULL: it is good. */
static const char *judge_desc(const struct mock_virtio_queue *q, const struct mock_virtio_chain *chain,
                              const struct virtq_desc *desc)
{
    bool write = (desc->flags & VIRTQ_DESC_F_WRITE) != 0;

    if ((desc->flags & VIRTQ_DESC_F_INDIRECT) != 0) {
        return "an indirect descriptor, which was not negotiated";
    }
    if (desc->len == 0) {
        return "an empty descriptor";
    }
    if (!write && chain->writable > 0) {
        return "a descriptor to be read behind one to be written";
    }
    if ((desc->flags & VIRTQ_DESC_F_NEXT) != 0 && (desc->next >= q->size || chain->count == q->size)) {
        return "a chain that leaves the table or has no end";
    }
    return NULL;
}

static bool walk(struct sriov_model *m, struct mock_virtio_queue *q, struct mock_virtio_chain *chain)
{
    uint16_t id = chain->head;
    bool more = true;

    while (more) {
        struct virtq_desc desc;
        const char *bad;

        if (!read_ring(m, q, q->desc + (uint64_t)id * sizeof(desc), id, &desc, sizeof(desc))) {
            return false;
        }
        chain->ids[chain->count] = id;
        chain->desc[chain->count++] = desc;
        bad = judge_desc(q, chain, &desc);
        if (bad != NULL) {
            mock_virtio_bad(m, q, SRIOV_REPORT_BAD_DESC, id, bad);
            return false;
        }
        if ((desc.flags & VIRTQ_DESC_F_WRITE) != 0) {
            chain->writable += desc.len;
        } else {
            chain->readable += desc.len;
            chain->writable_from = chain->count;
        }
        more = (desc.flags & VIRTQ_DESC_F_NEXT) != 0;
        id = desc.next;
    }
    return true;
}

bool mock_virtio_peek(struct sriov_model *m, struct mock_virtio_queue *q, uint16_t ahead,
                      struct mock_virtio_chain *chain)
{
    uint16_t at = (uint16_t)(q->taken + ahead);
    uint16_t head = 0;
    uint64_t entry = q->avail + sizeof(struct virtq_avail) + 2u * (at & (q->size - 1u));

    if (!mock_virtio_runs(m) || (uint16_t)(q->announced - q->taken) <= ahead ||
        !read_ring(m, q, entry, at, &head, sizeof(head))) {
        return false;
    }
    if (head >= q->size) {
        mock_virtio_bad(m, q, SRIOV_REPORT_BAD_DESC, head, "an available entry names no descriptor");
        return false;
    }
    chain->head = head;
    chain->count = chain->writable_from = 0;
    chain->readable = chain->writable = 0;
    return walk(m, q, chain);
}

bool mock_virtio_own(struct sriov_model *m, struct mock_virtio_queue *q,
                     const struct mock_virtio_chain *chain)
{
    for (uint16_t i = 0; i < chain->count; i++) {
        uint16_t id = chain->ids[i];

        if (q->owner[id] != 0) {
            mock_virtio_bad(m, q, SRIOV_REPORT_BAD_DESC, id,
                            "a descriptor that is the device's is used again");
            return false;
        }
        q->owner[id] = (uint16_t)(chain->head + 1u);
    }
    q->taken++;
    return true;
}

/* Moves bytes from or to the descriptors first to end - 1, off bytes in. */
static bool move(struct sriov_model *m, struct mock_virtio_queue *q, const struct mock_virtio_chain *chain,
                 bool store, uint32_t off, uint8_t *bytes, uint32_t len)
{
    uint16_t end = store ? chain->count : chain->writable_from;
    struct sriov_site site = site_of(m, q, SRIOV_SITE_RX_PAYLOAD, SRIOV_SITE_TX_PAYLOAD, chain->head);

    for (uint16_t i = store ? chain->writable_from : 0; i < end && len > 0; i++) {
        const struct virtq_desc *desc = &chain->desc[i];
        uint32_t n = off < desc->len ? desc->len - off : 0;
        sriov_iova_t iova = sriov_iova(desc->addr + off);
        int err = 0;

        n = n < len ? n : len;
        if (n > 0) {
            err = store ? m->args.ops->dma_write(m->args.host, &site, iova, bytes, n)
                        : m->args.ops->dma_read(m->args.host, &site, iova, bytes, n);
        }
        if (err != 0) {
            mock_virtio_needs_reset(m);
            return false;
        }
        off -= off < desc->len ? off : desc->len;
        bytes += n;
        len -= n;
    }
    return len == 0;
}

bool mock_virtio_fetch(struct sriov_model *m, struct mock_virtio_queue *q,
                       const struct mock_virtio_chain *chain, uint32_t off, void *out, uint32_t len)
{
    return move(m, q, chain, false, off, out, len);
}

bool mock_virtio_store(struct sriov_model *m, struct mock_virtio_queue *q,
                       const struct mock_virtio_chain *chain, uint32_t off, const void *bytes, uint32_t len)
{
    return move(m, q, chain, true, off, (uint8_t *)(uintptr_t)bytes, len); /* which a store leaves alone */
}

/* ---- used ring: 2.7.8 ---- */

/* Nobody but us writes idx. */
static bool idx_is_ours(struct sriov_model *m, struct mock_virtio_queue *q, uint64_t at)
{
    uint16_t idx = 0;

    if (!read_ring(m, q, at, q->used_idx, &idx, sizeof(idx))) {
        return false;
    }
    if (idx != q->shown_idx) {
        mock_virtio_bad(m, q, SRIOV_REPORT_BAD_TAIL, idx,
                        "the driver wrote the used ring, which is the device's");
        return false;
    }
    return true;
}

static void put_used(struct sriov_model *m, struct mock_virtio_queue *q, const struct virtq_used_elem *elem,
                     const uint16_t *bent_idx)
{
    uint64_t at = q->used + offsetof(struct virtq_used, idx);
    uint64_t slot = q->used + sizeof(struct virtq_used) + 8u * (q->used_idx & (q->size - 1u));

    if (!idx_is_ours(m, q, at) || !write_ring(m, q, slot, q->used_idx, elem, sizeof(*elem))) {
        return;
    }
    q->used_idx++;
    q->shown_idx = bent_idx != NULL ? *bent_idx : q->used_idx;
    (void)write_ring(m, q, at, q->used_idx, &q->shown_idx, sizeof(q->shown_idx));
}

static void release(struct mock_virtio_queue *q, uint16_t head)
{
    for (uint16_t i = 0; i < q->size; i++) {
        q->owner[i] = q->owner[i] == head + 1u ? 0 : q->owner[i];
    }
}

enum sriov_fault_verdict mock_virtio_bend(struct sriov_model *m, struct mock_virtio_queue *q,
                                          struct mock_virtio_giveback *words, uint64_t *delay)
{
    bool rx = mock_virtio_is_rx(m, q->index);
    struct sriov_site site =
        site_of(m, q, SRIOV_SITE_RX_DESC_WRITEBACK, SRIOV_SITE_TX_DESC_WRITEBACK, words->id);

    return m->args.ops->fault(m->args.host, rx ? SRIOV_FAULT_RX_WRITEBACK : SRIOV_FAULT_TX_WRITEBACK, &site,
                              words, sizeof(*words), delay);
}

struct mock_virtio_late *mock_virtio_take_late(struct sriov_model *m, uint64_t tag)
{
    struct mock_virtio_late **link = &m->late;

    struct mock_virtio_late *late;

    while (*link != NULL && (*link)->tag != tag) {
        link = &(*link)->next;
    }
    late = *link;
    if (late != NULL) {
        *link = late->next;
    }
    return late;
}

void mock_virtio_drop_late(struct sriov_model *m)
{
    while (m->late != NULL) {
        struct mock_virtio_late *late = m->late;

        m->late = late->next;
        free(late);
    }
}

struct mock_virtio_late *mock_virtio_put_late(struct sriov_model *m, const void *frame, uint32_t len)
{
    struct mock_virtio_late *late = calloc(1, sizeof(*late) + len);

    if (late != NULL) {
        late->tag = ++m->last_tag;
        late->next = m->late;
        late->len = len;
        if (len > 0) {
            memcpy(late->frame, frame, len);
        }
        m->late = late;
    }
    return late;
}

static void late_used(struct sriov_model *m, uint64_t tag)
{
    struct mock_virtio_late *late = mock_virtio_take_late(m, tag);

    if (late == NULL) {
        return;
    }
    if (mock_virtio_runs(m)) {
        struct mock_virtio_queue *q = &m->queue[late->queue];

        release(q, late->head);
        put_used(m, q, &late->elem, NULL);
        mock_virtio_tell(m, q);
    }
    free(late);
}

void mock_virtio_give(struct sriov_model *m, struct mock_virtio_queue *q, uint16_t head,
                      const struct mock_virtio_giveback *words, enum sriov_fault_verdict verdict,
                      uint64_t delay)
{
    struct virtq_used_elem elem = {.id = words->id, .len = words->len};
    uint16_t next = (uint16_t)(q->used_idx + 1u);
    uint16_t idx = (uint16_t)words->idx;
    struct mock_virtio_late *late;

    switch (verdict) {
    case SRIOV_FAULT_DROP: /* it stays the device's */
        break;
    case SRIOV_FAULT_DELAY:
        late = mock_virtio_put_late(m, NULL, 0);
        if (late != NULL) {
            late->queue = q->index;
            late->head = head;
            late->elem = elem;
            m->args.ops->timer(m->args.host, m->args.ops->now_ns(m->args.host) + delay, late_used, late->tag);
        }
        break;
    case SRIOV_FAULT_PASS:
    default:
        release(q, head);
        put_used(m, q, &elem, idx != next ? &idx : NULL);
        break;
    }
}

void mock_virtio_tell(struct sriov_model *m, struct mock_virtio_queue *q)
{
    uint16_t flags = 0;

    if (mock_virtio_runs(m) && read_ring(m, q, q->avail, q->taken, &flags, sizeof(flags)) &&
        (flags & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0) {
        m->isr |= VIRTIO_ISR_QUEUE;
        mock_virtio_interrupt(m, q->vector);
    }
}
