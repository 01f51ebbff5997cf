/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VMM in a few hundred lines on /dev/kvm and the manager: N guests, a VF of one simulated 82599 each.
 * The guests ping each other and a host on the wire; then the dirty log is put to the test. The table at
 * the end tells what came of it. docs/minivmm.md walks through the code.
 */
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GUESTS     4u
#define PINGS      200u
#define MEMORY_MIB 32u
#define SECONDS    240u
#define EXIT_SKIP  77

bool vmm_failed(const char *what, int rc)
{
    if (rc < 0) {
        fprintf(stderr, "minivmm: %s: %s\n", what, strerror(-rc));
    }
    return rc < 0;
}

uint64_t vmm_now_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * VMM_NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* ---- the host ---- */

static void on_kick(int number)
{
    (void)number;
}

static bool prepare(struct vmm *vmm)
{
    const struct sigaction action = {.sa_handler = on_kick}; /* without SA_RESTART: it ends KVM_RUN */
    struct sriov_kvm_opts opts = {.size = sizeof(opts)};
    pthread_mutexattr_t recursive;
    const char *step = "";

    (void)sigaction(SIGUSR1, &action, NULL);
    (void)pthread_mutexattr_init(&recursive);
    (void)pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    (void)pthread_mutex_init(&vmm->host.lock, &recursive);
    (void)pthread_mutexattr_destroy(&recursive);
    if (vmm_failed("KVM shim", sriov_kvm_create(&opts, &vmm->host.kvm))) {
        return false;
    }
    int rc = net_create(&vmm->net, (uint16_t)vmm->guests, vmm->pcap, &step);
    vmm->host.net = &vmm->net;
    vmm->host.image = &vmm->image;
    return !vmm_failed(step, rc);
}

/* Returns what was leaked or found wrong. */
static uint64_t strike(struct vmm *vmm)
{
    for (uint32_t i = 0; i < vmm->guests; i++) {
        guest_destroy(&vmm->guest[i]);
    }
    uint64_t bad = net_destroy(&vmm->net);
    bad += sriov_kvm_destroy(vmm->host.kvm) != 0;
    image_close(&vmm->image);
    (void)pthread_mutex_destroy(&vmm->host.lock);
    return bad;
}

static int usage(void)
{
    fputs("usage: minivmm [--guests N] [--pings N] [--memory MIB] [--kill GUEST] [--hotplug] [--timeout "
          "SECONDS] "
          "[--pcap FILE] [--quiet] [--conform | --lie] IMAGE\n",
          stderr);
    return 2;
}

struct settings {
    uint32_t memory_mib;
    uint32_t kill; /* from 1; 0: none */
    uint32_t seconds;
};

struct number {
    int option;
    const char *name;
    uint32_t least;
    uint32_t most;
    uint32_t *to;
};

static bool take_number(const char *text, const struct number *number)
{
    char *end;
    unsigned long all = strtoul(text, &end, 10);

    *number->to = (uint32_t)all;
    if (*text >= '0' && *text <= '9' && *end == '\0' && all >= number->least && all <= number->most) {
        return true;
    }
    fprintf(stderr, "minivmm: --%s wants a number from %u to %u, not \"%s\"\n", number->name, number->least,
            number->most, text);
    return false;
}

/* The options that are no numbers; false: there is none of that name. */
static bool take_word(struct vmm *vmm, int option)
{
    switch (option) {
    case 'c':
        vmm->pcap = optarg;
        return true;
    case 'q':
        vmm->host.quiet = true;
        return true;
    case 'h':
        vmm->scene.hotplug = true;
        return true;
    case 'l':
        vmm->words = "lie";
        return true;
    case 'f':
        vmm->words = "conform";
        return true;
    default:
        return false;
    }
}

static bool take_options(int argc, char **argv, struct vmm *vmm, struct settings *s)
{
    static const struct option options[] = {
        {"guests", 1, NULL, 'g'},  {"pings", 1, NULL, 'p'},   {"memory", 1, NULL, 'm'},
        {"kill", 1, NULL, 'k'},    {"timeout", 1, NULL, 't'}, {"pcap", 1, NULL, 'c'},
        {"quiet", 0, NULL, 'q'},   {"lie", 0, NULL, 'l'},     {"hotplug", 0, NULL, 'h'},
        {"conform", 0, NULL, 'f'}, {NULL, 0, NULL, 0}};
    const struct number numbers[] = {{'g', "guests", 2, VMM_GUESTS_MAX, &vmm->guests},
                                     {'p', "pings", 1, 100000, &vmm->host.pings},
                                     {'m', "memory", 8, 1024, &s->memory_mib},
                                     {'k', "kill", 1, VMM_GUESTS_MAX, &s->kill},
                                     {'t', "timeout", 1, 86400, &s->seconds}};
    bool good = true;
    int option;

    while (good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        bool taken = false;
        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && !taken; i++) {
            taken = numbers[i].option == option;
            good = !taken || take_number(optarg, &numbers[i]);
        }
        good = good && (taken || take_word(vmm, option));
    }
    vmm->image_path = argv[optind];
    return good && optind == argc - 1 && s->kill <= vmm->guests;
}

int main(int argc, char **argv)
{
    static struct vmm vmm = {.guests = GUESTS, .host = {.pings = PINGS, .kvm_fd = -1}, .words = ""};
    struct settings settings = {.memory_mib = MEMORY_MIB, .seconds = SECONDS};

    if (!take_options(argc, argv, &vmm, &settings)) {
        return usage();
    }
    int rc = image_open(vmm.image_path, &vmm.image);
    if (rc != 0) {
        fprintf(stderr, "minivmm: %s: %s: build target bare, and name what it made\n", vmm.image_path,
                strerror(-rc));
        return 2;
    }
    vmm.host.kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (vmm.host.kvm_fd < 0) {
        printf("minivmm: skipped: /dev/kvm: %s: load the kvm module, and be a user who may open it\n",
               strerror(errno));
        return EXIT_SKIP;
    }
    vmm.killed = vmm.guests;
    vmm.host.ram_size = (uint64_t)settings.memory_mib << 20;
    vmm.deadline_ns = vmm_now_ns() + settings.seconds * VMM_NS_PER_S;
    vmm.scene.victim = settings.kill == 0 ? vmm.guests : settings.kill - 1;
    bool good = prepare(&vmm) && scenes_play(&vmm);
    uint64_t bad = strike(&vmm);
    (void)close(vmm.host.kvm_fd);
    if (bad != 0) {
        fprintf(stderr, "minivmm: %llu leaks or violations\n", (unsigned long long)bad);
    }
    puts(good && bad == 0 ? "minivmm: ok" : "minivmm: failed");
    return good && bad == 0 ? 0 : 1;
}
