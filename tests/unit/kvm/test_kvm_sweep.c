/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fault sweep: a whole life of a function, in which call number N of the operating system fails,
 * for every N and for several errors, on each backend. Whatever happens, nothing is left and nothing
 * crashes; a life in which nothing failed ends the sweep.
 */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

static void hear(void *arg, uint32_t vector)
{
    (void)vector;
    (*(uint32_t *)arg)++;
}

static int count(void *arg, const struct sriov_fn_info *info)
{
    (void)info;
    (*(uint32_t *)arg)++;
    return 0;
}

static void interrupts(struct sriov_vmm *vmm, struct sriov_fn *fn, int fd)
{
    uint32_t got = 0;
    uint32_t heard = 0;
    bool pending = false;
    if (sriov_irq_enable(fn, 3, 2, &got) != 0) {
        return;
    }
    (void)sriov_irq_attach(fn, 0, hear, &heard);
    (void)sriov_irq_attach_fd(fn, 1, fd);
    (void)sriov_irq_trigger(fn, 0);
    (void)sriov_vmm_wait(vmm, 0);
    (void)sriov_irq_mask(fn, 0);
    (void)sriov_irq_mask(fn, 1);
    (void)sriov_irq_trigger(fn, 1);
    (void)sriov_irq_pending(fn, 1, &pending);
    (void)sriov_irq_unmask(fn, 1);
    (void)sriov_irq_unmask(fn, 0);
    (void)sriov_irq_detach(fn, 1);
}

static void memory(struct sriov_fn *fn, void *own)
{
    struct sriov_dma dma[3];
    int err[3];
    err[0] = sriov_dma_alloc(fn, "a", 4096, 4096, SRIOV_DMA_BOTH, &dma[0]);
    err[1] = sriov_dma_alloc(fn, "b", 65536, 4096, SRIOV_DMA_DEVICE_READS, &dma[1]);
    err[2] = sriov_dma_map(fn, "c", own, 4096, SRIOV_DMA_DEVICE_WRITES, &dma[2]);
    for (uint32_t i = 0; i < 2; i++) {
        if (err[i] == 0) {
            memset(dma[i].va, 1, dma[i].length);
        }
    }
    if (err[2] == 0) {
        (void)sriov_dma_unmap(fn, &dma[2]);
    }
    if (err[0] == 0) {
        (void)sriov_dma_free(fn, &dma[0]); /* the other one is left for close to find */
    }
}

static void registers(struct sriov_fn *fn)
{
    struct sriov_bar bar;
    uint32_t id = 0;
    (void)sriov_cfg_read32(fn, 0, &id);
    if (sriov_bar_open(fn, 0, FAKE_BAR, &bar) == 0) {
        sriov_wr32(&bar, 8, sriov_rd32(&bar, 8));
        sriov_bar_close(&bar);
    }
    if (sriov_bar_open(fn, 3, FAKE_BAR, &bar) == 0) {
        sriov_fn_reset(fn);
        sriov_bar_close(&bar);
    }
}

static int life(struct fake *fake, struct sriov_kvm_opts *opts, void *own, int fd)
{
    struct sriov_fn_opts fn_opts = {.size = sizeof(fn_opts),
                                    .flags = opts->flags != 0 ? SRIOV_OPEN_NOIOMMU : 0};
    struct sriov_vmm *vmm = NULL;
    struct sriov_fn *fn = NULL;
    uint32_t seen = 0;
    int err = fake_vmm_opts(fake, opts, &vmm);
    if (err != 0) {
        assert_null(vmm);
        return err;
    }
    (void)sriov_vmm_enumerate(vmm, count, &seen);
    err = sriov_fn_open(vmm, FAKE_VF, &fn_opts, &fn);
    if (err == 0) {
        registers(fn);
        memory(fn, own);
        interrupts(vmm, fn, fd);
        (void)sriov_fn_close(fn);
    } else {
        assert_null(fn);
    }
    assert_int_equal(sriov_kvm_destroy(vmm), 0);
    return err;
}

static uint32_t sweep(struct sriov_kvm_opts opts, int err, bool noiommu)
{
    struct fake *fake = fake_up();
    void *own = aligned_alloc(4096, 4096);
    int fd = eventfd(0, EFD_NONBLOCK);
    uint32_t points = 0;
    assert_non_null(own);
    fake->sparse = true;
    if (noiommu) {
        opts.flags = SRIOV_KVM_ALLOW_NOIOMMU;
        fake->pagemap_frame = 0x100000;
        tree_write(fake, "sys/kernel/iommu_groups/5/name", "vfio-noiommu\n");
        tree_write(fake, "dev/vfio/noiommu-5", "");
    }
    do {
        points++;
        fake->calls = 0;
        fake->fail_at = points;
        fake->fail_err = err;
        (void)life(fake, &opts, own, fd);
        fake_check_clean(fake);
        assert_true(points < 5000);
    } while (fake->calls >= fake->fail_at);
    fake->fail_at = 0;
    assert_int_equal(life(fake, &opts, own, fd), 0); /* the host itself took no harm */
    close(fd);
    free(own);
    fake_down(fake);
    return points - 1;
}

static void sweep_errors(const char *name, struct sriov_kvm_opts opts, bool noiommu)
{
    static const int errors[] = {-ENOMEM, -ENODEV, -EIO, -EPERM, -EINTR};
    uint32_t points = 0;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        points += sweep(opts, errors[i], noiommu);
    }
    assert_true(points > 500);
    print_message("%s: %u points\n", name, points);
}

static void test_group(void **state)
{
    (void)state;
    sweep_errors("group", (struct sriov_kvm_opts){.backend = SRIOV_KVM_GROUP}, false);
}

static void test_group_coalescing(void **state)
{
    (void)state;
    sweep_errors("group, coalescing",
                 (struct sriov_kvm_opts){.backend = SRIOV_KVM_GROUP, .coalesce_below = 100000}, false);
}

static void test_iommufd(void **state)
{
    (void)state;
    sweep_errors("iommufd", (struct sriov_kvm_opts){.backend = SRIOV_KVM_IOMMUFD}, false);
}

static void test_auto(void **state)
{
    (void)state;
    sweep_errors("auto", (struct sriov_kvm_opts){.backend = SRIOV_KVM_AUTO}, false);
}

static void test_noiommu(void **state)
{
    (void)state;
    sweep_errors("noiommu", (struct sriov_kvm_opts){.backend = SRIOV_KVM_AUTO}, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group), cmocka_unit_test(test_group_coalescing), cmocka_unit_test(test_iommufd),
        cmocka_unit_test(test_auto),  cmocka_unit_test(test_noiommu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
