/* SPDX-License-Identifier: BSD-3-Clause */
/* The dirty log on the kernel's own KVM: the pages that the guest's CPU wrote and no others. */
#include "real.h"

#include <errno.h>
#include <linux/kvm.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#define PAGES (REAL_RAM_SIZE / SRIOV_VM_PAGE)
#define WORDS (PAGES / 64)

static struct real real;

static void up(uint32_t flags, uint32_t ring_entries)
{
    struct sriov_kvm_vm_opts opts = {.flags = flags, .ring_entries = ring_entries};
    real_up(&real, &opts);
    real_ram(&real);
}

static void store(uint64_t page)
{
    assert_int_equal(
        kvm_guest_write(&real.guest, REAL_RAM + page * SRIOV_VM_PAGE + 8 * (page % 512), 8, page), 0);
}

static void load(uint64_t page)
{
    uint64_t value = 0;
    assert_int_equal(kvm_guest_read(&real.guest, REAL_RAM + page * SRIOV_VM_PAGE, 8, &value), 0);
}

/* The log of pages first to first + n - 1 is exactly the bits given; from the first on. */
static void expect(uint64_t first, uint64_t n, const uint64_t *pages, uint64_t num)
{
    uint64_t want[WORDS] = {0};
    uint64_t got[WORDS] = {0};
    for (uint64_t i = 0; i < num; i++) {
        want[pages[i] / 64] |= UINT64_C(1) << pages[i] % 64;
    }
    assert_int_equal(
        real.ops->vm_dirty_read(real.ctx, REAL_RAM + first * SRIOV_VM_PAGE, n * SRIOV_VM_PAGE, got), 0);
    assert_memory_equal(got, want, sizeof(want));
}

static void start(uint32_t mode)
{
    assert_int_equal(real.ops->vm_dirty_start(real.ctx, mode), 0);
    assert_int_equal(real.ops->vm_dirty_start(real.ctx, mode), -EBUSY);
}

static void exact(uint32_t mode)
{
    static const uint64_t some[] = {3, 64, 127, 300, PAGES - 1};
    store(5); /* before the log is on */
    start(mode);
    expect(0, PAGES, NULL, 0);
    load(77);
    for (uint32_t i = 0; i < 5; i++) {
        store(some[i]);
        store(some[i]);
    }
    expect(0, PAGES, some, 5);
    expect(0, PAGES, NULL, 0); /* reading cleared it */
    store(64);
    expect(0, PAGES, &some[1], 1); /* and watches again */
    assert_int_equal(real.ops->vm_dirty_stop(real.ctx), 0);
    store(9);
    start(mode);
    expect(0, PAGES, NULL, 0);
    assert_int_equal(real.ops->vm_dirty_stop(real.ctx), 0);
}

/* Pages outside of what is read keep their bits. */
static void parts(uint32_t mode)
{
    static const uint64_t relative[] = {0, 2};
    static const uint64_t other[] = {10, 71, 75};
    start(mode);
    store(10);
    store(71);
    store(72);
    store(74);
    store(75);
    expect(72, 3, relative, 2);
    expect(72, 3, NULL, 0);
    expect(0, PAGES, other, 3);
    expect(0, PAGES, NULL, 0);
    store(72);
    expect(72, 1, relative, 1);
    assert_int_equal(real.ops->vm_dirty_stop(real.ctx), 0);
}

static void test_bitmap(void **state)
{
    (void)state;
    up(0, 0);
    assert_int_equal(real.ops->vm_dirty_start(real.ctx, SRIOV_VM_DIRTY_RING), -EOPNOTSUPP);
    assert_int_equal(real.ops->vm_dirty_start(real.ctx, 3), -EINVAL);
    exact(SRIOV_VM_DIRTY_BITMAP);
    parts(SRIOV_VM_DIRTY_BITMAP);
    real_down(&real);
}

static void test_bitmap_cleared_by_hand(void **state)
{
    (void)state;
    up(SRIOV_KVM_VM_MANUAL_CLEAR, 0);
    exact(SRIOV_VM_DIRTY_BITMAP);
    parts(SRIOV_VM_DIRTY_BITMAP);
    real_down(&real);
}

