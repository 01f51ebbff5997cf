/* SPDX-License-Identifier: BSD-3-Clause */
/* Registration: tables short, long, old, from the future, with holes. */
#include "fake_vmm.h"

#include <stdlib.h>

static struct sriov_vmm *register_ok(struct fake *f)
{
    struct sriov_vmm *vmm = NULL;

    assert_int_equal(sriov_vmm_register(&f->ops, f, &vmm), 0);
    assert_non_null(vmm);
    return vmm;
}

static void refused(struct fake *f, const struct sriov_vmm_ops *ops, int err)
{
    struct sriov_vmm *vmm = (void *)f;

    assert_int_equal(sriov_vmm_register(ops, f, &vmm), err);
    assert_null(vmm);
    assert_int_equal(f->live_allocs, 0);
}

static void finish(struct fake *f)
{
    assert_int_equal(f->live_allocs, 0);
    free(f->bar[0]);
}

static void test_copies_the_table(void **state)
{
    struct fake f;
    struct sriov_vmm *vmm;
    char name[] = "short-lived";

    (void)state;
    fake_init(&f);
    f.ops.name = name;
    vmm = register_ok(&f);
    memset(name, 'x', sizeof(name) - 1);
    memset(&f.ops, 0xff, sizeof(f.ops));
    assert_string_equal(sriov_vmm_name(vmm), "short-lived");
    assert_string_equal(sriov_vmm_ops(vmm)->name, "short-lived");
    assert_int_equal(sriov_vmm_ops(vmm)->size, sizeof(struct sriov_vmm_ops));
    assert_ptr_equal(sriov_vmm_ctx(vmm), &f);
    assert_int_equal(sriov_vmm_unregister(vmm), 0);
    finish(&f);
}

static const size_t required[] = {
    offsetof(struct sriov_vmm_ops, name),      offsetof(struct sriov_vmm_ops, host_alloc),
    offsetof(struct sriov_vmm_ops, host_free), offsetof(struct sriov_vmm_ops, now_ns),
    offsetof(struct sriov_vmm_ops, relax),     offsetof(struct sriov_vmm_ops, sleep_ns),
    offsetof(struct sriov_vmm_ops, wait),      offsetof(struct sriov_vmm_ops, open),
    offsetof(struct sriov_vmm_ops, close),     offsetof(struct sriov_vmm_ops, info),
    offsetof(struct sriov_vmm_ops, cfg_read),  offsetof(struct sriov_vmm_ops, cfg_write),
    offsetof(struct sriov_vmm_ops, bar_info),  offsetof(struct sriov_vmm_ops, bar_read),
    offsetof(struct sriov_vmm_ops, bar_write), offsetof(struct sriov_vmm_ops, dma_limits),
    offsetof(struct sriov_vmm_ops, dma_alloc), offsetof(struct sriov_vmm_ops, dma_free),
};

static int is_required(size_t off)
{
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (required[i] == off) {
            return 1;
        }
    }
    return 0;
}

static void test_each_hole(void **state)
{
    size_t first = offsetof(struct sriov_vmm_ops, name);

    (void)state;
    for (size_t off = first; off < sizeof(struct sriov_vmm_ops); off += sizeof(void *)) {
        struct fake f;
        void *op;

        fake_init(&f);
        memset((char *)&f.ops + off, 0, sizeof(void *));
        if (is_required(off)) {
            refused(&f, &f.ops, -EINVAL);
        } else {
            struct sriov_vmm *vmm = register_ok(&f);

            memcpy(&op, (const char *)sriov_vmm_ops(vmm) + off, sizeof(op));
            assert_non_null(op);
            assert_int_equal(sriov_vmm_unregister(vmm), 0);
        }
        finish(&f);
    }
}

static int never_called(void *arg, const struct sriov_fn_info *info)
{
    (void)arg;
    (void)info;
    fail_msg("enumerate is absent");
    return 0;
}

