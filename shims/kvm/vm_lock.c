/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's lock. It nests, and a thread that waits for events gives it away meanwhile; but not from
 * within a callback, whose caller counts on it.
 */
#include "skvm_vm.h"

/* Its address is the thread. */
static _Thread_local char self;
/* Machines that this thread holds, in the order in which they were taken. */
static _Thread_local struct skvm_machine *held[SKVM_HELD_MAX];
static _Thread_local uint32_t num_held;
static _Thread_local uint32_t num_more; /* for which there was no room */

static bool mine(struct skvm_machine *machine)
{
    return atomic_load_explicit(&machine->owner, memory_order_relaxed) == &self;
}

static void take(struct skvm_machine *machine, uint32_t depth)
{
    if (machine->opts.lock != NULL) {
        machine->opts.lock(machine->opts.arg);
    } else {
        pthread_mutex_lock(&machine->mutex);
    }
    atomic_store_explicit(&machine->owner, &self, memory_order_relaxed);
    machine->depth = depth;
}

static void give(struct skvm_machine *machine)
{
    machine->depth = 0;
    atomic_store_explicit(&machine->owner, NULL, memory_order_relaxed);
    if (machine->opts.unlock != NULL) {
        machine->opts.unlock(machine->opts.arg);
    } else {
        pthread_mutex_unlock(&machine->mutex);
    }
}

void skvm_vm_enter(struct skvm_machine *machine)
{
    if (mine(machine)) {
        machine->depth++;
        return;
    }
    take(machine, 1);
    if (num_held < SKVM_HELD_MAX) {
        held[num_held++] = machine;
    } else {
        num_more++;
    }
}

static void forget(const struct skvm_machine *machine)
{
    uint32_t at = 0;
    while (at < num_held && held[at] != machine) {
        at++;
    }
    if (at == num_held) {
        num_more--;
        return;
    }
    num_held--;
    for (; at < num_held; at++) {
        held[at] = held[at + 1];
    }
}

void skvm_vm_leave(struct skvm_machine *machine)
{
    if (machine->depth > 1) {
        machine->depth--;
        return;
    }
    forget(machine);
    give(machine);
}

void skvm_locks_pause(struct skvm_paused *paused)
{
    bool all = num_more == 0;
    for (uint32_t i = 0; i < num_held; i++) {
        all = all && held[i]->calling == 0;
        paused->machines[i] = held[i];
        paused->depths[i] = held[i]->depth;
    }
    /* All or none: to take one again with another in hand could be the wrong way around. */
    paused->num = all ? num_held : 0;
    for (uint32_t i = paused->num; i > 0; i--) {
        forget(paused->machines[i - 1]);
        give(paused->machines[i - 1]);
    }
}

void skvm_locks_resume(const struct skvm_paused *paused)
{
    for (uint32_t i = 0; i < paused->num; i++) {
        skvm_vm_enter(paused->machines[i]);
        paused->machines[i]->depth = paused->depths[i];
    }
}

bool skvm_locks_held(void)
{
    return num_held + num_more != 0;
}

void sriov_kvm_vm_lock(struct sriov_vm *vm)
{
    skvm_vm_enter(sriov_vm_ctx(vm));
}

void sriov_kvm_vm_unlock(struct sriov_vm *vm)
{
    skvm_vm_leave(sriov_vm_ctx(vm));
}
