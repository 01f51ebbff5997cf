/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables that hosts see: one for each device. */
#include "model_ops.h"

#include <errno.h>
#include <string.h>

#include "chip.h"

static const struct mock_quirks datasheet = {.name = "datasheet"};
static const struct mock_quirks qemu_82576 = {
    .name = "qemu",
    .tx_is_synchronous = true,
    .reflects_to_sender = true,
    .mailbox_vector_shift = true,
    .eitr_is_1024ns = true,
    .eitr_expiry_fires = true,
    .vtivar_accumulates = true,
    .vtivar_first_queue_only = true,
    .vf_eicr_hides = true,
    .vf_rst_shallow = true,
    .no_anti_spoofing = true,
    .no_malicious_detection = true,
    .no_rx_drop_count = true,
    .drop_en_ignored = true,
    .no_loopback_counters = true,
    .pads_everything = true,
    .mpme_ignored = true,
    .aupe_needs_vfe = true,
    .no_port_filter = true,
    .always_replicates = true,
    .link_returns_by_itself = true,
    .no_rate_limit = true,
    .dma_fault_is_ignored = true,
};

static const char *const no_profiles[] = {NULL};
static const char *const profiles_82576[] = {"qemu", NULL};

static int create_82599(const struct sriov_model_args *args, struct sriov_model **out)
{
    if (args->quirks != NULL)
        return -EINVAL;
    return mock_nic_create(&mock_82599, &datasheet, args, out);
}

static int create_82576(const struct sriov_model_args *args, struct sriov_model **out)
{
    if (args->quirks == NULL)
        return mock_nic_create(&mock_82576, &datasheet, args, out);
    if (strcmp(args->quirks, qemu_82576.name) != 0)
        return -EINVAL;
    return mock_nic_create(&mock_82576, &qemu_82576, args, out);
}

#define SHARED_OPS                                                                                           \
    .destroy = mock_nic_destroy, .cfg_read = mock_nic_cfg_read, .cfg_write = mock_nic_cfg_write,             \
    .bar_length = mock_nic_bar_length, .bar_read = mock_nic_bar_read, .bar_write = mock_nic_bar_write,       \
    .flr = mock_reset_flr, .wire_rx = mock_switch_from_wire, .carrier = mock_link_carrier,                   \
    .port_tx = mock_switch_from_port, .rx_drops = mock_rx_drops, .hold = mock_hold, .save = mock_state_save, \
    .load = mock_state_load

const struct sriov_model_ops mock_model_82599 = {
    .size = sizeof(struct sriov_model_ops),
    .name = "82599",
    .quirk_profiles = no_profiles,
    .create = create_82599,
    SHARED_OPS,
};

const struct sriov_model_ops mock_model_82576 = {
    .size = sizeof(struct sriov_model_ops),
    .name = "82576",
    .quirk_profiles = profiles_82576,
    .create = create_82576,
    SHARED_OPS,
};
