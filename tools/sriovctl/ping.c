/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl ping: echo requests over a VF through this library's driver, each answer judged. */
#include "commands.h"
#include "frame.h"
#include "traffic.h"

#include <arpa/inet.h>
#include <unistd.h>

#define NS_PER_S    UINT64_C(1000000000)
#define IP_AND_ECHO (FRAME_IP_HEADER + FRAME_ECHO_HEADER)

struct ping_values {
    struct traffic_values traffic;
    uint32_t from;
    uint32_t to;
    uint32_t neighbour;
    uint64_t count;
    struct option_range size;
    uint64_t interval_ns;
    uint64_t rate;
    uint64_t window;
    uint64_t timeout_ns;
    uint64_t resolve_ns;
    bool udp;
};

#define PING(member) .offset = offsetof(struct ping_values, member)

static const struct option_spec options[] = {
    {.name = "from", .value = "IP", .help = "own IPv4 address", PING(from), .kind = OPTION_IP},
    {.name = "to", .value = "IP", .help = "whom to ask", PING(to), .kind = OPTION_IP},
    {.name = "count",
     .letter = 'c',
     .value = "N",
     .help = "requests; 0: until interrupted (5)",
     PING(count),
     .kind = OPTION_NUMBER,
     .most = UINT64_MAX},
    {.name = "size",
     .letter = 's',
     .value = "N[-M]",
     .help = "payload bytes, varying from N to M (56)",
     PING(size),
     .kind = OPTION_RANGE,
     .most = FRAME_PAYLOAD_MAX},
    {.name = "interval",
     .letter = 'i',
     .value = "TIME",
     .help = "between requests; 0: as --window lets (1s)",
     PING(interval_ns),
     .kind = OPTION_TIME},
    {.name = "rate",
     .value = "N",
     .help = "requests a second, instead of --interval",
     PING(rate),
     .kind = OPTION_NUMBER,
     .least = 1,
     .most = 10000000},
    {.name = "window",
     .value = "N",
     .help = "unanswered requests at a time (64)",
     PING(window),
     .kind = OPTION_NUMBER,
     .least = 1,
     .most = ECHO_WINDOW_MAX},
    {.name = "timeout",
     .letter = 'W',
     .value = "TIME",
     .help = "for one answer (1s)",
     PING(timeout_ns),
     .kind = OPTION_TIME,
     .least = 1},
    {.name = "resolve",
     .value = "TIME",
     .help = "for an answer to ARP (3s)",
     PING(resolve_ns),
     .kind = OPTION_TIME,
     .least = 1},
    {.name = "udp", .help = "UDP to port 7 instead of ICMP", PING(udp), .kind = OPTION_FLAG},
    {.name = "neighbour",
     .value = "IP",
     .help = "mock: address of the simulated neighbour (that of --to)",
     PING(neighbour),
     .kind = OPTION_IP},
    TRAFFIC_OPTIONS,
    TRAFFIC_PCAP_OPTION,
    {.name = NULL},
};

static void defaults(void *values)
{
    struct ping_values *ping = values;

    traffic_defaults(&ping->traffic);
    ping->count = 5;
    ping->size = (struct option_range){56, 56};
    ping->interval_ns = NS_PER_S;
    ping->window = 64;
    ping->timeout_ns = NS_PER_S;
    ping->resolve_ns = 3 * NS_PER_S;
}

static int check(struct cli *cli, const struct ping_values *ping)
{
    if (ping->from == 0 || ping->to == 0) {
        return cli_fail(cli, "ping wants --from IP and --to IP, e.g. --from 192.0.2.1 --to 192.0.2.2");
    }
    if (ping->from == ping->to) {
        return cli_fail(cli, "--from and --to are the same address; give the neighbour's with --to");
    }
    if (ping->size.most + IP_AND_ECHO > ping->traffic.mtu) {
        return cli_fail(cli, "--size %llu does not fit the MTU %llu; give --mtu %llu",
                        (unsigned long long)ping->size.most, (unsigned long long)ping->traffic.mtu,
                        (unsigned long long)(ping->size.most + IP_AND_ECHO));
    }
    if (ping->udp && ping->size.least < ECHO_UDP_SIZE_MIN) {
        return cli_fail(cli, "--udp needs a --size of at least %u", ECHO_UDP_SIZE_MIN);
    }
    return CLI_OK;
}

static struct echo_plan plan_of(const struct ping_values *ping)
{
    struct echo_plan plan = {.target = ping->to,
                             .protocol = ping->udp ? ECHO_UDP : ECHO_ICMP,
                             .count = ping->count,
                             .size_min = (uint32_t)ping->size.least,
                             .size_max = (uint32_t)ping->size.most,
                             .interval_ns = ping->rate != 0 ? NS_PER_S / ping->rate : ping->interval_ns,
                             .window = (uint32_t)ping->window,
                             .ident = (uint16_t)getpid(),
                             .timeout_ns = ping->timeout_ns,
                             .resolve_ns = ping->resolve_ns};
    return plan;
}

