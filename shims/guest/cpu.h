/* SPDX-License-Identifier: BSD-3-Clause */
/* The x86-64 instructions that C has no words for. Intel SDM volumes 2 and 3. */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#include <stdint.h>

static inline void cpu_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void cpu_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void cpu_out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t cpu_in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint16_t cpu_in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint32_t cpu_in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint64_t cpu_rdmsr(uint32_t msr)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void cpu_wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

struct cpu_id {
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
};

static inline struct cpu_id cpu_cpuid(uint32_t leaf)
{
    struct cpu_id id;
    __asm__ volatile("cpuid" : "=a"(id.a), "=b"(id.b), "=c"(id.c), "=d"(id.d) : "a"(leaf), "c"(0));
    return id;
}

/* The fence keeps the counter from being read ahead of the loads before it. */
static inline uint64_t cpu_tsc(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline uint64_t cpu_cr3(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value) : : "memory");
    return value;
}

static inline uint64_t cpu_cr4(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static inline uint16_t cpu_cs(void)
{
    uint16_t value;
    __asm__ volatile("mov %%cs, %0" : "=r"(value));
    return value;
}

struct __attribute__((packed)) cpu_table {
    uint16_t limit;
    uint64_t base;
};

static inline struct cpu_table cpu_idt(void)
{
    struct cpu_table table;
    __asm__ volatile("sidt %0" : "=m"(table));
    return table;
}

static inline struct cpu_table cpu_gdt(void)
{
    struct cpu_table table;
    __asm__ volatile("sgdt %0" : "=m"(table));
    return table;
}

static inline uint16_t cpu_task(void)
{
    uint16_t value;
    __asm__ volatile("str %0" : "=r"(value));
    return value;
}

static inline void cpu_invlpg(const volatile void *va)
{
    __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void cpu_pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

static inline void cpu_irq_off(void)
{
    __asm__ volatile("cli" : : : "memory");
}

static inline void cpu_irq_on(void)
{
    __asm__ volatile("sti" : : : "memory");
}

/* Nothing gets in between: an interrupt is taken after the halt has begun, and ends it. */
static inline void cpu_irq_on_and_halt(void)
{
    __asm__ volatile("sti; hlt" : : : "memory");
}

#endif
