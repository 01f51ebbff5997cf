/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fault sweep: a whole life of a function, in which call number N of the operating system or of Xen
 * fails, for every N and for several errors, in dom0 and in a domU. Whatever happens, nothing is left and
 * nothing crashes; a life in which nothing failed ends the sweep.
 */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

static void hear(void *arg, uint32_t value)
{
    (void)value;
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
    (void)sriov_fn_reset(fn);
    (void)sriov_irq_detach(fn, 1);
}

static void memory(struct sriov_fn *fn, void *own)
{
    struct sriov_dma dma[3];
    int err[3];
    err[0] = sriov_dma_alloc(fn, "a", 4096, 4096, SRIOV_DMA_BOTH, &dma[0]);
    err[1] = sriov_dma_alloc(fn, "b", 2u << 20, 4096, SRIOV_DMA_DEVICE_READS, &dma[1]);
    err[2] = sriov_dma_map(fn, "c", own, 8192, SRIOV_DMA_DEVICE_WRITES, &dma[2]);
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
}

static int life(struct fake *fake, void *own, int fd)
{
    const struct sriov_fn_opts fn_opts = {.size = sizeof(fn_opts), .flags = SRIOV_OPEN_NOIOMMU};
    struct sriov_xen_opts opts = {.flags = SRIOV_XEN_ALLOW_NOIOMMU};
    struct sriov_vmm *vmm = NULL;
    struct sriov_fn *fn = NULL;
    uint32_t seen = 0;
    int err = fake_vmm_opts(fake, &opts, &vmm);
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
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    return err;
}

static uint32_t sweep(struct fake *fake, int err)
{
    unsigned char *own = aligned_alloc(4096, 8192);
    int fd = eventfd(0, EFD_NONBLOCK);
    uint32_t points = 0;
    assert_non_null(own);
    memset(own, 0x3c, 8192);
    do {
        points++;
        fake->calls = 0;
        fake->fail_at = points;
        fake->fail_err = err;
        (void)life(fake, own, fd);
        /* Where bus mastering could not be switched off, the domain keeps the memory: the sweep's own. */
        if (fake_frames_used(fake) != 0) {
            assert_non_null(strstr(fake->last_error, "its memory stays with this domain"));
            fake_forget(fake);
        }
        fake_check_clean(fake);
        assert_int_equal(own[8191], 0x3c);
        assert_true(points < 5000);
    } while (fake->calls >= fake->fail_at);
    fake->fail_at = 0;
    assert_int_equal(life(fake, own, fd), 0); /* the domain itself took no harm */
    close(fd);
    free(own);
    fake_down(fake);
    return points - 1;
}

static void sweep_errors(const char *name, struct fake *(*make)(void))
{
    static const int errors[] = {-ENOMEM, -ENODEV, -EIO, -EPERM, -EINTR};
    uint32_t points = 0;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        points += sweep(make(), errors[i]);
    }
    assert_true(points > 500);
    print_message("%s: %u points\n", name, points);
}

static void test_dom0(void **state)
{
    (void)state;
    sweep_errors("dom0", fake_up);
}

static void test_domu(void **state)
{
    (void)state;
    sweep_errors("domU", fake_up_domu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dom0), cmocka_unit_test(test_domu)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
