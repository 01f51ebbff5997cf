/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The main job with no hardware: a simulated 82599 with four VFs, our PF driver and four times the
 * ixgbevf-like driver, real frames between the VFs and over the wire, a PF reset and an FLR in the
 * middle of traffic. The same driver calls drive a device behind VFIO: see docs/.
 */
#include "wire.h"

#include "echo.h"
#include "frame.h"
#include "port.h"

#include <sriov/drivers.h>
#include <sriov/mock.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VFS         4u
#define MTU         9000u
#define US          UINT64_C(1000)
#define MS          (1000 * US)
#define FRAME_LEAST 60u /* 64 with FCS */
#define FRAME_MOST  9000u
#define NET         UINT32_C(0xc0000200) /* 192.0.2.0, RFC 5737 */
#define WIRE_IP     (NET + 100)

struct demo_vf {
    struct echo_port *port;
    int task; /* serves the VF while another one asks */
    char name[SRIOV_NAME_MAX];
    uint64_t sent;
    uint64_t received;
    uint64_t lost;
    uint64_t lost_in_resets;
    uint64_t wrong; /* corrupt, duplicate or reordered */
};

struct demo {
    struct sriov_mock *mock;
    struct sriov_vmm *vmm;
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    struct wire_host *wire;
    char pf_name[SRIOV_NAME_MAX];
    struct demo_vf vf[VFS];
};

/* What happens in the middle of a stream. */
enum upset {
    UPSET_NONE,
    UPSET_PF_RESET,
    UPSET_FLR
};

struct stream {
    const char *what;
    uint32_t from;
    uint32_t to_ip;
    uint32_t protocol;
    uint64_t count;
    enum upset upset;
};

static bool failed(const char *what, int err)
{
    if (err < 0) {
        fprintf(stderr, "demo: %s: %s\n", what, strerror(-err));
    }
    return err < 0;
}

/* ---- the simulated machine ---- */

static void serve_pf(void *arg)
{
    (void)sriov_pf_poll(arg);
}

/* The host's choice, as an administrator would make it. */
static bool name_vfs(struct demo *demo)
{
    for (uint8_t i = 0; i < VFS; i++) {
        struct sriov_mac mac = {{0x02, 0x53, 0x52, 0, 0, i}};
        if (failed("VF's MAC", sriov_pf_set_vf_mac(demo->pf, i, &mac))) {
            return false;
        }
    }
    return true;
}

static bool build_pf(struct demo *demo, const char *pcap)
{
    struct sriov_pf_opts opts = {.size = sizeof(opts)};
    return !failed("mock", sriov_mock_create(NULL, &demo->mock)) &&
           !failed("82599", sriov_mock_add_pf(demo->mock, "82599", NULL, demo->pf_name)) &&
           (demo->vmm = sriov_mock_vmm(demo->mock)) != NULL &&
           (pcap == NULL || !failed(pcap, sriov_mock_capture(demo->mock, demo->pf_name, pcap))) &&
           !failed("open the PF", sriov_fn_open(demo->vmm, demo->pf_name, NULL, &demo->pf_fn)) &&
           !failed("PF driver", sriov_pf_open(demo->pf_fn, sriov_pf_drivers, &opts, &demo->pf)) &&
           !failed("enable VFs", sriov_pf_enable_vfs(demo->pf, VFS)) && name_vfs(demo) &&
           !failed("PF service", sriov_mock_task(demo->mock, 10 * US, serve_pf, demo->pf));
}

static void serve_vf(void *arg)
{
    (void)echo_port_turn(arg);
}

static bool build_vf(struct demo *demo, uint32_t i)
{
    struct demo_vf *vf = &demo->vf[i];
    struct echo_port_opts opts = {.ip = NET + 1 + i, .mtu = MTU, .interrupts = true};
    enum echo_port_step step;
    return !failed("VF's name", sriov_mock_vf_name(demo->mock, demo->pf_name, (uint16_t)i, vf->name)) &&
           !failed("VF", echo_port_open(demo->vmm, vf->name, &opts, &vf->port, &step)) &&
           !failed("VF's link", echo_port_wait_link(vf->port, 1000 * MS));
}

