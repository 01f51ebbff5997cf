/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Callbacks: one epoll set for all descriptors of the shim. An event names a slot and a generation,
 * never a pointer, so that one which was collected before its source went is told apart.
 */
#include "skvm.h"

#include <errno.h>
#include <string.h>

#define BATCH       16
#define SLOTS_FIRST 16u
/* A turn of a busy wait looks for events this seldom: the look is a system call. */
#define RELAX_TURNS 64u

static int slot_take(struct skvm *kvm, uint32_t *slot)
{
    const struct skvm_sys *sys = kvm->host.sys;
    for (uint32_t i = 0; i < kvm->num_slots; i++) {
        if (kvm->slots[i].source == NULL && kvm->slots[i].running == 0) {
            *slot = i;
            return 0;
        }
    }
    uint32_t more = kvm->num_slots != 0 ? kvm->num_slots * 2 : SLOTS_FIRST;
    struct skvm_slot *slots = sys->alloc(sys->ctx, more * sizeof(*slots), sizeof(void *));
    if (slots == NULL) {
        return -ENOMEM;
    }
    if (kvm->num_slots != 0) {
        memcpy(slots, kvm->slots, kvm->num_slots * sizeof(*slots));
        sys->free(sys->ctx, kvm->slots);
    }
    *slot = kvm->num_slots;
    kvm->slots = slots;
    kvm->num_slots = more;
    return 0;
}

static int source_add_locked(struct skvm *kvm, struct skvm_source *source)
{
    const struct skvm_sys *sys = kvm->host.sys;
    uint32_t slot = 0;
    int err = slot_take(kvm, &slot);
    if (err != 0) {
        return err;
    }
    uint32_t generation = kvm->slots[slot].generation + 1;
    err = sys->epoll_add(sys->ctx, kvm->epoll, source->fd, (uint64_t)generation << 32 | slot);
    if (err != 0) {
        return err == -ENOMEM || err == -ENOSPC ? err : -EINVAL;
    }
    kvm->slots[slot].source = source;
    kvm->slots[slot].generation = generation;
    source->slot = slot;
    source->generation = generation;
    source->live = true;
    kvm->live++;
    return 0;
}

int skvm_source_add(struct skvm *kvm, struct skvm_source *source)
{
    pthread_mutex_lock(&kvm->lock);
    int err = source->live ? 0 : source_add_locked(kvm, source);
    pthread_mutex_unlock(&kvm->lock);
    return err;
}

void skvm_source_remove(struct skvm *kvm, struct skvm_source *source)
{
    const struct skvm_sys *sys = kvm->host.sys;
    pthread_mutex_lock(&kvm->lock);
    if (source->live) {
        (void)sys->epoll_del(sys->ctx, kvm->epoll, source->fd);
        kvm->slots[source->slot].source = NULL;
        source->live = false;
        kvm->live--;
        /* A callback may remove its own source: it does not wait for itself. */
        while (kvm->slots[source->slot].running != 0 &&
               !pthread_equal(kvm->slots[source->slot].runner, pthread_self())) {
            pthread_cond_wait(&kvm->idle, &kvm->lock);
        }
    }
    pthread_mutex_unlock(&kvm->lock);
}

/* True when the event still had a source, something was there to take, and its callback ran. */
static bool deliver(struct skvm *kvm, uint64_t data)
{
    uint32_t slot = (uint32_t)data;
    struct skvm_call call = {0};
    bool due = false;

    pthread_mutex_lock(&kvm->lock);
    if (slot < kvm->num_slots && kvm->slots[slot].source != NULL &&
        kvm->slots[slot].generation == (uint32_t)(data >> 32) && kvm->slots[slot].running == 0) {
        due = kvm->slots[slot].source->take(kvm->slots[slot].source, &call) && call.cb != NULL;
    }
    if (due) {
        kvm->slots[slot].running = 1;
        kvm->slots[slot].runner = pthread_self();
    }
    pthread_mutex_unlock(&kvm->lock);
    if (!due) {
        return false;
    }
    call.cb(call.arg, call.value);
    pthread_mutex_lock(&kvm->lock);
    kvm->slots[slot].running = 0;
    pthread_cond_broadcast(&kvm->idle);
    pthread_mutex_unlock(&kvm->lock);
    return true;
}

int skvm_dispatch(struct skvm *kvm, uint64_t timeout_ns)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct skvm_paused paused;
    uint64_t data[BATCH];
    int made = 0;
    skvm_locks_pause(&paused);
    int n = sys->epoll_wait(sys->ctx, kvm->epoll, data, BATCH, timeout_ns);
    for (int i = 0; i < n; i++) {
        made += deliver(kvm, data[i]) ? 1 : 0;
    }
    skvm_locks_resume(&paused);
    return n < 0 ? n : made;
}

void skvm_op_relax(void *vmm)
{
    struct skvm *kvm = vmm;
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
    if (atomic_fetch_add_explicit(&kvm->relaxed, 1, memory_order_relaxed) % RELAX_TURNS == RELAX_TURNS - 1) {
        (void)skvm_dispatch(kvm, 0);
    }
}

static uint64_t deadline_of(const struct skvm_sys *sys, uint64_t ns)
{
    uint64_t now = sys->now(sys->ctx);
    return ns < UINT64_MAX - now ? now + ns : UINT64_MAX;
}

/* What of the time is left; UINT64_MAX stands for no limit. */
static uint64_t left_of(const struct skvm_sys *sys, uint64_t deadline)
{
    uint64_t now = sys->now(sys->ctx);
    if (deadline == UINT64_MAX) {
        return UINT64_MAX;
    }
    return now < deadline ? deadline - now : 0;
}

void skvm_op_sleep(void *vmm, uint64_t ns)
{
    struct skvm *kvm = vmm;
    const struct skvm_sys *sys = kvm->host.sys;
    uint64_t deadline = deadline_of(sys, ns);
    uint64_t left = ns;
    do {
        (void)skvm_dispatch(kvm, left);
        left = left_of(sys, deadline);
    } while (left != 0);
}

static bool anything_to_come(struct skvm *kvm)
{
    pthread_mutex_lock(&kvm->lock);
    bool any = kvm->live != 0;
    pthread_mutex_unlock(&kvm->lock);
    return any;
}

int skvm_op_wait(void *vmm, uint64_t timeout_ns)
{
    struct skvm *kvm = vmm;
    const struct skvm_sys *sys = kvm->host.sys;
    uint64_t deadline = deadline_of(sys, timeout_ns);
    uint64_t left = timeout_ns;

    for (;;) {
        if (timeout_ns == UINT64_MAX && !anything_to_come(kvm)) {
            return -EAGAIN;
        }
        int n = skvm_dispatch(kvm, left);
        if (n > 0) {
            return 0;
        }
        if (n < 0 && n != -EINTR) {
            return -EAGAIN;
        }
        /* One more look at what is due once the time is over. */
        if (left == 0) {
            return -ETIMEDOUT;
        }
        left = left_of(sys, deadline);
    }
}
