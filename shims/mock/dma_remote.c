/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that a device reaches by somebody's calls. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* Several handles may have had the name: one function went, another came in its place. */
static struct mock_handle *handle_of(struct sriov_mock *mock, const char *fn)
{
    struct mock_handle *h = mock->handles;

    while (h != NULL && (h->slot == NULL || strcmp(h->name, fn) != 0)) {
        h = h->next;
    }
    return h;
}

static int check(const struct mock_handle *h, const struct mock_mapping *map)
{
    const struct sriov_mock_opts *opts = &h->mock->opts;

    if (map->dir < SRIOV_DMA_DEVICE_READS || map->dir > SRIOV_DMA_BOTH ||
        (map->first | (map->last + 1)) % MOCK_GRANULE != 0 || map->last < map->first) {
        return -EINVAL;
    }
    if (map->first < opts->iova_first || map->last > opts->iova_last) {
        return -ERANGE;
    }
    if (mock_iommu_overlaps(&h->domain, map->first, map->last)) {
        return -EBUSY;
    }
    return opts->maps_max != 0 && h->domain.count >= opts->maps_max ? -ENOSPC : 0;
}

static int enter(struct mock_handle *h, struct mock_mapping *map, const struct sriov_dma_remote *remote)
{
    int err = mock_dma_dirty_begin(&h->domain, map);

    map->remote = malloc(sizeof(*map->remote));
    if (err == 0 && map->remote != NULL) {
        *map->remote = *remote;
        err = mock_iommu_map(&h->domain, map);
    } else if (err == 0) {
        err = -ENOMEM;
    }
    if (err != 0) {
        free(map->dirty);
        free(map->remote);
    }
    return err;
}

SRIOV_API int sriov_mock_dma_remote(struct sriov_mock *mock, const char *fn, sriov_iova_t iova,
                                    uint64_t length, enum sriov_dma_dir dir,
                                    const struct sriov_dma_remote *remote)
{
    struct mock_mapping map = {
        .first = iova.raw, .last = iova.raw + (length - 1), .dir = (uint32_t)dir, .piece = true};
    struct mock_handle *h;
    int err;

    if (mock == NULL || fn == NULL || length == 0 ||
        mock_check_struct(remote, sizeof(*remote), sizeof(*remote)) || remote->reserved0 != 0 ||
        remote->read == NULL || remote->write == NULL) {
        return -EINVAL;
    }
    h = handle_of(mock, fn);
    if (h == NULL) {
        return -ENODEV;
    }
    err = check(h, &map);
    return err == 0 ? enter(h, &map, remote) : err;
}

/* Also of a function that is gone: its handle has it until it is closed. */
SRIOV_API int sriov_mock_dma_unremote(struct sriov_mock *mock, const char *fn, sriov_iova_t iova,
                                      uint64_t length)
{
    if (mock == NULL || fn == NULL || length == 0) {
        return -EINVAL;
    }
    for (struct mock_handle *h = mock->handles; h != NULL; h = h->next) {
        struct mock_mapping *map = strcmp(h->name, fn) == 0 ? mock_iommu_find(&h->domain, iova.raw) : NULL;

        if (map != NULL && map->remote != NULL && map->last - map->first == length - 1) {
            mock_iommu_unmap(&h->domain, map);
            return 0;
        }
    }
    return -ENOENT;
}
