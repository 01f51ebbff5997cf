/* SPDX-License-Identifier: BSD-3-Clause */
/* The VM face on the kernel's own KVM: exits, windows, doorbells, vectors. Skipped without /dev/kvm. */
#include "real.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define SETTLE_NS UINT64_C(2000000000)
#define QUIET_NS  UINT64_C(20000000)

static struct real real;

static void up(void)
{
    struct sriov_kvm_vm_opts opts = {0};
    real_up(&real, &opts);
}

static uint64_t guest_read(uint64_t gpa, uint32_t width)
{
    uint64_t value = 0;
    assert_int_equal(kvm_guest_read(&real.guest, gpa, width, &value), 0);
    return value;
}

static void guest_write(uint64_t gpa, uint32_t width, uint64_t value)
{
    assert_int_equal(kvm_guest_write(&real.guest, gpa, width, value), 0);
}

static void test_config(void **state)
{
    (void)state;
    uint32_t value = 0;
    up();
    uint64_t ecam = REAL_ECAM + (uint64_t)REAL_SLOT * 8 * 4096;
    assert_int_equal(guest_read(ecam, 4), UINT32_MAX); /* not plugged yet */
    assert_int_equal(real.ops->vm_hot_add(real.dev), 0);
    assert_int_equal(real.plugged, 1);
    assert_int_equal(guest_read(ecam, 4), 0x10ed8086);
    assert_int_equal(guest_read(ecam + 2, 2), 0x10ed);
    assert_int_equal(guest_read(ecam + 4096, 4), UINT32_MAX); /* function 1 */
    guest_write(ecam + 0xffc, 4, 0x12345678);
    assert_int_equal(real.cfg[1023], 0x12345678);
    assert_int_equal(kvm_guest_out(&real.guest, 0xcf8, 4, 0x80000000 | REAL_SLOT << 11), 0);
    assert_int_equal(kvm_guest_in(&real.guest, 0xcfc, 4, &value), 0);
    assert_int_equal(value, 0x10ed8086);
    assert_int_equal(kvm_guest_in(&real.guest, 0xcff, 1, &value), 0);
    assert_int_equal(value, 0x10);
    assert_int_equal(kvm_guest_out(&real.guest, 0xcf8, 4, 0x80000000 | REAL_SLOT << 11 | 0x3c), 0);
    assert_int_equal(kvm_guest_out(&real.guest, 0xcfc, 1, 0x0b), 0);
    assert_int_equal(real.cfg[15], 0x0b);
    assert_int_equal(kvm_guest_out(&real.guest, 0xcf8, 4, REAL_SLOT << 11), 0); /* not enabled */
    assert_int_equal(kvm_guest_in(&real.guest, 0xcfc, 4, &value), 0);
    assert_int_equal(value, UINT32_MAX);
    assert_int_equal(real_stats(&real).exits_config, 12);
    assert_int_equal(real.guest.strange, 0);
    real_down(&real);
}

static void test_trapped(void **state)
{
    (void)state;
    up();
    real_window(&real, REAL_MMIO, 4096, NULL);
    for (uint32_t width = 1; width <= 8; width *= 2) {
        uint64_t value = UINT64_C(0x8877665544332211) & (UINT64_MAX >> (64 - 8 * width));
        guest_write(REAL_MMIO + 8 * width, width, value);
        assert_int_equal(real.last_width, width);
        assert_int_equal(real.last_off, 8 * width);
        assert_true(guest_read(REAL_MMIO + 8 * width, width) == value);
    }
    /* Across a border of its own width: in parts. */
    guest_write(REAL_MMIO + 0x102, 4, 0xaabbccdd);
    assert_int_equal(guest_read(REAL_MMIO + 0x102, 4), 0xaabbccdd);
    assert_int_equal(real_stats(&real).exits_trapped, 10);
    assert_int_equal(real.guest.strange, 0);
    assert_int_equal(guest_read(REAL_MMIO + 4096, 4), UINT32_MAX); /* beyond: nobody's */
    assert_int_equal(real.guest.strange, 1);
    assert_int_equal(real.ops->vm_window_del(real.dev, REAL_MMIO, 4096), 0);
    assert_int_equal(guest_read(REAL_MMIO, 4), UINT32_MAX);
    real_down(&real);
}

