/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time: the time-stamp counter, in ticks that the 8254 timer (channel 2, by port 0x61) measures once.
 * Both are read at the two ends of a stretch, each pair as close as it can be had: how long the CPU
 * was elsewhere meanwhile makes no difference.
 */
#include "guest.h"

#include "cpu.h"

#define PIT_HZ        UINT64_C(1193182)
#define PIT_CHANNEL_2 0x42u
#define PIT_COMMAND   0x43u
#define PIT_ONE_SHOT  0xb0u /* channel 2, low then high byte, mode 0 */
#define PIT_LATCH     0x80u /* channel 2 */
#define PIT_FULL      UINT32_C(0xffff)
#define PORT_B        0x61u
#define PORT_B_GATE   0x01u
#define PORT_B_SOUND  0x02u
#define PORT_B_OUT    0x20u /* the count has ended */
#define STRETCH       (PIT_HZ / 50)
#define PAIR_TRIES    16u
#define ROUNDS        8u
#define LOOKS_MAX     UINT32_C(1000000) /* a timer that never counts */
#define NS_PER_S      UINT64_C(1000000000)
#define TIMER_MS      10u

__extension__ typedef unsigned __int128 wide;

struct pair {
    uint64_t tsc;
    uint64_t width; /* ticks between the readings around the other clock */
    uint32_t pit;   /* ticks since its start */
};

static uint64_t scale(uint64_t value, uint64_t factor)
{
    return (uint64_t)((wide)value * factor >> 32);
}

/* How many of one unit go into another, in 32.32; to is below 2^32. */
static uint64_t ratio(uint64_t to, uint64_t from)
{
    return (to << 32) / from;
}

static uint32_t pit_elapsed(void)
{
    cpu_out8(PIT_COMMAND, PIT_LATCH);
    uint32_t low = cpu_in8(PIT_CHANNEL_2);
    return PIT_FULL - (low | (uint32_t)cpu_in8(PIT_CHANNEL_2) << 8);
}

static struct pair read_pair(void)
{
    struct pair best = {0, UINT64_MAX, 0};

    for (uint32_t i = 0; i < PAIR_TRIES; i++) {
        uint64_t before = cpu_tsc();
        uint32_t pit = pit_elapsed();
        uint64_t width = cpu_tsc() - before;
        if (width < best.width) {
            best = (struct pair){before + width / 2, width, pit};
        }
    }
    return best;
}

/* 0: disturbed for so long that the count ended, or there is no such timer. */
static uint64_t one_round(void)
{
    uint8_t port = (uint8_t)(cpu_in8(PORT_B) & ~(PORT_B_SOUND | PORT_B_GATE));
    uint32_t looks = 0;

    cpu_out8(PORT_B, port);
    cpu_out8(PIT_COMMAND, PIT_ONE_SHOT);
    cpu_out8(PIT_CHANNEL_2, (uint8_t)PIT_FULL);
    cpu_out8(PIT_CHANNEL_2, (uint8_t)(PIT_FULL >> 8));
    cpu_out8(PORT_B, port | PORT_B_GATE);
    struct pair begin = read_pair();
    while (pit_elapsed() < begin.pit + STRETCH && looks < LOOKS_MAX) {
        looks++;
    }
    struct pair end = read_pair();
    bool good = (cpu_in8(PORT_B) & PORT_B_OUT) == 0 && end.pit >= begin.pit + STRETCH;
    cpu_out8(PORT_B, port);
    return good ? (end.tsc - begin.tsc) * PIT_HZ / (end.pit - begin.pit) : 0;
}

static uint64_t measure(void)
{
    uint64_t hz = 0;

    for (uint32_t i = 0; i < ROUNDS && hz == 0; i++) {
        hz = one_round();
    }
    return hz;
}

/* The APIC's timer against the counter, whose pace is known now. 0: it stands still. */
static uint64_t measure_timer(const struct guest *g)
{
    guest_apic_write(GUEST_APIC_TIMER_COUNT, UINT32_MAX);
    uint64_t begin = cpu_tsc();
    while (cpu_tsc() - begin < g->tsc_hz / 1000 * TIMER_MS) {
        cpu_pause();
    }
    uint64_t ns = scale(cpu_tsc() - begin, g->ns_per_tick);
    uint32_t ticks = UINT32_MAX - guest_apic_read(GUEST_APIC_TIMER_NOW);
    guest_apic_write(GUEST_APIC_TIMER_COUNT, 0);
    return ratio(ticks, ns);
}

int guest_clock_open(struct guest *g, uint64_t tsc_hz)
{
    g->tsc_hz = tsc_hz != 0 ? tsc_hz : measure();
    if (g->tsc_hz == 0) {
        return -ETIMEDOUT;
    }
    g->ns_per_tick = ratio(NS_PER_S, g->tsc_hz);
    g->timer_per_ns = measure_timer(g);
    g->tsc_base = cpu_tsc();
    return g->timer_per_ns != 0 ? 0 : -ETIMEDOUT;
}

uint64_t guest_now(const struct guest *g)
{
    return scale(cpu_tsc() - g->tsc_base, g->ns_per_tick);
}

/* An interrupt that comes first ends the halt, not the wait. */
void guest_idle(struct guest *g, uint64_t ns, bool look)
{
    uint64_t most = ns < NS_PER_S ? ns : NS_PER_S;
    uint64_t ticks = scale(most, g->timer_per_ns) + 1;

    cpu_irq_off();
    if (look && guest_any_due(g)) {
        cpu_irq_on();
        return;
    }
    guest_apic_write(GUEST_APIC_TIMER_COUNT, ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX);
    cpu_irq_on_and_halt();
    guest_apic_write(GUEST_APIC_TIMER_COUNT, 0);
    g->halts++;
}

void guest_pass(struct guest *g, uint64_t ns)
{
    uint64_t begin = guest_now(g);
    uint64_t gone = 0;

    while (gone < ns) {
        guest_idle(g, ns - gone, false);
        gone = guest_now(g) - begin;
    }
}
