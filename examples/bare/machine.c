/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"

#include <string.h>

#define COM1          0x3f8u
#define COM_LSR       5u
#define COM_LSR_EMPTY 0x20u
#define PIC_MASTER    0x21u
#define PIC_SLAVE     0xa1u
#define RTC_INDEX     0x70u
#define RTC_DATA      0x71u
#define EXIT_PORT     0xf4u
#define EXIT_GOOD     0x10u /* QEMU's status is twice this and one */
#define EXIT_BAD      0x11u
#define PVH_MAGIC     0x336ec578u
#define RAM           1u
#define MEMMAP_MAX    64u
#define GIB           (UINT64_C(1) << 30)
#define MSR_APIC_BASE 0x1bu
#define APIC_X2       0xc00u /* on, and x2APIC */
#define CPUID_X2APIC  (UINT32_C(1) << 21)
#define EXCEPTIONS    32u
#define STUB_SIZE     16u

struct start_info {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t modules;
    uint64_t module_list;
    uint64_t command_line;
    uint64_t rsdp;
    uint64_t memmap; /* from version 1 on */
    uint32_t memmap_entries;
    uint32_t reserved0;
};

struct memmap_entry {
    uint64_t first;
    uint64_t size;
    uint32_t type;
    uint32_t reserved0;
};

struct frame {
    uint64_t vector;
    uint64_t error;
    uint64_t rip;
    uint64_t cs;
    uint64_t flags;
    uint64_t rsp;
};

struct __attribute__((packed)) idt_pointer {
    uint16_t limit;
    uint64_t base;
};

extern const uint8_t bare_exceptions[];
extern uint8_t bare_end[];
_Noreturn void bare_exception(const struct frame *frame);

static uint64_t idt[256][2];

static void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

void machine_out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

uint32_t machine_in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

void machine_interrupts(bool on)
{
    if (on) {
        __asm__ volatile("sti" : : : "memory");
    } else {
        __asm__ volatile("cli" : : : "memory");
    }
}

/* ---- serial port ---- */

static void put_char(char c)
{
    for (uint32_t i = 0; i < 1000000 && (in8(COM1 + COM_LSR) & COM_LSR_EMPTY) == 0; i++) {
    }
    out8(COM1, (uint8_t)c);
}

/* 115200 baud, 8 bits, no parity; no interrupts. */
static void start_serial(void)
{
    static const uint8_t setup[][2] = {{1, 0x00}, {3, 0x80}, {0, 0x01}, {1, 0x00}, {3, 0x03}, {2, 0x07}};

    for (size_t i = 0; i < sizeof(setup) / sizeof(setup[0]); i++) {
        out8((uint16_t)(COM1 + setup[i][0]), setup[i][1]);
    }
}

void machine_line(const char *text)
{
    while (*text != '\0') {
        put_char(*text++);
    }
    put_char('\r');
    put_char('\n');
}

/* ---- the way out ---- */

