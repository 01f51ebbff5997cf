/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_vm.h"
#include "fake_ops.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- memory and dirty log ---- */

static int overlaps(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
    return a <= b ? b - a < a_length : a - b < b_length;
}

static int info_op(void *vm, struct sriov_vm_info *info)
{
    struct fake_vm *m = vm;
    int rc = fake_hit(&m->f, "vm_info");

    if (rc == 0) {
        assert_int_equal(info->size, sizeof(*info));
        info->caps = m->caps;
        info->doorbells_left = m->doorbells_left;
        info->vectors_left = m->vectors_left;
    }
    return rc;
}

static int is_taken(const struct fake_vm *m, uint64_t gpa, uint64_t length)
{
    for (unsigned i = 0; i < m->num_mems; i++) {
        if (overlaps(gpa, length, m->mem[i].gpa, m->mem[i].length)) {
            return 1;
        }
    }
    for (unsigned d = 0; d < FAKE_VM_DEVS; d++) {
        for (unsigned i = 0; i < m->dev[d].num_windows; i++) {
            const struct sriov_vm_window *w = &m->dev[d].window[i];

            if (overlaps(gpa, length, w->gpa, w->length)) {
                return 1;
            }
        }
    }
    return 0;
}

static int mem_add(void *vm, const struct sriov_vm_mem *mem)
{
    struct fake_vm *m = vm;
    int rc = fake_hit(&m->f, "vm_mem_add");

    assert_int_equal(mem->size, sizeof(*mem));
    assert_int_equal((mem->gpa | mem->length) % SRIOV_VM_PAGE, 0);
    assert_false(is_taken(m, mem->gpa, mem->length));
    if (rc == 0) {
        assert_true(m->num_mems < FAKE_VM_MEMS);
        m->mem[m->num_mems++] = *mem;
    }
    return rc;
}

static int mem_del(void *vm, const struct sriov_vm_mem *mem)
{
    struct fake_vm *m = vm;
    int rc = fake_hit(&m->f, "vm_mem_del");

    for (unsigned i = 0; i < m->num_mems; i++) {
        if (m->mem[i].gpa == mem->gpa) {
            assert_memory_equal(&m->mem[i], mem, sizeof(*mem));
            if (rc == 0) {
                m->mem[i] = m->mem[--m->num_mems];
            }
            return rc;
        }
    }
    fail_msg("no such memory");
    return -EINVAL;
}

/* Bits of [first, first + length) that are set, moved to bit 0; they are clear afterwards. */
static int take_bits(uint64_t *pages, uint64_t first, uint64_t length, uint64_t *bitmap)
{
    for (uint64_t i = 0; i < length / SRIOV_VM_PAGE; i++) {
        uint64_t page = first / SRIOV_VM_PAGE + i;

        if (page < 64 && (*pages >> page & 1) != 0) {
            bitmap[i / 64] |= UINT64_C(1) << i % 64;
            *pages &= ~(UINT64_C(1) << page);
        }
    }
    return 0;
}

static int dirty_start(void *vm, uint32_t mode)
{
    struct fake_vm *m = vm;
    int rc = fake_hit(&m->f, "vm_dirty_start");

    assert_int_equal(m->dirty_mode, 0);
    if (rc == 0) {
        m->dirty_mode = mode;
    }
    return rc;
}

static int dirty_stop(void *vm)
{
    struct fake_vm *m = vm;

    m->dirty_mode = 0;
    return fake_hit(&m->f, "vm_dirty_stop");
}

static int dirty_read(void *vm, uint64_t gpa, uint64_t length, uint64_t *bitmap)
{
    struct fake_vm *m = vm;
    int rc = fake_hit(&m->f, "vm_dirty_read");

    return rc != 0 ? rc : take_bits(&m->cpu_wrote, gpa, length, bitmap);
}

/* ---- functions in it ---- */

