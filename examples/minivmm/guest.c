/* SPDX-License-Identifier: BSD-3-Clause */
#include "guest.h"

#include "orders.h"
#include "ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RING     64u     /* of the peer image: so many values of a tail register */
#define VFRDT    0x1018u /* 82599 datasheet, 8.3.5.7.6 */
#define VFTDT    0x2018u /* 8.3.5.8.6 */
#define LINE_MAX 512u

/* ---- the machine, as the manager knows it ---- */

static void lock_all(void *arg)
{
    const struct guest *guest = arg;

    (void)pthread_mutex_lock(&guest->host->lock);
}

static void unlock_all(void *arg)
{
    const struct guest *guest = arg;

    (void)pthread_mutex_unlock(&guest->host->lock);
}

/* ACPI would tell a bigger guest; ours reads its orders. */
static int tell_plugged(void *arg, uint32_t slot, const char *name)
{
    struct guest *guest = arg;

    (void)slot;
    (void)name;
    atomic_store(&guest->order, ORDER_ANSWER);
    return 0;
}

static int ask_to_let_go(void *arg, uint32_t slot)
{
    struct guest *guest = arg;

    guest->slot = slot;
    atomic_store(&guest->order, ORDER_LET_GO);
    return 0;
}

/* Before the CPU: KVM turns its dirty ring on only in a VM without one. */
static int tell_manager(struct guest_host *host, struct guest *guest)
{
    struct sriov_kvm_vm_opts opts = {
        .size = sizeof(opts),
        .flags = SRIOV_KVM_VM_IRQCHIP_ROUTES,
        .ecam = guest->ecam ? MACHINE_ECAM : 0,
        .ecam_buses = guest->ecam ? MACHINE_ECAM_BUSES : 0,
        .vm_fd = guest->machine.vm,
        .name = guest->name,
        .lock = lock_all,
        .unlock = unlock_all,
        .plug = tell_plugged,
        .unplug_ask = ask_to_let_go,
        .arg = guest,
    };

    opts.flags |= guest->ecam ? 0 : SRIOV_KVM_VM_PORTS;
    opts.flags |= guest->ring ? SRIOV_KVM_VM_DIRTY_RING : 0;
    int rc = sriov_kvm_vm_create(host->kvm, &opts, &guest->vm);
    if (rc == -EOPNOTSUPP && guest->ring) { /* a KVM without the ring: Linux before 5.11 */
        guest->ring = false;
        opts.flags &= ~SRIOV_KVM_VM_DIRTY_RING;
        rc = sriov_kvm_vm_create(host->kvm, &opts, &guest->vm);
    }
    return rc;
}

static int add_cpu(const struct guest_host *host, struct guest *guest)
{
    int rc = machine_add_cpu(host->kvm_fd, &guest->machine);

    return rc == 0 ? sriov_kvm_vm_add_vcpu(guest->vm, guest->machine.vcpu) : rc;
}

static int load(const struct guest_host *host, struct guest *guest, const char *peers)
{
    char line[LINE_MAX];
    uint64_t entry;
    uint64_t start_info;
    uint32_t ip = NET_IP(guest->index);
    const struct machine *m = &guest->machine;

    (void)snprintf(line, sizeof(line), "ip=%u.%u.%u.%u peers=%s count=%u tsc=%llu ecam=%llu %s", ip >> 24,
                   ip >> 16 & 0xff, ip >> 8 & 0xff, ip & 0xff, peers, host->pings,
                   (unsigned long long)m->tsc_hz, (unsigned long long)(guest->ecam ? MACHINE_ECAM : 0),
                   host->words);
    int rc = image_load(host->image, m->ram, m->ram_size, line, &entry, &start_info);
    return rc == 0 ? machine_set_entry(m, entry, start_info) : rc;
}

static int give_memory(struct guest *guest)
{
    struct sriov_vm_mem mem = {
        .size = sizeof(mem), .gpa = 0, .length = guest->machine.ram_size, .va = guest->machine.ram};
    int rc = sriov_vm_add_memory(guest->vm, &mem);

    guest->has_memory = rc == 0;
    return rc;
}

static void on_event(void *arg, struct sriov_assign *assign, enum sriov_assign_event event)
{
    struct guest *guest = arg;

    (void)assign;
    guest->event = (uint32_t)event;
}

/* The tail registers of queue 0 ring without an exit. */
static int assign(struct guest_host *host, struct guest *guest)
{
    const struct sriov_bell bells[] = {{.bar = 0, .width = 4, .off = VFRDT, .values = RING},
                                       {.bar = 0, .width = 4, .off = VFTDT, .values = RING}};
    struct sriov_assign_opts opts = {.size = sizeof(opts),
                                     .slot = SRIOV_VM_SLOT_ANY,
                                     .num_bells = sizeof(bells) / sizeof(bells[0]),
                                     .bells = bells,
                                     .pf = host->net->pf,
                                     .on_event = on_event,
                                     .arg = guest};
    int rc = guest->fn != NULL ? 0 : net_open_vf(host->net, guest->index, &guest->fn);

    return rc == 0 ? sriov_vm_assign(guest->fn, guest->vm, &opts, &guest->assign) : rc;
}

