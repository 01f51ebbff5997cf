/* SPDX-License-Identifier: BSD-3-Clause */
/* BARs: mapped once at first use, until the function is closed. */
#include "guest.h"

#include "cpu.h"

static const struct guest_bar *bar_of(const struct guest_fn *fn, uint32_t bar)
{
    static const struct guest_bar none;

    return bar < SRIOV_PCI_BAR_COUNT ? &fn->dev->bar[bar] : &none;
}

int guest_op_bar_info(void *handle, uint32_t bar, struct sriov_bar_info *info)
{
    const struct guest_bar *b = bar_of(handle, bar);

    struct sriov_bar_info all = {.flags = b->flags, .length = b->length};

    guest_answer(info, info->size, &all, sizeof(all));
    return 0;
}

int guest_bar_map(struct guest_fn *fn, uint32_t bar)
{
    const struct guest_bar *b = bar_of(fn, bar);

    if (b->length == 0 || b->phys == 0) {
        return -ENOENT;
    }
    if ((b->flags & SRIOV_BAR_IO) != 0) {
        return -EOPNOTSUPP;
    }
    if (fn->map[bar].va != NULL) {
        return 0;
    }
    int rc = guest_window_map(fn->g, b->phys, b->length, false, &fn->map[bar]);
    if (rc == 0 && fn->dead) {
        guest_window_redirect(fn->g, &fn->map[bar], fn->inert);
    }
    return rc;
}

void guest_fn_views_end(struct guest_fn *fn)
{
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        if (fn->map[i].va != NULL) {
            guest_window_unmap(fn->g, &fn->map[i]);
        }
    }
}

int guest_op_bar_view(void *handle, uint32_t bar, volatile void **view)
{
    struct guest_fn *fn = handle;
    int rc = guest_bar_map(fn, bar);

    if (rc == 0) {
        *view = fn->map[bar].va;
    }
    return rc;
}

/* The mapping serves trapped accesses and the MSI-X table too: it stays. */
void guest_op_bar_unview(void *handle, uint32_t bar, volatile void *view)
{
    (void)handle;
    (void)bar;
    (void)view;
}

static bool inside(const struct guest_bar *b, uint64_t off, uint32_t width)
{
    return off <= b->length && width <= b->length - off;
}

static int read_port(uint16_t port, uint32_t width, uint64_t *value)
{
    switch (width) {
    case 1:
        *value = cpu_in8(port);
        return 0;
    case 2:
        *value = cpu_in16(port);
        return 0;
    case 4:
        *value = cpu_in32(port);
        return 0;
    default:
        return -EINVAL;
    }
}

static int write_port(uint16_t port, uint32_t width, uint64_t value)
{
    switch (width) {
    case 1:
        cpu_out8(port, (uint8_t)value);
        return 0;
    case 2:
        cpu_out16(port, (uint16_t)value);
        return 0;
    case 4:
        cpu_out32(port, (uint32_t)value);
        return 0;
    default:
        return -EINVAL;
    }
}

int guest_op_bar_read(void *handle, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    struct guest_fn *fn = handle;
    const struct guest_bar *b = bar_of(fn, bar);

    if (!inside(b, off, width)) {
        return -ERANGE;
    }
    if ((b->flags & SRIOV_BAR_IO) != 0) {
        return read_port((uint16_t)(b->phys + off), width, value);
    }
    int rc = guest_bar_map(fn, bar);
    if (rc != 0) {
        return rc;
    }
    volatile uint8_t *at = fn->map[bar].va + off;
    switch (width) {
    case 1:
        *value = *at;
        break;
    case 2:
        *value = *(volatile uint16_t *)at;
        break;
    case 4:
        *value = *(volatile uint32_t *)at;
        break;
    default:
        *value = *(volatile uint64_t *)at;
        break;
    }
    return 0;
}

int guest_op_bar_write(void *handle, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    struct guest_fn *fn = handle;
    const struct guest_bar *b = bar_of(fn, bar);

    if (!inside(b, off, width)) {
        return -ERANGE;
    }
    if ((b->flags & SRIOV_BAR_IO) != 0) {
        return write_port((uint16_t)(b->phys + off), width, value);
    }
    int rc = guest_bar_map(fn, bar);
    if (rc != 0) {
        return rc;
    }
    volatile uint8_t *at = fn->map[bar].va + off;
    switch (width) {
    case 1:
        *at = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)at = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)at = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)at = value;
        break;
    }
    return 0;
}
