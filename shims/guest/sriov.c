/* SPDX-License-Identifier: BSD-3-Clause */
/* VFs, by the SR-IOV capability itself (SR-IOV 1.1, chapter 3). */
#include "guest.h"

static uint32_t reg(const struct guest_dev *pf, uint32_t off)
{
    return pf->sriov + off;
}

/* VFs beyond device 0 of a link are reached only where the port above forwards by ARI. */
static uint32_t enable_ari(struct guest *g, const struct guest_dev *pf)
{
    const struct guest_dev *port = guest_dev_above(g, pf->rid >> 8);

    if (port == NULL || port->exp == 0 || guest_cfg_ext_cap(g, pf->rid, SRIOV_PCI_EXT_CAP_ID_ARI) == 0 ||
        (guest_cfg_read32(g, port->rid, port->exp + SRIOV_PCI_EXP_DEVCAP2) & SRIOV_PCI_EXP_DEVCAP2_ARI) ==
            0) {
        return 0;
    }
    uint16_t control = guest_cfg_read16(g, port->rid, port->exp + SRIOV_PCI_EXP_DEVCTL2);
    guest_cfg_write(g, port->rid, port->exp + SRIOV_PCI_EXP_DEVCTL2, 2, control | SRIOV_PCI_EXP_DEVCTL2_ARI);
    return SRIOV_PCI_SRIOV_CTRL_ARI;
}

static void tell_place(struct guest *g, const struct guest_dev *pf, uint32_t i)
{
    char name[SRIOV_NAME_MAX];
    char line[SRIOV_LOG_LINE_MAX];

    guest_dev_name(pf, name);
    (void)sriov_format(line, sizeof(line), "guest: %s: VF BAR %u placed at 0x%llx, 0x%llx bytes each", name,
                       i, (unsigned long long)pf->vf_bar[i].phys, (unsigned long long)pf->vf_bar[i].length);
    guest_say(g, SRIOV_LOG_INFO, line);
}

/* Known from an earlier time, it keeps its place: a reset of the PF has cleared the register. */
static int place_vf_bar(struct guest *g, struct guest_dev *pf, uint32_t i)
{
    struct guest_bar *bar = &pf->vf_bar[i];
    uint32_t at = reg(pf, SRIOV_PCI_SRIOV_VF_BAR(i));
    uint64_t total = guest_cfg_read16(g, pf->rid, reg(pf, SRIOV_PCI_SRIOV_TOTAL_VFS));
    uint64_t phys = bar->phys;

    if (phys == 0) {
        guest_bar_probe(g, pf->rid, at, bar);
        phys = bar->phys;
    }
    if (bar->length == 0) {
        return 0;
    }
    bool found = phys != 0;
    int rc = found ? 0 : guest_place(g, pf->rid >> 8, bar->length * total, bar->length, bar->flags, &phys);
    if (rc == 0) {
        guest_bar_assign(g, pf->rid, at, bar, phys);
    }
    if (rc == 0 && !found) {
        tell_place(g, pf, i);
    }
    return rc;
}

static int place_vf_bars(struct guest *g, struct guest_dev *pf)
{
    int rc = 0;

    guest_cfg_write(g, pf->rid, reg(pf, SRIOV_PCI_SRIOV_SYSTEM_PAGE), 4, 1);
    for (uint32_t i = 0; i < SRIOV_PCI_SRIOV_VF_BAR_COUNT && rc == 0; i++) {
        rc = place_vf_bar(g, pf, i);
        i += (pf->vf_bar[i].flags & SRIOV_BAR_64BIT) != 0 ? 1 : 0;
    }
    return rc;
}

static void describe_vf(struct guest *g, struct guest_dev *pf, uint16_t i, uint16_t rid)
{
    struct guest_dev *vf = &pf->vfs[i];

    vf->rid = rid;
    vf->pf = pf;
    vf->vf_index = i;
    guest_dev_caps(g, vf);
    for (uint32_t b = 0; b < SRIOV_PCI_BAR_COUNT; b++) {
        vf->bar[b] = pf->vf_bar[b];
        vf->bar[b].phys += i * pf->vf_bar[b].length;
    }
}

/* All answer, on buses that are routed to; else a device that does not keep its word. */
static int find_vfs(struct guest *g, struct guest_dev *pf, uint16_t n)
{
    const struct guest_dev *port = guest_dev_above(g, pf->rid >> 8);
    uint32_t last_bus = port == NULL ? 0u : guest_cfg_read(g, port->rid, SRIOV_PCI_BRIDGE_SUBORDINATE_BUS, 1);
    uint16_t offset = guest_cfg_read16(g, pf->rid, reg(pf, SRIOV_PCI_SRIOV_VF_OFFSET));
    uint16_t stride = guest_cfg_read16(g, pf->rid, reg(pf, SRIOV_PCI_SRIOV_VF_STRIDE));

    for (uint16_t i = 0; i < n; i++) {
        uint16_t rid = SRIOV_PCI_SRIOV_VF_RID(pf->rid, offset, stride, i);
        if (rid >> 8 < pf->rid >> 8 || rid >> 8 > last_bus) {
            return -ENOSPC;
        }
        if (guest_cfg_read32(g, rid, SRIOV_PCI_REVISION_ID) == SRIOV_PCI_NO_DEVICE32) {
            return -EPROTO;
        }
        describe_vf(g, pf, i, rid);
    }
    return 0;
}

