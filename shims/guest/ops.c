/* SPDX-License-Identifier: BSD-3-Clause */
/* The table, and the machine from create to destroy. */
#include "guest.h"

#include "cpu.h"

#define CPUID_SIZES   UINT32_C(0x80000008)
#define PHYS_BITS_MAX 52u
#define MEMORY_LEAST  UINT64_C(0x100000)

static bool exists; /* the local APIC and the IDT are one of a kind */

static void *op_host_alloc(void *vmm, size_t size, size_t align)
{
    struct guest *g = vmm;

    return guest_heap_alloc(&g->heap, size, align);
}

static void op_host_free(void *vmm, void *ptr, size_t size)
{
    struct guest *g = vmm;

    guest_heap_free(&g->heap, ptr, size);
}

static uint64_t op_now(void *vmm)
{
    return guest_now(vmm);
}

static void op_relax(void *vmm)
{
    (void)guest_deliver(vmm);
    cpu_pause();
}

static void op_sleep(void *vmm, uint64_t ns)
{
    struct guest *g = vmm;
    uint64_t begin = guest_now(g);
    uint64_t gone = 0;

    do {
        (void)guest_deliver(g);
        if (gone < ns) {
            guest_idle(g, ns - gone, true);
        }
        gone = guest_now(g) - begin;
    } while (gone < ns);
}

static bool has_sinks(const struct guest *g)
{
    for (uint32_t i = 0; i < SRIOV_GUEST_VECTORS; i++) {
        if (g->vector[i].sink.cb != NULL) {
            return true;
        }
    }
    return false;
}

static int op_wait(void *vmm, uint64_t timeout_ns)
{
    struct guest *g = vmm;
    uint64_t begin = guest_now(g);

    for (;;) {
        uint64_t gone = guest_now(g) - begin;
        if (guest_deliver(g) != 0) {
            return 0;
        }
        if (gone >= timeout_ns) {
            return -ETIMEDOUT;
        }
        if (timeout_ns == UINT64_MAX && !has_sinks(g)) {
            return -EAGAIN;
        }
        guest_idle(g, timeout_ns - gone, true);
    }
}

static void op_log(void *vmm, uint32_t level, const char *line)
{
    guest_say(vmm, (enum sriov_log_level)level, line);
}

void guest_say(struct guest *g, enum sriov_log_level level, const char *line)
{
    if (g->log != NULL) {
        g->log(g->log_arg, level, line);
    }
}

static const struct sriov_vmm_ops ops = {
    .size = sizeof(ops),
    .abi = SRIOV_VMM_ABI,
    .name = "guest",
    .host_alloc = op_host_alloc,
    .host_free = op_host_free,
    .now_ns = op_now,
    .relax = op_relax,
    .sleep_ns = op_sleep,
    .wait = op_wait,
    .log = op_log,
    .enumerate = guest_op_enumerate,
    .open = guest_op_open,
    .close = guest_op_close,
    .info = guest_op_info,
    .reset = guest_op_reset,
    .set_vfs = guest_op_set_vfs,
    .kill = guest_op_kill,
    .cfg_read = guest_op_cfg_read,
    .cfg_write = guest_op_cfg_write,
    .bar_info = guest_op_bar_info,
    .bar_view = guest_op_bar_view,
    .bar_unview = guest_op_bar_unview,
    .bar_read = guest_op_bar_read,
    .bar_write = guest_op_bar_write,
    .dma_limits = guest_op_dma_limits,
    .dma_alloc = guest_op_dma_alloc,
    .dma_free = guest_op_dma_free,
    .dma_map = guest_op_dma_map,
    .dma_unmap = guest_op_dma_unmap,
    .irq_count = guest_op_irq_count,
    .irq_enable = guest_op_irq_enable,
    .irq_disable = guest_op_irq_disable,
    .irq_attach = guest_op_irq_attach,
    .irq_detach = guest_op_irq_detach,
    .irq_mask = guest_op_irq_mask,
    .irq_unmask = guest_op_irq_unmask,
    .irq_pending = guest_op_irq_pending,
    .irq_trigger = guest_op_irq_trigger,
};

static int check_opts(const struct sriov_guest_opts *opts)
{
    if (opts == NULL || opts->size < offsetof(struct sriov_guest_opts, rsdp)) {
        return -EINVAL;
    }
    if (opts->size > sizeof(*opts)) {
        const uint8_t *bytes = (const uint8_t *)opts;
        for (uint32_t i = sizeof(*opts); i < opts->size; i++) {
            if (bytes[i] != 0) {
                return -E2BIG;
            }
        }
    }
    return 0;
}