static void test_mapped(void **state)
{
    (void)state;
    uint32_t *bar = aligned_alloc(4096, 4 * 4096);
    assert_non_null(bar);
    memset(bar, 0, 4 * 4096);
    up();
    real_window(&real, REAL_MMIO, 4 * 4096, bar);
    guest_write(REAL_MMIO + 0x1004, 4, 0x600df00d);
    assert_int_equal(bar[0x401], 0x600df00d);
    bar[0xc00] = 77;
    assert_int_equal(guest_read(REAL_MMIO + 0x3000, 4), 77);
    assert_int_equal(real.guest.exits, 0);

    /* A doorbell in its second page: it rings, the page's other registers still work. */
    assert_int_equal(real_bell(&real, REAL_MMIO + 0x1010, 4, 0), 0);
    guest_write(REAL_MMIO + 0x1010, 4, 5);
    assert_int_equal(real.guest.exits, 0);
    assert_int_equal(sriov_vmm_wait(real.vmm, 0), 0);
    assert_int_equal(real.rings, 1);
    assert_int_equal(bar[0x404], 0);
    assert_int_equal(guest_read(REAL_MMIO + 0x1004, 4), 0x600df00d);
    assert_int_equal(real_stats(&real).exits_mapped, 1);
    guest_write(REAL_MMIO + 0x2000, 4, 9);
    assert_int_equal(bar[0x800], 9);
    assert_int_equal(real.guest.exits, 1);
    assert_int_equal(real.ops->vm_doorbell_del(real.dev, REAL_MMIO + 0x1010), 0);
    guest_write(REAL_MMIO + 0x1010, 4, 6);
    assert_int_equal(bar[0x404], 6);
    assert_int_equal(real.guest.exits, 1);
    real_down(&real);
    free(bar);
}

static void test_bell_any_value(void **state)
{
    (void)state;
    up();
    real_window(&real, REAL_MMIO, 4096, NULL);
    assert_int_equal(real_bell(&real, REAL_MMIO + 0x18, 4, 0), 0);
    assert_int_equal(kvm_guest_stores(&real.guest, REAL_MMIO + 0x18, 4, 0, 1000, 0), 0);
    assert_int_equal(real.guest.exits, 0);
    assert_int_equal(sriov_vmm_wait(real.vmm, 0), 0);
    struct sriov_kvm_vm_stats stats = real_stats(&real);
    assert_int_equal(stats.bells, 1000);
    assert_int_equal(stats.bell_calls, 1);
    assert_int_equal(stats.exits_trapped + stats.exits_bell, 0);
    assert_int_equal(real.rings, 1);
    assert_int_equal(real.rang, 0);
    guest_write(REAL_MMIO + 0x18, 2, 1); /* another width */
    assert_int_equal(real_stats(&real).exits_bell, 1);
    assert_int_equal(real.writes, 1);
    real_down(&real);
}

static void test_bell_values(void **state)
{
    (void)state;
    up();
    real_window(&real, REAL_MMIO, 4096, NULL);
    assert_int_equal(real_bell(&real, REAL_MMIO + 0x18, 4, 256), 0);
    assert_int_equal(kvm_guest_stores(&real.guest, REAL_MMIO + 0x18, 4, 1, 200, 256), 0);
    assert_int_equal(sriov_vmm_wait(real.vmm, 0), 0);
    assert_int_equal(real.rang, 200);
    assert_int_equal(real.rings, 1);
    /* On, around the end: 201 to 255, 0 to 44. */
    assert_int_equal(kvm_guest_stores(&real.guest, REAL_MMIO + 0x18, 4, 201, 100, 256), 0);
    assert_int_equal(sriov_vmm_wait(real.vmm, 0), 0);
    assert_int_equal(real.rang, 44);
    assert_int_equal(real.rings, 2);
    assert_int_equal(real.guest.exits, 0);
    assert_int_equal(sriov_vmm_wait(real.vmm, 0), -ETIMEDOUT);
    /* A value that has none traps; what rang before is told before. */
    guest_write(REAL_MMIO + 0x18, 4, 50);
    guest_write(REAL_MMIO + 0x18, 4, 256);
    assert_int_equal(real.rings, 3);
    assert_int_equal(real.rang, 50);
    assert_int_equal(real.writes, 1);
    struct sriov_kvm_vm_stats stats = real_stats(&real);
    assert_int_equal(stats.bells, 301);
    assert_int_equal(stats.exits_bell, 1);
    real_down(&real);
}

static uint64_t bells_left(void)
{
    struct sriov_vm_info info = {.size = sizeof(info)};
    assert_int_equal(real.ops->vm_info(real.ctx, &info), 0);
    return info.doorbells_left;
}

