/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the guest has its BARs decoded. */
#include "vcfg.h"

static uint64_t address(const struct sriov_vcfg *vcfg, uint32_t index)
{
    uint64_t low = sric_vcfg_get(vcfg, SRIOV_PCI_BAR(index), 4) & SRIOV_PCI_BAR_MEM_MASK;

    if (!vcfg->bar[index].is_64bit) {
        return low;
    }
    return low | (uint64_t)sric_vcfg_get(vcfg, SRIOV_PCI_BAR(index + 1), 4) << 32;
}

/*
 * Where it is to be decoded as the registers stand. An address of 0 is none yet. One that ends with
 * the last byte of 32 or 64 bits is what a guest leaves there while it sizes with decoding on.
 */
static uint64_t wanted(const struct sriov_vcfg *vcfg, uint32_t index)
{
    uint64_t length = vcfg->bar[index].length;
    uint64_t first = address(vcfg, index);
    uint64_t last = first + (length - 1);

    if (length == 0 || (sric_vcfg_get(vcfg, SRIOV_PCI_COMMAND, 2) & SRIOV_PCI_COMMAND_MEMORY) == 0) {
        return SRIOV_VCFG_NOWHERE;
    }
    return first == 0 || last == UINT32_MAX || last == UINT64_MAX ? SRIOV_VCFG_NOWHERE : first;
}

static void move(struct sriov_vcfg *vcfg, uint32_t index, uint64_t gpa)
{
    struct sric_vcfg_bar *bar = &vcfg->bar[index];
    int rc = 0;

    if (vcfg->hooks.bar_moved != NULL) {
        rc = sric_vcfg_told(vcfg, vcfg->hooks.bar_moved(vcfg->hooks.arg, index, gpa));
    }
    bar->refused = rc == 0 ? SRIOV_VCFG_NOWHERE : gpa;
    bar->gpa = rc == 0 ? gpa : bar->gpa;
}

/*
 * First what is decoded no longer, then what is: so BARs can trade places, and one that was refused
 * gets another chance once something else has moved away.
 */
void sric_vcfg_place_bars(struct sriov_vcfg *vcfg)
{
    bool freed = false;

    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        struct sric_vcfg_bar *bar = &vcfg->bar[i];

        if (bar->gpa != SRIOV_VCFG_NOWHERE && wanted(vcfg, i) != bar->gpa) {
            move(vcfg, i, SRIOV_VCFG_NOWHERE);
            freed = true;
        }
    }
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        struct sric_vcfg_bar *bar = &vcfg->bar[i];
        uint64_t gpa = wanted(vcfg, i);

        if (gpa == SRIOV_VCFG_NOWHERE) {
            bar->refused = SRIOV_VCFG_NOWHERE;
        } else if (bar->gpa == SRIOV_VCFG_NOWHERE && (freed || gpa != bar->refused)) {
            move(vcfg, i, gpa);
        }
    }
}
