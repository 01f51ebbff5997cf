/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine on /dev/kvm: the small guest of tests/unit/kvm/guest does the accesses. Its time is real, that
 * of the simulated functions is not; where time passes, it passes for both. A KVM machine has one kind of
 * dirty log: hence two stages.
 */
#include "conform_vm.h"
#include "guest.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ECAM      UINT64_C(0xe0000000)
#define BUS_SLOTS 32u
#define SETTLE_NS UINT64_C(2000000)
#define NS_PER_S  UINT64_C(1000000000)

struct kvm_stage {
    struct kvm_guest guest;
    struct sriov_vmm *vmm;
    enum conform_consent consent;
    uint64_t consent_ns;
    uint32_t plugged[BUS_SLOTS];
    uint32_t asked[BUS_SLOTS];
    /* The guest's answer that is under way. */
    pthread_t answer;
    bool answering;
    uint32_t answer_slot;
};

static int plug(void *arg, uint32_t slot, const char *name)
{
    struct kvm_stage *stage = arg;
    (void)name;
    stage->plugged[slot]++;
    return 0;
}

/* The guest that takes its time. */
static void *answer(void *arg)
{
    struct kvm_stage *stage = arg;
    struct timespec wait = {.tv_sec = (time_t)(stage->consent_ns / NS_PER_S),
                            .tv_nsec = (long)(stage->consent_ns % NS_PER_S)};
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, NULL);
    (void)sriov_kvm_vm_unplugged(stage->guest.machine, stage->answer_slot);
    return NULL;
}

static void answer_end(struct kvm_stage *stage)
{
    if (stage->answering) {
        pthread_join(stage->answer, NULL);
    }
    stage->answering = false;
}

static int unplug_ask(void *arg, uint32_t slot)
{
    struct kvm_stage *stage = arg;
    stage->asked[slot]++;
    if (stage->consent == CONFORM_CONSENT_AT_ONCE) {
        return sriov_kvm_vm_unplugged(stage->guest.machine, slot);
    }
    if (stage->consent == CONFORM_CONSENT_LATER) {
        answer_end(stage);
        stage->answer_slot = slot;
        stage->answering = pthread_create(&stage->answer, NULL, answer, stage) == 0;
        return stage->answering ? 0 : -EAGAIN;
    }
    return 0;
}

static struct sriov_kvm_vm_opts opts_of(struct kvm_stage *stage, const struct conform_vm_opts *opts,
                                        bool ring)
{
    struct sriov_kvm_vm_opts own = {
        .size = sizeof(own),
        .flags = SRIOV_KVM_VM_PORTS | SRIOV_KVM_VM_IRQCHIP_ROUTES,
        .vm_fd = stage->guest.vm,
        .name = "conform",
        .ecam = ECAM,
        .first_slot = 1,
        .num_slots = opts->memory_max,
        .num_gsi = opts->vectors_max,
        .max_bells = opts->doorbells_max,
        .without = opts->caps_out,
        .plug = plug,
        .unplug_ask = unplug_ask,
        .arg = stage,
    };
    own.flags |= ring ? SRIOV_KVM_VM_DIRTY_RING : 0;
    return own;
}

static int machine_up(struct conform_guest *guest, struct kvm_stage *stage,
                      const struct conform_vm_opts *opts, bool ring)
{
    struct sriov_kvm_vm_opts own = opts_of(stage, opts, ring);
    int err = sriov_kvm_create(NULL, &stage->vmm);
    if (err != 0) {
        snprintf(guest->why, sizeof(guest->why), "sriov_kvm_create: error %d", err);
        return err;
    }
    err = sriov_kvm_vm_create(stage->vmm, &own, &guest->vm);
    if (err != 0) {
        snprintf(guest->why, sizeof(guest->why), "this KVM makes no such machine: error %d", err);
        return err;
    }
    sriov_log_set_level(stage->vmm, SRIOV_LOG_ERROR);
    stage->guest.machine = guest->vm;
    err = kvm_guest_start(&stage->guest);
    if (err != 0) {
        snprintf(guest->why, sizeof(guest->why), "the guest does not start: %.100s", stage->guest.why);
    }
    return err;
}

static void machine_down(struct conform_guest *guest, struct kvm_stage *stage)
{
    answer_end(stage);
    (void)sriov_kvm_vm_destroy(guest->vm);
    (void)sriov_kvm_destroy(stage->vmm);
    kvm_guest_down(&stage->guest);
    free(stage);
}

