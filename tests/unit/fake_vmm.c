/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_ops.h"

#include <sriov/hw/pci_regs.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

static void trace(struct fake *f, const char *op)
{
    size_t at = strlen(f->trace);

    assert_true(at + strlen(op) + 2 < sizeof(f->trace));
    snprintf(f->trace + at, sizeof(f->trace) - at, "%s ", op);
}

int fake_hit(struct fake *f, const char *op)
{
    unsigned times = f->fail.times != 0 ? f->fail.times : 1;

    f->calls++;
    if (f->tracing) {
        trace(f, op);
    }
    if (f->fail.nth == 0 || (f->fail.op != NULL && strcmp(f->fail.op, op) != 0)) {
        return 0;
    }
    f->fail_seen++;
    return f->fail_seen >= f->fail.nth && f->fail_seen - f->fail.nth < times ? f->fail.err : 0;
}

/* ---- host ---- */

static void *host_alloc(void *vmm, size_t size, size_t align)
{
    struct fake *f = vmm;
    void *p;

    assert_true(align != 0 && (align & (align - 1)) == 0 && align <= 4096);
    if (atomic_fetch_add(&f->alloc_calls, 1) + 1 == f->fail_alloc) {
        return NULL;
    }
    if (posix_memalign(&p, align < sizeof(void *) ? sizeof(void *) : align, size) != 0) {
        return NULL;
    }
    memset(p, 0, size);
    atomic_fetch_add(&f->live_allocs, 1);
    return p;
}

static void host_free(void *vmm, void *ptr, size_t size)
{
    struct fake *f = vmm;

    /* Nobody may look at freed state. */
    memset(ptr, 0xdb, size);
    free(ptr);
    atomic_fetch_sub(&f->live_allocs, 1);
}

static uint64_t now_ns(void *vmm)
{
    return atomic_load(&((struct fake *)vmm)->now);
}

static void relax(void *vmm)
{
    struct fake *f = vmm;

    f->relaxes++;
    atomic_fetch_add(&f->now, 1000);
    sched_yield();
}

static void sleep_ns(void *vmm, uint64_t ns)
{
    struct fake *f = vmm;

    f->sleeps++;
    atomic_fetch_add(&f->now, ns);
}

static int wait_op(void *vmm, uint64_t timeout_ns)
{
    struct fake *f = vmm;

    f->waits++;
    if (f->wait_err != 0) {
        return f->wait_err;
    }
    if (f->on_wait != NULL) {
        f->on_wait(f);
        return 0;
    }
    if (timeout_ns == UINT64_MAX) {
        return -EAGAIN;
    }
    atomic_fetch_add(&f->now, timeout_ns);
    return -ETIMEDOUT;
}

static void log_op(void *vmm, uint32_t level, const char *line)
{
    struct fake *f = vmm;

    f->logs++;
    f->last_level = level;
    snprintf(f->last_log, sizeof(f->last_log), "%s", line);
}

/* ---- function ---- */

static int enumerate(void *vmm, sriov_enum_cb cb, void *arg)
{
    return cb(arg, &((struct fake *)vmm)->info);
}

static int open_op(void *vmm, const struct sriov_open_args *args, void **fn)
{
    struct fake *f = vmm;
    int rc = fake_hit(f, "open");

    if (rc != 0) {
        return rc;
    }
    assert_int_equal(args->size, sizeof(*args));
    if (strcmp(args->name, f->info.name) != 0) {
        return -ENOENT;
    }
    if (f->opened) {
        return -EBUSY;
    }
    f->open_flags = args->flags;
    snprintf(f->open_options, sizeof(f->open_options), "%s", args->options != NULL ? args->options : "");
    f->opened = 1;
    *fn = f;
    return 0;
}

static void close_op(void *fn)
{
    struct fake *f = fn;

    assert_true(f->opened);
    f->opened = 0;
    f->closes++;
    f->views = 0;
    memset(&f->sink, 0, sizeof(f->sink));
}

static int info_op(void *fn, struct sriov_fn_info *info)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "info");

    if (rc == 0) {
        uint32_t size = info->size;

        assert_true(size >= sizeof(*info));
        *info = f->info;
        info->size = size;
    }
    return rc;
}

static int reset_op(void *fn)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "reset");

    if (rc == 0) {
        f->resets++;
        if (f->on_reset != NULL) {
            f->on_reset(f);
        }
    }
    return rc;
}

static int set_vfs_op(void *fn, uint16_t n)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "set_vfs");
    size_t at = strlen(f->set_vfs_log);

    snprintf(f->set_vfs_log + at, sizeof(f->set_vfs_log) - at, "%u,", n);
    if (rc == 0) {
        f->vfs = n;
    }
    return rc;
}

