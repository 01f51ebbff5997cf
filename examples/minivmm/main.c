/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VMM in a few hundred lines on /dev/kvm and the manager: N guests, a VF of one simulated 82599 each.
 * The guests ping each other and a host on the wire; then the dirty log is put to the test. The table at
 * the end tells what came of it. docs/minivmm.md walks through the code.
 */
#include "dirty.h"
#include "guest.h"
#include "orders.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GUESTS_MAX  8u
#define GUESTS      4u
#define PINGS       200u
#define MEMORY_MIB  32u
#define SECONDS     240u
#define TURN_NS     UINT64_C(200000)
#define NS_PER_S    UINT64_C(1000000000)
#define PEERS_BYTES 256u
#define EXIT_SKIP   77

struct vmm {
    struct guest_host host;
    struct net net;
    struct image image;
    uint32_t guests;
    uint32_t killed; /* index; `guests`: none */
    uint64_t deadline_ns;
    const char *pcap;
    const char *image_path;
    struct guest guest[GUESTS_MAX];
    struct report_counts counts[GUESTS_MAX];
    struct dirty_result dirty[GUESTS_MAX];
};

static bool failed(const char *what, int rc)
{
    if (rc < 0) {
        fprintf(stderr, "minivmm: %s: %s\n", what, strerror(-rc));
    }
    return rc < 0;
}

/* ---- the main loop ---- */

static uint64_t now_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Doorbells reach the device, virtual time follows the real one, the PF is served. */
static void turn(struct vmm *vmm)
{
    (void)sriov_vmm_wait(vmm->host.kvm, TURN_NS); /* takes the lock by itself */
    (void)pthread_mutex_lock(&vmm->host.lock);
    net_turn(&vmm->net, now_ns());
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
        if (now_ns() > vmm->deadline_ns) {
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
    return !failed(step, guest_create(&vmm->host, i, peers, &vmm->guest[i], &step)) &&
           !failed("thread", guest_start(&vmm->guest[i]));
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
           now_ns() < vmm->deadline_ns) {
        turn(vmm);
    }
    bool early = atomic_load(&vmm->guest[victim].state) != PEER_READY;
    printf("%s is killed\n", vmm->guest[victim].name);
    guest_destroy(&vmm->host, &vmm->guest[victim]);
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
    if (failed("dirty log", rc) || !wait_for(vmm, i, i + 1, PEER_WROTE, "a quiet guest writes")) {
        return false;
    }
    (void)pthread_mutex_lock(&vmm->host.lock);
    rc = dirty_end(guest, &vmm->dirty[i]);
    (void)pthread_mutex_unlock(&vmm->host.lock);
    order(vmm, i, i + 1, ORDER_ANSWER);
    return !failed("dirty log", rc) && wait_for(vmm, i, i + 1, PEER_READY, "a guest goes on");
}

static bool count(struct vmm *vmm, uint32_t i)
{
    struct report_counts *c = &vmm->counts[i];

    c->assign.size = sizeof(c->assign);
    c->kvm.size = sizeof(c->kvm);
    (void)pthread_mutex_lock(&vmm->host.lock);
    int rc = sriov_assign_info(vmm->guest[i].assign, &c->assign);
    (void)pthread_mutex_unlock(&vmm->host.lock);
    return !failed("counts", rc) && !failed("counts", sriov_kvm_vm_stats(vmm->guest[i].vm, &c->kvm));
}

