/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines and their memory: what is refused, what a function reaches, all or nothing. */
#include "fake_vm.h"

#include <stdlib.h>

#define HIGH UINT64_C(0x100000000)

static void test_register(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_vm *other = (void *)m;
    struct fake plain;

    assert_int_equal(sriov_vm_register(NULL, m, "x", &other), -EINVAL);
    assert_int_equal(sriov_vm_register(m->f.vmm, m, NULL, &other), -EINVAL);
    assert_int_equal(sriov_vm_register(m->f.vmm, m, "", &other), -EINVAL);
    assert_int_equal(sriov_vm_register(m->f.vmm, m, "x", NULL), -EINVAL);
    m->f.fail_alloc = m->f.alloc_calls + 1;
    assert_int_equal(sriov_vm_register(m->f.vmm, m, "x", &other), -ENOMEM);
    assert_null(other);
    assert_string_equal(sriov_vm_name(m->vm), "guest");
    assert_ptr_equal(sriov_vm_vmm(m->vm), m->f.vmm);
    assert_ptr_equal(sriov_vm_ctx(m->vm), m);
    fake_init(&plain);
    fake_register(&plain);
    assert_int_equal(sriov_vm_register(plain.vmm, &plain, "x", &other), -EOPNOTSUPP);
    fake_finish(&plain);
}

static void test_unregister(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_vm *other;
    struct sriov_vmm *vmm = m->f.vmm;

    assert_int_equal(sriov_vm_unregister(NULL), -EINVAL);
    assert_int_equal(sriov_vm_unregister(m->vm), -EBUSY); /* memory */
    assert_int_equal(sriov_vm_register(vmm, m, "other", &other), 0);
    assert_int_equal(sriov_vm_unregister(other), 0);
    assert_int_equal(sriov_fn_close(m->fn), 0);
    assert_int_equal(sriov_vmm_unregister(vmm), -EBUSY); /* a machine */
    fake_vm_open(m);
}

static void test_info(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_vm_info info = {.size = sizeof(info)};

    m->vectors_left = 9;
    assert_int_equal(sriov_vm_info(m->vm, &info), 0);
    assert_int_equal(info.caps, m->caps);
    assert_int_equal(info.vectors_left, 9);
    assert_int_equal(sriov_vm_info(m->vm, NULL), -EINVAL);
    fake_fail(&m->f, "vm_info", 1, -EIO);
    assert_int_equal(sriov_vm_info(m->vm, &info), -EIO);
}

static struct sriov_vm_mem piece(struct fake_vm *m, uint64_t gpa)
{
    struct sriov_vm_mem mem = {.size = sizeof(mem), .gpa = gpa, .length = FAKE_RAM, .va = m->ram};

    return mem;
}

static void refused(struct fake_vm *m, const struct sriov_vm_mem *mem, int err)
{
    unsigned mems = m->num_mems;
    unsigned maps = m->f.num_maps;

    assert_int_equal(sriov_vm_add_memory(m->vm, mem), err);
    assert_int_equal(m->num_mems, mems);
    assert_int_equal(m->f.num_maps, maps);
}

static void test_memory_arguments(void **state)
{
    struct fake_vm *m = *state;
    struct {
        struct sriov_vm_mem mem;
        uint64_t tail;
    } longer = {.mem = piece(m, HIGH), .tail = 1};
    struct sriov_vm_mem mem = piece(m, HIGH);

    assert_int_equal(sriov_vm_add_memory(NULL, &mem), -EINVAL);
    refused(m, NULL, -EINVAL);
    mem.size = 8;
    refused(m, &mem, -EINVAL);
    longer.mem.size = sizeof(longer);
    refused(m, &longer.mem, -E2BIG);
    mem = piece(m, HIGH + 8);
    refused(m, &mem, -EINVAL);
    mem = piece(m, HIGH);
    mem.length = 4095;
    refused(m, &mem, -EINVAL);
    mem.length = 0;
    refused(m, &mem, -EINVAL);
    mem = piece(m, HIGH);
    mem.va = m->ram + 1;
    refused(m, &mem, -EINVAL);
    mem.va = NULL;
    refused(m, &mem, -EINVAL);
    mem = piece(m, HIGH);
    mem.flags = 2;
    refused(m, &mem, -EINVAL);
    mem = piece(m, UINT64_MAX - 4095);
    refused(m, &mem, -EINVAL); /* wraps */
}

static void test_memory_overlap(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_vm_mem mem = piece(m, 0);
    struct sriov_assign *a;

    refused(m, &mem, -EINVAL);
    mem.gpa = FAKE_RAM - 4096;
    refused(m, &mem, -EINVAL);
    a = fake_vm_assign(m, NULL);
    fake_guest_enable(m);
    mem.gpa = FAKE_BAR0 + 0x2000;
    refused(m, &mem, -EBUSY);
    mem.gpa = FAKE_BAR0 - FAKE_RAM + 4096;
    refused(m, &mem, -EBUSY);
    mem.gpa = FAKE_BAR0 - FAKE_RAM;
    assert_int_equal(sriov_vm_add_memory(m->vm, &mem), 0);
    sriov_vm_release(a);
}

