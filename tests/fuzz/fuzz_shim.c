/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_shim.h"

#include "fuzz.h"

#include <sriov/log.h>

#include <errno.h>

struct fuzz_shim fuzz_shim;

static void *host_alloc(void *vmm, size_t size, size_t align)
{
    void *ptr = NULL;

    (void)vmm;
    if (posix_memalign(&ptr, align < sizeof(void *) ? sizeof(void *) : align, size) != 0) {
        return NULL;
    }
    memset(ptr, 0, size);
    fuzz_shim.blocks++;
    return ptr;
}

static void host_free(void *vmm, void *ptr, size_t size)
{
    (void)vmm;
    (void)size;
    fuzz_shim.blocks -= ptr != NULL;
    free(ptr);
}

static uint64_t now_ns(void *vmm)
{
    (void)vmm;
    return fuzz_shim.now += 1000;
}

static void relax(void *vmm)
{
    (void)vmm;
    fuzz_shim.now += 1000;
}

static void sleep_ns(void *vmm, uint64_t ns)
{
    (void)vmm;
    fuzz_shim.now += ns;
}

static int wait_ns(void *vmm, uint64_t ns)
{
    (void)vmm;
    fuzz_shim.now += ns == UINT64_MAX ? 0 : ns;
    return ns == UINT64_MAX ? -EAGAIN : -ETIMEDOUT;
}

static int fn_open(void *vmm, const struct sriov_open_args *args, void **fn)
{
    (void)vmm;
    (void)args;
    *fn = &fuzz_shim;
    return 0;
}

static void fn_close(void *fn)
{
    (void)fn;
}

static int fn_info(void *fn, struct sriov_fn_info *info)
{
    (void)fn;
    *info = fuzz_shim.info;
    info->size = sizeof(*info);
    return 0;
}

static int cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    (void)fn;
    FUZZ_MUST(width == 1 || width == 2 || width == 4);
    FUZZ_MUST(off % width == 0 && off <= FUZZ_CFG_BYTES - width);
    FUZZ_MUST(off < 256 || (fuzz_shim.info.caps & SRIOV_CAP_CFG_EXTENDED) != 0);
    *value = 0;
    memcpy(value, fuzz_shim.cfg + off, width);
    return 0;
}

static int cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value)
{
    uint32_t ignored;

    (void)value;
    return cfg_read(fn, off, width, &ignored);
}

static int bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info)
{
    (void)fn;
    FUZZ_MUST(bar < 6);
    info->length = fuzz_shim.bar_length[bar];
    info->flags = fuzz_shim.bar_flags[bar];
    return 0;
}

static int bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    (void)fn;
    (void)bar;
    (void)off;
    (void)width;
    *value = UINT64_MAX;
    return -ERANGE;
}

static int bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    return bar_read(fn, bar, off, width, &value);
}

static int dma_limits(void *fn, struct sriov_dma_limits *limits)
{
    (void)fn;
    (void)limits;
    return -EOPNOTSUPP;
}

static int dma_alloc(void *fn, struct sriov_dma_mem *mem)
{
    (void)fn;
    (void)mem;
    return -ENOMEM;
}

static int dma_free(void *fn, const struct sriov_dma_mem *mem)
{
    (void)fn;
    (void)mem;
    return -EINVAL;
}

static const struct sriov_vmm_ops ops = {
    .size = sizeof(ops),
    .abi = SRIOV_VMM_ABI,
    .name = "fuzz",
    .host_alloc = host_alloc,
    .host_free = host_free,
    .now_ns = now_ns,
    .relax = relax,
    .sleep_ns = sleep_ns,
    .wait = wait_ns,
    .open = fn_open,
    .close = fn_close,
    .info = fn_info,
    .cfg_read = cfg_read,
    .cfg_write = cfg_write,
    .bar_info = bar_info,
    .bar_read = bar_read,
    .bar_write = bar_write,
    .dma_limits = dma_limits,
    .dma_alloc = dma_alloc,
    .dma_free = dma_free,
};

void fuzz_shim_begin(void)
{
    memset(&fuzz_shim, 0, sizeof(fuzz_shim));
    fuzz_shim.info.iommu_group = -1;
    memcpy(fuzz_shim.info.name, "fuzzed", sizeof("fuzzed"));
    FUZZ_MUST(sriov_vmm_register(&ops, NULL, &fuzz_shim.vmm) == 0);
    sriov_log_set_level(fuzz_shim.vmm, (enum sriov_log_level)0);
}

void fuzz_shim_end(void)
{
    FUZZ_MUST(sriov_vmm_unregister(fuzz_shim.vmm) == 0);
    FUZZ_MUST(fuzz_shim.blocks == 0);
}
