/* SPDX-License-Identifier: BSD-3-Clause */
/* Guests that mean harm, and hosts with bad luck beside them: whatever comes, the device's own config
 * space and the host's memory stay what they were, and all is given back in the end. */
#include "fake_vm.h"

#include <stdlib.h>

#define HIGH UINT64_C(0x100000000)

static const struct sriov_bell bells[] = {{.bar = 0, .width = 4, .off = 0x18, .values = 64},
                                          {.bar = 0, .width = 4, .off = 0x1018, .values = 0}};

static struct sriov_assign *give(struct fake_vm *m, uint32_t flags)
{
    struct sriov_assign_opts opts = {.size = sizeof(opts), .flags = flags, .slot = SRIOV_VM_SLOT_ANY};

    opts.num_bells = 2;
    opts.bells = bells;
    return fake_vm_assign(m, &opts);
}

/* Nothing that the guest writes reaches the device's own config space, but for bus mastering. */
static void assert_config_is_the_hosts(struct fake_vm *m, const uint8_t *before)
{
    uint8_t now[sizeof(m->f.cfg)];

    memcpy(now, m->f.cfg, sizeof(now));
    now[SRIOV_PCI_COMMAND] = before[SRIOV_PCI_COMMAND];
    assert_memory_equal(now, before, sizeof(now));
}

static void test_every_config_byte(void **state)
{
    static const uint32_t values[] = {0, 0xffffffff, 0xa5a5a5a5, 0x00008000, 0xe0000007};
    struct fake_vm *m = *state;
    struct sriov_assign *a = give(m, 0);
    uint8_t before[sizeof(m->f.cfg)];

    memcpy(before, m->f.cfg, sizeof(before));
    for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
        for (uint32_t width = 0; width <= 5; width++) {
            for (uint32_t off = 0; off < 4100; off++) {
                fake_guest_set_cfg(m, off, width, values[v]);
                (void)fake_guest_cfg(m, off, width);
            }
        }
    }
    assert_config_is_the_hosts(m, before);
    assert_int_equal(fake_guest_cfg(m, SRIOV_PCI_VENDOR_ID, 4), 0x10fb8086);
    sriov_vm_release(a);
    fake_vm_untouched(m);
}

/* ---- from within an FLR ---- */

static struct sriov_vm_window stale; /* as the guest's last access found it */

static void while_resetting(struct fake *f)
{
    struct fake_vm *m = (struct fake_vm *)(void *)f;
    struct fake_dev *d = fake_vm_dev(m, 0);
    uint8_t reg[4] = {0};

    f->on_reset = NULL;
    memcpy(f->bar[0] + 0x18, reg, sizeof(reg));
    assert_int_equal(d->num_windows, 0);
    assert_int_equal(d->num_bells, 0);
    assert_int_equal(fake_guest_cfg(m, SRIOV_PCI_VENDOR_ID, 4), 0xffffffff);
    fake_guest_enable(m);
    fake_guest_set_cfg(m, FAKE_CFG_EXP + SRIOV_PCI_EXP_DEVCTL, 2, SRIOV_PCI_EXP_DEVCTL_FLR);
    assert_int_equal(d->num_windows, 0);
    assert_int_equal(stale.read(stale.arg, 0x18, 4), 0xffffffff);
    stale.write(stale.arg, 0x18, 4, 0x77);
    assert_memory_equal(f->bar[0] + 0x18, reg, sizeof(reg));
}

static void test_within_flr(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = give(m, SRIOV_ASSIGN_TRAP);
    struct sriov_vm_doorbell bell;
    int resets;

    fake_guest_enable(m);
    fake_guest_msix_on(m);
    stale = m->dev[0].window[0];
    bell = m->dev[0].bell[0];
    resets = m->f.resets;
    m->f.on_reset = while_resetting;
    fake_guest_set_cfg(m, FAKE_CFG_EXP + SRIOV_PCI_EXP_DEVCTL, 2, SRIOV_PCI_EXP_DEVCTL_FLR);
    assert_null((void *)(uintptr_t)m->f.on_reset);
    assert_int_equal(m->f.resets, resets + 1); /* the one within was none */
    bell.cb(bell.arg, 5);                      /* on its way when its BAR went */
    assert_int_equal(m->f.bar[0][0x18], 0);
    fake_guest_enable(m);
    fake_guest_write(m, FAKE_BAR0 + 0x18, 4, 6);
    assert_int_equal(m->f.bar[0][0x18], 6);
    sriov_vm_release(a);
    fake_vm_untouched(m);
}

static void kill_it(struct fake *f)
{
    f->on_reset = NULL;
    sriov_fn_kill(((struct fake_vm *)(void *)f)->fn);
}

static void test_vanishes_within_flr(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = give(m, 0);

    fake_guest_enable(m);
    m->f.on_reset = kill_it;
    fake_guest_set_cfg(m, FAKE_CFG_EXP + SRIOV_PCI_EXP_DEVCTL, 2, SRIOV_PCI_EXP_DEVCTL_FLR);
    assert_int_equal(fake_guest_cfg(m, SRIOV_PCI_VENDOR_ID, 4), 0xffffffff);
    assert_int_equal(sriov_vm_poll(m->vm), 1);
    sriov_vm_release(a);
    assert_int_equal(m->f.num_maps, 0);
    assert_int_equal(m->f.irq_on, 0);
}

