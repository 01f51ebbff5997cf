/* SPDX-License-Identifier: BSD-3-Clause */
/* Enumeration, bind, unbind, VFs and the doctor, on fake sysfs. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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

struct seen {
    uint32_t n;
    struct sriov_fn_info info[8];
};

static int see(void *arg, const struct sriov_fn_info *info)
{
    struct seen *seen = arg;
    assert_true(seen->n < 8);
    seen->info[seen->n++] = *info;
    return 0;
}

static void test_enumerate(void **state)
{
    struct fake *fake = *state;
    struct sriov_vmm *vmm = NULL;
    struct seen seen = {0};
    assert_int_equal(fake_vmm(fake, SRIOV_KVM_AUTO, 0, &vmm), 0);
    assert_int_equal(sriov_vmm_enumerate(vmm, see, &seen), 0);
    assert_int_equal(seen.n, 5);
    const struct sriov_fn_info *pf = &seen.info[0];
    assert_string_equal(pf->name, FAKE_PF);
    assert_int_equal(pf->total_vfs, 7);
    assert_int_equal(pf->num_vfs, 2);
    assert_int_equal(pf->is_vf, 0);
    assert_true((pf->caps & SRIOV_CAP_SET_VFS) != 0);
    assert_string_equal(pf->bound_driver, "igb");
    const struct sriov_fn_info *vf = &seen.info[2];
    assert_string_equal(vf->name, FAKE_VF2);
    assert_int_equal(vf->vendor, 0x8086);
    assert_int_equal(vf->device, 0x10ca);
    assert_int_equal(vf->subsystem_vendor, 0x1af4);
    assert_int_equal(vf->class_code, 0x020000);
    assert_int_equal(vf->revision, 1);
    assert_int_equal(vf->is_vf, 1);
    assert_int_equal(vf->vf_index, 1);
    assert_string_equal(vf->pf_name, FAKE_PF);
    assert_int_equal(vf->iommu_group, 6);
    assert_int_equal(vf->caps & SRIOV_CAP_SET_VFS, 0);
    assert_int_equal(sriov_kvm_destroy(vmm), 0);
}

static int stop(void *arg, const struct sriov_fn_info *info)
{
    (void)info;
    (*(int *)arg)++;
    return -42;
}

static void test_enumerate_stops(void **state)
{
    struct fake *fake = *state;
    struct sriov_vmm *vmm = NULL;
    int calls = 0;
    assert_int_equal(fake_vmm(fake, SRIOV_KVM_AUTO, 0, &vmm), 0);
    assert_int_equal(sriov_vmm_enumerate(vmm, stop, &calls), -42);
    assert_int_equal(calls, 1);
    tree_drop(fake, "sys/bus");
    assert_int_equal(sriov_vmm_enumerate(vmm, stop, &calls), -ENOENT);
    assert_non_null(strstr(fake->last_error, "is sysfs mounted"));
    assert_int_equal(sriov_kvm_destroy(vmm), 0);
}

static void driver_is(struct fake *fake, const char *bdf, const char *want)
{
    struct skvm_host host;
    struct sriov_fn_info info;
    fake_host(fake, &host);
    assert_int_equal(skvm_info_read(&host, bdf, &info), 0);
    assert_string_equal(info.bound_driver, want);
}

static void test_bind(void **state)
{
    struct fake *fake = *state;
    struct skvm_host host;
    struct skvm_why why = {""};
    fake_host(fake, &host);
    assert_int_equal(skvm_bind(&host, FAKE_VF2, &why), 0);
    driver_is(fake, FAKE_VF2, "vfio-pci");
    uint64_t before = fake->calls;
    assert_int_equal(skvm_bind(&host, FAKE_VF2, &why), 0); /* done already */
    assert_true(fake->calls - before < 40);
    assert_int_equal(skvm_unbind(&host, FAKE_VF2, &why), 0);
    driver_is(fake, FAKE_VF2, "igbvf");
    assert_int_equal(skvm_unbind(&host, FAKE_VF2, &why), 0);
    driver_is(fake, FAKE_VF2, "igbvf");
}

static void test_bind_without_driver(void **state)
{
    struct fake *fake = *state;
    struct skvm_host host;
    struct skvm_why why = {""};
    fake_host(fake, &host);
    tree_driver(fake, FAKE_VF2, NULL);
    assert_int_equal(skvm_bind(&host, FAKE_VF2, &why), 0);
    driver_is(fake, FAKE_VF2, "vfio-pci");
}

