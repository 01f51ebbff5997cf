/* SPDX-License-Identifier: BSD-3-Clause */
#include "pf_fake.h"

#include <sriov/drivers.h>
#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SPACE 0x80000u

struct layout {
    uint32_t ctrl, mem, icr, per, vflre[2], vflrec[2], vfs;
};

static const struct layout layouts[] = {
    [FAKE_82599] = {IXGBE_PFMAILBOX(0),
                    IXGBE_PFMBMEM(0),
                    IXGBE_PFMBICR(0),
                    16,
                    {IXGBE_PFVFLRE(0), IXGBE_PFVFLRE(1)},
                    {IXGBE_PFVFLREC(0), IXGBE_PFVFLREC(1)},
                    64},
    [FAKE_82576] = {IGB_P2VMAILBOX(0), IGB_VMBMEM(0), IGB_MBVFICR, 8, {IGB_VFLRE, 0}, {IGB_VFLRE, 0}, 8},
};

struct mailbox {
    bool vfu, pfu, rung, late;
};

static struct {
    enum fake_chip chip;
    uint32_t regs[SPACE / 4u];
    struct mailbox mbx[64];
    uint64_t now;
    uint32_t lock_faults;
    bool announced;
    bool dead;
    uint64_t accesses;
    char log[256];
    struct sriov_pf pf;
    const struct sriov_driver *driver;
} fake;

static const struct layout *layout(void)
{
    return &layouts[fake.chip];
}

uint32_t fake_reg(uint32_t off)
{
    return fake.regs[off / 4u];
}

void fake_reg_set(uint32_t off, uint32_t value)
{
    fake.regs[off / 4u] = value;
}

/* ---- the device ---- */

static void power_on(void)
{
    memset(fake.regs, 0, sizeof(fake.regs));
    memset(fake.mbx, 0, sizeof(fake.mbx));
    fake.announced = false;
    if (fake.chip == FAKE_82599) {
        fake_reg_set(IXGBE_EEC, IXGBE_EEC_AUTO_RD);
        fake_reg_set(IXGBE_RDRXCTL, IXGBE_RDRXCTL_DMAIDONE);
        fake_reg_set(IXGBE_SECRXSTAT, IXGBE_SECRXSTAT_SECRX_RDY);
        fake_reg_set(IXGBE_RAL(0), 0xbb000002u);
        fake_reg_set(IXGBE_RAH(0), IXGBE_RAH_AV | 0x0100u);
        fake_reg_set(IXGBE_LINKS, IXGBE_LINKS_UP | IXGBE_LINKS_SPEED_10G);
        return;
    }
    fake_reg_set(IGB_EECD, IGB_EECD_AUTO_RD);
    fake_reg_set(IGB_RAL(0), 0xbb000002u);
    fake_reg_set(IGB_RAH(0), IGB_RAH_AV | 0x0100u);
    fake_reg_set(IGB_STATUS, IGB_STATUS_LU | IGB_STATUS_SPEED_1000);
    fake_reg_set(IGB_VFRE, 0xff);
    fake_reg_set(IGB_VFTE, 0xff);
}

static bool in_range(uint32_t off, uint32_t base, uint32_t bytes)
{
    return off >= base && off - base < bytes;
}

static void write_mailbox(uint32_t vf, uint32_t value)
{
    struct mailbox *m = &fake.mbx[vf];

    if ((value & IXGBE_PFMAILBOX_STS) != 0) {
        m->rung = true;
        fake.lock_faults += m->pfu ? 0 : 1;
    }
    if ((value & IXGBE_PFMAILBOX_PFU) == 0) {
        m->pfu = false;
    } else if (!m->vfu) {
        m->pfu = true;
    }
}

static bool write_mailbox_block(uint32_t off, uint32_t value)
{
    const struct layout *l = layout();

    if (in_range(off, l->ctrl, 4u * l->vfs)) {
        write_mailbox((off - l->ctrl) / 4u, value);
        return true;
    }
    if (in_range(off, l->mem, 64u * l->vfs)) {
        fake.lock_faults += fake.mbx[(off - l->mem) / 64u].pfu ? 0 : 1;
        return false;
    }
    if (in_range(off, l->icr, 4u * l->vfs / l->per)) {
        fake.regs[off / 4u] &= ~value;
        return true;
    }
    for (uint32_t i = 0; i < 2 && l->vflre[i] != 0; i++) {
        if (off == l->vflrec[i]) {
            fake.regs[l->vflre[i] / 4u] &= ~value;
            return true;
        }
    }
    return false;
}

static bool write_special(uint32_t off, uint32_t value)
{
    if (off == IXGBE_CTRL && (value & IXGBE_CTRL_RST) != 0) {
        power_on();
        return true;
    }
    if (off == IXGBE_CTRL_EXT && (value & IXGBE_CTRL_EXT_PFRSTD) != 0) {
        fake.announced = true;
    }
    if (fake.chip == FAKE_82576 && off == IGB_MDIC) {
        fake_reg_set(off, value | IGB_MDIC_READY);
        return true;
    }
    return false;
}

