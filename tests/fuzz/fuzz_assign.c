/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole machine with a VF in it: the input is what its guest does to configuration space, registers
 * and memory, and what the host does meanwhile with the machine. Afterwards nothing is left over, no
 * contract was broken, and the neighbour of that VF has lost nothing.
 */
#include "bed.h"
#include "fuzz.h"

#include <errno.h>
#include <sriov/hw/pci_regs.h>

#define RAM_GPA   UINT64_C(0x10000000)
#define RAM_BYTES UINT64_C(0x10000)
#define SLOT      3u
#define STEPS     256u

static struct {
    struct bed bed;
    struct sriov_fn *fn;
    struct sriov_vm *vm;
    struct sriov_assign *assign;
    bool ended; /* an event said so: to be released */
    bool has_ram;
    bool dirty;
} all;

static unsigned char ram[RAM_BYTES] __attribute__((aligned(4096)));

static void on_event(void *arg, struct sriov_assign *assign, enum sriov_assign_event event)
{
    (void)arg;
    FUZZ_MUST(assign == all.assign);
    all.ended = all.ended || event != SRIOV_ASSIGN_FLR;
}

/* ---- the guest ---- */

static const struct {
    uint16_t off;
    uint8_t width;
} doors[] = {
    {SRIOV_PCI_COMMAND, 2}, {SRIOV_PCI_BAR(0), 4}, {SRIOV_PCI_BAR(1), 4}, {SRIOV_PCI_BAR(3), 4},
    {SRIOV_PCI_BAR(4), 4},  {0x72, 2} /* MSI-X */, {0xa8, 2} /* FLR */,   {SRIOV_PCI_COMMAND, 1},
};

/* Places that make sense, places that do not, and bits. */
static uint32_t likely(struct fuzz_input *in)
{
    static const uint32_t values[] = {
        0xe0000000, 0xe0004000, 0xe0008000, (uint32_t)RAM_GPA, 0xffffffff, 0,         1, 6, 0x8000,
        0xc000,     0x2,        0x4,        0xfee00000,        0x41,       0xfffff000};
    uint8_t which = fuzz_u8(in);

    return which < sizeof(values) / sizeof(values[0]) ? values[which] : fuzz_u32(in);
}

static void config(struct fuzz_input *in)
{
    uint8_t which = fuzz_u8(in);
    uint32_t off = doors[which & 7u].off;
    uint32_t width = doors[which & 7u].width;

    if ((which & 0x80u) != 0) {
        off = fuzz_u8(in) | (which & 0x70u) << 4;
        width = UINT32_C(1) << (which & 3u);
    }
    if ((which & 8u) != 0) {
        (void)sriov_mock_guest_cfg_read(all.vm, SLOT, off, width);
    } else {
        sriov_mock_guest_cfg_write(all.vm, SLOT, off, width, likely(in));
    }
}

static void access(uint64_t gpa, uint8_t how, struct fuzz_input *in)
{
    uint32_t width = UINT32_C(1) << (how & 3u);

    if ((how & 4u) != 0) {
        (void)sriov_mock_guest_read(all.vm, gpa, width);
    } else {
        sriov_mock_guest_write(all.vm, gpa, width, (uint64_t)likely(in) << 32 | likely(in));
    }
}

/* A register of a BAR, where it is decoded; mostly words of 32 bits. */
static void registers(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    uint32_t off = fuzz_u8(in) | (uint32_t)fuzz_u8(in) << 8;
    uint64_t gpa = RAM_GPA;

    if (all.assign != NULL) {
        gpa = sriov_vcfg_bar_gpa(sriov_assign_vcfg(all.assign), (how & 0x10u) != 0 ? 3 : 0);
    }
    if (gpa != SRIOV_VCFG_NOWHERE) {
        access(gpa + ((how & 8u) != 0 ? off & 0x7fffu : off & 0x3ffcu),
               (how & 8u) != 0 ? how : (uint8_t)(how & 4u) | 2u, in);
    }
}

/* ---- the host ---- */

static void give(struct fuzz_input *in)
{
    static const struct sriov_bell bells[] = {{.bar = 0, .width = 4, .off = 0x1018, .values = 64},
                                              {.bar = 0, .width = 4, .off = 0x2018, .values = 0},
                                              {.bar = 3, .width = 4, .off = 0, .values = 0}};
    uint8_t how = fuzz_u8(in);
    struct sriov_assign_opts opts = {.size = sizeof(opts),
                                     .flags = how & 7u,
                                     .slot = SLOT,
                                     .num_bells = how >> 3 & 3u,
                                     .bells = bells,
                                     .pf = (how & 32u) != 0 ? all.bed.pf : NULL,
                                     .on_event = on_event};
    int rc;

    if (all.assign == NULL) {
        all.ended = false;
        rc = sriov_vm_assign(all.fn, all.vm, &opts, &all.assign);
        /* Bells in the MSI-X table are refused, and with a dirty log on whoever cannot tell. */
        FUZZ_MUST((rc == 0) == (all.assign != NULL));
        FUZZ_MUST(rc == 0 || opts.num_bells == 3 || all.dirty);
    } else {
        struct sriov_assign *second;

        FUZZ_MUST(sriov_vm_assign(all.fn, all.vm, &opts, &second) == -EBUSY || opts.num_bells == 3);
    }
}

