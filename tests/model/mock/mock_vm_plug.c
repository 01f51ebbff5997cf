/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated guest that is asked to let go, and misuse of a machine: each is one finding. */
#include "vm_fixture.h"

static void test_consent(void **state)
{
    struct machine *m = *state;

    assert_int_equal(m->f->ops->vm_hot_add(m->dev), 0);
    assert_int_equal(sriov_mock_guest_let_go(m->vm, SLOT), -EAGAIN);
    assert_int_equal(sriov_mock_guest_let_go(m->vm, SLOT + 1), -ENOENT);
    assert_int_equal(m->f->ops->vm_hot_remove(m->dev, machine_gone, m), 0);
    assert_int_equal(m->gone.calls, 0);
    assert_int_equal(sriov_mock_guest_told(m->vm, SLOT, true), 1);
    assert_int_equal(m->f->ops->wait(m->f->vmm, SECOND), 0);
    assert_int_equal(m->gone.calls, 1);
    assert_int_equal(sriov_mock_now(m->f->mock), 0);
    assert_int_equal(sriov_mock_guest_cfg_read(m->vm, SLOT, 0, 4), UINT32_MAX);
}

static void test_consent_later(void **state)
{
    struct machine *m = *state;

    assert_int_equal(sriov_mock_guest_script(m->vm, SRIOV_MOCK_CONSENT_LATER, 5 * MS), 0);
    assert_int_equal(m->f->ops->vm_hot_add(m->dev), 0);
    assert_int_equal(m->f->ops->vm_hot_remove(m->dev, machine_gone, m), 0);
    sriov_mock_advance(m->f->mock, 5 * MS - 1);
    assert_int_equal(m->gone.calls, 0);
    assert_int_equal(sriov_mock_guest_cfg_read(m->vm, SLOT, 0, 4), 0x80861520u);
    sriov_mock_advance(m->f->mock, 1);
    assert_int_equal(m->gone.calls, 1);
}

static void test_no_consent(void **state)
{
    struct machine *m = *state;

    assert_int_equal(sriov_mock_guest_script(m->vm, (enum sriov_mock_consent)9, 0), -EINVAL);
    assert_int_equal(sriov_mock_guest_script(m->vm, SRIOV_MOCK_CONSENT_NEVER, 0), 0);
    assert_int_equal(m->f->ops->vm_hot_add(m->dev), 0);
    assert_int_equal(m->f->ops->vm_hot_remove(m->dev, machine_gone, m), 0);
    sriov_mock_advance(m->f->mock, 100 * SECOND);
    assert_int_equal(m->gone.calls, 0);
    assert_int_equal(sriov_mock_guest_let_go(m->vm, SLOT), 0);
    sriov_mock_advance(m->f->mock, 0);
    assert_int_equal(m->gone.calls, 1);
}

static void test_asked_and_deleted(void **state)
{
    struct machine *m = *state;

    assert_int_equal(m->f->ops->vm_hot_add(m->dev), 0);
    assert_int_equal(m->f->ops->vm_hot_remove(m->dev, machine_gone, m), 0);
    m->f->ops->vm_dev_del(m->dev);
    m->dev = NULL;
    sriov_mock_advance(m->f->mock, SECOND);
    assert_int_equal(m->gone.calls, 0);
}

static void test_slots(void **state)
{
    struct machine *m = *state;
    struct sriov_vm_dev_args args = machine_args(m, SLOT);
    void *devs[32];
    void *dev = NULL;
    uint32_t n = 0;

    assert_int_equal(m->f->ops->vm_dev_add(m->ctx, &args, &dev), -EBUSY);
    args.slot = SRIOV_VM_SLOT_ANY;
    while (n < 32 && m->f->ops->vm_dev_add(m->ctx, &args, &devs[n]) == 0) {
        n++;
    }
    assert_int_equal(n, 30); /* but for one that is taken, and slot 0, which only a number gives */
    assert_int_equal(m->f->ops->vm_dev_add(m->ctx, &args, &dev), -ENOSPC);
    args.slot = 0;
    assert_int_equal(m->f->ops->vm_dev_add(m->ctx, &args, &dev), 0);
    m->f->ops->vm_dev_del(dev);
    while (n > 0) {
        m->f->ops->vm_dev_del(devs[--n]);
    }
}

