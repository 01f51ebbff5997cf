/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF of the fake VMM, its virtual configuration space, and hooks that write down what they hear. */
#ifndef VCFG_STAGE_H
#define VCFG_STAGE_H

#include "fake_vmm.h"

#include <sriov/hw/pci_regs.h>
#include <sriov/vcfg.h>

#define STAGE_MSIX 0x70u /* where the guest finds its capabilities */
#define STAGE_EXP  0xa0u

struct stage {
    struct fake *f;
    struct sriov_fn *fn;
    struct sriov_vcfg *vcfg;
    /* A word for each call: "bar0@e0000000 bar0- master+ msix+ route2=fee00000:41 route2- slow2+ flr ". */
    char heard[16384];
    unsigned calls;
    const char *refuse; /* calls whose word begins so are refused; NULL: none */
    uint64_t pending;   /* of vectors 0 to 63 */
    unsigned pending_calls;
};

/* The fake is a VF with BAR 0 (64 bits, 16 KiB) and 3 (64 bits, 16 KiB), MSI-X in BAR 3. Nothing is open
 * yet, so that a test can bend it. */
void stage_make(struct stage *s);
void stage_open(struct stage *s);
/* sriov_vcfg_create with hooks that listen; flags: SRIOV_VCFG_*. */
int stage_create(struct stage *s, uint32_t flags);
void stage_end(struct stage *s);

/* cmocka setup and teardown: made, opened and created, in *state. */
int stage_setup(void **state);
int stage_setup_slow(void **state);
int stage_teardown(void **state);

/* What was heard since the last look is exactly this. */
void stage_heard(struct stage *s, const char *words);
struct sriov_vcfg_counts stage_counts(struct stage *s);

uint32_t rd(struct stage *s, uint32_t off, uint32_t width);
void wr(struct stage *s, uint32_t off, uint32_t width, uint32_t value);
/* A 32-bit word of a table entry; it must be answered. */
uint32_t table_rd(struct stage *s, uint32_t vector, uint32_t reg);
void table_wr(struct stage *s, uint32_t vector, uint32_t reg, uint32_t value);

#endif
