/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_vcfg.h"

#include <errno.h>

struct fuzz_vm vm;

static int answer(enum refusal what)
{
    FUZZ_MUST(!vm.tearing);
    vm.calls++;
    if ((vm.refuse & what) == 0) {
        return 0;
    }
    vm.refused = true;
    return -EBUSY;
}

uint32_t rd(uint32_t off, uint32_t width)
{
    return sriov_vcfg_read(vm.vcfg, off, width);
}

uint32_t entry(uint32_t vector, uint32_t reg)
{
    uint64_t value;

    FUZZ_MUST(sriov_vcfg_bar_read(vm.vcfg, vm.table_bar, vm.table_off + 16 * vector + reg, 4, &value));
    return (uint32_t)value;
}

/* ---- hooks ---- */

static int bar_moved(void *arg, uint32_t bar, uint64_t gpa)
{
    bool place = gpa != SRIOV_VCFG_NOWHERE;
    uint64_t length;
    int rc;

    (void)arg;
    FUZZ_MUST(bar < 6);
    length = sriov_vcfg_bar_length(vm.vcfg, bar);
    FUZZ_MUST(length != 0 && (!place || gpa % length == 0));
    FUZZ_MUST(place == (vm.at[bar] == SRIOV_VCFG_NOWHERE));
    FUZZ_MUST(!place || (rd(SRIOV_PCI_COMMAND, 2) & SRIOV_PCI_COMMAND_MEMORY) != 0);
    rc = answer(place ? NO_PLACE : NO_UNPLACE);
    vm.at[bar] = rc == 0 ? gpa : vm.at[bar];
    return rc;
}

static int bus_master(void *arg, bool on)
{
    int rc = answer(NO_MASTER);

    (void)arg;
    FUZZ_MUST(on != vm.master);
    vm.master = rc == 0 ? on : vm.master;
    return rc;
}

static int msix_enable(void *arg, bool on)
{
    int rc = answer(NO_MSIX);

    (void)arg;
    FUZZ_MUST(on != vm.msix);
    vm.msix = rc == 0 ? on : vm.msix;
    return rc;
}

static bool may_arrive(uint32_t vector)
{
    uint32_t ctrl = rd(MSIX + SRIOV_PCI_MSIX_CTRL, 2);

    return (ctrl & SRIOV_PCI_MSIX_CTRL_ENABLE) != 0 && (ctrl & SRIOV_PCI_MSIX_CTRL_MASKALL) == 0 &&
           entry(vector, SRIOV_PCI_MSIX_ENTRY_CTRL) == 0;
}

static bool says(uint32_t vector, const struct sriov_vm_msi *msi)
{
    uint64_t address = entry(vector, SRIOV_PCI_MSIX_ENTRY_ADDR_LO) |
                       (uint64_t)entry(vector, SRIOV_PCI_MSIX_ENTRY_ADDR_HI) << 32;

    return msi->address == address && msi->data == entry(vector, SRIOV_PCI_MSIX_ENTRY_DATA);
}

static int route(void *arg, uint32_t vector, const struct sriov_vm_msi *msi)
{
    int rc = answer(msi != NULL ? NO_ROUTE : NO_UNROUTE);

    (void)arg;
    FUZZ_MUST(vector < vm.vectors && (vm.msix || msi == NULL));
    if (msi != NULL) {
        FUZZ_MUST(msi->size == sizeof(*msi) && may_arrive(vector) && says(vector, msi));
        FUZZ_MUST(!vm.routed[vector] || !says(vector, &vm.route[vector]));
    } else {
        FUZZ_MUST(vm.routed[vector] && !may_arrive(vector));
    }
    if (rc == 0) {
        vm.routed[vector] = msi != NULL;
        vm.route[vector] = msi != NULL ? *msi : vm.route[vector];
    }
    return rc;
}

static int pending(void *arg, uint32_t vector, uint32_t *out)
{
    (void)arg;
    FUZZ_MUST(vector < vm.vectors);
    *out = vector % 3 == 0;
    return answer(NO_PENDING);
}

