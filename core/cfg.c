/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space, range-checked. */
#include "core.h"

#include <sriov/hw/pci_regs.h>

static int check(const struct sriov_fn *fn, uint32_t off, uint32_t width)
{
    uint32_t size = sriov_fn_can(fn, SRIOV_CAP_CFG_EXTENDED) ? SRIOV_PCI_CFG_EXT_SIZE : SRIOV_PCI_CFG_SIZE;

    if (off % width != 0) {
        return -EINVAL;
    }
    return off <= size && width <= size - off ? 0 : -ERANGE;
}

static int cfg_read(struct sriov_fn *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    int rc = check(fn, off, width);

    *value = UINT32_MAX;
    if (rc == 0) {
        rc = sric_fn_saw(fn, sric_ops(fn)->cfg_read(fn->handle, off, width, value));
    }
    if (rc != 0) {
        *value = UINT32_MAX;
    }
    return rc;
}

static int cfg_write(struct sriov_fn *fn, uint32_t off, uint32_t width, uint32_t value)
{
    int rc = check(fn, off, width);

    if (rc == 0) {
        rc = sric_fn_saw(fn, sric_ops(fn)->cfg_write(fn->handle, off, width, value));
    }
    return rc;
}

int sriov_cfg_read8(struct sriov_fn *fn, uint32_t off, uint8_t *value)
{
    uint32_t v;
    int rc = cfg_read(fn, off, 1, &v);

    *value = (uint8_t)v;
    return rc;
}

int sriov_cfg_read16(struct sriov_fn *fn, uint32_t off, uint16_t *value)
{
    uint32_t v;
    int rc = cfg_read(fn, off, 2, &v);

    *value = (uint16_t)v;
    return rc;
}

int sriov_cfg_read32(struct sriov_fn *fn, uint32_t off, uint32_t *value)
{
    return cfg_read(fn, off, 4, value);
}

int sriov_cfg_write8(struct sriov_fn *fn, uint32_t off, uint8_t value)
{
    return cfg_write(fn, off, 1, value);
}

int sriov_cfg_write16(struct sriov_fn *fn, uint32_t off, uint16_t value)
{
    return cfg_write(fn, off, 2, value);
}

int sriov_cfg_write32(struct sriov_fn *fn, uint32_t off, uint32_t value)
{
    return cfg_write(fn, off, 4, value);
}

/*
 * A VF's ids read all-ones by right (SR-IOV 1.1, 3.4.1), its status register never does: nobody
 * answers only when both are all-ones.
 */
int sric_cfg_alive(struct sriov_fn *fn)
{
    uint32_t ids;
    uint32_t status;
    int rc = sriov_cfg_read32(fn, SRIOV_PCI_VENDOR_ID, &ids);

    if (rc == 0) {
        rc = sriov_cfg_read32(fn, SRIOV_PCI_COMMAND, &status);
    }
    if (rc == 0 && ids == SRIOV_PCI_NO_DEVICE32 && status == SRIOV_PCI_NO_DEVICE32) {
        rc = -ENODEV;
    }
    return rc;
}
