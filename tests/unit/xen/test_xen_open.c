/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the shim runs, whom it lets take a function, and what it says to the others. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct sriov_fn_opts noiommu = {.size = sizeof(noiommu), .flags = SRIOV_OPEN_NOIOMMU};

/* Refused with that number and these words; nothing is held. */
static void refused(struct fake *fake, const struct sriov_fn_opts *opts, const char *name, int err,
                    const char *words)
{
    struct sriov_vmm *vmm = fake_vmm(fake);
    struct sriov_fn *fn = NULL;
    fake->last_error[0] = '\0';
    assert_int_equal(sriov_fn_open(vmm, name, opts, &fn), err);
    assert_null(fn);
    if (strstr(fake->last_error, words) == NULL) {
        fail_msg("'%s' does not say '%s'", fake->last_error, words);
    }
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    fake_down(fake);
}

static void test_dom0(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    struct sriov_vmm *vmm = fake_vmm(fake);
    struct sriov_fn *fn = fake_open(vmm);
    const struct sriov_fn_info *info = sriov_fn_info(fn);
    assert_int_equal(info->vendor, 0x8086);
    assert_int_equal(info->device, 0x10ca);
    assert_int_equal(info->is_vf, 1);
    assert_string_equal(info->pf_name, FAKE_PF);
    assert_int_equal(info->caps, SRIOV_CAP_BAR_VIEW | SRIOV_CAP_IRQ_EVENTFD | SRIOV_CAP_IRQ_CALLBACK |
                                     SRIOV_CAP_IRQ_MASK | SRIOV_CAP_IRQ_PENDING | SRIOV_CAP_IRQ_TRIGGER |
                                     SRIOV_CAP_RESET | SRIOV_CAP_DMA_MAP | SRIOV_CAP_EVENTS |
                                     SRIOV_CAP_NO_ISOLATION | SRIOV_CAP_CFG_EXTENDED);
    assert_non_null(
        strstr(fake->last_warning, "No isolation: a VF driven from PV dom0 can reach nearly all memory"));
    assert_true(fake->resets > 0); /* the core's, at open */
    assert_int_equal(sriov_xen_destroy(vmm), -EBUSY);
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    fake_down(fake);
}

