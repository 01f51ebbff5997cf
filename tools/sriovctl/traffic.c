/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include "vmm_netdev.h"
#include "world.h"
#include "xen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S   UINT64_C(1000000000)
#define WAIT_SLICE (NS_PER_S / 20) /* signals and progress are looked at so often */
#define EVENTS_MAX 1000u

void traffic_defaults(struct traffic_values *values)
{
    values->mtu = 1500;
    values->link_wait_ns = 10 * NS_PER_S;
    values->give_up_ns = 30 * NS_PER_S;
}

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

static bool link_up(struct traffic *traffic, uint32_t *mbps)
{
    struct sriov_net_info info = {.size = sizeof(info)};

    if (sriov_net_get_info(echo_port_net(traffic->port), &info) != 0) {
        return false;
    }
    *mbps = info.link.mbps;
    return info.link.up;
}

/* ---- what the port tells ---- */

static void tell(struct traffic *traffic, const char *event, const char *text)
{
    uint64_t now = sriov_vmm_now(traffic->cli->vmm);
    json_t *object = out_object();

    if (traffic->open) {
        cli_note("%s: %.3f s: %s", traffic->bdf, seconds(now - traffic->begin_ns), text);
    }
    out_text(object, "event", event);
    out_number(object, "at_ns", now);
    if (json_array_size(traffic->events) < EVENTS_MAX) {
        out_append(traffic->events, object);
    } else {
        json_decref(object);
    }
}

static void tell_link(struct traffic *traffic, struct echo_port *port)
{
    struct sriov_net_info info = {.size = sizeof(info)};

    if (sriov_net_get_info(echo_port_net(port), &info) == 0 && info.link.up) {
        tell(traffic, "link up", "link up");
    } else {
        tell(traffic, "link down", "link down");
    }
}

static void on_events(void *arg, struct echo_port *port, uint32_t events)
{
    struct traffic *traffic = arg;

    if ((events & SRIOV_NET_EV_RECOVERING) != 0) {
        tell(traffic, "recovering", "recovering: the PF was reset, or the link is lost");
    }
    if ((events & SRIOV_NET_EV_RECOVERED) != 0) {
        tell(traffic, "recovered", "recovered");
    }
    if ((events & SRIOV_NET_EV_LINK) != 0) {
        tell_link(traffic, port);
    }
    if ((events & SRIOV_NET_EV_MAC) != 0) {
        tell(traffic, "mac", "the PF gave another MAC address");
    }
    if ((events & SRIOV_NET_EV_REMOVE) != 0) {
        tell(traffic, "remove asked", "its owner wants it back");
    }
    if ((events & SRIOV_NET_EV_GONE) != 0) {
        tell(traffic, "gone", "gone");
    }
}

static void on_frame(void *arg, bool sent, const uint8_t *frame, uint32_t len)
{
    struct traffic *traffic = arg;

    (void)sent;
    traffic->frames++;
    traffic->frame_bytes += len;
    if (traffic->pcap != NULL) {
        uint64_t now = sriov_vmm_now(traffic->cli->vmm);
        pcap_file_add(traffic->pcap, (uint64_t)((int64_t)now + traffic->wall_offset), frame, len);
    }
}

/* ---- opening ---- */

static const char *step_name(enum echo_port_step step)
{
    switch (step) {
    case ECHO_PORT_OPEN:
        return "opening";
    case ECHO_PORT_POOL:
        return "memory for packets";
    case ECHO_PORT_DRIVER:
        return "starting its driver";
    case ECHO_PORT_CONFIGURE:
        return "configuring its queues";
    case ECHO_PORT_START:
        return "starting traffic";
    case ECHO_PORT_MEMORY:
        break;
    }
    return "memory";
}

static int open_pcap(struct traffic *traffic)
{
    char why[CLI_WHY_MAX];
    struct timespec wall;

    if (traffic->values->pcap == NULL) {
        return CLI_OK;
    }
    traffic->pcap = pcap_file_create(traffic->values->pcap, why, sizeof(why));
    if (traffic->pcap == NULL) {
        return cli_fail(traffic->cli, "cannot write the capture: %s; choose a place you may write to", why);
    }
    if (!cli_is_mock(traffic->cli)) {
        (void)clock_gettime(CLOCK_REALTIME, &wall);
        traffic->wall_offset = (int64_t)wall.tv_sec * (int64_t)NS_PER_S + (int64_t)wall.tv_nsec -
                               (int64_t)sriov_vmm_now(traffic->cli->vmm);
    }
    return CLI_OK;
}

/* A VF that was passed on to a VM shows as a plain function: only a PF is surely wrong here. */
static int check_function(struct traffic *traffic)
{
    struct sriov_fn_info info = {.size = sizeof(info)};

    if (!cli_find(traffic->cli, traffic->bdf, &info)) {
        return cli_fail_open(traffic->cli, traffic->bdf, -ENOENT);
    }
    if (info.total_vfs != 0) {
        return cli_fail(traffic->cli,
                        "%s: is a PF, this needs a VF; make some: sriovctl vfs %s N, then see: "
                        "sriovctl list",
                        traffic->bdf, traffic->bdf);
    }
    return CLI_OK;
}