static int vector_control(void *arg, uint32_t vector, bool masked)
{
    (void)arg;
    FUZZ_MUST(vm.slow && vector < vm.vectors);
    FUZZ_MUST(entry(vector, SRIOV_PCI_MSIX_ENTRY_CTRL) == masked);
    return answer(0);
}

static int flr(void *arg)
{
    (void)arg;
    FUZZ_MUST(rd(SRIOV_PCI_COMMAND, 2) == 0);
    vm.flrs++;
    return answer(NO_FLR);
}

const struct sriov_vcfg_hooks fuzz_vcfg_hooks = {
    .size = sizeof(fuzz_vcfg_hooks),
    .bar_moved = bar_moved,
    .bus_master = bus_master,
    .msix_enable = msix_enable,
    .route = route,
    .pending = pending,
    .vector_control = vector_control,
    .flr = flr,
};

/* ---- what must hold ---- */

void must_stay(uint32_t off, uint32_t bytes)
{
    for (uint32_t at = off; at < off + bytes && at < sizeof(vm.initial); at++) {
        FUZZ_MUST(((rd(at, 1) ^ vm.initial[at]) & (uint8_t)~vm.mask[at]) == 0);
    }
}

static uint64_t place_wanted(uint32_t bar)
{
    uint64_t length = sriov_vcfg_bar_length(vm.vcfg, bar);
    uint32_t low = rd(SRIOV_PCI_BAR(bar), 4);
    uint64_t first = low & SRIOV_PCI_BAR_MEM_MASK;

    if (length == 0 || (rd(SRIOV_PCI_COMMAND, 2) & SRIOV_PCI_COMMAND_MEMORY) == 0) {
        return SRIOV_VCFG_NOWHERE;
    }
    if ((low & SRIOV_PCI_BAR_MEM_TYPE) == SRIOV_PCI_BAR_MEM_64) {
        first |= (uint64_t)rd(SRIOV_PCI_BAR(bar + 1), 4) << 32;
    }
    if (first == 0 || first + (length - 1) == UINT32_MAX || first + (length - 1) == UINT64_MAX) {
        return SRIOV_VCFG_NOWHERE;
    }
    return first;
}

void must_agree_vector(uint32_t vector)
{
    if (vector < vm.vectors && !vm.refused) {
        FUZZ_MUST(vm.routed[vector] == may_arrive(vector));
        FUZZ_MUST(!vm.routed[vector] || says(vector, &vm.route[vector]));
    }
}

void must_agree(uint32_t vector)
{
    for (uint32_t i = 0; i < 6; i++) {
        FUZZ_MUST(sriov_vcfg_bar_gpa(vm.vcfg, i) == vm.at[i]);
        FUZZ_MUST(vm.refused || vm.at[i] == place_wanted(i));
    }
    if (!vm.refused) {
        FUZZ_MUST(vm.master == ((rd(SRIOV_PCI_COMMAND, 2) & SRIOV_PCI_COMMAND_MASTER) != 0));
        FUZZ_MUST(vm.vectors == 0 ||
                  vm.msix == ((rd(MSIX + SRIOV_PCI_MSIX_CTRL, 2) & SRIOV_PCI_MSIX_CTRL_ENABLE) != 0));
    }
    must_agree_vector(0);
    must_agree_vector(vector);
    must_agree_vector(vm.vectors - 1);
    FUZZ_MUST((rd(DEVCTL, 2) & SRIOV_PCI_EXP_DEVCTL_FLR) == 0);
}

void must_count(void)
{
    struct sriov_vcfg_counts c = {.size = sizeof(c)};

    FUZZ_MUST(sriov_vcfg_counts(vm.vcfg, &c) == 0);
    FUZZ_MUST(c.device_trips == (vm.slow ? c.vector_control : 0));
    FUZZ_MUST(c.vector_control <= c.writes && c.ignored <= c.reads + c.writes);
}
