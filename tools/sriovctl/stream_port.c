/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream_port.h"

#include "parse.h"
#include "stream_worker.h"

#include <sriov/drivers.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS         UINT64_C(1000000)
#define SCAN_EVERY (100 * MS)
#define STEPS_MAX  4096u
#define PAUSE      (300 * UINT64_C(1000))

static const char *const side_names[] = {"none", "vf", "standby"};
static const char *const step_names[SRIOV_DNIS_STEPS] = {"up",     "tx stop", "move", "announce",
                                                         "settle", "rx stop", "done", "abort"};
static const char *const reason_names[] = {"",     "command", "removal asked", "link lost",  "reset",
                                           "gone", "return",  "abort",         "another MAC"};

struct stream_port {
    struct cli *cli;
    struct stream_port_opts opts;
    struct stream_device one;
    struct stream_device vf;
    struct stream_device standby;
    struct cli second; /* whose VMM is the worker's */
    struct stream_worker worker;
    struct sriov_vmm *netdevs; /* of a standby that the kernel drives */
    struct sriov_dnis *dnis;
    struct sriov_mac mac;
    json_t *steps;
    uint64_t next_scan;
    uint64_t plugged;
    uint64_t released;
    uint64_t refused;
    uint16_t vendor;
    uint16_t device;
    bool ended;
};

static const char *name_of(const char *const *names, size_t n, uint32_t i)
{
    return i < n && names[i] != NULL ? names[i] : "?";
}

static void tell(struct stream_port *port, const char *format, const char *what)
{
    char text[CLI_WHY_MAX];

    (void)snprintf(text, sizeof(text), "%s%.400s", format, what);
    port->opts.tell(port->opts.arg, text);
}

/* ---- the pair ---- */

static int on_step(void *arg, const struct sriov_dnis_progress *progress)
{
    struct stream_port *port = arg;
    json_t *object;

    if (json_array_size(port->steps) >= STEPS_MAX) {
        return 0;
    }
    object = out_object();
    out_number(object, "at_ns", progress->time_ns);
    out_text(object, "step", name_of(step_names, SRIOV_DNIS_STEPS, progress->step));
    out_text(object, "from", name_of(side_names, 3, progress->from));
    out_text(object, "to", name_of(side_names, 3, progress->to));
    out_text(object, "reason",
             name_of(reason_names, sizeof(reason_names) / sizeof(reason_names[0]), progress->reason));
    out_append(port->steps, object);
    return 0;
}

static int create_pair(struct stream_port *port)
{
    struct sriov_dnis_hooks hooks = {.size = sizeof(hooks), .on_step = on_step, .arg = port};
    struct sriov_dnis_addr address = {.is_ipv6 = 0};
    struct sriov_dnis_opts opts = {.size = sizeof(opts),
                                   .flags = port->opts.no_announce ? SRIOV_DNIS_NO_RARP : 0,
                                   .standby = port->standby.net,
                                   .hooks = &hooks,
                                   .addrs = &address,
                                   .addr_count = port->opts.address != 0 ? 1 : 0,
                                   .drain_ns = port->opts.drain_ns,
                                   .settle_ns = port->opts.settle_ns,
                                   .quiet_ns = port->opts.quiet_ns,
                                   .silence_ns = port->opts.silence_ns};

    for (uint32_t i = 0; i < 4; i++) {
        address.ip[i] = (uint8_t)(port->opts.address >> (24 - 8 * i));
    }
    int rc = sriov_dnis_create(port->cli->vmm, &opts, &port->dnis);
    if (rc != 0) {
        return cli_fail(port->cli, "the pair of VF and standby does not come about: %s", strerror(-rc));
    }
    return CLI_OK;
}

