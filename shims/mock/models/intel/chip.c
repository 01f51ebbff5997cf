/* SPDX-License-Identifier: BSD-3-Clause */
/* Hooks that every chip's table uses. */
#include "chip.h"

uint32_t mock_read_frtimer(struct sriov_model *nic, const struct mock_ref *ref)
{
    (void)ref;
    return (uint32_t)(mock_now(nic) / 1000u);
}

uint32_t mock_read_zero(struct sriov_model *nic, const struct mock_ref *ref)
{
    (void)nic;
    (void)ref;
    return 0;
}
