/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers of a virtual configuration space: what they say at first, and which bits a guest may
 * change. A register that stands in no table here reads 0 and takes nothing. */
#include "vcfg.h"

/* A VF's BAR takes at least a system page (SR-IOV 1.1, 3.3.14), and so no two share one; another
 * function's takes 16 bytes (PCI 3.0, 6.2.5.1). */
#define BAR_LEAST       UINT64_C(4096)
#define BAR_LEAST_WHOLE UINT64_C(16)
#define BAR32_MOST      (UINT64_C(1) << 31)

#define COMMAND_WRITABLE                                                                                     \
    (SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER | SRIOV_PCI_COMMAND_PARITY |                        \
     SRIOV_PCI_COMMAND_SERR | SRIOV_PCI_COMMAND_INTX_DISABLE)
/* FLR reads 0 always: it is an event (vcfg_access.c). */
#define DEVCTL_WRITABLE                                                                                      \
    (SRIOV_PCI_EXP_DEVCTL_CERE | SRIOV_PCI_EXP_DEVCTL_NFERE | SRIOV_PCI_EXP_DEVCTL_FERE |                    \
     SRIOV_PCI_EXP_DEVCTL_URRE | SRIOV_PCI_EXP_DEVCTL_RELAX_EN | SRIOV_PCI_EXP_DEVCTL_PAYLOAD |              \
     SRIOV_PCI_EXP_DEVCTL_NOSNOOP_EN | SRIOV_PCI_EXP_DEVCTL_READRQ)
/* Payload 128 bytes, read requests of 512 (PCI Express Base 2.0, 7.8.4). */
#define DEVCTL_INITIAL                                                                                       \
    (SRIOV_PCI_EXP_DEVCTL_RELAX_EN | SRIOV_PCI_EXP_DEVCTL_NOSNOOP_EN |                                       \
     2u << SRIOV_PCI_EXP_DEVCTL_READRQ_SHIFT)

struct reg {
    uint8_t off;
    uint8_t width;
    uint16_t value;
    uint16_t writable;
};

/* The same for every VF. It has no INTx, no ROM and no latency timer; errors that status registers
 * could tell of are the PF's to see, so that their write-1-to-clear bits are never set. */
static const struct reg fixed[] = {
    {SRIOV_PCI_COMMAND, 2, 0, COMMAND_WRITABLE},
    {SRIOV_PCI_STATUS, 2, SRIOV_PCI_STATUS_CAP_LIST, 0},
    {SRIOV_PCI_CACHE_LINE_SIZE, 1, 0, 0xff},
    {SRIOV_PCI_HEADER_TYPE, 1, SRIOV_PCI_HEADER_TYPE_NORMAL, 0},
    {SRIOV_PCI_CAP_POINTER, 1, SRIC_VCFG_EXP, 0},
    {SRIOV_PCI_INTERRUPT_LINE, 1, 0, 0xff},
    {SRIC_VCFG_EXP + SRIOV_PCI_CAP_ID_OFF, 1, SRIOV_PCI_CAP_ID_EXP, 0},
    {SRIC_VCFG_EXP + SRIOV_PCI_EXP_FLAGS, 2,
     2u | SRIOV_PCI_EXP_TYPE_ENDPOINT << SRIOV_PCI_EXP_FLAGS_TYPE_SHIFT, 0},
    {SRIC_VCFG_EXP + SRIOV_PCI_EXP_DEVCTL, 2, DEVCTL_INITIAL, DEVCTL_WRITABLE},
};

static void put(struct sriov_vcfg *vcfg, uint32_t off, uint32_t width, uint32_t value, uint32_t writable)
{
    memcpy(vcfg->initial + off, &value, width);
    memcpy(vcfg->writable + off, &writable, width);
}

/* ---- BARs ---- */

