/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's CPU: loads, stores and config cycles, and what each of them costs in exits. */
#include "vm.h"

#include <sriov/hw/pci_regs.h>

#include <string.h>

static uint64_t all_ones(uint32_t width)
{
    return width >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * width)) - 1;
}

static bool is_width(uint32_t width, uint32_t most)
{
    return mock_is_pow2(width) && width <= most;
}

/* Callbacks come one at a time: a guest that runs inside one is a mistake of the test's. */
static bool may_run(struct mock_vm *vm)
{
    if (vm->in_callback > 0) {
        mock_contract(vm->mock, vm->name, "the guest's CPU runs inside a callback of its machine");
    }
    return vm->in_callback == 0;
}

static uint64_t mapped_load(const volatile uint8_t *at, uint32_t width)
{
    switch (width) {
    case 1:
        return *at;
    case 2:
        return *(const volatile uint16_t *)(const volatile void *)at;
    case 4:
        return *(const volatile uint32_t *)(const volatile void *)at;
    default:
        return *(const volatile uint64_t *)(const volatile void *)at;
    }
}

static void mapped_store(volatile uint8_t *at, uint32_t width, uint64_t value)
{
    switch (width) {
    case 1:
        *at = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)(volatile void *)at = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)(volatile void *)at = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)(volatile void *)at = value;
        break;
    }
}

static uint64_t window_load(struct mock_vm *vm, const struct mock_window *window, uint64_t off,
                            uint32_t width)
{
    struct sriov_vm_window win = window->win; /* the callback may move it */
    uint64_t value;

    if (win.va != NULL) {
        vm->counts.mapped++;
        return mapped_load((const volatile uint8_t *)win.va + off, width);
    }
    vm->counts.trapped++;
    mock_vm_enter(vm);
    value = win.read(win.arg, off, width);
    mock_vm_leave(vm);
    return value & all_ones(width);
}

static void window_store(struct mock_vm *vm, const struct mock_window *window, uint64_t off, uint32_t width,
                         uint64_t value)
{
    struct sriov_vm_window win = window->win;

    if (win.va != NULL) {
        vm->counts.mapped++;
        mapped_store((volatile uint8_t *)win.va + off, width, value);
        return;
    }
    vm->counts.trapped++;
    mock_vm_enter(vm);
    win.write(win.arg, off, width, value);
    mock_vm_leave(vm);
}

/* Does the access end inside, at an offset that is a multiple of its width? */
static bool fits(const struct mock_window *window, uint64_t gpa, uint32_t width)
{
    uint64_t off = gpa - window->win.gpa;

    return off % width == 0 && width <= window->win.length - off;
}

static uint64_t load(struct mock_vm *vm, uint64_t gpa, uint32_t width)
{
    const struct mock_vm_mem *piece = mock_vm_find_mem(vm, gpa);
    const struct mock_window *window = mock_vm_find_window(vm, gpa);
    uint64_t value = 0;

    if (piece != NULL) {
        memcpy(&value, (const uint8_t *)piece->mem.va + (gpa - piece->mem.gpa), width);
        return value;
    }
    if (window != NULL && fits(window, gpa, width)) {
        return window_load(vm, window, gpa - window->win.gpa, width);
    }
    vm->counts.nothing++;
    return all_ones(width);
}

static void store(struct mock_vm *vm, uint64_t gpa, uint32_t width, uint64_t value)
{
    struct mock_vm_mem *piece;
    const struct mock_window *window;

    if (mock_vm_ring(vm, gpa, width, value)) {
        return;
    }
    piece = mock_vm_find_mem(vm, gpa);
    window = mock_vm_find_window(vm, gpa);
    if (piece != NULL && (piece->mem.flags & SRIOV_VM_MEM_READONLY) == 0) {
        memcpy((uint8_t *)piece->mem.va + (gpa - piece->mem.gpa), &value, width);
        mock_vm_dirty_mark(vm, gpa, width);
    } else if (piece == NULL && window != NULL && fits(window, gpa, width)) {
        window_store(vm, window, gpa - window->win.gpa, width, value);
    } else {
        vm->counts.nothing++;
    }
}

SRIOV_API uint64_t sriov_mock_guest_read(struct sriov_vm *handle, uint64_t gpa, uint32_t width)
{
    struct mock_vm *vm = mock_vm_of(handle);
    uint64_t value = 0;

    if (!is_width(width, 8) || !may_run(vm)) {
        return UINT64_MAX;
    }
    if (gpa % width == 0) {
        return load(vm, gpa, width);
    }
    for (uint32_t i = 0; i < width; i++) {
        value |= load(vm, gpa + i, 1) << (8 * i);
    }
    return value;
}

SRIOV_API void sriov_mock_guest_write(struct sriov_vm *handle, uint64_t gpa, uint32_t width, uint64_t value)
{
    struct mock_vm *vm = mock_vm_of(handle);

    if (!is_width(width, 8) || !may_run(vm)) {
        return;
    }
    value &= all_ones(width);
    if (gpa % width == 0) {
        store(vm, gpa, width, value);
        return;
    }
    for (uint32_t i = 0; i < width; i++) {
        store(vm, gpa + i, 1, (value >> (8 * i)) & 0xffu);
    }
}

/* The function that answers this config cycle; NULL: none. */
static struct mock_dev *config_target(struct mock_vm *vm, uint32_t slot, uint32_t off, uint32_t width)
{
    struct mock_dev *dev = mock_vm_dev_at(vm, slot);

    if (!is_width(width, 4) || off % width != 0 || off >= SRIOV_PCI_CFG_EXT_SIZE || !may_run(vm)) {
        return NULL;
    }
    vm->counts.config++;
    return dev != NULL && dev->plugged ? dev : NULL;
}

SRIOV_API uint32_t sriov_mock_guest_cfg_read(struct sriov_vm *handle, uint32_t slot, uint32_t off,
                                             uint32_t width)
{
    struct mock_vm *vm = mock_vm_of(handle);
    const struct mock_dev *dev = config_target(vm, slot, off, width);
    uint32_t ones = is_width(width, 4) ? (uint32_t)all_ones(width) : UINT32_MAX;
    uint32_t value;

    if (dev == NULL) {
        return ones;
    }
    mock_vm_enter(vm);
    value = dev->args.cfg_read(dev->args.arg, off, width);
    mock_vm_leave(vm);
    return value & ones;
}

SRIOV_API void sriov_mock_guest_cfg_write(struct sriov_vm *handle, uint32_t slot, uint32_t off,
                                          uint32_t width, uint32_t value)
{
    struct mock_vm *vm = mock_vm_of(handle);
    const struct mock_dev *dev = config_target(vm, slot, off, width);

    if (dev == NULL) {
        return;
    }
    mock_vm_enter(vm);
    dev->args.cfg_write(dev->args.arg, off, width, value & (uint32_t)all_ones(width));
    mock_vm_leave(vm);
}