static void test_absent_ops_say_never(void **state)
{
    struct fake f;
    struct sriov_vmm *vmm;
    const struct sriov_vmm_ops *o;
    uint32_t n = 7;
    volatile void *view = &f;

    (void)state;
    fake_init(&f);
    f.ops.size = offsetof(struct sriov_vmm_ops, dma_map);
    f.ops.log = NULL;
    f.ops.enumerate = NULL;
    f.ops.reset = NULL;
    f.ops.set_vfs = NULL;
    f.ops.kill = NULL;
    f.ops.bar_view = NULL;
    f.ops.bar_unview = NULL;
    vmm = register_ok(&f);
    o = sriov_vmm_ops(vmm);
    assert_int_equal(o->enumerate(&f, NULL, NULL), -EOPNOTSUPP);
    assert_int_equal(o->reset(&f), -EOPNOTSUPP);
    assert_int_equal(o->set_vfs(&f, 1), -EOPNOTSUPP);
    assert_int_equal(o->bar_view(&f, 0, &view), -EOPNOTSUPP);
    assert_null((void *)(uintptr_t)view);
    assert_int_equal(o->dma_map(&f, NULL), -EOPNOTSUPP);
    assert_int_equal(o->dma_unmap(&f, NULL), -EOPNOTSUPP);
    assert_int_equal(o->irq_count(&f, &n), -EOPNOTSUPP);
    assert_int_equal(n, 0);
    assert_int_equal(o->irq_enable(&f, &n), -EOPNOTSUPP);
    assert_int_equal(o->irq_disable(&f), -EOPNOTSUPP);
    assert_int_equal(o->irq_attach(&f, 0, NULL), -EOPNOTSUPP);
    assert_int_equal(o->irq_detach(&f, 0), -EOPNOTSUPP);
    assert_int_equal(o->irq_mask(&f, 0), -EOPNOTSUPP);
    assert_int_equal(o->irq_unmask(&f, 0), -EOPNOTSUPP);
    assert_int_equal(o->irq_pending(&f, 0, &n), -EOPNOTSUPP);
    assert_int_equal(o->irq_trigger(&f, 0), -EOPNOTSUPP);
    assert_int_equal(o->set_event_sink(&f, NULL), -EOPNOTSUPP);
    o->kill(&f);
    o->bar_unview(&f, 0, NULL);
    o->log(&f, 1, "unheard");
    assert_int_equal(f.logs, 0);
    assert_int_equal(sriov_vmm_enumerate(vmm, never_called, NULL), -EOPNOTSUPP);
    assert_int_equal(sriov_vmm_unregister(vmm), 0);
    finish(&f);
}

/* The table as the first shims were compiled: 304 bytes, without descriptors, dirty log and machines. */
static void test_table_before_the_vm_face(void **state)
{
    struct fake f;
    struct sriov_vmm *vmm;
    const struct sriov_vmm_ops *o;
    uint64_t word = 0;

    (void)state;
    fake_init(&f);
    memset((char *)&f.ops + 304, 0xff, sizeof(f.ops) - 304);
    f.ops.size = 304;
    vmm = register_ok(&f);
    o = sriov_vmm_ops(vmm);
    assert_ptr_equal((void *)(uintptr_t)o->set_event_sink, (void *)(uintptr_t)f.ops.set_event_sink);
    assert_int_equal(o->dma_dirty_start(&f), -EOPNOTSUPP);
    assert_int_equal(o->dma_dirty_stop(&f), -EOPNOTSUPP);
    assert_int_equal(o->dma_dirty_read(&f, 0, 4096, &word), -EOPNOTSUPP);
    assert_int_equal(word, 0);
    assert_int_equal(o->vm_mem_add(&f, NULL), -EOPNOTSUPP);
    assert_int_equal(o->vm_mem_del(&f, NULL), -EOPNOTSUPP);
    o->vm_dev_del(&f);
    assert_int_equal(o->vm_window_add(&f, NULL), -EOPNOTSUPP);
    assert_int_equal(o->vm_window_del(&f, 0, 4096), -EOPNOTSUPP);
    assert_int_equal(o->vm_doorbell_add(&f, NULL), -EOPNOTSUPP);
    assert_int_equal(o->vm_doorbell_del(&f, 0), -EOPNOTSUPP);
    assert_int_equal(o->vm_irq_route(&f, 0, NULL), -EOPNOTSUPP);
    assert_int_equal(o->vm_dirty_start(&f, SRIOV_VM_DIRTY_BITMAP), -EOPNOTSUPP);
    assert_int_equal(o->vm_dirty_stop(&f), -EOPNOTSUPP);
    assert_int_equal(o->vm_dirty_read(&f, 0, 4096, &word), -EOPNOTSUPP);
    assert_int_equal(o->vm_hot_add(&f), -EOPNOTSUPP);
    assert_int_equal(o->vm_hot_remove(&f, NULL, NULL), -EOPNOTSUPP);
    assert_int_equal(o->mig_set_state(&f, SRIOV_MIG_STOP), -EOPNOTSUPP);
    assert_int_equal(o->mig_write(&f, &word, sizeof(word)), -EOPNOTSUPP);
    assert_int_equal(sriov_vmm_unregister(vmm), 0);
    finish(&f);
}

