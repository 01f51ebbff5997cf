/* SPDX-License-Identifier: BSD-3-Clause */
#include "pf_guard_stand.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void on_event(void *arg, const struct sriov_pf_event *event)
{
    struct stand *s = arg;

    assert_int_equal(event->size, sizeof(*event));
    assert_true(s->n < KEPT);
    s->events[s->n++] = *event;
    if (s->readmits && event->kind == SRIOV_PF_EVENT_VF_SHUT) {
        assert_int_equal(fake_ops()->readmit_vf(s->pf, event->vf), 0);
    }
}

void open_stand(struct stand *s, enum fake_chip chip)
{
    const struct fake_opts opts = {.chip = chip, .vfs = VFS};

    memset(s, 0, sizeof(*s));
    s->chip = chip;
    s->pf = fake_open(&opts);
    assert_non_null(s->pf);
    assert_int_equal(fake_ops()->set_event_sink(s->pf, on_event, s), 0);
    fake_greet(BAD, 0x0100);
    fake_greet(GOOD, 0x0100);
}

void close_stand(struct stand *s)
{
    assert_int_equal(fake_lock_faults(), 0);
    assert_int_equal(fake_ops()->set_event_sink(s->pf, NULL, NULL), 0);
    fake_close();
}

struct sriov_pf_vf_info info_of(struct stand *s, uint16_t vf)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    assert_int_equal(fake_ops()->get_vf(s->pf, vf, &info), 0);
    return info;
}

bool has_traffic(const struct stand *s, uint16_t vf)
{
    const uint32_t rx = fake_reg(s->chip == FAKE_82599 ? IXGBE_PFVFRE(0) : IGB_VFRE);
    const uint32_t tx = fake_reg(s->chip == FAKE_82599 ? IXGBE_PFVFTE(0) : IGB_VFTE);

    assert_int_equal(rx, tx);
    return (rx >> vf & 1u) != 0;
}

bool interrupts(const struct stand *s, uint16_t vf)
{
    return (fake_reg(s->chip == FAKE_82599 ? IXGBE_PFMBIMR(0) : IGB_MBVFIMR) >> vf & 1u) != 0;
}

void expect_event(const struct stand *s, uint32_t i, enum sriov_pf_event_kind kind,
                  enum sriov_pf_reason reason, uint64_t count)
{
    assert_true(i < s->n);
    assert_int_equal(s->events[i].kind, kind);
    assert_int_equal(s->events[i].reason, reason);
    assert_int_equal(s->events[i].vf, BAD);
    assert_int_equal(s->events[i].count, count);
}

bool asks(uint16_t vf)
{
    uint32_t lpe[2] = {INTEL_MBX_VF_SET_LPE, 1518};

    return fake_ask(vf, lpe, 2) == (INTEL_MBX_VF_SET_LPE | INTEL_MBX_ACK | INTEL_MBX_CTS);
}

void check_shut(struct stand *s)
{
    assert_true(info_of(s, BAD).shut);
    assert_false(info_of(s, BAD).limited);
    assert_false(info_of(s, BAD).ready);
    assert_false(has_traffic(s, BAD));
    assert_false(interrupts(s, BAD));
    assert_false(asks(BAD));
    assert_false(fake_rung(BAD));
    assert_true(has_traffic(s, GOOD));
    assert_true(interrupts(s, GOOD));
    assert_true(asks(GOOD));
    assert_false(info_of(s, GOOD).limited);
}
