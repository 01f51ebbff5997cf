/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines: configuration space, slots, vectors and their routes, VFIO files, hot-plug. */
#include "vmbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t ecam_of(uint32_t slot, uint32_t function, uint32_t off)
{
    return BED_ECAM + ((uint64_t)slot << 15) + ((uint64_t)function << 12) + off;
}

static void start_plugged(uint32_t flags)
{
    struct sriov_kvm_vm_opts opts = {.ecam = BED_ECAM, .ecam_buses = 2, .flags = flags};
    vmbed_start(&opts);
    assert_int_equal(bed.ops->vm_hot_add(bed.dev), 0);
    assert_int_equal(bed.plugs, 1);
}

static void test_ecam(void **state)
{
    (void)state;
    uint64_t value = 0x1234;
    start_plugged(0);
    assert_int_equal(vmbed_mmio(ecam_of(BED_SLOT, 0, 0x7fe), 2, true, &value), 0);
    assert_int_equal(bed.off, 0x7fe);
    assert_int_equal(bed.reg, 0x1234);
    assert_int_equal(vmbed_mmio(ecam_of(BED_SLOT, 0, 0x40), 4, false, &value), 0);
    assert_int_equal(value, 0x1234);
    bed.accesses = 0;
    assert_int_equal(vmbed_mmio(ecam_of(BED_SLOT, 0, 0x41), 4, false, &value), 0); /* 1 + 2 + 1 */
    assert_int_equal(bed.accesses, 3);
    assert_int_equal(vmbed_mmio(ecam_of(BED_SLOT, 0, 0x40), 8, false, &value), 0); /* two of 4 */
    assert_int_equal(bed.accesses, 5);
    uint64_t nobody[] = {ecam_of(BED_SLOT, 1, 0), ecam_of(4, 0, 0), ecam_of(32 + BED_SLOT, 0, 0),
                         ecam_of(BED_SLOT, 0, 0xffe)};
    for (uint32_t i = 0; i < 4; i++) {
        value = 0;
        assert_int_equal(vmbed_mmio(nobody[i], 4, false, &value), 0);
        assert_int_equal(value, UINT32_MAX);
        assert_int_equal(vmbed_mmio(nobody[i], 4, true, &value), 0);
    }
    assert_int_equal(bed.accesses, 5);
    assert_int_equal(vmbed_mmio(BED_ECAM + 0x200000, 4, false, &value), -ENOENT);
    assert_int_equal(vmbed_mmio(BED_ECAM - 1, 1, false, &value), -ENOENT);
    uint32_t all = 0x11223344;
    assert_int_equal(vmbed_port(0xcf8, 4, 1, true, &all), -ENOENT); /* not asked for */
    assert_int_equal(vmbed_stats().exits_config, 12);
    vmbed_stop();
}

static void test_ports(void **state)
{
    (void)state;
    uint32_t at = 0x80000000 | BED_SLOT << 11 | 0x44;
    uint32_t value = 0;
    start_plugged(SRIOV_KVM_VM_PORTS);
    bed.reg = 0xaa;
    assert_int_equal(vmbed_port(0xcf8, 4, 1, true, &at), 0);
    assert_int_equal(vmbed_port(0xcf8, 4, 1, false, &value), 0);
    assert_int_equal(value, at);
    value = 0;
    assert_int_equal(vmbed_port(0xcfe, 1, 1, false, &value), 0);
    assert_int_equal(bed.off, 0x46);
    assert_int_equal(value, 0xaa);
    uint32_t several[3] = {1, 2, 3};
    bed.accesses = 0;
    assert_int_equal(vmbed_port(0xcfc, 4, 3, true, several), 0); /* rep outsl */
    assert_int_equal(bed.accesses, 3);
    assert_int_equal(bed.reg, 3);
    assert_int_equal(vmbed_port(0xcf9, 1, 1, true, &value), -ENOENT); /* the reset port is the VMM's */
    assert_int_equal(vmbed_port(0xcf8, 2, 1, true, &value), -ENOENT);
    assert_int_equal(vmbed_port(0xcff, 2, 1, true, &value), -ENOENT);
    assert_int_equal(vmbed_port(0x3f8, 1, 1, true, &value), -ENOENT);
    at = 0x80000000 | 1 << 16 | BED_SLOT << 11;
    assert_int_equal(vmbed_port(0xcf8, 4, 1, true, &at), 0);
    assert_int_equal(vmbed_port(0xcfc, 4, 1, false, &value), 0); /* bus 1 */
    assert_int_equal(value, UINT32_MAX);
    vmbed_stop();
}

