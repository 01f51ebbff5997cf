/* SPDX-License-Identifier: BSD-3-Clause */
/* Resets: the VF's own, FLR, the PF's. What the registers are then, and the way back. */
#include "script.h"

#include <sriov/hw/igb_regs.h>

#include <errno.h>

#define SETTLE_NS (30000 * MS)

static uint32_t wanted[VFS]; /* recoveries that the VFs are to reach */

static bool settled(struct world *w, uint32_t vf)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    return sriov_net_get_info(w->vf[vf].net, &info) == 0 && info.link.up && info.recoveries >= wanted[vf];
}

static uint32_t recoveries_of(struct world *w, uint32_t vf)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    return sriov_net_get_info(w->vf[vf].net, &info) == 0 ? info.recoveries : 0;
}

int life_settle(struct world *w)
{
    for (uint32_t i = 0; i < VFS; i++) {
        if (!world_until(w, settled, i, SETTLE_NS)) {
            (void)snprintf(w->what, sizeof(w->what), "VF %u that does not come back", i);
            return -ETIMEDOUT;
        }
    }
    return 0;
}

void life_expect(struct world *w, bool first, bool second)
{
    wanted[0] = recoveries_of(w, 0) + first;
    wanted[1] = recoveries_of(w, 1) + second;
}

static int back_to_traffic(struct world *w, const char *step)
{
    int err = life_settle(w);
    world_step(w, step);
    for (uint32_t i = 0; err == 0 && i < VFS; i++) {
        err = traffic_send(w, i, &(struct frame){.to = w->vf[1 - i].mac.b, .length = 60});
    }
    return err;
}

static int own_reset(struct world *w)
{
    world_step(w, "reset: by the VF");
    life_expect(w, true, false);
    sriov_wr32(&w->vf[0].bar, IGBVF_VTCTRL, IGB_CTRL_RST);
    registers_read(w, 0);
    world_step(w, "reset: by the VF, recovery");
    return back_to_traffic(w, "reset: by the VF, traffic");
}

static int function_reset(struct world *w)
{
    world_step(w, "reset: FLR");
    life_expect(w, true, false);
    int err = sriov_fn_reset(w->vf[0].fn);
    registers_read(w, 0);
    world_step(w, "reset: FLR, recovery");
    return err == 0 ? back_to_traffic(w, "reset: FLR, traffic") : err;
}

static int pf_reset(struct world *w)
{
    world_step(w, "reset: of the PF");
    life_expect(w, true, true);
    int err = sriov_pf_reset(w->pf);
    registers_read(w, 1);
    err = err == 0 ? world_port(w) : err;
    world_step(w, "reset: of the PF, recovery");
    return err == 0 ? back_to_traffic(w, "reset: of the PF, traffic") : err;
}

int life_run(struct world *w)
{
    int err = own_reset(w);
    if (err == 0) {
        err = function_reset(w);
    }
    return err == 0 ? pf_reset(w) : err;
}
