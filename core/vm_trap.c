/* SPDX-License-Identifier: BSD-3-Clause */
/* What the guest's accesses come to: its config space, registers that trap, doorbells. */
#include "vm.h"

static bool is_width(uint32_t width)
{
    return width == 1 || width == 2 || width == 4 || width == 8;
}

/* A load of that width from where nobody answers. */
static uint64_t nobody(uint32_t width)
{
    return width == 1 || width == 2 || width == 4 ? UINT64_MAX >> (64 - 8 * width) : UINT64_MAX;
}

/* Nobody answers once the function has vanished, nor while it is reset. */
static bool answers(const struct sriov_assign *a)
{
    return !a->taken && !a->resetting && !sriov_fn_gone(a->fn);
}

static bool inside(const struct sric_vm_seg *seg, uint64_t off, uint32_t width)
{
    return is_width(width) && off % width == 0 && off <= seg->length && width <= seg->length - off;
}

static uint32_t index_of(const struct sric_vm_bar *bar)
{
    return (uint32_t)(bar - bar->assign->bar);
}

uint64_t sric_vm_trap_read(void *arg, uint64_t off, uint32_t width)
{
    const struct sric_vm_seg *seg = arg;
    const struct sric_vm_bar *bar = seg->bar;
    struct sriov_assign *a = bar->assign;
    uint64_t value = UINT64_MAX;

    if (!inside(seg, off, width) || !answers(a)) {
        return nobody(width);
    }
    off += seg->off;
    if (sriov_vcfg_bar_read(a->vcfg, index_of(bar), off, width, &value)) {
        a->counts.table++;
    } else {
        a->counts.trapped++;
        (void)sriov_bar_read(&bar->regs, off, width, &value);
    }
    return value & nobody(width);
}

static bool rings(const struct sriov_assign *a, uint32_t bar, uint64_t off)
{
    for (uint32_t i = 0; i < a->opts.num_bells; i++) {
        if (a->bells[i].spec.bar == bar && a->bells[i].spec.off == off) {
            return true;
        }
    }
    return false;
}

void sric_vm_trap_write(void *arg, uint64_t off, uint32_t width, uint64_t value)
{
    const struct sric_vm_seg *seg = arg;
    const struct sric_vm_bar *bar = seg->bar;
    struct sriov_assign *a = bar->assign;

    if (!inside(seg, off, width) || !answers(a)) {
        return;
    }
    off += seg->off;
    value &= nobody(width);
    if (sriov_vcfg_bar_write(a->vcfg, index_of(bar), off, width, value)) {
        a->counts.table++;
        return;
    }
    a->counts.trapped++;
    a->counts.bell_traps += rings(a, index_of(bar), off);
    (void)sriov_bar_write(&bar->regs, off, width, value);
}

void sric_vm_bell_rang(void *arg, uint64_t value)
{
    const struct sric_vm_bell *bell = arg;
    struct sriov_assign *a = bell->assign;

    if (a->bar[bell->spec.bar].gpa == SRIOV_VCFG_NOWHERE || !answers(a)) {
        return;
    }
    a->counts.bells++;
    (void)sriov_bar_write(&a->bar[bell->spec.bar].regs, bell->spec.off, bell->spec.width,
                          value & nobody(bell->spec.width));
}

uint32_t sric_vm_cfg_read(void *arg, uint32_t off, uint32_t width)
{
    struct sriov_assign *a = arg;

    return answers(a) ? sriov_vcfg_read(a->vcfg, off, width) : (uint32_t)nobody(width);
}

void sric_vm_cfg_write(void *arg, uint32_t off, uint32_t width, uint32_t value)
{
    struct sriov_assign *a = arg;

    if (answers(a)) {
        sriov_vcfg_write(a->vcfg, off, width, value);
    }
}