static void kill_op(void *fn)
{
    ((struct fake *)fn)->kills++;
}

static int cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "cfg_read");

    assert_true(off % width == 0 && off + width <= sizeof(f->cfg));
    *value = 0;
    if (rc == 0) {
        memcpy(value, f->cfg + off, width);
    }
    return rc;
}

static int cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "cfg_write");

    assert_true(off % width == 0 && off + width <= sizeof(f->cfg));
    if (rc == 0) {
        memcpy(f->cfg + off, &value, width);
    }
    return rc;
}

static int bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "bar_info");

    assert_true(bar < 6);
    if (rc == 0) {
        info->length = f->bar_length[bar];
        info->flags = f->bar_flags[bar];
    }
    return rc;
}

static int bar_view(void *fn, uint32_t bar, volatile void **view)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "bar_view");

    if (rc == 0) {
        *view = f->bar[bar];
        f->views++;
        if (f->on_view != NULL) {
            f->on_view(f);
        }
    }
    return rc;
}

static void bar_unview(void *fn, uint32_t bar, volatile void *view)
{
    struct fake *f = fn;

    assert_ptr_equal((void *)(uintptr_t)view, f->bar[bar]);
    f->views--;
}

static int bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "bar_read");

    assert_true(off % width == 0 && off + width <= f->bar_length[bar]);
    *value = 0;
    if (rc == 0) {
        memcpy(value, f->bar[bar] + off, width);
    }
    return rc;
}

static int bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "bar_write");

    assert_true(off % width == 0 && off + width <= f->bar_length[bar]);
    if (rc == 0) {
        memcpy(f->bar[bar] + off, &value, width);
    }
    return rc;
}

/* ---- set up ---- */

void fake_put16(struct fake *f, unsigned off, uint16_t v)
{
    memcpy(f->cfg + off, &v, sizeof(v));
}

void fake_put32(struct fake *f, unsigned off, uint32_t v)
{
    memcpy(f->cfg + off, &v, sizeof(v));
}

uint16_t fake_get16(const struct fake *f, unsigned off)
{
    uint16_t v;

    memcpy(&v, f->cfg + off, sizeof(v));
    return v;
}

static void fill_cfg(struct fake *f)
{
    fake_put32(f, SRIOV_PCI_VENDOR_ID, 0x10fb8086);
    fake_put16(f, SRIOV_PCI_STATUS, SRIOV_PCI_STATUS_CAP_LIST);
    f->cfg[SRIOV_PCI_CAP_POINTER] = 0x40;
    fake_put16(f, 0x40, 0x7001); /* PM, next 0x70 */
    fake_put16(f, 0x70, 0xa011); /* MSI-X, next 0xa0 */
    fake_put16(f, 0x72, 0x003f); /* 64 vectors */
    fake_put32(f, 0x74, 0x00000004);
    fake_put32(f, 0x78, 0x00002004);
    fake_put16(f, 0xa0, 0x0010); /* PCIe, last */
    fake_put32(f, 0x100, SRIOV_PCI_EXT_CAP_HEADER(SRIOV_PCI_EXT_CAP_ID_AER, 1, 0x160));
    fake_put32(f, 0x160, SRIOV_PCI_EXT_CAP_HEADER(SRIOV_PCI_EXT_CAP_ID_SRIOV, 1, 0));
    fake_put16(f, 0x160 + SRIOV_PCI_SRIOV_INITIAL_VFS, 8);
    fake_put16(f, 0x160 + SRIOV_PCI_SRIOV_TOTAL_VFS, 8);
    fake_put16(f, 0x160 + SRIOV_PCI_SRIOV_VF_OFFSET, 128);
    fake_put16(f, 0x160 + SRIOV_PCI_SRIOV_VF_STRIDE, 2);
    fake_put16(f, 0x160 + SRIOV_PCI_SRIOV_VF_DEVICE_ID, 0x10ed);
    fake_put32(f, 0x160 + SRIOV_PCI_SRIOV_SUPPORTED_PAGES, SRIOV_PCI_SRIOV_PAGES_MANDATORY);
    fake_put32(f, 0x160 + SRIOV_PCI_SRIOV_SYSTEM_PAGE, 1);
}