static int dev_add(void *vm, const struct sriov_vm_dev_args *args, void **dev)
{
    struct fake_vm *m = vm;
    int rc = fake_hit(&m->f, "vm_dev_add");

    assert_int_equal(args->size, sizeof(*args));
    for (unsigned i = 0; rc == 0 && i < FAKE_VM_DEVS; i++) {
        struct fake_dev *d = &m->dev[i];

        if (!d->live) {
            memset(d, 0, sizeof(*d));
            d->vm = m;
            d->live = 1;
            d->args = *args;
            snprintf(d->name, sizeof(d->name), "%s", args->name);
            *dev = d;
            return 0;
        }
        if (d->args.slot == args->slot && args->slot != SRIOV_VM_SLOT_ANY) {
            return -EBUSY;
        }
    }
    return rc != 0 ? rc : -ENOSPC;
}

static void dev_del(void *dev)
{
    struct fake_dev *d = dev;

    assert_true(d->live);
    (void)fake_hit(&d->vm->f, "vm_dev_del");
    for (unsigned i = 0; i < FAKE_VECTORS && d->args.fn != NULL; i++) {
        assert_int_equal(d->vm->f.irq[i].kind, 0); /* our sinks are no one's any more */
    }
    memset(d, 0, sizeof(*d));
}

static int window_add(void *dev, const struct sriov_vm_window *w)
{
    struct fake_dev *d = dev;
    int rc = fake_hit(&d->vm->f, "vm_window_add");

    assert_true(d->live && w->size == sizeof(*w) && w->length != 0);
    assert_true(w->length - 1 <= UINT64_MAX - w->gpa);
    assert_false(is_taken(d->vm, w->gpa, w->length));
    if (w->va != NULL) {
        assert_true((d->vm->caps & SRIOV_VM_CAP_MAPPED) != 0);
        assert_int_equal((w->gpa | w->length | (uintptr_t)w->va) % SRIOV_VM_PAGE, 0);
    }
    if (rc == 0) {
        assert_true(d->num_windows < FAKE_VM_WINDOWS);
        d->window[d->num_windows++] = *w;
    }
    return rc;
}

static int window_del(void *dev, uint64_t gpa, uint64_t length)
{
    struct fake_dev *d = dev;
    int rc = fake_hit(&d->vm->f, "vm_window_del");

    for (unsigned i = 0; i < d->num_windows; i++) {
        if (d->window[i].gpa == gpa && d->window[i].length == length) {
            if (rc == 0) {
                d->window[i] = d->window[--d->num_windows];
            }
            return rc;
        }
    }
    fail_msg("no such window");
    return -EINVAL;
}

static int doorbell_add(void *dev, const struct sriov_vm_doorbell *bell)
{
    struct fake_dev *d = dev;
    int rc = fake_hit(&d->vm->f, "vm_doorbell_add");

    assert_true(d->live && bell->size == sizeof(*bell) && bell->cb != NULL);
    assert_int_equal(bell->gpa % bell->width, 0);
    if (rc == 0) {
        assert_true(d->num_bells < FAKE_VM_BELLS);
        d->bell[d->num_bells++] = *bell;
    }
    return rc;
}

static int doorbell_del(void *dev, uint64_t gpa)
{
    struct fake_dev *d = dev;
    int rc = fake_hit(&d->vm->f, "vm_doorbell_del");

    for (unsigned i = 0; i < d->num_bells; i++) {
        if (d->bell[i].gpa == gpa) {
            if (rc == 0) {
                d->bell[i] = d->bell[--d->num_bells];
            }
            return rc;
        }
    }
    fail_msg("no such doorbell");
    return -EINVAL;
}

/* ---- vectors ---- */

static void arrive(void *arg, uint32_t vector)
{
    struct fake_dev *d = arg;
    struct fake_route *r = &d->route[vector];

    assert_true(d->live);
    if (r->on) {
        r->arrived++;
    } else {
        r->pending = 1;
    }
}

static int irq_sink(void *dev, uint32_t vector, struct sriov_irq_sink *sink)
{
    struct fake_dev *d = dev;
    int rc = fake_hit(&d->vm->f, "vm_irq_sink");

    assert_true(vector < d->args.vectors);
    if (rc == 0) {
        d->route[vector].pending &= (uint32_t)d->route[vector].on;
        *sink = (struct sriov_irq_sink){
            .size = sizeof(*sink), .kind = SRIOV_SINK_CALLBACK, .fd = -1, .cb = arrive, .arg = d};
    }
    return rc;
}