/* ---- the report ---- */

static const char *ip_text(uint32_t ip, char *text)
{
    struct in_addr address = {htonl(ip)};

    return inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
}

static json_t *round_trips(const struct echo_rtt *rtt)
{
    json_t *object;

    if (rtt->n == 0) {
        return json_null();
    }
    object = out_object();
    out_number(object, "min_ns", rtt->min_ns);
    out_number(object, "avg_ns", echo_rtt_mean(rtt));
    out_number(object, "p50_ns", echo_rtt_quantile(rtt, 500));
    out_number(object, "p99_ns", echo_rtt_quantile(rtt, 990));
    out_number(object, "max_ns", rtt->max_ns);
    return object;
}

static json_t *outages(const struct echo_stats *stats)
{
    json_t *array = out_array();
    const struct echo_outage *outage;

    for (uint32_t i = 0; (outage = echo_stats_outage(stats, i)) != NULL; i++) {
        json_t *object = out_object();
        out_number(object, "from_ns", outage->from_ns);
        out_number(object, "event_ns", outage->event_ns);
        out_set(object, "to_ns", outage->to_ns != 0 ? json_integer((json_int_t)outage->to_ns) : json_null());
        out_set(object, "length_ns",
                outage->to_ns != 0 ? json_integer((json_int_t)(outage->to_ns - outage->from_ns))
                                   : json_null());
        out_number(object, "lost", outage->lost);
        out_append(array, object);
    }
    return array;
}

static void add_stats(json_t *report, const struct echo_stats *stats)
{
    out_number(report, "sent", stats->sent);
    out_number(report, "received", stats->received);
    out_number(report, "lost", stats->lost);
    out_number(report, "lost_in_outages", stats->lost_in_outages);
    out_number(report, "corrupt", stats->corrupt);
    out_number(report, "duplicates", stats->duplicates);
    out_number(report, "reordered", stats->reordered);
    out_number(report, "late", stats->late);
    out_number(report, "payload_bytes", stats->bytes);
    out_number(report, "answered_arp", stats->answered_arp);
    out_number(report, "answered_echo", stats->answered_echo);
    out_number(report, "ignored", stats->ignored);
    out_number(report, "damaged", stats->damaged);
}

static void add_waits(json_t *report, const struct echo_port_waits *waits)
{
    json_t *object = out_object();

    out_number(object, "waits", waits->waits);
    out_number(object, "woken", waits->woken);
    out_number(object, "without_frame", waits->useless);
    out_set(report, "interrupts", object);
}

static json_t *report_of(struct traffic *traffic, const struct ping_values *ping)
{
    const struct echo_stats *stats = echo_session_stats(echo_port_session(traffic->port));
    json_t *report = traffic_report(traffic);
    char text[INET_ADDRSTRLEN];

    out_text(report, "from", ip_text(ping->from, text));
    out_text(report, "to", ip_text(ping->to, text));
    out_text(report, "protocol", ping->udp ? "udp" : "icmp");
    add_stats(report, stats);
    out_set(report, "rtt", round_trips(&stats->rtt));
    if (!echo_port_polls(traffic->port)) {
        add_waits(report, echo_port_waits(traffic->port));
    }
    out_set(report, "outages", outages(stats));
    return report;
}

static bool is_well(struct traffic *traffic)
{
    struct echo_session *session = echo_port_session(traffic->port);
    const struct echo_stats *stats = echo_session_stats(session);

    if (echo_session_phase(session) == ECHO_UNRESOLVED) {
        traffic->ended = "nobody answered ARP for --to: is that host up, in this network and VLAN?";
        return false;
    }
    return stats->sent != 0 && stats->received == stats->sent && stats->corrupt == 0;
}

static int run(struct cli *cli, const void *values)
{
    const struct ping_values *ping = values;
    struct echo_plan plan = plan_of(ping);
    struct traffic traffic;
    int status = check(cli, ping);

    if (status == CLI_OK) {
        status = traffic_open(&traffic, cli, &ping->traffic, cli->words[0], ping->from,
                              ping->neighbour != 0 ? ping->neighbour : ping->to, NULL);
    }
    if (status != CLI_OK) {
        return status;
    }
    (void)echo_session_start(echo_port_session(traffic.port), &plan); /* check() has proven it */
    while (traffic_go_on(&traffic)) {
    }
    echo_session_abort(echo_port_session(traffic.port));
    bool well = is_well(&traffic);
    return traffic_close(&traffic, report_of(&traffic, ping), well);
}

const struct command command_ping = {
    .name = "ping",
    .words = "BDF",
    .sockets = true,
    .brief = "ask a host over a VF and judge the answers",
    .min_words = 1,
    .max_words = 1,
    .options = options,
    .values_size = sizeof(struct ping_values),
    .defaults = defaults,
    .run = run,
};
