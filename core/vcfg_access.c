/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's reads and writes of configuration space, and what writes lead to. */
#include "vcfg.h"

static bool sane(uint32_t off, uint32_t width)
{
    return (width == 1 || width == 2 || width == 4) && off % width == 0 && off < SRIOV_PCI_CFG_EXT_SIZE;
}

static bool touches(uint32_t off, uint32_t width, uint32_t reg, uint32_t reg_width)
{
    return off < reg + reg_width && reg < off + width;
}

uint32_t sriov_vcfg_read(struct sriov_vcfg *vcfg, uint32_t off, uint32_t width)
{
    vcfg->counts.reads++;
    if (!sane(off, width)) {
        vcfg->counts.ignored++;
        return width == 1 || width == 2 ? UINT32_MAX >> (32 - 8 * width) : UINT32_MAX;
    }
    return off < SRIOV_PCI_CFG_SIZE ? sric_vcfg_get(vcfg, off, width) : 0;
}

/* False: no bit of it may be written. */
static bool store(struct sriov_vcfg *vcfg, uint32_t off, uint32_t width, uint32_t value)
{
    uint32_t any = 0;

    if (off >= SRIOV_PCI_CFG_SIZE) {
        return false;
    }
    for (uint32_t i = 0; i < width; i++) {
        uint8_t mask = vcfg->writable[off + i];
        uint8_t byte = (uint8_t)(value >> (8 * i));

        vcfg->value[off + i] = (uint8_t)((vcfg->value[off + i] & ~mask) | (byte & mask));
        any |= mask;
    }
    return any != 0;
}

void sric_vcfg_tell_master(struct sriov_vcfg *vcfg)
{
    bool on = (sric_vcfg_get(vcfg, SRIOV_PCI_COMMAND, 2) & SRIOV_PCI_COMMAND_MASTER) != 0;
    int rc = 0;

    if (on == vcfg->master) {
        return;
    }
    if (vcfg->hooks.bus_master != NULL) {
        rc = sric_vcfg_told(vcfg, vcfg->hooks.bus_master(vcfg->hooks.arg, on));
    }
    vcfg->master = rc == 0 ? on : vcfg->master;
}

/* All of it is as after power-on. Vectors go before their BARs, as they came after them. */
void sriov_vcfg_reset(struct sriov_vcfg *vcfg)
{
    memcpy(vcfg->value, vcfg->initial, sizeof(vcfg->value));
    sric_vcfg_msix_clear(vcfg);
    sric_vcfg_msix_control(vcfg);
    sric_vcfg_tell_master(vcfg);
    sric_vcfg_place_bars(vcfg);
}

static bool asks_for_flr(uint32_t off, uint32_t width, uint32_t value)
{
    /* The byte that has the bit. */
    uint32_t at = SRIC_VCFG_EXP + SRIOV_PCI_EXP_DEVCTL + 1;

    return touches(off, width, at, 1) && (value >> (8 * (at - off)) & SRIOV_PCI_EXP_DEVCTL_FLR >> 8) != 0;
}

static void flr(struct sriov_vcfg *vcfg)
{
    sriov_vcfg_reset(vcfg);
    if (vcfg->hooks.flr != NULL) {
        (void)sric_vcfg_told(vcfg, vcfg->hooks.flr(vcfg->hooks.arg));
    }
}

void sriov_vcfg_write(struct sriov_vcfg *vcfg, uint32_t off, uint32_t width, uint32_t value)
{
    vcfg->counts.writes++;
    if (!sane(off, width) || !store(vcfg, off, width, value)) {
        vcfg->counts.ignored++;
        return;
    }
    if (asks_for_flr(off, width, value)) {
        flr(vcfg);
        return;
    }
    if (touches(off, width, SRIOV_PCI_BAR(0), 4 * SRIOV_PCI_BAR_COUNT)) {
        sric_vcfg_place_bars(vcfg);
    }
    if (touches(off, width, SRIOV_PCI_COMMAND, 2)) {
        sric_vcfg_place_bars(vcfg);
        sric_vcfg_tell_master(vcfg);
    }
    if (vcfg->msix.vectors != 0 && touches(off, width, SRIC_VCFG_MSIX + SRIOV_PCI_MSIX_CTRL, 2)) {
        sric_vcfg_msix_control(vcfg);
    }
}
