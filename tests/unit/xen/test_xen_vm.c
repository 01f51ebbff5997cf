/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines of the toolstack's: a function to a PV domain by pciback and xl, and back, by every way. */
#include "hyper.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

static void driver_is(const struct hyper *hyper, const char *name)
{
    char driver[SRIOV_NAME_MAX];
    struct sxen_vm_host host = {.door = &hyper->door};
    struct sriov_kvm_opts roots = {.size = sizeof(roots), .sysfs_root = hyper->fake->sysfs};
    assert_int_equal(skvm_host_init(&host.files, &roots, &skvm_sys_linux), 0);
    assert_int_equal(sxen_vm_driver(&host, FAKE_VF, driver, sizeof(driver)), 0);
    assert_string_equal(driver, name);
}

static void refused(struct hyper *hyper, struct sriov_vm *vm, int err, const char *words)
{
    struct sriov_assign *assign = NULL;
    hyper->log[0] = '\0';
    assert_int_equal(sriov_vm_assign(hyper->fn, vm, NULL, &assign), err);
    assert_null(assign);
    driver_is(hyper, "");
    hyper_untouched(hyper);
    if (words != NULL) {
        hyper_said(hyper, words);
    }
}

static struct sriov_assign *assign_pv(struct hyper *hyper, struct sriov_vm *vm)
{
    struct sriov_assign *assign = NULL;
    assert_int_equal(sriov_vm_assign(hyper->fn, vm, NULL, &assign), 0);
    assert_int_equal(hyper->attached, HYPER_PV);
    driver_is(hyper, "pciback");
    return assign;
}

static void finish(struct hyper *hyper, struct sriov_vm *vm)
{
    driver_is(hyper, "");
    assert_int_equal(sriov_xen_vm_destroy(vm), 0);
    hyper_down(hyper);
}

/* ---- made ---- */

static void test_options(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = (void *)hyper;
    struct sriov_xen_vm_opts bad[] = {
        {.size = 4, .domid = 1},
        {.size = sizeof(bad[0])}, /* dom0 */
        {.size = sizeof(bad[0]), .domid = 0x7ff0},
        {.size = sizeof(bad[0]), .domid = 1, .flags = 2},
        {.size = sizeof(bad[0]), .domid = 1, .reserved0 = 1},
        {.size = sizeof(bad[0]), .domid = 1, .slots_taken = 1}, /* of a device model's */
        {.size = sizeof(bad[0]), .domid = 2, .flags = SRIOV_XEN_VM_DEVICE_MODEL, .ioreq_server = 0x10000},
    };
    struct {
        struct sriov_xen_vm_opts opts;
        uint64_t tail;
    } longer = {.opts = {.size = sizeof(longer), .domid = 1}, .tail = 1};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(sxen_vm_create(hyper->vmm, &bad[i], &hyper->door, &vm), -EINVAL);
        assert_null(vm);
    }
    assert_int_equal(sxen_vm_create(hyper->vmm, NULL, &hyper->door, &vm), -EINVAL);
    assert_int_equal(sxen_vm_create(hyper->vmm, &longer.opts, &hyper->door, &vm), -E2BIG);
    longer.tail = 0;
    vm = hyper_machine(hyper, &longer.opts);
    assert_string_equal(sriov_vm_name(vm), "domain 1");
    assert_int_equal(sriov_xen_destroy(hyper->vmm), -EBUSY);
    assert_int_equal(sriov_xen_vm_destroy(vm), 0);
    assert_int_equal(sriov_xen_vm_create(NULL, &longer.opts, &vm), -EINVAL);
    assert_int_equal(sriov_xen_vm_destroy(NULL), 0);
    hyper_down(hyper);
}

static void no_machine(struct hyper *hyper, uint32_t domid, uint32_t flags, int err, const char *words)
{
    const struct sriov_xen_vm_opts opts = {.size = sizeof(opts), .domid = domid, .flags = flags};
    struct sriov_vm *vm = NULL;
    assert_int_equal(sxen_vm_create(hyper->vmm, &opts, &hyper->door, &vm), err);
    assert_null(vm);
    hyper_said(hyper, words);
}

