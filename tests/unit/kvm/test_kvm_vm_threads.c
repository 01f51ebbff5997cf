/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine with threads: vCPUs that exit, one that waits, one that controls. Callbacks come one at a time
 * under the machine's lock; who waits with the lock in hand gives it away meanwhile. For the thread
 * sanitizer above all; the kernel's part is a table that says yes.
 */
#include "skvm_vm.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MMIO   UINT64_C(0xc0000000)
#define ECAM   UINT64_C(0xe0000000)
#define VCPUS  3u
#define ROUNDS 1000u
#define NEVER  UINT64_C(60000000000) /* far longer than any of this takes */

static struct {
    struct skvm_sys sys;
    struct sriov_vmm *vmm;
    const struct sriov_vmm_ops *ops;
    struct sriov_vm *vm;
    void *dev;
    int bell_fd; /* of the one that stays */
    atomic_uint running;
    atomic_uint exits;
    uint32_t inside; /* callbacks at work, and how many there were: for the lock to protect */
    uint64_t calls;
    uint64_t bells;
    bool gone;
    pthread_mutex_t own;
    uint32_t own_taken;
} bed;

/* ---- a kernel that says yes ---- */

static int yes(void *ctx, int fd, unsigned long request, void *arg)
{
    (void)ctx;
    (void)fd;
    if (request == KVM_IOEVENTFD && bed.bell_fd < 0) {
        bed.bell_fd = ((const struct kvm_ioeventfd *)arg)->fd;
    }
    return request == KVM_CHECK_EXTENSION ? 1 : 0;
}

/* ---- callbacks ---- */

static void enter(void)
{
    assert_int_equal(bed.inside, 0);
    bed.inside++;
    bed.calls++;
}

static uint32_t cfg_read(void *arg, uint32_t off, uint32_t width)
{
    (void)arg;
    (void)off;
    (void)width;
    enter();
    bed.inside--;
    return 1;
}

static void cfg_write(void *arg, uint32_t off, uint32_t width, uint32_t value)
{
    (void)cfg_read(arg, off, width + value);
}

static uint64_t reg_read(void *arg, uint64_t off, uint32_t width)
{
    return cfg_read(arg, (uint32_t)off, width);
}

static void reg_write(void *arg, uint64_t off, uint32_t width, uint64_t value)
{
    (void)cfg_read(arg, (uint32_t)off, width + (uint32_t)value);
}

static void rang(void *arg, uint64_t value)
{
    (void)arg;
    (void)value;
    enter();
    bed.bells++;
    bed.inside--;
}

static void on_gone(void *arg)
{
    (void)arg;
    enter();
    bed.gone = true;
    bed.inside--;
}

/* ---- the machine ---- */

static int unplug_ask(void *arg, uint32_t slot)
{
    (void)arg;
    (void)slot;
    return 0;
}

static void own_lock(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&bed.own);
    bed.own_taken++;
}

static void own_unlock(void *arg)
{
    (void)arg;
    pthread_mutex_unlock(&bed.own);
}

static int window(uint64_t gpa)
{
    struct sriov_vm_window as = {
        .size = sizeof(as), .gpa = gpa, .length = 4096, .read = reg_read, .write = reg_write};
    return bed.ops->vm_window_add(bed.dev, &as);
}

static int bell(uint64_t gpa, uint32_t values)
{
    struct sriov_vm_doorbell as = {.size = sizeof(as), .width = 4, .gpa = gpa, .values = values, .cb = rang};
    return bed.ops->vm_doorbell_add(bed.dev, &as);
}

