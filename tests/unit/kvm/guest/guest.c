/* SPDX-License-Identifier: BSD-3-Clause */
/* The small guest's VMM. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

_Static_assert(offsetof(struct guest_page, taken) == GUEST_AT_TAKEN, "layout.h");
_Static_assert(offsetof(struct guest_page, wrap) == GUEST_AT_WRAP, "layout.h");

#if defined(__x86_64__)

extern const unsigned char kvm_guest_code[];
extern const unsigned char kvm_guest_code_stubs[];
extern const unsigned char kvm_guest_code_end[];

#define TSS_ADDRESS      0xfffbd000ul
#define IDENTITY_ADDRESS UINT64_C(0xfffbc000)
#define CPUID_ROOM       256u
#define PTE_TABLE        UINT64_C(0x23) /* present, writable, accessed */
#define PTE_LARGE        UINT64_C(0xe3) /* the same, dirty, 2 MiB */

static struct guest_page *page_of(struct kvm_guest *guest)
{
    return (struct guest_page *)(void *)(guest->memory + GUEST_PAGE);
}

static int failed(struct kvm_guest *guest, const char *what)
{
    int err = errno;
    snprintf(guest->why, sizeof(guest->why), "%s: %s", what, strerror(err));
    return -err;
}

static void put64(struct kvm_guest *guest, uint64_t gpa, uint64_t value)
{
    memcpy(guest->memory + gpa, &value, sizeof(value));
}

/* Accessed and dirty already: the walk of a page table writes nothing. */
static void make_tables(struct kvm_guest *guest)
{
    put64(guest, GUEST_PML4, GUEST_PDPT | PTE_TABLE);
    for (uint64_t gib = 0; gib < 4; gib++) {
        put64(guest, GUEST_PDPT + gib * 8, (GUEST_PD + gib * 4096) | PTE_TABLE);
        for (uint64_t i = 0; i < 512; i++) {
            put64(guest, GUEST_PD + gib * 4096 + i * 8, gib << 30 | i << 21 | PTE_LARGE);
        }
    }
    put64(guest, GUEST_GDT + 8, UINT64_C(0x00af9b000000ffff));
    put64(guest, GUEST_GDT + 16, UINT64_C(0x00cf93000000ffff));
}

static void make_code(struct kvm_guest *guest)
{
    uint64_t stubs = GUEST_CODE + (uint64_t)(kvm_guest_code_stubs - kvm_guest_code);
    memcpy(guest->memory + GUEST_CODE, kvm_guest_code, (size_t)(kvm_guest_code_end - kvm_guest_code));
    for (uint64_t i = 0; i < GUEST_VECTORS; i++) {
        uint64_t at = stubs + i * GUEST_STUB_STEP;
        uint64_t gate =
            (at & 0xffff) | UINT64_C(0x08) << 16 | UINT64_C(0x8e00) << 32 | (at >> 16 & 0xffff) << 48;
        put64(guest, GUEST_IDT + (GUEST_VECTOR_FIRST + i) * 16, gate);
    }
}

