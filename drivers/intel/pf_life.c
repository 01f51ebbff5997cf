/* SPDX-License-Identifier: BSD-3-Clause */
/* Life of a PF: attach, VFs on and off, down and up, reset, poll. */
#include "intel/pf_engine.h"

#include <errno.h>

/* Rounds that one entry may do for interrupts that came meanwhile; the rest waits for a poll. */
#define AGAIN_MAX 4u

bool sri_pf_enter(struct sri_pf *p)
{
    if (atomic_exchange(&p->busy, true)) {
        atomic_store(&p->again, true);
        return false;
    }
    return true;
}

void sri_pf_leave(struct sri_pf *p)
{
    for (uint32_t i = 0; i < AGAIN_MAX && atomic_exchange(&p->again, false); i++) {
        (void)sri_pf_serve(p);
    }
    atomic_store(&p->busy, false);
}

static void on_interrupt(void *arg, uint32_t vector)
{
    struct sri_pf *p = arg;

    (void)vector;
    if (sri_pf_enter(p)) {
        (void)sri_pf_serve(p);
        sri_pf_leave(p);
    }
}

/* Interrupts only make answers quicker: without a vector all is done by sriov_pf_poll. */
static void interrupts_open(struct sri_pf *p)
{
    struct sriov_fn *fn = p->pf->fn;
    uint32_t got = 0;

    if (sriov_irq_count(fn) == 0 || sriov_irq_enable(fn, 1, 1, &got) != 0) {
        return;
    }
    if (sriov_irq_attach(fn, 0, on_interrupt, p) != 0) {
        (void)sriov_irq_disable(fn);
        return;
    }
    p->interrupts = true;
}

static void interrupts_close(struct sri_pf *p)
{
    if (p->interrupts) {
        p->interrupts = false;
        (void)sriov_irq_detach(p->pf->fn, 0);
        (void)sriov_irq_disable(p->pf->fn);
    }
}

static void link_down(struct sri_pf *p)
{
    p->pf->link = (struct sriov_link){false, 0};
}

/* From whatever state into service, with the VFs and the policy that the shadows hold. */
static int bring_up(struct sri_pf *p)
{
    int rc;

    p->serving = false;
    link_down(p);
    rc = p->dev->reset(p);
    if (rc != 0) {
        return rc;
    }
    rc = p->dev->start(p);
    if (rc != 0) {
        return rc;
    }
    sri_pf_vf_restore_all(p);
    sri_pf_mbx_clear(p);
    p->dev->pools(p);
    sri_pf_guard_restore(p);
    if (p->interrupts) {
        p->dev->irq_on(p);
    }
    p->serving = true;
    p->dev->announce(p);
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        sri_pf_tell(p, vf);
    }
    return sriov_fn_gone(p->pf->fn) ? -ENODEV : 0;
}

/* The last word to the VFs, then no traffic and no answers. */
static void take_down(struct sri_pf *p)
{
    sri_pf_count_all(p);
    for (uint16_t vf = 0; vf < p->num_vfs && p->serving; vf++) {
        sri_pf_vf_dismiss(p, vf);
        p->vf[vf].tell = false;
        p->dev->put_traffic(p, vf, false);
    }
    p->serving = false;
    link_down(p);
}

static int lie_still(struct sri_pf *p)
{
    const int rc = p->dev->reset(p);

    if (rc == 0) {
        p->dev->quiet(p);
    }
    return rc;
}

static int check_opts(struct sri_pf *p)
{
    const uint16_t want = p->pf->opts.max_frame;

    if (p->pf->opts.max_api != 0 && p->pf->opts.max_api < SRI_PF_API_1_0) {
        return -EINVAL;
    }
    if (want == 0) {
        p->max_frame = SRI_PF_FRAME_MAX;
        return 0;
    }
    if (want < SRI_PF_FRAME_STD || want > SRI_PF_FRAME_MAX) {
        return -EINVAL;
    }
    p->max_frame = want;
    return 0;
}

int sri_pf_attach(struct sriov_pf *pf, const struct sri_pf_dev *dev)
{
    struct sri_pf *p = pf->priv;
    int rc;

    p->pf = pf;
    p->dev = dev;
    rc = check_opts(p);
    if (rc != 0) {
        return rc;
    }
    rc = sriov_bar_open(pf->fn, 0, dev->bar_length, &p->bar);
    if (rc != 0) {
        return rc;
    }
    (void)sri_pf_enter(p);
    interrupts_open(p);
    rc = bring_up(p);
    sri_pf_leave(p);
    if (rc != 0) {
        interrupts_close(p);
        sriov_bar_close(&p->bar);
        return rc;
    }
    p->attached = true;
    return 0;
}

void sri_pf_detach(struct sriov_pf *pf)
{
    struct sri_pf *p = pf->priv;

    if (!p->attached) {
        return;
    }
    p->attached = false;
    (void)sri_pf_enter(p);
    take_down(p);
    interrupts_close(p);
    if (!sriov_fn_gone(pf->fn)) {
        (void)lie_still(p);
    }
    sri_pf_leave(p);
    sriov_bar_close(&p->bar);
}

/* VFs that cease to be leave nothing in the tables. */
static void forget_vfs(struct sri_pf *p)
{
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        sri_pf_vf_forget(p, vf);
    }
}

int sri_pf_vfs_prepare(struct sriov_pf *pf, uint16_t n)
{
    struct sri_pf *p = pf->priv;

    if (n > p->dev->max_vfs) {
        return -EINVAL;
    }
    (void)sri_pf_enter(p);
    forget_vfs(p);
    p->num_vfs = n;
    for (uint16_t vf = 0; vf < n; vf++) {
        sri_pf_vf_init(p, vf);
    }
    sri_pf_rar_own(p);
    sri_pf_mbx_clear(p);
    if (p->serving) {
        p->dev->pools(p);
        sri_pf_guard_restore(p);
    }
    sri_pf_leave(p);
    return sriov_fn_gone(pf->fn) ? -ENODEV : 0;
}

int sri_pf_vfs_ready(struct sriov_pf *pf, uint16_t n)
{
    struct sri_pf *p = pf->priv;

    (void)sri_pf_enter(p);
    if (n != 0 && p->serving) {
        p->dev->announce(p);
    }
    /* Before VF Enable goes away: nothing of the VFs is under way then. */
    for (uint16_t vf = 0; vf < p->num_vfs && n == 0; vf++) {
        p->dev->put_traffic(p, vf, false);
    }
    sri_pf_leave(p);
    return 0;
}

uint32_t sri_pf_poll(struct sriov_pf *pf)
{
    struct sri_pf *p = pf->priv;
    uint32_t served = 0;

    if (sri_pf_enter(p)) {
        (void)sri_pf_serve(p);
        served = p->served;
        p->served = 0;
        sri_pf_leave(p);
    }
    sri_pf_guard_deliver(p);
    return served;
}

int sri_pf_set_up(struct sriov_pf *pf, bool up)
{
    struct sri_pf *p = pf->priv;
    int rc;

    (void)sri_pf_enter(p);
    if (up) {
        rc = p->serving ? 0 : bring_up(p);
    } else {
        take_down(p);
        rc = lie_still(p);
    }
    sri_pf_leave(p);
    return rc;
}

int sri_pf_reset(struct sriov_pf *pf)
{
    struct sri_pf *p = pf->priv;
    const bool serving = p->serving;
    int rc;

    (void)sri_pf_enter(p);
    take_down(p);
    p->resets++;
    rc = serving ? bring_up(p) : lie_still(p);
    sri_pf_leave(p);
    return rc;
}
