/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_vmm.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/intel_mbx.h>
#include <sriov/hw/ixgbe_regs.h>
#include <sriov/hw/pci_regs.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u

const struct fake_layout fake_layouts[] = {
    {"ixgbevf-like", IXGBE_DEV_ID_82599_VF, IXGBE_VFMAILBOX, IXGBE_VFMBMEM(0), IXGBE_VFCTRL, IXGBE_CTRL_RST,
     IXGBE_VFLINKS, IXGBE_LINKS_UP | IXGBE_LINKS_SPEED_10G, IXGBE_VFRDBAL(0), IXGBE_VFRDT(0),
     IXGBE_VFTDBAL(0), IXGBE_VFTDT(0)},
    {"igbvf-like", IGB_DEV_ID_82576_VF, IGBVF_V2PMAILBOX, IGBVF_VMBMEM(0), IGBVF_VTCTRL, IGB_CTRL_RST,
     IGBVF_VTSTATUS, IGB_STATUS_LU | IGB_STATUS_SPEED_1000, IGBVF_RDBAL(0), IGBVF_RDT(0), IGBVF_TDBAL(0),
     IGBVF_TDT(0)},
    {0},
};

static void *fake_host_alloc(void *vmm, size_t size, size_t align)
{
    (void)vmm;
    size_t unit = align < sizeof(void *) ? sizeof(void *) : align;
    size_t whole = (size + unit - 1) & ~(unit - 1);
    void *ptr = aligned_alloc(unit, whole);
    if (ptr != NULL) {
        memset(ptr, 0, whole);
    }
    return ptr;
}

static void fake_host_free(void *vmm, void *ptr, size_t size)
{
    (void)vmm;
    (void)size;
    free(ptr);
}

/* ---- the PF behind the mailbox ---- */

static void reply_reset(struct fake_vmm *fake, uint32_t mem)
{
    fake_set_reg(fake, mem + 4, 0x00000002u); /* 02:00:00:00:00:01 */
    fake_set_reg(fake, mem + 8, 0x00000100u);
    fake_set_reg(fake, mem + 12, 0);
}

/* Grants one queue pair: words 1 and 2 are the tx and rx queues, 3 and 4 VLAN and default queue. */
static void reply_queues(struct fake_vmm *fake, uint32_t mem)
{
    fake_set_reg(fake, mem + 4, 1);
    fake_set_reg(fake, mem + 8, 1);
    fake_set_reg(fake, mem + 12, 0);
    fake_set_reg(fake, mem + 16, 0);
}

static void serve_request(struct fake_vmm *fake)
{
    uint32_t mem = fake->layout->mailbox_mem;
    uint32_t request = fake_reg(fake, mem);
    uint32_t id = request & 0xffffu;
    uint32_t verdict = INTEL_MBX_ACK;
    if (id == INTEL_MBX_VF_RESET) {
        reply_reset(fake, mem);
    } else if (id == IXGBE_MBX_VF_GET_QUEUES) {
        reply_queues(fake, mem);
    } else if (id == IXGBE_MBX_VF_GET_LINK_STATE) {
        fake_set_reg(fake, mem + 4, 1);
    } else if (id == IXGBE_MBX_VF_API_NEGOTIATE && fake_reg(fake, mem + 4) > IXGBE_MBX_API_1_3) {
        verdict = INTEL_MBX_NACK;
    }
    fake_set_reg(fake, mem, request | verdict | INTEL_MBX_CTS);
    fake_set_reg(fake, fake->layout->mailbox, IXGBE_VFMAILBOX_PFSTS | IXGBE_VFMAILBOX_PFACK);
}

/* The two device families agree in the bits of their VF mailbox register. */
static void serve_pf(struct fake_vmm *fake)
{
    uint32_t ctrl = fake_reg(fake, fake->layout->ctrl);
    if ((ctrl & fake->layout->ctrl_rst) != 0) {
        fake_set_reg(fake, fake->layout->ctrl, 0);
        fake_set_reg(fake, fake->layout->mailbox, IXGBE_VFMAILBOX_RSTD);
    }
    uint32_t mailbox = fake_reg(fake, fake->layout->mailbox);
    if (mailbox == IXGBE_VFMAILBOX_RSTD && (ctrl & fake->layout->ctrl_rst) == 0) {
        fake_set_reg(fake, fake->layout->mailbox, 0); /* read-to-clear, as far as memory can */
    } else if ((mailbox & IXGBE_VFMAILBOX_REQ) != 0) {
        serve_request(fake);
    } else if ((mailbox & IXGBE_VFMAILBOX_ACK) != 0) {
        fake_set_reg(fake, fake->layout->mailbox, 0);
    }
}

static uint64_t fake_now(void *vmm)
{
    return ((struct fake_vmm *)vmm)->now_ns;
}

static void fake_sleep(void *vmm, uint64_t ns)
{
    struct fake_vmm *fake = vmm;
    fake->now_ns += ns;
    serve_pf(fake);
}

static void fake_relax(void *vmm)
{
    fake_sleep(vmm, 1000);
}

static int fake_wait(void *vmm, uint64_t timeout_ns)
{
    if (timeout_ns == UINT64_MAX) {
        return -EAGAIN;
    }
    fake_sleep(vmm, timeout_ns);
    return -ETIMEDOUT;
}

