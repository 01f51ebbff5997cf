/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest addresses that are a function's, in a device model's domain. Xen maps machine frames, so a pointer to
 * a BAR is turned into where the BAR is on the bus; what is trapped comes to the caller's ioreq server.
 */
#include "sxen_vm.h"

#include <errno.h>
#include <xen/xen.h>

#include <xen/hvm/ioreq.h>

/* ---- mapped ---- */

/* The frame behind a pointer into one of the function's views. */
static int frame_of(const struct sxen_fn *fn, const volatile void *va, uint64_t length, uint64_t *mfn)
{
    uint64_t at = (uint64_t)(uintptr_t)va;
    for (uint32_t i = 0; i < SKVM_BARS; i++) {
        const struct sxen_bar *bar = &fn->bars[i];
        uint64_t base = (uint64_t)(uintptr_t)bar->va;
        if (bar->va != NULL && at >= base && at - base < bar->length && length <= bar->length - (at - base)) {
            uint64_t address = bar->address + (at - base);
            *mfn = address >> SXEN_PAGE_SHIFT;
            return address % SXEN_PAGE == 0 ? 0 : -EINVAL;
        }
    }
    return -EINVAL;
}

static int map(const struct sxen_dev *dev, struct sxen_window *window)
{
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    uint64_t pages = window->spec.length >> SXEN_PAGE_SHIFT;
    uint32_t domid = machine->opts.domid;
    int err = frame_of(dev->fn, window->spec.va, window->spec.length, &window->mfn);
    if (err != 0) {
        return err;
    }
    err = door->iomem(door->ctx, machine->hv, domid, window->mfn, pages, true);
    if (err != 0) {
        return err;
    }
    err = door->map(door->ctx, machine->hv, domid, window->spec.gpa >> SXEN_PAGE_SHIFT, window->mfn, pages,
                    true);
    if (err != 0) {
        (void)door->iomem(door->ctx, machine->hv, domid, window->mfn, pages, false);
    }
    return err;
}

static int unmap(const struct sxen_dev *dev, const struct sxen_window *window)
{
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    uint64_t pages = window->spec.length >> SXEN_PAGE_SHIFT;
    uint32_t domid = machine->opts.domid;
    int err = door->map(door->ctx, machine->hv, domid, window->spec.gpa >> SXEN_PAGE_SHIFT, window->mfn,
                        pages, false);
    if (err == 0) {
        (void)door->iomem(door->ctx, machine->hv, domid, window->mfn, pages, false);
    }
    return err;
}

/* ---- both ---- */

static int set_trap(const struct sxen_dev *dev, const struct sxen_window *window, bool on)
{
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    return door->trap(door->ctx, machine->hv, machine->opts.domid, machine->opts.ioreq_server,
                      window->spec.gpa, window->spec.gpa + (window->spec.length - 1), on);
}

static int place(const struct sxen_dev *dev, struct sxen_window *window)
{
    int err = window->spec.va != NULL ? map(dev, window) : set_trap(dev, window, true);
    return err != 0 ? sxen_vm_fail(dev->machine, dev->name, sxen_vm_error(err), "a BAR is not mapped") : 0;
}

static int lift(const struct sxen_dev *dev, const struct sxen_window *window)
{
    return sxen_vm_error(window->spec.va != NULL ? unmap(dev, window) : set_trap(dev, window, false));
}

static bool is_taken(const struct sxen_machine *machine, uint64_t gpa, uint64_t length)
{
    for (const struct sxen_dev *dev = machine->devs; dev != NULL; dev = dev->next) {
        for (const struct sxen_window *w = dev->windows; w != NULL; w = w->next) {
            if (gpa <= w->spec.gpa ? w->spec.gpa - gpa < length : gpa - w->spec.gpa < w->spec.length) {
                return true;
            }
        }
    }
    return false;
}

int sxen_op_vm_window_add(void *handle, const struct sriov_vm_window *spec)
{
    struct sxen_dev *dev = handle;
    if (!sxen_vm_is_model(dev->machine)) {
        return -EOPNOTSUPP;
    }
    if (spec->size < sizeof(*spec) || spec->length == 0 || spec->length - 1 > UINT64_MAX - spec->gpa ||
        (spec->va != NULL && ((spec->gpa | spec->length) & (SXEN_PAGE - 1)) != 0)) {
        return -EINVAL;
    }
    if (is_taken(dev->machine, spec->gpa, spec->length)) {
        return -EBUSY;
    }
    struct sxen_window *window = sxen_vm_alloc(dev->machine, sizeof(*window));
    if (window == NULL) {
        return -ENOMEM;
    }
    window->spec = *spec;
    int err = place(dev, window);
    if (err != 0) {
        sxen_vm_free(dev->machine, window);
        return err;
    }
    window->next = dev->windows;
    dev->windows = window;
    return 0;
}

