/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mock's machine: the guest is whoever calls. Once on the mock that has the functions, and once on one
 * of its own, so that machine and function have two VMMs and two clocks.
 */
#include "conform_vm.h"

#include <errno.h>
#include <stdio.h>

/* Where x86 takes messages. */
#define MSI_ADDRESS UINT64_C(0xfee00000)
#define MSI_DATA    0x40u

static int build_on(struct conform_guest *guest, struct sriov_mock *mock, const struct conform_vm_opts *opts)
{
    struct sriov_mock_vm_opts own = {.size = sizeof(own),
                                     .caps_out = opts->caps_out,
                                     .memory_max = opts->memory_max,
                                     .vectors_max = opts->vectors_max,
                                     .doorbells_max = opts->doorbells_max};
    int err = sriov_mock_vm_create(mock, &own, &guest->vm);
    if (err != 0) {
        snprintf(guest->why, sizeof(guest->why), "the mock makes no machine");
    }
    return err;
}

static int build(struct conform_guest *guest, const struct conform_vm_opts *opts)
{
    return build_on(guest, guest->mock, opts);
}

static uint64_t strike(struct conform_guest *guest)
{
    return sriov_mock_vm_destroy(guest->vm) != 0;
}

static int build_apart(struct conform_guest *guest, const struct conform_vm_opts *opts)
{
    struct sriov_mock_opts own = {.size = sizeof(own)};
    struct sriov_mock *mock = NULL;
    int err = sriov_mock_create(&own, &mock);
    if (err == 0) {
        err = build_on(guest, mock, opts);
    }
    if (err != 0) {
        sriov_mock_destroy(mock);
        return err;
    }
    guest->arg = mock;
    return 0;
}

static uint64_t strike_apart(struct conform_guest *guest)
{
    struct sriov_mock *mock = guest->arg;
    uint64_t wrong = strike(guest) + sriov_mock_violations(mock, 0) + sriov_mock_held(mock);
    sriov_mock_destroy(mock);
    return wrong;
}

static uint64_t cpu_read(struct conform_guest *guest, uint64_t gpa, uint32_t width)
{
    return sriov_mock_guest_read(guest->vm, gpa, width);
}

static void cpu_write(struct conform_guest *guest, uint64_t gpa, uint32_t width, uint64_t value)
{
    sriov_mock_guest_write(guest->vm, gpa, width, value);
}

static uint32_t cfg_read(struct conform_guest *guest, uint32_t slot, uint32_t off, uint32_t width)
{
    return sriov_mock_guest_cfg_read(guest->vm, slot, off, width);
}

static void cfg_write(struct conform_guest *guest, uint32_t slot, uint32_t off, uint32_t width,
                      uint32_t value)
{
    sriov_mock_guest_cfg_write(guest->vm, slot, off, width, value);
}

static void msi(struct conform_guest *guest, uint32_t n, uint64_t *address, uint32_t *data)
{
    (void)guest;
    *address = MSI_ADDRESS;
    *data = MSI_DATA + n;
}

static uint32_t taken(struct conform_guest *guest, uint32_t n)
{
    return (uint32_t)sriov_mock_guest_interrupts(guest->vm, MSI_ADDRESS, MSI_DATA + n);
}

static uint64_t exits(struct conform_guest *guest, enum conform_exit kind)
{
    struct sriov_mock_guest_counts counts = {.size = sizeof(counts)};
    (void)sriov_mock_guest_counts(guest->vm, &counts);
    return kind == CONFORM_EXIT_CONFIG ? counts.config : counts.trapped + counts.nothing;
}

static void consent(struct conform_guest *guest, enum conform_consent how, uint64_t ns)
{
    static const enum sriov_mock_consent as[] = {[CONFORM_CONSENT_AT_ONCE] = SRIOV_MOCK_CONSENT_AT_ONCE,
                                                 [CONFORM_CONSENT_LATER] = SRIOV_MOCK_CONSENT_LATER,
                                                 [CONFORM_CONSENT_NEVER] = SRIOV_MOCK_CONSENT_NEVER};
    (void)sriov_mock_guest_script(guest->vm, as[how], ns);
}

static uint32_t told(struct conform_guest *guest, uint32_t slot, bool asked)
{
    return (uint32_t)sriov_mock_guest_told(guest->vm, slot, asked);
}

static void pass(struct conform_guest *guest, uint64_t ns)
{
    sriov_mock_advance(guest->mock, ns);
}

static void pass_apart(struct conform_guest *guest, uint64_t ns)
{
    sriov_mock_advance(guest->mock, ns);
    sriov_mock_advance(guest->arg, ns);
}

#define MOCK_STAGE(title, how, end, time)                                                                    \
    {                                                                                                        \
        .name = (title), .build = (how), .strike = (end), .read = cpu_read, .write = cpu_write,              \
        .cfg_read = cfg_read, .cfg_write = cfg_write, .msi = msi, .taken = taken, .exits = exits,            \
        .consent = consent, .told = told, .pass = (time)                                                     \
    }

const struct conform_vm_stage conform_vm_stage_mock = MOCK_STAGE("mock", build, strike, pass);
const struct conform_vm_stage conform_vm_stage_apart =
    MOCK_STAGE("mock-apart", build_apart, strike_apart, pass_apart);
