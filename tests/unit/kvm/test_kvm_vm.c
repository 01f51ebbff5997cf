/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines: options, memory, windows, doorbells, as KVM is told of them; refusals leave all as it was. */
#include "vmbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE UINT64_C(4096)

static unsigned char memory[16 * 4096] __attribute__((aligned(4096)));

static const struct kvm_userspace_memory_region *region(uint32_t slot)
{
    return &bed.fake->kvm.slots[slot].region;
}

static void refused(struct sriov_kvm_vm_opts opts, int err)
{
    assert_int_equal(vmbed_create(&opts), err);
    assert_null(bed.vm);
}

static void test_options(void **state)
{
    (void)state;
    struct {
        struct sriov_kvm_vm_opts opts;
        uint64_t more;
    } later = {.opts = {.size = sizeof(later), .vm_fd = bed.vm_fd}, .more = 1};
    struct kvm_irq_routing_entry entry = {0};
    refused((struct sriov_kvm_vm_opts){.size = 8}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.size = 100000}, -E2BIG);
    refused((struct sriov_kvm_vm_opts){.flags = 0x80}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.vm_fd = -1}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.ecam = 0x1000}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.ecam = 0xfffffffffff00000, .ecam_buses = 2}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.ecam = BED_ECAM, .ecam_buses = 257}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.num_slots = 5000}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.first_slot = 65535, .num_slots = 1}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.first_gsi = 4000, .num_gsi = 200}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.ring_entries = 3000}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.reserved0 = 1}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.num_routes = 1}, -EINVAL);
    refused((struct sriov_kvm_vm_opts){.routes = &entry}, -EINVAL);
    assert_int_equal(sriov_kvm_vm_create(bed.vmm, &later.opts, &bed.vm), -E2BIG);
    assert_int_equal(sriov_kvm_vm_create(NULL, &later.opts, &bed.vm), -EINVAL);
    assert_int_equal(sriov_kvm_vm_create(bed.vmm, NULL, &bed.vm), -EINVAL);
    assert_int_equal(sriov_kvm_vm_destroy(NULL), 0);
    later.more = 0; /* a newer caller that asks nothing new */
    assert_int_equal(sriov_kvm_vm_create(bed.vmm, &later.opts, &bed.vm), 0);
    assert_string_equal(sriov_vm_name(bed.vm), "kvm");
    assert_int_equal(sriov_kvm_destroy(bed.vmm), -EBUSY);
    vmbed_stop();
}

static void info_is(uint64_t caps, uint64_t bells, uint64_t vectors)
{
    struct sriov_vm_info info = {.size = sizeof(info)};
    assert_int_equal(bed.ops->vm_info(bed.machine, &info), 0);
    assert_int_equal(info.caps, caps);
    assert_int_equal(info.doorbells_left, bells);
    assert_int_equal(info.vectors_left, vectors);
}

#define CAPS_ALWAYS (SRIOV_VM_CAP_MAPPED | SRIOV_VM_CAP_TRAPPED | SRIOV_VM_CAP_HOTPLUG)

static void test_what_kvm_can(void **state)
{
    (void)state;
    struct sriov_kvm_vm_opts opts = {.num_gsi = 5, .max_bells = 7};
    assert_int_equal(vmbed_create(&opts), 0);
    info_is(CAPS_ALWAYS | SRIOV_VM_CAP_DOORBELL | SRIOV_VM_CAP_IRQ | SRIOV_VM_CAP_DIRTY_BITMAP, 7, 5);
    vmbed_stop();
    bed.fake->kvm.no_irqfd = true;
    bed.fake->kvm.no_ioeventfd = true;
    opts.flags = SRIOV_KVM_VM_DIRTY_RING;
    vmbed_start(&opts);
    info_is(CAPS_ALWAYS | SRIOV_VM_CAP_DIRTY_RING, 0, 0);
    struct sriov_irq_sink sink = {.size = sizeof(sink)};
    assert_int_equal(bed.ops->vm_irq_sink(bed.dev, 0, &sink), -EOPNOTSUPP);
    assert_int_equal(vmbed_bell(BED_MMIO, 4, 0), -EOPNOTSUPP);
    vmbed_stop();
    opts.flags = 0;
    opts.without = SRIOV_VM_CAP_MAPPED | SRIOV_VM_CAP_HOTPLUG;
    vmbed_start(&opts);
    info_is(SRIOV_VM_CAP_TRAPPED | SRIOV_VM_CAP_DIRTY_BITMAP, 0, 0);
    assert_int_equal(vmbed_window(BED_MMIO, PAGE, memory), -EOPNOTSUPP);
    vmbed_stop();
}

