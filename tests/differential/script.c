/* SPDX-License-Identifier: BSD-3-Clause */
#include "script.h"

#include <sriov/hw/igb_regs.h>

#include <errno.h>
#include <string.h>

#define BUFS 512u
#define RING 64u

#define PATIENCE_NS (20000 * MS)

static int failed(struct world *w, const char *what, int err)
{
    if (err != 0) {
        (void)snprintf(w->what, sizeof(w->what), "%s", what);
    }
    return err;
}

static bool is_greeted(struct world *w, uint32_t vf)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    return sriov_net_get_info(w->vf[vf].net, &info) == 0 && memcmp(&info.mac, &w->vf[vf].mac, 6) == 0;
}

static bool is_started(struct world *w, uint32_t vf)
{
    return sriov_net_start(w->vf[vf].net) != -EAGAIN;
}

static int attach(struct world *w)
{
    int err = 0;
    world_step(w, "attach");
    for (uint32_t i = 0; err == 0 && i < VFS; i++) {
        const struct sriov_pool_opts pool = {.size = sizeof(pool), .count = BUFS};
        err = failed(w, "a pool", sriov_pool_create(w->vf[i].fn, &pool, &w->vf[i].pool));
        if (err == 0) {
            err = failed(w, "the VF driver", sriov_net_open(w->vf[i].fn, sriov_net_drivers, &w->vf[i].net));
        }
        /* On a slow machine the PF's answer comes after the driver went on without it. */
        if (err == 0 && !world_until(w, is_greeted, i, PATIENCE_NS)) {
            err = failed(w, "a VF that the PF greets", -ETIMEDOUT);
        }
    }
    return err;
}

static int start(struct world *w)
{
    int err = 0;
    world_step(w, "start");
    for (uint32_t i = 0; err == 0 && i < VFS; i++) {
        const struct sriov_net_config config = {.size = sizeof(config),
                                                .flags = SRIOV_NET_INTERRUPTS,
                                                .rx_desc = RING,
                                                .tx_desc = RING,
                                                .pool = w->vf[i].pool};
        err = failed(w, "configure", sriov_net_configure(w->vf[i].net, &config));
        if (err == 0 && !world_until(w, is_started, i, PATIENCE_NS)) {
            err = failed(w, "start", -ETIMEDOUT);
        }
    }
    return err == 0 ? life_settle(w) : err;
}

static void show_registers(struct world *w)
{
    world_step(w, "registers after FLR");
    registers_read(w, 0);
    world_step(w, "registers that hold");
    registers_hold(w, 0);
}

/* ---- traffic ---- */

static int unicast(struct world *w)
{
    static const uint16_t lengths[] = {60, 64, 14, 59, 128, 1000, 1514, 1515, 1518};
    int err = 0;
    for (size_t i = 0; err == 0 && i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char name[WORLD_WHAT];
        (void)snprintf(name, sizeof(name), "traffic: %u bytes", lengths[i]);
        world_step(w, name);
        err = traffic_send(w, 0, &(struct frame){.to = w->vf[1].mac.b, .length = lengths[i]});
    }
    world_step(w, "traffic: in three segments");
    if (err == 0) {
        err = traffic_send(w, 1, &(struct frame){.to = w->vf[0].mac.b, .length = 300, .segments = 3});
    }
    return err;
}

static int others(struct world *w)
{
    static const uint8_t nobody[6] = {0x02, 0x53, 0x52, 0xaa, 0xbb, 0xcc};
    const struct {
        const char *step;
        const uint8_t *to;
        uint16_t vid;
    } cases[] = {
        {"traffic: to everybody", everybody, 0}, {"traffic: to a group nobody joined", group, 0},
        {"traffic: to nobody here", nobody, 0},  {"traffic: to itself", w->vf[0].mac.b, 0},
        {"traffic: tagged", w->vf[1].mac.b, 5},  {"traffic: tagged with VLAN 0", w->vf[1].mac.b, 0x1000},
    };
    int err = 0;
    for (size_t i = 0; err == 0 && i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_step(w, cases[i].step);
        err = traffic_send(w, 0, &(struct frame){.to = cases[i].to, .length = 64, .vid = cases[i].vid});
    }
    return err;
}

/* A frame with somebody else's source address. */
static int spoof(struct world *w)
{
    static const struct sriov_mac foreign = {{0x02, 0x53, 0x52, 0, 0, 0x66}};
    struct sriov_mac own = w->vf[0].mac;
    world_step(w, "traffic: spoofed");
    w->vf[0].mac = foreign;
    int err = traffic_send(w, 0, &(struct frame){.to = w->vf[1].mac.b, .length = 60});
    w->vf[0].mac = own;
    return err;
}

/* More than the other end has descriptors for, which looks at none of it meanwhile. */
static int overrun(struct world *w)
{
    int err = 0;
    world_step(w, "traffic: overrun");
    for (uint32_t i = 0; err == 0 && i < RING + 8; i++) {
        err = traffic_post(w, 0, &(struct frame){.to = w->vf[1].mac.b, .length = 60});
    }
    (void)sriov_rd32(&w->vf[1].bar, IGBVF_RDH(0));
    (void)sriov_rd32(&w->vf[1].bar, IGBVF_RQDPC(0));
    world_note(w, "vf1 has %u frames", traffic_take(w, 1));
    return err;
}

static void show_counters(struct world *w, const char *step)
{
    world_step(w, step);
    for (uint32_t i = 0; i < VFS; i++) {
        counters_read(w, i);
    }
}

static int traffic(struct world *w)
{
    int err = unicast(w);
    if (err == 0) {
        err = others(w);
    }
    if (err == 0) {
        err = spoof(w);
    }
    if (err == 0) {
        err = overrun(w);
    }
    show_counters(w, "counters after traffic");
    return err;
}

static void show_end(struct world *w)
{
    show_counters(w, "counters after resets");
    world_step(w, "registers while running");
    registers_read(w, 0);
}

static int stop(struct world *w)
{
    int err = 0;
    world_step(w, "stop");
    for (uint32_t i = 0; err == 0 && i < VFS; i++) {
        err = failed(w, "stop", sriov_net_stop(w->vf[i].net));
    }
    world_step(w, "registers when stopped");
    registers_read(w, 0);
    world_step(w, "close");
    return err;
}

int script_run(struct world *w)
{
    int (*const parts[])(struct world *) = {attach, start, traffic, mailbox_run, interrupts_run, life_run};
    int err = 0;
    show_registers(w);
    for (size_t i = 0; err == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
        err = parts[i](w);
    }
    if (err == 0) {
        show_end(w);
        err = stop(w);
    }
    return err;
}
