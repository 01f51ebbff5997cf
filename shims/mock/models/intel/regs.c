/* SPDX-License-Identifier: BSD-3-Clause */
/* Register access by table: finds the entry of an offset, its storage, and applies its attributes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic.h"

static const struct mock_nic_reg *table_of(const struct sriov_model *nic, uint16_t fn)
{
    return fn == 0 ? nic->chip->pf_regs : nic->chip->vf_regs;
}

static uint64_t words_of(const struct mock_cfg_identity *id)
{
    return id->bar_length[id->regs_bar] / sizeof(uint32_t);
}

static uint16_t *build_lookup(const struct mock_nic_reg *regs, uint64_t words)
{
    uint16_t *lookup = calloc(words, sizeof(*lookup));

    if (lookup == NULL)
        return NULL;
    for (uint16_t r = 0; regs[r].name != NULL; r++)
        for (uint32_t n = 0; n < regs[r].count; n++)
            lookup[(regs[r].offset + n * regs[r].stride) / sizeof(uint32_t)] = (uint16_t)(r + 1u);
    return lookup;
}

int mock_regs_init(struct sriov_model *nic)
{
    uint64_t pf_words = words_of(&nic->chip->pf), vf_words = words_of(&nic->chip->vf);

    nic->pf_lookup = build_lookup(nic->chip->pf_regs, pf_words);
    nic->vf_lookup = build_lookup(nic->chip->vf_regs, vf_words);
    nic->plain = calloc(pf_words, sizeof(uint32_t));
    nic->vf_plain = calloc(vf_words * nic->total_vfs + 1u, sizeof(uint32_t));
    if (!nic->pf_lookup || !nic->vf_lookup || !nic->plain || !nic->vf_plain)
        return -ENOMEM;
    return 0;
}

void mock_regs_free(struct sriov_model *nic)
{
    free(nic->pf_lookup);
    free(nic->vf_lookup);
    free(nic->plain);
    free(nic->vf_plain);
}

/* False where the pool of this VF has no such queue. */
bool mock_reg_index(const struct sriov_model *nic, const struct mock_nic_reg *reg, uint16_t fn, uint32_t n,
                    uint32_t *index)
{
    uint32_t vf = fn == 0 ? 0u : fn - 1u, step = reg->step ? reg->step : 1u, i = n;
    bool tx = reg->map == MOCK_MAP_TXQ;

    if (reg->map == MOCK_MAP_FN)
        i = fn;
    if (reg->map == MOCK_MAP_VF)
        i = vf * reg->count + n;
    if (reg->map == MOCK_MAP_RXQ || tx) {
        if (n >= nic->chip->pool_queues(nic, tx))
            return false;
        i = nic->chip->queue_of(nic, vf, n, tx);
        if (i >= nic->chip->queues)
            return false;
    }
    *index = reg->base + i * step;
    return true;
}

enum found {
    FOUND,
    FOUND_NOTHING,
    FOUND_EMPTY, /* of a queue that the VF's pool does not have: nothing behind it */
};

static enum found find(struct sriov_model *nic, uint16_t fn, uint32_t off, struct mock_ref *ref)
{
    uint16_t entry = (fn == 0 ? nic->pf_lookup : nic->vf_lookup)[off / sizeof(uint32_t)];

    ref->fn = fn;
    ref->offset = off;
    ref->reg = NULL;
    if (entry == 0)
        return FOUND_NOTHING;
    ref->reg = &table_of(nic, fn)[entry - 1u];
    uint32_t stride = ref->reg->stride ? ref->reg->stride : 4u;
    if (!mock_reg_index(nic, ref->reg, fn, (off - ref->reg->offset) / stride, &ref->index))
        return FOUND_EMPTY;
    return FOUND;
}

uint32_t mock_field(const struct sriov_model *nic, uint32_t field)
{
    return *((const uint32_t *)(const void *)&nic->regs + field);
}

uint32_t *mock_reg_cell(struct sriov_model *nic, const struct mock_ref *ref)
{
    uint32_t word = ref->offset / (uint32_t)sizeof(uint32_t);

    if (ref->reg->field != MOCK_FIELD_NONE)
        return (uint32_t *)(void *)&nic->regs + ref->reg->field + ref->index;
    if (ref->fn == 0)
        return &nic->plain[word];
    return &nic->vf_plain[words_of(&nic->chip->vf) * (ref->fn - 1u) + word];
}