static void test_domu(void **state)
{
    (void)state;
    struct fake *fake = fake_up_domu();
    struct sriov_vmm *vmm = fake_vmm(fake);
    struct sriov_fn *fn = NULL;
    assert_int_equal(sriov_fn_open(vmm, FAKE_VF, NULL, &fn), 0);
    assert_int_equal(sriov_fn_info(fn)->caps,
                     SRIOV_CAP_BAR_VIEW | SRIOV_CAP_DMA_MAP | SRIOV_CAP_EVENTS | SRIOV_CAP_CFG_EXTENDED);
    assert_int_equal(sriov_irq_count(fn), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    fake_down(fake);
}

/* The polling kernels. */
static void caps_without_irq(struct fake *fake, struct sriov_xen_opts opts, const char *warning)
{
    struct sriov_vmm *vmm = NULL;
    opts.flags |= SRIOV_XEN_ALLOW_NOIOMMU;
    assert_int_equal(fake_vmm_opts(fake, &opts, &vmm), 0);
    fake->last_warning[0] = '\0';
    const struct sriov_fn_opts quiet = {.size = sizeof(quiet), .flags = SRIOV_OPEN_NOIOMMU};
    struct sriov_fn *fn = NULL;
    sriov_log_set_level(vmm, SRIOV_LOG_WARN);
    assert_int_equal(sriov_fn_open(vmm, FAKE_VF, &quiet, &fn), 0);
    uint64_t irq = SRIOV_CAP_IRQ_EVENTFD | SRIOV_CAP_IRQ_CALLBACK | SRIOV_CAP_IRQ_MASK |
                   SRIOV_CAP_IRQ_PENDING | SRIOV_CAP_IRQ_TRIGGER;
    assert_int_equal(sriov_fn_info(fn)->caps & irq, 0);
    assert_non_null(strstr(fake->last_warning, warning));
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    fake_down(fake);
}

static void test_old_kernel(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    fake->old_kernel = true;
    caps_without_irq(fake, (struct sriov_xen_opts){.flags = 0}, "No isolation");
}

static void test_poll_only(void **state)
{
    (void)state;
    caps_without_irq(fake_up(), (struct sriov_xen_opts){.flags = SRIOV_XEN_POLL_ONLY}, "No isolation");
}

static void test_no_store(void **state)
{
    (void)state;
    struct fake *fake = fake_up_domu();
    fake->no_store = true;
    struct sriov_vmm *vmm = fake_vmm(fake);
    struct sriov_fn *fn = fake_open(vmm);
    assert_int_equal(sriov_fn_info(fn)->caps & SRIOV_CAP_EVENTS, 0);
    assert_non_null(strstr(fake->last_warning, "xenstore does not answer"));
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    fake_down(fake);
}

static void test_not_xen(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    tree_drop(fake, "sys/hypervisor");
    refused(fake, &noiommu, FAKE_VF, -EOPNOTSUPP, "this is not Xen");
}

static void test_hvm(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    tree_write(fake, "sys/hypervisor/guest_type", "HVM\n");
    refused(fake, &noiommu, FAKE_VF, -EOPNOTSUPP, "a PV domU (type=\"pv\") is needed");
}

static void test_no_privcmd(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    tree_drop(fake, "dev/xen/privcmd");
    refused(fake, &noiommu, FAKE_VF, -ENOENT, "privcmd is missing: modprobe xen-privcmd");
}

static void test_hypercalls_refused(void **state)
{
    (void)state;
    struct fake *fake = fake_up_domu();
    fake->refuse_calls = true;
    refused(fake, NULL, FAKE_VF, -EPERM, "modprobe xen-privcmd unrestricted=1");
}

static void test_no_isolation(void **state)
{
    (void)state;
    refused(fake_up(), NULL, FAKE_VF, -EPERM, "No isolation: a VF driven from PV dom0");
}

static void test_isolation_not_allowed(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    struct sriov_xen_opts opts = {.flags = 0};
    struct sriov_vmm *vmm = NULL;
    struct sriov_fn *fn = NULL;
    assert_int_equal(fake_vmm_opts(fake, &opts, &vmm), 0);
    assert_int_equal(sriov_fn_open(vmm, FAKE_VF, &noiommu, &fn), -EPERM);
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    fake_down(fake);
}

static void test_driver(void **state)
{
    (void)state;
    refused(fake_up(), &noiommu, FAKE_VF2, -EBUSY, "held by driver igbvf: echo " FAKE_VF2 " > ");
}

static void test_pciback(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    tree_driver(fake, FAKE_VF, "pciback");
    refused(fake, &noiommu, FAKE_VF, -EBUSY, "xl pci-assignable-remove " FAKE_VF);
}

static void test_running_domain(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    tree_driver(fake, FAKE_VF, "pciback");
    fake_store_write(fake, "backend/pci/2/0/dev-0", "0000:02:00.0");
    fake_store_write(fake, "backend/pci/7/0/key-0", FAKE_VF);
    fake_store_write(fake, "backend/pci/7/0/dev-0", FAKE_VF);
    refused(fake, &noiommu, FAKE_VF, -EBUSY, "belongs to domain 7, which runs: xl pci-detach 7 " FAKE_VF);
}

static void test_not_given(void **state)
{
    (void)state;
    refused(fake_up_domu(), NULL, FAKE_VF2, -ENOENT, "passthrough=\"enabled\"");
}

/* A program that has let it go, and looks for it still, does not take it again. */
static void test_leaves(void **state)
{
    struct fake *fake = fake_up_domu();
    (void)state;
    fake_store_write(fake, "/local/domain/0/backend/pci/3/0/state-1", "5");
    refused(fake, NULL, FAKE_VF, -ENODEV, "takes it away from this domU");
}

static void test_absent(void **state)
{
    (void)state;
    refused(fake_up(), &noiommu, "0000:07:00.0", -ENOENT, "no such PCI function");
}

static void test_bad_name(void **state)
{
    (void)state;
    refused(fake_up(), &noiommu, "../../etc", -EINVAL, "is no PCI function");
}

static void test_bad_option(void **state)
{
    (void)state;
    const struct sriov_fn_opts opts = {
        .size = sizeof(opts), .flags = SRIOV_OPEN_NOIOMMU, .options = "vf-token=1"};
    refused(fake_up(), &opts, FAKE_VF, -EINVAL, "the Xen shim has none");
}

static void test_not_root(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    fake->denied = "/config";
    refused(fake, &noiommu, FAKE_VF, -EPERM, "run as root");
}

/* Each VMM its own process, as far as the lock can tell. */
static void test_two_processes(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    struct sriov_vmm *first = fake_vmm(fake);
    struct sriov_vmm *second = fake_vmm(fake);
    struct sriov_fn *fn = fake_open(first);
    struct sriov_fn *other = NULL;
    assert_int_equal(sriov_fn_open(first, FAKE_VF, &noiommu, &other), -EBUSY);
    assert_non_null(strstr(fake->last_error, "open already in this process"));
    assert_int_equal(sriov_fn_open(second, FAKE_VF, &noiommu, &other), -EBUSY);
    assert_non_null(strstr(fake->last_error, "driven by another process"));
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(sriov_fn_open(second, FAKE_VF, &noiommu, &other), 0);
    assert_int_equal(sriov_fn_close(other), 0);
    assert_int_equal(sriov_xen_destroy(second), 0);
    assert_int_equal(sriov_xen_destroy(first), 0);
    fake_down(fake);
}

static void test_opts(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    struct sriov_vmm *vmm = NULL;
    char long_root[SKVM_PATH_MAX];
    struct {
        struct sriov_xen_opts opts;
        uint64_t more;
    } newer = {.opts = {.size = sizeof(newer)}, .more = 1};
    struct sriov_xen_opts bad[] = {
        {.flags = 4}, {.chunk_bytes = 1000}, {.chunk_bytes = 12288}, {.chunk_bytes = UINT64_C(1) << 30}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(fake_vmm_opts(fake, &bad[i], &vmm), -EINVAL);
    }
    memset(long_root, 'a', sizeof(long_root));
    long_root[sizeof(long_root) - 1] = '\0';
    struct sriov_xen_opts deep = {.size = sizeof(deep), .sysfs_root = long_root};
    assert_int_equal(sxen_create(&deep, &fake->sys, &fake->door, &vmm), -EINVAL);
    struct sriov_xen_opts tiny = {.size = 4};
    assert_int_equal(sxen_create(&tiny, &fake->sys, &fake->door, &vmm), -EINVAL);
    assert_int_equal(sxen_create(&newer.opts, &fake->sys, &fake->door, &vmm), -E2BIG);
    newer.more = 0;
    assert_int_equal(sxen_create(&newer.opts, &fake->sys, &fake->door, &vmm), 0);
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    assert_int_equal(sriov_xen_create(NULL, NULL), -EINVAL);
    assert_int_equal(sriov_xen_destroy(NULL), 0);
    fake_down(fake);
}

static int note(void *arg, const struct sriov_fn_info *info)
{
    struct sriov_fn_info *seen = arg;
    uint32_t i = 0;
    while (seen[i].size != 0) {
        i++;
    }
    seen[i] = *info;
    return 0;
}

static void test_enumerate(void **state)
{
    (void)state;
    struct fake *fake = fake_up();
    struct sriov_vmm *vmm = fake_vmm(fake);
    struct sriov_fn_info seen[8] = {{0}};
    assert_int_equal(sriov_vmm_enumerate(vmm, note, seen), 0);
    assert_string_equal(seen[0].name, FAKE_PF);
    assert_int_equal(seen[0].total_vfs, 7);
    assert_true((seen[0].caps & SRIOV_CAP_SET_VFS) != 0);
    assert_string_equal(seen[1].name, FAKE_VF);
    assert_true((seen[1].caps & SRIOV_CAP_NO_ISOLATION) != 0);
    assert_int_equal(seen[2].vf_index, 1);
    assert_string_equal(seen[2].bound_driver, "igbvf");
    assert_int_equal(seen[3].size, 0);
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    fake_down(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dom0),
        cmocka_unit_test(test_domu),
        cmocka_unit_test(test_old_kernel),
        cmocka_unit_test(test_poll_only),
        cmocka_unit_test(test_no_store),
        cmocka_unit_test(test_not_xen),
        cmocka_unit_test(test_hvm),
        cmocka_unit_test(test_no_privcmd),
        cmocka_unit_test(test_hypercalls_refused),
        cmocka_unit_test(test_no_isolation),
        cmocka_unit_test(test_isolation_not_allowed),
        cmocka_unit_test(test_driver),
        cmocka_unit_test(test_pciback),
        cmocka_unit_test(test_running_domain),
        cmocka_unit_test(test_not_given),
        cmocka_unit_test(test_leaves),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_bad_name),
        cmocka_unit_test(test_bad_option),
        cmocka_unit_test(test_not_root),
        cmocka_unit_test(test_two_processes),
        cmocka_unit_test(test_opts),
        cmocka_unit_test(test_enumerate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