static int build_with(struct conform_guest *guest, const struct conform_vm_opts *opts, bool ring)
{
    struct kvm_stage *stage = calloc(1, sizeof(*stage));
    if (stage == NULL) {
        return -ENOMEM;
    }
    int err = kvm_guest_up(&stage->guest);
    if (err != 0) {
        snprintf(guest->why, sizeof(guest->why), "%.150s", stage->guest.why);
        free(stage);
        return err;
    }
    guest->vm = NULL;
    err = machine_up(guest, stage, opts, ring);
    if (err != 0) {
        machine_down(guest, stage);
        return err;
    }
    guest->arg = stage;
    return 0;
}

static int build(struct conform_guest *guest, const struct conform_vm_opts *opts)
{
    return build_with(guest, opts, false);
}

static int build_ring(struct conform_guest *guest, const struct conform_vm_opts *opts)
{
    return build_with(guest, opts, true);
}

/* A machine that still holds something is left as it is. */
static uint64_t strike(struct conform_guest *guest)
{
    struct kvm_stage *stage = guest->arg;
    answer_end(stage);
    if (sriov_kvm_vm_destroy(guest->vm) != 0) {
        return 1;
    }
    guest->vm = NULL;
    machine_down(guest, stage);
    return 0;
}

/* A guest that died is no finding about the machine: nothing that follows could be believed. */
static void must(const struct kvm_stage *stage, int err)
{
    if (err != 0) {
        fprintf(stderr, "sriov-conform: the guest is dead: %s\n", stage->guest.why);
        exit(2);
    }
}

static uint64_t cpu_read(struct conform_guest *guest, uint64_t gpa, uint32_t width)
{
    struct kvm_stage *stage = guest->arg;
    uint64_t value = 0;
    must(stage, kvm_guest_read(&stage->guest, gpa, width, &value));
    return value;
}

static void cpu_write(struct conform_guest *guest, uint64_t gpa, uint32_t width, uint64_t value)
{
    struct kvm_stage *stage = guest->arg;
    must(stage, kvm_guest_write(&stage->guest, gpa, width, value));
}

static uint64_t ecam_of(uint32_t slot, uint32_t off)
{
    return ECAM + ((uint64_t)slot << 15) + off;
}

static uint32_t cfg_read(struct conform_guest *guest, uint32_t slot, uint32_t off, uint32_t width)
{
    return (uint32_t)cpu_read(guest, ecam_of(slot, off), width);
}

static void cfg_write(struct conform_guest *guest, uint32_t slot, uint32_t off, uint32_t width,
                      uint32_t value)
{
    cpu_write(guest, ecam_of(slot, off), width, value);
}

static void msi(struct conform_guest *guest, uint32_t n, uint64_t *address, uint32_t *data)
{
    (void)guest;
    kvm_guest_msi(n, address, data);
}

static uint32_t taken(struct conform_guest *guest, uint32_t n)
{
    struct kvm_stage *stage = guest->arg;
    return kvm_guest_taken(&stage->guest, n, UINT32_MAX, SETTLE_NS);
}

static uint64_t exits(struct conform_guest *guest, enum conform_exit kind)
{
    struct sriov_kvm_vm_stats stats = {.size = sizeof(stats)};
    (void)sriov_kvm_vm_stats(guest->vm, &stats);
    return kind == CONFORM_EXIT_CONFIG ? stats.exits_config
                                       : stats.exits_trapped + stats.exits_mapped + stats.exits_other;
}

static void consent(struct conform_guest *guest, enum conform_consent how, uint64_t ns)
{
    struct kvm_stage *stage = guest->arg;
    stage->consent = how;
    stage->consent_ns = ns;
}

static uint32_t told(struct conform_guest *guest, uint32_t slot, bool asked)
{
    const struct kvm_stage *stage = guest->arg;
    return asked ? stage->asked[slot] : stage->plugged[slot];
}

static void pass(struct conform_guest *guest, uint64_t ns)
{
    struct kvm_stage *stage = guest->arg;
    sriov_vmm_sleep(stage->vmm, ns);
    sriov_mock_advance(guest->mock, ns);
}

#define KVM_STAGE(title, how)                                                                                \
    {                                                                                                        \
        .name = (title), .build = (how), .strike = strike, .read = cpu_read, .write = cpu_write,             \
        .cfg_read = cfg_read, .cfg_write = cfg_write, .msi = msi, .taken = taken, .exits = exits,            \
        .consent = consent, .told = told, .pass = pass                                                       \
    }

const struct conform_vm_stage conform_vm_stage_kvm = KVM_STAGE("kvm", build);
const struct conform_vm_stage conform_vm_stage_kvm_ring = KVM_STAGE("kvm-ring", build_ring);
