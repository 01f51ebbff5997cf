/* SPDX-License-Identifier: BSD-3-Clause */
/* One mock with one toy PF; functions are driven through the raw table, as a core would. */
#ifndef MOCK_FIXTURE_H
#define MOCK_FIXTURE_H

#include "toy_model.h"

#include <sriov/mock.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PAGE   UINT64_C(4096)
#define IOVA   UINT64_C(0x200000)
#define MS     UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

struct fixture {
    struct sriov_mock *mock;
    const struct sriov_vmm_ops *ops;
    void *vmm;
    char pf[SRIOV_NAME_MAX];
    char vf[SRIOV_NAME_MAX]; /* VF 0, after fixture_vf */
};

int fixture_setup(void **state);
/* Fails the test when the mock still holds anything. */
int fixture_teardown(void **state);
/* A mock with options; the rest as fixture_setup. */
struct fixture *fixture_make(struct sriov_mock_opts *opts);

/* Opens, with memory space and bus mastering on. */
void *fixture_open(struct fixture *f, const char *name);
/* Enables n VFs by a PF handle; *vf_name of VF 0 in f->vf. */
void fixture_vfs(struct fixture *f, void *pf, uint16_t n);

uint32_t fixture_rd(struct fixture *f, void *fn, uint64_t off);
void fixture_wr(struct fixture *f, void *fn, uint64_t off, uint32_t value);

struct sriov_dma_mem fixture_mem(uint64_t iova, uint64_t length, uint32_t dir);
/* Runs one DMA of the device; its STATUS. */
uint32_t fixture_dma(struct fixture *f, void *fn, uint64_t iova, uint32_t len, uint32_t command);

/* Expects exactly one finding of this kind since the last look, and forgets it. */
void fixture_expect(struct fixture *f, enum sriov_violation_kind kind);
void fixture_expect_none(struct fixture *f);

#define MOCK_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#endif
