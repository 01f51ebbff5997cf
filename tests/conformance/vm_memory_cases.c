/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's memory: what is accepted, who reaches it. */
#include "vm_bed.h"

#include <errno.h>
#include <string.h>

#define FAR UINT64_C(0x4000000000) /* beyond what the simulated IOMMU translates */

static enum conform_verdict comes_and_goes(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram;
    RETURNS(c, vm_ram(bed, 0, 4, &ram), 0);
    vm_wr(bed, ram->gpa + 0x1008, 8, UINT64_C(0x1122334455667788));
    CHECK(c, ram->va[0x1008] == 0x88 && ram->va[0x100f] == 0x11);
    ram->va[0x2000] = 0x5a;
    CHECK(c, vm_rd(bed, ram->gpa + 0x2000, 1) == 0x5a);
    CHECK(c, vm_rd(bed, ram->gpa + 0x1008, 4) == 0x55667788);
    RETURNS(c, vm_ram_take(bed, ram), 0);
    CHECK(c, vm_rd(bed, ram->gpa + 0x2000, 4) == UINT32_MAX);
    RETURNS(c, sriov_vm_del_memory(bed->guest.vm, ram->gpa, ram->length), -ENOENT);
    return CONFORM_PASS;
}

static enum conform_verdict misaligned_is_refused(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram;
    struct sriov_vm *vm = bed->guest.vm;
    RETURNS(c, vm_ram_make(bed, 0, 4, &ram), 0);
    struct sriov_vm_mem mem = vm_mem_of(ram);
    mem.gpa++;
    RETURNS(c, sriov_vm_add_memory(vm, &mem), -EINVAL);
    mem = vm_mem_of(ram);
    mem.length--;
    RETURNS(c, sriov_vm_add_memory(vm, &mem), -EINVAL);
    mem.length = 0;
    RETURNS(c, sriov_vm_add_memory(vm, &mem), -EINVAL);
    mem = vm_mem_of(ram);
    mem.va = ram->va + 8;
    mem.length -= SRIOV_VM_PAGE;
    RETURNS(c, sriov_vm_add_memory(vm, &mem), -EINVAL);
    mem.va = NULL;
    RETURNS(c, sriov_vm_add_memory(vm, &mem), -EINVAL);
    mem = vm_mem_of(ram);
    mem.gpa = UINT64_MAX - SRIOV_VM_PAGE + 1; /* runs over the end of all addresses */
    RETURNS(c, sriov_vm_add_memory(vm, &mem), -EINVAL);
    mem = vm_mem_of(ram);
    mem.flags = 0x80;
    RETURNS(c, sriov_vm_add_memory(vm, &mem), -EINVAL);
    RETURNS(c, vm_ram_give(bed, ram), 0); /* and as it should be, it is taken */
    return CONFORM_PASS;
}

static enum conform_verdict struct_is_checked(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram;
    struct {
        struct sriov_vm_mem mem;
        uint64_t more;
    } later = {.more = 1};
    RETURNS(c, vm_ram_make(bed, 0, 1, &ram), 0);
    later.mem = vm_mem_of(ram);
    later.mem.size = sizeof(later);
    RETURNS(c, sriov_vm_add_memory(bed->guest.vm, &later.mem), -E2BIG);
    later.mem.size = 8;
    RETURNS(c, sriov_vm_add_memory(bed->guest.vm, &later.mem), -EINVAL);
    return CONFORM_PASS;
}

static enum conform_verdict overlap_is_refused(struct conform *c, struct vm_bed *bed)
{
    static const struct {
        uint64_t at;
        uint64_t pages;
    } over[] = {{0x4000, 4}, {0x2000, 4}, {0x6000, 4}, {0x5000, 1}, {0x3000, 8}};
    struct vm_piece *ram;
    struct vm_piece *other;
    RETURNS(c, vm_ram(bed, 0x4000, 4, &ram), 0);
    for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++) {
        RETURNS(c, vm_ram_make(bed, over[i].at, over[i].pages, &other), 0);
        RETURNS(c, vm_ram_give(bed, other), -EINVAL);
    }
    RETURNS(c, vm_ram(bed, 0x8000, 1, &other), 0); /* beside it, on both sides */
    RETURNS(c, vm_ram(bed, 0x3000, 1, &other), 0);
    vm_wr(bed, ram->gpa, 4, 0xabcd);
    CHECK(c, ram->va[0] == 0xcd && ram->va[1] == 0xab);
    return CONFORM_PASS;
}

