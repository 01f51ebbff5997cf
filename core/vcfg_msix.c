/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MSI-X table and pending bits. They are answered here: a guest that masks a vector around each
 * interrupt costs no trip to the device. Hooks hear of a vector only when what may arrive changes.
 */
#include "vcfg.h"

#define WORD(off) ((off) / 4)

/* Bits of an entry's words that can be written (PCI 3.0, 6.8.2). */
static const uint32_t writable[] = {UINT32_C(0xfffffffc), UINT32_MAX, UINT32_MAX,
                                    SRIOV_PCI_MSIX_ENTRY_CTRL_MASK};

static uint32_t control(const struct sriov_vcfg *vcfg)
{
    return vcfg->msix.vectors == 0 ? 0 : sric_vcfg_get(vcfg, SRIC_VCFG_MSIX + SRIOV_PCI_MSIX_CTRL, 2);
}

void sric_vcfg_msix_clear(struct sriov_vcfg *vcfg)
{
    for (uint32_t i = 0; i < vcfg->msix.vectors; i++) {
        memset(vcfg->vector[i].word, 0, sizeof(vcfg->vector[i].word));
        vcfg->vector[i].word[WORD(SRIOV_PCI_MSIX_ENTRY_CTRL)] = SRIOV_PCI_MSIX_ENTRY_CTRL_MASK;
    }
}

/* ---- routes ---- */

static bool may_arrive(const struct sriov_vcfg *vcfg, const struct sric_vcfg_vector *v)
{
    const uint32_t both = SRIOV_PCI_MSIX_CTRL_ENABLE | SRIOV_PCI_MSIX_CTRL_MASKALL;

    return vcfg->msix_on && (control(vcfg) & both) == SRIOV_PCI_MSIX_CTRL_ENABLE &&
           (v->word[WORD(SRIOV_PCI_MSIX_ENTRY_CTRL)] & SRIOV_PCI_MSIX_ENTRY_CTRL_MASK) == 0;
}

static struct sriov_vm_msi message(const struct sric_vcfg_vector *v)
{
    struct sriov_vm_msi msi = {
        .size = sizeof(msi),
        .data = v->word[WORD(SRIOV_PCI_MSIX_ENTRY_DATA)],
        .address = v->word[WORD(SRIOV_PCI_MSIX_ENTRY_ADDR_LO)] |
                   (uint64_t)v->word[WORD(SRIOV_PCI_MSIX_ENTRY_ADDR_HI)] << 32,
    };

    return msi;
}

static int tell_route(struct sriov_vcfg *vcfg, uint32_t vector, const struct sriov_vm_msi *msi)
{
    if (vcfg->hooks.route == NULL) {
        return 0;
    }
    return sric_vcfg_told(vcfg, vcfg->hooks.route(vcfg->hooks.arg, vector, msi));
}

/* Tell where the vector arrives, if that is news. */
static void aim(struct sriov_vcfg *vcfg, uint32_t vector)
{
    struct sric_vcfg_vector *v = &vcfg->vector[vector];
    struct sriov_vm_msi msi = message(v);

    if (!may_arrive(vcfg, v)) {
        if (v->routed && tell_route(vcfg, vector, NULL) == 0) {
            v->routed = false;
        }
        return;
    }
    if (v->routed && v->msi.address == msi.address && v->msi.data == msi.data) {
        return;
    }
    if (tell_route(vcfg, vector, &msi) == 0) {
        v->routed = true;
        v->msi = msi;
    }
}

static void tell_enable(struct sriov_vcfg *vcfg, bool on)
{
    int rc = 0;

    if (on == vcfg->msix_on) {
        return;
    }
    if (vcfg->hooks.msix_enable != NULL) {
        rc = sric_vcfg_told(vcfg, vcfg->hooks.msix_enable(vcfg->hooks.arg, on));
    }
    vcfg->msix_on = rc == 0 ? on : vcfg->msix_on;
}

void sric_vcfg_msix_control(struct sriov_vcfg *vcfg)
{
    bool on = (control(vcfg) & SRIOV_PCI_MSIX_CTRL_ENABLE) != 0;

    if (on) {
        tell_enable(vcfg, true);
    }
    for (uint32_t i = 0; i < vcfg->msix.vectors; i++) {
        aim(vcfg, i);
    }
    if (!on) {
        tell_enable(vcfg, false);
    }
}

/* ---- the guest's accesses ---- */

enum place {
    OF_DEVICE,
    OF_TABLE,
    OF_PBA,
};

static uint64_t table_bytes(const struct sriov_vcfg *vcfg)
{
    return (uint64_t)vcfg->msix.vectors * SRIOV_PCI_MSIX_ENTRY_SIZE;
}

/* Whole quadwords (PCI 3.0, 6.8.2.9). */
static uint64_t pba_bytes(const struct sriov_vcfg *vcfg)
{
    return (uint64_t)(vcfg->msix.vectors + 63u) / 64u * 8u;
}

static bool overlaps(uint64_t off, uint32_t width, uint64_t first, uint64_t length)
{
    return off >= first ? off - first < length : first - off < width;
}

static enum place place_of(const struct sriov_vcfg *vcfg, uint32_t bar, uint64_t off, uint32_t width)
{
    const struct sriov_msix_cap *cap = &vcfg->msix;

