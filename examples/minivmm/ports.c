/* SPDX-License-Identifier: BSD-3-Clause */
#include "ports.h"

#include "orders.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define COM1          0x3f8u
#define COM1_LAST     0x3ffu
#define COM_LCR       3u
#define COM_LSR       5u
#define LCR_DIVISOR   0x80u
#define LSR_EMPTY     0x60u
#define EXIT_PORT     0xf4u
#define EXIT_GOOD     0x10u /* as QEMU's isa-debug-exit is used by the images */
#define QUIET_LOOK_NS 200000L

/* ---- what the guest prints ---- */

/* Its report, where a line is part of it: see examples/bare/peer.c. */
static void read_line(struct guest *guest, const char *line)
{
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    uint64_t corrupt = 0;
    uint64_t twice = 0;
    struct guest_ping ping = {0};
    int n = sscanf(line,
                   "ping %u.%u.%u.%u sent %" SCNu64 " received %" SCNu64 " corrupt %" SCNu64
                   " duplicates %" SCNu64,
                   &a, &b, &c, &d, &ping.sent, &ping.received, &corrupt, &twice);

    if (n == 8 && guest->pings < GUEST_PEERS_MAX) {
        ping.ip = a << 24 | b << 16 | c << 8 | d;
        ping.bad = corrupt + twice;
        guest->ping[guest->pings++] = ping;
    }
    (void)sscanf(line, "interrupts %" SCNu64, &guest->interrupts);
}

static void take_char(struct guest *guest, char c)
{
    if (c == '\n' || guest->line_len == GUEST_LINE_MAX - 1) {
        guest->line[guest->line_len] = '\0';
        guest->line_len = 0;
        read_line(guest, guest->line);
        if (!guest->quiet) {
            printf("%s: %s\n", guest->name, guest->line);
        }
    } else if (c != '\r') {
        guest->line[guest->line_len++] = c;
    }
}

static void serial(struct guest *guest, uint32_t reg, bool out, uint8_t *data)
{
    guest->exits[GUEST_EXIT_SERIAL]++;
    if (!out) {
        *data = reg == COM_LSR ? LSR_EMPTY : 0;
    } else if (reg == COM_LCR) {
        guest->divisor = (*data & LCR_DIVISOR) != 0;
    } else if (reg == 0 && !guest->divisor) {
        take_char(guest, (char)*data);
    }
}

/* ---- orders ---- */

static void add_page(struct guest_pages *pages, uint32_t page)
{
    if (pages->n < GUEST_PAGES_MAX) {
        pages->page[pages->n++] = page;
    }
}

/* A guest that waits in a loop of reads need not keep a CPU of ours busy. */
static void give_order(const struct guest *guest, uint32_t *value)
{
    uint32_t state = atomic_load(&guest->state);

    if (state >= PEER_QUIET) {
        (void)nanosleep(&(struct timespec){0, QUIET_LOOK_NS}, NULL);
    }
    *value = atomic_load(&guest->order);
}

static struct guest_pages *pages_of(struct guest *guest, uint16_t port)
{
    switch (port) {
    case ORDERS_CPU_PAGE:
        return &guest->cpu_pages;
    case ORDERS_DEVICE_PAGE:
        return &guest->device_pages;
    default:
        return &guest->table_pages;
    }
}

static void orders(struct guest *guest, uint16_t port, bool out, uint8_t *data)
{
    uint32_t value = UINT32_MAX;

    guest->exits[GUEST_EXIT_ORDERS]++;
    memcpy(&value, data, sizeof(value));
    if (!out) {
        give_order(guest, &value);
        memcpy(data, &value, sizeof(value));
    } else if (port == ORDERS_PORT) {
        atomic_store(&guest->state, value);
        if (value == PEER_LET_GO) {
            (void)sriov_kvm_vm_unplugged(guest->vm, guest->slot);
        }
    } else {
        add_page(pages_of(guest, port), value);
    }
}

static bool is_orders(uint16_t port, uint32_t size)
{
    return size == 4 && port >= ORDERS_PORT && port <= ORDERS_TABLE_PAGE && port % 4 == 0;
}

bool ports_exit(struct guest *guest)
{
    struct kvm_run *run = guest->machine.run;
    uint8_t *data = (uint8_t *)run + run->io.data_offset;
    bool out = run->io.direction == KVM_EXIT_IO_OUT;

    if (run->exit_reason != KVM_EXIT_IO || run->io.count != 1) {
        return false;
    }
    if (run->io.port >= COM1 && run->io.port <= COM1_LAST && run->io.size == 1) {
        serial(guest, run->io.port - COM1, out, data);
        return true;
    }
    if (is_orders(run->io.port, run->io.size)) {
        orders(guest, run->io.port, out, data);
        return true;
    }
    if (run->io.port == EXIT_PORT && out) {
        atomic_store(&guest->status, *data == EXIT_GOOD ? 0 : 1);
        atomic_store(&guest->over, true);
        return true;
    }
    return false;
}
