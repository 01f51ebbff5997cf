/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines whose device model is the caller: hypercalls, the ioreq server's requests, vectors, dirty log. */
#include "hyper.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <xen/xen.h>

#include <xen/hvm/ioreq.h>

#include <cmocka.h>

#define SLOT      2u /* 0 and 1 are the model's */
#define BAR0      UINT64_C(0xf0000000)
#define BAR3      UINT64_C(0xf0010000)
#define CFG_MSIX  0x70u
#define MSI_ADDR  0xfee01000u
#define RAM       UINT64_C(0x40000)
#define TABLE_END UINT64_C(0x3000) /* and pending bits */

static unsigned char ram[RAM] __attribute__((aligned(4096)));

static uint64_t request(struct sriov_vm *vm, uint8_t type, uint64_t addr, uint32_t size, bool read,
                        uint64_t data, int result)
{
    struct ioreq r = {.type = type,
                      .addr = addr,
                      .size = size,
                      .count = 1,
                      .dir = read ? IOREQ_READ : IOREQ_WRITE,
                      .data = data};
    assert_int_equal(sriov_xen_vm_ioreq(vm, &r), result);
    return r.data;
}

static uint64_t config(uint32_t off)
{
    return (uint64_t)SLOT << 35 | off;
}

static uint32_t cfg_read(struct sriov_vm *vm, uint32_t off, uint32_t size)
{
    return (uint32_t)request(vm, IOREQ_TYPE_PCI_CONFIG, config(off), size, true, 0, 0);
}

static void cfg_write(struct sriov_vm *vm, uint32_t off, uint32_t size, uint32_t value)
{
    (void)request(vm, IOREQ_TYPE_PCI_CONFIG, config(off), size, false, value, 0);
}

static uint32_t cap_of(struct sriov_vm *vm, uint8_t id)
{
    uint32_t off = cfg_read(vm, 0x34, 1);
    for (int i = 0; i < 48 && off != 0; i++) {
        if (cfg_read(vm, off, 1) == id) {
            return off;
        }
        off = cfg_read(vm, off + 1, 1);
    }
    fail_msg("no capability %u", id);
    return 0;
}

static void place_bars(struct sriov_vm *vm)
{
    cfg_write(vm, 0x10, 4, (uint32_t)BAR0);
    cfg_write(vm, 0x14, 4, 0);
    cfg_write(vm, 0x1c, 4, (uint32_t)BAR3);
    cfg_write(vm, 0x20, 4, 0);
    cfg_write(vm, 0x04, 2, 0x0006);
}

static struct hyper_range *find(struct hyper *hyper, uint64_t gfn, bool trap)
{
    for (int i = 0; i < HYPER_MAPS; i++) {
        if (hyper->ranges[i].n != 0 && hyper->ranges[i].gfn == gfn && hyper->ranges[i].trap == trap) {
            return &hyper->ranges[i];
        }
    }
    return NULL;
}

static struct sriov_assign *assign_model(struct hyper *hyper, struct sriov_vm *vm)
{
    struct sriov_assign *assign = NULL;
    assert_int_equal(sriov_vm_assign(hyper->fn, vm, NULL, &assign), 0);
    assert_int_equal(hyper->owner, HYPER_HVM);
    assert_int_equal(hyper->config_slot, SLOT);
    return assign;
}

static void finish(struct hyper *hyper, struct sriov_vm *vm)
{
    assert_int_equal(sriov_xen_vm_destroy(vm), 0);
    hyper_down(hyper);
}

/* ---- config space, BARs, vectors ---- */

static void test_bars(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_model(hyper);
    struct sriov_assign *assign = assign_model(hyper, vm);
    assert_int_equal(cfg_read(vm, 0, 4), 0x10ca8086);
    place_bars(vm);
    /* Registers are mapped, and lie where the bus has them; the table's page is trapped. */
    assert_int_equal(find(hyper, BAR0 >> 12, false)->mfn, FAKE_BAR0 >> 12);
    assert_int_equal(find(hyper, BAR0 >> 12, false)->n, FAKE_BAR >> 12);
    assert_int_equal(find(hyper, BAR3, true)->mfn, BAR3 + TABLE_END - 1);
    assert_true(hyper->allowed >= FAKE_BAR >> 12);
    cfg_write(vm, 0x04, 2, 0);
    assert_int_equal(hyper->allowed, 0);
    place_bars(vm);
    sriov_vm_release(assign);
    finish(hyper, vm);
}

