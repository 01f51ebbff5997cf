/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated machine: what its guest reaches, and what each access costs. */
#include "vm_fixture.h"

#include <stdlib.h>

static void test_options(void **state)
{
    struct fixture *f = *state;
    struct sriov_mock_vm_opts opts = {.size = sizeof(opts)};
    struct sriov_vm *vm = NULL;
    struct sriov_vm *other = NULL;

    opts.flags = 1;
    assert_int_equal(sriov_mock_vm_create(f->mock, &opts, &vm), -EINVAL);
    opts = (struct sriov_mock_vm_opts){.size = sizeof(opts), .consent = 3};
    assert_int_equal(sriov_mock_vm_create(f->mock, &opts, &vm), -EINVAL);
    opts = (struct sriov_mock_vm_opts){.size = sizeof(opts), .caps_out = UINT64_C(1) << 60};
    assert_int_equal(sriov_mock_vm_create(f->mock, &opts, &vm), -EINVAL);
    opts = (struct sriov_mock_vm_opts){.size = 8};
    assert_int_equal(sriov_mock_vm_create(f->mock, &opts, &vm), -EINVAL);
    opts = (struct sriov_mock_vm_opts){.size = sizeof(opts), .name = "left"};
    assert_int_equal(sriov_mock_vm_create(f->mock, &opts, &vm), 0);
    assert_int_equal(sriov_mock_vm_create(f->mock, NULL, &other), 0);
    assert_string_equal(sriov_vm_name(vm), "left");
    assert_string_equal(sriov_vm_name(other), "vm2");
    assert_ptr_equal(sriov_vm_vmm(vm), sriov_mock_vmm(f->mock));
    assert_int_equal(sriov_mock_vm_destroy(vm), 0);
    assert_int_equal(sriov_mock_vm_destroy(other), 0);
    assert_int_equal(sriov_mock_vm_destroy(NULL), 0);
}

static void test_info(void **state)
{
    struct fixture *f = *state;
    struct sriov_mock_vm_opts opts = {.size = sizeof(opts),
                                      .caps_out = SRIOV_VM_CAP_HOTPLUG | SRIOV_VM_CAP_DIRTY_RING,
                                      .vectors_max = 3,
                                      .doorbells_max = 20};
    struct machine *m = machine_make(f, &opts);
    struct sriov_vm_info info = {.size = sizeof(info)};
    struct sriov_vm_doorbell bell = machine_bell(m, MMIO, 16);
    struct sriov_irq_sink sink = {.size = sizeof(sink)};

    assert_int_equal(f->ops->vm_info(m->ctx, &info), 0);
    assert_int_equal(info.caps, SRIOV_VM_CAP_MAPPED | SRIOV_VM_CAP_TRAPPED | SRIOV_VM_CAP_DOORBELL |
                                    SRIOV_VM_CAP_IRQ | SRIOV_VM_CAP_DIRTY_BITMAP);
    assert_int_equal(info.doorbells_left, 20);
    assert_int_equal(info.vectors_left, 3);
    assert_int_equal(f->ops->vm_doorbell_add(m->dev, &bell), 0);
    bell.gpa += 4;
    assert_int_equal(f->ops->vm_doorbell_add(m->dev, &bell), -ENOSPC);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(f->ops->vm_irq_sink(m->dev, i, &sink), 0);
        assert_int_equal(f->ops->vm_irq_sink(m->dev, i, &sink), 0); /* the same once more */
    }
    assert_int_equal(f->ops->vm_irq_sink(m->dev, 3, &sink), -ENOSPC);
    assert_int_equal(f->ops->vm_info(m->ctx, &info), 0);
    assert_int_equal(info.doorbells_left, 4);
    assert_int_equal(info.vectors_left, 0);
    assert_int_equal(f->ops->vm_hot_remove(m->dev, machine_gone, m), -EOPNOTSUPP);
    assert_int_equal(f->ops->vm_dirty_start(m->ctx, SRIOV_VM_DIRTY_RING), -EOPNOTSUPP);
    machine_end(m);
    fixture_expect_none(f);
}