static void test_kvm_that_lacks_something(void **state)
{
    (void)state;
    bed.fake->kvm.no_ring = true;
    bed.fake->kvm.no_manual = true;
    refused((struct sriov_kvm_vm_opts){.flags = SRIOV_KVM_VM_DIRTY_RING}, -EOPNOTSUPP);
    refused((struct sriov_kvm_vm_opts){.flags = SRIOV_KVM_VM_MANUAL_CLEAR}, -EOPNOTSUPP);
    bed.fake->kvm.no_ring = false;
    refused((struct sriov_kvm_vm_opts){.flags = SRIOV_KVM_VM_DIRTY_RING, .ring_entries = 65536 * 2}, -EINVAL);
    bed.fake->kvm.vcpus = true;
    refused((struct sriov_kvm_vm_opts){.flags = SRIOV_KVM_VM_DIRTY_RING}, -EINVAL);
    bed.fake->kvm.vcpus = false;
    bed.fake->kvm.no_memory = true;
    refused((struct sriov_kvm_vm_opts){.flags = 0}, -EOPNOTSUPP);
    bed.fake->kvm.no_memory = false;
    bed.fake->bad_ioctl = KVM_CHECK_EXTENSION;
    bed.fake->bad_ioctl_err = -ENOTTY; /* no VM's descriptor at all */
    refused((struct sriov_kvm_vm_opts){.flags = 0}, -EOPNOTSUPP);
    bed.fake->bad_ioctl = 0;
    bed.fake->kvm.only_acq_rel = true;
    struct sriov_kvm_vm_opts opts = {.flags = SRIOV_KVM_VM_DIRTY_RING, .ring_entries = 1024};
    assert_int_equal(vmbed_create(&opts), 0);
    assert_int_equal(bed.fake->kvm.enabled_ring, 1024 * 16);
    vmbed_stop();
}

