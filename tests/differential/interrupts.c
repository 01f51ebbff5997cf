/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors: of a queue, of the mailbox, and those that software sets. */
#include "script.h"

#include <sriov/hw/igb_regs.h>

#define TRY_NS (10000 * MS)

static void receive(struct world *w, const char *step)
{
    world_step(w, step);
    world_note(w, "armed: %d", sriov_net_rx_arm(w->vf[1].net, 0));
    (void)traffic_post(w, 0, &(struct frame){.to = w->vf[1].mac.b, .length = 60});
    world_quiet(w);
    (void)traffic_take(w, 1);
}

/* Its own vectors by VTEICS; the causes and what auto-clear and auto-mask leave of them. */
static void set_by_software(struct world *w)
{
    const struct sriov_bar *bar = &w->vf[1].bar;
    for (uint32_t v = 0; v < VECTORS; v++) {
        char name[WORLD_WHAT];
        (void)snprintf(name, sizeof(name), "interrupts: VTEICS bit %u", v);
        world_step(w, name);
        sriov_wr32(bar, IGBVF_VTEIMS, IGBVF_VTEI_MASK);
        sriov_wr32(bar, IGBVF_VTEICS, 1u << v);
        world_quiet(w);
        (void)sriov_rd32(bar, IGBVF_VTEIMS);
        (void)sriov_rd32(bar, IGBVF_VTEICR);
    }
}

/* Masked: nothing comes, until it is unmasked. */
static void set_while_masked(struct world *w)
{
    const struct sriov_bar *bar = &w->vf[1].bar;
    uint32_t automask = sriov_rd32(bar, IGBVF_VTEIAM);
    world_step(w, "interrupts: masked");
    sriov_wr32(bar, IGBVF_VTEIAM, IGBVF_VTEI_MASK);
    sriov_wr32(bar, IGBVF_VTEIMC, IGBVF_VTEI_MASK);
    sriov_wr32(bar, IGBVF_VTEICS, 1);
    world_quiet(w);
    world_step(w, "interrupts: unmasked");
    sriov_wr32(bar, IGBVF_VTEIMS, 1);
    world_quiet(w);
    (void)sriov_rd32(bar, IGBVF_VTEICR);
    sriov_wr32(bar, IGBVF_VTEIAM, automask);
}

/* In vain: the PF does not hear it now. */
static bool has_tried(struct world *w, uint32_t vf)
{
    (void)vf;
    return w->tries >= 2;
}

/* The PF speaks unasked. */
static int of_the_mailbox(struct world *w)
{
    world_step(w, "interrupts: of the mailbox");
    sriov_wr32(&w->vf[1].bar, IGBVF_VTEIMS, IGBVF_VTEI_MASK);
    world_note(w, "link down: %d", sriov_pf_set_vf_link(w->pf, 1, SRIOV_PF_VF_LINK_DOWN));
    world_quiet(w);
    w->tries = 0;
    world_note(w, "tried: %d", world_until(w, has_tried, 1, TRY_NS));
    life_expect(w, false, true);
    world_note(w, "link auto: %d", sriov_pf_set_vf_link(w->pf, 1, SRIOV_PF_VF_LINK_AUTO));
    world_quiet(w);
    return life_settle(w);
}

int interrupts_run(struct world *w)
{
    receive(w, "interrupts: receive");
    receive(w, "interrupts: receive again");
    int err = of_the_mailbox(w);
    set_by_software(w);
    set_while_masked(w);
    return err;
}
