/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine around a virtual configuration space: hooks that check what they hear, and whether all of
 * it is what the registers say. */
#ifndef FUZZ_VCFG_H
#define FUZZ_VCFG_H

#include "fuzz.h"
#include "fuzz_shim.h"

#include <sriov/hw/pci_regs.h>
#include <sriov/vcfg.h>

#define VECTORS_MAX 2048u
#define MSIX        0x70u /* where the guest finds its capabilities */
#define EXP         0xa0u
#define DEVCTL      (EXP + SRIOV_PCI_EXP_DEVCTL)

/* What the machine refuses, by bits. */
enum refusal {
    NO_PLACE = 1,
    NO_UNPLACE = 2,
    NO_MASTER = 4,
    NO_MSIX = 8,
    NO_ROUTE = 16,
    NO_UNROUTE = 32,
    NO_FLR = 64,
    NO_PENDING = 128,
};

/* The machine, as the hooks have it. */
struct fuzz_vm {
    struct sriov_vcfg *vcfg;
    uint64_t at[6];
    bool master, msix;
    bool routed[VECTORS_MAX];
    struct sriov_vm_msi route[VECTORS_MAX];
    uint32_t vectors, table_bar, table_off, pba_bar, pba_off;
    bool slow;
    bool tearing; /* no hook may be called */
    uint8_t refuse;
    bool refused; /* since the last time that all was known to agree */
    uint32_t calls;
    uint32_t flrs;
    uint8_t initial[256];
    uint8_t mask[256];
};

extern struct fuzz_vm vm;
extern const struct sriov_vcfg_hooks fuzz_vcfg_hooks;

/* The guest's reads: of configuration space, of a word of a table entry. */
uint32_t rd(uint32_t off, uint32_t width);
uint32_t entry(uint32_t vector, uint32_t reg);

/* These bytes of configuration space have changed in writable bits only. */
void must_stay(uint32_t off, uint32_t bytes);
/* Unless something was refused, the machine is as the registers say; vectors: this one, the first and
 * the last. */
void must_agree(uint32_t vector);
void must_agree_vector(uint32_t vector);
void must_count(void);

#endif
