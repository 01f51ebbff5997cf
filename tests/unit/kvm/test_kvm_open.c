/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening: the choice of a backend, each refusal with its line, shared groups, what is left. */
#include "fake.h"
#include "uapi_iommufd.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UUID "2ab74924-c335-45f4-9b16-8569e5b08258"

static int setup(void **state)
{
    *state = fake_up();
    return 0;
}

static int teardown(void **state)
{
    fake_down(*state);
    return 0;
}

static int try_open(struct fake *fake, uint32_t backend, uint32_t kvm_flags, const char *name,
                    const struct sriov_fn_opts *opts, char *used)
{
    struct sriov_vmm *vmm = NULL;
    struct sriov_fn *fn = NULL;
    assert_int_equal(fake_vmm(fake, backend, kvm_flags, &vmm), 0);
    int err = sriov_fn_open(vmm, name, opts, &fn);
    const char *is = sriov_kvm_backend_of(vmm, name);
    if (used != NULL) {
        snprintf(used, 16, "%s", is != NULL ? is : "");
    }
    if (err == 0) {
        assert_int_equal(sriov_kvm_destroy(vmm), -EBUSY);
        assert_int_equal(sriov_fn_close(fn), 0);
    }
    assert_int_equal(sriov_kvm_destroy(vmm), 0);
    fake_check_clean(fake);
    return err;
}

static void refused(struct fake *fake, uint32_t backend, const char *name, int err, const char *words)
{
    fake->last_error[0] = '\0';
    assert_int_equal(try_open(fake, backend, 0, name, NULL, NULL), err);
    if (strstr(fake->last_error, words) == NULL) {
        fail_msg("'%s' is not in: %s", words, fake->last_error);
    }
}

static void test_choice(void **state)
{
    struct fake *fake = *state;
    char used[16];
    assert_int_equal(try_open(fake, SRIOV_KVM_AUTO, 0, FAKE_VF, NULL, used), 0);
    assert_string_equal(used, "iommufd");
    assert_int_equal(try_open(fake, SRIOV_KVM_GROUP, 0, FAKE_VF, NULL, used), 0);
    assert_string_equal(used, "group");
    fake->denied = "vfio/devices";
    assert_int_equal(try_open(fake, SRIOV_KVM_AUTO, 0, FAKE_VF, NULL, used), 0);
    assert_string_equal(used, "group");
    fake->denied = NULL;
    tree_drop(fake, "dev/iommu");
    assert_int_equal(try_open(fake, SRIOV_KVM_AUTO, 0, FAKE_VF, NULL, used), 0);
    assert_string_equal(used, "group");
    assert_true(fake->resets >= 4); /* the core resets on open */
}

static void test_names(void **state)
{
    struct fake *fake = *state;
    static const char *const bad[] = {
        "",      "eth0",         "0000:01:10",     "0000:01:10.8", "0000:01:1g.0",
        "../..", "0000-01:10.0", "0000:01:10.0 x", "01:10.0"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refused(fake, SRIOV_KVM_AUTO, bad[i], -EINVAL, "is no PCI function");
    }
    refused(fake, SRIOV_KVM_AUTO, "0000:7f:00.0", -ENOENT, "0000:7f:00.0: no such PCI function");
}

static void test_driver_and_group(void **state)
{
    struct fake *fake = *state;
    refused(fake, SRIOV_KVM_AUTO, FAKE_VF2, -EBUSY, "held by driver igbvf: sriovctl bind " FAKE_VF2);
    tree_driver(fake, FAKE_VF2, NULL);
    refused(fake, SRIOV_KVM_AUTO, FAKE_VF2, -EBUSY, "no driver has it): sriovctl bind " FAKE_VF2);
    tree_drop(fake, "sys/bus/pci/devices/" FAKE_VF "/iommu_group");
    refused(fake, SRIOV_KVM_AUTO, FAKE_VF, -EPERM, "intel_iommu=on");
}

static void test_group_refusals(void **state)
{
    struct fake *fake = *state;
    fake->denied = "dev/vfio/5";
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EPERM, "/dev/vfio/5 may not be opened");
    fake->denied = NULL;
    fake->busy = "dev/vfio/5";
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EBUSY, "in use by another process");
    fake->busy = NULL;
    fake->viable = false;
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EBUSY, "IOMMU group 5 is not viable");
    fake->viable = true;
    fake->no_type1 = true;
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EOPNOTSUPP, "modprobe vfio_iommu_type1");
    fake->no_type1 = false;
    fake->bad_ioctl = VFIO_SET_IOMMU;
    fake->bad_ioctl_err = -EPERM;
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EPERM, "interrupt remapping is off");
    fake->bad_ioctl = VFIO_GROUP_SET_CONTAINER;
    fake->bad_ioctl_err = -EINVAL;
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EBUSY, "is another process using it");
    fake->bad_ioctl = VFIO_GROUP_GET_DEVICE_FD;
    fake->bad_ioctl_err = -EBUSY;
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EBUSY, "in use by another process");
    fake->bad_ioctl = 0;
    tree_drop(fake, "dev/vfio/vfio");
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EOPNOTSUPP, "modprobe vfio-pci");
}