/* What the absent ops leave in what they were to fill. */
static void test_absent_results_are_harmless(void **state)
{
    struct sriov_vm_info info = {.size = sizeof(info), .caps = 7, .vectors_left = 7};
    struct sriov_irq_sink sink = {.fd = 7};
    struct sriov_mig_info mig = {.size = sizeof(mig), .flags = 7, .stop_copy_len = 7};
    struct fake *f = *state;
    const struct sriov_vmm_ops *o = sriov_vmm_ops(f->vmm);
    uint64_t len = 7;
    uint32_t n = 7;
    int32_t fd = 7;
    void *dev = f;

    assert_int_equal(o->mig_info(f, &mig), -EOPNOTSUPP);
    assert_int_equal(mig.flags, 0);
    assert_int_equal(mig.stop_copy_len, 0);
    assert_int_equal(o->mig_state(f, &n), -EOPNOTSUPP);
    assert_int_equal(n, SRIOV_MIG_RUNNING);
    assert_int_equal(o->mig_read(f, &mig, 1, &len), -EOPNOTSUPP);
    assert_int_equal(len, 0);
    assert_int_equal(o->fn_fd(f, &fd, &n), -EOPNOTSUPP);
    assert_int_equal(fd, -1);
    assert_int_equal(n, SRIOV_FN_FD_NONE);
    assert_int_equal(o->vm_info(f, &info), -EOPNOTSUPP);
    assert_int_equal(info.size, sizeof(info));
    assert_int_equal(info.caps | info.doorbells_left | info.vectors_left, 0);
    assert_int_equal(o->vm_dev_add(f, NULL, &dev), -EOPNOTSUPP);
    assert_null(dev);
    assert_int_equal(o->vm_irq_sink(f, 0, &sink), -EOPNOTSUPP);
    assert_int_equal(sink.fd, -1);
    n = 7;
    assert_int_equal(o->vm_irq_pending(f, 0, &n), -EOPNOTSUPP);
    assert_int_equal(n, 0);
}

/* A table that ends before a member, for every member: whatever lies behind is not looked at. */
static void test_each_short_size(void **state)
{
    size_t least = offsetof(struct sriov_vmm_ops, dma_free) + sizeof(void *);

    (void)state;
    for (uint32_t size = 0; size <= sizeof(struct sriov_vmm_ops); size++) {
        struct fake f;
        struct sriov_vmm *vmm;

        fake_init(&f);
        f.ops.size = size;
        if (size < least || size % sizeof(void *) != 0) {
            refused(&f, &f.ops, -EINVAL);
            finish(&f);
            continue;
        }
        vmm = register_ok(&f);
        if (size <= offsetof(struct sriov_vmm_ops, irq_trigger)) {
            assert_int_equal(sriov_vmm_ops(vmm)->irq_trigger(&f, 0), -EOPNOTSUPP);
        }
        assert_int_equal(sriov_vmm_unregister(vmm), 0);
        finish(&f);
    }
}