static void test_no_machine(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    no_machine(hyper, 7, 0, -ENOENT, "xl list");
    hyper->dying = true;
    no_machine(hyper, HYPER_PV, 0, -ENOENT, "dying");
    hyper->dying = false;
    hyper->domain_says = EACCES; /* another release's interface */
    no_machine(hyper, HYPER_PV, 0, -EOPNOTSUPP, "install libxenmisc");
    hyper->domain_says = EPERM;
    no_machine(hyper, HYPER_PV, 0, -EPERM, "run as root in dom0");
    hyper->domain_says = EIO;
    no_machine(hyper, HYPER_PV, 0, -EPROTO, "xl dmesg");
    hyper->domain_says = 0;
    no_machine(hyper, HYPER_PV, SRIOV_XEN_VM_DEVICE_MODEL, -EOPNOTSUPP, "PV domain has no device model");
    hyper->no_lib = true;
    no_machine(hyper, HYPER_PV, 0, -EOPNOTSUPP, "libxenmisc");
    hyper_down(hyper);
}

static void test_caps(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_pv(hyper);
    struct sriov_vm_info info = {.size = sizeof(info)};
    struct sriov_vm_mem mem = {.size = sizeof(mem), .length = 4096, .va = NULL};
    static unsigned char page[4096] __attribute__((aligned(4096)));
    mem.va = page;
    assert_int_equal(sriov_vm_info(vm, &info), 0);
    assert_int_equal(info.caps, SRIOV_VM_CAP_OWN_DMA | SRIOV_VM_CAP_OWN_DEVICE | SRIOV_VM_CAP_HOTPLUG);
    assert_int_equal(sriov_vm_add_memory(vm, &mem), -EOPNOTSUPP);
    hyper_said(hyper, "nothing to add");
    assert_int_equal(sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP), -EOPNOTSUPP); /* PV */
    assert_int_equal(sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_RING), -EOPNOTSUPP);
    finish(hyper, vm);
}

/* ---- to it and back ---- */

static void test_there_and_back(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_pv(hyper);
    struct sriov_assign *assign = assign_pv(hyper, vm);
    assert_null(sriov_assign_vcfg(assign));
    assert_int_equal(sriov_xen_vm_destroy(vm), -EBUSY);
    sriov_vm_release(assign);
    hyper_untouched(hyper);
    finish(hyper, vm);
}

static void test_willing(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_pv(hyper);
    struct sriov_assign *assign = assign_pv(hyper, vm);
    assert_int_equal(sriov_vm_remove(assign, 5 * SECOND), 0);
    hyper_untouched(hyper);
    finish(hyper, vm);
}

static void test_deaf(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_pv(hyper);
    struct sriov_assign *assign = assign_pv(hyper, vm);
    hyper->deaf = true;
    assert_int_equal(sriov_vm_remove(assign, SECOND / 50), -ETIMEDOUT); /* by force */
    hyper_said(hyper, "xl pci-detach");
    hyper_untouched(hyper);
    finish(hyper, vm);
}

static unsigned events;
static enum sriov_assign_event last_event;

static void on_event(void *arg, struct sriov_assign *assign, enum sriov_assign_event event)
{
    (void)arg;
    (void)assign;
    events++;
    last_event = event;
}

/* Asked without waiting; xl runs meanwhile, and its end is an event. */
static void test_asked(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_pv(hyper);
    struct sriov_assign_opts opts = {.size = sizeof(opts), .slot = SRIOV_VM_SLOT_ANY, .on_event = on_event};
    struct sriov_assign *assign = NULL;
    events = 0;
    assert_int_equal(sriov_vm_assign(hyper->fn, vm, &opts, &assign), 0);
    hyper->late = true;
    assert_int_equal(sriov_vm_remove_ask(assign, UINT64_MAX), 0);
    assert_int_equal(sriov_vm_remove_ask(assign, UINT64_MAX), -EBUSY);
    assert_int_equal(hyper->live_children, 1);
    sriov_vmm_sleep(hyper->vmm, 1);
    assert_int_equal(sriov_vm_poll(vm), 0);
    hyper_let_go(hyper);
    assert_int_equal(sriov_vmm_wait(hyper->vmm, SECOND), 0);
    assert_int_equal(sriov_vm_poll(vm), 1);
    assert_int_equal(last_event, SRIOV_ASSIGN_RELEASED);
    sriov_vm_release(assign);
    finish(hyper, vm);
}

