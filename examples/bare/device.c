/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole device in a machine with no operating system: the PF driver brings the 82576 up and enables two
 * VFs, the VF driver runs on both. VF 0 pings the gateway of QEMU's user network and VF 1; then the
 * conformance cases of the seam run on it. Prints TAP on the serial port.
 */
#include "libc.h"
#include "roles.h"

#include "conform.h"
#include "port.h"

#include <sriov/guest.h>

#include <errno.h>
#include <string.h>

#define PINGS   200u
#define VFS     2u
#define MS      UINT64_C(1000000)
#define LINK_MS 10000u
#define GATEWAY UINT32_C(0x0a000202) /* 10.0.2.2 */
#define VF_IP   UINT32_C(0x0a00020f) /* 10.0.2.15, and one more for each VF */
#define FNS_MAX 32u

struct bare {
    struct machine machine;
    struct sriov_vmm *vmm;
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    char pf_name[SRIOV_NAME_MAX];
    char vf_name[VFS][SRIOV_NAME_MAX];
    struct echo_port *port[VFS];
    bool wants_x2apic; /* says the command line */
    uint32_t count;    /* of TAP */
    uint32_t failed;
};

static struct bare bare;
static const struct sriov_fn_opts unconfined = {.size = sizeof(unconfined), .flags = SRIOV_OPEN_NOIOMMU};

/* ---- TAP ---- */

static bool check(bool good, const char *what)
{
    bare.count++;
    bare.failed += !good;
    say("%sok %u - %s", good ? "" : "not ", bare.count, what);
    return good;
}

static bool check_rc(int rc, const char *what)
{
    if (rc != 0) {
        say("# %s: error %d", what, rc);
    }
    return check(rc == 0, what);
}

static void on_log(void *arg, uint32_t level, const char *line)
{
    (void)arg;
    (void)level;
    say("# %s", line);
}

/* ---- the machine ---- */

static int create(uint32_t flags, struct sriov_vmm **vmm)
{
    struct sriov_guest_opts opts = {
        .size = sizeof(opts),
        .flags = flags,
        .memory = bare.machine.memory,
        .memory_size = bare.machine.memory_size,
        .rsdp = bare.machine.rsdp,
        .mmio = bare.machine.mmio,
        .mmio_size = bare.machine.mmio_size,
        .log = on_log,
    };

    return sriov_guest_create(&opts, vmm);
}

struct census {
    uint32_t n;
    struct sriov_fn_info fn[FNS_MAX];
};

static int note(void *arg, const struct sriov_fn_info *info)
{
    struct census *census = arg;

    if (census->n < FNS_MAX) {
        census->fn[census->n++] = *info;
    }
    return 0;
}

/* The ports reach less of config space, but the same functions. */
static bool same_functions(const struct census *a, const struct census *b)
{
    bool same = a->n == b->n && a->n != 0;

    for (uint32_t i = 0; same && i < a->n; i++) {
        same = memcmp(a->fn[i].name, b->fn[i].name, SRIOV_NAME_MAX) == 0 &&
               a->fn[i].device == b->fn[i].device && a->fn[i].vendor == b->fn[i].vendor &&
               a->fn[i].class_code == b->fn[i].class_code;
    }
    return same;
}

static bool start_machine(void)
{
    static struct census ports;
    static struct census ecam;
    struct sriov_guest_stats stats = {.size = sizeof(stats)};
    struct sriov_vmm *other = NULL;
    int rc = create(SRIOV_GUEST_NO_ECAM, &bare.vmm);

    if (!check_rc(rc, "the machine by ports 0xcf8 and 0xcfc")) {
        return false;
    }
    (void)sriov_vmm_enumerate(bare.vmm, note, &ports);
    (void)check(create(0, &other) == -EBUSY, "a second one is refused");
    (void)check_rc(sriov_guest_destroy(bare.vmm), "it goes");
    if (!check_rc(create(0, &bare.vmm), "the machine by ECAM")) {
        return false;
    }
    (void)sriov_vmm_enumerate(bare.vmm, note, &ecam);
    (void)sriov_guest_stats(bare.vmm, &stats);
    (void)check((stats.x2apic != 0) == bare.wants_x2apic, "the local APIC is as it was left");
    (void)check(stats.ecam == 1 && same_functions(&ports, &ecam), "both ways show the same functions");
    say("# %u functions, TSC %llu Hz, %s, %llu MiB of memory", stats.functions,
        (unsigned long long)stats.tsc_hz, stats.x2apic != 0 ? "x2APIC" : "xAPIC",
        (unsigned long long)(stats.memory_free >> 20));
    libc_use(bare.vmm);
    return true;
}

