/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors: messages of the device to both kinds of sink, masks, resets, and too few pirqs. */
#include "fake.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_NS  UINT64_C(20000000000)
#define SHORT_NS UINT64_C(30000000)

struct bed {
    struct fake *fake;
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    uint32_t heard[FAKE_IRQS];
};

static int up(void **state)
{
    struct bed *bed = calloc(1, sizeof(*bed));
    bed->fake = fake_up();
    bed->vmm = fake_vmm(bed->fake);
    bed->fn = fake_open(bed->vmm);
    *state = bed;
    return 0;
}

static int down(void **state)
{
    struct bed *bed = *state;
    (void)sriov_fn_close(bed->fn);
    assert_int_equal(sriov_xen_destroy(bed->vmm), 0);
    fake_down(bed->fake);
    free(bed);
    return 0;
}

static void hear(void *arg, uint32_t vector)
{
    struct bed *bed = arg;
    assert_true(vector < FAKE_IRQS);
    bed->heard[vector]++;
}

static void enable(struct bed *bed, uint32_t n)
{
    uint32_t got = 0;
    assert_int_equal(sriov_irq_enable(bed->fn, n, n, &got), 0);
    assert_int_equal(got, n);
}

static void arrives(struct bed *bed, uint32_t vector, uint32_t times)
{
    while (bed->heard[vector] < times) {
        assert_int_equal(sriov_vmm_wait(bed->vmm, LONG_NS), 0);
    }
    assert_int_equal(bed->heard[vector], times);
}

static void test_on_and_off(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(sriov_irq_count(bed->fn), FAKE_IRQS);
    for (int i = 0; i < 3; i++) {
        enable(bed, FAKE_IRQS);
        assert_int_equal(bed->fake->table_base, 0xfe820000);
        assert_true((tree_config(bed->fake, FAKE_MSIX + 2, 2) & FAKE_MSIX_ENABLE) != 0);
        assert_int_equal(sriov_irq_disable(bed->fn), 0);
        assert_int_equal(tree_config(bed->fake, FAKE_MSIX + 2, 2) & FAKE_MSIX_ENABLE, 0);
        assert_int_equal(bed->fake->prepared, 0);
    }
}

static void test_callbacks(void **state)
{
    struct bed *bed = *state;
    enable(bed, FAKE_IRQS);
    for (uint32_t v = 0; v < FAKE_IRQS; v++) {
        assert_int_equal(sriov_irq_attach(bed->fn, v, hear, bed), 0);
    }
    for (uint32_t times = 1; times <= 20; times++) {
        for (uint32_t v = 0; v < FAKE_IRQS; v++) {
            fake_message(bed->fake, v);
            arrives(bed, v, times);
        }
    }
}

/* Without anybody in the shim: the thread rings. */
static void test_eventfd(void **state)
{
    struct bed *bed = *state;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    uint64_t count = 0;
    enable(bed, 1);
    assert_int_equal(sriov_irq_attach_fd(bed->fn, 0, fd), 0);
    for (int i = 0; i < 20; i++) {
        fake_message(bed->fake, 0);
        assert_int_equal(poll(&ready, 1, 20000), 1);
        assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
    }
    assert_int_equal(sriov_irq_detach(bed->fn, 0), 0);
    fake_message(bed->fake, 0);
    bool pending = false;
    while (!pending) {
        assert_int_equal(sriov_irq_pending(bed->fn, 0, &pending), 0);
    }
    assert_int_equal(poll(&ready, 1, 0), 0);
    /* What came without a sink is not lost. */
    assert_int_equal(sriov_irq_attach_fd(bed->fn, 0, fd), 0);
    assert_int_equal(poll(&ready, 1, 0), 1);
    close(fd);
}

static void test_mask(void **state)
{
    struct bed *bed = *state;
    bool pending = false;
    enable(bed, 2);
    assert_int_equal(sriov_irq_attach(bed->fn, 1, hear, bed), 0);
    assert_int_equal(sriov_irq_mask(bed->fn, 1), 0);
    fake_message(bed->fake, 1);
    while (!pending) {
        assert_int_equal(sriov_irq_pending(bed->fn, 1, &pending), 0);
    }
    assert_int_not_equal(sriov_vmm_wait(bed->vmm, SHORT_NS), 0);
    assert_int_equal(bed->heard[1], 0);
    assert_int_equal(sriov_irq_unmask(bed->fn, 1), 0);
    arrives(bed, 1, 1);
    assert_int_equal(sriov_irq_trigger(bed->fn, 1), 0);
    arrives(bed, 1, 2);
}

static void test_reset(void **state)
{
    struct bed *bed = *state;
    enable(bed, 1);
    assert_int_equal(sriov_irq_attach(bed->fn, 0, hear, bed), 0);
    assert_int_equal(sriov_fn_reset(bed->fn), 0);
    assert_int_equal(bed->fake->restored, 1);
    assert_true((tree_config(bed->fake, FAKE_MSIX + 2, 2) & FAKE_MSIX_ENABLE) != 0);
    fake_message(bed->fake, 0);
    arrives(bed, 0, 1);
}

static void test_few_pirqs(void **state)
{
    struct bed *bed = *state;
    uint32_t got = 0;
    bed->fake->max_pirqs = 2;
    assert_int_equal(sriov_irq_enable(bed->fn, 3, 3, &got), -ENOSPC);
    assert_int_equal(sriov_irq_enable(bed->fn, 3, 1, &got), 0);
    assert_int_equal(got, 2);
}

/* Killed with vectors on: they go all the same. */
static void test_killed(void **state)
{
    struct bed *bed = *state;
    enable(bed, 2);
    assert_int_equal(sriov_irq_attach(bed->fn, 0, hear, bed), 0);
    sriov_fn_kill(bed->fn);
    assert_int_equal(sriov_irq_disable(bed->fn), 0);
}

/* Another process died with vectors and memory; notes that are not true are left alone. */
static void test_reclaim(void **state)
{
    struct bed *bed = *state;
    struct fake *fake = bed->fake;
    (void)sriov_fn_close(bed->fn);
    fake->ports[4] = (struct fake_port){.pirq = 104, .bound = true, .entry = 0};
    fake->ports[5] = (struct fake_port){.pirq = 105, .bound = true, .entry = 1};
    fake->prepared = 1;
    for (uint32_t i = 256; i < 512; i++) {
        fake->frame_used[i] = true;
    }
    fake_store_write(fake, "data/sriov/0000-01-10-0/ports/68", "68");
    fake_store_write(fake, "data/sriov/0000-01-10-0/ports/69", "69");
    fake_store_write(fake, "data/sriov/0000-01-10-0/ports/6a", "6a");
    fake_store_write(fake, "data/sriov/0000-01-10-0/ports/zz", "1");
    fake_store_write(fake, "data/sriov/0000-01-10-0/frames/10100", "100");
    tree_config_set(fake, 4, 2, 0x6);
    bed->fn = fake_open(bed->vmm);
    fake_store_write(fake, "data/sriov/0000-01-10-0/ports/zz", NULL);
    assert_non_null(strstr(fake->last_warning, "No isolation"));
    assert_int_equal(fake_frames_used(fake), 0);
    assert_int_equal(fake->prepared, 0);
    enable(bed, FAKE_IRQS);
    assert_int_equal(sriov_irq_attach(bed->fn, 1, hear, bed), 0);
    fake_message(fake, 1);
    arrives(bed, 1, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_on_and_off), CASE(test_callbacks), CASE(test_eventfd), CASE(test_mask),
        CASE(test_reset),      CASE(test_few_pirqs), CASE(test_killed),  CASE(test_reclaim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
