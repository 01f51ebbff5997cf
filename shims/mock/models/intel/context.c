/* SPDX-License-Identifier: BSD-3-Clause */
/* Transmit contexts, two a queue: 82599 datasheet, section 7.2.3.2.3; 82576 datasheet, section 7.2.2.2. */
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "offload.h"

void mock_context_take(struct sriov_model *nic, uint32_t queue, uint32_t index, const uint32_t dw[4])
{
    struct mock_tx *tx = &nic->tx[queue];
    uint32_t idx = (dw[3] & IXGBE_TXD_IDX) >> IXGBE_TXD_IDX_SHIFT;

    if (idx > 1u || tx->in_frame) {
        mock_tx_malformed(nic, queue, index,
                          tx->in_frame ? "context inside a packet" : "context index above 1");
        return;
    }
    memcpy(tx->ctx[idx].dw, dw, sizeof(tx->ctx[idx].dw));
    tx->ctx[idx].valid = true;
}

bool mock_context_of(const struct mock_tx *tx, struct mock_tx_context *out)
{
    uint32_t idx = (tx->first_olinfo & IXGBE_TXD_IDX) >> IXGBE_TXD_IDX_SHIFT;
    const uint32_t *dw;

    memset(out, 0, sizeof(*out));
    if (idx > 1u || !tx->ctx[idx].valid)
        return false;
    dw = tx->ctx[idx].dw;
    out->iplen = dw[0] & IXGBE_TXC_IPLEN;
    out->maclen = (dw[0] & IXGBE_TXC_MACLEN) >> IXGBE_TXC_MACLEN_SHIFT;
    out->vlan = (uint16_t)(dw[0] >> IXGBE_TXC_VLAN_SHIFT);
    out->ipv4 = (dw[2] & IXGBE_TXC_TUCMD_IPV4) != 0;
    out->l4t = dw[2] & IXGBE_TXC_TUCMD_L4T;
    out->l4len = (dw[3] & IXGBE_TXC_L4LEN) >> IXGBE_TXC_L4LEN_SHIFT;
    out->mss = dw[3] >> IXGBE_TXC_MSS_SHIFT;
    return true;
}
