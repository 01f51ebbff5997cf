/* SPDX-License-Identifier: BSD-3-Clause */
/* The dirty log over a scripted KVM: bitmap, cleared by hand, ring; errors lose nothing. */
#include "vmbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE    UINT64_C(4096)
#define PAGES   200u
#define BEYOND  8u /* pages of a second piece, right behind the first */
#define ENTRIES 64u

static unsigned char memory[(PAGES + BEYOND) * 4096] __attribute__((aligned(4096)));
static struct kvm_dirty_gfn *rings[2];
static int ring_fds[2];
static uint32_t ring_at[2];
static uint64_t got[4];
static uint32_t others;

static void clear(void)
{
    memset(got, 0, sizeof(got));
}

static int read_pages(uint64_t first, uint64_t n)
{
    return bed.ops->vm_dirty_read(bed.machine, BED_RAM + first * PAGE, n * PAGE, got);
}

static void expect(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
    uint64_t want[4] = {w0, w1, w2, w3};
    assert_memory_equal(got, want, sizeof(want));
    clear();
}

static void start(uint32_t flags)
{
    struct sriov_kvm_vm_opts opts = {.first_slot = 5, .flags = flags};
    clear();
    vmbed_start(&opts);
    assert_int_equal(vmbed_mem(BED_RAM, PAGES * PAGE, memory, 0), 0);
    assert_int_equal(vmbed_mem(BED_RAM + PAGES * PAGE, BEYOND * PAGE, memory + PAGES * PAGE, 0), 0);
}

static void stop(void)
{
    assert_int_equal(vmbed_mem_del(BED_RAM, PAGES * PAGE), 0);
    assert_int_equal(vmbed_mem_del(BED_RAM + PAGES * PAGE, BEYOND * PAGE), 0);
    vmbed_stop();
}

static void dirty(uint64_t page)
{
    fake_kvm_dirty(bed.fake, BED_RAM + page * PAGE);
}

static int log_on(void)
{
    return bed.ops->vm_dirty_start(bed.machine, SRIOV_VM_DIRTY_BITMAP);
}

static void test_arguments(void **state)
{
    (void)state;
    start(0);
    assert_int_equal(read_pages(0, PAGES), -EINVAL); /* off */
    assert_int_equal(bed.ops->vm_dirty_stop(bed.machine), -EINVAL);
    assert_int_equal(bed.ops->vm_dirty_start(bed.machine, 0), -EINVAL);
    assert_int_equal(bed.ops->vm_dirty_start(bed.machine, SRIOV_VM_DIRTY_RING), -EOPNOTSUPP);
    assert_int_equal(log_on(), 0);
    assert_int_equal(log_on(), -EBUSY);
    assert_int_equal(bed.ops->vm_dirty_read(bed.machine, BED_RAM + 1, PAGE, got), -EINVAL);
    assert_int_equal(bed.ops->vm_dirty_read(bed.machine, BED_RAM, 100, got), -EINVAL);
    assert_int_equal(bed.ops->vm_dirty_read(bed.machine, BED_MMIO, PAGE, got), 0); /* no memory there */
    expect(0, 0, 0, 0);
    assert_int_equal(bed.ops->vm_dirty_stop(bed.machine), 0);
    stop();
}

static void bits(void)
{
    assert_int_equal(log_on(), 0);
    dirty(0);
    dirty(63);
    dirty(64);
    dirty(PAGES - 1);
    dirty(PAGES + 2); /* in the other piece */
    assert_int_equal(read_pages(0, PAGES + BEYOND), 0);
    expect(1 | UINT64_C(1) << 63, 1, 0, UINT64_C(1) << 7 | UINT64_C(1) << 10);
    assert_int_equal(read_pages(0, PAGES + BEYOND), 0);
    expect(0, 0, 0, 0);
    dirty(60);
    dirty(70);
    dirty(130);
    got[1] = UINT64_C(1) << 9; /* or-ed into what is there */
    assert_int_equal(read_pages(60, 11), 0);
    expect(1 | 1 << 10, UINT64_C(1) << 9, 0, 0);
    assert_int_equal(read_pages(0, PAGES), 0);
    expect(0, 0, UINT64_C(1) << 2, 0);
}

static void test_bitmap(void **state)
{
    (void)state;
    start(0);
    bits();
    assert_int_equal(bed.fake->kvm.clears, 0);
    assert_int_equal(bed.ops->vm_dirty_stop(bed.machine), 0);
    stop();
}

