/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VF that is stopped for migration. It finishes what it was told to do and has begun, as a device does
 * before it says that it stands still; what only waits for its time (moderation, a rate) goes on waiting.
 */
#include "nic.h"

bool mock_is_held(const struct sriov_model *nic, uint16_t fn)
{
    return nic->fn[fn].held;
}

static void let_go(struct sriov_model *nic, uint16_t fn)
{
    nic->fn[fn].held = false;
    mock_event_finish(nic, fn, true);
    mock_msix_flush(nic, fn);
    mock_tx_kick_all(nic);
    mock_rx_drain(nic);
}

void mock_hold(struct sriov_model *nic, uint16_t fn, bool on)
{
    if (fn == 0 || fn > nic->total_vfs || nic->fn[fn].held == on)
        return;
    if (!on) {
        let_go(nic, fn);
        return;
    }
    mock_event_finish(nic, fn, false);
    nic->fn[fn].held = true;
    mock_rx_drain(nic); /* it holds nobody up */
}
