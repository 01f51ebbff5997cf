/* SPDX-License-Identifier: BSD-3-Clause */
#include "vm_fixture.h"

#include <stdlib.h>

static void note(struct heard *heard, uint64_t off, uint32_t width, uint64_t value)
{
    heard->calls++;
    heard->off = off;
    heard->width = width;
    heard->value = value;
}

static uint32_t on_cfg_read(void *arg, uint32_t off, uint32_t width)
{
    struct machine *m = arg;

    note(&m->cfg, off, width, 0);
    return 0x80861520u;
}

static void on_cfg_write(void *arg, uint32_t off, uint32_t width, uint32_t value)
{
    struct machine *m = arg;

    note(&m->cfg, off, width, value);
}

static uint64_t on_read(void *arg, uint64_t off, uint32_t width)
{
    struct machine *m = arg;

    note(&m->window, off, width, 0);
    return UINT64_C(0x1122334455667788);
}

static void on_write(void *arg, uint64_t off, uint32_t width, uint64_t value)
{
    struct machine *m = arg;

    note(&m->window, off, width, value);
}

static void on_bell(void *arg, uint64_t value)
{
    struct machine *m = arg;

    note(&m->bell, 0, 0, value);
}

void machine_gone(void *arg)
{
    struct machine *m = arg;

    m->gone.calls++;
}

struct sriov_vm_mem machine_mem(const struct machine *m)
{
    struct sriov_vm_mem mem = {
        .size = sizeof(mem), .gpa = RAM_GPA, .length = RAM_PAGES * SRIOV_VM_PAGE, .va = m->ram};

    return mem;
}

struct sriov_vm_dev_args machine_args(struct machine *m, uint32_t slot)
{
    struct sriov_vm_dev_args args = {.size = sizeof(args),
                                     .slot = slot,
                                     .name = "thing",
                                     .vectors = VECTORS,
                                     .fd = -1,
                                     .cfg_read = on_cfg_read,
                                     .cfg_write = on_cfg_write,
                                     .arg = m};

    return args;
}

struct sriov_vm_window machine_window(struct machine *m, uint64_t gpa, uint64_t length)
{
    struct sriov_vm_window win = {
        .size = sizeof(win), .gpa = gpa, .length = length, .read = on_read, .write = on_write, .arg = m};

    return win;
}

struct sriov_vm_doorbell machine_bell(struct machine *m, uint64_t gpa, uint32_t values)
{
    struct sriov_vm_doorbell bell = {
        .size = sizeof(bell), .width = 4, .gpa = gpa, .values = values, .cb = on_bell, .arg = m};

    return bell;
}

struct sriov_mock_guest_counts machine_counts(struct machine *m)
{
    struct sriov_mock_guest_counts counts = {.size = sizeof(counts)};

    assert_int_equal(sriov_mock_guest_counts(m->vm, &counts), 0);
    return counts;
}

struct machine *machine_make(struct fixture *f, const struct sriov_mock_vm_opts *opts)
{
    struct machine *m = calloc(1, sizeof(*m));
    struct sriov_vm_mem mem;
    struct sriov_vm_dev_args args;

    assert_non_null(m);
    m->f = f;
    assert_int_equal(sriov_mock_vm_create(f->mock, opts, &m->vm), 0);
    m->ctx = sriov_vm_ctx(m->vm);
    m->ram = aligned_alloc(SRIOV_VM_PAGE, RAM_PAGES * SRIOV_VM_PAGE);
    assert_non_null(m->ram);
    memset(m->ram, 0, RAM_PAGES * SRIOV_VM_PAGE);
    mem = machine_mem(m);
    assert_int_equal(f->ops->vm_mem_add(m->ctx, &mem), 0);
    args = machine_args(m, SLOT);
    assert_int_equal(f->ops->vm_dev_add(m->ctx, &args, &m->dev), 0);
    return m;
}

void machine_end(struct machine *m)
{
    struct sriov_vm_mem mem = machine_mem(m);

    if (m->dev != NULL) {
        m->f->ops->vm_dev_del(m->dev);
    }
    assert_int_equal(m->f->ops->vm_mem_del(m->ctx, &mem), 0);
    assert_int_equal(sriov_mock_vm_destroy(m->vm), 0);
    free(m->ram);
    free(m);
}

int machine_setup(void **state)
{
    int err = fixture_setup(state);

    *state = machine_make(*state, NULL);
    return err;
}

/* Findings that a test wanted it has forgotten by then. */
int machine_teardown(void **state)
{
    struct machine *m = *state;

    *state = m->f;
    fixture_expect_none(m->f);
    machine_end(m);
    fixture_expect_none(*state);
    return fixture_teardown(state);
}
