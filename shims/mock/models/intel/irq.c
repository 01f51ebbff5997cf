/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Causes, masks, auto-clear, auto-mask and moderation of one function's vectors: 82599 datasheet,
 * section 7.3; 82576 datasheet, section 7.3. A message goes out when a cause becomes both set and
 * enabled; while the vector is being moderated it waits for the end of the interval.
 */
#include <sriov/hw/ixgbe_regs.h>

#include "nic.h"

#define GPIE_EIAME IXGBE_GPIE_EIAME /* the same bits in both devices */
#define GPIE_MULTI IXGBE_GPIE_MULTIPLE_MSIX
#define IVAR_VALID 0x80u

static uint64_t vector_bits(const struct sriov_model *nic, uint16_t fn)
{
    return fn == 0 ? nic->chip->pf_vector_bits : IXGBE_VTEI_MASK;
}

static uint32_t *itr_of(struct sriov_model *nic, uint16_t fn, uint32_t vector)
{
    if (fn == 0)
        return &nic->regs.eitr[vector];
    return &nic->regs.vteitr[(fn - 1u) * MOCK_VF_VECTORS + vector];
}

static uint64_t interval_ns(struct sriov_model *nic, uint16_t fn, uint32_t vector)
{
    uint32_t raw = *itr_of(nic, fn, vector) & nic->chip->itr_mask;

    if (nic->quirks->eitr_is_1024ns)
        return (uint64_t)raw * 1024u;
    return (uint64_t)(raw >> nic->chip->itr_shift) * nic->chip->itr_ns_per_lsb;
}

static void send_now(struct sriov_model *nic, uint16_t fn, uint32_t vector)
{
    struct mock_irq *irq = &nic->fn[fn].irq;
    uint64_t bit = UINT64_C(1) << vector;

    irq->cause &= ~(irq->autoclear & bit);
    if (!(vector_bits(nic, fn) & bit))
        irq->cause &= ~bit; /* a PF's vectors beyond EICR always clear themselves */
    if (nic->regs.gpie[0] & GPIE_EIAME)
        irq->mask &= ~(irq->automask & bit);
    mock_msix_send(nic, fn, fn != 0 || (nic->regs.gpie[0] & GPIE_MULTI) ? vector : 0u);
}

static void on_moderation_end(struct sriov_model *nic, struct mock_event *event);

void mock_irq_schedule(struct sriov_model *nic, uint16_t fn, uint32_t vector)
{
    struct mock_irq_vector *v = &nic->fn[fn].irq.vec[vector];
    struct mock_event *e;

    if (v->timer && v->timer_at <= v->quiet_until)
        return; /* it looks again then */
    e = mock_event_new(nic, fn, on_moderation_end, NULL, 0);
    if (e == NULL)
        return;
    e->a = vector;
    e->waits = true;
    e->b = ++v->timer_id;
    v->timer = true;
    v->timer_at = v->quiet_until;
    mock_event_at(nic, e, v->quiet_until);
}

static void start_interval(struct sriov_model *nic, uint16_t fn, uint32_t vector)
{
    struct mock_irq_vector *v = &nic->fn[fn].irq.vec[vector];
    uint64_t ns = interval_ns(nic, fn, vector);

    v->quiet_until = mock_now(nic) + ns;
    if (ns > 0 && nic->quirks->eitr_expiry_fires)
        mock_irq_schedule(nic, fn, vector);
}

static void fire(struct sriov_model *nic, uint16_t fn, uint32_t vector)
{
    if (mock_now(nic) < nic->fn[fn].irq.vec[vector].quiet_until) {
        mock_irq_schedule(nic, fn, vector);
        return;
    }
    start_interval(nic, fn, vector);
    send_now(nic, fn, vector);
}

/* A PF's other causes may have no vector bit of their own: their own bits and masks decide. */
static bool other_waits(const struct sriov_model *nic, uint16_t fn, uint32_t vector)
{
    const struct mock_irq *irq = &nic->fn[fn].irq;
    uint32_t entry = nic->regs.ivar_misc[0] >> IXGBE_IVAR_MISC_OTHER_SHIFT;

    return fn == 0 && (irq->other & irq->other_mask) && (entry & IVAR_VALID) &&
           (entry & IXGBE_IVAR_ALLOC) == vector;
}

