/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest shim: no operating system. Functions are found by a bus scan through ECAM (or ports 0xcf8
 * and 0xcfc), interrupts are IDT vectors of the local APIC, time is the time-stamp counter, and an
 * IOVA is the guest-physical address.
 *
 * What the image must have set up: x86-64 long mode with four-level paging at ring 0, one CPU, its
 * RAM mapped at its physical address, page tables that may be written, an IDT of 256 gates that may
 * be written, a task register whose TSS has an interrupt stack SRIOV_GUEST_IST of 1 KiB or more (code
 * that is compiled for other places too uses the red zone below its stack pointer), SSE as far as the
 * compiler uses it, and the legacy interrupt controllers masked. The shim takes the gates named below,
 * the local APIC and its timer, and entry SRIOV_GUEST_PML4_SLOT of the top page table for device
 * memory. Interrupts are on from create to destroy.
 *
 * An interrupt only marks its vector; callbacks run inside wait, relax and sleep, never in interrupt
 * context. There is one such VMM on a machine.
 *
 * Views lie in the shim's own mapping rather than at the BAR's physical address, so that kill can
 * take them away: they then read all-ones, and a register that is stored to reads back what was
 * stored.
 */
#ifndef SRIOV_GUEST_H
#define SRIOV_GUEST_H

#include <sriov/vmm.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SRIOV_GUEST_PML4_SLOT 1u
#define SRIOV_GUEST_IST       1u

/* IDT gates: one for each MSI-X vector in use, then the timer's; 0xff is the spurious one. */
#define SRIOV_GUEST_VECTOR_FIRST    0x40u
#define SRIOV_GUEST_VECTORS         160u
#define SRIOV_GUEST_VECTOR_TIMER    0xe0u
#define SRIOV_GUEST_VECTOR_SPURIOUS 0xffu

struct sriov_guest_opts {
    uint32_t size;
    uint32_t flags;       /* SRIOV_GUEST_* */
    void *memory;         /* RAM for everything, the image's until create, 4 KiB aligned */
    uint64_t memory_size; /* bytes */
    uint64_t rsdp;        /* physical address of ACPI's root pointer; 0: search below 1 MiB */
    uint64_t ecam;        /* of segment 0, bus 0, for 256 buses; 0: as ACPI says */
    uint64_t mmio;        /* addresses that are no RAM: BARs without a place may be put there */
    uint64_t mmio_size;   /* bytes; 0: nowhere */
    uint64_t tsc_hz;      /* 0: measured with the 8254 timer */
    void (*log)(void *arg, uint32_t level, const char *line); /* may be NULL */
    void *arg;
};
/* Use ports 0xcf8 and 0xcfc even where there is ECAM: no extended config space, hence no SR-IOV. */
#define SRIOV_GUEST_NO_ECAM 1u

/*
 * A registered VMM. Functions have to be opened with SRIOV_OPEN_NOIOMMU: nothing confines them here.
 * VFs that somebody else enabled are not shown.
 * Errors: -EINVAL (memory, flags), -E2BIG, -EBUSY (there is one, or the page-table entry is taken),
 * -ENOMEM, -EOPNOTSUPP (five-level paging, short IDT, no interrupt stack, no local
 * APIC), -ETIMEDOUT (no timer to measure
 * the clock with), -ENOENT (no bus answers).
 */
SRIOV_API int sriov_guest_create(const struct sriov_guest_opts *opts, struct sriov_vmm **out);
/* -EBUSY while a function is open. NULL is fine. VFs that are enabled stay so. */
SRIOV_API int sriov_guest_destroy(struct sriov_vmm *vmm);

struct sriov_guest_stats {
    uint32_t size;
    uint32_t functions;   /* that the scan found, bridges too */
    uint64_t tsc_hz;      /* as measured */
    uint64_t memory_free; /* bytes */
    uint64_t interrupts;  /* taken for MSI-X vectors */
    uint64_t stray;       /* of these: the vector was nobody's */
    uint64_t halts;       /* times the CPU slept */
    uint32_t x2apic;      /* 1: registers are MSRs */
    uint32_t ecam;        /* 1: config space by ECAM */
};
SRIOV_API int sriov_guest_stats(struct sriov_vmm *vmm, struct sriov_guest_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