static void test_windows(void **state)
{
    struct machine *m = *state;
    struct sriov_vm_window win = machine_window(m, MMIO, 0x1000);
    struct sriov_vm_window over = machine_window(m, MMIO + 0xff8, 0x100);

    assert_int_equal(m->f->ops->vm_window_add(m->dev, &win), 0);
    assert_int_equal(m->f->ops->vm_window_add(m->dev, &over), -EBUSY);
    over.gpa = RAM_GPA + 0x100;
    assert_int_equal(m->f->ops->vm_window_add(m->dev, &over), -EBUSY);
    assert_int_equal(sriov_mock_guest_read(m->vm, MMIO + 0x10, 4), 0x55667788u);
    assert_int_equal(sriov_mock_guest_read(m->vm, MMIO + 0xff8, 8), UINT64_C(0x1122334455667788));
    sriov_mock_guest_write(m->vm, MMIO + 0x20, 2, 0x12345678);
    assert_int_equal(m->window.off, 0x20);
    assert_int_equal(m->window.width, 2);
    assert_int_equal(m->window.value, 0x5678);
    assert_int_equal(m->window.calls, 3);
    assert_int_equal(sriov_mock_guest_read(m->vm, MMIO + 0x1000, 4), UINT32_MAX);
    assert_int_equal(machine_counts(m).trapped, 3);
    assert_int_equal(machine_counts(m).nothing, 1);
    assert_int_equal(m->f->ops->vm_window_del(m->dev, MMIO, 0x1000), 0);
    assert_int_equal(sriov_mock_guest_read(m->vm, MMIO, 1), 0xff);
}

static void test_unaligned_goes_byte_by_byte(void **state)
{
    struct machine *m = *state;
    struct sriov_vm_window win = machine_window(m, MMIO, 0x1000);

    assert_int_equal(m->f->ops->vm_window_add(m->dev, &win), 0);
    assert_int_equal(sriov_mock_guest_read(m->vm, MMIO + 1, 4), 0x88888888u);
    assert_int_equal(m->window.calls, 4);
    assert_int_equal(m->window.width, 1);
    sriov_mock_guest_write(m->vm, RAM_GPA + 0xffe, 4, 0xaabbccdd); /* over a page's edge */
    assert_int_equal(m->ram[0xffe], 0xdd);
    assert_int_equal(m->ram[0x1001], 0xaa);
    assert_int_equal(sriov_mock_guest_read(m->vm, RAM_GPA + 0xffe, 4), 0xaabbccdd);
}

static void test_mapped_windows_are_memory_slots(void **state)
{
    struct fixture *f = *state;
    struct sriov_mock_vm_opts opts = {.size = sizeof(opts), .memory_max = 2};
    struct machine *m = machine_make(f, &opts);
    unsigned char *page = aligned_alloc(SRIOV_VM_PAGE, 2 * SRIOV_VM_PAGE);
    struct sriov_vm_window win = machine_window(m, MMIO, SRIOV_VM_PAGE);

    assert_non_null(page);
    memset(page, 0, 2 * SRIOV_VM_PAGE);
    win.va = page;
    assert_int_equal(f->ops->vm_window_add(m->dev, &win), 0);
    win.gpa += SRIOV_VM_PAGE;
    assert_int_equal(f->ops->vm_window_add(m->dev, &win), -ENOSPC);
    win.va = NULL; /* a trapped one is none */
    assert_int_equal(f->ops->vm_window_add(m->dev, &win), 0);
    for (uint32_t width = 1; width <= 8; width *= 2) {
        sriov_mock_guest_write(m->vm, MMIO + 8 * width, width, UINT64_C(0x8877665544332211));
        assert_int_equal(page[8 * width], 0x11);
        assert_int_equal(page[8 * width + width], 0);
        assert_int_equal(sriov_mock_guest_read(m->vm, MMIO + 8 * width, width) & 0xff, 0x11);
    }
    assert_int_equal(machine_counts(m).mapped, 8);
    assert_int_equal(machine_counts(m).trapped, 0);
    machine_end(m);
    free(page);
    fixture_expect_none(f);
}

