/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtual configuration space from create to destroy. */
#include "vcfg.h"

#define KNOWN_FLAGS (SRIOV_VCFG_SLOW_MASK | SRIOV_VCFG_WHOLE)

static int take_args(struct sriov_vcfg *vcfg, const struct sriov_vcfg_hooks *hooks,
                     const struct sriov_vcfg_opts *opts)
{
    struct sriov_vcfg_opts taken = {.size = sizeof(taken)};
    int rc = sric_opts_take(&vcfg->hooks, sizeof(vcfg->hooks), sizeof(*hooks), hooks);

    if (rc == 0 && opts != NULL) {
        rc = sric_opts_take(&taken, sizeof(taken), sizeof(*opts), opts);
    }
    if (rc == 0 && (vcfg->hooks.reserved0 != 0 || (taken.flags & ~KNOWN_FLAGS) != 0)) {
        rc = -EINVAL;
    }
    vcfg->flags = taken.flags;
    return rc;
}

static bool inside(const struct sriov_vcfg *vcfg, uint32_t bar, uint64_t off, uint64_t bytes)
{
    uint64_t length = vcfg->bar[bar].length;

    return off <= length && bytes <= length - off;
}

/* The table and the PBA must lie in their BARs and not over each other (PCI 3.0, 6.8.2). */
static bool msix_fits(const struct sriov_vcfg *vcfg)
{
    const struct sriov_msix_cap *cap = &vcfg->msix;
    uint64_t table = (uint64_t)cap->vectors * SRIOV_PCI_MSIX_ENTRY_SIZE;
    uint64_t pba = (uint64_t)(cap->vectors + 63u) / 64u * 8u;

    if (!inside(vcfg, cap->table_bar, cap->table_off, table) ||
        !inside(vcfg, cap->pba_bar, cap->pba_off, pba)) {
        return false;
    }
    return cap->table_bar != cap->pba_bar || cap->table_off >= cap->pba_off + pba ||
           cap->pba_off >= cap->table_off + table;
}

static int take_msix(struct sriov_vcfg *vcfg, struct sriov_fn *fn)
{
    int rc = sriov_cfg_msix(fn, &vcfg->msix);

    if (rc == -ENOENT) {
        return 0;
    }
    if (rc == 0 && !msix_fits(vcfg)) {
        rc = -EPROTO;
    }
    if (rc != 0) {
        return rc;
    }
    vcfg->vector =
        sric_alloc(vcfg->vmm, vcfg->msix.vectors * sizeof(*vcfg->vector), _Alignof(struct sric_vcfg_vector));
    if (vcfg->vector == NULL) {
        return -ENOMEM;
    }
    sric_vcfg_msix_clear(vcfg);
    return 0;
}

static int fill(struct sriov_vcfg *vcfg, struct sriov_fn *fn)
{
    int rc = sric_vcfg_size_bars(vcfg, fn);

    if (rc == 0) {
        rc = take_msix(vcfg, fn);
    }
    if (rc == 0) {
        rc = sric_vcfg_build(vcfg, fn);
    }
    return rc;
}

static int check_fn(const struct sriov_vcfg *vcfg, const struct sriov_fn *fn)
{
    return sriov_fn_info(fn)->is_vf != 0 || (vcfg->flags & SRIOV_VCFG_WHOLE) != 0 ? 0 : -EOPNOTSUPP;
}

int sriov_vcfg_create(struct sriov_fn *fn, const struct sriov_vcfg_hooks *hooks,
                      const struct sriov_vcfg_opts *opts, struct sriov_vcfg **out)
{
    struct sriov_vcfg *vcfg;
    int rc;

    if (fn == NULL || out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    if (sriov_fn_gone(fn)) {
        return -ENODEV;
    }
    vcfg = sriov_fn_host_alloc(fn, sizeof(*vcfg), _Alignof(struct sriov_vcfg));
    if (vcfg == NULL) {
        return -ENOMEM;
    }
    vcfg->vmm = sriov_fn_vmm(fn);
    rc = take_args(vcfg, hooks, opts);
    if (rc == 0) {
        rc = check_fn(vcfg, fn);
    }
    if (rc == 0) {
        rc = fill(vcfg, fn);
    }
    if (rc != 0) {
        sriov_vcfg_destroy(vcfg);
        return rc;
    }
    *out = vcfg;
    return 0;
}

void sriov_vcfg_destroy(struct sriov_vcfg *vcfg)
{
    struct sriov_vmm *vmm;

    if (vcfg == NULL) {
        return;
    }
    vmm = vcfg->vmm;
    if (vcfg->vector != NULL) {
        sric_free(vmm, vcfg->vector, vcfg->msix.vectors * sizeof(*vcfg->vector));
    }
    sric_free(vmm, vcfg, sizeof(*vcfg));
}

uint64_t sriov_vcfg_bar_length(const struct sriov_vcfg *vcfg, uint32_t bar)
{
    return bar < SRIOV_PCI_BAR_COUNT ? vcfg->bar[bar].length : 0;
}

uint64_t sriov_vcfg_bar_gpa(const struct sriov_vcfg *vcfg, uint32_t bar)
{
    return bar < SRIOV_PCI_BAR_COUNT ? vcfg->bar[bar].gpa : SRIOV_VCFG_NOWHERE;
}

uint32_t sriov_vcfg_vectors(const struct sriov_vcfg *vcfg)
{
    return vcfg->msix.vectors;
}

int sriov_vcfg_counts(const struct sriov_vcfg *vcfg, struct sriov_vcfg_counts *counts)
{
    return sric_result_give(counts, &vcfg->counts, sizeof(vcfg->counts));
}
