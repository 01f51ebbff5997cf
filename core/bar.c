/* SPDX-License-Identifier: BSD-3-Clause */
/* BARs: a view where the shim gives one, the checked trapped path everywhere. */
#include "core.h"

#include <sriov/hw/pci_regs.h>

static int take_view(struct sriov_bar *bar, const struct sriov_bar_info *info)
{
    struct sriov_fn *fn = bar->fn;
    volatile void *view = NULL;
    int rc;

    if (!sriov_fn_can(fn, SRIOV_CAP_BAR_VIEW) || (info->flags & SRIOV_BAR_VIEWABLE) == 0) {
        return 0;
    }
    rc = sric_fn_saw(fn, sric_ops(fn)->bar_view(fn->handle, bar->index, &view));
    /* A kill that came while the shim made this view may have missed it; one that comes from here on
     * finds it. */
    if (rc == 0 && sriov_fn_gone(fn)) {
        fn->vmm->ops.bar_unview(fn->handle, bar->index, view);
        rc = -ENODEV;
    }
    if (rc == 0) {
        bar->view = view;
    }
    /* Without a view the trapped path serves as well; a function that is gone has neither. */
    return rc == -ENODEV ? rc : 0;
}

int sriov_bar_open(struct sriov_fn *fn, uint32_t index, uint64_t need, struct sriov_bar *bar)
{
    struct sriov_bar_info info = {.size = sizeof(info)};
    int rc;

    memset(bar, 0, sizeof(*bar));
    if (index >= SRIOV_PCI_BAR_COUNT) {
        return -EINVAL;
    }
    rc = sric_fn_saw(fn, sric_ops(fn)->bar_info(fn->handle, index, &info));
    if (rc != 0) {
        return rc;
    }
    if (info.length < need) {
        return -ERANGE;
    }
    if (info.length == 0) {
        return -ENOENT;
    }
    bar->length = info.length;
    bar->fn = fn;
    bar->index = index;
    rc = take_view(bar, &info);
    if (rc != 0) {
        memset(bar, 0, sizeof(*bar));
    }
    return rc;
}

void sriov_bar_close(struct sriov_bar *bar)
{
    if (bar->fn != NULL && bar->view != NULL) {
        bar->fn->vmm->ops.bar_unview(bar->fn->handle, bar->index, bar->view);
    }
    memset(bar, 0, sizeof(*bar));
}

static int check(const struct sriov_bar *bar, uint64_t off, uint32_t width)
{
    if (bar->fn == NULL || (width != 1 && width != 2 && width != 4 && width != 8) || off % width != 0) {
        return -EINVAL;
    }
    return off <= bar->length && width <= bar->length - off ? 0 : -ERANGE;
}

int sriov_bar_read(const struct sriov_bar *bar, uint64_t off, uint32_t width, uint64_t *value)
{
    int rc = check(bar, off, width);

    *value = UINT64_MAX;
    if (rc == 0) {
        rc =
            sric_fn_saw(bar->fn, sric_ops(bar->fn)->bar_read(bar->fn->handle, bar->index, off, width, value));
    }
    if (rc != 0) {
        *value = UINT64_MAX;
    }
    return rc;
}

int sriov_bar_write(const struct sriov_bar *bar, uint64_t off, uint32_t width, uint64_t value)
{
    int rc = check(bar, off, width);

    if (rc == 0) {
        rc = sric_fn_saw(bar->fn,
                         sric_ops(bar->fn)->bar_write(bar->fn->handle, bar->index, off, width, value));
    }
    return rc;
}

uint32_t sriov_bar_read32(const struct sriov_bar *bar, uint64_t off)
{
    uint64_t value;

    (void)sriov_bar_read(bar, off, 4, &value);
    return (uint32_t)value;
}

void sriov_bar_write32(const struct sriov_bar *bar, uint64_t off, uint32_t value)
{
    (void)sriov_bar_write(bar, off, 4, value);
}