/* Released while xl still asks: xl is ended, the function taken by force. */
static void test_released_while_asked(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_pv(hyper);
    struct sriov_assign *assign = assign_pv(hyper, vm);
    hyper->late = true;
    assert_int_equal(sriov_vm_remove_ask(assign, UINT64_MAX), 0);
    sriov_vm_release(assign);
    assert_int_equal(hyper->live_children, 0);
    finish(hyper, vm);
}

static void test_later(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_pv(hyper);
    struct sriov_assign_opts opts = {
        .size = sizeof(opts), .slot = SRIOV_VM_SLOT_ANY, .flags = SRIOV_ASSIGN_UNPLUGGED};
    struct sriov_assign *assign = NULL;
    assert_int_equal(sriov_vm_assign(hyper->fn, vm, &opts, &assign), 0);
    assert_int_equal(hyper->attached, 0);
    driver_is(hyper, "pciback");
    assert_int_equal(sriov_vm_plug(assign), 0);
    assert_int_equal(hyper->attached, HYPER_PV);
    sriov_vm_release(assign);
    finish(hyper, vm);
}

/* ---- refused ---- */

static void test_refused(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_pv(hyper);
    struct sriov_assign_opts opts = {.size = sizeof(opts), .slot = 3};
    struct sriov_assign *assign = NULL;
    hyper->no_passthrough = true;
    refused(hyper, vm, -EOPNOTSUPP, "passthrough=\"enabled\"");
    assert_string_equal(hyper->last_xl, ""); /* before anything is changed */
    hyper->no_passthrough = false;
    hyper->owner = 9;
    assert_int_equal(sriov_vm_assign(hyper->fn, vm, NULL, &assign), -EBUSY);
    assert_string_equal(hyper->last_xl, "");
    hyper->owner = 0;
    tree_drop(hyper->fake, "sys/bus/pci/drivers/pciback/slots");
    tree_drop(hyper->fake, "sys/bus/pci/drivers/pciback");
    assert_int_equal(sriov_vm_assign(hyper->fn, vm, NULL, &assign), -EOPNOTSUPP);
    assert_int_equal(sriov_vm_assign(hyper->fn, vm, &opts, &assign), -EOPNOTSUPP); /* xl chooses the slot */
    tree_write(hyper->fake, "sys/bus/pci/drivers/pciback/slots", "");
    finish(hyper, vm);
}

/* ---- without a machine ---- */

static void test_host_services(void **state)
{
    static const char *const many[] = {"a", "b", "c", "d", "e", "f", "g", NULL};
    static const char *const none[] = {NULL};
    const struct sriov_xen_opts flags = {.size = sizeof(flags), .flags = 1u << 31};
    const struct {
        struct sriov_xen_opts opts;
        uint64_t tail;
    } longer = {.opts = {.size = sizeof(longer)}, .tail = 1};
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sxen_vm_host host;
    struct skvm_why why = {""};
    char text[64];
    char line[128] = "";
    assert_int_equal(sxen_vm_host_init(&host, NULL, &hyper->door), 0);
    assert_int_equal(sxen_take(&host, FAKE_VF, 0, 0, SECOND, &why), -EINVAL);
    assert_non_null(strstr(why.text, "dom0"));
    assert_int_equal(sxen_give(&host, NULL, 1, SECOND, &why), -EINVAL);
    assert_int_equal(sxen_take(&host, FAKE_VF, 1, 1u << 31, SECOND, &why), -EINVAL);
    assert_non_null(strstr(why.text, "flags"));
    assert_string_equal(hyper->last_xl, "");
    assert_int_equal(sriov_xen_xl(many, SECOND, text, sizeof(text), line, sizeof(line)), -EINVAL);
    assert_non_null(strstr(line, "6 words"));
    assert_int_equal(sriov_xen_xl(none, SECOND, text, sizeof(text), NULL, 0), -EINVAL);
    assert_int_equal(sriov_xen_xl(NULL, SECOND, text, sizeof(text), NULL, 0), -EINVAL);
    assert_int_equal(sriov_xen_give(&longer.opts, FAKE_VF, 1, SECOND, line, sizeof(line)), -E2BIG);
    assert_non_null(strstr(line, "sriov_xen_opts"));
    assert_int_equal(sriov_xen_take(&flags, FAKE_VF, 1, 0, SECOND, line, sizeof(line)), -EINVAL);
    hyper_down(hyper);
}

