/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake's files among themselves. */
#ifndef FAKE_OPS_H
#define FAKE_OPS_H

#include "fake_vmm.h"

/* Every op goes through here: it is counted, traced, and may be told to fail. */
int fake_hit(struct fake *f, const char *op);

int fake_op_dma_limits(void *fn, struct sriov_dma_limits *limits);
int fake_op_dma_alloc(void *fn, struct sriov_dma_mem *mem);
int fake_op_dma_free(void *fn, const struct sriov_dma_mem *mem);
int fake_op_dma_map(void *fn, struct sriov_dma_mem *mem);
int fake_op_dma_unmap(void *fn, const struct sriov_dma_mem *mem);
int fake_op_irq_count(void *fn, uint32_t *count);
int fake_op_irq_enable(void *fn, uint32_t *n);
int fake_op_irq_disable(void *fn);
int fake_op_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink);
int fake_op_irq_detach(void *fn, uint32_t vector);
int fake_op_irq_mask(void *fn, uint32_t vector);
int fake_op_irq_unmask(void *fn, uint32_t vector);
int fake_op_irq_pending(void *fn, uint32_t vector, uint32_t *pending);
int fake_op_irq_trigger(void *fn, uint32_t vector);
int fake_op_set_event_sink(void *fn, const struct sriov_event_sink *sink);

#endif