static void up(bool own)
{
    struct sriov_kvm_vm_opts opts = {.size = sizeof(opts), .ecam = ECAM, .unplug_ask = unplug_ask};
    struct sriov_vm_dev_args args = {.size = sizeof(args),
                                     .slot = 0,
                                     .name = "thing",
                                     .vectors = 1,
                                     .fd = -1,
                                     .cfg_read = cfg_read,
                                     .cfg_write = cfg_write};
    memset(&bed, 0, sizeof(bed));
    pthread_mutex_init(&bed.own, NULL);
    bed.bell_fd = -1;
    bed.sys = skvm_sys_linux;
    bed.sys.ioctl = yes;
    opts.vm_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    opts.lock = own ? own_lock : NULL;
    opts.unlock = own ? own_unlock : NULL;
    assert_int_equal(skvm_create(NULL, &bed.sys, &bed.vmm), 0);
    bed.ops = sriov_vmm_ops(bed.vmm);
    assert_int_equal(sriov_kvm_vm_create(bed.vmm, &opts, &bed.vm), 0);
    void *ctx = sriov_vm_ctx(bed.vm);
    assert_int_equal(bed.ops->vm_dev_add(ctx, &args, &bed.dev), 0);
    assert_int_equal(window(MMIO), 0);
    assert_int_equal(bell(MMIO + 8, 0), 0);
    assert_int_equal(bed.ops->vm_hot_add(bed.dev), 0);
}

static void down(void)
{
    struct skvm_machine *machine = sriov_vm_ctx(bed.vm);
    int fd = machine->opts.vm_fd;
    bed.ops->vm_dev_del(bed.dev);
    assert_int_equal(sriov_kvm_vm_destroy(bed.vm), 0);
    assert_int_equal(sriov_kvm_destroy(bed.vmm), 0);
    close(fd);
    pthread_mutex_destroy(&bed.own);
}

/* ---- threads ---- */

static void mmio(uint64_t gpa, bool write)
{
    struct kvm_run run;
    memset(&run, 0, sizeof(run));
    run.exit_reason = KVM_EXIT_MMIO;
    run.mmio.phys_addr = gpa;
    run.mmio.len = 4;
    run.mmio.is_write = write;
    (void)sriov_kvm_vm_exit(bed.vm, &run);
    atomic_fetch_add(&bed.exits, 1);
}

static void *vcpu(void *arg)
{
    uint64_t one = 1;
    (void)arg;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        mmio(MMIO, i % 2 == 0);
        mmio(ECAM, i % 2 != 0);
        mmio(MMIO + 0x10000, true); /* there now and then */
        (void)!write(bed.bell_fd, &one, sizeof(one));
    }
    atomic_fetch_sub(&bed.running, 1);
    return NULL;
}

static void *waiter(void *arg)
{
    (void)arg;
    while (atomic_load(&bed.running) != 0) {
        (void)sriov_vmm_wait(bed.vmm, 1000000);
    }
    return NULL;
}

static void control_round(uint32_t i)
{
    struct sriov_vm_msi msi = {.size = sizeof(msi), .data = i};
    struct sriov_kvm_vm_stats stats = {.size = sizeof(stats)};
    sriov_kvm_vm_lock(bed.vm);
    assert_int_equal(window(MMIO + 0x10000), 0);
    assert_int_equal(bell(MMIO + 0x10008, 3), 0);
    assert_int_equal(bed.ops->vm_irq_route(bed.dev, 0, i % 2 != 0 ? &msi : NULL), 0);
    sriov_kvm_vm_unlock(bed.vm);
    sriov_vmm_relax(bed.vmm);
    sriov_kvm_vm_lock(bed.vm);
    assert_int_equal(bed.ops->vm_doorbell_del(bed.dev, MMIO + 0x10008), 0);
    assert_int_equal(bed.ops->vm_window_del(bed.dev, MMIO + 0x10000, 4096), 0);
    sriov_kvm_vm_unlock(bed.vm);
    assert_int_equal(sriov_kvm_vm_stats(bed.vm, &stats), 0);
}

static void storm(void)
{
    pthread_t threads[VCPUS + 1];
    atomic_store(&bed.running, VCPUS);
    for (uint32_t i = 0; i < VCPUS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, vcpu, NULL), 0);
    }
    assert_int_equal(pthread_create(&threads[VCPUS], NULL, waiter, NULL), 0);
    for (uint32_t i = 0; atomic_load(&bed.running) != 0; i++) {
        control_round(i);
    }
    for (uint32_t i = 0; i <= VCPUS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    (void)sriov_vmm_wait(bed.vmm, 0); /* what rang last */
    struct sriov_kvm_vm_stats stats = {.size = sizeof(stats)};
    assert_int_equal(sriov_kvm_vm_stats(bed.vm, &stats), 0);
    assert_int_equal(stats.bells, VCPUS * ROUNDS);
    assert_int_equal(stats.bell_calls, bed.bells);
    assert_int_equal(stats.exits_config, VCPUS * ROUNDS);
    assert_int_equal(stats.exits_trapped + stats.exits_other, 2 * VCPUS * ROUNDS);
    assert_true(stats.exits_trapped >= VCPUS * ROUNDS);
}