static void test_vectors(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_model(hyper);
    struct sriov_assign *assign = assign_model(hyper, vm);
    uint32_t msix = cap_of(vm, 0x11);
    place_bars(vm);
    for (uint64_t v = 0; v < FAKE_IRQS; v++) {
        (void)request(vm, IOREQ_TYPE_COPY, BAR3 + v * 16, 4, false, MSI_ADDR | 0xc, 0);
        (void)request(vm, IOREQ_TYPE_COPY, BAR3 + v * 16 + 4, 4, false, 0, 0);
        (void)request(vm, IOREQ_TYPE_COPY, BAR3 + v * 16 + 8, 4, false, 0xc140 + v, 0);
        (void)request(vm, IOREQ_TYPE_COPY, BAR3 + v * 16 + 12, 4, false, 0, 0);
    }
    assert_false(hyper->pirq[0]); /* not before MSI-X is on */
    cfg_write(vm, msix + 2, 2, 0x8000);
    for (uint32_t v = 0; v < FAKE_IRQS; v++) {
        assert_true(hyper->pirq[v]);
        assert_int_equal(hyper->bound[v].vector, 0x40 + v);
        assert_int_equal(hyper->bound[v].flags,
                         SXEN_MSI_UNMASKED | SXEN_MSI_TRIG | (1u << 12) | SXEN_MSI_DM | SXEN_MSI_RH | 0x01);
    }
    assert_int_equal(tree_config(hyper->fake, FAKE_MSIX + 2, 2) & 0xc000, FAKE_MSIX_ENABLE);
    /* Masked it is unbound, and Xen keeps its pirq. */
    (void)request(vm, IOREQ_TYPE_COPY, BAR3 + 12, 4, false, 1, 0);
    assert_int_equal(hyper->bound[0].flags, 0);
    assert_true(hyper->pirq[0]);
    (void)request(vm, IOREQ_TYPE_COPY, BAR3 + 12, 4, false, 0, 0);
    assert_int_not_equal(hyper->bound[0].flags, 0);
    /* FLR takes the table away, and Xen's pirqs with it. */
    uint32_t express = cap_of(vm, 0x10);
    cfg_write(vm, express + 8, 2, 0x8000);
    for (uint32_t v = 0; v < FAKE_IRQS; v++) {
        assert_false(hyper->pirq[v]);
    }
    sriov_vm_release(assign);
    finish(hyper, vm);
}

static void test_requests(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_model(hyper);
    struct sriov_assign *assign = assign_model(hyper, vm);
    struct ioreq far = {.type = IOREQ_TYPE_COPY, .addr = BAR3, .size = 4, .count = 2};
    place_bars(vm);
    (void)request(vm, IOREQ_TYPE_COPY, 0x1000, 4, true, 0, -ENOENT);
    (void)request(vm, IOREQ_TYPE_COPY, BAR0, 4, true, 0, -ENOENT); /* mapped: never comes */
    (void)request(vm, IOREQ_TYPE_COPY, BAR3 + 1, 4, true, 0, -EINVAL);
    (void)request(vm, IOREQ_TYPE_COPY, BAR3, 3, true, 0, -EINVAL);
    (void)request(vm, IOREQ_TYPE_COPY, BAR3, 0x80000000u, true, 0, -EINVAL);
    (void)request(vm, IOREQ_TYPE_PIO, BAR3, 4, true, 0, -ENOENT);
    (void)request(vm, IOREQ_TYPE_PCI_CONFIG, config(4093), 4, true, 0, -EINVAL);
    (void)request(vm, IOREQ_TYPE_PCI_CONFIG, config(0xfffffffc), 4, true, 0, -EINVAL);
    (void)request(vm, IOREQ_TYPE_PCI_CONFIG, config(0), 8, true, 0, -EINVAL);
    (void)request(vm, IOREQ_TYPE_PCI_CONFIG, (uint64_t)(SLOT * 8 + 1) << 32, 4, true, 0, -ENOENT);
    (void)request(vm, IOREQ_TYPE_PCI_CONFIG, (uint64_t)UINT32_MAX << 32, 4, true, 0, -ENOENT);
    assert_int_equal(sriov_xen_vm_ioreq(vm, &far), -EINVAL);
    far.count = 1;
    far.data_is_ptr = 1;
    assert_int_equal(sriov_xen_vm_ioreq(vm, &far), -EINVAL);
    assert_int_equal(sriov_xen_vm_ioreq(vm, NULL), -EINVAL);
    sriov_vm_release(assign);
    (void)request(vm, IOREQ_TYPE_PCI_CONFIG, config(0), 4, true, 0, -ENOENT);
    finish(hyper, vm);
}

