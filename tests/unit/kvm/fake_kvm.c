/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake host's KVM: what the kernel checks, it checks; what a guest does is called by the tests. */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- memory slots ---- */

static bool over(const struct kvm_userspace_memory_region *a, const struct kvm_userspace_memory_region *b)
{
    return a->guest_phys_addr < b->guest_phys_addr + b->memory_size &&
           b->guest_phys_addr < a->guest_phys_addr + a->memory_size;
}

static int slot_check(const struct fake_kvm *kvm, const struct kvm_userspace_memory_region *region)
{
    if (region->slot >= FAKE_SLOTS || ((region->guest_phys_addr | region->memory_size) & 4095) != 0) {
        return -EINVAL;
    }
    const struct kvm_userspace_memory_region *old = &kvm->slots[region->slot].region;
    if (region->memory_size == 0) {
        return old->memory_size != 0 ? 0 : -EINVAL;
    }
    if ((region->userspace_addr & 4095) != 0 || region->userspace_addr == 0) {
        return -EINVAL;
    }
    if (old->memory_size != 0) { /* only its flags may change, but for this one */
        bool same = old->memory_size == region->memory_size &&
                    old->userspace_addr == region->userspace_addr &&
                    old->guest_phys_addr == region->guest_phys_addr;
        return same && ((old->flags ^ region->flags) & KVM_MEM_READONLY) == 0 ? 0 : -EINVAL;
    }
    for (uint32_t i = 0; i < FAKE_SLOTS; i++) {
        if (kvm->slots[i].region.memory_size != 0 && over(&kvm->slots[i].region, region)) {
            return -EEXIST;
        }
    }
    return 0;
}

static int slot_set(struct fake_kvm *kvm, const struct kvm_userspace_memory_region *region)
{
    int err = slot_check(kvm, region);
    if (err != 0) {
        return err;
    }
    struct fake_slot *slot = &kvm->slots[region->slot];
    kvm->live_slots += slot->region.memory_size == 0 && region->memory_size != 0 ? 1 : 0;
    kvm->live_slots -= region->memory_size == 0 ? 1 : 0;
    if ((region->flags & KVM_MEM_LOG_DIRTY_PAGES) == 0) {
        memset(slot->dirty, 0, sizeof(slot->dirty));
    }
    slot->region = *region;
    return 0;
}

/* ---- the dirty log ---- */

static int log_get(struct fake_kvm *kvm, const struct kvm_dirty_log *log)
{
    struct fake_slot *slot = log->slot < FAKE_SLOTS ? &kvm->slots[log->slot] : NULL;
    if (kvm->enabled_ring != 0) {
        return -ENXIO;
    }
    if (slot == NULL || (slot->region.flags & KVM_MEM_LOG_DIRTY_PAGES) == 0) {
        return -ENOENT;
    }
    size_t bytes = (slot->region.memory_size / 4096 + 63) / 64 * 8;
    assert_true(bytes <= sizeof(slot->dirty));
    memcpy(log->dirty_bitmap, slot->dirty, bytes);
    if (!kvm->manual) {
        memset(slot->dirty, 0, bytes);
    }
    return 0;
}

static int log_clear(struct fake_kvm *kvm, const struct kvm_clear_dirty_log *log)
{
    struct fake_slot *slot = log->slot < FAKE_SLOTS ? &kvm->slots[log->slot] : NULL;
    if (slot == NULL || (slot->region.flags & KVM_MEM_LOG_DIRTY_PAGES) == 0 || !kvm->manual) {
        return -ENOENT;
    }
    uint64_t pages = slot->region.memory_size / 4096;
    if (log->first_page % 64 != 0 || log->first_page > pages || log->num_pages > pages - log->first_page ||
        (log->num_pages % 64 != 0 && log->num_pages < pages - log->first_page)) {
        return -EINVAL;
    }
    const uint64_t *bits = log->dirty_bitmap;
    for (uint64_t i = 0; i < (log->num_pages + 63) / 64; i++) {
        slot->dirty[log->first_page / 64 + i] &= ~bits[i];
    }
    kvm->clears++;
    kvm->cleared_first = log->first_page;
    kvm->cleared_pages = log->num_pages;
    return 0;
}

void fake_kvm_dirty(struct fake *fake, uint64_t gpa)
{
    for (uint32_t i = 0; i < FAKE_SLOTS; i++) {
        struct fake_slot *slot = &fake->kvm.slots[i];
        uint64_t page = (gpa - slot->region.guest_phys_addr) / 4096;
        if (gpa >= slot->region.guest_phys_addr && page < slot->region.memory_size / 4096 &&
            (slot->region.flags & KVM_MEM_LOG_DIRTY_PAGES) != 0) {
            slot->dirty[page / 64] |= UINT64_C(1) << page % 64;
        }
    }
}

