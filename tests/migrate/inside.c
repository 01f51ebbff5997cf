/* SPDX-License-Identifier: BSD-3-Clause */
#include "inside.h"

#include <sriov/hw/pci_regs.h>

#include <errno.h>
#include <string.h>

#define ARENA     UINT64_C(0x10000)
#define ARENA_END UINT64_C(0x100000)
#define BAR_GPA   UINT64_C(0x80000000)
#define BAR_STEP  UINT64_C(0x100000)
#define MESSAGE   UINT64_C(0xfee00000)
#define BAR_BYTES UINT64_C(0x4000)
#define MSIX_BAR  3u

/* The machine around it: of this process, so not in RAM. */
static struct {
    struct sriov_mock *mock;
    struct sriov_vm *vm;
    int64_t offset; /* its clock runs on */
} around;

static uint64_t bar_gpa(uint32_t bar)
{
    return BAR_GPA + bar * BAR_STEP;
}

static uint32_t cfg(uint32_t off, uint32_t width)
{
    return sriov_mock_guest_cfg_read(around.vm, GUEST_SLOT, off, width);
}

static void cfg_put(uint32_t off, uint32_t width, uint32_t value)
{
    sriov_mock_guest_cfg_write(around.vm, GUEST_SLOT, off, width, value);
}

/* Its interrupt handler. */
static void on_interrupt(void *arg, uint64_t address, uint32_t data)
{
    struct guest *g = guest_state();

    (void)arg;
    (void)address;
    g->interrupts++;
    if (data < 3 && g->sink[data].cb != NULL) {
        g->sink[data].cb(g->sink[data].arg, data);
    }
}

void guest_enter(struct sriov_mock *mock, struct sriov_vm *vm)
{
    around.mock = mock;
    around.vm = vm;
    around.offset = (int64_t)guest_state()->clock - (int64_t)sriov_mock_now(mock);
    sriov_mock_guest_on_interrupt(vm, on_interrupt, NULL);
}

void inside_boot(struct guest *g)
{
    g->arena_next = ARENA;
    g->dma_next = ARENA_END;
    for (uint32_t bar = 0; bar < SRIOV_PCI_BAR_COUNT; bar += MSIX_BAR) {
        cfg_put(SRIOV_PCI_BAR(bar), 4, (uint32_t)bar_gpa(bar));
        cfg_put(SRIOV_PCI_BAR(bar + 1), 4, (uint32_t)(bar_gpa(bar) >> 32));
    }
    cfg_put(SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER);
}

/* ---- host services ---- */

static void *op_alloc(void *vmm, size_t size, size_t align)
{
    struct guest *g = vmm;
    uint64_t at = (g->arena_next + align - 1) / align * align;

    if (at > ARENA_END || size > ARENA_END - at) {
        return NULL;
    }
    g->arena_next = at + size;
    memset(GUEST_RAM_VA + at, 0, size);
    return GUEST_RAM_VA + at;
}

static void op_free(void *vmm, void *ptr, size_t size)
{
    (void)vmm;
    memset(ptr, 0xee, size);
}

static uint64_t op_now(void *vmm)
{
    struct guest *g = vmm;

    g->clock = (uint64_t)((int64_t)sriov_mock_now(around.mock) + around.offset);
    return g->clock;
}

static void op_sleep(void *vmm, uint64_t ns)
{
    sriov_mock_advance(around.mock, ns);
    (void)op_now(vmm);
}

static void op_relax(void *vmm)
{
    op_sleep(vmm, 1000);
}

static int op_wait(void *vmm, uint64_t timeout_ns)
{
    op_sleep(vmm, timeout_ns < 1000000 ? timeout_ns : 1000000);
    return -ETIMEDOUT;
}

/* ---- the function ---- */

static int op_open(void *vmm, const struct sriov_open_args *args, void **fn)
{
    (void)args;
    *fn = vmm;
    return 0;
}

static void op_close(void *fn)
{
    (void)fn;
}

static int op_info(void *fn, struct sriov_fn_info *out)
{
    struct sriov_fn_info info = {.size = out->size, .caps = SRIOV_CAP_IRQ_CALLBACK, .iommu_group = -1};

    (void)fn;
    info.vendor = (uint16_t)cfg(SRIOV_PCI_VENDOR_ID, 2);
    info.device = (uint16_t)cfg(SRIOV_PCI_DEVICE_ID, 2);
    info.class_code = cfg(SRIOV_PCI_REVISION_ID, 4) >> 8;
    info.is_vf = 1;
    memcpy(info.name, "vf", sizeof("vf"));
    *out = info;
    return 0;
}

static int op_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    (void)fn;
    *value = cfg(off, width);
    return 0;
}

static int op_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value)
{
    (void)fn;
    cfg_put(off, width, value);
    return 0;
}

static int op_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info)
{
    (void)fn;
    info->flags = 0;
    info->length = bar == 0 || bar == MSIX_BAR ? BAR_BYTES : 0;
    return 0;
}

static int op_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    (void)fn;
    *value = sriov_mock_guest_read(around.vm, bar_gpa(bar) + off, width);
    return 0;
}

