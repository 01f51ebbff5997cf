/* SPDX-License-Identifier: BSD-3-Clause */
/* The local APIC: Intel SDM volume 3, chapter 11. Registers in memory, or as MSRs where firmware chose
 * x2APIC. */
#include "guest.h"

#include "cpu.h"

#define MSR_BASE         0x1bu
#define BASE_X2APIC      (UINT64_C(1) << 10)
#define BASE_ON          (UINT64_C(1) << 11)
#define BASE_ADDRESS     UINT64_C(0x000ffffffffff000)
#define MSR_X2APIC       0x800u
#define REG_ID           UINT32_C(0x020)
#define REG_TPR          UINT32_C(0x080)
#define REG_EOI          UINT32_C(0x0b0)
#define REG_SPURIOUS     UINT32_C(0x0f0)
#define REG_ICR          UINT32_C(0x300)
#define REG_LVT_TIMER    UINT32_C(0x320)
#define REG_TIMER_DIVIDE UINT32_C(0x3e0)
#define SOFTWARE_ENABLE  0x100u
#define LVT_MASKED       0x10000u
#define DIVIDE_16        0x3u
#define ICR_SELF         0x40000u
#define CPUID_APIC       (UINT32_C(1) << 9)

/* Interrupt handlers have no argument but their number. */
static volatile uint8_t *memory; /* NULL: MSRs */

uint32_t guest_apic_read(uint32_t reg)
{
    if (memory == NULL) {
        return (uint32_t)cpu_rdmsr(MSR_X2APIC + (reg >> 4));
    }
    return *(volatile uint32_t *)(memory + reg);
}

void guest_apic_write(uint32_t reg, uint32_t value)
{
    if (memory == NULL) {
        cpu_wrmsr(MSR_X2APIC + (reg >> 4), value);
        return;
    }
    *(volatile uint32_t *)(memory + reg) = value;
}

void guest_apic_eoi(void)
{
    guest_apic_write(REG_EOI, 0);
}

/* Fixed delivery to this CPU. */
void guest_apic_send_self(uint8_t vector)
{
    guest_apic_write(REG_ICR, ICR_SELF | vector);
}

uint32_t guest_apic_id(void)
{
    uint32_t id = guest_apic_read(REG_ID);

    return memory == NULL ? id : id >> 24;
}

int guest_apic_open(struct guest *g)
{
    uint64_t base = cpu_rdmsr(MSR_BASE);

    if ((cpu_cpuid(1).d & CPUID_APIC) == 0) {
        return -EOPNOTSUPP;
    }
    if ((base & BASE_ON) == 0) {
        base |= BASE_ON;
        cpu_wrmsr(MSR_BASE, base);
    }
    if ((base & BASE_X2APIC) == 0) {
        int rc = guest_window_map(g, base & BASE_ADDRESS, GUEST_PAGE, false, &g->apic);
        if (rc != 0) {
            return rc;
        }
    }
    memory = g->apic.va;
    g->apic_on = true;
    guest_apic_write(REG_TPR, 0);
    guest_apic_write(REG_SPURIOUS, SOFTWARE_ENABLE | SRIOV_GUEST_VECTOR_SPURIOUS);
    guest_apic_write(REG_TIMER_DIVIDE, DIVIDE_16);
    guest_apic_write(REG_LVT_TIMER, SRIOV_GUEST_VECTOR_TIMER); /* one shot */
    return 0;
}

void guest_apic_close(struct guest *g)
{
    if (!g->apic_on) {
        return;
    }
    guest_apic_write(GUEST_APIC_TIMER_COUNT, 0);
    guest_apic_write(REG_LVT_TIMER, LVT_MASKED | SRIOV_GUEST_VECTOR_TIMER);
    guest_apic_write(REG_SPURIOUS, SRIOV_GUEST_VECTOR_SPURIOUS);
    if (g->apic.va != NULL) {
        guest_window_unmap(g, &g->apic);
    }
    memory = NULL;
}
