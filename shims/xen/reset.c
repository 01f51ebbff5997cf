/* SPDX-License-Identifier: BSD-3-Clause */
/* Function level reset, and the VFs of a PF. */
#include "sxen.h"

#include <errno.h>

/* In a domU the kernel would try, and pciback would drop its write: no reset, said to have been one. */
void sxen_reset_init(struct sxen_fn *fn)
{
    char path[SKVM_PATH_MAX];
    skvm_dev_path(&fn->xen->base.host, path, fn->info.name, "reset");
    fn->can_reset = fn->xen->kind == SXEN_DOM0 && skvm_exists(&fn->xen->base.host, path);
}

int sxen_op_reset(void *handle)
{
    struct sxen_fn *fn = handle;
    char path[SKVM_PATH_MAX];
    if (!fn->can_reset) {
        return -EOPNOTSUPP;
    }
    if (atomic_load(&fn->dead)) {
        return -ENODEV;
    }
    skvm_dev_path(&fn->xen->base.host, path, fn->info.name, "reset");
    int err = skvm_write_text(&fn->xen->base.host, path, "1");
    if (err == -ENODEV || err == -ENOENT) {
        sxen_note_gone(fn);
        return -ENODEV;
    }
    if (err != 0) {
        sriov_log(fn->xen->base.vmm, SRIOV_LOG_ERROR,
                  "%s: the kernel does not reset it (errno %d): see dmesg", fn->info.name, -err);
        return err == -EAGAIN || err == -ETIMEDOUT || err == -EPERM ? err : -EFAULT;
    }
    return sxen_pirqs_again(fn);
}

int sxen_op_set_vfs(void *handle, uint16_t n)
{
    struct sxen_fn *fn = handle;
    struct skvm_why why = {""};
    int err = -EOPNOTSUPP;
    if ((fn->info.caps & SRIOV_CAP_SET_VFS) != 0) {
        err = skvm_vfs_write(&fn->xen->base.host, fn->info.name, n, &why);
    } else {
        skvm_why(&why, "%s: %s", fn->info.name,
                 fn->info.total_vfs != 0
                     ? "the kernel enables VFs of a PF with a driver alone: bind it to " SXEN_PF_STUB
                     : "no PF with an SR-IOV capability");
    }
    if (err != 0) {
        sriov_log(fn->xen->base.vmm, SRIOV_LOG_ERROR, "%s", why.text);
    }
    return err;
}