uint32_t sriov_bar_read32(const struct sriov_bar *bar, uint64_t off)
{
    const struct layout *l = layout();

    (void)bar;
    assert_true(off % 4u == 0 && off < SPACE);
    fake.accesses++;
    if (fake.dead) {
        return UINT32_MAX;
    }
    if (in_range((uint32_t)off, l->ctrl, 4u * l->vfs)) {
        const uint16_t vf = (uint16_t)((off - l->ctrl) / 4u);
        struct mailbox *m = &fake.mbx[vf];

        if (m->late) {
            m->late = false;
            fake_vf_was_reset(vf);
        }
        return (m->vfu ? IXGBE_PFMAILBOX_VFU : 0) | (m->pfu ? IXGBE_PFMAILBOX_PFU : 0);
    }
    if (in_range((uint32_t)off, l->mem, 64u * l->vfs)) {
        fake.lock_faults += fake.mbx[(off - l->mem) / 64u].pfu ? 0 : 1;
    }
    return fake_reg((uint32_t)off);
}

void sriov_bar_write32(const struct sriov_bar *bar, uint64_t off, uint32_t value)
{
    (void)bar;
    assert_true(off % 4u == 0 && off < SPACE);
    fake.accesses++;
    if (fake.dead || write_mailbox_block((uint32_t)off, value) || write_special((uint32_t)off, value)) {
        return;
    }
    fake_reg_set((uint32_t)off, value);
}

/* ---- the core ---- */

int sriov_bar_open(struct sriov_fn *fn, uint32_t index, uint64_t need, struct sriov_bar *bar)
{
    (void)index;
    memset(bar, 0, sizeof(*bar));
    bar->fn = fn;
    bar->length = need;
    return 0;
}

void sriov_bar_close(struct sriov_bar *bar)
{
    memset(bar, 0, sizeof(*bar));
}

enum sriov_fn_state sriov_fn_state(const struct sriov_fn *fn)
{
    (void)fn;
    return SRIOV_FN_STARTED;
}

const struct sriov_fn_info *sriov_fn_info(const struct sriov_fn *fn)
{
    static const struct sriov_fn_info info = {.name = "fake"};

    (void)fn;
    return &info;
}

struct sriov_vmm *sriov_fn_vmm(const struct sriov_fn *fn)
{
    (void)fn;
    return NULL;
}

void sriov_log(struct sriov_vmm *vmm, enum sriov_log_level level, const char *fmt, ...)
{
    va_list ap;

    (void)vmm;
    (void)level;
    va_start(ap, fmt);
    (void)vsnprintf(fake.log, sizeof(fake.log), fmt, ap);
    va_end(ap);
}

const char *sriov_pf_reason_name(enum sriov_pf_reason reason)
{
    static const char *const names[] = {"none", "flood", "bad", "spoof", "desc", "resets", "host"};

    assert_true((uint32_t)reason < sizeof(names) / sizeof(names[0]));
    return names[reason];
}

size_t sriov_format(char *out, size_t room, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(out, room, fmt, ap);
    va_end(ap);
    return n < 0 ? 0 : (size_t)n;
}

uint64_t sriov_fn_now(struct sriov_fn *fn)
{
    (void)fn;
    return fake.now;
}

void sriov_fn_sleep(struct sriov_fn *fn, uint64_t ns)
{
    (void)fn;
    fake.now += ns;
}

int sriov_fn_wait_until(struct sriov_fn *fn, int (*done)(void *arg), void *arg, uint64_t timeout_ns,
                        uint64_t step_ns)
{
    const uint64_t end = fake.now + timeout_ns;

    (void)fn;
    for (;;) {
        const int rc = done(arg);

        if (rc != 0) {
            return rc;
        }
        if (fake.now >= end) {
            return -ETIMEDOUT;
        }
        fake.now += step_ns != 0 ? step_ns : 1;
    }
}

uint32_t sriov_irq_count(struct sriov_fn *fn)
{
    (void)fn;
    return 0;
}

int sriov_irq_enable(struct sriov_fn *fn, uint32_t want, uint32_t least, uint32_t *got)
{
    (void)fn;
    (void)want;
    (void)least;
    *got = 0;
    return -ENOSPC;
}

int sriov_irq_disable(struct sriov_fn *fn)
{
    (void)fn;
    return 0;
}

int sriov_irq_attach(struct sriov_fn *fn, uint32_t vector, void (*cb)(void *arg, uint32_t vector), void *arg)
{
    (void)fn;
    (void)vector;
    (void)cb;
    (void)arg;
    return -ENOSPC;
}

