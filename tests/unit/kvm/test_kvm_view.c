/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space, trapped BAR access, views with holes, kill against everything else. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct bed {
    struct fake *fake;
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    const struct sriov_vmm_ops *ops;
    struct skvm_fn *raw;
};

static struct bed bed;

static int setup(void **state)
{
    bed = (struct bed){.fake = fake_up()};
    *state = &bed;
    assert_int_equal(fake_vmm(bed.fake, SRIOV_KVM_GROUP, 0, &bed.vmm), 0);
    assert_int_equal(sriov_fn_open(bed.vmm, FAKE_VF, NULL, &bed.fn), 0);
    bed.ops = sriov_vmm_ops(bed.vmm);
    bed.raw = ((struct skvm *)sriov_vmm_ctx(bed.vmm))->fns;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(sriov_fn_close(bed.fn), 0);
    assert_int_equal(sriov_kvm_destroy(bed.vmm), 0);
    fake_down(bed.fake);
    return 0;
}

static void test_config(void **state)
{
    (void)state;
    uint32_t value = 0;
    assert_int_equal(bed.ops->cfg_read(bed.raw, 0, 4, &value), 0);
    assert_int_equal(value, 0x10ca8086);
    assert_int_equal(bed.ops->cfg_read(bed.raw, 2, 2, &value), 0);
    assert_int_equal(value, 0x10ca);
    assert_int_equal(bed.ops->cfg_read(bed.raw, 1, 1, &value), 0);
    assert_int_equal(value, 0x80);
    assert_int_equal(bed.ops->cfg_write(bed.raw, 0x200, 2, 0xbeef), 0);
    assert_int_equal(bed.fake->config[0x200], 0xef);
    assert_int_equal(bed.fake->config[0x202], 0);
    assert_int_equal(bed.ops->cfg_read(bed.raw, 4096, 4, &value), -ERANGE);
    assert_int_equal(value, UINT32_MAX);
    assert_int_equal(bed.ops->cfg_read(bed.raw, UINT32_MAX - 3, 4, &value), -ERANGE);
    assert_int_equal(bed.ops->cfg_read(bed.raw, 1, 2, &value), -EINVAL);
    assert_int_equal(bed.ops->cfg_read(bed.raw, 0, 8, &value), -EINVAL);
    assert_int_equal(bed.ops->cfg_write(bed.raw, 4096, 4, 0), -ERANGE);
}

static void test_bar_info(void **state)
{
    (void)state;
    struct sriov_bar_info info = {.size = sizeof(info)};
    assert_int_equal(bed.ops->bar_info(bed.raw, 0, &info), 0);
    assert_int_equal(info.length, FAKE_BAR);
    assert_int_equal(info.flags, SRIOV_BAR_64BIT | SRIOV_BAR_PREFETCH | SRIOV_BAR_VIEWABLE);
    assert_int_equal(bed.ops->bar_info(bed.raw, 1, &info), 0);
    assert_int_equal(info.length, 0);
    assert_int_equal(bed.ops->bar_info(bed.raw, 6, &info), -EINVAL);
}

static void test_trapped(void **state)
{
    (void)state;
    uint64_t value = 0;
    assert_int_equal(bed.ops->bar_write(bed.raw, 0, 0x10, 8, UINT64_C(0x1122334455667788)), 0);
    assert_int_equal(bed.ops->bar_read(bed.raw, 0, 0x10, 4, &value), 0);
    assert_int_equal(value, 0x55667788);
    assert_int_equal(bed.ops->bar_read(bed.raw, 0, 0x17, 1, &value), 0);
    assert_int_equal(value, 0x11);
    assert_int_equal(bed.ops->bar_read(bed.raw, 0, FAKE_BAR, 4, &value), -ERANGE);
    assert_int_equal(value, UINT32_MAX);
    assert_int_equal(bed.ops->bar_read(bed.raw, 0, UINT64_MAX - 7, 8, &value), -ERANGE);
    assert_int_equal(bed.ops->bar_read(bed.raw, 1, 0, 4, &value), -ERANGE);
    assert_int_equal(bed.ops->bar_read(bed.raw, 7, 0, 4, &value), -EINVAL);
}

/* VFIO says EIO while memory decoding is off: no removal, until the kernel says that it is one. */
static void test_eio(void **state)
{
    (void)state;
    uint64_t value = 0;
    bed.fake->fail_err = -EIO;
    bed.fake->fail_at = bed.fake->calls + 1;
    assert_int_equal(bed.ops->bar_read(bed.raw, 0, 0, 4, &value), -EAGAIN);
    assert_int_equal(value, UINT32_MAX);
    assert_int_equal(bed.ops->bar_read(bed.raw, 0, 0, 4, &value), 0);
    bed.fake->absent = true;
    fake_signal(bed.fake->request_fd);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), 0);
    atomic_store(&bed.raw->dead, false); /* the core killed it: look behind that */
    bed.fake->fail_at = bed.fake->calls + 1;
    assert_int_equal(skvm_op_bar_read(bed.raw, 0, 0, 4, &value), -ENODEV);
}

