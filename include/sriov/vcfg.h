/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual configuration space of a VF (or of another function, SRIOV_VCFG_WHOLE): what the guest's PCI
 * code finds. A VF's own has no ids, no BARs and a command register that is mostly zero (SR-IOV 1.1, 3.4.1);
 * here it is a whole one, made from the PF's SR-IOV capability by way of the seam, with write masks, sizing
 * of BARs, MSI-X and PCIe capabilities and FLR. MSI-X vectors are masked and unmasked here, without a trip to
 * the device.
 *
 * Nothing that the guest writes reaches the device's own config space. Everything the guest does is
 * legal here: what makes no sense is ignored, and counted. One thread at a time.
 *
 * vm.h uses it for sriov_vm_assign; a VMM with a manager of its own can use it alone.
 */
#ifndef SRIOV_VCFG_H
#define SRIOV_VCFG_H

#include <sriov/fn.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_vcfg;

#define SRIOV_VCFG_NOWHERE UINT64_MAX

/* What the guest's writes lead to. Any may be NULL. A negative errno refuses: the guest sees the
 * register changed, the effect is missing and counted (struct sriov_vcfg_counts.refused). */
struct sriov_vcfg_hooks {
    uint32_t size;
    uint32_t reserved0;
    /* The BAR is decoded at gpa now; SRIOV_VCFG_NOWHERE: no longer. */
    int (*bar_moved)(void *arg, uint32_t bar, uint64_t gpa);
    int (*bus_master)(void *arg, bool on);
    /* MSI-X Enable; vectors that may arrive are routed afterwards, each by `route`. */
    int (*msix_enable)(void *arg, bool on);
    /* Vector may arrive as this message; NULL: it is masked (by its own bit or the function's). */
    int (*route)(void *arg, uint32_t vector, const struct sriov_vm_msi *msi);
    int (*pending)(void *arg, uint32_t vector, uint32_t *pending);
    /* The trip to the device that the fast path saves: called for each write to a vector's control
     * word, before `route`, and only with SRIOV_VCFG_SLOW_MASK. */
    int (*vector_control)(void *arg, uint32_t vector, bool masked);
    int (*flr)(void *arg);
    void *arg;
};

struct sriov_vcfg_opts {
    uint32_t size;
    uint32_t flags; /* SRIOV_VCFG_* */
};
/* Every write to a vector-control word is told to the device, as without the paper's optimisation. */
#define SRIOV_VCFG_SLOW_MASK 1u
/*
 * Also for a function that is no VF: it is shown as one of a device of its own. SR-IOV and ARI are not in
 * its list of capabilities, nor are I/O BARs, INTx, MSI and a ROM.
 */
#define SRIOV_VCFG_WHOLE 2u

/*
 * For an open function. Reads its ids, BARs and capabilities once; hooks are copied, opts may be NULL.
 * Errors: -EOPNOTSUPP (not a VF, without SRIOV_VCFG_WHOLE), -EPROTO (malformed capabilities), -ENODEV,
 * -ENOMEM, -EINVAL, -E2BIG.
 */
SRIOV_API int sriov_vcfg_create(struct sriov_fn *fn, const struct sriov_vcfg_hooks *hooks,
                                const struct sriov_vcfg_opts *opts, struct sriov_vcfg **out);
/* No hook is called. NULL is nothing. */
SRIOV_API void sriov_vcfg_destroy(struct sriov_vcfg *vcfg);
/* As after power-on; hooks are told what is no longer so. */
SRIOV_API void sriov_vcfg_reset(struct sriov_vcfg *vcfg);

/* The guest's accesses, any offset, any width: all-ones and nothing where they make no sense. */
SRIOV_API uint32_t sriov_vcfg_read(struct sriov_vcfg *vcfg, uint32_t off, uint32_t width);
SRIOV_API void sriov_vcfg_write(struct sriov_vcfg *vcfg, uint32_t off, uint32_t width, uint32_t value);

/* MSI-X table and PBA, in the BAR that the capability names. True: it was theirs, and is answered
 * here; false: it belongs to the device. */
SRIOV_API bool sriov_vcfg_bar_read(struct sriov_vcfg *vcfg, uint32_t bar, uint64_t off, uint32_t width,
                                   uint64_t *value);
SRIOV_API bool sriov_vcfg_bar_write(struct sriov_vcfg *vcfg, uint32_t bar, uint64_t off, uint32_t width,
                                    uint64_t value);

/* Bytes of the BAR, 0: none. What a guest that sizes it finds; a power of two. */
SRIOV_API uint64_t sriov_vcfg_bar_length(const struct sriov_vcfg *vcfg, uint32_t bar);
/* Where it is decoded now, or SRIOV_VCFG_NOWHERE. */
SRIOV_API uint64_t sriov_vcfg_bar_gpa(const struct sriov_vcfg *vcfg, uint32_t bar);
/* Of `bar`, the bytes that sriov_vcfg_bar_read answers, widened to pages; false: none. */
SRIOV_API bool sriov_vcfg_trapped(const struct sriov_vcfg *vcfg, uint32_t bar, uint64_t *off,
                                  uint64_t *length);
SRIOV_API uint32_t sriov_vcfg_vectors(const struct sriov_vcfg *vcfg);

struct sriov_vcfg_counts {
    uint32_t size;
    uint32_t reserved0;
    uint64_t reads;
    uint64_t writes;
    uint64_t vector_control; /* writes to vector-control words */
    uint64_t device_trips;   /* of these, told to the device */
    uint64_t ignored;        /* writes to what is read-only or not there, accesses that make no sense */
    uint64_t refused;        /* effects that a hook refused */
};
SRIOV_API int sriov_vcfg_counts(const struct sriov_vcfg *vcfg, struct sriov_vcfg_counts *counts);

#ifdef __cplusplus
}
#endif
#endif
