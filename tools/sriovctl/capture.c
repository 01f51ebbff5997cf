/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl capture: what reaches a VF, into a pcap file. */
#include "commands.h"
#include "traffic.h"

#include <errno.h>
#include <string.h>

#define NS_PER_S UINT64_C(1000000000)
/* Whom the simulated neighbour looks for when the capture has no address of its own. */
#define MOCK_NOBODY    0xc0000201u
#define MOCK_NEIGHBOUR 0xc0000202u

struct capture_values {
    struct traffic_values traffic;
    uint32_t address;
    uint64_t count;
    bool promiscuous;
};

#define CAPTURE(member) .offset = offsetof(struct capture_values, member)

static const struct option_spec options[] = {
    {.name = "address",
     .value = "IP",
     .help = "be that host meanwhile: answer ARP and echo",
     CAPTURE(address),
     .kind = OPTION_IP},
    {.name = "count",
     .letter = 'c',
     .value = "N",
     .help = "end after N frames",
     CAPTURE(count),
     .kind = OPTION_NUMBER,
     .most = UINT64_MAX},
    {.name = "promiscuous",
     .help = "ask the PF for all frames of its switch",
     CAPTURE(promiscuous),
     .kind = OPTION_FLAG},
    TRAFFIC_OPTIONS,
    {.name = NULL},
};

static void defaults(void *values)
{
    struct capture_values *capture = values;

    traffic_defaults(&capture->traffic);
    capture->traffic.give_up_ns = UINT64_MAX;
}

static uint32_t mock_asker(struct cli *cli, struct capture_values *capture, struct echo_plan *plan)
{
    if (!cli_is_mock(cli)) {
        return 0;
    }
    if (capture->traffic.duration_ns == 0 && capture->count == 0) {
        capture->traffic.duration_ns = NS_PER_S;
    }
    *plan = (struct echo_plan){.target = capture->address != 0 ? capture->address : MOCK_NOBODY,
                               .size_min = 56,
                               .size_max = 1400,
                               .interval_ns = NS_PER_S / 100,
                               .ident = 1};
    return capture->address != 0 ? capture->address ^ 3u : MOCK_NEIGHBOUR;
}

static int go_promiscuous(struct traffic *traffic)
{
    int rc = sriov_net_set_rx_mode(echo_port_net(traffic->port), SRIOV_RX_PROMISC);

    if (rc == 0) {
        return CLI_OK;
    }
    if (rc == -EACCES) {
        return cli_fail(traffic->cli,
                        "%s: its PF refuses promiscuous mode; trust the VF: ip link set PF vf N trust on",
                        traffic->bdf);
    }
    if (rc == -EOPNOTSUPP) {
        return cli_fail(traffic->cli,
                        "%s: its PF's mailbox knows no promiscuous mode; leave --promiscuous out",
                        traffic->bdf);
    }
    return cli_fail(traffic->cli, "%s: promiscuous mode: %s", traffic->bdf, strerror(-rc));
}

static json_t *report_of(struct traffic *traffic)
{
    json_t *report = traffic_report(traffic);

    out_text(report, "file", traffic->values->pcap);
    out_number(report, "frames", traffic->frames);
    out_number(report, "frame_bytes", traffic->frame_bytes);
    return report;
}

static int run(struct cli *cli, const void *values)
{
    struct capture_values capture = *(const struct capture_values *)values;
    struct echo_plan plan = {0};
    struct traffic traffic;
    uint32_t asker = mock_asker(cli, &capture, &plan);
    int status;

    capture.traffic.pcap = cli->words[1];
    status = traffic_open(&traffic, cli, &capture.traffic, cli->words[0], capture.address, asker, &plan);
    if (status != CLI_OK) {
        return status;
    }
    if (capture.promiscuous && go_promiscuous(&traffic) != CLI_OK) {
        traffic_discard(&traffic);
        return CLI_USAGE;
    }
    while (traffic_go_on(&traffic) && (capture.count == 0 || traffic.frames < capture.count)) {
    }
    return traffic_close(&traffic, report_of(&traffic), true);
}

const struct command command_capture = {
    .name = "capture",
    .words = "BDF FILE",
    .sockets = true,
    .brief = "write a VF's frames to a pcap file",
    .min_words = 2,
    .max_words = 2,
    .options = options,
    .values_size = sizeof(struct capture_values),
    .defaults = defaults,
    .run = run,
};