static int irq_route(void *dev, uint32_t vector, const struct sriov_vm_msi *msi)
{
    struct fake_dev *d = dev;
    struct fake_route *r = &d->route[vector];
    int rc = fake_hit(&d->vm->f, "vm_irq_route");

    assert_true(d->live && vector < d->args.vectors);
    d->routings++;
    if (rc != 0) {
        return rc;
    }
    r->on = msi != NULL;
    if (msi != NULL) {
        assert_int_equal(msi->size, sizeof(*msi));
        r->msi = *msi;
        r->arrived += r->pending;
        r->pending = 0;
    }
    return 0;
}

static int irq_pending(void *dev, uint32_t vector, uint32_t *pending)
{
    struct fake_dev *d = dev;

    *pending = d->route[vector].pending;
    return fake_hit(&d->vm->f, "vm_irq_pending");
}

/* ---- coming and going ---- */

static int hot_add(void *dev)
{
    struct fake_dev *d = dev;
    int rc = fake_hit(&d->vm->f, "vm_hot_add");

    assert_false(d->plugged);
    d->plugged = rc == 0;
    return rc;
}

static int hot_remove(void *dev, void (*gone)(void *arg), void *arg)
{
    struct fake_dev *d = dev;
    int rc = fake_hit(&d->vm->f, "vm_hot_remove");

    assert_true(d->plugged);
    if (rc == 0) {
        d->gone = gone;
        d->gone_arg = arg;
    }
    return rc;
}

/* ---- what the VF's own VMM can do besides ---- */

static int fn_fd(void *fn, int32_t *fd, uint32_t *kind)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "fn_fd");

    *fd = rc == 0 ? FAKE_VF_FD : -1;
    *kind = rc == 0 ? SRIOV_FN_FD_VFIO_DEVICE : SRIOV_FN_FD_NONE;
    return rc;
}

static int log_start(void *fn)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "dma_dirty_start");

    assert_false(f->log_on);
    f->log_on = rc == 0;
    return rc;
}

static int log_stop(void *fn)
{
    struct fake *f = fn;

    f->log_on = 0;
    return fake_hit(f, "dma_dirty_stop");
}

static int log_read(void *fn, uint64_t iova, uint64_t length, uint64_t *bitmap)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "dma_dirty_read");

    assert_true(f->log_on);
    return rc != 0 ? rc : take_bits(&f->written, iova, length, bitmap);
}

static void add_face(struct sriov_vmm_ops *ops)
{
    ops->vm_info = info_op;
    ops->vm_mem_add = mem_add;
    ops->vm_mem_del = mem_del;
    ops->vm_dev_add = dev_add;
    ops->vm_dev_del = dev_del;
    ops->vm_window_add = window_add;
    ops->vm_window_del = window_del;
    ops->vm_doorbell_add = doorbell_add;
    ops->vm_doorbell_del = doorbell_del;
    ops->vm_irq_sink = irq_sink;
    ops->vm_irq_route = irq_route;
    ops->vm_irq_pending = irq_pending;
    ops->vm_dirty_start = dirty_start;
    ops->vm_dirty_stop = dirty_stop;
    ops->vm_dirty_read = dirty_read;
    ops->vm_hot_add = hot_add;
    ops->vm_hot_remove = hot_remove;
}

/* ---- set up ---- */

