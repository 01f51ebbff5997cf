/* SPDX-License-Identifier: BSD-3-Clause */
#include "vmm.h"

#include "orders.h"

#include <stdio.h>

#define TURN_NS     UINT64_C(200000)
#define PEERS_BYTES 256u
#define LET_GO_NS   (10 * VMM_NS_PER_S)
#define FORCE_NS    (VMM_NS_PER_S / 2)
/* With hotplug: the guest that lets go when it is asked, and the one that does not. */
#define CONSENTING 0u
#define STUBBORN   1u

/* ---- the main loop ---- */

/* Doorbells reach the device, virtual time follows the real one, the PF is served. */
static void turn(struct vmm *vmm)
{
    (void)sriov_vmm_wait(vmm->host.kvm, TURN_NS); /* takes the lock by itself */
    (void)pthread_mutex_lock(&vmm->host.lock);
    net_turn(&vmm->net, vmm_now_ns());
    for (uint32_t i = 0; i < vmm->guests; i++) {
        if (vmm->guest[i].vm != NULL) {
            (void)sriov_vm_poll(vmm->guest[i].vm);
        }
    }
    (void)pthread_mutex_unlock(&vmm->host.lock);
}

static bool all(const struct vmm *vmm, uint32_t first, uint32_t end, uint32_t state)
{
    bool so = true;

    for (uint32_t i = first; i < end; i++) {
        so = so && (i == vmm->killed || atomic_load(&vmm->guest[i].state) == state);
    }
    return so;
}

/* Until guests first to end - 1, but for the killed one, are in the state. */
static bool wait_for(struct vmm *vmm, uint32_t first, uint32_t end, uint32_t state, const char *what)
{
    while (!all(vmm, first, end, state)) {
        turn(vmm);
        for (uint32_t i = first; i < end; i++) {
            if (i != vmm->killed && guest_is_over(&vmm->guest[i])) {
                fprintf(stderr, "minivmm: %s ended early: %s\n", vmm->guest[i].name, what);
                return false;
            }
        }
        if (vmm_now_ns() > vmm->deadline_ns) {
            fprintf(stderr, "minivmm: not in time: %s\n", what);
            return false;
        }
    }
    return true;
}

/* ---- guests ---- */

/* Everyone else, beginning with the next one, so that not all ask the same guest at first; never one that
 * will be killed. */
static void list_peers(const struct vmm *vmm, uint32_t self, uint32_t killed, char list[PEERS_BYTES])
{
    size_t len = 0;

    for (uint32_t i = 1; i <= vmm->guests; i++) {
        uint32_t peer = (self + i) % vmm->guests;
        uint32_t ip = i < vmm->guests ? NET_IP(peer) : NET_WIRE_IP;
        if (i == vmm->guests || peer != killed) {
            len += (size_t)snprintf(list + len, PEERS_BYTES - len, "%s%u.%u.%u.%u", len == 0 ? "" : ",",
                                    ip >> 24, ip >> 16 & 0xff, ip >> 8 & 0xff, ip & 0xff);
        }
    }
}

static bool begin(struct vmm *vmm, uint32_t i, uint32_t killed)
{
    char peers[PEERS_BYTES];
    const char *step = "";

    list_peers(vmm, i, killed, peers);
    vmm->host.words = vmm->scene.hotplug && i == STUBBORN ? "stubborn" : vmm->words;
    return !vmm_failed(step, guest_create(&vmm->host, i, peers, &vmm->guest[i], &step)) &&
           !vmm_failed("thread", guest_start(&vmm->guest[i]));
}

static void order(struct vmm *vmm, uint32_t first, uint32_t end, enum order what)
{
    for (uint32_t i = first; i < end; i++) {
        atomic_store(&vmm->guest[i].order, (uint32_t)what);
    }
}

/* ---- a guest that vanishes ---- */

static uint64_t bells_of(struct vmm *vmm, uint32_t i)
{
    struct sriov_kvm_vm_stats stats = {.size = sizeof(stats)};

    return sriov_kvm_vm_stats(vmm->guest[i].vm, &stats) == 0 ? stats.bells : 0;
}

/* In the middle of its own requests; its VF is taken as it stands and given to a new guest later. */
static bool kill_one(struct vmm *vmm, uint32_t victim)
{
    while (bells_of(vmm, victim) < vmm->host.pings && !guest_is_over(&vmm->guest[victim]) &&
           vmm_now_ns() < vmm->deadline_ns) {
        turn(vmm);
    }
    bool early = atomic_load(&vmm->guest[victim].state) != PEER_READY;
    printf("%s is killed\n", vmm->guest[victim].name);
    guest_destroy(&vmm->guest[victim]);
    vmm->killed = victim;
    if (early) {
        fprintf(stderr, "minivmm: it was to be killed while it asked\n");
    }
    return !early;
}

static bool begin_anew(struct vmm *vmm, uint32_t victim)
{
    vmm->killed = vmm->guests;
    if (!begin(vmm, victim, victim) || !wait_for(vmm, victim, victim + 1, PEER_READY, "new guest begins")) {
        return false;
    }
    order(vmm, victim, victim + 1, ORDER_PING);
    return wait_for(vmm, victim, victim + 1, PEER_PINGED, "new guest asks everyone");
}

/* ---- a VF that leaves a running guest, and comes back ---- */