static void take_back(void)
{
    sriov_vm_release(all.assign);
    all.assign = NULL;
}

static void memory(void)
{
    struct sriov_vm_mem mem = {.size = sizeof(mem), .gpa = RAM_GPA, .length = RAM_BYTES, .va = ram};
    int rc;

    if (all.has_ram) {
        FUZZ_MUST(sriov_vm_del_memory(all.vm, RAM_GPA, RAM_BYTES) == 0);
        all.has_ram = false;
        return;
    }
    rc = sriov_vm_add_memory(all.vm, &mem);
    FUZZ_MUST(rc == 0 || rc == -EBUSY);
    all.has_ram = rc == 0;
}

static void dirty(uint8_t how)
{
    uint64_t bits[RAM_BYTES / SRIOV_VM_PAGE / 64 + 1] = {0};

    if (all.dirty && (how & 1u) != 0) {
        (void)sriov_vm_dirty_read(all.vm, RAM_GPA, RAM_BYTES, bits);
    } else if (all.dirty) {
        FUZZ_MUST(sriov_vm_dirty_stop(all.vm) == 0);
        all.dirty = false;
    } else {
        all.dirty =
            sriov_vm_dirty_start(all.vm, (how & 2u) != 0 ? SRIOV_VM_DIRTY_RING : SRIOV_VM_DIRTY_BITMAP) == 0;
    }
}

static void leave(uint8_t how)
{
    int rc;

    if (all.assign == NULL) {
        return;
    }
    (void)sriov_mock_guest_script(all.vm, (enum sriov_mock_consent)(how % 3u), how * BED_US);
    if ((how & 0x80u) != 0) {
        (void)sriov_vm_remove_ask(all.assign, how * BED_US);
        return;
    }
    rc = sriov_vm_remove(all.assign, how * BED_US);
    if (rc == 0 || rc == -ETIMEDOUT) {
        all.assign = NULL;
    }
}

static void host(struct fuzz_input *in)
{
    uint8_t what = fuzz_u8(in);

    switch (what & 7u) {
    case 0:
    case 1:
        give(in);
        break;
    case 2:
        take_back();
        break;
    case 3:
        memory();
        break;
    case 4:
        dirty(what >> 3);
        break;
    case 5:
        leave(fuzz_u8(in));
        break;
    case 6:
        if (all.assign != NULL) {
            (void)sriov_vm_plug(all.assign);
        }
        break;
    default:
        (void)bed_turn(&all.bed, 1, (1u + (what >> 3)) * 50u * BED_US);
        break;
    }
}

static void step(struct fuzz_input *in)
{
    uint8_t op = fuzz_u8(in);

    switch (op & 7u) {
    case 0:
    case 1:
    case 2:
        config(in);
        break;
    case 3:
    case 4:
        registers(in);
        break;
    case 5:
        access((uint64_t)fuzz_u32(in) << (op >> 3 & 7u), op >> 5, in);
        break;
    default:
        host(in);
        break;
    }
    (void)sriov_vm_poll(all.vm);
    if (all.ended && all.assign != NULL) {
        take_back();
    }
}

static void begin(uint8_t mode)
{
    struct fuzz_input plain = {&mode, 0};

    memset(&all, 0, sizeof(all));
    memset(ram, 0, sizeof(ram));
    FUZZ_MUST(bed_create(&all.bed, (mode & 1u) != 0 ? "82599" : "82576") == 0);
    FUZZ_MUST(bed_pf_up(&all.bed) == 0);
    FUZZ_MUST(bed_vf_up(&all.bed, 1, 0) == 0);
    FUZZ_MUST(sriov_fn_open(all.bed.vmm, all.bed.vf[0].name, NULL, &all.fn) == 0);
    FUZZ_MUST(sriov_mock_vm_create(all.bed.mock, NULL, &all.vm) == 0);
    memory();
    give(&plain);
}

/* What the guest made the device do wrong is its own affair; contracts and leaks are ours. */
static void judge(void)
{
    static const enum sriov_violation_kind ours[] = {SRIOV_VIOLATION_LEAK, SRIOV_VIOLATION_CONTRACT,
                                                     SRIOV_VIOLATION_PAGE_RACE};

    if (all.dirty) {
        FUZZ_MUST(sriov_vm_dirty_stop(all.vm) == 0);
    }
    take_back();
    if (all.has_ram) {
        FUZZ_MUST(sriov_vm_del_memory(all.vm, RAM_GPA, RAM_BYTES) == 0);
    }
    FUZZ_MUST(sriov_mock_vm_destroy(all.vm) == 0);
    FUZZ_MUST(sriov_fn_close(all.fn) == 0);
    FUZZ_MUST(bed_settle(&all.bed, 1, 5000 * BED_MS) == 0);
    FUZZ_MUST(bed_traffic(&all.bed, 1, BED_TO_WIRE, 1, 100) == 0);
    FUZZ_MUST(bed_traffic(&all.bed, 1, BED_FROM_WIRE, 1, 100) == 0);
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        FUZZ_MUST(sriov_mock_violations(all.bed.mock, ours[i]) == 0);
    }
    sriov_mock_forget_violations(all.bed.mock);
    FUZZ_MUST(bed_destroy(&all.bed) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};

    begin(fuzz_u8(&in));
    for (uint32_t i = 0; i < STEPS && in.left != 0; i++) {
        step(&in);
    }
    judge();
    return 0;
}