static void fake_log(void *vmm, uint32_t level, const char *line)
{
    (void)vmm;
    (void)level;
    fprintf(stderr, "txrx: %s\n", line);
}

/* ---- one function ---- */

static int fake_open(void *vmm, const struct sriov_open_args *args, void **fn)
{
    (void)args;
    *fn = vmm;
    return 0;
}

static void fake_close(void *fn)
{
    (void)fn;
}

static int fake_info(void *fn, struct sriov_fn_info *info)
{
    const struct fake_vmm *fake = fn;
    uint32_t size = info->size;
    *info = (struct sriov_fn_info){
        .size = size,
        .caps = SRIOV_CAP_BAR_VIEW | SRIOV_CAP_NO_ISOLATION,
        .vendor = IXGBE_VENDOR_ID,
        .device = fake->layout->device,
        .class_code = 0x020000,
        .is_vf = 1,
        .iommu_group = -1,
        .name = "fake",
    };
    return 0;
}

static int fake_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    const struct fake_vmm *fake = fn;
    *value = 0;
    if (off + width <= sizeof(fake->config)) {
        memcpy(value, fake->config + off, width);
    }
    return 0;
}

static int fake_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value)
{
    struct fake_vmm *fake = fn;
    if (off + width <= sizeof(fake->config)) {
        memcpy(fake->config + off, &value, width);
    }
    return 0;
}

static int fake_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info)
{
    (void)fn;
    info->flags = SRIOV_BAR_VIEWABLE;
    info->length = bar == 0 ? FAKE_BAR_BYTES : 0;
    return 0;
}

static int fake_bar_view(void *fn, uint32_t bar, volatile void **view)
{
    if (bar != 0) {
        return -EOPNOTSUPP;
    }
    *view = ((struct fake_vmm *)fn)->bar;
    return 0;
}

static void fake_bar_unview(void *fn, uint32_t bar, volatile void *view)
{
    (void)fn;
    (void)bar;
    (void)view;
}

static int fake_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    const struct fake_vmm *fake = fn;
    if (bar != 0 || width > FAKE_BAR_BYTES || off > FAKE_BAR_BYTES - width) {
        return -ERANGE;
    }
    *value = 0;
    memcpy(value, fake->bar + off, width);
    return 0;
}

static int fake_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    struct fake_vmm *fake = fn;
    if (bar != 0 || width > FAKE_BAR_BYTES || off > FAKE_BAR_BYTES - width) {
        return -ERANGE;
    }
    memcpy(fake->bar + off, &value, width);
    return 0;
}

static int fake_dma_limits(void *fn, struct sriov_dma_limits *limits)
{
    (void)fn;
    uint32_t size = limits->size;
    *limits = (struct sriov_dma_limits){
        .size = size,
        .flags = SRIOV_DMA_SHIM_IOVA,
        .granule = PAGE,
        .maps_left = UINT64_MAX,
        .bytes_left = UINT64_MAX,
        .num_ranges = 1,
        .ranges = {{0, UINT64_MAX}},
    };
    return 0;
}

static int fake_dma_alloc(void *fn, struct sriov_dma_mem *mem)
{
    mem->va = fake_host_alloc(fn, mem->length, mem->align < PAGE ? PAGE : mem->align);
    mem->iova = sriov_iova((uintptr_t)mem->va);
    return mem->va == NULL ? -ENOMEM : 0;
}

static int fake_dma_free(void *fn, const struct sriov_dma_mem *mem)
{
    (void)fn;
    free(mem->va);
    return 0;
}

static const struct sriov_vmm_ops fake_ops = {
    .size = sizeof(fake_ops),
    .abi = SRIOV_VMM_ABI,
    .name = "bench",
    .host_alloc = fake_host_alloc,
    .host_free = fake_host_free,
    .now_ns = fake_now,
    .relax = fake_relax,
    .sleep_ns = fake_sleep,
    .wait = fake_wait,
    .log = fake_log,
    .open = fake_open,
    .close = fake_close,
    .info = fake_info,
    .cfg_read = fake_cfg_read,
    .cfg_write = fake_cfg_write,
    .bar_info = fake_bar_info,
    .bar_view = fake_bar_view,
    .bar_unview = fake_bar_unview,
    .bar_read = fake_bar_read,
    .bar_write = fake_bar_write,
    .dma_limits = fake_dma_limits,
    .dma_alloc = fake_dma_alloc,
    .dma_free = fake_dma_free,
};

int fake_vmm_create(const struct fake_layout *layout, struct fake_vmm *fake, struct sriov_vmm **vmm)
{
    *fake = (struct fake_vmm){.layout = layout};
    fake->bar = fake_host_alloc(fake, FAKE_BAR_BYTES, PAGE);
    if (fake->bar == NULL) {
        return -ENOMEM;
    }
    uint16_t ids[2] = {IXGBE_VENDOR_ID, layout->device};
    memcpy(fake->config, ids, sizeof(ids));
    fake_set_reg(fake, layout->link, layout->link_up);
    fake_set_reg(fake, layout->mailbox, IXGBE_VFMAILBOX_RSTD);
    int err = sriov_vmm_register(&fake_ops, fake, vmm);
    if (err != 0) {
        free(fake->bar);
    }
    return err;
}

void fake_vmm_destroy(struct fake_vmm *fake, struct sriov_vmm *vmm)
{
    sriov_vmm_unregister(vmm);
    free(fake->bar);
}
