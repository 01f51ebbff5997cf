/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ranges of guest-physical addresses that are a device's. A mapped one lies in KVM memory slots, but for
 * the pages that have a doorbell in them: KVM looks for a slot before it looks for an ioeventfd.
 */
#include "skvm_vm.h"

#include <errno.h>

struct skvm_window *skvm_window_at(struct skvm_machine *machine, uint64_t gpa, uint64_t length)
{
    struct skvm_window *window = machine->windows;
    while (window != NULL && !skvm_overlap(window->as.gpa, window->as.length, gpa, length)) {
        window = window->next;
    }
    return window;
}

void skvm_window_unplace(struct skvm_machine *machine, const struct skvm_window *window)
{
    for (uint32_t i = 0; i < machine->opts.num_slots; i++) {
        if (machine->memslots[i].owner == window && skvm_memslot_clear(machine, i) != 0) {
            machine->memslots[i].owner = machine; /* lost: nobody's, and not free */
        }
    }
}

/* From `off` on, the next run of pages without a doorbell; its end, or `off` when there is none. */
static uint64_t run_end(struct skvm_machine *machine, const struct skvm_window *window, uint64_t *off)
{
    const struct sriov_vm_window *as = &window->as;
    while (*off < as->length && skvm_bell_at(machine, as->gpa + *off, SRIOV_VM_PAGE) != NULL) {
        *off += SRIOV_VM_PAGE;
    }
    uint64_t end = *off;
    while (end < as->length && skvm_bell_at(machine, as->gpa + end, SRIOV_VM_PAGE) == NULL) {
        end += SRIOV_VM_PAGE;
    }
    return end;
}

int skvm_window_place(struct skvm_machine *machine, const struct skvm_window *window)
{
    const struct sriov_vm_window *as = &window->as;
    uint64_t off = 0;
    if (as->va == NULL) {
        return 0;
    }
    for (uint64_t end = run_end(machine, window, &off); end != off; end = run_end(machine, window, &off)) {
        volatile unsigned char *va = (volatile unsigned char *)as->va + off;
        int slot = skvm_memslot_set(machine, window, as->gpa + off, end - off, va, 0);
        if (slot < 0) {
            skvm_window_unplace(machine, window);
            return slot;
        }
        off = end;
    }
    return 0;
}

static int window_check(struct skvm_machine *machine, const struct sriov_vm_window *window)
{
    uint64_t ecam = skvm_ecam_length(machine);
    uint64_t unit = window->va != NULL ? SRIOV_VM_PAGE : 1;
    if (window->size < sizeof(*window) || window->reserved0 != 0 ||
        skvm_range_check(window->gpa, window->length, unit) != 0 ||
        (uintptr_t)window->va % SRIOV_VM_PAGE != 0) {
        return -EINVAL;
    }
    if ((machine->caps & (window->va != NULL ? SRIOV_VM_CAP_MAPPED : SRIOV_VM_CAP_TRAPPED)) == 0) {
        return -EOPNOTSUPP;
    }
    if (skvm_mem_at(machine, window->gpa, window->length) != NULL ||
        skvm_window_at(machine, window->gpa, window->length) != NULL ||
        (ecam != 0 && skvm_overlap(machine->opts.ecam, ecam, window->gpa, window->length))) {
        return -EBUSY;
    }
    return 0;
}

static int window_add(struct skvm_dev *dev, const struct sriov_vm_window *as)
{
    struct skvm_machine *machine = dev->machine;
    int err = window_check(machine, as);
    if (err != 0) {
        return err;
    }
    struct skvm_window *window = skvm_vm_alloc(machine, sizeof(*window));
    if (window == NULL) {
        return -ENOMEM;
    }
    window->dev = dev;
    window->as = *as;
    err = skvm_window_place(machine, window);
    if (err != 0) {
        skvm_vm_free(machine, window);
        return err;
    }
    window->next = machine->windows;
    machine->windows = window;
    return 0;
}

int skvm_op_vm_window_add(void *handle, const struct sriov_vm_window *window)
{
    struct skvm_dev *dev = handle;
    skvm_vm_enter(dev->machine);
    int err = window_add(dev, window);
    skvm_vm_leave(dev->machine);
    return err;
}

static void window_remove(struct skvm_machine *machine, struct skvm_window **link)
{
    struct skvm_window *window = *link;
    *link = window->next;
    skvm_window_unplace(machine, window);
    skvm_vm_free(machine, window);
}

static int window_del(struct skvm_dev *dev, uint64_t gpa, uint64_t length)
{
    struct skvm_window **link = &dev->machine->windows;
    while (*link != NULL && ((*link)->dev != dev || (*link)->as.gpa != gpa || (*link)->as.length != length)) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        return -ENOENT;
    }
    window_remove(dev->machine, link);
    return 0;
}

int skvm_op_vm_window_del(void *handle, uint64_t gpa, uint64_t length)
{
    struct skvm_dev *dev = handle;
    struct skvm_machine *machine = dev->machine;
    skvm_vm_enter(machine);
    int err = window_del(dev, gpa, length);
    skvm_vm_leave(machine);
    return err;
}

void skvm_windows_drop(struct skvm_dev *dev)
{
    struct skvm_window **link = &dev->machine->windows;
    while (*link != NULL) {
        if ((*link)->dev == dev) {
            window_remove(dev->machine, link);
        } else {
            link = &(*link)->next;
        }
    }
}
