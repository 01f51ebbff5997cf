/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts the time-stamp ticks of loops of known length. Under QEMU's -icount shift=0 a tick is an
 * instruction, so loops of 3,000 and 1,000 rounds of two instructions differ by exactly 4,000.
 * Prints the smallest difference of 100 tries; a timer's tick only ever adds.
 */
#include <stdint.h>
#include <stdio.h>

static inline uint64_t now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t ticks_of(uint64_t rounds)
{
    uint64_t begin = now();

    __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(rounds) : : "cc");
    return now() - begin;
}

static uint64_t smallest(uint64_t rounds)
{
    uint64_t least = UINT64_MAX;

    for (int i = 0; i < 100; i++) {
        uint64_t ticks = ticks_of(rounds);

        if (ticks < least)
            least = ticks;
    }
    return least;
}

int main(void)
{
    printf("%llu\n", (unsigned long long)(smallest(3000) - smallest(1000)));
    return 0;
}
