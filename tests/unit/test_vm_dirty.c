/* SPDX-License-Identifier: BSD-3-Clause */
/* The dirty log: the union of CPUs, functions, and functions that left. */
#include "fake_vm.h"

#define HIGH UINT64_C(0x100000000)

static uint64_t page(unsigned n)
{
    return UINT64_C(1) << n;
}

static uint64_t read_all(struct fake_vm *m)
{
    uint64_t bits = UINT64_MAX;

    assert_int_equal(sriov_vm_dirty_read(m->vm, 0, FAKE_RAM, &bits), 0);
    return bits;
}

static void start(struct fake_vm *m)
{
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), 0);
}

static void stop(struct fake_vm *m)
{
    assert_int_equal(sriov_vm_dirty_stop(m->vm), 0);
}

static void test_union(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    uint64_t bits = 0;

    start(m);
    assert_int_equal(m->dirty_mode, SRIOV_VM_DIRTY_BITMAP);
    assert_true(m->f.log_on);
    assert_int_equal(read_all(m), 0);
    m->cpu_wrote = page(1) | page(7);
    m->f.written = page(7) | page(63);
    assert_int_equal(read_all(m), page(1) | page(7) | page(63));
    assert_int_equal(read_all(m), 0); /* clean afterwards */
    m->cpu_wrote = page(8) | page(9);
    m->f.written = page(10);
    assert_int_equal(sriov_vm_dirty_read(m->vm, 9 * 4096, 2 * 4096, &bits), 0);
    assert_int_equal(bits, page(0) | page(1));
    assert_int_equal(read_all(m), page(8));
    stop(m);
    assert_false(m->f.log_on);
    assert_int_equal(m->dirty_mode, 0);
    sriov_vm_release(a);
}

static void test_arguments(void **state)
{
    struct fake_vm *m = *state;
    uint64_t bits;

    assert_int_equal(sriov_vm_dirty_start(NULL, 1), -EINVAL);
    assert_int_equal(sriov_vm_dirty_start(m->vm, 0), -EINVAL);
    assert_int_equal(sriov_vm_dirty_start(m->vm, 3), -EINVAL);
    assert_int_equal(sriov_vm_dirty_stop(m->vm), -EINVAL);
    assert_int_equal(sriov_vm_dirty_stop(NULL), -EINVAL);
    assert_int_equal(sriov_vm_dirty_read(m->vm, 0, 4096, &bits), -EINVAL); /* off */
    m->caps &= ~(uint64_t)SRIOV_VM_CAP_DIRTY_RING;
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_RING), -EOPNOTSUPP);
    start(m);
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), -EBUSY);
    assert_int_equal(sriov_vm_dirty_read(NULL, 0, 4096, &bits), -EINVAL);
    assert_int_equal(sriov_vm_dirty_read(m->vm, 0, 4096, NULL), -EINVAL);
    assert_int_equal(sriov_vm_dirty_read(m->vm, 0, 0, &bits), -EINVAL);
    assert_int_equal(sriov_vm_dirty_read(m->vm, 8, 4096, &bits), -EINVAL);
    assert_int_equal(sriov_vm_dirty_read(m->vm, 0, 4095, &bits), -EINVAL);
    assert_int_equal(sriov_vm_dirty_read(m->vm, UINT64_MAX - 4095, 8192, &bits), -EINVAL);
    assert_int_equal(sriov_vm_dirty_read(m->vm, FAKE_RAM, 4096, &bits), -ERANGE);
    assert_int_equal(sriov_vm_dirty_read(m->vm, FAKE_RAM - 4096, 8192, &bits), -ERANGE);
    stop(m);
    m->caps &= ~(uint64_t)SRIOV_VM_CAP_DIRTY_BITMAP;
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), -EOPNOTSUPP);
}

static void test_all_or_nothing(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    long allocs = m->f.live_allocs;

    fake_fail(&m->f, "dma_dirty_start", 1, -EOPNOTSUPP);
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), -EOPNOTSUPP);
    assert_int_equal(m->dirty_mode, 0);
    fake_fail(&m->f, "vm_dirty_start", 1, -EIO);
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), -EIO);
    assert_false(m->f.log_on);
    m->f.fail_alloc = m->f.alloc_calls + 1;
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), -ENOMEM);
    assert_int_equal(m->f.live_allocs, allocs);
    assert_int_equal(fake_vm_add_ram(m, HIGH), 0);
    allocs = m->f.live_allocs;
    m->f.fail_alloc = m->f.alloc_calls + 2; /* of the second piece */
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), -ENOMEM);
    assert_int_equal(m->f.live_allocs, allocs);
    start(m);
    allocs = m->f.live_allocs;
    fake_fail(&m->f, "dma_map", 1, -EIO);
    assert_int_equal(fake_vm_add_ram(m, 2 * HIGH), -EIO);
    assert_int_equal(m->f.live_allocs, allocs);
    stop(m);
    sriov_vm_release(a);
}

/* A function that comes while the log is on is logged, or does not come. */
static void test_comes_late(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    start(m);
    fake_fail(&m->f, "dma_dirty_start", 1, -EOPNOTSUPP);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &a), -EOPNOTSUPP);
    a = fake_vm_assign(m, NULL);
    m->f.written = page(3);
    assert_int_equal(read_all(m), page(3));
    stop(m);
    sriov_vm_release(a);
}

static void test_leaves_early(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    uint64_t bits = 0;

    start(m);
    m->f.written = page(3) | page(40);
    sriov_vm_release(a);
    assert_false(m->f.log_on);
    assert_int_equal(sriov_vm_dirty_read(m->vm, 2 * 4096, 4 * 4096, &bits), 0);
    assert_int_equal(bits, page(1));
    m->cpu_wrote = page(0);
    assert_int_equal(read_all(m), page(0) | page(40));
    assert_int_equal(read_all(m), 0);
    stop(m);
}

