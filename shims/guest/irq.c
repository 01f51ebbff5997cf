/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vectors of the IDT. guest_irq_entry is all that runs in interrupt context: it marks the vector and
 * leaves the rest to the control thread. This file is compiled for general registers only.
 */
#include "guest.h"

#include "cpu.h"
#include "vectors.h"

#define GATE_INTERRUPT (UINT64_C(0x8e00) | SRIOV_GUEST_IST) /* present, ring 0, interrupts off inside */
#define TSS_SIZE       104u
#define TSS_IST(n)     (0x1cu + 8u * (n))
#define GATE_SIZE      16u
#define WORDS          ((SRIOV_GUEST_VECTORS + 63u) / 64u)

_Static_assert(GUEST_FIRST_GATE == SRIOV_GUEST_VECTOR_FIRST, "the stubs begin where the vectors do");

extern const uint8_t guest_irq_stubs[];

/* Marked by interrupts, taken by the control thread. */
static _Atomic uint64_t pending[WORDS];
static _Atomic uint64_t taken;
static _Atomic uint64_t spurious;

void guest_irq_entry(uint64_t gate)
{
    if (gate == SRIOV_GUEST_VECTOR_SPURIOUS) {
        atomic_fetch_add(&spurious, 1);
        return; /* it is not in service: no end of interrupt (SDM 11.9) */
    }
    if (gate < SRIOV_GUEST_VECTOR_FIRST + SRIOV_GUEST_VECTORS) {
        guest_vector_set_pending((uint32_t)(gate - SRIOV_GUEST_VECTOR_FIRST));
        atomic_fetch_add(&taken, 1);
    }
    guest_apic_eoi();
}

void guest_vector_set_pending(uint32_t v)
{
    atomic_fetch_or(&pending[v / 64], UINT64_C(1) << v % 64);
}

bool guest_vector_pending(uint32_t v)
{
    return (atomic_load(&pending[v / 64]) >> v % 64 & 1) != 0;
}

void guest_vector_forget(uint32_t v)
{
    atomic_fetch_and(&pending[v / 64], ~(UINT64_C(1) << v % 64));
}

uint64_t guest_irq_taken(void)
{
    return atomic_load(&taken);
}

/* A vector without a sink has nobody to tell; a masked one is held back. */
static bool is_due(const struct guest *g, uint32_t v)
{
    return guest_vector_pending(v) && !g->vector[v].masked;
}

bool guest_any_due(struct guest *g)
{
    for (uint32_t v = 0; v < SRIOV_GUEST_VECTORS; v++) {
        if (is_due(g, v)) {
            return true;
        }
    }
    return false;
}

static bool any_pending(void)
{
    uint64_t all = 0;

    for (uint32_t i = 0; i < WORDS; i++) {
        all |= atomic_load(&pending[i]);
    }
    return all != 0;
}

static uint32_t deliver_one(struct guest *g, uint32_t v)
{
    struct guest_vector *vector = &g->vector[v];

    guest_vector_forget(v);
    if (vector->fn == NULL) {
        g->stray++;
        return 0;
    }
    if (vector->sink.cb == NULL) {
        return 0;
    }
    vector->sink.cb(vector->sink.arg, vector->index);
    return 1;
}

/* Not from within a callback: one that waits, against the contract, must not recurse. */
uint32_t guest_deliver(struct guest *g)
{
    uint32_t delivered = 0;

    if (g->delivering || !any_pending()) {
        return 0;
    }
    g->delivering = true;
    for (uint32_t v = 0; v < SRIOV_GUEST_VECTORS; v++) {
        delivered += is_due(g, v) ? deliver_one(g, v) : 0;
    }
    g->delivering = false;
    return delivered;
}

/* ---- gates ---- */

static void write_gate(const struct cpu_table *idt, uint32_t gate, uint64_t target)
{
    uint64_t *entry = (uint64_t *)(uintptr_t)(idt->base + gate * GATE_SIZE);
    uint64_t low =
        (target & 0xffff) | (uint64_t)cpu_cs() << 16 | GATE_INTERRUPT << 32 | (target >> 16 & 0xffff) << 48;

    entry[1] = target >> 32;
    entry[0] = target == 0 ? 0 : low;
}

/* SDM volume 3, 8.2.3 and 8.7: the descriptor's base, then the stack's pointer in the TSS. */
static bool has_interrupt_stack(void)
{
    struct cpu_table gdt = cpu_gdt();
    uint32_t at = cpu_task() & 0xfff8u;
    uint64_t low;
    uint64_t high;
    uint64_t stack;

    if (at == 0 || at + 15 > gdt.limit) {
        return false;
    }
    memcpy(&low, (const uint8_t *)(uintptr_t)(gdt.base + at), sizeof(low));
    memcpy(&high, (const uint8_t *)(uintptr_t)(gdt.base + at + 8), sizeof(high));
    uint64_t base = (low >> 16 & 0xffffff) | (low >> 56) << 24 | high << 32;
    if ((low & 0xffff) + 1 < TSS_SIZE || base == 0) {
        return false;
    }
    memcpy(&stack, (const uint8_t *)(uintptr_t)(base + TSS_IST(SRIOV_GUEST_IST)), sizeof(stack));
    return stack != 0;
}

int guest_idt_open(struct guest *g)
{
    struct cpu_table idt = cpu_idt();

    (void)g;
    if (idt.limit < 256 * GATE_SIZE - 1 || !has_interrupt_stack()) {
        return -EOPNOTSUPP;
    }
    for (uint32_t i = 0; i < GUEST_GATES; i++) {
        write_gate(&idt, GUEST_FIRST_GATE + i, (uintptr_t)guest_irq_stubs + i * GUEST_STUB_SIZE);
    }
    return 0;
}

void guest_idt_close(struct guest *g)
{
    struct cpu_table idt = cpu_idt();

    (void)g;
    for (uint32_t i = 0; i < GUEST_GATES; i++) {
        write_gate(&idt, GUEST_FIRST_GATE + i, 0);
    }
    for (uint32_t i = 0; i < WORDS; i++) {
        atomic_store(&pending[i], 0);
    }
}