static void test_a_bus_of_the_vmm(void **state)
{
    (void)state;
    uint32_t value = 0;
    vmbed_start(NULL);
    assert_int_equal(sriov_kvm_vm_cfg_read(bed.vm, BED_SLOT, 0, 4, &value), -ENOENT); /* not plugged */
    assert_int_equal(bed.ops->vm_hot_add(bed.dev), 0);
    assert_int_equal(sriov_kvm_vm_cfg_write(bed.vm, BED_SLOT, 4, 2, 0xffff1234), 0);
    assert_int_equal(bed.reg, 0x1234);
    assert_int_equal(sriov_kvm_vm_cfg_read(bed.vm, BED_SLOT, 4, 1, &value), 0);
    assert_int_equal(value, 0x34);
    assert_int_equal(sriov_kvm_vm_cfg_read(bed.vm, BED_SLOT, 3, 2, &value), -EINVAL);
    assert_int_equal(sriov_kvm_vm_cfg_read(bed.vm, BED_SLOT, 4096, 4, &value), -EINVAL);
    assert_int_equal(sriov_kvm_vm_cfg_write(bed.vm, 32, 0, 4, 0), -EINVAL);
    assert_int_equal(sriov_kvm_vm_cfg_write(bed.vm, 4, 0, 4, 0), -ENOENT);
    /* A store that rang comes before the access that followed it. */
    assert_int_equal(vmbed_bell(BED_MMIO, 4, 16), 0);
    assert_true(fake_kvm_store(bed.fake, BED_MMIO, 4, 9));
    assert_int_equal(sriov_kvm_vm_cfg_write(bed.vm, BED_SLOT, 4, 2, 0), 0);
    assert_int_equal(bed.rings, 1);
    assert_int_equal(bed.rang, 9);
    assert_true(fake_kvm_store(bed.fake, BED_MMIO, 4, 10));
    assert_int_equal(sriov_kvm_vm_cfg_read(bed.vm, BED_SLOT, 4, 2, &value), 0);
    assert_int_equal(bed.rings, 2);
    vmbed_stop();
}

static void test_slots(void **state)
{
    (void)state;
    void *devs[32] = {NULL};
    void *more = NULL;
    struct sriov_kvm_vm_opts opts = {.slots_taken = 5};
    assert_int_equal(vmbed_create(&opts), 0);
    assert_int_equal(vmbed_dev(2, 0, -1, 0, &more), -EBUSY);
    assert_int_equal(vmbed_dev(32, 0, -1, 0, &more), -EINVAL);
    assert_int_equal(vmbed_dev(7, 0, -1, 9, &more), -EINVAL);
    for (uint32_t i = 0; i < 30; i++) {
        assert_int_equal(vmbed_dev(SRIOV_VM_SLOT_ANY, 0, -1, 0, &devs[i]), 0);
    }
    assert_int_equal(vmbed_dev(SRIOV_VM_SLOT_ANY, 0, -1, 0, &more), -ENOSPC);
    assert_int_equal(vmbed_dev(31, 0, -1, 0, &more), -EBUSY);
    bed.ops->vm_dev_del(devs[17]);
    assert_int_equal(vmbed_dev(SRIOV_VM_SLOT_ANY, 0, -1, 0, &devs[17]), 0);
    for (uint32_t i = 0; i < 30; i++) {
        bed.ops->vm_dev_del(devs[i]);
    }
    vmbed_stop();
}

/* ---- vectors ---- */

static int sink_fd(uint32_t vector)
{
    struct sriov_irq_sink sink = {.size = sizeof(sink)};
    assert_int_equal(bed.ops->vm_irq_sink(bed.dev, vector, &sink), 0);
    assert_int_equal(sink.kind, SRIOV_SINK_EVENTFD);
    return sink.fd;
}

static int route(uint32_t vector, uint64_t address, uint32_t data)
{
    struct sriov_vm_msi msi = {.size = sizeof(msi), .address = address, .data = data};
    return bed.ops->vm_irq_route(bed.dev, vector, &msi);
}

static uint32_t pending(uint32_t vector)
{
    uint32_t is = 9;
    assert_int_equal(bed.ops->vm_irq_pending(bed.dev, vector, &is), 0);
    return is;
}