static void test_bind_refusals(void **state)
{
    struct fake *fake = *state;
    struct skvm_host host;
    struct skvm_why why = {""};
    fake_host(fake, &host);
    assert_int_equal(skvm_bind(&host, "eth0", &why), -EINVAL);
    assert_non_null(strstr(why.text, "'eth0' is no PCI function"));
    assert_int_equal(skvm_bind(&host, NULL, &why), -EINVAL);
    assert_int_equal(skvm_bind(&host, "0000:7f:00.0", &why), -ENOENT);
    fake->denied = "driver_override";
    assert_int_equal(skvm_bind(&host, FAKE_VF2, &why), -EPERM);
    assert_non_null(strstr(why.text, "run as root"));
    fake->denied = NULL;
    driver_is(fake, FAKE_VF2, "igbvf");
    tree_drop(fake, "sys/bus/pci/devices/" FAKE_VF2 "/iommu_group");
    assert_int_equal(skvm_bind(&host, FAKE_VF2, &why), -EPERM);
    assert_non_null(strstr(why.text, "intel_iommu=on"));
    tree_drop(fake, "sys/bus/pci/drivers/vfio-pci");
    assert_int_equal(skvm_bind(&host, FAKE_VF2, &why), -EOPNOTSUPP);
    assert_non_null(strstr(why.text, "modprobe vfio-pci"));
    driver_is(fake, FAKE_VF2, "igbvf");
}

/* Whatever write fails: the function has its driver again, or the call says so. */
static void test_bind_rolls_back(void **state)
{
    struct fake *fake = *state;
    struct skvm_host host;
    struct skvm_why why = {""};
    fake_host(fake, &host);
    fake->denied = "drivers_probe"; /* the last step, after the old driver let go */
    assert_int_equal(skvm_bind(&host, FAKE_VF2, &why), -EPERM);
    fake->denied = NULL;
    char line[64];
    char path[SKVM_PATH_MAX];
    skvm_dev_path(&host, path, FAKE_VF2, "driver_override");
    assert_int_equal(skvm_read_line(&host, path, line, sizeof(line)), 0); /* none */
}

static void test_vfs(void **state)
{
    struct fake *fake = *state;
    struct skvm_host host;
    struct skvm_why why = {""};
    uint64_t value = 0;
    char path[SKVM_PATH_MAX];
    fake_host(fake, &host);
    assert_int_equal(skvm_set_vfs(&host, FAKE_PF, 4, &why), 0);
    skvm_dev_path(&host, path, FAKE_PF, "sriov_numvfs");
    assert_int_equal(skvm_read_u64(&host, path, &value), 0);
    assert_int_equal(value, 4);
    skvm_dev_path(&host, path, FAKE_PF, "sriov_drivers_autoprobe");
    assert_int_equal(skvm_read_u64(&host, path, &value), 0);
    assert_int_equal(value, 0);
    assert_int_equal(skvm_set_vfs(&host, FAKE_PF, 8, &why), -EINVAL);
    assert_non_null(strstr(why.text, "8 VFs asked, it has 7"));
    assert_int_equal(skvm_set_vfs(&host, FAKE_VF, 1, &why), -EOPNOTSUPP);
    fake->denied = "sriov_numvfs";
    assert_int_equal(skvm_set_vfs(&host, FAKE_PF, 2, &why), -EPERM);
}

struct findings {
    uint32_t bad;
    uint32_t warn;
    uint32_t n;
    char all[8192];
};

static void find(void *arg, const struct sriov_kvm_finding *finding)
{
    struct findings *f = arg;
    size_t at = strlen(f->all);
    f->n++;
    f->bad += finding->level == SRIOV_KVM_BAD ? 1 : 0;
    f->warn += finding->level == SRIOV_KVM_WARN ? 1 : 0;
    snprintf(f->all + at, sizeof(f->all) - at, "%s|%s|%s\n", finding->thing, finding->text, finding->remedy);
}

static struct findings ask(struct fake *fake, const char *bdf, int want)
{
    struct skvm_host host;
    struct findings f = {0};
    fake_host(fake, &host);
    assert_int_equal(skvm_doctor(&host, bdf, find, &f), want);
    return f;
}

static void test_doctor_healthy(void **state)
{
    struct fake *fake = *state;
    struct findings f = ask(fake, FAKE_VF, SRIOV_KVM_OK);
    assert_int_equal(f.bad, 0);
    assert_true(f.n >= 12);
    assert_non_null(strstr(f.all, "iova width|48 bits"));
    assert_non_null(strstr(f.all, "IOMMU group 5 is viable"));
}