/* ---- coming and going ---- */

static void test_refused(void **state)
{
    static const struct {
        uint32_t says;
        int err;
        const char *words;
    } cases[] = {
        {ENOMEM, -ENOMEM, "dom0_mem"},     {EOPNOTSUPP, -EOPNOTSUPP, "passthrough"},
        {EXDEV, -EOPNOTSUPP, "dirty log"}, {EINVAL, -EINVAL, "xl dmesg"},
        {EIO, -EPROTO, "xl dmesg"},
    };
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_model(hyper);
    struct sriov_assign *assign = NULL;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        hyper->assign_says = cases[i].says;
        hyper->log[0] = '\0';
        assert_int_equal(sriov_vm_assign(hyper->fn, vm, NULL, &assign), cases[i].err);
        hyper_said(hyper, cases[i].words);
        hyper_untouched(hyper);
    }
    hyper->assign_says = 0;
    hyper->no_passthrough = true;
    assert_int_equal(sriov_vm_assign(hyper->fn, vm, NULL, &assign), -EOPNOTSUPP);
    hyper->no_passthrough = false;
    hyper->owner = 9;
    assert_int_equal(sriov_vm_assign(hyper->fn, vm, NULL, &assign), -EBUSY);
    hyper_said(hyper, "another domain has it");
    hyper->owner = 0;
    finish(hyper, vm);
}

static unsigned plugged;
static unsigned asked;

static int plug(void *arg, uint32_t slot, const char *name)
{
    (void)arg;
    assert_int_equal(slot, SLOT);
    assert_string_equal(name, FAKE_VF);
    plugged++;
    return 0;
}

static int unplug_ask(void *arg, uint32_t slot)
{
    asked++;
    return sriov_xen_vm_unplugged(*(struct sriov_vm **)arg, slot); /* at once */
}

static void test_hotplug(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = NULL;
    const struct sriov_xen_vm_opts opts = {.size = sizeof(opts),
                                           .flags = SRIOV_XEN_VM_DEVICE_MODEL,
                                           .domid = HYPER_HVM,
                                           .ioreq_server = HYPER_SERVER,
                                           .slots_taken = 3,
                                           .plug = plug,
                                           .unplug_ask = unplug_ask,
                                           .arg = &vm};
    plugged = asked = 0;
    vm = hyper_machine(hyper, &opts);
    struct sriov_assign *assign = assign_model(hyper, vm);
    assert_int_equal(sriov_vm_remove(assign, 1000000000), 0);
    assert_int_equal(plugged + asked, 2);
    assert_int_equal(sriov_xen_vm_unplugged(vm, 32), -EINVAL);
    assert_int_equal(sriov_xen_vm_unplugged(NULL, 0), -EINVAL);
    finish(hyper, vm);
    hyper = hyper_up();
    vm = hyper_model(hyper);
    assign = assign_model(hyper, vm);
    assert_int_equal(sriov_vm_remove(assign, 1000), -EOPNOTSUPP); /* this one cannot ask */
    sriov_vm_release(assign);
    finish(hyper, vm);
}

static void test_sweep(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_model(hyper);
    bool reached = true;
    for (uint64_t n = 1; reached; n++) {
        struct sriov_assign *assign = NULL;
        hyper->fake->fail_err = -ENOMEM;
        hyper->fake->fail_at = hyper->fake->calls + n;
        int rc = sriov_vm_assign(hyper->fn, vm, NULL, &assign);
        reached = hyper->fake->calls >= hyper->fake->fail_at;
        hyper->fake->fail_at = 0;
        if (rc == 0) {
            assert_int_equal(hyper->owner, HYPER_HVM);
            sriov_vm_release(assign);
        }
        hyper_untouched(hyper);
        assert_true(n < 400);
    }
    finish(hyper, vm);
}

/* ---- dirty log ---- */

static void add_ram(struct sriov_vm *vm)
{
    const struct sriov_vm_mem mem = {.size = sizeof(mem), .length = RAM, .va = ram};
    assert_int_equal(sriov_vm_add_memory(vm, &mem), 0);
}