static void test_routes(void **state)
{
    (void)state;
    struct kvm_irq_routing_entry own = {.gsi = 30, .type = KVM_IRQ_ROUTING_MSI};
    struct sriov_kvm_vm_opts opts = {
        .flags = SRIOV_KVM_VM_IRQCHIP_ROUTES, .first_gsi = 40, .num_gsi = 3, .routes = &own, .num_routes = 1};
    void *more = NULL;
    const struct fake_kvm *kvm = &bed.fake->kvm;
    vmbed_start(&opts);
    own.gsi = 99; /* it was copied */
    assert_int_equal(vmbed_dev(9, 2, -1, 0, &more), -ENOSPC);
    assert_int_equal(route(0, 0x55fee00000, 0x40), -EINVAL); /* leaves nothing in the table */
    assert_int_equal(route(1, 0x1200fee00000, 0x41), 0);
    assert_int_equal(kvm->num_routes, 24 + 16 + 1 + 1);
    assert_int_equal(kvm->routes[0].u.irqchip.irqchip, KVM_IRQCHIP_IOAPIC);
    assert_int_equal(kvm->routes[19].gsi, 9);
    assert_int_equal(kvm->routes[19].u.irqchip.irqchip, KVM_IRQCHIP_PIC_SLAVE);
    assert_int_equal(kvm->routes[19].u.irqchip.pin, 1);
    assert_int_equal(kvm->routes[39].u.irqchip.pin, 23);
    assert_int_equal(kvm->routes[40].gsi, 30);
    assert_int_equal(kvm->routes[41].gsi, 41);
    assert_int_equal(kvm->routes[41].u.msi.address_lo, 0xfee00000);
    assert_int_equal(kvm->routes[41].u.msi.address_hi, 0x1200);
    assert_int_equal(kvm->routes[41].u.msi.data, 0x41);
    assert_int_equal(kvm->live_irqfds, 1);
    assert_int_equal(vmbed_stats().irqfds, 1);
    /* What KVM refuses leaves the route as it was. */
    assert_int_equal(route(1, 0x55fee00000, 0x42), -EINVAL);
    assert_int_equal(route(0, 0xfee00000, 0x40), 0);
    assert_int_equal(kvm->routes[41].gsi, 40);
    assert_int_equal(kvm->routes[42].u.msi.data, 0x41);
    assert_int_equal(route(2, 0xfee00000, 0x40), -EINVAL);
    struct sriov_vm_msi brief = {.size = 8, .address = 0xfee00000};
    assert_int_equal(bed.ops->vm_irq_route(bed.dev, 0, &brief), -EINVAL);
    vmbed_stop();
    assert_int_equal(kvm->num_routes, 41); /* only the VMM's own are left */
}

static void test_masked_vectors(void **state)
{
    (void)state;
    vmbed_start(NULL);
    int fd = sink_fd(0);
    fake_kvm_signal(bed.fake, fd);
    assert_int_equal(pending(0), 1);
    assert_int_equal(route(0, 0xfee00000, 0x40), 0);
    assert_int_equal(bed.fake->kvm.interrupts, 1);
    assert_int_equal(pending(0), 0);
    fake_kvm_signal(bed.fake, fd);
    assert_int_equal(bed.fake->kvm.interrupts, 2);
    assert_int_equal(bed.ops->vm_irq_route(bed.dev, 0, NULL), 0);
    assert_int_equal(bed.ops->vm_irq_route(bed.dev, 0, NULL), 0);
    assert_int_equal(vmbed_stats().irqfds, 0);
    assert_int_equal(pending(0), 0);
    fake_kvm_signal(bed.fake, fd);
    fake_kvm_signal(bed.fake, fd);
    assert_int_equal(pending(0), 1);
    assert_int_equal(route(0, 0xfee00000, 0x41), 0); /* elsewhere */
    assert_int_equal(bed.fake->kvm.interrupts, 3);
    assert_int_equal(bed.ops->vm_irq_route(bed.dev, 0, NULL), 0);
    assert_int_equal(pending(0), 0); /* nothing old is left */
    fake_kvm_signal(bed.fake, fd);
    assert_int_equal(sink_fd(0), fd); /* given to somebody anew: what came before is not theirs */
    assert_int_equal(pending(0), 0);
    /* KVM does not take it: it stays masked, and pending. */
    fake_kvm_signal(bed.fake, fd);
    bed.fake->bad_ioctl = KVM_IRQFD;
    bed.fake->bad_ioctl_err = -ENOMEM;
    assert_int_equal(route(0, 0xfee00000, 0x41), -ENOMEM);
    assert_int_equal(pending(0), 1);
    bed.fake->bad_ioctl = 0;
    assert_int_equal(route(0, 0xfee00000, 0x41), 0);
    bed.fake->bad_ioctl = KVM_IRQFD;
    assert_int_equal(bed.ops->vm_irq_route(bed.dev, 0, NULL), -ENOMEM);
    assert_int_equal(vmbed_stats().irqfds, 1);
    bed.fake->bad_ioctl = 0;
    vmbed_stop();
}