int sxen_op_vm_window_del(void *handle, uint64_t gpa, uint64_t length)
{
    struct sxen_dev *dev = handle;
    for (struct sxen_window **link = &dev->windows; *link != NULL; link = &(*link)->next) {
        struct sxen_window *window = *link;
        if (window->spec.gpa == gpa && window->spec.length == length) {
            int err = lift(dev, window);
            if (err == 0) {
                *link = window->next;
                sxen_vm_free(dev->machine, window);
            }
            return err;
        }
    }
    return -EINVAL;
}

void sxen_windows_drop(struct sxen_dev *dev)
{
    while (dev->windows != NULL) {
        struct sxen_window *window = dev->windows;
        if (lift(dev, window) != 0) {
            (void)sxen_vm_fail(dev->machine, dev->name, 0, "a BAR stays mapped in the domain; see: xl dmesg");
        }
        dev->windows = window->next;
        sxen_vm_free(dev->machine, window);
    }
}

/* ---- the ioreq server's requests ---- */

static bool good_width(uint32_t width, uint64_t at, uint32_t most)
{
    return (width == 1 || width == 2 || width == 4 || width == 8) && width <= most && at % width == 0;
}

static const struct sxen_window *window_at(const struct sxen_machine *machine, uint64_t gpa)
{
    for (const struct sxen_dev *dev = machine->devs; dev != NULL; dev = dev->next) {
        for (const struct sxen_window *w = dev->windows; w != NULL; w = w->next) {
            if (gpa >= w->spec.gpa && gpa - w->spec.gpa < w->spec.length) {
                return w;
            }
        }
    }
    return NULL;
}

static int do_memory(const struct sxen_machine *machine, ioreq_t *request)
{
    const struct sxen_window *window = window_at(machine, request->addr);
    if (window == NULL || window->spec.va != NULL) {
        return -ENOENT;
    }
    uint64_t off = request->addr - window->spec.gpa;
    if (!good_width(request->size, request->addr, 8) || request->size > window->spec.length - off) {
        return -EINVAL;
    }
    if (request->dir == IOREQ_READ) {
        request->data = window->spec.read(window->spec.arg, off, request->size);
    } else {
        window->spec.write(window->spec.arg, off, request->size, request->data);
    }
    return 0;
}

/* addr: segment, bus, device and function above bit 32, the register below. */
static int do_config(const struct sxen_machine *machine, ioreq_t *request)
{
    uint64_t sbdf = request->addr >> 32;
    uint32_t off = (uint32_t)request->addr;
    const struct sxen_dev *dev =
        sbdf % 8 == 0 && sbdf / 8 < SXEN_VM_SLOTS ? sxen_vm_dev_at(machine, (uint32_t)(sbdf / 8)) : NULL;
    if (dev == NULL || !dev->plugged) {
        return -ENOENT;
    }
    if (!good_width(request->size, off, 4) || off > 4096 - request->size) {
        return -EINVAL;
    }
    if (request->dir == IOREQ_READ) {
        request->data = dev->cfg_read(dev->cfg_arg, off, request->size);
    } else {
        dev->cfg_write(dev->cfg_arg, off, request->size, (uint32_t)request->data);
    }
    return 0;
}

int sriov_xen_vm_ioreq(struct sriov_vm *vm, struct ioreq *request)
{
    if (vm == NULL || request == NULL) {
        return -EINVAL;
    }
    const struct sxen_machine *machine = sriov_vm_ctx(vm);
    if (request->type != IOREQ_TYPE_COPY && request->type != IOREQ_TYPE_PCI_CONFIG) {
        return -ENOENT;
    }
    /* A string instruction goes to the guest's memory, which its device model has, not we. */
    if (request->data_is_ptr != 0 || request->count != 1) {
        return -EINVAL;
    }
    return request->type == IOREQ_TYPE_COPY ? do_memory(machine, request) : do_config(machine, request);
}
