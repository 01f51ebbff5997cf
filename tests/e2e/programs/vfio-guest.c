/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A real VF in a real guest: the manager gives a function that VFIO holds to a machine of /dev/kvm, which
 * the peer image (examples/bare) then runs on, with our VF driver in it and no operating system. Nothing is
 * simulated between the driver and the device: its registers are a memory slot, its vectors irqfds, its DMA
 * goes through the IOMMU at IOVA = guest-physical.
 * usage: vfio-guest BDF BACKEND IMAGE PINGS OWN-IP PEER-IP[,PEER-IP...] [force]
 * With `force` the VF is asked back of a guest that does not listen, in the middle of its requests, and taken
 * when time is up.
 * Prints TAP. The parts of examples/minivmm that know no simulated network are used as they are.
 */
#include "guest.h"
#include "image.h"
#include "machine.h"
#include "orders.h"
#include "ports.h"

#include <sriov/fn.h>
#include <sriov/vm.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RAM_BYTES (UINT64_C(32) << 20)
#define TURN_NS   UINT64_C(2000000)
#define NS_PER_S  UINT64_C(1000000000)
#define MOST_NS   (150 * NS_PER_S)
#define FORCE_NS  (NS_PER_S / 2)
#define LINE_MAX  512

struct stage {
    int kvm_fd;
    struct sriov_vmm *vmm;
    struct image image;
    struct guest guest;
    uint64_t pings;
    const char *backend;
    unsigned tests;
    unsigned failed;
};

/* ---- TAP ---- */

static bool ok(struct stage *stage, bool good, const char *fmt, ...) SRIOV_PRINTF(3, 4);

