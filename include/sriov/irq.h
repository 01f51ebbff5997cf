/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X vectors of a function and their sinks. Control thread. */
#ifndef SRIOV_IRQ_H
#define SRIOV_IRQ_H

#include <sriov/fn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Vectors the function has; 0 where the VMM has none to give (then poll). */
SRIOV_API uint32_t sriov_irq_count(struct sriov_fn *fn);
/*
 * Turn on `want` vectors, or as many as the host gives down to `least`; *got says how many.
 * -ENOSPC when fewer than `least` are to be had (nothing is enabled then), -EBUSY when on already.
 */
SRIOV_API int sriov_irq_enable(struct sriov_fn *fn, uint32_t want, uint32_t least, uint32_t *got);
/* All sinks are detached. Twice is once. */
SRIOV_API int sriov_irq_disable(struct sriov_fn *fn);

/* Callback sink: cb runs in sriov_vmm_wait, _relax, _sleep or in interrupt context; it must not
 * wait. A callback that comes after sriov_irq_detach returned is a shim's bug. */
SRIOV_API int sriov_irq_attach(struct sriov_fn *fn, uint32_t vector, void (*cb)(void *arg, uint32_t vector),
                               void *arg);
/* Eventfd sink: fd stays the caller's and must outlive the attachment. */
SRIOV_API int sriov_irq_attach_fd(struct sriov_fn *fn, uint32_t vector, int fd);
SRIOV_API int sriov_irq_detach(struct sriov_fn *fn, uint32_t vector);
SRIOV_API int sriov_irq_mask(struct sriov_fn *fn, uint32_t vector);
SRIOV_API int sriov_irq_unmask(struct sriov_fn *fn, uint32_t vector);
SRIOV_API int sriov_irq_pending(struct sriov_fn *fn, uint32_t vector, bool *pending);
SRIOV_API int sriov_irq_trigger(struct sriov_fn *fn, uint32_t vector);

#ifdef __cplusplus
}
#endif
#endif