static void test_memory(void **state)
{
    (void)state;
    struct sriov_kvm_vm_opts opts = {.first_slot = 10, .num_slots = 2, .ecam = BED_ECAM};
    vmbed_start(&opts);
    assert_int_equal(vmbed_mem(BED_RAM, 4 * PAGE, memory, 0), 0);
    assert_int_equal(region(10)->guest_phys_addr, BED_RAM);
    assert_int_equal(region(10)->userspace_addr, (uintptr_t)memory);
    assert_int_equal(region(10)->flags, 0);
    assert_int_equal(vmbed_mem(BED_RAM + 3 * PAGE, PAGE, memory, 0), -EINVAL);
    assert_int_equal(vmbed_mem(BED_RAM + 8 * PAGE, PAGE, memory + 1, 0), -EINVAL);
    assert_int_equal(vmbed_mem(BED_RAM + 8 * PAGE, PAGE, NULL, 0), -EINVAL);
    assert_int_equal(vmbed_mem(BED_RAM + 8 * PAGE, PAGE, memory, 2), -EINVAL);
    assert_int_equal(vmbed_mem(BED_RAM + 8 * PAGE, 0, memory, 0), -EINVAL);
    assert_int_equal(vmbed_mem(BED_RAM + 1, PAGE, memory, 0), -EINVAL);
    assert_int_equal(vmbed_mem(0xfffffffffffff000, 2 * PAGE, memory, 0), -EINVAL);
    assert_int_equal(vmbed_mem(BED_ECAM, PAGE, memory, 0), -EINVAL);
    assert_int_equal(vmbed_window(BED_MMIO, 100, NULL), 0);
    assert_int_equal(vmbed_mem(BED_MMIO, PAGE, memory, 0), -EINVAL);
    assert_int_equal(vmbed_bell(BED_MMIO + 2 * PAGE, 4, 0), 0);
    assert_int_equal(vmbed_mem(BED_MMIO + 2 * PAGE, PAGE, memory, 0), -EINVAL);
    assert_int_equal(vmbed_mem(BED_RAM + 4 * PAGE, PAGE, memory, SRIOV_VM_MEM_READONLY), 0);
    assert_int_equal(region(11)->flags, KVM_MEM_READONLY);
    assert_int_equal(vmbed_mem(BED_RAM + 8 * PAGE, PAGE, memory, 0), -ENOSPC);
    assert_int_equal(vmbed_mem_del(BED_RAM, PAGE), -ENOENT);
    assert_int_equal(vmbed_mem_del(BED_RAM + 4 * PAGE, PAGE), 0);
    assert_int_equal(vmbed_mem_del(BED_RAM, 4 * PAGE), 0);
    assert_int_equal(bed.fake->kvm.live_slots, 0);
    vmbed_stop();
}

static void test_memory_that_kvm_refuses(void **state)
{
    (void)state;
    struct kvm_userspace_memory_region own = {
        .slot = 0, .guest_phys_addr = BED_RAM, .memory_size = PAGE, .userspace_addr = (uintptr_t)memory};
    struct sriov_kvm_vm_opts opts = {.first_slot = 1};
    vmbed_start(&opts);
    /* A slot of the VMM's own, of which we know nothing. */
    assert_int_equal(fake_kvm_ioctl(bed.fake, KVM_SET_USER_MEMORY_REGION, &own), 0);
    assert_int_equal(vmbed_mem(BED_RAM, PAGE, memory, 0), -EINVAL);
    assert_int_equal(vmbed_window(BED_RAM, PAGE, memory), -EBUSY);
    own.memory_size = 0;
    assert_int_equal(fake_kvm_ioctl(bed.fake, KVM_SET_USER_MEMORY_REGION, &own), 0);
    assert_int_equal(vmbed_mem(BED_RAM, PAGE, memory, 0), 0);
    /* One that does not let go: memory is still there, and can be given back later. */
    bed.fake->bad_ioctl = KVM_SET_USER_MEMORY_REGION;
    bed.fake->bad_ioctl_err = -ENOMEM;
    assert_int_equal(vmbed_mem_del(BED_RAM, PAGE), -ENOMEM);
    assert_non_null(strstr(bed.fake->last_error, "KVM keeps memory slot 1"));
    bed.fake->bad_ioctl = 0;
    assert_int_equal(vmbed_mem_del(BED_RAM, PAGE), 0);
    vmbed_stop();
}