static enum conform_verdict pieces_go_as_they_came(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram;
    struct sriov_vm *vm = bed->guest.vm;
    RETURNS(c, vm_ram(bed, 0, 4, &ram), 0);
    RETURNS(c, sriov_vm_del_memory(vm, ram->gpa, ram->length / 2), -ENOENT);
    RETURNS(c, sriov_vm_del_memory(vm, ram->gpa + SRIOV_VM_PAGE, SRIOV_VM_PAGE), -ENOENT);
    RETURNS(c, sriov_vm_del_memory(vm, ram->gpa, ram->length * 2), -ENOENT);
    vm_wr(bed, ram->gpa, 1, 7);
    CHECK(c, ram->va[0] == 7);
    RETURNS(c, vm_ram_take(bed, ram), 0);
    RETURNS(c, vm_ram_give(bed, ram), 0); /* comes back in the same place */
    return CONFORM_PASS;
}

static enum conform_verdict over_a_window_is_busy(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct vm_piece *ram;
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint32_t before = vm_reg(bed, seat, 8);
    RETURNS(c, vm_ram_make(bed, seat->bar[0] - CONFORM_VM_RAM, 1, &ram), 0);
    RETURNS(c, vm_ram_give(bed, ram), -EBUSY);
    CHECK(c, vm_reg(bed, seat, 8) == before);
    return CONFORM_PASS;
}

static int give_readonly(struct vm_bed *bed, struct vm_piece *rom)
{
    struct sriov_vm_mem mem = vm_mem_of(rom);
    mem.flags = SRIOV_VM_MEM_READONLY;
    int err = sriov_vm_add_memory(bed->guest.vm, &mem);
    rom->given = err == 0;
    return err;
}

static enum conform_verdict readonly_is_not_written(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *rom;
    RETURNS(c, vm_ram_make(bed, 0, 2, &rom), 0);
    rom->va[0x10] = 0x77;
    int err = give_readonly(bed, rom);
    if (err == -EOPNOTSUPP) {
        return conform_cannot(c, "this machine has no read-only memory");
    }
    RETURNS(c, err, 0);
    CHECK(c, vm_rd(bed, rom->gpa + 0x10, 1) == 0x77);
    vm_wr(bed, rom->gpa + 0x10, 1, 0x12);
    CHECK(c, rom->va[0x10] == 0x77 && vm_rd(bed, rom->gpa + 0x10, 1) == 0x77);
    return CONFORM_PASS;
}

static void fill_buffer(struct vm_bed *bed, const struct vm_seat *seat, uint32_t word)
{
    for (uint32_t i = 0; i < 16; i += 4) {
        vm_reg_put(bed, seat, TOY_BUFFER + i, word + i);
    }
}

static enum conform_verdict devices_reach_it(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *before;
    struct vm_piece *after;
    struct vm_seat *seat;
    uint32_t word;
    RETURNS(c, vm_ram(bed, 0, 2, &before), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, vm_ram(bed, 0x100000, 2, &after), 0); /* comes when the function is there already */
    fill_buffer(bed, seat, 0x1000);
    CHECK(c, vm_dma_write(bed, seat, before->gpa + 0x80, 16));
    CHECK(c, vm_dma_write(bed, seat, after->gpa + 0x1ff0, 16));
    memcpy(&word, before->va + 0x84, sizeof(word));
    CHECK(c, word == 0x1004);
    memcpy(&word, after->va + 0x1ffc, sizeof(word));
    CHECK(c, word == 0x100c);
    RETURNS(c, vm_ram_take(bed, after), 0);
    CHECK(c, !vm_dma_write(bed, seat, after->gpa, 16)); /* and no longer */
    CHECK(c, vm_bed_expects(bed, SRIOV_VIOLATION_IOMMU_AFTER_UNMAP));
    return CONFORM_PASS;
}