/* The list grows, with the functions' mappings beside it. */
static void test_many_pieces(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    struct sriov_vm_mem mem = piece(m, HIGH);
    int refusals = 0;

    while (m->num_mems < FAKE_VM_MEMS) {
        m->f.fail_alloc = m->f.alloc_calls + 1;
        if (sriov_vm_add_memory(m->vm, &mem) == -ENOMEM) {
            refusals++;
            m->f.fail_alloc = 0;
            assert_int_equal(sriov_vm_add_memory(m->vm, &mem), 0);
        }
        m->f.fail_alloc = 0;
        mem.gpa += FAKE_RAM;
        assert_int_equal(m->f.num_maps, m->num_mems);
    }
    assert_int_equal(refusals, 1); /* room for 4, then for 8 */
    for (unsigned i = FAKE_VM_MEMS; i > 1; i--) {
        assert_int_equal(sriov_vm_del_memory(m->vm, HIGH + (i - 2) * FAKE_RAM, FAKE_RAM), 0);
    }
    assert_int_equal(m->f.num_maps, 1);
    sriov_vm_release(a);
}

static int is_mapped(const struct fake *f, uint64_t iova, uint64_t length, const void *va)
{
    for (unsigned i = 0; i < FAKE_MAPS; i++) {
        const struct fake_map *map = &f->maps[i];

        if (map->length == length && map->iova == iova && map->va == va && !map->own) {
            return 1;
        }
    }
    return 0;
}

static void test_functions_reach_it(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    assert_int_equal(m->f.num_maps, 0);
    a = fake_vm_assign(m, NULL);
    assert_int_equal(m->f.num_maps, 1);
    assert_true(is_mapped(&m->f, 0, FAKE_RAM, m->ram)); /* IOVA 0 is guest-physical 0 */
    assert_int_equal(fake_vm_add_ram(m, HIGH), 0);
    assert_true(is_mapped(&m->f, HIGH, FAKE_RAM, m->ram));
    assert_int_equal(sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM), 0);
    assert_int_equal(m->f.num_maps, 1);
    sriov_vm_release(a);
    assert_int_equal(m->f.num_maps, 0);
}

static void note_owner(void *arg, const struct sriov_leak *entry)
{
    const char **owner = arg;

    *owner = entry->owner;
}

static void test_ledger_names_the_machine(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    const char *owner = "";

    sriov_dma_each(m->fn, note_owner, &owner);
    assert_string_equal(owner, "vm guest");
    sriov_vm_release(a);
}

static void test_out_of_reach(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    struct sriov_vm_mem mem = piece(m, UINT64_C(0x8000000000));

    refused(m, &mem, -ERANGE);
    mem.gpa = 0xfede0000; /* over the gap where messages go */
    refused(m, &mem, -ERANGE);
    m->f.limits.maps_left = 0;
    mem.gpa = HIGH;
    refused(m, &mem, -ENOSPC);
    m->f.limits.maps_left = UINT64_MAX;
    sriov_vm_release(a);
    /* Without a function nobody minds; one that comes then is refused. */
    mem.gpa = UINT64_C(0x8000000000);
    assert_int_equal(sriov_vm_add_memory(m->vm, &mem), 0);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &a), -ERANGE);
    assert_null(a);
    assert_int_equal(m->f.num_maps, 0);
}

static void test_readonly(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_vm_mem mem = piece(m, HIGH);
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    mem.flags = SRIOV_VM_MEM_READONLY;
    assert_int_equal(sriov_vm_add_memory(m->vm, &mem), 0);
    assert_int_equal(m->f.last_dir, SRIOV_DMA_DEVICE_READS);
    sriov_vm_release(a);
}

static void test_del(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    assert_int_equal(fake_vm_add_ram(m, HIGH), 0);
    assert_int_equal(sriov_vm_del_memory(NULL, 0, FAKE_RAM), -EINVAL);
    assert_int_equal(sriov_vm_del_memory(m->vm, HIGH, 4096), -ENOENT);
    assert_int_equal(sriov_vm_del_memory(m->vm, HIGH + 4096, FAKE_RAM), -ENOENT);
    /* Memory that a device still reaches stays the guest's. */
    fake_fail(&m->f, "dma_unmap", 1, -EIO);
    assert_int_equal(sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM), -EIO);
    assert_true(is_mapped(&m->f, HIGH, FAKE_RAM, m->ram));
    assert_int_equal(m->num_mems, 2);
    fake_fail(&m->f, "vm_mem_del", 1, -EIO);
    assert_int_equal(sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM), -EIO);
    assert_true(is_mapped(&m->f, HIGH, FAKE_RAM, m->ram));
    assert_int_equal(m->num_mems, 2);
    /* Twice bad luck is said aloud. */
    fake_fail(&m->f, "vm_mem_del", 1, -EIO);
    m->f.limits.maps_left = 0;
    assert_int_equal(sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM), -EIO);
    m->f.limits.maps_left = UINT64_MAX;
    assert_non_null(strstr(m->f.last_log, "lost sight of memory at 0x100000000"));
    assert_int_equal(m->num_mems, 2);
    assert_int_equal(sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM), 0);
    sriov_vm_release(a);
}