static void write_control(struct guest *g, const struct guest_dev *pf, uint32_t bits)
{
    guest_cfg_write(g, pf->rid, reg(pf, SRIOV_PCI_SRIOV_CTRL), 2, bits);
}

static void forget(struct guest *g, struct guest_dev *pf, uint16_t n)
{
    guest_heap_free(&g->heap, pf->vfs, n * sizeof(*pf->vfs));
    pf->vfs = NULL;
    pf->num_vfs = 0;
}

static int enable(struct guest *g, struct guest_dev *pf, uint16_t n)
{
    int rc = place_vf_bars(g, pf);

    if (rc != 0) {
        return rc;
    }
    pf->vfs = guest_heap_alloc(&g->heap, n * sizeof(*pf->vfs), _Alignof(struct guest_dev));
    if (pf->vfs == NULL) {
        return -ENOMEM;
    }
    uint32_t ari = enable_ari(g, pf);
    write_control(g, pf, ari);
    guest_cfg_write(g, pf->rid, reg(pf, SRIOV_PCI_SRIOV_NUM_VFS), 2, n);
    write_control(g, pf, ari | SRIOV_PCI_SRIOV_CTRL_VFE | SRIOV_PCI_SRIOV_CTRL_MSE);
    guest_pass(g, SRIOV_PCI_VF_ENABLE_MS * GUEST_NS_MS);
    rc = find_vfs(g, pf, n);
    if (rc != 0) {
        write_control(g, pf, 0);
        forget(g, pf, n);
        return rc;
    }
    pf->num_vfs = n;
    return 0;
}

static int disable(struct guest *g, struct guest_dev *pf)
{
    for (uint16_t i = 0; i < pf->num_vfs; i++) {
        if (pf->vfs[i].fn != NULL) {
            return -EBUSY;
        }
    }
    uint32_t control = guest_cfg_read16(g, pf->rid, reg(pf, SRIOV_PCI_SRIOV_CTRL));
    if ((control & SRIOV_PCI_SRIOV_CTRL_VFE) != 0) {
        write_control(g, pf, control & ~(SRIOV_PCI_SRIOV_CTRL_VFE | SRIOV_PCI_SRIOV_CTRL_MSE));
        guest_pass(g, SRIOV_PCI_VF_DISABLE_MS * GUEST_NS_MS);
    }
    forget(g, pf, pf->num_vfs);
    return 0;
}

int guest_op_set_vfs(void *handle, uint16_t n)
{
    struct guest_fn *fn = handle;
    struct guest_dev *pf = fn->dev;

    if (pf->sriov == 0) {
        return -EOPNOTSUPP;
    }
    if (n > guest_cfg_read16(fn->g, pf->rid, reg(pf, SRIOV_PCI_SRIOV_TOTAL_VFS))) {
        return -EINVAL;
    }
    if (n == 0) {
        return disable(fn->g, pf);
    }
    return pf->num_vfs != 0 ? -EBUSY : enable(fn->g, pf, n);
}

void guest_vfs_restore(struct guest *g, struct guest_dev *pf)
{
    if (pf->num_vfs == 0) {
        return;
    }
    guest_cfg_write(g, pf->rid, reg(pf, SRIOV_PCI_SRIOV_SYSTEM_PAGE), 4, 1);
    for (uint32_t i = 0; i < SRIOV_PCI_SRIOV_VF_BAR_COUNT; i++) {
        if (pf->vf_bar[i].length != 0) {
            guest_bar_assign(g, pf->rid, reg(pf, SRIOV_PCI_SRIOV_VF_BAR(i)), &pf->vf_bar[i],
                             pf->vf_bar[i].phys);
        }
    }
    uint32_t ari = enable_ari(g, pf);
    write_control(g, pf, ari);
    guest_cfg_write(g, pf->rid, reg(pf, SRIOV_PCI_SRIOV_NUM_VFS), 2, pf->num_vfs);
    write_control(g, pf, ari | SRIOV_PCI_SRIOV_CTRL_VFE | SRIOV_PCI_SRIOV_CTRL_MSE);
    guest_pass(g, SRIOV_PCI_VF_ENABLE_MS * GUEST_NS_MS);
}