static int take_routes(void *arg, const struct kvm_irq_routing_entry *entries, uint32_t n)
{
    (void)arg;
    (void)entries;
    bed.routes = bed.routes_err == 0 ? n : bed.routes;
    return bed.routes_err;
}

static void test_a_table_of_the_vmm(void **state)
{
    (void)state;
    struct sriov_kvm_vm_opts opts = {.flags = SRIOV_KVM_VM_IRQCHIP_ROUTES, .set_routes = take_routes};
    vmbed_start(&opts);
    assert_int_equal(route(0, 0xfee00000, 0x40), 0);
    assert_int_equal(route(1, 0xfee00000, 0x41), 0);
    assert_int_equal(bed.routes, 2); /* ours alone */
    assert_int_equal(bed.fake->kvm.num_routes, 0);
    bed.routes_err = -ENOSPC;
    assert_int_equal(route(1, 0xfee00000, 0x42), -ENOSPC);
    bed.routes_err = 0;
    assert_int_equal(route(1, 0xfee00000, 0x41), 0); /* as it was: nothing to write */
    vmbed_stop();
    assert_int_equal(bed.routes, 0);
}

/* ---- VFIO files ---- */

static void test_vfio_files(void **state)
{
    (void)state;
    struct fake_kvm *kvm = &bed.fake->kvm;
    void *one = NULL;
    void *two = NULL;
    void *more = NULL;
    assert_int_equal(vmbed_create(NULL), 0);
    assert_int_equal(vmbed_dev(1, 0, 70, SRIOV_FN_FD_VFIO_GROUP, &one), 0);
    assert_int_equal(vmbed_dev(2, 0, 70, SRIOV_FN_FD_VFIO_GROUP, &two), 0); /* of the same group */
    assert_int_equal(kvm->live_files, 1);
    assert_int_equal(kvm->files[0], 70);
    bed.ops->vm_dev_del(one);
    assert_int_equal(kvm->live_files, 1);
    assert_int_equal(vmbed_dev(1, 0, 71, SRIOV_FN_FD_VFIO_DEVICE, &one), 0);
    assert_int_equal(kvm->live_files, 2);
    bed.ops->vm_dev_del(two); /* the older one goes first */
    assert_int_equal(kvm->live_files, 1);
    assert_int_equal(vmbed_dev(2, 0, 70, SRIOV_FN_FD_VFIO_GROUP, &two), 0);
    bed.fake->bad_ioctl = KVM_SET_DEVICE_ATTR;
    bed.fake->bad_ioctl_err = -ENOMEM;
    assert_int_equal(vmbed_dev(3, 2, 72, SRIOV_FN_FD_VFIO_DEVICE, &more), -ENOMEM);
    bed.fake->bad_ioctl = 0;
    bed.ops->vm_dev_del(one);
    bed.ops->vm_dev_del(two);
    assert_int_equal(kvm->live_files, 0);
    vmbed_stop();
}

static void test_kvm_without_vfio(void **state)
{
    (void)state;
    void *one = NULL;
    bed.fake->kvm.no_vfio = true;
    assert_int_equal(vmbed_create(NULL), 0);
    assert_int_equal(vmbed_dev(1, 1, 70, SRIOV_FN_FD_VFIO_GROUP, &one), 0);
    assert_non_null(strstr(bed.fake->last_warning, "knows no VFIO"));
    bed.ops->vm_dev_del(one);
    vmbed_stop();
}

/* ---- hot-plug ---- */

static void on_gone(void *arg)
{
    bed.gone++;
    assert_ptr_equal(arg, &bed);
}