_Noreturn void machine_end(bool good)
{
    static const struct idt_pointer none = {0, 0};

    out8(EXIT_PORT, good ? EXIT_GOOD : EXIT_BAD);
    __asm__ volatile("lidt %0; int3" : : "m"(none));
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

_Noreturn void bare_exception(const struct frame *frame)
{
    uint64_t address;

    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    say("Bail out! exception %llu, error %llx, at %llx, address %llx", (unsigned long long)frame->vector,
        (unsigned long long)frame->error, (unsigned long long)frame->rip, (unsigned long long)address);
    machine_end(false);
}

/* ---- start ---- */

static void start_exceptions(void)
{
    const struct idt_pointer pointer = {sizeof(idt) - 1, (uintptr_t)idt};

    for (uint32_t i = 0; i < EXCEPTIONS; i++) {
        uint64_t target = (uintptr_t)bare_exceptions + i * STUB_SIZE;
        idt[i][0] =
            (target & 0xffff) | UINT64_C(8) << 16 | UINT64_C(0x8e00) << 32 | (target >> 16 & 0xffff) << 48;
        idt[i][1] = target >> 32;
    }
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

static void take_entry(const struct memmap_entry *entry, struct machine *machine)
{
    uint64_t begin = ((uintptr_t)bare_end + 4095) & ~UINT64_C(4095);
    uint64_t end = (entry->first + entry->size) & ~UINT64_C(4095);

    if (entry->first <= begin && begin < end && end <= 4 * GIB) {
        machine->memory = (void *)(uintptr_t)begin;
        machine->memory_size = end - begin;
    }
}

/* Behind the last RAM below 4 GiB, up to whatever firmware has there. The emulated 82576 does not
 * decode the upper half of a VF BAR. */
static void find_hole(const struct memmap_entry *map, uint32_t n, struct machine *machine)
{
    uint64_t begin = 0;
    uint64_t end = 4 * GIB;

    for (uint32_t i = 0; i < n; i++) {
        uint64_t last = map[i].first + map[i].size;
        begin = map[i].type == RAM && last <= 4 * GIB && last > begin ? last : begin;
    }
    begin = (begin + GIB - 1) & ~(GIB - 1);
    for (uint32_t i = 0; i < n; i++) {
        end = map[i].first >= begin && map[i].first < end ? map[i].first : end;
    }
    machine->mmio = begin;
    machine->mmio_size = begin < end ? end - begin : 0;
}

/* NULL: the line does not begin with that word. */
static const char *after_word(const char *line, const char *name)
{
    while (*name != '\0' && *line == *name) {
        line++;
        name++;
    }
    bool whole = *name == '\0' && (*line == '\0' || *line == ' ' || *line == '=');
    return whole ? line + (*line == '=') : NULL;
}

const char *machine_word(const struct machine *machine, const char *name)
{
    bool begins = true;

    for (const char *at = machine->command_line; *at != '\0'; at++) {
        const char *value = begins ? after_word(at, name) : NULL;
        if (value != NULL) {
            return value;
        }
        begins = *at == ' ';
    }
    return NULL;
}

bool machine_use_x2apic(void)
{
    uint32_t a = 1;
    uint32_t b;
    uint32_t c = 0;
    uint32_t d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if ((c & CPUID_X2APIC) == 0) {
        return false;
    }
    __asm__ volatile("rdmsr" : "=a"(a), "=d"(d) : "c"(MSR_APIC_BASE));
    __asm__ volatile("wrmsr" : : "a"(a | APIC_X2), "d"(d), "c"(MSR_APIC_BASE) : "memory");
    return true;
}

bool machine_start(uint32_t start_info, struct machine *machine)
{
    const struct start_info *info = (const struct start_info *)(uintptr_t)start_info;

    memset(machine, 0, sizeof(*machine));
    start_serial();
    start_exceptions();
    out8(PIC_MASTER, 0xff);
    out8(PIC_SLAVE, 0xff);
    if (info == NULL || info->magic != PVH_MAGIC || info->version < 1) {
        return false;
    }
    const struct memmap_entry *map = (const struct memmap_entry *)(uintptr_t)info->memmap;
    uint32_t n = info->memmap_entries < MEMMAP_MAX ? info->memmap_entries : MEMMAP_MAX;
    for (uint32_t i = 0; i < n; i++) {
        if (map[i].type == RAM) {
            take_entry(&map[i], machine);
        }
    }
    find_hole(map, n, machine);
    machine->rsdp = info->rsdp;
    machine->command_line = info->command_line != 0 ? (const char *)(uintptr_t)info->command_line : "";
    return machine->memory != NULL;
}

uint32_t machine_second(void)
{
    out8(RTC_INDEX, 0);
    uint32_t bcd = in8(RTC_DATA);

    return (bcd >> 4) * 10 + (bcd & 0xf);
}