/* Nobody can tell any more what it wrote: any page may be. */
static void test_leaves_without_a_word(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    start(m);
    fake_fail(&m->f, "dma_dirty_read", 1, -EIO);
    sriov_vm_release(a);
    assert_int_equal(read_all(m), UINT64_MAX);
    assert_int_equal(read_all(m), 0);
    stop(m);
}

static void test_vanishes(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    start(m);
    m->f.written = page(5);
    sriov_fn_kill(m->fn);
    assert_int_equal(read_all(m), page(5)); /* its shim still knows */
    fake_fail(&m->f, "dma_dirty_read", 1, -ENODEV);
    m->f.fail.times = 2;
    assert_int_equal(read_all(m), UINT64_MAX);
    assert_int_equal(read_all(m), 0);
    stop(m);
    start(m); /* it writes nothing any more */
    assert_false(m->f.log_on);
    assert_int_equal(read_all(m), 0);
    stop(m);
    sriov_vm_release(a);
}

static void test_nothing_is_lost(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    uint64_t bits = 0;

    start(m);
    m->cpu_wrote = page(1);
    m->f.written = page(2);
    fake_fail(&m->f, "dma_dirty_read", 1, -EIO);
    assert_int_equal(sriov_vm_dirty_read(m->vm, 0, FAKE_RAM, &bits), -EIO);
    assert_int_equal(bits, page(1));
    assert_int_equal(read_all(m), page(2));
    m->cpu_wrote = page(1);
    m->f.written = page(2);
    fake_fail(&m->f, "vm_dirty_read", 1, -EIO);
    assert_int_equal(sriov_vm_dirty_read(m->vm, 0, FAKE_RAM, &bits), -EIO);
    assert_int_equal(bits, page(2));
    assert_int_equal(read_all(m), page(1));
    stop(m);
    sriov_vm_release(a);
}

static void test_stop_stops(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    start(m);
    fake_fail(&m->f, "vm_dirty_stop", 1, -EIO);
    assert_int_equal(sriov_vm_dirty_stop(m->vm), -EIO);
    assert_false(m->f.log_on);
    start(m);
    stop(m);
    sriov_vm_release(a);
}

/* Pieces that touch are one range; one that came while the log was on is in it; one that went is not. */
static void test_pieces(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    uint64_t bits[2] = {0, 0};

    start(m);
    assert_int_equal(fake_vm_add_ram(m, FAKE_RAM), 0);
    m->cpu_wrote = page(63);
    m->f.written = page(62);
    sriov_vm_release(a);
    assert_int_equal(sriov_vm_dirty_read(m->vm, FAKE_RAM - 8192, FAKE_RAM, bits), 0);
    assert_int_equal(bits[0], page(0) | page(1));
    assert_int_equal(sriov_vm_dirty_read(m->vm, 0, 2 * FAKE_RAM, bits), 0);
    assert_int_equal(bits[0] | bits[1], 0);
    assert_int_equal(sriov_vm_del_memory(m->vm, FAKE_RAM, FAKE_RAM), 0);
    assert_int_equal(sriov_vm_dirty_read(m->vm, 0, 2 * FAKE_RAM, bits), -ERANGE);
    /* In whatever order they came. */
    assert_int_equal(fake_vm_add_ram(m, HIGH + FAKE_RAM), 0);
    assert_int_equal(fake_vm_add_ram(m, HIGH), 0);
    assert_int_equal(sriov_vm_dirty_read(m->vm, HIGH, 2 * FAKE_RAM, bits), 0);
    assert_int_equal(sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM), 0);
    m->f.fail_alloc = m->f.alloc_calls + 1;
    assert_int_equal(fake_vm_add_ram(m, HIGH), -ENOMEM);
    stop(m);
}

/* Memory that stays after all was unmapped meanwhile: what its devices wrote before that is not lost. */
static void test_memory_that_stays(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    start(m);
    assert_int_equal(read_all(m), 0);
    fake_fail(&m->f, "vm_mem_del", 1, -EIO);
    assert_int_equal(sriov_vm_del_memory(m->vm, 0, FAKE_RAM), -EIO);
    assert_int_equal(read_all(m), UINT64_MAX);
    assert_int_equal(read_all(m), 0);
    /* The device that refuses kept its mapping, and its log. */
    fake_fail(&m->f, "dma_unmap", 1, -EIO);
    assert_int_equal(sriov_vm_del_memory(m->vm, 0, FAKE_RAM), -EIO);
    assert_int_equal(read_all(m), 0);
    stop(m);
    sriov_vm_release(a);
}

/* What a device cannot write it did not. */
static void test_readonly(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_vm_mem mem = {
        .size = sizeof(mem), .gpa = HIGH, .length = 4096, .va = m->ram, .flags = SRIOV_VM_MEM_READONLY};
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    uint64_t bits = 1;

    assert_int_equal(sriov_vm_add_memory(m->vm, &mem), 0);
    start(m);
    fake_fail(&m->f, "dma_dirty_read", 1, -EIO);
    m->f.fail.times = 2;
    sriov_vm_release(a);
    assert_int_equal(sriov_vm_dirty_read(m->vm, HIGH, 4096, &bits), 0);
    assert_int_equal(bits, 0);
    stop(m);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_vm_setup, fake_vm_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_union),      T(test_arguments),       T(test_all_or_nothing),
        T(test_comes_late), T(test_leaves_early),    T(test_leaves_without_a_word),
        T(test_vanishes),   T(test_nothing_is_lost), T(test_stop_stops),
        T(test_pieces),     T(test_readonly),        T(test_memory_that_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
