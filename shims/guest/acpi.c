/* SPDX-License-Identifier: BSD-3-Clause */
/* From ACPI's root pointer to the MCFG table (PCI Firmware 3.2, 4.1.2). Tables are read, never trusted. */
#include "guest.h"

#define BIOS_FIRST     UINT64_C(0xe0000)
#define BIOS_END       UINT64_C(0x100000)
#define RSDP_SIZE_V1   20u
#define RSDP_SIZE_V2   36u
#define RSDP_REVISION  15u
#define RSDP_RSDT      16u
#define RSDP_XSDT      24u
#define HEADER_SIZE    36u
#define HEADER_LENGTH  4u
#define TABLE_MAX      UINT32_C(0x100000) /* no table we read is that long */
#define MCFG_FIRST     44u
#define MCFG_ENTRY     16u
#define MCFG_SEGMENT   8u
#define MCFG_START_BUS 10u
#define MCFG_END_BUS   11u

/* Unaligned and little-endian. */
static uint64_t get(const uint8_t *p, uint32_t width)
{
    uint64_t value = 0;

    memcpy(&value, p, width);
    return value;
}

static bool sums_to_zero(const uint8_t *p, uint32_t length)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < length; i++) {
        sum = (uint8_t)(sum + p[i]);
    }
    return sum == 0;
}

static const uint8_t *rsdp_at(uint64_t phys)
{
    const uint8_t *p = (const uint8_t *)(uintptr_t)phys;

    if (!guest_window_is_identity(p, RSDP_SIZE_V2) || memcmp(p, "RSD PTR ", 8) != 0) {
        return NULL;
    }
    return sums_to_zero(p, RSDP_SIZE_V1) ? p : NULL;
}

static const uint8_t *find_rsdp(uint64_t rsdp)
{
    const uint8_t *p = rsdp != 0 ? rsdp_at(rsdp) : NULL;

    for (uint64_t at = BIOS_FIRST; p == NULL && rsdp == 0 && at < BIOS_END; at += 16) {
        p = rsdp_at(at);
    }
    return p;
}

/* A whole table with a good sum, and its length; NULL for anything else. */
static const uint8_t *table_at(uint64_t phys, uint32_t *length)
{
    const uint8_t *p = (const uint8_t *)(uintptr_t)phys;

    if (phys == 0 || !guest_window_is_identity(p, HEADER_SIZE)) {
        return NULL;
    }
    *length = (uint32_t)get(p + HEADER_LENGTH, 4);
    if (*length < HEADER_SIZE || *length > TABLE_MAX || !guest_window_is_identity(p, *length)) {
        return NULL;
    }
    return sums_to_zero(p, *length) ? p : NULL;
}

static int read_mcfg(const uint8_t *mcfg, uint32_t length, struct guest_ecam *ecam)
{
    for (uint32_t at = MCFG_FIRST; at < length && length - at >= MCFG_ENTRY; at += MCFG_ENTRY) {
        const uint8_t *entry = mcfg + at;
        if (get(entry + MCFG_SEGMENT, 2) == 0 && entry[MCFG_START_BUS] <= entry[MCFG_END_BUS]) {
            *ecam = (struct guest_ecam){get(entry, 8), entry[MCFG_START_BUS], entry[MCFG_END_BUS]};
            return 0;
        }
    }
    return -ENOENT;
}

int guest_acpi_ecam(uint64_t rsdp, struct guest_ecam *ecam)
{
    const uint8_t *root = find_rsdp(rsdp);
    uint32_t length = 0;

    if (root == NULL) {
        return -ENOENT;
    }
    bool wide = root[RSDP_REVISION] >= 2 && get(root + RSDP_XSDT, 8) != 0;
    uint32_t width = wide ? 8 : 4;
    const uint8_t *list = table_at(get(root + (wide ? RSDP_XSDT : RSDP_RSDT), width), &length);
    if (list == NULL) {
        return -ENOENT;
    }
    for (uint32_t at = HEADER_SIZE; at < length && length - at >= width; at += width) {
        uint32_t bytes = 0;
        const uint8_t *table = table_at(get(list + at, width), &bytes);
        if (table != NULL && memcmp(table, "MCFG", 4) == 0) {
            return read_mcfg(table, bytes, ecam);
        }
    }
    return -ENOENT;
}