static int make_memory(struct kvm_guest *guest)
{
    void *va = mmap(NULL, GUEST_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (va == MAP_FAILED) {
        return failed(guest, "guest memory");
    }
    guest->memory = va;
    make_tables(guest);
    make_code(guest);
    struct kvm_userspace_memory_region region = {
        .slot = 0, .memory_size = GUEST_MEMORY, .userspace_addr = (uintptr_t)va};
    return ioctl(guest->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? failed(guest, "KVM memory slot") : 0;
}

static int open_kvm(struct kvm_guest *guest)
{
    guest->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (guest->kvm < 0) {
        (void)failed(guest, "/dev/kvm");
        return -EOPNOTSUPP;
    }
    if (ioctl(guest->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION ||
        ioctl(guest->kvm, KVM_CHECK_EXTENSION, KVM_CAP_IRQCHIP) <= 0) {
        snprintf(guest->why, sizeof(guest->why), "/dev/kvm: another API version, or no in-kernel APIC");
        return -EOPNOTSUPP;
    }
    guest->vm = ioctl(guest->kvm, KVM_CREATE_VM, 0);
    if (guest->vm < 0) {
        (void)failed(guest, "/dev/kvm: KVM_CREATE_VM");
        return -EOPNOTSUPP;
    }
    return 0;
}

int kvm_guest_up(struct kvm_guest *guest)
{
    uint64_t identity = IDENTITY_ADDRESS;
    *guest = (struct kvm_guest){.kvm = -1, .vm = -1, .vcpu = -1};
    int err = open_kvm(guest);
    if (err == 0 && (ioctl(guest->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity) < 0 ||
                     ioctl(guest->vm, KVM_SET_TSS_ADDR, TSS_ADDRESS) < 0 ||
                     ioctl(guest->vm, KVM_CREATE_IRQCHIP, 0) < 0)) {
        err = failed(guest, "KVM: TSS, identity map or irqchip");
    }
    err = err != 0 ? err : make_memory(guest);
    if (err != 0) {
        kvm_guest_down(guest);
    }
    return err;
}

static int set_cpuid(struct kvm_guest *guest)
{
    size_t bytes = sizeof(struct kvm_cpuid2) + CPUID_ROOM * sizeof(struct kvm_cpuid_entry2);
    struct kvm_cpuid2 *cpuid = calloc(1, bytes);
    if (cpuid == NULL) {
        return -ENOMEM;
    }
    cpuid->nent = CPUID_ROOM;
    int err = 0;
    if (ioctl(guest->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) < 0 ||
        ioctl(guest->vcpu, KVM_SET_CPUID2, cpuid) < 0) {
        err = failed(guest, "KVM: CPUID");
    }
    free(cpuid);
    return err;
}

static int set_registers(struct kvm_guest *guest)
{
    struct kvm_regs regs = {.rip = GUEST_CODE, .rsp = GUEST_STACK, .rflags = 2};
    struct kvm_sregs sregs;
    if (ioctl(guest->vcpu, KVM_GET_SREGS, &sregs) < 0) {
        return failed(guest, "KVM_GET_SREGS");
    }
    struct kvm_segment code = {
        .limit = UINT32_MAX, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1};
    struct kvm_segment data = {
        .limit = UINT32_MAX, .selector = 16, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1};
    sregs.cs = code;
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
    sregs.gdt.base = GUEST_GDT;
    sregs.gdt.limit = 23;
    sregs.idt.base = GUEST_IDT;
    sregs.idt.limit = 4095;
    sregs.cr3 = GUEST_PML4;
    sregs.cr4 = 0x20;
    sregs.cr0 = 0x80000031;
    sregs.efer = 0x500;
    if (ioctl(guest->vcpu, KVM_SET_SREGS, &sregs) < 0 || ioctl(guest->vcpu, KVM_SET_REGS, &regs) < 0) {
        return failed(guest, "KVM: registers");
    }
    return 0;
}

static int map_run(struct kvm_guest *guest)
{
    int size = ioctl(guest->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (size <= 0) {
        return failed(guest, "KVM_GET_VCPU_MMAP_SIZE");
    }
    guest->run_size = (size_t)size;
    void *va = mmap(NULL, guest->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, guest->vcpu, 0);
    if (va == MAP_FAILED) {
        return failed(guest, "vCPU");
    }
    guest->run = va;
    return 0;
}

static bool done(const struct kvm_guest *guest)
{
    const struct kvm_run *run = guest->run;
    return run->exit_reason == KVM_EXIT_IO && run->io.port == GUEST_PORT &&
           run->io.direction == KVM_EXIT_IO_OUT;
}

/* What nobody knows reads all-ones. */
static int handle(struct kvm_guest *guest)
{
    struct kvm_run *run = guest->run;
    int err = sriov_kvm_vm_exit(guest->machine, run);
    guest->exits++;
    if (err == 0) {
        return 0;
    }
    guest->strange++;
    if (err == -ENOENT && run->exit_reason == KVM_EXIT_MMIO) {
        memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
        return 0;
    }
    if (err == -ENOENT && run->exit_reason == KVM_EXIT_IO) {
        memset((unsigned char *)run + run->io.data_offset, 0xff, (size_t)run->io.size * run->io.count);
        return 0;
    }
    snprintf(guest->why, sizeof(guest->why), "the guest's CPU left with exit %u", (unsigned)run->exit_reason);
    return -EIO;
}

static int run_until_done(struct kvm_guest *guest)
{
    for (;;) {
        if (ioctl(guest->vcpu, KVM_RUN, 0) < 0) {
            if (errno == EINTR) {
                continue;
            }
            (void)failed(guest, "KVM_RUN");
            return -EIO;
        }
        if (done(guest)) {
            return 0;
        }
        if (handle(guest) != 0) {
            return -EIO;
        }
    }
}

int kvm_guest_start(struct kvm_guest *guest)
{
    guest->vcpu = ioctl(guest->vm, KVM_CREATE_VCPU, 0);
    if (guest->vcpu < 0) {
        return failed(guest, "KVM_CREATE_VCPU");
    }
    int err = map_run(guest);
    err = err != 0 ? err : set_cpuid(guest);
    err = err != 0 ? err : set_registers(guest);
    if (err == 0) {
        err = sriov_kvm_vm_add_vcpu(guest->machine, guest->vcpu);
    }
    return err != 0 ? err : run_until_done(guest);
}

static int command(struct kvm_guest *guest, const struct guest_page *as)
{
    struct guest_page *page = page_of(guest);
    memcpy(page, as, offsetof(struct guest_page, taken));
    return run_until_done(guest);
}

int kvm_guest_stores(struct kvm_guest *guest, uint64_t gpa, uint32_t width, uint64_t value, uint64_t count,
                     uint64_t wrap)
{
    struct guest_page as = {
        .cmd = GUEST_CMD_WRITE, .width = width, .addr = gpa, .value = value, .count = count, .wrap = wrap};
    return command(guest, &as);
}

static uint64_t low_bytes(uint64_t value, uint32_t width)
{
    return width < 8 ? value & ((UINT64_C(1) << 8 * width) - 1) : value;
}

int kvm_guest_read(struct kvm_guest *guest, uint64_t gpa, uint32_t width, uint64_t *value)
{
    struct guest_page as = {.cmd = GUEST_CMD_READ, .width = width, .addr = gpa};
    int err = command(guest, &as);
    *value = low_bytes(page_of(guest)->value, width);
    return err;
}

int kvm_guest_in(struct kvm_guest *guest, uint16_t port, uint32_t width, uint32_t *value)
{
    struct guest_page as = {.cmd = GUEST_CMD_IN, .width = width, .addr = port};
    int err = command(guest, &as);
    *value = (uint32_t)low_bytes(page_of(guest)->value, width);
    return err;
}

int kvm_guest_out(struct kvm_guest *guest, uint16_t port, uint32_t width, uint32_t value)
{
    struct guest_page as = {.cmd = GUEST_CMD_OUT, .width = width, .addr = port, .value = value};
    return command(guest, &as);
}

int kvm_guest_spin(struct kvm_guest *guest, uint64_t turns)
{
    struct guest_page as = {.cmd = GUEST_CMD_SPIN, .count = turns};
    return command(guest, &as);
}

#else /* not x86-64 */

static struct guest_page none;

static struct guest_page *page_of(struct kvm_guest *guest)
{
    (void)guest;
    return &none;
}

int kvm_guest_up(struct kvm_guest *guest)
{
    *guest = (struct kvm_guest){.kvm = -1, .vm = -1, .vcpu = -1};
    snprintf(guest->why, sizeof(guest->why), "the small guest is x86-64 code");
    return -EOPNOTSUPP;
}

int kvm_guest_start(struct kvm_guest *guest)
{
    (void)guest;
    return -EOPNOTSUPP;
}

int kvm_guest_stores(struct kvm_guest *guest, uint64_t gpa, uint32_t width, uint64_t value, uint64_t count,
                     uint64_t wrap)
{
    (void)guest;
    (void)gpa;
    (void)width;
    (void)value;
    (void)count;
    (void)wrap;
    return -EOPNOTSUPP;
}

int kvm_guest_read(struct kvm_guest *guest, uint64_t gpa, uint32_t width, uint64_t *value)
{
    *value = UINT64_MAX;
    return kvm_guest_stores(guest, gpa, width, 0, 0, 0);
}

int kvm_guest_in(struct kvm_guest *guest, uint16_t port, uint32_t width, uint32_t *value)
{
    *value = UINT32_MAX;
    return kvm_guest_stores(guest, port, width, 0, 0, 0);
}

int kvm_guest_out(struct kvm_guest *guest, uint16_t port, uint32_t width, uint32_t value)
{
    return kvm_guest_stores(guest, port, width, value, 0, 0);
}

int kvm_guest_spin(struct kvm_guest *guest, uint64_t turns)
{
    return kvm_guest_stores(guest, 0, 0, turns, 0, 0);
}

#endif

int kvm_guest_write(struct kvm_guest *guest, uint64_t gpa, uint32_t width, uint64_t value)
{
    return kvm_guest_stores(guest, gpa, width, value, 1, 0);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint32_t kvm_guest_taken(struct kvm_guest *guest, uint32_t n, uint32_t want, uint64_t settle_ns)
{
    const struct guest_page *page = page_of(guest);
    uint64_t end = now_ns() + settle_ns;
    int err = 0;
    do {
        err = kvm_guest_spin(guest, 100);
    } while (err == 0 && page->taken[n] != want && now_ns() < end);
    return page->taken[n];
}

void kvm_guest_msi(uint32_t n, uint64_t *address, uint32_t *data)
{
    *address = 0xfee00000; /* APIC 0, physical, fixed (Intel SDM 3, 10.11.1) */
    *data = GUEST_VECTOR_FIRST + n;
}

void kvm_guest_down(struct kvm_guest *guest)
{
    if (guest->run != NULL) {
        munmap(guest->run, guest->run_size);
    }
    if (guest->memory != NULL) {
        munmap(guest->memory, GUEST_MEMORY);
    }
    if (guest->vcpu >= 0) {
        close(guest->vcpu);
    }
    if (guest->vm >= 0) {
        close(guest->vm);
    }
    if (guest->kvm >= 0) {
        close(guest->kvm);
    }
    guest->run = NULL;
    guest->memory = NULL;
    guest->vcpu = guest->vm = guest->kvm = -1;
}