static int build(struct guest_host *host, struct guest *guest, const char *peers, const char **step)
{
    *step = "KVM";
    int rc = machine_create(host->kvm_fd, host->ram_size, &guest->machine);

    if (rc == 0) {
        *step = "machine";
        rc = tell_manager(host, guest);
    }
    if (rc == 0) {
        *step = "CPU";
        rc = add_cpu(host, guest);
    }
    if (rc == 0) {
        *step = "image: take an ELF with a PVH entry that lies in RAM above 1 MiB, as target bare is";
        rc = load(host, guest, peers);
    }
    if (rc == 0) {
        *step = "memory";
        rc = give_memory(guest);
    }
    if (rc == 0) {
        *step = "VF";
        rc = assign(host, guest);
    }
    return rc;
}

int guest_create(struct guest_host *host, uint32_t index, const char *peers, struct guest *guest,
                 const char **step)
{
    memset(guest, 0, sizeof(*guest));
    guest->host = host;
    guest->index = index;
    guest->ecam = guest->ring = index % 2 != 0;
    guest->quiet = host->quiet;
    guest->machine.vm = guest->machine.vcpu = -1;
    (void)snprintf(guest->name, sizeof(guest->name), "guest%u", index + 1);
    lock_all(guest);
    int rc = build(host, guest, peers, step);
    unlock_all(guest);
    if (rc != 0) {
        guest_destroy(guest);
    }
    return rc;
}

void guest_destroy(struct guest *guest)
{
    if (guest->host == NULL) {
        return; /* never begun */
    }
    guest_stop(guest);
    lock_all(guest);
    sriov_vm_release(guest->assign);
    if (guest->fn != NULL) {
        (void)sriov_fn_close(guest->fn);
    }
    if (guest->has_memory) {
        (void)sriov_vm_del_memory(guest->vm, 0, guest->machine.ram_size);
    }
    unlock_all(guest);
    (void)sriov_kvm_vm_destroy(guest->vm);
    machine_destroy(&guest->machine);
    guest->assign = NULL;
    guest->fn = NULL;
    guest->vm = NULL;
    guest->has_memory = false;
}

/* ---- hot-remove, hot-add ---- */

int guest_unplug(struct guest *guest, uint64_t timeout_ns)
{
    lock_all(guest);
    guest->event = 0;
    int rc = sriov_vm_remove_ask(guest->assign, timeout_ns);
    unlock_all(guest);
    return rc;
}

int guest_plug(struct guest *guest)
{
    lock_all(guest);
    sriov_vm_release(guest->assign);
    guest->assign = NULL;
    int rc = assign(guest->host, guest);
    unlock_all(guest);
    return rc;
}

/* ---- its CPU ---- */

/* Where nobody answers, as on a bus: all-ones. */
static void answer_nobody(struct guest *guest)
{
    struct kvm_run *run = guest->machine.run;

    guest->exits[GUEST_EXIT_OTHER]++;
    if (run->exit_reason == KVM_EXIT_MMIO && run->mmio.is_write == 0) {
        memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
    } else if (run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_IN) {
        memset((uint8_t *)run + run->io.data_offset, 0xff, (size_t)run->io.size * run->io.count);
    }
}

/* False: this machine cannot go on. */
static bool handle_exit(struct guest *guest)
{
    uint32_t reason = guest->machine.run->exit_reason;

    if (ports_exit(guest)) {
        return true;
    }
    int rc = sriov_kvm_vm_exit(guest->vm, guest->machine.run);
    if (rc == -ENOENT && (reason == KVM_EXIT_MMIO || reason == KVM_EXIT_IO)) {
        answer_nobody(guest);
        return true;
    }
    if (rc != 0) {
        machine_tell(&guest->machine, guest->name);
    }
    return rc == 0;
}

static void *run(void *arg)
{
    struct guest *guest = arg;
    bool going = true;

    while (going && !atomic_load(&guest->stop) && !atomic_load(&guest->over)) {
        int rc = machine_run(&guest->machine);
        if (rc == 0) {
            going = handle_exit(guest);
        } else {
            going = rc == -EINTR || rc == -EAGAIN;
        }
    }
    if (!going) {
        atomic_store(&guest->status, 1);
    }
    atomic_store(&guest->over, true);
    return NULL;
}

int guest_start(struct guest *guest)
{
    int rc = -pthread_create(&guest->thread, NULL, run, guest);

    guest->threaded = rc == 0;
    return rc;
}

void guest_stop(struct guest *guest)
{
    if (!guest->threaded) {
        return;
    }
    atomic_store(&guest->stop, true);
    machine_kick(&guest->machine, guest->thread);
    (void)pthread_join(guest->thread, NULL);
    guest->threaded = false;
}

bool guest_is_over(const struct guest *guest)
{
    return atomic_load(&guest->over);
}
