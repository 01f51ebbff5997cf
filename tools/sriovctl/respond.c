/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl respond: be a host that answers ARP, ICMP echo and UDP echo over a VF. */
#include "commands.h"
#include "traffic.h"

#define NS_PER_S UINT64_C(1000000000)

struct respond_values {
    struct traffic_values traffic;
    uint32_t address;
    uint64_t count;
};

#define RESPOND(member) .offset = offsetof(struct respond_values, member)

static const struct option_spec options[] = {
    {.name = "address", .value = "IP", .help = "own IPv4 address", RESPOND(address), .kind = OPTION_IP},
    {.name = "count",
     .letter = 'c',
     .value = "N",
     .help = "end after N answers",
     RESPOND(count),
     .kind = OPTION_NUMBER,
     .most = UINT64_MAX},
    TRAFFIC_OPTIONS,
    TRAFFIC_PCAP_OPTION,
    {.name = NULL},
};

static void defaults(void *values)
{
    struct respond_values *respond = values;

    traffic_defaults(&respond->traffic);
    respond->traffic.give_up_ns = UINT64_MAX;
}

static json_t *report_of(struct traffic *traffic)
{
    const struct echo_stats *stats = echo_session_stats(echo_port_session(traffic->port));
    json_t *report = traffic_report(traffic);

    out_number(report, "answered_arp", stats->answered_arp);
    out_number(report, "answered_echo", stats->answered_echo);
    out_number(report, "dropped", stats->answers_dropped);
    out_number(report, "damaged", stats->damaged);
    out_number(report, "ignored", stats->ignored);
    return report;
}

static bool enough(struct traffic *traffic, uint64_t count)
{
    return count != 0 && echo_session_stats(echo_port_session(traffic->port))->answered_echo >= count;
}

/* In the simulated world somebody asks, and time ends by itself. */
static uint32_t mock_asker(struct cli *cli, struct respond_values *respond, struct echo_plan *plan)
{
    if (!cli_is_mock(cli)) {
        return 0;
    }
    if (respond->traffic.duration_ns == 0 && respond->count == 0) {
        respond->traffic.duration_ns = NS_PER_S;
    }
    *plan = (struct echo_plan){.target = respond->address,
                               .size_min = 56,
                               .size_max = 1400,
                               .interval_ns = NS_PER_S / 100,
                               .ident = 1};
    return respond->address ^ 3u;
}

static int run(struct cli *cli, const void *values)
{
    struct respond_values respond = *(const struct respond_values *)values;
    struct echo_plan plan = {0};
    struct traffic traffic;
    uint32_t asker = mock_asker(cli, &respond, &plan);
    int status;

    if (respond.address == 0) {
        return cli_fail(cli, "respond wants --address IP, e.g. --address 192.0.2.1");
    }
    status = traffic_open(&traffic, cli, &respond.traffic, cli->words[0], respond.address, asker, &plan);
    if (status != CLI_OK) {
        return status;
    }
    while (traffic_go_on(&traffic) && !enough(&traffic, respond.count)) {
    }
    bool well = echo_session_stats(echo_port_session(traffic.port))->answers_dropped == 0;
    return traffic_close(&traffic, report_of(&traffic), well);
}

const struct command command_respond = {
    .name = "respond",
    .words = "BDF",
    .sockets = true,
    .brief = "answer ARP and echo requests over a VF",
    .min_words = 1,
    .max_words = 1,
    .options = options,
    .values_size = sizeof(struct respond_values),
    .defaults = defaults,
    .run = run,
};