static bool next_second(uint32_t *second, uint64_t *now)
{
    uint64_t begin = sriov_vmm_now(bare.vmm);
    uint32_t from = machine_second();

    while (machine_second() == from && sriov_vmm_now(bare.vmm) - begin < 5000 * MS) {
        sriov_vmm_relax(bare.vmm);
    }
    *second = machine_second();
    *now = sriov_vmm_now(bare.vmm);
    return *second != from;
}

/* The real-time clock is a witness of its own. */
static void check_clock(void)
{
    uint32_t from;
    uint32_t to;
    uint64_t begin;
    uint64_t end;

    if (!check(next_second(&from, &begin) && next_second(&to, &end), "the real-time clock ticks")) {
        return;
    }
    uint64_t seconds = (to + 60 - from) % 60;
    uint64_t ms = (end - begin) / MS;
    say("# %llu s of the real-time clock are %llu ms", (unsigned long long)seconds, (unsigned long long)ms);
    (void)check(ms > seconds * 900 && ms < seconds * 1100, "the clock keeps its pace");
}

/* ---- the device ---- */

static int find(void *arg, const struct sriov_fn_info *info)
{
    (void)arg;
    if (info->total_vfs >= VFS) {
        memcpy(bare.pf_name, info->name, SRIOV_NAME_MAX);
    }
    if (info->is_vf != 0 && info->vf_index < VFS) {
        memcpy(bare.vf_name[info->vf_index], info->name, SRIOV_NAME_MAX);
    }
    return 0;
}

static int name_vfs(void)
{
    int rc = sriov_vmm_enumerate(bare.vmm, find, NULL);

    for (uint8_t i = 0; rc == 0 && i < VFS; i++) {
        struct sriov_mac mac = {{0x02, 0x53, 0x52, 0, 0, i}};
        rc = sriov_pf_set_vf_mac(bare.pf, i, &mac);
    }
    return rc;
}

static bool start_pf(void)
{
    struct sriov_pf_opts opts = {.size = sizeof(opts)};

    return check_rc(sriov_fn_open(bare.vmm, bare.pf_name, &unconfined, &bare.pf_fn), "the PF opens") &&
           check_rc(sriov_pf_open(bare.pf_fn, sriov_pf_drivers, &opts, &bare.pf),
                    "its driver brings it up") &&
           check_rc(sriov_pf_enable_vfs(bare.pf, VFS), "two VFs are enabled") &&
           check_rc(name_vfs(), "they have MACs") &&
           check(sriov_irq_count(bare.pf_fn) > 0, "the PF has vectors of its own");
}

static bool start_vf(uint32_t i)
{
    struct echo_port_opts opts = {.ip = VF_IP + i, .fn_flags = SRIOV_OPEN_NOIOMMU, .interrupts = true};
    enum echo_port_step step = ECHO_PORT_OPEN;
    int rc = echo_port_open(bare.vmm, bare.vf_name[i], &opts, &bare.port[i], &step);

    if (rc != 0) {
        say("# VF %u: error %d at step %d", i, rc, (int)step);
    }
    return check(rc == 0, "a VF's driver starts") &&
           check_rc(echo_port_wait_link(bare.port[i], LINK_MS * MS), "its link comes up");
}

/* ---- traffic ---- */

static void show(const char *what, const struct echo_stats *s, const struct echo_port_waits *waits)
{
    say("# %s: %llu sent, %llu received, %llu lost, %llu corrupt, %llu duplicates, %llu reordered", what,
        (unsigned long long)s->sent, (unsigned long long)s->received, (unsigned long long)s->lost,
        (unsigned long long)s->corrupt, (unsigned long long)s->duplicates, (unsigned long long)s->reordered);
    say("# %s: %llu of %llu waits ended by an interrupt", what, (unsigned long long)waits->woken,
        (unsigned long long)waits->waits);
}

