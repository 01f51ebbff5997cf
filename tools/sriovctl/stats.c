/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl stats: counters of a VF's driver while it is up; on the mock also the PF's. */
#include "commands.h"
#include "parse.h"
#include "traffic.h"
#include "world.h"

#include <string.h>

#define NS_PER_S  UINT64_C(1000000000)
#define STATS_MAX 128u

struct stats_values {
    struct traffic_values traffic;
    uint32_t address;
};

#define STATS(member) .offset = offsetof(struct stats_values, member)

static const struct option_spec options[] = {
    {.name = "address",
     .value = "IP",
     .help = "be that host meanwhile: answer ARP and echo",
     STATS(address),
     .kind = OPTION_IP},
    TRAFFIC_OPTIONS,
    {.name = NULL},
};

static void defaults(void *values)
{
    struct stats_values *stats = values;

    traffic_defaults(&stats->traffic);
    stats->traffic.duration_ns = NS_PER_S;
}

static json_t *counters(const struct sriov_stat *stats, uint32_t n)
{
    json_t *object = out_object();

    for (uint32_t i = 0; i < n && i < STATS_MAX; i++) {
        char name[sizeof(stats[i].name) + 1];
        memcpy(name, stats[i].name, sizeof(stats[i].name));
        name[sizeof(name) - 1] = '\0';
        out_number(object, name, stats[i].value);
    }
    return object;
}

static int run_pf(struct cli *cli)
{
    struct sriov_stat stats[STATS_MAX];
    json_t *report = out_object();

    out_text(report, "function", world_pf_name(cli->world));
    out_set(report, "counters", counters(stats, sriov_pf_stats(world_pf(cli->world), stats, STATS_MAX)));
    out_print(report, cli->globals.json);
    return CLI_OK;
}

static bool is_mock_pf(struct cli *cli)
{
    char bdf[SRIOV_NAME_MAX];

    return cli_is_mock(cli) && parse_bdf(cli->words[0], bdf) && cli_open_vmm(cli) == CLI_OK &&
           strcmp(bdf, world_pf_name(cli->world)) == 0;
}

static int run_vf(struct cli *cli, const struct stats_values *values)
{
    struct sriov_stat stats[STATS_MAX];
    struct traffic traffic;
    int status = traffic_open(&traffic, cli, &values->traffic, cli->words[0], values->address, 0, NULL);

    if (status != CLI_OK) {
        return status;
    }
    while (traffic_go_on(&traffic)) {
    }
    json_t *report = traffic_report(&traffic);
    out_set(report, "counters",
            counters(stats, sriov_net_stats(echo_port_net(traffic.port), stats, STATS_MAX)));
    return traffic_close(&traffic, report, true);
}

static int run(struct cli *cli, const void *values)
{
    if (is_mock_pf(cli)) {
        return run_pf(cli);
    }
    return run_vf(cli, values);
}

const struct command command_stats = {
    .name = "stats",
    .words = "BDF",
    .sockets = true,
    .brief = "bring a VF up and show its driver's counters",
    .min_words = 1,
    .max_words = 1,
    .options = options,
    .values_size = sizeof(struct stats_values),
    .defaults = defaults,
    .run = run,
};