static void test_del_of_a_vanished(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    assert_int_equal(fake_vm_add_ram(m, HIGH), 0);
    sriov_fn_kill(m->fn);
    fake_fail(&m->f, "dma_unmap", 1, -EIO);
    assert_int_equal(sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM), 0);
    m->f.fail.nth = 0;
    assert_int_equal(fake_vm_add_ram(m, HIGH), 0); /* needs no mapping */
    sriov_vm_release(a);
    assert_int_equal(m->f.num_maps, 1); /* what the shim kept; close tries once more */
}

/* ---- a second function, of another VMM ---- */

struct second {
    struct fake f;
    struct sriov_fn *fn;
    struct sriov_assign *assign;
};

static struct second *second_make(struct fake_vm *m)
{
    struct second *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    fake_init(&s->f);
    fake_make_vf(&s->f);
    fake_register(&s->f);
    s->fn = fake_open(&s->f, NULL);
    assert_int_equal(sriov_vm_assign(s->fn, m->vm, NULL, &s->assign), 0);
    return s;
}

static void second_end(struct second *s)
{
    sriov_vm_release(s->assign);
    assert_int_equal(sriov_fn_close(s->fn), 0);
    fake_free_vf(&s->f);
    fake_finish(&s->f);
    free(s);
}

static void test_two_vmms(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    struct second *s = second_make(m);

    assert_ptr_equal(fake_vm_dev(m, 0)->args.fn, &m->f);
    assert_null(fake_vm_dev(m, 1)->args.fn); /* a stranger's handle means nothing to this VMM */
    assert_true(is_mapped(&s->f, 0, FAKE_RAM, m->ram));
    /* The one mapped first gives it back when the other cannot have it. */
    fake_fail(&m->f, "dma_map", 1, -EFAULT);
    assert_int_equal(fake_vm_add_ram(m, HIGH), -EFAULT);
    assert_int_equal(m->f.num_maps + s->f.num_maps, 2);
    fake_fail(&s->f, "dma_map", 1, -EFAULT);
    assert_int_equal(fake_vm_add_ram(m, HIGH), -EFAULT);
    assert_int_equal(m->f.num_maps + s->f.num_maps, 2);
    s->f.fail.nth = 0;
    /* One that refuses to let go of it: the others have it again. */
    assert_int_equal(fake_vm_add_ram(m, HIGH), 0);
    fake_fail(&m->f, "dma_unmap", 1, -EIO);
    assert_int_equal(sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM), -EIO);
    assert_int_equal(m->f.num_maps + s->f.num_maps, 4);
    m->f.fail.nth = 0;
    /* One that vanished does not keep the others from theirs. */
    assert_int_equal(sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM), 0);
    fake_fail(&s->f, "dma_limits", 1, -ENODEV);
    assert_int_equal(fake_vm_add_ram(m, HIGH), 0);
    assert_true(sriov_fn_gone(s->fn));
    assert_true(is_mapped(&m->f, HIGH, FAKE_RAM, m->ram));
    second_end(s);
    sriov_vm_release(a);
}

/* The log of all, or of none. */
static void test_two_logs(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    struct second *s = second_make(m);

    fake_fail(&m->f, "dma_dirty_start", 1, -EIO);
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), -EIO);
    assert_int_equal(m->f.log_on | s->f.log_on, 0);
    fake_fail(&s->f, "dma_dirty_start", 1, -EIO);
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), -EIO);
    assert_int_equal(m->f.log_on | s->f.log_on, 0);
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), 0);
    assert_int_equal(m->f.log_on & s->f.log_on, 1);
    second_end(s);
    assert_int_equal(sriov_vm_dirty_stop(m->vm), 0);
    sriov_vm_release(a);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_vm_setup, fake_vm_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_register),
        T(test_unregister),
        T(test_info),
        T(test_memory_arguments),
        T(test_memory_overlap),
        T(test_many_pieces),
        T(test_functions_reach_it),
        T(test_ledger_names_the_machine),
        T(test_out_of_reach),
        T(test_readonly),
        T(test_del),
        T(test_del_of_a_vanished),
        T(test_two_vmms),
        T(test_two_logs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
