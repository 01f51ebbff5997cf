/* SPDX-License-Identifier: BSD-3-Clause */
/* Events by xenstore, and a timer where it says nothing. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BACK "/local/domain/0/backend/pci/3/0/"

struct bed {
    struct fake *fake;
    struct sriov_vmm *vmm;
    const struct sriov_vmm_ops *ops;
    void *raw;
    uint32_t seen[16];
    uint32_t num;
};

static void hear(void *arg, uint32_t event)
{
    struct bed *bed = arg;
    assert_true(bed->num < 16);
    bed->seen[bed->num++] = event;
}

static int start(void **state, struct fake *fake)
{
    const struct sriov_open_args args = {.size = sizeof(args), .name = FAKE_VF, .flags = SRIOV_OPEN_NOIOMMU};
    struct bed *bed = calloc(1, sizeof(*bed));
    const struct sriov_event_sink sink = {.size = sizeof(sink), .cb = hear, .arg = bed};
    bed->fake = fake;
    bed->vmm = fake_vmm(bed->fake);
    bed->ops = sriov_vmm_ops(bed->vmm);
    assert_int_equal(bed->ops->open(sriov_vmm_ctx(bed->vmm), &args, &bed->raw), 0);
    assert_int_equal(bed->ops->set_event_sink(bed->raw, &sink), 0);
    *state = bed;
    return 0;
}

static int up_domu(void **state)
{
    return start(state, fake_up_domu());
}

static int up_dom0(void **state)
{
    return start(state, fake_up());
}

static int down(void **state)
{
    struct bed *bed = *state;
    bed->ops->close(bed->raw);
    assert_int_equal(sriov_xen_destroy(bed->vmm), 0);
    fake_down(bed->fake);
    free(bed);
    return 0;
}

/* All that is under way, and nothing else. */
static void expect(struct bed *bed, uint32_t n, const uint32_t *events)
{
    for (int i = 0; i < 40; i++) {
        (void)sriov_vmm_wait(bed->vmm, 0);
    }
    assert_int_equal(bed->num, n);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(bed->seen[i], events[i]);
    }
    bed->num = 0;
}

#define EXPECT(bed, ...)                                                                                     \
    expect(bed, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), (const uint32_t[]){__VA_ARGS__})

static void test_quiet(void **state)
{
    struct bed *bed = *state;
    expect(bed, 0, NULL);                             /* what each new watch begins with is no news */
    fake_store_write(bed->fake, BACK "state-0", "5"); /* another function */
    fake_store_write(bed->fake, "control/shutdown", "poweroff");
    expect(bed, 0, NULL);
}

static void test_detach(void **state)
{
    struct bed *bed = *state;
    expect(bed, 0, NULL);
    fake_store_write(bed->fake, BACK "state-1", "5");
    EXPECT(bed, SRIOV_EVENT_REMOVE_ASKED);
    fake_store_write(bed->fake, BACK "state-1", "6"); /* asked once */
    expect(bed, 0, NULL);
    tree_drop(bed->fake, "sys/bus/pci/devices/" FAKE_VF "/vendor");
    fake_store_write(bed->fake, "device/pci/0/state", "4");
    EXPECT(bed, SRIOV_EVENT_REMOVED);
    fake_store_write(bed->fake, "device/pci/0/state", "7");
    expect(bed, 0, NULL);
}

static void settle(struct bed *bed)
{
    for (int i = 0; i < 40; i++) {
        (void)sriov_vmm_wait(bed->vmm, 0);
    }
}

/* Saved and restored, twice: the watches that the kernel sets again say that the domain runs. */
static void test_restored(void **state)
{
    struct bed *bed = *state;
    expect(bed, 0, NULL);
    for (int i = 0; i < 2; i++) {
        fake_store_write(bed->fake, "control/shutdown", "suspend");
        fake_store_write(bed->fake, "control/shutdown", "");
        EXPECT(bed, SRIOV_EVENT_SUSPEND);
        fake_store_again(bed->fake);
        EXPECT(bed, SRIOV_EVENT_RESUME);
        fake_timer_ends(bed->fake); /* told already */
        expect(bed, 0, NULL);
    }
}

/* The kernel was quicker: only an empty node is seen; and it sets the watches in the other order. */
static void test_restored_unseen(void **state)
{
    struct bed *bed = *state;
    const struct fake_firing shutdown = {.path = "control/shutdown", .token = "shutdown"};
    settle(bed);
    fake_store_write(bed->fake, "control/shutdown", "");
    fake_store_write(bed->fake, "control/shutdown", "");
    EXPECT(bed, SRIOV_EVENT_SUSPEND);
    fake_store_write(bed->fake, "domid", "9");
    EXPECT(bed, SRIOV_EVENT_RESUME);
    fake_store_write(bed->fake, shutdown.path, "");
    expect(bed, 0, NULL);
    fake_store_write(bed->fake, shutdown.path, "");
    EXPECT(bed, SRIOV_EVENT_SUSPEND);
}

/* A checkpoint: no watch fires, but the process runs on. */
static void test_goes_on(void **state)
{
    struct bed *bed = *state;
    settle(bed);
    fake_timer_ends(bed->fake); /* of an earlier life */
    expect(bed, 0, NULL);
    for (int i = 0; i < 2; i++) {
        fake_store_write(bed->fake, "control/shutdown", "suspend");
        fake_store_write(bed->fake, "control/shutdown", "");
        EXPECT(bed, SRIOV_EVENT_SUSPEND);
        assert_true(bed->fake->timer_ns > UINT64_C(20000000000));
        fake_timer_ends(bed->fake);
        EXPECT(bed, SRIOV_EVENT_RESUME);
    }
}

static void test_sink(void **state)
{
    struct bed *bed = *state;
    const struct sriov_event_sink bad = {.size = sizeof(bad)};
    assert_int_equal(bed->ops->set_event_sink(bed->raw, &bad), -EINVAL);
    assert_int_equal(bed->ops->set_event_sink(bed->raw, NULL), 0);
    fake_store_write(bed->fake, BACK "state-1", "5");
    expect(bed, 0, NULL);
}

static void test_given_away(void **state)
{
    struct bed *bed = *state;
    expect(bed, 0, NULL);
    fake_store_write(bed->fake, "backend/pci/2/0/dev-0", FAKE_VF2);
    fake_store_write(bed->fake, "backend/pci/2/0/opts-1", FAKE_VF);
    expect(bed, 0, NULL);
    fake_store_write(bed->fake, "backend/pci/2/0/dev-1", FAKE_VF);
    EXPECT(bed, SRIOV_EVENT_REMOVE_ASKED);
}

#define DOMU(test) cmocka_unit_test_setup_teardown(test, up_domu, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOMU(test_quiet),
        DOMU(test_detach),
        DOMU(test_restored),
        DOMU(test_restored_unseen),
        DOMU(test_goes_on),
        DOMU(test_sink),
        cmocka_unit_test_setup_teardown(test_given_away, up_dom0, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
