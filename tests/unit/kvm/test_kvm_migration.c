/* SPDX-License-Identifier: BSD-3-Clause */
/* Device state by VFIO's migration v2, and the device's own log. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PAGE UINT64_C(4096)

static struct {
    struct fake *fake;
    struct sriov_vmm *vmm;
    const struct sriov_vmm_ops *ops;
    void *fn;
} bed;

static int setup(void **state)
{
    memset(&bed, 0, sizeof(bed));
    bed.fake = fake_up();
    *state = &bed;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_down(bed.fake);
    return 0;
}

static uint64_t start(uint32_t backend)
{
    struct sriov_open_args args = {.size = sizeof(args), .name = FAKE_VF};
    struct sriov_fn_info info = {.size = sizeof(info)};
    assert_int_equal(fake_vmm(bed.fake, backend, 0, &bed.vmm), 0);
    bed.ops = sriov_vmm_ops(bed.vmm);
    assert_int_equal(bed.ops->open(sriov_vmm_ctx(bed.vmm), &args, &bed.fn), 0);
    assert_int_equal(bed.ops->info(bed.fn, &info), 0);
    return info.caps & (SRIOV_CAP_MIGRATION | SRIOV_CAP_DIRTY);
}

static void stop(void)
{
    bed.ops->close(bed.fn);
    assert_int_equal(sriov_kvm_destroy(bed.vmm), 0);
    fake_check_clean(bed.fake);
}

static void go(uint32_t to)
{
    uint32_t state;
    assert_int_equal(bed.ops->mig_set_state(bed.fn, to), 0);
    assert_int_equal(bed.ops->mig_state(bed.fn, &state), 0);
    assert_int_equal(state, to);
}

static void read_all(char *text, size_t room)
{
    uint64_t len = 1;
    size_t at = 0;
    memset(text, 0, room);
    while (len != 0) {
        assert_int_equal(bed.ops->mig_read(bed.fn, text + at, 5, &len), 0);
        at += len;
        assert_true(at < room);
    }
}

/* vfio-pci alone: that is what it says, and all ops do. */
static void test_absent(void **state)
{
    struct sriov_mig_info info = {.size = sizeof(info)};
    uint64_t len = 0;
    uint32_t at = 0;
    char byte = 0;
    (void)state;
    assert_int_equal(start(SRIOV_KVM_GROUP), 0);
    assert_int_equal(bed.ops->mig_info(bed.fn, &info), -EOPNOTSUPP);
    assert_int_equal(bed.ops->mig_state(bed.fn, &at), -EOPNOTSUPP);
    assert_int_equal(bed.ops->mig_set_state(bed.fn, SRIOV_MIG_STOP), -EOPNOTSUPP);
    assert_int_equal(bed.ops->mig_read(bed.fn, &byte, 1, &len), -EOPNOTSUPP);
    assert_int_equal(bed.ops->mig_write(bed.fn, &byte, 1), -EOPNOTSUPP);
    stop();
}

static void saves(bool pre_copy)
{
    struct sriov_mig_info info = {.size = sizeof(info)};
    char text[64];
    uint64_t len;
    bed.fake->migrates = true;
    bed.fake->pre_copy = pre_copy;
    assert_int_equal(start(SRIOV_KVM_GROUP), SRIOV_CAP_MIGRATION);
    assert_int_equal(bed.ops->mig_info(bed.fn, &info), 0);
    assert_int_equal(info.flags, pre_copy ? SRIOV_MIG_HAS_PRE_COPY : 0);
    assert_int_equal(info.stop_copy_len, strlen(FAKE_STATE));
    assert_int_equal(bed.ops->mig_read(bed.fn, text, 1, &len), -EINVAL);
    if (pre_copy) {
        go(SRIOV_MIG_PRE_COPY);
        assert_int_equal(bed.ops->mig_read(bed.fn, text, 3, &len), 0);
        assert_int_equal(len, 3);
    }
    go(SRIOV_MIG_STOP_COPY);
    read_all(text, sizeof(text));
    assert_string_equal(text, pre_copy ? &FAKE_STATE[3] : FAKE_STATE); /* it goes on where it was */
    assert_int_equal(bed.ops->mig_write(bed.fn, "x", 1), -EINVAL);
    go(SRIOV_MIG_STOP);
    assert_int_equal(bed.ops->mig_read(bed.fn, text, 1, &len), -EINVAL);
    go(SRIOV_MIG_RUNNING);
    stop();
}

static void test_save(void **state)
{
    (void)state;
    saves(false);
}

static void test_pre_copy(void **state)
{
    (void)state;
    saves(true);
}

