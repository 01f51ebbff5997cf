/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X (PCI 3.0, 6.8.2): the table's messages are writes to this CPU's local APIC (SDM volume 3, 11.11). */
#include "guest.h"

#define MSI_ADDRESS    UINT32_C(0xfee00000)
#define MSI_DEST_SHIFT 12u
#define MSI_DEST_MAX   255u /* more takes interrupt remapping */

/* The table or the pending bits, in a BAR that reaches that far; NULL when it does not. */
static volatile uint8_t *structure(struct guest_fn *fn, uint32_t reg, uint64_t bytes)
{
    uint32_t where = guest_cfg_read32(fn->g, fn->dev->rid, fn->dev->msix + reg);
    uint32_t bar = where & SRIOV_PCI_MSIX_BIR;
    uint64_t off = where & SRIOV_PCI_MSIX_OFFSET;

    if (bar >= SRIOV_PCI_BAR_COUNT || guest_bar_map(fn, bar) != 0) {
        return NULL;
    }
    uint64_t length = fn->map[bar].length;
    return off <= length && bytes <= length - off ? fn->map[bar].va + off : NULL;
}

static volatile uint32_t *entry_at(struct guest_fn *fn, uint32_t vector)
{
    uint64_t off = (uint64_t)vector * SRIOV_PCI_MSIX_ENTRY_SIZE;
    volatile uint8_t *table = structure(fn, SRIOV_PCI_MSIX_TABLE, off + SRIOV_PCI_MSIX_ENTRY_SIZE);

    return table == NULL ? NULL : (volatile uint32_t *)(table + off);
}

static void set_control(struct guest_fn *fn, bool enable, bool mask_all)
{
    uint32_t at = fn->dev->msix + SRIOV_PCI_MSIX_CTRL;
    uint32_t control = guest_cfg_read16(fn->g, fn->dev->rid, at);

    control &= ~(SRIOV_PCI_MSIX_CTRL_ENABLE | SRIOV_PCI_MSIX_CTRL_MASKALL);
    control |= enable ? SRIOV_PCI_MSIX_CTRL_ENABLE : 0;
    control |= mask_all ? SRIOV_PCI_MSIX_CTRL_MASKALL : 0;
    guest_cfg_write(fn->g, fn->dev->rid, at, 2, control);
}

static uint32_t table_size(struct guest_fn *fn)
{
    uint32_t control = guest_cfg_read16(fn->g, fn->dev->rid, fn->dev->msix + SRIOV_PCI_MSIX_CTRL);

    return (control & SRIOV_PCI_MSIX_CTRL_SIZE) + 1;
}

static struct guest_vector *vector_of(struct guest_fn *fn, uint32_t vector)
{
    return &fn->g->vector[fn->vector[vector]];
}

static void write_mask(struct guest_fn *fn, uint32_t vector, bool masked)
{
    volatile uint32_t *entry = entry_at(fn, vector);

    if (entry != NULL) {
        entry[SRIOV_PCI_MSIX_ENTRY_CTRL / 4] = masked ? SRIOV_PCI_MSIX_ENTRY_CTRL_MASK : 0;
    }
}

/* Masked while its message is half written. */
static void write_entry(struct guest_fn *fn, uint32_t vector)
{
    volatile uint32_t *entry = entry_at(fn, vector);

    if (entry != NULL) {
        entry[SRIOV_PCI_MSIX_ENTRY_CTRL / 4] = SRIOV_PCI_MSIX_ENTRY_CTRL_MASK;
        entry[SRIOV_PCI_MSIX_ENTRY_ADDR_LO / 4] = MSI_ADDRESS | guest_apic_id() << MSI_DEST_SHIFT;
        entry[SRIOV_PCI_MSIX_ENTRY_ADDR_HI / 4] = 0;
        entry[SRIOV_PCI_MSIX_ENTRY_DATA / 4] = SRIOV_GUEST_VECTOR_FIRST + fn->vector[vector];
        write_mask(fn, vector, vector_of(fn, vector)->masked);
    }
}

static void program(struct guest_fn *fn)
{
    set_control(fn, true, true);
    for (uint32_t i = 0; i < fn->vectors; i++) {
        write_entry(fn, i);
    }
    set_control(fn, true, false);
}

void guest_msix_restore(struct guest_fn *fn)
{
    if (fn->vectors != 0) {
        program(fn);
    }
}

/* ---- vectors of the machine ---- */

static uint32_t count_free(const struct guest *g)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < SRIOV_GUEST_VECTORS; i++) {
        n += g->vector[i].fn == NULL;
    }
    return n;
}

