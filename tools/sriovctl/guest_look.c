/* SPDX-License-Identifier: BSD-3-Clause */
#include "guest_look.h"

#define SLOTS    32u
#define NUM_BARS 6u
/* PCI 3.0, 6.1 and 6.2.5. */
#define COMMAND         0x04u
#define COMMAND_MEMORY  0x2u
#define COMMAND_MASTER  0x4u
#define CLASS           0x08u
#define BAR(n)          (0x10u + 4 * (n))
#define BAR_IO          0x1u
#define BAR_TYPE        0x6u
#define BAR_64          0x4u
#define BAR_FLAGS       0xfu
#define SUBSYSTEM       0x2cu
#define CAPABILITIES    0x34u
#define CAP_MSIX        0x11u
#define CAPS_MAX        48u /* as many as fit */
#define FIRST_PLACE     UINT64_C(0xe0000000)
#define SMALLEST_REGION UINT64_C(0x10000)

struct look {
    struct sriov_vm *vm;
    uint32_t slot;
    uint64_t next; /* free guest-physical address */
};

static uint32_t cfg(const struct look *look, uint32_t off, uint32_t width)
{
    return sriov_mock_guest_cfg_read(look->vm, look->slot, off, width);
}

static void set_cfg(const struct look *look, uint32_t off, uint32_t width, uint32_t value)
{
    sriov_mock_guest_cfg_write(look->vm, look->slot, off, width, value);
}

uint32_t guest_look_slot(struct sriov_vm *vm)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        if (sriov_mock_guest_cfg_read(vm, slot, 0, 2) != 0xffff) {
            return slot;
        }
    }
    return GUEST_LOOK_NOWHERE;
}

/* ---- BARs ---- */

/* All ones written, what reads back is the size (PCI 3.0, 6.2.5.1). */
static uint64_t size_of(const struct look *look, uint32_t bar, bool wide)
{
    uint64_t mask;

    set_cfg(look, BAR(bar), 4, UINT32_MAX);
    mask = (cfg(look, BAR(bar), 4) & ~BAR_FLAGS) | UINT64_C(0xffffffff) << 32;
    if (wide) {
        set_cfg(look, BAR(bar + 1), 4, UINT32_MAX);
        mask = (mask & UINT32_MAX) | (uint64_t)cfg(look, BAR(bar + 1), 4) << 32;
    }
    return (mask & UINT32_MAX) == 0 && !wide ? 0 : ~mask + 1;
}

static void place(struct look *look, uint32_t bar, bool wide, uint64_t length)
{
    uint64_t step = length > SMALLEST_REGION ? length : SMALLEST_REGION;

    look->next = (look->next + step - 1) / step * step;
    set_cfg(look, BAR(bar), 4, (uint32_t)look->next);
    if (wide) {
        set_cfg(look, BAR(bar + 1), 4, (uint32_t)(look->next >> 32));
    }
    look->next += step;
}

static json_t *bar_row(uint32_t bar, bool wide, uint64_t length, uint64_t gpa)
{
    json_t *row = out_object();

    out_number(row, "bar", bar);
    out_number(row, "bytes", length);
    out_number(row, "bits", wide ? 64 : 32);
    out_hex(row, "guest_address", gpa, 8);
    return row;
}

static json_t *bars(struct look *look)
{
    json_t *array = out_array();

    for (uint32_t bar = 0; bar < NUM_BARS; bar++) {
        uint32_t flags = cfg(look, BAR(bar), 4) & BAR_FLAGS;
        bool wide = (flags & (BAR_IO | BAR_TYPE)) == BAR_64 && bar + 1 < NUM_BARS;
        uint64_t length = (flags & BAR_IO) != 0 ? 0 : size_of(look, bar, wide);
        if (length != 0) {
            place(look, bar, wide, length);
            uint64_t gpa = cfg(look, BAR(bar), 4) & ~BAR_FLAGS;
            gpa |= wide ? (uint64_t)cfg(look, BAR(bar + 1), 4) << 32 : 0;
            out_append(array, bar_row(bar, wide, length, gpa));
        }
        bar += wide ? 1 : 0;
    }
    set_cfg(look, COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
    return array;
}

/* Does the first word of the first BAR come from the device? Nothing there reads all ones. */
static bool answers(const struct look *look, const json_t *array)
{
    json_int_t n = json_integer_value(json_object_get(json_array_get(array, 0), "bar"));
    uint64_t gpa = cfg(look, BAR((uint32_t)n), 4) & ~BAR_FLAGS;

    return json_array_size(array) != 0 && sriov_mock_guest_read(look->vm, gpa, 4) != UINT32_MAX;
}

/* ---- capabilities ---- */

static void capabilities(const struct look *look, json_t *object)
{
    json_t *ids = out_array();
    uint32_t at = cfg(look, CAPABILITIES, 1) & ~3u;
    uint32_t vectors = 0;

    for (uint32_t n = 0; at != 0 && n < CAPS_MAX; n++) {
        uint32_t id = cfg(look, at, 1);
        if (id == CAP_MSIX) {
            vectors = (cfg(look, at + 2, 2) & 0x7ff) + 1;
        }
        out_append(ids, json_integer((json_int_t)id));
        at = cfg(look, at + 1, 1) & ~3u;
    }
    out_set(object, "capability_ids", ids);
    out_number(object, "vectors", vectors);
}

json_t *guest_look(struct sriov_vm *vm, uint32_t slot)
{
    struct look look = {.vm = vm, .slot = slot, .next = FIRST_PLACE};
    json_t *object = out_object();

    out_number(object, "slot", slot);
    out_hex(object, "vendor", cfg(&look, 0, 2), 4);
    out_hex(object, "device", cfg(&look, 2, 2), 4);
    out_hex(object, "subsystem", cfg(&look, SUBSYSTEM, 4), 8);
    out_hex(object, "class", cfg(&look, CLASS, 4) >> 8, 6);
    capabilities(&look, object);
    json_t *array = bars(&look);
    out_flag(object, "registers_answer", answers(&look, array));
    out_set(object, "bars", array);
    return object;
}