/* ---- ioeventfd ---- */

static bool same_bell(const struct kvm_ioeventfd *a, const struct kvm_ioeventfd *b)
{
    bool all = ((a->flags | b->flags) & KVM_IOEVENTFD_FLAG_DATAMATCH) == 0;
    return a->addr == b->addr && a->len == b->len && (all || a->datamatch == b->datamatch);
}

static int ioeventfd_set(struct fake_kvm *kvm, const struct kvm_ioeventfd *as)
{
    struct kvm_ioeventfd *room = NULL;
    bool off = (as->flags & KVM_IOEVENTFD_FLAG_DEASSIGN) != 0;
    for (uint32_t i = 0; i < FAKE_IOEVENTFDS; i++) {
        struct kvm_ioeventfd *one = &kvm->ioeventfds[i];
        if (one->len != 0 && same_bell(one, as) && (!off || one->fd == as->fd)) {
            one->len = off ? 0 : one->len;
            kvm->live_ioeventfds -= off ? 1 : 0;
            return off ? 0 : -EEXIST;
        }
        room = one->len == 0 ? one : room;
    }
    if (off) {
        return -ENOENT;
    }
    if (room == NULL || (kvm->ioeventfd_budget != 0 && kvm->live_ioeventfds >= kvm->ioeventfd_budget)) {
        return -ENOSPC;
    }
    *room = *as;
    kvm->live_ioeventfds++;
    return 0;
}

bool fake_kvm_store(struct fake *fake, uint64_t gpa, uint32_t width, uint64_t value)
{
    for (uint32_t i = 0; i < FAKE_IOEVENTFDS; i++) {
        const struct kvm_ioeventfd *one = &fake->kvm.ioeventfds[i];
        bool any = (one->flags & KVM_IOEVENTFD_FLAG_DATAMATCH) == 0;
        if (one->len == width && one->addr == gpa && (any || one->datamatch == value)) {
            fake_signal(one->fd);
            return true;
        }
    }
    return false;
}

/* ---- irqfd ---- */

static struct kvm_irqfd *irqfd_find(struct fake_kvm *kvm, int fd)
{
    for (uint32_t i = 0; i < FAKE_IRQFDS; i++) {
        if (kvm->irqfds[i].gsi != 0 && (int)kvm->irqfds[i].fd == fd) {
            return &kvm->irqfds[i];
        }
    }
    return NULL;
}

static void irqfd_drop(struct fake_kvm *kvm, struct kvm_irqfd *one)
{
    one->gsi = 0;
    kvm->live_irqfds--;
}

/* What stands in the eventfd is delivered, and stays there. */
static int irqfd_set(struct fake_kvm *kvm, const struct kvm_irqfd *as)
{
    struct kvm_irqfd *one = irqfd_find(kvm, (int)as->fd);
    if ((as->flags & KVM_IRQFD_FLAG_DEASSIGN) != 0) {
        if (one != NULL) {
            irqfd_drop(kvm, one);
        }
        return 0;
    }
    if (one != NULL) {
        return -EBUSY;
    }
    one = kvm->irqfds;
    while (one < kvm->irqfds + FAKE_IRQFDS && one->gsi != 0) {
        one++;
    }
    if (one == kvm->irqfds + FAKE_IRQFDS) {
        return -ENOMEM;
    }
    *one = *as;
    kvm->live_irqfds++;
    kvm->interrupts += skvm_sys_linux.readable(NULL, (int)as->fd) > 0 ? 1 : 0;
    return 0;
}

void fake_kvm_closed(struct fake *fake, int fd)
{
    struct kvm_irqfd *one = irqfd_find(&fake->kvm, fd);
    if (one != NULL) {
        irqfd_drop(&fake->kvm, one);
    }
}

void fake_kvm_signal(struct fake *fake, int fd)
{
    fake_signal(fd);
    if (irqfd_find(&fake->kvm, fd) != NULL) {
        uint64_t count = 0;
        assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
        fake->kvm.interrupts++;
    }
}

static int routes_set(struct fake_kvm *kvm, const struct kvm_irq_routing *table)
{
    assert_true(table->nr <= FAKE_ROUTES);
    for (uint32_t i = 0; i < table->nr; i++) {
        const struct kvm_irq_routing_entry *entry = &table->entries[i];
        if (entry->type == KVM_IRQ_ROUTING_MSI && (entry->u.msi.address_hi & 0xff) != 0) {
            return -EINVAL; /* as with x2APIC routing */
        }
    }
    memcpy(kvm->routes, table->entries, table->nr * sizeof(table->entries[0]));
    kvm->num_routes = table->nr;
    return 0;
}

/* ---- capabilities, devices ---- */

