/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's PCI code: it knows what PCI Local Bus 3.0 chapter 6 and PCI Express say, and nothing else. */
#include "vm_bed.h"

#include <errno.h>

/* More than any machine needs to bring an interrupt in. */
#define TURNS 2000u
#define TURN  (50 * VM_US)

void vm_pass(struct vm_bed *bed, uint64_t ns)
{
    bed->stage->pass(&bed->guest, ns);
}

uint32_t vm_cfg(struct vm_bed *bed, const struct vm_seat *seat, uint32_t off, uint32_t width)
{
    return bed->stage->cfg_read(&bed->guest, seat->slot, off, width);
}

void vm_cfg_put(struct vm_bed *bed, const struct vm_seat *seat, uint32_t off, uint32_t width, uint32_t value)
{
    bed->stage->cfg_write(&bed->guest, seat->slot, off, width, value);
}

uint64_t vm_rd(struct vm_bed *bed, uint64_t gpa, uint32_t width)
{
    return bed->stage->read(&bed->guest, gpa, width);
}

void vm_wr(struct vm_bed *bed, uint64_t gpa, uint32_t width, uint64_t value)
{
    bed->stage->write(&bed->guest, gpa, width, value);
}

uint32_t vm_reg(struct vm_bed *bed, const struct vm_seat *seat, uint32_t off)
{
    return (uint32_t)vm_rd(bed, seat->bar[0] + off, 4);
}

void vm_reg_put(struct vm_bed *bed, const struct vm_seat *seat, uint32_t off, uint32_t value)
{
    vm_wr(bed, seat->bar[0] + off, 4, value);
}

bool vm_is_absent(struct vm_bed *bed, uint32_t slot)
{
    return bed->stage->cfg_read(&bed->guest, slot, SRIOV_PCI_VENDOR_ID, 4) == SRIOV_PCI_NO_DEVICE32;
}

uint32_t vm_cap(struct vm_bed *bed, const struct vm_seat *seat, uint8_t id)
{
    if ((vm_cfg(bed, seat, SRIOV_PCI_STATUS, 2) & SRIOV_PCI_STATUS_CAP_LIST) == 0) {
        return 0;
    }
    uint32_t off = vm_cfg(bed, seat, SRIOV_PCI_CAP_POINTER, 1) & SRIOV_PCI_CAP_PTR_MASK;
    for (uint32_t i = 0; i < SRIOV_PCI_CAP_MAX_COUNT && off >= SRIOV_PCI_CAP_FIRST; i++) {
        if (vm_cfg(bed, seat, off + SRIOV_PCI_CAP_ID_OFF, 1) == id) {
            return off;
        }
        off = vm_cfg(bed, seat, off + SRIOV_PCI_CAP_NEXT_OFF, 1) & SRIOV_PCI_CAP_PTR_MASK;
    }
    return 0;
}

/* ---- BARs ---- */

static uint64_t size_one(struct vm_bed *bed, const struct vm_seat *seat, uint32_t bar, bool *two)
{
    uint32_t off = SRIOV_PCI_BAR(bar);
    uint32_t before = vm_cfg(bed, seat, off, 4);
    uint64_t mask;

    *two = (before & SRIOV_PCI_BAR_MEM_TYPE) == SRIOV_PCI_BAR_MEM_64 && bar + 1 < SRIOV_PCI_BAR_COUNT;
    vm_cfg_put(bed, seat, off, 4, UINT32_MAX);
    mask = vm_cfg(bed, seat, off, 4) & SRIOV_PCI_BAR_MEM_MASK;
    vm_cfg_put(bed, seat, off, 4, before);
    if (mask != 0 && *two) {
        uint32_t high = vm_cfg(bed, seat, off + 4, 4);
        vm_cfg_put(bed, seat, off + 4, 4, UINT32_MAX);
        mask |= (uint64_t)vm_cfg(bed, seat, off + 4, 4) << 32;
        vm_cfg_put(bed, seat, off + 4, 4, high);
    } else {
        mask |= UINT64_C(0xffffffff) << 32;
    }
    return (mask & UINT32_MAX) != 0 ? ~mask + 1 : 0;
}

void vm_size_bars(struct vm_bed *bed, struct vm_seat *seat, uint32_t *is64)
{
    *is64 = 0;
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        bool two = false;
        seat->length[i] = size_one(bed, seat, i, &two);
        if (two && seat->length[i] != 0) {
            *is64 |= 1u << i;
            seat->length[++i] = 0;
        }
    }
}

void vm_put_bar(struct vm_bed *bed, struct vm_seat *seat, uint32_t bar, uint64_t gpa)
{
    bool two = (vm_cfg(bed, seat, SRIOV_PCI_BAR(bar), 4) & SRIOV_PCI_BAR_MEM_TYPE) == SRIOV_PCI_BAR_MEM_64;

    vm_cfg_put(bed, seat, SRIOV_PCI_BAR(bar), 4, (uint32_t)gpa);
    if (two) {
        vm_cfg_put(bed, seat, SRIOV_PCI_BAR(bar) + 4, 4, (uint32_t)(gpa >> 32));
    }
    seat->bar[bar] = gpa;
}