static void test_storm(void **state)
{
    (void)state;
    up(false);
    storm();
    down();
}

static void test_storm_with_the_vmms_lock(void **state)
{
    (void)state;
    up(true);
    storm();
    assert_true(bed.own_taken >= 3 * VCPUS * ROUNDS);
    down();
}

/* ---- waiting with the lock in hand ---- */

static void *guest_lets_go(void *arg)
{
    (void)arg;
    mmio(MMIO, true); /* it needs the lock for that */
    (void)sriov_kvm_vm_unplugged(bed.vm, 0);
    return NULL;
}

static void wait_with_lock(void)
{
    pthread_t thread;
    sriov_kvm_vm_lock(bed.vm);
    sriov_kvm_vm_lock(bed.vm); /* nests */
    assert_int_equal(bed.ops->vm_hot_remove(bed.dev, on_gone, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, guest_lets_go, NULL), 0);
    while (!bed.gone) {
        assert_int_equal(sriov_vmm_wait(bed.vmm, NEVER), 0);
    }
    /* It is held again, as deep as before. */
    struct skvm_machine *machine = sriov_vm_ctx(bed.vm);
    assert_int_equal(machine->depth, 2);
    assert_int_equal(atomic_load(&bed.exits), 1);
    sriov_kvm_vm_unlock(bed.vm);
    sriov_kvm_vm_unlock(bed.vm);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_wait_gives_the_lock_away(void **state)
{
    (void)state;
    up(false);
    wait_with_lock();
    down();
    up(true);
    wait_with_lock();
    down();
}

/* A callback that waits keeps the lock: its caller counts on it; and hears of no doorbell meanwhile. */
static uint64_t waiting_read(void *arg, uint64_t off, uint32_t width)
{
    uint64_t before = bed.bells;
    uint64_t one = 1;
    (void)arg;
    (void)off;
    assert_int_equal(write(bed.bell_fd, &one, sizeof(one)), sizeof(one));
    (void)sriov_vmm_wait(bed.vmm, 0);
    sriov_vmm_sleep(bed.vmm, 1000);
    assert_int_equal(bed.bells, before);
    return width;
}

static void test_a_callback_that_waits(void **state)
{
    (void)state;
    struct sriov_vm_window as = {
        .size = sizeof(as), .gpa = MMIO + 0x20000, .length = 4096, .read = waiting_read};
    up(false);
    assert_int_equal(bed.ops->vm_window_add(bed.dev, &as), 0);
    mmio(MMIO + 0x20000, false);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), 0);
    assert_int_equal(bed.bells, 1);
    down();
}

/* More machines than can be given away at once: then none is. */
static void test_many_machines(void **state)
{
    (void)state;
    struct sriov_vm *vms[SKVM_HELD_MAX + 2];
    struct sriov_kvm_vm_opts opts = {.size = sizeof(opts)};
    up(false);
    opts.vm_fd = ((struct skvm_machine *)sriov_vm_ctx(bed.vm))->opts.vm_fd;
    for (uint32_t i = 0; i < SKVM_HELD_MAX + 2; i++) {
        assert_int_equal(sriov_kvm_vm_create(bed.vmm, &opts, &vms[i]), 0);
        sriov_kvm_vm_lock(vms[i]);
    }
    (void)sriov_vmm_wait(bed.vmm, 0);
    for (uint32_t i = 0; i < SKVM_HELD_MAX + 2; i++) {
        assert_int_equal(((struct skvm_machine *)sriov_vm_ctx(vms[i]))->depth, 1);
        sriov_kvm_vm_unlock(vms[i]);
        assert_int_equal(sriov_kvm_vm_destroy(vms[i]), 0);
    }
    down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storm),
        cmocka_unit_test(test_storm_with_the_vmms_lock),
        cmocka_unit_test(test_wait_gives_the_lock_away),
        cmocka_unit_test(test_a_callback_that_waits),
        cmocka_unit_test(test_many_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
