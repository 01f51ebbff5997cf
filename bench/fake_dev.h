/* SPDX-License-Identifier: BSD-3-Clause */
/* The device of the benchmark: walks queue 0's rings in host memory, advanced descriptors only. */
#ifndef BENCH_FAKE_DEV_H
#define BENCH_FAKE_DEV_H

#include "fake_vmm.h"

struct fake_dev {
    struct fake_vmm *fake;
    uint32_t rx_head; /* free-running */
    uint32_t tx_head;
    uint32_t frame_bytes; /* of every received frame */
    uint64_t sent;        /* whole frames taken from the transmit ring */
    uint64_t bad;         /* descriptors that no device would take */
};

/* Fill up to n receive descriptors: a frame each. Returns how many the ring had. */
uint32_t fake_dev_receive(struct fake_dev *dev, uint32_t n);
/* Take everything up to the transmit tail and write back where the driver asked for it. */
uint32_t fake_dev_transmit(struct fake_dev *dev);

#endif
