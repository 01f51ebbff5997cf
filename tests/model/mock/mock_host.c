/* SPDX-License-Identifier: BSD-3-Clause */
/* Host memory, options of the mock, the way findings are handed over, what destroy does. */
#include "fixture.h"

#include <stdlib.h>

static void memory_is_zeroed_aligned_and_counted(void **state)
{
    struct fixture *f = *state;
    uint8_t *a = f->ops->host_alloc(f->vmm, 100, 4096);
    uint8_t *b = f->ops->host_alloc(f->vmm, 7, 1);

    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal((uintptr_t)a % 4096, 0);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(a[i], 0);
    }
    assert_int_equal(sriov_mock_held(f->mock), 2);
    f->ops->host_free(f->vmm, a, 100);
    f->ops->host_free(f->vmm, b, 7);
    f->ops->host_free(f->vmm, NULL, 0);
    fixture_expect_none(f);
}

static void misuse_of_memory_is_named(void **state)
{
    struct fixture *f = *state;
    int here = 0;
    void *a = f->ops->host_alloc(f->vmm, 100, 8);

    f->ops->host_free(f->vmm, &here, sizeof(here));
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    f->ops->host_free(f->vmm, a, 99);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_null(f->ops->host_alloc(f->vmm, 0, 8));
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_null(f->ops->host_alloc(f->vmm, 8, 24));
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_null(f->ops->host_alloc(f->vmm, 8, 8192));
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
}

static int create(struct sriov_mock_opts *opts)
{
    struct sriov_mock *mock = NULL;
    int err = sriov_mock_create(opts, &mock);

    sriov_mock_destroy(mock);
    return err;
}

static void options_are_checked(void **state)
{
    struct {
        struct sriov_mock_opts opts;
        uint64_t future;
    } wide = {.future = 1};
    struct sriov_mock_opts *opts = &wide.opts;

    (void)state;
    assert_int_equal(create(NULL), 0);
    assert_int_equal(create(opts), -EINVAL);
    opts->size = sizeof(wide);
    assert_int_equal(create(opts), -E2BIG);
    wide.future = 0;
    assert_int_equal(create(opts), 0);
    opts->size = sizeof(*opts);
    opts->flags = 0x80;
    assert_int_equal(create(opts), -EINVAL);
    opts->flags = 0;
    opts->iova_first = 0x2000;
    opts->iova_last = 0x1fff;
    assert_int_equal(create(opts), -EINVAL);
    opts->iova_last = 0x2ffe;
    assert_int_equal(create(opts), -EINVAL);
    opts->iova_last = 0x2fff;
    assert_int_equal(create(opts), 0);
    opts->iova_first = 0x2001;
    opts->iova_last = 0xffff;
    assert_int_equal(create(opts), -EINVAL);
}

struct heard {
    uint32_t kinds[8];
    unsigned count;
};

static void hear(void *arg, const struct sriov_violation *violation)
{
    struct heard *heard = arg;

    assert_true(heard->count < 8);
    assert_int_equal(violation->size, sizeof(*violation));
    heard->kinds[heard->count++] = violation->kind;
}

static void destroy_reports_what_was_left(void **state)
{
    struct heard heard = {0};
    struct sriov_mock_opts opts = {.on_violation = hear, .arg = &heard};
    struct fixture *f = fixture_make(&opts);
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);

    (void)state;
    assert_int_equal(f->ops->dma_alloc(fixture_open(f, f->pf), &mem), 0);
    assert_non_null(f->ops->host_alloc(f->vmm, 10, 1));
    assert_int_equal(sriov_mock_held(f->mock), 3);
    sriov_mock_destroy(f->mock);
    assert_int_equal(heard.count, 3);
    assert_int_equal(heard.kinds[0], SRIOV_VIOLATION_CONTRACT); /* still open */
    assert_int_equal(heard.kinds[1], SRIOV_VIOLATION_LEAK);
    assert_int_equal(heard.kinds[2], SRIOV_VIOLATION_LEAK);
    free(f);
}

static void the_core_registers_the_table(void **state)
{
    struct fixture *f = *state;
    struct sriov_vmm *again = NULL;

    assert_string_equal(sriov_vmm_name(sriov_mock_vmm(f->mock)), "mock");
    assert_int_equal(sriov_vmm_register(sriov_mock_ops(), sriov_mock_ctx(f->mock), &again), 0);
    assert_int_equal(sriov_vmm_unregister(again), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(memory_is_zeroed_aligned_and_counted), MOCK_TEST(misuse_of_memory_is_named),
        cmocka_unit_test(options_are_checked),           cmocka_unit_test(destroy_reports_what_was_left),
        MOCK_TEST(the_core_registers_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
