/* SPDX-License-Identifier: BSD-3-Clause */
/* Hot-add, and hot-remove with the guest's consent or without. */
#include "vm_bed.h"

#include <errno.h>

static bool can_hotplug(struct vm_bed *bed)
{
    struct sriov_vm_info info = {.size = sizeof(info)};
    return bed->stage->consent != NULL && sriov_vm_info(bed->guest.vm, &info) == 0 &&
           (info.caps & SRIOV_VM_CAP_HOTPLUG) != 0;
}

#define NEED_HOTPLUG(c, bed)                                                                                 \
    do {                                                                                                     \
        if (!can_hotplug(bed)) {                                                                             \
            return conform_cannot((c), "nobody tells this guest of devices that come and go");               \
        }                                                                                                    \
    } while (0)

static uint64_t machine_now(struct vm_bed *bed)
{
    return sriov_vmm_now(sriov_vm_vmm(bed->guest.vm));
}

static enum conform_verdict plugged_later(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_assign_opts opts = vm_opts(bed, 6);
    opts.flags = SRIOV_ASSIGN_UNPLUGGED;
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    CHECK(c, vm_is_absent(bed, 6));
    RETURNS(c, sriov_vm_plug(seat->assign), 0);
    CHECK(c, !vm_is_absent(bed, 6));
    RETURNS(c, vm_boot(bed, seat), 0);
    CHECK(c, vm_reg(bed, seat, 8) != UINT32_MAX);
    return CONFORM_PASS;
}

static enum conform_verdict never_plugged(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_assign_opts opts = vm_opts(bed, 6);
    opts.flags = SRIOV_ASSIGN_UNPLUGGED;
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    vm_release(seat);
    CHECK(c, sriov_fn_state(seat->fn) == SRIOV_FN_DETACHED);
    return CONFORM_PASS;
}

static enum conform_verdict guest_is_told(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_HOTPLUG(c, bed);
    uint32_t before = bed->stage->told(&bed->guest, 3, false);
    RETURNS(c, vm_ready(bed, &seat), 0);
    CHECK(c, bed->stage->told(&bed->guest, 3, false) == before + 1);
    CHECK(c, bed->stage->told(&bed->guest, 3, true) == 0);
    return CONFORM_PASS;
}

static enum conform_verdict with_consent(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_HOTPLUG(c, bed);
    bed->stage->consent(&bed->guest, CONFORM_CONSENT_AT_ONCE, 0);
    for (uint32_t i = 1; i <= 3; i++) {
        RETURNS(c, vm_ready(bed, &seat), 0);
        RETURNS(c, sriov_vm_remove(seat->assign, 1000 * VM_MS), 0);
        seat->assign = NULL;
        CHECK(c, bed->stage->told(&bed->guest, 3, true) == i);
        CHECK(c, vm_is_absent(bed, 3) && vm_rd(bed, seat->bar[0] + 8, 4) == UINT32_MAX);
        CHECK(c, sriov_fn_state(seat->fn) == SRIOV_FN_DETACHED);
        RETURNS(c, vm_close(seat), 0);
    }
    return CONFORM_PASS;
}

static enum conform_verdict consent_takes_its_time(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_HOTPLUG(c, bed);
    bed->stage->consent(&bed->guest, CONFORM_CONSENT_LATER, 20 * VM_MS);
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint64_t begin = machine_now(bed);
    RETURNS(c, sriov_vm_remove(seat->assign, 30000 * VM_MS), 0);
    uint64_t took = machine_now(bed) - begin;
    seat->assign = NULL;
    CHECK(c, took >= 20 * VM_MS && took < 30000 * VM_MS);
    CHECK(c, vm_is_absent(bed, 3));
    return CONFORM_PASS;
}

static enum conform_verdict without_consent(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_HOTPLUG(c, bed);
    bed->stage->consent(&bed->guest, CONFORM_CONSENT_NEVER, 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix_up(bed, seat);
    uint64_t begin = machine_now(bed);
    RETURNS(c, sriov_vm_remove(seat->assign, 30 * VM_MS), -ETIMEDOUT);
    uint64_t took = machine_now(bed) - begin;
    seat->assign = NULL;
    CHECK(c, took >= 30 * VM_MS);
    CHECK(c, vm_is_absent(bed, 3) && vm_rd(bed, seat->bar[0] + 8, 4) == UINT32_MAX);
    CHECK(c, sriov_fn_state(seat->fn) == SRIOV_FN_DETACHED);
    return CONFORM_PASS;
}

/* Polls until an event came, or for as long as two deadlines. */
static uint32_t poll_for(struct vm_bed *bed, enum sriov_assign_event event, uint64_t ns)
{
    for (int i = 0; i < 40 && bed->events[event] == 0; i++) {
        vm_pass(bed, ns / 20);
        (void)sriov_vm_poll(bed->guest.vm);
    }
    return bed->events[event];
}

static enum conform_verdict asked_and_told(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_HOTPLUG(c, bed);
    bed->stage->consent(&bed->guest, CONFORM_CONSENT_LATER, 5 * VM_MS);
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, sriov_vm_remove_ask(seat->assign, 1000 * VM_MS), 0);
    CHECK(c, bed->events[SRIOV_ASSIGN_RELEASED] == 0);
    CHECK(c, vm_reg(bed, seat, 8) != UINT32_MAX); /* the guest has it still */
    RETURNS(c, poll_for(bed, SRIOV_ASSIGN_RELEASED, 100 * VM_MS), 1);
    CHECK(c, vm_is_absent(bed, 3) && bed->events[SRIOV_ASSIGN_FORCED] == 0);
    vm_release(seat);
    CHECK(c, sriov_fn_state(seat->fn) == SRIOV_FN_DETACHED);
    return CONFORM_PASS;
}

