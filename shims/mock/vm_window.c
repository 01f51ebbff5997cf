/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest addresses that are a device's: mapped to a pointer, or trapped. */
#include "vm.h"

#include <inttypes.h>
#include <string.h>

static uint64_t last_of(const struct sriov_vm_window *win)
{
    return win->gpa + (win->length - 1);
}

bool mock_vm_over_window(const struct mock_vm *vm, uint64_t first, uint64_t last)
{
    for (size_t i = 0; i < vm->num_windows; i++) {
        if (vm->windows[i].win.gpa <= last && first <= last_of(&vm->windows[i].win)) {
            return true;
        }
    }
    return false;
}

const struct mock_window *mock_vm_find_window(const struct mock_vm *vm, uint64_t gpa)
{
    for (size_t i = 0; i < vm->num_windows; i++) {
        if (vm->windows[i].win.gpa <= gpa && gpa <= last_of(&vm->windows[i].win)) {
            return &vm->windows[i];
        }
    }
    return NULL;
}

static int check_window(struct mock_dev *dev, const struct sriov_vm_window *win)
{
    struct sriov_mock *mock = dev->vm->mock;
    int err = mock_check_struct(win, sizeof(*win), sizeof(*win));
    bool mapped;

    if (err != 0) {
        mock_contract(mock, dev->name, "struct sriov_vm_window of a wrong size");
        return err;
    }
    mapped = win->va != NULL;
    if (!mock_vm_is_range(win->gpa, win->length, mapped) || win->reserved0 != 0 ||
        (uintptr_t)win->va % SRIOV_VM_PAGE != 0 || (!mapped && (win->read == NULL || win->write == NULL))) {
        mock_contract(mock, dev->name, "vm_window_add of no window: 0x%" PRIx64 ", 0x%" PRIx64 " bytes",
                      win->gpa, win->length);
        return -EINVAL;
    }
    return mock_vm_can(dev->vm, mapped ? SRIOV_VM_CAP_MAPPED : SRIOV_VM_CAP_TRAPPED) ? 0 : -EOPNOTSUPP;
}

int mock_op_vm_window_add(void *ctx, const struct sriov_vm_window *win)
{
    struct mock_dev *dev = ctx;
    struct mock_vm *vm = dev->vm;
    int err = mock_gate_dev(dev, MOCK_OP_vm_window_add, "vm_window_add");

    if (err == 0) {
        err = check_window(dev, win);
    }
    if (err != 0) {
        return err;
    }
    if (mock_vm_over_memory(vm, win->gpa, last_of(win)) || mock_vm_over_window(vm, win->gpa, last_of(win))) {
        return -EBUSY;
    }
    err = win->va != NULL ? mock_vm_check_room(vm) : 0;
    if (err != 0) {
        return err;
    }
    if (!mock_grow((void **)&vm->windows, &vm->windows_room, vm->num_windows, sizeof(*vm->windows))) {
        return -ENOMEM;
    }
    vm->windows[vm->num_windows].dev = dev;
    vm->windows[vm->num_windows].win = *win;
    vm->num_windows++;
    return 0;
}

static void remove_at(struct mock_vm *vm, size_t i)
{
    vm->num_windows--;
    memmove(&vm->windows[i], &vm->windows[i + 1], (vm->num_windows - i) * sizeof(*vm->windows));
}

int mock_op_vm_window_del(void *ctx, uint64_t gpa, uint64_t length)
{
    struct mock_dev *dev = ctx;
    struct mock_vm *vm = dev->vm;
    int err = mock_gate_dev(dev, MOCK_OP_vm_window_del, "vm_window_del");

    for (size_t i = 0; i < vm->num_windows; i++) {
        const struct mock_window *window = &vm->windows[i];

        if (window->dev == dev && window->win.gpa == gpa && window->win.length == length) {
            if (err == 0) {
                remove_at(vm, i);
            }
            return err;
        }
    }
    mock_contract(vm->mock, dev->name, "vm_window_del of no window: 0x%" PRIx64 ", 0x%" PRIx64 " bytes", gpa,
                  length);
    return -EINVAL;
}

void mock_vm_windows_drop(struct mock_dev *dev)
{
    struct mock_vm *vm = dev->vm;

    for (size_t i = vm->num_windows; i > 0; i--) {
        if (vm->windows[i - 1].dev == dev) {
            remove_at(vm, i - 1);
        }
    }
}
