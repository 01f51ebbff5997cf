/* SPDX-License-Identifier: BSD-3-Clause */
/* A function in a VM: device state, and what the manager keeps of it for the guest. */
#include "mig.h"
#include "vm.h"

enum {
    DEVS,
    VCFG,
    SECTIONS
};

/* A VMM that shows the function by itself has its config space and moves it by itself. */
static int check(const struct sriov_assign *a)
{
    if (a == NULL) {
        return -EINVAL;
    }
    if (a->taken || sriov_fn_gone(a->fn)) {
        return -ENODEV;
    }
    return a->vcfg != NULL ? 0 : -EOPNOTSUPP;
}

static int put_vcfg(struct sriov_mig_writer *w, struct sriov_assign *a)
{
    uint64_t len = sric_vcfg_state_len(a->vcfg);
    uint8_t *bytes = sric_alloc(a->vm->vmm, (size_t)len, 8);
    int rc;

    if (bytes == NULL) {
        return -ENOMEM;
    }
    sric_vcfg_save(a->vcfg, bytes);
    rc = sriov_mig_put(w, SRIC_MIG_VCFG, 1, bytes, len);
    sric_free(a->vm->vmm, bytes, (size_t)len);
    return rc;
}

/* The device first: once it stands still, nothing becomes pending any more. */
int sriov_mig_save_assign(struct sriov_assign *a, const struct sriov_mig_blob *pre,
                          struct sriov_mig_blob *out)
{
    struct sriov_mig_writer w;
    uint32_t before = SRIOV_MIG_ERROR;
    int rc = out != NULL ? check(a) : -EINVAL;

    if (rc == 0) {
        rc = sriov_mig_get_state(a->fn, &before);
    }
    if (rc == 0) {
        rc = sriov_mig_writer_begin(&w, a->fn, SRIOV_MIG_KIND_ASSIGN);
    }
    if (rc != 0) {
        return rc;
    }
    rc = sric_mig_put_device(&w, a->fn, pre);
    if (rc != 0) {
        sriov_mig_blob_free(&w.blob);
        return rc;
    }
    rc = put_vcfg(&w, a);
    if (rc == 0) {
        rc = sriov_mig_writer_end(&w, out);
    }
    sriov_mig_blob_free(&w.blob);
    if (rc != 0 && !sriov_fn_gone(a->fn)) {
        (void)sriov_mig_set_state(a->fn, (enum sriov_mig_state)before);
    }
    return rc;
}

/* A message that waited at the source waits, or arrives, here. */
static int raise_pending(struct sriov_assign *a, const uint8_t *bytes)
{
    int rc = 0;

    for (uint32_t v = 0; rc == 0 && v < a->counts.vectors; v++) {
        if (sric_vcfg_was_pending(a->vcfg, bytes, v)) {
            rc = sriov_irq_trigger(a->fn, v);
        }
    }
    return rc;
}

static int take_vcfg(struct sriov_assign *a, const struct sriov_mig_section *s, struct sriov_mig_fault *fault)
{
    int rc = sric_vcfg_load(a->vcfg, s->bytes);

    if (rc == 0) {
        rc = raise_pending(a, s->bytes);
    }
    if (rc == 0) {
        return 0;
    }
    sriov_vcfg_reset(a->vcfg);
    (void)sric_vm_flr(a);
    return sric_mig_refuse(fault, sriov_fn_gone(a->fn) ? -ENODEV : -EIO, SRIC_MIG_VCFG, 0,
                           "%s: a BAR or vector did not find its place in %s; it was reset", a->fn->info.name,
                           a->vm->name);
}

int sriov_mig_load_assign(struct sriov_assign *a, const void *bytes, uint64_t len,
                          struct sriov_mig_fault *fault)
{
    struct sriov_mig_section s[SECTIONS] = {
        [DEVS] = {.tag = SRIC_MIG_DEVS, .version = 1, .required = true},
        [VCFG] = {.tag = SRIC_MIG_VCFG, .version = 1, .required = true},
    };
    int rc = check(a);

    if (rc == 0) {
        rc = sriov_mig_parse(bytes, len, a->fn, SRIOV_MIG_KIND_ASSIGN, s, SECTIONS, fault);
    }
    if (rc == 0) {
        rc = sric_vcfg_check(a->vcfg, &s[VCFG], fault);
    }
    if (rc == 0) {
        rc = sric_mig_push(a->fn, &s[DEVS], fault);
    }
    return rc == 0 ? take_vcfg(a, &s[VCFG], fault) : rc;
}
