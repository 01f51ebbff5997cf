/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest with one VF and no operating system: answers whoever asks, asks every peer when it is told
 * to, and prints what came of it. The VMM that runs it gives it its orders (orders.h).
 */
#include "libc.h"
#include "orders.h"
#include "quiet.h"
#include "roles.h"

#include "conform.h"
#include "port.h"

#include <sriov/guest.h>

#include <string.h>

#define MS          UINT64_C(1000000)
#define SECOND      (1000 * MS)
#define RING        64u
#define WINDOW      8u
#define LOOK_EVERY  (2 * MS) /* for orders: each look is an exit to the VMM */
#define LINK_MOST   (20 * SECOND)
#define ANSWER_MOST (20 * SECOND) /* four guests of an emulated CPU each share what there is */
#define COUNT       200u
#define SIZE        256u
#define ETHERNET    0x020000u

struct peer {
    struct machine machine;
    struct sriov_vmm *vmm;
    struct echo_port *port;
    char name[SRIOV_NAME_MAX];
    uint64_t next_look;
    uint32_t order;
    uint64_t lost; /* or wrong, or never asked */
};

static struct peer peer;

/* ---- orders ---- */

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *at = machine_word(&peer.machine, name);
    uint64_t value = 0;

    if (at == NULL) {
        return otherwise;
    }
    while (*at >= '0' && *at <= '9') {
        value = value * 10 + (uint64_t)(*at++ - '0');
    }
    return value;
}

/* Of a list a.b.c.d,a.b.c.d; moves on to the next one. 0 at its end. */
static uint32_t take_ip(const char **at)
{
    uint32_t ip = 0;
    uint32_t part = 0;

    if (*at == NULL || **at < '0' || **at > '9') {
        return 0;
    }
    for (; (**at >= '0' && **at <= '9') || **at == '.'; ++*at) {
        if (**at == '.') {
            ip = ip << 8 | part;
            part = 0;
        } else {
            part = part * 10 + (uint32_t)(**at - '0');
        }
    }
    *at += **at == ',';
    return ip << 8 | part;
}

static void say_state(enum peer_state state)
{
    machine_out32(ORDERS_PORT, (uint32_t)state);
}

static uint32_t look(void)
{
    uint64_t now = echo_port_now(peer.port);

    if (now >= peer.next_look) {
        peer.order = machine_in32(ORDERS_PORT);
        peer.next_look = now + LOOK_EVERY;
    }
    return peer.order;
}

/* ---- conformance ---- */

static void report(void *arg, const char *name, enum conform_verdict verdict, const char *why)
{
    (void)arg;
    if (verdict != CONFORM_PASS) {
        say("%s %s: %s", verdict == CONFORM_FAIL ? "failed" : "unsupported", name, why);
    }
}

/* The seam's own cases, on this VF; false: one failed. */
static bool conform(void)
{
    static const struct sriov_fn_opts unconfined = {.size = sizeof(unconfined), .flags = SRIOV_OPEN_NOIOMMU};
    struct conform c = {.vmm = peer.vmm,
                        .device = peer.name,
                        .open_opts = &unconfined,
                        .drivers = sriov_net_drivers,
                        .report = report};

    (void)conform_run(&c, conform_tables, NULL);
    say("conformance guest vf: %u passed, %u unsupported, %u failed", c.passed, c.unsupported, c.failed);
    return c.failed == 0;
}

/* ---- start ---- */

static void on_log(void *arg, uint32_t level, const char *line)
{
    (void)arg;
    (void)level;
    say("log %s", line);
}

static int create(void)
{
    struct sriov_guest_opts opts = {
        .size = sizeof(opts),
        .flags = number("ecam", 0) == 0 ? SRIOV_GUEST_NO_ECAM : 0,
        .memory = peer.machine.memory,
        .memory_size = peer.machine.memory_size,
        .ecam = number("ecam", 0),
        .mmio = peer.machine.mmio,
        .mmio_size = peer.machine.mmio_size,
        .tsc_hz = number("tsc", 0),
        .log = on_log,
    };

    return sriov_guest_create(&opts, &peer.vmm);
}

static int find(void *arg, const struct sriov_fn_info *info)
{
    (void)arg;
    if (info->class_code == ETHERNET) {
        memcpy(peer.name, info->name, SRIOV_NAME_MAX);
    }
    return info->class_code == ETHERNET;
}

static int open_port(enum echo_port_step *step)
{
    const char *ip = machine_word(&peer.machine, "ip");
    struct echo_port_opts opts = {
        .ip = take_ip(&ip), .fn_flags = SRIOV_OPEN_NOIOMMU, .ring = RING, .interrupts = true};

    return echo_port_open(peer.vmm, peer.name, &opts, &peer.port, step);
}

static void introduce(void)
{
    struct sriov_net_info info = {.size = sizeof(info)};

    if (sriov_net_get_info(echo_port_net(peer.port), &info) == 0) {
        const uint8_t *b = info.mac.b;
        say("vf %s mac %02x:%02x:%02x:%02x:%02x:%02x api %u.%u vectors %u", peer.name, b[0], b[1], b[2], b[3],
            b[4], b[5], info.mailbox_api >> 8, info.mailbox_api & 0xffu, info.vectors);
    }
}