static void test_copies(void **state)
{
    struct machine *m = *state;
    unsigned char *more = aligned_alloc(SRIOV_VM_PAGE, SRIOV_VM_PAGE);
    struct sriov_vm_mem mem = {
        .size = sizeof(mem), .gpa = RAM_GPA + RAM_PAGES * SRIOV_VM_PAGE, .length = SRIOV_VM_PAGE, .va = more};
    unsigned char bytes[64];
    uint64_t seam = mem.gpa - 32;

    assert_non_null(more);
    memset(bytes, 0x5c, sizeof(bytes));
    assert_int_equal(sriov_mock_guest_copy_in(m->vm, seam, bytes, sizeof(bytes)), -EFAULT);
    assert_int_equal(m->ram[RAM_PAGES * SRIOV_VM_PAGE - 32], 0); /* nothing of it */
    assert_int_equal(m->f->ops->vm_mem_add(m->ctx, &mem), 0);
    assert_int_equal(sriov_mock_guest_copy_in(m->vm, seam, bytes, sizeof(bytes)), 0);
    assert_int_equal(more[31], 0x5c);
    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(sriov_mock_guest_copy_out(m->vm, seam, bytes, sizeof(bytes)), 0);
    assert_int_equal(bytes[0], 0x5c);
    assert_int_equal(bytes[63], 0x5c);
    assert_int_equal(m->f->ops->vm_mem_del(m->ctx, &mem), 0);
    mem.flags = SRIOV_VM_MEM_READONLY;
    assert_int_equal(m->f->ops->vm_mem_add(m->ctx, &mem), 0);
    assert_int_equal(sriov_mock_guest_copy_out(m->vm, seam, bytes, sizeof(bytes)), 0);
    assert_int_equal(sriov_mock_guest_copy_in(m->vm, seam, bytes, sizeof(bytes)), -EFAULT);
    assert_int_equal(m->f->ops->vm_mem_del(m->ctx, &mem), 0);
    free(more);
}

static void test_config(void **state)
{
    struct machine *m = *state;

    assert_int_equal(sriov_mock_guest_cfg_read(m->vm, SLOT, 0, 4), UINT32_MAX); /* not plugged in */
    assert_int_equal(m->f->ops->vm_hot_add(m->dev), 0);
    assert_int_equal(sriov_mock_guest_told(m->vm, SLOT, false), 1);
    assert_int_equal(sriov_mock_guest_cfg_read(m->vm, SLOT, 0, 4), 0x80861520u);
    assert_int_equal(sriov_mock_guest_cfg_read(m->vm, SLOT, 2, 2), 0x1520);
    sriov_mock_guest_cfg_write(m->vm, SLOT, 0x13, 1, 0xabcd);
    assert_int_equal(m->cfg.off, 0x13);
    assert_int_equal(m->cfg.value, 0xcd);
    assert_int_equal(m->cfg.calls, 3);
    assert_int_equal(sriov_mock_guest_cfg_read(m->vm, SLOT, 2, 4), UINT32_MAX); /* what no bus carries */
    assert_int_equal(sriov_mock_guest_cfg_read(m->vm, SLOT, 4096, 1), 0xff);
    assert_int_equal(sriov_mock_guest_cfg_read(m->vm, SLOT, 0, 8), UINT32_MAX);
    assert_int_equal(sriov_mock_guest_cfg_read(m->vm, SLOT + 1, 0, 4), UINT32_MAX);
    assert_int_equal(m->cfg.calls, 3);
    assert_int_equal(machine_counts(m).config, 5);
}

