/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtual configuration space, among its own files. */
#ifndef SRIC_VCFG_H
#define SRIC_VCFG_H

#include "core.h"

#include <sriov/hw/pci_regs.h>
#include <sriov/vcfg.h>

/* Where its capabilities lie. Extended space is there and reads 0: an empty list. */
#define SRIC_VCFG_MSIX 0x70u
#define SRIC_VCFG_EXP  0xa0u

struct sric_vcfg_bar {
    uint64_t length;  /* bytes; 0: none */
    uint64_t gpa;     /* where it is decoded, as the hook was told */
    uint64_t refused; /* where the hook did not take it; SRIOV_VCFG_NOWHERE: nothing was refused */
    bool is_64bit;
};

struct sric_vcfg_vector {
    uint32_t word[SRIOV_PCI_MSIX_ENTRY_SIZE / 4]; /* the table entry */
    bool routed;                                  /* the hook knows it, as this message: */
    struct sriov_vm_msi msi;
};

struct sriov_vcfg {
    struct sriov_vmm *vmm;
    struct sriov_vcfg_hooks hooks;
    uint32_t flags; /* SRIOV_VCFG_* */
    bool master;    /* what hooks were told last */
    bool msix_on;
    struct sriov_vcfg_counts counts;
    struct sriov_msix_cap msix; /* vectors 0: it has none */
    struct sric_vcfg_bar bar[SRIOV_PCI_BAR_COUNT];
    struct sric_vcfg_vector *vector;
    uint8_t value[SRIOV_PCI_CFG_SIZE];
    uint8_t initial[SRIOV_PCI_CFG_SIZE];
    uint8_t writable[SRIOV_PCI_CFG_SIZE]; /* bit by bit */
};

static inline uint32_t sric_vcfg_get(const struct sriov_vcfg *vcfg, uint32_t off, uint32_t width)
{
    uint32_t value = 0;

    memcpy(&value, vcfg->value + off, width);
    return value;
}

/* What a hook returned: counted when it refused. */
static inline int sric_vcfg_told(struct sriov_vcfg *vcfg, int rc)
{
    vcfg->counts.refused += rc != 0;
    return rc;
}

/* BARs of the function, then the registers with their initial values and masks. -EPROTO, -ENODEV. */
int sric_vcfg_size_bars(struct sriov_vcfg *vcfg, struct sriov_fn *fn);
int sric_vcfg_build(struct sriov_vcfg *vcfg, struct sriov_fn *fn);

/* Each tells the hooks what the registers say now and did not say before. */
void sric_vcfg_place_bars(struct sriov_vcfg *vcfg);
void sric_vcfg_tell_master(struct sriov_vcfg *vcfg);
void sric_vcfg_msix_control(struct sriov_vcfg *vcfg);

/* The table as after power-on; nobody is told. */
void sric_vcfg_msix_clear(struct sriov_vcfg *vcfg);

#endif
