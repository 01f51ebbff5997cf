/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VMM for measuring: registers are plain memory behind a BAR view, IOVA is the host address, and
 * a small PF answers the mailbox whenever the driver lets time pass. The device's data path runs
 * only when the benchmark calls it, so that the driver can be timed alone.
 */
#ifndef BENCH_FAKE_VMM_H
#define BENCH_FAKE_VMM_H

#include <sriov/vmm.h>

#define FAKE_BAR_BYTES 0x4000u

/* Where one VF keeps what the fake PF and the fake rings touch. Variants are data. */
struct fake_layout {
    const char *driver; /* name of the driver that this layout is for */
    uint16_t device;    /* PCI device id, vendor 8086 */
    uint32_t mailbox;
    uint32_t mailbox_mem;
    uint32_t ctrl;
    uint32_t ctrl_rst;
    uint32_t link;
    uint32_t link_up;
    uint32_t rx_ring; /* of queue 0: RDBAL; RDBAH +4, RDLEN +8 */
    uint32_t rx_tail;
    uint32_t tx_ring;
    uint32_t tx_tail;
};

extern const struct fake_layout fake_layouts[]; /* ends with driver NULL */

struct fake_vmm {
    const struct fake_layout *layout;
    uint8_t *bar; /* FAKE_BAR_BYTES, page-aligned */
    uint8_t config[256];
    uint64_t now_ns;
};

int fake_vmm_create(const struct fake_layout *layout, struct fake_vmm *fake, struct sriov_vmm **vmm);
void fake_vmm_destroy(struct fake_vmm *fake, struct sriov_vmm *vmm);

static inline uint32_t fake_reg(const struct fake_vmm *fake, uint32_t off)
{
    return *(const volatile uint32_t *)(const volatile void *)(fake->bar + off);
}

static inline void fake_set_reg(struct fake_vmm *fake, uint32_t off, uint32_t value)
{
    *(volatile uint32_t *)(volatile void *)(fake->bar + off) = value;
}

#endif