static int open_standby(struct stream_port *port)
{
    const char *spec = port->opts.standby;
    char why[CLI_WHY_MAX] = "";
    char bdf[SRIOV_NAME_MAX];
    int rc;

    if (spec == NULL) {
        return CLI_OK;
    }
    if (strncmp(spec, "netdev:", 7) == 0 && spec[7] != '\0') {
        rc = stream_device_open_netdev(&port->netdevs, spec + 7, &port->standby, why);
    } else if (strncmp(spec, "virtio:", 7) == 0 && parse_bdf(spec + 7, bdf)) {
        rc = stream_device_take(port->cli, port->cli->vmm, bdf, &port->standby, why);
    } else {
        return cli_fail(port->cli, "--standby wants netdev:INTERFACE or virtio:BDF");
    }
    return rc == 0 ? CLI_OK : cli_fail(port->cli, "--standby %.100s: %.300s", spec, why);
}

static bool parse_match(const char *word, uint16_t *vendor, uint16_t *device)
{
    char *end;
    unsigned long first = strtoul(word, &end, 16);
    unsigned long second = *end == ':' ? strtoul(end + 1, &end, 16) : 0;

    *vendor = (uint16_t)first;
    *device = (uint16_t)second;
    return *end == '\0' && first > 0 && first < 0xffff && second > 0 && second <= 0xffff;
}

/* The same VMM once more, for the thread that takes the VF. */
static int open_worker(struct stream_port *port)
{
    port->second = *port->cli;
    port->second.vmm = NULL;
    int status = cli_open_vmm(&port->second);

    port->worker.cli = &port->second;
    port->worker.vmm = port->second.vmm;
    return status;
}

static int open_pair(struct stream_port *port)
{
    struct sriov_dnis_info info = {.size = sizeof(info)};
    int status;

    if (!parse_match(port->opts.match, &port->vendor, &port->device)) {
        return cli_fail(port->cli, "--vf-match wants VENDOR:DEVICE of the VF, as 8086:10ed");
    }
    status = open_worker(port);
    if (status != CLI_OK) {
        return status;
    }
    status = open_standby(port);
    status = status == CLI_OK ? create_pair(port) : status;
    if (status == CLI_OK && sriov_dnis_get_info(port->dnis, &info) == 0) {
        port->mac = info.mac;
    }
    return status;
}

/* ---- one function ---- */

static bool has_link(struct sriov_net *net)
{
    struct sriov_net_info info = {.size = sizeof(info)};

    (void)sriov_net_poll(net);
    return sriov_net_get_info(net, &info) == 0 && info.link.up;
}

static int open_one(struct stream_port *port)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    char why[CLI_WHY_MAX] = "";
    char name[SRIOV_NAME_MAX];

    if (!cli_bdf(port->cli, port->opts.word, name)) {
        return CLI_USAGE;
    }
    int rc = stream_device_open(port->cli->vmm, name, sriov_net_drivers, cli_open_flags(port->cli),
                                &port->one, why);
    rc = rc != 0 ? rc : sriov_net_start(port->one.net);
    if (rc != 0) {
        return why[0] != '\0' ? cli_fail(port->cli, "%s", why)
                              : cli_fail_step(port->cli, name, "starting", rc);
    }
    uint64_t deadline = sriov_vmm_now(port->cli->vmm) + port->opts.link_wait_ns;
    while (!has_link(port->one.net)) {
        if (sriov_vmm_now(port->cli->vmm) > deadline || cli_interrupted()) {
            return cli_fail_link(port->cli, name);
        }
        (void)sriov_vmm_wait(port->cli->vmm, MS);
    }
    (void)sriov_net_get_info(port->one.net, &info);
    port->mac = info.mac;
    return CLI_OK;
}

/* ---- the VF comes and goes ---- */

struct search {
    struct stream_port *port;
    char name[SRIOV_NAME_MAX];
};

static int match(void *arg, const struct sriov_fn_info *info)
{
    struct search *search = arg;

    if (info->vendor != search->port->vendor || info->device != search->port->device) {
        return 0;
    }
    (void)snprintf(search->name, sizeof(search->name), "%s", info->name);
    return 1;
}

/* What is said once is enough: a VF that is half gone refuses until it is. */
static void not_taken(struct stream_port *port, const char *why)
{
    if (port->refused++ == 0) {
        tell(port, "the VF is not taken yet: ", why);
    }
}

