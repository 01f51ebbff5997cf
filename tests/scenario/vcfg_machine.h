/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VMM of few lines: a simulated VF, its virtual configuration space, and hooks that do what a
 * machine does. Guest addresses from HOLE_FIRST on are for BARs; below is memory.
 */
#ifndef VCFG_MACHINE_H
#define VCFG_MACHINE_H

#include "vf_fixture.h"

#include <sriov/hw/pci_regs.h>
#include <sriov/irq.h>
#include <sriov/vcfg.h>

#define HOLE_FIRST UINT64_C(0xe0000000) /* guest addresses for BARs */
#define HOLE_BYTES UINT64_C(0x01000000)
#define MSI_ADDR   UINT32_C(0xfee00000)
#define VECTORS    3u

struct vcfg_chip {
    const char *model;
    uint16_t device;
    uint32_t cause_set, cause_mask, cause_clear; /* interrupt registers of the VF */
};

struct machine {
    struct vf_world world;
    const struct vcfg_chip *chip;
    struct sriov_fn *fn;
    struct sriov_bar bar[SRIOV_PCI_BAR_COUNT];
    struct sriov_vcfg *vcfg;
    uint64_t gpa[SRIOV_PCI_BAR_COUNT];
    struct sriov_vm_msi route[VECTORS];
    bool routed[VECTORS];
    bool waiting[VECTORS];
    uint32_t taken[256]; /* interrupts in the guest, by data */
    uint32_t flrs;
};

/* VF 0 of one PF, with nothing decoded and MSI-X off. */
void machine_begin(struct machine *m, const struct vcfg_chip *chip);
void machine_end(struct machine *m);

/* The guest's accesses to addresses that a BAR decodes; any other fails the test. */
uint32_t mmio_rd(struct machine *m, uint64_t gpa);
void mmio_wr(struct machine *m, uint64_t gpa, uint32_t value);

#endif