static void ping(uint32_t target, const char *what)
{
    struct echo_session *asks = echo_port_session(bare.port[0]);
    struct echo_plan plan = {
        .target = target, .count = PINGS, .size_min = 0, .size_max = 1400, .interval_ns = MS, .window = 8};
    uint64_t before = echo_port_waits(bare.port[0])->woken;
    int rc = echo_session_start(asks, &plan);

    while (rc == 0 && !echo_session_over(asks) && !echo_port_must_end(bare.port[0])) {
        (void)echo_port_turn(bare.port[0]);
        (void)echo_port_turn(bare.port[1]);
        echo_port_wait(bare.port[0], MS);
    }
    const struct echo_stats *s = echo_session_stats(asks);
    show(what, s, echo_port_waits(bare.port[0]));
    (void)check(rc == 0 && s->sent == PINGS && s->received == PINGS && s->corrupt == 0 && s->duplicates == 0,
                what);
    (void)check(echo_port_waits(bare.port[0])->woken > before, "interrupts told of the answers");
}

static void stop_vfs(void)
{
    for (uint32_t i = 0; i < VFS; i++) {
        if (bare.port[i] != NULL) {
            (void)check(echo_port_close(bare.port[i]) == 0, "a VF is given back whole");
            bare.port[i] = NULL;
        }
    }
}

/* ---- conformance ---- */

static void report(void *arg, const char *name, enum conform_verdict verdict, const char *why)
{
    const char *who = arg;

    bare.count++;
    bare.failed += verdict == CONFORM_FAIL;
    if (verdict == CONFORM_FAIL) {
        say("# %s: %s", name, why);
    }
    say("%sok %u - conform.%s.%s%s%s", verdict == CONFORM_FAIL ? "not " : "", bare.count, who, name,
        verdict == CONFORM_UNSUPPORTED ? " # SKIP " : "", verdict == CONFORM_UNSUPPORTED ? why : "");
}

static void conform(const char *who, const char *device, const struct sriov_driver *const *drivers)
{
    static char name[SRIOV_NAME_MAX];
    struct conform c = {
        .vmm = bare.vmm, .device = device, .open_opts = &unconfined, .drivers = drivers, .report = report};

    (void)sriov_format(name, sizeof(name), "%s", who);
    c.arg = name;
    (void)conform_run(&c, conform_tables, NULL);
    say("# conformance guest %s: %u passed, %u unsupported, %u failed", who, c.passed, c.unsupported,
        c.failed);
}

/* ---- from start to end ---- */

static void run(void)
{
    struct sriov_guest_stats stats = {.size = sizeof(stats)};

    check_clock();
    (void)sriov_vmm_enumerate(bare.vmm, find, NULL);
    if (!check(bare.pf_name[0] != '\0', "there is a PF")) {
        return;
    }
    conform("pf", bare.pf_name, NULL);
    (void)sriov_guest_stats(bare.vmm, &stats);
    uint64_t memory = stats.memory_free;
    if (start_pf() && start_vf(0) && start_vf(1)) {
        say("# PF %s, VFs %s and %s", bare.pf_name, bare.vf_name[0], bare.vf_name[1]);
        ping(GATEWAY, "VF 0 asks the gateway 200 times");
        ping(VF_IP + 1, "VF 0 asks VF 1 200 times");
    }
    stop_vfs();
    if (bare.pf != NULL) {
        conform("vf", bare.vf_name[0], sriov_net_drivers);
        sriov_pf_close(bare.pf);
    }
    if (bare.pf_fn != NULL) {
        (void)check(sriov_fn_close(bare.pf_fn) == 0, "the PF is given back whole");
    }
    (void)sriov_guest_stats(bare.vmm, &stats);
    (void)check(stats.memory_free == memory, "no memory is lost");
    (void)check(stats.interrupts != 0 && stats.stray == 0, "every interrupt had an owner");
    say("# %llu interrupts, %llu halts", (unsigned long long)stats.interrupts,
        (unsigned long long)stats.halts);
}

_Noreturn void device_main(const struct machine *machine)
{
    bare.machine = *machine;
    bare.wants_x2apic = machine_word(&bare.machine, "x2apic") != NULL;
    if (bare.wants_x2apic) {
        (void)check(machine_use_x2apic(), "the local APIC goes to x2APIC");
    }
    if (start_machine()) {
        run();
        libc_use(NULL);
        (void)check_rc(sriov_guest_destroy(bare.vmm), "the machine goes");
    }
    say("1..%u", bare.count);
    machine_end(bare.failed == 0);
}
