/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

/* A rule that does not hold is named. */
static bool must(bool holds, const char *who, const char *what)
{
    if (!holds) {
        printf("not so: %s: %s\n", who, what);
    }
    return holds;
}

/* ---- pings ---- */

static const struct guest_ping *find(const struct guest *guest, uint32_t ip)
{
    for (uint32_t i = 0; i < guest->pings; i++) {
        if (guest->ping[i].ip == ip) {
            return &guest->ping[i];
        }
    }
    return NULL;
}

static bool print_pair(const struct report *report, const struct guest *guest, uint32_t ip)
{
    const struct guest_ping *ping = find(guest, ip);
    char text[32] = "none";

    if (ping != NULL) {
        (void)snprintf(text, sizeof(text), "%" PRIu64 "/%" PRIu64, ping->received, ping->sent);
    }
    printf(" %8s", text);
    return ping != NULL && ping->sent == report->pings && ping->received == ping->sent && ping->bad == 0;
}

static bool print_pings(const struct report *report)
{
    bool good = true;

    printf("\n%-8s", "asks");
    for (uint32_t i = 0; i < report->guests; i++) {
        printf(" %8s", report->guest[i].name);
    }
    printf(" %8s   answered/asked\n", "wire");
    for (uint32_t i = 0; i < report->guests; i++) {
        const struct guest *guest = &report->guest[i];
        printf("%-8s", guest->name);
        for (uint32_t j = 0; j < report->guests; j++) {
            if (i != j && j != report->killed) {
                good = print_pair(report, guest, NET_IP(j)) && good;
            } else {
                printf(" %8s", "-");
            }
        }
        good = print_pair(report, guest, NET_WIRE_IP) && good;
        putchar('\n');
    }
    return must(good, "pings", "each pair asks as often as it should, and has every answer once");
}

/* ---- exits, doorbells, interrupts ---- */

static void print_counts(const struct guest *guest, const struct report_counts *c)
{
    printf("%-8s %7" PRIu64 " %8" PRIu64 " %7" PRIu64 " %7" PRIu64 " %6" PRIu64 " %9" PRIu64 " | %7" PRIu64
           " %6" PRIu64 " %6" PRIu64 " | %6u %10" PRIu64 "\n",
           guest->name, c->kvm.exits_config, c->kvm.exits_trapped, guest->exits[GUEST_EXIT_SERIAL],
           guest->exits[GUEST_EXIT_ORDERS], guest->exits[GUEST_EXIT_OTHER], c->kvm.exits_ring, c->kvm.bells,
           c->kvm.bell_calls, c->kvm.exits_bell + c->assign.bell_traps, c->kvm.irqfds, guest->interrupts);
}

static bool judge_counts(const struct guest *guest, const struct report_counts *c)
{
    bool good = must(c->kvm.exits_bell == 0 && c->assign.bell_traps == 0, guest->name,
                     "no doorbell leads to an exit");

    good = must(c->kvm.bells != 0, guest->name, "doorbells come by ioeventfd") && good;
    return must(c->kvm.irqfds != 0 && guest->interrupts != 0, guest->name, "interrupts come by irqfd") &&
           good;
}

static bool print_exits(const struct report *report)
{
    bool good = true;

    printf("\n%-8s %-49s | %-21s | %s\n", "", "exits", "doorbells", "interrupts");
    printf("%-8s %7s %8s %7s %7s %6s %9s | %7s %6s %6s | %6s %10s\n", "", "config", "register", "serial",
           "orders", "nobody", "ring full", "ioevent", "calls", "exits", "irqfds", "taken");
    for (uint32_t i = 0; i < report->guests; i++) {
        print_counts(&report->guest[i], &report->counts[i]);
    }
    for (uint32_t i = 0; i < report->guests; i++) {
        good = judge_counts(&report->guest[i], &report->counts[i]) && good;
    }
    return good;
}

/* ---- dirty log ---- */

static bool print_dirty(const struct report *report)
{
    bool good = true;

    printf("\n%-8s %-9s %6s %6s %6s %6s %8s %6s\n", "", "dirty log", "CPU", "VF", "tables", "listed",
           "missing", "extra");
    for (uint32_t i = 0; i < report->guests; i++) {
        const struct dirty_result *d = &report->dirty[i];
        printf("%-8s %-9s %6u %6u %6u %6u %8u %6u\n", report->guest[i].name,
               report->guest[i].ring ? "ring" : "bitmap", d->cpu, d->device, d->tables, d->listed, d->missing,
               d->extra);
    }
    for (uint32_t i = 0; i < report->guests; i++) {
        good = must(dirty_is_good(&report->dirty[i]), report->guest[i].name,
                    "the log lists the pages that CPU and VF wrote, and no others") &&
               good;
    }
    return good;
}

bool report_print(const struct report *report)
{
    bool good = print_pings(report);

    good = print_exits(report) && good;
    good = print_dirty(report) && good;
    printf("\n%" PRIu64 " frames left by the wire, %" PRIu64 " of them without VLAN %u\n",
           report->wire_frames, report->wire_alien, NET_VLAN);
    good = must(report->wire_frames != 0 && report->wire_alien == 0, "wire", "every frame bears its VLAN") &&
           good;
    for (uint32_t i = 0; i < report->guests; i++) {
        good = must(atomic_load(&report->guest[i].status) == 0, report->guest[i].name,
                    "it ended well: no leak, no stray interrupt") &&
               good;
    }
    return good;
}
