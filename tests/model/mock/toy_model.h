/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device of a few registers for tests of the mock: a PF with up to 200 VFs, each function with
 * one DMA engine, one timer, four MSI-X vectors and a mailbox word.
 */
#ifndef TOY_MODEL_H
#define TOY_MODEL_H

#include <sriov/model.h>

#define TOY_VENDOR    0x1b36u
#define TOY_DEVICE    0x0c01u
#define TOY_VF_DEVICE 0x0c02u
#define TOY_VECTORS   4u
#define TOY_TOTAL_VFS 200u
#define TOY_VF_OFFSET 128u
#define TOY_VF_STRIDE 2u

#define TOY_BAR        0u /* registers and the buffer */
#define TOY_BAR_LENGTH 0x1000u
#define TOY_MSIX_BAR   3u
#define TOY_MSIX_PBA   0x800u

#define TOY_SCRATCH  0x00u
#define TOY_DMA_LO   0x04u
#define TOY_DMA_HI   0x08u
#define TOY_DMA_LEN  0x0cu
#define TOY_DMA_CMD  0x10u /* TOY_DMA_* */
#define TOY_STATUS   0x14u /* RO: 1 after a DMA that was refused */
#define TOY_IRQ      0x18u /* writing a vector sends its message */
#define TOY_TX       0x1cu /* writing n sends n bytes of the buffer */
#define TOY_RX_COUNT 0x20u /* RO: frames from the wire */
#define TOY_RX_LEN   0x24u /* RO: of the last one; its bytes are in the buffer */
#define TOY_TIMER    0x28u /* writing n: vector 0 after n ns */
#define TOY_LINK     0x2cu /* RO */
#define TOY_MBX      0x30u /* a VF's word to the PF */
#define TOY_INBOX    0x34u /* RO in the PF: the last word that came */
#define TOY_WB       0x38u /* writing i: a 16-byte receive write-back, index i, at DMA_LO */
#define TOY_ODD      0x3cu /* writing reports an unmodelled register */
#define TOY_BUFFER   0x800u

#define TOY_DMA_READ  1u
#define TOY_DMA_WRITE 2u

extern const struct sriov_model_ops toy_model;
/* The same without MSI-X, FLR and SR-IOV. */
extern const struct sriov_model_ops toy_plain_model;

#endif
