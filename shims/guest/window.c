/* SPDX-License-Identifier: BSD-3-Clause */
/* Device memory: one entry of the top page table is ours, one page directory of 512 slots below it. */
#include "guest.h"

#include "cpu.h"

#define PTE_PRESENT  UINT64_C(0x001)
#define PTE_WRITE    UINT64_C(0x002)
#define PTE_UNCACHED UINT64_C(0x018) /* PWT and PCD */
#define PTE_LARGE    UINT64_C(0x080)
#define PTE_ADDRESS  UINT64_C(0x000ffffffffff000)
#define ENTRIES      512u
#define CR4_LA57     (UINT64_C(1) << 12)
#define PML4_SHIFT   39u
#define BASE         ((uintptr_t)SRIOV_GUEST_PML4_SLOT << PML4_SHIFT)

static uint64_t *table_at(uint64_t entry)
{
    return (uint64_t *)(uintptr_t)(entry & PTE_ADDRESS);
}

static uint64_t entry_of(const void *table)
{
    return (uintptr_t)table | PTE_PRESENT | PTE_WRITE;
}

static void *new_table(struct guest *g)
{
    return guest_heap_alloc(&g->heap, GUEST_PAGE, GUEST_PAGE);
}

int guest_window_open(struct guest *g)
{
    struct guest_window *w = &g->window;
    uint64_t *pml4 = table_at(cpu_cr3());

    if ((cpu_cr4() & CR4_LA57) != 0) {
        return -EOPNOTSUPP;
    }
    if ((pml4[SRIOV_GUEST_PML4_SLOT] & PTE_PRESENT) != 0) {
        return -EBUSY;
    }
    w->pdpt = new_table(g);
    w->pd = new_table(g);
    if (w->pdpt == NULL || w->pd == NULL) {
        guest_window_close(g);
        return -ENOMEM;
    }
    w->pdpt[0] = entry_of(w->pd);
    pml4[SRIOV_GUEST_PML4_SLOT] = entry_of(w->pdpt);
    return 0;
}

void guest_window_close(struct guest *g)
{
    struct guest_window *w = &g->window;

    table_at(cpu_cr3())[SRIOV_GUEST_PML4_SLOT] = 0;
    __asm__ volatile("mov %0, %%cr3" : : "r"(cpu_cr3()) : "memory"); /* forgets what was cached */
    guest_heap_free(&g->heap, w->pd, GUEST_PAGE);
    guest_heap_free(&g->heap, w->pdpt, GUEST_PAGE);
    memset(w, 0, sizeof(*w));
}

static bool is_taken(const struct guest_window *w, uint32_t slot)
{
    return (w->taken[slot / 64] >> slot % 64 & 1) != 0;
}

static void mark(struct guest_window *w, uint32_t slot, uint32_t n, bool taken)
{
    for (uint32_t i = slot; i < slot + n; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        w->taken[i / 64] = taken ? w->taken[i / 64] | bit : w->taken[i / 64] & ~bit;
    }
}

/* First of n free slots in a row; GUEST_SLOTS when there are none. */
static uint32_t find_slots(const struct guest_window *w, uint32_t n)
{
    uint32_t run = 0;

    for (uint32_t i = 0; i < GUEST_SLOTS; i++) {
        run = is_taken(w, i) ? 0 : run + 1;
        if (run == n) {
            return i + 1 - n;
        }
    }
    return GUEST_SLOTS;
}

static volatile uint8_t *slot_va(uint32_t slot)
{
    return (volatile uint8_t *)(BASE + slot * GUEST_SLOT);
}

/* The pages of one slot that lie in [phys, end). */
static void fill_table(uint64_t *table, uint64_t slot_phys, uint64_t phys, uint64_t end)
{
    for (uint32_t i = 0; i < ENTRIES; i++) {
        uint64_t page = slot_phys + i * GUEST_PAGE;
        if (page + GUEST_PAGE > phys && page < end) {
            table[i] = page | PTE_PRESENT | PTE_WRITE | PTE_UNCACHED;
        }
    }
}