static bool build(struct demo *demo, const char *pcap)
{
    if (!build_pf(demo, pcap)) {
        return false;
    }
    demo->wire = wire_host_create(demo->mock, demo->pf_name, WIRE_IP);
    if (demo->wire == NULL) {
        return !failed("host on the wire", -ENOMEM);
    }
    for (uint32_t i = 0; i < VFS; i++) {
        if (!build_vf(demo, i)) {
            return false;
        }
    }
    return true;
}

/* Returns what was leaked or found wrong by the strict mock. */
static uint64_t strike(struct demo *demo)
{
    uint64_t bad = 0;
    for (uint32_t i = 0; i < VFS; i++) {
        bad += demo->vf[i].port == NULL ? 0 : (uint64_t)echo_port_close(demo->vf[i].port);
    }
    wire_host_destroy(demo->wire);
    if (demo->pf != NULL) {
        sriov_pf_close(demo->pf);
    }
    if (demo->pf_fn != NULL) {
        bad += (uint64_t)sriov_fn_close(demo->pf_fn);
    }
    if (demo->mock != NULL) {
        bad += sriov_mock_violations(demo->mock, 0) + sriov_mock_held(demo->mock);
        sriov_mock_destroy(demo->mock);
    }
    return bad;
}

/* ---- traffic ---- */

/* All VFs but the one that asks are served in the background, as other VMs would be. */
static bool let_others_serve(struct demo *demo, uint32_t asker)
{
    for (uint32_t i = 0; i < VFS; i++) {
        struct demo_vf *vf = &demo->vf[i];
        vf->task = i == asker ? 0 : sriov_mock_task(demo->mock, 20 * US, serve_vf, vf->port);
        if (failed("serve", vf->task)) {
            return false;
        }
    }
    return true;
}

static void others_stop(struct demo *demo)
{
    for (uint32_t i = 0; i < VFS; i++) {
        if (demo->vf[i].task > 0) {
            (void)sriov_mock_task_stop(demo->mock, demo->vf[i].task);
        }
    }
}

static bool make_upset(struct demo *demo, const struct stream *stream)
{
    switch (stream->upset) {
    case UPSET_PF_RESET:
        return !failed("PF reset", sriov_pf_reset(demo->pf));
    case UPSET_FLR: /* behind the driver's back: it must notice by itself */
        return !failed("FLR", sriov_fn_reset(echo_port_fn(demo->vf[stream->from].port)));
    default:
        return true;
    }
}

static void account(struct demo_vf *vf, const struct echo_stats *stats)
{
    vf->sent += stats->sent;
    vf->received += stats->received;
    vf->lost += stats->lost;
    vf->lost_in_resets += stats->lost_in_outages;
    vf->wrong += stats->corrupt + stats->duplicates + stats->reordered;
}

static bool run_stream(struct demo *demo, const struct stream *stream)
{
    struct demo_vf *vf = &demo->vf[stream->from];
    struct echo_session *session = echo_port_session(vf->port);
    struct echo_plan plan = {.target = stream->to_ip,
                             .protocol = stream->protocol,
                             .count = stream->count,
                             .size_min = FRAME_LEAST - FRAME_OVERHEAD,
                             .size_max = FRAME_MOST - FRAME_OVERHEAD,
                             .interval_ns = 20 * US,
                             .window = 32,
                             .timeout_ns = 100 * MS};
    bool good =
        let_others_serve(demo, stream->from) && !failed(stream->what, echo_session_start(session, &plan));
    bool upset_due = stream->upset != UPSET_NONE;
    uint64_t deadline = sriov_mock_now(demo->mock) + 60000 * MS;
    while (good && !echo_session_over(session) && !echo_port_must_end(vf->port)) {
        (void)echo_port_turn(vf->port);
        if (upset_due && echo_session_stats(session)->sent >= stream->count / 2) {
            upset_due = false;
            good = make_upset(demo, stream);
        }
        echo_port_wait(vf->port, MS);
        good = good && sriov_mock_now(demo->mock) < deadline;
    }
    others_stop(demo);
    account(vf, echo_session_stats(session));
    const struct echo_stats *stats = echo_session_stats(session);
    printf("%-44s %6llu sent %6llu answered %3llu lost\n", stream->what, (unsigned long long)stats->sent,
           (unsigned long long)stats->received, (unsigned long long)stats->lost);
    return good && echo_session_phase(session) == ECHO_DONE && !upset_due;
}

