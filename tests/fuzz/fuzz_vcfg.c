/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that writes anything anywhere: the input is a VF (bent in places), what the machine refuses,
 * and the guest's accesses to configuration space and MSI-X table. What the hooks heard must be what
 * the registers say.
 */
#include "fuzz_vcfg.h"

#include <errno.h>

#define OPS_MAX 2000u

/* ---- the guest ---- */

static const uint32_t widths[] = {1, 2, 4, 8, 4, 0, 3, UINT32_MAX};

/* Where writes lead to something. */
static const struct {
    uint32_t off;
    uint32_t width;
} doors[] = {
    {SRIOV_PCI_COMMAND, 2},
    {SRIOV_PCI_BAR(0), 4},
    {SRIOV_PCI_BAR(1), 4},
    {SRIOV_PCI_BAR(2), 4},
    {SRIOV_PCI_BAR(3), 4},
    {SRIOV_PCI_BAR(4), 4},
    {SRIOV_PCI_BAR(5), 4},
    {MSIX + SRIOV_PCI_MSIX_CTRL, 2},
    {MSIX + SRIOV_PCI_MSIX_CTRL + 1, 1},
    {DEVCTL, 2},
    {DEVCTL + 1, 1},
    {MSIX, 4},
    {SRIOV_PCI_COMMAND, 4},
    {SRIOV_PCI_ROM_ADDRESS, 4},
    {SRIOV_PCI_STATUS, 2},
    {EXP + SRIOV_PCI_EXP_DEVSTA, 2},
};

/* A write that makes sense and sets the bit resets, and no other does. */
static void write_at(uint32_t off, uint32_t width, uint32_t value)
{
    bool sane = (width == 1 || width == 2 || width == 4) && off % width == 0;
    uint32_t at = DEVCTL + 1 - off; /* the byte with the bit */
    bool resets = sane && at < width && (value >> 8 * at & 0x80u) != 0;

    vm.flrs = 0;
    sriov_vcfg_write(vm.vcfg, off, width, value);
    FUZZ_MUST(vm.flrs == resets);
    FUZZ_MUST(!resets || rd(DEVCTL, 2) == (vm.initial[DEVCTL] | (uint32_t)vm.initial[DEVCTL + 1] << 8));
    must_stay(off & ~3u, off < sizeof(vm.initial) ? 4 : 0);
}

static void write_door(struct fuzz_input *in)
{
    uint32_t i = fuzz_u8(in) % (sizeof(doors) / sizeof(doors[0]));

    write_at(doors[i].off, doors[i].width, fuzz_u32(in));
}

static void write_cfg(struct fuzz_input *in)
{
    uint32_t off = fuzz_u32(in);
    uint32_t width = widths[off >> 29];

    write_at((off & 0x10000000u) != 0 ? off : off & 0x1fffu, width, fuzz_u32(in));
}

static void read_cfg(struct fuzz_input *in)
{
    uint32_t off = fuzz_u32(in);
    uint32_t width = widths[off >> 29];
    uint32_t value;

    off = (off & 0x10000000u) != 0 ? off : off & 0x1fffu;
    value = rd(off, width);
    FUZZ_MUST(width != 1 || value <= UINT8_MAX);
    FUZZ_MUST(width != 2 || value <= UINT16_MAX);
    if (off >= 256 && off < 4096 && (width == 1 || width == 2 || width == 4) && off % width == 0) {
        FUZZ_MUST(value == 0);
    }
}

static const uint32_t entry_bits[] = {0xfffffffcu, UINT32_MAX, UINT32_MAX, 1};

/* What was written reads back, in the bits that are there. */
static void write_words(uint32_t vector, uint32_t reg, uint32_t width, uint64_t value)
{
    uint64_t at = vm.table_off + 16 * vector + reg;
    uint64_t bits = entry_bits[reg / 4];
    uint64_t back = 0;

    bits |= width == 8 ? (uint64_t)entry_bits[reg / 4 + 1] << 32 : 0;
    FUZZ_MUST(sriov_vcfg_bar_write(vm.vcfg, vm.table_bar, at, width, value));
    FUZZ_MUST(sriov_vcfg_bar_read(vm.vcfg, vm.table_bar, at, width, &back));
    FUZZ_MUST(back == (value & bits));
}

static uint32_t write_entry(struct fuzz_input *in, uint32_t reg)
{
    uint32_t vector = fuzz_u8(in);
    uint64_t value = fuzz_u32(in);

    if (vm.vectors == 0) {
        return 0;
    }
    vector = vector * (vm.vectors > 256 ? 8 : 1) % vm.vectors;
    if ((reg & 4u) == 0 && (value & 2u) != 0) {
        write_words(vector, reg, 8, value | (value << 31));
    } else {
        write_words(vector, reg, 4, value);
    }
    return vector;
}

