/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine under the image: serial port, memory, the way out. */
#ifndef BARE_MACHINE_H
#define BARE_MACHINE_H

#include <sriov/log.h>

/* What the image needs of a PVH start info (Xen's public/arch-x86/hvm/start_info.h tells the layout). */
struct machine {
    void *memory; /* free RAM behind the image */
    uint64_t memory_size;
    uint64_t rsdp;
    const char *command_line; /* words; may be empty */
    uint64_t mmio;            /* between RAM and 4 GiB, of nobody */
    uint64_t mmio_size;
};

/* False: no start info, or no RAM behind the image. */
bool machine_start(uint32_t start_info, struct machine *machine);
/* What follows "NAME=" or NAME in the command line, to the end of the line; NULL: no such word. */
const char *machine_word(const struct machine *machine, const char *name);
/* One line; the newline is added. */
void machine_line(const char *text);
#define say(...)                                                                                             \
    do {                                                                                                     \
        char line_[SRIOV_LOG_LINE_MAX];                                                                      \
        (void)sriov_format(line_, sizeof(line_), __VA_ARGS__);                                               \
        machine_line(line_);                                                                                 \
    } while (0)
/* The local APIC's registers become MSRs. False: this CPU has no such mode. */
bool machine_use_x2apic(void);
void machine_interrupts(bool on);
void machine_out32(uint16_t port, uint32_t value);
uint32_t machine_in32(uint16_t port);
/* Seconds of the real-time clock, 0 to 59. */
uint32_t machine_second(void);
/* By QEMU's isa-debug-exit at port 0xf4: its status is 33 when good, else 35. Elsewhere by a triple
 * fault, which resets the machine. */
_Noreturn void machine_end(bool good);

#endif