static bool ok(struct stage *stage, bool good, const char *fmt, ...)
{
    char text[LINE_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    printf("%sok %u - %s\n", good ? "" : "not ", ++stage->tests, text);
    (void)fflush(stdout);
    stage->failed += !good;
    return good;
}

static bool step(struct stage *stage, int rc, const char *what)
{
    return ok(stage, rc == 0, "%s%s%s", what, rc == 0 ? "" : ": ", rc == 0 ? "" : strerror(-rc));
}

/* ---- building ---- */

/* This guest is told nothing. */
static int ask_nobody(void *arg, uint32_t slot)
{
    (void)arg;
    (void)slot;
    return 0;
}

/* Before its CPU: KVM's dirty ring is not used here, VFIO logs nothing. */
static int make_machine(struct stage *stage)
{
    struct guest *guest = &stage->guest;
    struct sriov_kvm_vm_opts opts = {.size = sizeof(opts),
                                     .flags = SRIOV_KVM_VM_IRQCHIP_ROUTES | SRIOV_KVM_VM_PORTS,
                                     .vm_fd = -1,
                                     .name = guest->name,
                                     .unplug_ask = ask_nobody};
    int rc = machine_create(stage->kvm_fd, RAM_BYTES, &guest->machine);

    opts.vm_fd = guest->machine.vm;
    rc = rc == 0 ? sriov_kvm_vm_create(stage->vmm, &opts, &guest->vm) : rc;
    rc = rc == 0 ? machine_add_cpu(stage->kvm_fd, &guest->machine) : rc;
    return rc == 0 ? sriov_kvm_vm_add_vcpu(guest->vm, guest->machine.vcpu) : rc;
}

static int load(struct stage *stage, const char *own, const char *peers)
{
    struct machine *m = &stage->guest.machine;
    char line[LINE_MAX];
    uint64_t entry;
    uint64_t start_info;

    (void)snprintf(line, sizeof(line), "ip=%s peers=%s count=%llu tsc=%llu ecam=0", own, peers,
                   (unsigned long long)stage->pings, (unsigned long long)m->tsc_hz);
    int rc = image_load(&stage->image, m->ram, m->ram_size, line, &entry, &start_info);
    return rc == 0 ? machine_set_entry(m, entry, start_info) : rc;
}

static int give_memory(struct guest *guest)
{
    struct sriov_vm_mem mem = {
        .size = sizeof(mem), .length = guest->machine.ram_size, .va = guest->machine.ram};
    int rc = sriov_vm_add_memory(guest->vm, &mem);

    guest->has_memory = rc == 0;
    return rc;
}

/* The tail registers are in a mapped BAR: they need no doorbell. */
static int assign(struct stage *stage, const char *bdf)
{
    struct sriov_assign_opts opts = {.size = sizeof(opts), .slot = SRIOV_VM_SLOT_ANY};
    struct guest *guest = &stage->guest;
    int rc = sriov_fn_open(stage->vmm, bdf, NULL, &guest->fn);

    return rc == 0 ? sriov_vm_assign(guest->fn, guest->vm, &opts, &guest->assign) : rc;
}

/* Is a descriptor of that kind open in this process? */
static bool has_descriptor(const char *kind)
{
    char link[64];
    char target[64];

    for (int fd = 0; fd < 256; fd++) {
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(link, target, sizeof(target) - 1);
        target[len > 0 ? len : 0] = '\0';
        if (strcmp(target, kind) == 0) {
            return true;
        }
    }
    return false;
}

/* What must be refused while it is in the machine. */
static void try_what_cannot_be(struct stage *stage)
{
    struct guest *guest = &stage->guest;
    struct sriov_assign *second = NULL;
    int rc = sriov_vm_assign(guest->fn, guest->vm, NULL, &second);

    ok(stage, rc == -EBUSY && second == NULL, "assigned twice: refused (%d)", rc);
    rc = sriov_vm_dirty_start(guest->vm, SRIOV_VM_DIRTY_RING);
    ok(stage, rc == -EOPNOTSUPP, "a dirty ring, of a machine that has a bitmap: refused (%d)", rc);
    rc = sriov_vm_del_memory(guest->vm, 0, RAM_BYTES / 2);
    ok(stage, rc == -ENOENT, "half of the memory taken away: refused (%d)", rc);
}

static bool build(struct stage *stage, char **argv)
{
    struct sriov_kvm_opts opts = {.size = sizeof(opts),
                                  .backend = (uint32_t)sriov_kvm_backend_parse(argv[2])};

    return step(stage, sriov_kvm_create(&opts, &stage->vmm), "the KVM shim") &&
           step(stage, image_open(argv[3], &stage->image), "the image") &&
           step(stage, make_machine(stage), "a machine of /dev/kvm, with one CPU") &&
           step(stage, load(stage, argv[5], argv[6]), "the image is in its memory") &&
           step(stage, give_memory(&stage->guest), "the manager has its memory") &&
           step(stage, assign(stage, argv[1]), "the VF is assigned");
}

static void strike(struct stage *stage)
{
    struct guest *guest = &stage->guest;

    sriov_vm_release(guest->assign);
    if (guest->fn != NULL) {
        step(stage, sriov_fn_close(guest->fn), "the VF is given back, and nothing is leaked");
    }
    if (guest->has_memory) {
        step(stage, sriov_vm_del_memory(guest->vm, 0, RAM_BYTES), "the memory is taken back");
    }
    step(stage, sriov_kvm_vm_destroy(guest->vm), "the machine holds nothing");
    machine_destroy(&guest->machine);
    image_close(&stage->image);
    step(stage, sriov_kvm_destroy(stage->vmm), "nor does the shim");
    (void)close(stage->kvm_fd);
}

/* ---- its CPU ---- */

/* Where nothing is, as on a bus. False: this machine cannot go on. */
static bool answer_nobody(struct kvm_run *run)
{
    if (run->exit_reason != KVM_EXIT_MMIO) {
        return false;
    }
    memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
    return true;
}

static void *run_cpu(void *arg)
{
    struct guest *guest = arg;
    bool going = true;

    while (going && !atomic_load(&guest->stop) && !atomic_load(&guest->over)) {
        int rc = machine_run(&guest->machine);
        if (rc == 0 && !ports_exit(guest)) {
            rc = sriov_kvm_vm_exit(guest->vm, guest->machine.run);
            rc = rc == -ENOENT && answer_nobody(guest->machine.run) ? 0 : rc;
        }
        going = rc == 0 || rc == -EINTR || rc == -EAGAIN;
        if (!going) {
            machine_tell(&guest->machine, guest->name);
        }
    }
    atomic_store(&guest->over, true);
    return NULL;
}

static void on_kick(int number)
{
    (void)number;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void turn(struct stage *stage)
{
    (void)sriov_vmm_wait(stage->vmm, TURN_NS);
    sriov_kvm_vm_lock(stage->guest.vm);
    (void)sriov_vm_poll(stage->guest.vm);
    sriov_kvm_vm_unlock(stage->guest.vm);
}

static bool until(struct stage *stage, uint32_t state, uint64_t deadline)
{
    struct guest *guest = &stage->guest;

    while (atomic_load(&guest->state) != state && !guest->over && now_ns() < deadline) {
        turn(stage);
    }
    return atomic_load(&guest->state) == state;
}

static void stop_cpu(struct stage *stage)
{
    struct guest *guest = &stage->guest;

    if (guest->threaded) {
        atomic_store(&guest->stop, true);
        machine_kick(&guest->machine, guest->thread);
        (void)pthread_join(guest->thread, NULL);
    }
}

/* ---- what came of it ---- */

/*
 * The IOMMU cannot tell pages, so VFIO says of all that it pinned that it may be written: more than was,
 * never less. iommufd has no such answer here, and so there is no log.
 */
static void judge_dirty_log(struct stage *stage)
{
    static uint64_t bitmap[RAM_BYTES / SRIOV_VM_PAGE / 64];
    struct sriov_vm *vm = stage->guest.vm;
    unsigned listed = 0;

    sriov_kvm_vm_lock(vm);
    int rc = sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP);
    if (strcmp(stage->backend, "group") != 0) {
        ok(stage, rc == -EOPNOTSUPP, "no dirty log where VFIO keeps none (%d)", rc);
    } else if (step(stage, rc, "the dirty log is on")) {
        rc = sriov_vm_dirty_read(vm, 0, RAM_BYTES, bitmap);
        for (size_t i = 0; i < sizeof(bitmap) / sizeof(bitmap[0]); i++) {
            listed += (unsigned)__builtin_popcountll(bitmap[i]);
        }
        ok(stage, rc == 0 && listed == RAM_BYTES / SRIOV_VM_PAGE, "it lists the %u pages the VF may reach",
           listed);
        step(stage, sriov_vm_dirty_stop(vm), "it is off");
    }
    sriov_kvm_vm_unlock(vm);
}

/* With the guest running: its vectors are irqfds now. */
static void judge_paths(struct stage *stage)
{
    struct sriov_kvm_vm_stats kvm = {.size = sizeof(kvm)};
    struct sriov_assign_info info = {.size = sizeof(info)};

    sriov_kvm_vm_lock(stage->guest.vm);
    int rc = sriov_assign_info(stage->guest.assign, &info);
    sriov_kvm_vm_unlock(stage->guest.vm);
    rc = rc == 0 ? sriov_kvm_vm_stats(stage->guest.vm, &kvm) : rc;
    if (!step(stage, rc, "the counts")) {
        return;
    }
    printf(
        "# exits: config %llu trapped %llu mapped %llu other %llu; table %llu; irqfds %u; BAR 0 at 0x%llx\n",
        (unsigned long long)kvm.exits_config, (unsigned long long)kvm.exits_trapped,
        (unsigned long long)kvm.exits_mapped, (unsigned long long)kvm.exits_other,
        (unsigned long long)info.table, kvm.irqfds, (unsigned long long)info.bar_gpa[0]);
    ok(stage, info.trapped == 0 && kvm.exits_mapped == 0, "no access to a register led to an exit");
    ok(stage, kvm.exits_trapped == info.table, "what trapped was the MSI-X table, each time");
    ok(stage, kvm.irqfds >= 2, "KVM delivers the queue's and the mailbox's vector by itself");
}

static void judge_pings(struct stage *stage, uint32_t peers)
{
    const struct guest *guest = &stage->guest;

    ok(stage, guest->pings == peers, "%u of %u peers were asked", guest->pings, peers);
    for (uint32_t i = 0; i < guest->pings; i++) {
        const struct guest_ping *ping = &guest->ping[i];
        ok(stage, ping->sent == stage->pings && ping->received == ping->sent && ping->bad == 0,
           "peer %u.%u.%u.%u: %llu of %llu came back, every byte", ping->ip >> 24, ping->ip >> 16 & 0xff,
           ping->ip >> 8 & 0xff, ping->ip & 0xff, (unsigned long long)ping->received,
           (unsigned long long)ping->sent);
    }
}

static void judge_end(struct stage *stage)
{
    const struct guest *guest = &stage->guest;

    ok(stage, guest->over && guest->status == 0, "the guest ended well: no leak, no stray interrupt");
    ok(stage, guest->interrupts >= stage->pings / 10, "it took %llu interrupts",
       (unsigned long long)guest->interrupts);
}

/* Its registers vanish under a CPU that runs, its vectors and its memory with them. */
static void take_by_force(struct stage *stage)
{
    struct guest *guest = &stage->guest;

    atomic_store(&guest->order, ORDER_PING);
    for (uint64_t end = now_ns() + NS_PER_S; now_ns() < end;) {
        turn(stage);
    }
    ok(stage, atomic_load(&guest->state) == PEER_READY && !guest->over,
       "it is in the middle of its requests");
    uint64_t begin = now_ns();
    sriov_kvm_vm_lock(guest->vm);
    int rc = sriov_vm_remove(guest->assign, FORCE_NS);
    sriov_kvm_vm_unlock(guest->vm);
    ok(stage, rc == -ETIMEDOUT && now_ns() - begin >= FORCE_NS, "the VF is taken when time is up (%d)", rc);
    guest->assign = rc == 0 || rc == -ETIMEDOUT ? NULL : guest->assign;
    for (uint64_t end = now_ns() + MOST_NS / 3; !atomic_load(&guest->over) && now_ns() < end;) {
        turn(stage);
    }
    ok(stage, atomic_load(&guest->over), "the guest sees that it is gone, and ends by itself");
}

static void run(struct stage *stage, bool force, uint32_t peers)
{
    struct guest *guest = &stage->guest;
    uint64_t deadline = now_ns() + MOST_NS;

    if (!step(stage, -pthread_create(&guest->thread, NULL, run_cpu, guest), "its CPU runs")) {
        return;
    }
    guest->threaded = true;
    bool up = ok(stage, until(stage, PEER_READY, deadline), "our VF driver is up in it, with link");
    if (up && force) {
        take_by_force(stage);
        stop_cpu(stage);
        return;
    }
    if (up) {
        atomic_store(&guest->order, ORDER_PING);
        ok(stage, until(stage, PEER_PINGED, deadline), "it has asked every peer");
        judge_paths(stage);
        judge_dirty_log(stage);
        judge_pings(stage, peers);
    }
    atomic_store(&guest->order, ORDER_END);
    while (!atomic_load(&guest->over) && now_ns() < deadline) {
        turn(stage);
    }
    stop_cpu(stage);
    judge_end(stage);
}

int main(int argc, char **argv)
{
    static struct stage stage = {.guest = {.name = "guest1", .machine = {.vm = -1, .vcpu = -1}}};
    const struct sigaction action = {.sa_handler = on_kick}; /* without SA_RESTART: it ends KVM_RUN */
    uint32_t peers = 1;

    bool force = argc == 8 && strcmp(argv[7], "force") == 0;

    if (argc != 7 && !force) {
        fprintf(stderr, "usage: vfio-guest BDF BACKEND IMAGE PINGS OWN-IP PEER-IP[,PEER-IP...] [force]\n");
        return 2;
    }
    (void)sigaction(SIGUSR1, &action, NULL);
    stage.backend = argv[2];
    stage.pings = strtoull(argv[4], NULL, 10);
    for (const char *c = argv[6]; *c != '\0'; c++) {
        peers += *c == ',';
    }
    stage.kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (step(&stage, stage.kvm_fd < 0 ? -errno : 0, "/dev/kvm") && build(&stage, argv)) {
        ok(&stage, has_descriptor("anon_inode:kvm-vfio"), "KVM has its device for VFIO");
        try_what_cannot_be(&stage);
        run(&stage, force, peers);
    }
    strike(&stage);
    printf("1..%u\n", stage.tests);
    return stage.failed == 0 ? 0 : 1;
}