/* A doorbell that does not fit leaves nothing behind: the stores trap. */
static void test_bells_run_out(void **state)
{
    (void)state;
    struct sriov_kvm_vm_opts opts = {.max_bells = 300};
    struct rlimit limit;
    real_up(&real, &opts);
    real_window(&real, REAL_MMIO, 4096, NULL);
    assert_int_equal(real_bell(&real, REAL_MMIO, 4, 301), -ENOSPC);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit low = {.rlim_cur = 128, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(real_bell(&real, REAL_MMIO, 4, 200), -ENOSPC);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(bells_left(), 300);
    guest_write(REAL_MMIO, 4, 1);
    assert_int_equal(real.writes, 1); /* it trapped */
    assert_int_equal(real_bell(&real, REAL_MMIO, 4, 300), 0);
    assert_int_equal(bells_left(), 0);
    guest_write(REAL_MMIO, 4, 1);
    assert_int_equal(real.writes, 1);
    real_down(&real);
}

static int vector_fd(uint32_t vector)
{
    struct sriov_irq_sink sink = {.size = sizeof(sink)};
    assert_int_equal(real.ops->vm_irq_sink(real.dev, vector, &sink), 0);
    assert_int_equal(sink.kind, SRIOV_SINK_EVENTFD);
    return sink.fd;
}

static void signal_fd(int fd)
{
    uint64_t one = 1;
    assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static void route(uint32_t vector, uint32_t to)
{
    struct sriov_vm_msi msi = {.size = sizeof(msi)};
    kvm_guest_msi(to, &msi.address, &msi.data);
    assert_int_equal(real.ops->vm_irq_route(real.dev, vector, &msi), 0);
}

static uint32_t taken(uint32_t n, uint32_t want)
{
    return kvm_guest_taken(&real.guest, n, want, SETTLE_NS);
}

static uint32_t pending(uint32_t vector)
{
    uint32_t is = 9;
    assert_int_equal(real.ops->vm_irq_pending(real.dev, vector, &is), 0);
    return is;
}

static void test_interrupts(void **state)
{
    (void)state;
    up();
    int fd = vector_fd(1);
    route(1, 5);
    for (uint32_t i = 1; i <= 3; i++) {
        signal_fd(fd);
        assert_int_equal(taken(5, i), i);
    }
    assert_int_equal(real.guest.exits, 0);
    assert_int_equal(real_stats(&real).irqfds, 1);
    assert_int_equal(pending(1), 0);
    route(1, 6); /* moved */
    signal_fd(fd);
    assert_int_equal(taken(6, 1), 1);
    assert_int_equal(kvm_guest_taken(&real.guest, 5, 4, QUIET_NS), 3);
    real_down(&real);
}

static void test_mask_keeps_one(void **state)
{
    (void)state;
    up();
    int fd = vector_fd(0);
    signal_fd(fd); /* before it was ever routed */
    assert_int_equal(pending(0), 1);
    route(0, 2);
    assert_int_equal(taken(2, 1), 1);
    assert_int_equal(pending(0), 0);
    for (uint32_t round = 0; round < 3; round++) {
        assert_int_equal(real.ops->vm_irq_route(real.dev, 0, NULL), 0);
        assert_int_equal(pending(0), 0);
        signal_fd(fd);
        signal_fd(fd);
        assert_int_equal(pending(0), 1);
        assert_int_equal(kvm_guest_taken(&real.guest, 2, 99, QUIET_NS), 1 + round);
        route(0, 2);
        assert_int_equal(taken(2, 2 + round), 2 + round); /* once */
        assert_int_equal(kvm_guest_taken(&real.guest, 2, 99, QUIET_NS), 2 + round);
    }
    /* Masked and unmasked with nothing between: nothing comes. */
    assert_int_equal(real.ops->vm_irq_route(real.dev, 0, NULL), 0);
    route(0, 2);
    assert_int_equal(kvm_guest_taken(&real.guest, 2, 99, QUIET_NS), 4);
    real_down(&real);
}

static void on_gone(void *arg)
{
    (*(uint32_t *)arg)++;
}

static void test_unplug(void **state)
{
    (void)state;
    up();
    uint64_t ecam = REAL_ECAM + (uint64_t)REAL_SLOT * 8 * 4096;
    assert_int_equal(real.ops->vm_hot_add(real.dev), 0);
    assert_int_equal(real.ops->vm_hot_remove(real.dev, on_gone, &real.gone), 0);
    assert_int_equal(real.ops->vm_hot_remove(real.dev, on_gone, &real.gone), -EBUSY);
    assert_int_equal(real.asked, 1);
    assert_int_equal(sriov_vmm_wait(real.vmm, 0), -ETIMEDOUT);
    assert_int_equal(sriov_kvm_vm_unplugged(real.vm, 32), -EINVAL);
    assert_int_equal(sriov_kvm_vm_unplugged(real.vm, REAL_SLOT), 0);
    assert_int_equal(sriov_vmm_wait(real.vmm, 0), 0);
    assert_int_equal(real.gone, 1);
    assert_int_equal(guest_read(ecam, 4), UINT32_MAX);
    real_down(&real);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config),      cmocka_unit_test(test_trapped),
        cmocka_unit_test(test_mapped),      cmocka_unit_test(test_bell_any_value),
        cmocka_unit_test(test_bell_values), cmocka_unit_test(test_bells_run_out),
        cmocka_unit_test(test_interrupts),  cmocka_unit_test(test_mask_keeps_one),
        cmocka_unit_test(test_unplug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