static void test_long_tables(void **state)
{
    struct {
        struct sriov_vmm_ops ops;
        unsigned char tail[64];
    } longer;
    struct fake f;
    struct sriov_vmm *vmm;

    (void)state;
    fake_init(&f);
    memset(&longer, 0, sizeof(longer));
    longer.ops = f.ops;
    longer.ops.size = sizeof(longer);
    assert_int_equal(sriov_vmm_register(&longer.ops, &f, &vmm), 0);
    assert_int_equal(sriov_vmm_unregister(vmm), 0);
    for (size_t i = 0; i < sizeof(longer.tail); i++) {
        longer.tail[i] = 1;
        refused(&f, &longer.ops, -E2BIG);
        longer.tail[i] = 0;
    }
    /* Of another ABI first of all, whatever it has beyond. */
    longer.tail[0] = 1;
    longer.ops.abi = SRIOV_VMM_ABI + 1;
    refused(&f, &longer.ops, -EPROTO);
    longer.ops.abi = SRIOV_VMM_ABI;
    longer.tail[0] = 0;
    longer.ops.size = UINT32_MAX & ~7u;
    refused(&f, &longer.ops, -EINVAL);
    finish(&f);
}

static void test_abi_and_arguments(void **state)
{
    struct fake f;
    struct sriov_vmm *vmm;

    (void)state;
    fake_init(&f);
    f.ops.abi = SRIOV_VMM_ABI + 1;
    refused(&f, &f.ops, -EPROTO);
    f.ops.abi = 0;
    refused(&f, &f.ops, -EPROTO);
    assert_int_equal(sriov_vmm_register(NULL, NULL, &vmm), -EINVAL);
    assert_int_equal(sriov_vmm_register(&f.ops, NULL, NULL), -EINVAL);
    assert_int_equal(sriov_vmm_unregister(NULL), -EINVAL);
    f.ops.abi = SRIOV_VMM_ABI;
    f.fail_alloc = 1;
    refused(&f, &f.ops, -ENOMEM);
    finish(&f);
}

static void test_long_name_is_cut(void **state)
{
    struct fake f;
    char name[200];

    (void)state;
    fake_init(&f);
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    f.ops.name = name;
    fake_register(&f);
    assert_int_equal(strlen(sriov_vmm_name(f.vmm)), SRIOV_NAME_MAX - 1);
    fake_finish(&f);
}

static int count_one(void *arg, const struct sriov_fn_info *info)
{
    assert_string_equal(info->name, FAKE_NAME);
    return *(int *)arg;
}

static void test_host_services(void **state)
{
    struct fake *f = *state;
    uint64_t before = sriov_vmm_now(f->vmm);
    int stop = 42;

    sriov_vmm_sleep(f->vmm, 500);
    assert_int_equal(sriov_vmm_now(f->vmm), before + 500);
    sriov_vmm_relax(f->vmm);
    assert_int_equal(f->relaxes, 1);
    assert_int_equal(sriov_vmm_wait(f->vmm, 10), -ETIMEDOUT);
    assert_int_equal(sriov_vmm_wait(f->vmm, UINT64_MAX), -EAGAIN);
    assert_int_equal(sriov_vmm_enumerate(f->vmm, count_one, &stop), 42);
    assert_int_equal(sriov_vmm_enumerate(f->vmm, NULL, NULL), -EINVAL);
}

static void test_busy_while_open(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);

    assert_int_equal(sriov_vmm_unregister(f->vmm), -EBUSY);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_version(void **state)
{
    char text[32];

    (void)state;
    sriov_format(text, sizeof(text), "%u.%u.%u", SRIOV_VERSION_MAJOR, SRIOV_VERSION_MINOR,
                 SRIOV_VERSION_PATCH);
    assert_string_equal(sriov_version(), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_the_table),
        cmocka_unit_test(test_each_hole),
        cmocka_unit_test(test_absent_ops_say_never),
        cmocka_unit_test(test_table_before_the_vm_face),
        cmocka_unit_test_setup_teardown(test_absent_results_are_harmless, fake_setup, fake_teardown),
        cmocka_unit_test(test_each_short_size),
        cmocka_unit_test(test_long_tables),
        cmocka_unit_test(test_abi_and_arguments),
        cmocka_unit_test(test_long_name_is_cut),
        cmocka_unit_test_setup_teardown(test_host_services, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_busy_while_open, fake_setup, fake_teardown),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