static void on_moderation_end(struct sriov_model *nic, struct mock_event *event)
{
    struct mock_irq *irq = &nic->fn[event->fn].irq;
    struct mock_irq_vector *v = &irq->vec[event->a];
    uint64_t bit = UINT64_C(1) << event->a;

    if (event->b != v->timer_id)
        return; /* the interval was made shorter since */
    v->timer = false;
    if (nic->quirks->eitr_expiry_fires) {
        v->quiet_until = 0;
        send_now(nic, event->fn, event->a);
        return;
    }
    if ((irq->cause & irq->mask & bit) || other_waits(nic, event->fn, event->a))
        fire(nic, event->fn, event->a);
}

static void fire_all(struct sriov_model *nic, uint16_t fn, uint64_t vectors)
{
    for (uint32_t v = 0; vectors != 0; v++, vectors >>= 1)
        if (vectors & 1u)
            fire(nic, fn, v);
}

void mock_irq_raise(struct sriov_model *nic, uint16_t fn, uint64_t vectors)
{
    struct mock_irq *irq = &nic->fn[fn].irq;
    uint64_t before = irq->cause & irq->mask;

    irq->cause |= vectors;
    fire_all(nic, fn, irq->cause & irq->mask & ~before);
}

/* Causes that waited for their enable bit fire now. */
void mock_irq_enable(struct sriov_model *nic, uint16_t fn, uint64_t vectors)
{
    struct mock_irq *irq = &nic->fn[fn].irq;
    uint64_t before = irq->cause & irq->mask;

    irq->mask |= vectors;
    fire_all(nic, fn, irq->cause & irq->mask & ~before);
}

void mock_irq_raise_queue(struct sriov_model *nic, uint32_t queue, bool tx)
{
    uint16_t fn = mock_queue_fn(nic, queue, tx);
    uint32_t pool, n, entry;

    if (fn == 0) {
        entry = nic->chip->ivar_of(nic, queue, tx);
        if (entry & IVAR_VALID)
            mock_irq_raise(nic, 0, UINT64_C(1) << (entry & IXGBE_IVAR_ALLOC));
        return;
    }
    nic->chip->pool_of(nic, queue, tx, &pool, &n);
    if (n > 0 && nic->quirks->vtivar_first_queue_only)
        return;
    entry = nic->regs.vtivar[(fn - 1u) * 4u + n / 2u] >> (16u * (n & 1u) + (tx ? 8u : 0u));
    if ((entry & IVAR_VALID) && (entry & 3u) < MOCK_VF_VECTORS)
        mock_irq_raise(nic, fn, UINT64_C(1) << (entry & 3u));
}

/*
 * The vector that IVAR_MISC gives to everything that is no queue's. 82576: it goes through the
 * vector's bit of EICR.
 */
void mock_irq_raise_pf_other_vector(struct sriov_model *nic)
{
    uint32_t entry = nic->regs.ivar_misc[0] >> IXGBE_IVAR_MISC_OTHER_SHIFT;

    if (entry & IVAR_VALID)
        mock_irq_raise(nic, 0, UINT64_C(1) << (entry & IXGBE_IVAR_ALLOC));
}

/* 82599: other causes have bits of their own in EICR and EIMS. */
void mock_irq_raise_pf_other_bits(struct sriov_model *nic, uint32_t causes)
{
    struct mock_irq *irq = &nic->fn[0].irq;
    uint32_t before = irq->other & irq->other_mask;
    uint32_t entry = nic->regs.ivar_misc[0] >> IXGBE_IVAR_MISC_OTHER_SHIFT;

    irq->other |= causes;
    if ((irq->other & irq->other_mask & ~before) && (entry & IVAR_VALID))
        fire(nic, 0, entry & IXGBE_IVAR_ALLOC);
}

void mock_irq_raise_mailbox_vf(struct sriov_model *nic, uint16_t fn)
{
    uint32_t entry = nic->regs.vtivar_misc[fn - 1u], vector = entry & 3u;

    if (!(entry & IVAR_VALID))
        return;
    if (nic->quirks->mailbox_vector_shift)
        mock_irq_raise(nic, fn, vector); /* the number itself taken for the bits */
    else if (vector < MOCK_VF_VECTORS)
        mock_irq_raise(nic, fn, UINT64_C(1) << vector);
}

void mock_irq_reset(struct sriov_model *nic, uint16_t fn)
{
    static const struct mock_irq zero;

    nic->fn[fn].irq = zero;
}

static void mask_on_access(struct sriov_model *nic, uint16_t fn)
{
    struct mock_irq *irq = &nic->fn[fn].irq;

    if (!(nic->regs.gpie[0] & GPIE_EIAME))
        irq->mask &= ~irq->automask;
}

