/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space by routing id: ECAM (PCI Express 5.0, 7.2.2) or the two ports (PCI 3.0, 3.2.2.3.2). */
#include "guest.h"

#include "cpu.h"

#define PORT_ADDRESS 0xcf8u
#define PORT_DATA    0xcfcu
#define ADDRESS_ON   UINT32_C(0x80000000)
#define BUS_SHIFT    20u /* ECAM: 1 MiB a bus, 4 KiB a function */
#define FN_SHIFT     12u

static int map_ecam(struct guest *g, const struct guest_ecam *ecam)
{
    uint64_t begin = ecam->phys + ((uint64_t)ecam->first_bus << BUS_SHIFT);
    uint64_t bytes = (uint64_t)(ecam->last_bus - ecam->first_bus + 1) << BUS_SHIFT;
    bool large = begin % GUEST_SLOT == 0 && bytes % GUEST_SLOT == 0;

    g->first_bus = ecam->first_bus;
    g->last_bus = ecam->last_bus;
    return guest_window_map(g, begin, bytes, large, &g->ecam);
}

int guest_cfg_open(struct guest *g, const struct sriov_guest_opts *opts)
{
    struct guest_ecam ecam = {opts->ecam, 0, GUEST_BUSES - 1};
    bool by_ecam = (opts->flags & SRIOV_GUEST_NO_ECAM) == 0 &&
                   (opts->ecam != 0 || guest_acpi_ecam(opts->rsdp, &ecam) == 0);

    if (by_ecam) {
        return map_ecam(g, &ecam);
    }
    g->last_bus = GUEST_BUSES - 1;
    return 0;
}

uint32_t guest_cfg_size(const struct guest *g)
{
    return g->ecam.va != NULL ? SRIOV_PCI_CFG_EXT_SIZE : SRIOV_PCI_CFG_SIZE;
}

static bool is_inside(const struct guest *g, uint16_t rid, uint32_t off)
{
    return rid >> 8 >= g->first_bus && rid >> 8 <= g->last_bus && off < guest_cfg_size(g);
}

static volatile uint8_t *ecam_at(const struct guest *g, uint16_t rid, uint32_t off)
{
    return g->ecam.va + (((uint64_t)rid << FN_SHIFT) - ((uint64_t)g->first_bus << BUS_SHIFT)) + off;
}

static uint16_t select_port(uint16_t rid, uint32_t off)
{
    cpu_out32(PORT_ADDRESS, ADDRESS_ON | (uint32_t)rid << 8 | (off & 0xfcu));
    return (uint16_t)(PORT_DATA + (off & 3));
}

static uint32_t read_port(uint16_t rid, uint32_t off, uint32_t width)
{
    uint16_t port = select_port(rid, off);

    switch (width) {
    case 1:
        return cpu_in8(port);
    case 2:
        return cpu_in16(port);
    default:
        return cpu_in32(port);
    }
}

static void write_port(uint16_t rid, uint32_t off, uint32_t width, uint32_t value)
{
    uint16_t port = select_port(rid, off);

    switch (width) {
    case 1:
        cpu_out8(port, (uint8_t)value);
        break;
    case 2:
        cpu_out16(port, (uint16_t)value);
        break;
    default:
        cpu_out32(port, value);
        break;
    }
}

uint32_t guest_cfg_read(struct guest *g, uint16_t rid, uint32_t off, uint32_t width)
{
    volatile uint8_t *at;

    if (!is_inside(g, rid, off)) {
        return UINT32_MAX >> (32 - 8 * width);
    }
    if (g->ecam.va == NULL) {
        return read_port(rid, off, width);
    }
    at = ecam_at(g, rid, off);
    switch (width) {
    case 1:
        return *at;
    case 2:
        return *(volatile uint16_t *)at;
    default:
        return *(volatile uint32_t *)at;
    }
}

void guest_cfg_write(struct guest *g, uint16_t rid, uint32_t off, uint32_t width, uint32_t value)
{
    volatile uint8_t *at;

    if (!is_inside(g, rid, off)) {
        return;
    }
    if (g->ecam.va == NULL) {
        write_port(rid, off, width, value);
        return;
    }
    at = ecam_at(g, rid, off);
    switch (width) {
    case 1:
        *at = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)at = (uint16_t)value;
        break;
    default:
        *(volatile uint32_t *)at = value;
        break;
    }
}

uint16_t guest_cfg_cap(struct guest *g, uint16_t rid, uint8_t id)
{
    uint32_t off = guest_cfg_read(g, rid, SRIOV_PCI_CAP_POINTER, 1) & 0xfcu;

    if ((guest_cfg_read16(g, rid, SRIOV_PCI_STATUS) & SRIOV_PCI_STATUS_CAP_LIST) == 0) {
        return 0;
    }
    for (uint32_t i = 0; i < SRIOV_PCI_CAP_MAX_COUNT && off >= 0x40; i++) {
        uint32_t header = guest_cfg_read16(g, rid, off);
        if ((header & 0xff) == id) {
            return (uint16_t)off;
        }
        off = header >> 8 & 0xfcu;
    }
    return 0;
}

uint16_t guest_cfg_ext_cap(struct guest *g, uint16_t rid, uint16_t id)
{
    uint32_t off = SRIOV_PCI_EXT_CAP_FIRST;

    if (guest_cfg_size(g) == SRIOV_PCI_CFG_SIZE) {
        return 0;
    }
    for (uint32_t i = 0; i < SRIOV_PCI_EXT_CAP_MAX_COUNT && off >= SRIOV_PCI_EXT_CAP_FIRST; i++) {
        uint32_t header = guest_cfg_read32(g, rid, off);
        if (header == 0 || header == SRIOV_PCI_NO_DEVICE32) {
            return 0;
        }
        if (SRIOV_PCI_EXT_CAP_ID(header) == id) {
            return (uint16_t)off;
        }
        off = SRIOV_PCI_EXT_CAP_NEXT(header);
    }
    return 0;
}
