/* SPDX-License-Identifier: BSD-3-Clause */
/* Dirty logs of the simulated machine's CPUs, and of what a simulated device writes. */
#include "vm_fixture.h"

#include <stdlib.h>

static uint64_t cpu_log(struct machine *m)
{
    uint64_t bits = 0;

    assert_int_equal(m->f->ops->vm_dirty_read(m->ctx, RAM_GPA, RAM_PAGES * SRIOV_VM_PAGE, &bits), 0);
    return bits;
}

static void test_cpu_bitmap(void **state)
{
    struct machine *m = *state;
    unsigned char bytes[2 * 4096] = {0};

    assert_int_equal(m->f->ops->vm_dirty_start(m->ctx, SRIOV_VM_DIRTY_BITMAP), 0);
    assert_int_equal(m->f->ops->vm_dirty_start(m->ctx, SRIOV_VM_DIRTY_BITMAP), -EBUSY);
    sriov_mock_guest_write(m->vm, RAM_GPA + 0x1fff, 1, 1);
    (void)sriov_mock_guest_read(m->vm, RAM_GPA + 0x3000, 8);
    assert_int_equal(cpu_log(m), 1u << 1);
    assert_int_equal(cpu_log(m), 0);
    assert_int_equal(sriov_mock_guest_copy_in(m->vm, RAM_GPA + 0x4800, bytes, sizeof(bytes)), 0);
    assert_int_equal(cpu_log(m), 7u << 4);
    assert_int_equal(m->f->ops->vm_dirty_stop(m->ctx), 0);
}

static void test_cpu_log_by_parts(void **state)
{
    struct machine *m = *state;
    uint64_t bits = 1u << 7; /* what is there stays there */

    assert_int_equal(m->f->ops->vm_dirty_start(m->ctx, SRIOV_VM_DIRTY_BITMAP), 0);
    sriov_mock_guest_write(m->vm, RAM_GPA, 4, 1);
    sriov_mock_guest_write(m->vm, RAM_GPA + 5 * SRIOV_VM_PAGE, 4, 1);
    /* A range that begins before all memory and ends within. */
    assert_int_equal(m->f->ops->vm_dirty_read(m->ctx, RAM_GPA - 2 * SRIOV_VM_PAGE, 4 * SRIOV_VM_PAGE, &bits),
                     0);
    assert_int_equal(bits, 1u << 7 | 1u << 2);
    assert_int_equal(cpu_log(m), 1u << 5);
    assert_int_equal(m->f->ops->vm_dirty_stop(m->ctx), 0);
}

static void test_cpu_ring_that_fills(void **state)
{
    struct fixture *f = *state;
    struct sriov_mock_vm_opts opts = {.size = sizeof(opts), .ring_max = 3};
    struct machine *m = machine_make(f, &opts);

    assert_int_equal(f->ops->vm_dirty_start(m->ctx, SRIOV_VM_DIRTY_RING), 0);
    for (uint64_t i = 0; i < 3; i++) {
        sriov_mock_guest_write(m->vm, RAM_GPA + i * SRIOV_VM_PAGE, 4, 1);
        sriov_mock_guest_write(m->vm, RAM_GPA + i * SRIOV_VM_PAGE + 8, 4, 1);
    }
    assert_int_equal(machine_counts(m).ring_full, 0); /* a page stands in it once */
    sriov_mock_guest_write(m->vm, RAM_GPA + 7 * SRIOV_VM_PAGE, 4, 1);
    assert_int_equal(machine_counts(m).ring_full, 1);
    assert_int_equal(cpu_log(m), 0x87);
    assert_int_equal(cpu_log(m), 0);
    assert_int_equal(f->ops->vm_dirty_stop(m->ctx), 0);
    machine_end(m);
    fixture_expect_none(f);
}

struct dma {
    struct fixture *f;
    void *fn;
    struct sriov_dma_mem mem;
};

static struct dma dma_make(struct fixture *f, uint64_t iova, uint64_t pages)
{
    struct dma dma = {.f = f, .fn = fixture_open(f, f->pf)};

    dma.mem = fixture_mem(iova, pages * PAGE, SRIOV_DMA_BOTH);
    assert_int_equal(f->ops->dma_alloc(dma.fn, &dma.mem), 0);
    return dma;
}

static void dma_end(struct dma *dma)
{
    assert_int_equal(dma->f->ops->dma_free(dma->fn, &dma->mem), 0);
    dma->f->ops->close(dma->fn);
    fixture_expect_none(dma->f);
}

static uint64_t dma_log(struct dma *dma)
{
    uint64_t bits = 0;

    assert_int_equal(dma->f->ops->dma_dirty_read(dma->fn, dma->mem.iova.raw, dma->mem.length, &bits), 0);
    return bits;
}