static void test_cleared_by_hand(void **state)
{
    (void)state;
    start(SRIOV_KVM_VM_MANUAL_CLEAR);
    bits();
    dirty(100);
    dirty(101);
    assert_int_equal(read_pages(100, 1), 0);
    expect(1, 0, 0, 0);
    assert_int_equal(bed.fake->kvm.cleared_first, 64);
    assert_int_equal(bed.fake->kvm.cleared_pages, 64);
    /* Page 101 was not read: KVM has not write-protected it again. */
    assert_int_equal(bed.fake->kvm.slots[5].dirty[1], UINT64_C(1) << 37);
    assert_int_equal(read_pages(192, 8), 0); /* the last word is not whole */
    assert_int_equal(bed.fake->kvm.cleared_pages, 8);
    assert_int_equal(bed.ops->vm_dirty_stop(bed.machine), 0);
    stop();
}

static void test_errors_lose_nothing(void **state)
{
    (void)state;
    start(0);
    assert_int_equal(log_on(), 0);
    dirty(3);
    bed.fake->bad_ioctl = KVM_GET_DIRTY_LOG;
    bed.fake->bad_ioctl_err = -ENOMEM;
    assert_int_equal(read_pages(0, PAGES), -ENOMEM);
    bed.fake->bad_ioctl = 0;
    assert_int_equal(read_pages(0, PAGES), 0);
    expect(8, 0, 0, 0);
    assert_int_equal(bed.ops->vm_dirty_stop(bed.machine), 0);
    stop();
}

static void test_clear_that_fails(void **state)
{
    (void)state;
    start(SRIOV_KVM_VM_MANUAL_CLEAR);
    assert_int_equal(log_on(), 0);
    dirty(3);
    bed.fake->bad_ioctl = KVM_CLEAR_DIRTY_LOG;
    bed.fake->bad_ioctl_err = -ENOMEM;
    assert_int_equal(read_pages(0, 64), -ENOMEM);
    bed.fake->bad_ioctl = 0;
    clear();
    assert_int_equal(read_pages(0, 64), 0);
    expect(8, 0, 0, 0);
    assert_int_equal(bed.ops->vm_dirty_stop(bed.machine), 0);
    stop();
}

/* All pieces or none. */
static void test_start_that_fails(void **state)
{
    (void)state;
    start(0);
    bed.fake->bad_ioctl = KVM_SET_USER_MEMORY_REGION;
    bed.fake->bad_ioctl_err = -ENOMEM;
    assert_int_equal(log_on(), -ENOMEM);
    bed.fake->bad_ioctl = 0;
    bed.fake->calls = 0;
    bed.fake->fail_at = 6; /* two pieces, each two allocations and a call: the last of them */
    bed.fake->fail_err = -ENOMEM;
    assert_int_equal(log_on(), -ENOMEM);
    assert_true(bed.fake->calls >= 6);
    bed.fake->fail_at = 0;
    assert_int_equal(bed.fake->kvm.slots[5].region.flags, 0);
    assert_int_equal(bed.fake->kvm.slots[6].region.flags, 0);
    assert_int_equal(log_on(), 0);
    assert_int_equal(bed.ops->vm_dirty_stop(bed.machine), 0);
    stop();
}

/* ---- rings ---- */

#define RING_OFFSET (PAGE * KVM_DIRTY_LOG_PAGE_OFFSET)

static void add_vcpu(uint32_t i)
{
    size_t bytes = ENTRIES * sizeof(struct kvm_dirty_gfn);
    ring_fds[i] = memfd_create("vcpu", MFD_CLOEXEC);
    assert_int_equal(ftruncate(ring_fds[i], (off_t)(RING_OFFSET + bytes)), 0);
    assert_int_equal(sriov_kvm_vm_add_vcpu(bed.vm, ring_fds[i]), 0);
    void *va = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fds[i], (off_t)RING_OFFSET);
    assert_true(va != MAP_FAILED);
    rings[i] = va;
    ring_at[i] = 0;
}

static void drop_vcpu(uint32_t i)
{
    munmap(rings[i], ENTRIES * sizeof(struct kvm_dirty_gfn));
    close(ring_fds[i]);
}

/* As KVM: the next entry, which must be empty or reset. */
static void push(uint32_t i, uint32_t slot, uint64_t page)
{
    struct kvm_dirty_gfn *entry = &rings[i][ring_at[i]++ % ENTRIES];
    assert_true((entry->flags & 1) == 0 || (entry->flags & 2) != 0);
    entry->slot = slot;
    entry->offset = page;
    entry->flags = 1;
}