    if (cap->vectors == 0) {
        return OF_DEVICE;
    }
    if (bar == cap->table_bar && overlaps(off, width, cap->table_off, table_bytes(vcfg))) {
        return OF_TABLE;
    }
    return bar == cap->pba_bar && overlaps(off, width, cap->pba_off, pba_bytes(vcfg)) ? OF_PBA : OF_DEVICE;
}

/* Both begin at multiples of 8 and have whole ones, so that such an access stays inside. */
static bool legal(uint64_t off, uint32_t width)
{
    return (width == 4 || width == 8) && off % width == 0;
}

static uint32_t pending32(struct sriov_vcfg *vcfg, uint32_t first)
{
    uint32_t bits = 0;

    if (vcfg->hooks.pending == NULL || !vcfg->msix_on) {
        return 0;
    }
    for (uint32_t i = 0; i < 32 && first + i < vcfg->msix.vectors; i++) {
        uint32_t pending = 0;
        int rc = vcfg->hooks.pending(vcfg->hooks.arg, first + i, &pending);

        if (sric_vcfg_told(vcfg, rc) == 0 && pending != 0) {
            bits |= UINT32_C(1) << i;
        }
    }
    return bits;
}

static uint32_t read_word(struct sriov_vcfg *vcfg, enum place place, uint64_t off)
{
    uint32_t rel;

    if (place == OF_PBA) {
        return pending32(vcfg, (uint32_t)(off - vcfg->msix.pba_off) * 8u);
    }
    rel = (uint32_t)(off - vcfg->msix.table_off);
    return vcfg->vector[rel / SRIOV_PCI_MSIX_ENTRY_SIZE].word[WORD(rel % SRIOV_PCI_MSIX_ENTRY_SIZE)];
}

bool sriov_vcfg_bar_read(struct sriov_vcfg *vcfg, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    enum place place = place_of(vcfg, bar, off, width);

    if (place == OF_DEVICE) {
        return false;
    }
    vcfg->counts.reads++;
    *value = UINT64_MAX;
    if (!legal(off, width)) {
        vcfg->counts.ignored++;
        return true;
    }
    *value = read_word(vcfg, place, off);
    if (width == 8) {
        *value |= (uint64_t)read_word(vcfg, place, off + 4) << 32;
    }
    return true;
}

/* The slow way: the device hears of it before anything is done about it. */
static void count_control(struct sriov_vcfg *vcfg, uint32_t vector)
{
    bool masked =
        (vcfg->vector[vector].word[WORD(SRIOV_PCI_MSIX_ENTRY_CTRL)] & SRIOV_PCI_MSIX_ENTRY_CTRL_MASK) != 0;

    vcfg->counts.vector_control++;
    if ((vcfg->flags & SRIOV_VCFG_SLOW_MASK) == 0 || vcfg->hooks.vector_control == NULL) {
        return;
    }
    vcfg->counts.device_trips++;
    (void)sric_vcfg_told(vcfg, vcfg->hooks.vector_control(vcfg->hooks.arg, vector, masked));
}

static void write_table(struct sriov_vcfg *vcfg, uint32_t rel, uint32_t width, uint64_t value)
{
    uint32_t vector = rel / SRIOV_PCI_MSIX_ENTRY_SIZE;
    uint32_t word = WORD(rel % SRIOV_PCI_MSIX_ENTRY_SIZE);
    uint32_t end = word + width / 4;

    for (; word < end; word++) {
        vcfg->vector[vector].word[word] = (uint32_t)value & writable[word];
        value >>= 32;
        if (word == WORD(SRIOV_PCI_MSIX_ENTRY_CTRL)) {
            count_control(vcfg, vector);
        }
    }
    aim(vcfg, vector);
}

bool sriov_vcfg_bar_write(struct sriov_vcfg *vcfg, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    enum place place = place_of(vcfg, bar, off, width);

    if (place == OF_DEVICE) {
        return false;
    }
    vcfg->counts.writes++;
    if (place == OF_PBA || !legal(off, width)) {
        vcfg->counts.ignored++;
        return true;
    }
    write_table(vcfg, (uint32_t)(off - vcfg->msix.table_off), width, value);
    return true;
}

/* ---- what a machine must trap ---- */

static void widen(uint64_t first, uint64_t bytes, uint64_t *from, uint64_t *to)
{
    uint64_t begin = first / SRIOV_VM_PAGE * SRIOV_VM_PAGE;
    uint64_t end = (first + bytes + SRIOV_VM_PAGE - 1) / SRIOV_VM_PAGE * SRIOV_VM_PAGE;

    *from = begin < *from ? begin : *from;
    *to = end > *to ? end : *to;
}

bool sriov_vcfg_trapped(const struct sriov_vcfg *vcfg, uint32_t bar, uint64_t *off, uint64_t *length)
{
    const struct sriov_msix_cap *cap = &vcfg->msix;
    uint64_t from = UINT64_MAX;
    uint64_t to = 0;

    if (cap->vectors != 0 && bar == cap->table_bar) {
        widen(cap->table_off, table_bytes(vcfg), &from, &to);
    }
    if (cap->vectors != 0 && bar == cap->pba_bar) {
        widen(cap->pba_off, pba_bytes(vcfg), &from, &to);
    }
    *off = to != 0 ? from : 0;
    *length = to != 0 ? to - from : 0;
    return to != 0;
}