static void test_iommufd_refusals(void **state)
{
    struct fake *fake = *state;
    fake->denied = "devices/vfio0";
    refused(fake, SRIOV_KVM_IOMMUFD, FAKE_VF, -EPERM, "/dev/vfio/devices/vfio0 may not be opened");
    fake->denied = NULL;
    fake->bad_ioctl = VFIO_DEVICE_BIND_IOMMUFD;
    fake->bad_ioctl_err = -ENOTTY;
    refused(fake, SRIOV_KVM_IOMMUFD, FAKE_VF, -EOPNOTSUPP, "use the group backend");
    fake->bad_ioctl_err = -EBUSY;
    refused(fake, SRIOV_KVM_IOMMUFD, FAKE_VF, -EBUSY, "free it first");
    fake->bad_ioctl = VFIO_DEVICE_ATTACH_IOMMUFD_PT;
    fake->bad_ioctl_err = -EPERM;
    refused(fake, SRIOV_KVM_IOMMUFD, FAKE_VF, -EPERM, "interrupt remapping");
    fake->bad_ioctl = IOMMU_IOAS_ALLOC;
    fake->bad_ioctl_err = -ENOMEM;
    refused(fake, SRIOV_KVM_IOMMUFD, FAKE_VF, -ENOMEM, "no IOVA space");
    fake->bad_ioctl = 0;
    tree_drop(fake, "sys/bus/pci/devices/" FAKE_VF "/vfio-dev");
    refused(fake, SRIOV_KVM_IOMMUFD, FAKE_VF, -EOPNOTSUPP, "no VFIO character device");
    tree_drop(fake, "dev/iommu");
    refused(fake, SRIOV_KVM_IOMMUFD, FAKE_VF, -EOPNOTSUPP, "this kernel has no iommufd");
}

static void test_device_refusals(void **state)
{
    struct fake *fake = *state;
    fake->bad_ioctl = VFIO_DEVICE_GET_INFO;
    fake->bad_ioctl_err = -EFAULT;
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EPROTO, "does not describe it");
    fake->bad_ioctl = VFIO_DEVICE_GET_REGION_INFO;
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EPROTO, "does not describe it");
    fake->bad_ioctl = VFIO_IOMMU_GET_INFO;
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EPROTO, "DMA limits");
    fake->bad_ioctl = 0;
    memset(fake->config, 0xff, sizeof(fake->config)); /* config space full of 0xff */
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -ENODEV, FAKE_VF);
}

static void test_token(void **state)
{
    struct fake *fake = *state;
    struct sriov_fn_opts opts = {.size = sizeof(opts), .options = "vf-token=" UUID};
    char used[16];
    fake->token_needed = true;
    refused(fake, SRIOV_KVM_GROUP, FAKE_VF, -EACCES, "vf-token=UUID");
    refused(fake, SRIOV_KVM_IOMMUFD, FAKE_VF, -EACCES, "vf-token=UUID");
    assert_int_equal(try_open(fake, SRIOV_KVM_AUTO, 0, FAKE_VF, &opts, used), 0);
    assert_string_equal(used, "group"); /* which always took one */
    assert_string_equal(fake->device_name, FAKE_VF " vf_token=" UUID);
    assert_int_equal(try_open(fake, SRIOV_KVM_IOMMUFD, 0, FAKE_VF, &opts, used), 0);
    assert_true(fake->token_seen);
    fake->token_old_kernel = true;
    assert_int_equal(try_open(fake, SRIOV_KVM_IOMMUFD, 0, FAKE_VF, &opts, NULL), -EOPNOTSUPP);
    assert_non_null(strstr(fake->last_error, "Linux 6.17"));
    static const char *const bad[] = {"vf-token=", "vf-token=" UUID "0",
                                      "vf-token=zab74924-c335-45f4-9b16-8569e5b08258", "token=1",
                                      "vf-token=" UUID ",,"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        opts.options = bad[i];
        assert_int_equal(try_open(fake, SRIOV_KVM_GROUP, 0, FAKE_VF, &opts, NULL), -EINVAL);
    }
}

