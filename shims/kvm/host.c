/* SPDX-License-Identifier: BSD-3-Clause */
/* Options to a host: roots, backend, limits. */
#include "skvm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void skvm_why(struct skvm_why *why, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, args);
    va_end(args);
}

static int root_copy(char *out, const char *given, const char *normal)
{
    const char *root = given != NULL ? given : normal;
    size_t n = strlen(root);
    if (n >= SKVM_PATH_MAX / 2) {
        return -EINVAL;
    }
    memcpy(out, root, n + 1);
    return 0;
}

/* What a newer caller set beyond what this library knows must be zero. */
static int tail_check(const struct sriov_kvm_opts *opts)
{
    const unsigned char *bytes = (const unsigned char *)opts;
    for (size_t i = sizeof(*opts); i < opts->size; i++) {
        if (bytes[i] != 0) {
            return -E2BIG;
        }
    }
    return 0;
}

int skvm_host_init(struct skvm_host *host, const struct sriov_kvm_opts *opts, const struct skvm_sys *sys)
{
    struct sriov_kvm_opts own = {.size = sizeof(own)};

    if (opts != NULL) {
        if (opts->size < offsetof(struct sriov_kvm_opts, sysfs_root)) {
            return -EINVAL;
        }
        int err = tail_check(opts);
        if (err != 0) {
            return err;
        }
        memcpy(&own, opts, opts->size < sizeof(own) ? opts->size : sizeof(own));
    }
    if ((own.flags & ~(SRIOV_KVM_ALLOW_NOIOMMU | SRIOV_KVM_NO_COALESCE)) != 0 || own.reserved0 != 0 ||
        own.backend > SRIOV_KVM_IOMMUFD) {
        return -EINVAL;
    }
    host->sys = sys;
    host->flags = own.flags;
    host->backend = own.backend;
    host->coalesce_below = own.coalesce_below != 0 ? own.coalesce_below : SRIOV_KVM_COALESCE_DEFAULT;
    if ((own.flags & SRIOV_KVM_NO_COALESCE) != 0) {
        host->coalesce_below = 0;
    }
    int err = root_copy(host->sysfs, own.sysfs_root, "/sys");
    err = err != 0 ? err : root_copy(host->dev, own.dev_root, "/dev");
    return err != 0 ? err : root_copy(host->proc, own.proc_root, "/proc");
}

int sriov_kvm_backend_parse(const char *word)
{
    static const char *const words[] = {
        [SRIOV_KVM_AUTO] = "auto",
        [SRIOV_KVM_GROUP] = "group",
        [SRIOV_KVM_IOMMUFD] = "iommufd",
    };
    for (int i = 0; i < (int)(sizeof(words) / sizeof(words[0])); i++) {
        if (word != NULL && strcmp(word, words[i]) == 0) {
            return i;
        }
    }
    return -EINVAL;
}