static void test_device_writes(void **state)
{
    struct fixture *f = *state;
    struct dma dma = dma_make(f, IOVA, 16);

    assert_int_equal(fixture_dma(f, dma.fn, IOVA, 64, TOY_DMA_WRITE), 0); /* before */
    assert_int_equal(f->ops->dma_dirty_start(dma.fn), 0);
    assert_int_equal(f->ops->dma_dirty_start(dma.fn), -EBUSY);
    assert_int_equal(dma_log(&dma), 0);
    assert_int_equal(fixture_dma(f, dma.fn, IOVA + 3 * PAGE + 4090, 64, TOY_DMA_WRITE), 0);
    assert_int_equal(fixture_dma(f, dma.fn, IOVA + 9 * PAGE, 64, TOY_DMA_READ), 0); /* only reads */
    assert_int_equal(fixture_dma(f, dma.fn, IOVA + 16 * PAGE - 64, 64, TOY_DMA_WRITE), 0);
    assert_int_equal(dma_log(&dma), 3u << 3 | 1u << 15);
    assert_int_equal(dma_log(&dma), 0);
    assert_int_equal(f->ops->dma_dirty_stop(dma.fn), 0);
    dma_end(&dma);
}

static void test_device_log_of_what_comes_and_goes(void **state)
{
    struct fixture *f = *state;
    struct dma dma = dma_make(f, IOVA, 1);
    struct sriov_dma_mem more = fixture_mem(IOVA + 4 * PAGE, 2 * PAGE, SRIOV_DMA_BOTH);
    uint64_t bits = 0;

    assert_int_equal(f->ops->dma_dirty_start(dma.fn), 0);
    assert_int_equal(f->ops->dma_alloc(dma.fn, &more), 0);
    assert_int_equal(fixture_dma(f, dma.fn, IOVA + 5 * PAGE, 8, TOY_DMA_WRITE), 0);
    assert_int_equal(fixture_dma(f, dma.fn, IOVA, 8, TOY_DMA_WRITE), 0);
    assert_int_equal(f->ops->dma_dirty_read(dma.fn, IOVA, 8 * PAGE, &bits), 0); /* over a hole */
    assert_int_equal(bits, 1u << 5 | 1u);
    assert_int_equal(fixture_dma(f, dma.fn, IOVA + 4 * PAGE, 8, TOY_DMA_WRITE), 0);
    assert_int_equal(f->ops->dma_free(dma.fn, &more), 0);
    bits = 0;
    assert_int_equal(f->ops->dma_dirty_read(dma.fn, IOVA, 8 * PAGE, &bits), 0);
    assert_int_equal(bits, 0);
    assert_int_equal(f->ops->dma_dirty_stop(dma.fn), 0);
    dma_end(&dma);
}

static void test_device_that_is_gone_still_tells(void **state)
{
    struct fixture *f = *state;
    struct dma dma = dma_make(f, IOVA, 2);

    assert_int_equal(f->ops->dma_dirty_start(dma.fn), 0);
    assert_int_equal(fixture_dma(f, dma.fn, IOVA + PAGE, 8, TOY_DMA_WRITE), 0);
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, false, 0), 0);
    assert_int_equal(f->ops->dma_dirty_start(dma.fn), -ENODEV);
    assert_int_equal(dma_log(&dma), 2);
    assert_int_equal(f->ops->dma_dirty_stop(dma.fn), 0);
    dma_end(&dma);
}

static void test_misused_log(void **state)
{
    struct fixture *f = *state;
    struct dma dma = dma_make(f, IOVA, 1);
    uint64_t bits = 0;
    uint64_t held = sriov_mock_held(f->mock);

    assert_int_equal(f->ops->dma_dirty_stop(dma.fn), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->dma_dirty_read(dma.fn, IOVA, PAGE, &bits), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->dma_dirty_start(dma.fn), 0);
    assert_int_equal(sriov_mock_held(f->mock), held + 1);
    assert_int_equal(f->ops->dma_dirty_read(dma.fn, IOVA + 1, PAGE, &bits), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->dma_dirty_read(dma.fn, IOVA, 0, &bits), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    dma_end(&dma); /* with the log on: it ends with the function */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(test_cpu_bitmap),
        MACHINE_TEST(test_cpu_log_by_parts),
        MOCK_TEST(test_cpu_ring_that_fills),
        MOCK_TEST(test_device_writes),
        MOCK_TEST(test_device_log_of_what_comes_and_goes),
        MOCK_TEST(test_device_that_is_gone_still_tells),
        MOCK_TEST(test_misused_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