static int check_extension(const struct fake_kvm *kvm, uintptr_t cap)
{
    switch (cap) {
    case KVM_CAP_USER_MEMORY:
        return !kvm->no_memory;
    case KVM_CAP_IRQFD:
        return !kvm->no_irqfd;
    case KVM_CAP_IRQ_ROUTING:
        return 4096;
    case KVM_CAP_IOEVENTFD:
        return !kvm->no_ioeventfd;
    case KVM_CAP_DIRTY_LOG_RING:
        return kvm->no_ring || kvm->only_acq_rel ? 0 : 1 << 20;
    case KVM_CAP_DIRTY_LOG_RING_ACQ_REL:
        return kvm->no_ring ? 0 : 1 << 20;
    case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2:
        return kvm->no_manual ? 0 : 3;
    default:
        return 0;
    }
}

static int enable_cap(struct fake_kvm *kvm, const struct kvm_enable_cap *cap)
{
    if (cap->cap == KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2) {
        kvm->manual = cap->args[0] == KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE;
        return kvm->manual ? 0 : -EINVAL;
    }
    if (kvm->vcpus || check_extension(kvm, cap->cap) == 0) {
        return -EINVAL;
    }
    kvm->enabled_ring = cap->args[0];
    return 0;
}

static int create_device(struct fake *fake, struct kvm_create_device *as)
{
    if (as->type != KVM_DEV_TYPE_VFIO || fake->kvm.no_vfio) {
        return -ENODEV;
    }
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && fd < FAKE_FDS);
    fake->fds[fd].kind = FAKE_KVM_VFIO;
    fake->open_fds++;
    as->fd = (uint32_t)fd;
    return 0;
}

int fake_kvm_vfio_ioctl(struct fake *fake, unsigned long request, void *arg)
{
    const struct kvm_device_attr *attr = arg;
    int32_t fd;
    if (request != KVM_SET_DEVICE_ATTR || attr->group != 1) {
        return -ENXIO;
    }
    memcpy(&fd, (const void *)(uintptr_t)attr->addr, sizeof(fd));
    bool add = attr->attr == 1;
    for (uint32_t i = 0; i < FAKE_FILES; i++) {
        if (fake->kvm.files[i] == fd) {
            fake->kvm.files[i] = add ? fd : 0;
            fake->kvm.live_files -= add ? 0 : 1;
            return add ? -EEXIST : 0;
        }
    }
    for (uint32_t i = 0; add && i < FAKE_FILES; i++) {
        if (fake->kvm.files[i] == 0) {
            fake->kvm.files[i] = fd;
            fake->kvm.live_files++;
            return 0;
        }
    }
    return add ? -ENOMEM : -ENOENT;
}

bool fake_kvm_undoes(unsigned long request, const void *arg)
{
    switch (request) {
    case KVM_SET_USER_MEMORY_REGION:
        return ((const struct kvm_userspace_memory_region *)arg)->memory_size == 0;
    case KVM_IOEVENTFD:
        return (((const struct kvm_ioeventfd *)arg)->flags & KVM_IOEVENTFD_FLAG_DEASSIGN) != 0;
    case KVM_SET_DEVICE_ATTR:
        return ((const struct kvm_device_attr *)arg)->attr == 2;
    default:
        return false;
    }
}

int fake_kvm_ioctl(struct fake *fake, unsigned long request, void *arg)
{
    struct fake_kvm *kvm = &fake->kvm;
    switch (request) {
    case KVM_CHECK_EXTENSION:
        return check_extension(kvm, (uintptr_t)arg);
    case KVM_ENABLE_CAP:
        return enable_cap(kvm, arg);
    case KVM_SET_USER_MEMORY_REGION:
        return slot_set(kvm, arg);
    case KVM_IOEVENTFD:
        return ioeventfd_set(kvm, arg);
    case KVM_IRQFD:
        return irqfd_set(kvm, arg);
    case KVM_SET_GSI_ROUTING:
        return routes_set(kvm, arg);
    case KVM_CREATE_DEVICE:
        return create_device(fake, arg);
    case KVM_GET_DIRTY_LOG:
        return log_get(kvm, arg);
    case KVM_CLEAR_DIRTY_LOG:
        return log_clear(kvm, arg);
    case KVM_RESET_DIRTY_RINGS:
        kvm->ring_resets++;
        return kvm->enabled_ring != 0 ? 3 : -EINVAL;
    default:
        return -ENOTTY;
    }
}

int fake_kvm_vm(struct fake *fake)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && fd < FAKE_FDS);
    fake->fds[fd].kind = FAKE_KVM_VM;
    return fd;
}

void fake_kvm_vm_close(struct fake *fake, int fd)
{
    fake->fds[fd].kind = FAKE_NONE;
    close(fd);
}
