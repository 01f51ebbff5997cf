/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space is the input: opening, the walks over both capability lists and what they decode. */
#include "fuzz.h"

#include <sriov/fn.h>
#include <sriov/log.h>

#include <errno.h>

#define CFG_BYTES 4096u

static struct {
    uint8_t cfg[CFG_BYTES];
    uint64_t now;
    uint32_t blocks;
    bool extended;
} shim;

static void *host_alloc(void *vmm, size_t size, size_t align)
{
    void *ptr = NULL;

    (void)vmm;
    if (posix_memalign(&ptr, align < sizeof(void *) ? sizeof(void *) : align, size) != 0) {
        return NULL;
    }
    memset(ptr, 0, size);
    shim.blocks++;
    return ptr;
}

static void host_free(void *vmm, void *ptr, size_t size)
{
    (void)vmm;
    (void)size;
    shim.blocks -= ptr != NULL;
    free(ptr);
}

static uint64_t now_ns(void *vmm)
{
    (void)vmm;
    return shim.now += 1000;
}

static void relax(void *vmm)
{
    (void)vmm;
    shim.now += 1000;
}

static void sleep_ns(void *vmm, uint64_t ns)
{
    (void)vmm;
    shim.now += ns;
}

static int wait_ns(void *vmm, uint64_t ns)
{
    (void)vmm;
    shim.now += ns == UINT64_MAX ? 0 : ns;
    return ns == UINT64_MAX ? -EAGAIN : -ETIMEDOUT;
}

static int fn_open(void *vmm, const struct sriov_open_args *args, void **fn)
{
    (void)vmm;
    (void)args;
    *fn = &shim;
    return 0;
}

static void fn_close(void *fn)
{
    (void)fn;
}

static int fn_info(void *fn, struct sriov_fn_info *info)
{
    struct sriov_fn_info mine = {.size = sizeof(mine), .name = "fuzzed", .iommu_group = -1};

    (void)fn;
    mine.caps = shim.extended ? SRIOV_CAP_CFG_EXTENDED : 0;
    *info = mine;
    return 0;
}

static int cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    (void)fn;
    FUZZ_MUST(width == 1 || width == 2 || width == 4);
    FUZZ_MUST(off % width == 0 && off <= CFG_BYTES - width && (shim.extended || off < 256));
    *value = 0;
    memcpy(value, shim.cfg + off, width);
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
    info->length = 0;
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

static int count_cap(void *arg, bool ext, uint16_t id, uint16_t off)
{
    uint32_t *count = arg;

    (void)id;
    FUZZ_MUST(off % 4 == 0 && off < CFG_BYTES && (ext ? off >= 256 : off < 256));
    FUZZ_MUST(++*count <= CFG_BYTES / 4);
    return 0;
}

static void walk(struct sriov_fn *fn)
{
    struct sriov_msix_cap msix;
    struct sriov_iov_cap iov;
    uint32_t caps = 0;
    uint32_t value;
    uint16_t off;

    (void)sriov_cfg_each_cap(fn, count_cap, &caps);
    for (uint16_t id = 0; id < 0x20; id++) {
        FUZZ_MUST(sriov_cfg_find_cap(fn, (uint8_t)id, &off) != 0 || off < 256);
        FUZZ_MUST(sriov_cfg_find_ext_cap(fn, id, &off) != 0 || (off >= 256 && off < CFG_BYTES));
    }
    if (sriov_cfg_msix(fn, &msix) == 0) {
        FUZZ_MUST(msix.vectors >= 1 && msix.vectors <= 2048 && msix.table_bar < 6 && msix.pba_bar < 6);
    }
    if (sriov_cfg_sriov(fn, &iov) == 0) {
        FUZZ_MUST(iov.off >= 256 && (!iov.vf_enable || iov.num_vfs <= iov.total_vfs));
    }
    for (uint32_t at = 0; at < 2 * CFG_BYTES; at += 251) {
        (void)sriov_cfg_read32(fn, at, &value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct sriov_vmm *vmm;
    struct sriov_fn *fn = NULL;

    memset(&shim, 0, sizeof(shim));
    shim.extended = (fuzz_u8(&in) & 1) != 0;
    fuzz_take(&in, shim.cfg, sizeof(shim.cfg));
    FUZZ_MUST(sriov_vmm_register(&ops, NULL, &vmm) == 0);
    sriov_log_set_level(vmm, (enum sriov_log_level)0);
    if (sriov_fn_open(vmm, "fuzzed", NULL, &fn) == 0) {
        walk(fn);
        FUZZ_MUST(sriov_fn_close(fn) == 0);
    }
    FUZZ_MUST(sriov_vmm_unregister(vmm) == 0);
    FUZZ_MUST(shim.blocks == 0);
    return 0;
}