static void take_vectors(struct guest_fn *fn, uint32_t n)
{
    uint32_t next = 0;

    for (uint16_t i = 0; next < n; i++) {
        struct guest_vector *vector = &fn->g->vector[i];
        if (vector->fn == NULL) {
            guest_vector_forget(i);
            *vector = (struct guest_vector){.fn = fn, .index = next};
            fn->vector[next++] = i;
        }
    }
    fn->vectors = n;
}

static void give_vectors(struct guest_fn *fn)
{
    for (uint32_t i = 0; i < fn->vectors; i++) {
        memset(vector_of(fn, i), 0, sizeof(struct guest_vector));
        guest_vector_forget(fn->vector[i]);
    }
    guest_heap_free(&fn->g->heap, fn->vector, fn->room * sizeof(*fn->vector));
    fn->vector = NULL;
    fn->room = 0;
    fn->vectors = 0;
}

/* ---- ops ---- */

int guest_op_irq_count(void *handle, uint32_t *count)
{
    struct guest_fn *fn = handle;

    *count = 0;
    if (fn->dev->msix != 0 && guest_apic_id() <= MSI_DEST_MAX) {
        uint32_t size = table_size(fn);
        *count = size < SRIOV_GUEST_VECTORS ? size : SRIOV_GUEST_VECTORS;
    }
    return 0;
}

int guest_op_irq_enable(void *handle, uint32_t *n)
{
    struct guest_fn *fn = handle;
    uint32_t most = 0;
    uint32_t free = count_free(fn->g);

    (void)guest_op_irq_count(fn, &most);
    if (fn->vectors != 0) {
        return -EBUSY;
    }
    most = most < free ? most : free;
    if (*n == 0) {
        return -EINVAL;
    }
    if (*n > most) {
        *n = most;
        return -ENOSPC;
    }
    if (entry_at(fn, *n - 1) == NULL) {
        return -EPROTO;
    }
    fn->vector = guest_heap_alloc(&fn->g->heap, *n * sizeof(*fn->vector), _Alignof(uint16_t));
    if (fn->vector == NULL) {
        return -ENOMEM;
    }
    fn->room = *n;
    take_vectors(fn, *n);
    program(fn);
    return 0;
}

int guest_op_irq_disable(void *handle)
{
    struct guest_fn *fn = handle;

    if (fn->vectors != 0) {
        set_control(fn, false, false);
        (void)table_size(fn); /* the read comes back after every message that was on its way */
        give_vectors(fn);
    }
    return 0;
}

int guest_op_irq_attach(void *handle, uint32_t vector, const struct sriov_irq_sink *sink)
{
    struct guest_fn *fn = handle;

    if (vector >= fn->vectors || sink->cb == NULL) {
        return -EINVAL;
    }
    if (sink->kind != SRIOV_SINK_CALLBACK) {
        return -EOPNOTSUPP;
    }
    vector_of(fn, vector)->sink = *sink;
    return 0;
}

int guest_op_irq_detach(void *handle, uint32_t vector)
{
    struct guest_fn *fn = handle;

    if (vector >= fn->vectors) {
        return -EINVAL;
    }
    memset(&vector_of(fn, vector)->sink, 0, sizeof(struct sriov_irq_sink));
    guest_vector_forget(fn->vector[vector]);
    return 0;
}

static int set_mask(struct guest_fn *fn, uint32_t vector, bool masked)
{
    if (vector >= fn->vectors) {
        return -EINVAL;
    }
    vector_of(fn, vector)->masked = masked;
    write_mask(fn, vector, masked);
    return 0;
}

int guest_op_irq_mask(void *handle, uint32_t vector)
{
    return set_mask(handle, vector, true);
}

int guest_op_irq_unmask(void *handle, uint32_t vector)
{
    return set_mask(handle, vector, false);
}

/* Held back by the device, or taken by the CPU and not delivered yet. */
int guest_op_irq_pending(void *handle, uint32_t vector, uint32_t *value)
{
    struct guest_fn *fn = handle;

    if (vector >= fn->vectors) {
        return -EINVAL;
    }
    volatile uint8_t *bits = structure(fn, SRIOV_PCI_MSIX_PBA, vector / 64 * 8 + 8);
    bool held = bits != NULL && !fn->dead && (bits[vector / 8] >> vector % 8 & 1) != 0;
    *value = held || guest_vector_pending(fn->vector[vector]) ? 1 : 0;
    return 0;
}

/* Through the local APIC, so that it takes the way of a real one from there on; the mask of the table
 * is not on that way. */
int guest_op_irq_trigger(void *handle, uint32_t vector)
{
    struct guest_fn *fn = handle;

    if (vector >= fn->vectors) {
        return -EINVAL;
    }
    if (vector_of(fn, vector)->masked) {
        guest_vector_set_pending(fn->vector[vector]);
    } else {
        guest_apic_send_self((uint8_t)(SRIOV_GUEST_VECTOR_FIRST + fn->vector[vector]));
    }
    return 0;
}
