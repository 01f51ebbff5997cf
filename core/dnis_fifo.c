/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames in between two devices: linked through a member that is nobody's while they wait. */
#include "dnis.h"

void sric_dnis_put(struct sric_dnis_fifo *fifo, struct sriov_buf *frame)
{
    frame->user = 0;
    if (fifo->head == NULL) {
        fifo->head = frame;
    } else {
        fifo->last->user = (uint64_t)(uintptr_t)frame;
    }
    fifo->last = frame;
    fifo->n++;
}

struct sriov_buf *sric_dnis_get(struct sric_dnis_fifo *fifo)
{
    struct sriov_buf *frame = fifo->head;

    if (frame != NULL) {
        fifo->head = (struct sriov_buf *)(uintptr_t)frame->user;
        frame->user = 0;
        fifo->n--;
    }
    return frame;
}

uint16_t sric_dnis_get_some(struct sric_dnis_fifo *fifo, struct sriov_buf **bufs, uint16_t n)
{
    uint16_t done = 0;

    while (done < n && fifo->head != NULL) {
        bufs[done++] = sric_dnis_get(fifo);
    }
    return done;
}

void sric_dnis_append(struct sric_dnis_fifo *to, struct sric_dnis_fifo *from)
{
    if (from->head == NULL) {
        return;
    }
    if (to->head == NULL) {
        to->head = from->head;
    } else {
        to->last->user = (uint64_t)(uintptr_t)from->head;
    }
    to->last = from->last;
    to->n += from->n;
    memset(from, 0, sizeof(*from));
}

void sric_dnis_free_all(struct sric_dnis_fifo *fifo)
{
    struct sriov_buf *frame;

    while ((frame = sric_dnis_get(fifo)) != NULL) {
        sriov_buf_free(frame);
    }
}

bool sric_dnis_has_of(const struct sric_dnis_fifo *fifo, const struct sriov_pool *pool)
{
    const struct sriov_buf *frame = fifo->head;

    while (frame != NULL && frame->pool != pool) {
        frame = (const struct sriov_buf *)(uintptr_t)frame->user;
    }
    return frame != NULL;
}

/* Appends bytes to the chain that ends in *last; false: the pool is short. */
static bool append_bytes(struct sriov_buf *first, struct sriov_buf **last, const uint8_t *bytes, uint32_t len)
{
    while (len != 0) {
        struct sriov_buf *buf = *last;
        uint32_t n = buf->room - buf->len;

        if (n == 0) {
            buf = sriov_buf_alloc(first->pool);
            if (buf == NULL) {
                return false;
            }
            (*last)->next = buf;
            *last = buf;
            first->num_segs++;
            continue;
        }
        n = n < len ? n : len;
        memcpy(buf->data + buf->len, bytes, n);
        buf->len = (uint16_t)(buf->len + n);
        first->pkt_len += n;
        bytes += n;
        len -= n;
    }
    return true;
}

struct sriov_buf *sric_dnis_copy(struct sriov_pool *pool, const struct sriov_buf *frame)
{
    struct sriov_buf *first = sriov_buf_alloc(pool);
    struct sriov_buf *last = first;

    if (first == NULL) {
        return NULL;
    }
    first->flags = frame->flags;
    first->vlan_tci = frame->vlan_tci;
    for (; frame != NULL; frame = frame->next) {
        if (!append_bytes(first, &last, frame->data, frame->len)) {
            sriov_buf_free(first);
            return NULL;
        }
    }
    return first;
}