void mock_reg_store(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint32_t *cell = mock_reg_cell(nic, ref), mask = ref->reg->writable;

    *cell = (*cell & ~mask) | (value & mask);
}

uint32_t mock_regs_read(struct sriov_model *nic, uint16_t fn, uint32_t off)
{
    struct mock_ref ref;
    enum found found = find(nic, fn, off, &ref);

    if (found == FOUND_NOTHING)
        mock_report_reg(nic, SRIOV_REPORT_UNMODELLED, &ref, "no such register");
    if (found != FOUND)
        return 0;
    if (ref.reg->read != NULL)
        return ref.reg->read(nic, &ref);
    if (ref.reg->attr & MOCK_WO)
        return 0;
    uint32_t *cell = mock_reg_cell(nic, &ref), value = *cell;
    if (ref.reg->attr & MOCK_RC)
        *cell = 0;
    return value;
}

static void report_read_only(struct sriov_model *nic, const struct mock_ref *ref)
{
    char text[96];

    snprintf(text, sizeof(text), "write to %s, which is read only", ref->reg->name);
    mock_report_reg(nic, SRIOV_REPORT_READ_ONLY, ref, text);
}

static void report_refused(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    char text[96];

    snprintf(text, sizeof(text), "%s: bits 0x%08x ask for what is not modelled", ref->reg->name,
             (unsigned)(value & ref->reg->refused));
    mock_report_reg(nic, SRIOV_REPORT_UNMODELLED, ref, text);
}

/* A VF does not know its pool when it begins: DPDK's driver puts all eight of its queues in order. Only one
 * that is to run is a mistake. */
static void report_nowhere(struct sriov_model *nic, const struct mock_ref *ref, enum found found,
                           uint32_t value)
{
    if (found == FOUND_NOTHING)
        mock_report_reg(nic, SRIOV_REPORT_UNMODELLED, ref, "no such register");
    else if (mock_ring_is_start(ref->reg, value))
        mock_report_reg(nic, SRIOV_REPORT_UNMODELLED, ref,
                        "this queue is not the function's in the current mode");
}

void mock_regs_write(struct sriov_model *nic, uint16_t fn, uint32_t off, uint32_t value)
{
    struct mock_ref ref;
    enum found found = find(nic, fn, off, &ref);

    if (found != FOUND) {
        report_nowhere(nic, &ref, found, value);
        return;
    }
    if (value & ref.reg->refused)
        report_refused(nic, &ref, value);
    if (ref.reg->write != NULL)
        ref.reg->write(nic, &ref, value);
    else if (ref.reg->attr & MOCK_RO)
        report_read_only(nic, &ref);
    else if (ref.reg->attr & MOCK_W1C)
        *mock_reg_cell(nic, &ref) &= ~(value & ref.reg->writable);
    else if (!(ref.reg->attr & MOCK_QUIET))
        mock_reg_store(nic, &ref, value);
}

static void reset_entry(struct sriov_model *nic, const struct mock_nic_reg *reg, uint16_t fn)
{
    for (uint32_t n = 0; n < reg->count; n++) {
        struct mock_ref ref = {.reg = reg, .fn = fn, .offset = reg->offset + n * reg->stride};

        if (mock_reg_index(nic, reg, fn, n, &ref.index))
            *mock_reg_cell(nic, &ref) = reg->reset;
    }
}

void mock_regs_reset_pf(struct sriov_model *nic)
{
    memset(&nic->regs, 0, sizeof(nic->regs));
    for (const struct mock_nic_reg *reg = nic->chip->pf_regs; reg->name != NULL; reg++)
        if (reg->reset != 0 || reg->field == MOCK_FIELD_NONE)
            reset_entry(nic, reg, 0);
}

void mock_regs_reset_vf(struct sriov_model *nic, uint16_t fn)
{
    for (const struct mock_nic_reg *reg = nic->chip->vf_regs; reg->name != NULL; reg++)
        if (!(reg->attr & MOCK_KEEP) && reg->map != MOCK_MAP_FLAT)
            reset_entry(nic, reg, fn);
}
