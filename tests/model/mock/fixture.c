/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

#include <sriov/hw/pci_regs.h>

#include <stdlib.h>

struct fixture *fixture_make(struct sriov_mock_opts *opts)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    opts->size = sizeof(*opts);
    opts->flags |= SRIOV_MOCK_QUIET;
    assert_int_equal(sriov_mock_create(opts, &f->mock), 0);
    f->ops = sriov_mock_ops();
    f->vmm = sriov_mock_ctx(f->mock);
    assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, NULL, f->pf), 0);
    return f;
}

int fixture_setup(void **state)
{
    struct sriov_mock_opts opts = {0};

    *state = fixture_make(&opts);
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(sriov_mock_held(f->mock), 0);
    sriov_mock_destroy(f->mock);
    free(f);
    return 0;
}

void *fixture_open(struct fixture *f, const char *name)
{
    struct sriov_open_args args = {.size = sizeof(args), .name = name};
    void *fn = NULL;

    assert_int_equal(f->ops->open(f->vmm, &args, &fn), 0);
    assert_non_null(fn);
    assert_int_equal(
        f->ops->cfg_write(fn, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER), 0);
    return fn;
}

void fixture_vfs(struct fixture *f, void *pf, uint16_t n)
{
    assert_int_equal(f->ops->set_vfs(pf, n), 0);
    assert_int_equal(sriov_mock_vf_name(f->mock, f->pf, 0, f->vf), 0);
}

uint32_t fixture_rd(struct fixture *f, void *fn, uint64_t off)
{
    uint64_t value = 0;

    assert_int_equal(f->ops->bar_read(fn, TOY_BAR, off, 4, &value), 0);
    return (uint32_t)value;
}

void fixture_wr(struct fixture *f, void *fn, uint64_t off, uint32_t value)
{
    assert_int_equal(f->ops->bar_write(fn, TOY_BAR, off, 4, value), 0);
}

struct sriov_dma_mem fixture_mem(uint64_t iova, uint64_t length, uint32_t dir)
{
    struct sriov_dma_mem mem = {
        .size = sizeof(mem), .dir = dir, .length = length, .align = PAGE, .iova = sriov_iova(iova)};

    return mem;
}

uint32_t fixture_dma(struct fixture *f, void *fn, uint64_t iova, uint32_t len, uint32_t command)
{
    fixture_wr(f, fn, TOY_DMA_LO, (uint32_t)iova);
    fixture_wr(f, fn, TOY_DMA_HI, (uint32_t)(iova >> 32));
    fixture_wr(f, fn, TOY_DMA_LEN, len);
    fixture_wr(f, fn, TOY_DMA_CMD, command);
    return fixture_rd(f, fn, TOY_STATUS);
}

void fixture_expect(struct fixture *f, enum sriov_violation_kind kind)
{
    assert_int_equal(sriov_mock_violations(f->mock, kind), 1);
    assert_int_equal(sriov_mock_violations(f->mock, 0), 1);
    sriov_mock_forget_violations(f->mock);
}

void fixture_expect_none(struct fixture *f)
{
    const struct sriov_violation *last = sriov_mock_last_violation(f->mock);

    if (last != NULL) {
        fail_msg("unexpected finding: %s", last->text);
    }
}
