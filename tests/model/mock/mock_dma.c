/* SPDX-License-Identifier: BSD-3-Clause */
/* The DMA ops' own contract: places, sizes, budget, leaks. */
#include "fixture.h"

#include <stdlib.h>

static void limits_tell_the_aperture(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_limits limits = {.size = sizeof(limits)};

    assert_int_equal(f->ops->dma_limits(fn, &limits), 0);
    assert_int_equal(limits.granule, PAGE);
    assert_int_equal(limits.flags, 0);
    assert_int_equal(limits.num_ranges, 1);
    assert_int_equal(limits.ranges[0].first, 0x100000);
    assert_int_equal(limits.ranges[0].last, (UINT64_C(1) << 39) - 1);
    assert_true(limits.maps_left == UINT64_MAX && limits.bytes_left == UINT64_MAX);
    f->ops->close(fn);
}

static void check_refused(struct fixture *f, void *fn, struct sriov_dma_mem mem, int err)
{
    assert_int_equal(f->ops->dma_alloc(fn, &mem), err);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
}

static void bad_places_are_refused(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_mem good = fixture_mem(IOVA, 2 * PAGE, SRIOV_DMA_BOTH);
    struct sriov_dma_mem askew = fixture_mem(IOVA + 8 * PAGE + PAGE, PAGE, SRIOV_DMA_BOTH);

    assert_int_equal(f->ops->dma_alloc(fn, &good), 0);
    check_refused(f, fn, fixture_mem(IOVA + PAGE, PAGE, SRIOV_DMA_BOTH), -EINVAL);
    check_refused(f, fn, fixture_mem(IOVA - PAGE, 4 * PAGE, SRIOV_DMA_BOTH), -EINVAL);
    check_refused(f, fn, fixture_mem(IOVA + 8 * PAGE + 1, PAGE, SRIOV_DMA_BOTH), -EINVAL);
    check_refused(f, fn, fixture_mem(IOVA + 8 * PAGE, 100, SRIOV_DMA_BOTH), -EINVAL);
    check_refused(f, fn, fixture_mem(IOVA + 8 * PAGE, 0, SRIOV_DMA_BOTH), -EINVAL);
    check_refused(f, fn, fixture_mem(IOVA + 8 * PAGE, PAGE, 0), -EINVAL);
    check_refused(f, fn, fixture_mem(IOVA + 8 * PAGE, PAGE, 4), -EINVAL);
    check_refused(f, fn, fixture_mem(0, PAGE, SRIOV_DMA_BOTH), -ERANGE);
    check_refused(f, fn, fixture_mem(UINT64_C(1) << 39, PAGE, SRIOV_DMA_BOTH), -ERANGE);
    check_refused(f, fn, fixture_mem((UINT64_C(1) << 39) - PAGE, 2 * PAGE, SRIOV_DMA_BOTH), -ERANGE);
    check_refused(f, fn, fixture_mem(UINT64_MAX - PAGE + 1, PAGE, SRIOV_DMA_BOTH), -ERANGE);
    askew.align = 4 * PAGE;
    check_refused(f, fn, askew, -EINVAL);
    askew.size = 8;
    check_refused(f, fn, askew, -EINVAL);
    assert_int_equal(f->ops->dma_free(fn, &good), 0);
    f->ops->close(fn);
}