/* Where a register of the MSI-X capability points to. */
static uint64_t msix_place(struct vm_bed *bed, const struct vm_seat *seat, uint32_t cap, uint32_t reg)
{
    uint32_t raw = vm_cfg(bed, seat, cap + reg, 4);
    uint32_t bar = raw & SRIOV_PCI_MSIX_BIR;

    return bar < SRIOV_PCI_BAR_COUNT && seat->length[bar] != 0
               ? seat->bar[bar] + (raw & SRIOV_PCI_MSIX_OFFSET)
               : SRIOV_VCFG_NOWHERE;
}

int vm_boot(struct vm_bed *bed, struct vm_seat *seat)
{
    uint32_t is64;
    uint32_t cap = vm_cap(bed, seat, SRIOV_PCI_CAP_ID_MSIX);

    if (cap == 0) {
        return -ENOENT;
    }
    vm_size_bars(bed, seat, &is64);
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        uint64_t length = seat->length[i];
        if (length != 0) {
            uint64_t gpa = (bed->next_mmio + length - 1) & ~(length - 1);
            vm_put_bar(bed, seat, i, gpa);
            bed->next_mmio = gpa + length;
        }
    }
    seat->table = msix_place(bed, seat, cap, SRIOV_PCI_MSIX_TABLE);
    seat->pba = msix_place(bed, seat, cap, SRIOV_PCI_MSIX_PBA);
    vm_cfg_put(bed, seat, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER);
    return seat->table != SRIOV_VCFG_NOWHERE && seat->pba != SRIOV_VCFG_NOWHERE ? 0 : -EPROTO;
}

/* ---- MSI-X ---- */

void vm_aim(struct vm_bed *bed, const struct vm_seat *seat, uint32_t vector, uint32_t n)
{
    uint64_t entry = seat->table + (uint64_t)vector * SRIOV_PCI_MSIX_ENTRY_SIZE;
    uint64_t address;
    uint32_t data;

    bed->stage->msi(&bed->guest, n, &address, &data);
    vm_wr(bed, entry + SRIOV_PCI_MSIX_ENTRY_ADDR_LO, 4, (uint32_t)address);
    vm_wr(bed, entry + SRIOV_PCI_MSIX_ENTRY_ADDR_HI, 4, address >> 32);
    vm_wr(bed, entry + SRIOV_PCI_MSIX_ENTRY_DATA, 4, data);
}

void vm_mask(struct vm_bed *bed, const struct vm_seat *seat, uint32_t vector, bool masked)
{
    vm_wr(bed, seat->table + (uint64_t)vector * SRIOV_PCI_MSIX_ENTRY_SIZE + SRIOV_PCI_MSIX_ENTRY_CTRL, 4,
          masked ? SRIOV_PCI_MSIX_ENTRY_CTRL_MASK : 0);
}

void vm_msix(struct vm_bed *bed, const struct vm_seat *seat, uint32_t ctrl)
{
    uint32_t cap = vm_cap(bed, seat, SRIOV_PCI_CAP_ID_MSIX);

    vm_cfg_put(bed, seat, cap + SRIOV_PCI_MSIX_CTRL, 2, ctrl);
}

void vm_msix_up(struct vm_bed *bed, const struct vm_seat *seat)
{
    vm_msix(bed, seat, SRIOV_PCI_MSIX_CTRL_ENABLE | SRIOV_PCI_MSIX_CTRL_MASKALL);
    for (uint32_t i = 0; i < 2; i++) {
        vm_aim(bed, seat, i, i);
        vm_mask(bed, seat, i, false);
    }
    vm_msix(bed, seat, SRIOV_PCI_MSIX_CTRL_ENABLE);
}

bool vm_is_pending(struct vm_bed *bed, const struct vm_seat *seat, uint32_t vector)
{
    return (vm_rd(bed, seat->pba + (uint64_t)(vector / 32) * 4, 4) >> vector % 32 & 1u) != 0;
}

void vm_raise(struct vm_bed *bed, const struct vm_seat *seat, uint32_t vector)
{
    const struct vm_device *device = bed->device;

    if (device->model == NULL) {
        vm_reg_put(bed, seat, device->raise, vector);
        return;
    }
    vm_reg_put(bed, seat, device->auto_clear, 1u << vector);
    vm_reg_put(bed, seat, device->mask, 1u << vector);
    vm_reg_put(bed, seat, device->raise, 1u << vector);
}

uint32_t vm_taken(struct vm_bed *bed, uint32_t n, uint32_t want)
{
    for (uint32_t i = 0; i < TURNS && bed->stage->taken(&bed->guest, n) < want; i++) {
        vm_pass(bed, TURN);
    }
    /* One too many comes late as well. */
    vm_pass(bed, 2 * TURN);
    return bed->stage->taken(&bed->guest, n);
}

/* ---- the toy ---- */

bool vm_dma_write(struct vm_bed *bed, const struct vm_seat *seat, uint64_t gpa, uint32_t len)
{
    vm_reg_put(bed, seat, TOY_DMA_LO, (uint32_t)gpa);
    vm_reg_put(bed, seat, TOY_DMA_HI, (uint32_t)(gpa >> 32));
    vm_reg_put(bed, seat, TOY_DMA_LEN, len);
    vm_reg_put(bed, seat, TOY_DMA_CMD, TOY_DMA_WRITE);
    return vm_reg(bed, seat, TOY_STATUS) == 0;
}

struct sriov_assign_info vm_info_of(const struct vm_seat *seat)
{
    struct sriov_assign_info info = {.size = sizeof(info)};

    if (sriov_assign_info(seat->assign, &info) != 0) {
        return (struct sriov_assign_info){0};
    }
    return info;
}