static void test_load(void **state)
{
    uint64_t len;
    char byte;
    (void)state;
    bed.fake->migrates = true;
    assert_int_equal(start(SRIOV_KVM_IOMMUFD), SRIOV_CAP_MIGRATION);
    go(SRIOV_MIG_STOP);
    go(SRIOV_MIG_RESUMING);
    assert_int_equal(bed.ops->mig_read(bed.fn, &byte, 1, &len), -EINVAL);
    assert_int_equal(bed.ops->mig_write(bed.fn, FAKE_STATE, 4), 0);
    assert_int_equal(bed.ops->mig_set_state(bed.fn, SRIOV_MIG_STOP), -EPROTO); /* cut short */
    go(SRIOV_MIG_RESUMING);
    assert_int_equal(bed.ops->mig_write(bed.fn, FAKE_STATE, 4), 0);
    assert_int_equal(bed.ops->mig_write(bed.fn, &FAKE_STATE[4], strlen(FAKE_STATE) - 4), 0);
    go(SRIOV_MIG_STOP);
    assert_string_equal(bed.fake->loaded, FAKE_STATE);
    assert_int_equal(bed.ops->mig_write(bed.fn, "x", 1), -EINVAL);
    go(SRIOV_MIG_RUNNING);
    go(SRIOV_MIG_STOP_COPY);
    stop(); /* with the bytes half way */
}

static void test_failures(void **state)
{
    uint32_t at;
    (void)state;
    bed.fake->migrates = true;
    (void)start(SRIOV_KVM_GROUP);
    assert_int_equal(bed.ops->mig_set_state(bed.fn, SRIOV_MIG_ERROR), -EINVAL);
    assert_int_equal(bed.ops->mig_set_state(bed.fn, 5), -EINVAL); /* peer to peer is nobody's here */
    assert_int_equal(bed.ops->mig_set_state(bed.fn, UINT32_MAX), -EINVAL);
    bed.fake->mig_err = -ENOMEM;
    assert_int_equal(bed.ops->mig_set_state(bed.fn, SRIOV_MIG_STOP), -ENOMEM);
    assert_int_equal(bed.ops->mig_state(bed.fn, &at), 0);
    assert_int_equal(at, SRIOV_MIG_RUNNING);
    bed.fake->mig_err = 0;
    go(SRIOV_MIG_STOP_COPY);
    bed.fake->mig_err = -EBUSY;
    bed.fake->mig_broken = true;
    assert_int_equal(bed.ops->mig_set_state(bed.fn, SRIOV_MIG_STOP), -EBUSY);
    assert_int_equal(bed.ops->mig_state(bed.fn, &at), 0);
    assert_int_equal(at, SRIOV_MIG_ERROR);
    bed.fake->mig_err = 0;
    assert_int_equal(bed.ops->reset(bed.fn), 0);
    assert_int_equal(bed.ops->mig_state(bed.fn, &at), 0);
    assert_int_equal(at, SRIOV_MIG_RUNNING);
    bed.fake->mig_state = 77; /* a kernel from the future */
    assert_int_equal(bed.ops->mig_state(bed.fn, &at), -EPROTO);
    assert_int_equal(at, SRIOV_MIG_ERROR);
    stop();
}

static void test_own_log(void **state)
{
    uint64_t got[2] = {0, 0};
    (void)state;
    bed.fake->logs = true;
    assert_int_equal(start(SRIOV_KVM_GROUP), SRIOV_CAP_DIRTY);
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), 0);
    assert_true(bed.fake->logging && bed.fake->log_ranges != 0);
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), -EBUSY);
    fake_device_writes(bed.fake, 0x200000 + 66 * PAGE);
    assert_int_equal(bed.ops->dma_dirty_read(bed.fn, 0x200000, 80 * PAGE, got), 0);
    assert_true(got[0] == 0 && got[1] == 4);
    assert_int_equal(bed.ops->dma_dirty_stop(bed.fn), 0);
    assert_false(bed.fake->logging);
    assert_int_equal(bed.ops->dma_dirty_stop(bed.fn), -EINVAL);
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), 0);
    stop(); /* with the log on */
    assert_false(bed.fake->logging);
}

/* A device that will not log so much, and the IOMMU that does. */
static void test_log_falls_back(void **state)
{
    (void)state;
    bed.fake->logs = true;
    bed.fake->log_err = -ENOSPC;
    bed.fake->dirty_tables = true;
    assert_int_equal(start(SRIOV_KVM_IOMMUFD), SRIOV_CAP_DIRTY);
    assert_int_equal(bed.ops->dma_dirty_start(bed.fn), 0);
    assert_true(bed.fake->dirty_on && !bed.fake->logging);
    assert_int_equal(bed.ops->dma_dirty_stop(bed.fn), 0);
    stop();
}

int main(void)
{
#define KVM_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        KVM_TEST(test_absent),   KVM_TEST(test_save),    KVM_TEST(test_pre_copy),       KVM_TEST(test_load),
        KVM_TEST(test_failures), KVM_TEST(test_own_log), KVM_TEST(test_log_falls_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
