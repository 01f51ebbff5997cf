/* SPDX-License-Identifier: BSD-3-Clause */
#include "quiet.h"

#include "machine.h"
#include "orders.h"

#include <errno.h>

#define PAGES      3u
#define PAGE_SHIFT 12u
/* Of an 82599 VF's receive queue 0 (82599 datasheet, 8.3.5.7), and its descriptors (7.1.6.1). */
#define VFRDBAL    0x1000u
#define VFRDBAH    0x1004u
#define VFRDLEN    0x1008u
#define VFRDH      0x1010u
#define BAR_NEED   0x2000u
#define DESC_SIZE  16u
#define TABLE_MASK UINT64_C(0x000ffffffffff000)
#define LOW_MEMORY UINT64_C(0x100000000)

static uint8_t page[PAGES][4096] __attribute__((aligned(4096)));

static void announce(uint16_t port, uint64_t address)
{
    machine_out32(port, (uint32_t)(address >> PAGE_SHIFT));
}

/* All that is touched lies in the first GiB, which boot.S maps by one table at each level. */
static void announce_tables(void)
{
    uint64_t at;

    __asm__ volatile("mov %%cr3, %0" : "=r"(at));
    for (uint32_t level = 0; level < 3; level++) {
        at &= TABLE_MASK;
        announce(ORDERS_TABLE_PAGE, at);
        at = *(const volatile uint64_t *)(uintptr_t)at;
    }
}

/* Where the next frame goes: its descriptor, which is written back, and the buffer that this names. */
static int announce_device(struct sriov_fn *fn)
{
    struct sriov_bar bar;
    int rc = sriov_bar_open(fn, 0, BAR_NEED, &bar);

    if (rc != 0) {
        return rc;
    }
    uint64_t ring = sriov_rd32(&bar, VFRDBAL) | (uint64_t)sriov_rd32(&bar, VFRDBAH) << 32;
    uint32_t length = sriov_rd32(&bar, VFRDLEN);
    uint32_t head = sriov_rd32(&bar, VFRDH);
    sriov_bar_close(&bar);
    if (ring == 0 || ring >= LOW_MEMORY || head >= length / DESC_SIZE) {
        return -EPROTO;
    }
    uint64_t desc = ring + head * DESC_SIZE;
    uint64_t buffer = *(const volatile uint64_t *)(uintptr_t)desc;
    announce(ORDERS_DEVICE_PAGE, desc);
    announce(ORDERS_DEVICE_PAGE, buffer);
    announce(ORDERS_DEVICE_PAGE, buffer + ORDERS_FRAME_LEN - 1);
    return 0;
}

/* In registers from the first instruction to the last: not even the stack is written. */
static void stay_quiet(const volatile uint64_t *pages)
{
    uint64_t count = PAGES;
    uint64_t spare;

    __asm__ volatile(
        "movl %[quiet], %%eax\n\t"
        "outl %%eax, %%dx\n"
        "1:\tinl %%dx, %%eax\n\t"
        "cmpl %[write], %%eax\n\t"
        "jne 1b\n"
        "2:\tmovq (%[pages]), %[spare]\n\t"
        "addq $1, (%[spare])\n\t"
        "addq $8, %[pages]\n\t"
        "subq $1, %[count]\n\t"
        "jnz 2b\n\t"
        "movl %[wrote], %%eax\n\t"
        "outl %%eax, %%dx\n"
        "3:\tinl %%dx, %%eax\n\t"
        "cmpl %[write], %%eax\n\t"
        "je 3b"
        : [pages] "+r"(pages), [count] "+r"(count), [spare] "=&r"(spare)
        : "d"(ORDERS_PORT), [quiet] "i"(PEER_QUIET), [write] "i"(ORDER_WRITE), [wrote] "i"(PEER_WROTE)
        : "rax", "memory", "cc");
}

int quiet(struct sriov_fn *fn, bool lie)
{
    static volatile uint64_t pages[PAGES];

    for (uint32_t i = 0; i < PAGES; i++) {
        pages[i] = (uintptr_t)page[i];
        page[i][0]++; /* page tables are written now, not then: accessed and dirty bits */
        if (i != 0 || !lie) {
            announce(ORDERS_CPU_PAGE, pages[i]);
        }
    }
    announce_tables();
    int rc = announce_device(fn);
    if (rc == 0) {
        machine_interrupts(false);
        stay_quiet(pages);
        machine_interrupts(true);
    }
    return rc;
}