static void test_bells(void **state)
{
    struct machine *m = *state;
    struct sriov_vm_window win = machine_window(m, MMIO, 0x1000);
    struct sriov_vm_doorbell bell = machine_bell(m, MMIO + 0x40, 8);

    assert_int_equal(m->f->ops->vm_window_add(m->dev, &win), 0);
    assert_int_equal(m->f->ops->vm_doorbell_add(m->dev, &bell), 0);
    assert_int_equal(m->f->ops->vm_doorbell_add(m->dev, &bell), -EBUSY);
    sriov_mock_guest_write(m->vm, MMIO + 0x40, 4, 6);
    sriov_mock_guest_write(m->vm, MMIO + 0x40, 4, 3);
    assert_int_equal(m->bell.calls, 0); /* not before time is given */
    assert_int_equal(m->f->ops->wait(m->f->vmm, 0), 0);
    assert_int_equal(m->bell.calls, 1);
    assert_int_equal(m->bell.value, 6);
    assert_int_equal(m->f->ops->wait(m->f->vmm, 0), -ETIMEDOUT);
    sriov_mock_guest_write(m->vm, MMIO + 0x40, 4, 7);
    sriov_mock_guest_write(m->vm, MMIO + 0x40, 4, 1); /* further ahead of 6 than 7 is */
    sriov_mock_advance(m->f->mock, 0);
    assert_int_equal(m->bell.value, 1);
    assert_int_equal(m->window.calls, 0);
    sriov_mock_guest_write(m->vm, MMIO + 0x40, 4, 8);
    (void)sriov_mock_guest_read(m->vm, MMIO + 0x40, 4);
    assert_int_equal(m->window.calls, 2);
    assert_int_equal(machine_counts(m).doorbells, 4);
    sriov_mock_guest_write(m->vm, MMIO + 0x40, 4, 2);
    assert_int_equal(m->f->ops->vm_doorbell_del(m->dev, MMIO + 0x40), 0);
    sriov_mock_advance(m->f->mock, MS); /* what was under way is lost with it */
    assert_int_equal(m->bell.calls, 2);
}

struct taken {
    uint32_t calls;
    uint64_t address;
    uint32_t data;
};

static void on_interrupt(void *arg, uint64_t address, uint32_t data)
{
    struct taken *taken = arg;

    taken->calls++;
    taken->address = address;
    taken->data = data;
}

static void test_vectors(void **state)
{
    struct machine *m = *state;
    struct sriov_vm_msi msi = {.size = sizeof(msi), .address = 0xfee01000, .data = 0x31};
    struct sriov_irq_sink sink = {.size = sizeof(sink)};
    struct taken taken = {0};
    uint32_t pending = 7;

    sriov_mock_guest_on_interrupt(m->vm, on_interrupt, &taken);
    assert_int_equal(m->f->ops->vm_irq_sink(m->dev, 2, &sink), 0);
    assert_int_equal(sink.kind, SRIOV_SINK_CALLBACK);
    sink.cb(sink.arg, 2);
    sink.cb(sink.arg, 2);
    assert_int_equal(m->f->ops->vm_irq_pending(m->dev, 2, &pending), 0);
    assert_int_equal(pending, 1);
    assert_int_equal(m->f->ops->vm_irq_route(m->dev, 2, &msi), 0);
    assert_int_equal(taken.calls, 0);
    sriov_mock_advance(m->f->mock, 0);
    assert_int_equal(taken.calls, 1);
    assert_int_equal(taken.address, 0xfee01000);
    sink.cb(sink.arg, 2);
    assert_int_equal(sriov_mock_guest_interrupts(m->vm, 0xfee01000, 0x31), 2);
    assert_int_equal(sriov_mock_guest_interrupts(m->vm, 0xfee01000, 0x32), 0);
    assert_int_equal(m->f->ops->vm_irq_route(m->dev, 2, NULL), 0);
    sink.cb(sink.arg, 2);
    assert_int_equal(m->f->ops->vm_irq_sink(m->dev, 2, &sink), 0); /* forgets it */
    assert_int_equal(m->f->ops->vm_irq_pending(m->dev, 2, &pending), 0);
    assert_int_equal(pending, 0);
    assert_int_equal(machine_counts(m).interrupts, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(test_options),
        MOCK_TEST(test_info),
        MACHINE_TEST(test_windows),
        MACHINE_TEST(test_unaligned_goes_byte_by_byte),
        MOCK_TEST(test_mapped_windows_are_memory_slots),
        MACHINE_TEST(test_copies),
        MACHINE_TEST(test_config),
        MACHINE_TEST(test_bells),
        MACHINE_TEST(test_vectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