void fake_make_vf(struct fake *f)
{
    f->ops.fn_fd = fn_fd;
    f->ops.dma_dirty_start = log_start;
    f->ops.dma_dirty_stop = log_stop;
    f->ops.dma_dirty_read = log_read;
    f->info.is_vf = 1;
    f->info.vf_index = 2;
    f->info.total_vfs = 0;
    f->info.caps &= ~(uint64_t)SRIOV_CAP_SET_VFS;
    fake_put16(f, 0x72, FAKE_VF_MSIX - 1);
    fake_put32(f, 0x74, 0x0003); /* table in BAR 3 */
    fake_put32(f, 0x78, 0x2003); /* pending bits there, too */
    f->bar_length[3] = 16384;
    f->bar_flags[3] = SRIOV_BAR_64BIT;
    assert_int_equal(posix_memalign((void **)&f->bar[3], 4096, 16384), 0);
    memset(f->bar[3], 0, 16384);
    free(f->bar[0]);
    assert_int_equal(posix_memalign((void **)&f->bar[0], 4096, 16384), 0);
    memset(f->bar[0], 0, 16384);
    f->irq_have = FAKE_VF_MSIX;
    f->irq_grant = FAKE_VF_MSIX;
}

void fake_free_vf(struct fake *f)
{
    free(f->bar[3]);
    f->bar[3] = NULL;
}

void fake_vm_open(struct fake_vm *m)
{
    struct sriov_dma dma;

    m->fn = fake_open(&m->f, NULL);
    assert_int_equal(sriov_dma_alloc(m->fn, "test", 4096, 4096, SRIOV_DMA_BOTH, &dma), 0);
    assert_int_equal(sriov_dma_free(m->fn, &dma), 0);
}

int fake_vm_setup(void **state)
{
    struct fake_vm *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    fake_init(&m->f);
    fake_make_vf(&m->f);
    add_face(&m->f.ops);
    fake_register(&m->f);
    m->caps = SRIOV_VM_CAP_MAPPED | SRIOV_VM_CAP_TRAPPED | SRIOV_VM_CAP_DOORBELL | SRIOV_VM_CAP_IRQ |
              SRIOV_VM_CAP_DIRTY_BITMAP | SRIOV_VM_CAP_DIRTY_RING | SRIOV_VM_CAP_HOTPLUG;
    m->doorbells_left = UINT64_MAX;
    m->vectors_left = UINT64_MAX;
    assert_int_equal(posix_memalign((void **)&m->ram, 4096, FAKE_RAM), 0);
    memset(m->ram, 0, FAKE_RAM);
    assert_int_equal(sriov_vm_register(m->f.vmm, m, "guest", &m->vm), 0);
    assert_int_equal(fake_vm_add_ram(m, 0), 0);
    fake_vm_open(m);
    *state = m;
    return 0;
}

int fake_vm_teardown(void **state)
{
    struct fake_vm *m = *state;

    m->f.fail.nth = 0;
    while (m->num_mems > 0) {
        assert_int_equal(sriov_vm_del_memory(m->vm, m->mem[0].gpa, m->mem[0].length), 0);
    }
    assert_int_equal(sriov_vm_unregister(m->vm), 0);
    assert_int_equal(sriov_fn_close(m->fn), 0);
    fake_free_vf(&m->f);
    fake_finish(&m->f);
    free(m->ram);
    free(m);
    return 0;
}

static void on_event(void *arg, struct sriov_assign *assign, enum sriov_assign_event event)
{
    struct fake_vm *m = arg;

    assert_non_null(assign);
    assert_true(m->events < 16);
    m->event[m->events++] = event;
}

struct sriov_assign_opts fake_vm_opts(struct fake_vm *m)
{
    struct sriov_assign_opts opts = {
        .size = sizeof(opts), .slot = SRIOV_VM_SLOT_ANY, .on_event = on_event, .arg = m};

    return opts;
}

struct sriov_assign *fake_vm_assign(struct fake_vm *m, const struct sriov_assign_opts *opts)
{
    struct sriov_assign *a = NULL;

    assert_int_equal(sriov_vm_assign(m->fn, m->vm, opts, &a), 0);
    assert_non_null(a);
    return a;
}

int fake_vm_add_ram(struct fake_vm *m, uint64_t gpa)
{
    struct sriov_vm_mem mem = {.size = sizeof(mem), .gpa = gpa, .length = FAKE_RAM, .va = m->ram};

    return sriov_vm_add_memory(m->vm, &mem);
}