/* ref->index is the function whose registers these are: a PF also sees its VFs'. */
uint32_t mock_irq_eicr_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    uint16_t fn = (uint16_t)ref->index;
    struct mock_irq *irq = &nic->fn[fn].irq;
    uint64_t bits = vector_bits(nic, fn);
    uint32_t value = (uint32_t)(irq->cause & bits) | irq->other;

    if (fn != 0 && nic->quirks->vf_eicr_hides)
        return 0;
    irq->other = 0;
    if (fn != 0 || !(nic->regs.gpie[0] & IXGBE_GPIE_OCD))
        irq->cause &= ~bits;
    mask_on_access(nic, fn);
    return value;
}

void mock_irq_eicr_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint16_t fn = (uint16_t)ref->index;
    struct mock_irq *irq = &nic->fn[fn].irq;

    irq->cause &= ~(value & vector_bits(nic, fn));
    irq->other &= ~value;
    mask_on_access(nic, fn);
}

/* An 82599 PF reads EICR without side effects here. */
uint32_t mock_irq_eics_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    struct mock_irq *irq = &nic->fn[ref->index].irq;

    return (uint32_t)(irq->cause & vector_bits(nic, (uint16_t)ref->index)) | irq->other;
}

void mock_irq_eics_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint16_t fn = (uint16_t)ref->index;
    struct mock_irq *irq = &nic->fn[fn].irq;
    uint32_t other = value & ~(uint32_t)vector_bits(nic, fn);
    uint64_t vectors = value & vector_bits(nic, fn), before = irq->cause & irq->mask;

    irq->cause |= vectors;
    irq->mask |= irq->automask & vectors;
    fire_all(nic, fn, irq->cause & irq->mask & ~before);
    if (fn == 0 && other != 0)
        mock_irq_raise_pf_other_bits(nic, other);
}

uint32_t mock_irq_eims_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    struct mock_irq *irq = &nic->fn[ref->index].irq;

    return (uint32_t)(irq->mask & vector_bits(nic, (uint16_t)ref->index)) | irq->other_mask;
}

void mock_irq_eims_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint16_t fn = (uint16_t)ref->index;
    struct mock_irq *irq = &nic->fn[fn].irq;
    uint32_t waiting = fn == 0 ? irq->other & value & ~irq->other_mask : 0;

    if (fn == 0)
        irq->other_mask |= value & ~(uint32_t)vector_bits(nic, 0);
    mock_irq_enable(nic, fn, value & vector_bits(nic, fn));
    irq->other &= ~waiting;
    if (waiting != 0)
        mock_irq_raise_pf_other_bits(nic, waiting);
}

void mock_irq_eimc_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    struct mock_irq *irq = &nic->fn[ref->index].irq;

    irq->mask &= ~(value & vector_bits(nic, (uint16_t)ref->index));
    irq->other_mask &= ~value;
}

uint32_t mock_irq_eiac_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    return (uint32_t)nic->fn[ref->index].irq.autoclear;
}

void mock_irq_eiac_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    nic->fn[ref->index].irq.autoclear = value & vector_bits(nic, (uint16_t)ref->index);
}

uint32_t mock_irq_eiam_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    return (uint32_t)nic->fn[ref->index].irq.automask;
}

void mock_irq_eiam_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    nic->fn[ref->index].irq.automask = value & vector_bits(nic, (uint16_t)ref->index);
}

static void eitr_target(const struct sriov_model *nic, const struct mock_ref *ref, uint16_t *fn,
                        uint32_t *vec)
{
    (void)nic;
    *fn = ref->fn;
    *vec = ref->fn == 0 ? ref->index : ref->index % MOCK_VF_VECTORS;
}

/* A write starts the interval anew, unless it says that counters stay. */
void mock_irq_eitr_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint16_t fn;
    uint32_t vector;
    struct mock_irq *irq;

    mock_reg_store(nic, ref, value & ~nic->chip->itr_keep);
    eitr_target(nic, ref, &fn, &vector);
    if (vector >= 64u || (value & nic->chip->itr_keep))
        return;
    irq = &nic->fn[fn].irq;
    if (nic->quirks->eitr_expiry_fires && irq->vec[vector].timer)
        return;
    irq->vec[vector].quiet_until = 0;
    if (irq->vec[vector].timer && (irq->cause & irq->mask & (UINT64_C(1) << vector)))
        fire(nic, fn, vector);
}

void mock_irq_vtivar_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint32_t *cell = mock_reg_cell(nic, ref);
    uint32_t before = *cell;

    mock_reg_store(nic, ref, value);
    if (nic->quirks->vtivar_accumulates)
        *cell |= before;
}