static void test_windows(void **state)
{
    (void)state;
    struct sriov_kvm_vm_opts opts = {.ecam = BED_ECAM, .num_slots = 3};
    uint64_t value = 0x1122334455667788;
    vmbed_start(&opts);
    assert_int_equal(vmbed_mem(BED_RAM, PAGE, memory, 0), 0);
    assert_int_equal(vmbed_window(BED_RAM, PAGE, NULL), -EBUSY);
    assert_int_equal(vmbed_window(BED_ECAM + 0xff000, PAGE, NULL), -EBUSY);
    assert_int_equal(vmbed_window(BED_MMIO, 0, NULL), -EINVAL);
    assert_int_equal(vmbed_window(UINT64_MAX - 10, 12, NULL), -EINVAL);
    assert_int_equal(vmbed_window(BED_MMIO, 100, memory), -EINVAL);
    assert_int_equal(vmbed_window(BED_MMIO, PAGE, memory + 8), -EINVAL);
    assert_int_equal(vmbed_window(BED_MMIO, 100, NULL), 0);
    assert_int_equal(vmbed_window(BED_MMIO + 99, 1, NULL), -EBUSY);
    assert_int_equal(vmbed_mmio(BED_MMIO + 8, 8, true, &value), 0);
    assert_int_equal(bed.off, 8);
    assert_int_equal(bed.width, 8);
    value = 0xab;
    assert_int_equal(vmbed_mmio(BED_MMIO + 99, 1, true, &value), 0);
    assert_int_equal(vmbed_mmio(BED_MMIO + 98, 4, true, &value), -ENOENT); /* half of it is nobody's */
    assert_int_equal(vmbed_mmio(BED_MMIO + 100, 1, true, &value), -ENOENT);
    assert_int_equal(vmbed_mmio(BED_MMIO, 0, true, &value), -ENOENT);
    assert_int_equal(vmbed_mmio(BED_MMIO, 9, true, &value), -ENOENT);
    bed.accesses = 0;
    assert_int_equal(vmbed_mmio(BED_MMIO + 1, 7, true, &value), 0); /* 1 + 2 + 4 */
    assert_int_equal(bed.accesses, 3);
    assert_true(bed.off == 4 && bed.width == 4);
    assert_int_equal(vmbed_stats().exits_trapped, 3);
    assert_int_equal(vmbed_stats().exits_other, 4);
    assert_int_equal(bed.ops->vm_window_del(bed.dev, BED_MMIO, 99), -ENOENT);
    assert_int_equal(bed.ops->vm_window_del(bed.dev, BED_MMIO, 100), 0);
    assert_int_equal(vmbed_mmio(BED_MMIO + 8, 8, true, &value), -ENOENT);
    assert_int_equal(vmbed_mem_del(BED_RAM, PAGE), 0);
    vmbed_stop();
}

/* KVM asks memory slots first, so that a mapped window is open where a doorbell is. */
static void test_mapped_window_with_doorbells(void **state)
{
    (void)state;
    uint64_t value = 0x5a5a5a5a;
    struct sriov_kvm_vm_opts opts = {.num_slots = 3};
    vmbed_start(&opts);
    assert_int_equal(vmbed_bell(BED_MMIO + 3 * PAGE + 16, 4, 4), 0);
    assert_int_equal(vmbed_window(BED_MMIO, 8 * PAGE, memory), 0);
    assert_int_equal(bed.fake->kvm.live_slots, 2);
    assert_int_equal(region(0)->memory_size, 3 * PAGE);
    assert_int_equal(region(1)->guest_phys_addr, BED_MMIO + 4 * PAGE);
    assert_int_equal(region(1)->userspace_addr, (uintptr_t)memory + 4 * PAGE);
    assert_int_equal(vmbed_bell(BED_MMIO + 5 * PAGE, 4, 4), 0);
    assert_int_equal(bed.fake->kvm.live_slots, 3);
    for (uint32_t width = 1; width <= 8; width *= 2) {
        assert_int_equal(vmbed_mmio(BED_MMIO + 5 * PAGE + 64, width, true, &value), 0);
        assert_memory_equal(memory + 5 * PAGE + 64, &value, width);
        assert_int_equal(vmbed_mmio(BED_MMIO + 5 * PAGE + 64, width, false, &value), 0);
        value |= value << 4 * width;
    }
    assert_int_equal(vmbed_stats().exits_mapped, 8);
    /* No slot is left for a fourth part: the whole window traps, and still works. */
    assert_int_equal(vmbed_bell(BED_MMIO + 7 * PAGE - 4, 4, 4), 0);
    assert_int_equal(bed.fake->kvm.live_slots, 3);
    assert_int_equal(vmbed_bell(BED_MMIO + PAGE, 4, 4), 0);
    assert_int_equal(bed.fake->kvm.live_slots, 0);
    assert_int_equal(vmbed_mmio(BED_MMIO, 4, true, &value), 0);
    assert_memory_equal(memory, &value, 4);
    assert_int_equal(bed.ops->vm_doorbell_del(bed.dev, BED_MMIO + PAGE), 0);
    assert_int_equal(bed.fake->kvm.live_slots, 3);
    assert_int_equal(bed.ops->vm_window_del(bed.dev, BED_MMIO, 8 * PAGE), 0);
    assert_int_equal(bed.fake->kvm.live_slots, 0);
    vmbed_stop();
}