static int check_memory(const struct sriov_guest_opts *opts)
{
    bool aligned = (uintptr_t)opts->memory % GUEST_PAGE == 0 && opts->ecam % GUEST_PAGE == 0;

    if ((opts->flags & ~SRIOV_GUEST_NO_ECAM) != 0 || !aligned || opts->mmio_size > UINT64_MAX - opts->mmio ||
        opts->memory_size < MEMORY_LEAST || !guest_window_is_identity(opts->memory, opts->memory_size)) {
        return -EINVAL;
    }
    return 0;
}

static void read_sizes(struct guest *g)
{
    uint32_t bits = cpu_cpuid(CPUID_SIZES).a & 0xff;

    bits = bits == 0 || bits > PHYS_BITS_MAX ? PHYS_BITS_MAX : bits;
    g->phys_last = (UINT64_C(1) << bits) - 1;
}

/* What close undoes; each of the three that can be closed unopened. */
static int bring_up(struct guest *g, const struct sriov_guest_opts *opts)
{
    int rc = guest_idt_open(g);

    if (rc == 0) {
        rc = guest_apic_open(g);
    }
    if (rc == 0) {
        rc = guest_clock_open(g, opts->tsc_hz);
    }
    if (rc == 0) {
        rc = guest_cfg_open(g, opts);
    }
    if (rc == 0) {
        rc = guest_scan(g);
    }
    return rc;
}

static void take_down(struct guest *g)
{
    for (uint32_t i = 0; i < g->num_devs; i++) {
        guest_heap_free(&g->heap, g->devs[i].vfs, g->devs[i].num_vfs * sizeof(*g->devs[i].vfs));
    }
    guest_heap_free(&g->heap, g->devs, GUEST_DEVS_MAX * sizeof(*g->devs));
    if (g->ecam.va != NULL) {
        guest_window_unmap(g, &g->ecam);
    }
    guest_apic_close(g);
    guest_idt_close(g);
    guest_window_close(g);
}

/* The machine's record lies at the start of the memory, ahead of the heap. */
static struct guest *make(const struct sriov_guest_opts *opts)
{
    struct guest *g = opts->memory;
    uint64_t own = guest_align_up(sizeof(*g), GUEST_PAGE);

    memset(g, 0, sizeof(*g));
    guest_heap_init(&g->heap, (uint8_t *)opts->memory + own, opts->memory_size - own);
    g->log = opts->log;
    g->log_arg = opts->arg;
    g->mmio = opts->mmio;
    g->mmio_size = opts->mmio_size;
    read_sizes(g);
    return g;
}

int sriov_guest_create(const struct sriov_guest_opts *given, struct sriov_vmm **out)
{
    struct sriov_guest_opts opts = {0};
    int rc = check_opts(given);

    if (rc != 0 || out == NULL) {
        return rc != 0 ? rc : -EINVAL;
    }
    *out = NULL;
    memcpy(&opts, given, given->size < sizeof(opts) ? given->size : sizeof(opts));
    rc = check_memory(&opts);
    if (rc != 0 || exists) {
        return rc != 0 ? rc : -EBUSY;
    }
    struct guest *g = make(&opts);
    rc = guest_window_open(g);
    if (rc != 0) {
        return rc;
    }
    cpu_irq_off();
    rc = bring_up(g, &opts);
    if (rc == 0) {
        rc = sriov_vmm_register(&ops, g, &g->vmm);
    }
    if (rc != 0) {
        take_down(g);
        return rc;
    }
    exists = true;
    *out = g->vmm;
    cpu_irq_on();
    return 0;
}

int sriov_guest_destroy(struct sriov_vmm *vmm)
{
    if (vmm == NULL) {
        return 0;
    }
    struct guest *g = sriov_vmm_ctx(vmm);
    int rc = sriov_vmm_unregister(vmm);
    if (rc == 0) {
        cpu_irq_off();
        take_down(g);
        exists = false;
    }
    return rc;
}

int sriov_guest_stats(struct sriov_vmm *vmm, struct sriov_guest_stats *stats)
{
    const struct guest *g = sriov_vmm_ctx(vmm);
    uint32_t size = stats->size;
    struct sriov_guest_stats all = {
        .size = size,
        .functions = g->num_devs,
        .tsc_hz = g->tsc_hz,
        .memory_free = g->heap.free,
        .interrupts = guest_irq_taken(),
        .stray = g->stray,
        .halts = g->halts,
        .x2apic = g->apic.va == NULL,
        .ecam = g->ecam.va != NULL,
    };

    if (size < sizeof(uint32_t) || size > sizeof(all)) {
        return size < sizeof(uint32_t) ? -EINVAL : -E2BIG;
    }
    memcpy(stats, &all, size);
    return 0;
}