static bool is_own(uint32_t bar, uint64_t off, uint32_t width)
{
    uint64_t table = vm.table_off + UINT64_C(16) * vm.vectors;
    uint64_t pba = vm.pba_off + UINT64_C(8) * ((vm.vectors + 63) / 64);
    uint64_t last = width == 0 || off > UINT64_MAX - (width - 1) ? UINT64_MAX : off + (width - 1);

    if (vm.vectors == 0 || (width == 0 && bar == vm.table_bar)) {
        return false;
    }
    return (bar == vm.table_bar && off < table && last >= vm.table_off) ||
           (bar == vm.pba_bar && off < pba && last >= vm.pba_off);
}

static void raw_bar(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    uint32_t bar = how & 7u;
    uint32_t width = widths[how >> 3 & 7u];
    uint64_t off = fuzz_u32(in);
    uint64_t value = 0;
    bool own;

    off = (how & 0x40u) != 0 ? off << 32 | off : off & 0xffffu;
    if ((how & 0x80u) != 0) {
        own = sriov_vcfg_bar_write(vm.vcfg, bar, off, width, fuzz_u32(in));
    } else {
        own = sriov_vcfg_bar_read(vm.vcfg, bar, off, width, &value);
        FUZZ_MUST(!own || width != 4 || value <= UINT32_MAX || off % 4 != 0);
    }
    FUZZ_MUST(width == 0 || own == is_own(bar, off, width));
}

static void reset(void)
{
    vm.refuse = 0;
    sriov_vcfg_reset(vm.vcfg);
    vm.refused = false;
    for (uint32_t at = 0; at < sizeof(vm.initial); at++) {
        FUZZ_MUST(rd(at, 1) == vm.initial[at]);
    }
    for (uint32_t i = 0; i < 6; i++) {
        FUZZ_MUST(vm.at[i] == SRIOV_VCFG_NOWHERE);
    }
    for (uint32_t i = 0; i < vm.vectors; i++) {
        FUZZ_MUST(!vm.routed[i] && entry(i, SRIOV_PCI_MSIX_ENTRY_CTRL) == 1);
    }
    FUZZ_MUST(!vm.master && !vm.msix);
}

static void step(struct fuzz_input *in)
{
    uint8_t op = fuzz_u8(in);
    uint32_t vector = 0;

    vm.calls = 0;
    switch (op & 7u) {
    case 0:
        write_cfg(in);
        break;
    case 1:
    case 2:
        write_door(in);
        break;
    case 3:
        read_cfg(in);
        break;
    case 4:
    case 5:
        vector = write_entry(in, op >> 4 & 0xcu);
        break;
    case 6:
        raw_bar(in);
        break;
    default:
        if ((op & 0x80u) != 0) {
            reset();
        } else {
            vm.refuse = fuzz_u8(in);
        }
        break;
    }
    /* A guest's access leads to a bounded number of calls. */
    FUZZ_MUST(vm.calls <= vm.vectors + 64 + 16);
    must_agree(vector);
}

/* ---- the VF ---- */

static void put32(uint32_t off, uint32_t value)
{
    memcpy(fuzz_shim.cfg + off, &value, sizeof(value));
}

/* A VF as they are: 1 small, 2 with BARs of 32 bits, 3 with all vectors there can be. */
static void make_vf(uint8_t kind)
{
    bool giant = kind == 3;

    fuzz_shim.info.is_vf = 1;
    fuzz_shim.info.vendor = 0x8086;
    fuzz_shim.info.device = 0x10ed;
    fuzz_shim.info.class_code = 0x020000;
    put32(SRIOV_PCI_VENDOR_ID, UINT32_MAX);
    put32(SRIOV_PCI_COMMAND, (uint32_t)SRIOV_PCI_STATUS_CAP_LIST << 16);
    fuzz_shim.cfg[SRIOV_PCI_CAP_POINTER] = 0x50;
    put32(0x50, (giant ? 0x7ffu : 2u) << 16 | 0x6011);
    put32(0x54, 3);
    put32(0x58, (giant ? 0x8000u : 0x2000u) | 3);
    put32(0x60, 0x00020010);
    put32(0x64, 0x10008fe2);
    put32(0x6c, 0x00036c82);
    fuzz_shim.bar_length[0] = 0x4000;
    fuzz_shim.bar_length[3] = giant ? 0x10000 : 0x4000;
    fuzz_shim.bar_flags[0] = kind == 2 ? 0 : SRIOV_BAR_64BIT | SRIOV_BAR_PREFETCH;
    fuzz_shim.bar_flags[3] = kind == 2 ? SRIOV_BAR_PREFETCH : SRIOV_BAR_64BIT;
}