static void test_ring(void **state)
{
    (void)state;
    up(SRIOV_KVM_VM_DIRTY_RING, 0);
    assert_int_equal(real.ops->vm_dirty_start(real.ctx, SRIOV_VM_DIRTY_BITMAP), -EOPNOTSUPP);
    exact(SRIOV_VM_DIRTY_RING);
    parts(SRIOV_VM_DIRTY_RING);
    assert_true(real_stats(&real).ring_pages >= 14);
    real_down(&real);
}

/* KVM keeps some entries for what a CPU has logged itself: how many depends on the CPU. */
static uint32_t smallest_ring(void)
{
    struct kvm_guest probe;
    uint32_t entries = 256;
    int err = -EINVAL;
    for (; err == -EINVAL && entries <= 1024; entries *= 2) {
        if (kvm_guest_up(&probe) != 0) {
            return entries; /* the test is skipped by that, too */
        }
        struct kvm_enable_cap cap = {.cap = KVM_CAP_DIRTY_LOG_RING, .args = {entries * 16}};
        err = ioctl(probe.vm, KVM_ENABLE_CAP, &cap) < 0 ? -errno : 0;
        kvm_guest_down(&probe);
    }
    return entries / 2;
}

/* More pages than a ring has entries: the vCPU leaves, and nothing is lost. */
static void test_ring_full(void **state)
{
    (void)state;
    uint64_t all[PAGES];
    up(SRIOV_KVM_VM_DIRTY_RING, smallest_ring());
    start(SRIOV_VM_DIRTY_RING);
    for (uint64_t i = 0; i < PAGES; i++) {
        all[i] = i;
        store(i);
    }
    assert_true(real_stats(&real).exits_ring >= 1);
    expect(0, PAGES, all, PAGES);
    assert_int_equal(real_stats(&real).ring_pages, PAGES);
    assert_int_equal(real.ops->vm_dirty_stop(real.ctx), 0);
    real_down(&real);
}

static void test_memory_comes_and_goes(void **state)
{
    (void)state;
    static const uint64_t one[] = {1};
    struct sriov_kvm_vm_opts opts = {.flags = 0};
    real_up(&real, &opts);
    start(SRIOV_VM_DIRTY_BITMAP);
    real_ram(&real); /* while the log is on */
    store(1);
    expect(0, PAGES, one, 1);
    struct sriov_vm_mem mem = {.size = sizeof(mem), .gpa = REAL_RAM, .length = REAL_RAM_SIZE, .va = real.ram};
    store(2);
    assert_int_equal(real.ops->vm_mem_del(real.ctx, &mem), 0);
    expect(0, PAGES, NULL, 0);
    assert_int_equal(real.ops->vm_mem_add(real.ctx, &mem), 0);
    expect(0, PAGES, NULL, 0);
    assert_int_equal(real.ops->vm_dirty_stop(real.ctx), 0);
    assert_int_equal(real.ops->vm_dirty_stop(real.ctx), -EINVAL);
    real_down(&real);
}

static void test_readonly(void **state)
{
    (void)state;
    static unsigned char rom[4096] __attribute__((aligned(4096)));
    struct sriov_kvm_vm_opts opts = {.flags = 0};
    struct sriov_vm_mem mem = {.size = sizeof(mem),
                               .flags = SRIOV_VM_MEM_READONLY,
                               .gpa = REAL_RAM,
                               .length = sizeof(rom),
                               .va = rom};
    uint64_t value = 0;
    real_up(&real, &opts);
    rom[8] = 0x5a;
    assert_int_equal(real.ops->vm_mem_add(real.ctx, &mem), 0);
    assert_int_equal(kvm_guest_write(&real.guest, REAL_RAM + 8, 1, 0xff), 0);
    assert_int_equal(kvm_guest_read(&real.guest, REAL_RAM + 8, 1, &value), 0);
    assert_int_equal(value, 0x5a);
    assert_int_equal(rom[8], 0x5a);
    assert_int_equal(real.guest.strange, 0);
    assert_int_equal(real.ops->vm_mem_del(real.ctx, &mem), 0);
    real_down(&real);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bitmap),
        cmocka_unit_test(test_bitmap_cleared_by_hand),
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_ring_full),
        cmocka_unit_test(test_memory_comes_and_goes),
        cmocka_unit_test(test_readonly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