static enum conform_verdict devices_only_read_readonly(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *rom;
    struct vm_seat *seat;
    RETURNS(c, vm_ram_make(bed, 0, 1, &rom), 0);
    int err = give_readonly(bed, rom);
    if (err == -EOPNOTSUPP) {
        return conform_cannot(c, "this machine has no read-only memory");
    }
    RETURNS(c, err, 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    CHECK(c, !vm_dma_write(bed, seat, rom->gpa, 16));
    CHECK(c, vm_bed_expects(bed, SRIOV_VIOLATION_IOMMU_DIRECTION));
    return CONFORM_PASS;
}

static enum conform_verdict out_of_reach_is_refused(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *far;
    struct vm_piece *near;
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, vm_ram_make(bed, FAR - CONFORM_VM_RAM, 1, &far), 0);
    RETURNS(c, vm_ram_give(bed, far), -ERANGE);
    RETURNS(c, sriov_vm_del_memory(bed->guest.vm, far->gpa, far->length), -ENOENT);
    RETURNS(c, vm_ram(bed, 0, 1, &near), 0);
    CHECK(c, vm_dma_write(bed, seat, near->gpa, 16));
    return CONFORM_PASS;
}

/* One function of two cannot be mapped: neither may be, nor may the guest see the memory. */
static enum conform_verdict all_functions_or_none(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *first;
    struct vm_seat *second;
    struct vm_piece *ram;
    struct sriov_assign_opts opts = vm_opts(bed, 4);
    RETURNS(c, vm_ready(bed, &first), 0);
    RETURNS(c, vm_open(bed, 1, &second), 0);
    RETURNS(c, vm_give(bed, second, &opts), 0);
    RETURNS(c, vm_boot(bed, second), 0);
    RETURNS(c, vm_ram_make(bed, 0, 1, &ram), 0);
    for (uint64_t nth = 1; nth <= 2; nth++) {
        struct sriov_mock_fault fault = {
            .size = sizeof(fault), .kind = SRIOV_MOCK_FAULT_OP, .op = "dma_map", .nth = nth, .err = -ENOSPC};
        RETURNS(c, sriov_mock_inject(bed->mock, &fault), 0);
        int err = vm_ram_give(bed, ram);
        RETURNS(c, (int64_t)sriov_mock_clear_faults(bed->mock), 1);
        RETURNS(c, err, -ENOSPC);
        CHECK(c, vm_rd(bed, ram->gpa, 4) == UINT32_MAX);
        CHECK(c, !vm_dma_write(bed, first, ram->gpa, 16));
        CHECK(c, !vm_dma_write(bed, second, ram->gpa, 16));
        sriov_mock_forget_violations(bed->mock);
    }
    RETURNS(c, vm_ram_give(bed, ram), 0);
    CHECK(c, vm_dma_write(bed, first, ram->gpa, 16) && vm_dma_write(bed, second, ram->gpa, 16));
    return CONFORM_PASS;
}

static enum conform_verdict slots_are_bounded(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram[4];
    for (uint32_t i = 0; i < 3; i++) {
        RETURNS(c, vm_ram(bed, i * 0x10000, 1, &ram[i]), 0);
    }
    RETURNS(c, vm_ram_make(bed, 0x50000, 1, &ram[3]), 0);
    RETURNS(c, vm_ram_give(bed, ram[3]), -ENOSPC);
    RETURNS(c, vm_ram_take(bed, ram[1]), 0);
    RETURNS(c, vm_ram_give(bed, ram[3]), 0);
    return CONFORM_PASS;
}

const struct vm_case vm_memory_cases[] = {
    {"memory.comes-and-goes", comes_and_goes, VM_TOY, {0}},
    {"memory.misaligned-refused", misaligned_is_refused, VM_TOY, {0}},
    {"memory.struct-checked", struct_is_checked, VM_TOY, {0}},
    {"memory.overlap-refused", overlap_is_refused, VM_TOY, {0}},
    {"memory.pieces-go-as-they-came", pieces_go_as_they_came, VM_TOY, {0}},
    {"memory.over-a-window-is-busy", over_a_window_is_busy, VM_ANY, {0}},
    {"memory.readonly-not-written", readonly_is_not_written, VM_TOY, {0}},
    {"memory.devices-reach-it", devices_reach_it, VM_TOY, {0}},
    {"memory.devices-only-read-readonly", devices_only_read_readonly, VM_TOY, {0}},
    {"memory.out-of-reach-refused", out_of_reach_is_refused, VM_TOY, {0}},
    {"memory.all-functions-or-none", all_functions_or_none, VM_TOY, {0}},
    {"memory.slots-bounded", slots_are_bounded, VM_TOY, {.memory_max = 3}},
    {NULL, NULL, VM_ANY, {0}},
};