static bool bar_ok(const struct sriov_vcfg *vcfg, const struct sriov_bar_info *info, uint32_t index)
{
    bool wide = (info->flags & SRIOV_BAR_64BIT) != 0;
    uint64_t least = (vcfg->flags & SRIOV_VCFG_WHOLE) != 0 ? BAR_LEAST_WHOLE : BAR_LEAST;

    if ((info->flags & SRIOV_BAR_IO) != 0 || !sric_is_pow2(info->length) || info->length < least) {
        return false;
    }
    return wide ? index + 1 < SRIOV_PCI_BAR_COUNT : info->length <= BAR32_MOST;
}

/* Bits below the size read 0 whatever is written: that is how software learns it (PCI 3.0, 6.2.5.1). */
static void put_bar(struct sriov_vcfg *vcfg, uint32_t index, const struct sriov_bar_info *info)
{
    struct sric_vcfg_bar *bar = &vcfg->bar[index];
    uint64_t mask = ~(info->length - 1);
    uint32_t type = (info->flags & SRIOV_BAR_PREFETCH) != 0 ? SRIOV_PCI_BAR_MEM_PREFETCH : 0;

    bar->length = info->length;
    bar->is_64bit = (info->flags & SRIOV_BAR_64BIT) != 0;
    type |= bar->is_64bit ? SRIOV_PCI_BAR_MEM_64 : SRIOV_PCI_BAR_MEM_32;
    put(vcfg, SRIOV_PCI_BAR(index), 4, type, (uint32_t)mask);
    if (bar->is_64bit) {
        put(vcfg, SRIOV_PCI_BAR(index + 1), 4, 0, (uint32_t)(mask >> 32));
    }
}

/* Registers in I/O space are in memory space too, with all devices that there are since PCI Express. */
static bool is_hidden(const struct sriov_vcfg *vcfg, const struct sriov_bar_info *info)
{
    return info->length == 0 || ((vcfg->flags & SRIOV_VCFG_WHOLE) != 0 && (info->flags & SRIOV_BAR_IO) != 0);
}

int sric_vcfg_size_bars(struct sriov_vcfg *vcfg, struct sriov_fn *fn)
{
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        struct sriov_bar_info info = {.size = sizeof(info)};
        bool upper = i > 0 && vcfg->bar[i - 1].is_64bit;
        int rc = sric_fn_saw(fn, sric_ops(fn)->bar_info(fn->handle, i, &info));

        vcfg->bar[i].gpa = SRIOV_VCFG_NOWHERE;
        vcfg->bar[i].refused = SRIOV_VCFG_NOWHERE;
        if (rc != 0) {
            return rc;
        }
        if (is_hidden(vcfg, &info)) {
            continue;
        }
        if (upper || !bar_ok(vcfg, &info, i)) {
            return -EPROTO;
        }
        put_bar(vcfg, i, &info);
    }
    return 0;
}

/* ---- capabilities ---- */

static void put_msix(struct sriov_vcfg *vcfg)
{
    const struct sriov_msix_cap *cap = &vcfg->msix;

    if (cap->vectors == 0) {
        return;
    }
    put(vcfg, SRIOV_PCI_CAP_POINTER, 1, SRIC_VCFG_MSIX, 0);
    put(vcfg, SRIC_VCFG_MSIX + SRIOV_PCI_CAP_ID_OFF, 1, SRIOV_PCI_CAP_ID_MSIX, 0);
    put(vcfg, SRIC_VCFG_MSIX + SRIOV_PCI_CAP_NEXT_OFF, 1, SRIC_VCFG_EXP, 0);
    put(vcfg, SRIC_VCFG_MSIX + SRIOV_PCI_MSIX_CTRL, 2, cap->vectors - 1u,
        SRIOV_PCI_MSIX_CTRL_ENABLE | SRIOV_PCI_MSIX_CTRL_MASKALL);
    put(vcfg, SRIC_VCFG_MSIX + SRIOV_PCI_MSIX_TABLE, 4, cap->table_off | cap->table_bar, 0);
    put(vcfg, SRIC_VCFG_MSIX + SRIOV_PCI_MSIX_PBA, 4, cap->pba_off | cap->pba_bar, 0);
}

