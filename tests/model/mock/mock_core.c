/* SPDX-License-Identifier: BSD-3-Clause */
/* The core over the mock: a clean life holds nothing at its end, a dirty one is named. */
#include "fixture.h"

#include <sriov/dma.h>
#include <sriov/fn.h>
#include <sriov/irq.h>

static struct sriov_fn *open_fn(struct fixture *f, const char *name)
{
    struct sriov_fn *fn = NULL;

    assert_int_equal(sriov_fn_open(sriov_mock_vmm(f->mock), name, NULL, &fn), 0);
    return fn;
}

static void on_irq(void *arg, uint32_t vector)
{
    (void)vector;
    ++*(unsigned *)arg;
}

static void a_whole_life_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct sriov_fn *pf = open_fn(f, f->pf);
    struct sriov_fn *vf;
    struct sriov_bar bar;
    struct sriov_dma dma;
    unsigned calls = 0;
    uint32_t got = 0;

    assert_int_equal(sriov_fn_set_vfs(pf, 2), 0);
    assert_int_equal(sriov_mock_vf_name(f->mock, f->pf, 1, f->vf), 0);
    vf = open_fn(f, f->vf);
    assert_int_equal(sriov_fn_info(vf)->device, TOY_VF_DEVICE);
    assert_int_equal(sriov_bar_open(vf, TOY_BAR, 0x40, &bar), 0);
    assert_int_equal(sriov_dma_alloc(vf, "test", 100, PAGE, SRIOV_DMA_BOTH, &dma), 0);
    assert_int_equal(sriov_irq_enable(vf, 8, 1, &got), 0);
    assert_int_equal(got, TOY_VECTORS);
    assert_int_equal(sriov_irq_attach(vf, 3, on_irq, &calls), 0);
    memcpy(dma.va, "out", 3);
    sriov_wr32(&bar, TOY_DMA_LO, (uint32_t)dma.iova.raw);
    sriov_wr32(&bar, TOY_DMA_HI, (uint32_t)(dma.iova.raw >> 32));
    sriov_wr32(&bar, TOY_DMA_LEN, 3);
    sriov_wr32(&bar, TOY_DMA_CMD, TOY_DMA_READ);
    assert_int_equal(sriov_rd32(&bar, TOY_STATUS), 0);
    sriov_wr32(&bar, TOY_IRQ, 3);
    assert_int_equal(sriov_vmm_wait(sriov_mock_vmm(f->mock), SECOND), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(sriov_irq_disable(vf), 0);
    assert_int_equal(sriov_dma_free(vf, &dma), 0);
    sriov_bar_close(&bar);
    assert_int_equal(sriov_fn_close(vf), 0);
    assert_int_equal(sriov_fn_set_vfs(pf, 0), 0);
    assert_int_equal(sriov_fn_close(pf), 0);
    fixture_expect_none(f);
}

static void removal_kills_the_function(void **state)
{
    struct fixture *f = *state;
    struct sriov_fn *fn = open_fn(f, f->pf);
    struct sriov_dma dma;
    uint32_t got = 0;
    unsigned calls = 0;

    assert_int_equal(sriov_dma_alloc(fn, "test", 100, PAGE, SRIOV_DMA_BOTH, &dma), 0);
    assert_int_equal(sriov_irq_enable(fn, 1, 1, &got), 0);
    assert_int_equal(sriov_irq_attach(fn, 0, on_irq, &calls), 0);
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, false, 0), 0);
    assert_int_equal(sriov_vmm_wait(sriov_mock_vmm(f->mock), SECOND), 0);
    assert_true(sriov_fn_gone(fn));
    assert_int_equal(sriov_dma_free(fn, &dma), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    fixture_expect_none(f);
}

/* Every op of a short life fails once: nothing may stay behind. */
static uint64_t live_once(struct fixture *f)
{
    uint64_t before = sriov_mock_op_calls(f->mock, NULL);
    struct sriov_fn *fn = NULL;
    struct sriov_dma dma;
    uint32_t got = 0;
    unsigned calls = 0;

    if (sriov_fn_open(sriov_mock_vmm(f->mock), f->pf, NULL, &fn) == 0) {
        if (sriov_dma_alloc(fn, "test", 100, PAGE, SRIOV_DMA_BOTH, &dma) == 0) {
            (void)sriov_dma_free(fn, &dma);
        }
        if (sriov_irq_enable(fn, 1, 1, &got) == 0) {
            (void)sriov_irq_attach(fn, 0, on_irq, &calls);
            (void)sriov_irq_disable(fn);
        }
        (void)sriov_fn_close(fn);
    }
    return sriov_mock_op_calls(f->mock, NULL) - before;
}

static void sweep(struct fixture *f, uint32_t kind, uint64_t ops)
{
    struct sriov_mock_fault fault = {.size = sizeof(fault), .kind = kind, .err = -EFAULT};

    for (uint64_t n = 1; n <= ops; n++) {
        fault.nth = n;
        assert_int_equal(sriov_mock_inject(f->mock, &fault), 0);
        (void)live_once(f);
        (void)sriov_mock_clear_faults(f->mock);
        assert_int_equal(sriov_mock_held(f->mock), 0);
        fixture_expect_none(f);
        if (kind == SRIOV_MOCK_FAULT_GONE) {
            (void)sriov_mock_remove(f->mock, f->pf, false, 0);
            assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, NULL, f->pf), 0);
        }
    }
}

static void every_op_may_fail(void **state)
{
    struct fixture *f = *state;
    uint64_t ops = live_once(f);

    assert_true(ops > 20);
    sweep(f, SRIOV_MOCK_FAULT_OP, ops);
    sweep(f, SRIOV_MOCK_FAULT_GONE, ops);
    assert_true(live_once(f) == ops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(a_whole_life_leaves_nothing),
        MOCK_TEST(removal_kills_the_function),
        MOCK_TEST(every_op_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