/* A program that never stops talking: what does not fit is dropped, and the clock goes on. */
static void test_talker(void **state)
{
    static const char *const words[SXEN_XL_WORDS] = {"yes", NULL};
    char text[64];
    struct sxen_child child = sxen_child(text, sizeof(text));
    int status = 0;
    (void)state;
    assert_int_equal(sxen_vm_start(NULL, words, &child), 0);
    while (child.length < sizeof(text) - 1) {
        assert_int_equal(sxen_vm_follow(NULL, &child, SECOND / 50, &status), 0);
    }
    sxen_vm_end(NULL, &child);
    assert_memory_equal(text, "y\ny\n", 4);
    assert_int_equal(strlen(text), sizeof(text) - 1);
}

/* Each call to the outside fails in turn: all, or nothing. */
static void test_sweep(void **state)
{
    static const int errors[] = {-ENOMEM, -EIO, -EPERM};
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_pv(hyper);
    for (size_t e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
        uint64_t n = 0;
        int rc = -1;
        while (rc != 0) {
            struct sriov_assign *assign = NULL;
            hyper->fake->fail_err = errors[e];
            hyper->fake->fail_at = hyper->fake->calls + ++n;
            rc = sriov_vm_assign(hyper->fn, vm, NULL, &assign);
            bool reached = hyper->fake->calls >= hyper->fake->fail_at;
            hyper->fake->fail_at = 0;
            if (rc == 0) {
                assert_int_equal(hyper->attached, HYPER_PV);
                sriov_vm_release(assign);
                rc = reached ? -1 : 0;
            }
            hyper_untouched(hyper);
            driver_is(hyper, "");
            assert_true(n < 400);
        }
        assert_true(n > 6);
    }
    finish(hyper, vm);
}

/* On the way out nothing that fails keeps the function from being taken. */
static void test_sweep_release(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_pv(hyper);
    bool reached = true;
    for (uint64_t n = 1; reached; n++) {
        struct sriov_assign *assign = assign_pv(hyper, vm);
        hyper->fake->fail_err = -EIO;
        hyper->fake->fail_at = hyper->fake->calls + n;
        sriov_vm_release(assign);
        reached = hyper->fake->calls >= hyper->fake->fail_at;
        hyper->fake->fail_at = 0;
        assert_int_equal(hyper->attached, 0);
        if (hyper->owner != 0) { /* it stays with pciback, and the log says what to look at */
            hyper_said(hyper, "xl pci-");
            tree_driver(hyper->fake, FAKE_VF, NULL);
            tree_write(hyper->fake, "sys/bus/pci/drivers/pciback/slots", "");
            hyper->owner = 0;
        }
        hyper_untouched(hyper);
        assert_true(n < 400);
    }
    finish(hyper, vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),       cmocka_unit_test(test_no_machine),
        cmocka_unit_test(test_caps),          cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_willing),       cmocka_unit_test(test_deaf),
        cmocka_unit_test(test_asked),         cmocka_unit_test(test_released_while_asked),
        cmocka_unit_test(test_later),         cmocka_unit_test(test_refused),
        cmocka_unit_test(test_sweep),         cmocka_unit_test(test_sweep_release),
        cmocka_unit_test(test_host_services), cmocka_unit_test(test_talker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
