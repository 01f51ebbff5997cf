/* SPDX-License-Identifier: BSD-3-Clause */
/* The DMA ledger's own interface, for dma.c. */
#ifndef SRIC_LEDGER_H
#define SRIC_LEDGER_H

#include "core.h"

/* Room for one more entry and one more span. -ENOMEM, -ENOSPC. */
int sric_ledger_reserve(struct sriov_fn *fn);
/* After sric_ledger_reserve. Returns what a handle has as its slot. */
uint32_t sric_ledger_add(struct sriov_fn *fn, const struct sric_map *map);
/* The live entry that a handle names, NULL when the handle is stale or forged. */
struct sric_map *sric_ledger_find(struct sriov_fn *fn, const struct sriov_dma *dma, enum sric_map_kind kind);
/* The live entry of a caller's buffer that begins there, or NULL. */
struct sric_map *sric_ledger_find_at(struct sriov_fn *fn, sriov_iova_t iova);
/* Also gives its IOVA span back. */
void sric_ledger_remove(struct sriov_fn *fn, struct sric_map *map);
/* Frees the ledger's own memory. */
void sric_ledger_release(struct sriov_fn *fn);

#endif