static bool start(void)
{
    enum echo_port_step step = ECHO_PORT_OPEN;
    int rc = create();

    if (rc != 0) {
        say("error %d creating the machine", rc);
        return false;
    }
    libc_use(peer.vmm);
    (void)sriov_vmm_enumerate(peer.vmm, find, NULL);
    if (machine_word(&peer.machine, "conform") != NULL && !conform()) {
        return false;
    }
    peer.next_look = 0;
    peer.order = ORDER_ANSWER;
    rc = open_port(&step);
    if (rc != 0) {
        say("error %d opening \"%s\", step %d", rc, peer.name, (int)step);
        return false;
    }
    introduce();
    rc = echo_port_wait_link(peer.port, LINK_MOST);
    if (rc != 0) {
        say("error %d waiting for the link", rc);
    }
    return rc == 0;
}

/* ---- traffic ---- */

static void turn(void)
{
    (void)echo_port_turn(peer.port);
    echo_port_wait(peer.port, LOOK_EVERY);
}

static void ask(uint32_t ip)
{
    struct echo_session *session = echo_port_session(peer.port);
    uint64_t count = number("count", COUNT);
    struct echo_plan plan = {.target = ip,
                             .count = count,
                             .size_max = (uint32_t)number("size", SIZE),
                             .window = WINDOW,
                             .timeout_ns = ANSWER_MOST,
                             .resolve_ns = ANSWER_MOST};
    int rc = echo_session_start(session, &plan);

    while (rc == 0 && !echo_session_over(session) && !echo_port_must_end(peer.port)) {
        turn();
    }
    const struct echo_stats *s = echo_session_stats(session);
    say("ping %u.%u.%u.%u sent %llu received %llu corrupt %llu duplicates %llu", ip >> 24, ip >> 16 & 0xff,
        ip >> 8 & 0xff, ip & 0xff, (unsigned long long)s->sent, (unsigned long long)s->received,
        (unsigned long long)s->corrupt, (unsigned long long)s->duplicates);
    peer.lost += count - s->received + s->corrupt + s->duplicates;
}

static void ask_all(void)
{
    const char *list = machine_word(&peer.machine, "peers");

    for (uint32_t ip = take_ip(&list); ip != 0; ip = take_ip(&list)) {
        ask(ip);
    }
}

/* ---- from start to end ---- */

static void do_quiet(void)
{
    int rc = quiet(echo_port_fn(peer.port), machine_word(&peer.machine, "lie") != NULL);

    if (rc != 0) {
        say("error %d being quiet", rc);
        peer.lost++;
    }
    peer.next_look = 0;
}

static bool is_stubborn(void)
{
    return machine_word(&peer.machine, "stubborn") != NULL;
}

static bool must_part(void)
{
    uint32_t order = look();

    return order == ORDER_END || (order == ORDER_LET_GO && !is_stubborn()) || echo_port_must_end(peer.port);
}

/* As long as it has its VF. */
static void obey(void)
{
    bool asked = false;

    say_state(PEER_READY);
    while (!must_part()) {
        if (peer.order == ORDER_PING && !asked) {
            asked = true;
            ask_all();
            say_state(PEER_PINGED);
        } else if (peer.order == ORDER_QUIET) {
            do_quiet();
            say_state(PEER_READY);
        } else {
            turn();
        }
    }
}

static bool finish(void)
{
    struct sriov_guest_stats stats = {.size = sizeof(stats)};
    const struct echo_port_waits *waits = echo_port_waits(peer.port);

    say("waits %llu woken %llu", (unsigned long long)waits->waits, (unsigned long long)waits->woken);
    int leaks = echo_port_close(peer.port);
    (void)sriov_guest_stats(peer.vmm, &stats);
    say("interrupts %llu stray %llu halts %llu tsc %llu leaks %d", (unsigned long long)stats.interrupts,
        (unsigned long long)stats.stray, (unsigned long long)stats.halts, (unsigned long long)stats.tsc_hz,
        leaks);
    libc_use(NULL);
    return sriov_guest_destroy(peer.vmm) == 0 && leaks == 0 && stats.stray == 0 && stats.interrupts != 0;
}

/* False: none will come. */
static bool wait_for_another(void)
{
    say_state(peer.order == ORDER_LET_GO && !is_stubborn() ? PEER_LET_GO : PEER_LOST);
    while (peer.order == ORDER_LET_GO) {
        peer.order = machine_in32(ORDERS_PORT);
    }
    return peer.order != ORDER_END;
}

_Noreturn void peer_main(const struct machine *machine)
{
    peer.machine = *machine;
    do {
        if (!start()) {
            machine_end(false);
        }
        obey();
        if (!finish()) {
            machine_end(false);
        }
    } while (peer.order != ORDER_END && wait_for_another());
    machine_end(peer.lost == 0);
}
