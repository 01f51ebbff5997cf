/* SPDX-License-Identifier: BSD-3-Clause */
/* Walks over both capability lists, bounded whatever config space holds; MSI-X and SR-IOV decoded. */
#include "core.h"

#include <sriov/hw/pci_regs.h>

/* One bit for each dword of config space: a capability seen twice is a loop. */
struct seen {
    uint32_t bits[SRIOV_PCI_CFG_EXT_SIZE / 4 / 32];
};

static bool first_visit(struct seen *seen, uint32_t off)
{
    uint32_t *word = &seen->bits[off / 4 / 32];
    uint32_t bit = UINT32_C(1) << (off / 4 % 32);
    bool first = (*word & bit) == 0;

    *word |= bit;
    return first;
}

static bool pointer_ok(uint32_t off, uint32_t lowest, uint32_t size)
{
    return off >= lowest && off < size && off % 4 == 0;
}

static int walk_standard(struct sriov_fn *fn, sriov_cap_cb cb, void *arg)
{
    struct seen seen = {{0}};
    uint16_t status;
    uint16_t head;
    uint8_t off;
    int rc = sriov_cfg_read16(fn, SRIOV_PCI_STATUS, &status);

    if (rc != 0 || (status & SRIOV_PCI_STATUS_CAP_LIST) == 0) {
        return rc;
    }
    rc = sriov_cfg_read8(fn, SRIOV_PCI_CAP_POINTER, &off);
    while (rc == 0 && off != 0) {
        if (!pointer_ok(off, SRIOV_PCI_CAP_FIRST, SRIOV_PCI_CFG_SIZE) || !first_visit(&seen, off)) {
            return -EPROTO;
        }
        rc = sriov_cfg_read16(fn, off, &head);
        if (rc == 0) {
            rc = cb(arg, false, head & 0xffu, off);
        }
        off = (uint8_t)(head >> 8);
    }
    return rc;
}

/* The header of an empty list is 0; all-ones where extended space is not there after all. */
static bool ext_list_empty(uint32_t first)
{
    return first == 0 || first == SRIOV_PCI_NO_DEVICE32;
}

static int walk_extended(struct sriov_fn *fn, sriov_cap_cb cb, void *arg)
{
    struct seen seen = {{0}};
    uint32_t off = SRIOV_PCI_EXT_CAP_FIRST;
    uint32_t head;
    int rc = 0;

    if (!sriov_fn_can(fn, SRIOV_CAP_CFG_EXTENDED)) {
        return 0;
    }
    while (rc == 0 && off != 0) {
        if (!pointer_ok(off, SRIOV_PCI_EXT_CAP_FIRST, SRIOV_PCI_CFG_EXT_SIZE) || !first_visit(&seen, off)) {
            return -EPROTO;
        }
        rc = sriov_cfg_read32(fn, off, &head);
        if (rc != 0 || (off == SRIOV_PCI_EXT_CAP_FIRST && ext_list_empty(head))) {
            return rc;
        }
        rc = cb(arg, true, (uint16_t)SRIOV_PCI_EXT_CAP_ID(head), (uint16_t)off);
        off = head >> 20;
    }
    return rc;
}

int sriov_cfg_each_cap(struct sriov_fn *fn, sriov_cap_cb cb, void *arg)
{
    int rc = sric_cfg_alive(fn);

    if (rc == 0) {
        rc = walk_standard(fn, cb, arg);
    }
    return rc != 0 ? rc : walk_extended(fn, cb, arg);
}

struct find {
    uint16_t id;
    uint16_t off;
};

static int match_cap(void *arg, bool ext, uint16_t id, uint16_t off)
{
    struct find *find = arg;

    (void)ext;
    if (id != find->id) {
        return 0;
    }
    find->off = off;
    return 1;
}

static int finish_find(int rc, const struct find *find, uint16_t *off)
{
    *off = find->off;
    if (rc > 0) {
        return 0;
    }
    return rc == 0 ? -ENOENT : rc;
}

int sriov_cfg_find_cap(struct sriov_fn *fn, uint8_t id, uint16_t *off)
{
    struct find find = {id, 0};
    int rc = sric_cfg_alive(fn);

    if (rc == 0) {
        rc = walk_standard(fn, match_cap, &find);
    }
    return finish_find(rc, &find, off);
}

int sriov_cfg_find_ext_cap(struct sriov_fn *fn, uint16_t id, uint16_t *off)
{
    struct find find = {id, 0};
    int rc = sric_cfg_alive(fn);

    if (rc == 0) {
        rc = walk_extended(fn, match_cap, &find);
    }
    return finish_find(rc, &find, off);
}