static int open_port(struct traffic *traffic, uint32_t ip)
{
    const struct traffic_values *values = traffic->values;
    char text[CLI_WHY_MAX];
    struct echo_port_opts opts = {.ip = ip,
                                  .fn_flags = cli_open_flags(traffic->cli),
                                  .fn_options = cli_open_options(traffic->cli, text),
                                  .mtu = (uint16_t)values->mtu,
                                  .interrupts = !values->poll,
                                  .on_events = on_events,
                                  .on_frame = on_frame,
                                  .drivers = cli_net_drivers(traffic->cli),
                                  .arg = traffic};
    enum echo_port_step step;
    int rc = echo_port_open(traffic->cli->vmm, traffic->bdf, &opts, &traffic->port, &step);

    if (rc != 0) {
        return step == ECHO_PORT_OPEN ? cli_fail_open(traffic->cli, traffic->bdf, rc)
                                      : cli_fail_step(traffic->cli, traffic->bdf, step_name(step), rc);
    }
    if (values->interrupts && echo_port_polls(traffic->port)) {
        return cli_fail(traffic->cli, "%s: has no interrupt vectors here; leave --interrupts out to poll",
                        traffic->bdf);
    }
    return CLI_OK;
}

static int wait_link(struct traffic *traffic)
{
    int rc = echo_port_wait_link(traffic->port, traffic->values->link_wait_ns);

    if (rc == -ETIMEDOUT) {
        return cli_fail_link(traffic->cli, traffic->bdf);
    }
    return rc == 0 ? CLI_OK : cli_fail(traffic->cli, "%s: was removed; plug it in again", traffic->bdf);
}

static int add_neighbour(struct traffic *traffic, uint32_t ip, const struct echo_plan *plan)
{
    const char *step;
    int rc;

    if (!cli_is_mock(traffic->cli) || ip == 0) {
        return CLI_OK;
    }
    rc = world_add_neighbour(traffic->cli->world, traffic->bdf, ip, (uint16_t)traffic->values->mtu, plan,
                             &step);
    if (rc == -ENOENT) {
        return cli_fail(traffic->cli, "the simulated neighbour needs a second VF; raise --vfs");
    }
    return rc == 0 ? CLI_OK : cli_fail(traffic->cli, "%s: %s", step, strerror(-rc));
}

void traffic_discard(struct traffic *traffic)
{
    if (traffic->port != NULL) {
        (void)echo_port_close(traffic->port);
    }
    if (traffic->pcap != NULL) {
        (void)pcap_file_close(traffic->pcap);
    }
    json_decref(traffic->events);
}

int traffic_open(struct traffic *traffic, struct cli *cli, const struct traffic_values *values,
                 const char *word, uint32_t ip, uint32_t neighbour_ip, const struct echo_plan *neighbour_plan)
{
    int status;

    memset(traffic, 0, sizeof(*traffic));
    traffic->cli = cli;
    traffic->values = values;
    if (values->poll && values->interrupts) {
        return cli_fail(cli, "--poll and --interrupts exclude each other; give one");
    }
    if (!cli_bdf(cli, word, traffic->bdf) || cli_open_vmm(cli) != CLI_OK) {
        return CLI_USAGE;
    }
    traffic->events = out_array();
    traffic->begin_ns = sriov_vmm_now(cli->vmm);
    cli_catch_signals();
    status = check_function(traffic);
    if (status == CLI_OK) {
        status = open_port(traffic, ip);
    }
    if (status == CLI_OK) {
        status = wait_link(traffic);
    }
    if (status == CLI_OK) {
        status = add_neighbour(traffic, neighbour_ip, neighbour_plan);
    }
    if (status == CLI_OK) {
        status = open_pcap(traffic);
    }
    if (status != CLI_OK) {
        traffic_discard(traffic);
        return status;
    }
    traffic->begin_ns = sriov_vmm_now(cli->vmm);
    traffic->next_progress_ns = traffic->begin_ns + NS_PER_S;
    traffic->open = true;
    return CLI_OK;
}

/* ---- running ---- */

static void show_progress(struct traffic *traffic, uint64_t now)
{
    const struct echo_stats *stats = echo_session_stats(echo_port_session(traffic->port));

    if (now < traffic->next_progress_ns) {
        return;
    }
    traffic->next_progress_ns = now + NS_PER_S;
    if (!traffic->values->progress && isatty(STDERR_FILENO) != 1) {
        return;
    }
    cli_note("%.0f s: %" PRIu64 " sent, %" PRIu64 " received, %" PRIu64 " lost, %" PRIu64
             " answered, rtt %.3f ms",
             seconds(now - traffic->begin_ns), stats->sent, stats->received, stats->lost,
             stats->answered_echo, (double)echo_rtt_mean(&stats->rtt) / 1e6);
}

