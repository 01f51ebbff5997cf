/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * masking mock|kvm [WRITES]: what it takes when a guest masks and unmasks a vector of its VF. The same
 * guest does so many writes to the vector's control word on the fast path and on the slow one; counters
 * of the manager and of the simulated device say what they led to. Interrupts that come while the vector
 * is masked must be pending, and arrive once. Times are of this host, for docs/masking.md; nothing is
 * judged by them.
 */
#include "vm_bed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#define ROUNDS        50u
#define STATUS_SKIP   77
#define WRITES        10000u
#define WRITES_MOST   10000000u
#define RAISED_MASKED 3u
#define PARTS         100u

static const struct vm_device devices[] = {
    {.model = "82599", .auto_clear = IXGBE_VTEIAC, .mask = IXGBE_VTEIMS, .raise = IXGBE_VTEICS},
    {.model = "82576", .auto_clear = IGBVF_VTEIAC, .mask = IGBVF_VTEIMS, .raise = IGBVF_VTEICS},
};

/* What came of the writes. */
struct figures {
    uint64_t writes;       /* to the control word, by the guest */
    uint64_t counted;      /* ... by the manager */
    uint64_t trips;        /* of these, told to the device: the manager's word */
    uint64_t device_calls; /* calls that reached the function while they were written */
    uint64_t early;        /* interrupts that arrived although masked */
    uint64_t missing;      /* masked ones without their pending bit */
    uint64_t raised;       /* while masked */
    uint64_t arrived;      /* after unmasking */
    /* Of the host, for one: a store to memory, a store to the table that changes nothing, one that masks
     * or unmasks. */
    uint64_t memory_ns, table_ns, mask_ns;
};

static bool bad;

static void check(bool good, const char *model, const char *path, const char *what)
{
    if (!good) {
        printf("FAILED: %s, %s path: %s\n", model, path, what);
        bad = true;
    }
}

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Everything by which a VMM reaches a function's registers, whoever asks. */
static uint64_t device_calls(const struct vm_bed *bed)
{
    static const char *const ops[] = {"cfg_read",   "cfg_write",   "bar_read",    "bar_write",
                                      "irq_enable", "irq_attach",  "irq_mask",    "irq_unmask",
                                      "irq_detach", "irq_pending", "irq_disable", "reset"};
    uint64_t calls = 0;

    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        calls += sriov_mock_op_calls(bed->mock, ops[i]);
    }
    return calls;
}

/* `writes` stores, of 1 and 0 in turn or of `flip` 0 always the same. The best part of them counts: others
 * may have the machine, too. */
static uint64_t timed(struct vm_bed *bed, uint64_t gpa, uint64_t writes, uint64_t value, uint64_t flip)
{
    uint64_t best = UINT64_MAX;
    uint64_t part = writes / PARTS;

    for (uint64_t i = 0; i < PARTS; i++) {
        uint64_t begin = now_ns();
        uint64_t took;

        for (uint64_t k = 0; k < part; k++) {
            vm_wr(bed, gpa, 4, value);
            value ^= flip;
        }
        took = (now_ns() - begin) / part;
        best = took < best ? took : best;
    }
    return best;
}

static void mask_and_unmask(struct vm_bed *bed, const struct vm_seat *seat, uint64_t memory,
                            struct figures *f)
{
    struct sriov_assign_info before = vm_info_of(seat);
    uint64_t calls = device_calls(bed);
    uint64_t data = vm_rd(bed, seat->table + SRIOV_PCI_MSIX_ENTRY_DATA, 4);

    f->mask_ns = timed(bed, seat->table + SRIOV_PCI_MSIX_ENTRY_CTRL, f->writes, 1, 1);
    f->device_calls = device_calls(bed) - calls;
    f->counted = vm_info_of(seat).vector_control - before.vector_control;
    f->trips = vm_info_of(seat).device_trips - before.device_trips;
    f->table_ns = timed(bed, seat->table + SRIOV_PCI_MSIX_ENTRY_DATA, f->writes, data, 0);
    f->memory_ns = timed(bed, memory, f->writes, 0, 1);
}

static void hold_back(struct vm_bed *bed, const struct vm_seat *seat, struct figures *f)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t before = vm_taken(bed, 0, 0);

        vm_mask(bed, seat, 0, true);
        for (uint32_t i = 0; i < RAISED_MASKED; i++) {
            vm_raise(bed, seat, 0);
            vm_pass(bed, 20 * VM_US);
        }
        f->raised += RAISED_MASKED;
        f->early += vm_taken(bed, 0, before) - before;
        f->missing += !vm_is_pending(bed, seat, 0);
        vm_mask(bed, seat, 0, false);
        f->arrived += vm_taken(bed, 0, before + 1) - before;
        f->missing += vm_is_pending(bed, seat, 0);
    }
}

