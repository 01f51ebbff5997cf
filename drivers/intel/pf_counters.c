/* SPDX-License-Identifier: BSD-3-Clause */
/* What the device counts, of the port and of each VF, widened to 64 bits and kept over resets. */
#include "intel/pf_engine.h"

/* A 32-bit count of octets wraps after 34 s at 1 Gbit/s, one of 36 bits after 55 s at 10. */
#define COUNT_NS UINT64_C(10000000000)

static void put_stat(struct sriov_stat *out, uint32_t room, uint32_t i, const char *name, uint64_t value)
{
    if (i < room) {
        (void)sriov_format(out[i].name, sizeof(out[i].name), "%s", name);
        out[i].value = value;
    }
}

/* Reading clears these counters, so they are summed up here. */
static void collect(struct sri_pf *p)
{
    for (uint32_t i = 0; i < p->dev->n_counters; i++) {
        const struct sri_pf_counter *c = &p->dev->counters[i];
        const uint64_t low = sri_pf_rd(p, c->reg);
        const uint64_t high = c->high != 0 ? sri_pf_rd(p, c->high) : 0;

        p->counters[i] += high << 32 | low;
    }
}

static uint64_t read_counter(const struct sri_pf *p, const struct sri_pf_vf_counter *c, uint16_t vf)
{
    uint64_t value = sri_pf_rd_sure(p, c->lsb + c->stride * vf);

    if (c->msb != 0) {
        value |= (uint64_t)sri_pf_rd_sure(p, c->msb + c->msb_stride * vf) << 32;
    }
    return value & ((UINT64_C(1) << c->bits) - 1u);
}

void sri_pf_count_base(struct sri_pf *p, uint16_t vf)
{
    for (uint32_t i = 0; i < p->dev->n_vf_counters; i++) {
        p->vf[vf].count_raw[i] = read_counter(p, &p->dev->vf_counters[i], vf);
    }
}

static void count_vf(struct sri_pf *p, uint16_t vf)
{
    struct sri_pf_vf *v = &p->vf[vf];

    for (uint32_t i = 0; i < p->dev->n_vf_counters; i++) {
        const struct sri_pf_vf_counter *c = &p->dev->vf_counters[i];
        const uint64_t now = read_counter(p, c, vf);

        v->counts[i] += (now - v->count_raw[i]) & ((UINT64_C(1) << c->bits) - 1u);
        v->count_raw[i] = now;
    }
}

void sri_pf_count_all(struct sri_pf *p)
{
    if (!p->serving || sriov_fn_gone(p->pf->fn)) {
        return;
    }
    p->counted_at = sriov_fn_now(p->pf->fn);
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        count_vf(p, vf);
    }
}

void sri_pf_count_watch(struct sri_pf *p)
{
    if (sriov_fn_now(p->pf->fn) - p->counted_at >= COUNT_NS) {
        sri_pf_count_all(p);
    }
}

uint32_t sri_pf_stats(struct sriov_pf *pf, struct sriov_stat *out, uint32_t room)
{
    struct sri_pf *p = pf->priv;
    uint64_t requests = 0;
    uint64_t refused = 0;
    uint64_t dropped = 0;
    uint32_t n = 0;

    if (!sriov_fn_gone(pf->fn)) {
        (void)sri_pf_enter(p);
        collect(p);
        if (p->num_vfs != 0) {
            p->dev->watch(p);
        }
        sri_pf_leave(p);
    }
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        requests += p->vf[vf].requests;
        refused += p->vf[vf].refused;
        dropped += p->vf[vf].guard.dropped;
    }
    for (uint32_t i = 0; i < p->dev->n_counters; i++) {
        put_stat(out, room, n++, p->dev->counters[i].name, p->counters[i]);
    }
    put_stat(out, room, n++, "tx_spoofed", p->watch.spoofed);
    put_stat(out, room, n++, "mailbox_requests", requests);
    put_stat(out, room, n++, "mailbox_refused", refused);
    put_stat(out, room, n++, "mailbox_dropped", dropped);
    put_stat(out, room, n++, "mailbox_stray", p->bad_doorbells);
    put_stat(out, room, n++, "resets", p->resets);
    put_stat(out, room, n++, "link_changes", p->link_changes);
    return n;
}

uint32_t sri_pf_vf_stats(struct sriov_pf *pf, uint16_t vf, struct sriov_stat *out, uint32_t room)
{
    struct sri_pf *p = pf->priv;
    uint32_t n = 0;

    if (vf >= p->num_vfs) {
        return 0;
    }
    if (p->serving && !sriov_fn_gone(pf->fn)) {
        (void)sri_pf_enter(p);
        count_vf(p, vf);
        sri_pf_leave(p);
    }
    for (uint32_t i = 0; i < p->dev->n_vf_counters; i++) {
        put_stat(out, room, n++, p->dev->vf_counters[i].name, p->vf[vf].counts[i]);
    }
    put_stat(out, room, n++, "tx_spoofed", p->vf[vf].guard.spoofed);
    return n;
}