static void test_noiommu(void **state)
{
    struct fake *fake = *state;
    struct sriov_fn_opts opts = {.size = sizeof(opts), .flags = SRIOV_OPEN_NOIOMMU};
    char used[16];
    tree_write(fake, "sys/kernel/iommu_groups/5/name", "vfio-noiommu\n");
    tree_write(fake, "dev/vfio/noiommu-5", "");
    refused(fake, SRIOV_KVM_AUTO, FAKE_VF, -EPERM, "not confined by an IOMMU");
    assert_int_equal(try_open(fake, SRIOV_KVM_AUTO, 0, FAKE_VF, &opts, NULL), -EPERM);
    assert_int_equal(try_open(fake, SRIOV_KVM_AUTO, SRIOV_KVM_ALLOW_NOIOMMU, FAKE_VF, NULL, NULL), -EPERM);
    assert_int_equal(try_open(fake, SRIOV_KVM_AUTO, SRIOV_KVM_ALLOW_NOIOMMU, FAKE_VF, &opts, used), 0);
    assert_string_equal(used, "noiommu");
    assert_non_null(strstr(fake->last_warning, "can reach all memory"));
}

static void test_twice(void **state)
{
    struct fake *fake = *state;
    struct sriov_vmm *vmm = NULL;
    struct sriov_fn *fn = NULL;
    struct sriov_fn *second = NULL;
    assert_int_equal(fake_vmm(fake, SRIOV_KVM_AUTO, 0, &vmm), 0);
    assert_int_equal(sriov_fn_open(vmm, FAKE_VF, NULL, &fn), 0);
    assert_int_equal(sriov_fn_open(vmm, FAKE_VF, NULL, &second), -EBUSY);
    assert_non_null(strstr(fake->last_error, "open already in this process"));
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(sriov_fn_open(vmm, FAKE_VF, NULL, &fn), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(sriov_kvm_destroy(vmm), 0);
}

static bool meet(const struct sriov_dma_limits *a, const struct sriov_dma_limits *b)
{
    for (uint32_t i = 0; i < a->num_ranges; i++) {
        for (uint32_t j = 0; j < b->num_ranges; j++) {
            if (a->ranges[i].first <= b->ranges[j].last && b->ranges[j].first <= a->ranges[i].last) {
                return true;
            }
        }
    }
    return false;
}

static void shared_group(struct fake *fake, uint32_t backend)
{
    struct sriov_vmm *vmm = NULL;
    struct sriov_fn *a = NULL;
    struct sriov_fn *b = NULL;
    struct sriov_dma_limits la = {0};
    struct sriov_dma_limits lb = {0};
    struct sriov_dma da;
    struct sriov_dma db;
    fake->containers = 0;
    assert_int_equal(fake_vmm(fake, backend, 0, &vmm), 0);
    assert_int_equal(sriov_fn_open(vmm, FAKE_SHARED_A, NULL, &a), 0);
    assert_int_equal(sriov_fn_open(vmm, FAKE_SHARED_B, NULL, &b), 0);
    assert_int_equal(fake->containers, 1);
    assert_int_equal(sriov_dma_limits(a, &la), 0);
    assert_int_equal(sriov_dma_limits(b, &lb), 0);
    assert_true(la.num_ranges > 0 && lb.num_ranges > 0);
    assert_false(meet(&la, &lb));
    assert_int_equal(sriov_dma_alloc(a, "t", 65536, 4096, SRIOV_DMA_BOTH, &da), 0);
    assert_int_equal(sriov_dma_alloc(b, "t", 65536, 4096, SRIOV_DMA_BOTH, &db), 0);
    assert_int_equal(sriov_dma_free(a, &da), 0);
    assert_int_equal(sriov_fn_close(a), 0);
    memset(db.va, 1, 65536); /* the other one's space is still there */
    assert_int_equal(fake->live_dma, 1);
    assert_int_equal(sriov_dma_free(b, &db), 0);
    assert_int_equal(sriov_fn_close(b), 0);
    assert_int_equal(sriov_kvm_destroy(vmm), 0);
    fake_check_clean(fake);
}

static void test_shared_group(void **state)
{
    shared_group(*state, SRIOV_KVM_GROUP);
    shared_group(*state, SRIOV_KVM_IOMMUFD);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_choice),
        CASE(test_names),
        CASE(test_driver_and_group),
        CASE(test_group_refusals),
        CASE(test_iommufd_refusals),
        CASE(test_device_refusals),
        CASE(test_token),
        CASE(test_noiommu),
        CASE(test_twice),
        CASE(test_shared_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