static void look_for_vf(struct stream_port *port)
{
    struct search search = {.port = port};
    uint64_t now = sriov_vmm_now(port->cli->vmm);

    if (port->vf.fn != NULL || port->worker.work != STREAM_IDLE || now < port->next_scan) {
        return;
    }
    port->next_scan = now + SCAN_EVERY;
    if (sriov_vmm_enumerate(port->worker.vmm, match, &search) == 1) {
        (void)stream_worker_take(&port->worker, search.name);
    }
}

static void attach_vf(struct stream_port *port)
{
    struct sriov_dnis_info info = {.size = sizeof(info)};
    int rc = port->worker.rc;

    port->vf = port->worker.device;
    port->worker.device = (struct stream_device){.fn = NULL};
    if (rc == 0) {
        rc = sriov_dnis_attach(port->dnis, port->vf.net);
        (void)snprintf(port->worker.why, sizeof(port->worker.why), "%s: the pair refuses it: %s",
                       port->worker.name, strerror(-rc));
    }
    if (rc != 0) {
        not_taken(port, port->worker.why);
        (void)stream_device_close(&port->vf);
        return;
    }
    port->plugged++;
    port->refused = 0;
    tell(port, "the VF is there: ", port->worker.name);
    if (sriov_dnis_get_info(port->dnis, &info) == 0) {
        port->mac = info.mac;
    }
}

static void release_vf(struct stream_port *port)
{
    struct sriov_net *vf = NULL;

    if (port->vf.fn != NULL && port->worker.work == STREAM_IDLE && sriov_dnis_detach(port->dnis, &vf) == 0 &&
        stream_worker_close(&port->worker, &port->vf) != 0) {
        (void)stream_device_close(&port->worker.device);
    }
}

static void look_at_worker(struct stream_port *port)
{
    switch (stream_worker_done(&port->worker)) {
    case STREAM_TAKES:
        attach_vf(port);
        return;
    case STREAM_CLOSES:
        port->released++;
        tell(port,
             port->worker.rc == 0 ? "the VF is let go" : "the VF is let go, with some of its memory in use",
             "");
        port->next_scan = sriov_vmm_now(port->cli->vmm) + SCAN_EVERY;
        return;
    case STREAM_IDLE:
        return;
    }
}

static bool poll_pair(struct stream_port *port)
{
    uint32_t events = sriov_dnis_poll(port->dnis);
    struct sriov_dnis_info info = {.size = sizeof(info)};

    if ((events & (SRIOV_DNIS_EV_SWITCHED | SRIOV_DNIS_EV_FAILED | SRIOV_DNIS_EV_DOWN)) != 0 &&
        sriov_dnis_get_info(port->dnis, &info) == 0) {
        tell(port, "traffic goes by the ", name_of(side_names, 3, info.active));
        if ((events & SRIOV_DNIS_EV_FAILED) != 0) {
            tell(port, "a switch failed: ", info.next_step);
        }
    }
    if ((events & SRIOV_DNIS_EV_RELEASE) != 0) {
        release_vf(port);
    }
    look_at_worker(port);
    look_for_vf(port);
    if (port->vf.fn != NULL) {
        (void)sriov_vmm_wait(port->worker.vmm, 0);
    }
    if (port->netdevs != NULL) {
        (void)sriov_vmm_wait(port->netdevs, 0);
    }
    return true;
}

static bool poll_one(struct stream_port *port)
{
    uint32_t events = sriov_net_poll(port->one.net);

    if ((events & (SRIOV_NET_EV_GONE | SRIOV_NET_EV_REMOVE)) != 0) {
        tell(port, "its owner wants it back, or it is gone", "");
        port->ended = true;
    }
    return !port->ended;
}

bool stream_port_poll(struct stream_port *port)
{
    (void)sriov_vmm_wait(port->cli->vmm, PAUSE);
    return port->dnis != NULL ? poll_pair(port) : poll_one(port);
}

/* ---- frames ---- */

