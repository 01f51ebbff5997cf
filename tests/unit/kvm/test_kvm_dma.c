/* SPDX-License-Identifier: BSD-3-Clause */
/* DMA: limits as the kernel tells them, budgets, refusals explained, coalescing, quarantine. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bed {
    struct fake *fake;
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
};

static struct bed bed;

static int setup(void **state)
{
    bed = (struct bed){.fake = fake_up()};
    *state = &bed;
    return 0;
}

static void start(struct sriov_kvm_opts *opts, uint32_t open_flags)
{
    struct sriov_fn_opts fn_opts = {.size = sizeof(fn_opts), .flags = open_flags};
    assert_int_equal(fake_vmm_opts(bed.fake, opts, &bed.vmm), 0);
    assert_int_equal(sriov_fn_open(bed.vmm, FAKE_VF, &fn_opts, &bed.fn), 0);
}

static void start_group(void)
{
    struct sriov_kvm_opts opts = {.backend = SRIOV_KVM_GROUP};
    start(&opts, 0);
}

static void stop(int leaks)
{
    assert_int_equal(sriov_fn_close(bed.fn), leaks);
    assert_int_equal(sriov_kvm_destroy(bed.vmm), 0);
}

static int teardown(void **state)
{
    (void)state;
    fake_down(bed.fake);
    return 0;
}

static void test_limits(void **state)
{
    (void)state;
    struct sriov_dma_limits limits;
    start_group();
    assert_int_equal(sriov_dma_limits(bed.fn, &limits), 0);
    assert_int_equal(limits.granule, 4096);
    assert_int_equal(limits.num_ranges, 2);
    assert_int_equal(limits.ranges[0].last, 0xfedfffff);
    assert_int_equal(limits.ranges[1].first, 0xfef00000);
    assert_int_equal(limits.maps_left, 65535);
    assert_true(limits.bytes_left == UINT64_MAX);
    struct sriov_dma dma;
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 100, 1, SRIOV_DMA_BOTH, &dma), 0);
    assert_int_equal(sriov_dma_limits(bed.fn, &limits), 0);
    assert_int_equal(limits.maps_left, 65534);
    stop(1);
}

static void test_limits_memlock(void **state)
{
    (void)state;
    struct sriov_dma_limits limits;
    bed.fake->memlock = 1024 * 1024;
    start_group();
    assert_non_null(strstr(bed.fake->last_warning, "only 960 KiB may be locked"));
    assert_int_equal(sriov_dma_limits(bed.fn, &limits), 0);
    assert_int_equal(limits.bytes_left, (1024 - 64) * 1024);
    tree_write(bed.fake, "proc/self/status", "CapEff:\t0000000000004000\nVmLck:\t 64 kB\n");
    assert_int_equal(sriov_dma_limits(bed.fn, &limits), 0);
    assert_true(limits.bytes_left == UINT64_MAX); /* CAP_IPC_LOCK */
    stop(0);
}

static void test_limits_of_old_and_lying_kernels(void **state)
{
    (void)state;
    struct sriov_dma_limits limits;
    bed.fake->short_info = true;
    start_group();
    assert_int_equal(sriov_dma_limits(bed.fn, &limits), 0);
    assert_int_equal(limits.num_ranges, 2);
    assert_int_equal(limits.ranges[1].last, 0x7fffffffff);
    assert_true(limits.maps_left == UINT64_MAX);
    bed.fake->short_info = false;
    bed.fake->liar_info = true; /* 1000 ranges promised, none whole in the answer */
    assert_int_equal(sriov_dma_limits(bed.fn, &limits), -EPROTO);
    bed.fake->liar_info = false;
    stop(0);
}

static void test_limits_iommufd(void **state)
{
    (void)state;
    struct sriov_kvm_opts opts = {.backend = SRIOV_KVM_IOMMUFD};
    struct sriov_dma_limits limits;
    bed.fake->many_ranges = true; /* more than fit: the first ones serve */
    bed.fake->memlock = 1024 * 1024;
    start(&opts, 0);
    assert_int_equal(sriov_dma_limits(bed.fn, &limits), 0);
    assert_int_equal(limits.granule, 4096);
    assert_int_equal(limits.num_ranges, SRIOV_DMA_RANGES_MAX);
    assert_true(limits.maps_left == UINT64_MAX);
    assert_int_equal(limits.bytes_left, (1024 - 128) * 1024); /* VmPin counts here */
    stop(0);
}

