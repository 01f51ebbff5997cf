/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transmit rate scheduler of a queue, in the host's time: 82599 datasheet, sections 7.7.2.2 and
 * 8.2.3.10. A frame books the time that it takes at the queue's rate, which is the link's divided by
 * RTTBCNRC's factor; the next one begins when that is over. A queue that was held up for other reasons
 * makes good at most RTTBCNRM.MMW_SIZE KiB.
 */
#include <sriov/hw/ixgbe_regs.h>

#include "nic.h"

#define FCS_BYTES  4u
#define BITS_KIB   8192u
#define FACTOR_ONE (UINT64_C(1) << IXGBE_RTTBCNRC_RF_INT_SHIFT)

static bool is_limited(const struct sriov_model *nic, uint32_t queue)
{
    return (nic->regs.rate[queue] & IXGBE_RTTBCNRC_RS_ENA) && !nic->quirks->no_rate_limit;
}

/* What so many bits take at the queue's rate. */
static uint64_t time_of(const struct sriov_model *nic, uint32_t queue, uint64_t bits)
{
    uint64_t factor = nic->regs.rate[queue] & (IXGBE_RTTBCNRC_RF_INT | IXGBE_RTTBCNRC_RF_DEC);

    return bits * factor * 1000u / nic->chip->link_mbps / FACTOR_ONE;
}

uint64_t mock_rate_next(const struct sriov_model *nic, uint32_t queue)
{
    return is_limited(nic, queue) ? nic->tx_free_at[queue] : 0;
}

void mock_rate_sent(struct sriov_model *nic, uint32_t queue, size_t len)
{
    uint64_t now = mock_now(nic), from = nic->tx_free_at[queue], window;

    if (!is_limited(nic, queue))
        return;
    window = time_of(nic, queue, (nic->regs.rate_window[0] & IXGBE_RTTBCNRM_MMW_SIZE) * BITS_KIB);
    if (now > window && from < now - window)
        from = now - window;
    nic->tx_free_at[queue] = from + time_of(nic, queue, 8u * (len + FCS_BYTES));
}

void mock_rate_reset(struct sriov_model *nic)
{
    for (uint32_t q = 0; q < MOCK_QUEUES_MAX; q++)
        nic->tx_free_at[q] = 0;
}

uint32_t mock_rate_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    (void)ref;
    return nic->regs.rate[nic->regs.rate_select[0] % MOCK_QUEUES_MAX];
}

/* A new rate counts from now on; a queue that waits by the old one waits no longer. */
void mock_rate_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint32_t queue = nic->regs.rate_select[0] % MOCK_QUEUES_MAX, before = nic->regs.rate[queue];

    nic->regs.rate[queue] = value & ref->reg->writable;
    if (nic->regs.rate[queue] == before)
        return;
    nic->tx_free_at[queue] = mock_now(nic);
    mock_tx_released(nic, queue);
}