static int op_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    (void)fn;
    sriov_mock_guest_write(around.vm, bar_gpa(bar) + off, width, value);
    return 0;
}

/* ---- DMA: guest-physical addresses are the device's ---- */

static int op_dma_limits(void *fn, struct sriov_dma_limits *limits)
{
    struct sriov_dma_limits l = {.size = limits->size,
                                 .flags = SRIOV_DMA_SHIM_IOVA,
                                 .granule = 4096,
                                 .maps_left = UINT64_MAX,
                                 .bytes_left = UINT64_MAX,
                                 .num_ranges = 1};

    (void)fn;
    l.ranges[0].last = GUEST_RAM_BYTES - 1;
    *limits = l;
    return 0;
}

static int op_dma_alloc(void *fn, struct sriov_dma_mem *mem)
{
    struct guest *g = fn;
    uint64_t align = mem->align > 4096 ? mem->align : 4096;
    uint64_t at = (g->dma_next + align - 1) / align * align;

    if (at > GUEST_RAM_BYTES || mem->length > GUEST_RAM_BYTES - at) {
        return -ENOMEM;
    }
    g->dma_next = at + mem->length;
    memset(GUEST_RAM_VA + at, 0, mem->length);
    mem->va = GUEST_RAM_VA + at;
    mem->iova = sriov_iova(at);
    return 0;
}

static int op_dma_free(void *fn, const struct sriov_dma_mem *mem)
{
    (void)fn;
    (void)mem;
    return 0;
}

/* ---- MSI-X ---- */

static uint32_t msix_cap(void)
{
    uint32_t off = cfg(SRIOV_PCI_CAP_POINTER, 1);

    for (uint32_t i = 0; i < 48 && off >= 0x40; i++) {
        if (cfg(off, 1) == SRIOV_PCI_CAP_ID_MSIX) {
            return off;
        }
        off = cfg(off + 1, 1);
    }
    return 0;
}

static int op_irq_count(void *fn, uint32_t *count)
{
    (void)fn;
    *count = (cfg(msix_cap() + SRIOV_PCI_MSIX_CTRL, 2) & SRIOV_PCI_MSIX_CTRL_SIZE) + 1;
    return 0;
}

static int op_irq_enable(void *fn, uint32_t *n)
{
    struct guest *g = fn;
    uint64_t table = bar_gpa(MSIX_BAR) + (cfg(msix_cap() + SRIOV_PCI_MSIX_TABLE, 4) & SRIOV_PCI_MSIX_OFFSET);

    g->vectors = *n < 3 ? *n : 3;
    for (uint32_t i = 0; i < g->vectors; i++) {
        uint64_t at = table + i * SRIOV_PCI_MSIX_ENTRY_SIZE;

        sriov_mock_guest_write(around.vm, at + SRIOV_PCI_MSIX_ENTRY_ADDR_LO, 4, MESSAGE);
        sriov_mock_guest_write(around.vm, at + SRIOV_PCI_MSIX_ENTRY_ADDR_HI, 4, 0);
        sriov_mock_guest_write(around.vm, at + SRIOV_PCI_MSIX_ENTRY_DATA, 4, i);
        sriov_mock_guest_write(around.vm, at + SRIOV_PCI_MSIX_ENTRY_CTRL, 4, 0);
    }
    cfg_put(msix_cap() + SRIOV_PCI_MSIX_CTRL, 2, SRIOV_PCI_MSIX_CTRL_ENABLE);
    *n = g->vectors;
    return 0;
}

static int op_irq_disable(void *fn)
{
    (void)fn;
    cfg_put(msix_cap() + SRIOV_PCI_MSIX_CTRL, 2, 0);
    return 0;
}

static int op_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink)
{
    struct guest *g = fn;

    g->sink[vector] = *sink;
    return 0;
}

static int op_irq_detach(void *fn, uint32_t vector)
{
    struct guest *g = fn;

    memset(&g->sink[vector], 0, sizeof(g->sink[vector]));
    return 0;
}

static const struct sriov_vmm_ops ops = {
    .size = sizeof(ops),
    .abi = SRIOV_VMM_ABI,
    .name = "inside",
    .host_alloc = op_alloc,
    .host_free = op_free,
    .now_ns = op_now,
    .relax = op_relax,
    .sleep_ns = op_sleep,
    .wait = op_wait,
    .open = op_open,
    .close = op_close,
    .info = op_info,
    .cfg_read = op_cfg_read,
    .cfg_write = op_cfg_write,
    .bar_info = op_bar_info,
    .bar_read = op_bar_read,
    .bar_write = op_bar_write,
    .dma_limits = op_dma_limits,
    .dma_alloc = op_dma_alloc,
    .dma_free = op_dma_free,
    .irq_count = op_irq_count,
    .irq_enable = op_irq_enable,
    .irq_disable = op_irq_disable,
    .irq_attach = op_irq_attach,
    .irq_detach = op_irq_detach,
};

const struct sriov_vmm_ops *inside_ops(void)
{
    return &ops;
}