static void test_alloc_and_map(void **state)
{
    (void)state;
    struct sriov_dma dma[3];
    unsigned char *own = aligned_alloc(4096, 8192);
    assert_non_null(own);
    memset(own, 7, 8192);
    start_group();
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 5000, 4096, SRIOV_DMA_DEVICE_READS, &dma[0]), 0);
    assert_int_equal(dma[0].length, 8192);
    assert_int_equal(((unsigned char *)dma[0].va)[8191], 0);
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", UINT64_C(4) << 20, 4096, SRIOV_DMA_BOTH, &dma[1]), 0);
    assert_int_equal(sriov_dma_map(bed.fn, "t", own, 8192, SRIOV_DMA_DEVICE_WRITES, &dma[2]), 0);
    assert_ptr_equal(dma[2].va, own);
    assert_int_equal(bed.fake->live_dma, 3);
    assert_int_equal(bed.fake->dma[0].dir, VFIO_DMA_MAP_FLAG_READ);
    assert_int_equal(bed.fake->dma[1].dir, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
    assert_int_equal(bed.fake->dma[2].dir, VFIO_DMA_MAP_FLAG_WRITE);
    assert_int_equal(own[8191], 7);
    assert_int_equal(sriov_dma_unmap(bed.fn, &dma[2]), 0);
    assert_int_equal(sriov_dma_free(bed.fn, &dma[0]), 0);
    assert_int_equal(sriov_dma_free(bed.fn, &dma[1]), 0);
    assert_int_equal(bed.fake->live_dma, 0);
    stop(0);
    free(own);
}

static void test_refusals_are_explained(void **state)
{
    (void)state;
    struct sriov_dma dma;
    start_group();
    bed.fake->map_err = -ENOMEM;
    bed.fake->memlock = 1024 * 1024;
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 65536, 1, SRIOV_DMA_BOTH, &dma), -ENOMEM);
    assert_non_null(strstr(bed.fake->last_error, "cannot lock 64 KiB for DMA: 64 of 1024 KiB"));
    assert_non_null(strstr(bed.fake->last_error, "ulimit -l"));
    assert_non_null(strstr(bed.fake->last_error, "LimitMEMLOCK="));
    bed.fake->map_err = -ENOSPC;
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 65536, 1, SRIOV_DMA_BOTH, &dma), -ENOSPC);
    assert_non_null(strstr(bed.fake->last_error, "dma_entry_limit"));
    bed.fake->map_err = -EEXIST;
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 65536, 1, SRIOV_DMA_BOTH, &dma), -EINVAL);
    bed.fake->map_err = -EIO;
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 65536, 1, SRIOV_DMA_BOTH, &dma), -EFAULT);
    assert_int_equal(bed.fake->live_maps, 0);
    bed.fake->map_err = 0;
    bed.fake->memlock = UINT64_MAX;
    stop(0);
}

/* 64 pieces of one page on a budget of 8 mappings, and all of it given back in another order. */
static void test_coalesces_when_short(void **state)
{
    (void)state;
    struct sriov_dma dma[64];
    bed.fake->map_budget = 8;
    start_group();
    for (uint32_t i = 0; i < 64; i++) {
        assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma[i]), 0);
        assert_int_equal(*(unsigned char *)dma[i].va, 0);
        memset(dma[i].va, 0xa5, 4096);
    }
    assert_true(bed.fake->live_dma <= 2);
    for (uint32_t i = 0; i < 64; i++) {
        assert_int_equal(sriov_dma_free(bed.fn, &dma[(i * 29) % 64]), 0);
    }
    assert_int_equal(bed.fake->live_dma, 0);
    /* What is reused is zero again. */
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma[0]), 0);
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma[1]), 0);
    memset(dma[0].va, 0xa5, 4096);
    assert_int_equal(sriov_dma_free(bed.fn, &dma[0]), 0);
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma[0]), 0);
    assert_int_equal(*(unsigned char *)dma[0].va, 0);
    stop(2);
}

static void test_budget_used_up(void **state)
{
    (void)state;
    struct sriov_kvm_opts opts = {.backend = SRIOV_KVM_GROUP, .flags = SRIOV_KVM_NO_COALESCE};
    struct sriov_dma_limits limits;
    struct sriov_dma dma[5];
    bed.fake->map_budget = 4;
    start(&opts, 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma[i]), 0);
    }
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma[4]), -ENOSPC);
    assert_int_equal(sriov_dma_limits(bed.fn, &limits), 0);
    assert_int_equal(limits.maps_left, 0);
    assert_int_equal(sriov_dma_free(bed.fn, &dma[0]), 0);
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma[4]), 0);
    stop(4);
}

/* The budget is gone, but chunks have room: small pieces still come, and the limits say so. */
static void test_chunks_serve_at_the_end(void **state)
{
    (void)state;
    struct sriov_dma_limits limits;
    struct sriov_dma dma[8];
    bed.fake->map_budget = 1;
    start_group();
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma[0]), 0);
    assert_int_equal(sriov_dma_limits(bed.fn, &limits), 0);
    assert_int_equal(limits.maps_left, 63);
    for (uint32_t i = 1; i < 8; i++) {
        assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma[i]), 0);
    }
    assert_int_equal(bed.fake->live_dma, 1);
    stop(8);
}