/* Device and link capabilities of the function's own; 0 where it shows none. */
static int read_express(struct sriov_fn *fn, uint32_t *device, uint32_t *link)
{
    uint16_t off;
    int rc = sriov_cfg_find_cap(fn, SRIOV_PCI_CAP_ID_EXP, &off);

    *device = 0;
    *link = 0;
    if (rc == -ENOENT) {
        return 0;
    }
    if (rc == 0 && off > SRIOV_PCI_CFG_SIZE - SRIOV_PCI_EXP_LNKCAP - 4) {
        rc = -EPROTO;
    }
    if (rc == 0) {
        rc = sriov_cfg_read32(fn, off + SRIOV_PCI_EXP_DEVCAP, device);
    }
    return rc != 0 ? rc : sriov_cfg_read32(fn, off + SRIOV_PCI_EXP_LNKCAP, link);
}

/* Speed and width alone, so that no power state of the link is offered; the least where they make no
 * sense. */
static uint32_t plausible_link(uint32_t link)
{
    uint32_t speed = link & SRIOV_PCI_EXP_LNKCAP_SPEED;
    uint32_t width = (link & SRIOV_PCI_EXP_LNKCAP_WIDTH) >> SRIOV_PCI_EXP_LNKCAP_WIDTH_SHIFT;

    if (speed < SRIOV_PCI_EXP_SPEED_2_5 || speed > SRIOV_PCI_EXP_SPEED_8_0) {
        speed = SRIOV_PCI_EXP_SPEED_2_5;
    }
    if (width == 0 || width > 32) {
        width = 1;
    }
    return speed | width << SRIOV_PCI_EXP_LNKCAP_WIDTH_SHIFT;
}

static int put_express(struct sriov_vcfg *vcfg, struct sriov_fn *fn)
{
    uint32_t device;
    uint32_t link;
    int rc = read_express(fn, &device, &link);

    if (rc != 0) {
        return rc;
    }
    device &= SRIOV_PCI_EXP_DEVCAP_PAYLOAD;
    device = device > 5 ? 0 : device;
    link = plausible_link(link);
    put(vcfg, SRIC_VCFG_EXP + SRIOV_PCI_EXP_DEVCAP, 4,
        device | SRIOV_PCI_EXP_DEVCAP_RBER | SRIOV_PCI_EXP_DEVCAP_FLR, 0);
    put(vcfg, SRIC_VCFG_EXP + SRIOV_PCI_EXP_LNKCAP, 4, link, 0);
    /* The same fields at the same places. */
    put(vcfg, SRIC_VCFG_EXP + SRIOV_PCI_EXP_LNKSTA, 2, link, 0);
    return 0;
}

/* ---- the whole ---- */

static int put_identity(struct sriov_vcfg *vcfg, const struct sriov_fn_info *info)
{
    if (info->vendor == SRIOV_PCI_NO_DEVICE16 || info->vendor == 0) {
        return -EPROTO;
    }
    put(vcfg, SRIOV_PCI_VENDOR_ID, 2, info->vendor, 0);
    put(vcfg, SRIOV_PCI_DEVICE_ID, 2, info->device, 0);
    put(vcfg, SRIOV_PCI_REVISION_ID, 4, info->revision | info->class_code << 8, 0);
    put(vcfg, SRIOV_PCI_SUBSYSTEM_VENDOR_ID, 2, info->subsystem_vendor, 0);
    put(vcfg, SRIOV_PCI_SUBSYSTEM_ID, 2, info->subsystem_device, 0);
    return 0;
}

int sric_vcfg_build(struct sriov_vcfg *vcfg, struct sriov_fn *fn)
{
    int rc = put_identity(vcfg, sriov_fn_info(fn));

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        put(vcfg, fixed[i].off, fixed[i].width, fixed[i].value, fixed[i].writable);
    }
    put_msix(vcfg);
    if (rc == 0) {
        rc = put_express(vcfg, fn);
    }
    memcpy(vcfg->value, vcfg->initial, sizeof(vcfg->value));
    return rc;
}