static void test_hot_plug(void **state)
{
    (void)state;
    vmbed_start(NULL);
    assert_int_equal(bed.ops->vm_hot_remove(bed.dev, on_gone, &bed), -EINVAL); /* it was never there */
    bed.plug_err = -EAGAIN;
    assert_int_equal(bed.ops->vm_hot_add(bed.dev), -EAGAIN);
    uint32_t value = 0;
    assert_int_equal(sriov_kvm_vm_cfg_read(bed.vm, BED_SLOT, 0, 4, &value), -ENOENT);
    bed.plug_err = 0;
    assert_int_equal(bed.ops->vm_hot_add(bed.dev), 0);
    assert_int_equal(bed.ops->vm_hot_add(bed.dev), -EBUSY);
    bed.ask_err = -EAGAIN;
    assert_int_equal(bed.ops->vm_hot_remove(bed.dev, on_gone, &bed), -EAGAIN);
    bed.ask_err = 0;
    assert_int_equal(bed.ops->vm_hot_remove(bed.dev, on_gone, &bed), 0);
    assert_int_equal(sriov_kvm_vm_unplugged(bed.vm, 5), 0); /* nobody is there */
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), 0);
    assert_int_equal(bed.gone, 0);
    assert_int_equal(sriov_kvm_vm_unplugged(bed.vm, BED_SLOT), 0);
    assert_int_equal(sriov_kvm_vm_unplugged(bed.vm, BED_SLOT), 0); /* twice is once */
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), 0);
    assert_int_equal(bed.gone, 1);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), -ETIMEDOUT);
    assert_int_equal(sriov_kvm_vm_unplugged(bed.vm, BED_SLOT), 0);
    (void)sriov_vmm_wait(bed.vmm, 0);
    assert_int_equal(bed.gone, 1);
    assert_int_equal(sriov_kvm_vm_cfg_read(bed.vm, BED_SLOT, 0, 4, &value), -ENOENT);
    vmbed_stop();
}

/* A guest may eject what nobody asked it for: the host's own wish to have it back is then granted at once. */
static void test_let_go_unasked(void **state)
{
    (void)state;
    vmbed_start(NULL);
    assert_int_equal(sriov_kvm_vm_unplugged(bed.vm, BED_SLOT), 0); /* not on the bus: nothing to let go of */
    (void)sriov_vmm_wait(bed.vmm, 0);
    assert_int_equal(bed.ops->vm_hot_remove(bed.dev, on_gone, &bed), -EINVAL);
    assert_int_equal(bed.ops->vm_hot_add(bed.dev), 0);
    assert_int_equal(sriov_kvm_vm_unplugged(bed.vm, BED_SLOT), 0);
    (void)sriov_vmm_wait(bed.vmm, 0);
    bed.ask_err = -EAGAIN; /* there is nothing to ask for */
    assert_int_equal(bed.ops->vm_hot_remove(bed.dev, on_gone, &bed), 0);
    assert_int_equal(bed.gone, 0);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), 0);
    assert_int_equal(bed.gone, 1);
    bed.ask_err = 0;
    assert_int_equal(bed.ops->vm_hot_add(bed.dev), 0);
    assert_int_equal(bed.ops->vm_hot_remove(bed.dev, on_gone, &bed), 0);
    (void)sriov_vmm_wait(bed.vmm, 0);
    assert_int_equal(bed.gone, 1); /* now it was asked, and has not answered */
    vmbed_stop();
}

static void test_no_way_to_ask(void **state)
{
    (void)state;
    struct sriov_kvm_vm_opts opts = {.without = SRIOV_VM_CAP_HOTPLUG};
    vmbed_start(&opts);
    assert_int_equal(bed.ops->vm_hot_add(bed.dev), 0);
    assert_int_equal(bed.ops->vm_hot_remove(bed.dev, on_gone, &bed), -EOPNOTSUPP);
    vmbed_stop();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, vmbed_setup, vmbed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_ecam),
        CASE(test_ports),
        CASE(test_a_bus_of_the_vmm),
        CASE(test_slots),
        CASE(test_routes),
        CASE(test_masked_vectors),
        CASE(test_a_table_of_the_vmm),
        CASE(test_vfio_files),
        CASE(test_kvm_without_vfio),
        CASE(test_hot_plug),
        CASE(test_let_go_unasked),
        CASE(test_no_way_to_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