/* An IOMMU that does not let go keeps the memory: it must not become somebody else's. */
static void test_quarantine(void **state)
{
    (void)state;
    struct sriov_dma dma;
    struct sriov_dma again;
    start_group();
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma), 0);
    volatile unsigned char *va = dma.va;
    bed.fake->unmap_err = -EIO;
    again = dma;
    assert_int_equal(sriov_dma_free(bed.fn, &dma), -EFAULT);
    *va = 1; /* still ours */
    assert_int_equal(bed.fake->live_maps, 1);
    assert_non_null(strstr(bed.fake->last_error, "does not let go"));
    bed.fake->unmap_err = 0;
    (void)again;
    assert_true(sriov_fn_close(bed.fn) >= 0);
    assert_int_equal(sriov_kvm_destroy(bed.vmm), 0);
}

static void test_raw_refusals(void **state)
{
    (void)state;
    start_group();
    const struct sriov_vmm_ops *ops = sriov_vmm_ops(bed.vmm);
    struct skvm *kvm = sriov_vmm_ctx(bed.vmm);
    struct skvm_fn *raw = kvm->fns;
    struct sriov_dma_mem mem = {
        .size = sizeof(mem), .dir = SRIOV_DMA_BOTH, .length = 4096, .iova = {0x10000}};
    struct sriov_dma_mem bad = mem;
    bad.length = 100;
    assert_int_equal(ops->dma_alloc(raw, &bad), -EINVAL);
    bad = mem;
    bad.iova.raw = 0x10010;
    assert_int_equal(ops->dma_alloc(raw, &bad), -EINVAL);
    bad = mem;
    bad.dir = 0;
    assert_int_equal(ops->dma_alloc(raw, &bad), -EINVAL);
    bad = mem;
    bad.iova.raw = UINT64_MAX - 4095;
    bad.length = 8192;
    assert_int_equal(ops->dma_alloc(raw, &bad), -EINVAL);
    assert_int_equal(ops->dma_free(raw, &mem), -EINVAL); /* no cookie */
    assert_int_equal(ops->dma_alloc(raw, &mem), 0);
    bad = mem;
    bad.length = 8192;
    assert_int_equal(ops->dma_free(raw, &bad), -EINVAL);
    assert_int_equal(ops->dma_unmap(raw, &mem), -EINVAL); /* it is no caller's buffer */
    assert_int_equal(ops->dma_free(raw, &mem), 0);
    bad = mem;
    bad.va = (void *)(uintptr_t)0x1001;
    assert_int_equal(ops->dma_map(raw, &bad), -EINVAL);
    stop(0);
}

static void start_noiommu(void)
{
    struct sriov_kvm_opts opts = {.flags = SRIOV_KVM_ALLOW_NOIOMMU};
    tree_write(bed.fake, "sys/kernel/iommu_groups/5/name", "vfio-noiommu\n");
    tree_write(bed.fake, "dev/vfio/noiommu-5", "");
    start(&opts, SRIOV_OPEN_NOIOMMU);
}

static void test_noiommu(void **state)
{
    (void)state;
    struct sriov_dma dma[3];
    struct sriov_dma_limits limits;
    bed.fake->pagemap_frame = 0x100000; /* physical 4 GiB on, all in a row */
    start_noiommu();
    assert_true(sriov_fn_can(bed.fn, SRIOV_CAP_NO_ISOLATION));
    assert_false(sriov_fn_can(bed.fn, SRIOV_CAP_DMA_MAP));
    assert_int_equal(sriov_dma_limits(bed.fn, &limits), 0);
    assert_int_equal(limits.flags, SRIOV_DMA_SHIM_IOVA);
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma[0]), 0);
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 100000, 65536, SRIOV_DMA_BOTH, &dma[1]), 0);
    assert_int_equal(dma[1].iova.raw % 65536, 0);
    assert_int_equal(bed.fake->live_maps, 1); /* both in one huge page */
    assert_true((unsigned char *)dma[1].va - (unsigned char *)dma[0].va ==
                (int64_t)(dma[1].iova.raw - dma[0].iova.raw));
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", UINT64_C(3) << 20, 4096, SRIOV_DMA_BOTH, &dma[2]), 0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(sriov_dma_free(bed.fn, &dma[i]), 0);
    }
    assert_int_equal(bed.fake->live_maps, 0);
    stop(0);
}

static void test_noiommu_without_huge_pages(void **state)
{
    (void)state;
    struct sriov_dma dma;
    start_noiommu();
    assert_int_equal(sriov_dma_alloc(bed.fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma), -ENOMEM);
    assert_non_null(strstr(bed.fake->last_error, "nr_hugepages"));
    stop(0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_limits),
        CASE(test_limits_memlock),
        CASE(test_limits_of_old_and_lying_kernels),
        CASE(test_limits_iommufd),
        CASE(test_alloc_and_map),
        CASE(test_refusals_are_explained),
        CASE(test_coalesces_when_short),
        CASE(test_budget_used_up),
        CASE(test_chunks_serve_at_the_end),
        CASE(test_quarantine),
        CASE(test_raw_refusals),
        CASE(test_noiommu),
        CASE(test_noiommu_without_huge_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
