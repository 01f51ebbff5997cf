/* SPDX-License-Identifier: BSD-3-Clause */
/* What a function's device wrote to memory: a bit per page of each of its mappings. */
#include "internal.h"

#include <inttypes.h>
#include <stdlib.h>

int mock_dma_dirty_begin(const struct mock_domain *domain, struct mock_mapping *map)
{
    if (!domain->logging) {
        return 0;
    }
    map->dirty = mock_bits_new(map->last - map->first + 1);
    return map->dirty != NULL ? 0 : -ENOMEM;
}

static void forget(struct mock_domain *domain)
{
    for (size_t i = 0; i < domain->count; i++) {
        free(domain->maps[i].dirty);
        domain->maps[i].dirty = NULL;
    }
    domain->logging = false;
}

int mock_op_dma_dirty_start(void *fn)
{
    struct mock_handle *h = fn;
    int err = mock_gate(h->mock, h, MOCK_OP_dma_dirty_start);

    if (err == 0 && h->domain.logging) {
        err = -EBUSY;
    }
    if (err != 0) {
        return err;
    }
    h->domain.logging = true;
    for (size_t i = 0; err == 0 && i < h->domain.count; i++) {
        err = mock_dma_dirty_begin(&h->domain, &h->domain.maps[i]);
    }
    if (err != 0) {
        forget(&h->domain);
    }
    return err;
}

int mock_op_dma_dirty_stop(void *fn)
{
    struct mock_handle *h = fn;
    int err = mock_gate_release(h->mock, h, MOCK_OP_dma_dirty_stop);

    if (!h->domain.logging) {
        mock_contract(h->mock, h->name, "dma_dirty_stop of a log that is not on");
        return -EINVAL;
    }
    forget(&h->domain); /* also where a fault says otherwise: the manager has no second try */
    return err;
}

/* Also of a function that is gone: what it wrote, it wrote. */
int mock_op_dma_dirty_read(void *fn, uint64_t iova, uint64_t length, uint64_t *bitmap)
{
    struct mock_handle *h = fn;
    int err = mock_gate_release(h->mock, h, MOCK_OP_dma_dirty_read);

    if (err != 0) {
        return err;
    }
    if (!h->domain.logging || length == 0 || length % SRIOV_VM_PAGE != 0 || iova % SRIOV_VM_PAGE != 0 ||
        length - 1 > UINT64_MAX - iova || bitmap == NULL) {
        mock_contract(h->mock, h->name,
                      "dma_dirty_read of no pages, or of a log that is not on: IOVA 0x%" PRIx64, iova);
        return -EINVAL;
    }
    for (size_t i = 0; i < h->domain.count; i++) {
        struct mock_span piece = {h->domain.maps[i].first, h->domain.maps[i].last};
        struct mock_span asked = {iova, iova + (length - 1)};

        mock_bits_take(h->domain.maps[i].dirty, piece, asked, bitmap);
    }
    return 0;
}