static void count_other(void *arg, uint32_t slot, uint64_t page)
{
    (void)arg;
    assert_int_equal(slot, 2);
    assert_int_equal(page, 77);
    others++;
}

static void start_ring(void)
{
    struct sriov_kvm_vm_opts opts = {.first_slot = 5,
                                     .flags = SRIOV_KVM_VM_DIRTY_RING,
                                     .ring_entries = ENTRIES,
                                     .dirty_other = count_other};
    clear();
    others = 0;
    vmbed_start(&opts);
    assert_int_equal(vmbed_mem(BED_RAM, PAGES * PAGE, memory, 0), 0);
    assert_int_equal(vmbed_mem(BED_RAM + PAGES * PAGE, BEYOND * PAGE, memory + PAGES * PAGE, 0), 0);
    add_vcpu(0);
    add_vcpu(1);
    assert_int_equal(bed.ops->vm_dirty_start(bed.machine, SRIOV_VM_DIRTY_RING), 0);
}

static void stop_ring(void)
{
    assert_int_equal(bed.ops->vm_dirty_stop(bed.machine), 0);
    stop();
    drop_vcpu(0);
    drop_vcpu(1);
}

static void test_ring(void **state)
{
    (void)state;
    start_ring();
    push(0, 5, 0);
    push(0, 5, 65);
    push(1, 5, 0);
    push(1, 6, 3);
    push(1, 2, 77);                /* a slot of the VMM's */
    push(1, 5, UINT64_C(1) << 40); /* beyond its slot */
    assert_int_equal(read_pages(0, 64), 0);
    expect(1, 0, 0, 0);
    assert_int_equal(bed.fake->kvm.ring_resets, 2); /* the start was the first */
    assert_int_equal(rings[0][0].flags, 2);
    assert_int_equal(others, 1);
    assert_int_equal(read_pages(0, PAGES + BEYOND), 0); /* what the first read did not ask for */
    expect(0, 2, 0, UINT64_C(1) << 11);
    assert_int_equal(vmbed_stats().ring_pages, 6);
    /* Around the end of the ring. */
    for (uint64_t i = 0; i < ENTRIES + 5; i++) {
        push(0, 5, i % 64);
        if (i % 32 == 31) {
            assert_int_equal(read_pages(0, PAGES), 0);
        }
    }
    assert_int_equal(read_pages(0, PAGES), 0);
    expect(UINT64_MAX, 0, 0, 0);
    stop_ring();
}

static int full(void)
{
    struct kvm_run run;
    memset(&run, 0, sizeof(run));
    run.exit_reason = KVM_EXIT_DIRTY_RING_FULL;
    return sriov_kvm_vm_exit(bed.vm, &run);
}

static void test_ring_full(void **state)
{
    (void)state;
    start_ring();
    for (uint64_t i = 0; i < ENTRIES; i++) {
        push(1, 5, i);
    }
    assert_int_equal(full(), 0);
    assert_int_equal(vmbed_stats().exits_ring, 1);
    push(1, 5, 100);
    bed.fake->bad_ioctl = KVM_RESET_DIRTY_RINGS;
    bed.fake->bad_ioctl_err = -EINTR;
    assert_int_equal(full(), -EPROTO);
    assert_int_equal(read_pages(0, PAGES), -EPROTO);
    bed.fake->bad_ioctl = 0;
    clear();
    assert_int_equal(read_pages(0, PAGES), 0); /* nothing of it was lost */
    expect(UINT64_MAX, UINT64_C(1) << 36, 0, 0);
    push(0, 5, 9);
    stop_ring();
    start(0);
    assert_int_equal(full(), -ENOENT); /* a machine without rings */
    stop();
}

static void test_rings_are_emptied(void **state)
{
    (void)state;
    start_ring();
    push(0, 5, 9);
    assert_int_equal(bed.ops->vm_dirty_stop(bed.machine), 0);
    push(0, 5, 10); /* of a page that KVM still had under way */
    assert_int_equal(bed.ops->vm_dirty_start(bed.machine, SRIOV_VM_DIRTY_RING), 0);
    assert_int_equal(read_pages(0, PAGES), 0);
    expect(0, 0, 0, 0);
    stop_ring();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, vmbed_setup, vmbed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_arguments),
        CASE(test_bitmap),
        CASE(test_cleared_by_hand),
        CASE(test_errors_lose_nothing),
        CASE(test_clear_that_fails),
        CASE(test_start_that_fails),
        CASE(test_ring),
        CASE(test_ring_full),
        CASE(test_rings_are_emptied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