static void bend_vf(struct fuzz_input *in, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++) {
        uint8_t where = fuzz_u8(in);
        uint8_t value = fuzz_u8(in);

        if (where >= 0xe0) {
            fuzz_shim.bar_length[where % 6u] = UINT64_C(1) << (value & 63u);
            fuzz_shim.bar_flags[where % 6u] = value >> 5;
        } else {
            fuzz_shim.cfg[where] = value;
        }
    }
}

static void allow(uint32_t off, uint32_t width, uint32_t bits)
{
    memcpy(vm.mask + off, &bits, width);
}

/* Which bits a guest may ever change, from what it sees. */
static void take_masks(void)
{
    for (uint32_t at = 0; at < sizeof(vm.initial); at++) {
        vm.initial[at] = (uint8_t)rd(at, 1);
    }
    allow(SRIOV_PCI_COMMAND, 2, 0x0546);
    allow(SRIOV_PCI_CACHE_LINE_SIZE, 1, 0xff);
    allow(SRIOV_PCI_INTERRUPT_LINE, 1, 0xff);
    allow(DEVCTL, 2, 0x78ff);
    if (vm.vectors != 0) {
        allow(MSIX + SRIOV_PCI_MSIX_CTRL, 2, 0xc000);
    }
    for (uint32_t i = 0; i < 6; i++) {
        uint64_t length = sriov_vcfg_bar_length(vm.vcfg, i);

        if (length == 0) {
            continue;
        }
        allow(SRIOV_PCI_BAR(i), 4, (uint32_t) ~(length - 1));
        if ((rd(SRIOV_PCI_BAR(i), 4) & SRIOV_PCI_BAR_MEM_TYPE) == SRIOV_PCI_BAR_MEM_64) {
            allow(SRIOV_PCI_BAR(i + 1), 4, (uint32_t)(~(length - 1) >> 32));
        }
    }
}

static void learn(void)
{
    uint32_t at = rd(SRIOV_PCI_CAP_POINTER, 1);
    uint32_t steps = 0;

    vm.vectors = sriov_vcfg_vectors(vm.vcfg);
    FUZZ_MUST(vm.vectors <= VECTORS_MAX);
    for (; at != 0; at = rd(at + 1, 1)) {
        FUZZ_MUST(at >= 0x40 && at % 4 == 0 && steps++ < 48);
        FUZZ_MUST((at == MSIX) == (rd(at, 1) == SRIOV_PCI_CAP_ID_MSIX));
    }
    FUZZ_MUST(steps == (vm.vectors != 0 ? 2 : 1));
    vm.table_bar = rd(MSIX + SRIOV_PCI_MSIX_TABLE, 4) & 7u;
    vm.table_off = rd(MSIX + SRIOV_PCI_MSIX_TABLE, 4) & ~7u;
    vm.pba_bar = rd(MSIX + SRIOV_PCI_MSIX_PBA, 4) & 7u;
    vm.pba_off = rd(MSIX + SRIOV_PCI_MSIX_PBA, 4) & ~7u;
    take_masks();
}

static void visit(struct fuzz_input *in)
{
    learn();
    for (uint32_t i = 0; i < OPS_MAX && in->left != 0; i++) {
        step(in);
    }
    must_stay(0, 256);
    for (uint32_t i = 0; i < vm.vectors; i++) {
        must_agree_vector(i);
    }
    must_count();
    reset();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sriov_vcfg_opts opts = {.size = sizeof(opts)};
    struct fuzz_input in = {data, size};
    struct sriov_fn *fn = NULL;
    uint8_t mode = fuzz_u8(&in);
    int rc;

    fuzz_shim_begin();
    memset(&vm, 0, sizeof(vm));
    memset(vm.at, 0xff, sizeof(vm.at));
    vm.slow = (mode & 1u) != 0;
    opts.flags = vm.slow ? SRIOV_VCFG_SLOW_MASK : 0;
    make_vf(mode >> 1 & 3u);
    bend_vf(&in, mode >> 3 & 7u);
    if (sriov_fn_open(fuzz_shim.vmm, "fuzzed", NULL, &fn) == 0) {
        rc = sriov_vcfg_create(fn, &fuzz_vcfg_hooks, &opts, &vm.vcfg);
        FUZZ_MUST(rc == 0 || rc == -EPROTO || rc == -ENODEV);
        FUZZ_MUST((rc == 0) == (vm.vcfg != NULL));
        if (rc == 0) {
            visit(&in);
        }
        vm.tearing = true;
        sriov_vcfg_destroy(vm.vcfg);
        FUZZ_MUST(sriov_fn_close(fn) == 0);
    }
    fuzz_shim_end();
    return 0;
}