static void bad_frees_are_refused(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_mem mem = fixture_mem(IOVA, 2 * PAGE, SRIOV_DMA_BOTH);
    struct sriov_dma_mem part;

    assert_int_equal(f->ops->dma_alloc(fn, &mem), 0);
    part = mem;
    part.length = PAGE;
    assert_int_equal(f->ops->dma_free(fn, &part), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->dma_unmap(fn, &mem), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    assert_int_equal(f->ops->dma_free(fn, &mem), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    f->ops->close(fn);
}

static void memory_comes_zeroed_and_at_its_alignment(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_mem mem = fixture_mem(64 * PAGE * 100, 3 * PAGE, SRIOV_DMA_BOTH);
    const uint8_t *va;

    mem.align = 64 * PAGE;
    assert_int_equal(f->ops->dma_alloc(fn, &mem), 0);
    va = mem.va;
    for (size_t i = 0; i < 3 * PAGE; i++) {
        assert_int_equal(va[i], 0);
    }
    assert_int_equal((uintptr_t)va % PAGE, 0);
    assert_int_equal(sriov_mock_held(f->mock), 2);
    assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    f->ops->close(fn);
}

static void a_callers_buffer_is_mapped_in_place(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_DEVICE_READS);
    uint8_t *buffer = aligned_alloc(PAGE, PAGE);

    assert_non_null(buffer);
    memcpy(buffer, "here", 4);
    mem.va = buffer + 1;
    assert_int_equal(f->ops->dma_map(fn, &mem), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    mem.va = buffer;
    assert_int_equal(f->ops->dma_map(fn, &mem), 0);
    assert_int_equal(fixture_dma(f, fn, IOVA, 4, TOY_DMA_READ), 0);
    assert_int_equal(f->ops->dma_unmap(fn, &mem), 0);
    fixture_expect_none(f);
    free(buffer);
    f->ops->close(fn);
}

static void freeing_memory_that_is_mapped_is_a_race(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);
    void *block = f->ops->host_alloc(f->vmm, 2 * PAGE, PAGE);

    assert_non_null(block);
    mem.va = (uint8_t *)block + PAGE;
    assert_int_equal(f->ops->dma_map(fn, &mem), 0);
    f->ops->host_free(f->vmm, block, 2 * PAGE);
    fixture_expect(f, SRIOV_VIOLATION_PAGE_RACE);
    assert_int_equal(f->ops->dma_unmap(fn, &mem), 0);
    f->ops->close(fn);
}

static void close_reports_each_leak(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_mem a = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);
    struct sriov_dma_mem b = fixture_mem(IOVA + PAGE, 2 * PAGE, SRIOV_DMA_BOTH);

    assert_int_equal(f->ops->dma_alloc(fn, &a), 0);
    assert_int_equal(f->ops->dma_alloc(fn, &b), 0);
    f->ops->close(fn);
    assert_int_equal(sriov_mock_violations(f->mock, SRIOV_VIOLATION_LEAK), 2);
    assert_int_equal(sriov_mock_last_violation(f->mock)->iova.raw, IOVA);
    assert_int_equal(sriov_mock_last_violation(f->mock)->length, PAGE);
    sriov_mock_forget_violations(f->mock);
}

static void a_budget_of_maps_is_kept(void **state)
{
    struct sriov_mock_opts opts = {.maps_max = 2, .iova_first = 0x10000000, .iova_last = 0x1000ffff};
    struct fixture *f = fixture_make(&opts);
    struct sriov_dma_mem mem[3];
    struct sriov_dma_limits limits = {.size = sizeof(limits)};
    void *fn = fixture_open(f, f->pf);

    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        mem[i] = fixture_mem(0x10000000 + i * PAGE, PAGE, SRIOV_DMA_BOTH);
        assert_int_equal(f->ops->dma_alloc(fn, &mem[i]), i < 2 ? 0 : -ENOSPC);
    }
    fixture_expect_none(f);
    assert_int_equal(f->ops->dma_limits(fn, &limits), 0);
    assert_int_equal(limits.maps_left, 0);
    assert_int_equal(limits.ranges[0].last, 0x1000ffff);
    assert_int_equal(f->ops->dma_free(fn, &mem[0]), 0);
    assert_int_equal(f->ops->dma_alloc(fn, &mem[2]), 0);
    assert_int_equal(f->ops->dma_free(fn, &mem[1]), 0);
    assert_int_equal(f->ops->dma_free(fn, &mem[2]), 0);
    f->ops->close(fn);
    assert_int_equal(fixture_teardown((void **)&f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(limits_tell_the_aperture),
        MOCK_TEST(bad_places_are_refused),
        MOCK_TEST(bad_frees_are_refused),
        MOCK_TEST(memory_comes_zeroed_and_at_its_alignment),
        MOCK_TEST(a_callers_buffer_is_mapped_in_place),
        MOCK_TEST(freeing_memory_that_is_mapped_is_a_race),
        MOCK_TEST(close_reports_each_leak),
        cmocka_unit_test(a_budget_of_maps_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
