/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space: PCI Local Bus 3.0 chapter 6, PCI Express 5.0 chapter 7. */
#include "conform.h"

#include <sriov/hw/pci_regs.h>

#include <errno.h>

static enum conform_verdict ids_are_those_of_info(struct conform *c, struct sriov_fn *fn)
{
    uint16_t vendor;
    uint16_t device;
    RETURNS(c, sriov_cfg_read16(fn, SRIOV_PCI_VENDOR_ID, &vendor), 0);
    RETURNS(c, sriov_cfg_read16(fn, SRIOV_PCI_DEVICE_ID, &device), 0);
    CHECK(c, vendor == sriov_fn_info(fn)->vendor && device == sriov_fn_info(fn)->device);
    CHECK(c, vendor != 0xffff && vendor != 0);
    return CONFORM_PASS;
}

static enum conform_verdict widths_agree(struct conform *c, struct sriov_fn *fn)
{
    for (uint32_t off = 0; off < 64; off += 4) {
        uint32_t whole;
        uint32_t put_together = 0;
        RETURNS(c, sriov_cfg_read32(fn, off, &whole), 0);
        for (uint32_t i = 0; i < 4; i++) {
            uint8_t byte;
            RETURNS(c, sriov_cfg_read8(fn, off + i, &byte), 0);
            put_together |= (uint32_t)byte << (8 * i);
        }
        CHECK(c, put_together == whole);
        uint16_t low;
        uint16_t high;
        RETURNS(c, sriov_cfg_read16(fn, off, &low), 0);
        RETURNS(c, sriov_cfg_read16(fn, off + 2, &high), 0);
        CHECK(c, (low | (uint32_t)high << 16) == whole);
    }
    return CONFORM_PASS;
}

static enum conform_verdict outside_is_refused(struct conform *c, struct sriov_fn *fn)
{
    uint32_t value = 0;
    REFUSES(c, sriov_cfg_read32(fn, 4096, &value));
    CHECK(c, value == UINT32_MAX);
    REFUSES(c, sriov_cfg_read32(fn, UINT32_MAX - 3, &value));
    REFUSES(c, sriov_cfg_read32(fn, 2, &value)); /* not aligned */
    REFUSES(c, sriov_cfg_write32(fn, 4096, 0));
    return CONFORM_PASS;
}

static enum conform_verdict bus_master_switches(struct conform *c, struct sriov_fn *fn)
{
    uint16_t command;
    RETURNS(c, sriov_cfg_read16(fn, SRIOV_PCI_COMMAND, &command), 0);
    CHECK(c, (command & SRIOV_PCI_COMMAND_MASTER) != 0); /* open enables it */
    uint16_t off = (uint16_t)(command & ~SRIOV_PCI_COMMAND_MASTER);
    RETURNS(c, sriov_cfg_write16(fn, SRIOV_PCI_COMMAND, off), 0);
    uint16_t now;
    RETURNS(c, sriov_cfg_read16(fn, SRIOV_PCI_COMMAND, &now), 0);
    CHECK(c, (now & SRIOV_PCI_COMMAND_MASTER) == 0);
    RETURNS(c, sriov_cfg_write16(fn, SRIOV_PCI_COMMAND, command), 0);
    RETURNS(c, sriov_cfg_read16(fn, SRIOV_PCI_COMMAND, &now), 0);
    CHECK(c, (now & SRIOV_PCI_COMMAND_MASTER) != 0);
    return CONFORM_PASS;
}

static enum conform_verdict express_capability(struct conform *c, struct sriov_fn *fn)
{
    uint16_t off = 0;
    RETURNS(c, sriov_cfg_find_cap(fn, SRIOV_PCI_CAP_ID_EXP, &off), 0);
    CHECK(c, off >= 0x40 && off < 0x100 && off % 4 == 0);
    uint16_t none;
    RETURNS(c, sriov_cfg_find_cap(fn, 0x7f, &none), -ENOENT);
    return CONFORM_PASS;
}

static enum conform_verdict msix_capability(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_msix_cap cap;
    int err = sriov_cfg_msix(fn, &cap);
    if (err == -ENOENT) {
        return conform_cannot(c, "this function has no MSI-X capability");
    }
    RETURNS(c, err, 0);
    CHECK(c, cap.vectors >= 1 && cap.vectors <= 2048 && cap.table_bar < 6 && cap.pba_bar < 6);
    CHECK(c, sriov_irq_count(fn) <= cap.vectors);
    return CONFORM_PASS;
}

static enum conform_verdict extended_space(struct conform *c, struct sriov_fn *fn)
{
    NEED(c, fn, SRIOV_CAP_CFG_EXTENDED, "no config space beyond byte 255 here");
    uint32_t value;
    RETURNS(c, sriov_cfg_read32(fn, 0x100, &value), 0);
    RETURNS(c, sriov_cfg_read32(fn, 4092, &value), 0);
    uint16_t off;
    RETURNS(c, sriov_cfg_find_ext_cap(fn, 0x7fff, &off), -ENOENT);
    return CONFORM_PASS;
}

static enum conform_verdict sriov_capability(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_iov_cap cap;
    int err = sriov_cfg_sriov(fn, &cap);
    if (sriov_fn_info(fn)->total_vfs == 0) { /* no PF: the walk must say so, not find something else */
        RETURNS(c, err, -ENOENT);
        return CONFORM_PASS;
    }
    RETURNS(c, err, 0);
    CHECK(c, cap.total_vfs == sriov_fn_info(fn)->total_vfs && cap.num_vfs <= cap.total_vfs);
    CHECK(c, cap.vf_stride != 0 || cap.total_vfs < 2);
    return CONFORM_PASS;
}

const struct conform_case conform_config_cases[] = {
    {"config.ids-are-those-of-info", ids_are_those_of_info, false},
    {"config.widths-agree", widths_agree, false},
    {"config.outside-refused", outside_is_refused, false},
    {"config.bus-master-switches", bus_master_switches, false},
    {"config.express-capability", express_capability, false},
    {"config.msix-capability", msix_capability, false},
    {"config.extended-space", extended_space, false},
    {"config.sriov-capability", sriov_capability, false},
    {NULL, NULL, false},
};
