/* SPDX-License-Identifier: BSD-3-Clause */
/* A function's device state into a stream and out of it. */
#include "mig.h"

#define READ_MIN 4096u

int sric_mig_pull(struct sriov_fn *fn, struct sriov_mig_blob *blob)
{
    uint64_t len;
    int rc;

    do {
        len = 0;
        rc = sric_mig_grow(blob, READ_MIN);
        if (rc == 0) {
            rc = sriov_mig_read(fn, blob->bytes + blob->len, blob->room - blob->len, &len);
        }
        blob->len += len;
    } while (rc == 0 && len != 0);
    return rc;
}

/* Back to where it was; a device that cannot is left to sriov_mig_abort. */
static int restore(struct sriov_fn *fn, uint32_t state, int rc)
{
    if (rc != 0 && state != SRIOV_MIG_ERROR && !sriov_fn_gone(fn)) {
        (void)sriov_mig_set_state(fn, (enum sriov_mig_state)state);
    }
    return rc;
}

int sric_mig_put_device(struct sriov_mig_writer *w, struct sriov_fn *fn, const struct sriov_mig_blob *pre)
{
    struct sriov_mig_blob state = {.vmm = sriov_fn_vmm(fn)};
    uint32_t before;
    int rc = sriov_mig_get_state(fn, &before);

    if (rc == 0 && before != SRIOV_MIG_RUNNING && before != SRIOV_MIG_PRE_COPY && before != SRIOV_MIG_STOP) {
        rc = before == SRIOV_MIG_ERROR ? -EIO : -EBUSY;
    }
    if (rc != 0) {
        return rc;
    }
    if (pre != NULL && pre->len != 0) {
        rc = sric_mig_append(&state, pre->bytes, pre->len);
    }
    if (rc == 0) {
        rc = sriov_mig_set_state(fn, SRIOV_MIG_STOP_COPY);
    }
    if (rc == 0) {
        rc = sric_mig_pull(fn, &state);
    }
    if (rc == 0) {
        rc = sriov_mig_put(w, SRIC_MIG_DEVS, 1, state.bytes, state.len);
    }
    sriov_mig_blob_free(&state);
    return restore(fn, before, rc);
}

int sriov_mig_save_fn(struct sriov_fn *fn, const struct sriov_mig_blob *pre, struct sriov_mig_blob *out)
{
    struct sriov_mig_writer w;
    uint32_t before;
    int rc = fn != NULL && out != NULL ? sriov_mig_get_state(fn, &before) : -EINVAL;

    if (rc == 0) {
        rc = sriov_mig_writer_begin(&w, fn, SRIOV_MIG_KIND_FN);
    }
    if (rc != 0) {
        return rc;
    }
    rc = sric_mig_put_device(&w, fn, pre);
    if (rc != 0) {
        sriov_mig_blob_free(&w.blob);
        return rc;
    }
    rc = sriov_mig_writer_end(&w, out);
    return restore(fn, before, rc);
}

static const char *why(int rc)
{
    switch (rc) {
    case -EPROTO:
        return "the device refuses it as not its own, or damaged";
    case -ENOSPC:
        return "the device has no room for its filters";
    case -EOPNOTSUPP:
        return "this function cannot take device state";
    default:
        return "the device failed";
    }
}

int sric_mig_push(struct sriov_fn *fn, const struct sriov_mig_section *devs, struct sriov_mig_fault *fault)
{
    uint32_t before;
    int rc = sriov_mig_get_state(fn, &before);

    if (rc == 0 && before != SRIOV_MIG_RUNNING && before != SRIOV_MIG_STOP) {
        rc = before == SRIOV_MIG_ERROR ? -EIO : -EBUSY;
    }
    if (rc != 0) {
        return sric_mig_refuse(fault, rc, SRIC_MIG_DEVS, 0, "%s: %s (errno %d)", fn->info.name, why(rc), -rc);
    }
    rc = sriov_mig_set_state(fn, SRIOV_MIG_RESUMING);
    if (rc == 0) {
        rc = sriov_mig_write(fn, devs->bytes, devs->len);
        if (rc == 0) {
            rc = sriov_mig_set_state(fn, SRIOV_MIG_STOP);
        }
        if (rc != 0 && !sriov_fn_gone(fn)) {
            (void)sriov_mig_abort(fn, NULL);
            (void)sriov_mig_set_state(fn, (enum sriov_mig_state)before);
        }
    }
    return rc == 0 ? 0
                   : sric_mig_refuse(fault, rc, SRIC_MIG_DEVS, 0, "%s: %s (errno %d)", fn->info.name, why(rc),
                                     -rc);
}

int sriov_mig_load_fn(struct sriov_fn *fn, const void *bytes, uint64_t len, struct sriov_mig_fault *fault)
{
    struct sriov_mig_section devs = {.tag = SRIC_MIG_DEVS, .version = 1, .required = true};
    int rc = fn != NULL ? sriov_mig_parse(bytes, len, fn, SRIOV_MIG_KIND_FN, &devs, 1, fault) : -EINVAL;

    return rc == 0 ? sric_mig_push(fn, &devs, fault) : rc;
}
