/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest in the fake machine: its CPU's accesses, and what its PCI code does first; and what is there
 * when it is gone. */
#include "fake_vm.h"

struct fake_dev *fake_vm_dev(struct fake_vm *m, unsigned nth)
{
    assert_true(nth < FAKE_VM_DEVS && m->dev[nth].live);
    return &m->dev[nth];
}

uint32_t fake_guest_cfg(struct fake_vm *m, uint32_t off, uint32_t width)
{
    struct fake_dev *d = fake_vm_dev(m, 0);

    return d->args.cfg_read(d->args.arg, off, width);
}

void fake_guest_set_cfg(struct fake_vm *m, uint32_t off, uint32_t width, uint32_t value)
{
    struct fake_dev *d = fake_vm_dev(m, 0);

    d->args.cfg_write(d->args.arg, off, width, value);
}

static struct sriov_vm_window *window_at(struct fake_vm *m, uint64_t gpa)
{
    for (unsigned d = 0; d < FAKE_VM_DEVS; d++) {
        for (unsigned i = 0; i < m->dev[d].num_windows; i++) {
            struct sriov_vm_window *w = &m->dev[d].window[i];

            if (gpa >= w->gpa && gpa - w->gpa < w->length) {
                return w;
            }
        }
    }
    return NULL;
}

uint64_t fake_guest_read(struct fake_vm *m, uint64_t gpa, uint32_t width)
{
    struct sriov_vm_window *w = window_at(m, gpa);
    uint64_t value = 0;

    if (w == NULL) {
        return UINT64_MAX;
    }
    if (w->va == NULL) {
        return w->read(w->arg, gpa - w->gpa, width);
    }
    memcpy(&value, (const uint8_t *)(uintptr_t)w->va + (gpa - w->gpa), width);
    return value;
}

static int ring(struct fake_vm *m, uint64_t gpa, uint32_t width, uint64_t value)
{
    for (unsigned d = 0; d < FAKE_VM_DEVS; d++) {
        for (unsigned i = 0; i < m->dev[d].num_bells; i++) {
            struct sriov_vm_doorbell *b = &m->dev[d].bell[i];

            if (b->gpa == gpa && b->width == width && (b->values == 0 || value < b->values)) {
                b->cb(b->arg, b->values == 0 ? 0 : value);
                return 1;
            }
        }
    }
    return 0;
}

void fake_guest_write(struct fake_vm *m, uint64_t gpa, uint32_t width, uint64_t value)
{
    struct sriov_vm_window *w = window_at(m, gpa);

    if (ring(m, gpa, width, value) || w == NULL) {
        return;
    }
    if (w->va == NULL) {
        w->write(w->arg, gpa - w->gpa, width, value);
    } else {
        memcpy((uint8_t *)(uintptr_t)w->va + (gpa - w->gpa), &value, width);
    }
}

void fake_guest_enable(struct fake_vm *m)
{
    fake_guest_set_cfg(m, SRIOV_PCI_BAR(0), 4, (uint32_t)FAKE_BAR0);
    fake_guest_set_cfg(m, SRIOV_PCI_BAR(3), 4, (uint32_t)FAKE_BAR3);
    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER);
}

void fake_guest_msix_on(struct fake_vm *m)
{
    fake_guest_set_cfg(m, FAKE_CFG_MSIX + SRIOV_PCI_MSIX_CTRL, 2, SRIOV_PCI_MSIX_CTRL_ENABLE);
    for (uint32_t i = 0; i < FAKE_VF_MSIX; i++) {
        uint64_t entry = FAKE_BAR3 + (uint64_t)i * SRIOV_PCI_MSIX_ENTRY_SIZE;

        fake_guest_write(m, entry + SRIOV_PCI_MSIX_ENTRY_ADDR_LO, 4, 0xfee00000);
        fake_guest_write(m, entry + SRIOV_PCI_MSIX_ENTRY_DATA, 4, 0x40 + i);
        fake_guest_write(m, entry + SRIOV_PCI_MSIX_ENTRY_CTRL, 4, 0);
    }
}

/* ---- what is left ---- */

uint16_t fake_vf_command(const struct fake_vm *m)
{
    return fake_get16(&m->f, SRIOV_PCI_COMMAND);
}

void fake_vm_untouched(struct fake_vm *m)
{
    assert_int_equal(sriov_fn_state(m->fn), SRIOV_FN_DETACHED);
    assert_int_equal(m->f.num_maps, 0);
    assert_int_equal(m->f.irq_on, 0);
    assert_int_equal(m->f.views, 0);
    assert_int_equal(m->f.log_on, 0);
    assert_int_equal(m->num_mems, 1);
    for (unsigned i = 0; i < FAKE_VM_DEVS; i++) {
        assert_int_equal(m->dev[i].live, 0);
    }
    assert_true((fake_vf_command(m) & SRIOV_PCI_COMMAND_MASTER) != 0);
}

void fake_vm_refused(struct fake_vm *m, const struct sriov_assign_opts *opts, int err)
{
    struct sriov_assign *a = (void *)m;
    long allocs = m->f.live_allocs;

    assert_int_equal(sriov_vm_assign(m->fn, m->vm, opts, &a), err);
    assert_null(a);
    fake_vm_untouched(m);
    assert_int_equal(m->f.live_allocs, allocs);
}
