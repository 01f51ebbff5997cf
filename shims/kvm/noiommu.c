/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DMA memory where no IOMMU translates: a device sees physical addresses. Huge pages, since those
 * are contiguous inside and the kernel does not move them; pieces are parts of one such page.
 */
#include "skvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_LENGTH     (UINT64_C(2) << 20)
#define PAGEMAP_PAGE    4096u
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_FRAME   ((UINT64_C(1) << 55) - 1)

/* Physical address of a page that is present; -EPERM where the kernel hides it. */
static int physical(struct skvm_fn *fn, const void *va, uint64_t *address)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    char path[SKVM_PATH_MAX];
    uint64_t entry = 0;

    snprintf(path, sizeof(path), "%s/self/pagemap", fn->kvm->host.proc);
    int fd = sys->open(sys->ctx, path, O_RDONLY);
    if (fd < 0) {
        return -EPERM;
    }
    int64_t n = sys->pread(sys->ctx, fd, &entry, sizeof(entry), (uintptr_t)va / PAGEMAP_PAGE * sizeof(entry));
    sys->close(sys->ctx, fd);
    if (n != (int64_t)sizeof(entry) || (entry & PAGEMAP_PRESENT) == 0 || (entry & PAGEMAP_FRAME) == 0) {
        return -EPERM;
    }
    *address = (entry & PAGEMAP_FRAME) * PAGEMAP_PAGE;
    return 0;
}

/* All huge pages of the memory follow each other. */
static int physical_run(struct skvm_fn *fn, unsigned char *va, uint64_t length, uint64_t *first)
{
    int err = physical(fn, va, first);
    for (uint64_t off = HUGE_LENGTH; err == 0 && off < length; off += HUGE_LENGTH) {
        uint64_t address = 0;
        err = physical(fn, va + off, &address);
        if (err == 0 && address != *first + off) {
            err = -ENOMEM;
        }
    }
    return err;
}

/* Huge pages for length bytes, wherever they are. */
static int huge_map(struct skvm_fn *fn, uint64_t length, void **va)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    *va = NULL;
    int err = sys->map(sys->ctx, va, length, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE | MAP_LOCKED, -1, 0);
    if (err == 0) {
        (void)sys->advise(sys->ctx, *va, length, MADV_DONTFORK);
        memset(*va, 0, length);
    }
    return err != 0 ? -ENOSPC : 0;
}

#define TRIES 8

/*
 * A contiguous run. The kernel hands out first what was freed last: a second try after giving back
 * sees the same pages in the other order, a try while holding on to them sees others.
 */
static int huge_run(struct skvm_fn *fn, uint64_t length, void **va, uint64_t *address)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    void *held[TRIES];
    uint32_t n = 0;
    int err = -ENOMEM;

    for (uint32_t i = 0; err == -ENOMEM && i < TRIES; i++) {
        err = huge_map(fn, length, va);
        err = err != 0 ? err : physical_run(fn, *va, length, address);
        if (err != 0 && *va != NULL && i % 2 == 0) {
            sys->unmap(sys->ctx, *va, length);
        } else if (err != 0 && *va != NULL) {
            held[n++] = *va;
        }
    }
    while (n > 0) {
        sys->unmap(sys->ctx, held[--n], length);
    }
    return err;
}

static const char *huge_remedy(int err)
{
    switch (err) {
    case -ENOSPC:
        return "noiommu needs huge pages, none are left: echo 64 > /proc/sys/vm/nr_hugepages";
    case -EPERM:
        return "physical addresses are hidden: noiommu needs CAP_SYS_ADMIN, run as root";
    default:
        return "no contiguous run of huge pages: reserve them at boot with hugepages=N";
    }
}

static int huge_new(struct skvm_fn *fn, uint64_t length, struct skvm_map **out)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    void *va = NULL;
    uint64_t address = 0;

    int err = huge_run(fn, length, &va, &address);
    if (err != 0) {
        sriov_log(fn->kvm->vmm, SRIOV_LOG_ERROR, "%s: %s", fn->info.name, huge_remedy(err));
        return err == -EPERM ? err : -ENOMEM;
    }
    *out = skvm_map_new(fn, address, va, length);
    if (*out == NULL) {
        sys->unmap(sys->ctx, va, length);
        return -ENOMEM;
    }
    (*out)->own = true;
    (*out)->unit = length / SKVM_UNITS;
    return 0;
}

/* A free run of one map at the alignment that is asked. */
static bool take_from(struct skvm_map *chunk, struct sriov_dma_mem *mem)
{
    for (uint32_t first = 0; first < SKVM_UNITS; first++) {
        uint64_t iova = chunk->iova + first * chunk->unit;
        if ((mem->align <= 1 || iova % mem->align == 0) && skvm_chunk_take(chunk, first, mem->length)) {
            mem->iova.raw = iova;
            mem->va = (unsigned char *)chunk->va + first * chunk->unit;
            mem->cookie = (uintptr_t)chunk;
            memset(mem->va, 0, mem->length);
            return true;
        }
    }
    return false;
}

int skvm_noiommu_alloc(struct skvm_fn *fn, struct sriov_dma_mem *mem)
{
    struct skvm_map *chunk = fn->maps;
    while (chunk != NULL && !take_from(chunk, mem)) {
        chunk = chunk->next;
    }
    if (chunk != NULL) {
        return 0;
    }
    uint64_t length = (mem->length + HUGE_LENGTH - 1) & ~(HUGE_LENGTH - 1);
    int err = huge_new(fn, length, &chunk);
    if (err == 0 && !take_from(chunk, mem)) {
        err = -ENOMEM; /* an alignment beyond a huge page; the page serves the next one */
    }
    return err;
}