static void fill_info(struct fake *f)
{
    f->info.size = sizeof(f->info);
    f->info.caps = SRIOV_CAP_BAR_VIEW | SRIOV_CAP_IRQ_EVENTFD | SRIOV_CAP_IRQ_CALLBACK | SRIOV_CAP_IRQ_MASK |
                   SRIOV_CAP_IRQ_PENDING | SRIOV_CAP_IRQ_TRIGGER | SRIOV_CAP_RESET | SRIOV_CAP_SET_VFS |
                   SRIOV_CAP_DMA_MAP | SRIOV_CAP_EVENTS | SRIOV_CAP_CFG_EXTENDED;
    f->info.vendor = 0x8086;
    f->info.device = 0x10fb;
    f->info.total_vfs = 8;
    f->info.iommu_group = -1;
    strcpy(f->info.name, FAKE_NAME);
}

static const struct sriov_vmm_ops fake_ops = {
    .size = sizeof(struct sriov_vmm_ops),
    .abi = SRIOV_VMM_ABI,
    .name = "fake",
    .host_alloc = host_alloc,
    .host_free = host_free,
    .now_ns = now_ns,
    .relax = relax,
    .sleep_ns = sleep_ns,
    .wait = wait_op,
    .log = log_op,
    .enumerate = enumerate,
    .open = open_op,
    .close = close_op,
    .info = info_op,
    .reset = reset_op,
    .set_vfs = set_vfs_op,
    .kill = kill_op,
    .cfg_read = cfg_read,
    .cfg_write = cfg_write,
    .bar_info = bar_info,
    .bar_view = bar_view,
    .bar_unview = bar_unview,
    .bar_read = bar_read,
    .bar_write = bar_write,
    .dma_limits = fake_op_dma_limits,
    .dma_alloc = fake_op_dma_alloc,
    .dma_free = fake_op_dma_free,
    .dma_map = fake_op_dma_map,
    .dma_unmap = fake_op_dma_unmap,
    .irq_count = fake_op_irq_count,
    .irq_enable = fake_op_irq_enable,
    .irq_disable = fake_op_irq_disable,
    .irq_attach = fake_op_irq_attach,
    .irq_detach = fake_op_irq_detach,
    .irq_mask = fake_op_irq_mask,
    .irq_unmask = fake_op_irq_unmask,
    .irq_pending = fake_op_irq_pending,
    .irq_trigger = fake_op_irq_trigger,
    .set_event_sink = fake_op_set_event_sink,
};

void fake_init(struct fake *f)
{
    memset(f, 0, sizeof(*f));
    f->ops = fake_ops;
    atomic_store(&f->now, 1000000);
    fill_info(f);
    fill_cfg(f);
    f->bar_length[0] = 16384;
    f->bar_flags[0] = SRIOV_BAR_64BIT | SRIOV_BAR_VIEWABLE;
    f->bar[0] = calloc(1, 16384);
    assert_non_null(f->bar[0]);
    f->limits.size = sizeof(f->limits);
    f->limits.granule = 4096;
    f->limits.maps_left = UINT64_MAX;
    f->limits.bytes_left = UINT64_MAX;
    f->limits.num_ranges = 2;
    f->limits.ranges[0] = (struct sriov_dma_range){0, 0xfedfffff};
    f->limits.ranges[1] = (struct sriov_dma_range){0x100000000, 0x7fffffffff};
    f->shim_iova = 0x80000000;
    f->irq_have = 4;
    f->irq_grant = 4;
}

void fake_register(struct fake *f)
{
    assert_int_equal(sriov_vmm_register(&f->ops, f, &f->vmm), 0);
}

void fake_finish(struct fake *f)
{
    assert_int_equal(f->opened, 0);
    assert_int_equal(f->num_maps, 0);
    assert_int_equal(sriov_vmm_unregister(f->vmm), 0);
    assert_int_equal(atomic_load(&f->live_allocs), 0);
    free(f->bar[0]);
    f->bar[0] = NULL;
}

struct sriov_fn *fake_open(struct fake *f, const struct sriov_fn_opts *opts)
{
    struct sriov_fn *fn = NULL;

    assert_int_equal(sriov_fn_open(f->vmm, FAKE_NAME, opts, &fn), 0);
    assert_non_null(fn);
    return fn;
}

void fake_fail(struct fake *f, const char *op, unsigned nth, int err)
{
    f->fail = (struct fake_fail){op, nth, 0, err};
    f->fail_seen = 0;
}

int fake_setup(void **state)
{
    struct fake *f = malloc(sizeof(*f));

    assert_non_null(f);
    fake_init(f);
    fake_register(f);
    *state = f;
    return 0;
}

int fake_teardown(void **state)
{
    fake_finish(*state);
    free(*state);
    return 0;
}
