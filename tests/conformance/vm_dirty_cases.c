/* SPDX-License-Identifier: BSD-3-Clause */
/* The dirty log: exactly the pages that were written, by CPU and device, and no others. */
#include "vm_bed.h"

#include <errno.h>
#include <string.h>

#define PAGES 256u
#define WORDS (PAGES / 64)

struct pages {
    uint64_t bits[WORDS];
};

static void set(struct pages *pages, uint32_t page)
{
    pages->bits[page / 64] |= UINT64_C(1) << page % 64;
}

static int read_log(struct vm_bed *bed, const struct vm_piece *ram, struct pages *pages)
{
    memset(pages, 0, sizeof(*pages));
    return sriov_vm_dirty_read(bed->guest.vm, ram->gpa, ram->length, pages->bits);
}

static bool is_log(struct vm_bed *bed, const struct vm_piece *ram, const struct pages *want)
{
    struct pages seen;
    return read_log(bed, ram, &seen) == 0 && memcmp(&seen, want, sizeof(seen)) == 0;
}

static bool has_mode(struct vm_bed *bed, enum sriov_vm_dirty_mode mode)
{
    struct sriov_vm_info info = {.size = sizeof(info)};
    uint64_t cap = mode == SRIOV_VM_DIRTY_RING ? SRIOV_VM_CAP_DIRTY_RING : SRIOV_VM_CAP_DIRTY_BITMAP;
    return sriov_vm_info(bed->guest.vm, &info) == 0 && (info.caps & cap) != 0;
}

enum sriov_vm_dirty_mode vm_dirty_mode(struct vm_bed *bed)
{
    return has_mode(bed, SRIOV_VM_DIRTY_BITMAP) ? SRIOV_VM_DIRTY_BITMAP : SRIOV_VM_DIRTY_RING;
}

#define NEED_MODE(c, bed, mode)                                                                              \
    do {                                                                                                     \
        if (!has_mode((bed), (mode))) {                                                                      \
            return conform_cannot((c), "this machine has no dirty log of that kind");                        \
        }                                                                                                    \
    } while (0)

static void write_page(struct vm_bed *bed, const struct vm_piece *ram, uint32_t page)
{
    vm_wr(bed, ram->gpa + page * SRIOV_VM_PAGE + page % 64 * 8, 8, page + 1);
}

/* As a guest that has used its memory: at the first read of a page KVM may map it as writable, and with the
 * log on it then has to call it dirty. */
static void read_all(struct vm_bed *bed, const struct vm_piece *ram)
{
    for (uint32_t page = 0; page < PAGES; page++) {
        (void)vm_rd(bed, ram->gpa + page * SRIOV_VM_PAGE, 8);
    }
}

static enum conform_verdict of_the_cpu(struct conform *c, struct vm_bed *bed, enum sriov_vm_dirty_mode mode)
{
    static const uint32_t written[] = {0, 1, 7, 63, 64, 128, 200, 255};
    struct vm_piece *ram;
    struct pages want = {{0}};
    NEED_MODE(c, bed, mode);
    RETURNS(c, vm_ram(bed, 0x10000, PAGES, &ram), 0);
    read_all(bed, ram);
    write_page(bed, ram, 5); /* before it is on */
    RETURNS(c, sriov_vm_dirty_start(bed->guest.vm, mode), 0);
    CHECK(c, is_log(bed, ram, &want));
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        write_page(bed, ram, written[i]);
        write_page(bed, ram, written[i]);
        set(&want, written[i]);
        (void)vm_rd(bed, ram->gpa + (written[i] ^ 16u) * SRIOV_VM_PAGE, 8); /* only read */
    }
    CHECK(c, is_log(bed, ram, &want));
    memset(&want, 0, sizeof(want));
    CHECK(c, is_log(bed, ram, &want)); /* the look has cleared it */
    write_page(bed, ram, 64);
    set(&want, 64);
    CHECK(c, is_log(bed, ram, &want));
    RETURNS(c, sriov_vm_dirty_stop(bed->guest.vm), 0);
    return CONFORM_PASS;
}

static enum conform_verdict of_the_cpu_as_bitmap(struct conform *c, struct vm_bed *bed)
{
    return of_the_cpu(c, bed, SRIOV_VM_DIRTY_BITMAP);
}

static enum conform_verdict of_the_cpu_as_ring(struct conform *c, struct vm_bed *bed)
{
    return of_the_cpu(c, bed, SRIOV_VM_DIRTY_RING);
}