static void test_view(void **state)
{
    (void)state;
    volatile void *first = NULL;
    volatile void *second = NULL;
    uint64_t value = 0;
    assert_int_equal(bed.ops->bar_view(bed.raw, 0, &first), 0);
    assert_int_equal(bed.ops->bar_view(bed.raw, 0, &second), 0);
    assert_ptr_equal(first, second);
    *(volatile uint32_t *)first = 0xfeedf00d;
    assert_int_equal(bed.ops->bar_read(bed.raw, 0, 0, 4, &value), 0);
    assert_int_equal(value, 0xfeedf00d);
    bed.ops->bar_unview(bed.raw, 0, first);
    *(volatile uint32_t *)second = 1; /* the other user's is still there */
    bed.ops->bar_unview(bed.raw, 0, second);
    bed.ops->bar_unview(bed.raw, 0, second); /* once too often */
    assert_int_equal(bed.fake->live_maps, 0);
    assert_int_equal(bed.ops->bar_view(bed.raw, 1, &first), -EOPNOTSUPP);
    assert_int_equal(bed.ops->bar_view(bed.raw, 6, &first), -EINVAL);
}

static void test_view_with_hole(void **state)
{
    (void)state;
    volatile void *view = NULL;
    uint64_t value = 0;
    bed.fake->sparse = true;
    assert_int_equal(bed.ops->bar_view(bed.raw, 3, &view), 0);
    volatile uint32_t *words = view;
    words[0x1000 / 4] = 0x11111111; /* the device's */
    words[0] = 0x22222222;          /* the hole: VFIO keeps the MSI-X table for itself */
    assert_int_equal(bed.ops->bar_read(bed.raw, 3, 0x1000, 4, &value), 0);
    assert_int_equal(value, 0x11111111);
    assert_int_equal(bed.ops->bar_read(bed.raw, 3, 0, 4, &value), 0);
    assert_int_equal(value, 0);
    bed.ops->bar_unview(bed.raw, 3, view);
    assert_int_equal(bed.fake->live_maps, 0);
}

static void test_kill(void **state)
{
    (void)state;
    volatile void *view = NULL;
    uint32_t value = 0;
    assert_int_equal(bed.ops->bar_view(bed.raw, 0, &view), 0);
    volatile uint32_t *words = view;
    words[1] = 5;
    sriov_fn_kill(bed.fn);
    sriov_fn_kill(bed.fn);
    for (uint32_t i = 0; i < FAKE_BAR / 4; i++) {
        assert_int_equal(words[i], UINT32_MAX);
    }
    words[2] = 0; /* goes nowhere */
    uint32_t device = 0;
    assert_int_equal(pread(bed.fake->bar_fd, &device, 4, 8), 4);
    assert_int_equal(device, 0);
    assert_int_equal(pread(bed.fake->bar_fd, &device, 4, 4), 4);
    assert_int_equal(device, 5);
    assert_int_equal(bed.ops->cfg_read(bed.raw, 0, 4, &value), -ENODEV);
    assert_int_equal(value, UINT32_MAX);
    volatile void *late = NULL;
    assert_int_equal(bed.ops->bar_view(bed.raw, 3, &late), -ENODEV);
}

struct killer {
    atomic_bool stop;
};

static void *kill_again_and_again(void *arg)
{
    struct killer *killer = arg;
    while (!atomic_load(&killer->stop)) {
        bed.ops->kill(bed.raw);
    }
    return NULL;
}

/* Pages of 0xff somewhere in this process. */
static bool ones_left(void)
{
    char line[512];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps) != NULL) {
        found = found || strstr(line, "sriov-ones") != NULL;
    }
    fclose(maps);
    return found;
}

/* kill from another thread while views come and go: no fault, nothing mapped over a stranger. */
static void test_kill_against_unview(void **state)
{
    (void)state;
    struct killer killer = {0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, kill_again_and_again, &killer), 0);
    for (int i = 0; i < 3000; i++) {
        volatile void *view = NULL;
        atomic_store(&bed.raw->dead, false);
        if (bed.ops->bar_view(bed.raw, 0, &view) == 0) {
            (void)*(volatile uint32_t *)view;
            bed.ops->bar_unview(bed.raw, 0, view);
        }
        assert_false(ones_left());
    }
    atomic_store(&killer.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(bed.fake->live_maps, 0);
}

static void test_reset(void **state)
{
    (void)state;
    uint32_t before = bed.fake->resets;
    assert_int_equal(sriov_fn_reset(bed.fn), 0);
    assert_int_equal(bed.fake->resets, before + 1);
    bed.fake->bad_ioctl = VFIO_DEVICE_RESET;
    bed.fake->bad_ioctl_err = -EAGAIN;
    assert_int_equal(sriov_fn_reset(bed.fn), -EAGAIN);
    bed.fake->bad_ioctl = 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_config), CASE(test_bar_info),       CASE(test_trapped), CASE(test_eio),
        CASE(test_view),   CASE(test_view_with_hole), CASE(test_kill),    CASE(test_kill_against_unview),
        CASE(test_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
