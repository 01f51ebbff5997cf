/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PF_SERVE_EVERY  UINT64_C(50000)
#define NEIGHBOUR_EVERY UINT64_C(10000)

struct world {
    struct sriov_mock *mock;
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    struct echo_port *neighbour;
    int pf_task;
    int neighbour_task;
    bool in_turn;
    char pf_name[SRIOV_NAME_MAX];
};

static void serve_pf(void *arg)
{
    struct world *world = arg;

    (void)sriov_pf_poll(world->pf);
}

/* A turn may wait, in which time passes and this task would come again. */
static void serve_neighbour(void *arg)
{
    struct world *world = arg;

    if (!world->in_turn) {
        world->in_turn = true;
        (void)echo_port_turn(world->neighbour);
        world->in_turn = false;
    }
}

static int add_pf(struct world *world, const struct world_opts *opts)
{
    struct sriov_mock_pf_opts pf = {.size = sizeof(pf), .quirks = opts->quirks};

    return sriov_mock_add_pf(world->mock, opts->model, &pf, world->pf_name);
}

static int give_macs(struct world *world, const struct world_opts *opts)
{
    static const struct sriov_mac ours = {{0x02, 0x53, 0x52, 0, 0, 0}};
    struct sriov_mac mac = opts->first_mac != NULL ? *opts->first_mac : ours;
    int rc = 0;

    for (uint16_t i = 0; rc == 0 && i < opts->vfs && !opts->no_macs; i++) {
        rc = sriov_pf_set_vf_mac(world->pf, i, &mac);
        mac.b[5]++;
    }
    return rc;
}

static int start_service(struct world *world, const struct world_opts *opts)
{
    uint64_t every = opts->serve_every_ns != 0 ? opts->serve_every_ns : PF_SERVE_EVERY;
    struct sriov_mock_fault silence = {
        .size = sizeof(silence), .kind = SRIOV_MOCK_FAULT_MBX_SILENT, .nth = 1, .times = UINT64_MAX};

    if (opts->mood == WORLD_PF_SILENT) {
        return sriov_mock_inject(world->mock, &silence);
    }
    int task = sriov_mock_task(world->mock, every, serve_pf, world);
    if (task < 0) {
        return task;
    }
    world->pf_task = task;
    return opts->mood == WORLD_PF_DOWN ? sriov_pf_set_up(world->pf, false) : 0;
}

static int build(struct world *world, const struct world_opts *opts, const char **step)
{
    struct sriov_mock_opts mock = {.size = sizeof(mock),
                                   .flags = SRIOV_MOCK_QUIET,
                                   .iova_last = opts->reach_last,
                                   .on_violation = opts->on_violation,
                                   .arg = opts->arg};
    struct sriov_pf_opts pf = {.size = sizeof(pf), .max_api = opts->max_api, .vf_queues = opts->vf_queues};
    int rc;

    *step = "the simulated VMM";
    rc = sriov_mock_create(&mock, &world->mock);
    if (rc == 0) {
        sriov_mock_advance(world->mock, opts->begin_ns);
        *step = "the simulated PF";
        rc = add_pf(world, opts);
    }
    if (rc == 0) {
        /* Life-cycle lines of a device that the user did not name only disturb. */
        sriov_log_set_level(world_vmm(world), SRIOV_LOG_WARN);
        *step = "opening the PF";
        rc = sriov_fn_open(world_vmm(world), world->pf_name, NULL, &world->pf_fn);
    }
    if (rc == 0) {
        *step = "the PF driver";
        rc = sriov_pf_open(world->pf_fn, sriov_pf_drivers, &pf, &world->pf);
    }
    if (rc == 0) {
        *step = "enabling VFs";
        rc = sriov_pf_enable_vfs(world->pf, opts->vfs);
    }
    if (rc == 0) {
        *step = "the VFs' addresses";
        rc = give_macs(world, opts);
    }
    if (rc == 0) {
        *step = "the PF's service";
        rc = start_service(world, opts);
    }
    return rc;
}

int world_create(const struct world_opts *opts, struct world **out, const char **step)
{
    struct world *world = calloc(1, sizeof(*world));
    int rc;

    *step = "memory";
    rc = world != NULL ? build(world, opts, step) : -ENOMEM;
    if (rc != 0) {
        world_destroy(world);
        return rc;
    }
    *out = world;
    return 0;
}

void world_destroy(struct world *world)
{
    if (world == NULL) {
        return;
    }
    if (world->neighbour_task > 0) {
        (void)sriov_mock_task_stop(world->mock, world->neighbour_task);
    }
    if (world->neighbour != NULL) {
        (void)echo_port_close(world->neighbour);
    }
    if (world->pf_task > 0) {
        (void)sriov_mock_task_stop(world->mock, world->pf_task);
    }
    if (world->pf != NULL) {
        sriov_pf_close(world->pf);
    }
    if (world->pf_fn != NULL) {
        (void)sriov_fn_close(world->pf_fn);
    }
    if (world->mock != NULL) {
        sriov_mock_destroy(world->mock);
    }
    free(world);
}

struct sriov_vmm *world_vmm(struct world *world)
{
    return sriov_mock_vmm(world->mock);
}

struct sriov_mock *world_mock(struct world *world)
{
    return world->mock;
}

struct sriov_pf *world_pf(struct world *world)
{
    return world->pf;
}

const char *world_pf_name(const struct world *world)
{
    return world->pf_name;
}

struct echo_port *world_neighbour(struct world *world)
{
    return world->neighbour;
}

/* The first VF that is not `not_on`. */
static int free_vf(struct world *world, const char *not_on, char *name)
{
    uint16_t vf = 0;
    int rc = sriov_mock_vf_name(world->mock, world->pf_name, vf, name);

    if (rc == 0 && strcmp(name, not_on) == 0) {
        rc = sriov_mock_vf_name(world->mock, world->pf_name, ++vf, name);
    }
    return rc;
}

int world_add_neighbour(struct world *world, const char *not_on, uint32_t ip, uint16_t mtu,
                        const struct echo_plan *plan, const char **step)
{
    struct echo_port_opts opts = {.ip = ip, .mtu = mtu};
    char name[SRIOV_NAME_MAX];
    enum echo_port_step at;
    int rc = free_vf(world, not_on, name);

    *step = "a second VF for the neighbour";
    if (rc == 0) {
        *step = "the neighbour's VF";
        rc = echo_port_open(world_vmm(world), name, &opts, &world->neighbour, &at);
    }
    if (rc == 0 && plan != NULL) {
        rc = echo_session_start(echo_port_session(world->neighbour), plan);
    }
    if (rc != 0) {
        return rc;
    }
    int task = sriov_mock_task(world->mock, NEIGHBOUR_EVERY, serve_neighbour, world);
    if (task < 0) {
        return task;
    }
    world->neighbour_task = task;
    return 0;
}

uint64_t world_violations(struct world *world, const char **text)
{
    const struct sriov_violation *last = sriov_mock_last_violation(world->mock);

    *text = last != NULL ? last->text : "";
    return sriov_mock_violations(world->mock, (enum sriov_violation_kind)0);
}