static enum conform_verdict of_the_device(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram;
    struct vm_seat *seat;
    struct pages want = {{0}};
    NEED_MODE(c, bed, vm_dirty_mode(bed));
    RETURNS(c, vm_ram(bed, 0x10000, PAGES, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    CHECK(c, vm_dma_write(bed, seat, ram->gpa, 64)); /* before */
    RETURNS(c, sriov_vm_dirty_start(bed->guest.vm, vm_dirty_mode(bed)), 0);
    CHECK(c, vm_dma_write(bed, seat, ram->gpa + 9 * SRIOV_VM_PAGE, 2048));
    set(&want, 9);
    CHECK(c, vm_dma_write(bed, seat, ram->gpa + 77 * SRIOV_VM_PAGE + 4000, 200)); /* over an edge */
    set(&want, 77);
    set(&want, 78);
    CHECK(c, vm_dma_write(bed, seat, ram->gpa + 254 * SRIOV_VM_PAGE + 2048, 2048)); /* up to one */
    set(&want, 254);
    CHECK(c, is_log(bed, ram, &want));
    memset(&want, 0, sizeof(want));
    CHECK(c, is_log(bed, ram, &want));
    RETURNS(c, sriov_vm_dirty_stop(bed->guest.vm), 0);
    return CONFORM_PASS;
}

static enum conform_verdict of_both(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram;
    struct vm_seat *seat;
    struct vm_seat *other;
    struct pages want = {{0}};
    struct sriov_assign_opts opts = vm_opts(bed, 4);
    NEED_MODE(c, bed, vm_dirty_mode(bed));
    RETURNS(c, vm_ram(bed, 0x10000, PAGES, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, vm_open(bed, 1, &other), 0);
    RETURNS(c, vm_give(bed, other, &opts), 0);
    RETURNS(c, vm_boot(bed, other), 0);
    RETURNS(c, sriov_vm_dirty_start(bed->guest.vm, vm_dirty_mode(bed)), 0);
    for (uint32_t i = 0; i < 30; i++) {
        write_page(bed, ram, 3 * i);
        set(&want, 3 * i);
        CHECK(c, vm_dma_write(bed, i % 2 == 0 ? seat : other, ram->gpa + (100 + 5 * i) * SRIOV_VM_PAGE, 8));
        set(&want, 100 + 5 * i);
    }
    CHECK(c, is_log(bed, ram, &want));
    RETURNS(c, sriov_vm_dirty_stop(bed->guest.vm), 0);
    return CONFORM_PASS;
}

/* Part by part: a look at one part leaves the rest in the log. */
static enum conform_verdict in_parts(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram;
    struct vm_seat *seat;
    struct pages want = {{0}};
    uint64_t part = 0;
    struct sriov_vm *vm = bed->guest.vm;
    NEED_MODE(c, bed, vm_dirty_mode(bed));
    RETURNS(c, vm_ram(bed, 0x10000, PAGES, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, sriov_vm_dirty_start(vm, vm_dirty_mode(bed)), 0);
    write_page(bed, ram, 10);
    write_page(bed, ram, 69);
    CHECK(c, vm_dma_write(bed, seat, ram->gpa + 70 * SRIOV_VM_PAGE, 8));
    CHECK(c, vm_dma_write(bed, seat, ram->gpa + 200 * SRIOV_VM_PAGE, 8));
    RETURNS(c, sriov_vm_dirty_read(vm, ram->gpa + 67 * SRIOV_VM_PAGE, 8 * SRIOV_VM_PAGE, &part), 0);
    CHECK(c, part == ((1u << 2) | (1u << 3)));
    set(&want, 10);
    set(&want, 200);
    CHECK(c, is_log(bed, ram, &want));
    RETURNS(c, sriov_vm_dirty_stop(vm), 0);
    return CONFORM_PASS;
}

static enum conform_verdict a_full_ring_loses_nothing(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram;
    struct pages want;
    NEED_MODE(c, bed, SRIOV_VM_DIRTY_RING);
    RETURNS(c, vm_ram(bed, 0x10000, 64 * WORDS, &ram), 0);
    RETURNS(c, sriov_vm_dirty_start(bed->guest.vm, SRIOV_VM_DIRTY_RING), 0);
    for (int round = 0; round < 40; round++) {
        for (uint32_t i = 0; i < PAGES; i++) {
            write_page(bed, ram, i);
        }
    }
    memset(&want, 0xff, sizeof(want));
    CHECK(c, is_log(bed, ram, &want));
    RETURNS(c, sriov_vm_dirty_stop(bed->guest.vm), 0);
    return CONFORM_PASS;
}

static enum conform_verdict on_and_off(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram;
    struct vm_seat *seat;
    struct pages want = {{0}};
    struct sriov_vm *vm = bed->guest.vm;
    NEED_MODE(c, bed, vm_dirty_mode(bed));
    RETURNS(c, vm_ram(bed, 0x10000, PAGES, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    REFUSES(c, sriov_vm_dirty_stop(vm));
    REFUSES(c, read_log(bed, ram, &want));
    REFUSES(c, sriov_vm_dirty_start(vm, 3));
    RETURNS(c, sriov_vm_dirty_start(vm, vm_dirty_mode(bed)), 0);
    RETURNS(c, sriov_vm_dirty_start(vm, vm_dirty_mode(bed)), -EBUSY);
    write_page(bed, ram, 3);
    RETURNS(c, sriov_vm_dirty_read(vm, ram->gpa + 1, ram->length, want.bits), -EINVAL);
    RETURNS(c, sriov_vm_dirty_read(vm, ram->gpa, ram->length - 1, want.bits), -EINVAL);
    memset(&want, 0, sizeof(want));
    set(&want, 3);
    CHECK(c, is_log(bed, ram, &want));
    write_page(bed, ram, 4);
    CHECK(c, vm_dma_write(bed, seat, ram->gpa, 8));
    RETURNS(c, sriov_vm_dirty_stop(vm), 0);
    RETURNS(c, sriov_vm_dirty_start(vm, vm_dirty_mode(bed)), 0); /* begins empty */
    memset(&want, 0, sizeof(want));
    CHECK(c, is_log(bed, ram, &want));
    RETURNS(c, sriov_vm_dirty_stop(vm), 0);
    return CONFORM_PASS;
}

/* What comes while it is on is logged; what goes takes nothing of the log with it. */
static enum conform_verdict while_things_come_and_go(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram;
    struct vm_piece *more;
    struct vm_seat *seat;
    struct pages want = {{0}};
    struct pages first;
    NEED_MODE(c, bed, vm_dirty_mode(bed));
    RETURNS(c, vm_ram(bed, 0x10000, PAGES, &ram), 0);
    RETURNS(c, sriov_vm_dirty_start(bed->guest.vm, vm_dirty_mode(bed)), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, vm_ram(bed, 0x800000, PAGES, &more), 0);
    RETURNS(c, read_log(bed, ram, &first), 0);
    RETURNS(c, read_log(bed, more, &first), 0); /* what is new may be told as dirty, once */
    CHECK(c, is_log(bed, more, &want));
    write_page(bed, more, 17);
    CHECK(c, vm_dma_write(bed, seat, more->gpa + 18 * SRIOV_VM_PAGE, 8));
    CHECK(c, vm_dma_write(bed, seat, ram->gpa + 99 * SRIOV_VM_PAGE, 8));
    vm_release(seat);
    set(&want, 17);
    set(&want, 18);
    CHECK(c, is_log(bed, more, &want));
    memset(&want, 0, sizeof(want));
    set(&want, 99);
    CHECK(c, is_log(bed, ram, &want));
    RETURNS(c, vm_ram_take(bed, more), 0);
    write_page(bed, ram, 1);
    memset(&want, 0, sizeof(want));
    set(&want, 1);
    CHECK(c, is_log(bed, ram, &want));
    RETURNS(c, sriov_vm_dirty_stop(bed->guest.vm), 0);
    return CONFORM_PASS;
}

static enum conform_verdict of_one_that_vanished(struct conform *c, struct vm_bed *bed)
{
    struct vm_piece *ram;
    struct vm_seat *seat;
    struct pages want = {{0}};
    NEED_MODE(c, bed, vm_dirty_mode(bed));
    RETURNS(c, vm_ram(bed, 0x10000, PAGES, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, sriov_vm_dirty_start(bed->guest.vm, vm_dirty_mode(bed)), 0);
    write_page(bed, ram, 20);
    RETURNS(c, sriov_mock_remove(bed->mock, sriov_fn_info(seat->fn)->name, false, 0), 0);
    vm_pass(bed, VM_MS);
    (void)sriov_vm_poll(bed->guest.vm);
    vm_release(seat);
    set(&want, 20);
    CHECK(c, is_log(bed, ram, &want)); /* what the CPU wrote is all there */
    RETURNS(c, sriov_vm_dirty_stop(bed->guest.vm), 0);
    return CONFORM_PASS;
}

static enum conform_verdict absent(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, sriov_vm_dirty_start(bed->guest.vm, SRIOV_VM_DIRTY_RING), -EOPNOTSUPP);
    RETURNS(c, sriov_vm_dirty_start(bed->guest.vm, SRIOV_VM_DIRTY_BITMAP), -EOPNOTSUPP);
    return CONFORM_PASS;
}

#define NO_LOG (SRIOV_VM_CAP_DIRTY_BITMAP | SRIOV_VM_CAP_DIRTY_RING)

const struct vm_case vm_dirty_cases[] = {
    {"dirty.of-the-cpu.bitmap", of_the_cpu_as_bitmap, VM_TOY, {0}},
    {"dirty.of-the-cpu.ring", of_the_cpu_as_ring, VM_TOY, {0}},
    {"dirty.of-the-device", of_the_device, VM_TOY, {0}},
    {"dirty.of-both", of_both, VM_TOY, {0}},
    {"dirty.in-parts", in_parts, VM_TOY, {0}},
    {"dirty.a-full-ring-loses-nothing", a_full_ring_loses_nothing, VM_TOY, {0}},
    {"dirty.on-and-off", on_and_off, VM_TOY, {0}},
    {"dirty.while-things-come-and-go", while_things_come_and_go, VM_TOY, {0}},
    {"dirty.of-one-that-vanished", of_one_that_vanished, VM_TOY, {0}},
    {"dirty.absent", absent, VM_TOY, {.caps_out = NO_LOG}},
    {NULL, NULL, VM_ANY, {0}},
};