static bool end_all(struct vmm *vmm)
{
    bool over = false;

    order(vmm, 0, vmm->guests, ORDER_END);
    while (!over && now_ns() < vmm->deadline_ns) {
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

static bool run(struct vmm *vmm, uint32_t victim)
{
    bool good = run_pings(vmm, victim);

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
                                  .killed = victim,
                                  .wire_frames = vmm->net.wire_frames,
                                  .wire_alien = vmm->net.wire_alien};
    return report_print(&report);
}

/* ---- the host ---- */

static void on_kick(int number)
{
    (void)number;
}

static bool prepare(struct vmm *vmm)
{
    const struct sigaction action = {.sa_handler = on_kick}; /* without SA_RESTART: it ends KVM_RUN */
    struct sriov_kvm_opts opts = {.size = sizeof(opts)};
    pthread_mutexattr_t recursive;
    const char *step = "";

    (void)sigaction(SIGUSR1, &action, NULL);
    (void)pthread_mutexattr_init(&recursive);
    (void)pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    (void)pthread_mutex_init(&vmm->host.lock, &recursive);
    (void)pthread_mutexattr_destroy(&recursive);
    if (failed(vmm->image_path, image_open(vmm->image_path, &vmm->image)) ||
        failed("KVM shim", sriov_kvm_create(&opts, &vmm->host.kvm))) {
        return false;
    }
    int rc = net_create(&vmm->net, (uint16_t)vmm->guests, vmm->pcap, &step);
    vmm->host.net = &vmm->net;
    vmm->host.image = &vmm->image;
    return !failed(step, rc);
}

/* Returns what was leaked or found wrong. */
static uint64_t strike(struct vmm *vmm)
{
    for (uint32_t i = 0; i < vmm->guests; i++) {
        guest_destroy(&vmm->host, &vmm->guest[i]);
    }
    uint64_t bad = net_destroy(&vmm->net);
    bad += sriov_kvm_destroy(vmm->host.kvm) != 0;
    image_close(&vmm->image);
    (void)pthread_mutex_destroy(&vmm->host.lock);
    return bad;
}

static int usage(void)
{
    fputs("usage: minivmm [--guests N] [--pings N] [--memory MIB] [--kill GUEST] [--timeout SECONDS] "
          "[--pcap FILE] [--quiet] [--conform | --lie] IMAGE\n",
          stderr);
    return 2;
}

/* 0: not a number from least to most. */
static uint32_t take_number(const char *text, uint32_t least, uint32_t most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    return *text != '\0' && *end == '\0' && value >= least && value <= most ? (uint32_t)value : 0;
}

static bool take_options(int argc, char **argv, struct vmm *vmm, uint32_t *kill, uint32_t *seconds)
{
    static const struct option options[] = {
        {"guests", 1, NULL, 'g'},  {"pings", 1, NULL, 'p'}, {"memory", 1, NULL, 'm'}, {"kill", 1, NULL, 'k'},
        {"timeout", 1, NULL, 't'}, {"pcap", 1, NULL, 'c'},  {"quiet", 0, NULL, 'q'},  {"lie", 0, NULL, 'l'},
        {"conform", 0, NULL, 'f'}, {NULL, 0, NULL, 0}};
    uint32_t mib = MEMORY_MIB;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'g':
            vmm->guests = take_number(optarg, 2, GUESTS_MAX);
            break;
        case 'p':
            vmm->host.pings = take_number(optarg, 1, 100000);
            break;
        case 'm':
            mib = take_number(optarg, 8, 1024);
            break;
        case 'k':
            *kill = take_number(optarg, 1, GUESTS_MAX);
            break;
        case 't':
            *seconds = take_number(optarg, 1, 86400);
            break;
        case 'c':
            vmm->pcap = optarg;
            break;
        case 'q':
            vmm->host.quiet = true;
            break;
        case 'l':
            vmm->host.words = "lie";
            break;
        case 'f':
            vmm->host.words = "conform";
            break;
        default:
            return false;
        }
    }
    vmm->host.ram_size = (uint64_t)mib << 20;
    vmm->image_path = argv[optind];
    return optind == argc - 1 && vmm->guests != 0 && vmm->host.pings != 0 && mib != 0 && *kill != 0 &&
           *seconds != 0;
}

int main(int argc, char **argv)
{
    static struct vmm vmm = {.guests = GUESTS, .host = {.pings = PINGS, .kvm_fd = -1, .words = ""}};
    uint32_t kill = UINT32_MAX;
    uint32_t seconds = SECONDS;

    if (!take_options(argc, argv, &vmm, &kill, &seconds) || (kill != UINT32_MAX && kill > vmm.guests)) {
        return usage();
    }
    vmm.host.kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (vmm.host.kvm_fd < 0) {
        printf("minivmm: skipped: /dev/kvm: %s: load the kvm module, and be a user who may open it\n",
               strerror(errno));
        return EXIT_SKIP;
    }
    for (uint32_t i = 0; i < vmm.guests; i++) {
        vmm.guest[i].machine.vm = vmm.guest[i].machine.vcpu = -1;
    }
    vmm.killed = vmm.guests;
    vmm.deadline_ns = now_ns() + seconds * NS_PER_S;
    bool good = prepare(&vmm) && run(&vmm, kill == UINT32_MAX ? vmm.guests : kill - 1);
    uint64_t bad = strike(&vmm);
    (void)close(vmm.host.kvm_fd);
    if (bad != 0) {
        fprintf(stderr, "minivmm: %llu leaks or violations\n", (unsigned long long)bad);
    }
    puts(good && bad == 0 ? "minivmm: ok" : "minivmm: failed");
    return good && bad == 0 ? 0 : 1;
}