static void test_deleted_twice(void **state)
{
    struct machine *m = *state;
    struct sriov_vm_window win = machine_window(m, MMIO, 0x1000);

    m->f->ops->vm_dev_del(m->dev);
    fixture_expect_none(m->f);
    m->f->ops->vm_dev_del(m->dev);
    fixture_expect(m->f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(m->f->ops->vm_window_add(m->dev, &win), -EINVAL);
    fixture_expect(m->f, SRIOV_VIOLATION_CONTRACT);
    m->dev = NULL;
}

static void test_sink_left_behind(void **state)
{
    struct machine *m = *state;
    struct sriov_irq_sink sink = {.size = sizeof(sink)};
    void *fn = fixture_open(m->f, m->f->pf);
    uint32_t n = 1;

    assert_int_equal(m->f->ops->irq_enable(fn, &n), 0);
    assert_int_equal(m->f->ops->vm_irq_sink(m->dev, 0, &sink), 0);
    assert_int_equal(m->f->ops->irq_attach(fn, 0, &sink), 0);
    m->f->ops->vm_dev_del(m->dev);
    fixture_expect(m->f, SRIOV_VIOLATION_CONTRACT);
    m->dev = NULL;
    assert_int_equal(m->f->ops->irq_trigger(fn, 0), 0); /* into nothing */
    sriov_mock_advance(m->f->mock, MS);
    sink.cb(sink.arg, 0); /* of a shim that calls all the same */
    fixture_expect(m->f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(m->f->ops->irq_disable(fn), 0);
    m->f->ops->close(fn);
}

static void test_functions_of_its_own(void **state)
{
    struct machine *m = *state;
    struct machine *other = machine_make(m->f, NULL);
    struct sriov_vm_dev_args args = machine_args(m, 9);
    void *fn = fixture_open(m->f, m->f->pf);
    void *dev = NULL;
    void *again = NULL;

    args.fn = m; /* no function at all */
    assert_int_equal(m->f->ops->vm_dev_add(m->ctx, &args, &dev), -EINVAL);
    fixture_expect(m->f, SRIOV_VIOLATION_CONTRACT);
    args.fn = fn;
    assert_int_equal(m->f->ops->vm_dev_add(m->ctx, &args, &dev), 0);
    assert_int_equal(m->f->ops->vm_dev_add(other->ctx, &args, &again), -EBUSY);
    fixture_expect(m->f, SRIOV_VIOLATION_CONTRACT);
    m->f->ops->vm_dev_del(dev);
    assert_int_equal(m->f->ops->vm_dev_add(other->ctx, &args, &again), 0);
    m->f->ops->vm_dev_del(again);
    m->f->ops->close(fn);
    machine_end(other);
}

#define MISUSE(m, call)                                                                                      \
    do {                                                                                                     \
        assert_int_equal((call), -EINVAL);                                                                   \
        fixture_expect((m)->f, SRIOV_VIOLATION_CONTRACT);                                                    \
    } while (0)

static void test_misuse(void **state)
{
    struct machine *m = *state;
    const struct sriov_vmm_ops *ops = m->f->ops;
    struct sriov_vm_mem mem = machine_mem(m);
    struct sriov_vm_window win = machine_window(m, MMIO + 8, 0x1000);
    struct sriov_vm_doorbell bell = machine_bell(m, MMIO + 2, 4);
    struct sriov_irq_sink sink = {.size = sizeof(sink)};
    uint64_t bits = 0;

    mem.gpa += 1;
    MISUSE(m, ops->vm_mem_add(m->ctx, &mem));
    MISUSE(m, ops->vm_mem_del(m->ctx, &mem));
    mem.gpa += SRIOV_VM_PAGE - 1;
    MISUSE(m, ops->vm_mem_del(m->ctx, &mem));
    win.va = m->ram;
    MISUSE(m, ops->vm_window_add(m->dev, &win));
    win = machine_window(m, UINT64_MAX - 7, 16);
    MISUSE(m, ops->vm_window_add(m->dev, &win));
    win = machine_window(m, MMIO, 16);
    win.write = NULL;
    MISUSE(m, ops->vm_window_add(m->dev, &win));
    MISUSE(m, ops->vm_window_del(m->dev, MMIO, 16));
    MISUSE(m, ops->vm_doorbell_add(m->dev, &bell));
    MISUSE(m, ops->vm_doorbell_del(m->dev, MMIO));
    MISUSE(m, ops->vm_irq_sink(m->dev, VECTORS, &sink));
    MISUSE(m, ops->vm_irq_route(m->dev, VECTORS, NULL));
    MISUSE(m, ops->vm_dirty_stop(m->ctx));
    MISUSE(m, ops->vm_dirty_read(m->ctx, RAM_GPA, SRIOV_VM_PAGE, &bits));
    MISUSE(m, ops->vm_hot_remove(m->dev, machine_gone, m)); /* not on the bus */
    assert_int_equal(ops->vm_hot_add(m->dev), 0);
    MISUSE(m, ops->vm_hot_add(m->dev));
}

static uint64_t runs_the_guest(void *arg, uint64_t off, uint32_t width)
{
    struct machine *m = arg;

    return sriov_mock_guest_read(m->vm, RAM_GPA + off, width);
}

static void test_callbacks_one_at_a_time(void **state)
{
    struct machine *m = *state;
    struct sriov_vm_window win = machine_window(m, MMIO, 0x1000);

    win.read = runs_the_guest;
    assert_int_equal(m->f->ops->vm_window_add(m->dev, &win), 0);
    assert_int_equal(sriov_mock_guest_read(m->vm, MMIO, 4), UINT32_MAX);
    fixture_expect(m->f, SRIOV_VIOLATION_CONTRACT);
}

static void test_held(void **state)
{
    struct machine *m = *state;
    struct sriov_vm_window win = machine_window(m, MMIO, 0x1000);
    struct sriov_vm_doorbell bell = machine_bell(m, MMIO, 100);
    struct sriov_irq_sink sink = {.size = sizeof(sink)};
    uint64_t held = sriov_mock_held(m->f->mock);

    assert_int_equal(m->f->ops->vm_window_add(m->dev, &win), 0);
    assert_int_equal(m->f->ops->vm_doorbell_add(m->dev, &bell), 0);
    assert_int_equal(m->f->ops->vm_irq_sink(m->dev, 0, &sink), 0);
    assert_int_equal(m->f->ops->vm_dirty_start(m->ctx, SRIOV_VM_DIRTY_BITMAP), 0);
    assert_int_equal(sriov_mock_held(m->f->mock), held + 4);
    m->f->ops->vm_dev_del(m->dev); /* all that is its own */
    m->dev = NULL;
    assert_int_equal(sriov_mock_held(m->f->mock), held); /* the log for the function */
    assert_int_equal(m->f->ops->vm_dirty_stop(m->ctx), 0);
}

static void test_left_when_the_mock_ends(void **state)
{
    struct sriov_mock_opts opts = {.size = sizeof(opts), .flags = SRIOV_MOCK_QUIET};
    struct sriov_mock *mock = NULL;
    struct sriov_vm *vm = NULL;

    (void)state;
    assert_int_equal(sriov_mock_create(&opts, &mock), 0);
    assert_int_equal(sriov_mock_vm_create(mock, NULL, &vm), 0);
    sriov_mock_destroy(mock); /* whatever is left is a finding, and no leak of memory */
}

static void test_faults(void **state)
{
    struct machine *m = *state;
    struct sriov_mock_fault fault = {
        .size = sizeof(fault), .kind = SRIOV_MOCK_FAULT_OP, .fn = "thing", .op = "vm_hot_add", .nth = 1};
    struct sriov_vm_info info = {.size = sizeof(info)};

    fault.err = -ENOSPC;
    assert_int_equal(sriov_mock_inject(m->f->mock, &fault), 0);
    assert_int_equal(m->f->ops->vm_hot_add(m->dev), -ENOSPC);
    assert_int_equal(m->f->ops->vm_hot_add(m->dev), 0);
    fault.fn = sriov_vm_name(m->vm);
    fault.op = "vm_info";
    assert_int_equal(sriov_mock_inject(m->f->mock, &fault), 0);
    assert_int_equal(m->f->ops->vm_info(m->ctx, &info), -ENOSPC);
    assert_int_equal(sriov_mock_clear_faults(m->f->mock), 2);
    fault.op = "vm_dev_del";
    assert_int_equal(sriov_mock_inject(m->f->mock, &fault), -EINVAL); /* it cannot fail */
    fault.kind = SRIOV_MOCK_FAULT_GONE;
    fault.fn = NULL;
    assert_int_equal(sriov_mock_inject(m->f->mock, &fault), -EINVAL); /* whose? */
    fault.fn = m->f->pf;
    assert_int_equal(sriov_mock_inject(m->f->mock, &fault), 0);
    m->f->ops->vm_dev_del(m->dev);
    m->dev = NULL;
    assert_int_equal(sriov_mock_clear_faults(m->f->mock), 1);
    assert_int_equal(sriov_mock_remove(m->f->mock, m->f->pf, false, 0), -ENOENT); /* it is gone */
    assert_true(sriov_mock_op_calls(m->f->mock, "vm_hot_add") == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(test_consent),
        MACHINE_TEST(test_consent_later),
        MACHINE_TEST(test_no_consent),
        MACHINE_TEST(test_asked_and_deleted),
        MACHINE_TEST(test_slots),
        MACHINE_TEST(test_deleted_twice),
        MACHINE_TEST(test_sink_left_behind),
        MACHINE_TEST(test_functions_of_its_own),
        MACHINE_TEST(test_misuse),
        MACHINE_TEST(test_callbacks_one_at_a_time),
        MACHINE_TEST(test_held),
        cmocka_unit_test(test_left_when_the_mock_ends),
        MACHINE_TEST(test_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