static bool unplug(struct vmm *vmm, uint32_t i)
{
    bool stubborn = i == STUBBORN;
    struct guest *guest = &vmm->guest[i];

    if (vmm_failed("hot-remove", guest_unplug(guest, stubborn ? FORCE_NS : LET_GO_NS))) {
        return false;
    }
    if (!wait_for(vmm, i, i + 1, stubborn ? PEER_LOST : PEER_LET_GO, "a guest is without its VF")) {
        return false;
    }
    while (guest->event == 0 && vmm_now_ns() < vmm->deadline_ns) {
        turn(vmm);
    }
    printf("%s %s\n", guest->name,
           guest->event == SRIOV_ASSIGN_RELEASED ? "let go of its VF, as it was asked to"
                                                 : "did not let go in time: its VF was taken");
    return guest->event == (stubborn ? SRIOV_ASSIGN_FORCED : SRIOV_ASSIGN_RELEASED);
}

/* Without a start of its machine: it finds the VF on its bus again, and asks everyone once more. */
static bool hotplug(struct vmm *vmm, uint32_t i)
{
    if (!unplug(vmm, i)) {
        return false;
    }
    vmm->guest[i].pings = 0;
    if (vmm_failed("hot-add", guest_plug(&vmm->guest[i])) ||
        !wait_for(vmm, i, i + 1, PEER_READY, "a guest finds its VF again")) {
        return false;
    }
    order(vmm, i, i + 1, ORDER_PING);
    return wait_for(vmm, i, i + 1, PEER_PINGED, "a guest asks everyone again");
}

/* ---- from start to end ---- */

static bool run_pings(struct vmm *vmm, uint32_t victim)
{
    for (uint32_t i = 0; i < vmm->guests; i++) {
        if (!begin(vmm, i, victim)) {
            return false;
        }
    }
    if (!wait_for(vmm, 0, vmm->guests, PEER_READY, "all guests begin")) {
        return false;
    }
    order(vmm, 0, vmm->guests, ORDER_PING);
    if (victim < vmm->guests && !kill_one(vmm, victim)) {
        return false;
    }
    return wait_for(vmm, 0, vmm->guests, PEER_PINGED, "everyone asks everyone") &&
           (victim == vmm->guests || begin_anew(vmm, victim));
}

static bool check_dirty(struct vmm *vmm, uint32_t i)
{
    struct guest *guest = &vmm->guest[i];

    order(vmm, i, i + 1, ORDER_QUIET);
    if (!wait_for(vmm, i, i + 1, PEER_QUIET, "a guest is quiet")) {
        return false;
    }
    (void)pthread_mutex_lock(&vmm->host.lock);
    int rc = dirty_begin(&vmm->host, guest);
    (void)pthread_mutex_unlock(&vmm->host.lock);
    order(vmm, i, i + 1, ORDER_WRITE);
    if (vmm_failed("dirty log", rc) || !wait_for(vmm, i, i + 1, PEER_WROTE, "a quiet guest writes")) {
        return false;
    }
    (void)pthread_mutex_lock(&vmm->host.lock);
    rc = dirty_end(guest, &vmm->dirty[i]);
    (void)pthread_mutex_unlock(&vmm->host.lock);
    order(vmm, i, i + 1, ORDER_ANSWER);
    return !vmm_failed("dirty log", rc) && wait_for(vmm, i, i + 1, PEER_READY, "a guest goes on");
}

static bool count(struct vmm *vmm, uint32_t i)
{
    struct report_counts *c = &vmm->counts[i];

    c->assign.size = sizeof(c->assign);
    c->kvm.size = sizeof(c->kvm);
    (void)pthread_mutex_lock(&vmm->host.lock);
    int rc = sriov_assign_info(vmm->guest[i].assign, &c->assign);
    (void)pthread_mutex_unlock(&vmm->host.lock);
    return !vmm_failed("counts", rc) && !vmm_failed("counts", sriov_kvm_vm_stats(vmm->guest[i].vm, &c->kvm));
}

static bool end_all(struct vmm *vmm)
{
    bool over = false;

    order(vmm, 0, vmm->guests, ORDER_END);
    while (!over && vmm_now_ns() < vmm->deadline_ns) {
        turn(vmm);
        over = true;
        for (uint32_t i = 0; i < vmm->guests; i++) {
            over = over && guest_is_over(&vmm->guest[i]);
        }
    }
    for (uint32_t i = 0; i < vmm->guests; i++) {
        guest_stop(&vmm->guest[i]);
    }
    return over;
}

bool scenes_play(struct vmm *vmm)
{
    bool good = run_pings(vmm, vmm->scene.victim);

    if (vmm->scene.hotplug) {
        good = good && hotplug(vmm, CONSENTING) && hotplug(vmm, STUBBORN);
    }
    for (uint32_t i = 0; good && i < vmm->guests; i++) {
        good = check_dirty(vmm, i) && count(vmm, i);
    }
    if (!good || !end_all(vmm)) {
        return false;
    }
    const struct report report = {.guests = vmm->guests,
                                  .pings = vmm->host.pings,
                                  .guest = vmm->guest,
                                  .counts = vmm->counts,
                                  .dirty = vmm->dirty,
                                  .killed = vmm->scene.victim,
                                  .wire_frames = vmm->net.wire_frames,
                                  .wire_alien = vmm->net.wire_alien};
    return report_print(&report);
}
