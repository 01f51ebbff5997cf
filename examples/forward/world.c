/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <string.h>

#define SERVICE_NS UINT64_C(10000)
#define SPACING_NS UINT64_C(10000)
#define FRAME      60u
#define NUMBER_AT  14u

static const uint8_t station[6] = {0x02, 0, 0, 0, 0, 0xaa};

static void serve(void *arg)
{
    (void)sriov_pf_poll(arg);
}

/* Comes back through the other VF. */
static void on_wire(void *arg, const void *bytes, size_t len)
{
    struct world *world = arg;
    const uint8_t *frame = bytes;
    uint32_t number;
    if (len != FRAME || memcmp(frame, station, 6) != 0) {
        world->wrong++;
        return;
    }
    memcpy(&number, frame + NUMBER_AT, sizeof(number));
    world->wrong += number >= world->sent || memcmp(frame + 6, world->vf_mac[~number & 1].b, 6) != 0;
    world->returned++;
}

static int add_vfs(struct world *world)
{
    int rc = sriov_pf_enable_vfs(world->pf, 2);
    for (uint16_t i = 0; rc == 0 && i < 2; i++) {
        world->vf_mac[i] = (struct sriov_mac){{0x02, 0, 0, 0, 1, (uint8_t)i}};
        rc = sriov_pf_set_vf_mac(world->pf, i, &world->vf_mac[i]);
        if (rc == 0) {
            rc = sriov_mock_vf_name(world->mock, world->pf_name, i, world->vf_name[i]);
        }
    }
    return rc;
}

int world_make(struct world *world, uint32_t frames)
{
    struct sriov_pf_opts opts = {.size = sizeof(opts)};
    int rc;
    memset(world, 0, sizeof(*world));
    world->frames = frames;
    rc = sriov_mock_create(NULL, &world->mock);
    if (rc == 0) {
        rc = sriov_mock_add_pf(world->mock, "82599", NULL, world->pf_name);
    }
    if (rc == 0) {
        rc = sriov_mock_wire_sink(world->mock, world->pf_name, on_wire, world);
    }
    if (rc == 0) {
        rc = sriov_fn_open(sriov_mock_vmm(world->mock), world->pf_name, NULL, &world->pf_fn);
    }
    if (rc == 0) {
        rc = sriov_pf_open(world->pf_fn, sriov_pf_drivers, &opts, &world->pf);
    }
    if (rc == 0) {
        rc = add_vfs(world);
    }
    if (rc == 0) {
        rc = sriov_mock_task(world->mock, SERVICE_NS, serve, world->pf);
    }
    return rc < 0 ? rc : 0;
}

uint64_t world_end(struct world *world)
{
    uint64_t findings = 0;
    if (world->pf != NULL) {
        sriov_pf_close(world->pf);
    }
    findings += (uint64_t)sriov_fn_close(world->pf_fn);
    if (world->mock != NULL) {
        findings += sriov_mock_violations(world->mock, 0) + sriov_mock_held(world->mock);
        sriov_mock_destroy(world->mock);
    }
    return findings;
}

static void send_one(struct world *world)
{
    uint8_t frame[FRAME] = {0};
    uint32_t number = world->sent++;
    memcpy(frame, world->vf_mac[number & 1].b, 6);
    memcpy(frame + 6, station, 6);
    frame[12] = 0x88; /* IEEE 802 local experimental EtherType */
    frame[13] = 0xb5;
    memcpy(frame + NUMBER_AT, &number, sizeof(number));
    (void)sriov_mock_wire_send(world->mock, world->pf_name, frame, sizeof(frame));
    sriov_mock_advance(world->mock, SPACING_NS); /* the forwarder alone never lets time pass while busy */
}

/* One phase's frames; nothing is sent that a reset could swallow. */
static void go_on(struct world *world, bool ready, uint32_t until)
{
    if (ready && world->sent < until) {
        send_one(world);
    } else if (world->sent == until && world->returned == until) {
        world->phase++;
        if (world->phase == WORLD_RESET) {
            world->wrong += sriov_pf_reset(world->pf) != 0;
        }
    }
}

void world_turn(struct world *world, bool ready)
{
    switch (world->phase) {
    case WORLD_FIRST_HALF:
        go_on(world, ready, world->frames / 2);
        break;
    case WORLD_RESET:
    case WORLD_RECOVERS:
        if (ready == (world->phase == WORLD_RECOVERS)) {
            world->phase++;
        }
        break;
    case WORLD_SECOND_HALF:
        go_on(world, ready, world->frames);
        break;
    case WORLD_OVER:
        break;
    }
}