static int fill_slot(struct guest *g, uint32_t slot, uint64_t slot_phys, uint64_t phys, uint64_t end,
                     bool large)
{
    uint64_t *table;

    if (large) {
        g->window.pd[slot] = slot_phys | PTE_PRESENT | PTE_WRITE | PTE_UNCACHED | PTE_LARGE;
        return 0;
    }
    table = new_table(g);
    if (table == NULL) {
        return -ENOMEM;
    }
    fill_table(table, slot_phys, phys, end);
    g->window.pd[slot] = entry_of(table);
    return 0;
}

int guest_window_map(struct guest *g, uint64_t phys, uint64_t length, bool large, struct guest_map *map)
{
    uint64_t first = phys & ~(GUEST_SLOT - 1);
    uint64_t slots;

    if (length == 0 || phys > g->phys_last || length - 1 > g->phys_last - phys) {
        return -EINVAL;
    }
    slots = guest_align_up(phys - first + length, GUEST_SLOT) / GUEST_SLOT;
    if (slots > GUEST_SLOTS) {
        return -ENOMEM;
    }
    uint32_t n = (uint32_t)slots;
    uint32_t slot = find_slots(&g->window, n);
    if (slot == GUEST_SLOTS) {
        return -ENOMEM;
    }
    *map = (struct guest_map){slot_va(slot) + (phys - first), length, slot, n};
    mark(&g->window, slot, n, true);
    for (uint32_t i = 0; i < n; i++) {
        if (fill_slot(g, slot + i, first + i * GUEST_SLOT, phys, phys + length, large) != 0) {
            guest_window_unmap(g, map);
            return -ENOMEM;
        }
    }
    return 0;
}

static void flush_slot(uint32_t slot)
{
    for (uint32_t i = 0; i < ENTRIES; i++) {
        cpu_invlpg(slot_va(slot) + i * GUEST_PAGE);
    }
}

void guest_window_unmap(struct guest *g, struct guest_map *map)
{
    for (uint32_t i = map->slot; i < map->slot + map->slots; i++) {
        uint64_t entry = g->window.pd[i];
        g->window.pd[i] = 0;
        flush_slot(i);
        if (entry != 0 && (entry & PTE_LARGE) == 0) {
            guest_heap_free(&g->heap, table_at(entry), GUEST_PAGE);
        }
    }
    mark(&g->window, map->slot, map->slots, false);
    memset(map, 0, sizeof(*map));
}

void guest_window_redirect(struct guest *g, const struct guest_map *map, const void *page)
{
    for (uint32_t i = map->slot; i < map->slot + map->slots; i++) {
        uint64_t *table = table_at(g->window.pd[i]);
        for (uint32_t j = 0; j < ENTRIES; j++) {
            table[j] = table[j] != 0 ? entry_of(page) : 0;
        }
        flush_slot(i);
    }
}

/* Bytes from va to the end of its page when that page lies at its own number; else 0. */
static uint64_t identity_bytes(uint64_t va)
{
    const uint64_t *table = table_at(cpu_cr3());

    for (uint32_t shift = PML4_SHIFT; shift >= 12; shift -= 9) {
        uint64_t entry = table[va >> shift & (ENTRIES - 1)];
        uint64_t size = UINT64_C(1) << shift;
        if ((entry & PTE_PRESENT) == 0) {
            return 0;
        }
        if (shift == 12 || (shift < PML4_SHIFT && (entry & PTE_LARGE) != 0)) {
            bool same = (entry & PTE_ADDRESS & ~(size - 1)) == (va & ~(size - 1));
            return same ? size - (va & (size - 1)) : 0;
        }
        table = table_at(entry);
    }
    return 0;
}

bool guest_window_is_identity(const void *va, uint64_t length)
{
    uint64_t at = (uintptr_t)va;

    while (length != 0) {
        uint64_t bytes = at >> 47 == 0 ? identity_bytes(at) : 0;
        if (bytes == 0) {
            return false;
        }
        bytes = bytes < length ? bytes : length;
        at += bytes;
        length -= bytes;
    }
    return true;
}