static void test_log(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_model(hyper);
    struct sriov_vm_info info = {.size = sizeof(info)};
    uint64_t bits[1];
    add_ram(vm);
    assert_int_equal(sriov_vm_info(vm, &info), 0);
    assert_true((info.caps & SRIOV_VM_CAP_DIRTY_BITMAP) != 0);
    assert_int_equal(sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP), 0);
    hyper->wrote = 0x8000000000000005u;
    assert_int_equal(sriov_vm_dirty_read(vm, 0, 2 * SRIOV_VM_PAGE, bits), 0);
    assert_int_equal(bits[0], 1);
    hyper->wrote = 2;
    assert_int_equal(sriov_vm_dirty_read(vm, 0, RAM, bits), 0); /* what lay outside is still there */
    assert_int_equal(bits[0], 0x8000000000000006u);
    assert_int_equal(sriov_vm_dirty_read(vm, 0, RAM, bits), 0);
    assert_int_equal(bits[0], 0);
    assert_int_equal(sriov_vm_dirty_stop(vm), 0);
    assert_int_equal(sriov_vm_del_memory(vm, 0, RAM), 0);
    finish(hyper, vm);
}

/* Xen's EXDEV and EINVAL: known before anything is changed. */
static void test_log_excludes(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_model(hyper);
    struct sriov_vm_info info = {.size = sizeof(info)};
    struct sriov_assign *assign = NULL;
    add_ram(vm);
    assert_int_equal(sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP), 0);
    uint32_t resets = hyper->fake->resets;
    assert_int_equal(sriov_vm_assign(hyper->fn, vm, NULL, &assign), -EOPNOTSUPP);
    assert_int_equal(hyper->fake->resets, resets); /* not even reset */
    assert_int_equal(hyper->owner, 0);
    assert_int_equal(sriov_vm_dirty_stop(vm), 0);
    assign = assign_model(hyper, vm);
    assert_int_equal(sriov_vm_info(vm, &info), 0);
    assert_int_equal(info.caps & SRIOV_VM_CAP_DIRTY_BITMAP, 0);
    uint64_t calls = hyper->fake->calls;
    assert_int_equal(sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP), -EOPNOTSUPP);
    assert_false(hyper->log_on);
    (void)calls;
    sriov_vm_release(assign);
    hyper->foreign_dev = true; /* Xen knows what we do not */
    assert_int_equal(sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP), -EOPNOTSUPP);
    hyper_said(hyper, "xl pci-list");
    hyper->foreign_dev = false;
    assert_int_equal(sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP), 0);
    assert_int_equal(sriov_vm_dirty_stop(vm), 0);
    assert_int_equal(sriov_vm_del_memory(vm, 0, RAM), 0);
    finish(hyper, vm);
}

static void test_log_fails(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    struct sriov_vm *vm = hyper_model(hyper);
    uint64_t bits[1];
    bool reached = true;
    add_ram(vm);
    for (uint64_t n = 1; reached; n++) {
        hyper->fake->fail_err = -ENOMEM;
        hyper->fake->fail_at = hyper->fake->calls + n;
        int rc = sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP);
        reached = hyper->fake->calls >= hyper->fake->fail_at;
        hyper->fake->fail_at = 0;
        assert_int_equal(hyper->log_on, rc == 0);
        if (rc == 0) {
            assert_int_equal(sriov_vm_dirty_stop(vm), 0);
        }
        assert_true(n < 100);
    }
    assert_int_equal(sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP), 0);
    hyper->wrote = 3;
    hyper->fake->fail_at = hyper->fake->calls + 1;
    assert_int_not_equal(sriov_vm_dirty_read(vm, 0, RAM, bits), 0);
    hyper->fake->fail_at = 0;
    assert_int_equal(sriov_vm_dirty_read(vm, 0, RAM, bits), 0); /* nothing was lost */
    assert_int_equal(bits[0], 3);
    assert_int_equal(sriov_vm_dirty_stop(vm), 0);
    assert_int_equal(sriov_vm_del_memory(vm, 0, RAM), 0);
    finish(hyper, vm);
}

static void test_no_hap(void **state)
{
    (void)state;
    struct hyper *hyper = hyper_up();
    hyper->no_hap = true;
    struct sriov_vm *vm = hyper_model(hyper);
    assert_int_equal(sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP), -EOPNOTSUPP);
    finish(hyper, vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bars),    cmocka_unit_test(test_vectors),      cmocka_unit_test(test_requests),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_hotplug),      cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_log),     cmocka_unit_test(test_log_excludes), cmocka_unit_test(test_log_fails),
        cmocka_unit_test(test_no_hap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