static void test_doorbells(void **state)
{
    (void)state;
    struct sriov_kvm_vm_opts opts = {.max_bells = 20};
    vmbed_start(&opts);
    assert_int_equal(vmbed_mem(BED_RAM, PAGE, memory, 0), 0);
    assert_int_equal(vmbed_bell(BED_RAM, 4, 0), -EINVAL);
    assert_int_equal(vmbed_bell(BED_MMIO, 3, 0), -EINVAL);
    assert_int_equal(vmbed_bell(BED_MMIO + 2, 4, 0), -EINVAL);
    assert_int_equal(vmbed_bell(BED_MMIO, 1, 257), -EINVAL);
    assert_int_equal(vmbed_bell(BED_MMIO, 4, 21), -ENOSPC);
    assert_int_equal(vmbed_bell(BED_MMIO, 4, 16), 0);
    assert_int_equal(vmbed_bell(BED_MMIO, 4, 1), -EBUSY);
    assert_int_equal(vmbed_bell(BED_MMIO + 8, 4, 5), -ENOSPC);
    bed.fake->kvm.ioeventfd_budget = 18; /* KVM itself has fewer */
    assert_int_equal(vmbed_bell(BED_MMIO + 8, 4, 4), -ENOSPC);
    assert_int_equal(bed.fake->kvm.live_ioeventfds, 16);
    assert_int_equal(bed.ops->vm_doorbell_del(bed.dev, BED_MMIO + 8), -ENOENT);
    assert_int_equal(vmbed_bell(BED_MMIO + 8, 4, 0), 0);
    for (uint64_t value = 3; value < 7; value++) {
        assert_true(fake_kvm_store(bed.fake, BED_MMIO, 4, value));
    }
    assert_true(fake_kvm_store(bed.fake, BED_MMIO + 8, 4, 1234567));
    assert_false(fake_kvm_store(bed.fake, BED_MMIO, 4, 16));
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), 0);
    assert_int_equal(bed.rings, 2);
    assert_int_equal(vmbed_stats().bells, 5);
    assert_int_equal(vmbed_stats().bell_calls, 2);
    /* What rang and was not heard is gone with its doorbell. */
    assert_true(fake_kvm_store(bed.fake, BED_MMIO, 4, 9));
    assert_int_equal(bed.ops->vm_doorbell_del(bed.dev, BED_MMIO), 0);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), -ETIMEDOUT);
    assert_int_equal(bed.rings, 2);
    assert_int_equal(vmbed_mem_del(BED_RAM, PAGE), 0);
    vmbed_stop();
}

static void ring_to(uint64_t a, uint64_t b, uint64_t want)
{
    assert_true(fake_kvm_store(bed.fake, BED_MMIO, 2, b)); /* their order does not matter */
    assert_true(fake_kvm_store(bed.fake, BED_MMIO, 2, a));
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), 0);
    assert_int_equal(bed.rang, want);
}

