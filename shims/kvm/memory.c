/* SPDX-License-Identifier: BSD-3-Clause */
/* Anonymous memory for devices, and what the kernel lets this process lock. */
#include "skvm.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_LENGTH (UINT64_C(2) << 20)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/*
 * Every page must be its own before it is pinned: a page that was never written is the shared zero
 * page, and kernels before 6.2 pin that one for a mapping which the device only reads.
 */
static int make_present(struct skvm *kvm, void *va, uint64_t length)
{
    const struct skvm_sys *sys = kvm->host.sys;
    int err = sys->advise(sys->ctx, va, length, MADV_POPULATE_WRITE);
    if (err == -EINVAL) { /* Linux before 5.14 */
        memset(va, 0, length);
        return 0;
    }
    return err == 0 ? 0 : -ENOMEM;
}

int skvm_memory_get(struct skvm *kvm, uint64_t length, void **va)
{
    const struct skvm_sys *sys = kvm->host.sys;
    int prot = PROT_READ | PROT_WRITE;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    int err = -ENOMEM;

    *va = NULL;
    if (length % HUGE_LENGTH == 0) {
        err = sys->map(sys->ctx, va, length, prot, flags | MAP_HUGETLB, -1, 0);
    }
    if (err != 0) {
        err = sys->map(sys->ctx, va, length, prot, flags, -1, 0);
        if (err == 0 && length >= HUGE_LENGTH) {
            (void)sys->advise(sys->ctx, *va, length, MADV_HUGEPAGE);
        }
    }
    if (err != 0) {
        return -ENOMEM;
    }
    /* A child's copy-on-write would move the page away from under the device. */
    (void)sys->advise(sys->ctx, *va, length, MADV_DONTFORK);
    err = make_present(kvm, *va, length);
    if (err != 0) {
        skvm_memory_put(kvm, *va, length);
        *va = NULL;
    }
    return err;
}

void skvm_memory_put(struct skvm *kvm, void *va, uint64_t length)
{
    kvm->host.sys->unmap(kvm->host.sys->ctx, va, length);
}

#define CAP_IPC_LOCK_BIT 14

static uint64_t locked_kib(const struct skvm_fn *fn)
{
    uint64_t kib = 0;
    return skvm_status_value(&fn->kvm->host, fn->space->backend->locked_key, 10, &kib) == 0 ? kib : 0;
}

uint64_t skvm_lock_left(struct skvm_fn *fn)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    uint64_t limit = sys->memlock(sys->ctx);
    uint64_t caps = 0;

    if (limit == UINT64_MAX || (skvm_status_value(&fn->kvm->host, "CapEff", 16, &caps) == 0 &&
                                (caps >> CAP_IPC_LOCK_BIT & 1) != 0)) {
        return UINT64_MAX;
    }
    uint64_t locked = locked_kib(fn) * 1024;
    return locked < limit ? limit - locked : 0;
}

/* Less than this is soon used up by a driver's rings and packet pool. */
#define LOCK_SOON (UINT64_C(64) << 20)

void skvm_warn_lock(struct skvm_fn *fn, uint64_t left)
{
    if (left >= LOCK_SOON || fn->told_lock) {
        return;
    }
    fn->told_lock = true;
    sriov_log(fn->kvm->vmm, SRIOV_LOG_WARN,
              "%s: only %llu KiB may be locked for DMA (RLIMIT_MEMLOCK): raise it with ulimit -l, or "
              "LimitMEMLOCK= in "
              "the systemd unit",
              fn->info.name, (unsigned long long)(left / 1024));
}

void skvm_explain_map(struct skvm_fn *fn, uint64_t length, int err)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct sriov_vmm *vmm = fn->kvm->vmm;
    const char *name = fn->info.name;
    unsigned long long kib = length / 1024;

    if (err == -ENOMEM) {
        uint64_t limit = sys->memlock(sys->ctx);
        sriov_log(
            vmm, SRIOV_LOG_ERROR,
            "%s: cannot lock %llu KiB for DMA: %llu of %llu KiB (RLIMIT_MEMLOCK) are locked: raise it with "
            "ulimit -l, or LimitMEMLOCK= in the systemd unit",
            name, kib, (unsigned long long)locked_kib(fn), (unsigned long long)(limit / 1024));
    } else if (err == -ENOSPC) {
        sriov_log(
            vmm, SRIOV_LOG_ERROR,
            "%s: the kernel's budget of DMA mappings is used up: raise vfio_iommu_type1 dma_entry_limit, or "
            "use fewer, larger mappings",
            name);
    } else {
        sriov_log(vmm, SRIOV_LOG_ERROR, "%s: the IOMMU refuses to map %llu KiB (errno %d)", name, kib, -err);
    }
}