bool stream_port_send(struct stream_port *port, const uint8_t *bytes, uint32_t len)
{
    struct sriov_pool *pool = port->dnis != NULL ? sriov_dnis_pool(port->dnis) : port->one.pool;
    struct sriov_buf *buf = pool != NULL ? sriov_buf_from(pool, bytes, len) : NULL;

    if (buf == NULL) {
        return false;
    }
    uint16_t taken = port->dnis != NULL ? sriov_dnis_tx_burst(port->dnis, 0, &buf, 1)
                                        : sriov_tx_burst(sriov_net_txq(port->one.net, 0), &buf, 1);
    if (taken == 0) {
        sriov_buf_free(buf);
    }
    return taken != 0;
}

uint32_t stream_port_receive(struct stream_port *port, uint8_t *bytes, uint32_t room)
{
    struct sriov_buf *buf = NULL;
    uint16_t n = port->dnis != NULL ? sriov_dnis_rx_burst(port->dnis, 0, &buf, 1)
                                    : sriov_rx_burst(sriov_net_rxq(port->one.net, 0), &buf, 1);

    if (n == 0) {
        return 0;
    }
    uint32_t len = buf->pkt_len;
    (void)sriov_buf_copy_out(buf, bytes, room);
    sriov_buf_free(buf);
    return len != 0 ? len : 1;
}

/* ---- the whole ---- */

int stream_port_open(struct cli *cli, const struct stream_port_opts *opts, struct stream_port **out)
{
    struct stream_port *port = calloc(1, sizeof(*port));

    if (port == NULL) {
        return cli_fail(cli, "out of memory");
    }
    *port = (struct stream_port){.cli = cli, .opts = *opts, .steps = out_array()};
    int status = cli_open_vmm(cli);
    if (status == CLI_OK) {
        status = opts->word != NULL ? open_one(port) : open_pair(port);
    }
    if (status != CLI_OK) {
        stream_port_close(port);
        return status;
    }
    *out = port;
    return CLI_OK;
}

void stream_port_close(struct stream_port *port)
{
    sriov_dnis_destroy(port->dnis);
    stream_worker_end(&port->worker);
    (void)stream_device_close(&port->vf);
    (void)stream_device_close(&port->standby);
    (void)stream_device_close(&port->one);
    if (port->netdevs != NULL) {
        stream_device_end_netdevs(port->netdevs);
    }
    cli_close_vmm(&port->second);
    json_decref(port->steps);
    free(port);
}

struct sriov_mac stream_port_mac(const struct stream_port *port)
{
    return port->mac;
}

const char *stream_port_active(struct stream_port *port)
{
    struct sriov_dnis_info info = {.size = sizeof(info)};

    if (port->dnis == NULL) {
        return sriov_net_driver_name(port->one.net);
    }
    (void)sriov_dnis_get_info(port->dnis, &info);
    return name_of(side_names, 3, info.active);
}

json_t *stream_port_report(struct stream_port *port)
{
    struct sriov_dnis_stats stats = {.size = sizeof(stats)};
    json_t *report = out_object();
    json_t *last = out_object();

    if (port->dnis == NULL || sriov_dnis_stats(port->dnis, &stats) != 0) {
        json_decref(last);
        return report;
    }
    out_number(report, "plugged", port->plugged);
    out_number(report, "released", port->released);
    out_number(report, "switches", stats.switches);
    out_number(report, "forced", stats.forced);
    out_number(report, "failed", stats.failed);
    out_number(report, "in_doubt", stats.in_doubt);
    out_number(report, "tx_moved", stats.tx_moved);
    out_number(report, "tx_dropped", stats.tx_dropped);
    out_number(report, "rx_inactive", stats.rx_inactive);
    out_number(report, "announced", stats.announced);
    out_number(report, "last_tx_gap_ns", stats.last_tx_gap_ns);
    for (uint32_t i = 0; i < SRIOV_DNIS_STEPS; i++) {
        char key[32];
        (void)snprintf(key, sizeof(key), "%s_ns", step_names[i]);
        out_number(last, key, stats.last_ns[i]);
    }
    out_set(report, "last_switch", last);
    out_set(report, "steps", json_incref(port->steps));
    return report;
}
