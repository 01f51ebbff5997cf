/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The toy NIC: one receive and one transmit ring, no interrupts. This is its datasheet, shared by
 * the driver (toy_driver.c) and the simulated device (toy_model.c), which know nothing else of
 * each other.
 */
#ifndef TOY_H
#define TOY_H

#include <sriov/driver.h>
#include <sriov/model.h>

#define TOY_VENDOR     0x1b36u
#define TOY_DEVICE     0x0c10u
#define TOY_BAR        0u
#define TOY_BAR_LENGTH 0x1000u

#define TOY_CTRL         0x00u /* RW: zero after a reset */
#define TOY_CTRL_ENABLE  0x01u /* rings run; base and size are read-only meanwhile */
#define TOY_CTRL_RESET   0x02u /* clears itself; the device is reset before the next read */
#define TOY_STATUS       0x04u /* RO */
#define TOY_STATUS_LINK  0x01u
#define TOY_STATUS_ERROR 0x02u /* a DMA access failed, the rings stand still until a reset */
#define TOY_MAC_LO       0x08u /* RO: bytes 0 to 3 */
#define TOY_MAC_HI       0x0cu /* RO: bytes 4 and 5 */

/* A ring: receive is 0, transmit 1. TAIL counts descriptors handed over since ENABLE, mod 2^32. */
#define TOY_RX          0u
#define TOY_TX          1u
#define TOY_BASE_LO(r)  (0x40u + 0x20u * (r)) /* IOVA, 16-byte aligned */
#define TOY_BASE_HI(r)  (0x44u + 0x20u * (r))
#define TOY_SIZE(r)     (0x48u + 0x20u * (r)) /* descriptors, a power of two up to TOY_RING_MAX */
#define TOY_TAIL(r)     (0x4cu + 0x20u * (r))
#define TOY_RING_MAX    4096u
#define TOY_FRAME_MAX   1514u
#define TOY_FRAME_LEAST 14u

/* The driver writes addr and len (of the buffer, of the frame) and status 0. The device writes all
 * of it back: addr 0, len of the frame, status DONE. A frame longer than its buffer is cut. */
struct toy_desc {
    uint64_t addr;
    uint32_t len;
    uint32_t status;
};
#define TOY_DESC_DONE 1u

extern const struct sriov_driver toy_driver;
extern const struct sriov_model_ops toy_nic_model;

#endif
