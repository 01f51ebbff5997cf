/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of what a function's device can reach: slots that stay put, found by number. */
#include "ledger.h"
#include "core.h"

#define FIRST_ROOM 16u
/* A handle's slot word: the slot's number below, above it the slot's generation, so that a copy of a
 * handle that was given back does not name whatever came to lie in the same place. */
#define SLOT_BITS  20u
#define ROOM_MAX   (UINT32_C(1) << SLOT_BITS)
#define GENERATION (UINT32_MAX >> SLOT_BITS)

static void *grow(struct sriov_vmm *vmm, void *old, size_t entry, uint32_t used, uint32_t room)
{
    void *bigger = sric_alloc(vmm, entry * room, 64);

    if (bigger != NULL && old != NULL) {
        memcpy(bigger, old, entry * used);
    }
    return bigger;
}

static uint32_t next_room(uint32_t room)
{
    return room == 0 ? FIRST_ROOM : room * 2;
}

static int grow_maps(struct sriov_fn *fn)
{
    struct sric_ledger *ledger = &fn->ledger;
    uint32_t room = next_room(ledger->room);
    struct sric_map *maps;

    if (room > ROOM_MAX) {
        return -ENOSPC;
    }
    maps = grow(fn->vmm, ledger->maps, sizeof(*maps), ledger->room, room);
    if (maps == NULL) {
        return -ENOMEM;
    }
    sric_free(fn->vmm, ledger->maps, sizeof(*maps) * ledger->room);
    for (uint32_t i = room; i > ledger->room; i--) {
        maps[i - 1].next_free = ledger->free_head;
        ledger->free_head = i;
    }
    ledger->maps = maps;
    ledger->room = room;
    return 0;
}

static int grow_spans(struct sriov_fn *fn)
{
    struct sric_iova *iova = &fn->iova;
    uint32_t room = next_room(iova->room);
    struct sric_span *spans = grow(fn->vmm, iova->spans, sizeof(*spans), iova->n, room);

    if (spans == NULL) {
        return -ENOMEM;
    }
    sric_free(fn->vmm, iova->spans, sizeof(*spans) * iova->room);
    iova->spans = spans;
    iova->room = room;
    return 0;
}

int sric_ledger_reserve(struct sriov_fn *fn)
{
    int rc = fn->ledger.free_head == 0 ? grow_maps(fn) : 0;

    if (rc == 0 && fn->iova.n == fn->iova.room) {
        rc = grow_spans(fn);
    }
    return rc;
}

uint32_t sric_ledger_add(struct sriov_fn *fn, const struct sric_map *map)
{
    struct sric_ledger *ledger = &fn->ledger;
    uint32_t slot = ledger->free_head - 1;

    uint32_t generation = ledger->maps[slot].generation;

    ledger->free_head = ledger->maps[slot].next_free;
    ledger->maps[slot] = *map;
    ledger->maps[slot].generation = generation;
    ledger->live++;
    ledger->bytes += map->mem.length;
    return generation << SLOT_BITS | slot;
}

struct sric_map *sric_ledger_find(struct sriov_fn *fn, const struct sriov_dma *dma, enum sric_map_kind kind)
{
    uint32_t slot = dma->slot & (ROOM_MAX - 1);
    struct sric_map *map;

    if (dma->length == 0 || slot >= fn->ledger.room) {
        return NULL;
    }
    map = &fn->ledger.maps[slot];
    if (map->kind != kind || map->given_back || map->generation != dma->slot >> SLOT_BITS ||
        map->mem.va != dma->va || map->mem.iova.raw != dma->iova.raw || map->mem.length != dma->length) {
        return NULL;
    }
    return map;
}

struct sric_map *sric_ledger_find_at(struct sriov_fn *fn, sriov_iova_t iova)
{
    for (uint32_t i = 0; i < fn->ledger.room; i++) {
        struct sric_map *map = &fn->ledger.maps[i];

        if (map->kind == SRIC_MAP_CALLER && !map->given_back && map->mem.iova.raw == iova.raw) {
            return map;
        }
    }
    return NULL;
}

void sric_ledger_remove(struct sriov_fn *fn, struct sric_map *map)
{
    struct sric_ledger *ledger = &fn->ledger;
    uint32_t generation = (map->generation + 1) & GENERATION;

    ledger->live--;
    ledger->bytes -= map->mem.length;
    if (map->spanned) {
        (void)sric_iova_remove(&fn->iova, map->mem.iova.raw);
    }
    memset(map, 0, sizeof(*map));
    map->generation = generation;
    map->next_free = ledger->free_head;
    ledger->free_head = (uint32_t)(map - ledger->maps) + 1;
}

void sric_ledger_release(struct sriov_fn *fn)
{
    sric_free(fn->vmm, fn->ledger.maps, sizeof(*fn->ledger.maps) * fn->ledger.room);
    sric_free(fn->vmm, fn->iova.spans, sizeof(*fn->iova.spans) * fn->iova.room);
    memset(&fn->ledger, 0, sizeof(fn->ledger));
    memset(&fn->iova, 0, sizeof(fn->iova));
}
