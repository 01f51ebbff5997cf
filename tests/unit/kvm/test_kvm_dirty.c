/* SPDX-License-Identifier: BSD-3-Clause */
/* What a function writes, by VFIO type 1 and by iommufd; and the descriptor that stands for it. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE UINT64_C(4096)
#define IOVA UINT64_C(0x200000)
#define SIZE (80 * PAGE)

static struct {
    struct fake *fake;
    struct sriov_vmm *vmm;
    const struct sriov_vmm_ops *ops;
    void *fn;
    void *memory;
    struct sriov_dma_mem mem;
    uint64_t got[2];
} bed;

static int setup(void **state)
{
    memset(&bed, 0, sizeof(bed));
    bed.fake = fake_up();
    bed.memory = aligned_alloc(65536, SIZE);
    assert_non_null(bed.memory);
    *state = &bed;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(bed.memory);
    fake_down(bed.fake);
    return 0;
}

static void *open_one(const char *name, uint32_t flags)
{
    struct sriov_open_args args = {.size = sizeof(args), .flags = flags, .name = name};
    void *fn = NULL;
    assert_int_equal(bed.ops->open(sriov_vmm_ctx(bed.vmm), &args, &fn), 0);
    return fn;
}

static void map(void)
{
    bed.mem = (struct sriov_dma_mem){
        .size = sizeof(bed.mem), .dir = SRIOV_DMA_BOTH, .length = SIZE, .va = bed.memory, .iova = {IOVA}};
    assert_int_equal(bed.ops->dma_map(bed.fn, &bed.mem), 0);
}

static void start(uint32_t backend)
{
    assert_int_equal(fake_vmm(bed.fake, backend, 0, &bed.vmm), 0);
    bed.ops = sriov_vmm_ops(bed.vmm);
    bed.fn = open_one(FAKE_VF, 0);
    map();
}

static void stop(void)
{
    bed.ops->close(bed.fn);
    assert_int_equal(sriov_kvm_destroy(bed.vmm), 0);
}

static void writes(uint64_t page)
{
    fake_device_writes(bed.fake, IOVA + page * PAGE);
}

static void expect(uint64_t first, uint64_t n, uint64_t w0, uint64_t w1)
{
    memset(bed.got, 0, sizeof(bed.got));
    assert_int_equal(bed.ops->dma_dirty_read(bed.fn, IOVA + first * PAGE, n * PAGE, bed.got), 0);
    assert_true(bed.got[0] == w0 && bed.got[1] == w1);
}

static void log_works(void)
{
    assert_int_equal(bed.ops->dma_dirty_read(bed.fn, IOVA, PAGE, bed.got), -EINVAL);
    assert_int_equal(bed.ops->dma_dirty_stop(bed.fn), -EINVAL);
    writes(7);
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), 0);
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), -EBUSY);
    expect(0, 80, 0, 0);
    writes(0);
    writes(70);
    writes(79);
    expect(0, 80, 1, 1 << 6 | 1 << 15);
    expect(0, 80, 0, 0);
    writes(66);
    writes(67);
    writes(69);
    expect(67, 2, 1, 0);
    expect(66, 1, 1, 0); /* neighbours of what was read are still there */
    expect(0, 80, 0, 1 << 5);
    assert_int_equal(bed.ops->dma_dirty_read(bed.fn, IOVA + 1, PAGE, bed.got), -EINVAL);
    assert_int_equal(bed.ops->dma_dirty_read(bed.fn, IOVA, 0, bed.got), -EINVAL);
    assert_int_equal(bed.ops->dma_dirty_read(bed.fn, 0, PAGE, bed.got), 0); /* nothing is mapped there */
    memset(bed.got, 0, sizeof(bed.got));
    writes(0);
    assert_int_equal(bed.ops->dma_dirty_read(bed.fn, IOVA - 2 * PAGE, 4 * PAGE, bed.got), 0);
    assert_true(bed.got[0] == 4); /* a range that begins before the mapping */
    assert_int_equal(bed.ops->dma_dirty_stop(bed.fn), 0);
    assert_false(bed.fake->dirty_on);
}

static void test_type1(void **state)
{
    (void)state;
    start(SRIOV_KVM_GROUP);
    log_works();
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), 0);
    writes(1);
    assert_int_equal(bed.ops->dma_unmap(bed.fn, &bed.mem), 0);
    map();
    stop(); /* with the log on */
    assert_false(bed.fake->dirty_on);
}

static void test_iommufd(void **state)
{
    (void)state;
    bed.fake->dirty_tables = true;
    start(SRIOV_KVM_IOMMUFD);
    log_works();
    stop();
}

/* 16 pages come at once; each of them is told once. */
static void test_large_pages(void **state)
{
    (void)state;
    bed.fake->large_pages = true;
    start(SRIOV_KVM_GROUP);
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), 0);
    writes(20);
    expect(0, 24, 0xff0000, 0);
    expect(0, 80, 0xff000000, 0);
    expect(0, 80, 0, 0);
    assert_int_equal(bed.ops->dma_dirty_stop(bed.fn), 0);
    stop();
}

