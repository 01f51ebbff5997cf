/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_dev.h"

#include <sriov/hw/ixgbe_regs.h>

#include <string.h>

/* 82599 Datasheet 7.1.6 and 7.2.3: four 32-bit words; the 82576 has the same layout. */
struct desc {
    uint32_t dw[4];
};

struct ring {
    volatile struct desc *desc;
    uint32_t count;
    uint32_t tail;
};

static struct ring ring_at(const struct fake_vmm *fake, uint32_t base, uint32_t tail)
{
    uint64_t addr = fake_reg(fake, base) | (uint64_t)fake_reg(fake, base + 4) << 32;
    struct ring ring = {
        .desc = (volatile struct desc *)(uintptr_t)addr,
        .count = fake_reg(fake, base + 8) / IXGBE_DESC_SIZE,
        .tail = fake_reg(fake, tail),
    };
    return ring;
}

uint32_t fake_dev_receive(struct fake_dev *dev, uint32_t n)
{
    const struct fake_layout *at = dev->fake->layout;
    struct ring ring = ring_at(dev->fake, at->rx_ring, at->rx_tail);
    uint32_t done = 0;
    while (done < n && ring.count != 0 && dev->rx_head % ring.count != ring.tail) {
        volatile struct desc *d = &ring.desc[dev->rx_head % ring.count];
        uint8_t *frame = (uint8_t *)(uintptr_t)(d->dw[0] | (uint64_t)d->dw[1] << 32);
        memset(frame, 0xff, 6);
        memset(frame + 6, 0x02, 8);
        d->dw[0] = 0;
        d->dw[1] = 0;
        d->dw[3] = dev->frame_bytes;
        __atomic_store_n(&d->dw[2], IXGBE_RXD_STAT_DD | IXGBE_RXD_STAT_EOP, __ATOMIC_RELEASE);
        dev->rx_head++;
        done++;
    }
    return done;
}

uint32_t fake_dev_transmit(struct fake_dev *dev)
{
    const struct fake_layout *at = dev->fake->layout;
    struct ring ring = ring_at(dev->fake, at->tx_ring, at->tx_tail);
    uint32_t done = 0;
    while (ring.count != 0 && dev->tx_head % ring.count != ring.tail) {
        volatile struct desc *d = &ring.desc[dev->tx_head % ring.count];
        uint32_t command = d->dw[2];
        bool context = (command & IXGBE_TXD_DTYP) == IXGBE_TXD_DTYP_CTXT;
        if ((command & IXGBE_TXD_DCMD_DEXT) == 0 || (!context && (command & IXGBE_TXD_DTALEN) == 0)) {
            dev->bad++;
        }
        if (!context && (command & IXGBE_TXD_DCMD_EOP) != 0) {
            dev->sent++;
            done++;
        }
        if ((command & IXGBE_TXD_DCMD_RS) != 0) {
            __atomic_store_n(&d->dw[3], IXGBE_TXD_STAT_DD, __ATOMIC_RELEASE);
        }
        dev->tx_head++;
    }
    return done;
}