static void test_vanishes_while_it_comes(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    m->f.on_reset = kill_it;
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &a), -ENODEV);
    assert_int_equal(m->dev[0].live, 0);
}

static void test_vanishes_while_it_goes(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = give(m, 0);

    m->f.on_reset = kill_it;
    sriov_vm_release(a);
    assert_int_equal(m->f.num_maps, 0);
    assert_int_equal(m->f.irq_on, 0);
    assert_int_equal(m->f.views, 0);
}

/* ---- anything, in any order ---- */

static uint32_t rng(uint32_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 17;
    *s ^= *s << 5;
    return *s;
}

static uint64_t somewhere(struct fake_vm *m, uint32_t *s)
{
    const struct fake_dev *d = fake_vm_dev(m, 0);
    const struct sriov_vm_window *w;

    if (d->num_windows == 0) {
        return rng(s);
    }
    w = &d->window[rng(s) % d->num_windows];
    return w->gpa + rng(s) % w->length;
}

static void random_config(struct fake_vm *m, uint32_t *s)
{
    static const uint32_t hot[] = {
        SRIOV_PCI_COMMAND,
        SRIOV_PCI_BAR(0),
        SRIOV_PCI_BAR(1),
        SRIOV_PCI_BAR(3),
        SRIOV_PCI_BAR(4),
        FAKE_CFG_MSIX + SRIOV_PCI_MSIX_CTRL,
        FAKE_CFG_EXP + SRIOV_PCI_EXP_DEVCTL,
    };
    static const uint32_t where[] = {0,          0x4000,     0x3c000,    0x40000,
                                     0xe0000000, 0xe0004000, 0xfffff000, 0xffffffff};
    uint32_t off = rng(s) % 4 == 0 ? rng(s) % 4096 : hot[rng(s) % (sizeof(hot) / sizeof(hot[0]))];
    uint32_t value = rng(s) % 2 == 0 ? rng(s) : where[rng(s) % (sizeof(where) / sizeof(where[0]))];

    fake_guest_set_cfg(m, off, 1u << rng(s) % 3, value);
    (void)fake_guest_cfg(m, off, 1u << rng(s) % 3);
}

static void random_access(struct fake_vm *m, uint32_t *s)
{
    uint32_t width = 1u << rng(s) % 4;
    uint64_t gpa = somewhere(m, s) / width * width;

    if (rng(s) % 2 == 0) {
        fake_guest_write(m, gpa, width, rng(s));
    } else {
        (void)fake_guest_read(m, gpa, width);
    }
}

static void random_host(struct fake_vm *m, uint32_t *s)
{
    switch (rng(s) % 5) {
    case 0:
        (void)fake_vm_add_ram(m, rng(s) % 2 == 0 ? HIGH : 0xe0000000);
        break;
    case 1:
        (void)sriov_vm_del_memory(m->vm, rng(s) % 2 == 0 ? HIGH : 0xe0000000, FAKE_RAM);
        break;
    case 2:
        fake_irq(&m->f, rng(s) % FAKE_VF_MSIX);
        break;
    case 3:
        (void)sriov_vm_poll(m->vm);
        break;
    default:
        fake_fail(&m->f, NULL, 1 + rng(s) % 8, -EIO); /* some op, soon */
        break;
    }
}

/* The fake looks at each op itself: overlaps, stale vectors, windows that are not there. */
static void live(struct fake_vm *m, uint32_t *s, unsigned steps)
{
    while (steps-- > 0) {
        switch (rng(s) % 8) {
        case 0:
            random_host(m, s);
            break;
        case 1:
        case 2:
        case 3:
            random_access(m, s);
            break;
        default:
            random_config(m, s);
            break;
        }
    }
}

static void test_anything(void **state)
{
    struct fake_vm *m = *state;
    uint8_t before[sizeof(m->f.cfg)];
    uint32_t s = 0xbadf00d;

    memcpy(before, m->f.cfg, sizeof(before));
    for (unsigned round = 0; round < 200; round++) {
        struct sriov_assign *a = give(m, rng(&s) % 2 == 0 ? 0 : SRIOV_ASSIGN_TRAP);

        fake_guest_enable(m);
        fake_guest_msix_on(m);
        live(m, &s, 1000);
        m->f.fail.nth = 0;
        assert_config_is_the_hosts(m, before);
        (void)sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM);
        (void)sriov_vm_del_memory(m->vm, 0xe0000000, FAKE_RAM);
        sriov_vm_release(a);
        fake_vm_untouched(m);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_vm_setup, fake_vm_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_every_config_byte),      T(test_within_flr),
        T(test_vanishes_within_flr),    T(test_vanishes_while_it_comes),
        T(test_vanishes_while_it_goes), T(test_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