static void test_not_here(void **state)
{
    (void)state;
    start(SRIOV_KVM_IOMMUFD); /* a kernel or an IOMMU without such page tables */
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), -EOPNOTSUPP);
    stop();
    start(SRIOV_KVM_GROUP);
    bed.fake->bad_ioctl = VFIO_IOMMU_DIRTY_PAGES;
    bed.fake->bad_ioctl_err = -ENOTTY;
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), -EOPNOTSUPP);
    bed.fake->bad_ioctl_err = -ENOMEM;
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), -ENOMEM);
    bed.fake->bad_ioctl = 0;
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), 0);
    bed.fake->bad_ioctl = VFIO_IOMMU_DIRTY_PAGES;
    bed.fake->bad_ioctl_err = -ENOMEM;
    writes(3);
    assert_int_equal(bed.ops->dma_dirty_read(bed.fn, IOVA, SIZE, bed.got), -ENOMEM);
    bed.fake->bad_ioctl = 0;
    expect(0, 80, 8, 0);
    stop();
}

/* Functions of one group share a container: the last one turns its log off. */
static void test_shared_group(void **state)
{
    (void)state;
    assert_int_equal(fake_vmm(bed.fake, SRIOV_KVM_GROUP, 0, &bed.vmm), 0);
    bed.ops = sriov_vmm_ops(bed.vmm);
    void *a = open_one(FAKE_SHARED_A, 0);
    void *b = open_one(FAKE_SHARED_B, 0);
    assert_int_equal(bed.ops->dma_dirty_start(a), 0);
    assert_int_equal(bed.ops->dma_dirty_start(b), 0);
    assert_int_equal(bed.ops->dma_dirty_stop(a), 0);
    assert_true(bed.fake->dirty_on);
    assert_int_equal(bed.ops->dma_dirty_stop(b), 0);
    assert_false(bed.fake->dirty_on);
    bed.ops->close(a);
    bed.ops->close(b);
    assert_int_equal(sriov_kvm_destroy(bed.vmm), 0);
}

static void test_fd(void **state)
{
    (void)state;
    int32_t fd = -1;
    uint32_t kind = 9;
    start(SRIOV_KVM_GROUP);
    assert_int_equal(bed.ops->fn_fd(bed.fn, &fd, &kind), 0);
    assert_int_equal(kind, SRIOV_FN_FD_VFIO_GROUP);
    assert_int_equal(bed.fake->fds[fd].kind, FAKE_GROUP);
    stop();
    start(SRIOV_KVM_IOMMUFD);
    assert_int_equal(bed.ops->fn_fd(bed.fn, &fd, &kind), 0);
    assert_int_equal(kind, SRIOV_FN_FD_VFIO_DEVICE);
    assert_int_equal(bed.fake->fds[fd].kind, FAKE_DEVICE);
    stop();
}

static void test_noiommu(void **state)
{
    (void)state;
    int32_t fd = -1;
    uint32_t kind = 0;
    bed.fake->pagemap_frame = 0x100000;
    tree_write(bed.fake, "sys/kernel/iommu_groups/5/name", "vfio-noiommu\n");
    tree_write(bed.fake, "dev/vfio/noiommu-5", "");
    assert_int_equal(fake_vmm(bed.fake, SRIOV_KVM_AUTO, SRIOV_KVM_ALLOW_NOIOMMU, &bed.vmm), 0);
    bed.ops = sriov_vmm_ops(bed.vmm);
    bed.fn = open_one(FAKE_VF, SRIOV_OPEN_NOIOMMU);
    assert_int_equal(bed.ops->fn_fd(bed.fn, &fd, &kind), -EOPNOTSUPP);
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), -EOPNOTSUPP);
    stop();
}

static void life(uint32_t backend)
{
    struct sriov_open_args args = {.size = sizeof(args), .name = FAKE_VF};
    if (fake_vmm(bed.fake, backend, 0, &bed.vmm) != 0) {
        return;
    }
    bed.ops = sriov_vmm_ops(bed.vmm);
    if (bed.ops->open(sriov_vmm_ctx(bed.vmm), &args, &bed.fn) == 0) {
        bed.mem = (struct sriov_dma_mem){
            .size = sizeof(bed.mem), .dir = SRIOV_DMA_BOTH, .length = SIZE, .va = bed.memory, .iova = {IOVA}};
        bool mapped = bed.ops->dma_map(bed.fn, &bed.mem) == 0;
        if (bed.ops->dma_dirty_start(bed.fn) == 0) {
            (void)bed.ops->dma_dirty_read(bed.fn, IOVA, SIZE, bed.got);
            (void)bed.ops->dma_dirty_stop(bed.fn);
        }
        if (mapped) {
            (void)bed.ops->dma_unmap(bed.fn, &bed.mem); /* else close does */
        }
        bed.ops->close(bed.fn);
    }
    assert_int_equal(sriov_kvm_destroy(bed.vmm), 0);
}

static void sweep(uint32_t backend, int err)
{
    uint32_t points = 0;
    do {
        bed.fake->calls = 0;
        bed.fake->fail_at = ++points;
        bed.fake->fail_err = err;
        life(backend);
        fake_check_clean(bed.fake);
        bed.fake->dirty_on = false; /* a STOP that failed */
    } while (bed.fake->calls >= bed.fake->fail_at);
    assert_true(points > 40);
    bed.fake->fail_at = 0;
}

static void test_sweep(void **state)
{
    (void)state;
    bed.fake->dirty_tables = true;
    sweep(SRIOV_KVM_GROUP, -ENOMEM);
    sweep(SRIOV_KVM_GROUP, -EIO);
    sweep(SRIOV_KVM_IOMMUFD, -ENODEV);
    bed.fake->dirty_tables = false;
    sweep(SRIOV_KVM_IOMMUFD, -ENOMEM);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_type1),        CASE(test_iommufd), CASE(test_large_pages), CASE(test_not_here),
        CASE(test_shared_group), CASE(test_fd),      CASE(test_noiommu),     CASE(test_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