static int set_up(struct vm_bed *bed, uint32_t flags, struct vm_seat **seat, uint64_t *memory)
{
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    struct vm_piece *piece;
    int rc = vm_ram(bed, 0, 1, &piece);

    opts.flags = flags;
    if (rc == 0) {
        *memory = piece->gpa;
        rc = vm_open(bed, 0, seat);
    }
    if (rc == 0) {
        rc = vm_give(bed, *seat, &opts);
    }
    if (rc == 0) {
        rc = vm_boot(bed, *seat);
    }
    if (rc == 0) {
        vm_msix_up(bed, *seat);
    }
    return rc;
}

static void judge(const struct figures *f, const char *model, const char *path, bool slow)
{
    check(f->counted == f->writes, model, path, "not every write to the control word was counted");
    check(f->trips == (slow ? f->writes : 0), model, path, "trips to the device, as the manager counts");
    check(f->device_calls == (slow ? f->writes : 0), model, path, "calls that reached the device");
    check(f->early == 0, model, path, "an interrupt arrived while its vector was masked");
    check(f->missing == 0, model, path, "the pending bit did not say what waited");
    check(f->arrived == ROUNDS, model, path, "what was pending did not arrive exactly once");
}

static void print(const struct figures *f, const char *model, const char *path)
{
    printf("%-6s %-5s %8" PRIu64 " %8" PRIu64 " %12" PRIu64 " %8" PRIu64 " %8" PRIu64 " %9" PRIu64
           " %9" PRIu64 " %9" PRIu64 "\n",
           model, path, f->writes, f->trips, f->device_calls, f->raised, f->arrived, f->memory_ns,
           f->table_ns, f->mask_ns);
}

/* 0, STATUS_SKIP, 1. */
static int run(const struct conform_vm_stage *stage, const struct vm_device *device, bool slow,
               uint64_t writes)
{
    static struct vm_bed bed;
    const char *path = slow ? "slow" : "fast";
    struct conform c = {.passed = 0};
    struct conform_vm_opts opts = {0};
    struct figures f = {.writes = writes};
    struct vm_seat *seat = NULL;
    uint64_t memory = 0;
    int rc = vm_bed_build(&bed, &c, stage, device, &opts);

    if (rc == 0) {
        rc = set_up(&bed, slow ? SRIOV_ASSIGN_SLOW_MASK : 0, &seat, &memory);
        check(rc == 0, device->model, path, "the VF was not assigned");
    }
    if (rc == 0) {
        mask_and_unmask(&bed, seat, memory, &f);
        hold_back(&bed, seat, &f);
        print(&f, device->model, path);
        judge(&f, device->model, path, slow);
    }
    if (vm_bed_strike(&bed) != 0) {
        check(false, device->model, path, c.why);
    } else if (rc == -EOPNOTSUPP) {
        printf("skipped: %s\n", c.why);
        return STATUS_SKIP;
    }
    check(rc == 0, device->model, path, c.why);
    return rc != 0;
}

static const struct conform_vm_stage *stage_of(const char *name)
{
    if (strcmp(name, "mock") == 0) {
        return &conform_vm_stage_mock;
    }
#ifdef CONFORM_VM_KVM
    if (strcmp(name, "kvm") == 0) {
        return &conform_vm_stage_kvm;
    }
#endif
    return NULL;
}

int main(int argc, char **argv)
{
    const struct conform_vm_stage *stage = argc == 2 || argc == 3 ? stage_of(argv[1]) : NULL;
    uint64_t writes = argc == 3 ? strtoull(argv[2], NULL, 10) : WRITES;

    if (stage == NULL || writes == 0 || writes > WRITES_MOST || writes % (2 * PARTS) != 0) {
        fprintf(stderr, "usage: masking mock|kvm [WRITES], a multiple of %u up to %u\n", 2 * PARTS,
                WRITES_MOST);
        return 2;
    }
    printf("masking and unmasking a vector: machine %s\n", stage->name);
    printf("                                              while    after      ns for a store to\n"
           "device path    writes    trips device calls   masked unmasked    memory     table  the mask\n");
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        for (int slow = 0; slow < 2; slow++) {
            int status = run(stage, &devices[i], slow != 0, writes);

            if (status == STATUS_SKIP) {
                return STATUS_SKIP;
            }
        }
    }
    printf("masking: %s\n", bad ? "failed" : "ok");
    return bad;
}