static void test_the_latest_of_several(void **state)
{
    (void)state;
    vmbed_start(NULL);
    assert_int_equal(vmbed_bell(BED_MMIO, 2, 40), 0);
    ring_to(1, 2, 2);
    ring_to(39, 3, 39);
    ring_to(39, 0, 0); /* 39 was told already */
    ring_to(38, 10, 38);
    ring_to(5, 30, 30);                             /* from 38 on: 5 is 7 ahead, 30 is 32 */
    for (uint64_t value = 0; value < 40; value++) { /* more than one look takes */
        assert_true(fake_kvm_store(bed.fake, BED_MMIO, 2, value));
    }
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), 0);
    assert_int_equal(bed.rang, 29);
    assert_int_equal(bed.rings, 6);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), -ETIMEDOUT);
    vmbed_stop();
}

/* The guest's stores stay in order: what rang comes before an access that left. */
static void test_doorbell_before_an_exit(void **state)
{
    (void)state;
    uint64_t value = 0;
    struct sriov_kvm_vm_opts opts = {.ecam = BED_ECAM};
    vmbed_start(&opts);
    assert_int_equal(vmbed_window(BED_MMIO, PAGE, NULL), 0);
    assert_int_equal(vmbed_bell(BED_MMIO + 16, 4, 8), 0);
    assert_true(fake_kvm_store(bed.fake, BED_MMIO + 16, 4, 5));
    assert_int_equal(vmbed_mmio(BED_MMIO, 4, true, &value), 0);
    assert_int_equal(bed.rings, 1);
    assert_true(fake_kvm_store(bed.fake, BED_MMIO + 16, 4, 6));
    assert_int_equal(vmbed_mmio(BED_ECAM, 4, false, &value), 0);
    assert_int_equal(bed.rings, 2);
    value = 8;
    assert_int_equal(vmbed_mmio(BED_MMIO + 16, 4, true, &value), 0);
    assert_int_equal(vmbed_stats().exits_bell, 1);
    vmbed_stop();
}

/* What one device has goes with it; what the other has stays. */
static void test_two_devices(void **state)
{
    (void)state;
    uint64_t value = 7;
    void *first = NULL;
    void *second = NULL;
    vmbed_start(NULL);
    second = bed.dev;
    assert_int_equal(vmbed_window(BED_MMIO, PAGE, memory), 0);
    assert_int_equal(vmbed_bell(BED_MMIO + PAGE, 4, 3), 0);
    assert_int_equal(vmbed_dev(9, 1, -1, SRIOV_FN_FD_NONE, &first), 0);
    bed.dev = first;
    assert_int_equal(vmbed_window(BED_MMIO + 2 * PAGE, PAGE, memory + PAGE), 0);
    assert_int_equal(vmbed_bell(BED_MMIO + 4 * PAGE, 4, 5), 0);
    assert_int_equal(bed.ops->vm_window_del(bed.dev, BED_MMIO, PAGE), -ENOENT); /* not its own */
    assert_int_equal(bed.ops->vm_doorbell_del(bed.dev, BED_MMIO + PAGE), -ENOENT);
    bed.ops->vm_dev_del(second);
    assert_int_equal(bed.fake->kvm.live_slots, 1);
    assert_int_equal(bed.fake->kvm.live_ioeventfds, 5);
    assert_int_equal(vmbed_mmio(BED_MMIO + 3 * PAGE - 4, 4, true, &value), 0);
    assert_int_equal(vmbed_mmio(BED_MMIO, 4, true, &value), -ENOENT);
    vmbed_stop();
}

/* The window is gone, and its slot is still KVM's. */
static void lose_a_slot(void)
{
    bed.fake->bad_ioctl = KVM_SET_USER_MEMORY_REGION;
    bed.fake->bad_ioctl_err = -ENOMEM;
    assert_int_equal(bed.ops->vm_window_del(bed.dev, BED_MMIO, PAGE), 0);
    bed.fake->bad_ioctl = 0;
}

