/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define TSS_ADDRESS  0xfffbd000u /* three pages that Intel's KVM needs, in the reserved range */
#define CPUID_MAX    256u
#define CR0_PE_ET    0x11u
#define SEGMENT_CODE 11u
#define SEGMENT_DATA 3u
#define SEGMENT_TSS  11u
#define CODE_BYTES   16u

static int last_error(int rc)
{
    return rc < 0 ? -errno : 0;
}

/* Any address will do, as long as it is none that the guest knows: a device model that is given a
 * pointer where a guest-physical address belongs is then caught. */
static int make_ram(struct machine *m, uint64_t size)
{
    void *ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (ram == MAP_FAILED) {
        return -errno;
    }
    m->ram = ram;
    m->ram_size = size;
    return 0;
}

/* PIC, IOAPIC, local APIC and the 8254 timer in the kernel: irqfds lead there. */
static int make_chips(const struct machine *m)
{
    struct kvm_pit_config pit = {.flags = KVM_PIT_SPEAKER_DUMMY};
    int rc = last_error(ioctl(m->vm, KVM_SET_TSS_ADDR, TSS_ADDRESS));

    if (rc == 0) {
        rc = last_error(ioctl(m->vm, KVM_CREATE_IRQCHIP, 0));
    }
    return rc == 0 ? last_error(ioctl(m->vm, KVM_CREATE_PIT2, &pit)) : rc;
}

int machine_create(int kvm, uint64_t ram_size, struct machine *m)
{
    *m = (struct machine){.vm = -1, .vcpu = -1};
    m->vm = ioctl(kvm, KVM_CREATE_VM, 0);
    if (m->vm < 0) {
        return -errno;
    }
    int rc = make_chips(m);
    if (rc == 0) {
        rc = make_ram(m, ram_size);
    }
    if (rc != 0) {
        machine_destroy(m);
    }
    return rc;
}

/* ---- the CPU ---- */

static int set_cpuid(int kvm, const struct machine *m)
{
    struct kvm_cpuid2 *all = calloc(1, sizeof(*all) + CPUID_MAX * sizeof(all->entries[0]));

    if (all == NULL) {
        return -ENOMEM;
    }
    all->nent = CPUID_MAX;
    int rc = last_error(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, all));
    if (rc == 0) {
        rc = last_error(ioctl(m->vcpu, KVM_SET_CPUID2, all));
    }
    free(all);
    return rc;
}

static struct kvm_segment flat(uint16_t selector, uint8_t type)
{
    return (struct kvm_segment){
        .limit = UINT32_MAX, .selector = selector, .type = type, .present = 1, .db = 1, .s = 1, .g = 1};
}

/* The PVH entry: 32-bit protected mode, flat, no paging, start info in EBX. */
int machine_set_entry(const struct machine *m, uint64_t entry, uint64_t start_info)
{
    struct kvm_regs regs = {.rip = entry, .rbx = start_info, .rflags = 2};
    struct kvm_sregs sregs;
    int rc = last_error(ioctl(m->vcpu, KVM_GET_SREGS, &sregs));

    if (rc != 0) {
        return rc;
    }
    sregs.cs = flat(8, SEGMENT_CODE);
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = flat(16, SEGMENT_DATA);
    sregs.tr = (struct kvm_segment){.limit = 0x67, .type = SEGMENT_TSS, .present = 1};
    sregs.cr0 = CR0_PE_ET;
    rc = last_error(ioctl(m->vcpu, KVM_SET_SREGS, &sregs));
    return rc == 0 ? last_error(ioctl(m->vcpu, KVM_SET_REGS, &regs)) : rc;
}

static int map_run(int kvm, struct machine *m)
{
    int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

    if (size < (int)sizeof(*m->run)) {
        return size < 0 ? -errno : -EPROTO;
    }
    void *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, m->vcpu, 0);
    if (run == MAP_FAILED) {
        return -errno;
    }
    m->run = run;
    m->run_size = (size_t)size;
    return 0;
}

int machine_add_cpu(int kvm, struct machine *m)
{
    m->vcpu = ioctl(m->vm, KVM_CREATE_VCPU, 0);
    if (m->vcpu < 0) {
        return -errno;
    }
    int khz = ioctl(m->vcpu, KVM_GET_TSC_KHZ, 0);
    m->tsc_hz = khz > 0 ? (uint64_t)khz * 1000 : 0;
    int rc = map_run(kvm, m);
    return rc == 0 ? set_cpuid(kvm, m) : rc;
}

/* ---- running ---- */

int machine_run(struct machine *m)
{
    return ioctl(m->vcpu, KVM_RUN, 0) < 0 ? -errno : 0;
}

/* immediate_exit closes the gap between the thread's look at its orders and KVM_RUN. */
void machine_kick(struct machine *m, pthread_t thread)
{
    __atomic_store_n(&m->run->immediate_exit, 1, __ATOMIC_RELAXED);
    (void)pthread_kill(thread, SIGUSR1);
}

void machine_tell(const struct machine *m, const char *name)
{
    struct kvm_regs regs;

    if (ioctl(m->vcpu, KVM_GET_REGS, &regs) < 0) {
        return;
    }
    uint32_t sub = m->run->exit_reason == KVM_EXIT_INTERNAL_ERROR ? m->run->internal.suberror : 0;
    fprintf(stderr, "minivmm: %s: exit %u, %u, at 0x%llx:", name, m->run->exit_reason, sub, regs.rip);
    for (uint64_t i = 0; i < CODE_BYTES && regs.rip < m->ram_size && i < m->ram_size - regs.rip; i++) {
        fprintf(stderr, " %02x", m->ram[regs.rip + i]);
    }
    fputc('\n', stderr);
}

void machine_destroy(struct machine *m)
{
    if (m->run != NULL) {
        (void)munmap(m->run, m->run_size);
    }
    if (m->vcpu >= 0) {
        (void)close(m->vcpu);
    }
    if (m->vm >= 0) {
        (void)close(m->vm);
    }
    if (m->ram != NULL) {
        (void)munmap(m->ram, m->ram_size);
    }
    *m = (struct machine){.vm = -1, .vcpu = -1};
}