static enum conform_verdict asked_and_forced(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_HOTPLUG(c, bed);
    bed->stage->consent(&bed->guest, CONFORM_CONSENT_NEVER, 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint64_t begin = machine_now(bed);
    RETURNS(c, sriov_vm_remove_ask(seat->assign, 40 * VM_MS), 0);
    (void)sriov_vm_poll(bed->guest.vm);
    CHECK(c, bed->events[SRIOV_ASSIGN_FORCED] == 0);
    RETURNS(c, poll_for(bed, SRIOV_ASSIGN_FORCED, 100 * VM_MS), 1);
    CHECK(c, machine_now(bed) - begin >= 40 * VM_MS);
    CHECK(c, vm_is_absent(bed, 3) && bed->events[SRIOV_ASSIGN_RELEASED] == 0);
    vm_release(seat);
    CHECK(c, sriov_fn_state(seat->fn) == SRIOV_FN_DETACHED);
    return CONFORM_PASS;
}

/* Released by the host while the guest makes up its mind. */
static enum conform_verdict asked_and_released(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_HOTPLUG(c, bed);
    bed->stage->consent(&bed->guest, CONFORM_CONSENT_LATER, 10 * VM_MS);
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, sriov_vm_remove_ask(seat->assign, 1000 * VM_MS), 0);
    vm_release(seat);
    vm_pass(bed, 40 * VM_MS); /* its answer comes to nobody */
    (void)sriov_vm_poll(bed->guest.vm);
    CHECK(c, bed->events[SRIOV_ASSIGN_RELEASED] == 0 && vm_is_absent(bed, 3));
    return CONFORM_PASS;
}

static enum conform_verdict vanishes_meanwhile(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_HOTPLUG(c, bed);
    bed->stage->consent(&bed->guest, CONFORM_CONSENT_NEVER, 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, sriov_vm_remove_ask(seat->assign, 30 * VM_MS), 0);
    RETURNS(c, sriov_mock_remove(bed->mock, sriov_fn_info(seat->fn)->name, false, 0), 0);
    RETURNS(c, poll_for(bed, SRIOV_ASSIGN_GONE, 100 * VM_MS), 1);
    vm_release(seat);
    CHECK(c, vm_is_absent(bed, 3));
    return CONFORM_PASS;
}

static enum conform_verdict cannot_ask(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint32_t want = vm_reg(bed, seat, 8);
    RETURNS(c, sriov_vm_remove(seat->assign, VM_MS), -EOPNOTSUPP);
    CHECK(c, !vm_is_absent(bed, 3) && vm_reg(bed, seat, 8) == want); /* nothing is changed */
    RETURNS(c, sriov_vm_remove_ask(seat->assign, VM_MS), -EOPNOTSUPP);
    vm_pass(bed, 5 * VM_MS);
    (void)sriov_vm_poll(bed->guest.vm);
    CHECK(c, !vm_is_absent(bed, 3) && vm_reg(bed, seat, 8) == want);
    return CONFORM_PASS;
}

const struct vm_case vm_plug_cases[] = {
    {"plug.later", plugged_later, VM_ANY, {0}},
    {"plug.never", never_plugged, VM_ANY, {0}},
    {"plug.guest-is-told", guest_is_told, VM_TOY, {0}},
    {"remove.with-consent", with_consent, VM_ANY, {0}},
    {"remove.consent-takes-its-time", consent_takes_its_time, VM_TOY, {0}},
    {"remove.without-consent", without_consent, VM_ANY, {0}},
    {"remove.asked-and-told", asked_and_told, VM_TOY, {0}},
    {"remove.asked-and-forced", asked_and_forced, VM_TOY, {0}},
    {"remove.asked-and-released", asked_and_released, VM_TOY, {0}},
    {"remove.vanishes-meanwhile", vanishes_meanwhile, VM_TOY, {0}},
    {"remove.cannot-ask", cannot_ask, VM_TOY, {.caps_out = SRIOV_VM_CAP_HOTPLUG}},
    {NULL, NULL, VM_ANY, {0}},
};
