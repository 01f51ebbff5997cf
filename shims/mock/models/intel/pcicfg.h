/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration space as bytes with a write mask beside each, and a builder of its capabilities. */
#ifndef MOCK_INTEL_PCICFG_H
#define MOCK_INTEL_PCICFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOCK_CFG_BYTES 4096u

struct mock_cfg {
    uint8_t byte[MOCK_CFG_BYTES];
    uint8_t writable[MOCK_CFG_BYTES];
    uint8_t clears[MOCK_CFG_BYTES]; /* W1C */
    uint8_t last_cap;               /* capability whose next pointer is to be filled */
    uint16_t last_ext;
    uint8_t exp, msix;
    uint16_t sriov;
};

/* Facts that configuration space shows of one kind of function. */
struct mock_cfg_identity {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t revision;
    uint64_t bar_length[6];
    uint32_t bar_flags[6]; /* SRIOV_PCI_BAR_* type bits */
    uint32_t regs_bar;
    uint32_t msix_bar, msix_vectors, msix_table, msix_pba;
};

struct mock_cfg_sriov {
    uint16_t total_vfs, offset, stride, device;
    const uint64_t *bar_length;
    const uint32_t *bar_flags;
};

uint32_t mock_cfg_get(const struct mock_cfg *cfg, uint32_t off, uint32_t width);
void mock_cfg_put(struct mock_cfg *cfg, uint32_t off, uint32_t width, uint32_t value);
/* What a write from the bus does: RO bits stay, W1C bits clear. */
void mock_cfg_bus_write(struct mock_cfg *cfg, uint32_t off, uint32_t width, uint32_t value);

void mock_cfg_build_pf(struct mock_cfg *cfg, const struct mock_cfg_identity *id,
                       const struct mock_cfg_sriov *sriov, const uint8_t mac[6]);
void mock_cfg_build_vf(struct mock_cfg *cfg, const struct mock_cfg_identity *id);

#endif