static int decode_msix(struct sriov_fn *fn, struct sriov_msix_cap *cap)
{
    uint16_t ctrl;
    uint32_t table;
    uint32_t pba;
    int rc = sriov_cfg_read16(fn, cap->off + SRIOV_PCI_MSIX_CTRL, &ctrl);

    if (rc == 0) {
        rc = sriov_cfg_read32(fn, cap->off + SRIOV_PCI_MSIX_TABLE, &table);
    }
    if (rc == 0) {
        rc = sriov_cfg_read32(fn, cap->off + SRIOV_PCI_MSIX_PBA, &pba);
    }
    if (rc != 0) {
        return rc;
    }
    cap->vectors = (uint16_t)((ctrl & SRIOV_PCI_MSIX_CTRL_SIZE) + 1);
    cap->enabled = (ctrl & SRIOV_PCI_MSIX_CTRL_ENABLE) != 0;
    cap->masked = (ctrl & SRIOV_PCI_MSIX_CTRL_MASKALL) != 0;
    cap->table_bar = (uint8_t)(table & SRIOV_PCI_MSIX_BIR);
    cap->table_off = table & SRIOV_PCI_MSIX_OFFSET;
    cap->pba_bar = (uint8_t)(pba & SRIOV_PCI_MSIX_BIR);
    cap->pba_off = pba & SRIOV_PCI_MSIX_OFFSET;
    return cap->table_bar < SRIOV_PCI_BAR_COUNT && cap->pba_bar < SRIOV_PCI_BAR_COUNT ? 0 : -EPROTO;
}

int sriov_cfg_msix(struct sriov_fn *fn, struct sriov_msix_cap *cap)
{
    int rc;

    memset(cap, 0, sizeof(*cap));
    rc = sriov_cfg_find_cap(fn, SRIOV_PCI_CAP_ID_MSIX, &cap->off);
    if (rc == 0) {
        rc = cap->off <= SRIOV_PCI_CFG_SIZE - SRIOV_PCI_MSIX_SIZE ? decode_msix(fn, cap) : -EPROTO;
    }
    if (rc != 0) {
        memset(cap, 0, sizeof(*cap));
    }
    return rc;
}

static int read_counts(struct sriov_fn *fn, struct sriov_iov_cap *cap)
{
    const struct {
        uint16_t at;
        uint16_t *to;
    } fields[] = {
        {SRIOV_PCI_SRIOV_INITIAL_VFS, &cap->initial_vfs}, {SRIOV_PCI_SRIOV_TOTAL_VFS, &cap->total_vfs},
        {SRIOV_PCI_SRIOV_NUM_VFS, &cap->num_vfs},         {SRIOV_PCI_SRIOV_VF_OFFSET, &cap->first_vf_offset},
        {SRIOV_PCI_SRIOV_VF_STRIDE, &cap->vf_stride},     {SRIOV_PCI_SRIOV_VF_DEVICE_ID, &cap->vf_device_id},
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(fields) / sizeof(fields[0]); i++) {
        rc = sriov_cfg_read16(fn, (uint32_t)cap->off + fields[i].at, fields[i].to);
    }
    return rc;
}

static int decode_sriov(struct sriov_fn *fn, struct sriov_iov_cap *cap)
{
    uint16_t ctrl;
    int rc = sriov_cfg_read16(fn, cap->off + SRIOV_PCI_SRIOV_CTRL, &ctrl);

    if (rc == 0) {
        rc = read_counts(fn, cap);
    }
    if (rc == 0) {
        rc = sriov_cfg_read32(fn, cap->off + SRIOV_PCI_SRIOV_SUPPORTED_PAGES, &cap->supported_page_sizes);
    }
    if (rc == 0) {
        rc = sriov_cfg_read32(fn, cap->off + SRIOV_PCI_SRIOV_SYSTEM_PAGE, &cap->system_page_size);
    }
    if (rc != 0) {
        return rc;
    }
    cap->vf_enable = (ctrl & SRIOV_PCI_SRIOV_CTRL_VFE) != 0;
    cap->vf_mse = (ctrl & SRIOV_PCI_SRIOV_CTRL_MSE) != 0;
    cap->ari_capable = (ctrl & SRIOV_PCI_SRIOV_CTRL_ARI) != 0;
    if (cap->initial_vfs > cap->total_vfs || (cap->vf_enable && cap->num_vfs > cap->total_vfs)) {
        return -EPROTO;
    }
    return 0;
}

int sriov_cfg_sriov(struct sriov_fn *fn, struct sriov_iov_cap *cap)
{
    int rc;

    memset(cap, 0, sizeof(*cap));
    rc = sriov_cfg_find_ext_cap(fn, SRIOV_PCI_EXT_CAP_ID_SRIOV, &cap->off);
    if (rc == 0) {
        rc = cap->off <= SRIOV_PCI_CFG_EXT_SIZE - SRIOV_PCI_SRIOV_SIZE ? decode_sriov(fn, cap) : -EPROTO;
    }
    if (rc != 0) {
        memset(cap, 0, sizeof(*cap));
    }
    return rc;
}