static bool end(struct traffic *traffic, const char *why)
{
    traffic->ended = why;
    traffic->failed = true;
    return false;
}

static bool link_is_awaited(struct traffic *traffic, uint64_t now)
{
    uint32_t mbps;

    if (link_up(traffic, &mbps)) {
        traffic->no_link_since = 0;
        return true;
    }
    if (traffic->no_link_since == 0) {
        traffic->no_link_since = now;
    }
    return now - traffic->no_link_since < traffic->values->give_up_ns;
}

bool traffic_go_on(struct traffic *traffic)
{
    struct echo_session *session = echo_port_session(traffic->port);
    uint64_t now;

    (void)echo_port_turn(traffic->port);
    now = echo_port_now(traffic->port);
    if (echo_port_gone(traffic->port)) {
        return end(traffic, "was removed: plug it in again, or look at dmesg");
    }
    if (echo_port_must_end(traffic->port)) {
        return end(traffic, "its owner wants it back (hot removal): given back");
    }
    if (!link_is_awaited(traffic, now)) {
        return end(traffic, "the link stays away: set its PF up");
    }
    if (echo_session_over(session)) {
        return false;
    }
    if (cli_interrupted() ||
        (traffic->values->duration_ns != 0 && now - traffic->begin_ns >= traffic->values->duration_ns)) {
        if (echo_session_phase(session) == ECHO_IDLE) {
            return false;
        }
        echo_session_finish(session);
    }
    show_progress(traffic, now);
    echo_port_wait(traffic->port, WAIT_SLICE);
    return true;
}

/* ---- reporting ---- */

static const char *backend_name(struct traffic *traffic)
{
    const char *name = NULL;

    if (!cli_is_mock(traffic->cli) && !cli_is_vfu(traffic->cli) && !cli_is_netdev(traffic->cli) &&
        !cli_is_xen(traffic->cli)) {
        name = sriov_kvm_backend_of(traffic->cli->vmm, traffic->bdf);
    }
    return name != NULL ? name : "";
}

json_t *traffic_report(struct traffic *traffic)
{
    struct sriov_net *net = echo_port_net(traffic->port);
    struct sriov_net_info info = {.size = sizeof(info)};
    json_t *object = out_object();
    char text[32];

    (void)sriov_net_get_info(net, &info);
    out_text(object, "function", traffic->bdf);
    out_text(object, "shim", sriov_vmm_name(traffic->cli->vmm));
    out_text(object, "backend", backend_name(traffic));
    out_text(object, "driver", sriov_net_driver_name(net));
    (void)snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", info.mac.b[0], info.mac.b[1],
                   info.mac.b[2], info.mac.b[3], info.mac.b[4], info.mac.b[5]);
    out_text(object, "mac", text);
    (void)snprintf(text, sizeof(text), "%u.%u", info.mailbox_api >> 8, info.mailbox_api & 0xff);
    out_text(object, "mailbox_api", info.mailbox_api != 0 ? text : NULL);
    out_flag(object, "link", info.link.up);
    out_number(object, "link_mbps", info.link.mbps);
    out_number(object, "mtu", info.mtu);
    out_text(object, "mode", echo_port_polls(traffic->port) ? "poll" : "interrupts");
    out_number(object, "recoveries", info.recoveries);
    out_number(object, "elapsed_ns", sriov_vmm_now(traffic->cli->vmm) - traffic->begin_ns);
    return object;
}

static bool close_pcap(struct traffic *traffic)
{
    if (traffic->pcap == NULL || pcap_file_close(traffic->pcap) == 0) {
        return true;
    }
    cli_note("sriovctl: %s is incomplete: the disk may be full", traffic->values->pcap);
    return false;
}

static bool mock_is_content(struct traffic *traffic)
{
    const char *text;
    uint64_t n = traffic->cli->world != NULL ? world_violations(traffic->cli->world, &text) : 0;

    if (n != 0) {
        cli_note("sriovctl: the mock found %" PRIu64 " violations; the last: %s", n, text);
    }
    return n == 0;
}

int traffic_close(struct traffic *traffic, json_t *report, bool well)
{
    int leaks = echo_port_close(traffic->port);

    well = close_pcap(traffic) && well;
    well = mock_is_content(traffic) && well && leaks == 0 && !traffic->failed;
    out_set(report, "events", traffic->events);
    out_number(report, "leaked", (unsigned long long)leaks);
    out_text(report, "ended", traffic->ended);
    out_print(report, traffic->cli->globals.json);
    if (leaks != 0) {
        cli_note("sriovctl: %s: %d buffers or mappings were not given back", traffic->bdf, leaks);
    }
    if (traffic->ended != NULL) {
        cli_note("sriovctl: %s: %s", traffic->bdf, traffic->ended);
    }
    return well ? CLI_OK : CLI_FAILED;
}