int sriov_irq_detach(struct sriov_fn *fn, uint32_t vector)
{
    (void)fn;
    (void)vector;
    return 0;
}

/* ---- the test's handles ---- */

const struct sriov_pf_ops *fake_ops(void)
{
    return fake.driver->pf;
}

struct sriov_pf *fake_open(const struct fake_opts *opts)
{
    memset(&fake, 0, sizeof(fake));
    fake.chip = opts->chip;
    fake.driver = opts->chip == FAKE_82599 ? &ixgbe_driver : &igb_driver;
    power_on();
    fake.pf.driver = fake.driver;
    fake.pf.priv = calloc(1, fake.driver->priv_size);
    assert_true(fake.pf.priv != NULL);
    fake.pf.opts = opts->pf;
    fake.pf.up = true;
    if (fake_ops()->attach(&fake.pf) != 0) {
        free(fake.pf.priv);
        return NULL;
    }
    if (fake_ops()->vfs_prepare(&fake.pf, opts->vfs) != 0 ||
        fake_ops()->vfs_ready(&fake.pf, opts->vfs) != 0) {
        fake_close();
        return NULL;
    }
    fake.pf.num_vfs = opts->vfs;
    (void)fake_ops()->poll(&fake.pf);
    for (uint16_t vf = 0; vf < opts->vfs; vf++) {
        uint32_t words[INTEL_MBX_WORDS];

        (void)fake_take_reply(vf, words);
    }
    return &fake.pf;
}

void fake_close(void)
{
    fake_ops()->detach(&fake.pf);
    free(fake.pf.priv);
    fake.pf.priv = NULL;
}

void fake_advance(uint64_t ns)
{
    fake.now += ns;
}

void fake_dead(bool dead)
{
    fake.dead = dead;
}

bool fake_announced(void)
{
    return fake.announced;
}

uint64_t fake_accesses(void)
{
    return fake.accesses;
}

const char *fake_log(void)
{
    return fake.log;
}

uint32_t fake_lock_faults(void)
{
    return fake.lock_faults;
}

static void ring_icr(uint16_t vf, uint32_t shift)
{
    const struct layout *l = layout();

    fake.regs[(l->icr + 4u * (vf / l->per)) / 4u] |= UINT32_C(1) << (vf % l->per + shift);
}

void fake_ring(uint16_t vf, const uint32_t *words, uint32_t n)
{
    const uint32_t base = layout()->mem / 4u + INTEL_MBX_WORDS * vf;

    memcpy(&fake.regs[base], words, 4u * n);
    ring_icr(vf, 0);
}

void fake_hold_lock(uint16_t vf, bool on)
{
    fake.mbx[vf].vfu = on && !fake.mbx[vf].pfu;
}

void fake_vf_was_reset(uint16_t vf)
{
    fake.regs[layout()->vflre[vf / 32u] / 4u] |= UINT32_C(1) << (vf % 32u);
}

void fake_vf_resets_late(uint16_t vf)
{
    fake.mbx[vf].late = true;
}

bool fake_rung(uint16_t vf)
{
    return fake.mbx[vf].rung;
}

bool fake_take_reply(uint16_t vf, uint32_t words[INTEL_MBX_WORDS])
{
    const uint32_t base = layout()->mem / 4u + INTEL_MBX_WORDS * vf;

    if (!fake.mbx[vf].rung) {
        return false;
    }
    memcpy(words, &fake.regs[base], 4u * INTEL_MBX_WORDS);
    fake.mbx[vf].rung = false;
    ring_icr(vf, 16);
    return true;
}

uint32_t fake_ask(uint16_t vf, uint32_t *words, uint32_t n)
{
    uint32_t reply[INTEL_MBX_WORDS];

    fake_ring(vf, words, n);
    (void)fake_ops()->poll(&fake.pf);
    if (!fake_take_reply(vf, reply)) {
        return 0;
    }
    memcpy(words, reply, 4u * n);
    return reply[0];
}

uint32_t fake_wire_api(uint32_t api)
{
    return api == 0x0100 ? IXGBE_MBX_API_1_0 : (api & 0xffu) + 1u;
}

void fake_greet(uint16_t vf, uint32_t api)
{
    uint32_t reset[4] = {INTEL_MBX_VF_RESET};
    uint32_t negotiate[3] = {IXGBE_MBX_VF_API_NEGOTIATE, fake_wire_api(api)};
    uint32_t header = fake_ask(vf, reset, 4);

    assert_true(header == (INTEL_MBX_VF_RESET | INTEL_MBX_ACK) ||
                header == (INTEL_MBX_VF_RESET | INTEL_MBX_NACK));
    if (fake.chip == FAKE_82599 && api != 0x0100) {
        header = fake_ask(vf, negotiate, 3);
        assert_true(header == (IXGBE_MBX_VF_API_NEGOTIATE | INTEL_MBX_ACK | INTEL_MBX_CTS));
    }
}