/* A slot that KVM does not give back is asked for again: with the next one, and when its device goes. */
static void test_a_slot_that_is_lost(void **state)
{
    (void)state;
    struct sriov_kvm_vm_opts opts = {.num_slots = 2};
    vmbed_start(&opts);
    assert_int_equal(vmbed_window(BED_MMIO, PAGE, memory), 0);
    lose_a_slot();
    assert_int_equal(bed.fake->kvm.live_slots, 1);
    assert_int_equal(vmbed_window(BED_MMIO, PAGE, memory), 0);
    assert_int_equal(bed.fake->kvm.live_slots, 1);
    assert_int_equal(vmbed_window(BED_MMIO + PAGE, PAGE, memory), 0);
    assert_int_equal(vmbed_window(BED_MMIO + 2 * PAGE, PAGE, memory), -ENOSPC);
    lose_a_slot();
    assert_int_equal(bed.fake->kvm.live_slots, 2);
    bed.ops->vm_dev_del(bed.dev);
    bed.dev = NULL;
    assert_int_equal(bed.fake->kvm.live_slots, 0);
    vmbed_stop();
}

static void test_odd_calls(void **state)
{
    (void)state;
    struct sriov_kvm_vm_stats stats = {.size = 2};
    struct sriov_vm_info info = {.size = 2};
    struct sriov_vm_window dumb = {.size = sizeof(dumb), .gpa = BED_MMIO, .length = 8};
    struct sriov_vm_mem mem = {.size = sizeof(mem), .gpa = BED_RAM, .length = PAGE, .va = memory};
    struct kvm_run run;
    uint64_t value = 0;
    vmbed_start(NULL);
    assert_int_equal(sriov_kvm_vm_stats(bed.vm, &stats), -EINVAL);
    assert_int_equal(bed.ops->vm_info(bed.machine, &info), -EINVAL);
    assert_int_equal(bed.ops->vm_window_add(bed.dev, &dumb), 0); /* neither reads nor writes */
    assert_int_equal(vmbed_mmio(BED_MMIO, 8, true, &value), 0);
    assert_int_equal(vmbed_mmio(BED_MMIO, 8, false, &value), 0);
    assert_true(value == UINT64_MAX);
    memset(&run, 0, sizeof(run));
    run.exit_reason = KVM_EXIT_HLT;
    assert_int_equal(sriov_kvm_vm_exit(bed.vm, &run), -ENOENT);
    assert_int_equal(sriov_vm_add_memory(bed.vm, &mem), 0);
    assert_int_equal(sriov_kvm_vm_destroy(bed.vm), -EBUSY);
    assert_int_equal(sriov_vm_del_memory(bed.vm, BED_RAM, PAGE), 0);
    assert_int_equal(sriov_kvm_vm_add_vcpu(bed.vm, -1), 0); /* no ring: nothing to do */
    vmbed_stop();
}

static void test_vcpu_without_its_ring(void **state)
{
    (void)state;
    struct sriov_kvm_vm_opts opts = {.flags = SRIOV_KVM_VM_DIRTY_RING};
    vmbed_start(&opts);
    assert_int_equal(sriov_kvm_vm_add_vcpu(bed.vm, -1), -EBADF);
    bed.fake->fail_at = bed.fake->calls + 1;
    assert_int_equal(sriov_kvm_vm_add_vcpu(bed.vm, bed.vm_fd), -ENOMEM);
    bed.fake->fail_at = 0;
    vmbed_stop();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, vmbed_setup, vmbed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_options),
        CASE(test_what_kvm_can),
        CASE(test_kvm_that_lacks_something),
        CASE(test_memory),
        CASE(test_memory_that_kvm_refuses),
        CASE(test_windows),
        CASE(test_mapped_window_with_doorbells),
        CASE(test_doorbells),
        CASE(test_the_latest_of_several),
        CASE(test_doorbell_before_an_exit),
        CASE(test_two_devices),
        CASE(test_a_slot_that_is_lost),
        CASE(test_odd_calls),
        CASE(test_vcpu_without_its_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
