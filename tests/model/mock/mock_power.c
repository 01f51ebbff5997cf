/* SPDX-License-Identifier: BSD-3-Clause */
/* Function level reset: what it clears, what survives it. */
#include "fixture.h"

#include <sriov/hw/pci_regs.h>

static void count(void *arg, uint32_t vector)
{
    (void)vector;
    ++*(unsigned *)arg;
}

static void config_maps_and_sinks_survive(void **state)
{
    struct fixture *f = *state;
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);
    void *fn = fixture_open(f, f->pf);
    unsigned calls = 0;
    struct sriov_irq_sink sink = {
        .size = sizeof(sink), .kind = SRIOV_SINK_CALLBACK, .fd = -1, .cb = count, .arg = &calls};
    uint32_t n = 2;
    uint32_t pending = 0;

    assert_int_equal(f->ops->dma_alloc(fn, &mem), 0);
    assert_int_equal(f->ops->irq_enable(fn, &n), 0);
    assert_int_equal(f->ops->irq_attach(fn, 0, &sink), 0);
    assert_int_equal(f->ops->irq_attach(fn, 1, &sink), 0);
    assert_int_equal(f->ops->irq_mask(fn, 1), 0);
    fixture_wr(f, fn, TOY_SCRATCH, 5);
    assert_int_equal(f->ops->reset(fn), 0);
    assert_int_equal(sriov_mock_now(f->mock), 100 * MS);
    assert_int_equal(fixture_rd(f, fn, TOY_SCRATCH), 0);
    assert_int_equal(fixture_dma(f, fn, IOVA, 16, TOY_DMA_WRITE), 0);
    fixture_wr(f, fn, TOY_IRQ, 0);
    fixture_wr(f, fn, TOY_IRQ, 1);
    f->ops->relax(f->vmm);
    assert_int_equal(calls, 1);
    assert_int_equal(f->ops->irq_pending(fn, 1, &pending), 0);
    assert_int_equal(pending, 1);
    fixture_expect_none(f);
    assert_int_equal(f->ops->irq_disable(fn), 0);
    assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    f->ops->close(fn);
}

static void vfs_outlive_their_pfs_reset(void **state)
{
    struct fixture *f = *state;
    void *pf = fixture_open(f, f->pf);
    struct sriov_fn_info info = {.size = sizeof(info)};
    uint32_t command = 0;
    void *vf;

    fixture_vfs(f, pf, 3);
    vf = fixture_open(f, f->vf);
    fixture_wr(f, vf, TOY_SCRATCH, 5);
    assert_int_equal(f->ops->reset(pf), 0);
    assert_int_equal(f->ops->info(pf, &info), 0);
    assert_int_equal(info.num_vfs, 3);
    assert_int_equal(fixture_rd(f, vf, TOY_SCRATCH), 0);
    assert_int_equal(f->ops->cfg_read(vf, SRIOV_PCI_COMMAND, 2, &command), 0);
    assert_int_equal(command, 0); /* nobody restores a VF's config behind its owner's back */
    f->ops->close(vf);
    f->ops->close(pf);
}

static void pull_pf(void *arg)
{
    struct fixture *f = arg;

    (void)sriov_mock_remove(f->mock, f->pf, false, 0);
}

static void gone_while_it_resets(void **state)
{
    struct fixture *f = *state;
    void *pf = fixture_open(f, f->pf);
    int id = sriov_mock_task(f->mock, 30 * MS, pull_pf, f);

    assert_int_equal(f->ops->reset(pf), -ENODEV);
    assert_int_equal(sriov_mock_task_stop(f->mock, id), 0);
    f->ops->close(pf);
    fixture_expect_none(f);
}

static void gone_while_vfs_come_up(void **state)
{
    struct fixture *f = *state;
    void *pf = fixture_open(f, f->pf);
    int id = sriov_mock_task(f->mock, 30 * MS, pull_pf, f);

    assert_int_equal(f->ops->set_vfs(pf, 2), -ENODEV);
    assert_int_equal(sriov_mock_task_stop(f->mock, id), 0);
    f->ops->close(pf);
}

static void no_callback_runs_inside_a_blocking_op(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    unsigned calls = 0;
    struct sriov_irq_sink sink = {
        .size = sizeof(sink), .kind = SRIOV_SINK_CALLBACK, .fd = -1, .cb = count, .arg = &calls};
    uint32_t n = 1;

    assert_int_equal(f->ops->irq_enable(fn, &n), 0);
    assert_int_equal(f->ops->irq_attach(fn, 0, &sink), 0);
    assert_int_equal(f->ops->irq_trigger(fn, 0), 0);
    assert_int_equal(f->ops->reset(fn), 0);
    assert_int_equal(calls, 0);
    f->ops->relax(f->vmm);
    assert_int_equal(calls, 1);
    assert_int_equal(f->ops->irq_disable(fn), 0);
    f->ops->close(fn);
}

static void a_device_without_flr_says_so(void **state)
{
    struct fixture *f = *state;
    char name[SRIOV_NAME_MAX];
    void *fn;

    assert_int_equal(sriov_mock_add_model(f->mock, &toy_plain_model, NULL, name), 0);
    fn = fixture_open(f, name);
    assert_int_equal(f->ops->reset(fn), -EOPNOTSUPP);
    assert_int_equal(f->ops->set_vfs(fn, 1), -EOPNOTSUPP);
    f->ops->close(fn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(config_maps_and_sinks_survive),
        MOCK_TEST(vfs_outlive_their_pfs_reset),
        MOCK_TEST(gone_while_it_resets),
        MOCK_TEST(gone_while_vfs_come_up),
        MOCK_TEST(no_callback_runs_inside_a_blocking_op),
        MOCK_TEST(a_device_without_flr_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