static const struct stream streams[] = {
    {"VF0 to VF1, ICMP", 0, NET + 2, ECHO_ICMP, 500, UPSET_NONE},
    {"VF1 to VF2, UDP", 1, NET + 3, ECHO_UDP, 500, UPSET_NONE},
    {"VF2 to VF3, ICMP", 2, NET + 4, ECHO_ICMP, 500, UPSET_NONE},
    {"VF3 to VF0, UDP", 3, NET + 1, ECHO_UDP, 500, UPSET_NONE},
    {"VF0 to the wire, ICMP", 0, WIRE_IP, ECHO_ICMP, 500, UPSET_NONE},
    {"VF1 to the wire, UDP, PF reset in the middle", 1, WIRE_IP, ECHO_UDP, 1000, UPSET_PF_RESET},
    {"VF2 to VF0, ICMP, FLR of VF2 in the middle", 2, NET + 1, ECHO_ICMP, 1000, UPSET_FLR},
    {"VF3 to the wire, ICMP, after all that", 3, WIRE_IP, ECHO_ICMP, 500, UPSET_NONE},
    {"VF2 to VF1, UDP, after all that", 2, NET + 2, ECHO_UDP, 500, UPSET_NONE},
};

/* ---- the table ---- */

static void print_vf(const struct demo_vf *vf, uint32_t i)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    (void)sriov_net_get_info(echo_port_net(vf->port), &info);
    const uint8_t *b = info.mac.b;
    printf("VF%u %-13s %02x:%02x:%02x:%02x:%02x:%02x  %-8s %u.%u  %6llu %8llu %5llu %9llu %10llu %10u\n", i,
           vf->name, b[0], b[1], b[2], b[3], b[4], b[5], info.link.up ? "10G up" : "down",
           info.mailbox_api >> 8, info.mailbox_api & 0xffu, (unsigned long long)vf->sent,
           (unsigned long long)vf->received, (unsigned long long)(vf->lost - vf->lost_in_resets),
           (unsigned long long)vf->lost_in_resets, (unsigned long long)echo_port_waits(vf->port)->woken,
           info.recoveries);
}

/* 0 lost outside the reset windows, nothing wrong, both resets noticed and survived. */
static bool judge(const struct demo *demo)
{
    bool good = true;
    for (uint32_t i = 0; i < VFS; i++) {
        const struct demo_vf *vf = &demo->vf[i];
        struct sriov_net_info info = {.size = sizeof(info)};
        (void)sriov_net_get_info(echo_port_net(vf->port), &info);
        uint32_t resets = i == 2 ? 2 : 1; /* all saw the PF's, VF2 its own as well */
        good = good && vf->lost == vf->lost_in_resets && vf->wrong == 0 && info.link.up &&
               info.recoveries >= resets && vf->received != 0 && echo_port_waits(vf->port)->woken != 0 &&
               vf->sent == vf->received + vf->lost;
    }
    return good;
}

static bool run(struct demo *demo)
{
    bool good = true;
    for (size_t i = 0; good && i < sizeof(streams) / sizeof(streams[0]); i++) {
        good = run_stream(demo, &streams[i]);
    }
    if (good) {
        printf("\n%-17s %-18s %-8s %-4s %6s %8s %5s %9s %10s %10s\n", "VF", "MAC", "link", "mbox", "sent",
               "received", "lost", "in resets", "interrupts", "recoveries");
        for (uint32_t i = 0; i < VFS; i++) {
            print_vf(&demo->vf[i], i);
        }
        good = judge(demo);
        printf("\n%llu frames on the wire, %llu ms of virtual time\n",
               (unsigned long long)wire_host_frames(demo->wire),
               (unsigned long long)(sriov_mock_now(demo->mock) / MS));
    }
    return good;
}

int main(int argc, char **argv)
{
    const char *pcap = NULL;
    if (argc == 3 && strcmp(argv[1], "--pcap") == 0) {
        pcap = argv[2];
    } else if (argc != 1) {
        fputs("usage: demo [--pcap FILE]\n", stderr);
        return 2;
    }
    struct demo *demo = calloc(1, sizeof(*demo));
    if (demo == NULL) {
        return 1;
    }
    bool good = build(demo, pcap) && run(demo);
    uint64_t bad = strike(demo);
    free(demo);
    if (bad != 0) {
        fprintf(stderr, "demo: %llu leaks or violations\n", (unsigned long long)bad);
    }
    puts(good && bad == 0 ? "demo: ok" : "demo: failed");
    return good && bad == 0 ? 0 : 1;
}