static void test_doctor_sick(void **state)
{
    struct fake *fake = *state;
    tree_drop(fake, "sys/class/iommu/dmar0");
    tree_drop(fake, "sys/bus/pci/drivers/vfio-pci");
    tree_drop(fake, "dev/iommu");
    tree_drop(fake, "dev/vfio/vfio");
    tree_write(fake, "sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
    tree_write(fake, "proc/sys/kernel/osrelease", "4.19.0\n");
    tree_write(fake, "sys/class/net/eth0/carrier", "0\n");
    fake->memlock = UINT64_C(8) << 20;
    struct findings f = ask(fake, FAKE_VF2, SRIOV_KVM_BAD);
    assert_non_null(strstr(f.all, "iommu|no IOMMU is on"));
    assert_non_null(strstr(f.all, "vfio-pci|the driver is not loaded|modprobe vfio-pci"));
    assert_non_null(strstr(f.all, "/dev/vfio/vfio|is not there"));
    assert_non_null(strstr(f.all, "noiommu|unsafe noiommu mode is on"));
    assert_non_null(strstr(f.all, "memlock|8192 KiB may be locked for DMA, 64 KiB are"));
    assert_non_null(strstr(f.all, "kernel|Linux 4.19.0"));
    assert_non_null(strstr(f.all, FAKE_VF2 "|driver igbvf has it|sriovctl bind " FAKE_VF2));
    assert_non_null(strstr(f.all, "(eth0) has no link"));
}

static void test_doctor_group_and_nodes(void **state)
{
    struct fake *fake = *state;
    tree_driver(fake, FAKE_SHARED_B, "igb");
    tree_write(fake, "sys/class/iommu/dmar0/intel-iommu/cap", "d2008c22260606\n");
    struct findings f = ask(fake, FAKE_SHARED_A, SRIOV_KVM_BAD);
    assert_non_null(strstr(f.all, "iova width|39 bits: IOVAs end below 512 GiB"));
    assert_non_null(strstr(f.all, "IOMMU group 9 is not viable: " FAKE_SHARED_B " is held by igb"));
    tree_driver(fake, FAKE_SHARED_B, "vfio-pci");
    fake->denied = "dev/vfio/9";
    f = ask(fake, FAKE_SHARED_A, SRIOV_KVM_BAD);
    assert_non_null(strstr(f.all, "/dev/vfio/9|this user may not open it"));
    fake->denied = NULL;
    f = ask(fake, "0000:7f:00.0", SRIOV_KVM_BAD);
    assert_non_null(strstr(f.all, "no such PCI function"));
    tree_drop(fake, "sys/bus/pci/devices/" FAKE_VF "/iommu_group");
    f = ask(fake, FAKE_VF, SRIOV_KVM_BAD);
    assert_non_null(strstr(f.all, "it has no IOMMU group"));
}

static void test_doctor_arguments(void **state)
{
    struct fake *fake = *state;
    struct skvm_host host;
    struct findings f = {0};
    fake_host(fake, &host);
    assert_int_equal(skvm_doctor(&host, "nonsense", find, &f), -EINVAL);
    assert_int_equal(skvm_doctor(&host, NULL, NULL, NULL), -EINVAL);
    assert_int_equal(skvm_doctor(&host, NULL, find, &f), SRIOV_KVM_OK);
}

static void test_options(void **state)
{
    struct fake *fake = *state;
    struct sriov_vmm *vmm = NULL;
    struct {
        struct sriov_kvm_opts opts;
        uint64_t later;
    } future = {.opts = {.size = sizeof(future)}, .later = 1};
    struct sriov_kvm_opts opts = {.size = sizeof(opts), .flags = 0x80};
    assert_int_equal(skvm_create(&future.opts, &fake->sys, &vmm), -E2BIG);
    future.later = 0;
    assert_int_equal(skvm_create(&future.opts, &fake->sys, &vmm), 0);
    assert_int_equal(sriov_kvm_destroy(vmm), 0);
    assert_int_equal(skvm_create(&opts, &fake->sys, &vmm), -EINVAL);
    opts.flags = 0;
    opts.backend = 9;
    assert_int_equal(skvm_create(&opts, &fake->sys, &vmm), -EINVAL);
    opts.size = 4;
    assert_int_equal(skvm_create(&opts, &fake->sys, &vmm), -EINVAL);
    assert_int_equal(sriov_kvm_create(NULL, NULL), -EINVAL);
    assert_int_equal(sriov_kvm_destroy(NULL), 0);
    assert_int_equal(sriov_kvm_backend_parse("iommufd"), SRIOV_KVM_IOMMUFD);
    assert_int_equal(sriov_kvm_backend_parse("vfio"), -EINVAL);
    assert_int_equal(sriov_kvm_backend_parse(NULL), -EINVAL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_enumerate),
        CASE(test_enumerate_stops),
        CASE(test_bind),
        CASE(test_bind_without_driver),
        CASE(test_bind_refusals),
        CASE(test_bind_rolls_back),
        CASE(test_vfs),
        CASE(test_doctor_healthy),
        CASE(test_doctor_sick),
        CASE(test_doctor_group_and_nodes),
        CASE(test_doctor_arguments),
        CASE(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
