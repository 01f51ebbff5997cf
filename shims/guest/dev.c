/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions by name, and what is told about them. */
#include "guest.h"

void guest_dev_name(const struct guest_dev *dev, char name[SRIOV_NAME_MAX])
{
    sriov_format(name, SRIOV_NAME_MAX, "0000:%02x:%02x.%x", (unsigned)(dev->rid >> 8),
                 (unsigned)(dev->rid >> 3 & 0x1f), (unsigned)(dev->rid & 7));
}

static bool has_name(const struct guest_dev *dev, const char *name)
{
    char own[SRIOV_NAME_MAX];
    size_t i = 0;

    guest_dev_name(dev, own);
    while (own[i] != '\0' && own[i] == name[i]) {
        i++;
    }
    return own[i] == name[i];
}

/* Bridges are not for drivers of this library. */
struct guest_dev *guest_dev_find(struct guest *g, const char *name)
{
    for (uint32_t i = 0; i < g->num_devs; i++) {
        struct guest_dev *dev = &g->devs[i];
        if (!dev->bridge && has_name(dev, name)) {
            return dev;
        }
        for (uint16_t v = 0; v < dev->num_vfs; v++) {
            if (has_name(&dev->vfs[v], name)) {
                return &dev->vfs[v];
            }
        }
    }
    return NULL;
}

static uint64_t caps_of(struct guest *g, const struct guest_dev *dev)
{
    uint64_t caps = SRIOV_CAP_BAR_VIEW | SRIOV_CAP_DMA_MAP | SRIOV_CAP_NO_ISOLATION;
    uint64_t irq =
        SRIOV_CAP_IRQ_CALLBACK | SRIOV_CAP_IRQ_MASK | SRIOV_CAP_IRQ_PENDING | SRIOV_CAP_IRQ_TRIGGER;

    caps |= dev->msix != 0 ? irq : 0;
    caps |= dev->can_flr ? SRIOV_CAP_RESET : 0;
    caps |= dev->sriov != 0 ? SRIOV_CAP_SET_VFS : 0;
    caps |= guest_cfg_size(g) > SRIOV_PCI_CFG_SIZE && dev->exp != 0 ? SRIOV_CAP_CFG_EXTENDED : 0;
    return caps;
}

/* A VF's own identity registers hold none (SR-IOV 1.1, 3.4.1). */
static void identify(struct guest *g, const struct guest_dev *dev, struct sriov_fn_info *info)
{
    const struct guest_dev *pf = dev->pf;

    info->vendor = guest_cfg_read16(g, pf != NULL ? pf->rid : dev->rid, SRIOV_PCI_VENDOR_ID);
    info->device = pf != NULL ? guest_cfg_read16(g, pf->rid, pf->sriov + SRIOV_PCI_SRIOV_VF_DEVICE_ID)
                              : guest_cfg_read16(g, dev->rid, SRIOV_PCI_DEVICE_ID);
    info->subsystem_vendor = guest_cfg_read16(g, dev->rid, SRIOV_PCI_SUBSYSTEM_VENDOR_ID);
    info->subsystem_device = guest_cfg_read16(g, dev->rid, SRIOV_PCI_SUBSYSTEM_ID);
    uint32_t class = guest_cfg_read32(g, dev->rid, SRIOV_PCI_REVISION_ID);
    info->class_code = class >> 8;
    info->revision = (uint8_t) class;
}

void guest_dev_info(struct guest *g, const struct guest_dev *dev, struct sriov_fn_info *info)
{
    memset(info, 0, sizeof(*info));
    info->size = sizeof(*info);
    info->caps = caps_of(g, dev);
    info->iommu_group = -1;
    identify(g, dev, info);
    guest_dev_name(dev, info->name);
    if (dev->pf != NULL) {
        info->is_vf = 1;
        info->vf_index = dev->vf_index;
        guest_dev_name(dev->pf, info->pf_name);
    } else if (dev->sriov != 0) {
        info->total_vfs = guest_cfg_read16(g, dev->rid, dev->sriov + SRIOV_PCI_SRIOV_TOTAL_VFS);
        info->num_vfs = dev->num_vfs;
    }
}

static int tell(struct guest *g, const struct guest_dev *dev, sriov_enum_cb cb, void *arg)
{
    struct sriov_fn_info info;

    guest_dev_info(g, dev, &info);
    return cb(arg, &info);
}

int guest_op_enumerate(void *vmm, sriov_enum_cb cb, void *arg)
{
    struct guest *g = vmm;
    int rc = 0;

    for (uint32_t i = 0; i < g->num_devs && rc == 0; i++) {
        const struct guest_dev *dev = &g->devs[i];
        if (!dev->bridge) {
            rc = tell(g, dev, cb, arg);
        }
        for (uint16_t v = 0; v < dev->num_vfs && rc == 0; v++) {
            rc = tell(g, &dev->vfs[v], cb, arg);
        }
    }
    return rc;
}
